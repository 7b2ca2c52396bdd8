"""One full working day without network under each of the four regulations, then the record shows the same.

Six people at devices of their own: counter, stand-in, head, leader, the neighbouring town and the dispatch desk.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from e2e.conftest import DESKTOP
from e2e.harness import City, Laptop
from e2e.officer import Officer
from e2e.working_day import Office
from e2e.working_days import DAYS
from py_core.calendars import national
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.packs import load_packs
from py_core.rules.engine import assess
from server.outside import SystemClock, SystemEntropy
from server.parts import assemble
from server.settings import Settings

PEOPLE = list(dict.fromkeys(who for day in DAYS.values() for who in day.people))


@pytest.fixture(scope="module")
def office(playwright: Playwright, demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Six devices, prepared once for the four days."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copytree(demo_data, folder / "data")
    city = City(folder / "data")
    city.start()
    laptops = {who: Laptop(playwright, folder / who, DESKTOP) for who in PEOPLE}
    officers = {who: Officer(laptop.open(), city, who) for who, laptop in laptops.items()}
    for officer in officers.values():
        officer.sign_in()
    for officer in officers.values():  # all of them prepare at the same time
        officer.prepare_for_offline()
        officer.open("/today")
    yield Office(city, laptops, officers)
    for laptop in laptops.values():
        laptop.close()
    city.stop()


@pytest.mark.parametrize("pack", DAYS)
def test_a_working_day_without_network(pack: str, office: Office, shots: Path) -> None:
    day = DAYS[pack]
    try:
        office.work(day)
    except BaseException:
        for who, laptop in office.laptops.items():
            laptop.picture(shots / f"failed-day-{pack}-{who}.png")
        raise
    own = {step.case for step in day.steps}
    assert len(own) >= 12
    assert {(step.case, step.slip) for step in day.steps if step.slip} <= office.printed

    # Every case reads the same on the device of whoever worked on it last and on the record's own page.
    last = {step.case: step.who for step in day.steps}
    for case, who in last.items():
        assert office.told_on_device(who, case) == office.told_by_record(who, case), case

    # The record's acts, folded and judged anew, stand where the day leads; nothing contradicts, nothing is held back.
    found = states(office.city, {case: office.cases[case] for case in own})
    assert found == dict(day.states)


def states(city: City, cases: dict[str, str]) -> dict[str, str]:
    """The state of every case as the record's own data say, read beside the running server."""
    parts = assemble(Settings(city.data, similar_cases=False), SystemClock(), SystemEntropy())
    try:
        held = parts.casebook.current()
        found = {}
        for name, path in cases.items():
            record = held[path.rsplit("/", 1)[1]]
            assert all(act.received_at is not None for act in record.acts)
            case = fold(record.id, order(record.acts))
            assert case.ignored == (), name
            found[name] = assess(case, load_packs(), national(), parts.clock.now(), {}).state
        return found
    finally:
        parts.close()
