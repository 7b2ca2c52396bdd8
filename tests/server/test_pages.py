"""The desk's pages on the server: acts go through the gate, what cannot be shown is a page that says what to do."""

from __future__ import annotations

import re

import httpx
import pytest
from browsing import Browser, fill_disk, free_disk, radios_of
from laptop import Laptop, case_id, registered

from server import record
from server.guard import CONTENT_SECURITY_POLICY
from server.own_device import NotRecorded
from server.parts import Parts


def register(browser: Browser, **values: str) -> httpx.Response:
    form = browser.get("/register")
    offer = next(radio["value"] for radio in radios_of(form.text, "offer") if radio["data-kind"] == "appeal")
    typed = {
        "offer": offer,
        "claimant_name": "王芳",
        "claimant_phone": "13812345678",
        "title": "Street lamp",
        "text": "The lamp at the west crossing is broken",
        "place": "West crossing",
        "outcome": "accept",
        **values,
    }
    return browser.send_form("/register", form, **typed)


def log_size(parts: Parts) -> int:
    with parts.database.reading() as connection:
        return record.log_size(connection)


def test_registering_on_the_server_is_a_signed_act_of_the_servers_device(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    answer = register(browser)
    assert answer.status_code == 200, answer.text
    assert answer.url.path.startswith("/cases/")
    assert "Street lamp" in answer.text
    assert log_size(parts) == 1
    laptop = Laptop(parts, "zhao")
    (pulled,) = laptop.sync()[1]
    assert pulled.case_id == answer.url.path.split("/")[2]


def test_a_form_that_is_sent_twice_is_recorded_once(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    form = browser.get("/register")
    offer = next(radio["value"] for radio in radios_of(form.text, "offer") if radio["data-kind"] == "appeal")
    typed = {
        "offer": offer,
        "claimant_name": "王芳",
        "claimant_phone": "13812345678",
        "title": "Lamp",
        "text": "Broken",
    }
    first = browser.send_form("/register", form, **typed)
    second = browser.send_form("/register", form, **typed)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.url.path == second.url.path
    assert log_size(parts) == 1


def test_what_a_device_pushed_is_on_the_pages_at_once(browser: Browser, parts: Parts) -> None:
    laptop = Laptop(parts, "zhao")
    laptop.sync(laptop.act(case_id(1), registered(title="From the laptop")))
    browser.sign_in("lin")
    assert "From the laptop" in browser.get("/cases").text
    assert "From the laptop" in browser.get(f"/cases/{case_id(1)}").text


def test_other_units_see_neither_list_nor_case_and_the_centre_sees_both(url: str, parts: Parts) -> None:
    laptop = Laptop(parts, "zhao")
    laptop.sync(laptop.act(case_id(1), registered(title="Only ours")))
    with Browser(url) as wu, Browser(url) as qian:
        wu.sign_in("wu")
        assert "Only ours" not in wu.get("/cases").text
        assert wu.get(f"/cases/{case_id(1)}").status_code == 404
        assert wu.get("/centre").status_code == 403
        qian.sign_in("qian")
        assert "Only ours" in qian.get("/centre/cases").text
        assert qian.get(f"/cases/{case_id(1)}").status_code == 200


def test_forms_without_the_sessions_token_are_not_taken(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    assert register(browser, csrf="").status_code == 403
    assert register(browser, csrf="0" * 64).status_code == 403
    assert log_size(parts) == 0


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_posts_of_other_sites_are_not_taken(browser: Browser, headers: dict[str, str]) -> None:
    browser.sign_in("lin")
    token = browser.csrf()
    for path in ("/register", "/sign-out", "/sync", "/devices"):
        assert browser.post(path, data={"csrf": token}, headers=headers).status_code == 403
    assert browser.get("/me").status_code == 200


def test_unknown_pages_and_methods(browser: Browser) -> None:
    browser.sign_in("lin")
    assert browser.get("/nothing").status_code == 404
    assert browser.get("/cases/not-a-case").status_code == 404
    assert browser.get(f"/cases/{case_id(5)}").status_code == 404
    assert browser.delete("/cases").status_code == 405
    assert browser.get("/devices").status_code in (404, 405)
    assert "There is no such page" in browser.get("/nothing").text


def test_a_body_that_is_too_large(browser: Browser) -> None:
    browser.sign_in("lin")
    answer = browser.post("/register", data={"text": "x" * 1_100_000})
    assert answer.status_code == 413
    assert "too large" in answer.text

    def pieces():  # type: ignore[no-untyped-def]
        for _ in range(20):
            yield b"x" * 100_000

    answer = browser.post("/register", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


def test_a_form_that_is_none(browser: Browser) -> None:
    browser.sign_in("lin")
    assert browser.post("/register", content=b"{}", headers={"content-type": "application/json"}).status_code == 400
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/register", content=b"a=%ff", headers=kind).status_code == 400
    assert browser.post("/register", content=b"a=1&" * 3000, headers=kind).status_code == 400


def test_a_fault_is_a_page_with_a_reference_and_no_trace(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.sign_in("lin")

    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("py_core.desk.respond", broken)
    answer = browser.get("/cases")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert re.search(r"Code for the help desk: [0-9a-f]{8}", answer.text)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_full_disk_is_a_page_that_says_so_and_records_nothing(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    before = log_size(parts)
    fill_disk(parts)
    answer = register(browser, text="水" * 1900)
    assert answer.status_code == 503, answer.text
    assert "storage" in answer.text.lower()
    assert log_size(parts) == before
    free_disk(parts)
    assert register(browser).status_code == 200


def test_every_answer_tells_the_browser_to_trust_nothing_else(browser: Browser) -> None:
    signed_out = [browser.get(path) for path in ("/healthz", "/today", "/me", "/assets/none.css", "/public/status")]
    browser.sign_in("lin")
    signed_in = [browser.get(path) for path in ("/today", "/nothing", "/me", "/assets/none.js", "/sync/nothing")]
    for answer in [*signed_out, *signed_in, browser.post("/register")]:
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers or "uvicorn" not in answer.headers["server"]


def test_the_language_is_remembered(browser: Browser) -> None:
    browser.cookies.clear()
    assert 'lang="zh-CN"' in browser.get("/sign-in").text
    assert 'lang="en"' in browser.get("/sign-in?lang=en").text
    assert 'lang="en"' in browser.get("/public/status").text
    assert 'lang="zh-CN"' in browser.get("/public/status?lang=xx").text


def test_health(browser: Browser) -> None:
    assert browser.get("/healthz").json() | {"web_built": None} == {
        "status": "ok", "version": "0.1.0", "log_size": 0, "directory_version": 1, "web_built": None,
    }  # fmt: skip


def test_the_first_address_leads_to_today(browser: Browser) -> None:
    browser.sign_in("lin")
    assert browser.get("/").url.path == "/today"


def test_an_act_that_the_gate_refuses_is_a_page_that_says_what_to_do(
    browser: Browser, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(acts: object, user: str) -> None:
        raise NotRecorded("foreign_scope")

    browser.sign_in("lin")
    before = log_size(parts)
    monkeypatch.setattr(parts.own_device, "commit", refuse)
    answer = register(browser)
    assert answer.status_code == 409
    for text in ("did not take this", "foreign_scope", "/cases"):
        assert text in answer.text
    assert "Traceback" not in answer.text
    assert log_size(parts) == before
