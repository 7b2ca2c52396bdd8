"""From the click to the morphed page in the local app: a list among 500 cases, and a case page.

A fresh browser, unlocked, server dead. At 4x the browser's renderers (page and worker are threads of them) may run a
quarter of the time, in slices of milliseconds; the developer tools' own slowdown would leave the worker out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from bench.figure import Figure
from bench.setting.prepared import prepared
from bench.setting.slowed import Slowed

CASES = 500
ROUNDS = 25
GOAL_MS = {1: 50, 4: 100}
_CLICK = """selector => new Promise(resolve => {
    const link = document.querySelector(selector);
    const begun = performance.now();
    document.addEventListener('htmx:after:swap', () => resolve(performance.now() - begun), { once: true });
    link.click();
})"""
_LIST = "nav a[href='/cases']"
_CASE = "main table a[href^='/cases/'], main tbody a[href^='/cases/']"


def figures() -> Iterator[Figure]:
    """p95 of a list and of a case page at both speeds."""
    with prepared(CASES) as setting:
        setting.keep_snapshot()
        setting.city.stop()
        page = setting.unlocked()
        for speed, goal in GOAL_MS.items():
            with Slowed(setting.laptop.profile, speed):
                for name, found in _rounds(page):
                    ms = p95(found)
                    yield Figure(
                        f"page-{name}-{speed}x", f"{ms:.0f} ms p95 of {len(found)}", f"at most {goal} ms", ms <= goal
                    )


def _rounds(page: Page) -> Iterator[tuple[str, list[float]]]:
    lists: list[float] = []
    cases: list[float] = []
    click: Callable[[str], float] = lambda selector: float(page.evaluate(_CLICK, selector))  # noqa: E731
    click(_LIST), click(_CASE)  # nobody judges a program by the first click after a start
    for _ in range(ROUNDS):
        lists.append(click(_LIST))
        cases.append(click(_CASE))
    yield "list", lists
    yield "case", cases


def p95(found: list[float]) -> float:
    """The time that nineteen of twenty stay under."""
    return sorted(found)[min(len(found) - 1, int(len(found) * 0.95))]
