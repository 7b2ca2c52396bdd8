"""What the record puts its own signature under: receipts for acts, beacons of time.

A beacon's id carries its time and a tag, so that any device can read the time and this server can tell its own
beacons from invented ones without storing each.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from py_core import wire
from py_core.packed.receipts import Place, leaf, pack_receipts, root_and_paths, root_sign_bytes
from server.keys import SigningKey
from server.outside import to_ms

Path = tuple[str, ...]


class Receipts:
    """Signs with the record's key; knows beacons of its retired keys again."""

    def __init__(self, key: SigningKey, retired: Sequence[SigningKey] = ()) -> None:
        self.key = key
        self._keys = (key, *retired)

    @property
    def public_key(self) -> bytes:
        return self.key.public

    def receipt(self, case_id: str, change_hash: str, log_index: int, received_at_ms: int) -> str:
        """The signature (hex) of a receipt."""
        return self.key.sign(wire.receipt_sign_bytes(case_id, change_hash, log_index, received_at_ms)).hex()

    def shared(self, acts: Sequence[tuple[str, str, Place]]) -> bytes:
        """The payload of receipts for several acts (case, hash, place) under one signature."""
        leaves = [leaf(case_id, change_hash, at.log_index, at.received_at_ms) for case_id, change_hash, at in acts]
        root, _ = root_and_paths(leaves)
        return pack_receipts([at for _, _, at in acts], self.key.sign(root_sign_bytes(root)))

    def beacon(self, now: datetime, log_size: int, root: str = "", older: int = 0, path: Path = ()) -> wire.Beacon:
        """The record's signed word that it is `now`, and with a root what its log is."""
        time_ms = to_ms(now)
        beacon_id = wire.beacon_id(time_ms, _tag(self.key, time_ms))
        unsigned = wire.Beacon(beacon_id, time_ms, log_size, "", root, older, path)
        return replace(unsigned, sig=self.key.sign(wire.beacon_sign_bytes(unsigned)).hex())

    def is_own_beacon(self, beacon_id: str) -> bool:
        """Whether this record gave the beacon out."""
        time_ms = wire.beacon_time_ms(beacon_id)
        return time_ms is not None and any(
            hmac.compare_digest(beacon_id, wire.beacon_id(time_ms, _tag(key, time_ms))) for key in self._keys
        )


def _tag(key: SigningKey, time_ms: int) -> str:
    return key.tag(b"beacon" + time_ms.to_bytes(8, "big")).hex()
