"""The exchange with the record: what goes out, what an answer brings, and when it is believed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from host.contents import contents_of, uploading_cases
from host.device import Device, StoredCase, as_json, fields, opened
from host.leaving import left_text
from py_core import lineage
from py_core.carry import CarryRefused
from py_core.carry import read_receipts as read_receipts_file
from py_core.change import decode_act_change
from py_core.desk import turn
from py_core.desk.carry_words import carry_problem as carry_problem_words
from py_core.directory import read_directory
from py_core.exchanged import LEFT_OUT, TAKEN, DeviceState, Received, RefusedAct, WaitingAct
from py_core.keeping import Keeping, keeping
from py_core.key_chain import OtherRecord, continuation, read_links
from py_core.left import Left
from py_core.lineage import Notice
from py_core.uploads import UploadClient
from py_core.wire import read_json_object


def load_waiting(rows: Sequence[Mapping[str, Any]]) -> None:
    """Takes the outbox in the order of writing; the refused ones carry their `reason`."""
    client = opened().client
    for row in rows:
        if row["reason"] == TAKEN:
            continue
        if row["reason"]:
            client.refused[row["hash"]] = RefusedAct(
                row["case_id"],
                row["hash"],
                row["reason"],
                tuple(row.get("now_with") or ()),
                row.get("by") or "",
                row.get("why") or "",
                row.get("at_ms"),
            )
        else:
            client.add(waiting_act(row))


def sync_request(machine: str) -> bytes:
    """The body of the next exchange; `machine` is a `DeviceState` as JSON."""
    client = opened().client
    client.machine = DeviceState(**json.loads(machine))
    return client.request()


def sync_read(pieces: Iterable[bytes]) -> dict[str, Any]:
    """Reads an answer without believing it yet; raises `Malformed`. The raw changes stay bytes."""
    device = opened()
    received = device.client.read((bytes(piece) for piece in pieces), device.records, uploading_cases(device))
    device.received, device.plan = received, _plan(device, received)
    return _told(device, received, device.plan)


def sync_commit() -> int:
    """Believes the answer that was read last, after the worker has stored it; gives the wait in milliseconds."""
    device = opened()
    if device.received is None:
        raise RuntimeError("no answer was read")
    _believe(device, device.plan)
    if device.received.directory is not None:
        device.directory = read_directory(device.received.directory)
    device.left = _left_after(device, device.received)
    wait_ms = device.client.commit(device.received)
    _let_know(device, device.received)
    device.received, device.plan = None, Keeping()
    return wait_ms


def offer_again(rows: Sequence[Mapping[str, Any]]) -> None:
    """Believes that these acts wait again, before all others; call before `sync_commit`."""
    device = opened()
    device.client.offer_again(waiting_act(row) for row in rows)
    device.uploads = UploadClient()  # the worker loads anew what has to be sent: photographs may be lost as well


def notice_after(before_ms: int, before_acts: int, now_ms: int, lost: int) -> dict[str, int]:
    """What the sync page says of a record that came back from a backup, as the worker keeps it; `before_ms` 0: nothing
    was said before."""
    notice = lineage.notice_after(Notice(before_ms, before_acts) if before_ms else None, now_ms, lost)
    return {"atMs": notice.at_ms, "count": notice.acts}


def carry_out() -> dict[str, Any]:
    """The frames of an outbox file, and how many acts are in it."""
    device = opened()
    frames, count = device.client.carry_out(device.records)
    return {"frames": frames, "count": count}


def read_receipts(file: bytes) -> dict[str, Any]:
    """Reads a receipts file without believing it yet; `problem` says why it is none for this device."""
    device = opened()
    try:
        read = read_receipts_file(bytes(file))
        received = device.client.read_carried(
            read.carried, read.verdicts, device.records, uploading_cases(device), read.revoked, read.log
        )
    except CarryRefused as error:
        return {"problem": error.code}
    device.carried, device.carried_plan = received, _plan(device, received)
    told = _told(device, received, device.carried_plan)
    return {"received": told, "signature": read.signature.hex(), "signed": read.signed, "key": read.carried.key}


def key_steps(trusted: str, chain: str) -> dict[str, Any]:
    """What must verify before the record's later keys are believed: `keys`, or a `problem`; raises `Malformed`."""
    said = read_json_object(chain.encode())
    try:
        found = continuation(bytes.fromhex(trusted), read_links(said.get("keys")))
    except OtherRecord as error:
        return {"problem": error.code}
    return {
        "keys": [
            {
                "public_key": link.public_key.hex(),
                "since_ms": link.since_ms,
                "signer": step.signer.hex(),
                "sig": step.signature.hex(),
                "message": step.message,
            }
            for link, step in found
        ]
    }


def settle() -> None:
    """Believes the receipts file that was read last, after the worker has checked and stored it."""
    device = opened()
    if device.carried is None:
        raise RuntimeError("no receipts were read")
    _believe(device, device.carried_plan)
    device.left = _left_after(device, device.carried)
    device.client.settle(device.carried)
    _let_know(device, device.carried)
    device.carried = None


def carry_problem(code: str, lang: str) -> str:
    """What is wrong with a carried file, in words."""
    return carry_problem_words(lang, code)


