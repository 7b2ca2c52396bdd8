"""Decides what a device says to the city record and what it believes of the answer, without any I/O or clock.

The host (the browser's worker, later the simulation) sends `request()`, reads the answer with `read()`, stores what
came **durably** and only then calls `commit()`. Whatever is repeated or cut in between changes nothing: acts are
known by their hash and the cursor moves only with the `end` of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from py_core.carry import OUTBOX_BYTES_MAX, OUTBOX_ITEMS_MAX, CarryRefused
from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.custody import ATTESTED_AT_ONCE, Custody, News, custody_after, custody_of
from py_core.errors import Malformed
from py_core.log_watch import Fork, continues, head_in, head_of, head_row
from py_core.merkle import Head
from py_core.pace import BACK_OFF_FIRST_MS, Pace
from py_core.packed import messages, receipts
from py_core.packed.changes import ChangeUnpacker, NotPackable, Unresolved
from py_core.packed.held import AnswerLogs, LogOf, nothing_held
from py_core.packed.outbox import Signed, pack_acts
from py_core.wire import (
    ECHO,
    HELD_MAX,
    NAMES_MAX,
    OFFERS_AGAIN,
    PACKED,
    REQUEST_ACTORS_MAX,
    REVOKED_SCOPE,
    REVOKES,
    TYPE_ACTS,
    TYPE_CHANGES,
    TYPE_RECEIPTS,
    WANTED_MAX,
    WATCHES,
    ActorAnnouncement,
    Beacon,
    Carried,
    Config,
    End,
    Frame,
    FrameReader,
    Hello,
    Pulled,
    Pushed,
    Revoke,
    Ruled,
    Short,
    Verdict,
    WholeCase,
    encode_frames,
    message_frame,
    read_message,
)

PUSH_ITEMS_MAX = 200
PUSH_BYTES_MAX = 512 * 1024
BREAKS_KEPT = 5  # heads of histories that ended with a restore

UNRESOLVED = 409  # the record does not hold what the acts in short rest on

TAKEN = "taken"  # the reason of an act that was refused once, taken now, and not back in its document yet
LEFT_OUT = "left_out"  # the reason of a refused act once the centre has decided against it

_PLAIN_ALWAYS, _PLAIN_ONCE, _SHORT = range(3)
_PROBLEMS = {401: "signed_out", 403: "unknown_device", 426: "update_needed", 429: "busy", 503: "busy"}


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


@dataclass(slots=True)
class _Reading:
    """An answer that is being read."""

    received: Received
    verdicts: Iterator[WaitingAct]  # what was sent and has no verdict yet
    logs: AnswerLogs
    changes: ChangeUnpacker
    returning: dict[str, list[IncomingAct]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a device stands with the record: to be kept in the same transaction as what an answer brought."""

    cursor: int = 0
    scope: str = ""
    config: int = 0
    custody: Custody = field(default_factory=Custody)
    lineage: tuple[str, ...] = ()  # names of the record's histories, the present one last
    top: int = -1  # the highest log index that this device has heard of in the present one
    head: Head | None = None  # of the record's log, as it was seen last
    before: tuple[Head, ...] = ()  # the last heads before the record came back from a backup: witnesses of what was

    def as_row(self) -> dict[str, Any]:
        """For the host's disk."""
        values = {name: getattr(self, name) for name in self.__slots__}
        heads = {"head": head_row(self.head), "before": [head_row(each) for each in self.before]}
        return {**values, "custody": self.custody.as_row(), "lineage": list(self.lineage), **heads}


def standing_of(row: Mapping[str, Any]) -> Standing:
    """Reads `as_row` back, also of a device that kept less."""
    return Standing(
        row["cursor"],
        row["scope"],
        row["config"],
        custody_of(row.get("custody")),
        tuple(row.get("lineage") or ()),
        row.get("top", -1),
        head_of(row.get("head")),
        tuple(head for each in row.get("before") or () if (head := head_of(each)) is not None),
    )


