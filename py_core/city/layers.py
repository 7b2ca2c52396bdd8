"""Layers of working calendars: national, province, city, unit; each later one wins over those below (P-02).

Must not know acts: it gets publications in the order in which they count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from py_core.calendars import WorkCalendar
from py_core.city.publication import LAYERS, Publication


class LayeredCalendars:
    """The calendar of the city and of each unit that has days of its own; built once, asked often."""

    def __init__(self, packaged: WorkCalendar, publications: Iterable[Publication]) -> None:
        self.in_force: Mapping[tuple[str, str, int], Publication] = {
            publication.place_in_law: publication for publication in publications
        }
        by_layer = {name: [p for p in self.in_force.values() if p.layer == name] for name in LAYERS}
        calendar = packaged.without_years({p.year for p in by_layer["national"]})
        for name in LAYERS[:-1]:
            for publication in sorted(by_layer[name], key=lambda p: p.year):
                calendar = on_top(calendar, publication)
        self.city = calendar
        self._units: dict[str, WorkCalendar] = {}
        for publication in sorted(by_layer["unit"], key=lambda p: p.year):
            below = self._units.get(publication.place, calendar)
            self._units[publication.place] = on_top(below, publication)

    def of_unit(self, unit: str) -> WorkCalendar:
        """The calendar of a unit; the city's for a unit without days of its own."""
        return self._units.get(unit, self.city)


def on_top(below: WorkCalendar, publication: Publication) -> WorkCalendar:
    """The calendar with one publication's days above those below.

    Only the national arrangement makes a year loaded: a town's own holiday says nothing about Spring Festival (P-15).
    """
    names: dict[str, dict[str, str]] = {}
    rest: dict[date, str] = {}
    for span in publication.rest:
        key = f"{publication.layer}:{span.name_zh}"
        names[key] = {"zh": span.name_zh, "en": span.name_en}
        rest.update(dict.fromkeys(span.days(), key))
    work = {day: _nearest(day, rest) for day in publication.workdays}
    years = (publication.year,) if publication.layer == "national" else ()
    return below.with_days(rest, work, years, names=names)


def _nearest(day: date, rest: Mapping[date, str]) -> str:
    """The holiday in exchange for which people work on `day`: the nearest span, the earlier one at equal distance."""
    if not rest:
        return ""
    return rest[min(rest, key=lambda other: (abs((other - day).days), other))]
