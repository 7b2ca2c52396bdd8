"""Where the entries of a printed form come from: names of `prints.toml` resolved in one language.

Reads the case, the directory and the assessment; decides nothing and formats no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from py_core.cases.events import EVENTS
from py_core.cases.state import Fact
from py_core.city.offers import PublicationRecorded
from py_core.desk import case_view, secrecy
from py_core.desk.act_view import field_text
from py_core.desk.city_words import publication_line
from py_core.desk.duties import concerns
from py_core.desk.time_words import MORE_WORKDAYS, WORKDAYS, unit_term
from py_core.desk.turn import OpenCase, Turn
from py_core.directory import Offer, Person, Unit
from py_core.packs import Pack
from py_core.periods import read_period
from py_core.reporters import PARTICULARS
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
        return self.turn.pack_of(self.opened.case) if self.opened else self.turn.packs.get(self.pack_id)

    def term(self, key: str) -> str:
        pack = self.pack or next(iter(self.turn.packs.values()))
        return pack.term(key, self.turn.lang)


def about_case(turn: Turn, opened: OpenCase, fact: Fact | None) -> Sheet:
    """The sheet of an act in a case, or of the case itself; the unit is the one that issues."""
    issuer = turn.directory.people.get(fact.user) if fact else None
    units = turn.directory.units
    unit = units.get(issuer.unit) if issuer else None
    unit = unit or units.get(str(opened.case.value("unit")))
    return Sheet(turn, opened, fact, case_view.offer_of(turn, opened.case), None, unit)


def resolve(sheet: Sheet, source: str) -> tuple[str, ...]:
    """The lines of the first alternative of `source` that has any; empty when nothing is recorded."""
    for name in source.split("|"):
        lines = tuple(str(line).strip() for line in _lines(sheet, name) if line is not None and str(line).strip())
        if lines:
            return lines
    return ()


def record_at(source: str, command: str) -> str:
    """Where a missing entry is recorded: a command, or "register", "offers", "people", "units"."""
    name = source.split("|")[0]
    head = name.partition(".")[0]
    if head in ("offer", "promise"):
        return "offers"
    if head in ("person", "first_responder", "posts"):
        return "people"
    if head in ("unit", "directory"):
        return "units"
    if head in ("case", "registered", "matter", "subject", "contact"):
        return "register"
    return {"signature": "record_signature", "procedure": "notify_procedure_time"}.get(
        head, head if head in EVENTS else command
    )


def _lines(sheet: Sheet, name: str) -> Iterable[str | None]:
    maker = _NAMED.get(name)
    if maker is not None:
        found = maker(sheet)
        return (found,) if isinstance(found, str) or found is None else found
    head, _, field = name.partition(".")
    if head == "unit" and field in _OF_UNIT:
        return (_of_unit(sheet, field),)
    if head == "offer" and field in _OF_OFFER:
        return _of_offer(sheet, field)
    return _of_fact(sheet, _fact(sheet, head), field)


def _fact(sheet: Sheet, head: str) -> Fact | None:
    if sheet.opened is None:
        return None
    if head == "act":
        return sheet.fact
    if head == "case":
        return sheet.opened.case.registered
    if head not in EVENTS:
        raise KeyError(f"prints.toml names an unknown source: {head}")
    return sheet.opened.case.last(head)


def _of_fact(sheet: Sheet, fact: Fact | None, field: str) -> Iterable[str | None]:
    turn = sheet.turn
    if fact is None:
        return ()
    if fact.type == "registered" and field in PARTICULARS:
        return str(_case(sheet, field) or "").splitlines()
    if field == "moment":
        return (language.moment_text(turn.lang, fact.at),)
    if field == "day":
        return (_day(sheet, fact.day),)
    if field == "person":
        return (_person(turn, fact.user),)
    if field == "papers":
        return [f"{name} × {copies}" for name, copies in fact.data.get("materials") or ()]
    spec = next((spec for spec in EVENTS[fact.type] if spec.name == field), None)
    value = fact.data.get(field)
    if spec is None or value in (None, "", (), []):
        return ()
    if spec.kind == "texts":
        return [field_text(turn, sheet.pack, replace(spec, kind="text"), item) for item in value]
    if spec.kind == "date":
        return (_day(sheet, value),)
    text = field_text(turn, sheet.pack, spec, value)
    if spec.name in ("who", "handler", "by") and text in turn.directory.people:
        text = case_view.person_name(turn, text)
    if spec.name in ("assists", "to", "lead"):
        text = case_view.unit_name(turn, text)
    return text.splitlines()


def _day(sheet: Sheet, day: Any) -> str:
    """A date as formal documents write it: without the weekday in Chinese."""
    if sheet.english:
        return language.day_text(sheet.turn.lang, day)
    return sheet.turn.say(N_("%(day)d/%(month)d/%(year)d"), day=day.day, month=day.month, year=day.year)


def _person(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    return " ".join(part for part in (person.name, person.title) if part) if person else user


def _first(sheet: Sheet) -> Person | None:
    assert sheet.opened is not None
    return sheet.turn.directory.people.get(case_view.first_responder(sheet.turn, sheet.opened))


def _first_full(sheet: Sheet) -> str:
    person = _first(sheet)
    return " ".join(part for part in (person.name, person.title, person.phone) if part) if person else ""


def _case(sheet: Sheet, name: str) -> Any:
    if sheet.opened is None:
        return None
    return secrecy.claimant(sheet.turn, sheet.opened, name) if name in PARTICULARS else sheet.opened.case.value(name)


def _phone(sheet: Sheet) -> str:
    """The claimant's phone as the article asks for it, once the printing is recorded; masked before."""
    number = str(_case(sheet, "claimant_phone") or "")
    if not number or (sheet.opened is not None and secrecy.printed_lately(sheet.turn, sheet.opened, sheet.form)):
        return number
    return secrecy.masked("claimant_phone", number)


