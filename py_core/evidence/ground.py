"""On what each part of a check of evidence stands: the file, whose signatures hold, what is proven and found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from py_core.cases.acts import RecordedAct
from py_core.checkpoint import Checkpoint
from py_core.evidence.findings import Findings
from py_core.evidence.lines import EvidenceFile, Line
from py_core.inventory import Inventory
from py_core.key_chain import KeyLink, counting
from py_core.values import local
from py_core.wire import ALG_ED25519

Verifies = Callable[[int, bytes, bytes, bytes], bool]
"""Whether (alg, public key, signature, message) fit together."""

SERVER = "server"  # the record's own device


@dataclass(slots=True)
class KnownDevice:
    """A device as the registry has it."""

    user: str | None
    alg: int
    public_key: bytes
    enrolment: str | None = None  # the SHA-256 of its enrolment record


@dataclass(slots=True)
class Proven:
    """What has been established so far and may be built upon."""

    keys: tuple[KeyLink, ...] = ()  # of the record, oldest first
    checkpoint: Checkpoint | None = None
    outside: list[tuple[str, Checkpoint]] = field(default_factory=list)  # that the log continues, where each was given
    devices: dict[str, KnownDevice] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)  # device → since when (ms)
    frozen: dict[str, int] = field(default_factory=dict)  # device → the number that two of its acts bear
    endings: dict[int, str] = field(default_factory=dict)  # of devices: number in the registry → leaf
    inventories: dict[int, Inventory] = field(default_factory=dict)  # number in the registry → what it says
    directories: dict[int, str] = field(default_factory=dict)  # version → SHA-256
    directory_at: int | None = None  # number in the registry of the newest
    law: dict[str, str] = field(default_factory=dict)  # path → SHA-256
    law_at: int | None = None
    whole_at: Checkpoint | None = None  # the newest one from outside up to which nothing is missing beside the case
    doubt: str = ""  # a message id: why the rules in the file may not be all
    actors: dict[str, str] = field(default_factory=dict)
    acts: dict[str, list[RecordedAct]] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)  # hashes in the order of the log


@dataclass(slots=True)
class Ground:
    """One file being checked."""

    file: EvidenceFile
    verifies: Verifies
    known: Proven = field(default_factory=Proven)
    findings: Findings = field(default_factory=Findings)

    @property
    def case(self) -> str:
        """The id of the document that the file is about."""
        return str(self.file.one("evidence")["case"])

    def signed_by_record(self, signature: bytes, message: bytes, at_ms: int) -> bool:
        """Whether the record signed this, which says to be of a moment, with a key that it had not replaced by then."""
        keys = counting(self.known.keys, at_ms)
        return any(self.verifies(ALG_ED25519, key, signature, message) for key in keys)


def at(line: Line) -> str:
    """Where a finding is, for people."""
    return f"line {line.number} ({line.kind})"


def moment(milliseconds: int) -> str:
    """A moment for people, in the law's local time."""
    try:
        return local(datetime.fromtimestamp(milliseconds / 1000, UTC)).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):  # no year that a calendar has
        return f"{milliseconds} ms"
