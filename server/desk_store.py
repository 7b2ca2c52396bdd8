"""What the desk's pages read on the server: the record, cut to what the signed-in person may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from py_core.calendars import WorkCalendar
from py_core.city import CITY_ID
from py_core.desk.ports import AttachmentState, CaseRecord, LogSeen, Similar, SyncStatus
from py_core.directory import Directory
from py_core.documents import is_case_id
from py_core.left import Left
from py_core.packs import Packs
from py_core.reporters import is_reporter_id, reporter_id
from py_core.restricted import Restriction, restriction
from py_core.values import local
from py_core.visits import is_visit_id
from server import record
from server.attachments import Attachments
from server.casebook import CaseBook
from server.centre_view import CentreView
from server.checkpoints import newest_size_and_time
from server.city import reader_in, sees_whole_city
from server.database import Database
from server.held_back import Reader
from server.outside import from_ms
from server.recomputation import Recomputation
from server.similar import SimilarIndex
from server.unerased import ErasingAgain

SIMILAR_MAX = 5


class DeskStore:
    """One consistent view for one request; implements `py_core.desk.ports.Store`.

    Lists hold the cases of the person's unit, or all when `whole_city` is asked for (the centre's pages, the public
    status page). A single case may be opened by its units and by those who work for the whole city. Visits are few:
    whoever works for the whole city always sees all of them.
    """

    def __init__(
        self,
        database: Database,
        casebook: CaseBook,
        directory: Directory,
        calendar: WorkCalendar,
        packs: Packs,
        similar: SimilarIndex,
        recomputation: Recomputation,
        attachments: Attachments,
        erasing_again: ErasingAgain,
        user: str,
        now: datetime,
        whole_city: bool,
    ) -> None:
        self._database = database
        self._casebook = casebook
        self._directory = directory
        self._calendar = calendar
        self._packs = packs
        self._similar = similar
        self._recomputation = recomputation
        self._attachments = attachments
        self._erasing_again = erasing_again
        self._person = reader_in(directory, user, now)
        self._today = local(now).date()
        self._whole_city = whole_city

    @cached_property
    def _all(self) -> Mapping[str, CaseRecord]:
        return self._casebook.current()

    @cached_property
    def _own(self) -> frozenset[str]:
        if self._person is None:
            return frozenset()
        with self._database.reading() as connection:
            return record.cases_of_unit(connection, self._person.unit)

    @property
    def _sees_everything(self) -> bool:
        return self._whole_city or (self._person is not None and sees_whole_city(self._person))

    def case(self, case_id: str) -> CaseRecord | None:
        return self._document(case_id) if is_case_id(case_id) else None

    def cases(self) -> Iterable[CaseRecord]:
        if self._whole_city:
            return tuple(each for each in self._all.values() if is_case_id(each.id) and self._may_know(each))
        return tuple(
            self._all[case_id] for case_id in sorted(self._own) if case_id in self._all and is_case_id(case_id)
        )

    def cases_mark(self) -> None:
        return None

    def visit(self, visit_id: str) -> CaseRecord | None:
        return self._document(visit_id) if is_visit_id(visit_id) else None

    def visits(self) -> Iterable[CaseRecord]:
        ids = self._all if self._sees_everything else sorted(self._own)
        return tuple(self._all[each] for each in ids if is_visit_id(each) and each in self._all)

    def reporter(self, case_id: str) -> CaseRecord | None:
        return None if self._person is None else self._document(reporter_id(case_id))

    def reporters(self) -> Iterable[CaseRecord]:
        if not self._whole_city or self._person is not None:
            return ()  # who reads cases would take one that they may not know of for missing
        return tuple(each for each in self._all.values() if is_reporter_id(each.id))

    def _document(self, document_id: str) -> CaseRecord | None:
        document = self._all.get(document_id)
        if document is None:
            return None
        found = self._restriction(document)
        if found is not None:
            return document if self._may_know(document) else None
        return document if self._sees_everything or document_id in self._own else None

    def _restriction(self, document: CaseRecord) -> Restriction | None:
        first = document.acts[0].act
        return restriction(first.events, first.user, self._packs)

    def _may_know(self, document: CaseRecord) -> bool:
        """Whether a restricted case is this person's to know; who reads no case at all is shown counts only, and whoever
        has a receipt and its code the public state."""
        found = self._restriction(document)
        return found is None or self._person is None or found.allows(self._person.id, self._person.roles)

    def city(self) -> CaseRecord | None:
        return self._all.get(CITY_ID)

    def recomputing(self) -> tuple[int, int] | None:
        return self._recomputation.progress

    def directory(self) -> Directory:
        return self._directory

    def calendar(self) -> WorkCalendar:
        return self._calendar

    def packs(self) -> Packs:
        return self._packs

    def sync_status(self) -> SyncStatus:
        with self._database.reading() as connection:
            last = newest_size_and_time(connection)
        log = None if last is None else LogSeen(last[0], from_ms(last[1]))
        return SyncStatus(online=True, waiting=0, last_contact_at=None, log=log)

    def attachment_state(self, sha256: str) -> AttachmentState:
        user = self._person.id if self._person else ""
        return "here" if self._attachments.readable(user, sha256, self._directory) else "awaited"

    def centre(self) -> CentreView | None:
        if not self._whole_city:
            return None
        undone, reader = self._erasing_again.undone, Reader(self._person)
        return CentreView(self._database, self._directory, undone, reader, self._today)

    def left(self) -> Mapping[str, Left]:
        return {}

    def similar(self, case_id: str) -> Sequence[Similar] | None:
        """Past cases like this one that the reader may open."""
        found = self._similar.similar(case_id, 4 * SIMILAR_MAX)
        return [each for each in found if self.case(each.case_id) is not None][:SIMILAR_MAX]
