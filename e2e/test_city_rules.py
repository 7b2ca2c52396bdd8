"""The administrator publishes the missing year on the server; an officer's device learns of it by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer
from py_core.calendars import national
from py_core.cases.acts import Act
from py_core.values import LOCAL
from server.devices import SERVER_DEVICE
from server.outside import SystemClock, SystemEntropy
from server.own_device import OwnAct
from server.parts import assemble
from server.settings import Settings

TITLE = "河堤加固的群众来信"
SOURCE = "国办发明电〔2026〕99号"


def test_a_published_year_makes_a_provisional_date_firm_on_the_device(
    city: City, laptop: Callable[..., Laptop], shots: Path
) -> None:
    today = datetime.now(LOCAL).date()
    year = max(max(national().loaded_years) + 1, today.year)
    old = max(date(year, 1, 12), today + timedelta(days=20))
    city.stop()
    case = f"/cases/{case_due_on(city, today, old)}"
    city.start()

    # The officer's device is prepared and shows the provisional date.
    officer = Officer(laptop("linxiao").open(), city, "linxiao")
    officer.sign_in()
    officer.prepare_for_offline()
    officer.open(case)
    expect(officer.page.locator(".sw-case__head")).to_contain_text(re.compile("暂定"))
    expect(officer.page.locator("main")).to_contain_text(TITLE)

    # The administrator is warned, looks at what the publication would do, and publishes.
    admin = Officer(laptop("heli").open(), city, "heli")
    admin.sign_in()
    admin.page.goto(f"{city.url}/centre")
    expect(admin.page.locator("#year-warning")).to_contain_text(f"缺 {year} 年的工作日历")
    admin.page.locator("#year-warning a").click()
    first, last = date(old.year, old.month, old.day), old + timedelta(days=6)
    admin.page.fill("#name_zh-0", "元旦")
    admin.page.fill("#from-0", first.isoformat())
    admin.page.fill("#to-0", last.isoformat())
    admin.page.fill("#source", SOURCE)
    admin.page.fill("#reason", "年度放假安排公布")
    admin.page.click("#publish-form button")
    expect(admin.page.locator(".sw-impact")).to_contain_text("E2E-0001")  # an administrator reads numbers, not requests
    admin.page.screenshot(path=shots / "calendar-preview.png", full_page=True)
    admin.page.click("#confirm button")
    expect(admin.page.locator("#flash")).to_contain_text("已记录")
    expect(admin.page.locator("#year-warning")).to_have_count(0)

    # The open page of the device changes without being asked: another date, firm, with the cause.
    officer.open(case)
    expect(officer.page.locator(".sw-timeline")).to_contain_text("到期日重新计算", timeout=ARRIVAL_MS_MAX)
    expect(officer.page.locator(".sw-timeline")).to_contain_text(SOURCE)
    expect(officer.page.locator(".sw-case__head")).not_to_contain_text("暂定")

    # Without the network the device still knows, and Today announces it until somebody has seen it.
    city.stop()
    officer.open("/today?scope=unit")
    duty = officer.page.locator(".sw-duty", has_text=TITLE)
    expect(duty.locator(".sw-notices__change")).to_contain_text(SOURCE)
    officer.page.screenshot(path=shots / "changed-date.png", full_page=True)
    officer.open(f"{case}/do/see_due_change")
    officer.page.click("main form button[type=submit]")
    expect(officer.page).to_have_url(re.compile(re.escape(case)))
    officer.open("/today?scope=unit")
    expect(officer.page.locator(".sw-duty").first).to_be_visible()
    expect(duty.locator(".sw-notices__change")).to_have_count(0)  # with nothing to read it may stand on the list only


def case_due_on(city: City, today: date, due: date) -> str:
    """A letter of the township that the record took before anybody looked; its limit is written in it."""
    parts = assemble(Settings(city.data, similar_cases=False), SystemClock(), SystemEntropy())
    try:
        case_id = parts.entropy.token(16).hex()
        officer = parts.city.current().directory.people["linxiao"]
        limit = {"n": parts.calendar.workdays_between(today, due), "unit": "workday"}
        events = (
            {
                "type": "registered", "pack": "WH", "matter": "letter", "channel": "letter", "claimant": "person",
                "title": TITLE, "text": TITLE, "unit": officer.unit, "number": "E2E-0001", "explicit_limit": limit,
            },
            {"type": "accepted", "by": officer.id},
        )  # fmt: skip
        now = parts.clock.now().replace(microsecond=0)
        seq = parts.own_device.next_seq()
        text = Act("register", events, officer.id, SERVER_DEVICE, seq, now, now, None, None, "1", "0.1.0").text()
        parts.own_device.append([OwnAct(case_id, text, officer.id)])
        return case_id
    finally:
        parts.close()
