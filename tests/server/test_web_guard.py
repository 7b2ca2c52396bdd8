"""What keeps other sites, guessers and old caches out; each of these fails when its line in the server is taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from browsing import Browser, serving
from laptop import PASSWORD, SeededEntropy, StandingClock, city_document
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from server.engine import EngineOutside
from server.guard import CONTENT_SECURITY_POLICY
from server.parts import Parts, assemble
from server.rates import Rates
from server.settings import Settings

# As the architecture says it, with no exception.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data: blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def test_the_policy_is_the_architectures_and_every_page_has_it(browser: Browser) -> None:
    assert CONTENT_SECURITY_POLICY == POLICY
    browser.sign_in("lin")
    for path in ("/today", "/account", "/sign-in?other=1", "/public/status", "/no-such-page", "/centre", "/me"):
        assert browser.get(path).headers["content-security-policy"] == POLICY, path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_socket_from_a_foreign_page_is_not_opened(url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"{url.replace('http', 'ws')}/automerge", origin=origin):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403


def test_a_socket_from_a_program_or_our_own_page_is_heard(url: str) -> None:
    for origin in (None, url):
        with connect(f"{url.replace('http', 'ws')}/automerge", origin=origin) as socket:  # type: ignore[arg-type]
            socket.close()


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_wake_ups_are_for_our_own_pages(browser: Browser, headers: dict[str, str]) -> None:
    browser.sign_in("lin")
    assert browser.get("/sync/events", headers=headers).status_code == 403


def test_receipts_cannot_be_guessed_in_a_row(browser: Browser, clock: StandingClock) -> None:
    answers = [browser.get(f"/public/status?n=XX-{n}&c=0000") for n in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "3"
    assert "Wait a minute" in answers[-1].text
    assert browser.get("/public/status").status_code == 200, "the empty form costs nothing"
    assert browser.post("/public/status", data={"n": "XX-1", "c": "0000"}).status_code == 429, "typed or by its address"
    clock.pass_time(seconds=3)
    assert browser.get("/public/status?n=XX-1&c=0000").status_code == 404


def test_passwords_cannot_be_tried_without_end(browser: Browser) -> None:
    shown = browser.get("/sign-in")
    found = {browser.send_form("/sign-in", shown, csrf="x", user=f"u{n}", password="x").status_code for n in range(60)}
    assert found == {403}
    refused = browser.send_form("/sign-in", shown, csrf="x", user="u", password="x")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"


def test_a_bucket_fills_evenly_and_forgets_old_addresses(clock: StandingClock) -> None:
    rates = Rates(clock)
    assert [rates.wait_seconds("a", 2) for _ in range(3)] == [0, 0, 30]
    assert rates.wait_seconds("b", 2) == 0
    clock.pass_time(seconds=30)
    assert [rates.wait_seconds("a", 2) for _ in range(2)] == [0, 30]
    for n in range(10_001):
        rates.wait_seconds(f"crowd {n}", 2)
    assert rates.wait_seconds("a", 2) == 0, "forgotten"


def test_an_ended_session_clears_what_the_browser_kept_but_no_unsent_work(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    with parts.database.writing() as connection:
        parts.sessions.revoke(connection, "lin")
    answer = browser.get("/today", follow_redirects=False)
    assert answer.headers["clear-site-data"] == '"cache"'
    assert "ended=revoked" in answer.headers["location"]
    assert 'shouwen=""' in answer.headers["set-cookie"]
    browser.sign_in("lin")
    out = browser.post("/sign-out", data={"csrf": browser.csrf()}, follow_redirects=False)
    assert out.headers["clear-site-data"] == '"cache"'


def test_behind_https_every_cookie_is_bound_to_this_host(
    tmp_path: Path, clock: StandingClock, engine: EngineOutside
) -> None:
    settings = Settings(tmp_path / "https", similar_cases=False)
    parts = assemble(replace(settings, secure_cookies=True), clock, SeededEntropy("https"), engine)
    parts.city.publish(city_document())
    parts.accounts.set_passwords({"lin": PASSWORD})
    try:
        with serving(parts) as address, httpx.Client(base_url=address) as client:
            shown = client.get("/sign-in")
            (form,) = [each for each in shown.headers.get_list("set-cookie") if "form" in each]
            token = form.partition("=")[2].partition(";")[0]
            name = form.partition("=")[0]
            signed_in = client.post(
                "/sign-in",
                data={"user": "lin", "password": PASSWORD, "csrf": token, "next": "/today"},
                headers={"cookie": f"{name}={token}"},
            )
            given = [*shown.headers.get_list("set-cookie"), *signed_in.headers.get_list("set-cookie")]
            assert signed_in.status_code == 303
            assert {each.partition("=")[0] for each in given} == {"__Host-shouwen-form", "__Host-shouwen"}
            for each in given:
                parts_of_cookie = {part.strip().lower() for part in each.split(";")[1:]}
                assert {"path=/", "secure"} <= parts_of_cookie, each
                assert not any(part.startswith("domain") for part in parts_of_cookie)
            assert "max-age=31536000" in shown.headers["strict-transport-security"]
    finally:
        parts.close()
