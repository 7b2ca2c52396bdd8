"""Where a device stands with the record: cursor, scope, cases in doubt, lineage, the log's head as it was seen last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from py_core.custody import Custody, custody_of
from py_core.log_watch import head_of, head_row
from py_core.merkle import Head


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a device stands with the record: to be kept in the same transaction as what an answer brought."""

    cursor: int = 0
    scope: str = ""
    config: int = 0
    custody: Custody = field(default_factory=Custody)
    lineage: tuple[str, ...] = ()  # names of the record's histories, the present one last
    top: int = -1  # the highest log index that this device has heard of in the present one
    head: Head | None = None  # of the record's log, as it was seen last
    before: tuple[Head, ...] = ()  # the last heads before the record came back from a backup: witnesses of what was
    proves: bool = False  # the record has proven receipts: from then on none counts without proof

    def as_row(self) -> dict[str, Any]:
        """For the host's disk."""
        values = {name: getattr(self, name) for name in self.__slots__}
        heads = {"head": head_row(self.head), "before": [head_row(each) for each in self.before]}
        return {**values, "custody": self.custody.as_row(), "lineage": list(self.lineage), **heads}


def standing_of(row: Mapping[str, Any]) -> Standing:
    """Reads `as_row` back, also of a device that kept less."""
    return Standing(
        row["cursor"],
        row["scope"],
        row["config"],
        custody_of(row.get("custody")),
        tuple(row.get("lineage") or ()),
        row.get("top", -1),
        head_of(row.get("head")),
        tuple(head for each in row.get("before") or () if (head := head_of(each)) is not None),
        bool(row.get("proves")),
    )
