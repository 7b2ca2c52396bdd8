"""One figure of a bench."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` and `goal` are texts with their units; `ok` says whether the goal is reached."""

    name: str
    value: str
    goal: str
    ok: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.value} (goal {self.goal}) {'ok' if self.ok else 'short'}"
