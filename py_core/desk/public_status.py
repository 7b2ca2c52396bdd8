"""What anybody with a receipt may see: where the case is and until when, without names."""

from __future__ import annotations

from typing import Any

from py_core.desk import case_view
from py_core.desk.event_words import EVENT_TITLES, PUBLIC_EVENTS
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.receipt_code import fits
from py_core.desk.turn import OpenCase, Turn
from py_core.views import language
from py_core.views.language import N_

NUMBER_MAX = 40


def show_public_status(turn: Turn) -> Response:
    """The public page behind a receipt's QR code; a wrong pair says so without telling which half is wrong."""
    number = _asked(turn, "n").upper()
    code = _asked(turn, "c")
    opened = _find(turn, number, code) if number and code else None
    fault = ""
    if (number or code) and opened is None:
        fault = turn.say(
            N_("No case fits this number and code. Compare both with your receipt; a case registered without network "
               "appears here as soon as it has reached the city record.")
        )  # fmt: skip
    return page(
        turn,
        "public_status.html",
        turn.say(N_("Where is my case?")),
        "public-status",
        {"status": _status(turn, opened) if opened else None, "fault": fault, "typed": {"n": number, "c": code}},
        status=404 if fault else 200,
    )


def _asked(turn: Turn, name: str) -> str:
    """A receipt's code leads here by an address; what somebody types is posted and stays in no history."""
    values = turn.request.form.get(name) or turn.request.query.get(name) or [""]
    return values[-1].strip()[:NUMBER_MAX]


def _find(turn: Turn, number: str, code: str) -> OpenCase | None:
    # The registration is looked at in the raw acts: folding the whole record to find one case would be waste.
    for record in turn.store.cases():
        for recorded in record.acts:
            for event in recorded.act.events:
                if (
                    event.get("type") == "registered"
                    and event.get("number") == number
                    and fits(record.id, number, code)
                ):
                    return turn.open(record.id)
    return None


def _status(turn: Turn, opened: OpenCase) -> dict[str, Any]:
    found = opened.assessment
    unit = turn.directory.units.get(case_view.unit_of(opened)) or turn.directory.units.get(
        str(opened.case.value("unit"))
    )
    facts = []
    if found.limit:
        facts.append((N_("Due"), language.day_text(turn.lang, found.limit.due)))
        facts.append((N_("Basis of the limit"), turn.cite(found.limit.article, opened.pack)))
    facts.append((N_("Unit"), case_view.unit_name(turn, unit.id) if unit else ""))
    if unit:
        facts.append((N_("Phone"), unit.phone))
        facts.append((N_("Supervision and complaints"), unit.complaint_phone))
    return {
        "number": opened.number,
        "matter": case_view.matter_name(turn, opened),
        "light": opened.glance.light,
        "state": case_view.state_name(turn, opened),
        "erased": _erased(turn, opened),
        "facts": [{"label": turn.say(label), "text": text} for label, text in facts if text],
        "events": [
            {
                "title": turn.say(EVENT_TITLES[fact.type]),
                "happened": language.moment_text(turn.lang, fact.at),
            }
            for fact in opened.case.facts
            if fact.type in PUBLIC_EVENTS
        ],
    }


def _erased(turn: Turn, opened: OpenCase) -> str:
    fact = opened.case.first("content_erased")
    if fact is None:
        return ""
    message = N_(
        "The period for which this matter was kept is over; its content (names, words, papers) was erased on %(day)s. That it "
        "was handled, and when, stays on record."
    )
    return turn.say(message, day=language.day_text(turn.lang, fact.day))