class SyncClient:
    """One device's side of the exchange: outbox and cursor; `pace` says how long it waits."""

    def __init__(self, device: str, app_version: str, standing: Standing | None = None) -> None:
        self.device = device
        self.app_version = app_version
        self.standing = standing or Standing()
        self.machine = DeviceState()
        self.refused: dict[str, RefusedAct] = {}
        self.online = False
        self.problem = self._lasting_problem
        self.fork: Fork | None = None  # told to the centre with every hello, as long as it stands
        self._waiting: dict[str, WaitingAct] = {}
        self._sent: tuple[WaitingAct, ...] = ()
        self._attested: tuple[str, ...] = ()
        self._items_max = PUSH_ITEMS_MAX
        self.pace = Pace()
        self._more = True  # until an answer says otherwise
        self.left: dict[str, int] = {}  # cases that left this device, with the highest log index that it had held
        self.wanted: dict[str, None] = {}  # those of them that are to come back, in the order of asking
        self._asked: tuple[str, ...] = ()
        self.log_of: LogOf = nothing_held  # given by the host: what frames in short rest on
        self._speech = _SHORT
        self._sent_short = False

    @property
    def _lasting_problem(self) -> str:
        """What holds without contact as well: a withdrawn device stays so."""
        return "device_revoked" if self.standing.scope == REVOKED_SCOPE else ""

    @property
    def busy_cases(self) -> frozenset[str]:
        """Cases of which something waits here or was held back: the device must not part with them."""
        here = {act.case_id for act in self._waiting.values()}
        return frozenset(here | {act.case_id for act in self.refused.values()})

    @property
    def waiting(self) -> int:
        """How many acts are only on this device."""
        return len(self._waiting)

    def is_waiting(self, change_hash: str) -> bool:
        """Whether this act still has neither receipt nor refusal."""
        return change_hash in self._waiting

    @property
    def lost(self) -> frozenset[str]:
        """Acts with two ticks once that a restored record lost, and that still wait to be taken anew."""
        return frozenset(act.hash for act in self._waiting.values() if act.lost)

    def add(self, act: WaitingAct) -> None:
        """Takes an act that the host has stored; acts go out in the order in which they were added."""
        self._waiting[act.hash] = act

    def request(self) -> bytes:
        """The body of the next exchange: hello, announcements of the actors used, as many acts as fit."""
        self._sent = tuple(self._batch(self._items_max, PUSH_BYTES_MAX, REQUEST_ACTORS_MAX))
        self._attested = self.standing.custody.purged[:ATTESTED_AT_ONCE]
        self._asked = tuple(self.wanted)[:WANTED_MAX]
        self._sent_short = self._speech == _SHORT
        return self._body(self._sent, self._attested, self._asked, short=self._sent_short)

    def carry_out(self, held: Iterable[str] = ()) -> tuple[bytes, int]:
        """The frames of an outbox file and how many acts are in it: like a request, but as much as a file may hold.

        The acts go on waiting: only a receipt, carried back or from an exchange, takes them out of the outbox. `held`
        are the cases on this device: the receipts say which of them, and of those that left it, are out of its scope.
        """
        batch = tuple(self._batch(OUTBOX_ITEMS_MAX, OUTBOX_BYTES_MAX, OUTBOX_ITEMS_MAX))
        purged = self.standing.custody.purged[:ATTESTED_AT_ONCE]
        known = sorted({*held, *self.left} - {CITY_ID})
        return self._body(batch, purged, held=tuple(known[:HELD_MAX])), len(batch)

    def read_carried(
        self,
        carried: Carried,
        verdicts: Iterable[Verdict],
        held: Iterable[str] = (),
        busy: Iterable[str] = (),
        revoked: Iterable[str] = (),
    ) -> Received:
        """What a receipts file says about acts that still wait here, or are kept as refused, whether the device is
        withdrawn, and which cases are out of its scope (they go as after an exchange; `held`, `busy` as in `read`);
        raises `CarryRefused` for another device's."""
        if carried.device != self.device:
            raise CarryRefused("other_device", "the receipts are for another device")
        if carried.lineage in self.standing.lineage[:-1]:
            raise CarryRefused("older_record", "the record came back from a backup after it gave these receipts")
        received = Received(custody=self.standing.custody)  # what leaves this device is not fed to it again
        for verdict in verdicts:
            known = self._waiting.get(verdict.hash) or self.refused.get(verdict.hash)
            if known is None:
                continue  # settled already, by the network or by the same file
            if verdict.verdict == "quarantined" and verdict.hash not in self._waiting:
                if verdict.reason == LEFT_OUT and self.refused[verdict.hash].reason != LEFT_OUT:
                    received.refused.append(replace(self.refused[verdict.hash], reason=LEFT_OUT))
                continue
            try:
                _judge(known, verdict, received)
            except Malformed as error:
                raise CarryRefused("tampered", str(error)) from error
        received.problem = carried.problem
        if carried.problem == "device_revoked":
            received.end = End(0, more=False, scope=REVOKED_SCOPE, problem=carried.problem)
            received.out_of_scope.update(self.left)
            self._let_go(received, held, busy, ())
        elif carried.scope and self._is_later(carried):
            # The next exchange goes on from here. In another scope it begins anew, as it does after any other answer
            # that names one: so nothing is missed if that, too, has changed again by then.
            same = carried.scope == self.standing.scope
            received.end = End(self.standing.cursor if same else 0, more=True, scope=carried.scope)
            for case_id in revoked:
                self._revoke(case_id, received)
            self._enter(carried.scope, received)
            self._let_go(received, held, busy, (), by_file=True)
        return received

    def _is_later(self, carried: Carried) -> bool:
        """Whether a receipts file knows of the scope what this device has not heard yet."""
        now = self.standing
        same_record = carried.lineage == (now.lineage[-1] if now.lineage else "")
        return same_record and now.scope not in ("", REVOKED_SCOPE) and now.cursor <= carried.cursor

    def read(self, pieces: Iterable[bytes], held: Iterable[str] = (), busy: Iterable[str] = ()) -> Received:
        """What an answer says; a cut one counts as far as it came. Raises `Malformed` when it is no answer.

        `held` are the cases on this device: what of them has left the scope and may go is `Received.purge`. `busy`
        are those that must stay for another reason than their acts, such as a photograph that is still on its way.
        """
        received = Received()
        held = tuple(held)
        logs = AnswerLogs(held, self.log_of)
        reading = _Reading(received, iter(self._sent), logs, ChangeUnpacker(logs))
        reader = FrameReader()
        try:
            for piece in pieces:
                for frame in reader.feed(piece):
                    if received.end is not None and not received.end.more:
                        raise Malformed("answer", "goes on after its end")
                    self._take(frame, reading)
        except Unresolved:
            self._speech = min(self._speech, _PLAIN_ONCE)  # what came before counts, the rest is asked for in full
        # What was quarantined for want of a cause may have been taken in the same breath: the feed is the later word.
        fed = {each.hash for each in received.acts}
        received.refused = [each for each in received.refused if each.hash not in fed]
        received.shared = self._shared(received)
        if received.shared is not None:  # the feed brings again what the record that came back still has
            received.out_of_scope.update(self.left)
        if not received.is_empty:
            received = self._watched(received)
        self._let_go(received, held, busy, self._attested if received.end is not None else ())
        return received

    def _shared(self, received: Received) -> int | None:
        """Up to where the log is still the one that this device knew; None: nothing says that it is not."""
        if received.end is None:
            return None
        if received.end.shared is not None:
            return received.end.shared
        beacon = received.beacon  # its signature is the record's own word that the log is shorter than it was
        seen = max(self.standing.top + 1, self.standing.head.size if self.standing.head is not None else 0)
        return beacon.log_size if beacon is not None and beacon.log_size < seen else None

    def _watched(self, received: Received) -> Received:
        """The same when the log behind it continues the one that this device has seen, or the record says that it came
        back from a backup; else only that it does not."""
        known, beacon = self.standing.head, received.beacon
        received.head = head_in(known, beacon)
        if received.head is None or beacon is None:
            return received
        if any(each.log_index >= received.head.size for each in received.receipts):
            raise Malformed("answer", "has a receipt for an act that is not in the log")
        if received.shared is None and known is not None and not continues(known, received.head, beacon):
            return Received(beacon=beacon, forked=True, head=known, told=received.head)
        return received

    def _let_go(
        self,
        received: Received,
        held: Iterable[str],
        busy_too: Iterable[str],
        attested: tuple[str, ...],
        *,
        by_file: bool = False,
    ) -> None:
        end = received.end
        settled = {each.hash for each in received.receipts} | {each.hash for each in received.acts}
        settled |= {each.hash for each in received.refused if each.reason == LEFT_OUT}
        undecided = {each.hash: each for each in self.refused.values() if each.reason != LEFT_OUT}
        undecided |= {each.hash: each for each in received.refused}
        busy = set(busy_too) | {act.case_id for act in self._waiting.values() if act.hash not in settled}
        busy |= {each.case_id for each in undecided.values() if each.hash not in settled}
        # A withdrawn device works on until nothing of it waits: what it began meanwhile is in no scope either.
        new_scope = end is not None and (end.scope != self.standing.scope or end.scope == REVOKED_SCOPE)
        news = News(
            steps=tuple(received.scope_steps),
            scope_changed=new_scope or received.shared is not None,
            complete=end is not None and not end.more and received.shared is None,
            attested=attested,
            by_file=by_file,
        )
        received.custody, received.purge = custody_after(self.standing.custody, news, set(held) - {CITY_ID}, busy)

    def settle(self, received: Received) -> None:
        """Believes what a receipts file brought and the host has stored; says nothing about the line to the record."""
        self._settle(received)
        self.standing = self.standing_after(received)
        self.problem = received.problem or self.problem

    def _settle(self, received: Received) -> None:
        for receipt in received.receipts:
            self._waiting.pop(receipt.hash, None)
            self.refused.pop(receipt.hash, None)
        for act in received.acts:
            self._waiting.pop(act.hash, None)
            self.refused.pop(act.hash, None)
        for refused in received.refused:
            self._waiting.pop(refused.hash, None)
            self.refused[refused.hash] = refused
        for case_id in (*received.returned, *received.out_of_scope):
            self.left.pop(case_id, None)
            self.wanted.pop(case_id, None)
        for case_id in sorted(received.recalled):
            self.want(case_id)

    def commit(self, received: Received) -> int:
        """Believes an answer that the host has stored; gives the milliseconds until the next exchange is due."""
        if received.forked:
            if received.head is not None and received.told is not None:
                self.fork = Fork(received.head, received.told)
            return self.stuck("record_forked", 0.5)
        self._settle(received)
        self.standing = self.standing_after(received)
        if received.head is not None:  # what was seen is continued again: by another server, or the right line
            self.fork = None
        self.online = True
        self.problem = received.end.problem if received.end is not None else ""
        self._sent = ()
        if received.end is None:  # cut: what came is kept, the rest is asked for again, but not in a tight loop
            return BACK_OFF_FIRST_MS
        self.pace.succeeded()
        if self._speech == _PLAIN_ONCE and not received.end.more and not self._sent_short:
            self._speech = _SHORT
        self._more = received.end.more
        if received.shared is not None:  # everything is asked for anew, and what was refused is offered anew
            self._more = True
            self.refused = {hash_: each for hash_, each in self.refused.items() if hash_ not in self._waiting}
        # An older record leaves the asking unanswered: it is asked again from time to time, not at once.
        answered = bool(received.returned or received.out_of_scope or received.recalled)
        self._asked = ()
        due = self._more or self._waiting or self.standing.custody.purged or (self.wanted and answered)
        return 0 if due else self.pace.idle(events=False)

    def standing_after(self, received: Received) -> Standing:
        """Where this device stands once it believes an answer."""
        now, end = self.standing, received.end
        told = [each.log_index for each in received.receipts] + [each.log_index for each in received.acts]
        config = now.config if received.directory is None else int(received.directory["version"])
        top, head = max([now.top, *told]), received.head or now.head
        standing = replace(now, custody=received.custody, config=config, top=top, head=head)
        if end is None:
            return standing
        lineage = (*now.lineage, end.lineage) if end.lineage else now.lineage
        standing = replace(standing, cursor=end.cursor, scope=end.scope, lineage=lineage)
        if received.shared is None:
            return standing
        before = standing.before if now.head is None else (*standing.before, now.head)[-BREAKS_KEPT:]
        return replace(standing, cursor=0, config=0, top=min(standing.top, received.shared - 1), before=before)

    def offer_again(self, acts: Iterable[WaitingAct]) -> None:
        """Takes acts that a record that came back from a backup may have lost; they go before what waits already."""
        self._waiting = {**{act.hash: act for act in acts}, **self._waiting}

    def failed(self, status: int | None, jitter: float, retry_after_ms: int | None = None) -> int:
        """Notes a failed exchange (HTTP status, None: no answer, 200: an unreadable one); gives the wait in ms.

        `jitter` is a random number in [0, 1) from the host, so that a thousand devices do not come back at once.
        """
        self._sent = ()
        self.online = status is not None and status != 200
        if self._sent_short and status in (400, UNRESOLVED):
            # An older record does not know short frames; one that was restored may not hold what they rest on.
            self._speech = _PLAIN_ALWAYS if status == 400 else _PLAIN_ONCE
            return 0
        self.problem = "bad_answer" if status == 200 else _PROBLEMS.get(status or 0, self._lasting_problem)
        if status == 413 and self._items_max > 1:
            self._items_max //= 2
        elif status is not None and status not in _PROBLEMS and status != 200:
            self.problem = "record_fault"
        return self.pace.failed(jitter, reached=status not in (None, 200), retry_after_ms=retry_after_ms)

    def stuck(self, problem: str, jitter: float) -> int:
        """Notes that the host could not store or check what came (`storage_full`, `bad_answer`); gives the wait in ms."""
        self._sent = ()
        self.online = True
        self.problem = problem
        return self.pace.failed(jitter, reached=True)

    @property
    def is_complete(self) -> bool:
        """Whether the record has said that it holds nothing more for this device, and nothing waits here."""
        return not self._more and not self._waiting

    def _batch(self, items_max: int, bytes_max: int, actors_max: int) -> Iterable[WaitingAct]:
        size = 0
        actors: set[str] = set()
        for number, act in enumerate(self._waiting.values()):
            size += len(act.raw)
            if act.actor_signature:
                actors.add(act.actor)
            if number and (number >= items_max or size > bytes_max or len(actors) > actors_max):
                return
            yield act

    def _body(
        self,
        batch: Sequence[WaitingAct],
        purged: tuple[str, ...] = (),
        want: tuple[str, ...] = (),
        *,
        held: tuple[str, ...] = (),
        short: bool = False,
    ) -> bytes:
        actors = {act.actor: act for act in batch if act.actor_signature}
        machine = self.machine
        # Of what was left out by a receipts file the words are still to be heard.
        asks = [each.hash for each in self.refused.values() if each.reason != LEFT_OUT or not each.by]
        hello = Hello(
            device=self.device,
            cursor=self.standing.cursor,
            config=self.standing.config,
            app=self.app_version,
            waiting=len(self._waiting) - len(batch),
            scope=self.standing.scope,
            lineage=self.standing.lineage[-1] if self.standing.lineage else "",
            log_size=self.standing.head.size if self.standing.head is not None else 0,
            can=" ".join(self._can(batch, short=short)),
            purged=purged,
            asks=tuple(asks[:NAMES_MAX]),
            want=want,
            refused=len(self.refused),
            storage_used=machine.storage_used,
            storage_quota=machine.storage_quota,
            storage_kept=machine.storage_kept,
            clock_offset_ms=machine.clock_offset_ms,
            forked=self.fork.text if self.fork is not None else "",
            held=held,
        )
        frames: list[Frame] = [messages.short(hello) if short else message_frame(hello)]
        frames += [
            message_frame(ActorAnnouncement(actor=act.actor, sig=act.actor_signature, alg=act.alg))
            for act in actors.values()
        ]
        plain: list[Frame] = [Pushed(act.case_id, act.alg, act.signature, act.raw) for act in batch]
        return encode_frames(frames + (self._packed(batch) if short and batch else plain))

    def _can(self, batch: Sequence[WaitingAct], *, short: bool) -> Iterator[str]:
        yield REVOKES
        yield OFFERS_AGAIN
        yield WATCHES
        if short:
            yield PACKED
        # What the record does not tell again would not come back into its document, or not save its case from doubt.
        if short and (self.standing.custody.doubtful or any(act.astray for act in batch)):
            yield ECHO

    def _packed(self, batch: Sequence[WaitingAct]) -> list[Frame]:
        """The acts in short; from the first on that cannot be said so, in full."""
        indexes: dict[str, dict[str, int]] = {}

        def index_of(case_id: str, change_hash: str) -> int | None:
            if case_id not in indexes:
                indexes[case_id] = {one: index for index, one in self.log_of(case_id)}
            return indexes[case_id].get(change_hash)

        frames: list[Frame] = []
        acts = [Signed(act.case_id, act.alg, act.signature, act.raw) for act in batch]
        simple = next((at for at, act in enumerate(batch) if len(decode_act_change(act.raw).causes) > 1), len(acts))
        try:
            if simple:
                frames.append(Short(TYPE_ACTS, pack_acts(acts[:simple], index_of)))
        except NotPackable:
            simple = 0
        return frames + [Pushed(act.case_id, act.alg, act.signature, act.raw) for act in acts[simple:]]

    def _take(self, frame: Frame, reading: _Reading) -> None:
        received = reading.received
        if isinstance(frame, Pulled):
            self._take_act(_incoming(frame), reading)
            return
        if isinstance(frame, Short):
            if frame.type == TYPE_CHANGES:
                for each in reading.changes.unpack(frame.payload):
                    place = (each.log_index, each.received_at_ms)
                    change = each.change
                    self._take_act(
                        IncomingAct(each.case_id, change.hash, change.causes, change.text, each.raw, *place), reading
                    )
                return
            if frame.type == TYPE_RECEIPTS:
                _take_receipts(frame.payload, reading)
                return
            frame = messages.long(frame)
        message = read_message(frame)
        if isinstance(message, Verdict):
            sent = next(reading.verdicts, None)
            if sent is None or sent.hash != message.hash:
                raise Malformed("answer", "has a verdict for something that was not sent")
            _judge(sent, message, received)
        elif isinstance(message, Ruled):
            self._hear(message, received)
        elif isinstance(message, Revoke):
            self._revoke(message.case, received)
        elif isinstance(message, Config):
            if type(message.directory.get("version")) is not int:
                raise Malformed("answer.config", "has no version")
            received.directory = message.directory
        elif isinstance(message, Beacon):
            received.beacon = message
        elif isinstance(message, WholeCase):
            self._take_whole(message, received, reading.returning.pop(message.case, []))
        elif isinstance(message, End):
            # What came of an asked case without being closed was feed: it is asked for again.
            received.recalled.update(reading.returning)
            received.end = message
            self._enter(message.scope, received)
        else:
            raise Malformed("answer", "has a message that only a device sends")

    def _take_act(self, incoming: IncomingAct, reading: _Reading) -> None:
        act = read_act(incoming.text)
        received = reading.received
        case_id = incoming.case_id
        # What left and was taken out of scope comes back whole with the feed, as if it had never been here.
        if case_id not in self.left or case_id in received.returned or case_id in received.out_of_scope:
            received.acts.append(incoming)
            received.scope_steps.append((case_id, True))
        elif case_id in self._asked:
            reading.returning.setdefault(case_id, []).append(incoming)
        elif incoming.log_index > self.left[case_id]:
            received.recalled.add(case_id)  # its causes are not here: all of it is asked for
        if act.device == self.device:
            received.own_seq = max(received.own_seq, act.device_seq)
        reading.logs.add(case_id, incoming.log_index, incoming.hash)

    def _revoke(self, case_id: str, received: Received) -> None:
        """A case is not this person's business any more; of one that left before, what was kept of it goes as well."""
        received.scope_steps.append((case_id, False))
        if case_id in self.left:
            received.out_of_scope.add(case_id)

    def _enter(self, scope: str, received: Received) -> None:
        """Forgets in another scope what left in the last one: the feed begins anew and brings all that is still to be
        known. What was asked for is answered by itself, unless the device is withdrawn."""
        if self.standing.scope not in ("", scope):
            answered = () if scope == REVOKED_SCOPE else self.wanted
            received.out_of_scope.update(case_id for case_id in self.left if case_id not in answered)

    def _take_whole(self, whole: WholeCase, received: Received, acts: list[IncomingAct]) -> None:
        if whole.case not in self._asked or whole.acts != len(acts):
            raise Malformed("answer.case", "is not what was asked for")
        if not acts:
            received.out_of_scope.add(whole.case)
            return
        received.acts += acts
        received.scope_steps.append((whole.case, True))
        received.returned.append(whole.case)

    def let_go(self, cases: Mapping[str, int]) -> None:
        """Notes cases that the host has deleted, each with the highest log index that it had held."""
        self.left.update(cases)

    def want(self, case_id: str) -> None:
        """Asks a case back that left this device; it comes with one of the next answers."""
        if case_id in self.left:
            self.wanted[case_id] = None

    def is_astray(self, change_hash: str) -> bool:
        """Whether an act is in no document because it was refused before: only the outbox has its bytes."""
        waiting = self._waiting.get(change_hash)
        return change_hash in self.refused or (waiting is not None and waiting.astray)

    def left_out_in(self, received: Received) -> list[RefusedAct]:
        """The acts of cases that go with this answer which the centre left out: of them the word stays."""
        gone = set(received.purge)
        known = {**self.refused, **{each.hash: each for each in received.refused}}
        return [each for each in known.values() if each.case_id in gone and each.reason == LEFT_OUT]

    def _hear(self, ruled: Ruled, received: Received) -> None:
        """The centre's decision about an act that is kept here as refused."""
        refused = self.refused.get(ruled.hash)
        if refused is None:
            return
        if not ruled.in_scope:
            self._revoke(refused.case_id, received)
        if not ruled.taken:
            told = RefusedAct(refused.case_id, ruled.hash, LEFT_OUT, refused.now_with, ruled.by, ruled.why, ruled.at_ms)
            received.refused.append(told)
        elif ruled.log_index is None or ruled.received_at_ms is None:
            raise Malformed("answer.ruled", "takes an act without its place and time")
        else:
            received.receipts.append(
                Receipt(refused.case_id, ruled.hash, ruled.log_index, ruled.received_at_ms, ruled.sig)
            )


