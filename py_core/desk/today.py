"""今日: the duties of a person or unit, the most urgent light first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from py_core.desk import case_view
from py_core.desk.absence import away_now, standing_in_now
from py_core.desk.approvals import waiting_words
from py_core.desk.duties import STAND_IN, duties, scopes, usual_scope
from py_core.desk.frame import first_page, page, redirect
from py_core.desk.ports import Response
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_list import due_visits
from py_core.rules.absences import Away
from py_core.values import local
from py_core.views import language
from py_core.views.language import N2_, N_

SHOWN_MAX = 40
CALM_SHOWN_MAX = 12  # of lights that ask for nothing today, besides what has a notice: the list has the others
CALM = frozenset({"green", "paused", "none", "kept", "kept_late"})

GROUP_TITLES = {
    "overdue": N_("Overdue"),
    "red": N_("Due today"),
    "orange": N_("Due next"),
    "yellow": N_("Due soon"),
    "green": N_("In time"),
    "paused": N_("Clock paused"),
    "none": N_("Still owed, without a running date"),
    "kept": N_("In time, still open"),
    "kept_late": N_("Late, still open"),
}


def show_today(turn: Turn) -> Response:
    """The start page of everybody who works on cases; unit heads see their unit first."""
    if not turn.may("read_cases"):
        return redirect(first_page(turn))
    scope = _scope(turn)
    found = list(duties(turn, scope))
    grouped: dict[str, list[OpenCase]] = {light: [] for light in GROUP_TITLES}
    for opened in found:
        light = opened.glance.light
        grouped[light if light in grouped else "none"].append(opened)
    calm = SHOWN_MAX if scope == STAND_IN else CALM_SHOWN_MAX  # who takes over does not know the work yet
    groups = [_group(turn, light, cases, calm) for light, cases in grouped.items() if cases]
    today = local(turn.surroundings.now).date()
    return page(
        turn,
        "today.html",
        turn.say(N_("Today")),
        "today",
        {
            "reminder": _reminder(turn, found, today),
            "absences": _absences(turn, found),
            "decisions": waiting_words(turn),
            "today_text": _day_line(turn, today),
            "scopes": _scopes(turn, scope),
            "counts": [{"light": group["light"], "n": group["n"]} for group in groups],
            "groups": groups,
            "visits": due_visits(turn, scope),
        },
        where="today",
    )


def _absences(turn: Turn, found: list[OpenCase]) -> list[dict[str, str]]:
    """Who is away just now, as far as it is this person's business: oneself, or whom one stands in for (BZ-AB-4)."""
    lines = []
    if mine := away_now(turn, found):
        text = turn.say(N_("You are recorded as away until %(last)s (%(cases)s)."), **_away_until(turn, mine))
        lines.append({"text": text, "href": "/absence", "link": turn.say(N_("Back again, or more cases"))})
    for holder, away in standing_in_now(turn, found).items():
        text = turn.say(
            N_("%(who)s is away until %(last)s: you stand in (%(cases)s)."),
            who=case_view.person_name(turn, holder),
            **_away_until(turn, away),
        )
        link = turn.say(N_("What is recorded, and what came since"))
        lines.append({"text": text, "href": f"/absence?of={holder}", "link": link})
    return lines


def _away_until(turn: Turn, away: list[Away]) -> dict[str, str]:
    last = language.day_text(turn.lang, max(each.last for each in away))
    return {"last": last, "cases": turn.count(N2_("%(n)d case", "%(n)d cases"), len(away))}


def _group(turn: Turn, light: str, found: list[OpenCase], calm_shown: int) -> dict[str, Any]:
    found.sort(key=lambda opened: (opened.glance.due or date.max, opened.number))
    calm = calm_shown if light in CALM else SHOWN_MAX
    shown = [each for place, each in enumerate(found) if place < calm or each.glance.noted][:SHOWN_MAX]
    return {
        "light": light,
        "title": turn.say(GROUP_TITLES[light]),
        "n": len(found),
        "duties": [case_view.summary(turn, opened) for opened in shown],
        "more": len(found) - len(shown),
    }


def _reminder(turn: Turn, found: list[OpenCase], today: date) -> str:
    """Before a long rest: how many duties fall due by its end or soon after (P-20); "" on every other day."""
    tomorrow = today + timedelta(days=1)
    if not turn.calendar.is_workday(today) or turn.calendar.is_workday(tomorrow):
        return ""
    n = sum(opened.assessment.reminder_on == today for opened in found if opened.glance.due)
    if not n:
        return ""
    back = turn.calendar.roll(tomorrow)
    before = turn.count(N2_("%(n)d duty has its due date after it", "%(n)d duties have their due dates after it"), n)
    return turn.say(
        N_("Last working day before a long rest; work goes on on %(day)s. %(duties)s: do today what cannot wait."),
        day=language.day_text(turn.lang, back),
        duties=before,
    )


def _scope(turn: Turn) -> str:
    asked = (turn.request.query.get("scope") or [""])[0]
    return asked if asked in scopes(turn) else usual_scope(turn)


def _scopes(turn: Turn, current: str) -> list[dict[str, Any]]:
    return [
        {"href": f"/today?scope={scope}", "label": label, "current": scope == current}
        for scope, label in scopes(turn).items()
    ]


def _day_line(turn: Turn, today: date) -> str:
    day = language.day_text(turn.lang, today)
    name = turn.calendar.name_of(today, turn.lang)
    if turn.calendar.is_workday(today):
        if name:
            return turn.say(N_("%(day)s, a working day in exchange for %(name)s"), day=day, name=name)
        return turn.say(N_("%(day)s, a working day"), day=day)
    return turn.say(N_("%(day)s, a rest day"), day=day) + (f" ({name})" if name else "")
