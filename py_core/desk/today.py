"""今日: the duties of a person or unit, the most urgent light first."""

from __future__ import annotations

from datetime import date
from typing import Any

from py_core.desk import case_view
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.year_warning import year_warning
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

SHOWN_MAX = 40
UNIT_ROLES = frozenset({"unit_head", "leader"})

GROUP_TITLES = {
    "overdue": N_("Overdue"),
    "red": N_("Due today"),
    "orange": N_("Due next"),
    "yellow": N_("Due soon"),
    "green": N_("In time"),
    "paused": N_("Clock paused"),
    "none": N_("Still owed, without a running date"),
}


def show_today(turn: Turn) -> Response:
    """The start page of every member of staff; unit heads see their unit first."""
    whole_unit = _scope(turn) == "unit"
    unit_id = turn.person.unit if turn.person else ""
    duties = [
        opened
        for opened in turn.open_all()
        if (case_view.of_unit(turn, opened, unit_id) if whole_unit else case_view.concerns(turn, opened))
        and not case_view.is_finished(opened)
    ]
    grouped: dict[str, list[OpenCase]] = {light: [] for light in GROUP_TITLES}
    for opened in duties:
        light = opened.glance.light
        grouped[light if light in grouped else "none"].append(opened)
    groups = [_group(turn, light, found) for light, found in grouped.items() if found]
    today = local(turn.surroundings.now).date()
    return page(
        turn,
        "today.html",
        turn.say(N_("Today")),
        "today",
        {
            "warning": year_warning(turn) if "admin" in turn.roles else None,
            "today_text": _day_line(turn, today),
            "scopes": _scopes(turn, whole_unit),
            "counts": [{"light": group["light"], "n": group["n"]} for group in groups],
            "groups": groups,
        },
        where="today",
    )


def _group(turn: Turn, light: str, found: list[OpenCase]) -> dict[str, Any]:
    found.sort(key=lambda opened: (opened.glance.due or date.max, opened.number))
    return {
        "light": light,
        "title": turn.say(GROUP_TITLES[light]),
        "n": len(found),
        "duties": [case_view.summary(turn, opened) for opened in found[:SHOWN_MAX]],
        "more": max(len(found) - SHOWN_MAX, 0),
    }


def _scope(turn: Turn) -> str:
    asked = (turn.request.query.get("scope") or [""])[0]
    if asked in ("mine", "unit"):
        return asked
    return "unit" if turn.roles & UNIT_ROLES else "mine"


def _scopes(turn: Turn, whole_unit: bool) -> list[dict[str, Any]]:
    return [
        {"href": "/today?scope=mine", "label": turn.say(N_("Mine")), "current": not whole_unit},
        {"href": "/today?scope=unit", "label": turn.say(N_("My unit")), "current": whole_unit},
    ]


def _day_line(turn: Turn, today: date) -> str:
    day = language.day_text(turn.lang, today)
    name = turn.calendar.name_of(today, turn.lang)
    if turn.calendar.is_workday(today):
        if name:
            return turn.say(N_("%(day)s, a working day in exchange for %(name)s"), day=day, name=name)
        return turn.say(N_("%(day)s, a working day"), day=day)
    return turn.say(N_("%(day)s, a rest day"), day=day) + (f" ({name})" if name else "")
