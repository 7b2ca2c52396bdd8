"""Reads the record's answer frame by frame into what it brought; nothing of it is believed yet (see `sync`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.errors import Malformed
from py_core.exchanged import LEFT_OUT, IncomingAct, Receipt, Received, RefusedAct, WaitingAct
from py_core.log_watch import proof_in
from py_core.packed import messages, receipts
from py_core.packed.changes import ChangeUnpacker
from py_core.packed.held import AnswerLogs, LogOf
from py_core.wire import (
    REVOKED_SCOPE,
    TYPE_CHANGES,
    TYPE_INCLUDED,
    TYPE_RECEIPTS,
    Beacon,
    Config,
    End,
    Frame,
    Pulled,
    Revoke,
    Ruled,
    Short,
    Verdict,
    WholeCase,
    read_message,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a device knows that decides how an answer is to be understood."""

    device: str
    sent: Sequence[WaitingAct]  # in the order of the verdicts that are to come
    left: Mapping[str, int]  # cases that left the device, with the highest log index that it had held
    asked: Collection[str]  # those of them that were asked back
    wanted: Collection[str]  # all that are to come back
    refused: Mapping[str, RefusedAct]
    scope: str  # of the last end


class AnswerReader:
    """One answer that is being read."""

    def __init__(self, known: Known, held: Sequence[str], log_of: LogOf) -> None:
        self.received = Received()
        self._known = known
        self._verdicts = iter(known.sent)  # what was sent and has no verdict yet
        self._logs = AnswerLogs(held, log_of)
        self._changes = ChangeUnpacker(self._logs)
        self._returning: dict[str, list[IncomingAct]] = {}

    def take(self, frame: Frame) -> None:
        """Adds what a frame says; raises `Malformed`, `Unresolved`."""
        received = self.received
        if isinstance(frame, Pulled):
            self._take_act(_incoming(frame))
            return
        if isinstance(frame, Short):
            if frame.type == TYPE_CHANGES:
                for each in self._changes.unpack(frame.payload):
                    place = (each.log_index, each.received_at_ms)
                    change = each.change
                    self._take_act(IncomingAct(each.case_id, change.hash, change.causes, change.text, each.raw, *place))
                return
            if frame.type == TYPE_RECEIPTS:
                self._take_receipts(frame.payload)
                return
            if frame.type == TYPE_INCLUDED:
                received.proof = proof_in(frame.payload)
                return
            frame = messages.long(frame)
        message = read_message(frame)
        if isinstance(message, Verdict):
            sent = next(self._verdicts, None)
            if sent is None or sent.hash != message.hash:
                raise Malformed("answer", "has a verdict for something that was not sent")
            judge(sent, message, received)
        elif isinstance(message, Ruled):
            self._hear(message)
        elif isinstance(message, Revoke):
            self.revoke(message.case)
        elif isinstance(message, Config):
            if type(message.directory.get("version")) is not int:
                raise Malformed("answer.config", "has no version")
            received.directory = message.directory
        elif isinstance(message, Beacon):
            received.beacon = message
        elif isinstance(message, WholeCase):
            self._take_whole(message, self._returning.pop(message.case, []))
        elif isinstance(message, End):
            # What came of an asked case without being closed was feed: it is asked for again.
            received.recalled.update(self._returning)
            received.end = message
            self.enter(message.scope)
        else:
            raise Malformed("answer", "has a message that only a device sends")

    def _take_act(self, incoming: IncomingAct) -> None:
        act = read_act(incoming.text)
        received = self.received
        case_id = incoming.case_id
        # What left and was taken out of scope comes back whole with the feed, as if it had never been here.
        if case_id not in self._known.left or case_id in received.returned or case_id in received.out_of_scope:
            received.acts.append(incoming)
            received.scope_steps.append((case_id, True))
        elif case_id in self._known.asked:
            self._returning.setdefault(case_id, []).append(incoming)
        elif incoming.log_index > self._known.left[case_id]:
            received.recalled.add(case_id)  # its causes are not here: all of it is asked for
        if act.device == self._known.device:
            received.own_seq = max(received.own_seq, act.device_seq)
        self._logs.add(case_id, incoming.log_index, incoming.hash)

    def revoke(self, case_id: str) -> None:
        """A case is not this person's business any more; of one that left before, what was kept of it goes as well."""
        self.received.scope_steps.append((case_id, False))
        if case_id in self._known.left:
            self.received.out_of_scope.add(case_id)

    def enter(self, scope: str) -> None:
        """Forgets in another scope what left in the last one: the feed begins anew and brings all that is still to be
        known. What was asked for is answered by itself, unless the device is withdrawn."""
        if self._known.scope not in ("", scope):
            answered = () if scope == REVOKED_SCOPE else self._known.wanted
            self.received.out_of_scope.update(case_id for case_id in self._known.left if case_id not in answered)

    def _take_whole(self, whole: WholeCase, acts: list[IncomingAct]) -> None:
        received = self.received
        if whole.case not in self._known.asked or whole.acts != len(acts):
            raise Malformed("answer.case", "is not what was asked for")
        if not acts:
            received.out_of_scope.add(whole.case)
            return
        received.acts += acts
        received.scope_steps.append((whole.case, True))
        received.returned.append(whole.case)

    def _take_receipts(self, payload: bytes) -> None:
        """The next acts that were sent are in the log; each gets a receipt that stands for itself."""
        places, signature = receipts.unpack_receipts(payload)
        sent = [act for _, act in zip(places, self._verdicts, strict=False)]
        if len(sent) != len(places):
            raise Malformed("answer", "has a receipt for something that was not sent")
        leaves = [
            receipts.leaf(act.case_id, act.hash, place.log_index, place.received_at_ms)
            for act, place in zip(sent, places, strict=True)
        ]
        _, paths = receipts.root_and_paths(leaves)
        for act, place, path in zip(sent, places, paths, strict=True):
            proof = receipts.proof(signature, path)
            self.received.receipts.append(Receipt(act.case_id, act.hash, place.log_index, place.received_at_ms, proof))
            self._logs.add(act.case_id, place.log_index, act.hash)

    def _hear(self, ruled: Ruled) -> None:
        """The centre's decision about an act that is kept here as refused."""
        received, refused = self.received, self._known.refused.get(ruled.hash)
        if refused is None:
            return
        if not ruled.in_scope:
            self.revoke(refused.case_id)
        if not ruled.taken:
            told = RefusedAct(refused.case_id, ruled.hash, LEFT_OUT, refused.now_with, ruled.by, ruled.why, ruled.at_ms)
            received.refused.append(told)
        elif ruled.log_index is None or ruled.received_at_ms is None:
            raise Malformed("answer.ruled", "takes an act without its place and time")
        else:
            received.receipts.append(
                Receipt(refused.case_id, ruled.hash, ruled.log_index, ruled.received_at_ms, ruled.sig)
            )


def judge(sent: WaitingAct | RefusedAct, verdict: Verdict, received: Received) -> None:
    """Adds what a verdict says of an act; raises `Malformed`."""
    if verdict.verdict == "quarantined":
        received.refused.append(RefusedAct(sent.case_id, sent.hash, verdict.reason, verdict.now_with))
        return
    if verdict.log_index is None or verdict.received_at_ms is None:
        raise Malformed("answer.verdict", "takes an act without its place and time")
    received.receipts.append(Receipt(sent.case_id, sent.hash, verdict.log_index, verdict.received_at_ms, verdict.sig))


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
