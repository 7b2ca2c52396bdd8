"""The same cases for every system that the sync bench compares: 2,000 of 30 acts, and a week's work on some of them.

Ours and automerge-repo get the very same Automerge changes; PouchDB gets one document a case with the acts' texts in a
list. Deterministic. Eight officers with a laptop each work on the cases side by side, so the log mixes them; every
worker start has its random actor, every act the beacon of its last contact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import insert

from py_core import __version__
from py_core.cases.acts import Act
from py_core.change import GENESIS, GENESIS_HASH, ActChange, decode_act_change, encode_act_change
from py_core.packs import load_packs
from py_core.values import LOCAL
from py_core.wire import beacon_id
from server.outside import to_ms
from server.parts import Parts
from server.tables import case_units, changes, feed
from server.trial import append_texts

ACTS = 30
HERE, THERE, COMMON = 100, 200, 20  # cases changed on the device, at the record, and on both
UNIT = "xingqiao"
_START = datetime(2026, 9, 1, 1, tzinfo=UTC)
_WEEK = datetime(2026, 10, 12, 1, tzinfo=UTC)
_LAW = load_packs().version
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
    received: dict[str, list[int]]  # when the record took them (ms)
    week_there: dict[str, bytes]
    here: tuple[str, ...]

    def texts(self, case_id: str) -> list[str]:
        return [decode_act_change(raw).text for raw in self.base[case_id]]


def make(cases: int) -> Shared:
    """All of it; takes a few milliseconds a case."""
    base: dict[str, list[bytes]] = {}
    received: dict[str, list[int]] = {}
    seqs: dict[str, int] = {}
    planned = sorted((_at(number, place), number, place) for number in range(cases) for place in range(ACTS))
    texts: dict[int, list[tuple[str, str]]] = {number: [] for number in range(cases)}
    for at, number, place in planned:
        colleague = _colleague(number, place)
        seqs[colleague.device] = seqs.get(colleague.device, 0) + 1
        texts[number].append((colleague.actor(at), _text(number, place, at, colleague, seqs[colleague.device])))
    for number in range(cases):
        case_id = _id(number)
        base[case_id] = _appended((), texts[number])
        received[case_id] = [_received_ms(number, place) for place in range(ACTS)]
    chosen = Random(7).sample(sorted(base), HERE + THERE - COMMON)
    here, there = chosen[:HERE], chosen[HERE - COMMON :]
    week: dict[str, bytes] = {}
    for number, case_id in enumerate(there):
        colleague, at = _colleague(number, 0), _WEEK + timedelta(minutes=number * 45)
        seqs[colleague.device] += 1
        text = _text(cases + number, 1, at, colleague, seqs[colleague.device])
        week[case_id] = _appended(base[case_id], [(colleague.actor(at), text)])[0]
    return Shared(base, received, week, tuple(here))


def week_here(shared: Shared, device: str, actor: str, beacon_at: Callable[[datetime], str]) -> dict[str, bytes]:
    """The week's acts of the device, as an enrolled device makes them; with beacons that the record knows as its own."""
    made = {}
    for seq, case_id in enumerate(shared.here, 1):
        at = _WEEK + timedelta(minutes=seq * 95)
        text = _text(-seq, 1, at, _Colleague(device, "linxiao"), seq, beacon_at)
        made[case_id] = append_texts(shared.base[case_id], bytes.fromhex(actor), [text])[0]
    return made


def _appended(known: Sequence[bytes], texts: Sequence[tuple[str, str]]) -> list[bytes]:
    """The changes of texts by their actors, one after the other: the same bytes that the engine writes."""
    made: list[bytes] = []
    last = decode_act_change(known[-1]) if known else None
    of_actor: dict[str, int] = {}
    for raw in known:
        of_actor[decode_act_change(raw).actor] = decode_act_change(raw).seq
    for actor, text in texts:
        seq = of_actor[actor] = of_actor.get(actor, 0) + 1
        if last is None:
            change = ActChange("", (GENESIS_HASH,), actor, 1, 2, text, None)
        else:
            change = ActChange("", (last.hash,), actor, seq, last.start_op + 1, text, (last.start_op, last.actor))
        made.append(encode_act_change(change))
        last = decode_act_change(made[-1])
    return made


@dataclass(frozen=True)
class _Colleague:
    """Somebody of the unit with a laptop of their own."""

    device: str
    user: str

    def actor(self, at: datetime) -> str:
        """A worker starts once a day; each start has its own random actor."""
        return hashlib.sha256(f"{self.device} {at:%Y-%m-%d}".encode()).hexdigest()[:32]


_COLLEAGUES = [
    _Colleague(hashlib.sha256(f"device {number}".encode()).hexdigest()[:32], f"officer{number}") for number in range(8)
]


