"""Steps 1 to 3 of the main job: prepare, work while the server is stopped, arrive without anybody pressing anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import Officer
from py_core.calendars import national

SERVICE = "残疾人两项补贴"
PROMISED_WORKDAYS = 10


def test_a_day_without_network_reaches_the_record_by_itself(
    city: City, laptop: Callable[..., Laptop], shots: Path
) -> None:
    # 1. Signs in once online; the page is usable at once; the preparation is visible and ends with a self-test.
    machine = laptop("linxiao")
    lin = Officer(machine.open(), city, "linxiao")
    lin.sign_in()
    expect(lin.page.get_by_role("heading", name="今日")).to_be_visible()
    lin.prepare_for_offline()

    # 2. The server is stopped, the browser closed and opened again.
    city.stop()
    machine.close()
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock()
    expect(lin.page.locator("#sync-light")).to_contain_text("离线")
    lin.page.screenshot(path=shots / "today-offline.png")

    service = lin.register_service(SERVICE, "周梦洁", unsigned_reason="右手受伤，口头确认")
    receipt = lin.page.locator(".sw-slip")
    for mandatory in ("林晓", "138", "0510-8600"):  # JY-3.2.7: responder and phone, complaint phone; the date below
        expect(receipt).to_contain_text(mandatory)
    assert receipt.locator("svg, img").count() >= 1, "the receipt carries a QR"
    lin.page.screenshot(path=shots / "receipt.png")

    appeal = lin.register_appeal(
        "群众",
        "韩国强",
        "农贸市场东侧下水道堵塞",
        "星桥农贸市场东门外下水道堵了三天，污水漫到人行道，气味很大，希望尽快疏通。",
    )
    lin.page.screenshot(path=shots / "case-offline.png")

    # Each stands in 今日 with light, due date and an explanation that cites its article.
    lin.open("/today")
    expect(lin.page.locator(".sw-light").first).to_be_visible()
    dues = {}
    for path, article in ((service, "JY-3.3.5"), (appeal, "HL-7")):
        duty = lin.page.locator(f"#duty-{path.rsplit('/', 1)[1]}")
        expect(duty.locator(".sw-light").first).to_be_visible()
        duty.locator("summary").click()
        expect(duty.locator(".sw-steps")).to_contain_text(article)
        dues[path] = duty.locator(".sw-duty__due strong").inner_text()
    assert dues[service].startswith(shown_date(workdays_on(PROMISED_WORKDAYS))), dues
    assert dues[appeal].startswith(shown_date(workdays_on(5))), dues  # HL-7: a citizen's appeal
    lin.page.screenshot(path=shots / "today.png")

    # One case is completed and replied offline; every act shows one tick.
    lin.do(appeal, "reply", text="已派人疏通，污水退去，现场已冲洗。", opinion="satisfied")
    lin.open(appeal)
    assert set(lin.ticks()) == {"device"}

    # 3. The server comes back. Nobody presses anything.
    city.start()
    lin.expect_all_in_record()
    lin.page.screenshot(path=shots / "case-synced.png")

    second = Officer(laptop("zhaolei").open(), city, "zhaolei")
    second.sign_in()
    second.page.goto(city.url + service)
    expect(second.page.locator("h1")).to_contain_text(SERVICE)

    # The centre's list is rendered by the server: the same due dates and lights.
    centre = Officer(laptop("qianwen").open(), city, "qianwen")
    centre.sign_in()
    for path, words in ((service, SERVICE), (appeal, "农贸市场东侧下水道堵塞")):
        centre.page.goto(f"{city.url}/centre/cases?q={words}")
        row = centre.page.locator("tr", has=centre.page.locator(f"a[href='{path}']"))
        expect(row.locator(".sw-light")).to_be_visible()
        lin.open(path)
        light = lin.page.locator(".sw-case__head .sw-light").inner_text()
        assert row.locator(".sw-light").inner_text() == light
        if path == service:
            expect(row).to_contain_text(dues[path].split()[0])
    centre.page.screenshot(path=shots / "centre-cases.png")


def workdays_on(count: int) -> date:
    """The working day `count` days after today, counted day by day without the engine (P-01, P-02)."""
    calendar, day = national(), datetime.now(ZoneInfo("Asia/Shanghai")).date()
    while count:
        day += timedelta(days=1)
        count -= calendar.is_workday(day)
    return day


def shown_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
