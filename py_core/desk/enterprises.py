"""The enterprises that this side knows from its visits and cases, and the file of each: what was asked, who was there,
which papers are with the office.

There is no register of enterprises: whatever is shown stands in visits and registrations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from py_core.desk import case_view, visit_view
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_held import OpenVisit, open_visits
from py_core.views import language
from py_core.views.language import N_
from py_core.views.masking import mask_phone
from py_core.visits import FINISHED, PLANNED, STARTED
from py_core.visits.enterprise import code_in, enterprise_key

PAST_MAX = 30


@dataclass
class Enterprise:
    """One enterprise as lists and forms need it; address and contact as the newest plan has them."""

    key: str
    name: str
    code: str
    address: str = ""
    contact: str = ""
    phone: str = ""
    last: date | None = None  # the day of the newest visit that was made
    next: date | None = None  # the day of the nearest one that is planned
    visits: int = 0  # that were made
    requests: int = 0
    open: int = 0
    names: set[str] = field(default_factory=set)


def known_enterprises(turn: Turn) -> dict[str, Enterprise]:
    """All of them by key; one that is known by name and by code counts once, under the code."""
    held = sorted(open_visits(turn), key=lambda each: each.visit.day or date.min)
    cases = list(_asked_by_enterprises(turn))
    alias = _aliases(held, cases)
    found: dict[str, Enterprise] = {}

    def entry(key: str, name: str) -> Enterprise:
        real = alias.get(key, key)
        return found.setdefault(real, Enterprise(real, name, code_in(real)))

    for case in cases:
        known = entry(case.glance.enterprise, case.glance.claimant_name)
        known.requests += 1
        known.open += case.glance.open
        known.names.add(case.glance.claimant_name)
    for opened in held:  # the newest last: its words stand
        visit = opened.visit
        known = entry(opened.enterprise, visit.value("enterprise"))
        known.name = visit.value("enterprise")
        known.names.add(known.name)
        if visit.state in (STARTED, FINISHED):
            known.visits += 1
            known.last = visit.day
        elif visit.state == PLANNED and known.next is None:
            known.next = visit.day
        for name in ("address", "contact", "phone"):
            setattr(known, name, visit.value(name) or getattr(known, name))
    return found


def _asked_by_enterprises(turn: Turn) -> Iterator[OpenCase]:
    """The cases in which an enterprise asks; a report is in nobody's file, for it does not say who made it."""
    return (each for each in turn.open_all() if each.glance.enterprise)


def _aliases(held: Iterable[OpenVisit], cases: Iterable[OpenCase]) -> dict[str, str]:
    """Name keys that lead to a code, because somebody entered both."""
    named = [(each.enterprise, each.visit.value("enterprise")) for each in held]
    named += [(each.glance.enterprise, each.glance.claimant_name) for each in cases]
    return {enterprise_key(name): key for key, name in named if code_in(key)}


def find_enterprise(turn: Turn, key: str) -> Enterprise | None:
    """The enterprise of a file's address; a name's key finds the one that got its code later."""
    known = known_enterprises(turn)
    return known.get(key) or next(
        (each for each in known.values() if key in {enterprise_key(name) for name in each.names}), None
    )


def cases_of(turn: Turn, enterprise: Enterprise) -> Iterator[OpenCase]:
    """The cases in which it asked."""
    keys = {enterprise.key, *(enterprise_key(name) for name in enterprise.names)}
    return (each for each in _asked_by_enterprises(turn) if each.glance.enterprise in keys)


def visits_of(turn: Turn, enterprise: Enterprise) -> list[OpenVisit]:
    """Its visits, the newest day first."""
    keys = {enterprise.key, *(enterprise_key(name) for name in enterprise.names)}
    found = [each for each in open_visits(turn) if each.enterprise in keys]
    return sorted(found, key=lambda each: each.visit.day or date.min, reverse=True)


def show_enterprise(turn: Turn, key: str) -> Response:
    """The file of one enterprise: contacts, open and past requests, visits, papers still with the office."""
    enterprise = find_enterprise(turn, key)
    if enterprise is None:
        return problem(turn, 404, "unknown_enterprise")
    visits = visits_of(turn, enterprise)
    cases = list(cases_of(turn, enterprise))
    open_cases = [each for each in cases if not case_view.is_finished(each)]
    past = [each for each in cases if case_view.is_finished(each)]
    past.sort(key=lambda each: each.glance.registered or date.min, reverse=True)
    open_cases.sort(key=lambda each: (each.glance.due or date.max, each.number))
    return page(
        turn,
        "enterprise.html",
        enterprise.name,
        f"enterprise-{enterprise.key}",
        {
            "enterprise": {"key": enterprise.key, "name": enterprise.name, "code": enterprise.code},
            "facts": _facts(turn, enterprise, visits),
            "open": [visit_view.request_row(turn, each) for each in open_cases],
            "past": [visit_view.request_row(turn, each) for each in past[:PAST_MAX]],
            "more": max(len(past) - PAST_MAX, 0),
            "visits": [visit_view.row(turn, each) for each in visits],
            "papers": [
                {**visit_view.paper_row(turn, paper), "visit": each.id, "visit_number": each.visit.value("number")}
                for each in visits
                for paper in each.visit.held
            ],
        },
        where="visits",
    )


def _facts(turn: Turn, enterprise: Enterprise, visits: list[OpenVisit]) -> list[dict[str, str]]:
    contacts = dict.fromkeys(
        f"{visit.value('contact')} {mask_phone(visit.value('phone'))}".strip()
        for visit in (each.visit for each in visits)
        if visit.value("contact") or visit.value("phone")
    )
    others = sorted(name for name in enterprise.names if name and name != enterprise.name)
    rows = [
        (N_("Unified social credit code"), enterprise.code),
        (N_("Also written"), turn.say(N_(", ")).join(others)),
        (N_("Address"), enterprise.address),
        (N_("Contacts"), turn.say(N_(", ")).join(contacts)),
        (N_("Last visit"), language.day_text(turn.lang, enterprise.last) if enterprise.last else ""),
        (N_("Next visit"), language.day_text(turn.lang, enterprise.next) if enterprise.next else ""),
    ]
    return [{"label": turn.say(label), "text": text} for label, text in rows if text]
