"""隔离区: what the record's gate did not take, and the centre's decision about it: in after all, or left out for good.

Only scope, a withdrawn device, and a number that a copied profile used twice can be looked beyond; what is not signed
by its device can never be taken. Work that names the reader is not here (`ports.CentreView`); of what is restricted from
the reader, who may decide about it all the same, no page says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from py_core.cases.acts import Act, read_act
from py_core.city import CITY_ID
from py_core.desk import act_view, case_view
from py_core.desk.centre import centre_menu
from py_core.desk.devices_page import device_names
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.ports import CentreView, HeldWork, LateDecision, Response
from py_core.desk.problems import problem
from py_core.desk.recording import new_act
from py_core.desk.turn import Turn
from py_core.desk.undecided_warning import undecidable_warning, undecided_warning
from py_core.desk.visit_held import open_visit
from py_core.documents import is_case_id
from py_core.errors import Malformed
from py_core.views import language
from py_core.views.language import N_
from py_core.visits import is_visit_id

REASON_MAX = 500
SHOWN_MAX = 300
_RESTS = "missing_dependency"


def show_quarantine(turn: Turn) -> Response:
    """Everything that waits for a decision, oldest first, and what was left out before."""
    view = turn.store.centre()
    if view is None:
        return problem(turn, 503, "needs_network")
    held, left_out = view.held(), view.held(decided=True)
    names = device_names(turn)
    return page(
        turn,
        "quarantine.html",
        turn.say(N_("Late and refused work")),
        "quarantine",
        {
            "rows": [_row(turn, each, names) for each in held[:SHOWN_MAX]],
            "more": max(len(held) - SHOWN_MAX, 0),
            "left_out": [_row(turn, each, names) for each in left_out[:SHOWN_MAX]],
            "undecided": undecided_warning(turn, here=True),
            "undecidable": undecidable_warning(turn),
            "subnavigation": centre_menu(turn, "quarantine"),
        },
        where="centre",
    )


def show_late_work(turn: Turn, item: str) -> Response:
    """One submission with everything that rests on the same device and case, and the form to decide."""
    view = turn.store.centre()
    found = view.held_by_id(int(item)) if view is not None else None
    if view is None or found is None:
        return problem(turn, 404, "unknown_late_work")
    return _page(turn, view, found, Form(turn, {}, {"key": turn.surroundings.new_id()}))


def take_late_work(turn: Turn, item: str) -> Response:
    """Decides about the submission and those that go with it."""
    view = turn.store.centre()
    found = view.held_by_id(int(item)) if view is not None else None
    if view is None or found is None:
        return problem(turn, 404, "unknown_late_work")
    if found.decided_at is not None:
        return Response(303, location="/centre/quarantine?done=late_again")
    form = Form(turn, turn.request.form)
    group = _group(view, found)
    decision = form.choice("decision", _choices(found), N_("Choose what is to become of it."))
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept with the decision."))
    if form.errors:
        return _page(turn, view, found, form, status=422)
    if decision == "leave_out":
        left_out = LateDecision(tuple(each.id for each in group), False, reason)
        return Response(303, location="/centre/quarantine?done=left_out", decision=left_out)
    if all(each.reason in ("time_not_told", _RESTS) for each in group):
        # What rests on it was not late and comes in by itself after it, with all that it brings about.
        group = [each for each in group if each.reason != _RESTS]
    event = {"type": "late_work_taken", "acts": [each.hash for each in group], "reason": reason}
    act = new_act(turn, found.case_id, "take_late_work", (event,), turn.surroundings.now)
    place = "/centre/quarantine" if found.is_withheld else _place(found.case_id)
    location = f"{place}?done=late_taken"
    taken = LateDecision(tuple(each.id for each in group), True, reason)
    return Response(303, location=location, acts=(act,), decision=taken)


def _place(document_id: str) -> str:
    return f"/visits/{document_id}" if is_visit_id(document_id) else f"/cases/{document_id}"


def _choices(found: HeldWork) -> tuple[str, ...]:
    return ("take", "leave_out") if _may_take(found) else ("leave_out",)


def _may_take(found: HeldWork) -> bool:
    return found.may_take and _is_readable(found) and found.case_id != CITY_ID


def _is_readable(found: HeldWork) -> bool:
    """By somebody: who may not know what it says decides about it unread."""
    return found.text is not None or (found.is_withheld and bool(found.kinds))


def _group(view: CentreView, found: HeldWork) -> list[HeldWork]:
    """The submission and what the same device did in the same case that waits for the same reason or rests on it."""
    if not _may_take(found):
        return [found]
    same = [each for each in view.held() if (each.device, each.case_id) == (found.device, found.case_id)]
    return [each for each in same if _may_take(each) or (each.reason == _RESTS and _is_readable(each))]


def _page(turn: Turn, view: CentreView, found: HeldWork, form: Form, status: int = 200) -> Response:
    names = device_names(turn)
    return page(
        turn,
        "late_work.html",
        turn.say(N_("Decide about late work")),
        f"late-{found.id}",
        {
            "item": found.id,
            "acts": [_details(turn, each, names) for each in _group(view, found)],
            "row": _row(turn, found, names),
            "may_take": _may_take(found),
            "kept_secret": found.is_withheld or found.says_who,
            "may_decide": turn.may("decide_contradictions") and found.decided_at is None,
            "choices": [{"value": name, "text": turn.say(_CHOICES[name])} for name in _choices(found)],
            "form": form,
            "subnavigation": centre_menu(turn, "quarantine"),
        },
        status=status,
        where="centre",
    )


_CHOICES = {
    "take": N_("Take into the record: it counts with its own time and everybody in the case sees it"),
    "leave_out": N_("Leave out: it has no effect and stays here until its period of keeping is over"),
}


_ERASED, _UNREADABLE = N_("Content erased after its period"), N_("Cannot be read")
_WITHHELD = N_("Restricted: what it is, only who may know of it sees")


def _act(found: HeldWork) -> Act | None:
    try:
        return None if found.text is None else read_act(found.text)
    except Malformed:
        return None


def _act_title(turn: Turn, found: HeldWork, act: Act | None) -> str:
    if act is not None:
        return act_view.act_title(turn, act.events)
    return turn.say(_ERASED if found.is_erased else _WITHHELD if found.is_withheld else _UNREADABLE)


def _title(turn: Turn, document_id: str) -> str:
    """What the case or visit is called; empty when the record has nothing of it."""
    if is_visit_id(document_id):
        visit = open_visit(turn, document_id)
        return visit.visit.value("enterprise") if visit else ""
    case = turn.open(document_id) if is_case_id(document_id) else None
    return case_view.title_of(turn, case) if case else ""


def _number_in(act: Act | None) -> str:
    """The number of a case of which the record has nothing, where the held act is its registration."""
    for event in act.events if act is not None else ():
        if event.get("type") == "registered" and isinstance(event.get("number"), str):
            return str(event["number"])
    return ""


def _row(turn: Turn, found: HeldWork, names: Mapping[str, str]) -> dict[str, Any]:
    act = _act(found)
    title = _title(turn, found.case_id)
    return {
        "id": found.id,
        "title": _act_title(turn, found, act),
        "who": case_view.person_name(turn, found.user),
        "device": names.get(found.device, found.device[:12]),
        "case_href": _place(found.case_id) if title else "",
        "case_title": title or _number_in(act) or case_view.unknown_title(turn, found.case_id),
        "reason": act_view.quarantine_reason(turn, found.reason),
        "now_with": turn.say(N_(", ")).join(case_view.unit_name(turn, unit) for unit in found.now_with),
        "since": language.moment_text(turn.lang, found.since, short=True),
        "times": found.times,
        "may_take": _may_take(found),
        "decided": language.moment_text(turn.lang, found.decided_at, short=True) if found.decided_at else "",
        "by": case_view.person_name(turn, found.decided_by) if found.decided_by else "",
        "why": found.why,
    }


def _details(turn: Turn, found: HeldWork, names: Mapping[str, str]) -> dict[str, Any]:
    """What the act says, as far as it can be read: the same words as on a timeline."""
    act = _act(found)
    return {
        **_row(turn, found, names),
        "hash": found.hash[:12],
        "happened": _moment(turn, found.occurred_at),
        "claimed": _moment(turn, found.claimed_at),
        "facts": act_view.facts_of(turn, act) if act and not found.says_who else [],
    }


def _moment(turn: Turn, at: datetime | None) -> str:
    return "" if at is None else language.moment_text(turn.lang, at, seconds=True)
