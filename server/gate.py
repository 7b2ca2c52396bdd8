"""The gate: what a change must fulfil to enter the log, and the verdict for each.

Order of the checks, cheapest and safest first: shape (own decoder), signature, actor and device, act text, person,
beacon; then what needs the case: identity, sequence, causes, scope, meaning; last the real engine. What fails is kept
in quarantine with its reason; one bad change never stops the next. Must not answer over the network (see `exchange`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection

from py_core.cases.acts import Act, Event, RecordedAct, read_act
from py_core.cases.commands import COMMAND_OF
from py_core.cases.events import tells_no_time
from py_core.change import ActChange, causes_in, decode_act_change, sign_bytes
from py_core.city import CITY_ID
from py_core.directory import Directory, Person
from py_core.errors import Malformed
from py_core.packs import Packs, load_packs
from py_core.reporters import TELLING, TOLD, complaints_beside, gives_away, is_reporter_id, reporter_id
from py_core.restricted import restriction
from py_core.rights import WORK, Right, may, rights
from py_core.visits import is_visit_id
from server import audit, lineage, record
from server.attachments import note_names
from server.city import sees_whole_city
from server.devices import SERVER_DEVICE, Device, actor_owner, device_by_id, freeze
from server.engine import CaseEngine
from server.keys import verifies
from server.late_work import OTHERS_ACT
from server.log_tree import check_end, grow
from server.outside import from_ms
from server.receipts import Receipts
from server.record import Entry, Submission
from server.scope import CONCERNED, RESTRICTED, Standing, day_of, standing_after, units_concerned, units_in
from server.trial import NotTaken

_REGISTRATION = frozenset(
    {
        "registered",
        "attachment_added",
        "materials_received",
        "correction_notified",
        "scope_judged",
        "delivered",
        "accepted",
        "receipt_issued",
    }
)
WAIVABLE = frozenset(
    {"foreign_scope", "device_revoked", "device_frozen", "sequence_reused", "time_not_told", OTHERS_ACT}
)  # what a reconciler may look beyond, with a reason

ReadEvent = Callable[[Event, str], object]
"""Raises `Malformed` for an event that the core cannot read in the document with this id."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of one submission; `log_index` and `received_at_ms` unless it was quarantined."""

    verdict: Literal["accepted", "had", "quarantined"]
    case_id: str
    hash: str
    reason: str = ""
    log_index: int | None = None
    received_at_ms: int | None = None


