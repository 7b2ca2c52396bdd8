"""Makes what is derived from the log again: which units a case concerns, what each unit has to learn, which
contents its acts name, the tiles of the log's trees, the search index.

Works in short transactions while the record is being served. A feed is repaired by adding what is missing at its end
and taking out what leads nowhere: devices' cursors stay good, and what they are sent twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, Connection, and_, delete, func, not_, select

from py_core.cases.acts import Act, read_act
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.directory import Directory
from py_core.errors import Malformed
from server import record
from server.attachments import note_names
from server.city import directories_by_time
from server.database import Database
from server.log_tree import ACTS, REGISTRY, lay_anew, leaves_of_acts
from server.registry import leaves_of_registry
from server.scope import CONCERNED, Standing, day_of, standing_after, taken_late, units_in
from server.tables import changes, feed

_BATCH = 100  # cases in one transaction: other writers get their turn between two

Progress = Callable[[int, int], None]
"""Told how many cases are done, of how many."""


@dataclass(frozen=True, slots=True)
class FeedFaults:
    """What the feeds lack: (case, unit, number of changes), how many of their lines lead nowhere, and which units are
    still fed a case that has left them (or were not told that it has)."""

    missing: tuple[tuple[str, str, int], ...]
    dangling: int
    not_let_go: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was looked at and what had to be mended."""

    cases: int
    lines_added: int
    lines_removed: int
    tiles: int = 0  # of the log's trees


def standings(connection: Connection, case_ids: Sequence[str] | None = None) -> dict[str, Standing]:
    """Who is in each case by what its acts say and the directory in force when each arrived; of all cases or some."""
    times = directories_by_time(connection)
    found: dict[str, Standing] = {}
    read: dict[str, list[tuple[str, Act, int]]] = {}
    columns = (changes.c.case_id, changes.c.hash, changes.c.raw, changes.c.residue, changes.c.received_at_ms)
    statement = select(*columns)
    if case_ids is not None:
        statement = statement.where(changes.c.case_id.in_(case_ids))
    for case_id, change_hash, raw, residue, received_at_ms in connection.execute(
        statement.order_by(changes.c.log_index).execution_options(yield_per=500)
    ):
        acts = read.setdefault(case_id, [])
        try:
            text = decode_act_change(bytes(raw)).text if residue is None else residue
            acts.append((change_hash, read_act(text), received_at_ms))
        except Malformed:
            continue  # `verify` tells it; what cannot be read concerns nobody
    for case_id, acts in read.items():
        if case_id == CITY_ID:
            found[case_id] = {unit: frozenset({CONCERNED}) for unit in times[-1][1].units} if times else {}
        else:
            found[case_id] = _standing(acts, times)
    return found


def _standing(acts: Sequence[tuple[str, Act, int]], times: Sequence[tuple[int, Directory]]) -> Standing:
    standing: Standing = {}
    late = {late for _, act, _ in acts for event in act.events for late in taken_late(event)}
    for number, (change_hash, act, received_at_ms) in enumerate(acts):
        if not times or (number and change_hash in late):
            continue
        directory = next((known for since, known in reversed(times) if since <= received_at_ms), times[0][1])
        day = day_of(act, received_at_ms)
        person = directory.person_on(act.user, day) or directory.people.get(act.user)
        standing = standing_after(standing, act.events, person.unit if person else "", directory, day)
    return standing


