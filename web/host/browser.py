"""What the worker calls: one device's records in memory, pages from `py_core.desk`, the sync client.

Takes and gives JSON texts and bytes only. It never touches storage or network: the worker stores first and tells
this module afterwards (`recorded`, `sync_commit`), so that memory never knows more than the disk.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from host import rehearsal
from host.compiled_templates import CompiledTemplates
from py_core import desk
from py_core.calendars import WorkCalendar, national
from py_core.carry import CarryRefused
from py_core.carry import read_receipts as read_receipts_file
from py_core.cases.acts import RecordedAct, read_act
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.desk import frame, turn
from py_core.desk.carry_words import carry_problem as carry_problem_words
from py_core.desk.glance import Glance
from py_core.desk.glance import settled as settled_glance
from py_core.desk.ports import (
    AttachmentState,
    CarriedOut,
    Identity,
    OfferedAgain,
    Quarantined,
    Request,
    Similar,
    Surroundings,
    SyncStatus,
    Uploading,
)
from py_core.directory import Directory, read_directory
from py_core.documents import is_case_id
from py_core.enclosed import attachments_of
from py_core.eviction import leaving as leaving_cases
from py_core.keeping import Keeping, keeping
from py_core.left import Left, left_of
from py_core.packs import Packs, load_packs
from py_core.sync import TAKEN, DeviceState, Received, RefusedAct, SyncClient, WaitingAct, standing_of
from py_core.uploads import UploadClient
from py_core.views.environment import make_environment
from py_core.visits import is_visit_id

CITY_TIME = ZoneInfo("Asia/Shanghai")


class StoredCase:
    """A case as the disk has it, read when somebody opens it: thousands of cases would fill the memory otherwise.

    Stands for a `CaseRecord`; a case that gets an act gets a new object.
    """

    __slots__ = ("id", "rows")

    def __init__(self, case_id: str, rows: bytes) -> None:
        self.id = case_id
        self.rows = rows

    @property
    def acts(self) -> tuple[RecordedAct, ...]:
        return tuple(_act(row) for row in json.loads(self.rows))

    def with_row(self, row: str) -> StoredCase:
        """The case after one more act."""
        return StoredCase(self.id, b"%b,%b]" % (self.rows[:-1], row.encode()))

    def fingerprint(self) -> list[int]:
        """Tells whether something was found out about exactly these acts; the disk's seal keeps strangers out."""
        return [len(self.rows), zlib.crc32(self.rows)]


class Device:
    """One unlocked device: who works on it, what it holds, how it stands with the record."""

    def __init__(self, opened: Mapping[str, Any]) -> None:
        identity = opened["identity"]
        self.identity = Identity(identity["user"], identity["device"], identity["code"])
        self.app_version: str = opened["app_version"]
        self.directory: Directory | None = read_directory(opened["directory"]) if opened["directory"] else None
        self.records: dict[str, StoredCase] = {}
        self.client = SyncClient(identity["device"], self.app_version, standing_of(opened["sync"]))
        self.client.log_of = self.log_of
        self.received: Received | None = None
        self.plan = Keeping()
        self.uploads = UploadClient()
        self.contents: set[str] = set()  # what is kept on the disk here
        self.carried: Received | None = None
        self.carried_plan = Keeping()
        left = opened.get("left") or {"cases": {}, "wanted": []}
        self.leaving: dict[str, Left] = {}
        self.left: dict[str, Left] = {case_id: left_of(row) for case_id, row in left["cases"].items()}
        self.client.let_go({case_id: each.top for case_id, each in self.left.items()})
        for case_id in left["wanted"]:
            self.client.want(case_id)

    def log_of(self, case_id: str) -> list[tuple[int, str]]:
        """The acts of a case that the record has, as far as they are here: number in its log, hash."""
        record = self.records.get(case_id)
        rows = [] if record is None else json.loads(record.rows)
        return [(row[4], row[0]) for row in rows if row[4] is not None]