def _matter(sheet: Sheet) -> list[str]:
    assert sheet.opened is not None
    return list(dict.fromkeys((case_view.matter_name(sheet.turn, sheet.opened), _case(sheet, "title") or "")))


def _matter_full(sheet: Sheet) -> list[str]:
    return list(dict.fromkeys((*_matter(sheet), *str(_case(sheet, "text") or "").splitlines())))


def _subject(sheet: Sheet) -> str:
    assert sheet.opened is not None
    return case_view.title_of(sheet.turn, sheet.opened)


def papers_of(opened: OpenCase) -> list[tuple[str, int]]:
    """The papers that were received so far, with their copies."""
    rows = list(opened.case.value("materials") or ())
    for kind in ("materials_received", "materials_completed"):
        for fact in opened.case.all(kind):
            rows.extend(row for row in fact.data.get("materials", ()) if row not in rows)
    return rows


def _papers(sheet: Sheet) -> list[str]:
    assert sheet.opened is not None
    return [f"{name} × {copies}" for name, copies in papers_of(sheet.opened)]


def _handler(sheet: Sheet) -> str:
    assert sheet.opened is not None
    taken = sheet.opened.case.last("handover_accepted") or sheet.opened.case.last("accepted")
    return _person(sheet.turn, taken.user if taken else case_view.first_responder(sheet.turn, sheet.opened))


def _signature(sheet: Sheet) -> str:
    assert sheet.opened is not None
    fact = sheet.opened.case.last("signature_recorded") or sheet.opened.case.registered
    if fact is None:
        return ""
    if fact.data.get("signed"):
        return sheet.turn.say(N_("Confirmed by signature"))
    reason = fact.data.get("unsigned_reason")
    if reason:
        return sheet.turn.say(N_("Not signed. Reason: %(reason)s"), reason=reason)
    return sheet.turn.say(N_("To be signed below"))


