"""The record's signing keys: the one in use, those before it, and the chain that leads from the first to it.

Retired keys stay in the folder because old beacons, and outbox files that were sealed for them, must still be read.
Owns the table `record_keys`. Must never log or show a private key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select

from py_core import wire
from py_core.checkpoint import log_name
from py_core.errors import ShouwenError
from py_core.key_chain import KeyLink, link_sign_bytes
from server.keys import SigningKey, verifies
from server.outside import Entropy
from server.tables import record_keys

KEY_FILE = "record.key"
_NEXT_FILE = "record.key.next"


class KeyTrouble(ShouwenError):
    """The record's key files do not fit what the record knows of its keys."""

    code = "key_trouble"


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """Every signing key that the record ever had."""

    current: SigningKey
    retired: tuple[SigningKey, ...]  # oldest first, as far as their files are there
    chain: tuple[KeyLink, ...]

    @property
    def name(self) -> str:
        """The name of the record's log; the same for all its keys."""
        return log_name(self.chain[0].public_key)


def open_keys(connection: Connection, folder: Path, entropy: Entropy, now_ms: int) -> RecordKeys:
    """The keys in this folder; the first is made at the first start. Raises `KeyTrouble` when they are not the record's."""
    chain = chain_of(connection)
    if chain:
        _finish(folder, chain)
        if not (folder / KEY_FILE).exists():
            raise KeyTrouble(f"{folder / KEY_FILE} is missing; restore it from the backup")
    current = SigningKey.kept_in(folder / KEY_FILE, entropy)
    if not chain:
        signature = current.sign(link_sign_bytes(0, current.public, current.public, now_ms))
        chain = (KeyLink(current.public, now_ms, signature),)
        _note(connection, 0, chain[0])
    if current.public != chain[-1].public_key:
        raise KeyTrouble(f"{folder / KEY_FILE} is not the key that the record knows; restore it from the backup")
    retired = []
    for n in range(len(chain) - 1):
        path = _retired(folder, n)
        if path.exists():
            retired.append(SigningKey.kept_in(path, entropy))
    return RecordKeys(current, tuple(retired), chain)


def chain_of(connection: Connection) -> tuple[KeyLink, ...]:
    """The record's public keys, oldest first."""
    rows = connection.execute(select(record_keys).order_by(record_keys.c.n))
    return tuple(KeyLink(bytes(row.public_key), row.since_ms, bytes(row.signature), row.alg) for row in rows)


def rotate(connection: Connection, folder: Path, entropy: Entropy, now_ms: int) -> Callable[[], None]:
    """Makes a new key and has the present one sign it; call what comes back once that is on the disk.

    A process that ends in between is finished by the next start (`open_keys`).
    """
    keys = open_keys(connection, folder, entropy, now_ms)
    (folder / _NEXT_FILE).unlink(missing_ok=True)
    successor = SigningKey.kept_in(folder / _NEXT_FILE, entropy)
    n, since_ms = len(keys.chain), max(now_ms, keys.chain[-1].since_ms)
    message = link_sign_bytes(n, keys.current.public, successor.public, since_ms)
    link = KeyLink(successor.public, since_ms, keys.current.sign(message))
    _note(connection, n, link)
    return lambda: _finish(folder, (*keys.chain, link))


def key_files(folder: Path) -> list[str]:
    """The names of all files with the record's keys, for a backup."""
    return [KEY_FILE, *sorted(path.name for path in folder.glob("record-[0-9]*.key"))]


def ed25519_verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the record's key signed the message."""
    return verifies(wire.ALG_ED25519, public_key, signature, message)


def _finish(folder: Path, chain: Sequence[KeyLink]) -> None:
    """Puts a key that the record knows already in its place; drops one that it never came to know."""
    upcoming = folder / _NEXT_FILE
    if not upcoming.exists():
        return
    if SigningKey(upcoming.read_bytes()).public != chain[-1].public_key:
        upcoming.unlink()
        return
    retired = _retired(folder, len(chain) - 2)
    if not retired.exists():
        os.link(folder / KEY_FILE, retired)
    os.replace(upcoming, folder / KEY_FILE)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _retired(folder: Path, n: int) -> Path:
    return folder / f"record-{n}.key"


def _note(connection: Connection, n: int, link: KeyLink) -> None:
    values = {"alg": link.alg, "public_key": link.public_key, "since_ms": link.since_ms, "signature": link.signature}
    connection.execute(insert(record_keys).values(n=n, **values))
