"""Which fact starts the clock of a matter, and what incomplete papers do to it (JY-3.3.5, BZ-YC-2, P-18)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from py_core.cases.state import Case, Fact
from py_core.periods import Period
from py_core.rules.reading import Reading, Round
from py_core.rules.timing import Timing

if TYPE_CHECKING:
    from py_core.packs import Limit


class Start:
    """`fact` starts the clock, or None while it does not run.

    `waiting`: told in time, the papers are awaited; `deemed`: nobody told in time, so the first receipt counts.
    """

    __slots__ = ("deemed", "fact", "notice_due", "notice_late", "notice_owed", "notice_round", "reason", "waiting")

    def __init__(self) -> None:
        self.fact: Fact | None = None
        self.reason = ""
        self.waiting = False
        self.deemed = False
        self.notice_round: Round | None = None
        self.notice_due: date | None = None
        self.notice_owed = False
        self.notice_late = False


def bare_day_period(limit: Limit, timing: Timing) -> Period:
    """The limit's length, with the unit that P-07 gives to a bare 日 (C-01, C-02)."""
    if limit.bare_day and timing.policies.bare_day != "rule":
        return Period(limit.period.n, "workday" if timing.policies.bare_day == "workday" else "day")
    return limit.period


def find_start(case: Case, reading: Reading, timing: Timing) -> Start:
    """The start under the matter's rule; incomplete papers delay it only when everything was told in time."""
    start = Start()
    matter = reading.matter
    if matter.correction and reading.rounds:
        _with_corrections(start, reading, timing)
        return start
    for event_type in matter.start:
        fact = reading.complete if event_type == "materials_received" else case.first(event_type)
        if fact is None and event_type == "materials_received":
            fact = case.first(event_type)
        if fact is not None:
            start.fact = fact
            start.reason = event_type
            return start
    return start


def _with_corrections(start: Start, reading: Reading, timing: Timing) -> None:
    pack = reading.pack
    limit = pack.correction_limit
    for index, current in enumerate(reading.rounds):
        start.notice_round = current
        start.notice_owed = False
        following = reading.rounds[index + 1] if index + 1 < len(reading.rounds) else None
        told = current.notice is not None
        if limit is not None:
            period = bare_day_period(limit, timing)
            _, due, _ = timing.end(timing.day_zero(current.received.at), period, True)
            start.notice_due = due
            told = current.notice is not None and timing.in_time(timing.counts_at(current.notice), due)
            filled = current.completed or (following.received if following else None)
            filled_in_time = filled is not None and timing.in_time(filled.at, due)
            if not told and not filled_in_time:
                if current.notice is not None or filled is not None or timing.ended(due):
                    start.notice_late = True
                    if pack.correction_late_effect == "first_receipt":
                        start.fact, start.reason, start.deemed = current.received, "late_notice", True
                        return
                else:
                    start.notice_owed = True
                    return
        if current.completed is not None:
            start.fact, start.reason = current.completed, "materials_completed"
            return
        if following is None:
            if told or current.notice is not None:
                start.waiting = True
            else:
                start.notice_owed = True
                start.fact, start.reason = current.received, "materials_received"
