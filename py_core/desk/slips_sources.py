"""Where the entries of a printed form come from: names of `prints.toml` resolved in one language.

Reads the case, the directory and the assessment; decides nothing and formats no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from py_core.cases.events import COMPLETION_EVENTS, EVENTS
from py_core.cases.state import Case, Fact
from py_core.desk import case_view, secrecy
from py_core.desk import slips_limits as limits
from py_core.desk.act_view import field_text
from py_core.desk.slips_city import CITY_SOURCES, OF_OFFER, OF_UNIT, duties_of, of_offer, of_unit
from py_core.desk.slips_subject import Sheet
from py_core.desk.slips_supervision import SUPERVISION_SOURCES, unit_now
from py_core.desk.turn import Turn
from py_core.directory import Person
from py_core.reporters import PARTICULARS
from py_core.views.language import N2_, N_

COPIES = N2_("%(n)d copy", "%(n)d copies")


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
    if head == "unit" and field in OF_UNIT:
        return (of_unit(sheet, field),)
    if head == "offer" and field in OF_OFFER:
        return of_offer(sheet, field)
    return _of_fact(sheet, _fact(sheet, head), field)


# What comes after the act that issued a form and still belongs on it: who took over what was handed over, and the
# answer that tells a result.
_ANSWERED_BY = {"handed_over": "handover_accepted", **dict.fromkeys(("completed", *COMPLETION_EVENTS), "replied")}


def _fact(sheet: Sheet, head: str) -> Fact | None:
    """The act of which an entry tells: the newest when the form was issued, not what came later in the case."""
    if sheet.opened is None or sheet.then is None:
        return None
    if head == "act":
        return sheet.fact
    if head == "case":
        return sheet.opened.case.registered
    if head not in EVENTS:
        raise KeyError(f"prints.toml names an unknown source: {head}")
    if head in ("extension_requested", "refusal_proposed"):
        return sheet.last_before(head)
    if head == "refusal_decided":
        return _refusal_decided(sheet)
    if sheet.fact is not None and _ANSWERED_BY.get(sheet.fact.type) == head:
        return sheet.answer(head)
    return sheet.then.last(head)


def _refusal_decided(sheet: Sheet) -> Fact | None:
    """The decision on this refusal: after the report that is printed, else after the proposal; not on a newer one."""
    assert sheet.opened is not None
    case, fact = sheet.opened.case, sheet.fact
    begun = fact if fact is not None and fact.type == "refusal_reported" else sheet.last_before("refusal_proposed")
    if begun is None:
        return None
    newer = next((each.index for each in case.all("refusal_proposed") if each.index > begun.index), None)
    found = [each for each in case.all("refusal_decided") if each.index > begun.index]
    return next((each for each in reversed(found) if newer is None or each.index < newer), None)


def _of_fact(sheet: Sheet, fact: Fact | None, field: str) -> Iterable[str | None]:
    turn = sheet.turn
    if fact is None:
        return ()
    if fact.type == "registered" and field in PARTICULARS:
        return str(_case(sheet, field) or "").splitlines()
    if field == "moment":
        return (sheet.moment(fact.at),)
    if field == "day":
        return (sheet.day(fact.day),)
    if field == "person":
        return (_person(turn, fact.user),)
    if field == "officer":
        return (case_view.person_name(turn, fact.user),)
    if field == "phone":
        person = turn.directory.people.get(fact.user)
        return (person.phone if person else "",)
    if field == "papers":
        return [_paper(sheet, *row) for row in fact.data.get("materials") or ()]
    spec = next((spec for spec in EVENTS[fact.type] if spec.name == field), None)
    value = fact.data.get(field)
    if spec is None or value in (None, "", (), []):
        return ()
    if spec.kind == "texts":
        return [field_text(turn, sheet.pack, replace(spec, kind="text"), item) for item in value]
    if spec.kind == "date":
        return (sheet.day(value),)
    text = field_text(turn, sheet.pack, spec, value)
    if spec.name in ("who", "handler", "by") and text in turn.directory.people:
        text = case_view.person_name(turn, text)
    if spec.name in ("assists", "to", "lead"):
        text = case_view.unit_name(turn, text)
    return text.splitlines()


def _person(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    return " ".join(part for part in (person.name, person.title) if part) if person else user


def _first(sheet: Sheet) -> Person | None:
    assert sheet.opened is not None
    return sheet.turn.directory.people.get(case_view.first_responder(sheet.turn, sheet.opened))


def _duty(sheet: Sheet, person: Person | None) -> str:
    """What somebody does, which is what the law wants told (WH-SW-3); the title only where no post is held."""
    if person is None or sheet.opened is None:
        return ""
    return sheet.turn.say(N_(", ")).join(duties_of(replace(sheet, person=person))) or person.title


def _you(sheet: Sheet) -> str:
    """How a document addresses who asked: a person or an organisation."""
    return sheet.turn.say(N_("you (a person)") if _case(sheet, "claimant") == "person" else N_("you (an organisation)"))


def _received(sheet: Sheet) -> str:
    """When the papers came in, or the matter itself where none did: the limit counts from it (JY-3.3.5)."""
    assert sheet.then is not None
    fact = sheet.then.first("materials_received") or sheet.then.registered
    return sheet.moment(fact.at) if fact else ""


def _corrections(sheet: Sheet) -> list[str]:
    """What is to be corrected; a further notice says which item was told before (BZ-YC-3, B-03).

    What is worded otherwise may be the same item: it is called new only where the act says that it was overlooked.
    """
    assert sheet.opened is not None
    fact = sheet.fact
    if fact is None:
        return []
    items = [str(item) for item in fact.data.get("items", ())]
    earlier = [each for each in sheet.opened.case.all("correction_notified") if each.index < fact.index]
    if not earlier:
        return items
    known = {str(item) for each in earlier for item in each.data.get("items", ())}
    before, new = N_("%(item)s (told before, not yet corrected)"), N_("%(item)s (new in this notice)")
    words = {item: before if item in known else new for item in items if item in known or fact.data.get("overlooked")}
    return [sheet.turn.say(words[item], item=item) if item in words else item for item in items]


def _done(sheet: Sheet, replied: bool) -> str:
    """The day of a result: of an answer, or of the completion, whichever the act is."""
    fact = sheet.fact
    return sheet.day(fact.day) if fact and (fact.type == "replied") == replied else ""


def _referred_to(sheet: Sheet) -> list[str]:
    """How to reach the competent body, where the city's list has it; typed words hold their own address or phone."""
    body = str(sheet.fact.data.get("to_body") or "") if sheet.fact else ""
    unit = next((unit for unit in sheet.turn.directory.units.values() if body in (unit.id, unit.zh, unit.en)), None)
    return [unit.address, unit.phone] if unit else []


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


