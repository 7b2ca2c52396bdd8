"""A device with 10,000 cases against one with 1,000: what a page costs, and what the worker holds.

Pages of the same length are compared: the lists are full on both, and one case has the number that is looked for. The
same 200 cases are open on both: what grows over the years is what is closed. The record is filled by a script;
the devices got it by the real first sync. Memory is the renderer process's own (page, worker, Python) after all pages:
what it maps of the browser's program and of fonts, some 160 MB with any page, is shared and not counted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from playwright.sync_api import Page

from bench.figure import Figure
from bench.page import acted
from bench.setting.prepared import Prepared, prepared, wait_until
from bench.setting.slowed import renderers

FEW, MANY = 1_000, 10_000
ROUNDS = 7
GOAL_TIMES = 2
GOAL_MB = 350
_LINKS = {"today": "nav a[href='/today']", "list": "nav a[href='/cases']"}
# By two words that more cases have than a page shows; by a number that one finished case has.
_SEARCHES = {"search": "路灯 星桥", "search-number": "B000345"}
_FORM = "main form[action='/cases']"


def figures() -> Iterator[Figure]:
    """Time of a page, of a search, memory; how long first sync and unlocking took stands beside them."""
    few, _, few_notes = _measured(FEW)
    many, megabytes, many_notes = _measured(MANY)
    for name, ms in many.items():
        times = ms / few[name]
        value = f"{times:.1f} x ({ms:.0f} ms against {few[name]:.0f} ms)"
        yield Figure(f"open-{name}", value, f"at most {GOAL_TIMES} x", times <= GOAL_TIMES)
    notes = f"{FEW}: {few_notes}; {MANY}: {many_notes}"
    yield Figure("open-memory", f"{megabytes:.0f} MB ({notes})", f"at most {GOAL_MB} MB", megabytes <= GOAL_MB)


def _measured(cases: int) -> tuple[dict[str, float], float, str]:
    begun = time.monotonic()
    with prepared(cases) as setting:
        ready = time.monotonic() - begun
        setting.keep_snapshot()
        setting.city.stop()
        page = setting.unlocked()
        wait_until(page, "performance.getEntriesByName('shouwen-page').length > 0")
        first = float(page.evaluate("performance.getEntriesByName('shouwen-page')[0].startTime"))
        found = {name: _median(page, link) for name, link in _LINKS.items()}
        for name, words in _SEARCHES.items():
            found[name] = _searched(page, words)
        return found, _megabytes(setting), f"ready after {ready:.0f} s, first page {first / 1000:.1f} s"


def _median(page: Page, selector: str, act: str = "click") -> float:
    acted(page, selector, act)
    return statistics.median(acted(page, selector, act)[0] for _ in range(ROUNDS))


def _searched(page: Page, words: str) -> float:
    """Looks for words on the list of cases, each time from the page that shows what was found before."""
    page.fill(f"{_FORM} [name=q]", words)
    found = _median(page, _FORM, "requestSubmit")
    assert page.locator("main tbody tr").count() > 0, words
    return found


def _megabytes(setting: Prepared) -> float:
    """Resident memory of its own of the largest renderer: the one with the worker."""
    found = []
    for pid in renderers(setting.laptop.profile):
        with open(f"/proc/{pid}/status") as status:
            found.append(next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024)
    return max(found)
