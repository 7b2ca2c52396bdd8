"""How officers visited enterprises: the plan, the yard without network, two requests, papers, a signature, the end.

Each visit and each of its requests is a document of its own; what is written here is what people typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from py_core.visits import Visit, visit_id
from server.demo.acting import Script, Step, VisitScript
from server.demo.data import Enterprise, enterprises, visits
from server.demo.scene import Scene

PHONE = "13800009{:03d}"  # of a kind that the demonstration uses for enterprises
_DRAWN = (
    (40, 150, 52, 96, 66, 60, 78, 92, 70, 140, 60, 168),
    (96, 70, 150, 66, 146, 92, 120, 118, 98, 134),
    (120, 60, 122, 110, 118, 164, 134, 158),
    (190, 66, 236, 60, 232, 100, 210, 130, 188, 150, 226, 144, 262, 150),
    (286, 58, 292, 112, 288, 170, 306, 150, 330, 120, 352, 150, 372, 168),
)


@dataclass(frozen=True, slots=True)
class VisitStory:
    """One visit of the data file."""

    firm: str
    ago: int
    state: str
    purpose: str
    officers: tuple[str, ...] = ()
    planned_by: str = ""
    unit: str = ""
    summary: str = ""
    reason: str = ""
    papers: Sequence[Mapping[str, Any]] = ()
    returned: Sequence[Mapping[str, Any]] = ()
    requests: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def visit_plays(scene: Scene, new_id: Callable[[], str]) -> Iterator[tuple[str, Script | VisitScript]]:
    """Every visit with its requests as plays under their ids."""
    firms = {firm.id: firm for firm in enterprises()}
    for row in visits():
        story = VisitStory(**row)
        firm = firms[story.firm]
        officers = story.officers or (scene.officer(story.unit).id,)
        day = _day(scene, story.ago)
        begun = scene.hours.moment_on(day, earliest=time(9, 0), latest=time(10, 0))
        travel = scene.travel(True)
        own = visit_id(new_id())
        cases = [new_id() for _ in story.requests]
        phone = PHONE.format(list(firms).index(firm.id))
        yield own, _visit(scene, story, firm, officers, begun, travel, cases, phone)
        for number, (case_id, request) in enumerate(zip(cases, story.requests, strict=True)):
            at = begun + timedelta(minutes=12 + 14 * number)
            yield case_id, _request(scene, firm, officers[0], at, travel, request, own, phone)


def _day(scene: Scene, ago: int) -> date:
    if ago == 0:
        return scene.calendar.roll(scene.today)
    if ago > 0:
        return scene.hours.workday_before(scene.today, ago)
    return scene.calendar.workday_after(scene.today, -ago)


def _visit(
    scene: Scene,
    story: VisitStory,
    firm: Enterprise,
    officers: Sequence[str],
    begun: datetime,
    travel: timedelta,
    cases: Sequence[str],
    phone: str,
) -> VisitScript:
    planner = story.planned_by or officers[0]
    planned_on = scene.hours.workday_before(min(begun.date(), scene.today), 2)
    planned_at = scene.hours.moment_on(planned_on, latest=time(16, 0))
    yield Step(
        planned_at,
        planner,
        "plan",
        {
            "enterprise": firm.name, "code": firm.code, "address": firm.place, "contact": firm.contact, "phone": phone,
            "on": begun.date().isoformat(), "officers": list(officers), "purpose": story.purpose,
            "unit": scene.directory.people[planner].unit,
        },
    )  # fmt: skip
    if story.state == "cancelled":
        at = scene.hours.open_after(planned_at, 90, 200)
        yield Step(at, planner, "cancel", {"reason": story.reason})
    if story.state != "finished":
        return
    officer = officers[0]
    found = yield Step(begun, officer, "start", {"met": firm.contact}, travel)
    for number, case_id in enumerate(cases):
        at = begun + timedelta(minutes=12 + 14 * number)
        papers: tuple[tuple[str, Mapping[str, Any]], ...] = ()
        if number == 0 and story.papers:
            papers = (("take_papers", {"papers": list(story.papers), "case": case_id}),)
        found = yield Step(at, officer, "add_request", {"case": case_id}, travel, also=papers)
    at = begun + timedelta(minutes=42)
    if story.returned:
        yield Step(at, officer, "take_papers", {"papers": list(story.returned)}, travel)
        at += timedelta(minutes=8)
        found = yield Step(at, officer, "return_papers", {"papers": list(story.returned)}, travel)
    at += timedelta(minutes=6)
    assert found is not None
    yield Step(at, officer, "sign", _signature(story, firm, found), travel)
    at += timedelta(minutes=5)
    yield Step(at, officer, "finish", {"summary": story.summary}, travel)


def _signature(story: VisitStory, firm: Enterprise, found: Visit) -> dict[str, Any]:
    lines = [f"走访{firm.name}，编号 {found.value('number')}。"]
    lines += [f"诉求 {place}：{request['title']}。" for place, request in enumerate(story.requests, 1)]
    lines += [f"材料：{paper.name}，收取 {paper.taken} 份，退还 {paper.returned} 份。" for paper in found.papers]
    drawn = {"width": 400, "height": 200, "strokes": [list(line) for line in _DRAWN]}
    return {
        "signed": True, "signer": firm.contact, "strokes": drawn, "shown": "\n".join(lines),
        "content": found.signed_about,
    }  # fmt: skip


def _request(
    scene: Scene,
    firm: Enterprise,
    officer: str,
    at: datetime,
    travel: timedelta,
    request: Mapping[str, Any],
    visit: str,
    phone: str,
) -> Script:
    unit = scene.directory.people[officer].unit
    fields = {
        "pack": "HL", "matter": "enterprise", "offer": "hotline-enterprise", "channel": "visit",
        "offer_version": scene.offer("hotline-enterprise").version, "claimant": "enterprise", "unit": unit,
        "claimant_name": firm.name, "claimant_phone": phone, "claimant_id": firm.code,
        "claimant_address": firm.place, "title": request["title"], "text": request["text"], "place": firm.place,
        "request_kind": "help", "deliver_to": unit, "accept_by": officer, "visit": visit,
    }  # fmt: skip
    yield Step(at, officer, "register", fields, travel)
    if "done" in request:
        answered = scene.hours.workdays_after(at + travel, int(request["done"]))
        yield Step(answered, officer, "reply", {"text": request["reply"], "opinion": "satisfied"})
        yield Step(scene.hours.soon(answered, 5, 30), officer, "feed_back", {"text": request["reply"]})
