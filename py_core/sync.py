"""Decides what a device says to the city record and what it believes of the answer, without any I/O or clock.

The host (the browser's worker, later the simulation) sends `request()`, reads the answer with `read()`, stores what
came **durably** and only then calls `commit()`. Whatever is repeated or cut in between changes nothing: acts are
known by their hash and the cursor moves only with the `end` of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from py_core import asking
from py_core.answer import AnswerReader, Known, judge
from py_core.carried_log import watched
from py_core.carry import OUTBOX_BYTES_MAX, OUTBOX_ITEMS_MAX, CarriedLog, CarryRefused
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.custody import ATTESTED_AT_ONCE, News, custody_after
from py_core.errors import Malformed
from py_core.exchanged import LEFT_OUT, DeviceState, Received, RefusedAct, WaitingAct
from py_core.log_watch import Fork, continues, head_in, proven
from py_core.merkle import Head
from py_core.pace import BACK_OFF_FIRST_MS, Pace
from py_core.packed.changes import Unresolved
from py_core.packed.held import LogOf, nothing_held
from py_core.standing import Standing
from py_core.wire import (
    HELD_MAX,
    REQUEST_ACTORS_MAX,
    REVOKED_SCOPE,
    WANTED_MAX,
    Carried,
    End,
    FrameReader,
    Verdict,
)

PUSH_ITEMS_MAX = 200
PUSH_BYTES_MAX = 512 * 1024
BREAKS_KEPT = 5  # heads of histories that ended with a restore

UNRESOLVED = 409  # the record does not hold what the acts in short rest on

_PLAIN_ALWAYS, _PLAIN_ONCE, _SHORT = range(3)
_PROBLEMS = {401: "signed_out", 403: "unknown_device", 426: "update_needed", 429: "busy", 503: "busy"}


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
        self._exchanging = False  # an answer is on its way, and may rest on whatever is held
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
        self._exchanging = True
        self._sent = tuple(self._batch(self._items_max, PUSH_BYTES_MAX, REQUEST_ACTORS_MAX))
        self._attested = self.standing.custody.purged[:ATTESTED_AT_ONCE]
        self._asked = tuple(self.wanted)[:WANTED_MAX]
        self._sent_short = self._speech == _SHORT
        astray = not self.astray.isdisjoint(act.hash for act in self._sent)
        return asking.body(self._about, self._sent, self._attested, self._asked, short=self._sent_short, astray=astray)

    def carry_out(self, held: Iterable[str] = ()) -> tuple[bytes, int]:
        """The frames of an outbox file and how many acts are in it: like a request, but as much as a file may hold.

        The acts go on waiting: only a receipt, carried back or from an exchange, takes them out of the outbox. `held`
        are the cases on this device: the receipts say which of them, and of those that left it, are out of its scope.
        """
        batch = tuple(self._batch(OUTBOX_ITEMS_MAX, OUTBOX_BYTES_MAX, OUTBOX_ITEMS_MAX))
        purged = self.standing.custody.purged[:ATTESTED_AT_ONCE]
        known = sorted({*held, *self.left} - {CITY_ID})
        return asking.body(self._about, batch, purged, held=tuple(known[:HELD_MAX]), filed=True), len(batch)

    def read_carried(
        self,
        carried: Carried,
        verdicts: Iterable[Verdict],
        held: Iterable[str] = (),
        busy: Iterable[str] = (),
        revoked: Iterable[str] = (),
        log: CarriedLog | None = None,
    ) -> Received:
        """What a receipts file says about acts that still wait here, or are kept as refused, whether the device is
        withdrawn, and which cases are out of its scope (they go as after an exchange; `held`, `busy` as in `read`);
        raises `CarryRefused` for another device's, and when it does not prove what this device demands."""
        verdicts = tuple(verdicts)
        if carried.device != self.device:
            raise CarryRefused("other_device", "the receipts are for another device")
        if carried.lineage in self.standing.lineage[:-1]:
            raise CarryRefused("older_record", "the record came back from a backup after it gave these receipts")
        answer = AnswerReader(self._known, (), self.log_of)
        received = answer.received
        received.custody = self.standing.custody  # what leaves this device is not fed to it again
        for verdict in verdicts:
            known = self._waiting.get(verdict.hash) or self.refused.get(verdict.hash)
            if known is None:
                continue  # settled already, by the network or by the same file
            if verdict.verdict == "quarantined" and verdict.hash not in self._waiting:
                if verdict.reason == LEFT_OUT and self.refused[verdict.hash].reason != LEFT_OUT:
                    received.refused.append(replace(self.refused[verdict.hash], reason=LEFT_OUT))
                continue
            try:
                judge(known, verdict, received)
            except Malformed as error:
                raise CarryRefused("tampered", str(error)) from error
        received = watched(received, carried, verdicts, log, self.standing)
        if received.forked:
            return received
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
                answer.revoke(case_id)
            answer.enter(carried.scope)
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
        held = tuple(held)
        answer = AnswerReader(self._known, held, self.log_of)
        received = answer.received
        reader = FrameReader()
        try:
            for piece in pieces:
                for frame in reader.feed(piece):
                    if received.end is not None and not received.end.more:
                        raise Malformed("answer", "goes on after its end")
                    answer.take(frame)
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
        self._demand_proof(received, received.head)
        return received

    def _demand_proof(self, received: Received, head: Head) -> None:
        """What has a receipt must be in the log, where the record says how: once it has done so, always."""
        if not received.receipts or (received.proof is None and not self.standing.proves):
            return
        if received.proof is not None and proven(received.receipts, received.proof, head):
            return
        if received.end is None:
            received.receipts = []  # the answer was cut in between: the record is asked for them again
        else:
            raise Malformed("answer", "has receipts without the proof that their acts are in the log")

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
        if received.forked:
            self._accuse(received)
            self.problem = "record_forked"
            return
        self._settle(received)
        self.standing = self.standing_after(received)
        self.problem = received.problem or self.problem

    def _settle(self, received: Received) -> None:
        left_out = self.left_out_in(received)
        for receipt in received.receipts:
            self._waiting.pop(receipt.hash, None)
            self.refused.pop(receipt.hash, None)
        for act in received.acts:
            self._waiting.pop(act.hash, None)
            self.refused.pop(act.hash, None)
        for refused in received.refused:
            self._waiting.pop(refused.hash, None)
            self.refused[refused.hash] = refused
        self.refused |= {each.hash: each for each in left_out}
        for case_id in (*received.returned, *received.out_of_scope):
            self.left.pop(case_id, None)
            self.wanted.pop(case_id, None)
        for case_id in sorted(received.recalled):
            self.want(case_id)

    def commit(self, received: Received) -> int:
        """Believes an answer that the host has stored; gives the milliseconds until the next exchange is due."""
        if received.forked:
            self._accuse(received)
            return self.stuck("record_forked", 0.5)
        self._settle(received)
        self.standing = self.standing_after(received)
        if received.head is not None:  # what was seen is continued again: by another server, or the right line
            self.fork = None
        self.online = True
        self.problem = received.end.problem if received.end is not None else ""
        self._sent, self._exchanging = (), False
        if received.end is None:  # cut: what came is kept, the rest is asked for again, but not in a tight loop
            self._more = True
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

    def _accuse(self, received: Received) -> None:
        """Keeps both heads of a log that does not continue itself: the centre is told them at the next contact."""
        if received.head is not None and received.told is not None:
            self.fork = Fork(received.head, received.told)

    def standing_after(self, received: Received) -> Standing:
        """Where this device stands once it believes an answer."""
        now, end = self.standing, received.end
        told = [each.log_index for each in received.receipts] + [each.log_index for each in received.acts]
        config = now.config if received.directory is None else int(received.directory["version"])
        top, head = max([now.top, *told]), received.head or now.head
        proves = now.proves or received.proof is not None
        standing = replace(now, custody=received.custody, config=config, top=top, head=head, proves=proves)
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
        self._sent, self._exchanging = (), False
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
        self._sent, self._exchanging = (), False
        self.online = True
        self.problem = problem
        return self.pace.failed(jitter, reached=True)

    @property
    def more_to_come(self) -> bool:
        """Whether the record may hold more for this device: until it has said since the start that it does not, and
        while it is being asked."""
        return self._more or self._exchanging

    @property
    def is_complete(self) -> bool:
        """Whether the record has said that it holds nothing more for this device, and nothing waits here."""
        return not self._more and not self._waiting

    @property
    def _known(self) -> Known:
        sent = (self._sent, self.left, self._asked, self.wanted, self.refused)
        return Known(self.device, *sent, self.standing.scope)

    @property
    def _about(self) -> asking.About:
        own = (self.device, self.app_version, self.standing, self.machine)
        return asking.About(*own, self.refused, len(self._waiting), self.fork, self.log_of)

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

    def let_go(self, cases: Mapping[str, int]) -> None:
        """Notes cases that the host has deleted, each with the highest log index that it had held."""
        self.left.update(cases)

    def want(self, case_id: str) -> None:
        """Asks a case back that left this device; it comes with one of the next answers."""
        if case_id in self.left:
            self.wanted[case_id] = None

    @property
    def astray(self) -> frozenset[str]:
        """The acts that are in no document, because they were refused or rest on what was: only the outbox has their
        bytes."""
        refused = {each.case_id for each in self.refused.values()}
        found = {*self.refused, *(act.hash for act in self._waiting.values() if act.astray)}
        for act in self._waiting.values():
            if act.case_id in refused and not found.isdisjoint(decode_act_change(act.raw).causes):
                found.add(act.hash)
        return frozenset(found)

    def waiting_in(self, case_id: str) -> list[WaitingAct]:
        """What waits of a case, causes before effects."""
        return [act for act in self._waiting.values() if act.case_id == case_id]

    def left_out_in(self, received: Received) -> list[RefusedAct]:
        """The acts of cases that go with this answer which the centre left out: of them the word stays, its reason only
        where this very answer tells it: its author has not read it yet (a month, see `shelf.ts`)."""
        gone = set(received.purge)
        before = {each.hash: replace(each, why="") for each in self.refused.values()}
        known = {**before, **{each.hash: each for each in received.refused}}
        return [each for each in known.values() if each.case_id in gone and each.reason == LEFT_OUT]
