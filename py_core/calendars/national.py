"""The State Council's yearly arrangements as packaged data. Must not compute due dates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.calendars.workdays import WorkCalendar
from py_core.errors import Malformed


def read_calendar(data: Mapping[str, Any], below: WorkCalendar | None = None) -> WorkCalendar:
    """Reads a calendar document (the form of national.json), as a layer above `below` if given.

    Raises `Malformed` that names the entry which is no date or has the wrong shape.
    """
    rest: dict[date, str] = {}
    work: dict[date, str] = {}
    try:
        for year, tables in data["years"].items():
            for target, table in ((rest, tables["rest"]), (work, tables["work"])):
                for day, key in table.items():
                    target[date.fromisoformat(f"{year}-{day}")] = str(key)
        years = [int(year) for year in data["years"]]
        version = str(data["version"])
        names = data.get("names", {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed("calendar", f"has a wrong or missing entry: {error}") from error
    if rest.keys() & work.keys():
        day = min(rest.keys() & work.keys())
        raise Malformed(f"calendar {day}", "is both a rest day and a make-up workday")
    if below is None:
        return WorkCalendar(rest, work, years, names, version)
    return below.with_days(rest, work, years, version)


@cache
def national() -> WorkCalendar:
    """The packaged national calendar; a year behind its last arrangement is provisional (P-15)."""
    text = files("py_core.calendars").joinpath("national.json").read_text(encoding="utf-8")
    return read_calendar(json.loads(text))
