"""Signing in, out, and back to where one was; nothing typed is lost; no form is taken from elsewhere."""

from __future__ import annotations

import json

import httpx
import pytest
from browsing import Browser, fields_of
from laptop import PASSWORD, StandingClock

from server import audit
from server.parts import Parts


def test_one_comes_to_the_page_that_one_wanted(browser: Browser) -> None:
    answer = browser.sign_in("lin", path="/cases?light=red")
    assert (answer.status_code, answer.url.path, answer.url.query) == (200, "/cases", b"light=red")
    assert "林晓" in answer.text


def test_the_cookie_is_for_this_site_and_no_script(browser: Browser) -> None:
    shown = browser.get("/today")
    answer = browser.post(
        "/sign-in",
        data={**fields_of(shown.text), "user": "lin", "password": PASSWORD},
        follow_redirects=False,
    )
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("shouwen="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie, "plain HTTP on one machine"


def test_a_wrong_password_says_what_to_check_and_keeps_the_name(browser: Browser) -> None:
    answer = browser.sign_in("lin", "wrong")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert fields_of(answer.text)["user"] == ["lin"]
    assert browser.get("/me").status_code == 401


def test_a_password_in_the_field_for_the_name_is_not_kept_in_the_trail(browser: Browser, parts: Parts) -> None:
    browser.sign_in("correct horse battery", "lin")
    browser.sign_in("lin", "wrong")
    with parts.database.reading() as connection:
        known, unknown = audit.entries(connection, 2)
    assert (unknown.what, unknown.about) == ("sign_in_refused", "")
    assert (known.what, known.about) == ("sign_in_refused", "lin")


def test_too_many_wrong_passwords_have_to_wait(browser: Browser, clock: StandingClock) -> None:
    for _ in range(5):
        assert browser.sign_in("lin", "wrong").status_code == 401
    answer = browser.sign_in("lin")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert "Wait 30 seconds" in answer.text
    clock.pass_time(seconds=31)
    assert browser.sign_in("lin").url.path == "/today"


def test_somebody_who_left_the_directory_cannot_sign_in(browser: Browser, parts: Parts) -> None:
    parts.accounts.set_password("gone", PASSWORD)
    answer = browser.sign_in("gone")
    assert answer.status_code == 403
    assert "not in the city" in answer.text


def test_the_form_must_come_from_our_page(browser: Browser) -> None:
    answer = browser.post("/sign-in", data={"user": "lin", "password": PASSWORD, "csrf": "", "next": "/today"})
    assert answer.status_code == 403
    browser.get("/sign-in")
    answer = browser.post("/sign-in", data={"user": "lin", "password": PASSWORD, "csrf": "guess", "next": "/today"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/sign-out", "/\r\nx:y"]
)
def test_nobody_is_sent_elsewhere(browser: Browser, target: str) -> None:
    shown = browser.get("/sign-in", params={"next": target})
    answer = browser.send_form("/sign-in", shown, user="lin", password=PASSWORD, next=target)
    assert answer.url.path == "/today"
    assert answer.url.host == "127.0.0.1"


def test_signing_out_needs_the_token_and_ends_the_session(browser: Browser) -> None:
    browser.sign_in("lin")
    assert browser.post("/sign-out", data={}).status_code == 403
    assert browser.get("/me").status_code == 200
    cookie = browser.cookies["shouwen"]
    browser.post("/sign-out", data={"csrf": browser.csrf()})
    browser.cookies.set("shouwen", cookie)
    assert browser.get("/me").status_code == 401


def test_an_ended_session_returns_to_where_one_was(browser: Browser, clock: StandingClock) -> None:
    browser.sign_in("lin")
    clock.pass_time(days=8)
    shown = browser.get("/cases")
    assert shown.url.path == "/sign-in"
    assert "Your session has ended" in shown.text
    assert browser.send_form("/sign-in", shown, user="lin", password=PASSWORD).url.path == "/cases"


def typed_after_the_session_ended(browser: Browser, clock: StandingClock) -> httpx.Response:
    browser.sign_in("lin")
    form = browser.get("/register")
    clock.pass_time(days=8)
    shown = browser.send_form("/register", form, title="typed with care")
    assert shown.status_code == 401
    assert "What you typed is kept" in shown.text
    return shown


def test_what_was_typed_in_an_ended_session_is_sent_after_signing_in(browser: Browser, clock: StandingClock) -> None:
    shown = typed_after_the_session_ended(browser, clock)
    wrong = browser.send_form("/sign-in", shown, user="lin", password="wrong")
    answer = browser.send_form("/sign-in", wrong, user="lin", password=PASSWORD)
    assert answer.status_code == 422, "the form as it was: with the faults of its other fields"
    assert 'value="typed with care"' in answer.text
    assert browser.get("/me").json()["user"] == "lin"


def test_somebody_else_does_not_send_it(browser: Browser, clock: StandingClock) -> None:
    shown = typed_after_the_session_ended(browser, clock)
    answer = browser.send_form("/sign-in", shown, user="zhao", password=PASSWORD)
    assert answer.url.path == "/register"
    assert "typed with care" not in answer.text


def test_a_carried_form_that_we_did_not_seal_is_not_sent(browser: Browser) -> None:
    shown = browser.get("/sign-in")
    invented = json.dumps({"user": "lin", "path": "/register", "form": {"title": ["invented"]}})
    answer = browser.send_form("/sign-in", shown, user="lin", password=PASSWORD, carried=invented, seal="00" * 32)
    assert "invented" not in answer.text


def test_a_page_from_before_the_last_sign_in_loses_nothing(browser: Browser) -> None:
    browser.sign_in("lin")
    old = browser.get("/register")
    browser.post("/sign-out", data={"csrf": browser.csrf()})
    browser.sign_in("lin")
    shown = browser.send_form("/register", old, title="typed with care")
    assert shown.status_code == 403
    assert "What you typed is kept" in shown.text
    answer = browser.send_form("/sign-in", shown, user="lin", password=PASSWORD)
    assert 'value="typed with care"' in answer.text