class DeviceStore:
    """Read access for the desk (`py_core.desk.ports.Store`)."""

    def __init__(
        self,
        device: Device,
        last_contact_at: datetime | None,
        carried: CarriedOut | None = None,
        offered_again: OfferedAgain | None = None,
    ) -> None:
        self._device = device
        self._last_contact_at = last_contact_at
        self._carried = carried
        self._offered_again = offered_again

    def case(self, case_id: str) -> StoredCase | None:
        return self._device.records.get(case_id) if is_case_id(case_id) else None

    def cases(self) -> Iterable[StoredCase]:
        return (each for case_id, each in self._device.records.items() if is_case_id(case_id))

    def city(self) -> StoredCase | None:
        return self._device.records.get(CITY_ID)

    def visit(self, visit_id: str) -> StoredCase | None:
        return self._device.records.get(visit_id) if is_visit_id(visit_id) else None

    def visits(self) -> Iterable[StoredCase]:
        return (each for visit_id, each in self._device.records.items() if is_visit_id(visit_id))

    def recomputing(self) -> tuple[int, int] | None:
        return None

    def directory(self) -> Directory:
        if self._device.directory is None:
            raise RuntimeError("the device has no directory yet: the first sync has not finished")
        return self._device.directory

    def calendar(self) -> WorkCalendar:
        return national()

    def packs(self) -> Packs:
        return _packs()

    def sync_status(self) -> SyncStatus:
        client = self._device.client
        refused = tuple(
            Quarantined(
                each.hash,
                each.case_id,
                each.reason,
                each.now_with,
                each.by,
                each.why,
                None if each.at_ms is None else _moment(each.at_ms),
            )
            for each in client.refused.values()
        )
        uploading = _uploading(self._device.uploads)
        return SyncStatus(
            client.online,
            client.waiting,
            self._last_contact_at,
            refused,
            client.problem,
            uploading,
            self._carried,
            self._offered_again,
        )

    def attachment_state(self, sha256: str) -> AttachmentState:
        if self._device.uploads.is_waiting(sha256):
            return "waiting"
        return "here" if sha256 in self._device.contents else "elsewhere"

    def centre(self) -> None:
        return None

    def left(self) -> Mapping[str, Left]:
        return self._device.left

    def similar(self, case_id: str) -> Sequence[Similar] | None:
        return None


_device: Device | None = None
_loaded_packs: Packs | None = None


def _packs() -> Packs:
    global _loaded_packs
    if _loaded_packs is None:
        _loaded_packs = load_packs()
    return _loaded_packs


def _opened() -> Device:
    if _device is None:
        raise RuntimeError("the device is locked")
    return _device


def warm() -> None:
    """Reads what every page needs, before anybody is there to wait for it."""
    frame.use_environment(make_environment(CompiledTemplates()))
    _packs()
    national()


def rehearse() -> None:
    """Makes the pages of a day for somebody invented and forgets them; for an engine whose memory will be kept."""
    open_device(rehearsal.device())
    try:
        load_records(rehearsal.record())
        for request in rehearsal.requests():
            status = json.loads(respond(request))["status"]
            if status != 200:
                raise RuntimeError(f"{status} for {request}")
    finally:
        lock()


def open_device(text: str) -> None:
    """Starts work for one person: `{identity, app_version, directory, sync}`."""
    global _device
    _device = Device(json.loads(text))


def lock() -> None:
    """Forgets everything that belongs to a person."""
    global _device
    _device = None
    turn.forget()


def load_records(lines: bytes) -> None:
    """Takes cases as stored, one a line: case id, space, `[[hash, deps, act text, received ms, log index], …]`."""
    device = _opened()
    for line in bytes(lines).split(b"\n"):  # JSON has no bare line feed, but may have other line ends
        name, _, rows = line.partition(b" ")
        case_id = name.decode()
        if not case_id:
            continue
        if rows == b"[]":
            device.records.pop(case_id, None)
        else:
            device.records[case_id] = StoredCase(case_id, rows)


