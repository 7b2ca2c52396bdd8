"""What goes wrong on a laptop: a full disk, two tabs, a lost session, another person, a closed tab in mid-sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, PASSPHRASE, PASSWORD, Officer, draft_is_kept, type_until_refused
from e2e.pictures import look


def prepared(city: City, machine: Laptop) -> Officer:
    officer = Officer(machine.open(), city, "linxiao")
    officer.unlock()
    return officer


def fill_appeal(page: Page, title: str) -> None:
    page.get_by_role("radio", name=re.compile("群众")).check()
    page.fill("input[name=claimant_name]", "韩国强")
    page.fill("input[name=claimant_phone]", "13800005678")
    page.fill("input[name=title]", title)
    page.fill("textarea[name=text]", "这些话不能丢")
    page.check("input[name=outcome][value=accept]")


def test_nothing_typed_is_lost(prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = prepared(city, machine)
    city.stop()

    # A full disk: the reason is brought to the eyes, the form stays as it was and can be sent once there is space.
    lin.open("/register")
    page = lin.page
    session = machine.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": city.url, "quotaSize": 1000})
    fill_appeal(page, "磁盘已满时")
    type_until_refused(page)
    typed = page.input_value("textarea[name=text]")
    assert "这些话不能丢" in typed
    page.click("#register-submit")
    reason = page.locator("[data-part=problem]")
    expect(reason).to_contain_text("存储空间已满")
    expect(reason).to_be_in_viewport()
    look(page, "device-full")
    expect(page.locator("textarea[name=text]")).to_have_value(typed)
    session.send("Storage.overrideQuotaForOrigin", {"origin": city.url})
    page.click("#register-submit")
    expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}"))
    expect(reason).to_have_count(0)

    # The browser is closed in mid-sentence; after unlocking the words are back, and only on this form.
    lin.open("/register")
    page.fill("input[name=title]", "打到一半")
    draft_is_kept(page)
    machine.close()
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock("/register")
    expect(lin.page.locator("[data-part=draft]")).to_be_visible()
    look(lin.page, "device-draft")
    expect(lin.page.locator("input[name=title]")).to_have_value("打到一半")
    lin.page.click("[data-part=draft] button")
    expect(lin.page.locator("input[name=title]")).to_have_value("")

    # What could not be taken and was left is offered at the next registration: go on with it, or begin with nothing.
    lin.page.fill("input[name=title]", "没有选事项")
    lin.page.click("#register-submit")
    expect(lin.page.locator(".govuk-error-summary")).to_be_visible()
    for _ in range(2):
        lin.page.locator(".sw-nav a[href='/register']").click()
        expect(lin.page.locator(".govuk-error-summary")).to_have_count(0)
        expect(lin.page.locator("[data-part=draft]")).to_contain_text("清空重填")
        expect(lin.page.locator("input[name=title]")).to_have_value("没有选事项")

    # The answer to a form that could not be taken is no page that could be made anew. After locking and unlocking there
    # stands one again, and whoever goes on in its form is told when there is something new.
    news = lin.page.locator("[data-part=news]")
    lin.page.click("#register-submit")
    expect(lin.page.locator(".govuk-error-summary")).to_be_visible()
    something_is_new(lin.page)
    expect(news).to_have_count(0)
    lin.page.click("#lock")
    lin.page.fill("#passphrase", PASSPHRASE)
    lin.page.click("#unlock button[type=submit]")
    expect(lin.page.locator("[data-part=draft]")).to_contain_text("清空重填")
    something_is_new(lin.page)
    expect(news).to_contain_text("有新内容")
    lin.page.click("[data-part=draft] button")
    expect(lin.page.locator("input[name=title]")).to_have_value("")
    expect(lin.page.locator("[data-part=draft]")).to_have_count(0)

    # Locking takes everything from the page; a wrong passphrase is told in words.
    lin.open("/today")
    assert "韩国强" in lin.page.content() or "磁盘已满时" in lin.page.content()
    lin.page.click("#lock")
    expect(lin.page.locator("#unlock")).to_be_visible()
    assert "磁盘已满时" not in lin.page.content()
    lin.page.fill("#passphrase", "不是这个口令")
    lin.page.click("#unlock button")
    expect(lin.page.locator("#unlock-error")).to_contain_text("口令不正确")
    look(lin.page, "device-wrong-passphrase")

    # A page that only the server can make says so, in the frame where the work goes on.
    lin.unlock("/account")
    expect(lin.page.locator("h1")).to_contain_text("需要联网")
    look(lin.page, "device-needs-network")
    lin.page.locator(".sw-nav a[href='/register']").click()
    expect(lin.page.locator("#register-submit")).to_be_visible()
    lin.page.goto(city.url + "/sign-in")
    expect(lin.page.locator("h1").first).to_have_text("这里需要网络")
    look(lin.page, "device-shell-needs-network")


def something_is_new(page: Page) -> None:
    """The page is not what the device would make of its address any more; comes back when the device has looked."""
    page.evaluate("document.querySelector('main h1').append('不再是这样')")
    look_again(page, page.locator(".sw-nav a").first)


def look_again(page: Page, link: Locator) -> None:
    """Lets the device make its page anew beside the one that is shown, and waits until this link says what is true."""
    link.evaluate("link => link.append('不再是这样')")
    page.evaluate("document.dispatchEvent(new Event('shouwen:closed'))")
    expect(link).not_to_contain_text("不再是这样")


def test_tabs_sessions_and_languages(prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = prepared(city, machine)

    # What one tab records, the other shows; what is being typed there is left alone.
    other = Officer(machine.context.new_page(), city, "linxiao")
    other.open("/today")
    case = lin.register_appeal("群众", "韩国强", "双页可见的事项", "内容")
    expect(other.page.locator("main")).to_contain_text("双页可见的事项")
    other.open("/register")
    other.page.fill("input[name=title]", "正在输入")
    # News make menu and light say what is true, and leave their links the same: a click that has begun is not lost.
    for link in (other.page.locator(".sw-nav a").first, other.page.locator("#sync-light")):
        before = link.inner_text()
        link.evaluate("link => { link.wasThere = true }")
        look_again(other.page, link)
        assert link.inner_text().split() == before.split()
        assert link.evaluate("link => link.wasThere"), "another link stands there now"
    lin.do(case, "reply", text="已答复。", opinion="satisfied")
    lin.expect_all_in_record()
    expect(other.page.locator("input[name=title]")).to_have_value("正在输入")
    other.page.close()

    # The session ends: work goes on, the light says what to do; after signing in everything arrives.
    machine.context.clear_cookies()
    case = lin.register_appeal("群众", "韩国强", "会话已失效", "内容")
    light = lin.page.locator("#sync-light")
    expect(light).to_contain_text("登录后发送", timeout=ARRIVAL_MS_MAX)
    lin.open("/sync")
    look(lin.page, "device-signed-out")

    # Another person signs in on this browser: this person's acts must not go under that name.
    sign_in_as(lin.page, city, "zhaolei")
    lin.open(case)
    expect(light).to_have_class(re.compile("sw-sync--problem"), timeout=ARRIVAL_MS_MAX)
    assert set(lin.ticks()) == {"device"}
    machine.context.clear_cookies()
    sign_in_as(lin.page, city, "linxiao")
    lin.open(case)
    lin.expect_all_in_record()

    # The language is chosen once and stays.
    lin.page.click(".sw-bar__link")
    expect(lin.page.locator("html[lang=en] #lock")).to_have_text("Lock")
    lin.open("/today")
    expect(lin.page.locator("h1")).to_have_text("Today")

    # Going back finds the place where one was.
    lin.open("/cases")
    lin.page.mouse.wheel(0, 600)
    lin.page.locator("main a[href^='/cases/']").nth(10).click()
    expect(lin.page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}$"))
    lin.page.go_back()
    expect(lin.page).to_have_url(re.compile(r"/cases$"))
    lin.page.wait_for_function("() => scrollY > 100")

    # A browser without shared workers: only one tab writes; the other says why it waits, and goes on after the first.
    machine.close()
    lin.page = machine.open()
    machine.context.add_init_script("delete window.SharedWorker")
    lin.unlock()
    waiting = machine.context.new_page()
    waiting.goto(city.url + "/today")
    expect(waiting.locator("[data-part=door]")).to_contain_text("may be open in another tab")
    expect(waiting.locator("#unlock, #lock")).to_have_count(0)
    lin.page.close()
    expect(waiting.locator("#unlock, #lock").first).to_be_visible()
    expect(waiting.locator("[data-part=door]")).to_have_count(0)


def sign_in_as(page: Page, city: City, user: str) -> None:
    page.goto(city.url + "/sign-in")
    page.fill("input[name=user]", user)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("#lock")).to_be_visible()
