"""核对: the queue of contradictions and the decision on one, made by a person with a reason."""

from __future__ import annotations

from typing import Any

from py_core.cases.commands import Command, decide
from py_core.cases.contradictions import Contradiction
from py_core.desk import case_view
from py_core.desk.centre import centre_menu
from py_core.desk.contradiction_view import choice_text, contradiction_view
from py_core.desk.devices_page import device_names
from py_core.desk.forms import Form
from py_core.desk.frame import page, redirect
from py_core.desk.ports import Response
from py_core.desk.problems import problem, refusal
from py_core.desk.recording import new_act
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.views import language
from py_core.views.language import N_

REASON_MAX = 500


def show_queue(turn: Turn) -> Response:
    """Every contradiction of the record: open ones first, then the decided."""
    found = [(opened, item) for opened in turn.open_all() for item in opened.contradictions]
    found.sort(key=lambda pair: (not pair[1].is_open, pair[0].acts[-1].act.claimed_at), reverse=False)
    queue = sum(item.is_open for _, item in found)
    return page(
        turn,
        "reconciliation.html",
        turn.say(N_("Reconciliation")),
        "reconciliation",
        {"rows": [_row(turn, *pair) for pair in found], "subnavigation": centre_menu(turn, "reconciliation", queue)},
        where="centre",
    )


def show_decision(turn: Turn, case_id: str) -> Response:
    """What does not fit in one case, side by side, with the form to decide."""
    opened = turn.open(case_id)
    return problem(turn, 404, "unknown_case") if opened is None else _page(turn, opened, {})


def take_decision(turn: Turn, case_id: str) -> Response:
    """Records a decision; a second sending of the same form changes nothing."""
    opened = turn.open(case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    form = Form(turn, turn.request.form)
    item = next((item for item in opened.contradictions if _key(item) == form.value("contradiction")), None)
    if item is None:
        return problem(turn, 400, "bad_form")
    if item.resolved_by is not None:
        return redirect(f"/cases/{case_id}?done=again")
    decision = form.choice("decision", item.choices, N_("Choose which act stands."))
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept with the decision."))
    if form.errors:
        return _page(turn, opened, {_key(item): form}, status=422)
    fields = {"code": item.code, "acts": list(item.acts), "decision": decision, "reason": reason}
    try:
        events = decide(opened.case, Command("resolve_contradiction", fields), turn.law(opened.case))
    except Refused as refused:
        return refusal(turn, refused, f"/cases/{case_id}")
    act = new_act(turn, case_id, "resolve_contradiction", events, turn.surroundings.now)
    return Response(303, location=f"/cases/{case_id}?done=decided", acts=(act,))


def _key(item: Contradiction) -> str:
    return f"{item.code}-{min(item.acts)[:16]}"


def _page(turn: Turn, opened: OpenCase, forms: dict[str, Form], status: int = 200) -> Response:
    entries: list[dict[str, Any]] = []
    may_decide = turn.may("decide_contradictions")
    # One form at a time: the ids of two forms would be the same, and a decision can settle the next one too.
    first_open = next((item for item in opened.contradictions if item.is_open), None)
    for item in opened.contradictions:
        view = contradiction_view(turn, opened, item)
        for side in view["sides"]:
            side["device"] = _device_name(turn, side["device"])
        key = turn.surroundings.new_id()
        form = forms.get(_key(item)) or Form(turn, {}, {"key": key})
        entries.append(
            {
                "id": _key(item),
                "view": view,
                "form": form if item is first_open and may_decide else None,
                "choices": [
                    {"value": choice, "text": choice_text(turn, view["sides"], choice)} for choice in item.choices
                ],
            }
        )
    return page(
        turn,
        "reconcile.html",
        turn.say(N_("Decide a contradiction")),
        f"reconcile-{opened.id}",
        {
            "case_id": opened.id,
            "case_title": case_view.title_of(turn, opened),
            "number": opened.number,
            "items": entries,
            "subnavigation": centre_menu(turn, "reconciliation"),
        },
        status=status,
        where="centre",
    )


def _device_name(turn: Turn, begins: str) -> str:
    """The device by the beginning of its id; that, where it is not known."""
    return next((name for device, name in device_names(turn).items() if device.startswith(begins)), begins)


def _row(turn: Turn, opened: OpenCase, item: Contradiction) -> dict[str, Any]:
    involved = [entry for entry in opened.acts if entry.hash in item.acts]
    last = max(entry.received_at or entry.act.claimed_at for entry in involved)
    return {
        "id": opened.id,
        "title": case_view.term(turn, opened, f"contradiction.{item.code}"),
        "article": item.article,
        "case_title": case_view.title_of(turn, opened),
        "number": opened.number,
        "who": " / ".join(dict.fromkeys(case_view.person_name(turn, entry.act.user) for entry in involved)),
        "noticed": language.moment_text(turn.lang, last, short=True),
        "resolved": not item.is_open,
    }
