"""What a device writes down of an answer, in one transaction: the same plan for the browser's worker and the simulation.

Reads what the device holds, writes nothing itself. The host carries the plan out, seals and stores, and only then
believes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from py_core.change import decode_act_change
from py_core.exchanged import Received, RefusedAct
from py_core.lineage import Again, Row, offered_again, refused_again, without_receipts
from py_core.sync import SyncClient


@dataclass(frozen=True, slots=True)
class DocumentStep:
    """What becomes of a case's document: first without some acts (and all that rests on them), then with new ones."""

    without: tuple[str, ...]
    changes: tuple[bytes, ...]


@dataclass(slots=True)
class Keeping:
    """The steps of the transaction, besides cursor, directory and receipts, which are in the answer itself."""

    rows: dict[str, list[list[Any]]] = field(default_factory=dict)  # acts as they are to be kept; none: the case goes
    documents: dict[str, DocumentStep] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)  # what leaves the outbox
    refused: list[RefusedAct] = field(default_factory=list)  # what stays in it with a reason
    taken: list[str] = field(default_factory=list)  # what stays in it as `TAKEN` until the feed brings it back
    purge: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()  # cases that left before: what is still kept of them goes as well
    left_out: list[RefusedAct] = field(default_factory=list)  # of a purged case: the word stays, the bytes go
    # What goes back into the outbox, signed for anew: causes before effects, then what was refused. Only what is here.
    again: list[Again] = field(default_factory=list)


def keeping(
    received: Received,
    client: SyncClient,
    held: Iterable[str],
    rows_of: Callable[[str], Sequence[Row]],
) -> Keeping:
    """The plan for an answer or a receipts file; `held` are the cases on the device."""
    plan = Keeping(refused=list(received.refused), purge=received.purge, left_out=client.left_out_in(received))
    if received.shared is not None:
        plan.again = offered_again(((each, rows_of(each)) for each in held), client.device, received.shared)
        for case_id in {each.case_id for each in plan.again}:
            plan.rows[case_id] = without_receipts(rows_of(case_id), received.shared)
        plan.again += refused_again(client.refused.values(), client.device, rows_of)

    going = {*received.purge, *received.custody.leaving, *received.custody.doubtful}

    def rows(case_id: str) -> list[list[Any]]:
        if case_id not in plan.rows:
            plan.rows[case_id] = [list(row) for row in rows_of(case_id)]
        return plan.rows[case_id]

    astray_before = client.astray
    for receipt in received.receipts:
        astray = receipt.hash in astray_before
        if astray and receipt.case_id in going:
            # Its bytes leave with the outbox and no feed brings them back: a row alone could not be offered again.
            plan.rows[receipt.case_id] = [row for row in rows(receipt.case_id) if row[0] != receipt.hash]
        for row in rows(receipt.case_id):
            if row[0] == receipt.hash:
                row[3:] = receipt.received_at_ms, receipt.log_index
        (plan.taken if astray and receipt.case_id not in going else plan.settled).append(receipt.hash)
    for act in received.acts:
        of_case = rows(act.case_id)
        row_of_act = [act.hash, list(act.deps), act.text, act.received_at_ms, act.log_index]
        place = next((at for at, row in enumerate(of_case) if row[0] == act.hash), len(of_case))
        of_case[place : place + 1] = [row_of_act]
        plan.settled.append(act.hash)
    touched = [each.case_id for each in received.acts] + [each.case_id for each in received.refused]
    for case_id in dict.fromkeys(touched):
        plan.documents[case_id] = _document_step(case_id, received, client)
    settled = set(plan.settled)
    plan.taken = [each for each in plan.taken if each not in settled]
    plan.again = [each for each in plan.again if each.hash not in settled.union(plan.taken)]
    # Last, so that nothing above brings a case back that has left this device's scope.
    for case_id in received.purge:
        plan.rows[case_id] = []
        plan.documents.pop(case_id, None)
    plan.forgotten = tuple(sorted(case_id for case_id in received.out_of_scope if case_id not in plan.rows))
    return plan


def _document_step(case_id: str, received: Received, client: SyncClient) -> DocumentStep:
    """A case goes on without its refused acts; they stay in the outbox with the reason. Those of earlier answers too: a
    document of which nothing else would have been left has kept them. With an act that was refused and comes after all
    comes back what waits here and had to leave the document with it.
    """
    acts = [each for each in received.acts if each.case_id == case_id]
    arrived = {each.hash for each in acts}
    refused = {**client.refused, **{each.hash: each for each in received.refused}}
    without = [each.hash for each in refused.values() if each.case_id == case_id and each.hash not in arrived]
    changes = [each.raw for each in acts]
    if not arrived.isdisjoint(client.refused):
        gone = set(without)
        for act in client.waiting_in(case_id):
            if gone.isdisjoint(decode_act_change(act.raw).causes):
                changes.append(act.raw)
            else:
                gone.add(act.hash)
    return DocumentStep(tuple(without), tuple(changes))
