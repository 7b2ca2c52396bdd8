"""What stands in the place of a finished case that left this device: where it is, since when, how it comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.left import Left
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

SHOWN = 50


def show_left(turn: Turn, case_id: str, left: Left) -> Response:
    """The page at a left case's address."""
    return page(
        turn, "left.html", turn.say(N_("Case")), f"left-{case_id}", {"left": _view(turn, case_id, left)}, where="cases"
    )


def left_like(turn: Turn, words: str) -> list[dict[str, Any]]:
    """The cases that left this device and have all of these words in number or title, newest first."""
    wanted = words.casefold().split()
    found = [
        (left.left_at_ms, case_id, left)
        for case_id, left in turn.store.left().items()
        if all(word in f"{left.number} {left.title}".casefold() for word in wanted)
    ]
    found.sort(reverse=True, key=lambda item: item[:2])
    return [_view(turn, case_id, left) for _, case_id, left in found[:SHOWN]]


def _view(turn: Turn, case_id: str, left: Left) -> dict[str, str]:
    return {
        "id": case_id,
        "number": left.number,
        "title": left.title or left.number,
        "left": _day(turn, left.left_at_ms),
        "arrived": _day(turn, left.arrived_at_ms),
    }


def _day(turn: Turn, milliseconds: int) -> str:
    return language.day_text(turn.lang, local(datetime.fromtimestamp(milliseconds / 1000, UTC)).date())
