"""Working days of the national arrangement and of layers above it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from py_core.calendars import WorkCalendar, national, read_calendar
from py_core.errors import Malformed

DAYS_2024_2026 = [date(2024, 1, 1) + timedelta(days=n) for n in range(1096)]


def naive_after(calendar: WorkCalendar, day: date, n: int) -> date:
    while n:
        day += timedelta(days=1)
        n -= calendar.is_workday(day)
    return day


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2025, 1, 26), True),  # make-up Sunday
        (date(2025, 1, 28), False),  # Spring Festival
        (date(2026, 2, 28), True),  # make-up Saturday
        (date(2026, 1, 4), True),
        (date(2026, 10, 7), False),
        (date(2026, 3, 7), False),  # an ordinary Saturday
        (date(2027, 1, 1), False),  # the one day assumed of a year without its arrangement
        (date(2027, 2, 8), True),
    ],
)
def test_known_days(day: date, working: bool) -> None:
    assert national().is_workday(day) is working


def test_2025_and_2026_have_248_workdays_each() -> None:
    for year in (2025, 2026):
        assert national().workdays_between(date(year - 1, 12, 31), date(year, 12, 31)) == 248


@pytest.mark.parametrize("n", [0, 1, 3, 5, 15, 30, 60])
def test_the_table_agrees_with_counting_day_by_day(n: int) -> None:
    calendar = national()
    for day in DAYS_2024_2026:
        assert calendar.workday_after(day, n) == naive_after(calendar, day, n), day


def test_workdays_between_inverts_workday_after() -> None:
    calendar = national()
    for day in DAYS_2024_2026[::7]:
        for n in (1, 5, 20):
            assert calendar.workdays_between(day, calendar.workday_after(day, n)) == n


def test_workday_before_is_strictly_before() -> None:
    calendar = national()
    for day in DAYS_2024_2026[::3]:
        found = calendar.workday_before(day, 2)
        assert found < day
        assert calendar.workdays_between(found, day) - calendar.is_workday(day) == 1


def test_days_outside_the_table_are_counted_too() -> None:
    calendar = national()
    assert calendar.workday_after(date(1999, 12, 31), 5) == date(2000, 1, 7)
    assert calendar.workdays_between(date(1999, 12, 31), date(2000, 1, 7)) == 5
    assert calendar.workday_after(date(2060, 1, 1), 3) == naive_after(calendar, date(2060, 1, 1), 3)
    assert calendar.workday_before(date(2004, 1, 5), 2) == date(2004, 1, 1) - timedelta(days=1)


def test_an_empty_interval_has_no_workdays() -> None:
    assert national().workdays_between(date(2026, 3, 9), date(2026, 3, 9)) == 0
    assert national().workdays_between(date(2026, 3, 9), date(2026, 3, 2)) == 0


@pytest.mark.parametrize(
    ("after", "until", "provisional"),
    [
        (date(2026, 12, 28), date(2026, 12, 31), False),
        (date(2026, 12, 28), date(2027, 1, 5), True),
        (date(2026, 12, 31), date(2027, 1, 4), True),
        (date(2025, 12, 28), date(2026, 1, 5), False),
        (date(2027, 3, 1), date(2027, 3, 1), False),
    ],
)
def test_a_date_is_provisional_when_a_year_on_the_way_is_missing(after: date, until: date, provisional: bool) -> None:
    assert national().provisional(after, until) is provisional


def test_names_in_both_languages() -> None:
    calendar = national()
    assert calendar.name_of(date(2026, 2, 17), "zh-CN") == "春节"
    assert calendar.name_of(date(2026, 2, 17), "en") == "Spring Festival"
    assert calendar.name_of(date(2026, 3, 7)) is None
    assert calendar.name_of(date(2027, 1, 1), "en") == "New Year's Day"
    assert calendar.is_makeup(date(2026, 2, 14))


def test_rest_spans_are_whole_runs() -> None:
    spans = national().rest_spans(date(2026, 2, 12), date(2026, 2, 26))
    assert spans == ((date(2026, 2, 15), date(2026, 2, 23)),)


def test_without_a_year_only_weekends_and_new_year_rest() -> None:
    stale = national().without_years({2026})
    assert stale.is_workday(date(2026, 2, 17))
    assert not stale.is_workday(date(2026, 2, 14))
    assert not stale.is_workday(date(2026, 1, 1))
    assert stale.provisional(date(2026, 2, 12), date(2026, 2, 20))
    assert 2025 in stale.loaded_years


def test_a_layer_wins_over_what_is_below() -> None:
    city = national().with_days({date(2026, 3, 9): "city_day"}, {date(2026, 2, 17): "storm"})
    assert not city.is_workday(date(2026, 3, 9))
    assert city.is_workday(date(2026, 2, 17))
    assert city.workday_after(date(2026, 3, 6), 1) == date(2026, 3, 10)
    assert national().is_workday(date(2026, 3, 9)), "the layer below is untouched"


def test_a_published_year_ends_the_provisional_state() -> None:
    document = {
        "version": "2027",
        "years": {"2027": {"rest": {"02-08": "spring_festival"}, "work": {"02-20": "spring_festival"}}},
    }
    published = read_calendar(document, national())
    assert not published.provisional(date(2026, 12, 28), date(2027, 3, 1))
    assert not published.is_workday(date(2027, 2, 8))
    assert published.is_workday(date(2027, 2, 20))
    assert published.name_of(date(2027, 2, 8)) == "春节"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": "x", "years": {"2027": {"rest": {"13-40": "a"}, "work": {}}}},
        {"version": "x", "years": {"2027": {"rest": []}}},
        {"version": "x", "years": {"2027": {"rest": {"02-08": "a"}, "work": {"02-08": "a"}}}},
    ],
)
def test_a_broken_calendar_document_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        read_calendar(document)
