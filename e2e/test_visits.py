"""A visit to an enterprise: planned at the office, made in the yard without network, the same everywhere afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import Officer

ENTERPRISE = "星桥云帆包装有限公司"
SERVICE = "个体工商户设立登记"


def test_a_visit_without_network_is_the_same_in_the_record(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], shots: Path
) -> None:
    city = prepared_city("linxiao")
    # 1. The head plans the visit for the officer, at the office.
    head = Officer(laptop("sunguoping").open(), city, "sunguoping")
    head.sign_in()
    visit = plan(head.page, city, officer="林晓")

    # 2. The officer's device has it before the network goes.
    machine = laptop("linxiao", (820, 1180))
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock("/visits")
    expect(lin.page.locator("main")).to_contain_text(ENTERPRISE)
    city.stop()
    machine.close()

    # 3. In the yard: two requests, papers, the enterprise's signature, the end.
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock("/today")
    expect(lin.page.locator("#sync-light")).to_contain_text("离线")
    expect(lin.page.locator("#visits-title")).to_be_visible()
    lin.page.get_by_role("link", name=ENTERPRISE).click()
    do(lin, visit, "start", met="孙老板")
    service = register_in(lin, visit, appeal=False)
    appeal = register_in(lin, visit, appeal=True)
    do(lin, visit, "take_papers", papers="厂房租赁合同原件")
    refused = lin.page
    refused.goto(f"{city.url}{visit}/do/finish")
    expect(refused.locator("main")).to_contain_text("厂房租赁合同原件 × 1")
    lin.open(f"{visit}/do/return_papers")
    row = lin.page.locator(".sw-papers tbody tr")
    for index in range(row.count()):
        keeps = "厂房租赁合同原件" not in row.nth(index).inner_text()
        row.nth(index).locator("input").fill("0" if keeps else "1")
    send(lin, visit)
    add_photograph(lin, visit)
    sign(lin, visit, shots)
    do(lin, visit, "finish", summary="两件诉求已登记，租赁合同原件已退还。")
    *own, planned = lin.ticks()
    assert planned == "record"
    assert set(own) == {"device"}
    lin.page.screenshot(path=shots / "visit-offline.png", full_page=True)
    lin.open(f"{visit}/record?paper=80mm")
    slip = lin.page.locator(".sw-slip")
    expect(slip.locator(".sw-slip__qr")).to_have_count(2)
    expect(slip).to_contain_text("孙老板")
    expect(slip.locator(".sw-signature")).to_have_count(1)
    lin.page.screenshot(path=shots / "visit-receipt.png", full_page=True)
    lin.open("/sync")
    expect(lin.page.locator("main")).to_contain_text(f"走访{ENTERPRISE}")

    # 4. The network is back. Nobody presses anything.
    city.start()
    lin.open(visit)
    lin.expect_all_in_record()

    # 5. Head, colleague and centre see what the officer saw.
    for user in ("sunguoping", "zhaolei", "qianwen"):
        other = head if user == "sunguoping" else Officer(laptop(user).open(), city, user)
        if user != "sunguoping":
            other.sign_in()
        other.page.goto(city.url + visit)
        main = other.page.locator("main")
        for text in ("已结束", "两件诉求已登记", "孙老板", "厂房租赁合同原件", "车间用电负荷不足", "yard.jpg"):
            expect(main).to_contain_text(text)
        for path in (service, appeal):
            expect(main.locator(f"a[href='{path}']")).to_be_visible()
        expect(main.locator(".sw-signature")).not_to_have_count(0)
    head.page.goto(city.url + appeal)
    head.page.get_by_role("link", name="走访企业时登记").click()
    expect(head.page).to_have_url(re.compile(re.escape(visit)))
    head.page.get_by_role("link", name="企业档案").click()
    expect(head.page.locator("h1")).to_have_text(ENTERPRISE)


def plan(page: Page, city: City, officer: str) -> str:
    page.goto(city.url + "/visits/plan")
    page.fill("#enterprise", ENTERPRISE)
    page.fill("#address", "东湾纺织园 8 号")
    page.fill("#contact", "孙老板")
    page.fill("#phone", "13800007788")
    for box in page.locator("input[name=officer]").all():
        box.uncheck()
    page.get_by_role("checkbox", name=re.compile(officer)).check()
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(r"/visits/[0-9a-f]{32}\?done=visit_planned"))
    found = re.search(r"/visits/[0-9a-f]{32}", page.url)
    assert found
    return found.group()


def send(officer: Officer, visit: str) -> None:
    officer.page.click("main form button[type=submit]")
    expect(officer.page).to_have_url(re.compile(re.escape(visit) + r"\?done="))


def do(officer: Officer, visit: str, command: str, **fields: str) -> None:
    officer.open(f"{visit}/do/{command}")
    for name, value in fields.items():
        officer.page.fill(f"[name={name}]", value)
    send(officer, visit)


def register_in(officer: Officer, visit: str, *, appeal: bool) -> str:
    """Registers a request from the visit's page, who asks already filled in; gives the case's path."""
    page = officer.page
    officer.open(visit)
    page.get_by_role("button", name="登记诉求").click()
    expect(page.locator("#claimant_name")).to_have_value(ENTERPRISE)
    if appeal:
        page.get_by_role("radio", name=re.compile("企业诉求")).check()
        page.fill("#title", "车间用电负荷不足")
        page.fill("#text", "三台新设备不能同时开，希望增容。")
    else:
        page.get_by_role("radio", name=re.compile(SERVICE)).check()
        page.locator(".sw-choice:has(input[name=offer]:checked) .sw-all-papers").check()
        page.check("input[name=complete][value=yes]")
        page.check("input[name=signed][value=yes]")
    page.check("input[name=outcome][value=accept]")
    page.click("#register-submit")
    expect(page).to_have_url(re.compile(re.escape(visit) + r"\?done=visit_request"))
    titles = page.locator(".sw-table__title a[href^='/cases/']:not([href*=slips])")
    path = titles.last.get_attribute("href")
    assert path
    return path


def add_photograph(officer: Officer, visit: str) -> None:
    officer.open(f"{visit}/do/add_files")
    picture = officer.page.screenshot()
    officer.page.set_input_files(
        "input#attachments", files=[{"name": "yard.png", "mimeType": "image/png", "buffer": picture}]
    )
    expect(officer.page.locator("[data-files-list] li")).to_have_count(1)
    send(officer, visit)
    expect(officer.page.locator("main")).to_contain_text("yard")


def sign(officer: Officer, visit: str, shots: Path) -> None:
    page = officer.page
    officer.open(f"{visit}/do/sign")
    expect(page.locator(".sw-shown")).to_contain_text("车间用电负荷不足")
    pad = page.locator("[data-sign-pad] canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 30 + 14 * step, box["y"] + 40 + (22 if step % 2 else 0))
    page.mouse.up()
    page.check("input[name=signed][value=yes]")
    page.screenshot(path=shots / "visit-sign.png", full_page=True)
    send(officer, visit)
    expect(page.locator(".sw-visit__signed .sw-signature")).to_be_visible()
