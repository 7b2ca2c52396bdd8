"""Acts of visits for tests: one device after another, with the causes that each had seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from py_core.cases.acts import Act, RecordedAct
from py_core.cases.history import order
from py_core.values import LOCAL
from py_core.visits import Visit, fold_visit, visit_id

START = datetime(2026, 11, 23, 9, 0, tzinfo=LOCAL)
VISIT = visit_id("ab" * 16)
FIRST, SECOND = "c" * 32, "d" * 32
CODE = "91320281MA0000001T"


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "type": "visit_planned", "enterprise": "恒泰纺织", "code": CODE, "on": "2026-11-23", "officers": ["lin"],
        "unit": "xingqiao", "number": "K7Q-000001", **changes,
    }  # fmt: skip


def papers(*named: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "copies": copies} for name, copies in named]


def act(minute: int, *events: dict[str, Any], after: Sequence[RecordedAct] = (), user: str = "lin") -> RecordedAct:
    """An act that had seen exactly these and what they had seen."""
    at = START + timedelta(minutes=minute)
    made = Act("visit", events, user, f"device-{user}", minute + 1, at, at, None, None, "1", "1")
    return RecordedAct(f"{minute:062x}{ord(user[0]):02x}", tuple(each.hash for each in after), made, at, minute)


def chain(*events: dict[str, Any]) -> list[RecordedAct]:
    """One act an event, each after the one before."""
    acts: list[RecordedAct] = []
    for minute, event in enumerate(events):
        acts.append(act(minute, event, after=acts[-1:]))
    return acts


def folded(acts: Sequence[RecordedAct]) -> Visit:
    return fold_visit(VISIT, order(acts))


def visit(*events: dict[str, Any]) -> Visit:
    return folded(chain(*events))


STARTED = {"type": "visit_started"}
REQUEST = {"type": "visit_request_added", "case": FIRST}


def signed(found: Visit, **changes: Any) -> dict[str, Any]:
    return {
        "type": "visit_signed", "signed": True, "signer": "钱建新", "shown": "…", "content": found.signed_about,
        **changes,
    }  # fmt: skip
