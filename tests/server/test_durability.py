"""An act with a receipt survives the death of the server process; a server told to end finishes what it does."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from browsing import Browser
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered
from sqlalchemy import insert

from py_core import wire
from server.engine import EngineOutside
from server.parts import Parts, assemble
from server.settings import Settings
from server.tables import accounts

START_SECONDS_MAX = 60


class ServerProcess:
    """`shouwen serve` in a process of its own."""

    def __init__(self, data: Path, database_url: str | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._where = ["--data", str(data), *(["--database-url", database_url] if database_url else [])]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "server.cli", "serve", *self._where, "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended at once"
            try:
                httpx.get(self.url + "/healthz", timeout=5).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)  # a process that is starting has no other sign
            else:
                return
        raise AssertionError("the server did not start")

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        self.process = None
        return status


@pytest.fixture
def prepared(tmp_path: Path, engine: EngineOutside, password_hash: str) -> Iterator[Parts]:
    """A city on disk, closed again before a server process opens it."""
    parts = assemble(Settings(tmp_path / "data"), StandingClock(), SeededEntropy("durable"), engine)
    parts.city.publish(city_document())
    with parts.database.writing() as connection:
        for user in ("lin", "zhao"):
            values = {"user": user, "password_hash": password_hash, "changed_at_ms": 0}
            connection.execute(insert(accounts).values(**values))
    yield parts
    parts.close()


@pytest.fixture
def server(prepared: Parts) -> Iterator[ServerProcess]:
    running = ServerProcess(prepared.settings.data)
    yield running
    if running.process is not None:
        running.end(signal.SIGKILL)


def push(browser: Browser, laptop: Laptop, acts: list[wire.Pushed]) -> list[wire.Verdict]:
    answer = browser.post("/sync", content=wire.encode_frames(laptop.frames(acts)))
    assert answer.status_code == 200
    return laptop.take(wire.read_frames(answer.content))[0]


def test_no_receipted_act_is_lost_when_the_server_is_killed(prepared: Parts, server: ServerProcess) -> None:
    lin, zhao = Laptop(prepared, "lin"), Laptop(prepared, "zhao")
    prepared.database.close()
    receipts: list[wire.Verdict] = []
    for round_ in range(3):
        server.start()
        with Browser(server.url) as browser:
            browser.sign_in("lin")
            for batch in range(4):
                acts = [lin.act(case_id(100 * round_ + 10 * batch + n), registered()) for n in range(5)]
                receipts += push(browser, lin, acts)
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
    server.start()
    with Browser(server.url) as browser:
        browser.sign_in("zhao")
        answer = browser.post("/sync", content=wire.encode_frames(zhao.frames()))
        pulled = [frame for frame in wire.read_frames(answer.content) if isinstance(frame, wire.Pulled)]
    assert [receipt.verdict for receipt in receipts] == ["accepted"] * 60
    assert [frame.log_index for frame in pulled] == [receipt.log_index for receipt in receipts]
    assert [frame.raw for frame in pulled] == [raw for held in lin.held.values() for raw in held]


class Pusher(threading.Thread):
    """A laptop that pushes batch after batch until its server is gone; keeps what it sent and every receipt."""

    def __init__(
        self, url: str, laptop: Laptop, cookies: httpx.Cookies, first: int, enough: threading.Semaphore
    ) -> None:
        super().__init__()
        self.laptop = laptop
        self.sent: list[wire.Pushed] = []
        self.receipts: list[wire.Verdict] = []
        self._url, self._cookies, self._first, self._enough = url, cookies, first, enough

    def run(self) -> None:
        with httpx.Client(base_url=self._url, cookies=self._cookies, timeout=60) as browser:
            for batch in count():
                first = self._first + 10 * batch
                acts = [self.laptop.act(case_id(first + n), registered()) for n in range(5)]
                self.sent += acts
                try:
                    answer = browser.post("/sync", content=wire.encode_frames(self.laptop.frames(acts)))
                except httpx.TransportError:
                    return
                assert answer.status_code == 200
                frames = wire.read_frames(answer.content)
                self.receipts += [v for v in self.laptop.take(frames)[0] if v.verdict == "accepted"]
                self._enough.release()


def test_nothing_receipted_is_lost_when_the_server_is_killed_under_a_load_of_pushes(
    prepared: Parts, server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three kills while four laptops push; the time until it serves again is printed (the goal is 10 s)."""
    laptops = [Laptop(prepared, user, f"{user}{n}") for n in range(2) for user in ("lin", "zhao")]
    prepared.database.close()
    pushers: list[Pusher] = []
    back: list[float] = []
    server.start()
    for round_ in range(3):
        enough = threading.Semaphore(0)
        now: list[Pusher] = []
        for number, laptop in enumerate(laptops):
            with Browser(server.url) as browser:
                browser.sign_in(laptop.user)
                first = 1_000_000 * (round_ + 1) + 100_000 * number
                now.append(Pusher(server.url, laptop, httpx.Cookies(browser.cookies), first, enough))
        for pusher in now:
            pusher.start()
        for _ in range(12):  # answers, from whichever laptop: the others are in the middle of something
            assert enough.acquire(timeout=60)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        for pusher in now:
            pusher.join()
        pushers += now
        began = time.monotonic()
        server.start()
        back.append(time.monotonic() - began)
    receipts = [receipt for pusher in pushers for receipt in pusher.receipts]
    assert len(receipts) >= 3 * 12 * 5
    for laptop in laptops:
        with Browser(server.url) as browser:
            browser.sign_in(laptop.user)
            sent = [act for pusher in pushers if pusher.laptop is laptop for act in pusher.sent]
            said = {v.hash: v for v in push(browser, laptop, sent)}
        for receipt in (each for pusher in pushers if pusher.laptop is laptop for each in pusher.receipts):
            again = said[receipt.hash]
            place = (again.log_index, again.received_at_ms)
            assert (again.verdict, place) == ("had", (receipt.log_index, receipt.received_at_ms))
        assert {v.verdict for v in said.values()} <= {"had", "accepted"}, "what had no receipt is taken now, once"
    with capsys.disabled():
        print(
            f"\nkilled 3 times: {len(receipts)} receipted acts, 0 lost; serving again after {max(back):.1f} s at most"
        )


