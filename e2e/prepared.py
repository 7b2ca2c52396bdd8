"""Devices that were prepared for offline work once, for every test of the run that begins with a prepared device.

A test gets copies: of the city's data as the devices know it, and of the browser profiles as they lay in the drawer.
What the devices keep belongs to an address, so all copies of the city are served at the same port, one after another.
How a device is prepared is a test of its own (`test_main_job`).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Playwright

from e2e.harness import City, Laptop, free_port, wait_until
from e2e.officer import PREPARE_MS_MAX, Officer

DESKTOP = (1366, 768)
# The engine's snapshot is made when a device is used for the first time; copies then need not make it again.
_HAS_SNAPSHOT = """async () => {
  for (const name of await caches.keys()) if (await (await caches.open(name)).match('/engine-snapshot')) return true;
  return false;
}"""
# What a browser leaves behind that says it still runs, and what it can make anew.
_NOT_COPIED = shutil.ignore_patterns("Singleton*", "Crash*", "*.log.lock")


@dataclass
class Prepared:
    """The city and its devices at rest."""

    playwright: Playwright
    folder: Path
    port: int = field(default_factory=free_port)
    _known: set[str] = field(default_factory=set)

    def need(self, *people: str) -> None:
        """Prepares those who have no device yet, all at the same time; no city may run at this port meanwhile."""
        new = [who for who in dict.fromkeys(people) if who not in self._known]
        if not new:
            return
        city = City(self.folder / "data", self.port)
        city.start()
        laptops = {who: Laptop(self.playwright, self.folder / who, DESKTOP) for who in new}
        try:
            officers = [Officer(laptop.open(), city, who) for who, laptop in laptops.items()]
            for officer in officers:
                officer.sign_in()
            for officer in officers:
                officer.prepare_for_offline()
                officer.open("/today")
            for officer in officers:
                wait_until(officer.page, _HAS_SNAPSHOT, timeout=PREPARE_MS_MAX)
        finally:
            for laptop in laptops.values():
                laptop.close()
            city.stop()
        self._known.update(new)

    def copy(self, folder: Path, *people: str) -> City:
        """A city of one's own that runs, and the profiles of these people, which know it, beside it."""
        self.need(*people)
        shutil.copytree(self.folder / "data", folder / "data")
        for who in people:
            shutil.copytree(self.folder / who, profile_of(folder, who), ignore=_NOT_COPIED, symlinks=True)
        city = City(folder / "data", self.port)
        city.start()
        return city


def profile_of(folder: Path, who: str) -> Path:
    """Where the browser of somebody keeps what is theirs."""
    return folder / f"profile-{who}"
