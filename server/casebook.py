"""Every case of the record as the core reads it, in memory, brought up to date from the log.

A projection: it can be thrown away at any time. Must not hold what is not committed.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from py_core.cases.acts import RecordedAct
from py_core.desk.ports import CaseRecord
from py_core.reporters import about, is_reporter_id
from server import record
from server.database import Database
from server.recorded import recorded_act

ERASES = "erase_content"  # the kind of the act with which everything before it was erased


def is_erased(case: CaseRecord) -> bool:
    """Whether only what stays of its acts is left."""
    return case.acts[-1].act.kind == ERASES


class CaseBook:
    """Cases by id; a record object stays the same until its case gets another act."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._cases: dict[str, CaseRecord] = {}
        self._beside: dict[str, list[str]] = {}
        self._read = 0  # how much of the log is in

    def beside(self, case_id: str) -> Sequence[str]:
        """The documents that say who reported or complains in a case, by their own word: the case need not name them."""
        self.current()
        with self._lock:
            return tuple(self._beside.get(case_id, ()))

    def current(self) -> Mapping[str, CaseRecord]:
        """All cases, as of now; the mapping never changes afterwards."""
        with self._lock, self._database.reading_committed() as connection:
            if record.log_size(connection) > self._read:
                added: dict[str, list[RecordedAct]] = {}
                for entry in record.entries_from(connection, self._read):
                    added.setdefault(entry.case_id, []).append(recorded_act(entry))
                    self._read = entry.log_index + 1
                cases = dict(self._cases)
                for case_id, acts in added.items():
                    if case_id in cases and any(each.act.kind == ERASES for each in acts):
                        whole = [recorded_act(entry) for entry in record.entries_of_case(connection, case_id)]
                        cases[case_id] = CaseRecord(case_id, tuple(whole))
                        continue
                    before = cases[case_id].acts if case_id in cases else ()
                    if not before and is_reporter_id(case_id):
                        self._beside.setdefault(about(acts[0].act.events), []).append(case_id)
                    cases[case_id] = CaseRecord(case_id, (*before, *acts))
                self._cases = cases
            return self._cases
