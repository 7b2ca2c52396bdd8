"""A laptop that was prepared for offline work from a filled record: the real way, through sign-in and self-test."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect, sync_playwright

from bench.setting.filled import USER, fill
from bench.setting.server import QuietCity
from e2e.harness import Laptop
from e2e.officer import PASSPHRASE, Officer

SCREEN = (1366, 768)
expect.set_options(timeout=60_000)  # a device with thousands of cases on a busy machine
_SYNC_MS_MAX = 600_000
_SNAPSHOT_MS_MAX = 90_000
_LOOK_SECONDS = 0.05
_HAS_SNAPSHOT = """async () => {
    for (const name of await caches.keys()) if (await (await caches.open(name)).match('/engine-snapshot')) return true;
    return false;
}"""
_DROP_SNAPSHOT = """async () => {
    for (const name of await caches.keys()) await (await caches.open(name)).delete('/engine-snapshot');
}"""


@dataclass
class Prepared:
    """`city` runs until somebody stops it; `laptop` is closed until somebody opens it."""

    playwright: Playwright
    city: QuietCity
    laptop: Laptop

    def officer(self) -> Officer:
        """Opens the browser anew."""
        return Officer(self.laptop.open(), self.city, USER)

    def unlocked(self, path: str = "/today") -> Page:
        """The page of a fresh browser that has just been unlocked."""
        officer = self.officer()
        officer.unlock(path)
        return officer.page

    def keep_snapshot(self) -> None:
        """Works until the device has its engine's snapshot."""
        page = self.unlocked()
        wait_until(page, _HAS_SNAPSHOT, _SNAPSHOT_MS_MAX)
        self.laptop.close()

    def drop_snapshot(self) -> None:
        """Takes the snapshot away, as when a browser has just been prepared."""
        page = self.laptop.open()
        page.goto(self.city.url + "/today")
        page.evaluate(_DROP_SNAPSHOT)
        self.laptop.close()


@contextmanager
def prepared(cases: int) -> Iterator[Prepared]:
    """A laptop of the town with this many cases on it, ready for offline use."""
    with tempfile.TemporaryDirectory(prefix="shouwen-bench-") as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        fill(data, cases)
        city = QuietCity(data)
        city.start()
        laptop = Laptop(playwright, Path(folder) / "profile", SCREEN)
        made = Prepared(playwright, city, laptop)
        try:
            prepare(made.officer())
            laptop.close()
            yield made
        finally:
            laptop.close()
            city.stop()


def prepare(officer: Officer) -> None:
    """Signs in and waits through the whole preparation."""
    officer.sign_in()
    page = officer.page
    page.fill("#new-passphrase", PASSPHRASE, timeout=_SYNC_MS_MAX)
    page.fill("#new-passphrase-again", PASSPHRASE)
    page.click("#device-passphrase button[type=submit]")
    expect(page.locator("#offline-ready")).to_be_visible(timeout=_SYNC_MS_MAX)


def wait_until(page: Page, condition: str, ms_max: float = 60_000) -> None:
    """Asks the page again and again; `wait_for_function` would need an eval that the pages' policy forbids."""
    deadline = time.monotonic() + ms_max / 1000
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(f"never became true: {condition}")
        time.sleep(_LOOK_SECONDS)
