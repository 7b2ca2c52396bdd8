"""走访: the visits by day (overdue plans, under way, today, the coming days, later), past ones, and by enterprise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from py_core.desk import visit_view
from py_core.desk.duties import scopes, usual_scope
from py_core.desk.enterprises import known_enterprises
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.desk.visit_held import OpenVisit, visits_of
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_
from py_core.visits import CANCELLED, FINISHED, STARTED

SHOWN_MAX = 100
WEEK_DAYS = 7
SHOWS = ("plan", "past", "enterprises")

GROUP_TITLES = {
    "started": N_("Under way"),
    "overdue": N_("Planned for a day that is over"),
    "today": N_("Today"),
    "week": N_("The next seven days"),
    "later": N_("Later"),
}


def show_visits(turn: Turn) -> Response:
    """The plan of a person or a unit."""
    show = _chosen(turn, "show", SHOWS)
    labels = scopes(turn)
    scope = _chosen(turn, "scope", (usual_scope(turn), *labels))
    held = list(visits_of(turn, scope))
    values: dict[str, Any] = {"groups": [], "past": [], "enterprises": [], "more": 0}
    if show == "plan":
        values["groups"] = plan_groups(turn, held)
    elif show == "past":
        past = sorted((each for each in held if _is_past(each)), key=_newest)
        values["past"] = [visit_view.row(turn, each) for each in past[:SHOWN_MAX]]
        values["more"] = max(len(past) - SHOWN_MAX, 0)
    else:
        values["enterprises"] = _enterprises(turn)
    return page(
        turn,
        "visits.html",
        turn.say(N_("Visits")),
        f"visits-{show}",
        {
            **values,
            "show": show,
            "today_text": language.day_text(turn.lang, local(turn.surroundings.now).date()),
            "scopes": [_tab(label, scope == name, show, name) for name, label in labels.items()],
            "shows": [_tab(turn.say(label), show == name, name, scope) for name, label in _TABS],
        },
        where="visits",
    )


_TABS = (("plan", N_("Plan")), ("past", N_("Past visits")), ("enterprises", N_("By enterprise")))


def plan_groups(turn: Turn, held: Iterable[OpenVisit]) -> list[dict[str, Any]]:
    """The visits that are still to be made or finished, by day, the most pressing first."""
    today = local(turn.surroundings.now).date()
    grouped: dict[str, list[OpenVisit]] = {name: [] for name in GROUP_TITLES}
    for opened in held:
        if not _is_past(opened):
            grouped[_group(opened, today)].append(opened)
    return [
        {
            "name": name,
            "title": turn.say(GROUP_TITLES[name]),
            "rows": [visit_view.row(turn, each) for each in sorted(visits, key=_first)],
        }
        for name, visits in grouped.items()
        if visits
    ]


def due_visits(turn: Turn, scope: str) -> list[dict[str, Any]]:
    """What Today shows: visits that are under way, overdue or planned for today."""
    groups = plan_groups(turn, visits_of(turn, scope))
    return [row for group in groups if group["name"] in ("started", "overdue", "today") for row in group["rows"]]


def _group(opened: OpenVisit, today: date) -> str:
    on = opened.visit.on
    if opened.visit.state == STARTED:
        return "started"
    if on is None or on < today:
        return "overdue"
    if on == today:
        return "today"
    return "week" if on <= today + timedelta(days=WEEK_DAYS) else "later"


def _is_past(opened: OpenVisit) -> bool:
    return opened.visit.state in (FINISHED, CANCELLED)


def _first(opened: OpenVisit) -> tuple[date, str]:
    return opened.visit.on or date.max, opened.visit.value("number")


def _newest(opened: OpenVisit) -> tuple[int, str]:
    day = opened.visit.day or date.min
    return -day.toordinal(), opened.visit.value("number")


def _enterprises(turn: Turn) -> list[dict[str, Any]]:
    found = sorted(known_enterprises(turn).values(), key=lambda each: (each.last or date.min, each.name), reverse=True)
    return [
        {
            "key": each.key,
            "name": each.name,
            "code": each.code,
            "visits": each.visits,
            "requests": each.requests,
            "open": each.open,
            "last": language.day_text(turn.lang, each.last) if each.last else "",
            "next": language.day_text(turn.lang, each.next) if each.next else "",
        }
        for each in found
    ]


def _chosen(turn: Turn, name: str, allowed: tuple[str, ...]) -> str:
    asked = (turn.request.query.get(name) or [""])[-1]
    return asked if asked in allowed else allowed[0]


def _tab(label: str, current: bool, show: str, scope: str) -> dict[str, Any]:
    return {"href": f"/visits?show={show}&scope={scope}", "label": label, "current": current}
