"""The chain of the record's public keys: each is signed by the one before it, so whoever knew one can follow.

The host verifies the signatures. Must not hold a private key.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.errors import Malformed

LINKS_MAX = 1_000
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_TIME_MAX = 2**53 - 1

Verifies = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, signature, message) fit together (Ed25519)."""


@dataclass(frozen=True, slots=True)
class KeyLink:
    """One key of the record: since when, and the signature of the key before it (the first signs itself)."""

    public_key: bytes
    since_ms: int
    signature: bytes

    def as_dict(self) -> dict[str, Any]:
        """As `/me`, `/log/keys` and evidence say it."""
        return {"public_key": self.public_key.hex(), "since_ms": self.since_ms, "sig": self.signature.hex()}


def link_sign_bytes(n: int, before: bytes, public_key: bytes, since_ms: int) -> bytes:
    """What the key `before` signs for its successor, number `n`; the first key (0) is its own `before`."""
    return b"shouwen-next-key-1" + struct.pack(">I", n) + before + public_key + struct.pack(">Q", since_ms)


def read_links(value: Any) -> tuple[KeyLink, ...]:
    """A chain from outside; raises `Malformed`. Its signatures are not checked here (see `broken_link`)."""
    if not isinstance(value, list) or not 1 <= len(value) <= LINKS_MAX:
        raise Malformed("keys", f"must be a list of 1 to {LINKS_MAX}")
    return tuple(_read_link(each) for each in value)


def broken_link(links: Sequence[KeyLink], verifies: Verifies) -> int | None:
    """The number of the first key that the one before it did not sign; None when the chain is whole."""
    before: KeyLink | None = None
    for n, link in enumerate(links):
        signer = link.public_key if before is None else before.public_key
        message = link_sign_bytes(n, signer, link.public_key, link.since_ms)
        if (before is not None and link.since_ms < before.since_ms) or not verifies(signer, link.signature, message):
            return n
        before = link
    return None


def _read_link(value: Any) -> KeyLink:
    if not isinstance(value, dict) or set(value) != {"public_key", "since_ms", "sig"}:
        raise Malformed("keys", "each must have public_key, since_ms and sig")
    since_ms = value["since_ms"]
    if type(since_ms) is not int or not 0 <= since_ms <= _TIME_MAX:
        raise Malformed("keys.since_ms", "must be a time in milliseconds")
    return KeyLink(_hex(value["public_key"], _KEY_BYTES), since_ms, _hex(value["sig"], _SIGNATURE_BYTES))


def _hex(value: Any, size: int) -> bytes:
    if not isinstance(value, str) or len(value) != 2 * size or set(value) - set("0123456789abcdef"):
        raise Malformed("keys", f"must be {2 * size} lower-case hex digits")
    return bytes.fromhex(value)
