"""The chain of the record's public keys: each is signed by the one before it, so whoever knew one can follow.

The host verifies the signatures. Must not hold a private key.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from py_core.errors import Malformed, ShouwenError
from py_core.wire import ALG_ED25519

LINKS_MAX = 1_000
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_TIME_MAX = 2**53 - 1

Verifies = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, signature, message) fit together (Ed25519)."""


class OtherRecord(ShouwenError):
    """The chain does not lead from the key that is trusted: it is no continuation of the record that was known."""

    code = "other_record"


@dataclass(frozen=True, slots=True)
class KeyLink:
    """One key of the record: since when, and the signature of the key before it (the first signs itself)."""

    public_key: bytes
    since_ms: int
    signature: bytes
    alg: int = ALG_ED25519

    def as_dict(self) -> dict[str, Any]:
        """As `/log/keys` and evidence say it."""
        said = {"public_key": self.public_key.hex(), "since_ms": self.since_ms, "sig": self.signature.hex()}
        return {"alg": self.alg, **said}


@dataclass(frozen=True, slots=True)
class Step:
    """What must verify before a key is believed: `signature` of the key `signer` over `message`."""

    signer: bytes
    signature: bytes
    message: bytes


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
    for n, link in enumerate(links):
        step = _step(n, links)
        out_of_order = n > 0 and link.since_ms < links[n - 1].since_ms
        if out_of_order or not verifies(step.signer, step.signature, step.message):
            return n
    return None


def counting(links: Sequence[KeyLink], at_ms: int) -> tuple[bytes, ...]:
    """The keys whose signature counts under what says to be of this moment: each until its successor's time began."""
    return tuple(
        link.public_key for n, link in enumerate(links) if n + 1 == len(links) or at_ms <= links[n + 1].since_ms
    )


def continuation(trusted: bytes, links: Sequence[KeyLink]) -> tuple[tuple[KeyLink, Step], ...]:
    """The keys after a trusted one, oldest first, each with what must verify; empty when it is still the last.

    Whoever missed several changes gets several steps. Raises `OtherRecord` when the trusted key is not in the chain,
    or times run backwards.
    """
    at = next((n for n, link in enumerate(links) if link.public_key == trusted), None)
    if at is None:
        raise OtherRecord("the chain does not have the key that is trusted")
    if any(later.since_ms < earlier.since_ms for earlier, later in pairwise(links[at:])):
        raise OtherRecord("a key of the chain began before the one that it follows")
    return tuple((links[n], _step(n, links)) for n in range(at + 1, len(links)))


def _step(n: int, links: Sequence[KeyLink]) -> Step:
    link, signer = links[n], links[max(0, n - 1)].public_key
    return Step(signer, link.signature, link_sign_bytes(n, signer, link.public_key, link.since_ms))


def _read_link(value: Any) -> KeyLink:
    # Builds before the algorithm was named had Ed25519 only.
    if not isinstance(value, dict) or set(value) - {"alg"} != {"public_key", "since_ms", "sig"}:
        raise Malformed("keys", "each must have alg, public_key, since_ms and sig")
    if type(value.get("alg", ALG_ED25519)) is not int or value.get("alg", ALG_ED25519) != ALG_ED25519:
        raise Malformed("keys.alg", "is an algorithm that this program does not know")
    since_ms = value["since_ms"]
    if type(since_ms) is not int or not 0 <= since_ms <= _TIME_MAX:
        raise Malformed("keys.since_ms", "must be a time in milliseconds")
    return KeyLink(_hex(value["public_key"], _KEY_BYTES), since_ms, _hex(value["sig"], _SIGNATURE_BYTES))


def _hex(value: Any, size: int) -> bytes:
    if not isinstance(value, str) or len(value) != 2 * size or set(value) - set("0123456789abcdef"):
        raise Malformed("keys", f"must be {2 * size} lower-case hex digits")
    return bytes.fromhex(value)
