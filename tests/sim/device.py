"""A simulated device: the real desk and sync client around a disk, step by step what `web/src/worker/device.ts` does.

It stores first and believes afterwards. What it shows as safe is told to the witness only after the transaction.
Must not know of lines, faults or other devices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from py_core import carry, wire
from py_core.calendars import WorkCalendar
from py_core.cases.acts import RecordedAct, read_act
from py_core.change import actor_sign_bytes, decode_act_change, sign_bytes
from py_core.city import CITY_ID
from py_core.desk.ports import (
    AttachmentState,
    CaseRecord,
    Identity,
    NewAct,
    Request,
    Similar,
    Surroundings,
    SyncStatus,
)
from py_core.desk.turn import Turn
from py_core.directory import Directory, read_directory
from py_core.documents import is_case_id
from py_core.exchanged import LEFT_OUT, TAKEN, Received, RefusedAct, WaitingAct
from py_core.keeping import Keeping, keeping
from py_core.left import Left
from py_core.packed.receipts import signed_part
from py_core.packs import Packs
from py_core.reporters import reporter_id
from py_core.standing import Standing, standing_of
from py_core.sync import SyncClient
from py_core.visits import is_visit_id
from server.carry_keys import seal_outbox
from server.keys import verifies

from . import town
from .device_contents import ContentsAndLeft
from .disk import Disk, Write
from .documents import append_act, apply_changes, changes_of, without_changes

APP_VERSION = "0.1.0"
LOG_BEFORE_OUTBOX = 2**50
CITY_TIME = ZoneInfo("Asia/Shanghai")


class NotSigned(Exception):
    """A receipt or beacon is not the record's."""


