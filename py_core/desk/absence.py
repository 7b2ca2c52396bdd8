"""Whose open cases an absence concerns, and what is recorded of it in them already (BZ-AB-2, BZ-AB-4).

There is no document of an absence: each case says for itself who is away, so that whoever has the case has all of it.
Only reads; what the absence becomes is for `absence_page`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from py_core.desk import case_view
from py_core.desk.duties import stands_in_for
from py_core.desk.over import unfinished
from py_core.desk.turn import OpenCase, Turn
from py_core.rules.absences import Away, away_on, standing

# Who answers while somebody is away; a leaders' meeting decides meanwhile for whoever has the case, away or not.
_INSTEAD = frozenset({"post_B", "acting", "unit_head", "leader"})
_HOLDS = frozenset({"handler", "first_responder"})


@dataclass(frozen=True, slots=True)
class Held:
    """An open case of somebody, the post that the person has in it ("A", or "B" where they stand in), their absences."""

    opened: OpenCase
    post: str
    person: str  # as the case names them
    away: tuple[Away, ...]

    def covered(self, first: date, last: date) -> bool:
        """Whether the case says already that this post is away on all these days."""
        return any(each.covers(first, last) for each in self.away)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One absence as the cases have it: the same post, days and stand-in."""

    post: str
    first: date
    last: date
    stand_in: str
    held: tuple[Held, ...]

    @property
    def key(self) -> str:
        return f"{self.post}.{self.first.isoformat()}.{self.last.isoformat()}.{self.stand_in}"

    def ends(self, each: Held) -> list[Away]:
        """What one return ends in a case: the absence, and those that its days hide."""
        return [away for away in each.away if self.first <= away.first and away.last <= self.last]


def whose(turn: Turn) -> tuple[str, ...]:
    """Whose absence this person may record: the own, of whom they stand in for, a head that of everybody of the unit.

    Who could not hand over before leaving is stood in for by the B on his own initiative (BZ-AB-4).
    """
    me, unit = turn.identity.user, turn.person.unit if turn.person else ""
    of_unit = [person.id for person in turn.people if person.unit == unit and person.category != "support"]
    others = of_unit if turn.may("see_unit_first") else []
    named = [
        case_view.answers(turn, each)
        for each in unfinished(turn)
        if (each.glance.role, each.glance.holder) == ("acting", me)
    ]
    return tuple(dict.fromkeys(each for each in [me, *stands_in_for(turn), *named, *others] if each))


def stand_ins(turn: Turn, user: str) -> tuple[str, ...]:
    """The B of every post of which somebody is A today."""
    return turn.directory.stand_ins_of({user}, turn.moment.date())


def held_by(turn: Turn, user: str) -> list[Held]:
    """The open cases in which somebody is A, then those in which they stand in for a recorded absence."""
    found = (_held(turn, opened, user) for opened in _open_of(turn, user, with_posts=True))
    mine = [each for each in found if each is not None]
    return sorted(mine, key=lambda each: (each.post, each.opened.glance.due or date.max, each.opened.number))


def without_posts(turn: Turn, user: str) -> list[OpenCase]:
    """The person's open cases under regulations that know no A and B, the nearest date first: nobody stands in by itself."""
    found = (each for each in _open_of(turn, user, with_posts=False) if case_view.answers(turn, each) == user)
    return sorted(found, key=lambda each: (each.glance.due or date.max, each.number))


def _open_of(turn: Turn, user: str, *, with_posts: bool) -> Iterator[OpenCase]:
    """Cases that somebody may have or stand in for; by glances, as to open every case of past years would take seconds."""
    packs, today = turn.packs, turn.moment.date()
    names = {user, *turn.directory.stood_in_for(user, today)}
    names |= {turn.directory.people[each].name for each in names if each in turn.directory.people}
    for opened in unfinished(turn):
        glance = opened.glance
        if glance.pack not in packs or bool(packs[glance.pack].absence_article) is not with_posts:
            continue
        if glance.role in _HOLDS | _INSTEAD and (glance.holder in names or not names.isdisjoint(glance.people)):
            yield opened


def _held(turn: Turn, opened: OpenCase, user: str) -> Held | None:
    holder, today = case_view.answers(turn, opened), turn.moment.date()
    reading = case_view.reading(turn, opened.case)
    around = standing(opened.case, reading) if holder else ()
    if holder == user:
        return Held(opened, "A", reading.holder, tuple(each for each in around if each.who == "A"))
    b = stand_ins(turn, holder)
    own = tuple(each for each in around if each.who == "B" and (each.person == user if each.person else user in b))
    to_stand_in_for = [each for each in around if each.who == "A" and each.last >= today]
    stands = (each.stand_in == user if each.stand_in else user in b for each in to_stand_in_for)
    is_b = any(stands) or any(each.last >= today for each in own)  # the own absence outlives that of the A
    return Held(opened, "B", user, own) if is_b else None


