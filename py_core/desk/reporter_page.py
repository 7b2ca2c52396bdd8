"""举报人、投诉人: who made a report, or complains about a case, at the city record only. Devices that handle the case do
not have it (HL-4(五)). Those who may know see a number for a purpose, and correct what was taken down wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from py_core.cases.acts import RecordedAct
from py_core.cases.events import REVEAL_PURPOSES
from py_core.desk import case_view, secrecy
from py_core.desk.attached_view import signature_views
from py_core.desk.contact_checks import read_identity, read_phone
from py_core.desk.deciding import decide_all
from py_core.desk.forms import Form
from py_core.desk.frame import page, redirect
from py_core.desk.ports import Response
from py_core.desk.problems import problem, refusal
from py_core.desk.recording import new_act
from py_core.desk.resent import form_key, sent_before
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.reporters import CORRECTABLE, CORRECTED, TOLD, is_reporter_id, reporter_id
from py_core.views import language
from py_core.views.language import N_

_NUMBERS = {"claimant_phone": N_("Phone"), "claimant_id": N_("ID number or credit code")}
_PURPOSES = tuple(purpose for purpose in REVEAL_PURPOSES if purpose != "other")  # that one is for the case's own form
_TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Beside:
    """A document beside a case that this person may know of, with the case."""

    id: str
    opened: OpenCase
    acts: tuple[RecordedAct, ...]
    is_complaint: bool
    said: Mapping[str, Any]

    @property
    def here(self) -> str:
        return f"/centre/reporter/{self.id if self.is_complaint else self.opened.id}"

    @property
    def document(self) -> str:
        """Which complainer's number was seen: a case may have several."""
        return self.id if self.is_complaint else ""

    def revealed(self, field: str) -> str:
        """The name under which the case records that a number was seen."""
        return "complainer_phone" if self.is_complaint and field == "claimant_phone" else field


def show_reporter(turn: Turn, case_id: str) -> Response:
    """The particulars with their numbers masked; the way to see one is an act with its purpose, as in any case."""
    beside = known_beside(turn, case_id)
    return problem(turn, 404, "unknown_case") if beside is None else _page(turn, beside, _unsent(turn, beside))


def take_reporter(turn: Turn, case_id: str) -> Response:
    """Records that a number is seen and for what, in the case; or a correction, in the document beside it."""
    beside = known_beside(turn, case_id)
    if beside is None:
        return problem(turn, 404, "unknown_case")
    form = Form(turn, turn.request.form)
    return _correct(turn, beside, form) if form.value("correct") else _reveal(turn, beside, form)


def _reveal(turn: Turn, beside: Beside, form: Form) -> Response:
    opened = beside.opened
    field = form.choice("field", [name for name in _NUMBERS if beside.said.get(name)], N_("Choose one."))
    purpose = form.choice("purpose", _PURPOSES, N_("Choose one."))
    if form.errors:
        return _page(turn, beside, form, status=422)
    asked = {"field": beside.revealed(field), "purpose": purpose}
    if beside.document:
        asked["beside"] = beside.document
    of_this = [each for each in opened.acts if str(each.act.events[0].get("beside") or "") == beside.document]
    if sent_before(turn, of_this, "reveal_field", form.value("key"), [{"type": "field_revealed", **asked}]):
        return redirect(beside.here)
    now = turn.surroundings.now
    try:
        events, _ = decide_all(turn, opened.id, opened.case, [("reveal_field", asked)], now)
    except Refused as refused:
        return refusal(turn, refused, beside.here, opened.pack)
    return Response(303, location=beside.here, acts=(new_act(turn, opened.id, "reveal_field", events, now),))


def _correct(turn: Turn, beside: Beside, form: Form) -> Response:
    """A number that is left empty stays as it was: whoever corrects an address need not see it."""
    said = {name: form.text(name, _TEXT_MAX) for name in CORRECTABLE}
    said["claimant_name"] = form.text("claimant_name", _TEXT_MAX, needed=N_("Fill this in."))
    kind = str(beside.opened.case.value("claimant") or "person")
    for name, (number, fault) in (
        ("claimant_phone", read_phone(said["claimant_phone"]) if said["claimant_phone"] else ("", "")),
        ("claimant_id", read_identity(said["claimant_id"], kind) if said["claimant_id"] else ("", "")),
    ):
        said[name] = number or str(beside.said.get(name) or "")
        if fault:
            form.fault(name, fault)
    event = {"type": CORRECTED, **{name: value for name, value in said.items() if value}}
    event["reason"] = form.text("reason", _TEXT_MAX, needed=N_("Fill this in."))
    if form.errors:
        return _page(turn, beside, form, status=422)
    location = f"{beside.here}?done=corrected"
    if sent_before(turn, beside.acts, "correct_reporter", form.value("key"), [event]):
        return redirect(location)
    now = turn.surroundings.now
    return Response(303, location=location, acts=(new_act(turn, beside.id, "correct_reporter", (event,), now),))


