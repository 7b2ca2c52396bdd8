"""Leaves of the record's log and signed checkpoints of it (C2SP tlog-checkpoint in a signed note), without any key.

A checkpoint says how long the log and the registry were at a moment and what their roots were. Hashes only: nothing
personal is in it, so it may be shown to anybody and outlives what is erased. The host signs and verifies.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass

from py_core.errors import Malformed
from py_core.merkle import HASH_BYTES, SIZE_MAX, Head, leaf_hash

NOTE_BYTES_MAX = 16 * 1024
_ALG_ED25519 = b"\x01"  # the signed note's own number for Ed25519
_KEY_ID_BYTES = 4
_SIGNATURES_MAX = 16
_ORIGIN = re.compile(r"[\x21-\x7e]{1,128}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")


def act_leaf(case_id: str, change_hash: str, received_at_ms: int) -> bytes:
    """The hash of an act in the log; its place there is its number. Case and change hash are hex.

    The change hash covers what was done, by whom, on which device and after what.
    """
    return leaf_hash(
        b"shouwen-log-1" + bytes.fromhex(case_id) + bytes.fromhex(change_hash) + struct.pack(">Q", received_at_ms)
    )


def registry_leaf(text: str) -> bytes:
    """The hash of one entry of the registry (a canonical JSON text)."""
    return leaf_hash(b"shouwen-registry-1" + text.encode())


def log_name(first_public_key: bytes) -> str:
    """The name of a record's log, made from the first key that the record ever had."""
    return f"shouwen/{hashlib.sha256(first_public_key).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The record's word on its log (acts) and its registry (devices, directories, law) at one moment."""

    origin: str
    acts: Head
    registry: Head
    time_ms: int

    def text(self) -> str:
        """What is signed: the note's text with its last line end."""
        return (
            f"{self.origin}\n{self.acts.size}\n{_base64(self.acts.root)}\n"
            f"time {self.time_ms}\nregistry {self.registry.size} {_base64(self.registry.root)}\n"
        )


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the signatures under it: key name, key id and signature of each."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def by(self, name: str, public_key: bytes) -> bytes | None:
        """The signature that says to be this key's; None when there is none."""
        wanted = key_id(name, public_key)
        return next((sig for who, which, sig in self.signatures if (who, which) == (name, wanted)), None)


def key_id(name: str, public_key: bytes) -> bytes:
    """Four bytes that tell keys of one name apart (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + _ALG_ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def verifier_key(name: str, public_key: bytes) -> str:
    """A key in the form in which tools for signed notes take it."""
    return f"{name}+{key_id(name, public_key).hex()}+{_base64(_ALG_ED25519 + public_key)}"


def read_verifier_key(text: str) -> bytes:
    """The public key in what `verifier_key` wrote, or its 64 hex digits alone; raises `Malformed`."""
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    name, _, rest = text.partition("+")
    try:
        public_key = base64.b64decode(rest.partition("+")[2], validate=True)[1:]
    except ValueError:
        public_key = b""
    if len(public_key) != 32 or verifier_key(name, public_key) != text:
        raise Malformed("key", "must be 64 hex digits or a line of `shouwen keys show`")
    return public_key


def note(checkpoint: Checkpoint, public_key: bytes, signature: bytes) -> str:
    """The signed note of a checkpoint."""
    stamp = _base64(key_id(checkpoint.origin, public_key) + signature)
    return f"{checkpoint.text()}\n\u2014 {checkpoint.origin} {stamp}\n"


def read_note(text: str) -> SignedCheckpoint:
    """Reads a note strictly: it has one form only; raises `Malformed`. Its signatures are not checked here."""
    if len(text) > NOTE_BYTES_MAX:
        raise Malformed("checkpoint", f"is longer than {NOTE_BYTES_MAX} signs")
    body, gap, under = text.partition("\n\n")
    if not gap or not under.endswith("\n"):
        raise Malformed("checkpoint", "is no signed note: text, an empty line, signatures")
    checkpoint = _read_text(body + "\n")
    lines = under[:-1].split("\n")
    if len(lines) > _SIGNATURES_MAX:
        raise Malformed("checkpoint", f"has more than {_SIGNATURES_MAX} signatures")
    return SignedCheckpoint(checkpoint, tuple(_read_signature(line) for line in lines))


def _read_text(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 6 or not lines[3].startswith("time ") or not lines[4].startswith("registry "):
        raise Malformed("checkpoint", "must have origin, size, root, time and registry, a line each")
    if not _ORIGIN.fullmatch(lines[0]) or "+" in lines[0]:
        raise Malformed("checkpoint.origin", "is no name of a log")
    registry = lines[4].split(" ")
    if len(registry) != 3:
        raise Malformed("checkpoint.registry", "must be a size and a root")
    return Checkpoint(
        lines[0],
        Head(_number(lines[1], "size"), _root(lines[2], "root")),
        Head(_number(registry[1], "registry"), _root(registry[2], "registry")),
        _number(lines[3].removeprefix("time "), "time"),
    )


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not _ORIGIN.fullmatch(parts[1]):
        raise Malformed("checkpoint.signature", "must be a dash, a key's name and a signature")
    data = _bytes(parts[2], "signature")
    if len(data) <= _KEY_ID_BYTES:
        raise Malformed("checkpoint.signature", "is too short")
    return parts[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:]


def _number(text: str, where: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > SIZE_MAX:
        raise Malformed(f"checkpoint.{where}", "must be a whole number in decimal digits")
    return int(text)


def _root(text: str, where: str) -> bytes:
    root = _bytes(text, where)
    if len(root) != HASH_BYTES:
        raise Malformed(f"checkpoint.{where}", f"must be {HASH_BYTES} bytes in base64")
    return root


def _bytes(text: str, where: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"checkpoint.{where}", "is not base64") from error
    if _base64(data) != text:  # unused bits that are not 0: another text for the same bytes
        raise Malformed(f"checkpoint.{where}", "is not base64 in its one form")
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
