"""How an application with a published promise runs at a counter: registration, papers, receipt, handling, document.

Each script stops where `Visit.goal` says; everything later has not happened yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from py_core.directory import Person
from py_core.values import local
from server.demo.acting import Script, Step
from server.demo.data import phrases
from server.demo.scene import Scene, due_after, limit_of
from server.demo.telling import Telling

GOALS = ("received", "told", "accepted", "procedure", "extension_requested", "extended", "completed", "replied")
COMPLETION = {
    "decision_issued": "issue_decision",
    "certificate_issued": "issue_certificate",
    "forwarded_up": "forward_up",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """What happens to one application. `done_after` counts working days from complete papers."""

    came_at: datetime
    goal: str = "replied"
    done_after: int = 3
    incomplete: bool = False
    papers_after: int = 4  # working days until the missing papers come
    procedure: bool = False
    procedure_days: int = 4
    extended_by: int = 0
    unsigned: bool = False
    offline: bool = False

    def reaches(self, goal: str) -> bool:
        return GOALS.index(self.goal) >= GOALS.index(goal)


def counter(scene: Scene, telling: Telling, visit: Visit) -> Script:
    """One application from the moment the person stands at the counter."""
    hours, at = scene.hours, visit.came_at
    officer = scene.officer(telling.unit)
    offer = scene.offer(telling.offer)
    number, in_units = limit_of(offer)
    travel = scene.travel(visit.offline)
    missing = list(telling.missing)[: 1 + scene.random.randint(0, 1)] if visit.incomplete else []
    papers = [
        {"name": name, "copies": 1} for name in offer.materials if not any(name[:6] in lacking for lacking in missing)
    ]
    received = ("receive_materials", {"complete": not visit.incomplete, "materials": papers})
    registration = _registration(scene, telling, visit, papers)
    if not visit.incomplete:
        taken = (received, *_acceptance(scene, telling, officer, at))
        yield Step(at, officer.id, "register", registration, travel, also=taken)
        complete_at = at
        at += travel
    else:
        yield Step(at, officer.id, "register", registration, travel, also=(received,))
        if not visit.reaches("told"):
            return
        at = hours.open_after(at + travel, 10, 500)
        fields: dict[str, Any] = {"items": missing, "form": "written", "overlooked": False}
        yield Step(at, officer.id, "notify_correction", fields)
        if not visit.reaches("accepted"):
            return
        at = hours.workdays_after(at, visit.papers_after, latest=time(15, 30))
        complete_at = at
        brought = {"materials": [{"name": name, "copies": 1} for name in missing]}
        taken = _acceptance(scene, telling, officer, at)
        yield Step(at, officer.id, "complete_materials", brought, also=taken)
    promised = due_after(scene, local(complete_at).date(), number, in_units)
    done_on = scene.workday_after(complete_at, visit.done_after)
    if visit.procedure and telling.procedure:
        at = hours.workdays_after(at, 1, latest=time(11, 0))
        fields = {
            "id": "1",
            "procedure": telling.procedure,
            "told": True,
            "expected_workdays": visit.procedure_days,
        }
        yield Step(at, officer.id, "start_procedure", fields)
        if visit.goal == "procedure":
            return
        at = hours.workdays_after(at, visit.procedure_days)
        yield Step(at, officer.id, "finish_procedure", {"id": "1"})
        done_on = scene.workday_after(at, max(1, visit.done_after - 2))
    if visit.extended_by:
        asked_on = scene.calendar.workday_before(promised, 2)
        at = max(hours.open_after(at, 10, 40), hours.moment_on(asked_on, latest=time(11, 0)))
        reason = scene.phrase("extension_reason")
        yield Step(at, officer.id, "request_extension", {"reason": reason, "workdays": visit.extended_by})
        if visit.goal == "extension_requested":
            return
        at = hours.open_after(at, 20, 90)
        approval = {"by_role": "unit_head", "workdays": visit.extended_by, "opinion": scene.phrase("opinion")}
        yield Step(at, scene.head(telling.unit).id, "approve_extension", approval)
        at = hours.open_after(at, 10, 50)
        until = scene.calendar.workday_after(promised, visit.extended_by)
        yield Step(
            at, officer.id, "notify_extension", {"reason": reason, "until": until.isoformat(), "form": "written"}
        )
        done_on = scene.calendar.workday_before(until, 1)
    if not visit.reaches("completed"):
        return
    earliest = hours.open_after(at, 20, 120)
    at = earliest if earliest.date() >= done_on else hours.moment_on(done_on, latest=time(16, 40))
    ending = offer.completion_event or "decision_issued"
    fields = (
        {"to": phrases()["superior"], "note": telling.result} if ending == "forwarded_up" else {"text": telling.result}
    )
    yield Step(at, officer.id, COMPLETION[ending], fields)
    if not visit.reaches("replied"):
        return
    at = hours.open_after(at, 5, 120)
    yield Step(at, officer.id, "reply", {"text": scene.phrase("collected")})


def _acceptance(
    scene: Scene, telling: Telling, officer: Person, at: datetime
) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Acceptance and receipt (JY-3.2.7), as the counter's form makes them with complete papers."""
    number, in_units = limit_of(scene.offer(telling.offer))
    receipt = {
        "first_responder_phone": officer.phone,
        "promised": due_after(scene, local(at).date(), number, in_units).isoformat(),
        "complaint_phone": scene.unit(telling.unit).complaint_phone,
    }
    return ("accept", {"by": officer.id}), ("issue_receipt", receipt)


def _registration(scene: Scene, telling: Telling, visit: Visit, papers: list[dict[str, Any]]) -> Mapping[str, Any]:
    offer = scene.offer(telling.offer)
    fields = {
        "pack": telling.pack,
        "matter": telling.matter,
        "channel": "walk_in",
        "claimant": telling.claimant,
        "signed": not visit.unsigned,
        "unsigned_reason": scene.phrase("no_signature_reason") if visit.unsigned else "",
        "offer": offer.id,
        "offer_version": offer.version,
        "promise": offer.promise,
        "statutory": offer.statutory,
        "completion_event": offer.completion_event,
        "title": telling.title,
        "text": telling.text,
        "place": telling.place,
        "unit": telling.unit,
        "claimant_name": telling.claimant_name,
        "claimant_phone": telling.claimant_phone,
        "claimant_id": telling.claimant_id,
        "claimant_address": telling.claimant_address,
        "materials": papers,
        "identity_told": True,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}
