"""The same cases for every system that the sync bench compares: 2,000 of 30 acts, and a week's work on some of them.

Ours and automerge-repo get the very same Automerge changes; PouchDB gets one document a case with the acts' texts in a
list. Deterministic.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import insert

from py_core import __version__
from py_core.cases.acts import Act
from py_core.change import GENESIS, decode_act_change
from py_core.packs import load_packs
from server.outside import to_ms
from server.parts import Parts
from server.tables import case_units, changes, feed
from server.trial import append_texts

ACTS = 30
HERE, THERE, COMMON = 100, 200, 20  # cases changed on the device, at the record, and on both
UNIT = "xingqiao"
_START = datetime(2026, 9, 1, 1, tzinfo=UTC)
_SAID = (
    "已电话联系当事人，说明办理进展和预计完成时间，当事人表示理解。",
    "到现场查看，情况属实，已安排维修人员携带工具明日上午到场处理。",
    "材料已核对，缺少产权证明复印件一份，已当面告知并记录。",
    "与供水所、村委会会商，确定先临时接管，再更换破损管段。",
    "维修完毕，试压正常，拍照留存，请当事人确认后签字。",
    "当事人来电询问，告知仍在办理，将在承诺期限内答复。",
)


@dataclass(frozen=True)
class Shared:
    """Raw changes by case, in order; `week_there` come to the record, `here` are the cases that change on the device."""

    base: dict[str, list[bytes]]
    week_there: dict[str, bytes]
    here: tuple[str, ...]

    def texts(self, case_id: str) -> list[str]:
        return [decode_act_change(raw).text for raw in self.base[case_id]]


def make(cases: int) -> Shared:
    """All of it; takes a few milliseconds a case."""
    base = {}
    for number in range(cases):
        texts = [text for _, text in _texts(number, 0, ACTS, "bench")]
        base[_id(number)] = append_texts((), (number + 1).to_bytes(16, "big"), texts)
    chosen = Random(7).sample(sorted(base), HERE + THERE - COMMON)
    here, there = chosen[:HERE], chosen[HERE - COMMON :]
    week = {}
    for number, case_id in enumerate(there):
        (text,) = [text for _, text in _texts(number, ACTS, 1, "there")]
        week[case_id] = append_texts(base[case_id], (number + 10**9).to_bytes(16, "big"), [text])[0]
    return Shared(base, week, tuple(here))


def week_here(shared: Shared, device: str, actor: str) -> dict[str, bytes]:
    """The week's acts of the device, as an enrolled device makes them."""
    made = {}
    for seq, case_id in enumerate(shared.here, 1):
        (text,) = [text for _, text in _texts(seq, 0, 1, device, seq)]
        made[case_id] = append_texts(shared.base[case_id], bytes.fromhex(actor), [text])[0]
    return made


def write_record(parts: Parts, shared: Shared) -> None:
    """Puts the base into a record of ours, in bulk, past the gate."""
    rows: list[dict[str, object]] = []
    for case_id, raws in shared.base.items():
        rows += _rows(case_id, raws, len(rows))
    for at in range(0, len(rows), 5_000):
        part = rows[at : at + 5_000]
        with parts.database.writing() as connection:
            connection.execute(insert(changes), part)
            connection.execute(insert(feed), [_fed(row) for row in part])
    with parts.database.writing() as connection:
        connection.execute(insert(case_units), [{"unit": UNIT, "case_id": case_id} for case_id in shared.base])


def write_week(parts: Parts, shared: Shared) -> None:
    """Lets the week's acts of others come into the record."""
    first = len(shared.base) * ACTS
    rows: list[dict[str, object]] = []
    for case_id, raw in shared.week_there.items():
        rows += _rows(case_id, [raw], first + len(rows))
    with parts.database.writing() as connection:
        connection.execute(insert(changes), rows)
        connection.execute(insert(feed), [_fed(row) for row in rows])


def write_files(folder: Path, shared: Shared, here: dict[str, bytes]) -> None:
    """What the peers' scripts read: `cases.jsonl` with id, texts, changes in hex; `week.jsonl` likewise."""
    with (folder / "cases.jsonl").open("w") as file:
        for case_id, raws in shared.base.items():
            whole = [raw.hex() for raw in (GENESIS, *raws)]
            file.write(json.dumps({"id": case_id, "texts": shared.texts(case_id), "changes": whole}) + "\n")
    with (folder / "week.jsonl").open("w") as file:
        for where, week in (("there", shared.week_there), ("here", here)):
            for case_id, raw in week.items():
                text = decode_act_change(raw).text
                file.write(json.dumps({"where": where, "id": case_id, "text": text, "change": raw.hex()}) + "\n")


def _id(number: int) -> str:
    return f"{Random(number).getrandbits(128):032x}"


def _texts(
    number: int, first: int, count: int, device: str, device_seq: int | None = None
) -> Iterator[tuple[datetime, str]]:
    """Acts number `first`… of a case; a further one (`device_seq` given) is a note too."""
    chance = Random(f"{number} {device}")
    version = load_packs().version
    for place in range(first, first + count):
        at = _START + timedelta(minutes=number * 7 + place * 173)
        event: dict[str, object] = {"type": "noted", "text": chance.choice(_SAID) + f"（{chance.randrange(10**6)}）"}
        if place == 0 and device_seq is None:
            event = {
                "type": "registered", "pack": "HL", "matter": "citizen", "channel": "walk_in", "claimant": "person",
                "title": f"第{number}号诉求", "text": chance.choice(_SAID), "unit": UNIT,
                "claimant_phone": f"138{chance.randrange(10**8):08d}",
            }  # fmt: skip
        seq = device_seq or number * 100 + place + 1
        yield (
            at,
            Act(str(event["type"]), (event,), "linxiao", device, seq, at, at, None, None, version, __version__).text(),
        )


def _rows(case_id: str, raws: Sequence[bytes], first: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for place, raw in enumerate(raws):
        change = decode_act_change(raw)
        rows.append(
            {
                "log_index": first + place, "hash": change.hash, "case_id": case_id, "actor": change.actor,
                "seq": change.seq, "start_op": change.start_op, "deps": "".join(change.deps), "raw": raw, "alg": 1,
                "signature": bytes(64), "device": "bench", "user": "linxiao", "device_seq": first + place + 1,
                "received_at_ms": to_ms(_START) + first + place,
            }
        )  # fmt: skip
    return rows


def _fed(row: dict[str, object]) -> dict[str, object]:
    return {"n": int(str(row["log_index"])) + 1, "unit": UNIT, "case_id": row["case_id"], "log_index": row["log_index"]}
