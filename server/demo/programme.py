"""Which cases the demo city has had in the last year, and how far each has come by `now`.

Owns the mixture (open and closed, lights, towns, seasons); what people do in a case is in the scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple, TypeVar

from server.demo.acting import Script
from server.demo.counter_script import Visit, counter
from server.demo.data import Service, Topic, services, topics
from server.demo.hotline_script import Course, hotline
from server.demo.past import (
    SETTLED_DAYS,
    TOWNS,
    closed_course,
    fits,
    settled_applications,
    settled_requests,
    towns_of,
)
from server.demo.scene import Scene, limit_of
from server.demo.telling import Teller

_Matter = TypeVar("_Matter", Topic, Service)


class OpenRequest(NamedTuple):
    """An open hotline request, dispatched `ago` working days before today; the rest as in `Course`."""

    unit: str
    ago: int
    matter: str = "citizen"
    goal: str = "accepted"
    extended_by: int = 0
    reply_after: int = 3
    supervised: bool = False
    offline: bool = False
    twice: bool = False
    decided: bool = True


class OpenVisit(NamedTuple):
    """An open application: `left` working days until its promise ends (negative: overdue)."""

    unit: str
    left: int
    goal: str = "accepted"
    incomplete: bool = False
    procedure: bool = False
    extended_by: int = 0
    offline: bool = False


def programme(scene: Scene, teller: Teller) -> Iterator[Script]:
    """All cases of the city; the open ones first, because the past cases like them belong to them."""
    used: Counter[str] = Counter()
    for request in _open_requests():
        yield from _with_its_past(scene, teller, request, used)
    for visit in _open_visits():
        yield _open_application(scene, teller, visit, used)
    yield from settled_requests(scene, teller)
    yield from settled_applications(scene, teller)


def _open_requests() -> list[OpenRequest]:
    fresh = [OpenRequest(town, 0, goal="delivered") for town in TOWNS]
    own = [
        # The township whose officers have accounts has every light.
        OpenRequest("xingqiao", 0),
        OpenRequest("xingqiao", 1, offline=True),
        OpenRequest("xingqiao", 2),
        OpenRequest("xingqiao", 3),
        OpenRequest("xingqiao", 4),
        OpenRequest("xingqiao", 5),
        OpenRequest("xingqiao", 7),
        OpenRequest("xingqiao", 6, goal="extended", extended_by=5),
        OpenRequest("xingqiao", 4, goal="extension_requested"),
        OpenRequest("xingqiao", 6, matter="enterprise"),
        OpenRequest("xingqiao", 14, matter="enterprise"),
        OpenRequest("xingqiao", 1, twice=True, decided=False),
        OpenRequest("xingqiao", 3, goal="replied", reply_after=2),
    ]
    others = [
        OpenRequest("liuxi", 1),
        OpenRequest("liuxi", 3),
        OpenRequest("liuxi", 5, matter="enterprise"),
        OpenRequest("shibu", 2),
        OpenRequest("shibu", 4),
        OpenRequest("shibu", 8, supervised=True),
        OpenRequest("qinghe", 0),
        OpenRequest("qinghe", 5),
        OpenRequest("qinghe", 7, goal="extended", extended_by=8),
        OpenRequest("yuntang", 1),
        OpenRequest("yuntang", 2, goal="fed_back", reply_after=1),
        OpenRequest("nanmen", 3),
        OpenRequest("nanmen", 2),
        OpenRequest("zhujian", 1),
        OpenRequest("zhujian", 3),
        OpenRequest("zhujian", 6),
        OpenRequest("zhujian", 5, goal="reviewed", reply_after=2),
        OpenRequest("chengguan", 0, goal="delivered"),
        OpenRequest("chengguan", 2),
        OpenRequest("chengguan", 4),
        OpenRequest("renshe", 2),
        OpenRequest("renshe", 10, matter="enterprise"),
        OpenRequest("shichang", 1),
        OpenRequest("shichang", 4, goal="fed_back", reply_after=3),
        OpenRequest("shuili", 1),
        OpenRequest("jiaotong", 3),
        OpenRequest("huanjing", 2),
        OpenRequest("nongye", 4),
        OpenRequest("jiaoyu", 1),
    ]
    return fresh + own + others


def _open_visits() -> list[OpenVisit]:
    return [
        OpenVisit("xingqiao", 9),
        OpenVisit("xingqiao", 5, offline=True),
        OpenVisit("xingqiao", 2),
        OpenVisit("xingqiao", 1),
        OpenVisit("xingqiao", 0),
        OpenVisit("xingqiao", 0, goal="told", incomplete=True),
        OpenVisit("xingqiao", 12, goal="procedure", procedure=True),
        OpenVisit("liuxi", 4),
        OpenVisit("liuxi", 0, goal="told", incomplete=True),
        OpenVisit("shibu", 7),
        OpenVisit("shibu", 8, goal="procedure", procedure=True),
        OpenVisit("qinghe", -2),
        OpenVisit("qinghe", 3),
        OpenVisit("yuntang", 6),
        OpenVisit("yuntang", 0, goal="received", incomplete=True),
        OpenVisit("nanmen", 2),
        OpenVisit("shenpi", 1),
        OpenVisit("shenpi", 3, goal="completed"),
        OpenVisit("shenpi", 4, extended_by=3),
        OpenVisit("shenpi", 0, goal="told", incomplete=True),
        OpenVisit("shehui", 8),
        OpenVisit("zhujian", 2),
        OpenVisit("chengguan", 4),
        OpenVisit("xingqiao", 1, goal="extension_requested", extended_by=3),
    ]


def _with_its_past(scene: Scene, teller: Teller, request: OpenRequest, used: Counter[str]) -> Iterator[Script]:
    """An open request; the same matter told before by others at the same place is closed history."""
    month = scene.today.month
    fitting = [
        topic
        for topic in topics()
        if topic.matter == request.matter
        and (topic.to == request.unit or (topic.to == "town" and fits(topic, request.unit)))
        and (not topic.months or month in topic.months)
    ]
    topic = _least_used(scene, fitting, used, "id")
    town = request.unit if request.unit in TOWNS else scene.random.choice([t for t in TOWNS if fits(topic, t)])
    first, *earlier = list(teller.incident(topic, town))
    called_at = _dispatched(scene, request.ago)
    course = Course(
        called_at=called_at,
        goal=request.goal,
        reply_after=request.reply_after,
        extended_by=request.extended_by,
        supervised=request.supervised,
        offline=request.offline,
        twice=request.twice,
        decided=request.decided,
    )
    yield hotline(scene, first, course)
    if not topic.apart:
        for telling in earlier:
            day = scene.today - timedelta(days=scene.random.randint(SETTLED_DAYS, 150))
            yield hotline(scene, telling, closed_course(scene, telling, day))


def _open_application(scene: Scene, teller: Teller, visit: OpenVisit, used: Counter[str]) -> Script:
    service = _least_used(scene, [service for service in services() if _suits(scene, service, visit)], used, "offer")
    limit, _ = limit_of(scene.offer(service.offer))
    town = visit.unit if visit.unit in TOWNS else scene.random.choice(towns_of(service))
    telling = teller.application(service, town, visit.unit, scene.random.randrange(len(service.texts)))
    asked_only = visit.goal == "extension_requested"
    counted = asked_only or visit.goal in ("accepted", "completed")
    ago = max(0, min(limit - visit.left, limit + 6)) if counted else 3
    if visit.incomplete:
        ago = 2 if visit.goal == "told" else 1
    if visit.extended_by and not asked_only:
        ago = limit + visit.extended_by - visit.left
    day = scene.hours.workday_before(scene.today, ago)
    latest = time(10, 30) if day == scene.today else time(16, 30)
    return counter(
        scene,
        telling,
        Visit(
            came_at=_not_after_now(scene, scene.hours.moment_on(day, latest=latest)),
            goal="extended" if visit.extended_by and not asked_only else visit.goal,
            done_after=max(1, ago - 1),
            incomplete=visit.incomplete,
            procedure=visit.procedure,
            procedure_days=9,
            extended_by=visit.extended_by,
            offline=visit.offline,
        ),
    )


def _dispatched(scene: Scene, ago: int) -> datetime:
    """A call so many working days ago, early enough that the day's later acts are over by now."""
    day = scene.hours.workday_before(scene.today, ago)
    latest = time(9, 30) if day == scene.today else time(15, 30)
    return _not_after_now(scene, scene.hours.moment_on(day, latest=latest))


def _not_after_now(scene: Scene, moment: datetime) -> datetime:
    """The same moment, or the working day before when the city was built too early in the day for it."""
    if moment + timedelta(hours=1) <= scene.now:
        return moment
    day = scene.hours.workday_before(moment.date(), 1)
    return scene.hours.moment_on(day, earliest=time(14, 0), latest=time(16, 0))


def _least_used(scene: Scene, fitting: list[_Matter], used: Counter[str], key: str) -> _Matter:
    """One of those that occurred least so far; it counts as used."""
    least = min(used[getattr(each, key)] for each in fitting)
    chosen = scene.random.choice([each for each in fitting if used[getattr(each, key)] == least])
    used[getattr(chosen, key)] += 1
    return chosen


def _suits(scene: Scene, service: Service, visit: OpenVisit) -> bool:
    offer = scene.offer(service.offer)
    if visit.unit not in offer.units or (visit.unit in TOWNS and visit.unit not in towns_of(service)):
        return False
    limit, unit = limit_of(offer)
    if visit.procedure or visit.incomplete:
        return (not visit.procedure or bool(service.procedure)) and limit >= 5
    if visit.extended_by:
        return limit >= 8
    return unit == "workday" and limit > visit.left and limit >= 3
