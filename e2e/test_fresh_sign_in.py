"""Who signed in some time ago proves once more who it is before a device signs in their name, and loses nothing by it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import update

from e2e.canaries import CANARY, files_with
from e2e.harness import City, Laptop
from e2e.officer import PREPARE_MS_MAX, Officer, code_now
from e2e.pictures import look
from e2e.test_scope import at_the_record
from server.second_factor import STEP_SECONDS
from server.tables import second_factors, sessions

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def time_passes(city: City, ms: int) -> None:
    """For every session and every code that was used, while the record's server is stopped."""
    with at_the_record(city) as parts, parts.database.writing() as connection:
        earlier = {name: sessions.c[name] - ms for name in ("started_at_ms", "seen_at_ms")}
        connection.execute(update(sessions).values(**earlier))
        steps = ms // 1000 // STEP_SECONDS
        connection.execute(update(second_factors).values(last_step=second_factors.c.last_step - steps))


def sign_in_some_time_ago(page: Page, city: City, user: str, ms: int = HOUR_MS) -> Officer:
    """Signs in without preparing anything; then an hour passes for the record, or less."""
    officer = Officer(page, city, user)
    page.route("**/assets/page.js", lambda route: route.abort())
    officer.sign_in()
    page.unroute("**/assets/page.js")
    city.stop()
    time_passes(city, ms)
    city.start()
    return officer


def test_a_device_is_prepared_after_signing_in_again(city: City, laptop: Callable[[str], Laptop]) -> None:
    page = laptop("linxiao").open()
    officer = sign_in_some_time_ago(page, city, "linxiao")
    page.goto(city.url + "/cases")
    expect(page.locator("#offline-progress")).to_contain_text("再次确认是您本人", timeout=PREPARE_MS_MAX)
    expect(page.locator("#new-passphrase")).to_have_count(0)
    look(page, "device-sign-in-again")
    page.click("#sign-in-again")
    expect(page.locator("main")).to_contain_text("请再次确认是您本人")
    expect(page.locator("input[name=user]")).to_have_value("linxiao")
    look(page, "sign-in-again")
    officer.give_password()
    expect(page).to_have_url(re.compile("/cases"))
    officer.prepare_for_offline()


def test_another_session_is_ended_after_signing_in_again(city: City, laptop: Callable[[str], Laptop]) -> None:
    other = laptop("other").open()
    other.route("**/assets/page.js", lambda route: route.abort())
    Officer(other, city, "zhaolei").sign_in()
    page = laptop("one").open()
    officer = sign_in_some_time_ago(page, city, "zhaolei")
    page.route("**/assets/page.js", lambda route: route.abort())
    page.goto(city.url + "/account")
    page.get_by_role("button", name="结束其他全部登录").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    officer.give_password()
    expect(page).to_have_url(re.compile("/account"))
    other.goto(city.url + "/cases")
    expect(other).to_have_url(re.compile("/cases"))
    page.get_by_role("button", name="结束其他全部登录").click()
    expect(page.locator("#flash")).to_contain_text("已结束")
    other.goto(city.url + "/cases")
    expect(other).to_have_url(re.compile("/sign-in"))


def test_what_the_administrator_typed_is_kept_until_it_is_sent(city: City, laptop: Callable[[str], Laptop]) -> None:
    machine = laptop("heli")
    page = machine.open()
    officer = sign_in_some_time_ago(page, city, "heli", 20 * MINUTE_MS)
    page.goto(city.url + "/centre/posts/new")
    page.select_option("select[name=unit]", "xingqiao")
    page.fill("input[name=zh]", "综合窗口岗位")
    page.fill("input[name=en]", CANARY)  # stands on no page in Chinese
    page.select_option("select[name=a]", "linxiao")
    page.select_option("select[name=b]", "zhaolei")
    page.click("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("请再次确认是您本人")
    expect(page.locator("main")).to_contain_text("已填内容为您保留")
    look(page, "sign-in-prove")
    officer.give_password()
    page.fill("#code", code_now())
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("尚未提交")
    look(page, "sign-in-sent")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page).to_have_url(re.compile("/centre/posts/xingqiao"))
    expect(page.locator("main h1")).to_have_text("综合窗口岗位")
    machine.close()
    assert files_with(machine.profile, CANARY) == [], "on its way through signing in it is written nowhere"
