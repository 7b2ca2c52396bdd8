"""From nothing to the first usable page, installed, server dead, against stock Pyodide in the same browser and run.

Ours counts from the navigation to the page that `desk` made, with worker start, passphrase (typed by a machine, its
key derivation included), unlocking and 500 cases. Stock counts from a worker's first line to one rendered page:
`loadPyodide` with its full standard library, the same Python as sources, templates compiled when they are needed.
Both have their files at hand: ours in the device's cache, stock in the browser's from the first, uncounted, start.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.figure import Figure
from bench.setting.prepared import Prepared, prepared, wait_until
from bench.setting.stock import StockPyodide

CASES = 500
RUNS = 5


def figures() -> Iterator[Figure]:
    """With the engine's snapshot, and on the way without."""
    with prepared(CASES) as setting, StockPyodide() as stock:
        setting.city.stop()
        _stock(setting, stock)
        plain: list[float] = []
        kept: list[float] = []
        long_way: list[float] = []
        for _ in range(RUNS):
            setting.drop_snapshot()
            long_way.append(_ours(setting))
            plain.append(_stock(setting, stock))
            setting.keep_snapshot()
            kept.append(_ours(setting))
    plain_ms = statistics.median(plain)
    for name, found, goal in (("boot", kept, 6), ("boot-fallback", long_way, 3)):
        ms = statistics.median(found)
        value = f"1/{plain_ms / ms:.1f} ({ms:.0f} ms against {plain_ms:.0f} ms)"
        yield Figure(name, value, f"at most 1/{goal}", ms * goal <= plain_ms)


def _ours(setting: Prepared) -> float:
    page = setting.unlocked()
    wait_until(page, "performance.getEntriesByName('shouwen-page').length > 0")
    ms = float(page.evaluate("performance.getEntriesByName('shouwen-page')[0].startTime"))
    setting.laptop.close()
    return ms


def _stock(setting: Prepared, stock: StockPyodide) -> float:
    page = setting.laptop.open()
    ms = stock.start_in(page)
    setting.laptop.close()
    return ms
