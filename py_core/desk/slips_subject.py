"""What a printed form is about: a case with the act that issued it, as it stood then, or an entry of the directory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from py_core.cases.state import Case, Fact, fold
from py_core.desk import case_view
from py_core.desk.duties import concerns
from py_core.desk.over import unfinished
from py_core.desk.turn import OpenCase, Turn
from py_core.directory import Offer, Person, Unit
from py_core.packs import Pack
from py_core.rules.assessment import Assessment
from py_core.rules.engine import assess
from py_core.rules.situation import Situation, look
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_


@dataclass(frozen=True)
class Sheet:
    """What one printed form is about: a case with the act that issued it, or an entry of the directory."""

    turn: Turn
    opened: OpenCase | None = None
    fact: Fact | None = None
    offer: Offer | None = None
    person: Person | None = None
    unit: Unit | None = None
    form: str = ""  # of the regulation's forms, where the sheet is of a case

    def in_language(self, lang: str) -> Sheet:
        """The same sheet speaking another language."""
        if lang == self.turn.lang:
            return self
        return replace(self, turn=replace(self.turn, request=replace(self.turn.request, lang=lang)))

    @property
    def english(self) -> bool:
        return self.turn.lang == language.EN

    @cached_property
    def pack_id(self) -> str:
        """The regulation under which the form is made; empty for sheets that belong to none in particular."""
        if self.opened is not None:
            return self.opened.case.pack
        return self.offer.pack if self.offer else ""

    @property
    def pack(self) -> Pack | None:
        return self.opened.pack if self.opened else self.turn.packs.get(self.pack_id)

    def term(self, key: str) -> str:
        pack = self.pack or next(iter(self.turn.packs.values()))
        return pack.term(key, self.turn.lang)

    def day(self, day: Any) -> str:
        """A date as formal documents write it: without the weekday in Chinese."""
        if self.english:
            return language.day_text(self.turn.lang, day)
        return self.turn.say(N_("%(day)d/%(month)d/%(year)d"), day=day.day, month=day.month, year=day.year)

    def moment(self, at: datetime) -> str:
        """Day and hour, in Chinese without the weekday."""
        if self.english:
            return language.moment_text(self.turn.lang, at)
        return self.turn.say(language.DATE_TIME, date=self.day(local(at)), time=language.time_text(at))

    @cached_property
    def then(self) -> Case | None:
        """The case as its acts up to the one that issued the form add it up: a copy says what its original said."""
        if self.opened is None or self.fact is None:
            return self.opened.case if self.opened else None
        return self.case_at(self.fact)

    @cached_property
    def as_issued(self) -> Assessment | None:
        """The case when the form was issued: a copy names the same dates as its original, whatever came later."""
        if self.opened is None:
            return None
        if self.fact is None:
            return self.opened.assessment
        assert self.then is not None
        law = self.turn.rules.law_of(self.opened.case)
        return assess(self.then, law.packs, law.calendar, self.fact.at, law.policies)

    @cached_property
    def open_work(self) -> list[tuple[OpenCase, date | None]]:
        """The open cases of the sheet's person with their dates, nearest first: what is handed over (BZ-AB-4)."""
        turn = self.turn
        me = replace(turn, identity=replace(turn.identity, user=self.person.id)) if self.person else turn
        found = [
            (opened, opened.assessment.due)
            # By glances first: to open every case of past years would take seconds.
            for opened in unfinished(me)
            if opened.glance.registered and concerns(me, opened) and opened.assessment.open
        ]
        found.sort(key=lambda pair: (pair[1] is None, pair[1] or local(turn.surroundings.now).date(), pair[0].number))
        return found

    def situation_at(self, fact: Fact) -> Situation:
        """The case right after one of its acts, with everything that the law's gates ask."""
        assert self.opened is not None
        law = self.turn.rules.law_of(self.opened.case)
        return look(self.case_at(fact), law.packs, law.calendar, fact.at, law.policies)

    def last_before(self, event_type: str) -> Fact | None:
        """The newest such act before the one that issued the form: a request or proposal may come more than once."""
        if self.opened is None:
            return None
        until = self.fact.index if self.fact else None
        found = self.opened.case.all(event_type)
        return next((fact for fact in reversed(found) if until is None or fact.index < until), None)

    def answer(self, event_type: str) -> Fact | None:
        """The first such act after the one that issued the form and before the next of the form's own kind."""
        if self.opened is None or self.fact is None:
            return None
        begun = self.fact
        again = next((each.index for each in self.opened.case.all(begun.type) if each.index > begun.index), None)
        found = (each for each in self.opened.case.all(event_type) if each.index > begun.index)
        return next((each for each in found if again is None or each.index < again), None)

    def case_at(self, fact: Fact) -> Case:
        """The case as its acts up to this one add it up."""
        assert self.opened is not None
        acts = self.opened.acts
        until = next((index for index, recorded in enumerate(acts, 1) if recorded.hash == fact.act), len(acts))
        return fold(self.opened.id, acts[:until])


def about_case(turn: Turn, opened: OpenCase, fact: Fact | None) -> Sheet:
    """The sheet of an act in a case, or of the case itself; the unit is the one that issues."""
    issuer = turn.directory.people.get(fact.user) if fact else None
    units = turn.directory.units
    unit = units.get(issuer.unit) if issuer else None
    unit = unit or units.get(str(opened.case.value("unit")))
    return Sheet(turn, opened, fact, case_view.offer_of(turn, opened.case), None, unit)