def _period(sheet: Sheet, value: Any) -> str:
    if not value:
        return ""
    period = value["period"] if "period" in value else read_period(value, "promise")
    return f"{period.n} {sheet.term(unit_term(period.unit, period.n))}"


def _explicit(sheet: Sheet) -> str:
    limit = _case(sheet, "explicit_limit")
    if not limit:
        return ""
    return _day(sheet, limit["until"]) if "until" in limit else _period(sheet, limit)


def _clock_limit(sheet: Sheet) -> str:
    clock = sheet.opened.assessment.limit if sheet.opened else None
    period = clock.period if clock else None
    if period is None and sheet.opened is not None and sheet.pack is not None:
        # While papers are missing no clock runs; the regulation's own limit is still what is told.
        matter = sheet.pack.matters.get(sheet.opened.case.matter)
        period = matter.limit.period if matter and matter.limit else None
    return f"{period.n} {sheet.term(unit_term(period.unit, period.n))}" if period else ""


def _due(sheet: Sheet) -> str:
    clock = sheet.opened.assessment.limit if sheet.opened else None
    return _day(sheet, clock.due) if clock else ""


def _deemed(sheet: Sheet) -> str:
    clock = sheet.opened.assessment.limit if sheet.opened else None
    return _day(sheet, clock.due + timedelta(days=1)) if clock else ""


def _extension_until(sheet: Sheet) -> list[str]:
    assert sheet.opened is not None
    asked = sheet.opened.case.last("extension_requested")
    for fact in (sheet.fact, asked):
        if fact is None:
            continue
        if fact.data.get("until"):
            return [_day(sheet, fact.data["until"])]
        if fact.data.get("workdays"):
            return [sheet.turn.count(MORE_WORKDAYS, fact.data["workdays"])]
    return []


def _decision(sheet: Sheet) -> str:
    # Whether it was granted is said by the kind of the act.
    words = {
        "extension_approved": N_("Agreed to the extension"),
        "extension_refused": N_("Extension refused"),
        "review_passed": N_("Review passed"),
        "review_returned": N_("Sent back by the review"),
    }
    return sheet.turn.say(words[sheet.fact.type]) if sheet.fact and sheet.fact.type in words else ""


def _procedure(sheet: Sheet) -> Fact | None:
    """The procedure whose time is told: the one that the act names."""
    assert sheet.opened is not None
    wanted = sheet.fact.data.get("id") if sheet.fact else None
    started = sheet.opened.case.all("procedure_started")
    return next((fact for fact in reversed(started) if wanted in (None, fact.data.get("id"))), None)


def _procedure_name(sheet: Sheet) -> str:
    fact = _procedure(sheet)
    if fact is None:
        return ""
    name = sheet.term(f"procedure.{fact.data['procedure']}")
    own = fact.data.get("name")
    return sheet.turn.say(N_("%(kind)s (%(name)s)"), kind=name, name=own) if own else name


def _procedure_time(sheet: Sheet) -> list[str]:
    for fact in (sheet.fact, _procedure(sheet)):
        if fact is not None and fact.data.get("expected_days"):
            return [sheet.turn.count(WORKDAYS, fact.data["expected_days"])]
    note = sheet.fact.data.get("note") if sheet.fact else None
    return [str(note)] if note else []


def _procedure_started(sheet: Sheet) -> str:
    fact = _procedure(sheet)
    return _day(sheet, fact.day) if fact else ""


def _trigger(sheet: Sheet) -> str:
    key = str(sheet.fact.data.get("trigger", "")) if sheet.fact else ""
    row = next((row for row in sheet.pack.supervision if row.id == key), None) if sheet.pack else None
    if row is None:
        return key
    return (
        f"{row.en} ({row.article})"
        if sheet.english
        else f"{row.zh}（{language.article_text(language.ZH, row.article)}）"
    )


def _refused_as(sheet: Sheet) -> str:
    """What a refusal refuses: to take the matter at all, or to go on with one that was accepted (WH-YC-1, BZ-FD-1)."""
    assert sheet.opened is not None
    accepted = sheet.opened.case.first("accepted") is not None
    return sheet.turn.say(N_("not handled") if accepted else N_("not accepted"))


