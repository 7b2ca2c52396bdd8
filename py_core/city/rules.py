"""The law in force in this city: readings by the day of receipt, filled settings, the calendar of each unit.

A pure function of the packaged law and the city document. Must not read a case beyond its receipt, pack and unit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.cases.acts import RecordedAct
from py_core.cases.history import order
from py_core.cases.state import Case
from py_core.city.document import Apart, CityFact, Unreadable, fold_acts
from py_core.city.events import CalendarPublished, PolicySet, SettingFilled
from py_core.city.filling import COMMON
from py_core.city.layers import LayeredCalendars
from py_core.city.offers import OfferPublished, PublicationRecorded, with_published
from py_core.directory import Directory, Offer
from py_core.packs import Packs
from py_core.rules.impact import Law
from py_core.rules.policies import Policies, read_policies

__all__ = ["CityRules", "city_rules", "unit_of_case"]


@dataclass(slots=True)
class CityRules:
    """What the city's recorded acts add up to. `facts` keeps them all, in order; nothing is ever lost."""

    packs: Packs
    calendars: LayeredCalendars
    founding: Mapping[str, Any]  # overrides of the directory: in force from the beginning
    facts: tuple[CityFact, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    apart: tuple[Apart, ...] = ()
    offers: tuple[Offer, ...] = ()  # versions that the centre published, in the order of the document
    publications: tuple[CityFact, ...] = ()  # where versions were made public (F-28)
    _policies: tuple[PolicySet, ...] = ()
    _breaks: tuple[date, ...] = ()
    _settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _read: dict[tuple[int, str], Policies] = field(default_factory=dict)
    _with_offers: list[tuple[Directory, Directory]] = field(default_factory=list)

    @property
    def calendar(self) -> WorkCalendar:
        """The city's calendar: national, province and city layers."""
        return self.calendars.city

    def calendar_of(self, unit: str) -> WorkCalendar:
        """The calendar by which a unit works."""
        return self.calendars.of_unit(unit)

    def readings(self, received: date | None) -> dict[str, str]:
        """The chosen reading of each question for what was received on a day (P-13); defaults are left out.

        None gives those in force from the beginning.
        """
        chosen = {key: value for key, value in self.founding.items() if key in self.packs.common.policies}
        if received is not None:
            chosen.update((each.policy, each.value) for each in self._policies if each.in_force_from <= received)
        return chosen

    def settings_of(self, pack: str) -> dict[str, Any]:
        """What is filled in for a regulation, the words without a number included."""
        policies = self.packs.common.policies
        founding = {key: value for key, value in self.founding.items() if key not in policies}
        return {**founding, **self._settings.get(COMMON, {}), **self._settings.get(pack, {})}

    def policies(self, received: date | None, pack: str) -> Policies:
        """Readings and settings for a case of this pack that was received on this day, read once."""
        step = 0 if received is None else bisect_right(self._breaks, received)
        known = self._read.get((step, pack))
        if known is None:
            since = self._breaks[step - 1] if step else None
            overrides = {**self.readings(since), **self.settings_of(pack)}
            known = self._read[step, pack] = read_policies(overrides, self.packs.common)
        return known

    def law_of(self, case: Case) -> Law:
        """The law by which a case is judged: readings in force at its receipt, the calendar of its unit."""
        received = case.registered.day if case.registered is not None else None
        return Law(self.packs, self.calendar_of(unit_of_case(case)), self.policies(received, case.pack))

    def directory_with_offers(self, directory: Directory) -> Directory:
        """The city's directory with every version of an offer that the centre published."""
        if not self.offers:
            return directory
        if not self._with_offers or self._with_offers[0][0] is not directory:
            self._with_offers[:] = [(directory, with_published(directory, self.offers))]
        return self._with_offers[0][1]

    def fact_of(self, change_hash: str) -> CityFact | None:
        """The first event of an act of the document."""
        return next((fact for fact in self.facts if fact.act == change_hash), None)


def city_rules(
    acts: Iterable[RecordedAct],
    packs: Packs,
    packaged: WorkCalendar,
    founding: Mapping[str, Any],
) -> CityRules:
    """Folds the city document (its acts in any order); never raises for what the acts say."""
    facts, unreadable, apart = fold_acts(order(tuple(acts)), packs)
    policies = _policies(facts)
    settings: dict[str, dict[str, Any]] = {}
    publications = []
    for fact in facts:
        if isinstance(fact.event, SettingFilled):
            settings.setdefault(fact.event.pack, {})[fact.event.setting] = fact.event.value
        elif isinstance(fact.event, CalendarPublished):
            publications.append(fact.event.publication)
    return CityRules(
        packs,
        LayeredCalendars(packaged, publications),
        founding,
        facts,
        unreadable,
        apart,
        tuple(fact.event.offer for fact in facts if isinstance(fact.event, OfferPublished)),
        tuple(fact for fact in facts if isinstance(fact.event, PublicationRecorded)),
        policies,
        tuple(sorted({each.in_force_from for each in policies})),
        settings,
    )


def _policies(facts: Sequence[CityFact]) -> tuple[PolicySet, ...]:
    """In the order in which they override each other: by the day from which they count, then as recorded."""
    found = [fact for fact in facts if isinstance(fact.event, PolicySet)]
    found.sort(key=lambda fact: (fact.event.in_force_from, fact.place))  # type: ignore[union-attr]
    return tuple(fact.event for fact in found if isinstance(fact.event, PolicySet))


def unit_of_case(case: Case) -> str:
    """The unit where the case is now: the last one it was sent to, else the one that registered it."""
    for fact in reversed(case.facts):
        if fact.type in ("delivered", "handed_over") and fact.data.get("to"):
            return str(fact.data["to"])
        if fact.type == "lead_designated":
            return str(fact.data.get("lead"))
    return str(case.value("unit") or "")
