"""Who may stand in for somebody, and on which days they are away themselves: one answer for every page (BZ-GW-3, BZ-AB-4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from py_core.desk import absence, case_view
from py_core.desk.absence import Held
from py_core.desk.forms import CHOOSE, Form
from py_core.desk.turn import OpenCase, Turn
from py_core.directory import Person
from py_core.rights import may
from py_core.rules.absences import Away, standing
from py_core.views import language
from py_core.views.language import N_

Days = tuple[date, date]  # the first and the last of them
B_HOLDER, HEAD = "B", "head"  # choices of the page; a person's id names somebody else

_AWAY = N_("%(who)s is recorded as away %(days)s.")
_ELSE = N_("Choose somebody else.")
_ELSE_OR_HEAD = N_("Choose somebody else, or that the head of the unit answers while both of the post are away.")
_ELSE_OR_B = N_(
    "Choose somebody else; or record first that post B is away in this case, and the head of the unit answers."
)
_THERE = N_("%(who)s, who holds the B post, is not recorded as away on these days. Choose the B post or somebody else.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to who stands in; `away` are the days on which the one who is meant is away."""

    value: str
    text: str
    hint: str
    away: tuple[Days, ...]


def works_on_cases(person: Person) -> bool:
    """Neither support staff nor those who only administer, secure or audit can be named for a case."""
    return may(person.roles, "work_on_cases") and person.category != "support"


def of_unit(turn: Turn, unit: str, without: Collection[str] = ()) -> list[Person]:
    """Who of a unit may be named for a case."""
    return [each for each in turn.people if each.unit == unit and each.id not in without and works_on_cases(each)]


def may_be_named(turn: Turn, absent: str) -> list[Person]:
    """Whom the section may name for somebody who is away: neither themselves nor the B, who stands in unnamed (BZ-GW-3)."""
    person = turn.directory.person_on(absent, turn.moment.date())
    return of_unit(turn, person.unit, {absent, *absence.stand_ins(turn, absent)}) if person else []


def around(turn: Turn, opened: OpenCase) -> tuple[Away, ...]:
    """What a case says of the absences of those who hold its A and B posts now."""
    return standing(opened.case, case_view.reading(turn, opened.case))


def days_away(turn: Turn, user: str) -> tuple[Days, ...]:
    """When somebody is away from today on, as the open cases held here say, whichever post they have in them."""
    today = turn.moment.date()
    found = {(away.first, away.last) for each in absence.held_by(turn, user) for away in each.away}
    return tuple(sorted(days for days in found if days[1] >= today))


def days_without_b(turn: Turn, absent: str, held: Iterable[Held] = ()) -> tuple[Days, ...]:
    """When nobody who holds the B post of this person is there; `held` may say it of the post in these cases."""
    today = turn.moment.date()
    common: set[Days] | None = None
    for user in absence.stand_ins(turn, absent):
        days = days_away(turn, user)
        both = days if common is None else [(max(a[0], b[0]), min(a[1], b[1])) for a in common for b in days]
        common = {each for each in both if each[0] <= each[1]}
    of_post = [away for each in held if each.post == "A" for away in around(turn, each.opened) if away.who == "B"]
    return tuple(sorted((common or set()) | {(each.first, each.last) for each in of_post if each.last >= today}))


def overlapping(days: Iterable[Days], first: date, last: date) -> tuple[Days, ...]:
    return tuple(each for each in days if each[0] <= last and first <= each[1])


def names(turn: Turn, users: Iterable[str]) -> str:
    return turn.say(N_(", ")).join(case_view.person_name(turn, each) for each in users)


def days_text(turn: Turn, first: date, last: date) -> str:
    day = partial(language.day_text, turn.lang)
    if first == last:
        return day(first)
    return turn.say(N_("%(first)s to %(last)s"), first=day(first), last=day(last))


def all_days_text(turn: Turn, days: Iterable[Days]) -> str:
    return turn.say(N_("; ")).join(days_text(turn, *each) for each in days)


def choices(turn: Turn, user: str, held: Iterable[Held]) -> list[Choice]:
    """The configured B first; the head where nobody holds the B post or they are away too; then whom the section named."""
    found = []
    holders, without_b = names(turn, absence.stand_ins(turn, user)), days_without_b(turn, user, held)
    if holders:
        found.append(_choice(turn, B_HOLDER, turn.say(N_("%(who)s, who holds the B post"), who=holders), "", without_b))
    if not holders:
        found.append(Choice(HEAD, turn.say(N_("Nobody: the head of the unit answers")), "", ()))
    elif without_b:
        words = N_("The head of the unit, while %(who)s is away too")
        found.append(Choice(HEAD, turn.say(words, who=holders), "", ()))
    others = may_be_named(turn, user)
    return found + [_choice(turn, each.id, each.name, each.title, days_away(turn, each.id)) for each in others]


def _choice(turn: Turn, value: str, text: str, hint: str, away: tuple[Days, ...]) -> Choice:
    said = turn.say(N_("recorded as away %(days)s"), days=all_days_text(turn, away)) if away else ""
    return Choice(value, text + (turn.say(N_(" (%(text)s)"), text=said) if said else ""), hint, away)


def read_choice(turn: Turn, user: str, offered: list[Choice], form: Form, days: Days | None) -> str:
    """The choice; a fault where whoever it means is away on these days, or is there although the head is to answer."""
    value = form.choice("stand_in", [each.value for each in offered], CHOOSE)
    chosen = next((each for each in offered if each.value == value), None)
    if chosen is None or days is None:
        return value
    away = overlapping(chosen.away, *days)
    holders = absence.stand_ins(turn, user)
    if away:
        who = names(turn, holders) if value == B_HOLDER else case_view.person_name(turn, value)
        instead = _ELSE_OR_HEAD if any(each.value == HEAD for each in offered) else _ELSE
        _fault(turn, form, who, away, instead)
    elif value == HEAD and holders:
        of_b = next(each.away for each in offered if each.value == B_HOLDER)
        if not overlapping(of_b, *days):
            form.fault("stand_in", _THERE, who=names(turn, holders))
    return value


def _fault(turn: Turn, form: Form, who: str, away: tuple[Days, ...], instead: str) -> None:
    why = turn.say(_AWAY, who=who, days=all_days_text(turn, away))
    form.fault("stand_in", N_("%(why)s %(instead)s"), why=why, instead=turn.say(instead))


def require_there(turn: Turn, opened: OpenCase, fields: Mapping[str, Any], form: Form) -> None:
    """A fault in a case's own record of an absence of post A where whoever would stand in is away on these days too."""
    if fields.get("who") != "A" or not {"from", "to"} <= fields.keys():
        return
    first, last = date.fromisoformat(fields["from"]), date.fromisoformat(fields["to"])
    named, absent = fields.get("stand_in", ""), case_view.answers(turn, opened)
    if named:
        away = overlapping(days_away(turn, named), first, last)
        if away:
            _fault(turn, form, case_view.person_name(turn, named), away, _ELSE)
    elif not any(each.who == "B" and each.overlaps(first, last) for each in around(turn, opened)):
        away = overlapping(days_without_b(turn, absent), first, last)
        if away:
            _fault(turn, form, names(turn, absence.stand_ins(turn, absent)), away, _ELSE_OR_B)
