"""An officer goes away for some days (BZ-AB-4): said once, without network, recorded in every open case; the stand-in has
them all after the next contact, and one return ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.test_accessibility import judge
from e2e.working_day import fill_registration
from py_core.values import LOCAL

ASKERS = ("孙七", "赵六", "周八")
NEWCOMER = "吴九"
EXPLAINED = "证据原件在柜中第二格"
LEFT_OUT = "本人在外地继续办理"


def register(officer: Officer, name: str) -> str:
    page = officer.page
    officer.open("/register")
    typed = {
        "offer": "matter:BZ:rights", "claimant_name": name, "claimant_phone": "13800001234", "title": f"{name}的劳动报酬",
        "text": "用人单位未付报酬。", "complete": "yes",
    }  # fmt: skip
    fill_registration(page, typed)
    page.click("#register-submit")
    expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}"))
    found = re.search(r"/cases/[0-9a-f]{32}", page.url)
    assert found
    return found.group()


def tick_of(page: Page, case: str) -> str:
    return f"#case-{case.rsplit('/', 1)[1]}"


def words_of(page: Page, case: str) -> str:
    return f"#words-{case.rsplit('/', 1)[1]}"


def test_an_absence_is_said_once_offline_and_the_stand_in_has_every_case(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao", "zhaolei")
    lin = Officer(laptop("linxiao").open(), city, "linxiao")
    zhao = Officer(laptop("zhaolei").open(), city, "zhaolei")
    lin.unlock()
    zhao.unlock()
    city.stop()
    page = lin.page
    cases = [register(lin, name) for name in ASKERS]
    page.locator(".sw-nav a[href='/today']").click()
    page.locator("main a[href='/absence']").click()
    expect(page.locator("#absence-form")).to_be_visible()
    open_cases = page.locator("input[name=case]").count()
    assert open_cases >= len(cases)

    today = datetime.now(LOCAL).date()
    page.fill("#from", today.isoformat())
    page.fill("#to", (today + timedelta(days=4)).isoformat())
    page.check("input[name=briefed][value=yes]")
    page.fill(words_of(page, cases[0]), EXPLAINED)
    page.focus(tick_of(page, cases[2]))
    page.keyboard.press("Space")
    page.focus("main form#absence-form button[value=look]")
    page.keyboard.press("Enter")
    expect(page.locator(f"{words_of(page, cases[2])}-error")).to_be_visible()
    page.fill(words_of(page, cases[2]), LEFT_OUT)
    page.focus("main form#absence-form button[value=look]")
    page.keyboard.press("Enter")
    shown = page.locator(".sw-preview")
    expect(shown.locator("ol > li")).to_have_count(open_cases)
    expect(shown).to_contain_text(EXPLAINED)
    assert judge(page, "absence, looked at") == []

    # Nothing is recorded yet, and nothing typed is lost when the page is closed here.
    lin.open("/absence")
    expect(page.locator(words_of(page, cases[0]))).to_have_value(EXPLAINED)
    expect(page.locator(tick_of(page, cases[2]))).not_to_be_checked()
    page.click("main form#absence-form button[value=look]")
    page.click("main form#absence-form button[value=confirm]")
    expect(page).to_have_url(re.compile(r"/absence\?done=absence$"))
    expect(page.locator("main")).to_contain_text(f"已登记在 {open_cases - 1} 件办件中")
    assert judge(page, "absence, recorded") == []

    # What comes since is offered with the same days, and nothing that was recorded is taken for typed and unsent.
    since = register(lin, NEWCOMER)
    lin.open("/absence")
    expect(page.locator("#from")).to_have_value(today.isoformat())
    expect(page.locator("#to")).to_have_value((today + timedelta(days=4)).isoformat())
    expect(page.locator(tick_of(page, since))).to_be_checked()
    expect(page.locator(words_of(page, cases[0]))).to_have_value("")

    city.start()
    for case, said in ((cases[0], EXPLAINED), (cases[1], "登记离岗"), (cases[2], LEFT_OUT)):
        lin.open(case)
        lin.expect_all_in_record()
        answer = page.context.request.get(city.url + case, headers={"accept-language": "zh-CN"})
        assert said in answer.text(), "the record shows it"
    zhao.open("/today")
    for case in cases[:2]:
        expect(zhao.page.locator(f"main a[href='{case}']")).to_be_visible(timeout=ARRIVAL_MS_MAX)
    zhao.open("/today")
    expect(zhao.page.locator(".sw-flash")).to_contain_text("林晓离岗至")
    expect(zhao.page.locator(f"main a[href='{cases[2]}']")).to_have_count(0)

    lin.open("/absence")
    page.locator("form[id^='end-'] button").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("离岗首日")
    page.locator("input[name='first_day'][value='stays']").check()  # back in the course of the first day
    page.locator("form[id^='end-'] button").click()
    expect(page).to_have_url(re.compile(r"/absence\?done=absence_ended$"))
    expect(page.locator("form[id^='end-']")).to_have_count(0)
    lin.open(cases[0])
    expect(page.locator(".sw-timeline")).to_contain_text("登记返岗")
    lin.expect_all_in_record()
