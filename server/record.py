"""The record: what was taken, in the order in which it was taken, what each unit has to learn of it, what was not taken.

Owns every statement on `changes`, `case_units`, `feed` and `quarantine`. Must not judge a change (see `gate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from py_core.change import ActChange
from server.tables import case_units, changes, feed, quarantine

_HASH_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the log."""

    log_index: int
    hash: str
    case_id: str
    actor: str
    seq: int
    start_op: int
    deps: tuple[str, ...]
    raw: bytes
    received_at_ms: int


@dataclass(frozen=True, slots=True)
class Submission:
    """Bytes that somebody wants in the log, with who says so."""

    case_id: str
    alg: int
    signature: bytes
    raw: bytes
    device: str
    user: str


@dataclass(frozen=True, slots=True)
class Fed:
    """One step of a unit's feed."""

    n: int
    entry: Entry


_ENTRY = (
    changes.c.log_index,
    changes.c.hash,
    changes.c.case_id,
    changes.c.actor,
    changes.c.seq,
    changes.c.start_op,
    changes.c.deps,
    changes.c.raw,
    changes.c.received_at_ms,
)


def log_size(connection: Connection) -> int:
    """How many changes the log holds; the next one gets this number."""
    return _next(connection, select(func.max(changes.c.log_index)))


def entries_of_case(connection: Connection, case_id: str) -> list[Entry]:
    """A case's changes in log order: causes come before effects."""
    found = connection.execute(select(*_ENTRY).where(changes.c.case_id == case_id).order_by(changes.c.log_index))
    return [_entry(row) for row in found]


def entries_from(connection: Connection, log_index: int) -> Iterator[Entry]:
    """Every change from this number on."""
    statement = select(*_ENTRY).where(changes.c.log_index >= log_index).order_by(changes.c.log_index)
    for row in connection.execute(statement):
        yield _entry(row)


def entry_by_hash(connection: Connection, change_hash: str) -> Entry | None:
    """The change with this hash, in whatever case."""
    row = connection.execute(select(*_ENTRY).where(changes.c.hash == change_hash)).first()
    return _entry(row) if row else None


def hash_of_device_seq(connection: Connection, device: str, device_seq: int) -> str | None:
    """Which change took this number of the device."""
    statement = select(changes.c.hash).where(changes.c.device == device, changes.c.device_seq == device_seq)
    return connection.scalar(statement)


def next_device_seq(connection: Connection, device: str) -> int:
    """The first number of the device after all that the log knows; they start with 1."""
    return (connection.scalar(select(func.max(changes.c.device_seq)).where(changes.c.device == device)) or 0) + 1


def units_of_case(connection: Connection, case_id: str) -> frozenset[str]:
    """The units that a case concerns."""
    return frozenset(connection.scalars(select(case_units.c.unit).where(case_units.c.case_id == case_id)))


def cases_of_unit(connection: Connection, unit: str) -> frozenset[str]:
    """The cases that concern a unit."""
    return frozenset(connection.scalars(select(case_units.c.case_id).where(case_units.c.unit == unit)))


def append(
    connection: Connection,
    submission: Submission,
    change: ActChange,
    device_seq: int,
    units: Iterable[str],
    received_at_ms: int,
) -> int:
    """Puts a change at the end of the log and into the feeds of its case's units; gives its number.

    `units` are those that the change brings in: they are fed everything of the case so far first.
    """
    log_index = log_size(connection)
    before = units_of_case(connection, submission.case_id)
    new_units = sorted(frozenset(units) - before)
    earlier = _log_indexes_of_case(connection, submission.case_id) if new_units else []
    connection.execute(
        insert(changes).values(
            log_index=log_index,
            hash=change.hash,
            case_id=submission.case_id,
            actor=change.actor,
            seq=change.seq,
            start_op=change.start_op,
            deps="".join(change.deps),
            raw=submission.raw,
            alg=submission.alg,
            signature=submission.signature,
            device=submission.device,
            user=submission.user,
            device_seq=device_seq,
            received_at_ms=received_at_ms,
        )
    )
    rows: list[tuple[str, int]] = []
    for unit in new_units:
        connection.execute(insert(case_units).values(unit=unit, case_id=submission.case_id))
        rows += [(unit, index) for index in earlier]
    rows += [(unit, log_index) for unit in sorted(before.union(new_units))]
    feed_lines(connection, submission.case_id, rows)
    return log_index