def _written(sheet: Sheet) -> str:
    """What the person gets is this document; a refusal that was only told is none (BZ-FD-3)."""
    if sheet.fact is None or sheet.fact.data.get("form") == "oral":
        return ""
    return sheet.term("form.written")


def _unit_now(sheet: Sheet) -> str:
    assert sheet.opened is not None
    return case_view.unit_name(sheet.turn, case_view.unit_of(sheet.opened))


def _desk(sheet: Sheet) -> str:
    """The dispatch desk: the unit of whoever registered or dispatched, else the role's name."""
    assert sheet.opened is not None
    fact = sheet.opened.case.first("delivered")
    person = sheet.turn.directory.people.get(fact.user) if fact else None
    return case_view.unit_name(sheet.turn, person.unit) if person else sheet.term("role.dispatch_desk")


def _of_unit(sheet: Sheet, name: str) -> str:
    unit = sheet.unit
    if unit is None:
        return ""
    return (unit.en if sheet.english else unit.zh) if name == "name" else str(getattr(unit, name))


def _of_offer(sheet: Sheet, name: str) -> list[str]:
    value = getattr(sheet.offer, name) if sheet.offer else ""
    return list(value) if isinstance(value, tuple) else str(value).splitlines()


def _offer_name(sheet: Sheet) -> str:
    return "" if sheet.offer is None else sheet.offer.en if sheet.english else sheet.offer.zh


def _offer_units(sheet: Sheet) -> list[str]:
    wanted = sheet.offer.units if sheet.offer else ()
    return [case_view.unit_name(sheet.turn, unit) for unit in wanted or sheet.turn.directory.units]


def _offer_handler(sheet: Sheet) -> str:
    return case_view.person_name(sheet.turn, sheet.offer.handler) if sheet.offer else ""


def _posts(sheet: Sheet) -> list[Any]:
    today = sheet.turn.moment.date()
    posts = [held for post in sheet.turn.directory.posts.values() if (held := post.on(today)) is not None]
    if sheet.person is not None:
        return [post for post in posts if sheet.person.id in (post.a, post.b)]
    return [post for post in posts if sheet.unit and post.unit == sheet.unit.id]


def _publications(sheet: Sheet) -> list[str]:
    """The publication log of a unit: every service that can be asked for there."""
    directory = sheet.turn.directory
    mine = {
        offer.id
        for offer in directory.offers.values()
        if not offer.units or (sheet.unit and sheet.unit.id in offer.units)
    }
    found = [fact.event for fact in sheet.turn.rules.publications if isinstance(fact.event, PublicationRecorded)]
    found = [event for event in found if event.offer in mine]
    return [publication_line(sheet.turn, event) for event in sorted(found, key=lambda event: event.published_on)]


def _post_name(sheet: Sheet, post: Any) -> str:
    return str(post.en if sheet.english else post.zh)


def _post_people(sheet: Sheet, which: str) -> list[str]:
    people = [case_view.person_name(sheet.turn, getattr(post, which)) for post in _posts(sheet)]
    return people if all(people) else []  # a post without its holder makes the register incomplete (BZ-AB-2)


def _post_lines(sheet: Sheet) -> list[str]:
    turn, name = sheet.turn, case_view.person_name
    words = N_("%(post)s: A %(a)s, B %(b)s")
    return [
        turn.say(words, post=_post_name(sheet, each), a=name(turn, each.a), b=name(turn, each.b))
        for each in _posts(sheet)
    ]


def _stand_in(sheet: Sheet) -> list[str]:
    me = sheet.person.id if sheet.person else ""
    others = [post.b if post.a == me else post.a for post in _posts(sheet)]
    return list(dict.fromkeys(case_view.person_name(sheet.turn, user) for user in others))


