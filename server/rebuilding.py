"""Makes what is derived from the log again: which units a case concerns, what each unit has to learn, which
contents its acts name, the search index.

Works in short transactions while the record is being served. A feed is repaired by adding what is missing at its end
and taking out what leads nowhere: devices' cursors stay good, and what they are sent twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, not_, select

from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.errors import Malformed
from server import record
from server.attachments import note_names
from server.city import directories_by_time
from server.database import Database
from server.scope import units_concerned
from server.tables import case_units, changes, feed

_BATCH = 100  # cases in one transaction: other writers get their turn between two

Progress = Callable[[int, int], None]
"""Told how many cases are done, of how many."""


@dataclass(frozen=True, slots=True)
class FeedFaults:
    """What the feeds lack: (case, unit, number of changes), and how many of their lines lead nowhere."""

    missing: tuple[tuple[str, str, int], ...]
    dangling: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was looked at and what had to be mended."""

    cases: int
    lines_added: int
    lines_removed: int


def units_by_case(connection: Connection) -> dict[str, frozenset[str]]:
    """The units that each case concerns by what its acts say and the directory in force when each arrived."""
    times = directories_by_time(connection)
    found: dict[str, set[str]] = {}
    statement = select(changes.c.case_id, changes.c.raw, changes.c.received_at_ms).order_by(changes.c.log_index)
    for case_id, raw, received_at_ms in connection.execute(statement.execution_options(yield_per=500)):
        units = found.setdefault(case_id, set())
        if not times:
            continue
        if case_id == CITY_ID:
            units.update(times[-1][1].units)
            continue
        directory = next((known for since, known in reversed(times) if since <= received_at_ms), times[0][1])
        try:
            units |= units_concerned(read_act(decode_act_change(bytes(raw)).text).events, directory)
        except Malformed:
            continue  # `verify` tells it; what cannot be read concerns nobody
    return {case_id: frozenset(units) for case_id, units in found.items()}


def feed_faults(connection: Connection, expected: Mapping[str, frozenset[str]]) -> FeedFaults:
    """Compares the feeds with the log and with the units that each case must concern."""
    counted = select(changes.c.case_id, func.count()).group_by(changes.c.case_id)
    sizes = {row[0]: row[1] for row in connection.execute(counted)}
    lines = select(feed.c.case_id, feed.c.unit, func.count(feed.c.log_index.distinct()))
    lines = lines.join(changes, and_(changes.c.log_index == feed.c.log_index, changes.c.case_id == feed.c.case_id))
    fed = {
        (case_id, unit): count
        for case_id, unit, count in connection.execute(lines.group_by(feed.c.case_id, feed.c.unit))
    }
    named: dict[str, set[str]] = {case_id: set(units) for case_id, units in expected.items()}
    for case_id, unit in connection.execute(select(case_units.c.case_id, case_units.c.unit)):
        named.setdefault(case_id, set()).add(unit)
    missing = [
        (case_id, unit, sizes.get(case_id, 0) - fed.get((case_id, unit), 0))
        for case_id in sorted(named)
        for unit in sorted(named[case_id])
    ]
    dangling = connection.scalar(select(func.count()).select_from(feed).where(_leads_nowhere())) or 0
    return FeedFaults(tuple(each for each in missing if each[2] > 0), dangling)


def rebuild(database: Database, progress: Progress | None = None) -> Rebuilt:
    """Mends the feeds from the log; what was right is not touched. May run beside a serving process."""
    with database.reading_committed() as connection:
        expected = units_by_case(connection)
    added = done = 0
    for batch in _batches(sorted(expected)):
        with database.writing() as connection:
            added += sum(_feed_case(connection, case_id, expected[case_id]) for case_id in batch)
            for case_id in batch:
                _note_contents(connection, case_id)
        done += len(batch)
        if progress is not None:
            progress(done, len(expected))
    with database.writing() as connection:
        removed = connection.execute(delete(feed).where(_leads_nowhere())).rowcount
    return Rebuilt(len(expected), added, removed)


def _feed_case(connection: Connection, case_id: str, expected: frozenset[str]) -> int:
    """Feeds every unit of the case what it was not fed; gives the number of lines."""
    units = record.units_of_case(connection, case_id)
    new_units = sorted(expected - units)
    if new_units:
        connection.execute(insert(case_units), [{"unit": unit, "case_id": case_id} for unit in new_units])
    indexes = connection.scalars(
        select(changes.c.log_index).where(changes.c.case_id == case_id).order_by(changes.c.log_index)
    ).all()
    fed: dict[str, set[int]] = {}
    for unit, log_index in connection.execute(select(feed.c.unit, feed.c.log_index).where(feed.c.case_id == case_id)):
        fed.setdefault(unit, set()).add(log_index)
    rows = [
        (unit, index)
        for unit in sorted(units.union(new_units))
        for index in indexes
        if index not in fed.get(unit, frozenset())
    ]
    record.feed_lines(connection, case_id, rows)
    return len(rows)


def _note_contents(connection: Connection, case_id: str) -> None:
    for entry in record.entries_of_case(connection, case_id):
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
