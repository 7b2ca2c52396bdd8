"""One visit: the plan, what was asked for and handed over there, and what can be done now."""

from __future__ import annotations

from typing import Any

from py_core.desk import visit_view
from py_core.desk.act_view import act_line
from py_core.desk.attached_view import attachment_views
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from py_core.desk.visit_held import OpenVisit, open_visit
from py_core.errors import Refused
from py_core.views import language
from py_core.views.language import N_
from py_core.visits import FINISHED, STARTED, VISIT_COMMANDS, possible
from py_core.visits.commands import require_now

# What the visit waits for comes first, as a button of its own.
_REGISTER = N_("Register a request")


def show_visit(turn: Turn, visit_id: str) -> Response:
    """The page of one visit."""
    opened = open_visit(turn, visit_id)
    if opened is None or opened.visit.planned is None:
        return problem(turn, 404, "unknown_visit")
    visit = opened.visit
    contested = {key for item in visit.apart for key in item.acts}
    return page(
        turn,
        "visit.html",
        visit.value("enterprise"),
        f"visit-{visit_id}",
        {
            "head": visit_view.row(turn, opened),
            "number": visit.value("number"),
            "apart": [
                {"text": turn.say(text), "instead": turn.say(instead)}
                for text, instead in (visit_view.APART_WORDS[item.code] for item in visit.apart)
            ],
            "actions": actions(turn, opened),
            "unfinished": _unfinished(turn, opened),
            "printable": visit.state in (STARTED, FINISHED),
            "requests": visit_view.requests(turn, opened),
            "papers": [visit_view.paper_row(turn, paper) for paper in visit.papers],
            "files": attachment_views(turn, visit.files),
            "signatures": [
                visit_view.signature_view(turn, opened, fact) for fact in reversed(visit.all("visit_signed"))
            ],
            "facts": visit_view.about(turn, opened),
            "summaries": [
                {
                    "text": str(fact.data["summary"]),
                    "who": visit_view.people(turn, (fact.user,)),
                    "when": language.moment_text(turn.lang, fact.at),
                }
                for fact in visit.all("visit_finished")
            ],
            "unreadable": len(visit.ignored),
            "acts": [
                {
                    **act_line(turn, recorded, visit_view.facts_once(turn), recorded.hash in contested),
                    "forms": [],
                }
                for recorded in reversed(opened.acts)
            ],
        },
        where="visits",
    )


def _unfinished(turn: Turn, opened: OpenVisit) -> str:
    """What a running visit still needs before it can be finished; empty when nothing is in the way."""
    if opened.visit.state != STARTED:
        return ""
    try:
        require_now(opened.visit, "finish")
    except Refused as refused:
        return turn.say(refused.instead)
    return ""


def actions(turn: Turn, opened: OpenVisit) -> list[dict[str, Any]]:
    """What belongs to the visit now; registering a request is the register page, opened from here."""
    found = []
    if opened.visit.state == STARTED:
        found.append({"href": f"/register?visit={opened.id}", "label": turn.say(_REGISTER)})
    found += [
        {"href": f"/visits/{opened.id}/do/{name}", "label": turn.say(VISIT_COMMANDS[name].title)}
        for name in possible(opened.visit)
        if name != "see_phone"  # its way stands beside the number
    ]
    return found