def settled(known: int) -> str | None:
    """What lists show of the cases that only another act can change, to be kept sealed; None when it is as many as
    `known`, and so not worth writing again."""
    device = _opened()
    if device.directory is None:
        return None
    found = list(turn.settled_glances(device.records.values(), _law(device)))
    if len(found) == known:
        return None
    kept = {record.id: [record.fingerprint(), glance.as_row()] for record, glance in found}
    return _json({"law": _law_name(device), "cases": kept})


def believe_settled(text: str, now_ms: int) -> int:
    """Takes what `settled` gave, as far as it is about exactly these acts, this build and this directory; how many."""
    device = _opened()
    kept = json.loads(text)
    if device.directory is None or kept["law"] != _law_name(device):
        return 0
    law, now = _law(device), _moment(now_ms)
    taken = 0
    for case_id, (fingerprint, row) in kept["cases"].items():
        record = device.records.get(case_id)
        if record is not None and record.fingerprint() == fingerprint:
            turn.believe_settled(law, record, settled_glance(row, now))
            taken += 1
    return taken


def _law(device: Device) -> turn.Law:
    store = DeviceStore(device, None)
    return turn.same_law(turn.Law(store.packs(), store.calendar(), store.directory(), store.city()))


def _law_name(device: Device) -> str:
    """Names packs and packaged calendar (they come with the build), the directory and the city document."""
    version = device.directory.version if device.directory is not None else 0
    city = device.records.get(CITY_ID)
    return f"{device.app_version} {version} {city.fingerprint() if city is not None else 0}"


def load_waiting(rows: Sequence[Mapping[str, Any]]) -> None:
    """Takes the outbox in the order of writing; the refused ones carry their `reason`."""
    client = _opened().client
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
            client.add(_waiting(row))


def load_contents(rows: Sequence[Mapping[str, Any]]) -> None:
    """Takes what is kept of photographs and papers: `{sha256, bytes, act, sent}`; call after `load_waiting`."""
    device = _opened()
    for row in rows:
        device.contents.add(row["sha256"])
        if row["act"] and not row["sent"] and row["act"] not in device.client.refused:
            ready = not device.client.is_waiting(row["act"])
            device.uploads.add(row["sha256"], row["bytes"], row["act"], ready=ready)


def content_kept(sha256: str, kept: bool) -> None:
    """Believes that a content is on the disk now, or is no longer."""
    contents = _opened().contents
    if kept:
        contents.add(sha256)
    else:
        contents.discard(sha256)


def enclosed(text: str) -> list[str]:
    """The contents that an act names."""
    return [file.sha256 for file in attachments_of(read_act(text).events)]


def upload_next() -> dict[str, Any] | None:
    """What to do for the uploads; None while acts wait, or when nothing is ready."""
    device = _opened()
    step = None if device.client.waiting else device.uploads.next()
    return None if step is None else _fields(step)


def upload_moved(sha256: str, offset: int, complete: bool, took_ms: int) -> bool:
    """Notes where the record says an upload stands; True when the content is in the record now."""
    return _opened().uploads.moved(sha256, offset, complete, took_ms)


def upload_go() -> None:
    """Somebody wants what waits to be sent now."""
    _opened().uploads.go()


def upload_failed(sha256: str, status: int | None, offset: int, jitter: float, retry_after_ms: int | None) -> int:
    """Notes that a chunk was not taken; gives the wait in milliseconds."""
    return _opened().uploads.failed(sha256, status, offset, jitter, retry_after_ms)


