"""Codes of an authenticator app: RFC 6238's own values, once each, asked of the roles that need them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import httpx
import pytest
from browsing import Browser, serving
from cryptography.exceptions import InvalidTag
from laptop import PASSWORD, StandingClock
from sqlalchemy import select

from server.parts import Parts
from server.second_factor import STEP_SECONDS, code_at
from server.tables import recovery_codes, second_factors, sessions


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_of_rfc_6238(at: int, code: str) -> None:
    assert code_at(b"12345678901234567890", at // STEP_SECONDS) == code


@pytest.fixture
def at_door(guarded: Parts) -> Iterator[Browser]:
    with serving(guarded) as address, Browser(address) as browser:
        yield browser


def password(browser: Browser, user: str, given: str = PASSWORD, **fields: str) -> httpx.Response:
    return browser.send_form("/sign-in", browser.get("/sign-in"), user=user, password=given, **fields)


def step(browser: Browser, shown: httpx.Response, **fields: str) -> httpx.Response:
    return browser.send_form("/sign-in/step", shown, **fields)


def app_code(parts: Parts, clock: StandingClock, shown: httpx.Response | None = None, user: str = "he") -> str:
    """What the app shows now: of the key on the page, or of the one that the record keeps."""
    if shown is not None:
        key = re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)
        assert key
        secret = base64.b32decode(key[1].replace(" ", ""))
    else:
        with parts.database.reading() as connection:
            row = connection.execute(select(second_factors).where(second_factors.c.user == user)).one()
        secret = parts.second_factors._open(user, bytes(row.sealed))
    return code_at(secret, int(clock.now().timestamp()) // STEP_SECONDS)


def set_up(browser: Browser, parts: Parts, clock: StandingClock) -> list[str]:
    """Signs the administrator in for the first time; gives the recovery codes."""
    shown = password(browser, "he")
    assert "Set up the second step" in shown.text
    assert "<svg" in shown.text
    assert browser.get("/me").status_code == 401, "nothing opens before"
    done = step(browser, shown, code=app_code(parts, clock, shown))
    codes = re.findall(r"<code>([A-Z0-9 ]+)</code>", done.text)
    assert len(codes) == 10
    assert browser.get("/me").json()["user"] == "he"
    return codes


def test_an_officer_needs_none_and_the_administrator_sets_one_up(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    assert password(at_door, "lin").url.path == "/today"
    at_door.post("/sign-out", data={"csrf": at_door.csrf()})
    set_up(at_door, guarded, clock)
    with guarded.database.reading() as connection:
        row = connection.execute(select(second_factors)).one()
        kept = {bytes(each) for each in connection.scalars(select(recovery_codes.c.code_hash))}
    secret = guarded.second_factors._open("he", bytes(row.sealed))
    assert secret not in bytes(row.sealed), "encrypted at rest"
    assert len(kept) == 10


def test_the_next_time_the_code_is_asked_and_counts_once(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    set_up(at_door, guarded, clock)
    used = app_code(guarded, clock)
    at_door.post("/sign-out", data={"csrf": at_door.csrf()})
    shown = password(at_door, "he")
    assert "authenticator app" in shown.text
    wrong = step(at_door, shown, code=used)
    assert wrong.status_code == 401, "this one set the second factor up"
    clock.pass_time(seconds=STEP_SECONDS)
    assert step(at_door, wrong, code=app_code(guarded, clock)).url.path == "/centre"
    assert at_door.get("/me").json()["user"] == "he"


def test_a_session_without_the_password_sets_up_no_second_step(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    """Whoever stole a session would otherwise shut its person out of the next one."""
    password(at_door, "lin")
    fields = {"csrf": at_door.csrf(), "do": "begin"}
    assert at_door.post("/account", data={**fields, "password": PASSWORD}).status_code == 200  # never finished
    with guarded.database.reading() as connection:
        sealed = bytes(connection.execute(select(second_factors.c.sealed)).scalar_one())
    waiting = base64.b32encode(guarded.second_factors._open("lin", sealed)).decode()
    for given in ({}, {"password": "guessed"}):
        refused = at_door.post("/account", data={**fields, **given})
        assert refused.status_code == 422
        assert "present password" in refused.text
    for shown in (
        at_door.get("/account?lang=en"),
        at_door.post("/account", data={"csrf": at_door.csrf(), "do": "factor", "code": "000000"}),
    ):
        assert waiting[:4] not in shown.text, "a secret that waits would be known to the thief for ever"
        assert "sw-factor__qr" not in shown.text
    assert not guarded.second_factors.has("lin")
    shown = at_door.post("/account?lang=en", data={**fields, "password": PASSWORD})
    assert waiting[:4] not in shown.text, "each time another one"
    code = app_code(guarded, clock, shown)
    done = at_door.post("/account", data={"csrf": at_door.csrf(), "do": "factor", "code": code})
    assert "Write down your recovery codes" in done.text
    assert guarded.second_factors.has("lin")


def waiting_key(parts: Parts, user: str) -> str:
    """The key that waits for its first code, as a page would write its beginning."""
    with parts.database.reading() as connection:
        sealed = connection.execute(select(second_factors.c.sealed).where(second_factors.c.user == user)).scalar_one()
    typed = base64.b32encode(parts.second_factors._open(user, bytes(sealed))).decode()
    return f"{typed[:4]} {typed[4:8]}"


def test_a_copied_step_of_signing_in_shows_no_secret(at_door: Browser, guarded: Parts, clock: StandingClock) -> None:
    """It stands only in the answer to the password; after a wrong code another one is shown, for the password again."""
    carried = {"next": "/centre/people"}
    shown = password(at_door, "he", **carried)
    key = waiting_key(guarded, "he")
    assert key in shown.text
    wrong = step(at_door, shown, code="000000")
    assert wrong.status_code == 422
    for page in (wrong, at_door.get("/sign-in/step"), at_door.get("/sign-in/step?lang=en")):
        assert key not in page.text
        assert "sw-factor__qr" not in page.text
        assert 'value="begin"' in page.text
    for given in ("", "guessed"):
        refused = step(at_door, wrong, do="begin", password=given)
        assert refused.status_code == 401
        assert "present password is not right" in refused.text
        assert "sw-factor__qr" not in refused.text
    assert waiting_key(guarded, "he") == key, "nobody without the password replaces it"
    anew = step(at_door, refused, do="begin", password=PASSWORD)
    assert waiting_key(guarded, "he") in anew.text
    assert key not in anew.text
    clock.pass_time(minutes=5)  # wrong passwords made it wait
    done = step(at_door, anew, code=app_code(guarded, clock, anew))
    assert "Write down your recovery codes" in done.text
    assert '"/centre/people"' in done.text, "where the person wanted to go is kept through all of it"


def test_a_set_up_that_was_left_unfinished_is_worth_nothing(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    """Whoever photographed its picture would otherwise have the second step for good."""
    photographed = password(at_door, "he")
    key = waiting_key(guarded, "he")
    assert key in photographed.text
    at_door.cookies.clear()
    at_door.cookies.set("lang", "en")
    later = password(at_door, "he")
    assert key not in later.text
    assert step(at_door, later, code=app_code(guarded, clock, photographed)).status_code == 422
    done = step(at_door, later, code=app_code(guarded, clock, later))
    assert "Write down your recovery codes" in done.text


def test_codes_of_a_set_up_at_sign_in_are_not_guessed_either(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    shown = password(at_door, "he")
    right = app_code(guarded, clock, shown)
    for _ in range(5):
        assert step(at_door, shown, code="000000").status_code == 422
    waits = step(at_door, shown, code=right)
    assert waits.status_code == 429
    assert "too many wrong tries" in waits.text
    assert not guarded.second_factors.has("he")


def test_codes_of_a_new_second_step_are_not_guessed_either(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    password(at_door, "lin")
    shown = at_door.post("/account?lang=en", data={"csrf": at_door.csrf(), "do": "begin", "password": PASSWORD})
    fields = {"csrf": at_door.csrf(), "do": "factor"}
    for _ in range(5):
        refused = at_door.post("/account", data={**fields, "code": "000000"})
        assert refused.status_code == 422
        assert "begin anew below" in refused.text
    at_door.post("/account", data={**fields, "code": app_code(guarded, clock, shown)})
    assert not guarded.second_factors.has("lin")


def test_a_recovery_code_opens_once(at_door: Browser, guarded: Parts, clock: StandingClock) -> None:
    codes = set_up(at_door, guarded, clock)
    for expected in (200, 401):
        at_door.post("/sign-out", data={"csrf": at_door.csrf()})
        answer = step(at_door, password(at_door, "he"), code=codes[0].lower().replace(" ", "-"))
        assert answer.status_code == expected
        if expected == 401:
            assert at_door.get("/me").status_code == 401


def test_guessing_codes_is_slowed_down(at_door: Browser, guarded: Parts, clock: StandingClock) -> None:
    set_up(at_door, guarded, clock)
    at_door.post("/sign-out", data={"csrf": at_door.csrf()})
    shown = password(at_door, "he")
    for _ in range(5):
        assert step(at_door, shown, code="000000").status_code == 401
    clock.pass_time(seconds=20)
    waits = step(at_door, shown, code=app_code(guarded, clock))
    assert waits.status_code == 429
    assert waits.headers["retry-after"] == "10"
    assert "Wait 10 seconds" in waits.text
    clock.pass_time(seconds=10)
    assert step(at_door, shown, code=app_code(guarded, clock)).url.path == "/centre"


def test_a_session_that_still_asks_ends_by_itself_and_opens_nothing(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    set_up(at_door, guarded, clock)
    at_door.post("/sign-out", data={"csrf": at_door.csrf()})
    shown = password(at_door, "he")
    for path in ("/centre", "/account", "/centre/rules"):
        assert at_door.get(path).url.path == "/sign-in"
    assert at_door.post("/sync", content=b"").status_code == 401
    clock.pass_time(minutes=16)
    assert step(at_door, shown, code=app_code(guarded, clock)).url.path == "/sign-in"


def test_every_step_has_a_fresh_cookie_and_needs_the_token(
    at_door: Browser, guarded: Parts, clock: StandingClock
) -> None:
    set_up(at_door, guarded, clock)
    at_door.post("/sign-out", data={"csrf": at_door.csrf()})
    shown = password(at_door, "he")
    asked = at_door.cookies["shouwen"]
    clock.pass_time(seconds=STEP_SECONDS)
    assert step(at_door, shown, code=app_code(guarded, clock), csrf="guess").status_code == 403
    step(at_door, shown, code=app_code(guarded, clock))
    assert at_door.cookies["shouwen"] != asked
    at_door.cookies.clear()
    at_door.cookies.set("shouwen", asked)
    assert at_door.get("/me").status_code == 401


def test_guarded_sessions_are_short(at_door: Browser, guarded: Parts, clock: StandingClock) -> None:
    set_up(at_door, guarded, clock)
    clock.pass_time(minutes=29)
    assert at_door.get("/me").status_code == 200
    clock.pass_time(minutes=31)
    assert at_door.get("/me").status_code == 401
    with guarded.database.reading() as connection:
        row = connection.execute(select(sessions).where(sessions.c.stage == "")).first()
    assert row is not None
    assert row.life_ms == 12 * 3_600_000


def test_a_one_time_code_leads_to_an_own_password(at_door: Browser, guarded: Parts, clock: StandingClock) -> None:
    with guarded.database.writing() as connection:
        guarded.accounts.give_code(connection, "zhao", "ABCD-EFGH-JKLM")
    shown = password(at_door, "zhao", "abcd efgh jklm")
    assert "Choose your own password" in shown.text
    for new, again, why in (
        ("short", "short", "at least 12"),
        ("password1234", "password1234", "everybody tries first"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "more different"),
        ("seven green bicycles", "seven green bicycle", "differ"),
    ):
        refused = step(at_door, shown, new_password=new, new_password_again=again)
        assert refused.status_code == 422
        assert why in refused.text
        assert at_door.get("/me").status_code == 401
    new = "seven green bicycles"
    assert step(at_door, shown, new_password=new, new_password_again=new).url.path == "/today"
    at_door.post("/sign-out", data={"csrf": at_door.csrf()})
    assert password(at_door, "zhao", "ABCD-EFGH-JKLM").status_code == 401, "it was good once"
    assert password(at_door, "zhao", new).url.path == "/today"


def test_a_one_time_code_does_not_wait_for_ever(at_door: Browser, guarded: Parts, clock: StandingClock) -> None:
    with guarded.database.writing() as connection:
        guarded.accounts.give_code(connection, "zhao", "ABCD-EFGH-JKLM")
    clock.pass_time(days=7)
    assert password(at_door, "zhao", "ABCD-EFGH-JKLM").status_code == 401
    assert guarded.accounts.states()["zhao"] == "expired"


def test_a_secret_of_another_person_does_not_open(guarded: Parts) -> None:
    with guarded.database.writing() as connection:
        guarded.second_factors.set_known(connection, "he", b"x" * 20)
        connection.execute(second_factors.update().values(user="lin"))
    with pytest.raises(InvalidTag):
        guarded.second_factors.check("lin", "123456")