def test_the_record_is_rebuilt_while_it_serves_reads(prepared: Parts, server: ServerProcess) -> None:
    """Every exchange during `shouwen rebuild` is answered with everything, until the command has ended."""
    lin, zhao = Laptop(prepared, "lin"), Laptop(prepared, "zhao")
    prepared.database.close()
    server.start()
    with Browser(server.url) as browser:
        browser.sign_in("lin")
        acts = [lin.act(case_id(n), registered()) for n in range(150)]
        assert {verdict.verdict for verdict in push(browser, lin, acts)} == {"accepted"}
    with Browser(server.url) as browser:
        browser.sign_in("zhao")
        command = [sys.executable, "-m", "server.cli", "rebuild", "--data", str(prepared.settings.data)]
        rebuilding = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reads = 0
        while rebuilding.poll() is None or not reads:
            zhao.cursor = 0
            answer = browser.post("/sync", content=wire.encode_frames(zhao.frames()))
            assert answer.status_code == 200
            pulled = [frame for frame in wire.read_frames(answer.content) if isinstance(frame, wire.Pulled)]
            assert [frame.raw for frame in pulled] == [act.raw for act in acts]
            reads += 1
        said, wrong = rebuilding.communicate()
    assert rebuilding.returncode == 0, wrong.decode()
    assert said.decode().startswith("150 documents: 0 lines added to the feeds, 0 removed")
    told = re.findall(r"rebuilt: (\d+) of 150 documents", wrong.decode())
    assert len(told) > 1, "whoever waits sees how far it is"
    assert told[-1] == "150"


def test_a_session_and_the_keys_survive_a_restart(prepared: Parts, server: ServerProcess) -> None:
    server.start()
    with Browser(server.url) as browser:
        browser.sign_in("lin")
        before = browser.get("/me").json()
        assert server.end(signal.SIGTERM) == -signal.SIGTERM
        server.start()
        assert browser.get("/me").json() == before
    for name in ("record.key", "device.key"):
        assert (prepared.settings.data / name).stat().st_mode & 0o777 == 0o600


def test_a_waiting_stream_does_not_hold_the_end_up(server: ServerProcess) -> None:
    server.start()
    with Browser(server.url) as browser:
        browser.sign_in("lin")
        with browser.stream("GET", "/sync/events") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: log"
            began = time.monotonic()
            assert server.end(signal.SIGTERM) == -signal.SIGTERM
            assert time.monotonic() - began < 8, "sooner than the grace period"
