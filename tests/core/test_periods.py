"""Lengths of time and where they end, swept over every day of three years."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from py_core.calendars import national
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.periods import Period, add_months, nominal_end, read_period

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(1096)]
LIMITS = sorted(
    {
        (matter.limit.period, matter.roll)
        for pack in load_packs().values()
        for matter in pack.matters.values()
        if matter.limit is not None
    },
    key=str,
)


@pytest.mark.parametrize(("period", "rolls"), LIMITS, ids=str)
def test_every_limit_of_the_law_is_monotone_and_never_ends_before_it_starts(period: Period, rolls: bool) -> None:
    calendar = national()
    previous = date.min
    for day in DAYS:
        end = nominal_end(day, period, calendar)
        if rolls and period.unit != "workday" and period.n:
            end = calendar.roll(end)
            assert calendar.is_workday(end), f"{day}: a rolled end is a working day"
        if period.unit == "workday" and period.n:
            assert calendar.is_workday(end), f"{day}: a count of working days ends on one"
        assert end >= day
        assert (end > day) == (period.n > 0)
        assert end >= previous, f"{day}: a later start never ends earlier"
        previous = end


@pytest.mark.parametrize(
    ("day", "n", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 12, 31), 1, date(2026, 1, 31)),
        (date(2026, 3, 15), 12, date(2027, 3, 15)),
    ],
)
def test_months_end_on_the_same_number_or_the_month_end(day: date, n: int, end: date) -> None:
    assert add_months(day, n) == end


def test_days_and_weeks_are_calendar_days() -> None:
    assert nominal_end(date(2025, 9, 29), Period(3, "day"), national()) == date(2025, 10, 2)
    assert nominal_end(date(2026, 2, 13), Period(1, "week"), national()) == date(2026, 2, 20)


@pytest.mark.parametrize(
    "value",
    [None, 5, {}, {"n": 5}, {"n": "5", "unit": "day"}, {"n": True, "unit": "day"}, {"n": -1, "unit": "day"},
     {"n": 5, "unit": "year"}, {"n": 10**9, "unit": "day"}, {"n": 1.5, "unit": "day"}],
)  # fmt: skip
def test_what_is_no_period_is_refused(value: Any) -> None:
    with pytest.raises(Malformed):
        read_period(value)


def test_a_period_is_read() -> None:
    assert read_period({"n": 0, "unit": "day"}) == Period(0, "day")
    assert Period(0, "day").same_day