class _Refusal(Exception):
    """Ends the checks of one submission."""

    def __init__(self, reason: str, waits_for: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.waits_for = waits_for


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A submission that is an act of its device and its person."""

    submission: Submission
    change: ActChange
    act: Act


@dataclass(slots=True)
class _Case:
    """A case as it would be with the candidates taken so far."""

    known: dict[str, Entry]
    standing: Standing
    stored: int  # how many of `known` are in the log already
    erased: bool = False

    def copy(self) -> _Case:
        return _Case(dict(self.known), self.standing, self.stored, self.erased)

    def seen_by(self, deps: Sequence[str]) -> set[str]:
        """Everything that an author who had seen `deps` had seen."""
        seen: set[str] = set()
        waiting = [dep for dep in deps if dep in self.known]
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += [dep for dep in self.known[each].deps if dep in self.known]
        return seen


@dataclass(slots=True)
class _Plan:
    """What would be written for each submission, by its place in the batch."""

    taken: dict[int, _Candidate] = field(default_factory=dict)
    refused: dict[int, _Refusal] = field(default_factory=dict)
    had: dict[int, Entry] = field(default_factory=dict)
    same_as: dict[int, int] = field(default_factory=dict)
    cases: dict[str, _Case] = field(default_factory=dict)
    sequences: dict[tuple[str, int], str] = field(default_factory=dict)


def is_authorised(case_id: str, events: Sequence[Event], roles: Sequence[str], *, by_record: bool) -> bool:
    """Whether somebody with these roles may state these events in this document (`rights.toml`).

    What a registration brings along is part of registering. Who decides in the name of a role must have that role.
    """
    if case_id == CITY_ID:
        return may(roles, "change_city_rules")
    begins = events[0]["type"] == "registered"
    for event in events:
        right = _right_of(event)
        if begins and event["type"] in _REGISTRATION:
            right = rights().rows[WORK]
        if right.record_only and not by_record:
            return False
        if right.roles.isdisjoint(roles):
            return False
        if event.get("by_role") is not None and event["by_role"] not in roles:
            return False
    return True


def _right_of(event: Event) -> Right:
    """What an event needs; the events of visits and of nobody in particular need the right to work on cases."""
    command = COMMAND_OF.get(event["type"])
    return rights().of_command[command] if command is not None else rights().rows[WORK]


class _View:
    """What a batch has to know of the log: asked once for all its submissions, before anything of it is written."""

    def __init__(self, connection: Connection, submissions: Sequence[Submission]) -> None:
        self._connection = connection
        self._owners: dict[str, str | None] = {}
        # The hash of a change is that of its chunk; bytes that are none are not in the log either.
        hashes = {hashlib.sha256(each.raw[8:]).hexdigest() for each in submissions}
        self.entries = record.entries_by_hash(connection, hashes)
        self.numbers: set[tuple[str, int]] = set()
        self.some_quarantined = True
        self.standings: dict[str, Standing] = {}

    def owner(self, actor: str) -> str | None:
        """The device of an actor."""
        if actor not in self._owners:
            self._owners[actor] = actor_owner(self._connection, actor)
        return self._owners[actor]

    @cached_property
    def ends(self) -> record.Ends:
        """Where log and feed end; asked for when the writing begins."""
        return record.ends(self._connection)

    def standing(self, case_id: str) -> Standing:
        """Who is in a case with what has been written of the batch."""
        if case_id not in self.standings:
            self.standings[case_id] = record.standing_of_case(self._connection, case_id)
        return self.standings[case_id]

    def known_of(self, case_id: str) -> dict[str, Entry]:
        """What the log has of another document, in its order."""
        return {entry.hash: entry for entry in record.entries_of_case(self._connection, case_id)}

    def look_up_numbers(self, acts: Iterable[Act]) -> None:
        """Learns which of the acts' numbers are taken."""
        of_device: dict[str, set[int]] = {}
        for act in acts:
            of_device.setdefault(act.device, set()).add(act.device_seq)
        for device, numbers in of_device.items():
            taken = record.taken_numbers(self._connection, device, numbers)
            self.numbers |= {(device, number) for number in taken}

    def look_for_quarantined(self, cases: Collection[str]) -> None:
        """Learns whether anything of these cases waits to be released; mostly nothing does."""
        self.some_quarantined = record.holds_quarantined(self._connection, cases)


class Gate:
    """Decides about changes inside a writing transaction of the caller's."""

    def __init__(self, engine: CaseEngine, receipts: Receipts, read_event: ReadEvent, packs: Packs) -> None:
        self._engine = engine
        self._receipts = receipts
        self._read_event = read_event
        self._packs = packs

    def admit(
        self, connection: Connection, submissions: Sequence[Submission], directory: Directory, now_ms: int
    ) -> list[Ruling]:
        """A ruling for each submission, in order; writes the log, the feeds and the quarantine.

        What lay in quarantine for want of a cause that now came is looked at again in the same breath. Raises
        `LogDamaged` when acts that were signed for are no longer in the log.
        """
        check_end(connection, record.log_size(connection))
        rulings = self._admit(connection, submissions, directory, now_ms)
        arrived = rulings
        while waiting := record.waiting_for(connection, [r.hash for r in arrived if r.verdict == "accepted"]):
            arrived = self._admit(connection, waiting, directory, now_ms)
        grow(connection)
        return rulings

    def _admit(
        self, connection: Connection, submissions: Sequence[Submission], directory: Directory, now_ms: int
    ) -> list[Ruling]:
        view = _View(connection, submissions)
        devices: dict[str, Device | None] = {}
        read: list[_Candidate | _Refusal] = []
        for submission in submissions:
            if submission.device not in devices:
                devices[submission.device] = device_by_id(connection, submission.device)
            try:
                read.append(self._read(connection, view, submission, devices[submission.device], directory, now_ms))
            except _Refusal as refusal:
                read.append(refusal)
        stored: dict[str, _Case] = {}
        view.look_up_numbers(each.act for each in read if isinstance(each, _Candidate))
        while True:
            plan = self._plan(connection, view, read, stored, directory, now_ms)
            faults = self._try(plan)
            if not faults:
                break
            for at, reason in faults.items():  # others may rest on it: plan again without
                read[at] = _Refusal(reason)
        view.look_for_quarantined({each.submission.case_id for each in plan.taken.values()})
        written = [
            self._write(connection, view, at, each, plan, directory, now_ms) for at, each in enumerate(submissions)
        ]
        if plan.taken:
            view.ends.write(connection)
        return written

    def _read(
        self,
        connection: Connection,
        view: _View,
        submission: Submission,
        device: Device | None,
        directory: Directory,
        now_ms: int,
    ) -> _Candidate:
        """The checks that need no case."""
        try:
            change = decode_act_change(submission.raw)
        except Malformed as error:
            raise _Refusal("malformed") from error
        if device is None:
            raise _Refusal("device_revoked")
        # What came in before is told again: a device that lost the answer must not take it for refused.
        known = view.entries.get(change.hash)
        in_the_log = known is not None and known.case_id == submission.case_id
        if (device.revoked or device.frozen) and not (submission.waived or in_the_log):
            raise _Refusal("device_revoked" if device.revoked else "device_frozen")
        message = sign_bytes(submission.case_id, change.hash)
        if submission.alg != device.alg or not verifies(device.alg, device.public_key, submission.signature, message):
            raise _Refusal("wrong_signature")
        owner = view.owner(change.actor)
        act = _act_of(change)
        if owner != device.id and act is not None and act.device not in (device.id, ""):
            # Only a record that came back from a backup can have lost an act that others still hold.
            decided = submission.waived and lineage.count_restores(connection) > 0 and owner in (None, act.device)
            if not in_the_log and not decided:
                raise _Refusal(OTHERS_ACT)
        elif owner != device.id:
            raise _Refusal("unknown_actor" if owner is None else "foreign_actor")
        elif act is None:
            raise _Refusal("not_an_act")
        elif act.device != device.id:
            raise _Refusal("other_device")
        elif act.user != (device.user or submission.user):
            raise _Refusal("other_person")
        if act.user not in directory.people:
            raise _Refusal("unknown_person")
        person = directory.person_on(act.user, day_of(act, now_ms))
        if person is None:
            raise _Refusal("not_in_post")
        if act.beacon is not None and not self._receipts.is_own_beacon(act.beacon):
            raise _Refusal("false_beacon")
        if any(self._packs.unknown_version(act.pack_version, key) for key in self._packs):
            raise _Refusal("unknown_law")
        for event in act.events:
            try:
                self._read_event(event, submission.case_id)
            except Malformed as error:
                raise _Refusal("unreadable_event") from error
            # A device that was offline over the update may send one in good faith: the centre decides.
            if tells_no_time(event["type"], event) and not (submission.waived or in_the_log):
                raise _Refusal("time_not_told")
        if not is_authorised(submission.case_id, act.events, person.roles, by_record=act.device == SERVER_DEVICE):
            raise _Refusal("not_authorised")
        return _Candidate(submission, change, act)

    def _plan(
        self,
        connection: Connection,
        view: _View,
        read: Sequence[_Candidate | _Refusal],
        stored: dict[str, _Case],
        directory: Directory,
        now_ms: int,
    ) -> _Plan:
        """The checks that need the case, each submission on top of those before it."""
        plan = _Plan()
        places: dict[str, int] = {}
        for at, each in enumerate(read):
            if isinstance(each, _Refusal):
                plan.refused[at] = each
                continue
            change_hash, case_id = each.change.hash, each.submission.case_id
            found = view.entries.get(change_hash)
            if found is not None and found.case_id == case_id:
                plan.had[at] = found
            elif found is not None:
                plan.refused[at] = _Refusal("in_another_case")
            elif change_hash in places:
                first = places[change_hash]
                if plan.taken[first].submission.case_id == case_id:
                    plan.same_as[at] = first
                else:
                    plan.refused[at] = _Refusal("in_another_case")
            else:
                if case_id not in stored:
                    stored[case_id] = _load_case(connection, case_id)
                case = plan.cases.setdefault(case_id, stored[case_id].copy())
                try:
                    self._check(view, each, case, plan, directory, now_ms)
                except _Refusal as refusal:
                    plan.refused[at] = refusal
                else:
                    plan.taken[at] = each
                    places[change_hash] = at
        return plan

    def _check(
        self,
        view: _View,
        candidate: _Candidate,
        case: _Case,
        plan: _Plan,
        directory: Directory,
        now_ms: int,
    ) -> None:
        """Whether a candidate fits its case; if so, the case and the plan then contain it."""
        change, act = candidate.change, candidate.act
        number = (act.device, act.device_seq)
        if (plan.sequences.get(number) or number in view.numbers) and not candidate.submission.waived:
            raise _Refusal("sequence_reused")
        if case.erased:
            raise _Refusal("case_erased")
        for cause in change.causes:
            if cause not in case.known:
                raise _Refusal("missing_dependency", cause)
        self._check_history(change, case)
        if candidate.submission.case_id != CITY_ID:
            first = _first_event(candidate.submission.case_id)
            if gives_away(_beginning(case, act), act.events, self._packs):
                raise _Refusal("reporter_in_case")
            if any(event["type"] == TOLD for event in act.events):
                self._check_reporter(view, candidate, case, plan)
            self._check_complaints(candidate, case)
            self._check_scope(candidate, case, directory, first, now_ms)
        case.standing = _standing(candidate, case.standing, directory, now_ms, first=not case.known)
        case.known[change.hash] = _entry_of(candidate, now_ms)
        plan.sequences[number] = change.hash

    @staticmethod
    def _check_reporter(view: _View, candidate: _Candidate, case: _Case, plan: _Plan) -> None:
        """Who reported or complains is told once, by who took that down, as far as the record has the case already."""
        if case.known or len(candidate.act.events) != 1:
            raise _Refusal("second_beginning")
        told, document = candidate.act.events[0], candidate.submission.case_id
        planned = plan.cases.get(told["case"])
        begun = planned.known if planned is not None else view.known_of(told["case"])
        if not begun:
            return
        if any(entry.residue is not None for entry in begun.values()):
            raise _Refusal("case_erased")  # it would outlive what it belongs to
        if told.get("complaint"):
            acts = (recorded_act(entry).act for entry in begun.values())
            taker = next((each.user for each in acts if document in complaints_beside(each.events)), None)
            if taker is None:  # its complaint came too late itself, or there is none: then nothing would ever erase it
                raise _Refusal("foreign_scope")
            own = taker == candidate.act.user
        else:
            own = recorded_act(next(iter(begun.values()))).act.user == candidate.act.user
        if not own:
            raise _Refusal("reporter_of_others_case")

    @staticmethod
    def _check_complaints(candidate: _Candidate, case: _Case) -> None:
        """Each complaint of a case names a document of its own: not the reporter's, and none that is another's."""
        named = complaints_beside(candidate.act.events)
        if not named:
            return
        of_others = [reporter_id(candidate.submission.case_id)]
        for entry in case.known.values():
            of_others += complaints_beside(recorded_act(entry).act.events)
        if len({*named}) < len(named) or not {*named}.isdisjoint(of_others):
            raise _Refusal("reporter_of_others_case")

    @staticmethod
    def _check_history(change: ActChange, case: _Case) -> None:
        """One root in a case; operation and sequence numbers as an honest engine counts them."""
        if not change.causes:
            if case.known:
                raise _Refusal("second_beginning")
            return
        if change.start_op != 1 + max(case.known[cause].start_op for cause in change.causes):
            raise _Refusal("wrong_operation_number")
        older = case.seen_by([dep for cause in change.causes for dep in case.known[cause].deps])
        # An engine names its actor's own last change even where others' later ones rest on it.
        own_last = {e.hash for e in case.known.values() if (e.actor, e.seq) == (change.actor, change.seq - 1)}
        if older.intersection(change.causes) - own_last:
            raise _Refusal("redundant_causes")
        seen = older.union(change.causes)
        own = [entry.seq for entry in case.known.values() if entry.actor == change.actor and entry.hash in seen]
        if change.seq != max(own, default=0) + 1:
            raise _Refusal("wrong_actor_sequence")
        if any(entry.actor == change.actor and entry.seq == change.seq for entry in case.known.values()):
            raise _Refusal("actor_forked")

    @staticmethod
    def _check_scope(candidate: _Candidate, case: _Case, directory: Directory, first: str, now_ms: int) -> None:
        """Whether the document begins with its `first` event, which names a unit, and is this person's business."""
        act, document, waived = candidate.act, candidate.submission.case_id, candidate.submission.waived
        person = directory.person_on(act.user, day_of(act, now_ms)) or directory.people[act.user]
        concerned = units_in(case.standing)
        if any(RESTRICTED in reasons for reasons in case.standing.values()):
            if not waived and not _may_know(document, act, case, person):
                raise _Refusal("foreign_scope")
            return
        if not case.known:  # the first act: the case becomes the business of the units that it names
            if act.events[0]["type"] != first:
                raise _Refusal("no_registration")
            concerned = units_concerned(act.events, directory, day_of(act, now_ms))
            if not concerned:
                raise _Refusal("unknown_unit")
        by_record = all(
            _right_of(event).record_only for event in act.events
        )  # its author answers for a rule, not a case
        if person.unit not in concerned and not sees_whole_city(person) and not waived and not by_record:
            raise _Refusal("foreign_scope")

    def _try(self, plan: _Plan) -> dict[int, str]:
        """Asks the engine about each case's candidates; the places of those that it did not take, with the reason."""
        faults: dict[int, str] = {}
        for case_id, case in plan.cases.items():
            places = [at for at, each in plan.taken.items() if each.submission.case_id == case_id]
            known = [entry.raw for entry in list(case.known.values())[: case.stored]]
            faults |= self._try_case(plan, known, places)
        return faults

    def _try_case(self, plan: _Plan, known: list[bytes], places: Sequence[int]) -> dict[int, str]:
        if not places:
            return {}
        try:
            self._engine.try_changes(known, [plan.taken[at].submission.raw for at in places])
        except NotTaken as error:
            if len(places) == 1:
                return {places[0]: error.code}
        else:
            return {}
        for at in places:  # one at a time: the first that is not taken is found, then all is planned anew
            raw = plan.taken[at].submission.raw
            try:
                self._engine.try_changes(known, [raw])
            except NotTaken as error:
                return {at: error.code}
            known = [*known, raw]
        return {places[-1]: "engine_refused"}

    def _write(
        self,
        connection: Connection,
        view: _View,
        at: int,
        submission: Submission,
        plan: _Plan,
        directory: Directory,
        now_ms: int,
    ) -> Ruling:
        if at in plan.refused:
            refusal = plan.refused[at]
            item_hash = _hash_of(submission.raw)
            record.quarantine_submission(connection, submission, item_hash, refusal.reason, refusal.waits_for, now_ms)
            if refusal.reason == "sequence_reused":  # its signature was right: the profile exists twice
                freeze(
                    connection, submission.device, read_act(decode_act_change(submission.raw).text).device_seq, now_ms
                )
            return Ruling("quarantined", submission.case_id, item_hash, refusal.reason)
        if at in plan.taken:
            change, act = plan.taken[at].change, plan.taken[at].act
            before = view.standing(submission.case_id)
            standing = _standing(plan.taken[at], before, directory, now_ms, first=not before)
            log_index = record.append(connection, submission, change, act, before, standing, now_ms, view.ends)
            view.standings[submission.case_id] = standing
            if view.some_quarantined:
                record.release(connection, submission.case_id, change.hash, now_ms)
            note_names(connection, submission.case_id, act.events, act.user)
            audit.note_act(connection, now_ms, submission.case_id, change.hash, act)
            return Ruling("accepted", submission.case_id, change.hash, "", log_index, now_ms)
        if at in plan.had:
            entry = plan.had[at]
        else:
            view.ends.write(connection)
            known = record.entry_by_hash(connection, plan.taken[plan.same_as[at]].change.hash)
            assert known is not None, "it was written a moment ago"
            entry = known
        return Ruling("had", entry.case_id, entry.hash, "", entry.log_index, entry.received_at_ms)


def recorded_act(entry: Entry) -> RecordedAct:
    """An entry of the log as the core reads it; of an erased one what is left."""
    received_at = from_ms(entry.received_at_ms)
    if entry.residue is not None:
        return RecordedAct(entry.hash, causes_in(entry.deps), read_act(entry.residue), received_at, entry.log_index)
    change = decode_act_change(entry.raw)
    return RecordedAct(change.hash, change.causes, read_act(change.text), received_at, entry.log_index)


def _standing(candidate: _Candidate, before: Standing, directory: Directory, now_ms: int, *, first: bool) -> Standing:
    """Who is in the case with this act: every unit in the city document.

    Work that came too late and was let in by a decision brings nobody back into a case that went on without it.
    """
    act = candidate.act
    if candidate.submission.case_id == CITY_ID:
        return {**before, **{unit: frozenset({CONCERNED}) for unit in directory.units}}
    if candidate.submission.waived and not first:
        return before
    day = day_of(act, now_ms)
    author = directory.person_on(act.user, day) or directory.people[act.user]
    return standing_after(before, act.events, author.unit, directory, day)


def _first_event(document_id: str) -> str:
    """The event with which a document of this kind begins."""
    if is_visit_id(document_id):
        return "visit_planned"
    return TOLD if is_reporter_id(document_id) else "registered"


def _beginning(case: _Case, act: Act) -> Mapping[str, Any]:
    """The registration of the case that an act is for; nothing where it matters to nobody."""
    if all(TELLING.isdisjoint(event) for event in act.events):
        return {}
    first = read_act(decode_act_change(next(iter(case.known.values())).raw).text) if case.known else act
    return next((event for event in first.events if event.get("type") == "registered"), {})


def _may_know(document: str, act: Act, case: _Case, person: Person) -> bool:
    """Whether the author of an act may know of a restricted case; the record's own statements are for rules."""
    if all(_right_of(event).record_only for event in act.events):
        return True
    if is_reporter_id(document) and all(event["type"] == "late_work_taken" for event in act.events):
        return True  # a decision about when it came, for which nobody has to know what it says
    first = read_act(decode_act_change(next(iter(case.known.values())).raw).text)
    found = restriction(first.events, first.user, load_packs())
    return found is None or found.allows(act.user, person.roles)


def _act_of(change: ActChange) -> Act | None:
    try:
        return read_act(change.text)
    except Malformed:
        return None


def _load_case(connection: Connection, case_id: str) -> _Case:
    entries = record.entries_of_case(connection, case_id)
    return _Case(
        known={entry.hash: entry for entry in entries},
        standing=record.standing_of_case(connection, case_id),
        stored=len(entries),
        erased=any(entry.residue is not None for entry in entries),
    )


def _entry_of(candidate: _Candidate, now_ms: int) -> Entry:
    change = candidate.change
    return Entry(
        -1,
        change.hash,
        candidate.submission.case_id,
        change.actor,
        change.seq,
        change.start_op,
        change.deps,
        candidate.submission.raw,
        now_ms,
    )


def _hash_of(raw: bytes) -> str:
    """The change hash if the bytes are a change, else their SHA-256: something to call them by."""
    try:
        return decode_act_change(raw).hash
    except Malformed:
        return hashlib.sha256(raw).hexdigest()
