"""Days and moments under the policies: day 0, the end of a due day, which time of an offline act counts.

Must not know clocks or matters.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from py_core.calendars import WorkCalendar
from py_core.cases.state import Fact
from py_core.periods import Period, nominal_end
from py_core.rules.policies import Policies


class Timing:
    """The moment of the assessment with the readings in force."""

    __slots__ = ("calendar", "now", "policies", "today")

    def __init__(self, calendar: WorkCalendar, now: datetime, policies: Policies) -> None:
        self.calendar = calendar
        self.now = now
        self.today = now.date()
        self.policies = policies

    def day_zero(self, received: datetime) -> date:
        """The day that is not counted for something received at this moment (P-05, P-06)."""
        day = received.date()
        policies = self.policies
        if policies.after_hours == "next_office_time":
            if received.time() > policies.business_hours_end or not self.calendar.is_workday(day):
                return self.calendar.workday_after(day, 1)
        elif policies.rest_day_receipt == "next_workday" and not self.calendar.is_workday(day):
            return self.calendar.workday_after(day, 1)
        return day

    def counts_at(self, fact: Fact) -> datetime:
        """When an act counts as done (P-14): towards a person when it happened, towards an office when it arrived.

        What has not arrived yet arrives now at the earliest: on a device the light follows the time that passes.
        """
        basis = self.policies.offline_time
        if basis == "occurred" or (basis == "default" and fact.type not in self.policies.towards_office):
            return fact.at
        if fact.arrived is None:
            return max(fact.at, self.now)
        return max(fact.at, fact.arrived)

    def in_time(self, moment: datetime, due: date) -> bool:
        """Whether the due day had not ended at that moment (P-04)."""
        return not self.policies.ended(moment, due)

    def ended(self, due: date) -> bool:
        return self.policies.ended(self.now, due)

    def rolls(self, period: Period | None, by_rule: bool) -> bool:
        """Whether the end moves off a rest day (P-03); a same-day duty and a count of workdays never do."""
        if period is not None and (period.same_day or period.unit == "workday"):
            return False
        if self.policies.roll == "matter":
            return by_rule
        return self.policies.roll == "roll"

    def end(self, day_zero: date, period: Period, by_rule: bool) -> tuple[date, date, bool]:
        """Nominal end, end after the roll, and whether this kind of period rolls at all."""
        nominal = nominal_end(day_zero, period, self.calendar)
        rolls = self.rolls(period, by_rule)
        return nominal, (self.calendar.roll(nominal) if rolls else nominal), rolls

    def later(self, due: date, units: int, period: Period | None, rolls: bool) -> date:
        """`due` moved forward by units of the same kind as the period counts (P-08)."""
        if period is not None and period.unit == "workday":
            return self.calendar.workday_after(due, units)
        moved = due + timedelta(days=units)
        return self.calendar.roll(moved) if rolls else moved

    def units_between(self, after: date, until: date, period: Period | None) -> int:
        if period is not None and period.unit == "workday":
            return self.calendar.workdays_between(after, until)
        return max(0, (until - after).days)
