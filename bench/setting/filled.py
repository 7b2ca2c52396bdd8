"""A record with many cases of one town, written in bulk: real acts, real changes, no gate and no signatures.

Only for benches of what a device does with what it pulled; a device checks what it pulls by its shape alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from py_core import __version__
from py_core.cases.acts import Act
from py_core.change import decode_act_change
from py_core.packs import load_packs
from py_core.values import local
from server.demo.data import account_rows, directory_document
from server.outside import SystemClock, SystemEntropy, to_ms
from server.parts import assemble
from server.settings import Settings
from server.tables import case_units, changes, feed
from server.trial import append_texts

TOWN = "xingqiao"
USER = "linxiao"
OTHERS = ("zhaolei", "sunguoping")
OPEN_CASES = 200  # what a town works on at one time; the others are its past years
_WRITTEN_AT_ONCE = 2_000


def fill(data: Path, cases: int, directory_keeps: int = OPEN_CASES) -> None:
    """Makes a record in the folder `data` whose town has this many cases, the newest `directory_keeps` open."""
    parts = assemble(Settings(data, similar_cases=False), SystemClock(), SystemEntropy())
    try:
        parts.city.publish(directory_document())
        password, rows = account_rows()
        parts.accounts.set_passwords({row["user"]: password for row in rows if row["user"] == USER})
        now = local(parts.clock.now())
        batch: list[tuple[str, list[tuple[datetime, str]]]] = []
        written = logged = 0
        for number in range(cases):
            is_open = number >= cases - directory_keeps
            batch.append((f"{number:016x}{cases:016x}", list(_texts(number, cases, is_open, now))))
            if len(batch) == _WRITTEN_AT_ONCE or number == cases - 1:
                with parts.database.writing() as connection:
                    rows_of = [_rows(case_id, texts, at) for at, (case_id, texts) in enumerate(batch, written)]
                    flat = [row for found in rows_of for row in found]
                    for place, row in enumerate(flat, logged):
                        row["log_index"] = place
                    logged += len(flat)
                    connection.execute(insert(changes), flat)
                    connection.execute(insert(case_units), [{"unit": TOWN, "case_id": each[0]} for each in batch])
                    fed = [
                        {
                            "n": row["log_index"] + 1,
                            "unit": TOWN,
                            "case_id": row["case_id"],
                            "log_index": row["log_index"],
                        }
                        for row in flat
                    ]
                    connection.execute(insert(feed), fed)
                written += len(batch)
                batch = []
    finally:
        parts.close()


def copy(data: Path, to: Path) -> Path:
    """The same record once more, for a second server."""
    return Path(shutil.copytree(data, to))


def _rows(case_id: str, texts: list[tuple[datetime, str]], number: int) -> list[dict[str, object]]:
    """The changes of one case as the log keeps them."""
    rows: list[dict[str, object]] = []
    raws = append_texts((), (number + 1).to_bytes(16, "big"), [text for _, text in texts])
    for place, (raw, (at, _)) in enumerate(zip(raws, texts, strict=True)):
        change = decode_act_change(raw)
        rows.append(
            {
                "hash": change.hash, "case_id": case_id, "actor": change.actor, "seq": change.seq,
                "start_op": change.start_op, "deps": "".join(change.deps), "raw": raw, "alg": 1, "signature": bytes(64),
                "device": "bench", "user": USER, "device_seq": number * 100 + place + 1, "received_at_ms": to_ms(at),
            }
        )  # fmt: skip
    return rows


def _texts(number: int, cases: int, is_open: bool, now: datetime) -> Iterator[tuple[datetime, str]]:
    """The acts of a case: the closed ones have run through, the open ones stand somewhere on the way."""
    age_days = (cases - number) * 0.05 if is_open else 30 + (cases - number) % 700
    at = (now - timedelta(days=age_days)).replace(microsecond=0)
    packs = load_packs()
    events = list(_events(number, at))
    if is_open:
        events = events[: 1 + number % 3]
    user = USER if number % 3 == 0 else OTHERS[number % 2]
    for place, (kind, made) in enumerate(events):
        moment = min(at + timedelta(hours=place * 4), now)
        act = Act(
            kind, (made,), user, "bench", number * 100 + place + 1, moment, moment, None, None, packs.version, __version__
        )  # fmt: skip
        yield moment, act.text()


def _events(number: int, at: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    place = f"星桥镇{number % 90 + 1}号"
    result = "已到现场处理完毕，向来电人说明了经过，现场恢复正常。"
    yield "register", {
        "type": "registered", "pack": "HL", "matter": "citizen" if number % 3 else "enterprise", "channel": "hotline",
        "claimant": "person", "title": f"{_SUBJECTS[number % len(_SUBJECTS)]}（{place}）", "place": place, "unit": TOWN,
        "text": f"来电人反映{place}附近{_SUBJECTS[number % len(_SUBJECTS)]}，已有{number % 9 + 1}天，希望尽快处理。",
        "number": f"B{number:06d}", "claimant_name": "周梦洁", "claimant_phone": f"138{number:08d}",
        "request_kind": "help",
    }  # fmt: skip
    yield "deliver", {"type": "delivered", "to": TOWN}
    yield "accept", {"type": "accepted", "by": USER}
    yield "reply", {"type": "replied", "text": result, "opinion": "satisfied"}
    yield "feed_back", {"type": "fed_back", "text": result}
    yield "pass_review", {"type": "review_passed"}
    yield "call_back", {"type": "called_back", "result": "satisfied", "consistent": True}


_SUBJECTS = (
    "下水道堵塞",
    "路灯不亮",
    "夜间施工噪声",
    "道路积水",
    "垃圾没有清运",
    "树枝压住电线",
    "井盖破损",
    "公交站牌倒了",
)
