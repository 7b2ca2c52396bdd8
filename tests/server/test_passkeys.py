"""Signing in by passkey over real HTTP: only this site's, of this browser, of now, once, by a person who was verified."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator

import httpx
import pytest
from authenticator import Authenticator
from browsing import Browser
from laptop import PASSWORD, StandingClock

from server import audit
from server.parts import Parts
from server.passkeys import LIFE, PasskeyRefused, site_of

OFFER, ASK = "/account/passkey", "/sign-in/passkey"


@pytest.fixture
def at_home(parts: Parts, url: str) -> Iterator[Browser]:
    """A browser at the published address of the record."""
    with Browser(url) as browser:
        document = parts.city.current().document
        parts.city.publish({**document, "public_url": url})
        yield browser


def key_for(browser: Browser, **knobs: object) -> Authenticator:
    return Authenticator(str(browser.base_url).rstrip("/").replace("127.0.0.1", "localhost"), **knobs)  # type: ignore[arg-type]


def offered(browser: Browser, password: str = PASSWORD) -> httpx.Response:
    return browser.post(OFFER, data={"csrf": browser.csrf(), "password": password})


def added(browser: Browser, key: Authenticator, name: str = "desk") -> httpx.Response:
    options = offered(browser).json()
    fields = {"csrf": browser.csrf(), "do": "passkey", "passkey_name": name, "passkey": key.create(options)}
    return browser.post("/account", data=fields)


def signed_in(browser: Browser, key: Authenticator, answer: str | None = None) -> httpx.Response:
    shown = browser.get("/sign-in?other=1&next=/cases")
    answer = answer or key.get(browser.get(ASK).json())
    return browser.send_form(ASK, shown, passkey=answer)


def who(browser: Browser) -> str:
    answer = browser.get("/me")
    return str(answer.json()["user"]) if answer.status_code == 200 else ""


def out(browser: Browser) -> None:
    browser.post("/sign-out", data={"csrf": browser.csrf()})


def test_it_signs_in_in_one_step_and_each_has_its_name(at_home: Browser, parts: Parts) -> None:
    at_home.sign_in("lin")
    one, other = key_for(at_home), key_for(at_home)
    assert "The passkey is added" in added(at_home, one, "finger").text
    assert "stick" in added(at_home, other, "stick").text
    assert [each.name for each in parts.passkeys.of("lin")] == ["finger", "stick"]
    for key in (one, other, one):
        out(at_home)
        assert who(at_home) == ""
        assert signed_in(at_home, key).url.path == "/cases"
        assert who(at_home) == "lin"
    with parts.database.reading() as connection:
        said = [(each.what, each.detail.get("name")) for each in audit.entries(connection, 20, None, "lin")]
    assert ("passkey_used", "stick") in said
    assert ("passkey_added", "finger") in said


def test_adding_one_asks_for_the_password_again(at_home: Browser, parts: Parts) -> None:
    at_home.sign_in("lin")
    assert offered(at_home, "something else").status_code == 422
    assert at_home.post(OFFER, data={"csrf": "x", "password": PASSWORD}).status_code == 403
    forged = {"csrf": at_home.csrf(), "do": "passkey", "passkey_name": "x"}
    options = {"challenge": "AAAA", "user": {"id": "AAAA"}}
    assert at_home.post("/account", data={**forged, "passkey": key_for(at_home).create(options)}).status_code == 422
    assert parts.passkeys.of("lin") == []


@pytest.mark.parametrize("fault", ["not verified", "foreign origin", "foreign site", "foreign key"])
def test_what_another_site_or_an_unverified_person_answers_signs_nobody_in(at_home: Browser, fault: str) -> None:
    at_home.sign_in("lin")
    key = key_for(at_home)
    added(at_home, key)
    out(at_home)
    match fault:
        case "not verified":
            key.flags = 0x01
        case "foreign origin":
            key.origin = "https://evil.example"
        case "foreign site":
            key.rp_id = "evil.example"
        case "foreign key":
            key.key = Authenticator("").key
    answer = signed_in(at_home, key)
    assert (answer.status_code, who(at_home)) == (401, "")
    assert "passkey" in answer.text


@pytest.mark.parametrize("fault", ["not verified", "foreign origin", "foreign site"])
def test_what_another_site_or_an_unverified_person_makes_is_not_added(
    at_home: Browser, parts: Parts, fault: str
) -> None:
    at_home.sign_in("lin")
    key = key_for(at_home, verifies=fault != "not verified")
    key.origin = "https://evil.example" if fault == "foreign origin" else key.origin
    key.rp_id = "evil.example" if fault == "foreign site" else key.rp_id
    assert added(at_home, key).status_code == 422
    assert parts.passkeys.of("lin") == []


def test_an_answer_counts_once_for_one_browser_and_not_for_long(at_home: Browser, clock: StandingClock) -> None:
    at_home.sign_in("lin")
    key = key_for(at_home)
    added(at_home, key)
    out(at_home)
    at_home.get("/sign-in")
    answer = key.get(at_home.get(ASK).json())
    with Browser(str(at_home.base_url)) as thief:
        assert signed_in(thief, key, answer).status_code == 401
    options = at_home.get(ASK).json()
    answer = key.get(options)
    assert signed_in(at_home, key, answer).status_code == 200
    out(at_home)
    shown = at_home.get("/sign-in")
    late = key.get(at_home.get(ASK).json())
    clock.pass_time(minutes=LIFE.seconds // 60, seconds=1)
    assert at_home.send_form(ASK, shown, passkey=late).status_code == 401
    assert who(at_home) == ""


def test_a_replayed_answer_opens_nothing(at_home: Browser) -> None:
    at_home.sign_in("lin")
    key = key_for(at_home)
    added(at_home, key)
    out(at_home)
    shown = at_home.get("/sign-in")
    cookies = dict(at_home.cookies)
    answer = key.get(at_home.get(ASK).json())
    assert at_home.send_form(ASK, shown, passkey=answer).status_code == 200
    with Browser(str(at_home.base_url)) as again:  # with the very cookie of the page before
        again.cookies.update(cookies)
        assert again.send_form(ASK, shown, passkey=answer).status_code == 401
        assert who(again) == ""


def test_a_copied_passkey_is_noticed_by_its_counter(at_home: Browser, parts: Parts) -> None:
    at_home.sign_in("lin")
    key = key_for(at_home)
    added(at_home, key)
    for _ in range(3):
        out(at_home)
        signed_in(at_home, key)
    out(at_home)
    key.count = 1  # the copy has signed less often
    assert signed_in(at_home, key).status_code == 401
    with parts.database.reading() as connection:
        newest = audit.entries(connection, 1, None, "")[0]
    assert (newest.what, newest.detail["error"]) == ("sign_in_refused", "passkey_counted_back")


def test_a_removed_one_and_one_of_an_ended_person_open_nothing(at_home: Browser, parts: Parts) -> None:
    at_home.sign_in("lin")
    key, other = key_for(at_home), key_for(at_home)
    added(at_home, key)
    added(at_home, other)
    which = parts.passkeys.of("lin")[0].id
    assert (
        "is removed"
        in at_home.post("/account", data={"csrf": at_home.csrf(), "do": "remove_passkey", "which": which}).text
    )
    out(at_home)
    assert signed_in(at_home, key).status_code == 401
    parts.people.remove_factor("luo", "lin")
    assert signed_in(at_home, other).status_code == 401
    assert who(at_home) == ""


def test_bytes_that_no_authenticator_made_lead_to_no_fault(at_home: Browser, parts: Parts) -> None:
    at_home.sign_in("lin")
    key = key_for(at_home)
    added(at_home, key)
    out(at_home)
    chance = random.Random(6)
    shown = at_home.get("/sign-in")
    for text in (
        "",
        "{",
        "[]",
        "{}",
        '{"response":1}',
        '{"response":{}}',
        '{"response":{"clientDataJSON":"é"}}',
        "[" * 9000,
    ):
        assert at_home.send_form(ASK, shown, passkey=text).status_code == 401
    site = site_of(str(at_home.base_url))
    assert site is not None
    for _ in range(300):  # below the door that would make them wait
        said = json.loads(key.get(json.loads(parts.passkeys.ask(site, "here"))))
        field = chance.choice(["clientDataJSON", "authenticatorData", "signature"])
        text = said["response"][field]
        at = chance.randrange(len(text))
        said["response"][field] = text[:at] + chance.choice(["", "A", "_", "\u0000", "AAAA"]) + text[at + 1 :]
        with parts.database.writing() as connection:
            try:
                parts.passkeys.whose(connection, site, "here", json.dumps(said))
            except PasskeyRefused:
                continue
        again = base64.urlsafe_b64decode(text + "=="), base64.urlsafe_b64decode(said["response"][field] + "==")
        assert again[0] == again[1], "only another writing of the same bytes is taken"


@pytest.mark.parametrize(
    ("url", "rp_id", "origin"),
    [
        ("https://shouwen.example.gov.cn", "shouwen.example.gov.cn", "https://shouwen.example.gov.cn"),
        ("https://shouwen.example.gov.cn:8443/x", "shouwen.example.gov.cn", "https://shouwen.example.gov.cn:8443"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_site_comes_from_the_published_address(url: str, rp_id: str, origin: str) -> None:
    site = site_of(url)
    assert site is not None
    assert (site.rp_id, site.origins) == (rp_id, [origin])


@pytest.mark.parametrize("url", ["", "http://10.1.2.3", "https://10.1.2.3", "http://shouwen.example", "https://x:y:z"])
def test_an_address_without_a_name_or_without_https_has_no_passkeys(url: str) -> None:
    assert site_of(url) is None
