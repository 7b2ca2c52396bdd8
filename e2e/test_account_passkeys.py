"""Signing in to the account by passkey, with Chromium's own authenticator: added, used, copied, removed, taken away."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from collections.abc import Callable

from playwright.sync_api import expect

from e2e.authenticator import Authenticator
from e2e.harness import City, Laptop
from e2e.officer import PASSWORD, Officer
from e2e.pictures import look
from server.demo.data import demo_secret
from server.second_factor import STEP_SECONDS, code_at


def next_code() -> str:
    """The code of the coming half minute: the one of now signed in already, and each counts once."""
    return code_at(b32decode(demo_secret()), int(time.time()) // STEP_SECONDS + 1)


def test_an_auditor_signs_in_by_passkey_without_password_and_code(city: City, laptop: Callable[..., Laptop]) -> None:
    city.url = city.url.replace("127.0.0.1", "localhost")  # passkeys belong to names, not to addresses
    machine = laptop("yanjing")
    yan = Officer(machine.open(), city, "yanjing")
    page = yan.page
    authenticator = Authenticator(page)
    yan.sign_in()

    page.goto(city.url + "/account")
    expect(page.locator(".sw-unless-offered")).to_be_hidden()
    page.fill("#passkey_name", "办公室电脑指纹")
    page.fill("#passkey_password", "不是这个密码")
    page.fill("#passkey_code", next_code())
    page.click("#new-passkey button")
    expect(page.locator("#new-passkey [role=alert]")).to_contain_text("当前密码不对")
    assert authenticator.credentials == []
    page.fill("#passkey_password", PASSWORD)
    page.click("#new-passkey button")
    expect(page.locator("#flash")).to_contain_text("通行密钥已添加")
    look(page, "account-passkeys")

    page.click("form[action='/sign-out'] button")
    page.goto(city.url + "/sign-in?next=/centre/audit")
    look(page, "sign-in-passkey")
    page.click("#passkey-sign-in button")
    expect(page).to_have_url(re.compile("/centre/audit"))
    expect(page.locator("main")).to_contain_text("用通行密钥登录")

    security = Officer(laptop("luoan").open(), city, "luoan")
    security.sign_in()
    security.page.goto(city.url + "/centre/sessions")
    security.page.locator("tr", has_text="yanjing").locator("button[value=factor]").click()
    expect(security.page.locator("#flash")).to_be_visible()
    page.goto(city.url + "/sign-in")
    page.click("#passkey-sign-in button")
    expect(page.locator(".govuk-error-summary")).to_contain_text("不认识这个通行密钥")


def test_a_browser_without_passkeys_is_told_why_there_is_no_form(city: City, laptop: Callable[..., Laptop]) -> None:
    page = laptop("linxiao").open()
    page.add_init_script("delete window.PublicKeyCredential")
    Officer(page, city, "linxiao").sign_in()
    page.goto(city.url + "/account")
    expect(page.locator("#new-passkey")).to_be_hidden()
    expect(page.locator(".sw-unless-offered")).to_be_visible()
    expect(page.locator(".sw-unless-offered")).to_contain_text("无法建立通行密钥")
