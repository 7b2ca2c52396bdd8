"""Today shows few of the lights that ask for nothing, but never hides what has a notice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from py_core.desk import case_view, today


@pytest.mark.parametrize(("light", "shown"), [("green", [*range(12), 20]), ("yellow", [*range(30)])])
def test_a_calm_light_is_short_but_shows_what_has_a_notice(
    light: str, shown: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_view, "summary", lambda _, opened: int(opened.number))
    found: list[Any] = [
        SimpleNamespace(number=f"{n:02}", glance=SimpleNamespace(due=None, noted=n == 20)) for n in range(30)
    ]
    turn: Any = SimpleNamespace(say=str)
    group = today._group(turn, light, found, today.CALM_SHOWN_MAX)
    assert group["duties"] == shown
    assert group["more"] == 30 - len(shown)
