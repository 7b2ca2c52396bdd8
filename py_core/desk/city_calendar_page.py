"""日历: which years are published in which layer, one year as people read a calendar, and who published what."""

from __future__ import annotations

import calendar as gregorian
from datetime import date, timedelta
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.city import CityFact
from py_core.city.events import CalendarPublished
from py_core.city.files import as_toml
from py_core.city.publication import YEAR_FIRST, YEAR_LAST
from py_core.desk import city_words
from py_core.desk.centre import centre_menu
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.desk.year_warning import year_warning
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

_YEARS_BEFORE = 2
_ABOVE = ("province", "city", "unit")


def show_calendar(turn: Turn) -> Response:
    """The years by layer, one year month by month, and the acts by which it became so."""
    today = local(turn.surroundings.now).date()
    rules = turn.rules
    year = asked_year(turn, today.year)
    unit = (turn.request.query.get("unit") or [""])[-1]
    unit = unit if unit in turn.directory.units else ""
    shown = rules.calendar_of(unit) if unit else rules.calendar
    english = turn.lang == language.EN
    published = [fact for fact in rules.facts if isinstance(fact.event, CalendarPublished)]
    return page(
        turn,
        "city_calendar.html",
        turn.say(N_("Calendar")),
        "city-calendar",
        {
            "subnavigation": centre_menu(turn, "calendar"),
            "warning": year_warning(turn),
            "progress": turn.store.recomputing(),
            "years": _years(turn, published, today.year),
            "older": [n for n in sorted(rules.calendar.loaded_years) if n < today.year - _YEARS_BEFORE],
            "year": year,
            "next_year": today.year + 1,
            "unit": unit,
            "units": [
                {"value": each.id, "text": each.en if english else each.zh} for each in turn.directory.units.values()
            ],
            "view": year_view(turn, shown, year),
            "history": [_history(turn, fact) for fact in reversed(published)],
            "apart": [
                {"stands": city_words.history_row(turn, each.stands), "other": city_words.history_row(turn, each.other)}
                for each in rules.apart
                if isinstance(each.stands.event, CalendarPublished)
            ],
        },
        where="centre",
    )


def asked_year(turn: Turn, otherwise: int) -> int:
    """The year of the query."""
    typed = (turn.request.query.get("year") or [""])[-1]
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else otherwise
    return min(max(number, YEAR_FIRST), YEAR_LAST)


def year_view(turn: Turn, calendar: WorkCalendar, year: int) -> dict[str, Any]:
    """A year as twelve small months, with its spans of rest and its make-up days in words."""
    first, last = date(year - 1, 12, 31), date(year, 12, 31)
    spans = []
    for start, end, key in calendar.named_rest(year):
        names = calendar.names_of(key)
        spans.append(
            {
                "name": names.get("en" if turn.lang == language.EN else "zh", key),
                "from": language.day_text(turn.lang, start, short=True),
                "to": language.day_text(turn.lang, end, short=True) if end != start else "",
                "n": (end - start).days + 1,
            }
        )
    return {
        "year": year,
        "loaded": year in calendar.loaded_years,
        "workdays": calendar.workdays_between(first, last),
        "days": (last - first).days,
        "spans": spans,
        "makeup": [
            {
                "day": language.day_text(turn.lang, day, short=True),
                "name": calendar.name_of(day, turn.lang) or "",
            }
            for day in calendar.makeup_days(year)
        ],
        "weekdays": [turn.say(name) for name in language.WEEKDAYS],
        "months": [_month(turn, calendar, year, month) for month in range(1, 13)],
    }


def _month(turn: Turn, calendar: WorkCalendar, year: int, month: int) -> dict[str, Any]:
    weeks = [
        [_cell(turn, calendar, year, month, number) if number else None for number in week]
        for week in gregorian.monthcalendar(year, month)
    ]
    start = date(year, month, 1) - timedelta(days=1)
    end = date(year, month, gregorian.monthrange(year, month)[1])
    name = turn.say(language.MONTHS[month - 1])
    return {"name": name, "number": month, "weeks": weeks, "workdays": calendar.workdays_between(start, end)}


def _cell(turn: Turn, calendar: WorkCalendar, year: int, month: int, number: int) -> dict[str, Any]:
    day = date(year, month, number)
    name = calendar.name_of(day, turn.lang)
    if calendar.is_workday(day):
        kind = "makeup" if calendar.is_makeup(day) else "work"
    else:
        kind = "holiday" if name else "weekend"
    word = {"makeup": N_("make-up working day"), "holiday": N_("rest"), "weekend": N_("weekend")}.get(kind, "")
    title = ": ".join(part for part in (turn.say(word) if word else "", name or "") if part)
    return {"n": number, "kind": kind, "title": title, "today": day == local(turn.surroundings.now).date()}


def _years(turn: Turn, published: list[CityFact], this_year: int) -> list[dict[str, Any]]:
    numbers = {this_year - n for n in range(_YEARS_BEFORE + 1)} | {this_year + 1}
    newest: dict[tuple[str, str, int], CityFact] = {}
    for fact in published:
        assert isinstance(fact.event, CalendarPublished)
        newest[fact.event.publication.place_in_law] = fact
        numbers.add(fact.event.publication.year)
    rows = []
    for year in sorted(numbers, reverse=True):
        above = [
            {
                "layer": layer,
                "label": turn.say(city_words.LAYER_WORDS[layer]),
                "facts": [_standing(turn, fact) for (at, _, y), fact in newest.items() if at == layer and y == year],
            }
            for layer in _ABOVE
        ]
        national = newest.get(("national", "", year))
        packaged = year in turn.store.calendar().loaded_years
        rows.append(
            {
                "year": year,
                "loaded": year in turn.rules.calendar.loaded_years,
                "national": _standing(turn, national) if national else None,
                "packaged": packaged and national is None,
                "above": above,
                "workdays": turn.rules.calendar.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)),
            }
        )
    return rows


def _standing(turn: Turn, fact: CityFact) -> dict[str, str]:
    row = city_words.history_row(turn, fact)
    assert isinstance(fact.event, CalendarPublished)
    publication = fact.event.publication
    unit = turn.directory.units.get(publication.place)
    name = (unit.en if turn.lang == language.EN else unit.zh) if unit else publication.place
    return {**row, "place": publication.place, "place_name": name}


def _history(turn: Turn, fact: CityFact) -> dict[str, str]:
    assert isinstance(fact.event, CalendarPublished)
    event = fact.event
    return {
        **city_words.history_row(turn, fact),
        "corrects": event.corrects[:12] if event.corrects else "",
        "file": as_toml(event.publication, event.source, event.reason),
    }
