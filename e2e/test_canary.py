"""What people type lies readable nowhere. The working days type a canary into nearly every field of every form
(`test_working_day`); here are the forms that no day needs, what nobody sent, and the forms of the centre.

`tests/core/test_canaries.py` fails when a field of the product's registry is in neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import Page, expect

from e2e.canaries import BESIDE, CANARY, CREDIT, NEEDLES, WORDS, files_with, spellings, with_canaries
from e2e.cases_in_record import make_real
from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, PASSPHRASE, PASSWORD, Officer
from e2e.pages import LISTS
from e2e.test_scope import at_the_record, prepared, withdraw
from e2e.working_day import fill_act
from e2e.working_days import LIN, SUN, WU
from py_core.cases.commands import COMMANDS

CONTROL = "对照明文一三五八"
RECORDED = re.compile(r"/(?:cases|visits)/[0-9a-f]{32}(?:/slips/F-\d\d)?\?")
# The browser's own list of names for this field, which password managers need (2026-11-28): an account name, no secret.
ACCOUNT_NAME = ("Web Data", "sign-in")
# The password with which everybody here signs in, and the passphrase of every prepared device.
SECRETS = (PASSWORD, PASSPHRASE)
# Pages of which more than the first form has to be typed into.
MORE_THAN_ONE = {"heli": {"person", "offer"}}
NOT_FROM_A_FORM_ALONE = {"linxiao": "a device: its forms are typed into without network"}


def test_nothing_readable_lies_on_the_disk(prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> None:
    city = prepared_city(LIN, SUN, WU)
    city.stop()
    with at_the_record(city) as parts:
        forms = make_real(parts, sorted({form for form, _ in BESIDE} & COMMANDS.keys() - {"register"}))
    city.start()
    officers = {who: Officer(laptop(who).open(), city, who) for who in (LIN, SUN, WU)}
    for officer in officers.values():
        officer.unlock()
    for path, step in forms.values():
        officer = officers[step.who]
        officer.open(path.partition("/do/")[0])
        expect(officer.page.locator(f"a[href^='{path}']").first).to_be_visible(timeout=ARRIVAL_MS_MAX)
    city.stop()

    typed: set[tuple[str, str]] = set()
    for command, (path, step) in forms.items():
        page = officers[step.who].page
        officers[step.who].open(path)
        fields = step.typed if command != "reveal_field" else {**step.typed, "purpose": "other"}
        typed |= type_canaries(page, command, fields)
        send(page)
    lin = officers[LIN]
    typed |= a_visit(lin)
    typed |= what_nobody_sent(lin)
    assert typed >= BESIDE

    lin.open("/today")
    lin.page.evaluate(WRITE_READABLE, CONTROL)
    nothing_on(*(laptop(who) for who in officers))
    assert files_with(laptop(LIN).profile, CONTROL), "the search finds what is stored readable"

    # The work arrives; the server writes none of it where operators look.
    city.start()
    for who in officers:
        again = Officer(laptop(who).open(), city, who)
        again.unlock()
        expect(again.page.locator("#sync-light[data-waiting='0'].sw-sync--online")).to_be_visible(
            timeout=ARRIVAL_MS_MAX
        )
    nothing_on(*(laptop(who) for who in officers))
    city.stop()
    nothing_in_the_log(city)


def a_visit(lin: Officer) -> set[tuple[str, str]]:
    """A visit to an enterprise that nobody knows, whose person does not sign."""
    page = lin.page
    lin.open("/visits/plan")
    typed = type_canaries(page, "visit.plan", {"enterprise": f"{CANARY}厂", "code": CREDIT, "on": "{+0}"})
    send(page)
    visit = page.url.partition("?")[0].removeprefix(lin.city.url)
    for command, fields in (
        ("start", {}),
        ("sign", {"signed": "no", "unsigned_reason": "不便签字"}),
        ("see_phone", {"purpose": "other"}),
    ):
        lin.open(f"{visit}/do/{command}")
        typed |= type_canaries(page, f"visit.{command}", fields)
        send(page)
    return typed


def what_nobody_sent(lin: Officer) -> set[tuple[str, str]]:
    """Words that are looked for; a form that was sent with a fault and left."""
    page = lin.page
    lin.open("/cases")
    typed = type_canaries(page, "cases", {})
    page.click("#filters button[type=submit]")
    expect(page.locator("#q")).to_have_value(re.compile(CANARY))
    lin.open("/register")
    typed |= type_canaries(page, "register", {"against": CANARY})
    page.click("#register-submit")
    expect(page.locator("#against-error")).to_be_visible()
    return typed


def type_canaries(page: Page, form: str, fields: Mapping[str, str]) -> set[tuple[str, str]]:
    """Types a canary into every field; which they were."""
    typed = with_canaries(form, page.evaluate(WORDS), fields)
    fill_act(page, typed)
    return {(form, name) for name, text in typed.items() if any(needle in text for needle in NEEDLES)}


def send(page: Page) -> None:
    page.click("main form button[type=submit]")
    page.wait_for_url(RECORDED, wait_until="commit")


@pytest.mark.parametrize("user", [user for user in LISTS if user not in NOT_FROM_A_FORM_ALONE])
def test_what_is_typed_at_the_centre_stands_in_no_address_and_no_log(
    user: str, city: City, laptop: Callable[..., Laptop]
) -> None:
    """Every form of the server's own pages is filled and sent, whatever becomes of it."""
    machine = laptop(user or "public")
    page = machine.open()
    if user:
        Officer(page, city, user).sign_in()
    pages = [*LISTS[user](page, city), *([("account", "/account")] if user else [])]
    sent: list[tuple[str, int]] = []
    for name, path in pages:
        page.goto(city.url + path)
        for n in range(page.evaluate(FORMS)):
            page.goto(city.url + path)
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                page.evaluate(TYPE_AND_SEND, [f"{CANARY}{len(sent):03}", n])
            expect(page.locator("body[data-sent-by-script]")).to_have_count(0)  # the answer is shown
            expect(page.locator("main h1").first).to_be_visible()
            assert CANARY not in page.url
            sent.append((name, n))
    assert {"account"} <= {name for name, _ in sent} or not user, "its fields take passwords"
    assert MORE_THAN_ONE.get(user, set()) <= {name for name, n in sent if n}, "every form of a page"
    nothing_of_forms_on(machine, sent)
    city.stop()
    nothing_in_the_log(city)


