"""Numbers of acts that never came, though later ones of their device did: what was lost on it, or taken out of it.

A device numbers its acts from 1 without a gap and sends them in this order. What came and lies in quarantine has come.
Acts that were lost with the whole store before anything later was sent leave no gap: the record never heard of them.
Other software (`server.tools`) is asked to send in the order of its numbers too, but no officer's work is lost with a
gap there: it is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import BigInteger, Connection, exists, func, literal, select, union_all

from py_core.change import decode_act_change
from py_core.desk.ports import ActsMissing, LookedInto, NumbersMissing
from py_core.errors import Malformed
from server.devices import SERVER_DEVICE
from server.late_work import OTHERS_ACT
from server.outside import from_ms
from server.submitted import act_of
from server.tables import changes, devices, quarantine, tools

RUNS_READ = 100  # of one device, from the lowest number on
ERASED = 0  # in quarantine: erased before the record kept its number


def missing_numbers(connection: Connection, device: str | None = None) -> Mapping[str, ActsMissing]:
    """What is missing of each device of which something is; or only of this one, without counting the others."""
    lacking = _lacking(connection, device)
    if not lacking:
        return {}
    erased = _erased(connection, lacking)
    handed_in = _handed_in_by_others(connection, lacking)
    found: dict[str, ActsMissing] = {}
    of_people = select(devices).where(devices.c.user.is_not(None))
    for row in connection.execute(of_people if device is None else of_people.where(devices.c.id == device)):
        if row.id not in lacking:
            continue
        highest, count = lacking[row.id]
        runs = _runs(connection, row.id, 0)
        looked = None
        if row.missing_to is not None:
            at = from_ms(row.missing_at_ms)
            looked = LookedInto(row.missing_to, at, row.missing_by, row.missing_why)
        alarming: Sequence[NumbersMissing] = ()
        if row.revoked_at_ms is None and looked is not None:
            alarming = _runs(connection, row.id, looked.upto)
        elif row.revoked_at_ms is None and count > erased.get(row.id, 0):
            alarming = runs
        found[row.id] = ActsMissing(
            runs=tuple(runs),
            alarming=tuple(alarming),
            since=from_ms(_later_came_ms(connection, row.id, alarming[0].last)) if alarming else None,
            highest=highest,
            erased=erased.get(row.id, 0),
            handed_in=tuple(n for n in sorted(handed_in.get(row.id, ())) if _lies_in(n, runs)),
            looked=looked,
        )
    return found


def _lacking(connection: Connection, only: str | None) -> dict[str, tuple[int, int]]:
    """The highest number and how many below it did not come, of each device of which some did not: by indexes alone."""
    in_log = exists().where(changes.c.device == quarantine.c.device, changes.c.device_seq == quarantine.c.device_seq)
    came: dict[str, tuple[int, int]] = {}
    for table, more in ((changes, ()), (quarantine, (quarantine.c.device_seq > ERASED, ~in_log))):
        of_devices = [
            table.c.device != SERVER_DEVICE,  # it leaves room for what a restore lost
            table.c.device.not_in(select(tools.c.device)),
            *more,
        ]
        if only is not None:
            of_devices.append(table.c.device == only)
        number = table.c.device_seq
        counted = select(table.c.device, func.count(number.distinct()), func.max(number)).where(*of_devices)
        for device, count, highest in connection.execute(counted.group_by(table.c.device)):
            before = came.get(device, (0, 0))
            came[device] = (max(before[0], highest), before[1] + count)
    return {device: (highest, highest - count) for device, (highest, count) in came.items() if highest > count}


def _runs(connection: Connection, device: str, after: int) -> list[NumbersMissing]:
    """The lowest runs of missing numbers above this one."""
    came = union_all(
        *(
            select(table.c.device_seq).where(table.c.device == device, table.c.device_seq > after)
            for table in (changes, quarantine)
        )
    ).subquery()
    below = func.lag(came.c.device_seq, 1, literal(after, BigInteger))
    steps = select(came.c.device_seq, below.over(order_by=came.c.device_seq).label("below")).subquery()
    ends = select(steps).where(steps.c.device_seq > steps.c.below + 1).order_by(steps.c.device_seq).limit(RUNS_READ)
    return [NumbersMissing(row.below + 1, row.device_seq - 1) for row in connection.execute(ends)]


def _later_came_ms(connection: Connection, device: str, number: int) -> int:
    """When the first act with a higher number came: acts that fill a gap from above come after it."""
    came = union_all(
        *(
            select(at.label("at_ms")).where(table.c.device == device, table.c.device_seq > number)
            for table, at in ((changes, changes.c.received_at_ms), (quarantine, quarantine.c.first_at_ms))
        )
    ).subquery()
    at_ms: int = connection.execute(select(func.min(came.c.at_ms))).scalar_one()
    return at_ms


def _erased(connection: Connection, wanted: Collection[str]) -> dict[str, int]:
    """How many acts of these devices were erased before the record kept the numbers of what it did not take."""
    where = (quarantine.c.device_seq == ERASED, quarantine.c.device.in_(list(wanted)))
    counted = select(quarantine.c.device, func.count()).where(*where)
    return {row[0]: row[1] for row in connection.execute(counted.group_by(quarantine.c.device))}


def _handed_in_by_others(connection: Connection, wanted: Collection[str]) -> dict[str, set[int]]:
    """Numbers of acts of these devices that somebody else handed in; whoever did it is the only witness of them."""
    where = (quarantine.c.reason == OTHERS_ACT, quarantine.c.released_at_ms.is_(None), quarantine.c.raw != b"")
    found: dict[str, set[int]] = {}
    with connection.execute(select(quarantine.c.raw).where(*where).execution_options(yield_per=200)) as rows:
        for row in rows:
            try:
                act = act_of(decode_act_change(bytes(row.raw)))
            except Malformed:
                continue
            if act is not None and act.device in wanted:
                found.setdefault(act.device, set()).add(act.device_seq)
    return found


def _lies_in(number: int, runs: Sequence[NumbersMissing]) -> bool:
    return any(run.first <= number <= run.last for run in runs)
