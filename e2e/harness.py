"""The real things that the browser tests drive: a server process with a demo city, and Chromium with a profile.

Nothing is simulated: the server is really stopped, the browser is really closed and opened again.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright

SHOUWEN = Path(sys.executable).with_name("shouwen")
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS_MAX = 60
_ASK_AGAIN_MS = 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class City:
    """One city's server process over its own data folder; the port stays the same over restarts."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.web: Path | None = None  # another build of the browser part than this copy's
        self.options: tuple[str, ...] = ()  # further ones of `shouwen serve`
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What serves this city."""
        web = ["--web", str(self.web)] if self.web else []
        return [str(SHOUWEN), "serve", "--data", str(self.data), "--port", str(self.port), *web, *self.options]

    def start(self) -> None:
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)  # waits for a process that offers no other sign of being ready
        raise AssertionError(f"the server did not start:\n{self.log()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(timeout=20)
        self._process = None

    def log(self) -> str:
        return (self.data / "server.log").read_text(errors="replace")[-4000:]


class Laptop:
    """A browser profile on disk that can be opened and closed like a laptop's lid."""

    def __init__(self, playwright: Playwright, profile: Path, size: tuple[int, int]) -> None:
        self._playwright = playwright
        self.profile = profile
        self.size = size
        self._context: BrowserContext | None = None

    def open(self) -> Page:
        """Opens the browser (the profile keeps what the device stored) and gives its first page."""
        flags = [*CHROMIUM_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else CHROMIUM_FLAGS
        self._context = self._playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=shutil.which(os.environ.get("CHROMIUM", "chromium")),
            headless=True,
            args=flags,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": self.size[0], "height": self.size[1]},
        )
        self._context.set_default_timeout(30_000)
        return self._context.pages[0] if self._context.pages else self._context.new_page()

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None, "open the laptop first"
        return self._context

    def picture(self, path: Path) -> None:
        """What the screen shows now, for whoever reads a failure."""
        if self._context is not None and self._context.pages:
            self._context.pages[0].screenshot(path=path)

    def close(self) -> None:
        if self._context is not None:
            self._context.close()
            self._context = None


def wait_until(page: Page, asks: str, arg: object = None, *, timeout: float) -> None:
    """Waits until an async function of the page says yes; `timeout` in milliseconds.

    `Page.wait_for_function` would take the promise itself for a yes.
    """
    deadline = time.monotonic() + timeout / 1000
    while not page.evaluate(asks, arg):
        assert time.monotonic() < deadline, f"not within {timeout / 1000:.0f} s: {asks}"
        page.wait_for_timeout(_ASK_AGAIN_MS)
