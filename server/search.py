"""Similar cases and search by words and meaning over the whole record, on an index that can be rebuilt at any time.

Owns how nearness is weighed: cosine of meaning + share of common words + a bonus for the same place. Never a fusion
of ranks: equal weight for both orders buries the better one. It proposes with its reason; it decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from py_core.desk.ports import Similar
from py_core.words import pairs, shared_runs
from server.search_encoder import Encoder, Vectors, installed_encoder
from server.search_index import Index
from server.sqlite_driver import driver

SAME_PLACE = 0.4
_CANDIDATES = 200  # taken from each of words, meaning and place before the exact weighing
_BATCH = 32
_LIKE_ENOUGH = 0.6  # cosine + words + place; below it two requests have little but officialese in common
_TELLING = 0.4  # of the weight of a word that occurs once: what weighs less explains nothing
_LIKE_ENOUGH_BY_WORDS = 0.06


class SimilarCases:
    """The search index of one record. Every method may be called from any thread.

    `index` and `rebuild` encode texts (milliseconds each, seconds at the first): call them off the request path, for
    instance with `asyncio.to_thread`. `similar` of an indexed case reads stored vectors only.
    """

    def __init__(self, database: Path | str | Any, encoder: Encoder | None = None) -> None:
        """Opens the index in a file of its own (or ":memory:"), or over a connection of `sqlite_driver.driver()`."""
        if isinstance(database, Path | str):
            self._db: Any = driver().connect(str(database), check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")  # derived: what a power cut takes is indexed again
        else:
            self._db = database
        self._encoder = encoder
        self._lock = threading.RLock()
        self._index = Index(self._db, encoder.model if encoder else None)

    @classmethod
    def open(cls, database: Path | str) -> SimilarCases:
        """The index with this installation's encoder, or by words only where there is none."""
        return cls(database, installed_encoder())

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def index(self, case_id: str, text: str, place: str = "") -> None:
        """Makes one case findable, or replaces what was said of it; the same text again costs nothing."""
        self.catch_up([(case_id, text, place)])

    def catch_up(self, cases: Iterable[tuple[str, str, str]]) -> int:
        """Indexes those of (case id, text, place) that are new or changed and returns how many they were."""
        done = 0
        batch: list[tuple[str, str, str]] = []
        for row in cases:
            with self._lock:
                known = self._index.holds(*row)
            if not known:
                batch.append(row)
            if len(batch) == _BATCH:
                done += self._put(batch)
                batch = []
        return done + self._put(batch)

    def rebuild(self, cases: Iterable[tuple[str, str, str]]) -> int:
        """Forgets everything and indexes these (case id, text, place); returns how many they were."""
        with self._lock:
            self._index.clear()
        return self.catch_up(cases)

    def forget(self, case_ids: Iterable[str]) -> int:
        """Takes cases out of the index and their words out of its file; returns how many were there."""
        with self._lock:
            return self._index.remove(case_ids)

    def similar(self, case_id: str, k: int = 5) -> list[Similar]:
        """Past cases like this one, best first, without itself; empty while it is not indexed yet."""
        with self._lock:
            found = self._index.find(case_id)
            if found is None:
                return []
            number, text, place = found
            vector = self._index.vector(number)
            floor = _LIKE_ENOUGH_BY_WORDS if vector is None else _LIKE_ENOUGH
            return self._ranked(text, vector, place, k, leave_out=number, floor=floor)

    def search(self, text: str, place: str | None = None, k: int = 20) -> list[Similar]:
        """Cases that have these words or mean this, best first; the same place counts in their favour."""
        vector = self._encoder.encode([text])[0] if self._encoder and pairs(text) else None
        with self._lock:
            return self._ranked(text, vector, place or "", k, leave_out=None, floor=0.0)

    def _put(self, batch: list[tuple[str, str, str]]) -> int:
        if batch:
            latest = list({row[0]: row for row in batch}.values())
            vectors = self._encoder.encode([row[1] for row in latest]) if self._encoder else None
            with self._lock:
                self._index.put(latest, vectors)
        return len(batch)

    def _ranked(
        self, text: str, vector: Vectors | None, place: str, k: int, leave_out: int | None, floor: float
    ) -> list[Similar]:
        index = self._index
        words = index.by_words(text, _CANDIDATES)
        numbers = set(words)
        cosines: dict[int, float] = {}
        if place:
            numbers.update(index.at_place(place, _CANDIDATES))
        if vector is not None:
            centred = index.centre(vector)
            numbers.update(index.by_meaning(centred, _CANDIDATES))
            cosines = index.cosines(centred, numbers)
        numbers.discard(leave_out or 0)
        rows = index.texts(numbers)
        scores: dict[int, float] = {}
        for number, (_, _, where) in rows.items():
            likeness = cosines.get(number, 0.0) + words.get(number, 0.0)
            score = likeness + (SAME_PLACE if place and where == place else 0.0)
            if score > floor:
                scores[number] = score
        best = sorted(scores, key=lambda number: (-scores[number], -number))[:k]
        weights = index.weights(pairs(text)) if best else {}
        commonplace = _TELLING * index.weight_of_a_single()
        highest = 1.0 + SAME_PLACE + (1.0 if vector is not None else 0.0)
        return [
            Similar(
                case_id=rows[number][0],
                score=max(0, min(1000, round(1000 * scores[number] / highest))),
                shared=shared_runs(text, rows[number][1], lambda pair: weights.get(pair, 0.0) - commonplace),
            )
            for number in best
        ]