def sync_failed(status: int | None, jitter: float, retry_after_ms: int | None) -> int:
    """Notes a failed exchange; gives the wait in milliseconds."""
    device = opened()
    device.received = None
    return device.client.failed(status, jitter, retry_after_ms)


def sync_stuck(problem: str, jitter: float) -> int:
    """Notes that the worker could not store or check an answer; gives the wait in milliseconds."""
    device = opened()
    device.received = None
    return device.client.stuck(problem, jitter)


def sync_state() -> dict[str, Any]:
    """What the worker must know of the exchange: for the pages and for its own timing."""
    client = opened().client
    return {
        "online": client.online,
        "waiting": client.waiting,
        "refused": len(client.refused),
        "problem": client.problem,
        "complete": client.is_complete,
        "uploading": list(opened().uploads.progress() or ()),
    }


def sync_poll_ms(events: bool) -> int:
    """Milliseconds until the next look when nothing is due."""
    return opened().client.pace.idle(events=events)


def sync_around(attended: bool, low_battery: bool, save_data: bool) -> None:
    """What decides how often to make contact, and whether photographs go by themselves."""
    device = opened()
    device.client.pace.attended = attended
    device.client.pace.saving = low_battery or save_data
    device.uploads.sparing = save_data


def sync_nudged(since_attempt_ms: int) -> int:
    """Milliseconds until an attempt because somebody does something here."""
    return opened().client.pace.nudged(since_attempt_ms)


def sync_events_lost(lived_ms: int, jitter: float) -> int:
    """Milliseconds until the record's wake-ups are worth another try."""
    return opened().client.pace.events_lost(lived_ms, jitter)


def decode_change(raw: bytes) -> dict[str, Any]:
    """Hash and causes of an act's change that Automerge has just written; raises `Malformed`."""
    change = decode_act_change(bytes(raw))
    return {"hash": change.hash, "deps": list(change.causes), "actor": change.actor, "seq": change.seq}


def _plan(device: Device, received: Received) -> Keeping:
    def rows_of(case_id: str) -> list[list[Any]]:
        known = device.records.get(case_id)
        return [] if known is None else json.loads(known.rows)

    return keeping(received, device.client, device.records, rows_of)


def _told(device: Device, received: Received, plan: Keeping) -> dict[str, Any]:
    """What the worker checks, stores and shows of an answer."""
    end = received.end
    return {
        "empty": received.is_empty,
        "pulled": len(received.acts),
        "receipts": [fields(each) for each in received.receipts],
        "settled": plan.settled,
        "taken": plan.taken,
        "refused": [_refused(each) for each in plan.refused],
        "records": {case_id: as_json(rows) for case_id, rows in plan.rows.items() if rows},
        "documents": {case_id: fields(step) for case_id, step in plan.documents.items()},
        "purge": list(plan.purge),
        "forgotten": list(plan.forgotten),
        "contents": [sha256 for case_id in plan.purge for sha256 in contents_of(device, case_id)],
        "left_out": [_refused(each) for each in plan.left_out],
        "standing": device.client.standing_after(received).as_row(),
        "directory": as_json(received.directory) if received.directory is not None else None,
        "beacon": fields(received.beacon) if received.beacon is not None else None,
        "forked": received.forked,
        "ended": end is not None,
        "own_seq": received.own_seq,
        "left": _left_told(device, received),
        "shared": received.shared,
        "again": [fields(each) for each in plan.again],
        "lost": len(device.client.lost.union(each.hash for each in plan.again if each.log_index is not None)),
    }


def _believe(device: Device, plan: Keeping) -> None:
    """Holds in memory what the disk has now."""
    for case_id, rows in plan.rows.items():
        if rows:
            device.put(StoredCase(case_id, as_json(rows).encode()))
        else:
            device.drop(case_id)


def _let_know(device: Device, received: Received) -> None:
    """What else hangs on cases and acts hears what became of them."""
    for case_id in (*received.purge, *received.out_of_scope):
        turn.forget_case(case_id)
    for taken in (*received.receipts, *received.acts):
        device.uploads.act_taken(taken.hash)
    for refused in received.refused:
        device.uploads.act_refused(refused.hash, for_good=refused.reason == LEFT_OUT)


def _left_told(device: Device, received: Received) -> str | None:
    """What is to be stored of cases that left, None when the answer changes nothing in it."""
    gone = {*received.returned, *received.out_of_scope}
    if not gone and not received.recalled:
        return None
    wanted = [case_id for case_id in (*device.client.wanted, *sorted(received.recalled)) if case_id not in gone]
    return left_text(_left_after(device, received), wanted)


def _left_after(device: Device, received: Received) -> dict[str, Left]:
    gone = {*received.returned, *received.out_of_scope}
    return {case_id: each for case_id, each in device.left.items() if case_id not in gone}


def waiting_act(row: Mapping[str, Any]) -> WaitingAct:
    return WaitingAct(
        case_id=row["case_id"],
        hash=row["hash"],
        raw=bytes(row["raw"]),
        alg=row["alg"],
        signature=bytes(row["signature"]),
        actor=row["actor"],
        actor_signature=row["actor_signature"],
        astray=bool(row.get("astray")),
        lost=bool(row.get("lost")),
    )


def _refused(refused: RefusedAct) -> dict[str, Any]:
    return {**fields(refused), "now_with": list(refused.now_with)}
