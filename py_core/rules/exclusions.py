"""Time of special procedures that a limit does not count (JY-3.3.5, P-08, P-11). Must not know extensions."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from py_core.periods import Period
from py_core.rules.assessment import Exclusion
from py_core.rules.reading import Procedure, Reading
from py_core.rules.timing import Timing


class Span(NamedTuple):
    """A half-open span (start, end]; `running`: a procedure in it has not ended."""

    start: date
    end: date
    kinds: tuple[str, ...]
    running: bool


def spans(reading: Reading, timing: Timing, only: frozenset[str] | None = None) -> list[Span]:
    """The united half-open spans (start, end] that are not counted, oldest first.

    A procedure counts from its start, or from the day its time was told when that was later (P-11). One that
    still runs reaches to today. `only` limits the kinds (the statutory clock knows fewer, C-29).
    """
    found: list[Span] = []
    for procedure in reading.procedures.values():
        if only is not None and procedure.kind not in only:
            continue
        start = _start(procedure, timing)
        if start is None:
            continue
        running = procedure.finished is None
        end = timing.today if procedure.finished is None else procedure.finished.day
        if end >= start:
            found.append(Span(start, end, (procedure.kind,), running))
    found.sort(key=lambda span: span[:2])
    united: list[Span] = []
    for span in found:
        if united and span.start <= united[-1].end:
            last = united[-1]
            united[-1] = Span(
                last.start, max(last.end, span.end), last.kinds + span.kinds, last.running or span.running
            )
        else:
            united.append(span)
    return united


def _start(procedure: Procedure, timing: Timing) -> date | None:
    started = procedure.started.day
    if procedure.told is procedure.started or timing.policies.untold_exclusion == "exclude_anyway":
        return started
    if procedure.told is None:
        return None
    return max(started, timing.counts_at(procedure.told).date())


def clip(found: list[Span], after: date | None, until: date | None) -> list[Span]:
    """The parts of the spans inside (after, until]."""
    result: list[Span] = []
    for start, end, kinds, running in found:
        low = start if after is None else max(start, after)
        high = end if until is None else min(end, until)
        if high >= low and not (after is not None and end <= after):
            result.append(Span(low, high, kinds, running))
    return result


def move(
    due: date, day_zero: date, found: list[Span], period: Period | None, rolls: bool, timing: Timing
) -> tuple[date, list[Exclusion]]:
    """The due date moved by every span that began before it ended; a span after expiry revives nothing."""
    used: list[Exclusion] = []
    for start, end, kinds, running in found:
        low = max(start, day_zero)
        if start > due or (end < low and not running):
            continue
        count = timing.units_between(low, end, period)
        due = timing.later(due, count, period, rolls) if count else due
        used.append(Exclusion(low, end, kinds, count, running))
    return due, used
