"""Which cases leave a device, and what it keeps of them: finished ones by age, unit and space, never what only it has.

Pure: the worker and the simulation ask, delete in one transaction and tell afterwards. A case that left stays in the
city record; it comes back whole when somebody asks for it or works on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from py_core.desk.glance import Glance

KEEP_OWN = timedelta(days=90)  # finished cases of the person's unit, counted from the newest act's arrival
KEEP_FOREIGN = timedelta(days=30)  # finished cases that are with another unit by now
KEEP_LEAST = timedelta(days=7)  # not even a full device parts with what was finished this week
CASES_MAX = 5_000  # of one device; beyond it the oldest finished ones leave
CASES_WARN = 4_500
LEAVING_AT_ONCE = 200  # of one transaction


@dataclass(frozen=True, slots=True)
class Left:
    """What a device keeps of a case that left it. `top`: the highest log index that it had held."""

    number: str
    title: str
    left_at_ms: int
    arrived_at_ms: int  # when the city record took the newest act
    top: int

    def as_row(self) -> list[Any]:
        return [self.number, self.title, self.left_at_ms, self.arrived_at_ms, self.top]


def left_of(row: list[Any]) -> Left:
    """What `as_row` gave."""
    return Left(*row)


@dataclass(frozen=True, slots=True)
class Held:
    """A case on the device, as far as leaving depends on it. `busy`: something of it waits to be sent or decided."""

    id: str
    glance: Glance
    busy: bool


def leaving(held: Iterable[Held], unit: str, now: datetime, *, space_needed: bool = False) -> list[str]:
    """The cases that may leave now, those finished longest first; at most `LEAVING_AT_ONCE`.

    By age and unit always; by number when there are more than `CASES_MAX`; with `space_needed` as many as may go.
    """
    everything = list(held)
    finished = _finished(everything)
    too_many = len(everything) - CASES_MAX
    found: list[str] = []
    for place, (arrived, each) in enumerate(finished):
        age = now - arrived
        if age < KEEP_LEAST or len(found) == LEAVING_AT_ONCE:
            break
        if space_needed or place < too_many or age >= (KEEP_OWN if each.glance.unit == unit else KEEP_FOREIGN):
            found.append(each.id)
    return found


def is_finished(glance: Glance) -> bool:
    """Whether nothing but another act can change the case, and the record has all of it."""
    return glance.until is None and not (glance.open or glance.contested or glance.only_here)


def _finished(held: list[Held]) -> list[tuple[datetime, Held]]:
    found = [
        (each.glance.arrived_at, each)
        for each in held
        if not each.busy and is_finished(each.glance) and each.glance.arrived_at is not None
    ]
    found.sort(key=lambda pair: (pair[0], pair[1].id))
    return found
