"""A visit as pages and paper show it: state, people, requests with their lights, papers, what was signed.

Reads the visit and the cases that it names; decides nothing and counts no date itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.fields import FieldSpec
from py_core.cases.state import Fact
from py_core.desk import case_view
from py_core.desk.act_view import Facts, field_text
from py_core.desk.attached_view import signature_views
from py_core.desk.secrecy import lately
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_held import OpenVisit
from py_core.values import local
from py_core.views import language
from py_core.views.language import N2_, N_
from py_core.views.masking import mask_phone
from py_core.visits import CANCELLED, FINISHED, PLANNED, STARTED, VISIT_EVENTS, Paper

STATE_WORDS: Mapping[str, str] = {
    PLANNED: N_("Planned"),
    STARTED: N_("Under way"),
    FINISHED: N_("Finished"),
    CANCELLED: N_("Cancelled"),
}
APART_WORDS: Mapping[str, tuple[str, str]] = {
    "finished_twice": (
        N_("The visit was finished twice, without knowing of each other."),
        N_("Both summaries stay and count. If one of them is wrong, add a note that says so."),
    ),
    "cancelled_and_done": (
        N_("The visit was cancelled while somebody was there."),
        N_("What was done counts. Both acts stay."),
    ),
    "moved_apart": (
        N_("The visit was moved twice, without knowing of each other."),
        N_("The later act counts in the meantime. Move it again to say for certain what counts."),
    ),
    "papers_given_back_twice": (
        N_("More papers were given back or put to requests than were taken."),
        N_("Compare with the papers themselves and add a note that says what is right."),
    ),
}
_LIGHT_ORDER = {light: place for place, light in enumerate(case_view.LIGHTS)}
_MUCH_IN_TIMELINE = frozenset(
    {"content", "code", "enterprise", "address", "contact", "phone", "unit", "number", "shown"}
)


def state_word(turn: Turn, state: str) -> str:
    """The visit's state in words; says so when its plan cannot be read."""
    return turn.say(STATE_WORDS.get(state, N_("Not readable with this version")))


def people(turn: Turn, users: tuple[str, ...]) -> str:
    """Names of people, joined; those of another unit than one's own with their unit."""
    own = turn.person.unit if turn.person else ""
    names = []
    for user in users:
        person = turn.directory.people.get(user)
        if person is None:
            names.append(user)
        elif person.unit == own:
            names.append(person.name)
        else:
            names.append(person.name + turn.say(N_(" (%(text)s)"), text=case_view.unit_name(turn, person.unit)))
    return turn.say(N_(", ")).join(names)


def common_term(turn: Turn, key: str) -> str:
    """A term that every regulation shares."""
    return next(iter(turn.packs.values())).term(key, turn.lang)


def row(turn: Turn, opened: OpenVisit) -> dict[str, Any]:
    """One visit on a list."""
    visit = opened.visit
    today = local(turn.surroundings.now).date()
    day = visit.day
    lights = [each["light"] for each in requests(turn, opened) if each["light"]]
    return {
        "id": opened.id,
        "enterprise": visit.value("enterprise"),
        "enterprise_key": opened.enterprise,
        "address": visit.value("address"),
        "day": language.day_text(turn.lang, day) if day else "",
        "state": visit.state,
        "word": state_word(turn, visit.state),
        "late": _late(turn, visit.on, today) if visit.state == PLANNED else "",
        "officers": people(turn, visit.officers),
        "unit": case_view.unit_name(turn, visit.value("unit")),
        "purpose": visit.value("purpose"),
        "requests": len(visit.requests),
        "light": min(lights, key=_LIGHT_ORDER.__getitem__, default=""),
        "held": sum(paper.held for paper in visit.held),
        "apart": bool(visit.apart),
        "only_here": opened.only_here,
    }


def _late(turn: Turn, on: date | None, today: date) -> str:
    if on is None or on >= today:
        return ""
    return turn.count(N2_("%(n)d day ago", "%(n)d days ago"), (today - on).days)


def requests(turn: Turn, opened: OpenVisit) -> list[dict[str, Any]]:
    """The visit's requests; one that is not held here is named by what the visit knows of it."""
    found = []
    for case_id in opened.visit.requests:
        case = turn.open(case_id)
        found.append(request_row(turn, case) if case is not None else _unknown_request(turn, opened, case_id))
    return found