def _colleague(number: int, place: int) -> _Colleague:
    """A case has its handler; one act in five is somebody else's."""
    chance = Random(f"who {number} {place}")
    return chance.choice(_COLLEAGUES) if chance.random() < 0.2 else _COLLEAGUES[number % len(_COLLEAGUES)]


def _at(number: int, place: int) -> datetime:
    chance = Random(f"at {number} {place}")
    return _START + timedelta(minutes=number * 7 + place * 173, milliseconds=chance.randrange(3_600_000))


def _received_ms(number: int, place: int) -> int:
    """Most acts reach the record at once, some hours later."""
    chance = Random(f"received {number} {place}")
    late_ms = chance.randrange(300, 3_000) if chance.random() < 0.8 else chance.randrange(4 * 3_600_000)
    return to_ms(_at(number, place)) + late_ms


def _text(
    number: int,
    place: int,
    at: datetime,
    colleague: _Colleague,
    seq: int,
    beacon_at: Callable[[datetime], str] | None = None,
) -> str:
    """An act as a device writes it, with the beacon of its last contact."""
    chance = Random(f"{number} {place}")
    event: dict[str, object] = {"type": "noted", "text": chance.choice(_SAID) + f"（{chance.randrange(10**6)}）"}
    if place == 0:
        event = {
            "type": "registered", "pack": "HL", "matter": "citizen", "channel": "walk_in", "claimant": "person",
            "title": f"第{number}号诉求", "text": chance.choice(_SAID), "unit": UNIT,
            "claimant_phone": f"138{chance.randrange(10**8):08d}",
        }  # fmt: skip
    since_ms = chance.randrange(120_000)
    contact = at - timedelta(milliseconds=since_ms)
    beacon = beacon_at(contact) if beacon_at else beacon_id(to_ms(contact), f"{chance.getrandbits(64):016x}")
    claimed = at.astimezone(LOCAL).replace(microsecond=0)
    who = (colleague.user, colleague.device, seq)
    return Act(str(event["type"]), (event,), *who, claimed, claimed, beacon, since_ms, _LAW, __version__).text()


def write_record(parts: Parts, shared: Shared) -> None:
    """Puts the base into a record of ours in the order in which it came, in bulk, past the gate."""
    rows = _rows(
        (raw, case_id, ms)
        for case_id, raws in shared.base.items()
        for raw, ms in zip(raws, shared.received[case_id], strict=True)
    )
    for at in range(0, len(rows), 5_000):
        part = rows[at : at + 5_000]
        with parts.database.writing() as connection:
            connection.execute(insert(changes), part)
            connection.execute(insert(feed), [_fed(row) for row in part])
    with parts.database.writing() as connection:
        connection.execute(insert(case_units), [{"unit": UNIT, "case_id": case_id} for case_id in shared.base])


def write_week(parts: Parts, shared: Shared) -> None:
    """Lets the week's acts of others come into the record."""
    rows = _rows(
        ((raw, case_id, to_ms(_WEEK) + at * 2_700_123) for at, (case_id, raw) in enumerate(shared.week_there.items())),
        len(shared.base) * ACTS,
    )
    with parts.database.writing() as connection:
        connection.execute(insert(changes), rows)
        connection.execute(insert(feed), [_fed(row) for row in rows])


def log_of(shared: Shared) -> dict[str, list[tuple[int, str]]]:
    """What a device with the base holds of the log: each case's acts with their numbers."""
    rows = _rows(
        (raw, case_id, ms)
        for case_id, raws in shared.base.items()
        for raw, ms in zip(raws, shared.received[case_id], strict=True)
    )
    held: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        held.setdefault(str(row["case_id"]), []).append((int(str(row["log_index"])), str(row["hash"])))
    return held


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


def _rows(arrived: Iterable[tuple[bytes, str, int]], first: int = 0) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    last_ms: dict[str, int] = {}
    taken = []
    for raw, case_id, ms in arrived:  # causes come first
        last_ms[case_id] = ms = max(ms, last_ms.get(case_id, 0) + 1)
        taken.append((ms, case_id, raw))
    for place, (ms, case_id, raw) in enumerate(sorted(taken)):
        change = decode_act_change(raw)
        rows.append(
            {
                "log_index": first + place, "hash": change.hash, "case_id": case_id, "actor": change.actor,
                "seq": change.seq, "start_op": change.start_op, "deps": "".join(change.deps), "raw": raw, "alg": 1,
                "signature": bytes(64), "device": "bench", "user": "linxiao", "device_seq": first + place + 1,
                "received_at_ms": ms,
            }
        )  # fmt: skip
    return rows


def _fed(row: dict[str, object]) -> dict[str, object]:
    return {"n": int(str(row["log_index"])) + 1, "unit": UNIT, "case_id": row["case_id"], "log_index": row["log_index"]}
