"""Everybody of a working day in memory: devices of their own, every form found where it is offered, filled and taken.

`further_steps` says how a case comes to where a step is offered that no day needs. The tests judge both, `make screens` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import TypeVar

from fakes import NOW, Desk, FakeStore
from html_forms import fields_of, filled, words_of

from e2e.canaries import has_canary, with_canaries
from e2e.further_steps import SETTING, FurtherStep
from e2e.working_days import DAYS, DRAWN, LEAVING, LIN, PHOTOGRAPH, RECORD, STAND_IN, Day, Step, typed_on
from py_core.cases.acts import Act
from py_core.cases.commands import ALL_ROLES, Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.desk.ports import NewAct, Request, Response
from py_core.directory import read_directory
from py_core.packs import load_packs
from py_core.reporters import is_reporter_id
from py_core.rules.engine import assess
from server.demo.data import directory_document

FOUNDING = directory_document()
CITY = read_directory(
    {
        **FOUNDING,
        "public_url": "https://shouwen.example",
        "policies": {**FOUNDING["policies"], **SETTING},
    }
)
PACKS = load_packs()
TABLE = {(pack, transition.command) for transition in PACKS.common.transitions for pack in transition.sources}


CHOSEN = '[{"sha256":"' + "cd" * 32 + '","bytes":9,"type":"image/jpeg","name":"a.jpg"}]'
PEN = '{"width":300,"height":150,"strokes":[[10,10,60,90,120,20]]}'
BY_HAND = {PHOTOGRAPH: CHOSEN, DRAWN: PEN}  # what no keyboard fills


def in_front_of(case: FurtherStep, pack: str) -> tuple[Desk, str]:
    """Somebody in front of a case, and its address."""
    store, case_id, now = FakeStore(CITY), "ab" * 16, NOW
    for number, (name, given) in enumerate(case.commands(pack), 1):
        now += timedelta(minutes=3)
        known = store.case(case_id)
        context = Context(now, PACKS, store.calendar(), CITY.policies, user=LIN, roles=ALL_ROLES, unit="xingqiao")
        events = decide(fold(case_id, order(known.acts)) if known else None, Command(name, given), context)
        act = Act(name, events, LIN, "elsewhere", number, now, now, None, None, PACKS.version, "0.1.0")
        store.record(NewAct(case_id, act.text()), now)
    return Desk(case.who, store=store, now=now + case.later), f"/cases/{case_id}"


class Office:
    """Everybody of a day at devices of their own, which hear of each other only between the windows."""

    types_canaries = True

    def __init__(self, people: list[str]) -> None:
        self.now = NOW
        self.record = FakeStore(CITY)
        self.desks = {who: Desk(who, store=FakeStore(CITY), code=f"K{n}") for n, who in enumerate(people)}
        self.cases: dict[str, str] = {}
        self.visits: dict[str, str] = {}
        self.taken: set[tuple[str, str]] = set()
        self.taken_over: set[str] = set()
        # (form, field): with a canary, of any kind, that takes words
        self.canaries: set[tuple[str, str]] = set()
        self.controls: set[tuple[str, str]] = set()
        self.words: set[tuple[str, str]] = set()

    def hand_work_over(self, names: list[str]) -> None:
        sheet = self.desks[LEAVING].get(f"/slips/F-23/{LEAVING}")
        assert sheet.status == 200
        today = self.desks[STAND_IN].get("/today", scope="stand_in").html
        for name in names:
            assert name in sheet.html, name
            assert f'href="/cases/{self.cases[name]}"' in today, name
        self.taken_over |= {*names}

    def network(self) -> None:
        """A moment with network: the record takes everything, everybody gets everything."""
        self.now += timedelta(minutes=20)
        for desk in self.desks.values():
            self.record.hear(desk.store, self.now)
        for desk in self.desks.values():
            desk.store.acts = {case: list(acts) for case, acts in self.record.acts.items()}

    def take(self, day: Day, step: Step) -> None:
        self.now += timedelta(minutes=2)
        desk = self.desks[step.who]
        desk.now = self.now
        path, query = self.form_of(desk, step)
        page = desk.get(path, **query)
        assert page.status == 200, step
        typed = {name: typed_on(self.now.date(), text) for name, text in typed_of(step).items()}
        if self.types_canaries:
            typed = self._with_canaries(step.do, page.html, typed)
        if step.is_visit and "case" in typed:
            typed["case"] = self.cases.get(typed["case"], "")
        response = desk.post(path, **filled(page.html, typed))
        assert response.status == 303, (step, re.findall(r'error-message">(?:<.*?</span>)?([^<]*)', response.html))
        assert sum(not is_reporter_id(act.case_id) for act in response.acts) == (2 if step.visit else 1)
        (self.visits if step.is_visit else self.cases).setdefault(step.case, response.acts[0].case_id)
        self.taken.add((day.pack, step.do))
        if step.slip:
            self._print(desk, step, response.location or "")

    def _with_canaries(self, do: str, html: str, typed: Mapping[str, str]) -> dict[str, str]:
        """As the browser's day types it: with a canary in every field that takes words."""
        filled_in = with_canaries(do, words_of(html), typed)
        self.canaries |= {(do, name) for name, text in filled_in.items() if has_canary(text)}
        self.controls |= {(do, name) for values in fields_of(html) for name in values}
        self.words |= {(do, name) for name, _, _ in words_of(html)}
        return filled_in

    def form_of(self, desk: Desk, step: Step) -> tuple[str, dict[str, str]]:
        """Where the form stands; it must be offered where the person is who needs it."""
        if step.do == "register":
            if not step.visit:
                return "/register", {}
            visit = self.visits[step.visit]
            assert f'href="/register?visit={visit}"' in desk.get(f"/visits/{visit}").html, step
            return "/register", {"visit": visit}
        if step.do == "visit.plan":
            assert 'href="/visits/plan"' in desk.get("/visits").html
            return "/visits/plan", {}
        at = f"/visits/{self.visits[step.case]}" if step.is_visit else f"/cases/{self.cases[step.case]}"
        path = f"{at}/do/{step.do.removeprefix('visit.')}"
        assert f'href="{path}"' in desk.get(at).html, (step, "is not offered")
        return path, {}

    def _print(self, desk: Desk, step: Step, location: str) -> None:
        path, query = location.partition("?")[0], {}
        if step.slip == RECORD:
            path, query = f"/visits/{self.visits[step.case]}/record", {"paper": "80mm"}
        elif "/slips/" not in path:
            path = f"/cases/{self.cases[step.case]}/slips/{step.slip}"
        assert path.endswith(step.slip), (step, path)
        for lang in ("zh-CN", "en"):
            page = desk.get(path, lang, **query)
            assert page.status == 200, (step, page.html)
            assert "sw-slip" in page.html


