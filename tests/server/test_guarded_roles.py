"""A role that needs a second step needs it also of somebody who was signed in before having the role."""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from browsing import Browser, serving
from laptop import PASSWORD, Laptop, StandingClock, case_id, registered
from sqlalchemy import select
from test_sync_http import error_code, exchange

from py_core import wire
from server import audit
from server.devices import device_by_id
from server.parts import Parts
from server.second_factor import STEP_SECONDS, code_at
from server.tables import devices


@pytest.fixture
def parts(guarded: Parts) -> Parts:
    return guarded


@pytest.fixture
def browser(parts: Parts) -> Iterator[Browser]:
    with serving(parts) as address, Browser(address) as made:
        yield made


def term(role: str, since: date, unit: str = "centre") -> dict[str, Any]:
    return {"unit": unit, "title": "科员", "roles": [role], "since": since.isoformat(), "until": None}


def sign_in_with_a_new_factor(browser: Browser, clock: StandingClock) -> httpx.Response:
    """Password, the secret that is shown, a code of it, the recovery codes."""
    return set_up(browser, clock, browser.sign_in("lin"))


def set_up(browser: Browser, clock: StandingClock, shown: httpx.Response) -> httpx.Response:
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)
    assert key, "a second step is set up first"
    code = code_at(b32decode(key[1].replace(" ", "")), int(clock.now().timestamp()) // STEP_SECONDS)
    done = browser.send_form("/sign-in/step", shown, code=code)
    assert "Write down your recovery codes" in done.text
    return done


@pytest.mark.parametrize("role", ["admin", "security", "audit"])
@pytest.mark.parametrize("days", [0, 1])
def test_an_officers_session_does_not_become_that_of_a_guarded_role(
    browser: Browser, parts: Parts, clock: StandingClock, role: str, days: int
) -> None:
    """Neither at once, nor on the day on which a term begins that was entered before."""
    browser.sign_in("lin")
    parts.people.move("he", "lin", term(role, parts.people.today + timedelta(days=days)))
    if days:
        assert browser.get("/today").url.path == "/today", "until then nothing changes"
        clock.pass_time(days=1)
    csrf = "of before"
    for path in ("/centre", "/centre/people", "/centre/sessions", "/centre/audit", "/account", "/centre/devices"):
        shown = browser.get(path)
        assert shown.url.path == "/sign-in", path
        assert "Your role needs a second step of signing in now" in shown.text
        posted = browser.post(path, data={"csrf": csrf, "do": "session", "user": "zhao"})
        assert posted.url.path == "/sign-in" or posted.status_code == 401, path
    assert browser.get("/me").status_code == 401
    assert parts.sessions.standing("lin") == [], "it is in no list of those who are signed in"
    sign_in_with_a_new_factor(browser, clock)
    assert browser.get("/centre").url.path == "/centre"
    clock.pass_time(minutes=31)
    assert browser.get("/centre").url.path == "/sign-in", "a guarded session is a short one"


def test_nobody_else_is_signed_out_by_it(browser: Browser, parts: Parts) -> None:
    browser.sign_in("zhao")
    parts.people.move("he", "lin", term("admin", parts.people.today))
    parts.people.move("he", "zhao", term("unit_head", parts.people.today, "shihe"))
    assert browser.get("/today").url.path == "/today"
    assert [each.user for each in parts.sessions.standing()] == ["zhao"]


def test_the_device_keeps_what_it_has_and_sends_it_after_signing_in(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    laptop = Laptop(parts, "lin")
    browser.sign_in("lin")
    waiting = laptop.act(case_id(1), registered())
    parts.people.move("he", "lin", term("security", parts.people.today + timedelta(days=1)))
    clock.pass_time(days=1)
    refused = exchange(browser, laptop.frames([waiting]))
    assert refused.status_code == 401
    assert error_code(refused) == "signed_out", "the device asks its person, as after any session"
    sign_in_with_a_new_factor(browser, clock)
    answer = exchange(browser, laptop.frames([waiting]))
    assert answer.status_code == 200
    verdicts, _ = laptop.take(wire.read_frames(answer.content))
    assert [each.verdict for each in verdicts] == ["accepted"], "an act of the day on which it was lawful"


def test_what_was_typed_for_a_withdrawal_is_kept_through_password_and_code(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    """The security officer proves it by both; then the device is withdrawn with the reason that was typed before."""
    secret, device = b"s" * 20, Laptop(parts, "lin").device
    parts.accounts.set_passwords({"luo": PASSWORD})
    with parts.database.writing() as connection:
        parts.second_factors.set_known(connection, "luo", secret)

    def code(shown: httpx.Response) -> httpx.Response:
        now = code_at(secret, int(clock.now().timestamp()) // STEP_SECONDS)
        return browser.send_form("/sign-in/step", shown, code=now)

    assert code(browser.sign_in("luo")).url.path in ("/centre", "/today")
    clock.pass_time(minutes=16)
    path = f"/centre/devices/{device}"
    asked = browser.send_form(path, browser.get(path), reason="left on the bus")
    assert asked.status_code == 403
    step = browser.send_form("/sign-in", asked, password=PASSWORD)
    assert browser.get("/me").status_code == 401, "the password alone does nothing"
    assert code(step).url.path == "/centre/devices"
    with parts.database.reading() as connection:
        assert connection.scalar(select(devices.c.revoked_why).where(devices.c.id == device)) == "left on the bus"


def test_what_was_typed_meanwhile_is_sent_after_the_recovery_codes(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    """The phone was lost and its second step taken away: a new one is set up with the form waiting."""
    device = Laptop(parts, "zhao").device
    path = f"/centre/devices/{device}"
    parts.people.move("he", "lin", term("security", parts.people.today))
    sign_in_with_a_new_factor(browser, clock)
    form = browser.get(path)
    with parts.database.writing() as connection:
        parts.second_factors.remove(connection, "lin")
    clock.pass_time(minutes=31)
    shown = browser.send_form(path, form, reason="stolen & sold")
    assert "What you typed is kept" in shown.text
    codes = set_up(browser, clock, browser.send_form("/sign-in", shown, user="lin", password=PASSWORD))
    assert "What you typed before you signed in is sent now." in codes.text
    assert browser.send_form(path, codes).status_code == 200
    with parts.database.reading() as connection:
        found = device_by_id(connection, device)
        said = [row.detail for row in audit.entries(connection, 9) if row.about == device]
    assert found is not None
    assert found.revoked
    assert said == [{"why": "stolen & sold"}]
