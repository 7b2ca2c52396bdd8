"""Due dates against the naive loop over days, and `assess` of 10,000 open cases of 30 acts."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from bench.figure import Figure
from py_core.calendars import national
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.state import Case, fold
from py_core.packs import load_packs
from py_core.rules.engine import assess
from py_core.rules.policies import read_policies
from py_core.values import LOCAL

DUE_DATES = 10_000
CASES = 10_000
ACTS = 30
RUNS = 3
NOW = datetime(2026, 3, 20, 10, tzinfo=LOCAL)


def figures() -> Iterator[Figure]:
    tasks = [(date(2024, 1, 1) + timedelta(days=n % 900), (5, 10, 15, 30)[n % 4]) for n in range(DUE_DATES)]
    calendar = national()
    assert [calendar.workday_after(day, n) for day, n in tasks[::97]] == [_naive(day, n) for day, n in tasks[::97]]
    slow = _seconds(lambda: [_naive(day, n) for day, n in tasks])
    fast = _seconds(lambda: [calendar.workday_after(day, n) for day, n in tasks])
    ratio = slow / fast
    yield Figure(
        "core-dates", f"{ratio:.0f} x ({fast * 1000:.0f} ms against {slow * 1000:.0f} ms)", "≥ 100 x", ratio >= 100
    )

    taken = assess_seconds()
    yield Figure("core-assess", f"{taken:.2f} s for {CASES} open cases of {ACTS} acts", "≤ 1.5 s", taken <= 1.5)
    in_pyodide = _seconds_in_pyodide()
    yield Figure("core-pyodide", f"{in_pyodide / taken:.1f} x of CPython ({in_pyodide:.2f} s)", "stated", True)


def assess_seconds() -> float:
    """Seconds for all cases in the interpreter that runs this."""
    cases = [_case(number) for number in range(CASES)]
    packs = load_packs()
    policies = read_policies({}, packs.common)
    return _seconds(lambda: [assess(case, packs, national(), NOW, policies) for case in cases])


def _seconds_in_pyodide() -> float:
    """The same work, in this run, in the interpreter that the browser uses."""
    here = Path(__file__).parent
    found = subprocess.run(["node", str(here / "core_pyodide.mjs")], check=True, capture_output=True, text=True)
    return float(found.stdout)


def _seconds(work: Callable[[], object]) -> float:
    found = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def _naive(day: date, n: int) -> date:
    """What a program does that asks the library about every day."""
    import chinese_calendar  # the browser's interpreter has no need of it

    while n:
        day += timedelta(days=1)
        if chinese_calendar.is_workday(day):
            n -= 1
    return day


# What is open in a city on one day: promised matters (one in three in a procedure or extended), hotline requests,
# letters and instructions.
def _case(number: int) -> Case:
    begun = datetime(2026, 3, 2, 9, tzinfo=LOCAL) + timedelta(hours=number % 97)
    events = _events(number)
    events += [{"type": "noted", "text": "spoke with the person"}] * (ACTS - len(events))
    acts: list[RecordedAct] = []
    for index, event in enumerate(events):
        at = begun + timedelta(hours=index)
        body = Act("bench", (event,), "officer", "device", index, at, at, None, None, "packs", "bench")
        acts.append(RecordedAct(f"{number:032x}{index:032x}", (acts[-1].hash,) if acts else (), body, at))
    return fold(f"{number:032x}", acts)


def _events(number: int) -> list[dict[str, object]]:
    kind = number % 4
    if kind in (0, 1):
        return _promised(number % 3)
    if kind == 2:
        return [
            _registered("HL", "citizen" if number % 8 == 2 else "enterprise", "hotline"),
            {"type": "delivered", "to": "unit"},
            {"type": "accepted", "by": "unit"},
        ]
    matter = "letter" if number % 8 == 3 else "instruction.general"
    return [_registered("WH", matter, "document"), {"type": "accepted", "by": "section"}]


def _promised(variant: int) -> list[dict[str, object]]:
    limits = {
        "promise": {"n": 15, "unit": "workday"},
        "statutory": {"n": 20, "unit": "workday", "extension": 10, "from": "accepted"},
    }
    events: list[dict[str, object]] = [
        _registered("JY", "service", "walk_in") | limits,
        {"type": "materials_received", "complete": True},
        {"type": "accepted", "by": "section"},
        {"type": "receipt_issued", "first_responder_phone": "1", "promised": "2026-03-23", "complaint_phone": "2"},
    ]
    if variant == 1:
        events += [
            {"type": "procedure_started", "id": "p", "procedure": "expert_review", "told": True},
            {"type": "procedure_finished", "id": "p"},
        ]
    if variant == 2:
        events += [
            {"type": "extension_requested", "reason": "complex", "until": "2026-04-03"},
            {"type": "extension_approved", "by_role": "unit_head", "until": "2026-04-03"},
            {"type": "extension_notified", "reason": "complex", "until": "2026-04-03"},
        ]
    return events


def _registered(pack: str, matter: str, channel: str) -> dict[str, object]:
    return {
        "type": "registered", "pack": pack, "matter": matter, "channel": channel, "claimant": "person", "signed": True,
    }  # fmt: skip
