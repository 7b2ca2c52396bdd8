"""Legal hold 暂缓清除: which holds keep a case or visit from being erased. Must not know who may place one (`rights.toml`)."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from py_core.cases.state import Fact


class Facts(Protocol):
    """A case or a visit."""

    def all(self, event_type: str) -> tuple[Fact, ...]: ...


def standing(document: Facts, today: date) -> tuple[Fact, ...]:
    """The holds that forbid erasure today: not over and not lifted. A lift names the acts that it lifts, so that a hold
    which somebody else placed meanwhile stays."""
    lifted = {act for fact in document.all("hold_lifted") for act in fact.data["acts"]}
    return tuple(fact for fact in document.all("hold_placed") if fact.act not in lifted and fact.data["until"] >= today)
