"""How a hotline request runs: call, dispatch, acceptance, reply with the person's view, feedback, review, call-back.

Each script stops where `Course.goal` says; everything later has not happened yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from server.demo.acting import Script, Step
from server.demo.scene import HOTLINE, REVIEWER, Scene
from server.demo.telling import Telling

GOALS = ("delivered", "accepted", "extension_requested", "extended", "replied", "fed_back", "reviewed", "called_back")


@dataclass(frozen=True, slots=True)
class Course:
    """What happens to one request. `reply_after` counts working days after dispatch."""

    called_at: datetime
    goal: str = "called_back"
    reply_after: int = 3
    extended_by: int = 0
    returned_to: str = ""  # the unit to which it is sent on after a return
    supervised: bool = False
    sent_back: bool = False
    satisfied: bool = True
    walk_in: bool = False  # told at the town's own counter instead of the telephone
    offline: bool = False  # accepted on a visit without network
    twice: bool = False  # two officers accept it, both offline
    decided: bool = True  # and the centre has decided which acceptance counts

    def reaches(self, goal: str) -> bool:
        return GOALS.index(self.goal) >= GOALS.index(goal)


def hotline(scene: Scene, telling: Telling, course: Course) -> Script:
    """One request from the call on."""
    hours, dispatcher, unit = scene.hours, scene.dispatcher(), telling.unit
    yield Step(course.called_at, dispatcher, "register", _registration(scene, telling))
    at = hours.soon(course.called_at, 4, 25)
    first_unit = course.returned_to and unit
    yield Step(at, dispatcher, "deliver", {"to": unit})
    if course.returned_to:
        officer = scene.officer(first_unit).id
        at = hours.open_after(at, 30, 150)
        yield Step(at, officer, "request_return", {"reason": scene.phrase("return_reason")})
        at = hours.open_after(at, 20, 90)
        unit = course.returned_to
        yield Step(at, dispatcher, "deliver", {"to": unit})
    delivered_at = at
    if not course.reaches("accepted"):
        return
    officer = scene.officer(unit).id
    if course.twice:
        officer, at = yield from _accept_twice(scene, unit, at, course.decided)
    else:
        at = hours.open_after(at, 5, 160)
        travel = scene.travel(course.offline)
        yield Step(at, officer, "accept", {"by": officer}, travel)
        at += travel
    due = scene.workday_after(delivered_at, scene.limit_days(telling.pack, telling.matter))
    if course.extended_by or course.goal.startswith("exten"):
        asked_on = scene.calendar.workday_before(due, scene.random.choice((1, 1, 2)))
        at = max(hours.open_after(at, 15, 60), hours.moment_on(asked_on, latest=time(11, 0)))
        days = course.extended_by or 5
        reason = scene.phrase("extension_reason")
        yield Step(at, officer, "request_extension", {"reason": reason, "workdays": days})
        if not course.reaches("extended"):
            return
        at = hours.open_after(at, 15, 60)
        yield Step(at, REVIEWER, "approve_extension", {"by_role": "dispatch_desk", "workdays": days})
        at = hours.open_after(at, 5, 40)
        until = scene.calendar.workday_after(due, days)
        yield Step(at, officer, "notify_extension", {"reason": reason, "until": until.isoformat(), "form": "oral"})
        due = until
    if not course.reaches("replied"):
        if course.supervised:
            at = hours.moment_on(scene.calendar.workday_after(due, 1), latest=time(11, 20))
            fields = {"trigger": "HL-8(1)", "instruction": scene.phrase("supervision")}
            yield Step(at, REVIEWER, "start_supervision", fields)
        return
    yield from _finish(scene, telling, course, officer, at, delivered_at)


def _finish(
    scene: Scene, telling: Telling, course: Course, officer: str, at: datetime, delivered_at: datetime
) -> Script:
    hours, dispatcher = scene.hours, scene.dispatcher()
    reply_on = scene.workday_after(delivered_at, course.reply_after) if course.reply_after else at.date()
    if course.supervised:
        late_on = scene.workday_after(delivered_at, scene.limit_days(telling.pack, telling.matter) + 1)
        at = max(hours.open_after(at, 10, 30), hours.moment_on(late_on, latest=time(11, 0)))
        fields = {"trigger": "HL-8(1)", "instruction": scene.phrase("supervision")}
        yield Step(at, REVIEWER, "start_supervision", fields)
    at = _later(scene, at, reply_on)
    opinion = "satisfied" if course.satisfied else "unsatisfied"
    if course.satisfied and scene.chance(0.12):
        opinion = "asked_no_view"
    yield Step(at, officer, "reply", {"text": telling.result, "opinion": opinion})
    if not course.reaches("fed_back"):
        return
    at = hours.soon(at, 4, 35)
    yield Step(at, officer, "feed_back", {"text": telling.result})
    if not course.reaches("reviewed"):
        return
    at = hours.open_after(at, 60, 420)
    if course.sent_back:
        yield Step(at, REVIEWER, "return_review", {"reason": scene.phrase("review_returned")})
        at = hours.open_after(at, 30, 200)
        yield Step(at, officer, "reply", {"text": telling.result, "opinion": opinion})
        at = hours.soon(at, 4, 20)
        yield Step(at, officer, "feed_back", {"text": telling.result})
        at = hours.open_after(at, 60, 300)
    yield Step(at, REVIEWER, "pass_review")
    if not course.reaches("called_back"):
        return
    at = hours.open_after(at, 30, 600)
    heard: dict[str, Any] = {"result": "satisfied", "consistent": True}
    if not course.satisfied:
        yield Step(at, dispatcher, "call_back", heard | {"result": "unsatisfied", "note": scene.phrase("unsatisfied")})
        at = hours.workdays_after(at, 2)
        heard["note"] = scene.phrase("followed_up")
    elif scene.chance(0.06):
        note = scene.phrase("unreachable")
        yield Step(at, dispatcher, "call_back", {"result": "unreachable", "note": note})
        at = hours.workdays_after(at, 1)
    yield Step(at, dispatcher, "call_back", heard)


def _accept_twice(scene: Scene, unit: str, at: datetime, decided: bool) -> Any:
    """Both officers of a unit take the same request on visits without network; returns who answers from when."""
    one, other = (person.id for person in scene.officers(unit)[:2])
    first = scene.hours.open_after(at, 40, 90)
    second = scene.hours.soon(first, 9, 24)
    home = scene.hours.soon(first, 185, 215)
    later = scene.hours.soon(home, 6, 31)
    yield Step(first, one, "accept", {"by": one}, home - first)
    case = yield Step(second, other, "accept", {"by": other}, later - second, unseen=1)
    at = later
    if decided:
        at = scene.hours.open_after(at, 30, 120)
        acts = list(case.acts[-2:])
        by_one = next(fact.act for fact in (*case.facts,) if fact.type == "accepted")
        fields = {"code": "double_acceptance", "acts": acts, "decision": by_one}
        yield Step(at, REVIEWER, "resolve_contradiction", {**fields, "reason": scene.phrase("reconciliation")})
    return one, at


def _later(scene: Scene, at: datetime, day: date) -> datetime:
    """A moment at the counter on the day, but after what happened before."""
    earliest = scene.hours.open_after(at, 25, 100)
    if earliest.date() >= day:
        return earliest
    return scene.hours.moment_on(day, latest=time(16, 40))


def _registration(scene: Scene, telling: Telling) -> Mapping[str, Any]:
    offer = scene.offer(telling.offer)
    fields = {
        "pack": telling.pack,
        "matter": telling.matter,
        "channel": "hotline",
        "claimant": telling.claimant,
        "offer": offer.id,
        "offer_version": offer.version,
        "title": telling.title,
        "text": telling.text,
        "place": telling.place,
        "unit": HOTLINE,
        "claimant_name": telling.claimant_name,
        "claimant_phone": telling.claimant_phone,
        "claimant_id": telling.claimant_id,
        "claimant_address": telling.claimant_address,
        "request_kind": telling.kind,
    }
    return {name: value for name, value in fields.items() if value != ""}
