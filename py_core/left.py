"""What a device keeps of a finished case that left it: enough to find it again in the city record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Left:
    """What a device keeps of a case that left it. `top`: the highest log index that it had held."""

    number: str
    title: str
    left_at_ms: int
    arrived_at_ms: int  # when the city record took the newest act
    top: int

    def as_row(self) -> list[Any]:
        """Plain JSON values for the device's store."""
        return [self.number, self.title, self.left_at_ms, self.arrived_at_ms, self.top]


def left_of(row: Sequence[Any]) -> Left:
    """What `as_row` gave."""
    return Left(*row)
