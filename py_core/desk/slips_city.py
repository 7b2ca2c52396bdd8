"""Entries of printed forms that come from the city's directory: units, services, people, posts, publications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from py_core.cases.state import Case
from py_core.city.offers import PublicationRecorded
from py_core.desk import absence, case_view
from py_core.desk import slips_limits as limits
from py_core.desk.city_words import CHANNEL_WORDS
from py_core.desk.slips_subject import Sheet
from py_core.desk.turn import OpenCase
from py_core.rules.absences import absences
from py_core.views.language import N_

NOTHING = "—"  # in a cell of a table whose row says something elsewhere
OF_UNIT = frozenset({"name", "address", "phone", "complaint_phone"})
OF_OFFER = frozenset(
    {
        "basis", "fee", "materials", "scope", "conditions", "procedure", "standard", "responsibility", "functions",
        "policy", "result",
    }
)  # fmt: skip


def of_unit(sheet: Sheet, name: str) -> str:
    """An entry of the sheet's unit, its name in the sheet's language."""
    unit = sheet.unit
    if unit is None:
        return ""
    return (unit.en if sheet.english else unit.zh) if name == "name" else str(getattr(unit, name))


def of_offer(sheet: Sheet, name: str) -> list[str]:
    """The lines of an entry of the sheet's service."""
    value = getattr(sheet.offer, name) if sheet.offer else ""
    return list(value) if isinstance(value, tuple) else str(value).splitlines()


def _offer_name(sheet: Sheet) -> str:
    return "" if sheet.offer is None else sheet.offer.en if sheet.english else sheet.offer.zh


def _offer_units(sheet: Sheet) -> list[str]:
    wanted = sheet.offer.units if sheet.offer else ()
    return [case_view.unit_name(sheet.turn, unit) for unit in wanted or sheet.turn.directory.units]


def _offer_handler(sheet: Sheet) -> str:
    return case_view.person_name(sheet.turn, sheet.offer.handler) if sheet.offer else ""


def posts_of(sheet: Sheet) -> list[Any]:
    """The posts that the sheet's person holds today, or those of its unit."""
    today = sheet.turn.moment.date()
    posts = [held for post in sheet.turn.directory.posts.values() if (held := post.on(today)) is not None]
    if sheet.person is not None:
        return [post for post in posts if sheet.person.id in (post.a, post.b)]
    return [post for post in posts if sheet.unit and post.unit == sheet.unit.id]


def _publications(sheet: Sheet) -> list[PublicationRecorded]:
    """The publication log of a unit: of every service that can be asked for there."""
    directory = sheet.turn.directory
    mine = {
        offer.id
        for offer in directory.offers.values()
        if not offer.units or (sheet.unit and sheet.unit.id in offer.units)
    }
    found = [fact.event for fact in sheet.turn.rules.publications if isinstance(fact.event, PublicationRecorded)]
    found = [event for event in found if event.offer in mine]
    return sorted(found, key=lambda event: event.published_on)


def _published(sheet: Sheet, event: PublicationRecorded) -> str:
    offer = sheet.turn.directory.offers.get(event.offer)
    return (offer.en if sheet.english else offer.zh) if offer else event.offer


def post_name(sheet: Sheet, post: Any) -> str:
    """A post's name in the sheet's language; the Chinese one where it has no English name."""
    return str((sheet.english and post.en) or post.zh)


def _post_people(sheet: Sheet, which: str) -> list[str]:
    people = [case_view.person_name(sheet.turn, getattr(post, which)) for post in posts_of(sheet)]
    return people if all(people) else []  # a post without its holder makes the register incomplete (BZ-AB-2)


def _posts_since(sheet: Sheet) -> list[str]:
    """From which day each post's holders hold it; who held it before the city kept its register has no day."""
    today = sheet.turn.moment.date()
    held = [next((each for each in post.holders if each.holds_on(today)), None) for post in posts_of(sheet)]
    return [
        sheet.day(each.since) if each and each.since else sheet.turn.say(N_("before the register began"))
        for each in held
    ]


def _posts_desk(sheet: Sheet) -> str:
    """The office with which the register of posts is filed, in the words of the regulation that has posts (BZ-AB-5)."""
    pack = next((pack for pack in sheet.turn.packs.values() if pack.absence_article), None)
    return pack.term("role.dispatch_desk", sheet.turn.lang) if pack else ""


def own_posts(sheet: Sheet) -> list[Any]:
    """The posts that the sheet's person answers for today as A, not those of which it is only the stand-in."""
    return [post for post in posts_of(sheet) if sheet.person is not None and post.a == sheet.person.id]


