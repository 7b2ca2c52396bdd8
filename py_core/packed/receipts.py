"""Receipts for several acts under one signature of the record (frame type 7), and how each is shown to be among them.

The record signs the root of a small tree of hashes; what a device keeps for one act is that signature with the hashes
on the way to the root, so that each receipt stands for itself. Must not sign or verify.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from py_core import wire
from py_core.errors import Malformed
from py_core.packed.columns import pack_numbers, pack_signed, unpack_numbers, unpack_signed

SIGNATURE_BYTES = 64
_HASH_BYTES = 32
_SHARED = b"\x01"  # opens the proof of a receipt that shares its signature; a signature alone has exactly 64 bytes
_PATH_MAX = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when the record took an act; `had`: it had it before."""

    log_index: int
    received_at_ms: int
    had: bool = False


def pack_receipts(places: Sequence[Place], signature: bytes) -> bytes:
    """The payload for acts that were pushed one after the other."""
    indexes = [each.log_index for each in places]
    times = [each.received_at_ms for each in places]
    return b"".join(
        (
            pack_numbers([len(places)]),
            pack_numbers(int(each.had) for each in places),
            pack_signed(here - before - 1 for here, before in zip(indexes, [-1, *indexes], strict=False)),
            pack_signed(here - before for here, before in zip(times, [0, *times], strict=False)),
            signature,
        )
    )


def unpack_receipts(payload: bytes) -> tuple[list[Place], bytes]:
    """The places in order, and the signature over all of them; raises `Malformed`."""
    if len(payload) <= SIGNATURE_BYTES:
        raise Malformed("receipts", "are cut")
    numbers, signature = payload[:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:]
    plain = unpack_numbers(numbers)
    count = plain[0] if plain else 0
    if not count or len(plain) != 1 + 3 * count:
        raise Malformed("receipts", "have not as many numbers as they say")
    signed = unpack_signed(numbers)
    places = []
    index, time_ms = -1, 0
    for at in range(count):
        index += 1 + signed[1 + count + at]
        time_ms += signed[1 + 2 * count + at]
        if plain[1 + at] > 1 or index < 0 or time_ms < 0:
            raise Malformed("receipts", "have a wrong number")
        places.append(Place(index, time_ms, bool(plain[1 + at])))
    return places, signature


def leaf(case_id: str, change_hash: str, log_index: int, received_at_ms: int) -> bytes:
    """The hash that stands for one receipt."""
    return hashlib.sha256(wire.receipt_sign_bytes(case_id, change_hash, log_index, received_at_ms)).digest()


def root_and_paths(leaves: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """The root over the leaves, and for each leaf its neighbours on the way up; a node without neighbour goes up."""
    paths: list[list[bytes]] = [[] for _ in leaves]
    level = [(each, [at]) for at, each in enumerate(leaves)]
    while len(level) > 1:
        above = []
        for at in range(0, len(level) - 1, 2):
            (left, under_left), (right, under_right) = level[at], level[at + 1]
            for below in under_left:
                paths[below].append(right)
            for below in under_right:
                paths[below].append(left)
            above.append((_node(left, right), under_left + under_right))
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0][0], paths


def root_sign_bytes(root: bytes) -> bytes:
    """What the record signs for several acts at once."""
    return b"shouwen-receipts-1" + root


def proof(signature: bytes, path: Sequence[bytes]) -> str:
    """What stands for the signature in one receipt (hex)."""
    return (_SHARED + signature + b"".join(path)).hex()


def signed_part(
    case_id: str, change_hash: str, log_index: int, received_at_ms: int, sig: str
) -> tuple[bytes, bytes] | None:
    """The signature in a receipt and what it is over; None when `sig` is neither form of a receipt's signature."""
    try:
        data = bytes.fromhex(sig)
    except ValueError:
        return None
    if len(data) == SIGNATURE_BYTES:
        return data, wire.receipt_sign_bytes(case_id, change_hash, log_index, received_at_ms)
    path = data[1 + SIGNATURE_BYTES :]
    if data[:1] != _SHARED or len(data) < 1 + SIGNATURE_BYTES or len(path) % _HASH_BYTES:
        return None
    if len(path) > _PATH_MAX * _HASH_BYTES:
        return None
    root = leaf(case_id, change_hash, log_index, received_at_ms)
    for at in range(0, len(path), _HASH_BYTES):
        root = _node(root, path[at : at + _HASH_BYTES])
    return data[1 : 1 + SIGNATURE_BYTES], root_sign_bytes(root)


def _node(one: bytes, other: bytes) -> bytes:
    return hashlib.sha256(b"shouwen-receipt-node-1" + min(one, other) + max(one, other)).digest()
