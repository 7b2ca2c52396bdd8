"""People and their sessions in a real browser: a second step, an ended session, a first sign-in, a withdrawn device."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, PASSWORD, Officer, code_now
from e2e.pictures import look
from server.second_factor import RECOVERY_CODES, STEP_SECONDS, code_at

NEW_PASSWORD = "秋天的四辆绿色自行车停在桥上"


def test_the_administrator_signs_in_with_a_code(city: City, laptop: Callable[[str], Laptop]) -> None:
    admin = Officer(laptop("heli").open(), city, "heli")
    page = admin.page
    page.goto(city.url + "/sign-in")
    admin.give_password()
    page.fill("#code", "000000")
    page.click("main button[type=submit]")
    expect(page.locator(".govuk-error-summary")).to_contain_text("验证码不对")
    look(page, "sign-in-code")

    # Without a record at the other end nothing goes by the browser itself, which would keep it: the form stays.
    city.stop()
    page.fill("#code", "123456")
    page.click("main button[type=submit]")
    expect(page.locator("[data-part=problem]")).to_contain_text("连接不到全市记录")
    expect(page.locator("#code")).to_have_value("123456")
    city.start()
    half = page.context.new_page()
    half.goto(city.url + "/centre/people")
    expect(half).to_have_url(re.compile("/sign-in"))
    half.close()
    page.click("main button[type=submit]")
    expect(page.locator("#code")).to_have_value("")  # another page: the code was judged
    expect(page.locator(".govuk-error-summary")).to_contain_text("验证码不对")
    expect(page.locator("[data-part=problem]")).to_have_count(0)
    page.fill("#code", code_now())
    page.click("main button[type=submit]")
    expect(page).to_have_url(re.compile("/centre"))
    expect(page.locator(".sw-nav")).not_to_contain_text("办件登记")


def test_a_new_person_chooses_a_password_with_the_code_of_the_centre(
    city: City, laptop: Callable[[str], Laptop]
) -> None:
    admin = Officer(laptop("heli").open(), city, "heli")
    admin.sign_in()
    code = new_account(admin, "wangfang", "officer", cut=True, name="王芳", phone="13800000999", title="窗口工作人员")
    look(admin.page, "person-code")
    new = laptop("wangfang").open()
    new.goto(city.url + "/sign-in")
    Officer(new, city, "wangfang").give_password(code.lower())
    choose_password(new, "qwertyuiop12")
    expect(new.locator(".govuk-error-summary")).to_contain_text("最容易被猜中")
    look(new, "sign-in-password")
    choose_password(new, NEW_PASSWORD)
    expect(new).to_have_url(re.compile("/today"))
    expect(new.locator(".sw-who")).to_contain_text("王芳")


def test_a_new_security_officer_sets_up_the_second_step(city: City, laptop: Callable[[str], Laptop]) -> None:
    """Once with the code of the centre: a password, an app on the phone, codes on paper for the day it is lost."""
    admin = Officer(laptop("heli").open(), city, "heli")
    admin.sign_in()
    code = new_account(admin, "dingyi", "security", name="丁一", phone="13800000998", title="安全管理员")
    new = _without_preparing(laptop("dingyi").open())
    new.goto(city.url + "/sign-in")
    Officer(new, city, "dingyi").give_password(code)
    choose_password(new, NEW_PASSWORD)
    look(new, "sign-in-factor")
    first = secret_shown(new)
    new.fill("#code", "000000")
    new.click("main button[type=submit]")
    expect(new.locator(".govuk-error-summary")).to_contain_text("验证码不对")
    look(new, "sign-in-factor-hidden")
    nothing_shown(new, first)
    new.goto(city.url + "/sign-in/step")
    nothing_shown(new, first)
    second = shown_for_the_password(new, "#password", NEW_PASSWORD)
    assert second != first
    new.fill("#code", code_at(b32decode(second), int(time.time()) // STEP_SECONDS))
    new.click("main button[type=submit]")
    expect(new.locator(".sw-codes li")).to_have_count(RECOVERY_CODES)
    look(new, "sign-in-recovery")
    new.locator("main a.govuk-button").click()
    expect(new).to_have_url(re.compile("/centre"))


def test_the_secret_of_a_second_step_is_shown_once_at_the_account(city: City, laptop: Callable[[str], Laptop]) -> None:
    page = _without_preparing(laptop("zhaolei").open())
    Officer(page, city, "zhaolei").sign_in()
    page.goto(city.url + "/account")
    expect(page.locator(".sw-factor")).to_have_count(0)
    first = shown_for_the_password(page, "#factor_password", PASSWORD)
    page.goto(city.url + "/account")
    nothing_shown(page, first)
    second = shown_for_the_password(page, "#factor_password", PASSWORD)
    assert second != first
    page.fill("#code", "000000")
    page.click("button[value=factor]")
    expect(page.locator(".govuk-error-summary, .govuk-error-message").first).to_contain_text("验证码不对")
    nothing_shown(page, second)


def secret_shown(page: Page) -> str:
    """The key beside the picture."""
    return re.sub(r"\s", "", page.locator(".sw-factor code").inner_text())


def shown_for_the_password(page: Page, field: str, password: str) -> str:
    page.fill(field, password)
    page.click("button[value=begin]")
    return secret_shown(page)


def nothing_shown(page: Page, secret: str) -> None:
    """Neither picture nor key, not even hidden in the page."""
    expect(page.locator("button[value=begin]")).to_be_visible()
    expect(page.locator(".sw-factor")).to_have_count(0)
    assert secret[:8] not in re.sub(r"\s", "", page.content())


def new_account(admin: Officer, user: str, role: str, *, cut: bool = False, **told: str) -> str:
    """Makes an account at the centre; gives the one-time code that is shown. `cut`: first there is no network."""
    page = admin.page
    page.goto(admin.city.url + "/centre/people/new")
    for name, value in {"user": user, **told}.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=unit]", "xingqiao")
    page.check(f"#role-{role}")
    page.context.set_offline(cut)
    page.click("main form button[type=submit]")
    if cut:
        expect(page.locator("[data-part=problem]")).to_contain_text("连接不到全市记录")
        for name, value in {"user": user, **told}.items():
            expect(page.locator(f"[name={name}]")).to_have_value(value)
        expect(page.locator(f"#role-{role}")).to_be_checked()
        page.context.set_offline(False)
        page.click("main form button[type=submit]")
    return page.locator("#one-time-code").inner_text()


def choose_password(page: Page, password: str) -> None:
    """The step of signing in that asks for a password of one's own."""
    page.fill("#new_password", password)
    page.fill("#new_password_again", password)
    page.click("main button[type=submit]")