def respond(text: str) -> str:
    """One page: request as JSON in, `{status, html, location, acts}` out. The worker stores the acts and then
    calls `recorded` before it shows the answer."""
    device = _opened()
    data = json.loads(text)
    surroundings = Surroundings(
        now=_moment(data["now_ms"]).replace(microsecond=0),
        new_id=lambda: os.urandom(16).hex(),
        next_device_seq=data["next_device_seq"],
        app_version=device.app_version,
        beacon=data["beacon"],
        beacon_time=_moment(data["beacon_time_ms"]) if data["beacon_time_ms"] is not None else None,
        since_beacon_ms=data["since_beacon_ms"],
        where="device",
    )
    contact = data["last_contact_ms"]
    carried, restored = data.get("carried"), data.get("restored")
    store = DeviceStore(
        device,
        None if contact is None else _moment(contact),
        None if carried is None else CarriedOut(carried["name"], carried["count"], _moment(carried["atMs"])),
        None if restored is None else OfferedAgain(_moment(restored["atMs"]), restored["count"]),
    )
    response = desk.respond(_request(data), store, device.identity, surroundings)
    acts = [{"case_id": act.case_id, "text": act.text} for act in response.acts]
    return _json({"status": response.status, "html": response.html, "location": response.location, "acts": acts})


def problem(code: str, status: int, lang: str) -> str:
    """The page for something that the host met (unknown page, full disk, restarted worker)."""
    return desk.problem_page(status, code, lang=lang).html


def recorded(case_id: str, row: str, waiting: Mapping[str, Any]) -> None:
    """Believes an act that the worker has stored on the disk."""
    device = _opened()
    known = device.records.get(case_id)
    device.records[case_id] = known.with_row(row) if known else StoredCase(case_id, f"[{row}]".encode())
    device.client.add(_waiting(waiting))
    for file in attachments_of(_act(json.loads(row)).act.events):
        if file.sha256 in device.contents:
            device.uploads.add(file.sha256, file.bytes, waiting["hash"], ready=False)


def sync_request(machine: str) -> bytes:
    """The body of the next exchange; `machine` is a `DeviceState` as JSON."""
    client = _opened().client
    client.machine = DeviceState(**json.loads(machine))
    return client.request()


def sync_read(pieces: Iterable[bytes]) -> dict[str, Any]:
    """Reads an answer without believing it yet; raises `Malformed`. The raw changes stay bytes."""
    device = _opened()
    received = device.client.read((bytes(piece) for piece in pieces), device.records, _uploading_cases(device))
    device.received, device.plan = received, _plan(device, received)
    told = _told(device, received, device.plan)
    if received.returned or received.recalled or received.out_of_scope or received.shared is not None:
        gone = {*received.returned, *received.out_of_scope}
        left = {case_id: each for case_id, each in _left_after(device, received).items() if case_id not in gone}
        wanted = [case_id for case_id in (*device.client.wanted, *sorted(received.recalled)) if case_id not in gone]
        told["left"] = _left_text(left, wanted)
    return told


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
        "receipts": [_fields(each) for each in received.receipts],
        "settled": plan.settled,
        "taken": plan.taken,
        "refused": [_refused(each) for each in plan.refused],
        "records": {case_id: _json(rows) for case_id, rows in plan.rows.items() if rows},
        "documents": {case_id: _fields(step) for case_id, step in plan.documents.items()},
        "purge": list(plan.purge),
        "contents": [sha256 for case_id in plan.purge for sha256 in _contents_of(device, case_id)],
        "left_out": [_refused(each) for each in plan.left_out],
        "standing": device.client.standing_after(received).as_row(),
        "directory": _json(received.directory) if received.directory is not None else None,
        "beacon": _fields(received.beacon) if received.beacon is not None else None,
        "ended": end is not None,
        "own_seq": received.own_seq,
        "left": None,
        "shared": received.shared,
        "again": [_fields(each) for each in plan.again],
        "asked_again": plan.asked_again,
    }


def _contents_of(device: Device, case_id: str) -> Iterable[str]:
    """The contents that the acts of a case name."""
    known = device.records.get(case_id)
    rows = [] if known is None else json.loads(known.rows)
    return (sha256 for row in rows for sha256 in enclosed(row[2]))


def _believe(device: Device, plan: Keeping) -> None:
    """Holds in memory what the disk has now."""
    for case_id, rows in plan.rows.items():
        if rows:
            device.records[case_id] = StoredCase(case_id, _json(rows).encode())
        else:
            device.records.pop(case_id, None)


