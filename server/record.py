"""The record: what was taken, in the order in which it was taken, what each unit has to learn of it, what was not taken.

Owns every statement on `changes`, `case_units`, `feed` and `quarantine`. Must not judge a change (see `gate`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, insert, select, update

from py_core.cases.acts import Act
from py_core.change import ActChange
from server.scope import CONCERNED, RESTRICTED, Standing, units_in
from server.tables import case_units, changes, feed, quarantine

_HASH_DIGITS = 64
_CASES_AT_ONCE = 200  # names in one statement
ACT, REVOKE = 0, 1  # kinds of a feed's lines


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
    residue: str | None = None  # what is left of its text; not None: its content was erased


@dataclass(frozen=True, slots=True)
class Submission:
    """Bytes that somebody wants in the log, with who says so."""

    case_id: str
    alg: int
    signature: bytes
    raw: bytes
    device: str
    user: str
    waived: bool = False  # a reconciler lets it in although it is out of its device's scope (see `gate`)


@dataclass(frozen=True, slots=True)
class Fed:
    """One step of a unit's feed: a change of the log, or (`entry` None) the word that a case has left the unit."""

    n: int
    case_id: str
    log_index: int  # of the change, or of the one that let the unit go
    entry: Entry | None


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
    changes.c.residue,
)


@dataclass(slots=True)
class Ends:
    """Where log and feed end while somebody writes: nobody else does meanwhile, so a batch asks once and counts.

    Holds what was appended until it is written, many rows with one statement; whoever reads log or feed writes first.
    """

    log_size: int
    feed_top: int
    acts: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def line(self, unit: str, case_id: str, log_index: int, kind: int) -> dict[str, Any]:
        """The next row of the feed."""
        self.feed_top += 1
        return {"n": self.feed_top, "unit": unit, "case_id": case_id, "log_index": log_index, "kind": kind}

    def write(self, connection: Connection) -> None:
        """Puts into log and feed what waits for it."""
        if self.acts:
            connection.execute(insert(changes), self.acts)
        if self.lines:
            connection.execute(insert(feed), self.lines)
        self.acts, self.lines = [], []


def ends(connection: Connection) -> Ends:
    """As they are now."""
    return Ends(log_size(connection), feed_top(connection))


def log_size(connection: Connection) -> int:
    """How many changes the log holds; the next one gets this number."""
    return _next(connection, select(func.max(changes.c.log_index)))


def entries_of_case(connection: Connection, case_id: str) -> list[Entry]:
    """A case's changes in log order: causes come before effects."""
    found = connection.execute(select(*_ENTRY).where(changes.c.case_id == case_id).order_by(changes.c.log_index))
    return [_entry(row) for row in found]


def first_of_case(connection: Connection, case_id: str) -> Entry | None:
    """The change with which a case begins."""
    found = select(*_ENTRY).where(changes.c.case_id == case_id).order_by(changes.c.log_index).limit(1)
    row = connection.execute(found).first()
    return _entry(row) if row else None


def first_hashes(connection: Connection, cases: Collection[str]) -> dict[str, str]:
    """With which change each of these cases begins, as far as the log has them."""
    found: dict[str, str] = {}
    names = sorted(cases)
    for at in range(0, len(names), _CASES_AT_ONCE):
        of_these = changes.c.case_id.in_(names[at : at + _CASES_AT_ONCE])
        firsts = select(func.min(changes.c.log_index)).where(of_these).group_by(changes.c.case_id)
        statement = select(changes.c.case_id, changes.c.hash).where(changes.c.log_index.in_(firsts))
        found |= {row.case_id: row.hash for row in connection.execute(statement)}
    return found


def entries_from(connection: Connection, log_index: int) -> Iterator[Entry]:
    """Every change from this number on."""
    statement = select(*_ENTRY).where(changes.c.log_index >= log_index).order_by(changes.c.log_index)
    for row in connection.execute(statement):
        yield _entry(row)


