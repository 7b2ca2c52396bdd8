"""What a device demands of a receipts file, as of an answer: that its log continues the head that the device has seen
(`log_watch`), and that every act with a receipt stands in it. Pure; the host checks the record's signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from py_core.carry import CarriedLog, CarryRefused
from py_core.errors import Malformed
from py_core.exchanged import Receipt, Received
from py_core.log_watch import continues, head_in, proven
from py_core.merkle import Head
from py_core.standing import Standing
from py_core.wire import Beacon, Carried, Verdict


def watched(
    received: Received, carried: Carried, verdicts: Sequence[Verdict], log: CarriedLog | None, standing: Standing
) -> Received:
    """The same with the log's head when the file proves all that; else only that the log does not continue. Raises
    `CarryRefused` when the file proves nothing of acts that would count as received.

    Of a record that came back from a backup of which this device has not heard yet, only the acts can be shown.
    """
    known_lineage = standing.lineage[-1] if standing.lineage else carried.lineage
    known = standing.head if carried.lineage == known_lineage else None
    beacons = log.beacons if log is not None else ()
    beacon = next((each for each in beacons if known is None or each.older == known.size), None)
    if log is None or beacon is None:
        if received.receipts and (log is not None or standing.proves):
            raise CarryRefused("unproven", "it does not say how it continues the log that this device has seen")
        return received
    try:
        head = _head(known, beacon)
        if known is not None and not continues(known, head, beacon):
            return Received(forked=True, head=known, told=head, custody=standing.custody)
        told = list(_receipts(verdicts, {each.hash: each.case_id for each in received.receipts}))
        if any(each.log_index >= head.size for each in told) or (told and not proven(told, log.proof, head)):
            raise Malformed("carried.log", "does not have the acts that have a receipt")
    except Malformed as error:
        raise CarryRefused("unproven", str(error)) from error
    if carried.lineage == known_lineage:
        received.head, received.proof = head, log.proof
    return received


def _head(known: Head | None, beacon: Beacon) -> Head:
    head = head_in(known, beacon)
    if head is None:
        raise Malformed("carried.log", "has no root")
    return head


def _receipts(verdicts: Sequence[Verdict], cases: Mapping[str, str]) -> Iterator[Receipt]:
    """Every act that the file says is taken: the proof is of all, also of those that were settled before."""
    for each in verdicts:
        if each.log_index is not None and each.received_at_ms is not None:
            case_id = cases.get(each.hash, each.case)
            yield Receipt(case_id, each.hash, each.log_index, each.received_at_ms, each.sig)
