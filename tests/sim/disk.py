"""A device's storage: the stores of the browser's database, written in transactions that happen or do not happen.

A seeded fault ends the device before or after a transaction, or says that the disk is full. Must not know what the
values mean.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from random import Random
from typing import Any

STORES = ("device", "sealed", "documents", "records", "outbox", "receipts", "contents")

Write = tuple[str, str, Any]
"""Store, key, value; None removes the key."""


class Crashed(Exception):
    """The device's process ended in the middle; only the disk is left."""


class DiskFull(Exception):
    """Nothing of the transaction was stored."""


class Disk:
    """What survives the end of a process."""

    def __init__(self, chance: Random) -> None:
        self.stores: dict[str, dict[str, Any]] = {name: {} for name in STORES}
        self._chance = chance
        self.removed: dict[tuple[str, str], list[Any]] = {}  # what each key held whenever it went
        self.crash_rate = 0.0
        self.full_rate = 0.0

    def get(self, store: str, key: str) -> Any:
        """A copy of what is stored, or None."""
        return copy.deepcopy(self.stores[store].get(key))

    def write(self, writes: Sequence[Write]) -> None:
        """Stores all or nothing."""
        fate = self._chance.random()
        if fate < self.crash_rate / 2:
            raise Crashed("before a transaction")
        if fate > 1 - self.full_rate:
            raise DiskFull
        for store, key, value in writes:
            if value is None:
                if key in self.stores[store]:
                    self.removed.setdefault((store, key), []).append(self.stores[store].pop(key))
            else:
                self.stores[store][key] = copy.deepcopy(value)
        if fate < self.crash_rate:
            raise Crashed("after a transaction")

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Everything, as a copied profile would have it."""
        return copy.deepcopy(self.stores)