def moment(milliseconds: int) -> datetime:
    """An instant in the city's time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(CITY_TIME)


class DeviceStore:
    """What the desk reads on a device, or on the server for its own pages."""

    def __init__(self, directory: Directory, records: Mapping[str, CaseRecord]) -> None:
        self._directory = directory
        self._records = records

    def case(self, case_id: str) -> CaseRecord | None:
        return self._records.get(case_id) if is_case_id(case_id) else None

    def cases(self) -> Iterable[CaseRecord]:
        return (each for case_id, each in self._records.items() if is_case_id(case_id))

    def cases_mark(self) -> object | None:
        return None

    def city(self) -> CaseRecord | None:
        return self._records.get(CITY_ID)

    def visit(self, visit_id: str) -> CaseRecord | None:
        return self._records.get(visit_id) if is_visit_id(visit_id) else None

    def visits(self) -> Iterable[CaseRecord]:
        return (each for visit_id, each in self._records.items() if is_visit_id(visit_id))

    def reporter(self, case_id: str) -> CaseRecord | None:
        return self._records.get(reporter_id(case_id))

    def reporters(self) -> Iterable[CaseRecord]:
        return ()

    def attachment_state(self, sha256: str) -> AttachmentState:
        return "elsewhere"

    def recomputing(self) -> tuple[int, int] | None:
        return None

    def directory(self) -> Directory:
        return self._directory

    def calendar(self) -> WorkCalendar:
        return town.calendar()

    def packs(self) -> Packs:
        return town.packs()

    def sync_status(self) -> SyncStatus:
        return SyncStatus(True, 0, None)

    def centre(self) -> None:
        return None

    def left(self) -> Mapping[str, Left]:
        return {}

    def similar(self, case_id: str) -> Sequence[Similar] | None:
        return None


class Device(ContentsAndLeft):
    """One profile on one machine. `now_ms` is the true time; the device itself only sees its own two clocks."""

    client_class: type[SyncClient] = SyncClient
    checks_signatures = True
    stores_first = True
    lets_go = True
    comes_back = True

    def __init__(self, name: str, disk: Disk, chance: Random, now_ms: Callable[[], int]) -> None:
        self.name = name
        self.disk = disk
        self._chance = chance
        self._true_ms = now_ms
        self.clock_offset_ms = 0
        self.parted_acts: set[str] = set()  # that went with their receipt, because their case was on its way out
        self.forks = 0  # how often this device found the record out
        self.is_open = False
        self.life = 0  # counts the starts of the worker
        self.shown_safe: Callable[[str, str, str], None] = lambda case_id, change_hash, text: None
        self.believed: Callable[[Received], None] = lambda received: None

    # Enrolment and start

    def enrol(self, user: str, device: str, code: str, seed: bytes, record_key: bytes) -> None:
        """Keeps the key and who works here."""
        identity = {"user": user, "device": device, "code": code, "record_key": record_key.hex()}
        book = {**Standing().as_row(), "next_seq": 1, "beacon": None}
        self.disk.write([("device", "signing", seed), ("sealed", "identity", identity), ("sealed", "book", book)])

    def reenrol(self, device: str, code: str, seed: bytes) -> None:
        """A new key and number after the record froze the device; everything else stays."""
        identity = {**self.disk.get("sealed", "identity"), "device": device, "code": code}
        book = {**self.book, "next_seq": 1, "beacon": None}
        self.disk.write([("device", "signing", seed), ("sealed", "identity", identity), ("sealed", "book", book)])
        self.open()

    def open(self) -> None:
        """Starts the worker: everything in memory comes from the disk, the actor is new."""
        self.life += 1
        identity = self.disk.get("sealed", "identity")
        self.key = Ed25519PrivateKey.from_private_bytes(self.disk.get("device", "signing"))
        self.identity = Identity(identity["user"], identity["device"], identity["code"])
        self.record_key = bytes.fromhex(identity["record_key"])
        self.book = self.disk.get("sealed", "book")
        document = self.disk.get("sealed", "directory")
        self.directory = read_directory(document) if document else None
        self._take_new_actor()
        self.client = self.client_class(self.identity.device, APP_VERSION, standing_of(self.book))
        self.client.log_of = self._log_of
        self.records: dict[str, CaseRecord] = {}
        for case_id, rows in self.disk.stores["records"].items():
            self._load(case_id, rows)
        for row in sorted(self.disk.stores["outbox"].values(), key=lambda row: row["seq"]):
            if row["reason"] == TAKEN:
                continue
            if row["reason"]:
                self.client.refused[row["hash"]] = RefusedAct(row["case_id"], row["hash"], row["reason"])
            else:
                self.client.add(_waiting(row))
        self.load_contents()
        self.load_left()
        self.beacon_at: int | None = None
        self.is_open = True

    def _take_new_actor(self) -> None:
        self.actor = self._chance.randbytes(16)
        self.announcement = self.key.sign(actor_sign_bytes(self.actor.hex(), self.identity.device)).hex()

    def _log_of(self, case_id: str) -> list[tuple[int, str]]:
        record = self.records.get(case_id)
        acts = record.acts if record else ()
        return [(act.log_index, act.hash) for act in acts if act.log_index is not None]

    def close(self) -> None:
        """The process ends; memory is gone."""
        self.is_open = False

    # The desk

    def turn(self) -> Turn:
        """The desk with this device's view of the world."""
        assert self.directory is not None
        beacon = self.book["beacon"]
        surroundings = Surroundings(
            now=moment(self._true_ms() + self.clock_offset_ms).replace(microsecond=0),
            new_id=lambda: self._chance.randbytes(16).hex(),
            next_device_seq=self.book["next_seq"],
            app_version=APP_VERSION,
            beacon=beacon["id"] if beacon else None,
            beacon_time=moment(beacon["server_time_ms"]) if beacon else None,
            since_beacon_ms=None if self.beacon_at is None else self._true_ms() - self.beacon_at,
            where="device",
        )
        request = Request("POST", "/", lang="en")
        return Turn(request, DeviceStore(self.directory, self.records), self.identity, surroundings)

    def record(self, acts: Sequence[NewAct]) -> None:
        """Keeps acts on the disk, then in memory, then shows them as safe. May raise `Crashed`, `DiskFull`."""
        writes: list[Write] = []
        documents: dict[str, bytes] = {}
        rows: dict[str, list[list[Any]]] = {}
        told: list[tuple[str, list[Any], dict[str, Any]]] = []
        seq = self.book["next_seq"]
        for act in acts:
            binary = documents.get(act.case_id) or self.disk.get("documents", act.case_id)
            documents[act.case_id], raw = append_act(binary, self.actor, act.text)
            change = decode_act_change(raw)
            row = [change.hash, list(change.causes), act.text, None, None]
            waiting = {
                "case_id": act.case_id,
                "hash": change.hash,
                "raw": raw,
                "signature": self.key.sign(sign_bytes(act.case_id, change.hash)),
                "actor": self.actor.hex(),
                "actor_signature": self.announcement,
                "reason": "",
                "seq": seq,
            }
            rows.setdefault(act.case_id, self.disk.get("records", act.case_id) or []).append(row)
            writes.append(("outbox", change.hash, waiting))
            writes += self.content_writes(change.hash, act.text)
            seq += 1
            told.append((act.case_id, row, waiting))
        writes += [("documents", case_id, binary) for case_id, binary in documents.items()]
        writes += [("records", case_id, of_case) for case_id, of_case in rows.items()]
        book = {**self.book, "next_seq": seq}
        if not self.stores_first:
            self._tell(told)
        self.disk.write([*writes, ("sealed", "book", book)])
        self.book = book
        for case_id, row, waiting in told:
            known = self.records.get(case_id)
            self.records[case_id] = CaseRecord(case_id, (*(known.acts if known else ()), _act(row)))
            self.client.add(_waiting(waiting))
            for _, sha256, content in self.content_writes(row[0], row[2]):
                self.uploads.add(sha256, len(content["raw"]), row[0], ready=False)
        if self.stores_first:
            self._tell(told)

    def _tell(self, told: Sequence[tuple[str, list[Any], dict[str, Any]]]) -> None:
        for case_id, row, _ in told:
            self.shown_safe(case_id, row[0], row[2])

    # The exchange

    def take_answer(self, pieces: Iterable[bytes]) -> int | None:
        """Keeps what an answer brought, then believes it; gives the wait in ms, None for an answer that brought nothing.

        Raises `Malformed`, `NotSigned`, `ValueError`, `DiskFull`, `Crashed`: then nothing was believed.
        """
        received = self.client.read(pieces, self.records, self.uploading_cases())
        if received.is_empty:
            return None
        if self.checks_signatures:
            self._check_signatures(received)
        if received.forked:
            self.forks += 1
            return self.client.commit(received)
        plan = self._plan(received)
        book = {**self.book, **self.client.standing_after(received).as_row()}
        if received.beacon:
            book["beacon"] = {"id": received.beacon.id, "server_time_ms": received.beacon.server_time_ms}
        book["next_seq"] = max(book["next_seq"], received.own_seq + 1)
        again = self._waiting_again(plan)
        beside = [*self.contents_after(received, plan), *self.left_after(received)]
        self.disk.write([*self._writes(received, plan, again), *beside, ("sealed", "book", book)])
        self.book = book
        if received.beacon:
            self.beacon_at = self._true_ms()
        self._hold(plan)
        self._leave_refused_numbers(received)
        if received.directory is not None:
            self.directory = read_directory(received.directory)
        self.client.offer_again(_waiting(row) for row in again)
        wait_ms = self.client.commit(received)
        self._let_uploads_know(received)
        if received.shared is not None:
            self.load_contents()
        self.believed(received)
        return wait_ms

    def _let_uploads_know(self, received: Received) -> None:
        for taken in (*received.receipts, *received.acts):
            self.uploads.act_taken(taken.hash)
        for refused in received.refused:
            self.uploads.act_refused(refused.hash, for_good=refused.reason == LEFT_OUT)

    # By USB stick

    def carry_out(self, record_carry_key: bytes) -> bytes | None:
        """The outbox as a file; None when nothing waits."""
        frames, count = self.client.carry_out(self.records)
        if not count:
            return None
        content = carry.pack_outbox(wire.ALG_ED25519, self.key.sign(carry.outbox_sign_bytes(frames)), frames)
        return seal_outbox(carry.ALG_X25519, record_carry_key, content)

    def take_receipts(self, file: bytes) -> None:
        """Keeps, then believes the receipts of a file; raises `CarryRefused`, `NotSigned`, `DiskFull`, `Crashed`."""
        read = carry.read_receipts(file)
        received = self.client.read_carried(
            read.carried, read.verdicts, self.records, self.uploading_cases(), read.revoked, read.log
        )
        if self.checks_signatures:
            if not verifies(wire.ALG_ED25519, self.record_key, read.signature, read.signed):
                raise NotSigned
            self._check_signatures(received)
        plan = self._plan(received)
        book = {**self.book, **self.client.standing_after(received).as_row()}
        beside = [*self.contents_after(received, plan), *self.left_after(received)]
        self.disk.write([*self._writes(received, plan, ()), *beside, ("sealed", "book", book)])
        self.book = book
        self._hold(plan)
        self._leave_refused_numbers(received)
        self.client.settle(received)
        self._let_uploads_know(received)
        self.believed(received)

    def _check_signatures(self, received: Received) -> None:
        signed = [
            signed_part(each.case_id, each.hash, each.log_index, each.received_at_ms, each.sig)
            for each in received.receipts
        ]
        if received.beacon:
            beacon = received.beacon
            signed.append((_hex(beacon.sig), wire.beacon_sign_bytes(beacon)))
        for part in signed:
            if part is None or not verifies(wire.ALG_ED25519, self.record_key, *part):
                raise NotSigned

    def _plan(self, received: Received) -> Keeping:
        plan = keeping(received, self.client, self.records, lambda case_id: self.disk.get("records", case_id) or [])
        if not self.lets_go:
            plan.purge = ()
        going = {*received.purge, *received.custody.leaving, *received.custody.doubtful}
        self.parted_acts |= {each.hash for each in received.receipts if each.case_id in going}
        return plan

    def _writes(self, received: Received, plan: Keeping, again: Sequence[Mapping[str, Any]]) -> list[Write]:
        """The transaction of a plan (`py_core.keeping`), as `web/src/worker/taking_in.ts` builds it."""
        writes: list[Write] = []
        for receipt in received.receipts:
            writes.append(("receipts", receipt.hash, {name: getattr(receipt, name) for name in receipt.__slots__}))
        writes += [("outbox", change_hash, None) for change_hash in plan.settled]
        for change_hash in plan.taken:
            waiting = self.disk.get("outbox", change_hash)
            if waiting:
                writes.append(("outbox", change_hash, {**waiting, "reason": TAKEN}))
        for refused in plan.refused:
            waiting = self.disk.get("outbox", refused.hash)
            if waiting:
                writes.append(("outbox", refused.hash, {**waiting, "reason": refused.reason}))
        for case_id, step in plan.documents.items():
            binary = self.disk.get("documents", case_id)
            if binary and step.without:
                binary = without_changes(binary, step.without)
            if binary or step.changes:
                writes.append(("documents", case_id, apply_changes(binary, step.changes)))
        writes += [("records", case_id, rows) for case_id, rows in plan.rows.items() if rows]
        if received.directory is not None:
            writes.append(("sealed", "directory", dict(received.directory)))
        for case_id in plan.purge:
            writes += [("documents", case_id, None), ("records", case_id, None)]
        for left_out in plan.left_out:
            waiting = self.disk.get("outbox", left_out.hash)
            if waiting:
                word = {**waiting, "reason": left_out.reason, "raw": b"", "signature": b""}
                writes.append(("outbox", left_out.hash, word))
        return [*writes, *(("outbox", row["hash"], row) for row in again)]

    def _waiting_again(self, plan: Keeping) -> list[dict[str, Any]]:
        """What goes back into the outbox, signed anew."""
        found = []
        for act in plan.again:
            raws = {decode_act_change(raw).hash: raw for raw in changes_of(self.disk.get("documents", act.case_id))}
            row = self.disk.get("outbox", act.hash)
            raw = raws.get(act.hash) or (row and row["raw"])
            if not raw:
                continue
            actor = decode_act_change(raw).actor
            announcement = self.key.sign(actor_sign_bytes(actor, self.identity.device)).hex()
            found.append(
                {
                    "case_id": act.case_id,
                    "hash": act.hash,
                    "raw": raw,
                    "signature": self.key.sign(sign_bytes(act.case_id, act.hash)),
                    "actor": actor,
                    "actor_signature": announcement if act.own else "",
                    "reason": "",
                    "astray": act.hash not in raws,
                    "lost": act.log_index is not None,
                    "seq": row["seq"] if act.log_index is None else act.log_index - LOG_BEFORE_OUTBOX,
                }
            )
        return found

    def _leave_refused_numbers(self, received: Received) -> None:
        """What was refused may come back into its document: its actor's numbers are used."""
        if received.refused:
            self._take_new_actor()

    def _hold(self, plan: Keeping) -> None:
        for case_id, rows in plan.rows.items():
            if rows or case_id in plan.purge:
                self._load(case_id, rows)

    def _load(self, case_id: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            self.records.pop(case_id, None)
            return
        self.records[case_id] = CaseRecord(case_id, tuple(_act(row) for row in rows))


def _act(row: Sequence[Any]) -> RecordedAct:
    change_hash, deps, text, received_ms, log_index = row
    received_at = None if received_ms is None else moment(received_ms)
    return RecordedAct(change_hash, tuple(deps), read_act(text), received_at, log_index)


def _waiting(row: Mapping[str, Any]) -> WaitingAct:
    return WaitingAct(
        case_id=row["case_id"],
        hash=row["hash"],
        raw=row["raw"],
        alg=wire.ALG_ED25519,
        signature=row["signature"],
        actor=row["actor"],
        actor_signature=row["actor_signature"],
        astray=row.get("astray", False),
        lost=row.get("lost", False),
    )


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
