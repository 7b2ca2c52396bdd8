"""What goes wrong in the field: wrong input, refused steps, a full disk, an ended session, a change that is held back."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer, type_until_refused

APPEAL = ("群众", "韩国强", "农贸市场东侧下水道堵塞", "污水漫到人行道。")


def prepared(city: City, machine: Laptop, user: str) -> Officer:
    officer = Officer(machine.open(), city, user)
    officer.unlock()
    return officer


# The light, which is renewed with it, tells when that is done.
_MADE_AGAIN = """() => {
    document.getElementById('sync-light').setAttribute('href', '#');
    document.dispatchEvent(new Event('shouwen:closed'));
}"""


def test_faults_without_network_are_told_and_nothing_typed_is_lost(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], shots: Path
) -> None:
    city = prepared_city("linxiao")
    lin = prepared(city, laptop("linxiao"), "linxiao")
    city.stop()
    page = lin.page

    # An unknown page says what to do; a page that lives at the centre says that it needs the network.
    lin.open("/cases/" + "0" * 32)
    expect(page.locator("h1")).to_contain_text("没有")
    page.goto(city.url + "/account")
    expect(page.locator("h1")).to_contain_text("需要联网")

    # A form with faults names each field and keeps what was typed.
    lin.open("/register")
    page.fill("input[name=claimant_name]", "周梦洁")
    page.fill("input[name=claimant_phone]", "1391234567x")
    page.fill("input[name=claimant_id]", "320281199001011234")
    page.click("#register-submit")
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    for field in ("claimant_phone", "claimant_id"):
        expect(page.locator(f"#{field}-error")).to_be_visible()
    expect(page.locator("input[name=claimant_name]")).to_have_value("周梦洁")
    page.screenshot(path=shots / "register-faults.png", full_page=True)

    # When the page is made again, as after a sync, the form that was not taken is no news.
    page.evaluate(_MADE_AGAIN)
    expect(page.locator("#sync-light")).to_have_attribute("href", "/sync")
    expect(page.locator("[data-part=news]")).to_have_count(0)
    expect(page.locator(".govuk-error-summary")).to_be_visible()

    # What was typed comes back with the page, until the officer wants an empty form.
    lin.open("/register")
    expect(page.locator("input[name=claimant_name]")).to_have_value("周梦洁")
    page.click("button.sw-link-button")
    expect(page.locator("input[name=claimant_name]")).to_have_value("")

    # A step that is not lawful is refused with its article.
    case = lin.register_appeal(*APPEAL)
    lin.open(case + "/do/feed_back")
    expect(page.locator("main")).to_contain_text("HL-7")

    # The disk is full: the act is not recorded, the page says so, and what was typed is still there.
    disk = lin.page.context.new_cdp_session(page)
    lin.open(case + "/do/reply")
    page.fill("[name=text]", "已疏通并冲洗。")
    page.check("input[name=opinion][value=satisfied]")
    disk.send("Storage.overrideQuotaForOrigin", {"origin": city.url, "quotaSize": 1})
    type_until_refused(page)
    typed = page.input_value("[name=text]")
    page.click("main form button[type=submit]")
    expect(page.locator("#offline-progress [role=alert]")).to_contain_text("已满")
    expect(page.locator("[name=text]")).to_have_value(typed)
    page.screenshot(path=shots / "disk-full.png")
    disk.send("Storage.overrideQuotaForOrigin", {"origin": city.url})
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(re.escape(case) + r"(\?|$)"))
    assert set(lin.ticks()) == {"device"}


def test_a_held_back_act_and_an_ended_session_keep_the_work(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], shots: Path
) -> None:
    city = prepared_city("linxiao")
    lin = prepared(city, laptop("linxiao"), "linxiao")
    lin.open(lin.register_appeal("群众", "陈建国", "公交站牌缺失", "新桥村公交站牌被撞倒后一直没有恢复。"))
    lin.expect_all_in_record()  # the record knows the device and its actor
    city.stop()
    case = lin.register_appeal(*APPEAL)

    # While the record is down its key for this device is lost: the change comes back as not signed by the device.
    with closing(sqlite3.connect(city.data / "record.sqlite3")) as record, record:
        changed = record.execute("update devices set public_key = ? where user = 'linxiao'", (bytes(range(32)),))
        assert changed.rowcount >= 1
    city.start()
    lin.open(case)
    expect(lin.page.locator(".sw-timeline .sw-ticks--refused").first).to_be_visible(timeout=ARRIVAL_MS_MAX)
    lin.open("/sync")
    expect(lin.page.locator("main")).to_contain_text("农贸市场东侧下水道堵塞")
    lin.page.screenshot(path=shots / "held-back.png")
    with closing(sqlite3.connect(city.data / "record.sqlite3")) as record:
        kept = record.execute("select length(raw), reason from quarantine").fetchall()
    assert [(size > 0, reason) for size, reason in kept] == [(True, "wrong_signature")] * len(kept) != []

    # The session ends at the server: work goes on, the sync page says that signing in is needed.
    with closing(sqlite3.connect(city.data / "record.sqlite3")) as record, record:
        record.execute("delete from sessions")
    second = lin.register_appeal("群众", "沈敏", "路灯不亮", "村口三盏路灯不亮。")
    lin.open(second)
    assert lin.ticks()
    lin.open("/sync")
    expect(lin.page.locator("main")).to_contain_text("登录", timeout=ARRIVAL_MS_MAX)
    expect(lin.page.locator("main")).to_contain_text("路灯不亮")