class WatchedOffice(Office):
    """An office whose forms are kept as they stood when somebody opened them: step, address, page by language."""

    types_canaries = False  # people look at its pages

    def __init__(self, people: list[str]) -> None:
        super().__init__(people)
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.unfilled: list[tuple[str, str, Response]] = []

    def form_of(self, desk: Desk, step: Step) -> tuple[str, dict[str, str]]:
        path, query = super().form_of(desk, step)
        pages = {lang: desk.get(path, lang, **query).html for lang in ("zh-CN", "en")}
        self.forms.append((step.do, path, pages))
        self.unfilled.append((step.do, path, unfilled(desk, path, pages["zh-CN"])))
        return path, query


def unfilled(desk: Desk, path: str, html: str) -> Response:
    """What a form answers when it is sent with every text and choice left out; nothing is recorded."""
    key = {name: [text] for name, text in fields_of(html)[0].items() if name == "key"}
    return desk.answer(Request("POST", path, {}, key, "zh-CN"))


def typed_of(step: Step) -> dict[str, str]:
    """The typed values under the names of the form: matters stand in a list, papers in boxes."""
    typed = dict(step.typed)
    offer = typed.get("offer", "")
    if offer.startswith("matter:"):
        typed |= {"offer": "matter", "matter": offer}
    if typed.pop("offer_papers", ""):
        typed[f"papers-{offer}"] = "y"
    return {name: BY_HAND.get(name, text) for name, text in typed.items()}


AnyOffice = TypeVar("AnyOffice", bound=Office)


@cache
def worked(pack: str) -> Office:
    """The whole day of a regulation."""
    return work_through(Office(DAYS[pack].people), DAYS[pack])


def work_through(office: AnyOffice, day: Day) -> AnyOffice:
    """Takes every step of a day, with network between its windows and at its end."""
    for window in day.windows:
        office.network()
        if names := day.handed_over(window):
            office.hand_work_over(names)
        for step in window:
            office.take(day, step)
    office.network()
    return office


def state_of(office: Office, case: str) -> str:
    record = office.record.case(office.cases[case])
    assert record is not None
    case_ = fold(record.id, order(record.acts))
    assert case_.ignored == ()
    return assess(case_, PACKS, office.record.calendar(), office.now, {}).state
