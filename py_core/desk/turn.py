"""One request being answered: what the handlers of the desk share. Reads cases; decides nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from py_core.calendars import WorkCalendar
from py_core.cases.acts import RecordedAct
from py_core.cases.commands import Context
from py_core.cases.contradictions import Contradiction, contradictions
from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.city import CityRules, city_rules
from py_core.desk.ports import CaseRecord, Identity, Request, Store, Surroundings, SyncStatus
from py_core.directory import Directory, Person, Unit
from py_core.packs import Packs, UnknownName
from py_core.rules.engine import Assessment, assess
from py_core.values import local
from py_core.views import language

CENTRE_ROLES = frozenset({"dispatch_desk", "reconciler", "leader", "admin", "discipline_desk"})


class Folded:
    """A record's case and contradictions: what does not change as long as a record has the same acts."""

    def __init__(self, record: CaseRecord) -> None:
        self.record = record
        self.acts: tuple[RecordedAct, ...] = order(record.acts)

    @cached_property
    def case(self) -> Case:
        return fold(self.record.id, self.acts)

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        return contradictions(self.acts, self.case)


# Hosts keep a record's object until it gets a new act, so the same object need not be folded for every page.
# Only speed depends on this: an entry is used for the very object that it was made from and no other.
_FOLDED_MAX = 20_000
_folded: dict[str, Folded] = {}


def fold_once(record: CaseRecord) -> Folded:
    """The case of a record object, folded at the first time that this very object is asked for."""
    known = _folded.get(record.id)
    if known is not None and known.record is record:
        return known
    if len(_folded) >= _FOLDED_MAX:
        _folded.clear()
    known = _folded[record.id] = Folded(record)
    return known


# The city document of each host, folded once per version; the key holds everything that it depends on.
_rules: list[tuple[tuple[CaseRecord | None, Directory, Packs, WorkCalendar], CityRules]] = []
_RULES_MAX = 4


def _rules_once(city: CaseRecord | None, directory: Directory, packs: Packs, packaged: WorkCalendar) -> CityRules:
    key = (city, directory, packs, packaged)
    for known, rules in _rules:
        if all(mine is theirs for mine, theirs in zip(key, known, strict=True)):
            return rules
    rules = city_rules(city.acts if city else (), packs, packaged, directory.policies)
    _rules.insert(0, (key, rules))
    del _rules[_RULES_MAX:]
    return rules


class OpenCase:
    """A case of the store, folded and assessed at the turn's moment (each on first use)."""

    def __init__(self, turn: Turn, record: CaseRecord) -> None:
        self._turn = turn
        self._folded = fold_once(record)
        self.id = record.id
        self.acts = self._folded.acts

    @property
    def record(self) -> CaseRecord:
        """The record as the host gave it: the same object as long as it has the same acts."""
        return self._folded.record

    @property
    def case(self) -> Case:
        return self._folded.case

    @cached_property
    def assessment(self) -> Assessment:
        now, law = self._turn.surroundings.now, self._turn.rules.law_of(self.case)
        try:
            return assess(self.case, law.packs, law.calendar, now, law.policies)
        except UnknownName:
            # A regulation or matter of a newer version: the case is shown, nothing is computed about it.
            return assess(Case(self.id), law.packs, law.calendar, now, law.policies)

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        return self._folded.contradictions

    @property
    def open_contradictions(self) -> tuple[Contradiction, ...]:
        return tuple(item for item in self.contradictions if item.is_open)

    @property
    def number(self) -> str:
        return str(self.case.value("number") or self.id[:8])


@dataclass
class Turn:
    """A request with its store, its person and its moment."""

    request: Request
    store: Store
    identity: Identity
    surroundings: Surroundings

    @cached_property
    def lang(self) -> str:
        return language.chosen(self.request.lang)

    @cached_property
    def directory(self) -> Directory:
        return self.store.directory()

    @cached_property
    def packs(self) -> Packs:
        return self.store.packs()

    @cached_property
    def rules(self) -> CityRules:
        """The law in force in this city: what the centre recorded above the packaged law."""
        return _rules_once(self.store.city(), self.directory, self.packs, self.store.calendar())

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The calendar by which this person's unit works."""
        return self.rules.calendar_of(self.person.unit if self.person else "")

    def law(self, case: Case | None = None, at: datetime | None = None) -> Context:
        """What a decision may depend on: the law of the case (of a new one, received now or `at`)."""
        happened = local(at or self.surroundings.now)
        if case is not None and case.registered is not None:
            law = self.rules.law_of(case)
            calendar, policies = law.calendar, law.policies
        else:
            calendar, policies = self.calendar, self.rules.policies(happened.date(), case.pack if case else "")
        return Context(
            now=self.surroundings.now,
            packs=self.packs,
            calendar=calendar,
            policies=policies,
            user=self.identity.user,
            roles=self.roles,
            unit=self.person.unit if self.person else "",
            at=at,
        )

    @cached_property
    def sync_status(self) -> SyncStatus:
        return self.store.sync_status()

    @cached_property
    def person(self) -> Person | None:
        return self.directory.people.get(self.identity.user)

    @cached_property
    def unit(self) -> Unit | None:
        return self.directory.units.get(self.person.unit) if self.person else None

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.person.roles) if self.person else frozenset()

    @property
    def at_centre(self) -> bool:
        return bool(self.roles & CENTRE_ROLES)

    def say(self, message: str, **params: object) -> str:
        """The text of a message id in the request's language."""
        return language.translate(self.lang, message, params or None)

    def count(self, message: tuple[str, str], n: int) -> str:
        """The text of a counted message id (`N2_`) for `n`."""
        return language.translate_count(self.lang, *message, n) % {"n": n}

    def open(self, case_id: str) -> OpenCase | None:
        record = self.store.case(case_id)
        return OpenCase(self, record) if record and record.acts else None

    def open_all(self) -> Iterator[OpenCase]:
        for record in self.store.cases():
            if record.acts:
                yield OpenCase(self, record)
