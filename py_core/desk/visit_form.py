"""One act on a visit: its form, why it may not be now, and never the same act twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.events import ATTACHMENT_PURPOSES, REVEAL_PURPOSES
from py_core.desk import case_view, visit_view
from py_core.desk.act_fields import read_papers
from py_core.desk.command_words import fault_text
from py_core.desk.contact_checks import tidy
from py_core.desk.enterprises import cases_of, find_enterprise
from py_core.desk.forms import CHOOSE, NEEDED, NO_FILES, Form, shown_moment
from py_core.desk.frame import page, redirect
from py_core.desk.ports import Response
from py_core.desk.problems import problem, refusal
from py_core.desk.recording import new_act
from py_core.desk.resent import form_key, sent_before
from py_core.desk.turn import Turn
from py_core.desk.visit_held import OpenVisit, open_visit
from py_core.desk.visit_plan import BAD_DAY, officer_choices, read_day, read_officers
from py_core.desk.visit_words import NAME_MAX, REASON_MAX, TEXT_MAX, refusal_text
from py_core.errors import Refused
from py_core.views.language import N_
from py_core.visits import VISIT_COMMANDS, Paper, VisitCommand, decide_visit
from py_core.visits.commands import require_now
from py_core.visits.events import VISIT_EVENTS

Fields = list[dict[str, Any]]
"""What a command becomes: the fields of each event of the act."""

DRAWN_BUT_UNSIGNED = N_("Somebody has signed here, but the answer is: not signed. Clear the one or change the other.")
_SIGNED_FAULT = N_("Say whether the record was signed.")


def show_visit_form(turn: Turn, visit_id: str, command: str) -> Response:
    """The form of a step; a step that does not belong to the visit now is answered with its reason."""
    return _answer(turn, visit_id, command, _show)


def take_visit_act(turn: Turn, visit_id: str, command: str) -> Response:
    """Records the step; sending the same form again leads to the visit instead of a second act."""
    return _answer(turn, visit_id, command, _take)


def _answer(
    turn: Turn, visit_id: str, command: str, answer: Callable[[Turn, OpenVisit, VisitCommand], Response]
) -> Response:
    opened = open_visit(turn, visit_id)
    spec = VISIT_COMMANDS.get(command)
    if opened is None or opened.visit.planned is None:
        return problem(turn, 404, "unknown_visit")
    if spec is None:
        return problem(turn, 404, "unknown_page")
    try:
        return answer(turn, opened, spec)
    except Refused as refused:
        return refusal(turn, refused, f"/visits/{visit_id}")


def _show(turn: Turn, opened: OpenVisit, spec: VisitCommand) -> Response:
    require_now(opened.visit, spec.name)
    shown = shown_moment(turn.surroundings.now)
    defaults = {"key": form_key(turn, opened.acts), "occurred_at": shown, "occurred_at_shown": shown}
    return _page(turn, opened, spec, Form(turn, {}, {**defaults, **_defaults(opened, spec.name)}))


def _take(turn: Turn, opened: OpenVisit, spec: VisitCommand) -> Response:
    form = Form(turn, turn.request.form)
    found = _READERS[spec.name](turn, opened, form)
    occurred_at = form.moment("occurred_at")
    if form.errors:
        return _page(turn, opened, spec, form, status=422)
    said: list[Event] = [{"type": spec.event, **fields} for fields in found]
    if sent_before(turn, opened.acts, spec.name, form.value("key"), said):
        return redirect(f"/visits/{opened.id}?done=visit_again")
    require_now(opened.visit, spec.name)
    events: list[Event] = []
    try:
        for fields in found:
            events += decide_visit(opened.visit, spec.name, fields, occurred_at)
    except Refused as refused:
        if not refused.fields:
            raise
        for name, message in refused.fields.items():
            plain = refused.code in ("missing_field", "malformed_field")
            text = turn.say(fault_text(message)) if plain else refusal_text(turn, refused)
            form.errors.setdefault(name, text)
        return _page(turn, opened, spec, form, status=422)
    act = new_act(turn, opened.id, spec.name, events, occurred_at)
    return Response(303, location=f"/visits/{opened.id}?done=visit_act", acts=(act,))


def _defaults(opened: OpenVisit, name: str) -> dict[str, str]:
    visit = opened.visit
    if name == "start":
        return {"met": visit.value("contact")}
    if name == "move":
        return {"on": visit.on.isoformat() if visit.on else ""}
    if name == "sign":
        started = visit.first("visit_started")
        met = str(started.data.get("met") or "") if started else ""
        return {"signer": met or visit.value("contact"), "content": visit.signed_about}
    if name == "add_files":
        return {"purpose": "photo"}
    if name == "take_papers" and len(visit.requests) == 1:
        return {"case": visit.requests[0]}
    return {}


# ------------------------------------------------------------------------------------------------ reading


def _read_start(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    officers = read_officers(turn, form)
    return [_given(officers=officers, met=form.text("met", NAME_MAX), note=form.text("note", TEXT_MAX))]


def _read_request(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    ids = [option["value"] for option in _addable(turn, opened)]
    return [{"case": form.choice("case", ids, N_("Choose the case."))}]


def _read_taken(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    case = form.value("case")
    if case:
        case = form.choice("case", opened.visit.requests, N_("Choose a request of this visit."))
    return [_given(papers=read_papers(turn, form, "papers"), case=case)]


def _read_returned(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    note = form.text("note", TEXT_MAX)
    by_case = _read_lines(form, opened.visit.held)
    return [_given(papers=papers, case=case, note=note) for case, papers in by_case.items()]


def _read_attached(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    papers = [paper for each in _read_lines(form, opened.visit.loose).values() for paper in each]
    case = form.choice("case", opened.visit.requests, N_("Choose the request."))
    return [_given(papers=papers, case=case)]


def _read_lines(form: Form, held: tuple[Paper, ...]) -> dict[str, list[dict[str, Any]]]:
    """The copies typed for each line of papers, by request."""
    by_case: dict[str, list[dict[str, Any]]] = {}
    for index, paper in enumerate(held):
        typed = tidy(form.value(_copies_field(index)))
        if typed in ("", "0"):
            continue
        if not (typed.isascii() and typed.isdigit() and int(typed[:6]) <= paper.held):
            form.fault("papers", N_("Of “%(paper)s” enter 0 to %(held)d copies."), paper=paper.name, held=paper.held)
            continue
        by_case.setdefault(paper.case, []).append({"name": paper.name, "copies": int(typed)})
    if not by_case:
        form.fault("papers", N_("Enter the copies of at least one paper."))
    return by_case


def _copies_field(index: int) -> str:
    return f"copies-{index}"


def _read_signed(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    answer = form.choice("signed", ("yes", "no"), _SIGNED_FAULT)
    signed = answer == "yes"
    shown = visit_view.shown_lines(turn, opened)
    drawn = form.strokes("strokes")
    if drawn and answer == "no":
        form.fault("strokes", DRAWN_BUT_UNSIGNED)
    if form.value("seen") != _seen(shown):
        form.fault(
            "signed", N_("What is shown has changed in the meantime. Show it again and have it signed as it is now.")
        )
    fields = _given(
        signer=form.text("signer", NAME_MAX, needed="" if answer == "no" else N_("Enter who signs.")),
        unsigned_reason=form.text("unsigned_reason", REASON_MAX, needed=N_("Write why there is no signature."))
        if answer == "no"
        else "",
        content=form.value("content"),
        strokes=drawn,
        shown="\n".join(shown),
    )
    return [{"signed": signed, **fields}]


def _seen(lines: list[str]) -> str:
    """Names the words that stood on the page: only what was seen can be signed."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _read_files(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    files = form.attachments("attachments", needed=NO_FILES)
    purpose = form.choice("purpose", ATTACHMENT_PURPOSES)
    case = form.value("case")
    if case:
        case = form.choice("case", opened.visit.requests, N_("Choose a request of this visit."))
    return [_given(purpose=purpose, attachments=files, case=case, note=form.text("note", TEXT_MAX))]


