"""What a device holds of the record's log while it reads one answer: what was there before, and what the answer brought.

Owns the way from a place in a case's log to a hash. Must not decide what is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from py_core.packed.changes import Unresolved, held_name

LogOf = Callable[[str], Iterable[tuple[int, str]]]
"""The acts of a case that the record has, as far as they are held: number in the log and hash, in any order."""


def nothing_held(case_id: str) -> Iterable[tuple[int, str]]:
    """Of a device that starts empty."""
    return ()


class AnswerLogs:
    """`HeldLogs` of a device for one answer."""

    def __init__(self, held: Iterable[str], log_of: LogOf) -> None:
        self._held = held
        self._log_of = log_of
        self._names: dict[bytes, str | None] | None = None  # None where two cases are named alike
        self._indexed: dict[str, dict[int, str]] = {}
        self._ordered: dict[str, list[str]] = {}

    def add(self, case_id: str, log_index: int, change_hash: str) -> None:
        """Notes an act that the answer brought or receipted."""
        indexed = self._of(case_id)
        if log_index not in indexed:
            indexed[log_index] = change_hash
            self._ordered.pop(case_id, None)
        if self._names is not None:
            self._name(self._names, case_id)

    def case_named(self, name: bytes) -> str:
        """The one case held that is named so; raises `Unresolved`."""
        if self._names is None:
            self._names = {}
            for case_id in (*self._held, *self._indexed):
                self._name(self._names, case_id)
        named = self._names.get(name)
        if named is None:
            raise Unresolved("names a case that is not held, or not alone under this name")
        return named

    def hash_at(self, case_id: str, place: int) -> str:
        """The change hash at a place (from 0) in the log of a case; raises `Unresolved`."""
        ordered = self._ordered.get(case_id)
        if ordered is None:
            indexed = self._of(case_id)
            ordered = self._ordered[case_id] = [indexed[index] for index in sorted(indexed)]
        if place >= len(ordered):
            raise Unresolved("rests on an act that is not held")
        return ordered[place]

    def _of(self, case_id: str) -> dict[int, str]:
        if case_id not in self._indexed:
            self._indexed[case_id] = dict(self._log_of(case_id))
        return self._indexed[case_id]

    @staticmethod
    def _name(names: dict[bytes, str | None], case_id: str) -> None:
        name = held_name(case_id)
        if names.setdefault(name, case_id) != case_id:
            names[name] = None
