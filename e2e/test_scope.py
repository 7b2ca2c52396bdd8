"""Scope that ends while an officer has unsent work: moved to another unit, device withdrawn. Nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect
from sqlalchemy import select

from e2e.harness import City, Laptop, wait_until
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.pictures import look
from py_core.city import CITY_ID
from py_core.desk.ports import DeviceRevocation
from server.outside import SystemClock, SystemEntropy
from server.parts import Parts, assemble
from server.settings import Settings
from server.tables import devices

WORDS = "路灯已修好，请核实"
REASON = "移交前已经完成，应当计入"


@contextmanager
def at_the_record(city: City) -> Iterator[Parts]:
    """The record itself, while its server is stopped."""
    parts = assemble(Settings(city.data, similar_cases=False), SystemClock(), SystemEntropy())
    try:
        yield parts
    finally:
        parts.close()


def move_to_a_new_unit(city: City, user: str) -> None:
    """The directory has a new unit, which no case concerns, and says that a person works there."""
    with at_the_record(city) as parts:
        document = parts.city.current().document
        unit = {**next(row for row in document["units"] if row["kind"] == "town"), "id": "xinqiao", "zh": "新桥镇"}
        people = [{**row, "unit": unit["id"]} if row["id"] == user else row for row in document["people"]]
        parts.city.publish({**document, "units": [*document["units"], unit], "people": people})


def withdraw(city: City, user: str, name: str) -> None:
    """The administrator withdraws the newest device of a person."""
    with at_the_record(city) as parts:
        with parts.database.reading() as connection:
            mine = select(devices.c.id).where(devices.c.user == user).order_by(devices.c.enrolled_at_ms.desc())
            device = connection.scalar(mine)
        assert device is not None, name
        parts.decisions.carry_out(DeviceRevocation(str(device), "笔记本丢失"), "luoan")


def held_cases(page: Page) -> set[str]:
    """The cases in the device's own database, whatever its pages say."""
    keys = page.evaluate(
        """() => new Promise((resolve, reject) => {
             const opening = indexedDB.open('shouwen');
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {
               const asking = opening.result.transaction('records').objectStore('records').getAllKeys();
               asking.onsuccess = () => { opening.result.close(); resolve(asking.result); };
             };
           })"""
    )
    return {str(key) for key in keys} - {CITY_ID}


def prepared(laptop: Callable[..., Laptop], city: City, user: str) -> tuple[Officer, str]:
    """An officer with a device that is ready, and a case of the unit that is on it."""
    officer = Officer(laptop(user).open(), city, user)
    officer.unlock("/cases")
    link = officer.page.locator("main table a[href^='/cases/']").first
    path = (link.get_attribute("href") or "").partition("?")[0]
    assert re.fullmatch(r"/cases/[0-9a-f]{32}", path)
    return officer, path


def decide(officer: Officer, case_id: str, choice: str) -> None:
    """The reconciler decides about the late work in a case, with a reason."""
    page = officer.page
    page.goto(officer.city.url + "/centre/quarantine")
    row = page.locator("main tr", has=page.locator(f"a[href='/cases/{case_id}']"))
    row.locator("a[href^='/centre/quarantine/']").click()
    expect(page.locator(".sw-side")).to_contain_text(WORDS)
    look(page, "late-work")
    page.click("main form button")
    expect(page.locator(".govuk-error-summary")).to_be_visible()  # no decision without a choice and a reason
    page.check(f"input[name=decision][value={choice}]")
    page.fill("textarea[name=reason]", REASON)
    page.click("main form button")


def test_an_officer_is_moved_while_work_of_the_old_unit_is_unsent(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao")
    officer, path = prepared(laptop, city, "linxiao")
    case_id = path.rsplit("/", 1)[1]
    before = held_cases(officer.page)
    assert len(before) > 1
    city.stop()
    officer.do(path, "note", text=WORDS)
    move_to_a_new_unit(city, "linxiao")
    city.start()

    # The work arrived and is kept on both sides; every other case of the old unit has left the device.
    officer.open("/sync")
    main = officer.page.locator("main")
    expect(main).to_contain_text("星桥镇人民政府负责", timeout=ARRIVAL_MS_MAX)
    expect(main).to_contain_text("已转出")
    wait_for(officer.page, {case_id})
    look(officer.page, "device-moved")

    # The centre takes it after all; then the last case leaves the device too, and the centre has its word for it.
    centre = Officer(laptop("qianwen").open(), city, "qianwen")
    centre.sign_in()
    decide(centre, case_id, "take")
    expect(centre.page.locator(".sw-timeline")).to_contain_text(REASON)
    expect(centre.page.locator(".sw-timeline")).to_contain_text("补收")
    wait_for(officer.page, set())
    officer.open("/sync")
    expect(main).not_to_contain_text("星桥镇人民政府负责")
    centre.page.goto(city.url + "/centre/devices")
    row = centre.page.locator("main tbody tr", has_text="林晓").filter(has_text=str(len(before)))
    expect(row.first).to_be_visible()
    look(centre.page, "centre-withdrawn")


def test_a_device_is_withdrawn_while_its_work_is_unsent(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("zhaolei")
    officer, path = prepared(laptop, city, "zhaolei")
    case_id = path.rsplit("/", 1)[1]
    city.stop()
    officer.do(path, "note", text=WORDS)
    withdraw(city, "zhaolei", "laptop")
    city.start()

    officer.open("/sync")
    main = officer.page.locator("main")
    expect(main).to_contain_text("中心已停用这台设备", timeout=ARRIVAL_MS_MAX)
    expect(main).to_contain_text("已停用")
    wait_for(officer.page, {case_id})  # what is not in the record stays, with its bytes
    look(officer.page, "device-withdrawn")

    centre = Officer(laptop("qianwen").open(), city, "qianwen")
    centre.sign_in()
    centre.page.goto(city.url + "/centre/quarantine")
    decide(centre, case_id, "leave_out")
    expect(centre.page.locator("main")).to_contain_text(REASON)
    wait_for(officer.page, set())
    officer.open("/sync")
    expect(main).to_contain_text("中心决定不收录")
    expect(main).to_contain_text(REASON)


def wait_for(page: Page, cases: set[str]) -> None:
    """Waits until the device holds exactly these cases."""
    wait_until(
        page,
        """wanted => new Promise(resolve => {
             const opening = indexedDB.open('shouwen');
             opening.onsuccess = () => {
               const asking = opening.result.transaction('records').objectStore('records').getAllKeys();
               asking.onsuccess = () => {
                 opening.result.close();
                 const held = asking.result.filter(key => key !== wanted.city).sort();
                 resolve(JSON.stringify(held) === JSON.stringify(wanted.cases));
               };
             };
           })""",
        {"city": CITY_ID, "cases": sorted(cases)},
        timeout=ARRIVAL_MS_MAX,
    )
