"""What the desk needs from its host (the browser's worker or the server) and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from py_core.calendars import WorkCalendar
from py_core.cases.acts import RecordedAct
from py_core.directory import Directory
from py_core.left import Left
from py_core.packs import Packs


@dataclass(frozen=True, slots=True)
class Request:
    """One page request. `path` is decoded and has no query; every form value is a list of texts."""

    method: str  # GET or POST
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lang: str = "zh-CN"  # or "en"
    csrf: str = ""  # the server's token, to be put into every form; empty in the browser


@dataclass(frozen=True, slots=True)
class NewAct:
    """An act to be recorded: the host appends `text` to the case document, signs and stores it."""

    case_id: str  # 32 hex digits
    text: str


@dataclass(frozen=True, slots=True)
class LateDecision:
    """What a reconciler decided about acts in quarantine (`HeldWork.id`): into the record after all, or left out."""

    items: tuple[int, ...]
    take: bool
    why: str


@dataclass(frozen=True, slots=True)
class DeviceRevocation:
    """A security officer withdraws a device: from now on its acts go to quarantine."""

    device: str
    why: str


@dataclass(frozen=True, slots=True)
class MissingLookedInto:
    """A security officer looked into the missing acts of a device up to a number: they are no alarm any more."""

    device: str
    upto: int
    why: str


@dataclass(frozen=True, slots=True)
class Response:
    """The answer. The host carries out `decision` and records `acts` durably, all or nothing, before it shows the
    answer (303 + location after a POST). Only pages of the centre decide, so only the server's host has to."""

    status: int
    html: str = ""
    location: str | None = None
    acts: tuple[NewAct, ...] = ()
    decision: LateDecision | DeviceRevocation | MissingLookedInto | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is at the desk, on which device."""

    user: str
    device: str  # device id; the server's own pages use "server"
    device_code: str  # short prefix of numbers issued here, unique in the city, e.g. "K7Q"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that a pure core may not fetch for itself."""

    now: datetime  # aware
    new_id: Callable[[], str]  # 32 random hex digits
    next_device_seq: int  # first free sequence number of this device
    app_version: str
    beacon: str | None = None  # id of the last beacon from the city record
    beacon_time: datetime | None = None
    since_beacon_ms: int | None = None  # None: the running time since then is not known
    where: str = "server"  # or "device"


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as stored: its acts in any order (`cases.history.order` sorts them)."""

    id: str
    acts: tuple[RecordedAct, ...]


AttachmentState = Literal["here", "waiting", "elsewhere", "awaited"]
"""Where a content is: it can be shown here; here, and not yet in the record; to be fetched from the record; told by an
act, but not yet in the record."""


@dataclass(frozen=True, slots=True)
class Uploading:
    """Photographs and papers on their way to the record: of the files that were sent since all had arrived last."""

    files_done: int
    files: int
    bytes_done: int
    bytes: int
    problem: str = ""  # "", "quota", "refused"


LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """The outbox file that was saved last on this device."""

    name: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferedAgain:
    """The record came back from a backup: when this device heard of it, how many acts it offered again."""

    at: datetime
    acts: int


@dataclass(frozen=True, slots=True)
class LogSeen:
    """The newest signed word on the record's log: how many acts it had, and when that was signed.

    On a device the head that it demands to be continued; on the server the newest checkpoint.
    """

    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """What the sync light shows. On the server: online, nothing waiting."""

    online: bool
    waiting: int  # acts that are only on this device
    last_contact_at: datetime | None
    refused: tuple[Quarantined, ...] = ()
    problem: str = ""  # "", "signed_out", "storage_full", …
    uploading: Uploading | None = None
    carried: CarriedOut | None = None
    offered_again: OfferedAgain | None = None
    clock_hidden: timedelta = timedelta(0)  # what this device's clock was turned back since the last contact
    log: LogSeen | None = None

    @property
    def held_back(self) -> int:
        """How many acts the record did not take and the centre has not decided about."""
        return sum(not item.is_decided for item in self.refused)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An act that the record's gate did not take; its bytes are kept there, the act is kept here.

    `now_with`: the units that have the case now. After the centre's decision to leave it out the reason is `left_out`
    and `by`, `why`, `at` tell the decision.
    """

    hash: str
    case_id: str
    reason: str
    now_with: tuple[str, ...] = ()
    by: str = ""
    why: str = ""
    at: datetime | None = None

    @property
    def is_decided(self) -> bool:
        return self.reason == LEFT_OUT


@dataclass(frozen=True, slots=True)
class HeldWork:
    """A submission that lies in quarantine, as this reader may see it. `text` is its act's, None when it is unreadable
    or `is_withheld`: restricted from the reader, who may decide about it unread. `kinds` (of its events), `occurred_at`
    and `claimed_at` are the act's, whoever reads.
    """

    id: int
    hash: str
    case_id: str
    user: str
    device: str
    reason: str
    since: datetime
    times: int
    text: str | None
    may_take: bool  # only scope or the device's withdrawal stands against it
    now_with: tuple[str, ...]
    decided_by: str = ""
    decided_at: datetime | None = None
    why: str = ""
    is_erased: bool = False  # its content went after its period
    kinds: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    claimed_at: datetime | None = None
    is_withheld: bool = False
    says_who: bool = False  # who reported or complained: its facts are nobody's to read here


@dataclass(frozen=True, slots=True)
class RecordRestored:
    """The record came back from a backup: when, of which moment (None: not known), how many acts the backup held."""

    at: datetime
    taken_at: datetime | None
    acts: int


