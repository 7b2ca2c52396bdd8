"""A kept glance says at every moment at which it counts as true what a fresh one would say."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form

from py_core.calendars import national
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.contradictions import contradictions
from py_core.cases.state import fold
from py_core.desk.glance import Glance, glance_of, take
from py_core.packs import load_packs
from py_core.rules.engine import assess
from py_core.rules.policies import read_policies
from py_core.values import local

SCENARIOS = [
    scenario
    for path in sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))
    for scenario in tomllib.loads(path.read_text(encoding="utf-8"))["scenario"]
]
LATER = [timedelta(hours=7 * step, minutes=31) for step in range(12)] + [
    timedelta(days=days, hours=3) for days in (6, 11, 19, 33, 61, 400)
]


@pytest.mark.parametrize("overrides", [{}, {"P-04": "business_hours"}], ids=["midnight", "business-hours"])
def test_a_glance_is_true_as_long_as_it_says(overrides: Mapping[str, Any]) -> None:
    told = settled_ones = 0
    for scenario in SCENARIOS:
        for arrived in (True, False):
            acts = list(_acts(scenario, arrived))
            if not acts:
                continue
            kept = _look(acts, local(datetime.fromisoformat(str(scenario["now"]))), overrides)
            settled_ones += kept.until is None
            for later in LATER:
                now = local(datetime.fromisoformat(str(scenario["now"]))) + later
                fresh = _look(acts, now, overrides)
                if kept.is_true_at(now):
                    assert _said(kept) == _said(fresh), (scenario["id"], now)
                    told += 1
                else:
                    kept = fresh
    assert told > len(SCENARIOS), "hardly anything was kept: the test looked at nothing"
    assert settled_ones, "no scenario is settled: the test looked at nothing"


def test_what_has_not_arrived_is_looked_at_anew_every_time() -> None:
    for scenario in SCENARIOS[:20]:
        if acts := list(_acts(scenario, arrived=False)):
            now = local(datetime.fromisoformat(str(scenario["now"])))
            assert not _look(acts, now, {}).is_true_at(now + timedelta(seconds=1))


def test_a_glance_survives_a_host_that_keeps_it() -> None:
    now = local(datetime.fromisoformat(str(SCENARIOS[0]["now"])))
    found = [_look(acts, now, {}) for scenario in SCENARIOS if (acts := list(_acts(scenario, True)))]
    assert {glance.until is None for glance in found} == {True, False}, "settled and running ones are kept"
    for glance in found:
        assert glance_of(json.loads(json.dumps(glance.as_row()))) == glance


def test_the_list_follows_time_and_the_next_act() -> None:
    desk = Desk(store=FakeStore(), where="server")
    key = "0" * 31 + "2"
    desk.post("/register", **appeal_form(key))

    def light() -> list[str]:
        return re.findall(r"sw-light--(\w+)", desk.get("/cases").html.split("<tbody")[1])

    assert light() == light() == ["green"]
    desk.now += timedelta(days=40)
    assert light() == light() == ["overdue"]
    desk.post(f"/cases/{key}/do/reply", key="1", text="已经停工", opinion="satisfied")
    assert light() == light() == ["red"]  # the reply is there, the feedback to the desk is due today


def _said(glance: Glance) -> Glance:
    return replace(glance, made_at=NOW, until=None)


def _look(acts: list[RecordedAct], now: datetime, overrides: Mapping[str, Any]) -> Glance:
    packs = load_packs()
    policies = read_policies(overrides, packs.common)
    case = fold("0" * 32, acts)
    found = assess(case, packs, national(), now, policies)
    return take(case, acts, found, contradictions(acts, case), policies)


def _acts(scenario: Mapping[str, Any], arrived: bool) -> Iterator[RecordedAct]:
    last: tuple[str, ...] = ()
    for index, event in enumerate(scenario["events"]):
        at = datetime.fromisoformat(str(event["at"]))
        if local(at) > local(datetime.fromisoformat(str(scenario["now"]))):
            return
        made = {key: value for key, value in event.items() if key not in ("at", "synced_at")}
        if made["type"] == "registered":
            made |= {"pack": scenario["pack"], "matter": scenario["matter"]}
            made |= {key: scenario[key] for key in ("promise", "statutory", "completion_event") if key in scenario}
        act = Act("scenario", (made,), "lin", "device", index, at, at, None, None, "packs", "scenario")
        yield RecordedAct(f"{index:064x}", last, act, at if arrived else None)
        last = (f"{index:064x}",)
