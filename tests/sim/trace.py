"""What happened in one run, as lines and as one hash: equal seeds must give equal traces."""

from __future__ import annotations

import hashlib
from typing import Any


class Trace:
    """Lines in the order in which things happened."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now_ms = 0

    def note(self, *words: Any) -> None:
        """One thing that happened now."""
        self.lines.append(f"{self.now_ms} " + " ".join(str(word) for word in words))

    @property
    def hash(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


class Broken(Exception):
    """An invariant does not hold."""
