"""One request being answered: what the handlers of the desk share. Reads cases; decides nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
from py_core.city.filling import DEVICES
from py_core.desk.glance import Glance, take
from py_core.desk.ports import CaseRecord, Identity, Request, Store, Surroundings, SyncStatus
from py_core.directory import Directory, Person, Unit
from py_core.lease import Lease, lease
from py_core.packs import Pack, Packs, UnknownName
from py_core.packs.device_figures import DeviceFigures, device_figures
from py_core.rights import may
from py_core.rules.engine import Assessment, assess
from py_core.rules.policies import Policies, read_policies
from py_core.rules.versions import pack_of
from py_core.values import local
from py_core.views import language


class Law:
    """Packs, packaged calendar, directory and the city document; equal only to the very same objects."""

    __slots__ = ("calendar", "city", "directory", "packs")

    def __init__(
        self, packs: Packs, calendar: WorkCalendar, directory: Directory, city: CaseRecord | None = None
    ) -> None:
        self.packs, self.calendar, self.directory, self.city = packs, calendar, directory, city

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Law)
            and self.packs is other.packs
            and self.calendar is other.calendar
            and self.directory is other.directory
            and self.city is other.city
        )

    __hash__ = None  # type: ignore[assignment]


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
# Only speed depends on this: an entry is used for the very object that it was made from and no other. What is folded
# takes most of a device's memory, so only few are kept; a glance at each is small.
_FOLDED_MAX = 2_000
_GLANCES_MAX = 200_000
_folded: dict[str, Folded] = {}
_glances: dict[str, tuple[CaseRecord, Law, Glance]] = {}
_taken = 0


def fold_once(record: CaseRecord) -> Folded:
    """The case of a record object, folded at the first time that this very object is asked for."""
    known = _folded.get(record.id)
    if known is not None and known.record is record:
        return known
    if len(_folded) >= _FOLDED_MAX:
        _folded.clear()
    known = _folded[record.id] = Folded(record)
    return known


def same_law(law: Law) -> Law:
    """The object that stands for every equal one: lists compare it for thousands of cases."""
    for known in _laws:
        if known == law:
            return known
    _laws.insert(0, law)
    del _laws[_RULES_MAX:]
    return law


_laws: list[Law] = []
# The city's rules of the last few versions of what they depend on.
_rules: list[tuple[Law, CityRules]] = []
_RULES_MAX = 4


def rules_of(law: Law) -> CityRules:
    """The city's rules, read once as long as nothing of what they rest on changes."""
    for known, rules in _rules:
        if known == law:
            return rules
    rules = city_rules(law.city.acts if law.city else (), law.packs, law.calendar, law.directory.policies)
    _rules.insert(0, (law, rules))
    del _rules[_RULES_MAX:]
    return rules


def believe_glance(law: Law, record: CaseRecord, glance: Glance) -> None:
    """Takes a glance that a host kept, of exactly these acts, this law and this directory."""
    _glances[record.id] = (record, law, glance)


def true_glances(records: Iterable[CaseRecord], law: Law, now: datetime) -> Iterator[tuple[CaseRecord, Glance]]:
    """What a host may keep: glances that are true and stay so after this moment."""
    for record in records:
        kept = _glances.get(record.id)
        if kept is not None and kept[0] is record and (kept[1] is law or kept[1] == law) and kept[2].is_true_at(now):
            yield record, kept[2]


def glances_taken() -> int:
    """Rises with every glance that was taken anew: a host that keeps them knows whether there is something to keep."""
    return _taken


_also_forget: list[Callable[[], None]] = []


def forget_too(clear: Callable[[], None]) -> None:
    """Registers what else keeps something of cases and must drop it when a device is locked."""
    _also_forget.append(clear)


def forget_case(case_id: str) -> None:
    """Drops everything that was kept of a case that has left this device."""
    _folded.pop(case_id, None)
    _glances.pop(case_id, None)
    for clear in _also_forget:
        clear()


def forget() -> None:
    """Drops everything that was kept of anybody's cases."""
    _folded.clear()
    _glances.clear()
    _rules.clear()
    _laws.clear()
    for clear in _also_forget:
        clear()


