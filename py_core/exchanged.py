"""What an exchange is about: acts that wait, receipts, refusals, acts that came, and everything that one answer brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from py_core.custody import Custody
from py_core.merkle import Head
from py_core.wire import Beacon, End

TAKEN = "taken"  # the reason of an act that was refused once, taken now, and not back in its document yet
LEFT_OUT = "left_out"  # the reason of a refused act once the centre has decided against it


@dataclass(frozen=True, slots=True)
class WaitingAct:
    """An act that is only on this device, with what the record needs to take it. Hashes and actors are hex."""

    case_id: str
    hash: str
    raw: bytes
    alg: int
    signature: bytes
    actor: str
    actor_signature: str  # hex: the device's announcement of the actor; empty: it is another device's
    astray: bool = False  # it was refused before, so its document does not have it
    lost: bool = False  # it had a receipt of a record that came back from a backup without it


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record took an act: place in its log, its time, its signature (hex)."""

    case_id: str
    hash: str
    log_index: int
    received_at_ms: int
    sig: str


@dataclass(frozen=True, slots=True)
class RefusedAct:
    """The record's gate did not take an act; it stays on the device, with the gate's reason code.

    `now_with` are the units that have the case now when it has left this device's scope. Once the centre has decided
    to leave the act out, the reason is `LEFT_OUT` and `by`, `why`, `at_ms` tell the decision.
    """

    case_id: str
    hash: str
    reason: str
    now_with: tuple[str, ...] = ()
    by: str = ""
    why: str = ""
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What the host can tell the centre about the machine; None: not known."""

    storage_used: int | None = None  # bytes
    storage_quota: int | None = None
    storage_kept: bool | None = None
    clock_offset_ms: int | None = None


@dataclass(frozen=True, slots=True)
class IncomingAct:
    """An act from the record's log, decoded and checked. `deps` leave the genesis out."""

    case_id: str
    hash: str
    deps: tuple[str, ...]
    text: str
    raw: bytes
    log_index: int
    received_at_ms: int


@dataclass(slots=True)
class Received:
    """Everything that one answer brought; `end` is None when it was cut."""

    receipts: list[Receipt] = field(default_factory=list)
    refused: list[RefusedAct] = field(default_factory=list)
    acts: list[IncomingAct] = field(default_factory=list)
    directory: Mapping[str, Any] | None = None
    beacon: Beacon | None = None
    end: End | None = None
    scope_steps: list[tuple[str, bool]] = field(default_factory=list)  # case, brought (else revoked), in their order
    purge: tuple[str, ...] = ()  # cases to delete in the same transaction, with everything of theirs
    custody: Custody = field(default_factory=Custody)  # to be stored with the cursor
    returned: list[str] = field(default_factory=list)  # cases that left this device and came back whole
    recalled: set[str] = field(default_factory=set)  # cases that left, in which something happened since
    out_of_scope: set[str] = field(default_factory=set)  # cases that left of which nothing is to be kept any more
    head: Head | None = None  # of the record's log, to be kept with the cursor
    proof: tuple[bytes, ...] | None = None  # that the acts of `receipts` are in the log of `beacon`
    forked: bool = False  # the log does not continue the one that was seen: nothing else of the answer is told
    told: Head | None = None  # the head that does not continue
    shared: int | None = None  # the record came back from a backup: its log is only up to here the one known so far
    problem: str = ""  # how the device stands, of a receipts file
    own_seq: int = 0  # the highest number of this device's own acts in it: a restored profile learns what it has used

    @property
    def is_empty(self) -> bool:
        """Whether the answer was cut before it brought anything: no better than none."""
        brought = self.receipts or self.refused or self.acts or self.scope_steps or self.recalled or self.out_of_scope
        return not (brought or self.end or self.forked)
