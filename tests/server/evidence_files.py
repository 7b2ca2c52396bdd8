"""Evidence files in tests: checked, taken apart, and put together again by who holds the record's key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from py_core.cases.acts import RecordedAct, canonical_json, read_act
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.directory import read_directory
from py_core.errors import Malformed
from py_core.evidence.check import EvidenceCheck
from py_core.evidence.findings import Findings
from py_core.evidence.judging import judge, read_law
from py_core.evidence.lines import read_evidence, seal_sign_bytes
from py_core.inventory import Inventory
from server import evidence, inventory
from server.keys import SigningKey, verifies
from server.parts import Parts

Rows = list[dict[str, Any]]
ONLY_SEALED = frozenset({"made_by", "app", "v"})  # nothing but the record's seal speaks for these
COUNTED = "counted anew from the law in the file"


def check(data: bytes, *trusted: str) -> Findings:
    return EvidenceCheck(read_evidence(data), verifies, trusted).run()


def outcome(data: bytes, *trusted: str) -> str:
    """Where the first fault is; empty when the file is good."""
    try:
        wrong = check(data, *trusted).of("wrong")
    except Malformed as error:
        return error.where
    return wrong[0].where or "file" if wrong else ""


def rows_of(data: bytes) -> Rows:
    return [json.loads(line) for line in data.splitlines()]


def resealed(parts: Parts, rows: Rows, key: SigningKey | None = None) -> bytes:
    """The file as an operator with the record's key can make it."""
    lines = [canonical_json(row).encode() for row in rows if row.get("t") != "seal"]
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    signature = (key or parts.keys.current).sign(seal_sign_bytes(hashes)).hex()
    seal = {"t": "seal", "lines": hashes, "sig": signature}
    return b"\n".join([*lines, canonical_json(seal).encode()]) + b"\n"


def entry_of(row: dict[str, Any]) -> dict[str, Any]:
    """What an entry of the registry says; nothing of another line."""
    said: dict[str, Any] = json.loads(row["text"]) if row["t"] == "registry" else {}
    return said


def is_city_act(row: dict[str, Any]) -> bool:
    return row["t"] == "act" and row["case"] == CITY_ID


def without_newest_city_act(rows: Rows) -> Rows:
    """The file as if the city's newest rule had never been, the due dates counted without it."""
    newest = [n for n, row in enumerate(rows) if is_city_act(row)][-1]
    left = rows[:newest] + rows[newest + 1 :]
    return [{**row, "found": shown_by(left)} if row["t"] == "shown" else row for row in left]


def shown_by(rows: Rows) -> dict[str, Any]:
    """What the record would show by what is in the file."""
    acts: dict[str, list[RecordedAct]] = {CITY_ID: []}
    for row in rows:
        if row["t"] == "act":
            change = decode_act_change(bytes.fromhex(row["raw"]))
            arrived = datetime.fromtimestamp(row["received_at_ms"] / 1000, UTC)
            recorded = RecordedAct(row["hash"], change.causes, read_act(change.text), arrived, row["log_index"])
            acts.setdefault(row["case"], []).append(recorded)
    packs, calendar = read_law({row["path"]: row["text"] for row in rows if row["t"] == "law"})
    (directory,) = [json.loads(row["text"]) for row in rows if row["t"] == "directory"]
    policies = read_directory(directory).policies
    case, at_ms = rows[0]["case"], rows[0]["made_at_ms"]
    return judge(case, acts[case], acts[CITY_ID], packs, calendar, policies, at_ms)


def dishonest(patch: pytest.MonkeyPatch, lie: Callable[[Inventory], Inventory]) -> None:
    """From now on the operator's own program takes false inventories and looks at no faults."""
    honest = inventory._now
    patch.setattr(inventory, "_now", lambda connection: lie(honest(connection)))
    patch.setattr(evidence, "log_faults", lambda connection: ())


def of_a_build_before_inventories(patch: pytest.MonkeyPatch) -> None:
    """From now on no inventory closes the registry."""
    patch.setattr(inventory, "take", lambda connection, tree: None)
    patch.setattr(inventory, "is_due", lambda connection: False)
