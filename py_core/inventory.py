"""The inventory that closes the registry at every checkpoint: how much the record had, so that nothing is left out unseen.

It counts and names by hash the acts of the city document and the withdrawals and freezings of devices, and says which
directory and packs were in force and where the audit trail ended. Whoever has a signed checkpoint has all that by its root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.cases.acts import canonical_json
from py_core.errors import Malformed
from py_core.residue import hashes_digest

INVENTORY = "inventory"  # the kind of its entries
_NUMBER_MAX = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there were, and the SHA-256 (hex) over their hashes in their order."""

    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the record had; `directory` and `law` are numbers of entries in the registry, None: there was none."""

    city: Counted  # acts of the city document, in the order of the log
    withdrawn: Counted  # leaves of the registry that withdraw or freeze a device
    directory: int | None
    law: int
    audit: tuple[int, str] | None  # number and hash of the trail's newest row

    def text(self) -> str:
        """The entry as it stands in the registry: canonical JSON."""
        said: dict[str, Any] = {"kind": INVENTORY, "directory": self.directory, "law": self.law}
        for name, part in (("city", self.city), ("withdrawn", self.withdrawn)):
            said[name] = {"count": part.count, "sha256": part.sha256}
        said["audit"] = None if self.audit is None else {"n": self.audit[0], "hash": self.audit[1]}
        return canonical_json(said)


def counted(hashes: Sequence[str]) -> Counted:
    """The count of these hashes (hex) and the digest over them."""
    return Counted(len(hashes), hashes_digest(hashes))


def read_inventory(entry: Mapping[str, Any]) -> Inventory:
    """Reads an entry from outside; raises `Malformed`."""
    if set(entry) != {"kind", "city", "withdrawn", "directory", "law", "audit"} or entry["kind"] != INVENTORY:
        raise Malformed(INVENTORY, "does not have the fields of an inventory")
    audit, directory = entry["audit"], entry["directory"]
    return Inventory(
        Counted(*_pair(entry["city"], "count", "sha256")),
        Counted(*_pair(entry["withdrawn"], "count", "sha256")),
        None if directory is None else _number(directory),
        _number(entry["law"]),
        None if audit is None else _pair(audit, "n", "hash"),
    )


def _pair(value: Any, number: str, digest: str) -> tuple[int, str]:
    if not isinstance(value, dict) or set(value) != {number, digest}:
        raise Malformed(INVENTORY, f"must have {number} and {digest}")
    text = value[digest]
    if not isinstance(text, str) or len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise Malformed(INVENTORY, "must have a SHA-256 in lower-case hex")
    return _number(value[number]), text


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _NUMBER_MAX:
        raise Malformed(INVENTORY, "must have whole numbers")
    return value
