"""What the record signs: receipts, and its word on time and log; and the time that a beacon's name tells."""

from __future__ import annotations

import struct

from py_core.wire.messages import Beacon


def receipt_sign_bytes(case_id: str, change_hash: str, log_index: int, received_at_ms: int) -> bytes:
    """What the record signs for an act that it took (case and hash are hex)."""
    numbers = struct.pack(">QQ", log_index, received_at_ms)
    return b"shouwen-receipt-1" + bytes.fromhex(case_id) + bytes.fromhex(change_hash) + numbers


def beacon_sign_bytes(beacon: Beacon) -> bytes:
    """What the record signs for its time and, with a root, for its log and the proof."""
    said = beacon.id.encode() + struct.pack(">QQ", beacon.server_time_ms, beacon.log_size)
    if not beacon.root:
        return b"shouwen-beacon-1" + said
    proof = bytes.fromhex(beacon.root) + struct.pack(">Q", beacon.older) + bytes.fromhex("".join(beacon.path))
    return b"shouwen-beacon-2" + said + proof


def beacon_id(time_ms: int, tag: str) -> str:
    """A beacon's id: its time (ms, hex) and a tag by which the record knows its own beacons."""
    return f"{time_ms:x}-{tag}"


def beacon_time_ms(beacon: str) -> int | None:
    """The record's time in a beacon's id; None when it is no such id. The gate has checked that the id is genuine.

    >>> beacon_time_ms("19d3f8a4b00-00112233aabbccdd")
    1774598900480
    >>> beacon_time_ms("yesterday") is None
    True
    """
    head, dash, tag = beacon.partition("-")
    if not (dash and 1 <= len(head) <= 13 and len(tag) == 16 and set(head + tag) <= set("0123456789abcdef")):
        return None
    return int(head, 16)
