"""`POST /sync` and the wake-ups over real sockets: compression, bombs, limits, who may, what is told when not."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Iterator

import httpx
import pytest
from browsing import Browser, fill_disk
from laptop import Laptop, StandingClock, case_id, let_dispatch, registered

from py_core import wire
from py_core.enrolment import enrolment_sign_bytes, read_enrolment
from server.keys import verifies
from server.parts import Parts

CASE = case_id(1)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def exchange(browser: Browser, frames: list[wire.Frame], *, packed: bool = False) -> httpx.Response:
    body = wire.encode_frames(frames)
    headers = {"content-type": wire.CONTENT_TYPE}
    if packed:
        body, headers["content-encoding"] = gzip.compress(body), "gzip"
    return browser.post("/sync", content=body, headers=headers)


def error_code(answer: httpx.Response) -> str:
    (frame,) = wire.read_frames(answer.content)
    message = wire.read_message(frame)
    assert isinstance(message, wire.ErrorMessage)
    return message.code


def test_a_browser_enrols_and_pushes(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    laptop = Laptop(parts, "lin", "other key")
    asked = laptop.ask("Counter 3").signature.hex()
    body = {"alg": 1, "public_key": laptop.public_key.hex(), "name": "Counter 3", "sig": asked}
    token = browser.csrf()
    assert browser.post("/devices", json=body).status_code == 403
    answer = browser.post("/devices", json=body, headers={"x-csrf-token": token})
    assert answer.status_code == 201
    told = answer.json()
    assert set(told) == {"device", "code", "enrolment"}
    assert 3 <= len(told["code"]) <= 6
    text, signature = told["enrolment"]["text"], bytes.fromhex(told["enrolment"]["sig"])
    enrolment = read_enrolment(text)
    assert (enrolment.device, enrolment.user, enrolment.name) == (told["device"], "lin", "Counter 3")
    assert verifies(wire.ALG_ED25519, parts.receipts.public_key, signature, enrolment_sign_bytes(text))
    key = bytes.fromhex(enrolment.public_key)
    assert verifies(enrolment.alg, key, bytes.fromhex(enrolment.asked), enrolment.asked_bytes)


def test_nobody_enrols_a_key_that_they_do_not_hold(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    laptop, other = Laptop(parts, "lin", "own"), Laptop(parts, "lin", "other")
    for asked in (other.ask("x"), laptop.ask("another name"), Laptop(parts, "wu", "own").ask("x")):
        body = {"alg": 1, "public_key": laptop.public_key.hex(), "name": "x", "sig": asked.signature.hex()}
        answer = browser.post("/devices", json=body, headers={"x-csrf-token": browser.csrf()})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"alg":1,"public_key":"zz","name":"x"}',
        b'{"alg":1,"public_key":"00","name":"x"}',
        b'{"alg":3,"public_key":"00","name":"x"}',
        b'{"alg":2,"public_key":"' + b"04" * 65 + b'","name":"x"}',
        b'{"alg":1,"public_key":"' + b"11" * 32 + b'","name":""}',
        b'{"alg":true,"public_key":"' + b"11" * 32 + b'","name":"x"}',
    ],
)
def test_a_device_needs_a_key_and_a_name(browser: Browser, body: bytes) -> None:
    browser.sign_in("lin")
    answer = browser.post("/devices", content=body, headers={"x-csrf-token": browser.csrf()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


def test_me_tells_who_and_the_keys_to_verify_with(browser: Browser, parts: Parts) -> None:
    assert browser.get("/me").status_code == 401
    assert browser.get("/me").json()["error"]["code"] == "signed_out"
    browser.sign_in("lin")
    told = browser.get("/me").json()
    assert (told["user"], told["name"], told["unit"], told["directory_version"]) == ("lin", "林晓", "shihe", 1)
    assert told["record_key"] == parts.receipts.public_key.hex()


@pytest.mark.parametrize("packed", [False, True])
def test_an_exchange_over_http(browser: Browser, lin: Laptop, packed: bool) -> None:
    browser.sign_in("lin")
    answer = exchange(browser, lin.frames([lin.act(CASE, registered())], config=0), packed=packed)
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip", "longer than 1 KiB with the directory"
    verdicts, pulled = lin.take(wire.read_frames(answer.content))
    assert [verdict.verdict for verdict in verdicts] == ["accepted"]
    assert len(pulled) == 1
    short = exchange(browser, lin.frames())
    assert "content-encoding" not in short.headers


def test_nobody_signed_in_and_somebody_elses_device(browser: Browser, lin: Laptop) -> None:
    answer = exchange(browser, lin.frames())
    assert (answer.status_code, error_code(answer)) == (401, "signed_out")
    browser.sign_in("zhao")
    answer = exchange(browser, lin.frames())
    assert (answer.status_code, error_code(answer)) == (403, "device_of_other_person")


def test_another_version_of_the_protocol(browser: Browser, lin: Laptop) -> None:
    browser.sign_in("lin")
    answer = exchange(browser, lin.frames(v=2))
    assert (answer.status_code, error_code(answer)) == (426, "version")


def bodies() -> Iterator[tuple[str, bytes, str]]:
    hello = wire.encode_frame(wire.Json({"t": "hello"}))
    yield "empty", b"", ""
    yield "noise", bytes(range(256)), ""
    yield "cut", hello[:-3], ""
    yield "a hello without values", hello, ""
    yield "not gzip", b"\0" * 2000, "gzip"
    yield "a cut gzip", gzip.compress(hello * 100)[:-10], "gzip"
    yield "something after the gzip", gzip.compress(hello) + b"more", "gzip"
    yield "another encoding", zlib.compress(hello), "deflate"
    yield "a bomb", gzip.compress(bytes(50_000_000)), "gzip"
    yield "a bomb of frames", gzip.compress(wire.encode_frame(wire.Json({})) * 300_000), "gzip"


@pytest.mark.parametrize(
    ("what", "body", "encoding"), list(bodies()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_bodies_that_are_none(browser: Browser, what: str, body: bytes, encoding: str) -> None:
    browser.sign_in("lin")
    headers = {"content-encoding": encoding} if encoding else {}
    answer = browser.post("/sync", content=body, headers=headers)
    assert (answer.status_code, error_code(answer)) == (400, "malformed")


def test_too_large_a_body(browser: Browser) -> None:
    browser.sign_in("lin")
    answer = browser.post("/sync", content=bytes(5_000_000))
    assert (answer.status_code, error_code(answer)) == (413, "too_large")


def test_a_full_disk_is_told_with_a_time_to_come_back(browser: Browser, parts: Parts, lin: Laptop) -> None:
    browser.sign_in("lin")
    act = lin.act(CASE, registered(text="水" * 2500))
    fill_disk(parts)
    answer = exchange(browser, lin.frames([act]))
    assert (answer.status_code, error_code(answer)) == (503, "storage_full")
    assert answer.headers["retry-after"] == "60"
    assert parts.casebook.current() == {}


class Listener(threading.Thread):
    """Collects the lines of an event stream."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(daemon=True)
        self._browser = browser
        self.lines: list[str] = []
        self.news = threading.Condition()
        self.status = 0
        self.ended = False

    def run(self) -> None:
        with self._browser.stream("GET", "/sync/events") as answer:
            self.status = answer.status_code
            for line in answer.iter_lines():
                with self.news:
                    self.lines.append(line)
                    self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait_for(self, line: str) -> bool:
        with self.news:
            return self.news.wait_for(lambda: line in self.lines, timeout=15)

    def wait_for_end(self) -> bool:
        with self.news:
            return self.news.wait_for(lambda: self.ended, timeout=15)


