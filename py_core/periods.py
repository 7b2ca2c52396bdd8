"""Lengths of time as the regulations write them, and where they end. Must not know matters or cases."""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.errors import Malformed
from py_core.values import N_

UNITS = ("workday", "day", "week", "month")
_LENGTH_MAX = 3660  # ten years of days: beyond that a limit is a typing error


@dataclass(frozen=True, slots=True)
class Period:
    """`n` units; `{ n = 0, unit = "day" }` is the same day (P-06: it never rolls)."""

    n: int
    unit: str

    @property
    def same_day(self) -> bool:
        return self.n == 0


def read_period(value: Any, where: str = "limit") -> Period:
    """Reads `{n, unit}`; raises `Malformed` when the number or unit is not one that the law knows."""
    if not isinstance(value, Mapping):
        raise Malformed(where, N_("must have a number and a unit"))
    n, unit = value.get("n"), value.get("unit")
    if type(n) is not int or not 0 <= n <= _LENGTH_MAX:
        raise Malformed(f"{where}.n", N_("must be a whole number from 0 to 3660"))
    if unit not in UNITS:
        raise Malformed(f"{where}.unit", N_("must be workday, day, week or month"))
    return Period(n, str(unit))


def add_months(day: date, n: int) -> date:
    """The same day-number n months later, else that month's last day (P-09).

    >>> add_months(date(2026, 1, 30), 1)
    datetime.date(2026, 2, 28)
    """
    month = day.month - 1 + n
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, gregorian.monthrange(year, month)[1]))


def nominal_end(day_zero: date, period: Period, calendar: WorkCalendar) -> date:
    """Where the period ends before any roll; day 0 is not counted (P-01).

    >>> from py_core.calendars import national
    >>> nominal_end(date(2026, 2, 12), Period(5, "workday"), national())
    datetime.date(2026, 2, 26)
    """
    if period.unit == "workday":
        return calendar.workday_after(day_zero, period.n)
    if period.unit == "day":
        return day_zero + timedelta(days=period.n)
    if period.unit == "week":
        return day_zero + timedelta(weeks=period.n)
    return add_months(day_zero, period.n)