def test_the_reason_of_a_decision_about_late_work_stands_in_no_address_and_no_log(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    """Of real late work: what a withdrawn device had made without network."""
    city = prepared_city("zhaolei")
    officer, path = prepared(laptop, city, "zhaolei")
    city.stop()
    officer.do(path, "note", text="路灯已修好")
    withdraw(city, "zhaolei", "laptop")
    city.start()
    officer.open("/sync")
    expect(officer.page.locator("main")).to_contain_text("已停用", timeout=ARRIVAL_MS_MAX)
    machine = laptop("qianwen")
    page = machine.open()
    Officer(page, city, "qianwen").sign_in()
    page.goto(city.url + "/centre/quarantine")
    page.locator("main a[href^='/centre/quarantine/']").first.click()
    page.check("input[name=decision][value=leave_out]")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.evaluate(TYPE_AND_SEND, [f"{CANARY}000", 0])
    expect(page.locator("main")).to_contain_text(f"{CANARY}000")  # listed with its reason
    assert CANARY not in page.url
    nothing_of_forms_on(machine, [("late-work", 0)])
    city.stop()
    nothing_in_the_log(city)


def nothing_of_forms_on(machine: Laptop, sent: list[tuple[str, int]]) -> None:
    """Closes the browser; nothing that was typed into one of these forms, each with its number, stands in its profile."""
    machine.close()
    kept = [(where, form) for n, form in enumerate(sent) for where, _ in files_with(machine.profile, f"{CANARY}{n:03}")]
    kept = [(where, form) for where, form in kept if (where.name, form[0]) != ACCOUNT_NAME]
    assert kept == [], "Chromium keeps the body of a posted page in its list of open tabs: forms are sent by script"
    assert files_with(machine.profile, *SECRETS) == []


def nothing_on(*machines: Laptop) -> None:
    """Closes the browsers; none of the canaries and secrets stands readable in their profiles."""
    for machine in machines:
        machine.close()
        assert files_with(machine.profile, *NEEDLES, *SECRETS) == []


def nothing_in_the_log(city: City) -> None:
    log = (city.data / "server.log").read_bytes()
    assert log
    assert not [text for text in (*NEEDLES, *SECRETS) for spelling in spellings(text) if spelling in log]


# How many forms of the page take words or passwords.
FORMS = """() => [...document.querySelectorAll('main form')].filter(each => each.querySelector(
  'textarea, input:not([type]), input:is([type=text], [type=search], [type=tel], [type=password])')).length"""
# Into every field of one of them; the form is sent whatever it makes of them.
TYPE_AND_SEND = """([canary, n]) => {
  const words = 'textarea, input:not([type]), input:is([type=text], [type=search], [type=tel], [type=password])';
  const form = [...document.querySelectorAll('main form')].filter(each => each.querySelector(words))[n];
  for (const field of form.querySelectorAll(words)) {
    if (field.readOnly) continue;
    field.value = canary + field.value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  form.noValidate = true;
  if ('quiet' in form.dataset) document.body.dataset.sentByScript = '';
  form.requestSubmit();
}"""
WRITE_READABLE = """text => new Promise((resolve, reject) => {
  const opening = indexedDB.open('control', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('texts');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const writing = opening.result.transaction('texts', 'readwrite', { durability: 'strict' });
    writing.objectStore('texts').put({ text }, 'one');
    writing.oncomplete = () => resolve(null);
  };
})"""
