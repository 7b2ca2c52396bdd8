"""The packaged national calendar against an independent second source, day by day.

The two sources were made by different people from the State Council's notices. A difference is either understood, and
then it stands here with its reason, or it is an error in one of them.
"""

from __future__ import annotations

from datetime import date, timedelta

import holidays

from py_core.calendars import national

# Each with what the packaged data say and why it is left so.
UNDERSTOOD: dict[date, tuple[bool, str]] = {
    date(2005, 12, 31): (
        False,
        "A Saturday that the second source counts as made up for the three days of New Year 2006. The packaged source "
        "has the three days and not the make-up day. Years before any of the four regulations (2009) change no case.",
    ),
}


def test_every_day_agrees_with_the_second_source_or_is_understood() -> None:
    calendar = national()
    years = sorted(calendar.loaded_years)
    second = holidays.country_holidays("CN", years=years)
    day, differing = date(years[0], 1, 1), {}
    while day.year <= years[-1]:
        if calendar.is_workday(day) != second.is_working_day(day):
            differing[day] = calendar.is_workday(day)
        day += timedelta(days=1)
    assert differing == {day: ours for day, (ours, _) in UNDERSTOOD.items()}


def test_the_second_source_knows_the_years_it_is_asked_about() -> None:
    # A year of which it knows no arrangement would agree with nothing: it must name make-up days in every year.
    for year in national().loaded_years:
        second = holidays.country_holidays("CN", years=year)
        assert any(day.year == year for day in second.weekend_workdays), year