def test_devices_of_the_unit_are_woken_and_no_others(url: str, parts: Parts, lin: Laptop) -> None:
    let_dispatch(parts, "lin")
    with Browser(url) as zhao, Browser(url) as wu:
        zhao.sign_in("zhao")
        wu.sign_in("wu")
        listeners = [Listener(zhao), Listener(wu)]
        for listener in listeners:
            listener.start()
            assert listener.wait_for("data: 0")
        lin.sync(lin.act(CASE, registered()))
        assert listeners[0].wait_for("data: 1")
        lin.sync(lin.act(CASE, {"type": "delivered", "to": "linye"}))
        assert listeners[1].wait_for("data: 4"), "both acts are fed to the new unit"
        assert "data: 1" not in listeners[1].lines
        parts.bell.close()
        assert all(listener.wait_for_end() for listener in listeners), "a server that ends sends the streams away"


def test_an_ended_session_hears_nothing_more(url: str, parts: Parts, lin: Laptop) -> None:
    with Browser(url) as zhao:
        zhao.sign_in("zhao")
        listener = Listener(zhao)
        listener.start()
        assert listener.wait_for("data: 0")
        with parts.database.writing() as connection:
            parts.sessions.revoke(connection, "zhao")
        lin.sync(lin.act(CASE, registered()))
        assert listener.wait_for_end()
        assert "data: 1" not in listener.lines


def test_wake_ups_need_a_session(browser: Browser) -> None:
    answer = browser.get("/sync/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signed_out")


def test_the_get_of_the_same_address_is_a_page(browser: Browser) -> None:
    browser.sign_in("lin")
    answer = browser.get("/sync")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_the_time_of_receipts_is_the_clocks(browser: Browser, lin: Laptop, clock: StandingClock) -> None:
    browser.sign_in("lin")
    clock.pass_time(hours=5)
    (verdict,) = lin.take(wire.read_frames(exchange(browser, lin.frames([lin.act(CASE, registered())])).content))[0]
    assert verdict.received_at_ms == int(clock.now().timestamp() * 1000)
