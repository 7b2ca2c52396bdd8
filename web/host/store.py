"""What the desk reads on a device (`py_core.desk.ports.Store`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from host.device import Device, StoredCase, moment, packs
from py_core.calendars import WorkCalendar, national
from py_core.city import CITY_ID
from py_core.desk.ports import (
    AttachmentState,
    CarriedOut,
    LogSeen,
    OfferedAgain,
    Quarantined,
    Similar,
    SyncStatus,
    Uploading,
)
from py_core.directory import Directory
from py_core.left import Left
from py_core.packs import Packs
from py_core.reporters import reporter_id
from py_core.uploads import UploadClient
from py_core.visits import is_visit_id


class DeviceStore:
    """Read access for the desk (`py_core.desk.ports.Store`)."""

    def __init__(
        self,
        device: Device,
        last_contact_at: datetime | None,
        carried: CarriedOut | None = None,
        offered_again: OfferedAgain | None = None,
        clock_hidden: timedelta = timedelta(0),
        beacon_time: datetime | None = None,
    ) -> None:
        self._device = device
        self._last_contact_at = last_contact_at
        self._carried = carried
        self._offered_again = offered_again
        self._clock_hidden = clock_hidden
        self._beacon_time = beacon_time

    def case(self, case_id: str) -> StoredCase | None:
        return self._device.cases.get(case_id)

    def cases(self) -> Iterable[StoredCase]:
        return self._device.cases.values()

    def cases_mark(self) -> object:
        return self._device.mark

    def city(self) -> StoredCase | None:
        return self._device.records.get(CITY_ID)

    def visit(self, visit_id: str) -> StoredCase | None:
        return self._device.records.get(visit_id) if is_visit_id(visit_id) else None

    def visits(self) -> Iterable[StoredCase]:
        return (each for visit_id, each in self._device.records.items() if is_visit_id(visit_id))

    def reporter(self, case_id: str) -> StoredCase | None:
        return self._device.records.get(reporter_id(case_id))

    def reporters(self) -> Iterable[StoredCase]:
        return ()

    def recomputing(self) -> tuple[int, int] | None:
        return None

    def directory(self) -> Directory:
        if self._device.directory is None:
            raise RuntimeError("the device has no directory yet: the first sync has not finished")
        return self._device.directory

    def calendar(self) -> WorkCalendar:
        return national()

    def packs(self) -> Packs:
        return packs()

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
                None if each.at_ms is None else moment(each.at_ms),
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
            self._clock_hidden,
            self._log_seen(),
        )

    def _log_seen(self) -> LogSeen | None:
        """The head that is kept came with the beacon that is kept: one that does not continue it changes neither."""
        head = self._device.client.standing.head
        return None if head is None or self._beacon_time is None else LogSeen(head.size, self._beacon_time)

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


def _uploading(uploads: UploadClient) -> Uploading | None:
    progress = uploads.progress()
    problem = "sparing" if uploads.is_held else uploads.problem
    if progress is None and not problem:
        return None
    return Uploading(*(progress or (0, 0, 0, 0)), problem=problem)