def papers_of(case: Case) -> list[tuple[str, int]]:
    """The papers that were received so far, with their copies."""
    rows = list(case.value("materials") or ())
    for kind in ("materials_received", "materials_completed"):
        for fact in case.all(kind):
            rows.extend(row for row in fact.data.get("materials", ()) if row not in rows)
    return rows


def _papers(sheet: Sheet) -> list[str]:
    assert sheet.then is not None
    return [_paper(sheet, *row) for row in papers_of(sheet.then)]


def _paper(sheet: Sheet, name: str, copies: int) -> str:
    """A paper with its number; beside the Chinese line, which has the name, English says the number alone."""
    count = sheet.turn.count(COPIES, copies)
    return count if sheet.english else f"{name} {count}"


def _first_papers(sheet: Sheet) -> str:
    """The day on which the first papers of the case came in."""
    fact = sheet.then.first("materials_received") if sheet.then else None
    return sheet.day(fact.day) if fact else ""


def _later_papers(sheet: Sheet) -> str:
    """The day of the receipt that this notice is about, where papers had come in before: its own limit counts from it."""
    found = sheet.then.all("materials_received") if sheet.then else ()
    return sheet.day(found[-1].day) if len(found) > 1 else ""


def _handler(sheet: Sheet) -> str:
    assert sheet.opened is not None
    assert sheet.then is not None
    taken = case_view.taken(sheet.then)
    return _person(sheet.turn, taken.user if taken else case_view.first_responder(sheet.turn, sheet.opened))


def _away(sheet: Sheet) -> list[str]:
    """Who of the post was away on the day of the arrangement, each with the own days (BZ-AB-4)."""
    assert sheet.then is not None
    day = sheet.fact.day if sheet.fact else sheet.turn.moment.date()
    return case_view.away_texts(sheet.turn, sheet.then, day, sheet.day)


def _signature(sheet: Sheet) -> str:
    assert sheet.opened is not None
    fact = sheet.opened.case.last("signature_recorded") or sheet.opened.case.registered
    if fact is None:
        return ""
    if fact.data.get("signed"):
        drawn = fact.data.get("strokes") or (fact.type == "registered" and _case(sheet, "strokes"))
        return sheet.turn.say(
            N_("Confirmed by signature") if drawn else N_("Confirmed by signature, on the signed original")
        )
    reason = fact.data.get("unsigned_reason")
    if reason:
        return sheet.turn.say(N_("Not signed. Reason: %(reason)s"), reason=reason)
    return sheet.turn.say(N_("To be signed below"))


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
    """How long a procedure takes, as it was told: an act of an earlier version says days and not of which kind."""
    for fact in (sheet.fact, _procedure(sheet)):
        if fact is not None and fact.data.get("expected_workdays"):
            return [limits.length(sheet, "workday", fact.data["expected_workdays"])]
        if fact is not None and (days := fact.data.get("expected_days")):
            return [limits.length(sheet, "day", days)]
    note = sheet.fact.data.get("note") if sheet.fact else None
    return [str(note)] if note else []


