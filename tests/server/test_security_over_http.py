"""What docs/security.md says of forms, cookies, headers and addresses, seen over HTTP as a browser or a thief sees it."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest
import uvicorn
from browsing import Browser
from laptop import PASSWORD, Laptop, SeededEntropy, StandingClock, case_id
from pictures import SHA, naming, send

from server.accounts import WAIT_SECONDS_FIRST, WAIT_SECONDS_MAX
from server.parts import Parts
from server.second_factor import RECOVERY_CODES
from server.serving import server_over

CASE = case_id(1)
HOSTILE_NAMES = ("../../etc/passwd", "a\r\nset-cookie: b=c", "\u202egpj.exe")
ODD_NAME = "<img src=x onerror=alert(1)>.jpg"
PAGES = (
    "/",
    "/today",
    "/cases",
    "/centre",
    "/account",
    "/sign-in",
    "/public/status",
    "/no-such-page",
    "/healthz",
    "/me",
)


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("input", "textarea", "select"):
            self.found.append({name: value or "" for name, value in attrs})


def inputs(html: str) -> dict[str, dict[str, str]]:
    """The fields of a page by name."""
    parser = _Inputs()
    parser.feed(html)
    return {each.get("name", ""): each for each in parser.found}


def test_signing_in_asks_for_name_and_password_and_lets_managers_fill_them_in(browser: Browser) -> None:
    """No secret question (ASVS V6.4.2); masked, with the names that password managers know, and paste is not hindered
    (V6.2.6, V6.2.7): the policy runs no script of a page, and the fields carry none."""
    shown = browser.get("/sign-in").text
    fields = inputs(shown)
    assert {name for name, each in fields.items() if each.get("type") != "hidden"} == {"user", "password"}
    assert (fields["user"]["autocomplete"], fields["password"]["autocomplete"]) == ("username", "current-password")
    assert fields["password"]["type"] == "password"
    assert not re.search(r"\son\w+=", shown)
    assert int(fields["password"]["maxlength"]) >= 64


def test_a_password_does_not_expire_by_the_calendar(browser: Browser, clock: StandingClock) -> None:
    clock.pass_time(days=3 * 366)
    assert browser.sign_in("lin").url.path == "/today"


def test_looking_at_pages_begins_no_session(browser: Browser) -> None:
    """Only the sign-in form does (ASVS V7.6.2); what anybody gets is the form's own proof and the language."""
    given = set()
    for path in PAGES:
        answer = browser.get(path, follow_redirects=False)
        given |= {each.partition("=")[0] for each in answer.headers.get_list("set-cookie")}
    assert given <= {"shouwen-form", "lang"}
    assert "shouwen-form" in given
    assert browser.get("/me").status_code == 401


def test_a_files_name_from_outside_is_text_and_in_no_header(browser: Browser, parts: Parts) -> None:
    """Contents are asked for by their hash; the name that a device gave stands on the page, escaped (ASVS V5.4.1, V5.4.2)."""
    lin = Laptop(parts, "lin")
    send(parts)
    event = naming()
    begun = {"type": "registered", "pack": "HL", "matter": "citizen", "channel": "phone", "claimant": "person",
             "title": "路灯", "unit": "shihe", "number": "K7Q-1"}  # fmt: skip
    assert lin.verdict(lin.act(CASE, begun)) == "accepted"
    for hostile in HOSTILE_NAMES:
        event["attachments"][0]["name"] = hostile
        assert lin.verdict(lin.act(CASE, event)) == "unreadable_event", hostile
        lin.held[CASE].pop()
    event["attachments"][0]["name"] = ODD_NAME
    assert lin.verdict(lin.act(CASE, event)) == "accepted"
    browser.sign_in("lin")
    page = browser.get(f"/cases/{CASE}").text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;.jpg" in page
    whole = browser.get(f"/attachments/{SHA}")
    assert whole.status_code == 200
    assert whole.headers["content-disposition"] == "inline", "without a name"
    assert not any("onerror" in value for value in whole.headers.values())


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-real-ip", "forwarded"])
def test_an_address_that_a_stranger_claims_is_not_believed(parts: Parts, name: str) -> None:
    """Proxy headers count from the own machine only (ASVS V4.1.3, V15.3.4): else every guess would come from another
    address. The connection here is from another machine."""
    seen: list[object] = []

    async def told(scope: dict[str, object], receive: object, send: object) -> None:
        seen.append(scope["client"])

    config: uvicorn.Config = server_over(parts, "127.0.0.1", 0).config
    assert config.proxy_headers
    config.app = told  # type: ignore[assignment]
    config.load()
    scope = {"type": "http", "scheme": "http", "headers": [(name.encode(), b"198.51.100.7")]}
    for client in (("203.0.113.9", 4000), ("127.0.0.1", 4000)):
        run = config.loaded_app({**scope, "client": client}, None, None)  # type: ignore[arg-type]
        with pytest.raises(StopIteration):
            run.__await__().send(None)
    behind = "198.51.100.7" if name == "x-forwarded-for" else "127.0.0.1"
    assert [client[0] for client in seen] == ["203.0.113.9", behind]  # type: ignore[index]


def test_recovery_codes_are_eighty_bits_of_the_systems_randomness(parts: Parts) -> None:
    """ASVS V6.5.3, V6.5.4: each code is what the entropy gave and nothing shorter."""
    drawn: list[bytes] = []

    class Watched(SeededEntropy):
        def token(self, size: int) -> bytes:
            drawn.append(super().token(size))
            return drawn[-1]

    parts.second_factors._entropy = Watched("codes")
    with parts.database.writing() as connection:
        codes = parts.second_factors._new_codes(connection, "he")
    assert len(set(codes)) == RECOVERY_CODES
    plain = [base64.b32decode(re.sub(r"[^A-Z2-7]", "", code)) for code in codes]
    assert all(len(each) * 8 >= 80 for each in plain)
    assert set(plain) <= set(drawn)


def test_the_waiting_times_are_those_that_the_document_names(parts: Parts) -> None:
    """ASVS V6.1.1: throttling is documented, with the figures of the code."""
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text(encoding="utf-8")
    assert f"{WAIT_SECONDS_FIRST} s, doubling to {WAIT_SECONDS_MAX // 60} min" in text
    for tries in range(5):
        assert parts.accounts.check("lin", f"wrong {tries}", "10.0.0.1").wait_seconds == 0
    assert parts.accounts.check("lin", PASSWORD, "10.0.0.1").wait_seconds == WAIT_SECONDS_FIRST
    assert "5 for a name, 50 for an address" in text
