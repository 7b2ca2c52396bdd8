"""What a change of the city's rules does to open cases: before it is recorded, and as the fact kept afterwards.

Counts by the engine alone (`rules.impact`). Must not record anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from py_core.cases.state import Case
from py_core.city.rules import CityRules
from py_core.rules.engine import assess
from py_core.rules.impact import Change, changes


@dataclass(frozen=True, slots=True)
class Moved:
    """One running clock of one case whose date is another now; `old` is None for a limit that did not exist."""

    clock: str
    old: date | None
    new: date
    firm: bool  # whether the new date rests on published years only


def impact(cases: Iterable[Case], before: CityRules, after: CityRules, now: datetime) -> Iterator[Change]:
    """The open cases that would look different, in the order given."""
    for case in cases:
        if not _same_law(case, before, after):
            yield from changes((case,), before.law_of(case), after.law_of(case), now)


def moved_clocks(case: Case, before: CityRules, after: CityRules, now: datetime) -> tuple[Moved, ...]:
    """The running clocks of an open case whose dates move; empty for a closed case and for the same law."""
    if _same_law(case, before, after):
        return ()
    law, new_law = before.law_of(case), after.law_of(case)
    old = assess(case, law.packs, law.calendar, now, law.policies)
    if old.closed:
        return ()
    new = assess(case, new_law.packs, new_law.calendar, now, new_law.policies)
    known = {clock.name: clock.due for clock in old.clocks}
    return tuple(
        Moved(clock.name, known.get(clock.name), clock.due, not clock.provisional)
        for clock in new.clocks
        if clock.running and known.get(clock.name) != clock.due
    )


def _same_law(case: Case, before: CityRules, after: CityRules) -> bool:
    # Cheap and often true: a reading that counts from next month on touches no case that is open now.
    return (
        before.calendars.in_force == after.calendars.in_force
        and before.law_of(case).policies == after.law_of(case).policies
    )
