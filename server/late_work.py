"""Work that the gate did not take: what lies in quarantine, and what the centre decided about it.

A decision to take goes through the gate again with only the reasons of `gate.WAIVABLE` looked beyond; a decision to
leave out is kept beside the bytes, which stay as long as the document, or a period of their own where there is none.
Must not decide anything itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, or_, select, update

from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.errors import Malformed
from py_core.reporters import about, is_reporter_id
from server import record
from server.record import Submission
from server.tables import changes, devices, quarantine

TAKEN, LEFT_OUT = "taken", "left_out"
# What is left of content that is erased: the reason of the decision is words about it. It waits for nothing any more,
# or it would be tried again, empty, when what it lacked comes.
_NOTHING = {"raw": b"", "why": "", "waits_for": None}
OTHERS_ACT = "others_act"  # of another device, handed in by one that holds it: evidence, as its author did not sign


@dataclass(frozen=True, slots=True)
class Held:
    """One submission in quarantine."""

    id: int
    submission: Submission
    hash: str
    reason: str
    waits_for: str | None
    first_at_ms: int
    times: int
    decision: str
    decided_by: str
    decided_at_ms: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Outline:
    """One submission in quarantine without its bytes."""

    id: int
    case_id: str
    hash: str
    first_at_ms: int
    is_decided: bool
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a quarantined act; `by` is empty when nobody had to decide."""

    hash: str
    case_id: str
    left_out: bool
    by: str
    at_ms: int
    why: str


def held(connection: Connection, *, decided: bool = False) -> list[Held]:
    """What waits for a decision, oldest first; or what was left out, newest first."""
    statement = select(quarantine).where(quarantine.c.released_at_ms.is_(None))
    if decided:
        statement = statement.where(quarantine.c.decision == LEFT_OUT).order_by(quarantine.c.decided_at_ms.desc())
    else:
        statement = statement.where(quarantine.c.decision.is_(None)).order_by(quarantine.c.id)
    return [_held(row) for row in connection.execute(statement)]


def outlines(connection: Connection) -> list[Outline]:
    """Everything that the record did not take, oldest first, decided or not, without a byte of it."""
    marks = (quarantine.c.decision.is_not(None), quarantine.c.raw == b"")
    statement = select(quarantine.c.id, quarantine.c.case_id, quarantine.c.hash, quarantine.c.first_at_ms, *marks)
    rows = connection.execute(statement.where(quarantine.c.released_at_ms.is_(None)).order_by(quarantine.c.id))
    return [Outline(*row[:4], *map(bool, row[4:])) for row in rows]


def bytes_of(connection: Connection, items: Sequence[int]) -> list[tuple[str, bytes]]:
    """Hash and bytes of these."""
    statement = select(quarantine.c.hash, quarantine.c.raw).where(quarantine.c.id.in_(items))
    return [(row.hash, bytes(row.raw)) for row in connection.execute(statement)]


def held_by_id(connection: Connection, item: int) -> Held | None:
    """One of them, decided or not; None when there is none, or the record has taken it."""
    row = connection.execute(
        select(quarantine).where(quarantine.c.id == item, quarantine.c.released_at_ms.is_(None))
    ).first()
    return None if row is None else _held(row)


def decide(connection: Connection, items: Sequence[int], decision: str, by: str, why: str, now_ms: int) -> None:
    """Keeps a decision beside the bytes."""
    values = {"decision": decision, "decided_by": by, "why": why, "decided_at_ms": now_ms}
    connection.execute(update(quarantine).where(quarantine.c.id.in_(items)).values(**values))
    # Several devices may have handed in the same act of somebody else: one decision is for all of them.
    same = select(quarantine.c.hash).where(quarantine.c.id.in_(items), quarantine.c.reason == OTHERS_ACT)
    others = (quarantine.c.reason == OTHERS_ACT, quarantine.c.decision.is_(None), quarantine.c.hash.in_(same))
    connection.execute(update(quarantine).where(*others).values(**values))