def test_an_ended_session_leads_to_signing_in_and_says_why(city: City, laptop: Callable[[str], Laptop]) -> None:
    one, other = (_without_preparing(laptop(name).open()) for name in ("one", "other"))
    for page in (one, other):
        Officer(page, city, "zhaolei").sign_in()
    one.goto(city.url + "/account")
    one.get_by_role("button", name="结束其他全部登录").click()
    expect(one.locator("#flash")).to_contain_text("已结束")
    other.goto(city.url + "/cases")
    expect(other).to_have_url(re.compile("/sign-in"))
    expect(other.locator("main")).to_contain_text("此次登录已由您")
    look(other, "sign-in-ended")


WOKEN_MS_MAX = 60_000  # a device that hears wake-ups asks by itself only after 120 s


def test_an_idle_withdrawn_device_is_woken_and_says_so(
    prepared_city: Callable[..., City], laptop: Callable[[str], Laptop]
) -> None:
    """Nobody touches the officer's page: the record's wake-up alone makes its light tell."""
    city = prepared_city("linxiao")
    lin = Officer(laptop("linxiao").open(), city, "linxiao")
    lin.unlock()
    light = lin.page.locator("#sync-light")
    expect(light).to_contain_text("在线", timeout=ARRIVAL_MS_MAX)
    security = Officer(_without_preparing(laptop("luoan").open()), city, "luoan")
    security.sign_in()
    page = security.page
    page.goto(city.url + "/centre/devices")
    row = page.locator("tr", has_text="林晓").filter(has_not_text="从未").first  # the demo's own devices never spoke
    row.get_by_role("link", name="停用").click()
    page.fill("[name=reason]", "笔记本在车上被盗")
    page.click("main form button[type=submit]")
    expect(page.locator("#flash")).to_contain_text("停用")
    expect(light).to_contain_text("停用", timeout=WOKEN_MS_MAX)
    lin.open("/sync")
    expect(lin.page.locator("main")).to_contain_text("中心已停用这台设备", timeout=ARRIVAL_MS_MAX)


def _without_preparing(page: Page) -> Page:
    """The script that prepares a device for offline use is left out: these people only look at the server's pages."""
    page.route("**/assets/page.js", lambda route: route.abort())
    return page


def test_the_demonstrations_code_is_the_one_that_the_command_prints() -> None:
    assert re.fullmatch(r"\d{6}", code_now())
