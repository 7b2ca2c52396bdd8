"""What a simulated device keeps beside acts: photographs on their way to the record, and what it knows of cases that
left it. As `web/host/contents.py`, `web/host/leaving.py` and `web/src/worker/contents.ts` do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from py_core.cases.acts import read_act
from py_core.desk.ports import CaseRecord
from py_core.documents import is_case_id
from py_core.enclosed import attachments_of
from py_core.exchanged import LEFT_OUT, Received
from py_core.keeping import Keeping
from py_core.sync import SyncClient
from py_core.uploads import Step, UploadClient

from .disk import Disk, Write
from .pictures import picture


class ContentsAndLeft:
    """The part of a device that needs its disk, its client and its cases."""

    disk: Disk
    client: SyncClient
    records: dict[str, CaseRecord]
    uploads: UploadClient
    marks_before_sent = False
    evicts_busy = False

    # Photographs

    def load_contents(self) -> None:
        """The uploads as the disk has them."""
        self.uploads = UploadClient()
        for sha256, row in self.disk.stores["contents"].items():
            refused = self.client.refused.get(row["act"])
            if not row["sent"] and not (refused and refused.reason == LEFT_OUT):
                ready = refused is None and not self.client.is_waiting(row["act"])
                self.uploads.add(sha256, len(row["raw"]), row["act"], ready=ready, at_centre=refused is not None)

    def content_writes(self, change_hash: str, text: str) -> list[Write]:
        """The photographs of a new act, for its transaction."""
        files = attachments_of(read_act(text).events)
        rows = {file.sha256: {"raw": picture(file.name), "act": change_hash, "sent": False} for file in files}
        return [("contents", sha256, row) for sha256, row in rows.items()]

    def next_upload(self) -> Step | None:
        return None if self.client.waiting else self.uploads.next()

    def part(self, step: Step) -> bytes:
        raw: bytes = self.disk.stores["contents"][step.sha256]["raw"]
        return raw[step.offset : step.offset + step.length]

    def upload_moved(self, step: Step, offset: int, complete: bool, took_ms: int) -> None:
        """On the disk first, then believed. May raise `Crashed`, `DiskFull`."""
        if complete or self.marks_before_sent:
            row = self.disk.get("contents", step.sha256)
            if row is not None:
                self.disk.write([("contents", step.sha256, {**row, "sent": True})])
        self.uploads.moved(step.sha256, offset, complete or self.marks_before_sent, took_ms)

    def uploading_cases(self) -> set[str]:
        acts = self.uploads.acts
        return {case_id for case_id, held in self.records.items() if any(act.hash in acts for act in held.acts)}

    def contents_after(self, received: Received, plan: Keeping) -> list[Write]:
        """What an answer does to the photographs: those of purged cases go; a restored record is asked about all."""
        writes: list[Write] = [
            ("contents", file.sha256, None)
            for case_id in plan.purge
            for act in (self.records[case_id].acts if case_id in self.records else ())
            for file in attachments_of(act.act.events)
        ]
        gone = {key for _, key, _ in writes}
        if received.shared is not None:
            writes += [
                ("contents", sha256, {**row, "sent": False})
                for sha256, row in self.disk.stores["contents"].items()
                if sha256 not in gone
            ]
        return writes

    # Cases that left

    def load_left(self) -> None:
        left = self.disk.get("sealed", "left") or {"tops": {}, "titles": {}, "wanted": []}
        self.client.let_go(left["tops"])
        for case_id in left["wanted"]:
            self.client.want(case_id)

    def settled(self) -> list[str]:
        """Cases of which the record has everything and nothing waits here."""
        busy = self.client.busy_cases | self.uploading_cases()
        return sorted(
            case_id
            for case_id, held in self.records.items()
            if is_case_id(case_id)
            and (self.evicts_busy or (case_id not in busy and all(act.log_index is not None for act in held.acts)))
        )

    def evict(self, cases: Sequence[str]) -> None:
        """Parts with settled cases. May raise `Crashed`, `DiskFull`."""
        indexes = {case_id: [act.log_index for act in self.records[case_id].acts] for case_id in cases}
        tops = {
            case_id: max((each for each in of_case if each is not None), default=-1)
            for case_id, of_case in indexes.items()
        }
        writes: list[Write] = [(store, case_id, None) for case_id in cases for store in ("documents", "records")]
        titles = {case_id: _title(self.records[case_id]) for case_id in cases}
        self.disk.write([*writes, self._left({**self.client.left, **tops}, self.client.wanted, titles)])
        for case_id in cases:
            self.records.pop(case_id)
        self.client.let_go(tops)

    def recall(self, case_id: str) -> None:
        """Asks a case back. May raise `Crashed`, `DiskFull`."""
        self.disk.write([self._left(self.client.left, [*self.client.wanted, case_id])])
        self.client.want(case_id)

    def left_after(self, received: Received) -> list[Write]:
        """What an answer does to the list of cases that left."""
        if not (received.returned or received.recalled or received.out_of_scope):
            return []
        gone = {*received.returned, *received.out_of_scope}
        tops = {case_id: top for case_id, top in self.client.left.items() if case_id not in gone}
        wanted = [each for each in (*self.client.wanted, *sorted(received.recalled)) if each not in gone]
        return [self._left(tops, wanted)]

    def _left(self, tops: Mapping[str, int], wanted: Iterable[str], titles: Mapping[str, str] | None = None) -> Write:
        known = {**(self.disk.get("sealed", "left") or {"titles": {}})["titles"], **(titles or {})}
        told = {case_id: known[case_id] for case_id in tops}
        return ("sealed", "left", {"tops": dict(tops), "titles": told, "wanted": list(dict.fromkeys(wanted))})


def _title(record: CaseRecord) -> str:
    events = [event for each in record.acts for event in each.act.events]
    return str(next((event["title"] for event in events if event["type"] == "registered"), ""))
