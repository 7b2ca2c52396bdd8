"""What a case and the documents beside it must fulfil that say who reported or complained (`py_core.reporters`): no case
says it, each document is its taker's, and each complaint names one of its own. Part of the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.cases.acts import Act, read_act
from py_core.change import decode_act_change
from py_core.packs import Packs
from py_core.reporters import TELLING, TOLD, complaints_beside, gives_away, reporter_id
from server.candidates import Candidate, CaseSoFar, Plan, Refusal
from server.log_view import LogView
from server.recorded import recorded_act


def check_beside(view: LogView, candidate: Candidate, case: CaseSoFar, plan: Plan, packs: Packs) -> None:
    """Whether a candidate tells who reported or complained where it may, and only there; raises `Refusal`."""
    if gives_away(_beginning(case, candidate.act), candidate.act.events, packs):
        raise Refusal("reporter_in_case")
    if any(event["type"] == TOLD for event in candidate.act.events):
        _check_reporter(view, candidate, case, plan)
    _check_complaints(candidate, case)


def _check_reporter(view: LogView, candidate: Candidate, case: CaseSoFar, plan: Plan) -> None:
    """Who reported or complains is told once, by who took that down, as far as the record has the case already."""
    if case.known or len(candidate.act.events) != 1:
        raise Refusal("second_beginning")
    told, document = candidate.act.events[0], candidate.submission.case_id
    planned = plan.cases.get(told["case"])
    begun = planned.known if planned is not None else view.known_of(told["case"])
    if not begun:
        return
    if any(entry.residue is not None for entry in begun.values()):
        raise Refusal("case_erased")  # it would outlive what it belongs to
    if told.get("complaint"):
        acts = (recorded_act(entry).act for entry in begun.values())
        taker = next((each.user for each in acts if document in complaints_beside(each.events)), None)
        if taker is None:  # its complaint came too late itself, or there is none
            raise Refusal("foreign_scope")
        own = taker == candidate.act.user
    else:
        own = recorded_act(next(iter(begun.values()))).act.user == candidate.act.user
    if not own:
        raise Refusal("reporter_of_others_case")


def _check_complaints(candidate: Candidate, case: CaseSoFar) -> None:
    """Each complaint of a case names a document of its own: not the reporter's, and none that is another's."""
    named = complaints_beside(candidate.act.events)
    if not named:
        return
    of_others = [reporter_id(candidate.submission.case_id)]
    for entry in case.known.values():
        of_others += complaints_beside(recorded_act(entry).act.events)
    if len({*named}) < len(named) or not {*named}.isdisjoint(of_others):
        raise Refusal("reporter_of_others_case")


def _beginning(case: CaseSoFar, act: Act) -> Mapping[str, Any]:
    """The registration of the case that an act is for; nothing where it matters to nobody."""
    if all(TELLING.isdisjoint(event) for event in act.events):
        return {}
    first = read_act(decode_act_change(next(iter(case.known.values())).raw).text) if case.known else act
    return next((event for event in first.events if event.get("type") == "registered"), {})
