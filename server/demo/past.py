"""The closed cases of the demo city's last year: each telling about once, repeats within days, a few that went wrong.

Owns the mixture of what is over; what is still open is in `programme`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

from server.demo.acting import Script
from server.demo.counter_script import Visit, counter
from server.demo.data import Service, Topic, services, topics
from server.demo.hotline_script import Course, hotline
from server.demo.scene import Scene, limit_of
from server.demo.telling import Teller, Telling, firms_of

HISTORY_DAYS = 352
SETTLED_DAYS = 28  # cases older than this are closed; younger ones are placed one by one
RURAL = ("xingqiao", "liuxi", "shibu", "qinghe")
TOWNS = (*RURAL, "yuntang", "nanmen")


def settled_requests(scene: Scene, teller: Teller) -> Iterator[Script]:
    """The year of the hotline: single matters, and matters told by two people within days of each other."""
    contradicted = False  # one double acceptance of the past, decided by the centre
    for number, topic in enumerate(topics()):
        towns = [town for town in TOWNS if fits(topic, town)]
        if topic.apart:
            for which in range(len(topic.texts)):
                telling = next(teller.incident(topic, scene.random.choice(towns), [which]))
                yield hotline(scene, telling, closed_course(scene, telling, _past_day(scene, telling.months)))
            continue
        if number % 3 == 2:
            yield from _lately_settled(scene, teller, topic)
            continue
        day = _past_day(scene, topic.months)
        for telling in list(teller.incident(topic, scene.random.choice(towns)))[:2]:
            twice = topic.to == "town" and not contradicted
            contradicted = contradicted or twice
            yield hotline(scene, telling, closed_course(scene, telling, day, twice=twice))
            day = min(day + timedelta(days=scene.random.randint(1, 16)), scene.today - timedelta(days=SETTLED_DAYS - 6))


def _lately_settled(scene: Scene, teller: Teller, topic: Topic) -> Iterator[Script]:
    """Requests of the last weeks that ran smoothly: the open ones are not all that happened lately."""
    for telling in list(teller.incident(topic, scene.random.choice([t for t in TOWNS if fits(topic, t)])))[:2]:
        day = scene.today - timedelta(days=scene.random.randint(13, SETTLED_DAYS))
        if not topic.months or day.month in topic.months:
            called_at = scene.hours.call_on(day)
            yield hotline(scene, telling, Course(called_at=called_at, reply_after=scene.random.randint(0, 3)))


def settled_applications(scene: Scene, teller: Teller) -> Iterator[Script]:
    """Every service in all its tellings, some of them twice."""
    for service in services():
        units = scene.offer(service.offer).units
        limit, _ = limit_of(scene.offer(service.offer))
        for which in (*range(len(service.texts)), *range(0, len(service.texts), 2)):
            town = scene.random.choice([t for t in towns_of(service) if t in units] or towns_of(service))
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


def closed_course(scene: Scene, telling: Telling, day: date, twice: bool = False) -> Course:
    """What happened to a request that is over: mostly on time, sometimes extended, late, returned or sent back."""
    limit = scene.limit_days(telling.pack, telling.matter)
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


def fits(topic: Topic, town: str) -> bool:
    """Fields and farms are in the rural towns; enterprises where they are; everything else is everywhere."""
    if topic.firms:
        return bool(firms_of(town, topic.firms))
    return town in (RURAL if topic.place == "village" else TOWNS)


def towns_of(service: Service) -> list[str]:
    """Where people ask for a service."""
    if service.firms:
        return [town for town in TOWNS if firms_of(town, service.firms)]
    return list(RURAL if service.place == "village" else TOWNS)


def _past_day(scene: Scene, months: tuple[int, ...]) -> date:
    days = [scene.today - timedelta(days=ago) for ago in range(SETTLED_DAYS, HISTORY_DAYS)]
    return scene.random.choice([day for day in days if not months or day.month in months])


def _past_workday(scene: Scene, days_min: int) -> date:
    day = scene.today - timedelta(days=scene.random.randint(days_min, HISTORY_DAYS))
    return scene.hours.workday_before(day, 0)
