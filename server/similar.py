"""Keeps the search index of similar cases up to date beside the record, off the request path.

The index is derived and optional: where it cannot be opened the pages say nothing of similar cases.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from py_core.desk.ports import CaseRecord, Similar
from server.casebook import CaseBook, is_erased
from server.follower import Follower
from server.search import SimilarCases


class SimilarIndex(Follower):
    """Answers from the index and feeds it; derived data, so the pages go on without when feeding fails."""

    def __init__(self, path: Path, casebook: CaseBook) -> None:
        super().__init__("similar-index", "the index of similar cases could not be brought up to date")
        self._path = path
        self._casebook = casebook
        self._opened: SimilarCases | None = None
        self._lock = threading.Lock()
        self._indexed: dict[str, CaseRecord] = {}

    def similar(self, case_id: str, k: int) -> Sequence[Similar]:
        """Cases like this one, best first; none as long as the index is being opened."""
        return () if self._opened is None else self._opened.similar(case_id, k)

    def catch_up(self) -> int:
        """Indexes every case that is new or changed; gives how many were. Takes milliseconds for each new one."""
        with self._lock:
            cases = self._casebook.current()
            if not cases:
                return 0
            if self._opened is None:
                self._opened = SimilarCases.open(self._path)
            new = [case for case_id, case in cases.items() if self._indexed.get(case_id) is not case]
            changed = [case for case in new if not is_erased(case)]
            self._opened.forget(case.id for case in new if is_erased(case))
            count = self._opened.catch_up(_rows(changed))
            self._indexed = dict(cases)
            return count

    def rebuild(self) -> int:
        """Forgets the index and makes it anew; gives how many cases it holds."""
        with self._lock:
            if self._opened is None:
                self._opened = SimilarCases.open(self._path)
            cases = self._casebook.current()
            count = self._opened.rebuild(_rows(case for case in cases.values() if not is_erased(case)))
            self._indexed = dict(cases)
            return count

    def close(self) -> None:
        """Ends the thread and closes the index."""
        super().close()
        if self._opened is not None:
            self._opened.close()


def _rows(cases: Iterable[CaseRecord]) -> Iterable[tuple[str, str, str]]:
    for case in cases:
        for event in case.acts[0].act.events:
            if event["type"] == "registered":
                words = [str(event.get(key) or "") for key in ("title", "text")]
                yield case.id, "\n".join(filter(None, words)), str(event.get("place") or "")
                break
