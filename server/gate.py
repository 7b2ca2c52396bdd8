"""The gate: what a change must fulfil to enter the log, and the verdict for each.

Order of the checks, cheapest and safest first: shape (own decoder), signature, actor and device, act text, person,
beacon; then what needs the case: identity, sequence, causes, scope, meaning; last the real engine. What fails is kept
in quarantine with its reason; one bad change never stops the next. Must not answer over the network (see `exchange`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from py_core.cases.acts import Event
from py_core.cases.events import tells_no_time
from py_core.change import decode_act_change, sign_bytes
from py_core.city import CITY_ID
from py_core.directory import Directory
from py_core.errors import Malformed
from py_core.packs import Packs
from py_core.reporters import TOLD, is_reporter_id
from py_core.visits import is_visit_id
from server import audit, lineage, record
from server.attachments import note_names
from server.authority import is_authorised, may_know, right_of
from server.beside_cases import check_beside
from server.candidates import Candidate, CaseSoFar, Numbered, Plan, Refusal, entry_of, load_case
from server.city import sees_whole_city
from server.devices import SERVER_DEVICE, Device, device_by_id, freeze
from server.engine import CaseEngine
from server.keys import verifies
from server.late_work import OTHERS_ACT
from server.log_tree import check_end, grow
from server.log_view import LogView
from server.receipts import Receipts
from server.record import Submission
from server.scope import CONCERNED, RESTRICTED, Standing, day_of, standing_after, units_concerned, units_in
from server.submitted import act_of, name_of, own_number
from server.trial import NotTaken

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
        view = LogView(connection, submissions)
        devices: dict[str, Device | None] = {}
        read: list[Candidate | Refusal] = []
        for submission in submissions:
            if submission.device not in devices:
                devices[submission.device] = device_by_id(connection, submission.device)
            try:
                read.append(self._read(connection, view, submission, devices[submission.device], directory, now_ms))
            except Refusal as refusal:
                read.append(refusal)
        stored: dict[str, CaseSoFar] = {}
        numbered = [
            _numbered(each, submission, devices[submission.device])
            for each, submission in zip(read, submissions, strict=True)
        ]
        view.look_up_numbers(each for each in numbered if each is not None)
        while True:
            plan = self._plan(connection, view, read, numbered, stored, directory, now_ms)
            faults = self._try(plan)
            if not faults:
                break
            for at, reason in faults.items():  # others may rest on it: plan again without
                read[at] = Refusal(reason)
        view.look_for_quarantined({each.submission.case_id for each in plan.taken.values()})
        written = [
            self._write(connection, view, at, each, numbered[at], plan, directory, now_ms)
            for at, each in enumerate(submissions)
        ]
        if plan.taken:
            view.ends.write(connection)
        return written

    def _read(
        self,
        connection: Connection,
        view: LogView,
        submission: Submission,
        device: Device | None,
        directory: Directory,
        now_ms: int,
    ) -> Candidate:
        """The checks that need no case."""
        try:
            change = decode_act_change(submission.raw)
        except Malformed as error:
            raise Refusal("malformed") from error
        if device is None:
            raise Refusal("device_revoked")
        # What came in before is told again: a device that lost the answer must not take it for refused.
        known = view.entries.get(change.hash)
        in_the_log = known is not None and known.case_id == submission.case_id
        if (device.revoked or device.frozen) and not (submission.waived or in_the_log):
            raise Refusal("device_revoked" if device.revoked else "device_frozen")
        if not _signed(submission, device, change.hash):
            raise Refusal("wrong_signature")
        owner = view.owner(change.actor)
        act = act_of(change)
        if owner != device.id and act is not None and act.device not in (device.id, ""):
            # Only a record that came back from a backup can have lost an act that others still hold.
            decided = submission.waived and lineage.count_restores(connection) > 0 and owner in (None, act.device)
            if not in_the_log and not decided:
                raise Refusal(OTHERS_ACT)
        elif owner != device.id:
            raise Refusal("unknown_actor" if owner is None else "foreign_actor")
        elif act is None:
            raise Refusal("not_an_act")
        elif act.device != device.id:
            raise Refusal("other_device")
        elif act.user != (device.user or submission.user):
            raise Refusal("other_person")
        if act.user not in directory.people:
            raise Refusal("unknown_person")
        person = directory.person_on(act.user, day_of(act, now_ms))
        if person is None:
            raise Refusal("not_in_post")
        if act.beacon is not None and not self._receipts.is_own_beacon(act.beacon):
            raise Refusal("false_beacon")
        if any(self._packs.unknown_version(act.pack_version, key) for key in self._packs):
            raise Refusal("unknown_law")
        for event in act.events:
            try:
                self._read_event(event, submission.case_id)
            except Malformed as error:
                raise Refusal("unreadable_event") from error
            # A device that was offline over the update may send one in good faith: the centre decides.
            if tells_no_time(event["type"], event) and not (submission.waived or in_the_log):
                raise Refusal("time_not_told")
        if not is_authorised(submission.case_id, act.events, person.roles, by_record=act.device == SERVER_DEVICE):
            raise Refusal("not_authorised")
        return Candidate(submission, change, act)

    def _plan(
        self,
        connection: Connection,
        view: LogView,
        read: Sequence[Candidate | Refusal],
        numbered: Sequence[Numbered | None],
        stored: dict[str, CaseSoFar],
        directory: Directory,
        now_ms: int,
    ) -> Plan:
        """The checks that need the case, each submission on top of those before it."""
        plan = Plan()
        places: dict[str, int] = {}
        for at, each in enumerate(read):
            if (bears := numbered[at]) is not None:
                plan.note_number(at, bears, used=view.bears_used_number(bears))
            if isinstance(each, Refusal):
                plan.refused[at] = each
                continue
            change_hash, case_id = each.change.hash, each.submission.case_id
            found = view.entries.get(change_hash)
            if found is not None and found.case_id == case_id:
                plan.had[at] = found
            elif found is not None:
                plan.refused[at] = Refusal("in_another_case")
            elif change_hash in places:
                first = places[change_hash]
                if plan.taken[first].submission.case_id == case_id:
                    plan.same_as[at] = first
                else:
                    plan.refused[at] = Refusal("in_another_case")
            else:
                if case_id not in stored:
                    stored[case_id] = load_case(connection, case_id)
                case = plan.cases.setdefault(case_id, stored[case_id].copy())
                try:
                    if at in plan.twice and not each.submission.waived:
                        raise Refusal("sequence_reused")
                    self._check(view, each, case, plan, directory, now_ms)
                except Refusal as refusal:
                    plan.refused[at] = refusal
                else:
                    plan.taken[at] = each
                    places[change_hash] = at
        return plan

    def _check(
        self,
        view: LogView,
        candidate: Candidate,
        case: CaseSoFar,
        plan: Plan,
        directory: Directory,
        now_ms: int,
    ) -> None:
        """Whether a candidate fits its case; if so, the case and the plan then contain it."""
        change, act = candidate.change, candidate.act
        if case.erased:
            raise Refusal("case_erased")
        for cause in change.causes:
            if cause not in case.known:
                raise Refusal("missing_dependency", cause)
        case.check_history(change)
        # What a beginning may bring along is its author's alone to say once: a later one would say it with others' rights.
        if any(event["type"] in BEGINNINGS for event in (act.events if case.known else act.events[1:])):
            raise Refusal("second_beginning")
        if candidate.submission.case_id != CITY_ID:
            first = _first_event(candidate.submission.case_id)
            check_beside(view, candidate, case, plan, self._packs)
            self._check_scope(candidate, case, directory, first, now_ms)
        case.standing = _standing(candidate, case.standing, directory, now_ms, first=not case.known)
        case.known[change.hash] = entry_of(candidate, now_ms)

    @staticmethod
    def _check_scope(candidate: Candidate, case: CaseSoFar, directory: Directory, first: str, now_ms: int) -> None:
        """Whether the document begins with its `first` event, which names a unit, and is this person's business."""
        act, document, waived = candidate.act, candidate.submission.case_id, candidate.submission.waived
        person = directory.person_on(act.user, day_of(act, now_ms)) or directory.people[act.user]
        concerned = units_in(case.standing)
        if any(RESTRICTED in reasons for reasons in case.standing.values()):
            if not waived and not may_know(document, act, case, person):
                raise Refusal("foreign_scope")
            return
        if not case.known:  # the first act: the case becomes the business of the units that it names
            if act.events[0]["type"] != first:
                raise Refusal("no_registration")
            concerned = units_concerned(act.events, directory, day_of(act, now_ms))
            if not concerned:
                raise Refusal("unknown_unit")
        by_record = all(
            right_of(event).record_only for event in act.events
        )  # its author answers for a rule, not a case
        if person.unit not in concerned and not sees_whole_city(person) and not waived and not by_record:
            raise Refusal("foreign_scope")

    def _try(self, plan: Plan) -> dict[int, str]:
        """Asks the engine about each case's candidates; the places of those that it did not take, with the reason."""
        faults: dict[int, str] = {}
        for case_id, case in plan.cases.items():
            places = [at for at, each in plan.taken.items() if each.submission.case_id == case_id]
            known = [entry.raw for entry in list(case.known.values())[: case.stored]]
            faults |= self._try_case(plan, known, places)
        return faults

    def _try_case(self, plan: Plan, known: list[bytes], places: Sequence[int]) -> dict[int, str]:
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
        view: LogView,
        at: int,
        submission: Submission,
        numbered: Numbered | None,
        plan: Plan,
        directory: Directory,
        now_ms: int,
    ) -> Ruling:
        if at in plan.refused:
            refusal = plan.refused[at]
            item_hash = name_of(submission.raw)
            number = None if numbered is None else numbered.number
            record.quarantine_submission(
                connection, submission, item_hash, refusal.reason, refusal.waits_for, now_ms, number
            )
            if number is not None and at in plan.twice:  # whatever else is wrong with it: the profile exists twice
                freeze(connection, submission.device, number, now_ms)
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


