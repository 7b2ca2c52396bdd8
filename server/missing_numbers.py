"""Numbers of acts that never came, though later ones of their device did: what was lost on it, or taken out of it.

A device numbers its acts from 1 without a gap and sends them in this order. What came and lies in quarantine has come.
Acts that were lost with the whole store before anything later was sent leave no gap: the record never heard of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union_all

from server.devices import SERVER_DEVICE
from server.tables import changes, quarantine


@dataclass(frozen=True, slots=True)
class Missing:
    """The numbers from `first` to `last` did not come; what has a later number came at `since_ms`."""

    first: int
    last: int
    since_ms: int


def missing_numbers(connection: Connection) -> Mapping[str, tuple[Missing, ...]]:
    """The gaps of each device that has one, in the order of their numbers."""
    came = union_all(
        select(changes.c.device, changes.c.device_seq, changes.c.received_at_ms.label("at_ms")).where(
            changes.c.device != SERVER_DEVICE  # it leaves room for what a restore lost
        ),
        select(quarantine.c.device, quarantine.c.device_seq, quarantine.c.first_at_ms).where(
            quarantine.c.device_seq.is_not(None), quarantine.c.reason != "wrong_signature"
        ),
    ).subquery()
    number_before = func.lag(came.c.device_seq, 1, 0)
    before = number_before.over(partition_by=came.c.device, order_by=came.c.device_seq).label("before")
    steps = select(came, before).subquery()
    gaps = select(steps).where(steps.c.device_seq > steps.c.before + 1).order_by(steps.c.device, steps.c.device_seq)
    found: dict[str, tuple[Missing, ...]] = {}
    for row in connection.execute(gaps):
        gap = Missing(row.before + 1, row.device_seq - 1, row.at_ms)
        found[row.device] = (*found.get(row.device, ()), gap)
    return found