def request_row(turn: Turn, case: OpenCase) -> dict[str, Any]:
    """One request with its light and due date, and where its receipt is."""
    glance = case.glance
    receipt = case.case.last("receipt_issued")
    return {
        "id": case.id,
        "known": True,
        "number": glance.number,
        "title": case_view.title_of(turn, case),
        "light": glance.light,
        "due": language.day_text(turn.lang, glance.due) if glance.due else "",
        "provisional": glance.provisional,
        "left": case_view.days_left(turn, glance.due, glance.unit)
        if glance.light in ("overdue", "red", "orange", "yellow", "green")
        else "",
        "state": case_view.state_name(turn, case),
        "responsible": case_view.responsible(turn, case),
        "finished": case_view.is_finished(case),
        "registered": language.day_text(turn.lang, glance.registered) if glance.registered else "",
        "receipt": f"/cases/{case.id}/slips/F-02" if receipt is not None else "",
        "note": "",
    }


def _unknown_request(turn: Turn, opened: OpenVisit, case_id: str) -> dict[str, Any]:
    """A request of which nothing is held here: why, and how one comes to it; of one that left, what is kept of it."""
    left = turn.store.left().get(case_id)
    title = (left.title or left.number) if left else turn.say(N_("A request that is not held here"))
    return {
        "id": case_id, "known": left is not None, "number": left.number if left else "", "title": title,
        "light": "", "due": "", "provisional": False, "left": "", "state": "", "responsible": "", "finished": False,
        "registered": "", "receipt": "", "note": "" if left else _how_to_find(turn, opened, case_id),
    }  # fmt: skip


def _how_to_find(turn: Turn, opened: OpenVisit, case_id: str) -> str:
    added = (fact for fact in opened.visit.all("visit_request_added") if fact.data["case"] == case_id)
    who = next((case_view.person_name(turn, fact.user) for fact in added), "")
    return turn.say(
        N_(
            "If it is your unit's, it comes with the next contact with the city record; else ask %(who)s, who put it into the visit."
        ),
        who=who,
    )


def request_number(turn: Turn, case_id: str) -> str:
    """The number by which people know a request; words when nothing of it is held here; "" for none."""
    case = turn.open(case_id) if case_id else None
    if case is not None or not case_id:
        return case.number if case is not None else ""
    left = turn.store.left().get(case_id)
    return left.number if left else turn.say(N_("a request that is not held here"))


def paper_row(turn: Turn, paper: Paper) -> dict[str, Any]:
    """One kind of paper: taken, given back, still held, and the request to which it belongs."""
    return {
        "name": paper.name,
        "case": paper.case,
        "number": request_number(turn, paper.case),
        "taken": paper.taken,
        "returned": paper.returned,
        "held": paper.held,
    }


def about(turn: Turn, opened: OpenVisit) -> list[dict[str, str]]:
    """The plan and the persons, for the side of the page."""
    visit = opened.visit
    started, finished = visit.first("visit_started"), visit.first("visit_finished")
    met = str(started.data.get("met") or "") if started else ""
    rows = [
        (N_("Unified social credit code"), visit.value("code")),
        (N_("Address"), visit.value("address")),
        (N_("Contact person"), visit.value("contact")),
        (N_("Purpose"), visit.value("purpose")),
        (N_("Planned for"), language.day_text(turn.lang, visit.on) if visit.on else ""),
        (N_("Visiting officers"), people(turn, visit.officers)),
        (N_("Unit"), case_view.unit_name(turn, visit.value("unit"))),
        (N_("Began at"), language.moment_text(turn.lang, started.at) if started else ""),
        (N_("Received by"), met),
        (N_("Ended at"), language.moment_text(turn.lang, finished.at) if finished else ""),
    ]
    phone = {"label": turn.say(N_("Phone")), **phone_of(turn, opened)}
    facts = [{"label": turn.say(label), "text": text} for label, text in rows if text]
    persons = sum(bool(text) for _, text in rows[:3])
    return [*facts[:persons], phone, *facts[persons:]] if phone["text"] else facts