def entry_by_hash(connection: Connection, change_hash: str) -> Entry | None:
    """The change with this hash, in whatever case."""
    row = connection.execute(select(*_ENTRY).where(changes.c.hash == change_hash)).first()
    return _entry(row) if row else None


def entries_by_hash(connection: Connection, hashes: Collection[str]) -> dict[str, Entry]:
    """The changes with these hashes, as far as they are in the log."""
    found: dict[str, Entry] = {}
    names = list(hashes)
    for at in range(0, len(names), _CASES_AT_ONCE):
        statement = select(*_ENTRY).where(changes.c.hash.in_(names[at : at + _CASES_AT_ONCE]))
        found |= {entry.hash: entry for entry in map(_entry, connection.execute(statement))}
    return found


def bearers_of_numbers(connection: Connection, device: str, numbers: Collection[int]) -> dict[int, set[str]]:
    """Which changes came under these numbers of a device, into the log or, signed for by it, into quarantine."""
    found: dict[int, set[str]] = {number: set() for number in numbers}
    for table in (changes, quarantine):
        where = (table.c.device == device, table.c.device_seq.between(min(found), max(found)))
        for number, change_hash in connection.execute(select(table.c.device_seq, table.c.hash).where(*where)):
            if number in found:
                found[number].add(change_hash)
    return found


def entry_at(connection: Connection, log_index: int) -> Entry | None:
    """The change with this number."""
    row = connection.execute(select(*_ENTRY).where(changes.c.log_index == log_index)).first()
    return _entry(row) if row else None


def histories_before(connection: Connection, cases: Mapping[str, int]) -> dict[str, list[tuple[str, str, int]]]:
    """Hash, actor and operation of each case's changes before a number of the log, in log order."""
    found: dict[str, list[tuple[str, str, int]]] = {case_id: [] for case_id in cases}
    names = list(cases)
    for at in range(0, len(names), _CASES_AT_ONCE):
        part = names[at : at + _CASES_AT_ONCE]
        statement = (
            select(changes.c.case_id, changes.c.log_index, changes.c.hash, changes.c.actor, changes.c.start_op)
            .where(changes.c.case_id.in_(part))
            .order_by(changes.c.log_index)
        )
        for case_id, log_index, change_hash, actor, start_op in connection.execute(statement):
            if log_index < cases[case_id]:
                found[case_id].append((change_hash, actor, start_op))
    return found


def next_device_seq(connection: Connection, device: str) -> int:
    """The first number of the device after all that the log knows; they start with 1."""
    return (connection.scalar(select(func.max(changes.c.device_seq)).where(changes.c.device == device)) or 0) + 1


def standing_of_case(connection: Connection, case_id: str) -> dict[str, frozenset[str]]:
    """Every unit that was ever in a case with its reasons to be in it now."""
    found = connection.execute(select(case_units.c.unit, case_units.c.reasons).where(case_units.c.case_id == case_id))
    return {unit: frozenset(reasons.split()) for unit, reasons in found}


def units_of_case(connection: Connection, case_id: str) -> frozenset[str]:
    """The units that a case concerns now."""
    return units_in(standing_of_case(connection, case_id))


def cases_of_unit(connection: Connection, unit: str) -> frozenset[str]:
    """The cases that concern a unit now."""
    inside = (case_units.c.unit == unit, case_units.c.reasons.not_in(("", RESTRICTED)))
    return frozenset(connection.scalars(select(case_units.c.case_id).where(*inside)))


def tops_of_cases(connection: Connection, cases: Collection[str]) -> dict[str, int]:
    """The highest log index of each of these cases that the log has."""
    found: dict[str, int] = {}
    names = list(cases)
    for at in range(0, len(names), _CASES_AT_ONCE):
        part = changes.c.case_id.in_(names[at : at + _CASES_AT_ONCE])
        tops = select(changes.c.case_id, func.max(changes.c.log_index)).where(part).group_by(changes.c.case_id)
        found.update(tuple(row) for row in connection.execute(tops))
    return found