def _left_after(device: Device, received: Received) -> dict[str, Left]:
    if received.shared is None:
        return device.left
    highest = received.shared - 1
    return {case_id: replace(each, top=min(each.top, highest)) for case_id, each in device.left.items()}


def _left_text(left: Mapping[str, Left], wanted: Iterable[str]) -> str:
    return _json({"cases": {case_id: each.as_row() for case_id, each in left.items()}, "wanted": list(wanted)})


def leaving(now_ms: int, space_needed: bool) -> dict[str, Any]:
    """Finished cases that this device may part with now, and what it would keep of all that left (to be stored)."""
    device = _opened()
    nothing = {"cases": [], "left": ""}
    if device.directory is None or device.uploads.waiting:
        return nothing
    person = device.directory.people.get(device.identity.user)
    busy = device.client.busy_cases
    glances = {
        record.id: glance
        for record, glance in turn.settled_glances(device.records.values(), _law(device))
        if record.id not in busy and is_case_id(record.id)
    }
    now = _moment(now_ms)
    unit = person.unit if person else ""
    cases = leaving_cases(glances.items(), len(device.records), unit, now, space_needed=space_needed)
    if not cases:
        return nothing
    device.leaving = {case_id: _left(device.records[case_id], glances[case_id], now_ms) for case_id in cases}
    return {"cases": cases, "left": _left_text({**device.left, **device.leaving}, device.client.wanted)}


def left_now() -> None:
    """Believes that the cases that `leaving` named are deleted, after the worker has done so."""
    device = _opened()
    for case_id in device.leaving:
        device.records.pop(case_id, None)
    device.client.let_go({case_id: each.top for case_id, each in device.leaving.items()})
    device.left.update(device.leaving)
    device.leaving = {}


def recall(case_id: str) -> str | None:
    """Asks a case back that left this device; gives what is to be stored, None when there is no such case."""
    device = _opened()
    if case_id not in device.left:
        return None
    device.client.want(case_id)
    return _left_text(device.left, device.client.wanted)


def _left(record: StoredCase, glance: Glance, now_ms: int) -> Left:
    newest = max(json.loads(record.rows), key=lambda row: row[4])
    return Left(glance.number, glance.title, now_ms, newest[3], newest[4])


def sync_commit() -> int:
    """Believes the answer that was read last, after the worker has stored it; gives the wait in milliseconds."""
    device = _opened()
    if device.received is None:
        raise RuntimeError("no answer was read")
    _believe(device, device.plan)
    if device.received.directory is not None:
        device.directory = read_directory(device.received.directory)
    device.left = _left_after(device, device.received)
    for case_id in (*device.received.returned, *device.received.out_of_scope):
        device.left.pop(case_id, None)
    wait_ms = device.client.commit(device.received)
    for case_id in device.received.purge:
        turn.forget_case(case_id)
    for taken in (*device.received.receipts, *device.received.acts):
        device.uploads.act_taken(taken.hash)
    device.received, device.plan = None, Keeping()
    return wait_ms


def offer_again(rows: Sequence[Mapping[str, Any]]) -> None:
    """Believes that these acts wait again, before all others; call before `sync_commit`."""
    device = _opened()
    device.client.offer_again(_waiting(row) for row in rows)
    device.uploads = UploadClient()  # the worker loads anew what has to be sent: photographs may be lost as well


def carry_out() -> dict[str, Any]:
    """The frames of an outbox file, and how many acts are in it."""
    frames, count = _opened().client.carry_out()
    return {"frames": frames, "count": count}


def read_receipts(file: bytes) -> dict[str, Any]:
    """Reads a receipts file without believing it yet; `problem` says why it is none for this device."""
    device = _opened()
    try:
        read = read_receipts_file(bytes(file))
        received = device.client.read_carried(read.carried, read.verdicts)
    except CarryRefused as error:
        return {"problem": error.code}
    device.carried, device.carried_plan = received, _plan(device, received)
    told = _told(device, received, device.carried_plan)
    return {"received": told, "signature": read.signature.hex(), "signed": read.signed}