def known_beside(turn: Turn, named: str) -> Beside | None:
    """The document at an address, which names the report itself, or the document of one complaint."""
    at = named if is_reporter_id(named) else reporter_id(named)
    found = turn.store.reporter(at)
    told = next((e for each in found.acts for e in each.act.events if e.get("type") == TOLD), None) if found else None
    if found is None or told is None:
        return None
    opened = turn.open(str(told.get("case")))
    is_complaint = told.get("complaint") is True
    if opened is None or is_complaint != is_reporter_id(named):
        return None
    return Beside(at, opened, tuple(found.acts), is_complaint, secrecy.beside(turn, opened.id, at))


def _unsent(turn: Turn, beside: Beside) -> Form:
    plain = {name: str(beside.said.get(name) or "") for name in CORRECTABLE if name not in _NUMBERS}
    return Form(turn, {}, {"key": form_key(turn, (*beside.opened.acts, *beside.acts)), **plain})


def _page(turn: Turn, beside: Beside, form: Form, status: int = 200) -> Response:
    opened, drawn = beside.opened, beside.said.get("strokes")
    rule = secrecy.complainer_rule(turn, opened) if beside.is_complaint else secrecy.hiding_rule(turn, opened)
    return page(
        turn,
        "reporter.html",
        turn.say(N_("Who complained") if beside.is_complaint else N_("Who reported it")),
        f"reporter-{beside.id}",
        {
            "here": beside.here,
            "case_id": opened.id,
            "case_title": case_view.title_of(turn, opened),
            "number": opened.number,
            "article": rule.article if rule is not None else "",
            "is_complaint": beside.is_complaint,
            "is_erased": not beside.said,
            "rows": [row for row in _rows(turn, beside) if row["text"]],
            "drawn": signature_views(turn, [drawn])[0] if drawn else None,
            "fields": [
                {"value": name, "text": turn.say(label)}
                for name, label in _NUMBERS.items()
                if beside.said.get(name) and not _is_shown(turn, beside, name)
            ],
            "purposes": [
                {"value": each, "text": case_view.term(turn, opened, f"reveal_purpose.{each}")} for each in _PURPOSES
            ],
            "corrections": _corrections(turn, beside),
            "evidence_href": f"{beside.here}/evidence" if turn.may("export_reporter_evidence") else "",
            "form": form,
        },
        status=status,
        where="centre",
    )


def _is_shown(turn: Turn, beside: Beside, name: str) -> bool:
    return secrecy.revealed_lately(turn, beside.opened, beside.revealed(name), beside.document)


def _rows(turn: Turn, beside: Beside) -> list[dict[str, Any]]:
    def text(name: str) -> str:
        value = str(beside.said.get(name) or "")
        return value if not secrecy.is_masked(name) or _is_shown(turn, beside, name) else secrecy.masked(name, value)

    labels = {"claimant_name": N_("Name"), **_NUMBERS, "claimant_address": N_("Address")}
    return [{"label": turn.say(label), "text": text(name)} for name, label in labels.items()]


def _corrections(turn: Turn, beside: Beside) -> list[str]:
    """Who corrected it, when and why, newest first. What was told before stays in the document, and is not shown."""
    done = [
        (each.act, str(event.get("reason") or ""))
        for each in beside.acts
        for event in each.act.events
        if event.get("type") == CORRECTED
    ]
    people = turn.directory.people
    return [
        turn.say(
            N_("Corrected on %(when)s by %(who)s: %(why)s"),
            when=language.moment_text(turn.lang, act.occurred_at),
            who=people[act.user].name if act.user in people else act.user,
            why=why,
        )
        for act, why in reversed(done)
    ]
