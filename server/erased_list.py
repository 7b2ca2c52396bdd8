"""The list of what was erased, beside the database: an older backup does not know it, and must not bring it back.

A file of lines that is only added to and holds no content: each is the act that erased a document, as the record's own
device signed it. Must not erase (see `erasing`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py_core import wire
from py_core.cases.acts import read_act
from py_core.change import decode_act_change, sign_bytes
from py_core.errors import Malformed
from server.keys import verifies

FILE = "erased.jsonl"


@dataclass(frozen=True, slots=True)
class Listed:
    """A document that was erased, by whose order, with the event that says so."""

    document: str
    user: str
    event: dict[str, Any]


class ErasedList:
    """The list in a record's folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def add(self, document: str, raw: bytes, signature: bytes) -> None:
        """Adds a line; it is on the disk when this comes back."""
        self._append(json.dumps({"document": document, "raw": raw.hex(), "sig": signature.hex()}))

    def take_over(self, other: Path) -> int:
        """Adds the lines of another list that are not here yet; how many there were."""
        known = set(self._lines(self.path))
        new = [line for line in self._lines(other) if line not in known]
        for line in dict.fromkeys(new):
            self._append(line)
        return len(new)

    def read(self, public_key: bytes) -> list[Listed]:
        """Every document on the list once, by its newest line; lines that the record's device did not sign are none."""
        found: dict[str, Listed] = {}
        for line in self._lines(self.path):
            listed = _read(line, public_key)
            if listed is not None:
                found[listed.document] = listed
        return list(found.values())

    def _append(self, line: str) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _lines(path: Path) -> Iterable[str]:
        if not path.is_file():
            return ()
        return [line for line in path.read_text(encoding="ascii", errors="replace").splitlines() if line]


def _read(line: str, public_key: bytes) -> Listed | None:
    try:
        said = json.loads(line)
        document, raw, signature = said["document"], bytes.fromhex(said["raw"]), bytes.fromhex(said["sig"])
        change = decode_act_change(raw)
        act = read_act(change.text)
        message = sign_bytes(document, change.hash)
    except (ValueError, KeyError, TypeError, Malformed):
        return None  # a line that was cut when the machine stopped: its transaction was not committed either
    event = next((dict(each) for each in act.events if each.get("type") == "content_erased"), None)
    if event is None or not verifies(wire.ALG_ED25519, public_key, signature, message):
        return None
    return Listed(document, act.user, event)
