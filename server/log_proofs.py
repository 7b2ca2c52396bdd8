"""Proofs about the record's log as texts and JSON: what `/log/…` answers and what a witness reads. Hashes only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from py_core.checkpoint import verifier_key
from py_core.errors import Malformed
from server.log_tree import ACTS, REGISTRY, LogTree
from server.record_keys import chain_of

TREES = {"acts": ACTS, "registry": REGISTRY}


def key_list(connection: Connection, name: str) -> dict[str, Any]:
    """The name of the log and every key that the record ever signed with, oldest first."""
    chain = chain_of(connection)
    return {
        "name": name,
        "keys": [link.as_dict() for link in chain],
        "verifier_keys": [verifier_key(name, link.public_key) for link in chain],
    }


def consistency(connection: Connection, tree: str, older: int, newer: int) -> dict[str, Any]:
    """The proof that the log of `newer` entries begins with that of `older`; raises `Malformed`."""
    at = _tree(connection, tree)
    if not 0 <= older <= newer <= at.size:
        raise Malformed("proof", f"can be given for 0 ≤ older ≤ newer ≤ {at.size}")
    path = [step.hex() for step in at.consistency(older, newer)]
    return {"tree": tree, "older": older, "newer": newer, "path": path}


def inclusion(connection: Connection, tree: str, index: int, size: int) -> dict[str, Any]:
    """The leaf at a place and the proof that it is in the log of `size` entries; raises `Malformed`."""
    at = _tree(connection, tree)
    if not 0 <= index < size <= at.size:
        raise Malformed("proof", f"can be given for 0 ≤ index < size ≤ {at.size}")
    path = [step.hex() for step in at.inclusion(index, size)]
    return {"tree": tree, "index": index, "size": size, "leaf": at.leaf(index).hex(), "path": path}


def _tree(connection: Connection, name: str) -> LogTree:
    if name not in TREES:
        raise Malformed("tree", "must be acts or registry")
    return LogTree(connection, TREES[name])
