"""First contentful paint of the installed app without a server, at a quarter of the machine's speed."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.figure import Figure
from bench.setting.prepared import prepared, wait_until

SLOWDOWN = 4
RUNS = 7
GOAL_MS = 1_000
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def figures() -> Iterator[Figure]:
    """Every run is a browser that was just opened, with the service worker stopped as well."""
    found: list[float] = []
    with prepared(10) as setting:
        setting.city.stop()
        for _ in range(RUNS):
            page = setting.laptop.open()
            cdp = setting.laptop.context.new_cdp_session(page)
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
            page.goto(setting.city.url + "/today", wait_until="commit")
            wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
            found.append(float(page.evaluate(_PAINT)))
            setting.laptop.close()
    ms = statistics.median(found)
    yield Figure("paint", f"{ms:.0f} ms at {SLOWDOWN}x slowdown", f"at most {GOAL_MS} ms", ms <= GOAL_MS)
