"""What a device offers again when the city record came back from an older backup: everything that it may have lost.

A record has a lineage, a random name that is new after every restore. What both histories have in common is told as a
size of the log; every act that the device has from beyond it, its own or somebody else's, waits again. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from py_core.cases.acts import read_act
from py_core.exchanged import RefusedAct

TOLD = timedelta(days=14)  # for so long a device says that the record came back from a backup

Row = Sequence[Any]
"""An act as a device keeps it: hash, causes, text, arrival (ms), number in the log."""


@dataclass(frozen=True, slots=True)
class Again:
    """An act that must be offered again; `own`: this device made it, so it can announce the act's actor."""

    case_id: str
    hash: str
    own: bool
    log_index: int | None  # where the log had it; None: it was refused, and keeps its place in the outbox


def offered_again(cases: Iterable[tuple[str, Sequence[Row]]], device: str, shared: int) -> list[Again]:
    """The acts whose receipts mean nothing any more, causes before effects."""
    found = [
        (row[4], Again(case_id, row[0], read_act(row[2]).device == device, row[4]))
        for case_id, rows in cases
        for row in rows
        if row[4] is not None and row[4] >= shared
    ]
    return [again for _, again in sorted(found, key=lambda each: each[0])]


def refused_again(refused: Iterable[RefusedAct], device: str, rows_of: Callable[[str], Sequence[Row]]) -> list[Again]:
    """The acts that the record had refused: what it decided about them may be lost as well. A device that was enrolled
    anew since then is not their author any more and signs for them as for others' acts."""
    found = []
    for each in refused:
        row = next((row for row in rows_of(each.case_id) if row[0] == each.hash), None)
        own = row is not None and read_act(row[2]).device == device
        found.append(Again(each.case_id, each.hash, own, None))
    return found


def without_receipts(rows: Sequence[Row], shared: int) -> list[list[Any]]:
    """A case's rows as they are once those receipts are taken back."""
    return [[*row[:3], None, None] if row[4] is not None and row[4] >= shared else list(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a device says about a record that came back: when it learnt of it, how many acts it offers again."""

    at_ms: int
    acts: int


def notice_after(before: Notice | None, now_ms: int, lost: int) -> Notice:
    """What is said once the device learns (again) that the record came back; `lost` are the acts whose receipts were
    taken back, now or earlier, and that wait to be taken anew. Of two notices the one that tells more stays."""
    if before is not None and not lost and now_ms - before.at_ms < TOLD.total_seconds() * 1000:
        return before
    return Notice(now_ms, lost)
