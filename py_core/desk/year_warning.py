"""The early warning of autumn: next year's arrangement is still missing, and how many cases already run into it."""

from __future__ import annotations

from typing import Any

from py_core.desk.over import unfinished
from py_core.desk.turn import Turn
from py_core.rules.policies import missing_year
from py_core.values import local


def year_warning(turn: Turn) -> dict[str, Any] | None:
    """The missing year and the open cases whose date is provisional; None as long as nothing is missing (P-15)."""
    today = local(turn.surroundings.now).date()
    year = missing_year(turn.rules.calendar.loaded_years, today, turn.packs.common)
    if year is None:
        return None
    provisional = sum(opened.glance.provisional for opened in unfinished(turn))
    href = f"/centre/calendar/publish?layer=national&year={year}" if turn.may("change_city_rules") else ""
    return {"year": year, "provisional": provisional, "href": href}