@dataclass(frozen=True, slots=True)
class Unerased:
    """What had been erased came back with a backup and could not be erased again, as of the last try.

    `documents` is 0 when not even that is known.
    """

    tried_at: datetime
    documents: int
    storage_full: bool


@dataclass(frozen=True, slots=True)
class LogForked:
    """A device's word that the record's log does not continue what it had seen; sizes in acts.

    `seen_is_ours`, `told_is_ours`: whether this record's own log has that head.
    """

    at: datetime
    seen_size: int
    told_size: int
    seen_is_ours: bool
    told_is_ours: bool


@dataclass(frozen=True, slots=True)
class NumbersMissing:
    """Acts of a device with the numbers from `first` to `last` never came, and a later one did."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LookedInto:
    """That somebody found out what became of the missing acts up to a number, or that nobody can."""

    upto: int
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ActsMissing:
    """What never came of a device, in the order of the numbers; of very many runs only the lowest are told."""

    runs: tuple[NumbersMissing, ...]
    alarming: tuple[NumbersMissing, ...]  # of them those that nobody looked into; none of a withdrawn device
    since: datetime | None  # when the first act after the first alarming one came
    highest: int  # number that came
    erased: int  # acts that came and were erased before the record kept such numbers: some may be among the missing
    handed_in: tuple[int, ...]  # of the missing, what somebody else handed in and lies in quarantine
    looked: LookedInto | None


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device as the centre sees it; everything after `revoked_at` is the device's own word, None: never told."""

    id: str
    code: str
    name: str
    user: str
    enrolled_at: datetime
    revoked_at: datetime | None
    last_contact_at: datetime | None = None
    app: str = ""
    waiting: int | None = None
    refused: int | None = None
    storage_used: int | None = None
    storage_quota: int | None = None
    storage_kept: bool | None = None
    clock_offset_ms: int | None = None
    purged: int = 0
    purged_at: datetime | None = None
    held: int = 0  # of its acts in quarantine, undecided
    frozen_at: datetime | None = None  # since two of its acts bear one number
    forked: LogForked | None = None


class CentreView(Protocol):
    """What only the server can show to the centre. Work in quarantine that names the reader is nowhere in it."""

    def held(self, *, decided: bool = False) -> Sequence[HeldWork]:
        """What waits in quarantine, oldest first; or what was left out, newest decision first."""
        ...

    def undecidable(self) -> int:
        """How many wait although everybody who decides about late work is named in them, as far as this reader has to
        see to it that somebody else decides."""
        ...

    def held_count(self) -> int: ...
    def held_before(self, at: datetime) -> tuple[int, datetime] | None:
        """How many have waited since this moment or longer, and since when the first; None when there is none."""
        ...

    def held_by_id(self, item: int) -> HeldWork | None: ...
    def devices(self) -> Sequence[DeviceSeen]: ...
    def missing(self) -> Mapping[str, ActsMissing]:
        """What never came, of each device of which something did not."""
        ...

    def missing_of(self, device: str) -> ActsMissing | None:
        """What never came of one device; None when nothing is missing."""
        ...

    def held_on(self, device: str) -> Sequence[str]:
        """The cases that a device was fed and did not attest as gone."""
        ...

    def restored(self) -> RecordRestored | None:
        """The last return from a backup."""
        ...

    def unerased(self) -> Unerased | None:
        """What is not erased although it had been; None when nothing is."""
        ...


@dataclass(frozen=True, slots=True)
class Similar:
    """A past case that looks like this one; `score` 0..1000 (thousandths), with the shared words as the reason."""

    case_id: str
    score: int
    shared: tuple[str, ...]


class Store(Protocol):
    """Read access to what this side holds. The host gives one consistent view for one request."""

    def case(self, case_id: str) -> CaseRecord | None: ...
    def cases(self) -> Iterable[CaseRecord]: ...
    def cases_mark(self) -> object | None:
        """The same object as long as `cases` gives the very same objects; None when that is not known."""
        ...

    def directory(self) -> Directory: ...
    def city(self) -> CaseRecord | None:
        """The city document (`py_core.city.CITY_ID`); it is never among `cases` and no `case`."""
        ...

    def visit(self, visit_id: str) -> CaseRecord | None:
        """One visit (`py_core.visits`); visits are never among `cases` and no `case`."""
        ...

    def visits(self) -> Iterable[CaseRecord]: ...

    def reporter(self, case_id: str) -> CaseRecord | None:
        """Who reported what a case is about (`py_core.reporters`), where this side has it and this person may know."""
        ...

    def reporters(self) -> Iterable[CaseRecord]:
        """All documents of that kind, for their keeping only; none where this side does not watch over it."""
        ...

    def recomputing(self) -> tuple[int, int] | None:
        """How many of how many cases are counted anew after a change of the law; None when nothing is."""
        ...

    def calendar(self) -> WorkCalendar:
        """The packaged calendar, below everything that the centre published."""
        ...

    def packs(self) -> Packs: ...
    def sync_status(self) -> SyncStatus: ...
    def attachment_state(self, sha256: str) -> AttachmentState:
        """Where the content is that an act names."""
        ...

    def centre(self) -> CentreView | None:
        """Quarantine and devices; None where this side does not have them (every device)."""
        ...

    def left(self) -> Mapping[str, Left]:
        """Finished cases that left this device; the city record has them. Nothing on the server."""
        ...

    def similar(self, case_id: str) -> Sequence[Similar] | None:
        """Similar past cases, best first; None where this side cannot tell (offline)."""
        ...
