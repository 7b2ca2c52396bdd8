"""An act with a receipt survives the death of the server process; a server told to end finishes what it does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
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

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._data = data
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "server.cli", "serve", "--data", str(self._data), "--port", str(self.port)]
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
