"""One year's rest days and make-up workdays for one layer and place, as the centre publishes it.

Owns the shape and its checks. Must not know who publishes, nor how layers add up (see `layers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from py_core.cases.fields import LIST_MAX, TEXT_MAX, read_date
from py_core.errors import Malformed
from py_core.values import N_

LAYERS = ("national", "province", "city", "unit")
YEAR_FIRST = 2004
YEAR_LAST = 2099
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class RestSpan:
    """Days of rest in a row, weekend days between them included, with the holiday's name."""

    name_zh: str
    name_en: str
    first: date
    last: date

    def days(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True)
class Publication:
    """What one publication says. `place` is the unit's id for layer `unit`, else empty."""

    layer: str
    place: str
    year: int
    rest: tuple[RestSpan, ...]
    workdays: tuple[date, ...]

    @property
    def place_in_law(self) -> tuple[str, str, int]:
        """A later publication with the same layer, place and year replaces this one."""
        return (self.layer, self.place, self.year)

    def as_event(self) -> dict[str, Any]:
        """The fields of a `calendar_published` event."""
        return {
            "layer": self.layer,
            "place": self.place,
            "year": self.year,
            "rest": [
                {"name_zh": s.name_zh, "name_en": s.name_en, "from": s.first.isoformat(), "to": s.last.isoformat()}
                for s in self.rest
            ],
            "workdays": [day.isoformat() for day in self.workdays],
        }


def read_publication(data: Mapping[str, Any]) -> Publication:
    """A publication with every check that needs no other layer; raises `Malformed` naming the entry.

    Spans are counted from 1 in `where` (`rest 3`), so that a person finds the line.
    """
    layer = data.get("layer")
    if layer not in LAYERS:
        raise Malformed("layer", N_("must be one of the choices"))
    place = data.get("place") or ""
    if not isinstance(place, str) or len(place) > TEXT_MAX or (layer == "unit") != bool(place):
        raise Malformed("place", N_("must name the unit for layer unit, and nothing for the others"))
    year = data.get("year")
    if type(year) is not int or not YEAR_FIRST <= year <= YEAR_LAST:
        raise Malformed("year", N_("must be a year from 2004 to 2099"))
    rest = _spans(data.get("rest", []), year)
    workdays = _workdays(data.get("workdays", []), year)
    resting = {day for span in rest for day in span.days()}
    for number, day in enumerate(workdays, 1):
        if day in resting:
            raise Malformed(f"workdays {number}", N_("is also inside a span of rest"))
        if layer == "national" and day.weekday() not in _WEEKEND:
            raise Malformed(f"workdays {number}", N_("is a working day anyway; only weekend days are made up"))
    if layer == "national" and not rest:
        raise Malformed("rest", N_("must have at least one span for a national year"))
    if not rest and not workdays:
        raise Malformed("rest", N_("must have a span or a make-up workday"))
    return Publication(layer, place, year, rest, workdays)


def _spans(value: Any, year: int) -> tuple[RestSpan, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed("rest", N_("must be a list of spans, not too long"))
    spans: list[RestSpan] = []
    for number, row in enumerate(value, 1):
        where = f"rest {number}"
        if not isinstance(row, Mapping):
            raise Malformed(where, N_("must have name_zh, name_en, from and to"))
        names = [row.get("name_zh"), row.get("name_en")]
        if not all(isinstance(name, str) and 0 < len(name) <= TEXT_MAX for name in names):
            raise Malformed(where, N_("needs a name in Chinese and in English"))
        first, last = _day(row.get("from"), where, year), _day(row.get("to"), where, year)
        if last < first:
            raise Malformed(where, N_("ends before it begins"))
        for other in spans:
            if first <= other.last and other.first <= last:
                raise Malformed(where, N_("overlaps another span"))
        spans.append(RestSpan(str(names[0]), str(names[1]), first, last))
    return tuple(sorted(spans, key=lambda span: span.first))


def _workdays(value: Any, year: int) -> tuple[date, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed("workdays", N_("must be a list of dates, not too long"))
    days: list[date] = []
    for number, item in enumerate(value, 1):
        day = _day(item, f"workdays {number}", year)
        if day in days:
            raise Malformed(f"workdays {number}", N_("stands there twice"))
        days.append(day)
    return tuple(sorted(days))


def _day(value: Any, where: str, year: int) -> date:
    day = read_date(value, where)
    # The New Year arrangement of a year begins in the last days of the year before (2008, 2019).
    if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
        raise Malformed(where, N_("lies outside the year (December of the year before is allowed)"))
    return day
