"""A stolen session opens no way into the account that outlasts it, and closes none: the person proves again who it is."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from authenticator import Authenticator
from browsing import Browser, fields_of
from laptop import PASSWORD, Laptop, StandingClock
from sqlalchemy import select

from server.accounts import FREE_TRIES
from server.devices import device_by_id
from server.parts import Parts
from server.second_factor import STEP_SECONDS, code_at
from server.settings import Settings
from server.tables import devices

NOT_ANY_MORE = int(Settings(Path()).fresh_sign_in.total_seconds()) // 60 + 1


def enrol(browser: Browser, key: Laptop, name: str = "窗口2号机") -> httpx.Response:
    """What a browser sends that wants to sign in somebody's name."""
    asked = key.ask(name)
    body = {"alg": asked.alg, "public_key": asked.public_key.hex(), "name": name, "sig": asked.signature.hex()}
    return browser.post("/devices", json=body, headers={"x-csrf-token": browser.csrf()})


def prove(browser: Browser, shown: httpx.Response, password: str = PASSWORD) -> httpx.Response:
    """Signs in again on the page that asked for it, under the name that stands there."""
    assert shown.url.path == "/sign-in" or shown.status_code == 403
    assert "Prove once more" in shown.text
    return browser.send_form("/sign-in", shown, password=password)