def _procedure_started(sheet: Sheet) -> str:
    fact = _procedure(sheet)
    return sheet.day(fact.day) if fact else ""


def _refused_as(sheet: Sheet) -> str:
    """What a refusal refuses: to take the matter at all, or to go on with one that was accepted (WH-YC-1, BZ-FD-1)."""
    assert sheet.then is not None
    accepted = sheet.then.first("accepted") is not None
    return sheet.turn.say(N_("not handled") if accepted else N_("not accepted"))


def _deliberated(sheet: Sheet) -> str:
    """Who decided on a refusal: the leaders together, the leader in charge, or nobody above who tells it (BZ-FD-2)."""
    # Of this refusal: an earlier one that was corrected may have gone another way.
    reading = sheet.situation_at(sheet.fact).reading if sheet.fact else None
    if reading is not None and reading.refusal_met is not None:
        return sheet.turn.say(N_("after the leaders' meeting"))
    decided = reading.refusal_decided if reading else None
    if decided is not None and decided.data["outcome"] == "agree":
        return sheet.turn.say(N_("with the agreement of the leader in charge"))
    return sheet.turn.say(N_("after examination"))


# What ends in one of these is an administrative decision, against which review and court are open to the person.
_DECISIONS = frozenset({"decision_issued", "certificate_issued"})


def _remedy(sheet: Sheet) -> str:
    """That review and court are open, for a service that a law beside the regulation governs (`statutory`).

    The four regulations give no such remedy themselves (§8), so no other refusal promises one.
    """
    under_law = _case(sheet, "statutory") and _case(sheet, "completion_event") in _DECISIONS
    return sheet.turn.say(N_("apply for administrative review or bring an administrative action")) if under_law else ""


def _written(sheet: Sheet) -> str:
    """What the person gets is this document; a refusal that was only told is none (BZ-FD-3)."""
    if sheet.fact is None or sheet.fact.data.get("form") == "oral":
        return ""
    return sheet.term("form.written")


def _desk(sheet: Sheet) -> str:
    """The dispatch desk: the unit of whoever registered or dispatched, else the role's name."""
    assert sheet.opened is not None
    fact = sheet.opened.case.first("delivered")
    person = sheet.turn.directory.people.get(fact.user) if fact else None
    return case_view.unit_name(sheet.turn, person.unit) if person else sheet.term("role.dispatch_desk")


_NAMED: Mapping[str, Callable[[Sheet], str | Iterable[str | None] | None]] = {
    **CITY_SOURCES,
    **SUPERVISION_SOURCES,
    "absence_recorded.days": _away,
    "case.unit_now": unit_now,
    "complaint.desk": lambda s: s.term("role.complaint_desk"),
    "correction.items": _corrections,
    "deliberated": _deliberated,
    "done.completed": lambda s: _done(s, replied=False),
    "done.replied": lambda s: _done(s, replied=True),
    "received": _received,
    "referred.contact": _referred_to,
    "remedy": _remedy,
    "you": _you,
    "clock.limit": limits.clock_limit,
    "contact": lambda s: [_phone(s), _case(s, "claimant_address")],
    "decision": _decision,
    "deemed.from": limits.deemed_from,
    "desk": _desk,
    "due": limits.due,
    "explicit_limit": limits.explicit_limit,
    "extension.asked": limits.extension_asked,
    "extension.before": limits.extension_before,
    "extension.cap": limits.extension_cap,
    "extension.until": limits.extension_until,
    "first_responder.duty": lambda s: _duty(s, _first(s)),
    "first_responder.full": _first_full,
    "first_responder.name": lambda s: person.name if (person := _first(s)) else "",
    "first_responder.phone": lambda s: person.phone if (person := _first(s)) else "",
    "handler": _handler,
    "matter": _matter,
    "matter.full": _matter_full,
    "matter.type": lambda s: _matter(s)[0],
    "none": lambda s: s.turn.say(N_("no other section")),
    "papers": _papers,
    "papers.first": _first_papers,
    "papers.later": _later_papers,
    "papers.none": lambda s: s.turn.say(N_("No papers were received")),
    "procedure.end": lambda s: limits.procedure_end(s, _procedure(s)),
    "procedure.name": _procedure_name,
    "procedure.started": _procedure_started,
    "procedure.time": _procedure_time,
    "promise": lambda s: limits.period(s, _case(s, "promise")),
    "signature": _signature,
    "subject": _subject,
    "refused_as": _refused_as,
    "written": _written,
}


def known_source(source: str) -> bool:
    """Whether every alternative of a source can be resolved; for the test of the table."""
    for name in source.split("|"):
        head, _, field = name.partition(".")
        if name in _NAMED or (head == "unit" and field in OF_UNIT) or (head == "offer" and field in OF_OFFER):
            continue
        if head not in ("act", "case", *EVENTS) or not field:
            return False
    return True