def settle() -> None:
    """Believes the receipts file that was read last, after the worker has checked and stored it."""
    device = _opened()
    if device.carried is None:
        raise RuntimeError("no receipts were read")
    _believe(device, device.carried_plan)
    device.client.settle(device.carried)
    for taken in device.carried.receipts:
        device.uploads.act_taken(taken.hash)
    device.carried = None


def carry_problem(code: str, lang: str) -> str:
    """What is wrong with a carried file, in words."""
    return carry_problem_words(lang, code)


def sync_failed(status: int | None, jitter: float, retry_after_ms: int | None) -> int:
    """Notes a failed exchange; gives the wait in milliseconds."""
    device = _opened()
    device.received = None
    return device.client.failed(status, jitter, retry_after_ms)


def sync_stuck(problem: str, jitter: float) -> int:
    """Notes that the worker could not store or check an answer; gives the wait in milliseconds."""
    device = _opened()
    device.received = None
    return device.client.stuck(problem, jitter)


def sync_state() -> dict[str, Any]:
    """What the worker must know of the exchange: for the pages and for its own timing."""
    client = _opened().client
    return {
        "online": client.online,
        "waiting": client.waiting,
        "refused": len(client.refused),
        "problem": client.problem,
        "complete": client.is_complete,
        "uploading": list(_opened().uploads.progress() or ()),
    }


def sync_poll_ms(events: bool) -> int:
    """Milliseconds until the next look when nothing is due."""
    return _opened().client.pace.idle(events=events)


def sync_around(attended: bool, low_battery: bool, save_data: bool) -> None:
    """What decides how often to make contact, and whether photographs go by themselves."""
    device = _opened()
    device.client.pace.attended = attended
    device.client.pace.saving = low_battery or save_data
    device.uploads.sparing = save_data


def sync_nudged(since_attempt_ms: int) -> int:
    """Milliseconds until an attempt because somebody does something here."""
    return _opened().client.pace.nudged(since_attempt_ms)


def sync_events_lost(lived_ms: int, jitter: float) -> int:
    """Milliseconds until the record's wake-ups are worth another try."""
    return _opened().client.pace.events_lost(lived_ms, jitter)


def decode_change(raw: bytes) -> dict[str, Any]:
    """Hash and causes of an act's change that Automerge has just written; raises `Malformed`."""
    change = decode_act_change(bytes(raw))
    return {"hash": change.hash, "deps": list(change.causes), "actor": change.actor, "seq": change.seq}


def _uploading_cases(device: Device) -> set[str]:
    """The cases of which a photograph or paper is only on this device; mostly none, then nothing is looked through."""
    acts = [act.encode() for act in device.uploads.acts]
    return {each.id for each in device.records.values() if any(act in each.rows for act in acts)} if acts else set()


def _uploading(uploads: UploadClient) -> Uploading | None:
    progress = uploads.progress()
    problem = "sparing" if uploads.is_held else uploads.problem
    if progress is None and not problem:
        return None
    return Uploading(*(progress or (0, 0, 0, 0)), problem=problem)


def _request(data: Mapping[str, Any]) -> Request:
    return Request(data["method"], data["path"], data["query"], data["form"], data["lang"])


def _act(row: Sequence[Any]) -> RecordedAct:
    change_hash, deps, text, received_ms, log_index = row
    received_at = None if received_ms is None else _moment(received_ms)
    return RecordedAct(change_hash, tuple(deps), read_act(text), received_at, log_index)


def _waiting(row: Mapping[str, Any]) -> WaitingAct:
    return WaitingAct(
        case_id=row["case_id"],
        hash=row["hash"],
        raw=bytes(row["raw"]),
        alg=row["alg"],
        signature=bytes(row["signature"]),
        actor=row["actor"],
        actor_signature=row["actor_signature"],
        astray=bool(row.get("astray")),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(CITY_TIME)


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _refused(refused: RefusedAct) -> dict[str, Any]:
    return {**_fields(refused), "now_with": list(refused.now_with)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