def feed_whole(connection: Connection, case_id: str, units: Iterable[str]) -> None:
    """Brings units into a case that they did not name themselves: they are fed all of it that there is."""
    new_units = sorted(frozenset(units) - units_of_case(connection, case_id))
    indexes = _log_indexes_of_case(connection, case_id) if new_units else []
    if not indexes:
        return
    connection.execute(insert(case_units), [{"unit": unit, "case_id": case_id} for unit in new_units])
    feed_lines(connection, case_id, [(unit, index) for unit in new_units for index in indexes])


def feed_lines(connection: Connection, case_id: str, lines: Sequence[tuple[str, int]]) -> None:
    """Puts (unit, number in the log) of one case at the end of the feeds, in this order."""
    first = feed_top(connection) + 1
    rows = [
        {"n": first + at, "unit": unit, "case_id": case_id, "log_index": index}
        for at, (unit, index) in enumerate(lines)
    ]
    if rows:
        connection.execute(insert(feed), rows)


def feed_top(connection: Connection, unit: str | None = None) -> int:
    """The highest number fed (to this unit); 0 when nothing was."""
    statement = select(func.max(feed.c.n))
    return connection.scalar(statement if unit is None else statement.where(feed.c.unit == unit)) or 0


def fed_after(connection: Connection, unit: str, cursor: int) -> Iterator[Fed]:
    """What a unit has to learn after the cursor, in order."""
    statement = (
        select(feed.c.n, *_ENTRY)
        .join(changes, changes.c.log_index == feed.c.log_index)
        .where(feed.c.unit == unit, feed.c.n > cursor)
        .order_by(feed.c.n)
    )
    with connection.execute(statement.execution_options(yield_per=200)) as found:
        for row in found:
            yield Fed(row[0], _entry(row[1:]))


def quarantine_submission(
    connection: Connection, submission: Submission, item_hash: str, reason: str, waits_for: str | None, now_ms: int
) -> None:
    """Keeps the bytes of a change that was not taken; the same bytes again count up."""
    values: dict[str, Any] = {"reason": reason, "waits_for": waits_for, "last_at_ms": now_ms, "released_at_ms": None}
    where = _same(submission, item_hash)
    counted = connection.execute(update(quarantine).where(*where).values(**values, times=quarantine.c.times + 1))
    if counted.rowcount == 0:
        connection.execute(
            insert(quarantine).values(
                device=submission.device,
                user=submission.user,
                case_id=submission.case_id,
                hash=item_hash,
                raw=submission.raw,
                alg=submission.alg,
                signature=submission.signature,
                first_at_ms=now_ms,
                times=1,
                **values,
            )
        )


def release(connection: Connection, submission: Submission, change_hash: str, now_ms: int) -> None:
    """Notes that the record took a change that it had quarantined."""
    where = (*_same(submission, change_hash), quarantine.c.released_at_ms.is_(None))
    connection.execute(update(quarantine).where(*where).values(released_at_ms=now_ms, waits_for=None))


def waiting_for(connection: Connection, hashes: Sequence[str]) -> list[Submission]:
    """The quarantined changes that lacked one of these."""
    if not hashes:
        return []
    statement = (
        select(quarantine)
        .where(quarantine.c.waits_for.in_(hashes), quarantine.c.released_at_ms.is_(None))
        .order_by(quarantine.c.id)
    )
    return [
        Submission(row.case_id, row.alg, row.signature, row.raw, row.device, row.user)
        for row in connection.execute(statement)
    ]


def quarantined_by_device(connection: Connection, device: str) -> int:
    """How many of a device's changes lie in quarantine."""
    where = (quarantine.c.device == device, quarantine.c.released_at_ms.is_(None))
    return connection.scalar(select(func.count()).select_from(quarantine).where(*where)) or 0


def _log_indexes_of_case(connection: Connection, case_id: str) -> list[int]:
    statement = select(changes.c.log_index).where(changes.c.case_id == case_id).order_by(changes.c.log_index)
    return list(connection.scalars(statement))


def _same(submission: Submission, item_hash: str) -> tuple[Any, ...]:
    return (
        quarantine.c.device == submission.device,
        quarantine.c.case_id == submission.case_id,
        quarantine.c.hash == item_hash,
        quarantine.c.signature == submission.signature,
    )


def _next(connection: Connection, statement: Select[Any]) -> int:
    highest = connection.scalar(statement)
    return 0 if highest is None else highest + 1


def _entry(row: Sequence[Any]) -> Entry:
    log_index, change_hash, case_id, actor, seq, start_op, deps, raw, received_at_ms = row
    split = tuple(deps[at : at + _HASH_DIGITS] for at in range(0, len(deps), _HASH_DIGITS))
    return Entry(log_index, change_hash, case_id, actor, seq, start_op, split, bytes(raw), received_at_ms)