def _judge(sent: WaitingAct | RefusedAct, verdict: Verdict, received: Received) -> None:
    if verdict.verdict == "quarantined":
        received.refused.append(RefusedAct(sent.case_id, sent.hash, verdict.reason, verdict.now_with))
        return
    if verdict.log_index is None or verdict.received_at_ms is None:
        raise Malformed("answer.verdict", "takes an act without its place and time")
    received.receipts.append(Receipt(sent.case_id, sent.hash, verdict.log_index, verdict.received_at_ms, verdict.sig))


def _take_receipts(payload: bytes, reading: _Reading) -> None:
    """The next acts that were sent are in the log; each gets a receipt that stands for itself."""
    places, signature = receipts.unpack_receipts(payload)
    sent = [act for _, act in zip(places, reading.verdicts, strict=False)]
    if len(sent) != len(places):
        raise Malformed("answer", "has a receipt for something that was not sent")
    leaves = [
        receipts.leaf(act.case_id, act.hash, place.log_index, place.received_at_ms)
        for act, place in zip(sent, places, strict=True)
    ]
    _, paths = receipts.root_and_paths(leaves)
    for act, place, path in zip(sent, places, paths, strict=True):
        proof = receipts.proof(signature, path)
        reading.received.receipts.append(Receipt(act.case_id, act.hash, place.log_index, place.received_at_ms, proof))
        reading.logs.add(act.case_id, place.log_index, act.hash)


def _incoming(frame: Pulled) -> IncomingAct:
    change = decode_act_change(frame.raw)
    return IncomingAct(
        case_id=frame.case_id,
        hash=change.hash,
        deps=change.causes,
        text=change.text,
        raw=frame.raw,
        log_index=frame.log_index,
        received_at_ms=frame.received_at_ms,
    )