def phone_of(turn: Turn, opened: OpenVisit) -> dict[str, str]:
    """The contact's phone: in full for a while after this person's own act, else masked with the way to it."""
    phone = opened.visit.value("phone")
    if not phone or lately(turn, opened.acts, "visit_phone_seen"):
        return {"text": phone}
    return {"text": mask_phone(phone), "reveal": f"/visits/{opened.id}/do/see_phone"}


def shown_lines(turn: Turn, opened: OpenVisit) -> list[str]:
    """What is put before the enterprise's person to sign: everything that the visit's record lists now."""
    visit = opened.visit
    day = visit.day
    lines = [
        turn.say(
            N_("Visit %(number)s to %(enterprise)s on %(day)s by %(officers)s."),
            number=visit.value("number"),
            enterprise=visit.value("enterprise"),
            day=language.day_text(turn.lang, day) if day else "–",
            officers=people(turn, visit.officers),
        )
    ]
    for place, request in enumerate(requests(turn, opened), 1):
        words = (
            N_("Request %(n)d: %(title)s, number %(number)s") if request["number"] else N_("Request %(n)d: %(title)s")
        )
        text = turn.say(words, n=place, **_texts(request, "title", "number"))
        due = turn.say(N_(", due %(due)s"), due=request["due"]) if request["due"] else ""
        lines.append(text + due + turn.say(N_(".")))
    if not visit.requests:
        lines.append(turn.say(N_("No request was made.")))
    for paper in visit.papers:
        line = turn.say(
            N_("Paper: %(name)s, taken %(taken)d, given back %(returned)d"),
            name=paper.name,
            taken=paper.taken,
            returned=paper.returned,
        )
        of = turn.say(N_(", for %(number)s"), number=request_number(turn, paper.case)) if paper.case else ""
        lines.append(line + of + turn.say(N_(".")))
    if not visit.papers:
        lines.append(turn.say(N_("No paper was taken.")))
    if visit.files:
        names = turn.say(N_(", ")).join(file.name for file in visit.files)
        counted = turn.count(N2_("%(n)d photograph or file", "%(n)d photographs or files"), len(visit.files))
        lines.append(turn.say(N_("%(counted)s: %(names)s."), counted=counted, names=names))
    return lines


def _texts(values: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: str(values[name]) for name in names}


def signature_view(turn: Turn, opened: OpenVisit, fact: Fact) -> dict[str, Any]:
    """One signature, or the reason for none, and whether it is about what the record lists."""
    data = fact.data
    return {
        "signed": data["signed"],
        "who": str(data.get("signer") or ""),
        "reason": str(data.get("unsigned_reason") or ""),
        "when": language.moment_text(turn.lang, fact.at),
        "officer": case_view.person_name(turn, fact.user),
        "shown": str(data["shown"]).split("\n"),
        "drawn": signature_views(turn, [data["strokes"]])[0] if data.get("strokes") else None,
        "counts": data["content"] == opened.visit.signed_about,
        "digest": str(data["content"])[:12],
    }


def facts_once(turn: Turn) -> Facts:
    """Reads the events of one act; what several of them say alike stands there once."""
    said: list[dict[str, str]] = []

    def read(event: Event) -> list[dict[str, str]]:
        new = [line for line in _event_facts(turn, event) if line not in said]
        said.extend(new)
        return new

    return read


def _event_facts(turn: Turn, event: Event) -> list[dict[str, str]]:
    lines = []
    for spec in VISIT_EVENTS.get(str(event.get("type")), ()):
        value = event.get(spec.name)
        if value in (None, "", []) or spec.name in _MUCH_IN_TIMELINE or spec.kind in ("attachments", "strokes"):
            continue
        lines.append({"label": turn.say(spec.label), "text": _event_text(turn, spec, value)})
    return lines


def _event_text(turn: Turn, spec: FieldSpec, value: Any) -> str:
    if spec.name == "case":
        return request_number(turn, str(value))
    if spec.name == "officers" and isinstance(value, list):
        return people(turn, tuple(str(user) for user in value))
    if spec.kind == "choice":
        return common_term(turn, f"{spec.term}.{value}") if value in spec.choices else str(value)
    if spec.kind == "materials" and isinstance(value, list):
        papers = (paper for paper in value if isinstance(paper, Mapping))
        return turn.say(N_(", ")).join(f"{paper.get('name')} × {paper.get('copies', 1)}" for paper in papers)
    return field_text(turn, None, spec, value)
