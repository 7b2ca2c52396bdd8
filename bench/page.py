"""From the click to the morphed page in the local app: a list among 500 cases, and a case page.

A fresh browser, unlocked, server dead. Each click comes when the page before is painted: nobody clicks on what is not
there yet. How long it takes until the new page is painted too is stated beside. At 4x the browser's renderers (page and worker are threads of them) may run a
quarter of the time, in slices of milliseconds; the developer tools' own slowdown would leave the worker out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from playwright.sync_api import Page

from bench.figure import Figure
from bench.setting.prepared import prepared
from bench.setting.slowed import Slowed

CASES = 500
ROUNDS = 25
GOAL_MS = {1: 50, 4: 100}
# Milliseconds until the new page is in the document, and until it is painted: the first task after its first frame.
ACT = """([selector, act]) => new Promise(resolve => {
    const element = document.querySelector(selector);
    const begun = performance.now();
    document.addEventListener('htmx:after:swap', () => {
        const swapped = performance.now() - begun;
        const painted = new MessageChannel();
        painted.port1.onmessage = () => resolve([swapped, performance.now() - begun]);
        requestAnimationFrame(() => painted.port2.postMessage(null));
    }, { once: true });
    element[act]();
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
                    ms, painted = (p95(times) for times in zip(*found, strict=True))
                    value = f"{ms:.0f} ms p95 of {len(found)} (painted {painted:.0f} ms)"
                    yield Figure(f"page-{name}-{speed}x", value, f"at most {goal} ms", ms <= goal)


def acted(page: Page, selector: str, act: str = "click") -> tuple[float, float]:
    """Does this with an element; milliseconds until the new page is in the document, and until it is painted."""
    swapped, painted = page.evaluate(ACT, [selector, act])
    return float(swapped), float(painted)


def _rounds(page: Page) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    lists: list[tuple[float, float]] = []
    cases: list[tuple[float, float]] = []
    acted(page, _LIST), acted(page, _CASE)  # nobody judges a program by the first click after a start
    for _ in range(ROUNDS):
        lists.append(acted(page, _LIST))
        cases.append(acted(page, _CASE))
    yield "list", lists
    yield "case", cases


def p95(found: Sequence[float]) -> float:
    """The time that nineteen of twenty stay under."""
    return sorted(found)[min(len(found) - 1, int(len(found) * 0.95))]
