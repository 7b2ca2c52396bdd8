"""The secret calendar address: made and shown once, read without signing in, worth nothing once it is ended."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
from browsing import Browser
from laptop import Laptop, case_id, registered
from sqlalchemy import select

from server.parts import Parts
from server.tables import calendar_feeds


def change(browser: Browser, do: str) -> httpx.Response:
    return browser.post("/calendar", data={"csrf": browser.csrf(), "do": do})


def address_in(page: httpx.Response) -> str:
    found = re.search(r'id="calendar-address"[^>]*>(https://[^<]+)<', page.text)
    assert found, page.text
    return found[1]


def fetched(browser: Browser, address: str) -> httpx.Response:
    """As a calendar program does: without cookies."""
    return httpx.get(str(browser.base_url).rstrip("/") + urlsplit(address).path)


def test_a_calendar_program_reads_the_duties_and_no_name(browser: Browser, parts: Parts) -> None:
    laptop = Laptop(parts, "lin")
    made = registered(number="LAP-000001", claimant_name="王芳", claimant_phone="13812345678")
    assert laptop.verdict(laptop.act(case_id(1), made, {"type": "accepted"})) == "accepted"
    browser.sign_in("lin")
    address = address_in(change(browser, "make"))
    assert address.startswith("https://shouwen.example/calendar/")
    answer = fetched(browser, address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "LAP-000001" in answer.text
    assert "BEGIN:VEVENT" in answer.text
    for private in ("王芳", "13812345678", "河西路口", "路灯不亮"):
        assert private not in answer.text


def test_the_secret_is_shown_once_and_kept_as_its_hash(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    address = address_in(change(browser, "make"))
    secret = urlsplit(address).path.split("/")[2].removesuffix(".ics")
    assert secret not in browser.get("/calendar").text
    with parts.database.reading() as connection:
        (row,) = connection.execute(select(calendar_feeds)).all()
    assert secret.encode() not in row.token_hash


def test_ended_replaced_and_guessed_addresses_are_answered_alike(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    first = address_in(change(browser, "make"))
    second = address_in(change(browser, "make"))
    guessed = "https://shouwen.example/calendar/" + "0" * 64 + ".ics"
    assert [fetched(browser, each).status_code for each in (first, second, guessed)] == [404, 200, 404]
    change(browser, "end")
    assert fetched(browser, second).status_code == 404
    assert parts.calendar_feeds.made_at("lin") is None


def test_only_the_own_page_of_somebody_signed_in_makes_one(browser: Browser, parts: Parts) -> None:
    assert "Sign in" in browser.get("/calendar").text
    browser.sign_in("lin")
    assert browser.post("/calendar", data={"csrf": "0" * 64, "do": "make"}).status_code == 403
    assert parts.calendar_feeds.made_at("lin") is None


def test_somebody_who_left_the_directory_has_no_calendar(browser: Browser, parts: Parts) -> None:
    token = parts.calendar_feeds.make("nobody-any-more")
    assert fetched(browser, f"https://shouwen.example/calendar/{token}.ics").status_code == 404
