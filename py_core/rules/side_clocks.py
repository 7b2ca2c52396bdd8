"""The clocks beside the main one: correction notice, refusal notice, feedback, steps of a joint plan.

Must not judge (breaches, lights) or explain.
"""

from __future__ import annotations

from py_core.cases.state import Fact
from py_core.periods import Period
from py_core.rules.assessment import Clock
from py_core.rules.counting import count
from py_core.rules.reading import Reading
from py_core.rules.start import Start, bare_day_period
from py_core.rules.timing import Timing


def notice_clock(start: Start, reading: Reading, timing: Timing) -> Clock | None:
    """Until when all corrections must be told (JY-3.3.5); None when no papers lack."""
    limit = reading.pack.correction_limit
    if start.notice_round is None or start.notice_due is None or limit is None:
        return None
    received = start.notice_round.received
    clock = count("correction_notice", received, bare_day_period(limit, timing), None, limit.article, True, timing)
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
    return clock


def refusal_clock(reading: Reading, timing: Timing) -> Clock | None:
    """Until when a filed refusal must be told in writing (BZ-FD-3); None when none is filed."""
    limit = reading.pack.refusal_limit
    reported = reading.refusal_reported
    if limit is None or reported is None or reading.refusal in ("", "leaders_meeting"):
        return None
    begins, moment = reported, timing.counts_at(reported)
    if reading.refusal_major is not None:
        decided = reading.refusal_decided
        if decided is None:
            return None
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
    return clock


def feedback_clock(reading: Reading, timing: Timing) -> Clock | None:
    """Until when the hotline must be told of the reply; None before there is one."""
    limit = reading.pack.feedback_limit
    reply, fed_back = reading.replies[-1]
    if limit is None or reply is None or reading.stop is None:
        return None
    due = reply.day
    clock = Clock("feedback", "feedback", limit.article, due, due, reply, limit.period, due, due, False)
    if fed_back is not None:
        clock.stopped_by = fed_back
        clock.stopped_at = timing.counts_at(fed_back)
        clock.late = not timing.in_time(clock.stopped_at, due)
    else:
        clock.late = timing.ended(due)
    return clock


def step_clocks(lead: Fact, main: Clock | None, reading: Reading, timing: Timing) -> list[Clock]:
    """The steps of a joint plan in series, from the day 0 of the promise (JY-3.3.4)."""
    found = []
    begins = main.started_by if main else lead
    day = main.day_zero if main else timing.day_zero(lead.at)
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