def _numbered(read: Candidate | Refusal, submission: Submission, device: Device | None) -> Numbered | None:
    """The number that its device signed for; None for what another device made, or nobody signed."""
    if isinstance(read, Candidate):
        act, change_hash = read.act, read.change.hash
        return Numbered(act.device, act.device_seq, change_hash) if act.device == submission.device else None
    # A device that is withdrawn is refused before its signature is looked at.
    change_hash = name_of(submission.raw)
    signed = device is not None and _signed(submission, device, change_hash)
    number = own_number(submission.device, submission.raw) if signed else None
    return None if number is None else Numbered(submission.device, number, change_hash)


def _signed(submission: Submission, device: Device, change_hash: str) -> bool:
    """Whether the device signed for this change in this case."""
    message = sign_bytes(submission.case_id, change_hash)
    return submission.alg == device.alg and verifies(device.alg, device.public_key, submission.signature, message)


def _standing(candidate: Candidate, before: Standing, directory: Directory, now_ms: int, *, first: bool) -> Standing:
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


BEGINNINGS = frozenset({"registered", "visit_planned", TOLD})


def _first_event(document_id: str) -> str:
    """The event with which a document of this kind begins."""
    if is_visit_id(document_id):
        return "visit_planned"
    return TOLD if is_reporter_id(document_id) else "registered"
