"""From a worker's start to the first usable page, installed, server dead, against stock Pyodide in the same run.

Ours counts from the worker's time origin to the page that `desk` made, with key derivation, unlocking and 500 cases;
the passphrase is there the moment that its form is, for nobody's typing is measured. Stock counts from a worker's
first line to one rendered page: `loadPyodide` with its full standard library, the same Python as sources, templates
compiled when they are needed. Both have their files at hand: ours in the device's cache, stock in the browser's from
the first, uncounted, start.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator

from bench.figure import Figure
from bench.setting.prepared import Prepared, prepared, wait_until
from bench.setting.stock import StockPyodide
from e2e.officer import PASSPHRASE

CASES = 500
RUNS = 5
_TYPE = f"""new MutationObserver((_, watcher) => {{
    const field = document.querySelector('#passphrase');
    if (!field) return;
    watcher.disconnect();
    field.value = {json.dumps(PASSPHRASE)};
    field.form.requestSubmit();
}}).observe(document, {{ childList: true, subtree: true }});"""
_SINCE_SPAWN = """async () => {
    const { origin } = await shouwenTimings();
    return performance.timeOrigin + performance.getEntriesByName('shouwen-page')[0].startTime - origin;
}"""


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
    page = setting.laptop.open()
    page.add_init_script(_TYPE)
    page.goto(setting.city.url + "/today")
    wait_until(page, "performance.getEntriesByName('shouwen-page').length > 0")
    ms = float(page.evaluate(_SINCE_SPAWN))
    setting.laptop.close()
    return ms


def _stock(setting: Prepared, stock: StockPyodide) -> float:
    page = setting.laptop.open()
    ms = stock.start_in(page)
    setting.laptop.close()
    return ms