def append(
    connection: Connection,
    submission: Submission,
    change: ActChange,
    act: Act,
    before: Standing,
    standing: Standing,
    received_at_ms: int,
    at: Ends,
) -> int:
    """Puts a change at the end of the log and into the feeds of its case's units; gives its number.

    `before` is who was in the case, `standing` who is with it: units that it brings in are fed everything so far
    first, units that it lets go are told so instead. The caller sees to it that `at` is written in the end.
    """
    log_index = at.log_size
    at.log_size += 1
    stay = units_in(before) & units_in(standing)
    row = {
        "log_index": log_index,
        "hash": change.hash,
        "case_id": submission.case_id,
        "actor": change.actor,
        "seq": change.seq,
        "start_op": change.start_op,
        "deps": "".join(change.deps),
        "raw": submission.raw,
        "alg": submission.alg,
        "signature": submission.signature,
        "device": act.device,
        "user": act.user,
        "device_seq": act.device_seq,
        "received_at_ms": received_at_ms,
        "vouched_by": None if act.device == submission.device else submission.device,
    }
    at.acts.append(row)
    at.lines += [at.line(unit, submission.case_id, log_index, ACT) for unit in sorted(stay)]
    move(connection, submission.case_id, standing, log_index, before, at)
    return log_index


def move(
    connection: Connection,
    case_id: str,
    standing: Standing,
    log_index: int,
    before: Standing | None = None,
    at: Ends | None = None,
) -> tuple[int, int]:
    """Makes `standing` who is in a case: feeds the whole case to those who come in, one line that it has left to those
    who go. A feed holds of a case either its changes or that line. Gives how many lines came and went."""
    before = standing_of_case(connection, case_id) if before is None else before
    for unit in sorted(standing):
        if standing[unit] == before.get(unit):
            continue
        reasons = " ".join(sorted(standing[unit]))
        if unit in before:
            where = (case_units.c.unit == unit, case_units.c.case_id == case_id)
            connection.execute(update(case_units).where(*where).values(reasons=reasons))
        else:
            connection.execute(insert(case_units).values(unit=unit, case_id=case_id, reasons=reasons))
    come = sorted(units_in(standing) - units_in(before))
    # The device that began a restricted case has it, although its unit was never in it: it is told to let it go.
    restricted = {unit for unit, reasons in standing.items() if RESTRICTED in reasons and unit not in before}
    go = sorted(units_in(before) - units_in(standing) | restricted)
    if not come and not go:
        return 0, 0
    at = ends(connection) if at is None else at
    at.write(connection)
    indexes = _log_indexes_of_case(connection, case_id) if come else []
    lines = [(unit, index) for unit in come for index in indexes]
    first = at.feed_top + 1
    feed_lines(connection, case_id, lines, at=at)
    feed_lines(connection, case_id, [(unit, log_index) for unit in go], REVOKE, at=at)
    # Only now: the numbers of lines that were taken out must not be given again, some device's cursor is there.
    removed = 0
    for unit in (*come, *go):
        if unit in before:
            older = (feed.c.unit == unit, feed.c.case_id == case_id, feed.c.n < first)
            removed += connection.execute(delete(feed).where(*older)).rowcount
    return len(lines) + len(go), removed


def feed_whole(connection: Connection, case_id: str, units: Iterable[str]) -> None:
    """Brings units into a case that they did not name themselves: they are fed all of it that there is."""
    before = standing_of_case(connection, case_id)
    new_units = frozenset(units) - units_in(before)
    if new_units and _log_indexes_of_case(connection, case_id):
        concerned = {unit: before.get(unit, frozenset()) | {CONCERNED} for unit in new_units}
        move(connection, case_id, {**before, **concerned}, log_size(connection) - 1, before)


