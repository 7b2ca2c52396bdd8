"""One page of a list is what a list ordered as a whole would show there."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from py_core.desk import case_list, case_view


def test_a_page_is_a_part_of_the_whole_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_list, "ROWS_PER_PAGE", 7)
    chance = Random(4)
    cases: list[Any] = [
        SimpleNamespace(
            number=f"{number:04}",
            glance=SimpleNamespace(
                light=chance.choice(case_view.LIGHTS),
                due=chance.choice([None, date(2026, 3, 1) + timedelta(days=chance.randrange(20))]),
            ),
        )
        for number in chance.sample(range(1000), 100)
    ]
    whole = sorted(
        cases, key=lambda each: (case_view.LIGHTS.index(each.glance.light), each.glance.due or date.max, each.number)
    )
    by_light: dict[str, list[Any]] = {}
    for each in cases:
        by_light.setdefault(each.glance.light, []).append(each)
    for first in range(0, 105, 7):
        assert case_list._page_of(by_light, first) == whole[first : first + 7], first