def may_speak_of(turn: Turn, opened: OpenCase) -> bool:
    """Whether this person may record or end an absence in the case: who has it or stands in for them, or their head."""
    me, holder = turn.identity.user, case_view.answers(turn, opened)
    if not holder:
        return False
    around = standing(opened.case, case_view.reading(turn, opened.case))
    if holder in (me, *stands_in_for(turn)) or any(me in (each.stand_in, each.person) for each in around):
        return True
    theirs = turn.directory.person_on(holder, turn.moment.date())
    is_colleague = turn.person is not None and theirs is not None and theirs.unit == turn.person.unit
    return is_colleague and holder in whose(turn)  # looks through all open cases: only for those who may be named


def begins_today(turn: Turn, opened: OpenCase) -> bool:
    """Whether an absence of the case begins today: its end has to say what of this day."""
    around = standing(opened.case, case_view.reading(turn, opened.case))
    return any(each.first == turn.moment.date() for each in around)


def named(turn: Turn, opened: OpenCase, command: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Whose absence a step of the case page is about, and which one a return ends: the case knows both."""
    reading, post = case_view.reading(turn, opened.case), said.get("who")
    if command == "end_absence":
        around = standing(opened.case, reading)
        return ended_by((each for each in around if each.who == post), str(said.get("back") or ""))
    b = stand_ins(turn, case_view.answers(turn, opened))
    mine = (turn.identity.user,) if turn.identity.user in b else b
    person = reading.holder if post == "A" else mine[0] if post == "B" and len(mine) == 1 else ""
    return {"person": person} if person else {}


def ended_by(found: Iterable[Away], back: str) -> dict[str, str]:
    """The fields of a return that say which absence it ends: the one in whose recorded days it lies.

    Several are ended together, by naming nobody's days.
    """
    meant = [each for each in found if str(each.fact.data["from"]) <= back <= str(each.fact.data["to"])]
    days = {tuple((name, each.fact.data[name].isoformat()) for name in ("from", "to")) for each in meant}
    people = {each.person for each in meant}
    named = dict(days.pop()) if len(days) == 1 else {}
    return named | ({"person": person} if len(people) == 1 and (person := people.pop()) else {})


def recorded(turn: Turn, held: Iterable[Held]) -> list[Recorded]:
    """The absences that are not over yet, as the cases have them, the next one first."""
    today = turn.moment.date()
    groups: dict[tuple[date, date, str, str], list[Held]] = {}
    for each in held:
        for away in _shown([away for away in each.away if away.last >= today]):
            groups.setdefault((away.first, away.last, each.post, away.stand_in), []).append(each)
    return [
        Recorded(post, first, last, who, tuple(cases)) for (first, last, post, who), cases in sorted(groups.items())
    ]


def _shown(found: list[Away]) -> list[Away]:
    """Without those that another one hides: the newer of the same days, and what lies in the days of a longer one."""
    return [
        each
        for place, each in enumerate(found)
        if not any(
            other.covers(each.first, each.last)
            and ((other.first, other.last) != (each.first, each.last) or later > place)
            for later, other in enumerate(found)
            if other is not each
        )
    ]


def standing_in_now(turn: Turn, found: Iterable[OpenCase]) -> dict[str, list[Away]]:
    """Of these cases, those whose holder is away now and for whom this person stands in: the absences by holder."""
    me, today = turn.identity.user, turn.moment.date()
    by_holder: dict[str, list[Away]] = {}
    for opened in found:
        glance = opened.glance
        if glance.role not in ("post_B", "acting"):
            continue
        holder = case_view.answers(turn, opened)
        away = _away_today(turn, opened, today)
        here = glance.holder == me if glance.holder else me in stand_ins(turn, holder)
        if here and away is not None and holder:
            by_holder.setdefault(holder, []).append(away)
    return by_holder


def away_now(turn: Turn, found: Iterable[OpenCase]) -> list[Away]:
    """Of these cases, the absences of this person that are running now."""
    me, today = turn.identity.user, turn.moment.date()
    theirs = (opened for opened in found if opened.glance.role in _INSTEAD and case_view.answers(turn, opened) == me)
    return [away for opened in theirs if (away := _away_today(turn, opened, today)) is not None]


def _away_today(turn: Turn, opened: OpenCase, today: date) -> Away | None:
    """The absence of whoever has the case, if they are away today."""
    return away_on(opened.case, case_view.reading(turn, opened.case), today).get("A")
