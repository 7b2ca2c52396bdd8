"""Traffic lights and their dates (P-20). Must not decide which clock leads."""

from __future__ import annotations

from datetime import date, timedelta

from py_core.rules.assessment import Alerts, Clock
from py_core.rules.timing import Timing


def find_alerts(clock: Clock, timing: Timing) -> Alerts:
    """Yellow and orange some workdays before the due date, red on it; a date not after day 0 is left out."""
    policies = timing.policies
    yellow = timing.calendar.workday_before(clock.due, policies.yellow_workdays)
    orange = timing.calendar.workday_before(clock.due, policies.orange_workdays)
    return Alerts(yellow if yellow > clock.day_zero else None, orange if orange > clock.day_zero else None, clock.due)


def find_light(clock: Clock, alerts: Alerts, timing: Timing) -> str:
    """The light at the moment of the assessment; a provisional date never makes anything overdue (P-15)."""
    if not clock.running:
        return "met_late" if clock.late else "met"
    if clock.paused:
        return "paused"
    today = timing.today
    if clock.late and not clock.provisional:
        return "overdue"
    if today > clock.due or (today == clock.due and timing.now.time() >= timing.policies.red_at):
        return "red"
    if alerts.orange is not None and today >= alerts.orange:
        return "orange"
    if alerts.yellow is not None and today >= alerts.yellow:
        return "yellow"
    return "green"


def find_reminder(clock: Clock, timing: Timing) -> date | None:
    """The last working day before the next long rest on the way to the due date, unless it has passed (P-20)."""
    if not clock.running or clock.paused:
        return None
    shortest = timedelta(days=timing.policies.pre_holiday_rest_days - 1)
    for first, last in timing.calendar.rest_spans(max(clock.day_zero, timing.today - timedelta(days=1)), clock.due):
        reminder = timing.calendar.workday_before(first, 1)
        if last - first >= shortest and reminder >= timing.today and reminder > clock.day_zero:
            return reminder
    return None