def erase(connection: Connection, residues: Mapping[str, str]) -> None:
    """Takes the bytes of these acts (hashes) out of the log for ever and leaves what is given in their place."""
    for change_hash, residue in residues.items():
        where = changes.c.hash == change_hash
        connection.execute(update(changes).where(where).values(raw=b"", residue=residue))


def is_erased(connection: Connection, case_id: str) -> bool:
    """Whether the content of a case or visit was erased."""
    where = (changes.c.case_id == case_id, changes.c.residue.is_not(None))
    return bool(connection.scalar(select(exists().where(*where))))


def feed_lines(
    connection: Connection,
    case_id: str,
    lines: Sequence[tuple[str, int]],
    kind: int = ACT,
    *,
    at: Ends | None = None,
) -> None:
    """Puts (unit, number in the log) of one case at the end of the feeds, in this order."""
    if not lines:
        return
    at = ends(connection) if at is None else at
    connection.execute(insert(feed), [at.line(unit, case_id, index, kind) for unit, index in lines])


def feed_top(connection: Connection, unit: str | None = None) -> int:
    """The highest number fed (to this unit); 0 when nothing was."""
    statement = select(func.max(feed.c.n))
    return connection.scalar(statement if unit is None else statement.where(feed.c.unit == unit)) or 0


def fed_after(connection: Connection, unit: str, cursor: int) -> Iterator[Fed]:
    """What a unit has to learn after the cursor, in order."""
    statement = (
        select(feed.c.n, feed.c.kind, *_ENTRY)
        .join(changes, changes.c.log_index == feed.c.log_index)
        .where(feed.c.unit == unit, feed.c.n > cursor)
        .order_by(feed.c.n)
    )
    with connection.execute(statement.execution_options(yield_per=200)) as found:
        for row in found:
            entry = _entry(row[2:])
            yield Fed(row[0], entry.case_id, entry.log_index, entry if row[1] == ACT else None)


def fed_between(connection: Connection, unit: str, after: int, until: int) -> int:
    """How many lines a unit's feed has after a number up to another one."""
    where = (feed.c.unit == unit, feed.c.n > after, feed.c.n <= until)
    return connection.scalar(select(func.count()).select_from(feed).where(*where)) or 0


def quarantine_submission(
    connection: Connection,
    submission: Submission,
    item_hash: str,
    reason: str,
    waits_for: str | None,
    now_ms: int,
    device_seq: int | None,
) -> None:
    """Keeps the bytes of a change that was not taken; the same bytes again count up. `device_seq` is its number where
    its device signed for it."""
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
                device_seq=device_seq,
                first_at_ms=now_ms,
                times=1,
                **values,
            )
        )


def holds_quarantined(connection: Connection, cases: Collection[str]) -> bool:
    """Whether anything of these cases lies in quarantine."""
    names = list(cases)
    where = (quarantine.c.case_id.in_(names), quarantine.c.released_at_ms.is_(None))
    return bool(connection.scalar(select(exists().where(*where))))


def release(connection: Connection, case_id: str, change_hash: str, now_ms: int) -> None:
    """Notes that the record took a change that it had quarantined, whoever had handed it in."""
    same = (quarantine.c.case_id == case_id, quarantine.c.hash == change_hash)
    where = (*same, quarantine.c.released_at_ms.is_(None))
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


def quarantined_raw(connection: Connection, device: str, item_hash: str) -> bytes | None:
    """The bytes of a change of this device that was not taken."""
    where = (quarantine.c.device == device, quarantine.c.hash == item_hash)
    raw = connection.scalar(select(quarantine.c.raw).where(*where).order_by(quarantine.c.id.desc()).limit(1))
    return None if raw is None else bytes(raw)


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
    log_index, change_hash, case_id, actor, seq, start_op, deps, raw, received_at_ms, residue = row
    split = tuple(deps[at : at + _HASH_DIGITS] for at in range(0, len(deps), _HASH_DIGITS))
    return Entry(log_index, change_hash, case_id, actor, seq, start_op, split, bytes(raw), received_at_ms, residue)
