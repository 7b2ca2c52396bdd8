"""From a worker's start to the first usable page, installed, server dead, against stock Pyodide in the same run.

Ours counts from the worker's time origin to the page that `desk` made, with key derivation, unlocking and 500 cases;
the passphrase is there the moment that its form is, for nobody's typing is measured. Stock counts from a worker's
first line to one rendered page: `loadPyodide` with its full standard library, the same Python as sources, templates
compiled when they are needed. Both have their files at hand: ours in the device's cache, stock in the browser's from
the first, uncounted, start. Both begin when the browser has come to rest: for seconds after it is opened Chromium puts
windows of its own together, on every processor. Where our time goes is told beside the figures: the medians of the
worker's own marks.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator

from bench.figure import Figure
from bench.setting.prepared import Prepared, prepared, wait_until
from bench.setting.processes import rest
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
    const { origin, ...marks } = await shouwenTimings();
    const since = name => performance.timeOrigin + performance.getEntriesByName(name)[0].startTime - origin;
    return { ...marks, heard: since('shouwen-heard'), page: since('shouwen-page') };
}"""

Marks = dict[str, float]  # milliseconds since the worker's start, by what was done then


def figures() -> Iterator[Figure]:
    """With the engine's snapshot, and on the way without."""
    with prepared(CASES) as setting, StockPyodide() as stock:
        setting.city.stop()
        _stock(setting, stock)
        plain: list[float] = []
        kept: list[Marks] = []
        long_way: list[Marks] = []
        for _ in range(RUNS):
            setting.drop_snapshot()
            long_way.append(_ours(setting))
            plain.append(_stock(setting, stock))
            setting.keep_snapshot()
            kept.append(_ours(setting))
    plain_ms = statistics.median(plain)
    for name, found, goal in (("boot", kept, 6), ("boot-fallback", long_way, 3)):
        ms = statistics.median(marks["page"] for marks in found)
        value = f"1/{plain_ms / ms:.1f} ({ms:.0f} ms against {plain_ms:.0f} ms)"
        yield Figure(name, value, f"at most 1/{goal}", ms * goal <= plain_ms)
        print(f"({name}: {_table(found)})", file=sys.stderr)


def _table(found: list[Marks]) -> str:
    """The median moment of every mark, in their order."""
    names = set.intersection(*(set(marks) for marks in found))
    moments = {name: statistics.median(marks[name] for marks in found) for name in names}
    return ", ".join(f"{name} {moments[name]:.0f}" for name in sorted(names, key=moments.__getitem__))


def _ours(setting: Prepared) -> Marks:
    page = setting.laptop.open()
    rest(setting.laptop.profile)
    page.add_init_script(_TYPE)
    page.goto(setting.city.url + "/today")
    wait_until(page, "performance.getEntriesByName('shouwen-page').length > 0")
    marks: Marks = page.evaluate(_SINCE_SPAWN)
    setting.laptop.close()
    return marks


def _stock(setting: Prepared, stock: StockPyodide) -> float:
    page = setting.laptop.open()
    rest(setting.laptop.profile)
    ms = stock.start_in(page)
    setting.laptop.close()
    return ms
