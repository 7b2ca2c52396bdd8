"""The working days of the browser tests replayed in memory: every step is offered, takes its form, prints what it owes.

What is not offered is refused when its address is typed by hand: with the article and with what to do instead.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

import pytest
from fakes import NOW, Desk, FakeStore
from html_forms import filled

from e2e.working_days import DAYS, Day, Step, typed_on
from py_core.cases.commands import COMMANDS
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.directory import read_directory
from py_core.packs import load_packs
from py_core.rules.engine import assess
from server.demo.data import directory_document

CITY = read_directory({**directory_document(), "public_url": "https://shouwen.example"})
PACKS = load_packs()
TABLE = {
    (pack, transition.command) for transition in PACKS.common.transitions for pack in transition.sources
}


class Office:
    """Everybody of a day at devices of their own, which hear of each other only between the windows."""

    def __init__(self, people: list[str]) -> None:
        self.now = NOW
        self.record = FakeStore(CITY)
        self.desks = {who: Desk(who, store=FakeStore(CITY), code=f"K{n}") for n, who in enumerate(people)}
        self.cases: dict[str, str] = {}
        self.taken: set[tuple[str, str]] = set()

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
        path = "/register"
        if step.do != "register":
            case = f"/cases/{self.cases[step.case]}"
            path = f"{case}/do/{step.do}"
            assert f'href="{path}"' in desk.get(case).html, (step, "is not offered")
        page = desk.get(path)
        assert page.status == 200, step
        form = filled(page.html, {name: typed_on(self.now.date(), text) for name, text in typed_of(step).items()})
        response = desk.post(path, **form)
        assert response.status == 303, (step, re.findall(r'error-message">(?:<.*?</span>)?([^<]*)', response.html))
        assert len(response.acts) == 1
        self.cases.setdefault(step.case, response.acts[0].case_id)
        self.taken.add((day.pack, step.do))
        if step.slip:
            self._print(desk, step, response.location or "")

    def _print(self, desk: Desk, step: Step, location: str) -> None:
        path = location.partition("?")[0]
        if "/slips/" not in path:
            path = f"/cases/{self.cases[step.case]}/slips/{step.slip}"
        assert path.endswith(step.slip), (step, path)
        for lang in ("zh-CN", "en"):
            page = desk.get(path, lang)
            assert page.status == 200, (step, page.html)
            assert "sw-slip" in page.html


def typed_of(step: Step) -> dict[str, str]:
    """The typed values under the names of the form: matters stand in a list, papers in boxes."""
    typed = dict(step.typed)
    offer = typed.get("offer", "")
    if offer.startswith("matter:"):
        typed |= {"offer": "matter", "matter": offer}
    if typed.pop("offer_papers", ""):
        typed[f"papers-{offer}"] = "y"
    return typed


@cache
def worked(pack: str) -> Office:
    """The whole day of a regulation."""
    day = DAYS[pack]
    office = Office(day.people)
    for window in day.windows:
        office.network()
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


@pytest.mark.parametrize("pack", DAYS)
def test_a_day_goes_through_with_every_step_offered_and_every_slip_printed(pack: str) -> None:
    office = worked(pack)
    assert len(office.cases) >= 12
    assert {case: state_of(office, case) for case in office.cases} == DAYS[pack].states
