"""What the server may not take from the machine by itself: time and randomness, and the real sources of both.

Everything else takes a `Clock` and an `Entropy` as arguments, so that a whole city can be run from one seed.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current instant, aware."""
        ...


class Entropy(Protocol):
    """Gives bytes that nobody can guess."""

    def token(self, size: int) -> bytes:
        """`size` random bytes."""
        ...


class SystemClock:
    """The machine's clock in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemEntropy:
    """The operating system's random numbers."""

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant."""
    return int(instant.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The instant (UTC) of milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
