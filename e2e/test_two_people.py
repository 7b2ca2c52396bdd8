"""Two people share one browser: each unlocks what is theirs, works without network, and sends only under their own name."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, PASSWORD, PREPARE_MS_MAX, Officer
from e2e.pictures import look

OTHER_PASSPHRASE = "另一个人的口令也很长"
LIN_TITLE = "林晓离线登记的事项"
ZHAO_TITLE = "赵磊离线登记的事项"


def sign_in_as_another(page: Page, user: str) -> None:
    page.fill("input[name=user]", user)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page).not_to_have_url(re.compile("/sign-in"))  # sent by script: whoever leaves at once has not sent it


def unlock_as(page: Page, city: City, code: str, passphrase: str) -> None:
    page.goto(city.url + "/today")
    page.get_by_role("radio", name=re.compile(code)).check()
    page.fill("#passphrase", passphrase)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#lock")).to_be_visible()


def code_of(page: Page) -> list[str]:
    """The device codes on the unlock page, in its order."""
    return page.locator("#people .sw-lead").all_inner_texts()


def test_two_people_share_a_browser_and_nothing_else(city: City, laptop: Callable[..., Laptop]) -> None:
    machine = laptop("shared")
    lin = Officer(machine.open(), city, "linxiao")
    lin.sign_in()
    lin.prepare_for_offline()
    lin.open("/today")

    # A colleague signs in to work here too, and gets a passphrase and a store of their own.
    page = lin.page
    page.click("#lock")
    expect(page.locator("#unlock")).to_be_visible()
    page.click("#another-person")
    sign_in_as_another(page, "zhaolei")
    page.locator("#new-passphrase").wait_for(timeout=PREPARE_MS_MAX)
    look(page, "device-join")
    page.fill("#new-passphrase", OTHER_PASSPHRASE)
    page.fill("#new-passphrase-again", OTHER_PASSPHRASE)
    page.click("#device-passphrase button[type=submit]")
    expect(page.locator("#lock")).to_be_visible(timeout=PREPARE_MS_MAX)
    expect(page.locator(".sw-who")).to_contain_text("赵磊")

    # Without network: each works, neither sees the other's case or opens the other's store.
    city.stop()
    zhao = Officer(page, city, "zhaolei")
    zhao_case = zhao.register_appeal("群众", "韩国强", ZHAO_TITLE, "内容")
    tab = machine.context.new_page()
    tab.goto(city.url + "/cases?q=" + ZHAO_TITLE)
    expect(tab.locator("main")).to_contain_text(ZHAO_TITLE)
    page.click("#lock")
    expect(tab.locator("#unlock")).to_be_visible()
    assert ZHAO_TITLE not in tab.content()
    look(page, "device-several")
    lin_code, zhao_code = code_of(page)
    assert "林晓" not in page.content()
    assert "赵磊" not in page.content()
    page.get_by_role("radio", name=re.compile(lin_code)).check()
    page.fill("#passphrase", OTHER_PASSPHRASE)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#unlock-error")).to_contain_text("口令不正确")
    page.fill("#passphrase", "河边的灯笼照着石阶")
    page.click("#unlock button[type=submit]")
    expect(page.locator(".sw-who")).to_contain_text("林晓")
    expect(tab.locator(".sw-who")).to_contain_text("林晓")  # the other tab follows the switch
    tab.goto(city.url + "/cases?q=" + ZHAO_TITLE)
    expect(tab.locator("#lock")).to_be_visible()
    expect(tab.locator("main table")).to_have_count(0)
    tab.goto(city.url + zhao_case)
    expect(tab.locator("h1")).to_contain_text("没有这个办件")
    tab.close()
    lin_case = lin.register_appeal("群众", "韩国强", LIN_TITLE, "内容")

    # The network is back, the session is still Zhao's: Lin's act waits until Lin signs in.
    city.start()
    lin.open(lin_case)
    light = page.locator("#sync-light")
    expect(light).to_have_class(re.compile("sw-sync--problem"), timeout=ARRIVAL_MS_MAX)
    assert set(lin.ticks()) == {"device"}
    lin.open("/sync")
    page.click("main a[href^='/sign-in']")
    sign_in_as_another(page, "linxiao")
    lin.open(lin_case)
    lin.expect_all_in_record()

    # Zhao's act is still there, and goes out when Zhao is back.
    page.click("#lock")
    unlock_as(page, city, zhao_code, OTHER_PASSPHRASE)
    zhao.open(zhao_case)
    assert set(zhao.ticks()) == {"device"}
    zhao.open("/sync")
    page.click("main a[href^='/sign-in']")
    sign_in_as_another(page, "zhaolei")
    zhao.open(zhao_case)
    zhao.expect_all_in_record()
