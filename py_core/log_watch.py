"""What a device demands of the record's log: that it continues the last head of it that the device has seen.

A record that shows two histories, or lost something without saying so, is not believed any more: nothing of its answer
counts as received. (A record that says that it came back from a backup is another matter: see `lineage`.) Everything that the judgement rests on is under the record's signature over the beacon, which the
host checks, so that a bad line can accuse nobody. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.checkpoint import act_leaf
from py_core.errors import Malformed
from py_core.exchanged import Receipt
from py_core.merkle import HASH_BYTES, Head, consistent, included_together
from py_core.wire import TYPE_INCLUDED, Beacon, Short

_FORK = re.compile(r"[1-9]\d{0,14}:[0-9a-f]{64} [1-9]\d{0,14}:[0-9a-f]{64}")


def head_in(known: Head | None, beacon: Beacon | None) -> Head | None:
    """The head that a beacon tells; None of a record that tells none. Raises `Malformed` when it answers no question
    of this device: a device that has seen a head does without proof no more."""
    if beacon is None or not beacon.root:
        if known is not None:
            raise Malformed("answer", "does not say what the log is")
        return None
    if known is not None and beacon.older != known.size:
        raise Malformed("answer.beacon", "proves something else than was asked for")
    return Head(beacon.log_size, _hash(beacon.root))


def continues(known: Head, said: Head, beacon: Beacon) -> bool:
    """Whether the beacon proves that the log begins with the one that was seen."""
    return consistent(known.size, known.root, said.size, said.root, [_hash(step) for step in beacon.path])


def proof_frame(path: Sequence[bytes]) -> Short:
    """What the record sends with receipts: the proof that all of them are in the log of its beacon."""
    return Short(TYPE_INCLUDED, b"".join(path))


def proof_in(payload: bytes) -> tuple[bytes, ...]:
    """The hashes in such a frame; raises `Malformed`."""
    if len(payload) % HASH_BYTES:
        raise Malformed("answer.included", "is not made of whole hashes")
    return tuple(payload[at : at + HASH_BYTES] for at in range(0, len(payload), HASH_BYTES))


def proven(receipts: Iterable[Receipt], proof: Sequence[bytes], head: Head) -> bool:
    """Whether the proof shows that every act with a receipt stands in the log under its number and time."""
    leaves = {each.log_index: act_leaf(each.case_id, each.hash, each.received_at_ms) for each in receipts}
    return included_together(leaves, head.size, proof, head.root)


def head_row(head: Head | None) -> list[Any] | None:
    """A head as the host keeps it."""
    return None if head is None else [head.size, head.root.hex()]


def head_of(row: Any) -> Head | None:
    """Reads `head_row` back; None of a device that kept none."""
    return None if not row else Head(row[0], bytes.fromhex(row[1]))


@dataclass(frozen=True, slots=True)
class Fork:
    """Two heads under the record's signature, of which the one told later does not continue the one seen before."""

    seen: Head
    told: Head

    @property
    def text(self) -> str:
        """As a device tells it to the centre."""
        return " ".join(f"{head.size}:{head.root.hex()}" for head in (self.seen, self.told))


def fork_of(text: str) -> Fork | None:
    """Reads `Fork.text` back, from whoever sent it; None for anything else."""
    if _FORK.fullmatch(text) is None:
        return None
    seen, told = (head.split(":") for head in text.split(" "))
    return Fork(Head(int(seen[0]), bytes.fromhex(seen[1])), Head(int(told[0]), bytes.fromhex(told[1])))


def _hash(text: str) -> bytes:
    if len(text) != 2 * HASH_BYTES or set(text) - set("0123456789abcdef"):
        raise Malformed("answer.beacon", "has a hash that is none")
    return bytes.fromhex(text)
