"""What scripts share: the people of the city, its offices' hours, one generator for every choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.directory import Directory, Offer, Person, Unit
from py_core.packs import Packs
from py_core.values import local
from server.demo.data import phrases
from server.demo.office_hours import OfficeHours

HOTLINE = "rexian"
DISPATCHERS = ("fangyun", "fangyun", "jiaomei")
REVIEWER = "qianwen"


@dataclass(frozen=True, slots=True)
class Scene:
    """The city as a script sees it."""

    directory: Directory
    calendar: WorkCalendar
    packs: Packs
    hours: OfficeHours
    random: Random
    now: datetime

    @property
    def today(self) -> date:
        return local(self.now).date()

    def unit(self, unit_id: str) -> Unit:
        return self.directory.units[unit_id]

    def offer(self, offer_id: str) -> Offer:
        return self.directory.offers[offer_id]

    def officers(self, unit_id: str) -> list[Person]:
        """Who handles cases in a unit: its officers, the head only where there is nobody else."""
        own = [person for person in self.directory.people.values() if person.unit == unit_id]
        officers = [person for person in own if "officer" in person.roles and "unit_head" not in person.roles]
        return officers or [person for person in own if "officer" in person.roles]

    def officer(self, unit_id: str) -> Person:
        return self.random.choice(self.officers(unit_id))

    def head(self, unit_id: str) -> Person:
        """Who signs for a unit."""
        return next(p for p in self.directory.people.values() if p.unit == unit_id and "unit_head" in p.roles)

    def dispatcher(self) -> str:
        return self.random.choice(DISPATCHERS)

    def phrase(self, name: str) -> str:
        """One wording of an act that is not tied to a matter."""
        return str(self.random.choice(phrases()[name]))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def limit_days(self, pack: str, matter: str) -> int:
        """Working days that the regulation gives; only to choose when people act, the core judges whether in time."""
        limit = self.packs.pack(pack).matter(matter).limit
        assert limit is not None, "the hotline's matters have limits"
        return limit.period.n

    def travel(self, offline: bool) -> timedelta:
        """How long an act needs to reach the record: seconds, or hours when it was made without network."""
        if offline:
            return timedelta(minutes=self.random.randint(150, 340), seconds=self.random.randint(0, 59))
        return timedelta(seconds=self.random.randint(2, 40))

    def workday_after(self, moment: datetime, n: int) -> date:
        return self.calendar.workday_after(local(moment).date(), n)


def due_after(scene: Scene, day_zero: date, n: int, unit: str) -> date:
    """The day that a receipt promises, as the officer at the counter counts it."""
    if unit == "workday":
        return scene.calendar.workday_after(day_zero, n)
    return scene.calendar.roll(date.fromordinal(day_zero.toordinal() + n))


def limit_of(offer: Offer) -> tuple[int, str]:
    """Number and unit of a published promise."""
    promise: Any = offer.promise or {"n": 1, "unit": "workday"}
    return int(promise["n"]), str(promise["unit"])