def _work(sheet: Sheet) -> list[str]:
    """The open cases of this person, nearest date first, as the work that is explained (BZ-AB-4)."""
    turn = sheet.turn
    me = replace(turn, identity=replace(turn.identity, user=sheet.person.id)) if sheet.person else turn
    found = [
        (opened.assessment.due, opened)
        # By glances first: to open every case of past years would take seconds.
        for opened in me.unfinished()
        if opened.glance.registered and concerns(me, opened) and opened.assessment.open
    ]
    found.sort(key=lambda pair: (pair[0] is None, pair[0] or local(turn.surroundings.now).date(), pair[1].number))
    return [
        " · ".join(
            part
            for part in (
                opened.number, case_view.title_of(turn, opened), case_view.state_name(turn, opened),
                _day(sheet, due) if due else "",
            )
            if part
        )
        for due, opened in found
    ]  # fmt: skip


_NAMED: Mapping[str, Callable[[Sheet], str | Iterable[str | None] | None]] = {
    "case.unit_now": _unit_now,
    "clock.limit": _clock_limit,
    "contact": lambda s: [_phone(s), _case(s, "claimant_address")],
    "decision": _decision,
    "deemed.from": _deemed,
    "desk": _desk,
    "directory.version": lambda s: str(s.turn.directory.version),
    "due": _due,
    "explicit_limit": _explicit,
    "extension.until": _extension_until,
    "first_responder.duty": lambda s: person.title if (person := _first(s)) else "",
    "first_responder.full": _first_full,
    "first_responder.name": lambda s: person.name if (person := _first(s)) else "",
    "first_responder.phone": lambda s: person.phone if (person := _first(s)) else "",
    "handler": _handler,
    "matter": _matter,
    "matter.full": _matter_full,
    "matter.type": lambda s: _matter(s)[0],
    "none": lambda s: s.turn.say(N_("no other section")),
    "offer.handler": _offer_handler,
    "offer.name": _offer_name,
    "offer.promise": lambda s: _period(s, s.offer.promise) if s.offer else "",
    "offer.units": _offer_units,
    "papers": _papers,
    "papers.none": lambda s: s.turn.say(N_("No papers were received")),
    "person.name": lambda s: s.person.name if s.person else "",
    "person.no_work": lambda s: s.turn.say(N_("No open case")),
    "person.phone": lambda s: s.person.phone if s.person else "",
    "person.post": lambda s: [_post_name(s, post) for post in _posts(s)],
    "person.stand_in": _stand_in,
    "person.title": lambda s: s.person.title if s.person else "",
    "person.work": _work,
    "posts": _post_lines,
    "posts.a": lambda s: _post_people(s, "a"),
    "posts.b": lambda s: _post_people(s, "b"),
    "posts.duties": lambda s: [_post_name(s, post) for post in _posts(s)],
    "procedure.name": _procedure_name,
    "procedure.started": _procedure_started,
    "procedure.time": _procedure_time,
    "promise": lambda s: _period(s, _case(s, "promise")),
    "signature": _signature,
    "subject": _subject,
    "publications": _publications,
    "publications.none": lambda s: s.turn.say(N_("Nothing has been published yet")),
    "today": lambda s: language.moment_text(s.turn.lang, s.turn.surroundings.now),
    "refused_as": _refused_as,
    "trigger": _trigger,
    "written": _written,
}
_OF_UNIT = frozenset({"name", "address", "phone", "complaint_phone"})
_OF_OFFER = frozenset(
    {
        "basis", "fee", "materials", "scope", "conditions", "procedure", "standard", "responsibility", "functions",
        "policy", "result",
    }
)  # fmt: skip


def known_source(source: str) -> bool:
    """Whether every alternative of a source can be resolved; for the test of the table."""
    for name in source.split("|"):
        head, _, field = name.partition(".")
        if name in _NAMED or (head == "unit" and field in _OF_UNIT) or (head == "offer" and field in _OF_OFFER):
            continue
        if head not in ("act", "case", *EVENTS) or not field:
            return False
    return True