def decided(connection: Connection, user: str, hashes: Sequence[str]) -> list[Decided]:
    """What became of these acts of a person, as far as something has; a device may have been enrolled anew since."""
    wanted = [each for each in hashes if _is_hash(each)]
    if not wanted:
        return []
    rows = connection.execute(
        select(quarantine).where(quarantine.c.user == user, quarantine.c.hash.in_(wanted)).order_by(quarantine.c.id)
    )
    return [
        Decided(
            row.hash,
            row.case_id,
            row.released_at_ms is None,
            row.decided_by or "",
            row.decided_at_ms or row.released_at_ms,
            row.why or "",
        )
        for row in rows
        if row.released_at_ms is not None or row.decision == LEFT_OUT
    ]


def waits_in(connection: Connection, case_id: str) -> bool:
    """Whether work for this case waits for a decision."""
    undecided = (quarantine.c.released_at_ms.is_(None), quarantine.c.decision.is_(None))
    return bool(connection.scalar(select(exists().where(quarantine.c.case_id == case_id, *undecided))))


def erase_settled(connection: Connection) -> int:
    """Takes bytes and reasons out of everything in quarantine that belongs to an erased case and waits for nobody any
    more."""
    erased = select(changes.c.case_id).where(changes.c.residue.is_not(None))
    settled = or_(quarantine.c.released_at_ms.is_not(None), quarantine.c.decision.is_not(None))
    kept = or_(quarantine.c.raw != b"", quarantine.c.why != "")
    where = (quarantine.c.case_id.in_(erased), settled, kept)
    return connection.execute(update(quarantine).where(*where).values(_NOTHING)).rowcount


def erase_left_out(connection: Connection, before_ms: int) -> list[tuple[str, str]]:
    """Takes bytes and reason out of what was left out before this moment and belongs to no document of the record; what
    says who told of a case that the record has goes with that case, at once when it is erased. Gives document and hash
    of each."""
    # Builds before this one left the reasons behind when the bytes went.
    behind = (quarantine.c.decision == LEFT_OUT, quarantine.c.raw == b"", quarantine.c.why != "")
    connection.execute(update(quarantine).where(*behind).values(why=""))
    has_document = exists().where(changes.c.case_id == quarantine.c.case_id)
    left_out = (quarantine.c.decision == LEFT_OUT, quarantine.c.raw != b"", ~has_document)
    gone = []
    for row in connection.execute(select(quarantine).where(*left_out)).all():
        tells_of = _tells_of(row.case_id, bytes(row.raw))
        if tells_of and record.entries_of_case(connection, tells_of):
            over = record.is_erased(connection, tells_of)
        else:
            over = row.decided_at_ms < before_ms
        if over:
            connection.execute(update(quarantine).where(quarantine.c.id == row.id).values(_NOTHING))
            gone.append((row.case_id, row.hash))
    return gone


def _tells_of(document: str, raw: bytes) -> str:
    """The case of which this says who told; empty for anything else."""
    if not is_reporter_id(document):
        return ""
    try:
        return about(read_act(decode_act_change(raw).text).events)
    except Malformed:
        return ""  # nothing that says of which case: its own period


def told_to(connection: Connection, user: str) -> tuple[int, int]:
    """How many decisions about a person's work and devices there are: more of them are news."""
    work = (quarantine.c.user == user, quarantine.c.decision.is_not(None))
    gone = (devices.c.user == user, or_(devices.c.revoked_at_ms.is_not(None), devices.c.frozen_at_ms.is_not(None)))
    return (
        connection.scalar(select(func.count()).select_from(quarantine).where(*work)) or 0,
        connection.scalar(select(func.count()).select_from(devices).where(*gone)) or 0,
    )


def _held(row: Row[Any]) -> Held:
    values = row._mapping
    submission = Submission(
        values["case_id"],
        values["alg"],
        bytes(values["signature"]),
        bytes(values["raw"]),
        values["device"],
        values["user"],
    )
    return Held(
        values["id"],
        submission,
        values["hash"],
        values["reason"],
        values["waits_for"],
        values["first_at_ms"],
        values["times"],
        values["decision"] or "",
        values["decided_by"] or "",
        values["decided_at_ms"],
        values["why"] or "",
    )


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")