def _read_finish(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    return [{"summary": form.text("summary", TEXT_MAX, needed=N_("Write what came out of the visit."))}]


def _read_move(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    day = read_day(form, "on")
    officers = read_officers(turn, form)
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it stays with the visit."))
    return [_given(on=day.isoformat() if day else "", officers=officers, reason=reason)]


def _read_cancel(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    return [{"reason": form.text("reason", REASON_MAX, needed=N_("Write the reason: it stays with the visit."))}]


def _read_purpose(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    purpose = form.choice("purpose", REVEAL_PURPOSES)
    return [_given(purpose=purpose, words=form.text("words", REASON_MAX, needed=NEEDED if purpose == "other" else ""))]


def _read_note(turn: Turn, opened: OpenVisit, form: Form) -> Fields:
    return [{"text": form.text("text", TEXT_MAX, needed=NEEDED)}]


_READERS: Mapping[str, Callable[[Turn, OpenVisit, Form], Fields]] = {
    "start": _read_start,
    "add_request": _read_request,
    "take_papers": _read_taken,
    "return_papers": _read_returned,
    "attach_papers": _read_attached,
    "add_files": _read_files,
    "sign": _read_signed,
    "finish": _read_finish,
    "move": _read_move,
    "cancel": _read_cancel,
    "see_phone": _read_purpose,
    "note": _read_note,
}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", [], None)}


# ------------------------------------------------------------------------------------------------ showing


def _addable(turn: Turn, opened: OpenVisit) -> list[dict[str, str]]:
    """The enterprise's open cases that do not stand in the visit yet."""
    enterprise = find_enterprise(turn, opened.enterprise)
    if enterprise is None:
        return []
    return [
        {"value": case.id, "text": f"{case_view.title_of(turn, case)} · {case.number}"}
        for case in cases_of(turn, enterprise)
        if case.id not in opened.visit.requests and not case_view.is_finished(case)
    ]


def _labels(turn: Turn, spec: VisitCommand, form: Form) -> list[dict[str, str]]:
    """The names of fields whose fault does not name them itself."""
    plain = {turn.say(each) for each in (NEEDED, CHOOSE, BAD_DAY)}
    return [
        {"name": field.name, "label": turn.say(field.label)}
        for field in VISIT_EVENTS[spec.event]
        if form.errors.get(field.name) in plain or field.name in form.too_long
    ]


def _who_goes(turn: Turn, opened: OpenVisit, command: str) -> list[str]:
    """Who is ticked: those planned, and at the start whoever begins it too, so that the record says who was there."""
    planned = list(opened.visit.officers)
    me = turn.identity.user
    return planned if command != "start" or me in planned else [me, *planned]


def _page(turn: Turn, opened: OpenVisit, spec: VisitCommand, form: Form, status: int = 200) -> Response:
    visit = opened.visit
    shown = visit_view.shown_lines(turn, opened) if spec.name == "sign" else []
    lines = {"return_papers": visit.held, "attach_papers": visit.loose}.get(spec.name, ())
    chosen = form.values("officer") if turn.request.form else _who_goes(turn, opened, spec.name)
    return page(
        turn,
        "visit_do.html",
        turn.say(spec.title),
        f"visit-do-{opened.id}-{spec.name}",
        {
            "visit_id": opened.id,
            "number": visit.value("number"),
            "enterprise": visit.value("enterprise"),
            "head": visit_view.row(turn, opened),
            "command": spec.name,
            "form": form,
            "labels": _labels(turn, spec, form),
            "requests": [
                {"value": each["id"], "text": f"{each['title']} · {each['number'] or place}"}
                for place, each in enumerate(visit_view.requests(turn, opened), 1)
            ],
            "addable": _addable(turn, opened) if spec.name == "add_request" else [],
            "lines": [
                {**visit_view.paper_row(turn, paper), "field": _copies_field(index)}
                for index, paper in enumerate(lines)
            ],
            "purposes": [
                {"value": each, "text": visit_view.common_term(turn, f"attachment_purpose.{each}")}
                for each in ATTACHMENT_PURPOSES
            ],
            "reveal_purposes": [
                {"value": each, "text": visit_view.common_term(turn, f"reveal_purpose.{each}")}
                for each in REVEAL_PURPOSES
            ],
            "shown": shown,
            "seen": _seen(shown),
            "content": visit.signed_about,
            "officers": officer_choices(turn, chosen) if spec.name in ("move", "start") else {"own": [], "others": []},
        },
        status=status,
        where="visits",
    )
