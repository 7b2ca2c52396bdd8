"""Which cases the demo city has had in the last year, and how far each has come by `now`.

Owns the mixture (open and closed, lights, towns, seasons); what people do in a case is in the scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeVar

from server.demo.acting import Script
from server.demo.counter_script import Visit, counter
from server.demo.data import Service, Topic, services, topics
from server.demo.hotline_script import LIMITS, Course, hotline
from server.demo.scene import Scene, limit_of
from server.demo.telling import Teller, Telling, firms_of

HISTORY_DAYS = 352
SETTLED_DAYS = 28  # cases older than this are closed; younger ones are placed one by one
RURAL = ("xingqiao", "liuxi", "shibu", "qinghe")
TOWNS = (*RURAL, "yuntang", "nanmen")


_Matter = TypeVar("_Matter", Topic, Service)


class OpenRequest(NamedTuple):
    """An open hotline request: `ago` working days since dispatch, `rest` of the course."""

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
    yield from _settled_requests(scene, teller)
    yield from _settled_applications(scene, teller)


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
    ]


def _with_its_past(scene: Scene, teller: Teller, request: OpenRequest, used: Counter[str]) -> Iterator[Script]:
    """An open request; the same matter told before by others at the same place is closed history."""
    month = scene.today.month
    fitting = [
        topic
        for topic in topics()
        if topic.matter == request.matter
        and (topic.to == request.unit or (topic.to == "town" and _fits(topic, request.unit)))
        and (not topic.months or month in topic.months)
    ]
    topic = _least_used(scene, fitting, used, "id")
    town = request.unit if request.unit in TOWNS else scene.random.choice([t for t in TOWNS if _fits(topic, t)])
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
            yield hotline(scene, telling, _closed_course(scene, telling, day))


def _open_application(scene: Scene, teller: Teller, visit: OpenVisit, used: Counter[str]) -> Script:
    service = _least_used(scene, [service for service in services() if _suits(scene, service, visit)], used, "offer")
    limit, _ = limit_of(scene.offer(service.offer))
    town = visit.unit if visit.unit in TOWNS else scene.random.choice(_towns_of(service))
    telling = teller.application(service, town, visit.unit, scene.random.randrange(len(service.texts)))
    ago = max(0, min(limit - visit.left, limit + 6)) if visit.goal in ("accepted", "completed") else 3
    if visit.incomplete:
        ago = 2 if visit.goal == "told" else 1
    if visit.extended_by:
        ago = limit + visit.extended_by - visit.left
    day = scene.hours.workday_before(scene.today, ago)
    latest = time(10, 30) if day == scene.today else time(16, 30)
    return counter(
        scene,
        telling,
        Visit(
            came_at=_not_after_now(scene, scene.hours.moment_on(day, latest=latest)),
            goal="extended" if visit.extended_by else visit.goal,
            done_after=max(1, ago - 1),
            incomplete=visit.incomplete,
            procedure=visit.procedure,
            procedure_days=9,
            extended_by=visit.extended_by,
            offline=visit.offline,
        ),
    )


def _settled_requests(scene: Scene, teller: Teller) -> Iterator[Script]:
    """Every telling once or, for the commonest matters, twice; repeats come within days of each other."""
    contradicted = False  # one double acceptance of the past, decided by the centre
    for number, topic in enumerate(topics()):
        towns = [town for town in TOWNS if _fits(topic, town)]
        if topic.apart:
            for which in range(len(topic.texts)):
                telling = next(teller.incident(topic, scene.random.choice(towns), [which]))
                yield hotline(scene, telling, _closed_course(scene, telling, _past_day(scene, telling.months)))
            continue
        if number % 3 == 2:
            yield from _lately_settled(scene, teller, topic)
            continue
        day = _past_day(scene, topic.months)
        for telling in list(teller.incident(topic, scene.random.choice(towns)))[:2]:
            twice = topic.to == "town" and not contradicted
            contradicted = contradicted or twice
            yield hotline(scene, telling, _closed_course(scene, telling, day, twice=twice))
            day = min(day + timedelta(days=scene.random.randint(1, 16)), scene.today - timedelta(days=SETTLED_DAYS - 6))


def _lately_settled(scene: Scene, teller: Teller, topic: Topic) -> Iterator[Script]:
    """Requests of the last weeks that ran smoothly: the open ones are not all that happened lately."""
    for telling in list(teller.incident(topic, scene.random.choice([t for t in TOWNS if _fits(topic, t)])))[:2]:
        day = scene.today - timedelta(days=scene.random.randint(13, SETTLED_DAYS))
        if not topic.months or day.month in topic.months:
            called_at = scene.hours.call_on(day)
            yield hotline(scene, telling, Course(called_at=called_at, reply_after=scene.random.randint(0, 3)))


def _settled_applications(scene: Scene, teller: Teller) -> Iterator[Script]:
    for service in services():
        units = scene.offer(service.offer).units
        limit, _ = limit_of(scene.offer(service.offer))
        for which in (*range(len(service.texts)), *range(0, len(service.texts), 2)):
            town = scene.random.choice([t for t in _towns_of(service) if t in units] or _towns_of(service))
            unit = town if town in units else scene.random.choice([u for u in units if u not in TOWNS])
            telling = teller.application(service, town, unit, which)
            late = scene.chance(0.05)
            procedure = bool(service.procedure) and scene.chance(0.5)
            yield counter(
                scene,
                telling,
                Visit(
                    came_at=scene.hours.moment_on(_past_workday(scene, 45), latest=time(16, 30)),
                    done_after=limit + 1 if late else scene.random.randint(min(1, limit - 1), max(1, limit - 1)),
                    incomplete=scene.chance(0.25),
                    papers_after=scene.random.randint(2, 9),
                    procedure=procedure,
                    procedure_days=scene.random.randint(2, 6),
                    extended_by=3 if limit >= 10 and not late and not procedure and scene.chance(0.12) else 0,
                    unsigned=scene.chance(0.04),
                    offline=unit in RURAL and scene.chance(0.2),
                ),
            )


def _closed_course(scene: Scene, telling: Telling, day: date, twice: bool = False) -> Course:
    limit = LIMITS[telling.matter]
    draw = 0.5 if twice else scene.random.random()
    late = draw < 0.04
    extended = 0.04 <= draw < 0.10
    other = [unit for unit in ("zhujian", "chengguan", "shuili", *TOWNS) if unit != telling.unit]
    return Course(
        called_at=scene.hours.call_on(day),
        reply_after=limit + 2 if late else limit + 2 if extended else scene.random.randint(0, limit - 1),
        extended_by=5 if extended else 0,
        returned_to=scene.random.choice(other[:3]) if telling.matter == "citizen" and 0.10 <= draw < 0.13 else "",
        supervised=late,
        sent_back=0.13 <= draw < 0.16,
        satisfied=draw < 0.9,
        offline=telling.unit in RURAL and not extended and scene.chance(0.12),
        twice=twice,
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


def _past_day(scene: Scene, months: tuple[int, ...]) -> date:
    days = [scene.today - timedelta(days=ago) for ago in range(SETTLED_DAYS, HISTORY_DAYS)]
    return scene.random.choice([day for day in days if not months or day.month in months])


def _past_workday(scene: Scene, days_min: int) -> date:
    day = scene.today - timedelta(days=scene.random.randint(days_min, HISTORY_DAYS))
    return scene.hours.workday_before(day, 0)


def _fits(topic: Topic, town: str) -> bool:
    """Fields and farms are in the rural towns; enterprises where they are; everything else is everywhere."""
    if topic.firms:
        return bool(firms_of(town, topic.firms))
    return town in (RURAL if topic.place == "village" else TOWNS)


def _towns_of(service: Service) -> list[str]:
    if service.firms:
        return [town for town in TOWNS if firms_of(town, service.firms)]
    return list(RURAL if service.place == "village" else TOWNS)


def _suits(scene: Scene, service: Service, visit: OpenVisit) -> bool:
    offer = scene.offer(service.offer)
    if visit.unit not in offer.units or (visit.unit in TOWNS and visit.unit not in _towns_of(service)):
        return False
    limit, unit = limit_of(offer)
    if visit.procedure or visit.incomplete:
        return (not visit.procedure or bool(service.procedure)) and limit >= 5
    if visit.extended_by:
        return limit >= 8
    return unit == "workday" and limit > visit.left and limit >= 3