class OpenCase:
    """A case of the store, folded and assessed at the turn's moment (each on first use)."""

    def __init__(self, turn: Turn, record: CaseRecord) -> None:
        self._turn = turn
        self.record = record  # as the host gave it: the same object as long as it has the same acts
        self.id = record.id

    @cached_property
    def glance(self) -> Glance:
        """What lists show; the case is opened for it only when nothing true is kept."""
        global _taken
        turn = self._turn
        kept = _glances.get(self.id)
        if kept is not None:
            record, law, glance = kept
            if (
                record is self.record
                and (law is turn.known_law or law == turn.known_law)
                and (glance.until is None or glance.is_true_at(turn.moment))
            ):
                return glance
        glance = take(self.case, self.acts, self.assessment, self.contradictions, turn.policies)
        if len(_glances) >= _GLANCES_MAX:
            _glances.clear()
        _glances[self.id] = (self.record, turn.known_law, glance)
        _taken += 1
        if not glance.open:
            self._let_go()
        return glance

    def _let_go(self) -> None:
        """Keeps nothing of what the glance was taken from: of a case that is over, lists show only its line."""
        self.__dict__.pop("_folded", None)
        self.__dict__.pop("assessment", None)
        _folded.pop(self.id, None)

    @cached_property
    def _folded(self) -> Folded:
        return fold_once(self.record)

    @property
    def acts(self) -> tuple[RecordedAct, ...]:
        return self._folded.acts

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

    @cached_property
    def pack(self) -> Pack | None:
        """The version of its regulation that the case has; for names, today's where this build does not know it."""
        turn, case = self._turn, self.case
        try:
            readings = read_policies(turn.rules.law_of(case).policies, turn.packs.common)
            return pack_of(case, turn.packs, turn.moment.date(), readings)
        except UnknownName:
            return turn.packs.get(case.pack)

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        return self._folded.contradictions

    @property
    def open_contradictions(self) -> tuple[Contradiction, ...]:
        return tuple(item for item in self.contradictions if item.is_open)

    @property
    def number(self) -> str:
        return self.glance.number


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
        """Units, people, posts and every version of the published offers, the centre's own acts included."""
        return self.rules.directory_with_offers(self.store.directory())

    @cached_property
    def packs(self) -> Packs:
        """The regulations as in force today, for what belongs to no case."""
        return self.store.packs().on(self.moment.date())

    def cite(self, article: str, pack: Pack | None = None) -> str:
        """An article as somebody can look it up who does not know our ids: title and place, of `pack` or today's."""
        zh, en = pack.cite(article) if pack and article.startswith(f"{pack.id}-") else self.packs.cite(article)
        return en if self.lang == language.EN else zh

    def pack_named(self, glance: Glance) -> Pack | None:
        """The same for names on a list, without opening the case."""
        if glance.pack not in self.packs:
            return None
        return self.packs.in_force(glance.pack, glance.registered or self.moment.date())

    def law_version(self, case_id: str, received: datetime) -> str:
        """The versions by which a case is decided; `received` is when a case that does not exist yet is received."""
        opened = self.open(case_id)
        registered = opened.case.registered if opened else None
        newest = self.policies.rule_version == "newest"
        day = self.moment.date() if newest else registered.day if registered else local(received).date()
        return self.packs.on(day).version

    @cached_property
    def rules(self) -> CityRules:
        """The law in force in this city: what the centre recorded above the packaged law."""
        return rules_of(self.known_law)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The calendar by which this person's unit works."""
        return self.rules.calendar_of(self.person.unit if self.person else "")

    @cached_property
    def known_law(self) -> Law:
        """What an assessment depends on besides the case and the moment."""
        return same_law(Law(self.store.packs(), self.store.calendar(), self.store.directory(), self.store.city()))

    @cached_property
    def moment(self) -> datetime:
        """The turn's moment on the city's clock."""
        return local(self.surroundings.now)

    @cached_property
    def policies(self) -> Policies:
        """The readings in force for what is received now."""
        return self.rules.policies(self.moment.date(), "")

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

    @property
    def lease(self) -> Lease | None:
        """How long this device may still work without the record; None on the server."""
        on_device = self.surroundings.where == "device"
        status = self.sync_status
        now = self.surroundings.now
        return (
            lease(status.last_contact_at, now, self.device_figures, hidden=status.clock_hidden) if on_device else None
        )

    @property
    def device_figures(self) -> DeviceFigures:
        """What the city has set about its devices, as far as this side knows."""
        return device_figures(self.rules.settings_of(DEVICES))

    @cached_property
    def person(self) -> Person | None:
        """Who is at the desk, as what they are today; None when they hold nothing any more, or not yet."""
        return self.directory.person_on(self.identity.user, self.moment.date())

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody who holds something today."""
        return self.directory.people_on(self.moment.date())

    @cached_property
    def unit(self) -> Unit | None:
        return self.directory.units.get(self.person.unit) if self.person else None

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.person.roles) if self.person else frozenset()

    def may(self, right: str) -> bool:
        """Whether the person has a right of `rights.toml`."""
        return may(self.roles, right)

    def say(self, message: str, **params: object) -> str:
        """The text of a message id in the request's language."""
        return language.translate(self.lang, message, params or None)

    def count(self, message: tuple[str, str], n: int) -> str:
        """The text of a counted message id (`N2_`) for `n`."""
        return language.translate_count(self.lang, *message, n) % {"n": n}

    def open(self, case_id: str) -> OpenCase | None:
        record = self.store.case(case_id)
        return OpenCase(self, record) if record and record.acts else None

    def known(self, record: CaseRecord, glance: Glance) -> OpenCase:
        """A case with a glance that is known to be true at this moment."""
        opened = OpenCase(self, record)
        opened.__dict__["glance"] = glance
        return opened

    def open_all(self) -> Iterator[OpenCase]:
        law = self.known_law
        for record in self.store.cases():
            opened = OpenCase(self, record)
            kept = _glances.get(record.id)
            # The way that `OpenCase.glance` would find for itself, in half the time: lists have thousands of cases.
            if kept is not None and kept[0] is record and kept[1] is law and kept[2].until is None:
                opened.__dict__["glance"] = kept[2]
            yield opened

    def split(self) -> tuple[list[tuple[CaseRecord, Glance]], list[OpenCase]]:
        """What is over for good, with its glances, and the others. Of the former, years of it, nothing is opened."""
        law = self.known_law
        finished: list[tuple[CaseRecord, Glance]] = []
        others: list[OpenCase] = []
        for record in self.store.cases():
            kept = _glances.get(record.id)
            if kept is not None and kept[0] is record and kept[1] is law and kept[2].is_over:
                finished.append((record, kept[2]))
                continue
            opened = OpenCase(self, record)
            if opened.glance.is_over:
                finished.append((record, opened.glance))
            else:
                others.append(opened)
        return finished, others
