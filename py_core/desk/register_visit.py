"""A registration in an enterprise's yard: filled in from the visit, and joined to it by the same answer.

Owns nothing of the registration itself (`register`).
"""

from __future__ import annotations

from py_core.cases.acts import Event
from py_core.desk.enterprises import Enterprise, find_enterprise
from py_core.desk.ports import NewAct
from py_core.desk.recording import new_act
from py_core.desk.register_form import Registration
from py_core.desk.turn import Turn
from py_core.desk.visit_held import OpenVisit, open_visit
from py_core.visits import STARTED, decide_visit, is_visit_id


def prefilled(turn: Turn) -> dict[str, str]:
    """What the register form takes over from `?visit=` or `?enterprise=`; nothing when neither is known here."""
    opened = _started(turn, _asked(turn, "visit"))
    if opened is not None:
        visit = opened.visit
        address = visit.value("address")
        return {
            "visit": opened.id,
            "channel": "visit",
            "claimant": "enterprise",
            "claimant_name": visit.value("enterprise"),
            "claimant_phone": visit.value("phone"),
            "claimant_id": visit.value("code"),
            "claimant_address": address,
            "place": address,
        }
    known = find_enterprise(turn, _asked(turn, "enterprise")) if _asked(turn, "enterprise") else None
    return _of_enterprise(known) if known is not None else {}


def _of_enterprise(known: Enterprise) -> dict[str, str]:
    return {
        "claimant": "enterprise",
        "claimant_name": known.name,
        "claimant_phone": known.phone,
        "claimant_id": known.code,
        "claimant_address": known.address,
    }


def named(turn: Turn, visit_id: str) -> dict[str, str] | None:
    """The visit as the form names it; None for a registration without one."""
    opened = open_visit(turn, visit_id) if visit_id else None
    if opened is None:
        return None
    return {
        "id": opened.id,
        "enterprise": opened.visit.value("enterprise"),
        "number": opened.visit.value("number"),
    }


def joined(turn: Turn, visit_id: str, wanted: Registration, after: int) -> NewAct:
    """The visit's act beside the registration: the request, and the papers that were taken for it.

    Raises `Refused` when the visit takes no request (any more).
    """
    opened = open_visit(turn, visit_id)
    visit = opened.visit if opened is not None else None
    case = {"case": wanted.case_id}
    events: list[Event] = list(decide_visit(visit, "add_request", case, wanted.occurred_at))
    if wanted.fields.get("materials"):
        events.append({"type": "papers_taken", "papers": wanted.fields["materials"], **case})
    return new_act(turn, visit_id, "add_request", events, wanted.occurred_at, after=after)


def back_to(visit_id: str, done: str) -> str:
    """Where a registration in a visit leads; "" without a visit."""
    return f"/visits/{visit_id}?done={done}" if is_visit_id(visit_id) else ""


def _started(turn: Turn, visit_id: str) -> OpenVisit | None:
    opened = open_visit(turn, visit_id) if visit_id else None
    return opened if opened is not None and opened.visit.state == STARTED else None


def _asked(turn: Turn, name: str) -> str:
    return (turn.request.query.get(name) or [""])[-1][:64]
