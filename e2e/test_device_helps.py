"""What the device does by itself without network: shows what is known while somebody types, tells of lights once."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.pictures import look

# Keeps what would be shown, in every document of the browser.
RECORDING = """
window.shown = [];
window.Notification = class extends EventTarget {
  static permission = 'granted';
  static requestPermission = async () => 'granted';
  constructor(title, options) { super(); window.shown.push(title + ': ' + options.body); }
  close() {}
};
"""


def prepared(machine: Laptop, city: City) -> Officer:
    lin = Officer(machine.open(), city, "linxiao")
    machine.context.add_init_script(RECORDING)
    lin.unlock()
    return lin


def shown(page: Page) -> list[str]:
    return [str(text) for text in page.evaluate("window.shown")]


def test_the_device_helps_offline(prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> None:
    city = prepared_city("linxiao")
    lin = prepared(laptop("linxiao"), city)
    page = lin.page
    city.stop()

    # A repeated appeal is seen while it is typed, and nothing typed stands in an address.
    lin.open("/today")
    title = (
        page.locator(".sw-duty", has_text="HL-7")
        .filter(has_not_text="已答复")
        .locator(".sw-duty__title")
        .first.inner_text()
    )
    lin.open("/register")
    page.get_by_role("radio", name="群众").check()
    page.fill("#title", title)
    page.fill("#text", "请尽快派人清运")
    similar = page.locator("#similar")
    expect(similar).to_contain_text("可能是重复诉求")
    expect(similar).to_contain_text(title)
    expect(page.locator("#title")).to_have_value(title)
    expect(page.locator("#text")).to_be_focused()
    assert page.url == city.url + "/register"
    look(page, "device-similar")
    expect(page.locator("[data-part=problem]")).to_have_count(0)

    # The draft lives on: looking for similar cases is no sending.
    page.wait_for_function("() => document.querySelector('main form[data-draft]')")
    page.locator("#text").blur()
    lin.open("/sync")
    lin.open("/register")
    expect(page.locator("#title")).to_have_value(title)

    # Notifications are asked for on the sync page only; one for all lights, and never again for the same.
    lin.open("/sync")
    assert shown(page) == []
    page.click("#alerts-switch")
    expect(page.locator("#alerts-setting")).to_contain_text("已开启")
    page.wait_for_function("() => window.shown.length > 0")
    [told] = shown(page)
    assert re.match(r"首问：有职责需要处理: (超期|今日到期|即将到期|临期)", told), told
    lin.open("/today")
    with page.expect_response(lambda answer: "page.js" in answer.url):
        page.reload()
    expect(page.locator("#lock")).to_be_visible()
    page.evaluate("() => new Promise(done => navigator.locks.request('alerts', done))")
    assert shown(page) == []


def test_the_light_stays_true_above_what_cannot_be_done(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao")
    lin = prepared(laptop("linxiao"), city)
    page = lin.page
    city.stop()
    case = page.locator(".sw-duty__title a[href^='/cases/']").first.get_attribute("href") or ""
    lin.open(f"{case}/do/call_back")
    expect(page.locator("main")).to_contain_text("现在不能这样办")
    expect(page.locator("#sync-light")).to_contain_text("离线")
    city.start()
    expect(page.locator("#sync-light.sw-sync--online")).to_be_visible(timeout=ARRIVAL_MS_MAX)
    expect(page.locator("main")).to_contain_text("现在不能这样办")
