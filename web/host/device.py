"""One unlocked device in memory: who works on it, what it holds, how it stands with the record; and which one it is.

Memory never knows more than the disk: the worker stores first and tells afterwards.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from py_core.calendars import national
from py_core.cases.acts import RecordedAct, read_known_act
from py_core.city import CITY_ID
from py_core.desk import turn
from py_core.desk.ports import Identity
from py_core.directory import Directory, read_directory
from py_core.documents import is_case_id
from py_core.exchanged import Received
from py_core.keeping import Keeping
from py_core.left import Left, left_of
from py_core.packs import Packs, load_packs
from py_core.standing import standing_of
from py_core.sync import SyncClient
from py_core.uploads import UploadClient

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
        return tuple(recorded_act(row) for row in json.loads(self.rows))

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
        self.cases: dict[str, StoredCase] = {}  # those of `records` that are cases
        self.mark = object()  # another one with every change of `cases`
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

    def put(self, record: StoredCase) -> None:
        """Holds a document as it is on the disk now."""
        self.records[record.id] = record
        if is_case_id(record.id):
            self.cases[record.id] = record
            self.mark = object()

    def drop(self, document_id: str) -> None:
        """Holds a document no longer."""
        self.records.pop(document_id, None)
        self.cases.pop(document_id, None)
        self.mark = object()


_device: Device | None = None
_packs: Packs | None = None


def opened() -> Device:
    """The device that is unlocked; raises while none is."""
    if _device is None:
        raise RuntimeError("the device is locked")
    return _device


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
    device = opened()
    for line in bytes(lines).split(b"\n"):  # JSON has no bare line feed, but may have other line ends
        name, _, rows = line.partition(b" ")
        case_id = name.decode()
        if not case_id:
            continue
        if rows == b"[]":
            device.drop(case_id)
        else:
            device.put(StoredCase(case_id, rows))


def packs() -> Packs:
    """The packaged law, read once."""
    global _packs
    if _packs is None:
        _packs = load_packs()
    return _packs


def law_of(device: Device, directory: Directory) -> turn.Law:
    """What lists depend on besides the cases; the very object that pages use."""
    return turn.same_law(turn.Law(packs(), national(), directory, device.records.get(CITY_ID)))


def recorded_act(row: Sequence[Any]) -> RecordedAct:
    change_hash, deps, text, received_ms, log_index = row
    received_at = None if received_ms is None else moment(received_ms)
    return RecordedAct(change_hash, tuple(deps), read_known_act(text), received_at, log_index)


def moment(milliseconds: int) -> datetime:
    """An instant of the worker's clock on the city's."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(CITY_TIME)


def as_json(value: Any) -> str:
    """The text that the worker reads."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fields(value: Any) -> dict[str, Any]:
    """A data class with slots as the worker reads it."""
    return {name: getattr(value, name) for name in value.__slots__}
