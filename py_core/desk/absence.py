"""Whose open cases an absence concerns, and what is recorded of it in them already (BZ-AB-2, BZ-AB-4).

There is no document of an absence: each case says for itself who is away, so that whoever has the case has all of it.
Only reads; what the absence becomes is for `absence_page`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from py_core.desk import case_view
from py_core.desk.duties import stands_in_for
from py_core.desk.turn import OpenCase, Turn
from py_core.directory import Person
from py_core.rules.absences import Away, absences
from py_core.rules.situation import look

_INSTEAD = frozenset({"post_B", "acting", "unit_head"})  # who answers while somebody is away
_HOLDS = frozenset({"handler", "first_responder"})


@dataclass(frozen=True, slots=True)
class Held:
    """An open case of somebody, and the post that the person has in it: "A", or "B" where they stand in now."""

    opened: OpenCase
    post: str

    @property
    def away(self) -> tuple[Away, ...]:
        return tuple(each for each in absences(self.opened.case) if each.who == self.post)

    def covered(self, first: date, last: date) -> bool:
        """Whether the case says already that this post is away on all these days."""
        return any(each.covers(first, last) for each in self.away)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One absence as the cases have it: the same post and days."""

    post: str
    first: date
    last: date
    stand_in: str
    held: tuple[Held, ...]

    @property
    def key(self) -> str:
        return f"{self.post}.{self.first.isoformat()}.{self.last.isoformat()}"


def whose(turn: Turn) -> tuple[str, ...]:
    """Whose absence this person may record: the own, of whom they stand in for, a head that of everybody of the unit.

    Who could not hand over before leaving is stood in for by the B on his own initiative (BZ-AB-4).
    """
    me, unit = turn.identity.user, turn.person.unit if turn.person else ""
    of_unit = [person.id for person in turn.people if person.unit == unit and person.category != "support"]
    others = of_unit if turn.may("see_unit_first") else []
    named = [
        answers(turn, each) for each in turn.unfinished() if (each.glance.role, each.glance.holder) == ("acting", me)
    ]
    return tuple(dict.fromkeys(each for each in [me, *stands_in_for(turn), *named, *others] if each))


def stand_ins(turn: Turn, user: str) -> tuple[str, ...]:
    """The B of every post of which somebody is A today."""
    return turn.directory.stand_ins_of({user}, turn.moment.date())


def others_of_unit(turn: Turn, user: str) -> list[Person]:
    """Who else of the person's unit may be named to stand in (BZ-GW-3)."""
    person = turn.directory.person_on(user, turn.moment.date())
    known = {user, *stand_ins(turn, user)}
    return [
        each
        for each in turn.people
        if person and each.unit == person.unit and each.id not in known and each.category != "support"
    ]


def held_by(turn: Turn, user: str) -> list[Held]:
    """The open cases in which somebody is A, then those in which they stand in for a recorded absence."""
    today = turn.moment.date()
    found = [Held(opened, _post(turn, opened, user, today)) for opened in _open_of(turn, user, with_posts=True)]
    mine = [each for each in found if each.post]
    return sorted(mine, key=lambda each: (each.post, each.opened.glance.due or date.max, each.opened.number))


def without_posts(turn: Turn, user: str) -> list[OpenCase]:
    """The person's open cases under regulations that know no A and B: nobody stands in there by itself."""
    return [opened for opened in _open_of(turn, user, with_posts=False) if answers(turn, opened) == user]


def _open_of(turn: Turn, user: str, *, with_posts: bool) -> Iterator[OpenCase]:
    """Cases that somebody may have or stand in for; by glances, as to open every case of past years would take seconds."""
    packs, today = turn.packs, turn.moment.date()
    names = {user, *turn.directory.stood_in_for(user, today)}
    names |= {turn.directory.people[each].name for each in names if each in turn.directory.people}
    for opened in turn.unfinished():
        glance = opened.glance
        if glance.pack not in packs or bool(packs[glance.pack].absence_article) is not with_posts:
            continue
        if glance.role in _HOLDS | _INSTEAD and (glance.holder in names or not names.isdisjoint(glance.people)):
            yield opened


def _post(turn: Turn, opened: OpenCase, user: str, today: date) -> str:
    holder = answers(turn, opened)
    if holder == user:
        return "A"
    to_come = [each for each in absences(opened.case) if each.who == "A" and each.last >= today]
    stands = (each.stand_in == user if each.stand_in else user in stand_ins(turn, holder) for each in to_come)
    return "B" if any(stands) else ""


def answers(turn: Turn, opened: OpenCase) -> str:
    """Who has the case, whoever stands in for them just now; "" where it is a unit, nobody yet, or all is done."""
    law = turn.law(opened.case)
    reading = look(opened.case, turn.packs, law.calendar, law.happened_at, law.policies).reading
    if reading.closed_by is not None:
        return ""
    if reading.role == "first_responder":
        return case_view.first_responder(turn, opened)
    if reading.role != "handler":
        return ""
    if reading.name in turn.directory.people:
        return reading.name
    return next((person.id for person in turn.people if person.name == reading.name), "")


def recorded(turn: Turn, held: Iterable[Held]) -> list[Recorded]:
    """The absences that are not over yet, as the cases have them, the next one first."""
    today = turn.moment.date()
    groups: dict[tuple[date, date, str, str], list[Held]] = {}
    for each in held:
        newest = {(away.first, away.last): away for away in each.away if away.last >= today}
        for away in newest.values():
            groups.setdefault((away.first, away.last, each.post, away.stand_in), []).append(each)
    return [
        Recorded(post, first, last, who, tuple(cases)) for (first, last, post, who), cases in sorted(groups.items())
    ]


def standing_in_now(turn: Turn, found: Iterable[OpenCase]) -> dict[str, list[Away]]:
    """Of these cases, those whose holder is away now and for whom this person stands in: the absences by holder."""
    me, today = turn.identity.user, turn.moment.date()
    by_holder: dict[str, list[Away]] = {}
    for opened in found:
        glance = opened.glance
        if glance.role not in ("post_B", "acting"):
            continue
        holder = answers(turn, opened)
        away = next((each for each in absences(opened.case) if each.who == "A" and each.covers(today, today)), None)
        here = glance.holder == me if glance.holder else me in stand_ins(turn, holder)
        if here and away is not None and holder:
            by_holder.setdefault(holder, []).append(away)
    return by_holder


def away_now(turn: Turn, found: Iterable[OpenCase]) -> list[Away]:
    """Of these cases, the absences of this person that are running now."""
    me, today = turn.identity.user, turn.moment.date()
    return [
        each
        for opened in found
        if opened.glance.role in _INSTEAD and answers(turn, opened) == me
        for each in absences(opened.case)
        if each.who == "A" and each.covers(today, today)
    ]
