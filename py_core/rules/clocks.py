"""All clocks of a case: main, promise, statutory, call, correction notice, feedback, refusal notice, steps.

Owns which clock runs, since when and until when. Must not judge (breaches, lights) or explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from py_core.cases.state import Case, Fact
from py_core.errors import Malformed
from py_core.periods import Period, read_period
from py_core.rules.assessment import Clock
from py_core.rules.exclusions import Span, clip, move, spans
from py_core.rules.extension import Extending, find_extension
from py_core.rules.reading import Reading
from py_core.rules.start import Start, bare_day_period, find_start
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
    _notice_clock(reading, timing, clocks)
    _refusal_clock(reading, timing, clocks)
    if reading.pack.feedback_limit is not None and reading.replies:
        _feedback_clock(reading, timing, clocks)
    clocks.all = [
        clock
        for clock in (clocks.main, clocks.statutory, clocks.call, clocks.notice, clocks.feedback, clocks.refusal)
        if clock is not None
    ]
    if reading.lead is not None and reading.lead.data.get("steps"):
        clocks.all += _step_clocks(reading.lead, reading, timing, clocks)
    return clocks


def _main_clocks(case: Case, reading: Reading, timing: Timing, clocks: Clocks) -> None:
    matter = reading.matter
    name, period, until, article = _main_limit(case, reading, timing, clocks)
    statutory = case.value("statutory")
    excluded = spans(reading, timing) if matter.procedures and reading.procedures else []
    fact = clocks.start.fact
    if fact is not None and (period is not None or until is not None):
        clock = _count(name, fact, period, until, article, matter.roll and until is None, timing)
        clock.duty = matter.duty
        clock.breaches = matter.overdue_breaches
        if name == "promise" and "P-03" not in clock.policies:
            clock.policies += ("P-13",)
        if matter.extension is not None and "extension_approved" in case.by_type:
            legal = legal_limit(case, reading, timing, fact)
            clocks.extending = find_extension(case, reading, timing, clock, excluded, legal)
        _move(clock, excluded, clocks.extending, timing)
        _stop(clock, reading, timing)
        clocks.main = clock
    if statutory is not None:
        clocks.statutory = _statutory_clock(case, reading, timing, clocks, statutory)
    registered = case.registered
    if matter.call_clock and registered is not None and period is not None:
        call = _count("call", registered, period, None, article, matter.roll, timing)
        call.duty = matter.duty
        call.breaches = ()
        granted = clocks.extending.granted
        if granted is not None and clocks.main is not None:
            added = timing.calendar.workdays_between(granted.old_due, granted.new_due)
            call.due = timing.calendar.workday_after(call.due, added)
        call.provisional = timing.calendar.provisional(call.day_zero, call.due)
        _stop(call, reading, timing)
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


def _count(
    name: str, fact: Fact, period: Period | None, until: date | None, article: str, roll: bool, timing: Timing
) -> Clock:
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


def _move(clock: Clock, excluded: Sequence[Span], extending: Extending, timing: Timing) -> None:
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


def _stop(clock: Clock, reading: Reading, timing: Timing) -> None:
    if reading.stop is not None:
        clock.stopped_by = reading.stop
        clock.stopped_at = timing.counts_at(reading.stop)
        clock.paused = False
        clock.late = not timing.in_time(clock.stopped_at, clock.due)
    else:
        clock.late = timing.ended(clock.due) and not clock.paused


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
    clock = _count(
        "statutory", fact, statutory["period"], None, reading.pack.promise_article, reading.matter.roll, timing
    )
    clock.duty = reading.matter.duty
    clock.breaches = reading.matter.overdue_breaches
    if reading.procedures and reading.matter.procedures:
        excluded = spans(reading, timing, reading.pack.common.statutory_procedures)
        _move(clock, excluded, Extending(), timing)
    else:
        clock.provisional = timing.calendar.provisional(clock.day_zero, clock.due)
    granted = clocks.extending.granted
    if granted is not None:  # the extension uses the law's own (JY-3.3.6)
        clock.due = max(clock.due, granted.new_due)
        clock.granted = granted
    _stop(clock, reading, timing)
    return clock


def _notice_clock(reading: Reading, timing: Timing, clocks: Clocks) -> None:
    start = clocks.start
    limit = reading.pack.correction_limit
    if start.notice_round is None or start.notice_due is None or limit is None:
        return
    received = start.notice_round.received
    clock = _count("correction_notice", received, bare_day_period(limit, timing), None, limit.article, True, timing)
    clock.duty = "correction_notice"
    clock.policies += ("P-07",)
    done = start.notice_round.notice or start.notice_round.completed
    if done is not None:
        clock.stopped_by = done
        clock.stopped_at = timing.counts_at(done)
    elif reading.closed_by is not None:
        clock.stopped_by = reading.closed_by
        clock.stopped_at = timing.counts_at(reading.closed_by)
    clock.late = start.notice_late
    clock.provisional = timing.calendar.provisional(clock.day_zero, clock.due)
    clocks.notice = clock


def _refusal_clock(reading: Reading, timing: Timing, clocks: Clocks) -> None:
    limit = reading.pack.refusal_limit
    reported = reading.refusal_reported
    if limit is None or reported is None or reading.refusal in ("", "leaders_meeting"):
        return
    begins, moment = reported, timing.counts_at(reported)
    if reading.refusal_major is not None:
        decided = reading.refusal_decided
        if decided is None:
            return
        begins, moment = decided, decided.at
    period = bare_day_period(limit, timing)
    nominal, due, rolls = timing.end(moment.date(), period, True)
    clock = Clock(
        "refusal_notice",
        "refusal_notice",
        limit.article,
        moment.date(),
        due,
        begins,
        period,
        nominal,
        due,
        rolls,
        ("P-07",),
    )
    clock.breaches = ("B-09",)
    clock.provisional = timing.calendar.provisional(clock.day_zero, due)
    if reading.refusal_notified is not None:
        clock.stopped_by = reading.refusal_notified
        clock.stopped_at = timing.counts_at(reading.refusal_notified)
        clock.late = not timing.in_time(clock.stopped_at, due)
    else:
        clock.late = timing.ended(due)
    clocks.refusal = clock


def _feedback_clock(reading: Reading, timing: Timing, clocks: Clocks) -> None:
    limit = reading.pack.feedback_limit
    reply, fed_back = reading.replies[-1]
    if limit is None or reply is None or reading.stop is None:
        return
    due = reply.day
    clock = Clock("feedback", "feedback", limit.article, due, due, reply, limit.period, due, due, False)
    if fed_back is not None:
        clock.stopped_by = fed_back
        clock.stopped_at = timing.counts_at(fed_back)
        clock.late = not timing.in_time(clock.stopped_at, due)
    else:
        clock.late = timing.ended(due)
    clocks.feedback = clock


def _step_clocks(lead: Fact, reading: Reading, timing: Timing, clocks: Clocks) -> list[Clock]:
    """The steps of a joint plan in series, from the day 0 of the promise (JY-3.3.4)."""
    found = []
    begins = clocks.main.started_by if clocks.main else lead
    day = clocks.main.day_zero if clocks.main else timing.day_zero(lead.at)
    for number, (_, n) in enumerate(lead.data["steps"], 1):
        period = Period(n, "workday")
        nominal, due, rolls = timing.end(day, period, True)
        clock = Clock(
            f"step:{number}", "complete", reading.pack.promise_article, day, due, begins, period, nominal, due, rolls
        )
        clock.provisional = timing.calendar.provisional(day, due)
        clock.stopped_by = reading.stop
        clock.stopped_at = timing.counts_at(reading.stop) if reading.stop else None
        clock.late = False if reading.stop else timing.ended(due)
        found.append(clock)
        day = due
    return found
