"""All clocks of a case: main, promise, statutory, call, correction notice, feedback, refusal notice, steps.

Owns which clock runs, since when and until when. Must not judge (breaches, lights) or explain.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from py_core.cases.state import Case, Fact
from py_core.errors import Malformed
from py_core.periods import Period, read_period
from py_core.rules.assessment import Clock
from py_core.rules.counting import count, shift, stop
from py_core.rules.exclusions import move, spans
from py_core.rules.extension import Extending, find_extension
from py_core.rules.reading import Reading
from py_core.rules.side_clocks import feedback_clock, notice_clock, refusal_clock, step_clocks
from py_core.rules.start import Start, find_start
from py_core.rules.timing import Timing


class Clocks:
    """The clocks of one case with what they found on the way."""

    __slots__ = (
        "all",
        "call",
        "extending",
        "feedback",
        "main",
        "missing_settings",
        "notice",
        "refusal",
        "start",
        "statutory",
    )

    def __init__(self, start: Start, extending: Extending) -> None:
        self.start = start
        self.extending = extending
        self.main: Clock | None = None  # named "main" or "promise"
        self.statutory: Clock | None = None
        self.call: Clock | None = None
        self.notice: Clock | None = None
        self.feedback: Clock | None = None
        self.refusal: Clock | None = None
        self.all: list[Clock] = []
        self.missing_settings: tuple[str, ...] = ()


def find_clocks(case: Case, reading: Reading, timing: Timing) -> Clocks:
    """Every clock of the case as it stands at the moment of the assessment."""
    clocks = Clocks(find_start(case, reading, timing), Extending())
    if reading.stage == "referred_out":
        return clocks
    if reading.matter.clock != "none" or case.value("explicit_limit"):
        _main_clocks(case, reading, timing, clocks)
    clocks.notice = notice_clock(clocks.start, reading, timing)
    clocks.refusal = refusal_clock(reading, timing)
    if reading.pack.feedback_limit is not None and reading.replies:
        clocks.feedback = feedback_clock(reading, timing)
    clocks.all = [
        clock
        for clock in (clocks.main, clocks.statutory, clocks.call, clocks.notice, clocks.feedback, clocks.refusal)
        if clock is not None
    ]
    if reading.lead is not None and reading.lead.data.get("steps"):
        clocks.all += step_clocks(reading.lead, clocks.main, reading, timing)
    return clocks


def _main_clocks(case: Case, reading: Reading, timing: Timing, clocks: Clocks) -> None:
    matter = reading.matter
    name, period, until, article = _main_limit(case, reading, timing, clocks)
    statutory = case.value("statutory")
    excluded = spans(reading, timing) if matter.procedures and reading.procedures else []
    fact = clocks.start.fact
    if fact is not None and (period is not None or until is not None):
        clock = count(name, fact, period, until, article, matter.roll and until is None, timing)
        clock.duty = matter.duty
        clock.breaches = matter.overdue_breaches
        if name == "promise" and "P-03" not in clock.policies:
            clock.policies += ("P-13",)
        if matter.extension is not None and "extension_approved" in case.by_type:
            legal = legal_limit(case, reading, timing, fact)
            clocks.extending = find_extension(case, reading, timing, clock, excluded, legal)
        shift(clock, excluded, clocks.extending, timing)
        stop(clock, reading, timing)
        clocks.main = clock
    if statutory is not None:
        clocks.statutory = _statutory_clock(case, reading, timing, clocks, statutory)
    registered = case.registered
    if matter.call_clock and registered is not None and period is not None:
        call = count("call", registered, period, None, article, matter.roll, timing)
        call.duty = matter.duty
        call.breaches = ()
        granted = clocks.extending.granted
        if granted is not None and clocks.main is not None:
            added = timing.calendar.workdays_between(granted.old_due, granted.new_due)
            call.due = timing.calendar.workday_after(call.due, added)
        call.provisional = timing.calendar.provisional(call.day_zero, call.due)
        stop(call, reading, timing)
        clocks.call = call


def _main_limit(
    case: Case, reading: Reading, timing: Timing, clocks: Clocks
) -> tuple[str, Period | None, date | None, str]:
    """Name, length or fixed date, and article of the main clock; an explicit limit wins over the table (P-16)."""
    matter = reading.matter
    explicit: dict[str, Any] | None = case.value("explicit_limit")
    if explicit is not None:
        return "main", explicit.get("period"), explicit.get("until"), matter.article
    if matter.clock == "promise":
        promise = case.value("promise")
        return "promise", (promise["period"] if promise else None), None, matter.article
    if matter.limit_setting:
        value = timing.policies.settings.get(matter.limit_setting)
        setting = reading.pack.settings.get(matter.limit_setting)
        if value is None and setting is not None:
            value = setting.value
        if value is None:
            clocks.missing_settings = (matter.limit_setting,)
            return "main", None, None, matter.article
        try:
            return "main", read_period(value, matter.limit_setting), None, matter.article
        except Malformed:  # a setting typed wrongly is a setting that is missing, never a limit
            clocks.missing_settings = (matter.limit_setting,)
            return "main", None, None, matter.article
    if matter.limit is not None:
        return "main", matter.limit.period, None, matter.limit.article
    return "main", None, None, matter.article


def legal_limit(case: Case, reading: Reading, timing: Timing, fact: Fact) -> date | None:
    """The last day that the law allows, its own extension included; None where no law is on file."""
    statutory: dict[str, Any] | None = case.value("statutory")
    if statutory is None:
        return None
    begins = (case.first("accepted") or fact) if statutory["from"] == "accepted" else fact
    period: Period = statutory["period"]
    day_zero = timing.day_zero(begins.at)
    _, due, rolls = timing.end(day_zero, period, reading.matter.roll)
    only = reading.pack.common.statutory_procedures
    due, _ = move(due, day_zero, spans(reading, timing, only), period, rolls, timing)
    return timing.later(due, statutory.get("extension", 0), period, rolls)


def _statutory_clock(
    case: Case, reading: Reading, timing: Timing, clocks: Clocks, statutory: dict[str, Any]
) -> Clock | None:
    fact = case.first("accepted") if statutory["from"] == "accepted" else clocks.start.fact
    if fact is None or clocks.start.fact is None:
        return None
    clock = count(
        "statutory", fact, statutory["period"], None, reading.pack.promise_article, reading.matter.roll, timing
    )
    clock.duty = reading.matter.duty
    clock.breaches = reading.matter.overdue_breaches
    if reading.procedures and reading.matter.procedures:
        excluded = spans(reading, timing, reading.pack.common.statutory_procedures)
        shift(clock, excluded, Extending(), timing)
    else:
        clock.provisional = timing.calendar.provisional(clock.day_zero, clock.due)
    granted = clocks.extending.granted
    if granted is not None:  # the extension uses the law's own (JY-3.3.6)
        clock.due = max(clock.due, granted.new_due)
        clock.granted = granted
    stop(clock, reading, timing)
    return clock