def feed_faults(connection: Connection, expected: Mapping[str, Standing]) -> FeedFaults:
    """Compares the feeds with the log and with the units that each case must concern."""
    counted = select(changes.c.case_id, func.count()).group_by(changes.c.case_id)
    sizes = {row[0]: row[1] for row in connection.execute(counted)}
    lines = select(feed.c.case_id, feed.c.unit, feed.c.kind, func.count(feed.c.log_index.distinct()))
    lines = lines.join(changes, and_(changes.c.log_index == feed.c.log_index, changes.c.case_id == feed.c.case_id))
    fed = {
        (case_id, unit, kind): count
        for case_id, unit, kind, count in connection.execute(lines.group_by(feed.c.case_id, feed.c.unit, feed.c.kind))
    }
    missing: list[tuple[str, str, int]] = []
    kept: list[tuple[str, str]] = []
    for case_id in sorted(expected):
        inside = units_in(expected[case_id])
        for unit in sorted(expected[case_id]):
            acts, words = fed.get((case_id, unit, record.ACT), 0), fed.get((case_id, unit, record.REVOKE), 0)
            if unit in inside and acts < sizes.get(case_id, 0):
                missing.append((case_id, unit, sizes.get(case_id, 0) - acts))
            elif unit not in inside and (acts or not words):
                kept.append((case_id, unit))
    dangling = connection.scalar(select(func.count()).select_from(feed).where(_leads_nowhere())) or 0
    return FeedFaults(tuple(missing), dangling, tuple(kept))


def rebuild(database: Database, progress: Progress | None = None) -> Rebuilt:
    """Mends the feeds from the log; what was right is not touched. May run beside a serving process."""
    with database.reading_committed() as connection:
        case_ids = sorted(connection.scalars(select(changes.c.case_id).distinct()))
    added = removed = done = 0
    for batch in _batches(case_ids):
        with database.writing() as connection:
            for case_id, standing in standings(connection, batch).items():
                lines = _feed_case(connection, case_id, standing)
                added, removed = added + lines[0], removed + lines[1]
                _note_contents(connection, case_id)
        done += len(batch)
        if progress is not None:
            progress(done, len(case_ids))
    with database.writing() as connection:
        removed += connection.execute(delete(feed).where(_leads_nowhere())).rowcount
        tiles = lay_anew(connection, ACTS, leaves_of_acts(connection))
        tiles += lay_anew(connection, REGISTRY, leaves_of_registry(connection))
    return Rebuilt(len(case_ids), added, removed, tiles)


def _feed_case(connection: Connection, case_id: str, standing: Standing) -> tuple[int, int]:
    """Feeds every unit of the case what it was not fed and tells those that left; how many lines came and went."""
    log_index = connection.scalar(select(func.max(changes.c.log_index)).where(changes.c.case_id == case_id)) or 0
    before = record.standing_of_case(connection, case_id)
    gone = {unit: frozenset[str]() for unit in before if unit not in standing}
    added, removed = record.move(connection, case_id, {**standing, **gone}, log_index, before)
    indexes = connection.scalars(
        select(changes.c.log_index).where(changes.c.case_id == case_id).order_by(changes.c.log_index)
    ).all()
    fed: dict[tuple[str, int], set[int]] = {}
    lines = select(feed.c.unit, feed.c.kind, feed.c.log_index).where(feed.c.case_id == case_id)
    for unit, kind, index in connection.execute(lines):
        fed.setdefault((unit, kind), set()).add(index)
    inside = units_in(standing)
    rows = [
        (unit, index)
        for unit in sorted(inside)
        for index in indexes
        if index not in fed.get((unit, record.ACT), frozenset())
    ]
    record.feed_lines(connection, case_id, rows)
    for unit in sorted({*standing, *gone} - inside):
        if fed.get((unit, record.ACT)) or not fed.get((unit, record.REVOKE)):
            first = record.feed_top(connection) + 1
            record.feed_lines(connection, case_id, [(unit, log_index)], record.REVOKE)
            where = (feed.c.unit == unit, feed.c.case_id == case_id, feed.c.n < first)
            removed += connection.execute(delete(feed).where(*where)).rowcount
            added += 1
    return added + len(rows), removed


def _note_contents(connection: Connection, case_id: str) -> None:
    for entry in record.entries_of_case(connection, case_id):
        if entry.residue is not None:
            continue  # its contents were erased with it
        try:
            act = read_act(decode_act_change(entry.raw).text)
        except Malformed:
            continue
        note_names(connection, case_id, act.events, act.user)


def _leads_nowhere() -> ColumnElement[bool]:
    there = select(changes.c.log_index).where(
        changes.c.log_index == feed.c.log_index, changes.c.case_id == feed.c.case_id
    )
    return not_(there.exists())


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, _BATCH)):
        yield batch
