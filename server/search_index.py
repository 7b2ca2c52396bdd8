"""The tables of the search index: texts, pairs of characters (FTS5), vectors (sqlite-vec). Derived, rebuildable.

Owns the file's layout and the raw look-ups; must not weigh or rank (see `search`). Not safe to share between threads:
its caller holds a lock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from py_core.words import pairs
from server.search_encoder import DIMENSIONS, Vectors
from server.sqlite_driver import load_vectors

LAYOUT = 1
_SCALE = 508.0  # a component of a unit vector of 512 is near 1/22; 508 spreads three of those over one signed byte
_TERMS_MAX = 48  # the rarest pairs of a query; more only cost time
_MEAN_FROM = 32  # below so many texts their mean says more about them than about the language
_MEAN_UNTIL = 8192  # from here on the mean moves too little to be worth counting again


class Index:
    """One open index. `connection` belongs to the library of `server.sqlite_driver.driver()`."""

    def __init__(self, connection: Any, model: str | None) -> None:
        self._db = connection
        self._model = model
        self._near = load_vectors(connection) and model is not None
        self._make_tables()
        self._mean = self._stored_mean()

    def clear(self) -> None:
        """Empties every table."""
        self._drop_tables()
        self._make_tables()
        self._mean = self._stored_mean()
        self._db.commit()

    def holds(self, case_id: str, text: str, place: str) -> bool:
        """Whether exactly this text is already indexed (with a vector, where there is an encoder)."""
        row = self._db.execute("SELECT id, text, place FROM text WHERE case_id = ?", (case_id,)).fetchone()
        if row is None or (row[1], row[2]) != (text, place):
            return False
        return self._model is None or bool(self._vectors([row[0]]))

    def put(self, rows: Sequence[tuple[str, str, str]], vectors: Vectors | None) -> None:
        """Stores or replaces rows of (case id, text, place) with their unit vectors, all or nothing."""
        try:
            for i, (case_id, text, place) in enumerate(rows):
                number = self._put_text(case_id, text, place)
                if vectors is not None:
                    self._put_vector(number, vectors[i])
            self._recentre_when_due()
        except BaseException:
            self._db.rollback()
            raise
        self._db.commit()

    def remove(self, case_ids: Iterable[str]) -> int:
        """Forgets cases so that nothing of their words is left in the file; how many were there."""
        gone = 0
        for case_id in case_ids:
            found = self.find(case_id)
            if found is None:
                continue
            number, text, _ = found
            self._db.execute("INSERT INTO pair (pair, rowid, x) VALUES ('delete', ?, ?)", (number, _joined(text)))
            for table in ("text", "vector", *(("near",) if self._near else ())):
                self._db.execute(f"DELETE FROM {table} WHERE id = ?", (number,))
            gone += 1
        if gone:
            # Deleted words stay in the segments of the word index until they are merged.
            self._db.execute("INSERT INTO pair (pair) VALUES ('optimize')")
        self._db.commit()
        if gone:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return gone

    def find(self, case_id: str) -> tuple[int, str, str] | None:
        """Number, text and place of a case."""
        row = self._db.execute("SELECT id, text, place FROM text WHERE case_id = ?", (case_id,)).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def texts(self, numbers: Iterable[int]) -> dict[int, tuple[str, str, str]]:
        """Case id, text and place by number."""
        wanted = ",".join(str(int(number)) for number in numbers)
        rows = self._db.execute(f"SELECT id, case_id, text, place FROM text WHERE id IN ({wanted})")
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def at_place(self, place: str, most: int) -> list[int]:
        """The latest cases of one place."""
        rows = self._db.execute("SELECT id FROM text WHERE place = ? ORDER BY id DESC LIMIT ?", (place, most))
        return [row[0] for row in rows]

    def weights(self, terms: Iterable[str]) -> dict[str, float]:
        """How much each pair of characters tells here (inverse document frequency); 0 for unknown and common ones."""
        total = self._db.execute("SELECT count(*) FROM text").fetchone()[0]
        found: dict[str, float] = {}
        for term in set(terms):
            row = self._db.execute("SELECT doc FROM pair_count WHERE term = ?", (term,)).fetchone()
            often = row[0] if row else 0
            found[term] = max(0.0, math.log((total - often + 0.5) / (often + 0.5))) if often else 0.0
        return found

    def weight_of_a_single(self) -> float:
        """The weight of a pair that only one case has."""
        total = self._db.execute("SELECT count(*) FROM text").fetchone()[0]
        return math.log((total - 0.5) / 1.5) if total > 1 else 0.0

    def by_words(self, text: str, most: int) -> dict[int, float]:
        """Share of the text's information that each case repeats, 0 to 1 (BM25 over the text's own weight)."""
        weights = self.weights(pairs(text))
        terms = sorted((t for t in weights if weights[t] > 0), key=lambda t: (-weights[t], t))[:_TERMS_MAX]
        if not terms:
            return {}
        whole = sum(weights[term] for term in terms)
        query = " OR ".join(f'"{term}"' for term in terms)
        rows = self._db.execute(
            "SELECT rowid, -bm25(pair) FROM pair WHERE pair MATCH ? ORDER BY rank LIMIT ?", (query, most)
        )
        return {row[0]: min(1.0, row[1] / whole) for row in rows}

    def by_meaning(self, centred: Vectors, most: int) -> list[int]:
        """The cases whose signs of the vector's components differ least; empty without sqlite-vec."""
        if not self._near:
            return []
        rows = self._db.execute("SELECT id FROM near WHERE signs MATCH vec_bit(?) AND k = ?", (_signs(centred), most))
        return [row[0] for row in rows]

    def cosines(self, centred: Vectors, numbers: Iterable[int]) -> dict[int, float]:
        """Cosine of each case's centred vector with this one; cases without a vector are left out."""
        stored = self._vectors(numbers)
        if not stored:
            return {}
        matrix = np.stack([self.centre(vector) for vector in stored.values()])
        return dict(zip(stored, (matrix @ centred).tolist(), strict=True))

    def vector(self, number: int) -> Vectors | None:
        """The stored, uncentred vector of a case."""
        return self._vectors([number]).get(number)

    def centre(self, vector: Vectors) -> Vectors:
        """The vector less the corpus mean, at length one: what all texts have in common does not count."""
        moved = vector - self._mean
        return np.asarray(moved / max(float(np.linalg.norm(moved)), 1e-9), dtype=np.float32)

    def _make_tables(self) -> None:
        self._db.execute("CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BLOB NOT NULL)")
        if self._setting("layout") not in (None, str(LAYOUT)) or self._setting("model") not in (
            None,
            self._model or "",
        ):
            # Made by another version or another model: nothing in it can be compared, so it starts empty.
            self._drop_tables()
            self._db.execute("CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL)")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS text (id INTEGER PRIMARY KEY, case_id TEXT NOT NULL UNIQUE,"
            " text TEXT NOT NULL, place TEXT NOT NULL)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS text_place ON text (place, id)")
        self._db.execute("CREATE TABLE IF NOT EXISTS vector (id INTEGER PRIMARY KEY, value BLOB NOT NULL)")
        self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS pair USING fts5(x, content='')")
        self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS pair_count USING fts5vocab(pair, 'row')")
        if self._near:
            self._db.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS near USING vec0(id INTEGER PRIMARY KEY, signs bit[{DIMENSIONS}])"
            )
        for name, value in (("layout", str(LAYOUT)), ("model", self._model or "")):
            self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
        self._db.commit()

    def _drop_tables(self) -> None:
        for table in ("pair_count", "pair", "near", "vector", "text", "setting"):
            if table != "near" or self._near:
                self._db.execute(f"DROP TABLE IF EXISTS {table}")

    def _setting(self, name: str) -> Any:
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _stored_mean(self) -> Vectors:
        blob = self._setting("mean")
        return np.zeros(DIMENSIONS, np.float32) if blob is None else np.frombuffer(blob, np.float32)

    def _put_text(self, case_id: str, text: str, place: str) -> int:
        old = self.find(case_id)
        if old is None:
            cursor = self._db.execute(
                "INSERT INTO text (case_id, text, place) VALUES (?, ?, ?)", (case_id, text, place)
            )
            number = int(cursor.lastrowid)
        else:
            number = old[0]
            self._db.execute("UPDATE text SET text = ?, place = ? WHERE id = ?", (text, place, number))
            # A contentless table forgets a row only when it is shown the old terms.
            self._db.execute("INSERT INTO pair (pair, rowid, x) VALUES ('delete', ?, ?)", (number, _joined(old[1])))
        self._db.execute("INSERT INTO pair (rowid, x) VALUES (?, ?)", (number, _joined(text)))
        return number

    def _put_vector(self, number: int, vector: Vectors) -> None:
        packed = np.clip(np.round(vector * _SCALE), -127, 127).astype(np.int8)
        self._db.execute("INSERT OR REPLACE INTO vector VALUES (?, ?)", (number, packed.tobytes()))
        self._put_signs(number, _unpacked(packed.tobytes()))

    def _put_signs(self, number: int, vector: Vectors) -> None:
        if self._near:
            self._db.execute("DELETE FROM near WHERE id = ?", (number,))
            self._db.execute(
                "INSERT INTO near (id, signs) VALUES (?, vec_bit(?))", (number, _signs(self.centre(vector)))
            )

    def _vectors(self, numbers: Iterable[int]) -> dict[int, Vectors]:
        wanted = ",".join(str(int(number)) for number in numbers)
        rows = self._db.execute(f"SELECT id, value FROM vector WHERE id IN ({wanted})")
        return {row[0]: _unpacked(row[1]) for row in rows}

    def _recentre_when_due(self) -> None:
        """Counts the mean anew whenever the number of vectors has doubled; vectors are stored uncentred for this."""
        count = self._db.execute("SELECT count(*) FROM vector").fetchone()[0]
        last = int(self._setting("mean_of") or 0)
        if count < _MEAN_FROM or count < 2 * last or last >= _MEAN_UNTIL:
            return
        rows = self._db.execute("SELECT id, value FROM vector").fetchall()
        self._mean = np.mean([_unpacked(row[1]) for row in rows], axis=0).astype(np.float32)
        self._db.execute("INSERT OR REPLACE INTO setting VALUES ('mean', ?)", (self._mean.tobytes(),))
        self._db.execute("INSERT OR REPLACE INTO setting VALUES ('mean_of', ?)", (str(count),))
        for number, blob in rows:
            self._put_signs(number, _unpacked(blob))


def _joined(text: str) -> str:
    return " ".join(pairs(text))


def _signs(vector: Vectors) -> bytes:
    return np.packbits(vector > 0, bitorder="little").tobytes()


def _unpacked(blob: bytes) -> Vectors:
    vector = np.frombuffer(blob, np.int8).astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