def test_an_old_session_enrols_no_device_until_its_person_signed_in_again(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    key = Laptop(parts, "lin")
    browser.sign_in("lin")
    assert browser.get("/me").json()["fresh"] is True
    clock.pass_time(minutes=NOT_ANY_MORE)
    refused = enrol(browser, key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "sign_in_again")
    assert browser.get("/me").json()["fresh"] is False

    shown = browser.get("/sign-in?again=1&next=/cases")
    assert fields_of(shown.text)["user"] == ["lin"]
    assert prove(browser, shown, "not this one").status_code == 401
    assert enrol(browser, key).status_code == 403
    stolen = browser.cookies["shouwen"]
    assert prove(browser, shown).url.path == "/cases"
    assert browser.cookies["shouwen"] != stolen
    assert enrol(browser, key).status_code == 201
    assert not parts.sessions.find(stolen), "the session of before is no way round"


def test_who_just_signed_in_enrols_at_once(browser: Browser, parts: Parts, clock: StandingClock) -> None:
    key = Laptop(parts, "lin")
    browser.sign_in("lin")
    clock.pass_time(minutes=NOT_ANY_MORE - 1)
    assert enrol(browser, key).status_code == 201
    assert browser.get("/sign-in?next=/cases").url.path == "/cases"


def test_an_old_session_brings_no_device_back(browser: Browser, clock: StandingClock) -> None:
    browser.sign_in("lin")
    clock.pass_time(minutes=NOT_ANY_MORE)
    headers = {"x-csrf-token": browser.csrf()}
    body = {"text": "{}", "sig": "00"}
    assert browser.post("/devices/return", json=body, headers=headers).json()["error"]["code"] == "sign_in_again"
    prove(browser, browser.get("/sign-in?again=1&next=/sync"))
    headers = {"x-csrf-token": browser.csrf()}
    assert browser.post("/devices/return", json=body, headers=headers).json()["error"]["code"] == "malformed"


@pytest.mark.parametrize("do", ["remove_passkey", "session"])
def test_an_old_session_takes_nothing_from_the_account(
    browser: Browser, parts: Parts, clock: StandingClock, url: str, do: str
) -> None:
    parts.city.publish({**parts.city.current().document, "public_url": url})
    with Browser(url) as other:
        other.sign_in("lin")
        browser.sign_in("lin")
        options = browser.post("/account/passkey", data={"csrf": browser.csrf(), "password": PASSWORD}).json()
        made = Authenticator(url.replace("127.0.0.1", "localhost")).create(options)
        browser.post("/account", data={"csrf": browser.csrf(), "do": "passkey", "passkey": made})
        (key,) = parts.passkeys.of("lin")
        clock.pass_time(minutes=NOT_ANY_MORE)
        asked = browser.post("/account", data={"csrf": browser.csrf(), "do": do, "which": key.id})
        assert other.get("/me").status_code == 200
        assert parts.passkeys.of("lin") == [key]
        assert prove(browser, asked).url.path == "/account", "back where the button is"
        browser.post("/account", data={"csrf": browser.csrf(), "do": do, "which": key.id})
        assert (other.get("/me").status_code == 401) == (do == "session")
        assert (parts.passkeys.of("lin") == []) == (do == "remove_passkey")


@pytest.mark.parametrize("do", ["remove", "codes"])
def test_a_second_step_goes_with_password_and_code_only(
    browser: Browser, parts: Parts, clock: StandingClock, do: str
) -> None:
    browser.sign_in("lin")
    with parts.database.writing() as connection:
        parts.second_factors.set_known(connection, "lin", b"s" * 20)
    before = parts.second_factors.renew_codes("lin")

    def send(**typed: str) -> httpx.Response:
        clock.pass_time(seconds=STEP_SECONDS)
        code = code_at(b"s" * 20, int(clock.now().timestamp()) // STEP_SECONDS)
        return browser.post("/account", data={"csrf": browser.csrf(), "do": do, "code": code, **typed})

    for typed, why in (({}, "present password"), ({"password": PASSWORD, "code": "000000"}, "code is not right")):
        refused = send(**typed)
        assert refused.status_code == 422
        assert why in refused.text
        assert parts.second_factors.has("lin")
        assert parts.second_factors.codes_left("lin") == len(before)
    assert send(password=PASSWORD).status_code == 200
    assert parts.second_factors.has("lin") == (do == "codes")
    assert not parts.second_factors.check("lin", before[0])


def test_an_old_session_makes_no_secret_address_for_the_calendar(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    browser.sign_in("lin")
    clock.pass_time(minutes=NOT_ANY_MORE)
    shown = browser.post("/calendar", data={"csrf": browser.csrf(), "do": "make"})
    assert parts.calendar_feeds.made_at("lin") is None
    assert prove(browser, shown).url.path == "/calendar"
    browser.post("/calendar", data={"csrf": browser.csrf(), "do": "make"})
    assert parts.calendar_feeds.made_at("lin") is not None


def test_an_old_session_of_the_centre_opens_nobodys_account(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    with parts.database.writing() as connection:
        parts.second_factors.set_known(connection, "lin", b"s" * 20)

    def account() -> tuple[str, bool]:
        return parts.accounts.states()["lin"], parts.second_factors.has("lin")

    for user, path, fields, after in (
        ("luo", "/centre/sessions", {"do": "factor", "user": "lin"}, ("own", False)),
        ("he", "/centre/people/lin", {"do": "code"}, ("code", False)),
    ):
        browser.send_form("/sign-in", browser.get("/sign-in?other=1"), user=user, password=PASSWORD)
        clock.pass_time(minutes=NOT_ANY_MORE)
        before = account()
        shown = browser.post(path, data={"csrf": browser.csrf(), **fields})
        kept = prove(browser, shown)
        assert account() == before
        assert browser.send_form(path, kept).status_code == 200
        assert account() == after


def test_whose_sessions_end_or_password_is_replaced_is_shown_with_the_devices_that_go_on_signing(
    browser: Browser, parts: Parts, clock: StandingClock, url: str
) -> None:
    old = Laptop(parts, "lin", "旧电脑")
    clock.pass_time(days=31)
    with Browser(url) as lin:
        lin.sign_in("lin")
        late = enrol(lin, old, "陌生的电脑").json()
        own = lin.get("/account?lang=en").text
        assert own.index("陌生的电脑") < own.index("旧电脑"), "the newest first"
        assert own.count(">lately<") == 1
        assert f"/centre/devices/{late['device']}" not in own

    browser.sign_in("luo")
    fields = {"csrf": browser.csrf(), "do": "session", "user": "lin"}
    shown = browser.post("/centre/sessions", data=fields).text
    assert "Devices that sign for 林晓" in shown
    assert re.search(rf"{late['code']}.*?>lately<.*?/centre/devices/{late['device']}", shown, re.S)
    assert "Devices that sign for" not in browser.get("/centre/sessions?lang=en").text

    browser.send_form("/sign-in", browser.get("/sign-in?other=1"), user="he", password=PASSWORD)
    shown = browser.post("/centre/people/lin", data={"csrf": browser.csrf(), "do": "code"}).text
    assert "Devices that sign for 林晓" in shown
    assert late["code"] in shown
    assert f"/centre/devices/{late['device']}" not in shown, "the administrator withdraws nothing"


def of_the_centre(parts: Parts) -> tuple[object, ...]:
    """All that the pages below change."""
    return (
        parts.city.current().version,
        [each.user for each in parts.sessions.standing("lin")],
        "user:zhao" in parts.accounts.waiting(),
    )


@pytest.mark.parametrize(
    ("user", "path", "fields"),
    [
        (
            "he",
            "/centre/people/new",
            {"user": "thief", "name": "某人", "unit": "shihe", "title": "科员", "role": "admin"},
        ),
        ("he", "/centre/people/lin", {"do": "end", "last_day": "2030-01-01", "why": "x"}),
        ("he", "/centre/people/lin", {"do": "move", "unit": "shihe", "title": "科员", "role": "unit_head"}),
        ("he", "/centre/posts/new", {"unit": "shihe", "zh": "窗口", "a": "lin", "b": "zhao"}),
        ("luo", "/centre/sessions", {"do": "session", "user": "lin"}),
        ("luo", "/centre/sessions", {"do": "lift", "key": "user:zhao"}),
    ],
)
def test_an_old_session_of_the_centre_changes_nobody(
    browser: Browser, parts: Parts, clock: StandingClock, user: str, path: str, fields: dict[str, str]
) -> None:
    """A new account, or a new role, would outlast the stolen session. What was typed is kept, sealed, until its person
    has signed in again, and nothing is done before they send it."""
    browser.send_form("/sign-in", browser.get("/sign-in"), user=user, password=PASSWORD)
    sent = {"since": parts.people.today.isoformat(), **fields}
    clock.pass_time(minutes=NOT_ANY_MORE)
    parts.sessions.start("lin")
    for _ in range(FREE_TRIES["user"]):
        parts.accounts.check("zhao", "guessed", "elsewhere")
    before = of_the_centre(parts)
    shown = browser.post(path, data={"csrf": browser.csrf(), **sent})
    assert shown.status_code == 403
    assert of_the_centre(parts) == before
    if path.endswith("people/new"):
        assert browser.get(path).url.path == "/sign-in", "before a long form is typed, not after"
    kept = prove(browser, shown)
    assert "has not been sent yet" in kept.text
    assert "hreflang" in browser.get("/sign-in?other=1").text
    assert not [page for page in (shown, kept) if "hreflang" in page.text], "the page in the other language has no form"
    assert of_the_centre(parts) == before
    assert browser.send_form(path, kept).status_code == 200
    assert of_the_centre(parts) != before


def test_what_is_typed_at_the_centre_is_kept_over_a_session_that_ended(
    browser: Browser, parts: Parts, clock: StandingClock
) -> None:
    """For whoever signs in under the same name, and for nobody else."""
    path = "/centre/posts/new"
    sent = {
        "since": (parts.people.today + timedelta(days=30)).isoformat(),
        "unit": "shihe",
        "zh": "窗口",
        "a": "lin",
        "b": "zhao",
    }
    browser.send_form("/sign-in", browser.get("/sign-in"), user="he", password=PASSWORD)
    csrf, before = browser.csrf(), of_the_centre(parts)
    clock.pass_time(days=8)
    shown = browser.post(path, data={"csrf": csrf, **sent})
    assert shown.status_code == 401
    assert "What you typed is kept here" in shown.text
    other = browser.send_form("/sign-in", shown, user="luo", password=PASSWORD)
    assert "has not been sent yet" not in other.text
    kept = browser.send_form(
        "/sign-in", shown, csrf=fields_of(browser.get("/sign-in?other=1").text)["csrf"][0], password=PASSWORD
    )
    assert "has not been sent yet" in kept.text
    assert of_the_centre(parts) == before
    assert browser.send_form(path, kept).status_code == 200
    assert of_the_centre(parts) != before


def test_an_old_session_of_the_centre_withdraws_no_device(browser: Browser, parts: Parts, clock: StandingClock) -> None:
    """It cannot be undone. What was typed is kept, sealed, and is sent by signing in again."""
    device, reason = Laptop(parts, "lin").device, "left on the bus"
    path = f"/centre/devices/{device}"

    def withdrawn() -> str | None:
        with parts.database.reading() as connection:
            found = device_by_id(connection, device)
            assert found is not None
            return (
                connection.scalar(select(devices.c.revoked_why).where(devices.c.id == device))
                if found.revoked
                else None
            )

    browser.send_form("/sign-in", browser.get("/sign-in"), user="luo", password=PASSWORD)
    clock.pass_time(minutes=NOT_ANY_MORE)
    asked = browser.get(path)
    assert asked.status_code == 200, "to look needs no proof"
    shown = browser.send_form(path, asked, reason=reason)
    assert shown.status_code == 403
    assert "cannot be undone. Prove once more" in shown.text
    assert browser.send_form("/sign-in", shown, password="not this one").status_code == 401
    assert withdrawn() is None
    done = browser.send_form("/sign-in", shown, password=PASSWORD)
    assert (done.status_code, done.url.path) == (200, "/centre/devices")
    assert withdrawn() == reason


def test_a_calendar_address_is_ended_by_any_session(browser: Browser, parts: Parts, clock: StandingClock) -> None:
    """Whoever fears that it leaked ends it at once; a thief who does it takes away what a new one replaces."""
    parts.calendar_feeds.make("lin")
    browser.sign_in("lin")
    clock.pass_time(minutes=NOT_ANY_MORE)
    browser.post("/calendar", data={"csrf": browser.csrf(), "do": "end"})
    assert parts.calendar_feeds.made_at("lin") is None
