"""How one clock is counted: from its fact to its date, moved by exclusions and extensions, stopped by a fact.

Must not know which clocks a case has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from py_core.cases.state import Fact
from py_core.periods import Period
from py_core.rules.assessment import Clock
from py_core.rules.exclusions import Span, clip, move
from py_core.rules.extension import Extending
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing


def count(
    name: str, fact: Fact, period: Period | None, until: date | None, article: str, roll: bool, timing: Timing
) -> Clock:
    """The clock of a fact: a length from its day 0, or a fixed day (P-16); with the policies that chose day 0."""
    day_zero = timing.day_zero(fact.at)
    policies: tuple[str, ...] = ()
    if day_zero != fact.day:
        policies += ("P-05",) if timing.policies.after_hours != "same_day" else ("P-06",)
    if until is not None or period is None:
        fixed = until if until is not None else day_zero
        rolls = timing.rolls(None, False)
        due = timing.calendar.roll(fixed) if rolls else fixed
        clock = Clock(name, "", article, day_zero, due, fact, None, fixed, due, rolls, (*policies, "P-16"))
    else:
        nominal, due, rolls = timing.end(day_zero, period, roll)
        clock = Clock(name, "", article, day_zero, due, fact, period, nominal, due, rolls, policies)
    return clock


def shift(clock: Clock, excluded: Sequence[Span], extending: Extending, timing: Timing) -> None:
    """Moves the date of a clock by its exclusions, before and after an extension, and by the extension itself."""
    granted = extending.granted
    if not excluded and granted is None:
        clock.provisional = timing.calendar.provisional(clock.day_zero, clock.due)
        return
    due, before = move(
        clock.due, clock.day_zero, clip(list(excluded), None, granted.approved.day if granted else None),
        clock.period, clock.rolls, timing,
    )  # fmt: skip
    after: list[Any] = []
    if granted is not None:
        clock.granted = granted
        due = max(due, granted.new_due)
        due, after = move(
            due, clock.day_zero, clip(list(excluded), granted.approved.day, None), clock.period, clock.rolls, timing
        )
    clock.due = due
    clock.exclusions = tuple(before + after)
    clock.paused = any(exclusion.running for exclusion in clock.exclusions)
    clock.provisional = timing.calendar.provisional(clock.day_zero, due)


def stop(clock: Clock, reading: Reading, timing: Timing) -> None:
    """Stops a clock by the fact that stops the matter, and says whether it is late."""
    if reading.stop is not None:
        clock.stopped_by = reading.stop
        clock.stopped_at = timing.counts_at(reading.stop)
        clock.paused = False
        clock.late = not timing.in_time(clock.stopped_at, clock.due)
    else:
        clock.late = timing.ended(clock.due) and not clock.paused
