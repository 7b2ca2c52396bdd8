"""举报人: who made a report, at the city record only. Devices that handle the report do not have it (HL-4(五))."""

from __future__ import annotations

from typing import Any

from py_core.cases.events import REVEAL_PURPOSES
from py_core.desk import case_view, secrecy
from py_core.desk.attached_view import signature_views
from py_core.desk.deciding import decide_all
from py_core.desk.forms import Form
from py_core.desk.frame import page, redirect
from py_core.desk.ports import Response
from py_core.desk.problems import problem, refusal
from py_core.desk.recording import new_act
from py_core.desk.resent import form_key, sent_before
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.views.language import N_

_LABELS = {"claimant_phone": N_("Phone"), "claimant_id": N_("ID number or credit code")}
_PURPOSES = tuple(purpose for purpose in REVEAL_PURPOSES if purpose != "other")  # that one is for the case's own form


def show_reporter(turn: Turn, case_id: str) -> Response:
    """The particulars with their numbers masked; the way to see one is an act with its purpose, as in any case."""
    opened = _opened(turn, case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    return _page(turn, opened, Form(turn, {}, {"key": form_key(turn, opened.acts)}))


def take_reveal(turn: Turn, case_id: str) -> Response:
    """Records in the case that a number is seen and for what; the case never says the number."""
    opened = _opened(turn, case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    form = Form(turn, turn.request.form)
    field = form.choice("field", secrecy.revealable(turn, opened), N_("Choose one."))
    purpose = form.choice("purpose", _PURPOSES, N_("Choose one."))
    if form.errors:
        return _page(turn, opened, form, status=422)
    here, asked = f"/centre/reporter/{opened.id}", {"field": field, "purpose": purpose}
    if sent_before(turn, opened.acts, "reveal_field", form.value("key"), [{"type": "field_revealed", **asked}]):
        return redirect(here)
    now = turn.surroundings.now
    try:
        events, _ = decide_all(turn, opened.id, opened.case, [("reveal_field", asked)], now)
    except Refused as refused:
        return refusal(turn, refused, here, turn.pack_of(opened.case))
    return Response(303, location=here, acts=(new_act(turn, opened.id, "reveal_field", events, now),))


def _opened(turn: Turn, case_id: str) -> OpenCase | None:
    """The report, where this person may know who made it."""
    opened = turn.open(case_id)
    return opened if opened is not None and turn.store.reporter(case_id) is not None else None


def _page(turn: Turn, opened: OpenCase, form: Form, status: int = 200) -> Response:
    drawn, rule = secrecy.claimant(turn, opened, "strokes"), secrecy.hiding_rule(turn, opened)
    return page(
        turn,
        "reporter.html",
        turn.say(N_("Who reported it")),
        f"reporter-{opened.id}",
        {
            "case_id": opened.id,
            "case_title": case_view.title_of(turn, opened),
            "number": opened.number,
            "article": rule.article if rule is not None else "",
            "rows": [row for row in _rows(turn, opened) if row["text"]],
            "drawn": signature_views(turn, [drawn])[0] if drawn else None,
            "fields": [
                {"value": field, "text": turn.say(_LABELS[field])}
                for field in secrecy.revealable(turn, opened)
                if not secrecy.revealed_lately(turn, opened, field)
            ],
            "purposes": [
                {"value": each, "text": case_view.term(turn, opened, f"reveal_purpose.{each}")} for each in _PURPOSES
            ],
            "form": form,
        },
        status=status,
        where="centre",
    )


def _rows(turn: Turn, opened: OpenCase) -> list[dict[str, Any]]:
    def text(name: str) -> str:
        return str(secrecy.claimant(turn, opened, name) or "")

    numbers = [
        {"label": turn.say(label), "text": secrecy.number_of(turn, opened, name)["text"]}
        for name, label in _LABELS.items()
    ]
    return [
        {"label": turn.say(N_("Name")), "text": text("claimant_name")},
        *numbers,
        {"label": turn.say(N_("Address")), "text": text("claimant_address")},
    ]