def duties_of(sheet: Sheet) -> list[str]:
    """What the sheet's person does; a post of which it is only the stand-in is told where it is all that there is."""
    return [post_name(sheet, post) for post in own_posts(sheet) or posts_of(sheet)]


def _stand_in(sheet: Sheet) -> list[str]:
    """Who takes over when the sheet's person is away: the B of its own posts, or whom the section named (BZ-AB-4); each
    with the days where it is not always the same."""
    say = sheet.turn.say
    holders = tuple(dict.fromkeys(post.b for post in own_posts(sheet) if post.b))
    days: dict[tuple[str, ...], list[str]] = {}
    for each in _absences(sheet):
        days.setdefault((each.stand_in,) if each.stand_in else holders, []).append(_days(sheet, each.first, each.last))
    names = {users: [case_view.person_name(sheet.turn, user) for user in users] for users in days or (holders,)}
    if len(names) == 1:
        return next(iter(names.values()))
    return [
        say(N_(", ")).join(names[users]) + say(N_(": ")) + say(N_("; ")).join(dict.fromkeys(days[users]))
        for users in days
        if users
    ]


def _absences(sheet: Sheet) -> list[absence.Recorded]:
    """What the open cases say of the person's absences that are not over."""
    if sheet.person is None:
        return []
    found = absence.recorded(sheet.turn, absence.held_by(sheet.turn, sheet.person.id))
    return [each for each in found if each.post == "A"]


def _away(sheet: Sheet) -> list[str]:
    days = {(each.first, each.last) for each in _absences(sheet)}
    return [_days(sheet, first, last) for first, last in sorted(days)]


def _days(sheet: Sheet, first: date, last: date) -> str:
    return sheet.turn.say(N_("%(first)s to %(last)s"), first=sheet.day(first), last=sheet.day(last))


def _explained(sheet: Sheet, case: Case) -> str:
    """What was written down as handed over, where an absence is recorded that is not over."""
    today = sheet.turn.moment.date()
    said = [str(each.fact.data.get("explained") or "") for each in absences(case) if each.last >= today]
    return next((each for each in reversed(said) if each), "")


def _column(make: Callable[[Sheet, OpenCase, date | None], str]) -> Callable[[Sheet], list[str]]:
    """One column of the table of open cases; a cell that has nothing to say says that."""

    def column(sheet: Sheet) -> list[str]:
        return [make(sheet, opened, due) or NOTHING for opened, due in sheet.open_work]

    return column


CITY_SOURCES: Mapping[str, Callable[[Sheet], str | Iterable[str | None] | None]] = {
    "directory.version": lambda s: str(s.turn.directory.version),
    "offer.handler": _offer_handler,
    "offer.limit": limits.offer_limit,
    "offer.name": _offer_name,
    "offer.promise": lambda s: limits.period(s, s.offer.promise) if s.offer else "",
    "offer.units": _offer_units,
    "person.away": _away,
    "person.name": lambda s: s.person.name if s.person else "",
    "person.no_work": lambda s: s.turn.say(N_("No open case")),
    "person.phone": lambda s: s.person.phone if s.person else "",
    "person.own_posts": lambda s: [post_name(s, post) for post in own_posts(s)],
    "person.post": duties_of,
    "person.stand_in": _stand_in,
    "person.title": lambda s: s.person.title if s.person else "",
    "person.work": _column(lambda s, opened, due: case_view.title_of(s.turn, opened)),
    "person.work.due": _column(lambda s, opened, due: s.day(due) if due else ""),
    "person.work.explained": _column(lambda s, opened, due: _explained(s, opened.case)),
    "person.work.number": _column(lambda s, opened, due: opened.number),
    "person.work.state": _column(lambda s, opened, due: case_view.state_name(s.turn, opened)),
    "posts.a": lambda s: _post_people(s, "a"),
    "posts.b": lambda s: _post_people(s, "b"),
    "posts.duties": lambda s: [post_name(s, post) for post in posts_of(s)],
    "posts.desk": _posts_desk,
    "posts.since": _posts_since,
    "publications.day": lambda s: [s.day(each.published_on) for each in _publications(s)],
    "publications.place": lambda s: [each.place or NOTHING for each in _publications(s)],
    "publications.service": lambda s: [_published(s, each) for each in _publications(s)],
    "publications.version": lambda s: [
        s.turn.say(N_("version %(version)s"), version=each.version).replace(" ", "\u00a0") for each in _publications(s)
    ],
    "publications.way": lambda s: [s.turn.say(CHANNEL_WORDS[each.channel]) for each in _publications(s)],
    "publications.none": lambda s: s.turn.say(N_("Nothing has been published yet")),
    "today.day": lambda s: s.day(s.turn.moment.date()),
    "today": lambda s: s.moment(s.turn.surroundings.now),
}
