"""An outside witness: keeps a checkpoint, asks the record for a later one and checks that nothing between was changed.

The record is asked over HTTP or in its database; what it answers is believed only as far as signatures and hashes
prove it. Must not need anything of the record but hashes and public keys.
"""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from py_core import merkle
from py_core.checkpoint import NOTE_BYTES_MAX, Checkpoint, SignedCheckpoint, log_name, read_note
from py_core.errors import Malformed, ShouwenError
from py_core.key_chain import KeyLink, broken_link, read_links
from py_core.merkle import Head
from server.checkpoints import Checkpoints, signer
from server.database import Database
from server.log_proofs import consistency, key_list
from server.record_keys import ed25519_verifies

_ANSWER_BYTES_MAX = 1024 * 1024
_SECONDS = 30


class NotProven(ShouwenError):
    """What the record says does not hold, or does not fit what it said before."""

    code = "not_proven"


class Source(Protocol):
    """Where a record answers a witness."""

    def checkpoint(self) -> str: ...
    def keys(self) -> dict[str, Any]: ...
    def proof(self, tree: str, older: int, newer: int) -> dict[str, Any]: ...


class InDatabase:
    """The record in this machine's database."""

    def __init__(self, database: Database, checkpoints: Checkpoints, name: str) -> None:
        self._database = database
        self._checkpoints = checkpoints
        self._name = name

    def checkpoint(self) -> str:
        return self._checkpoints.current()

    def keys(self) -> dict[str, Any]:
        with self._database.reading() as connection:
            return key_list(connection, self._name)

    def proof(self, tree: str, older: int, newer: int) -> dict[str, Any]:
        with self._database.reading() as connection:
            return consistency(connection, tree, older, newer)


class OverHttp:
    """A record that is served somewhere."""

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise NotProven(f"{url} is no address of a record; write https://…")
        self._url = url.rstrip("/")

    def checkpoint(self) -> str:
        try:
            return self._get("/log/checkpoint").decode()
        except UnicodeDecodeError as error:
            raise Malformed("checkpoint", "is not UTF-8") from error

    def keys(self) -> dict[str, Any]:
        return self._json("/log/keys")

    def proof(self, tree: str, older: int, newer: int) -> dict[str, Any]:
        return self._json("/log/proof?" + urlencode({"tree": tree, "older": older, "newer": newer}))

    def _json(self, path: str) -> dict[str, Any]:
        try:
            data = json.loads(self._get(path))
        except (ValueError, RecursionError) as error:
            raise Malformed(path, "is not JSON") from error
        if not isinstance(data, dict):
            raise Malformed(path, "must be an object")
        return data

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self._url + path, timeout=_SECONDS) as answer:
            data: bytes = answer.read(_ANSWER_BYTES_MAX + 1)
        if len(data) > _ANSWER_BYTES_MAX:
            raise Malformed(path, f"is longer than {_ANSWER_BYTES_MAX} bytes")
        return data


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that holds, and how many hashes prove that it continues the older one."""

    note: str
    checkpoint: Checkpoint
    steps: int = 0


def look(source: Source) -> Seen:
    """The record's newest checkpoint, signed by the last key of its chain; raises `NotProven`, `Malformed`."""
    text = source.checkpoint()
    signed = read_note(text)
    _check(signed, read_chain(source.keys()))
    return Seen(text, signed.checkpoint)


def look_again(source: Source, older_text: str) -> Seen:
    """The same, and that it continues a checkpoint that somebody kept; raises `NotProven`, `Malformed`."""
    if len(older_text) > NOTE_BYTES_MAX:
        raise Malformed("checkpoint", "is too long")
    older = read_note(older_text)
    chain = read_chain(source.keys())
    _check(older, chain)
    seen = look(source)
    newer = seen.checkpoint
    if newer.origin != older.checkpoint.origin:
        raise NotProven(f"the record's log is {newer.origin}, the kept checkpoint is of {older.checkpoint.origin}")
    steps = 0
    for tree, before, after in (
        ("acts", older.checkpoint.acts, newer.acts),
        ("registry", older.checkpoint.registry, newer.registry),
    ):
        steps += _continues(source, tree, before, after)
    return Seen(seen.note, newer, steps)


def read_chain(keys: dict[str, Any]) -> tuple[KeyLink, ...]:
    """A chain of keys from outside, each signed by the one before; raises `NotProven`, `Malformed`."""
    chain = read_links(keys.get("keys"))
    if (broken := broken_link(chain, ed25519_verifies)) is not None:
        raise NotProven(f"key {broken} of the record is not signed by the key before it")
    return chain


def _check(signed: SignedCheckpoint, chain: tuple[KeyLink, ...]) -> None:
    if signed.checkpoint.origin != log_name(chain[0].public_key):
        raise NotProven(f"a checkpoint of {signed.checkpoint.origin} is not of the record with these keys")
    if signer(signed, [link.public_key for link in chain]) is None:
        raise NotProven(f"the checkpoint of {signed.checkpoint.acts.size} acts is not signed by the record")


def _continues(source: Source, tree: str, before: Head, after: Head) -> int:
    if after.size < before.size:
        raise NotProven(f"the {tree} log had {before.size} entries and has {after.size} now: entries were taken out")
    answer = source.proof(tree, before.size, after.size).get("path")
    try:
        path = [bytes.fromhex(step) for step in answer] if isinstance(answer, list) else None
    except (TypeError, ValueError):
        path = None
    if path is None or not merkle.consistent(before.size, before.root, after.size, after.root, path):
        raise NotProven(
            f"the first {before.size} entries of the {tree} log are not those of the kept checkpoint: "
            "they were changed, or there are two histories"
        )
    return len(path)
