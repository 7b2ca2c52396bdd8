"""What both sides can say to each other: the messages and the words in them. Must not know how they are written down.

`t` of a message is the name of its kind; a class counts as a message once it stands in `Message`.
Unknown further keys of a message are left alone, so that a newer side can say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from py_core.wire.frames import ALG_ED25519

PROTOCOL_VERSION = 1
REVOKED_SCOPE = "revoked"  # of a withdrawn device: it is fed nothing, so it lets everything go
REVOKES = "revoke"  # in `Hello.can`: the device lets cases go when it is told
PACKED = "short"  # in `Hello.can`: the device reads short frames, and more than one page in an answer
OFFERS_AGAIN = "lineage"  # in `Hello.can`: it offers again what a record that was restored has lost
ECHO = "echo"  # in `Hello.can`: acts with a receipt in the answer are told again too: documents may lack them
WATCHES = "log"  # in `Hello.can`: it demands that the log continues the one that it has seen (`log_size`)
FILED = "filed"  # in `Hello.can` of an outbox file, with both others: it demands the same of its receipts file
PROVES = "proof"  # in `Hello.can`, beside `WATCHES`: it demands the proof that what has a receipt is in the log
REQUEST_ACTORS_MAX = 64
WANTED_MAX = 20  # cases that a request may ask for as a whole
NAMES_MAX = 500  # of one list in a message
HELD_MAX = 20_000  # cases that an outbox file may name
_BRIEF: Any = {"brief": True}  # a field that is left out of the message while it says nothing

Hashes = tuple[str, ...]
Held = tuple[str, ...]
Signed = int


@dataclass(frozen=True, slots=True)
class Hello:
    """Opens a request. `scope` is the one of the last `end`: a cursor counts only inside its scope.

    `purged` attests cases that the device no longer holds; `asks` names acts that it keeps as refused, to hear
    whether the centre has decided. `held`, in an outbox file only, names what is on the device, to hear what of it is
    out of scope. The rest is what the centre sees of the device.
    """

    t: ClassVar = "hello"
    device: str
    cursor: int
    config: int  # version of the directory held, 0 for none
    app: str
    waiting: int  # acts that are only on this device after this request
    v: int = PROTOCOL_VERSION
    scope: str = ""
    lineage: str = field(default="", metadata=_BRIEF)  # of the record, as the device knows it
    can: str = field(default="", metadata=_BRIEF)
    purged: Hashes = field(default=(), metadata=_BRIEF)
    asks: Hashes = field(default=(), metadata=_BRIEF)
    log_size: int = field(default=0, metadata=_BRIEF)  # of the record, as the device has seen it last (`WATCHES`)
    want: Hashes = field(default=(), metadata=_BRIEF)  # cases that left the device and are asked back whole
    refused: int = field(default=0, metadata=_BRIEF)  # acts that the record did not take and that are kept here
    storage_used: int | None = field(default=None, metadata=_BRIEF)  # bytes
    storage_quota: int | None = field(default=None, metadata=_BRIEF)
    storage_kept: bool | None = field(default=None, metadata=_BRIEF)  # the browser promised not to clear it by itself
    clock_offset_ms: Signed | None = field(default=None, metadata=_BRIEF)  # its clock less the record's time
    forked: str = field(default="", metadata=_BRIEF)  # two heads of which the later does not continue (`log_watch`)
    held: Held = field(default=(), metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class ActorAnnouncement:
    """Binds an Automerge actor to the device of the exchange."""

    t: ClassVar = "actor"
    actor: str
    sig: str
    alg: int = ALG_ED25519


Verdict_ = Literal["accepted", "had", "quarantined"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer for one pushed change; log index, time and receipt signature unless quarantined.

    `now_with` names the units that have the case now when it was refused because it has left the device's scope;
    `case` is only told in a receipts file that proves its acts, whose reader may have settled some of them already.
    """

    t: ClassVar = "verdict"
    hash: str
    verdict: Verdict_
    reason: str = ""
    log_index: int | None = None
    received_at_ms: int | None = None
    sig: str = ""
    now_with: Hashes = field(default=(), metadata=_BRIEF)
    case: str = field(default="", metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the centre decided about an act that was quarantined: taken (with its receipt) or left out, by whom, why.

    `in_scope`: whether the case is in the device's scope; if not, it is revoked with this message.
    """

    t: ClassVar = "ruled"
    hash: str
    taken: bool
    by: str
    at_ms: int
    why: str
    in_scope: bool = True
    log_index: int | None = None
    received_at_ms: int | None = None
    sig: str = ""


@dataclass(frozen=True, slots=True)
class Revoke:
    """A case has left the device's scope; `log_index` is the act that let it go."""

    t: ClassVar = "revoke"
    case: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Config:
    """The whole directory, sent when the device's version is older."""

    t: ClassVar = "config"
    directory: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beacon:
    """The record's signed word on what time it is and what its log is.

    For a device that `WATCHES`: `root` is that of the log's tree, `path` proves that this tree begins with the one of
    `older` entries, which is the device's `Hello.log_size`.
    """

    t: ClassVar = "beacon"
    id: str
    server_time_ms: int
    log_size: int
    sig: str
    root: str = field(default="", metadata=_BRIEF)
    older: int = field(default=0, metadata=_BRIEF)
    path: Hashes = field(default=(), metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class End:
    """Closes an answer: only now the cursor may move.

    `lineage` names the record's history when the device named another one. With `shared` (a size of the log) that
    history went on from a backup: what the device has from this number on, the record may have lost.
    """

    t: ClassVar = "end"
    cursor: int
    more: bool
    scope: str = ""
    problem: str = field(default="", metadata=_BRIEF)  # a lasting one that a person must know: `device_revoked`
    lineage: str = field(default="", metadata=_BRIEF)
    shared: int | None = field(default=None, metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """The whole body of an answer that is not 200."""

    t: ClassVar = "error"
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class WholeCase:
    """Follows the changes of a case that the request wanted: they are all `acts` of it; 0 where it is out of scope."""

    t: ClassVar = "case"
    case: str
    acts: int


@dataclass(frozen=True, slots=True)
class Carried:
    """Opens a receipts file (`py_core.carry`): whose outbox was handed in, its SHA-256, when the record took it.

    `problem` as in `End`: how the device stands when the receipts are given; `key` the record's key (hex) that signs
    the file, so that a device that has not met that key yet does not take the file for a forged one. To a device that
    named what it holds, it tells the scope of then, and the end of all feeds: a device whose cursor is beyond it knows
    better.
    """

    t: ClassVar = "carried"
    device: str
    file: str
    imported_at_ms: int
    lineage: str = field(default="", metadata=_BRIEF)
    problem: str = field(default="", metadata=_BRIEF)
    key: str = field(default="", metadata=_BRIEF)
    scope: str = field(default="", metadata=_BRIEF)
    cursor: int = field(default=0, metadata=_BRIEF)
    log_size: int = field(default=0, metadata=_BRIEF)  # of the record when it took the outbox
    seen: int | None = field(default=None, metadata=_BRIEF)  # of it, by the outbox; None: it asks for no proof


Message = (
    Hello | ActorAnnouncement | Verdict | Ruled | Revoke | Config | Beacon | End | ErrorMessage | Carried | WholeCase
)
