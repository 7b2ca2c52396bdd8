"""The real server parts over one SQLite file, with a virtual clock; may end at any begin or commit of a transaction."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import event

from py_core import wire
from py_core.desk.ports import NewAct
from py_core.errors import Malformed
from py_core.uploads import Step
from server.attachments import UploadRefused
from server.backup import return_backup, take_backup
from server.carry_import import CarriedFile
from server.database import Database
from server.devices import enrolment_of
from server.engine import EngineInside
from server.exchange import ExchangeRefused
from server.outside import to_ms
from server.parts import Parts, assemble
from server.returning import take_back
from server.settings import Settings

from .town import START_MS, city_document


class RecordCrashed(Exception):
    """The server's process ended; its database is as the last commit left it."""


class VirtualClock:
    """The true time of the run."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now_ms() / 1000, UTC)


class SeededEntropy:
    """The same bytes in every run of a seed; a restarted server draws others than before."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def token(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(f"{self._seed} {self._drawn}".encode()).digest(size)


def make_template(folder: Path) -> None:
    """An empty record with the city's directory: made once a process, copied for every run."""
    parts = assemble(
        Settings(folder, similar_cases=False), VirtualClock(lambda: START_MS), SeededEntropy("template"), EngineInside()
    )
    parts.city.publish(city_document())
    parts.close()


class CityRecord:
    """One server over one database, started again after each end."""

    def __init__(self, template: Path, folder: Path, chance: Random, now_ms: Callable[[], int]) -> None:
        shutil.copytree(template, folder)
        self._settings = Settings(folder, similar_cases=False, pull_page_bytes=chance.choice((2_000, 6_000, 256_000)))
        self._chance = chance
        self._chance_of_uploads = Random(f"uploads of {folder.name}")
        self._clock = VirtualClock(now_ms)
        self._left: int | None = None
        self.starts = 0
        self.crashes = 0
        self.restores = 0
        self.start()

    def start(self) -> None:
        """A new process over the same database."""
        self.starts += 1
        self.parts: Parts = assemble(self._settings, self._clock, SeededEntropy(f"start {self.starts}"), EngineInside())
        engine = self.parts.database.engine
        event.listen(engine, "begin", self._boundary)
        event.listen(engine, "commit", self._boundary)

    def close(self) -> None:
        self.parts.close()

    def back_up(self, folder: Path) -> None:
        """A backup as `shouwen backup` takes it."""
        take_backup(self.parts.database, self._settings.data, folder, self._clock.now())

    def restore(self, folder: Path) -> None:
        """The disk is gone; `shouwen restore` fills an empty one from a backup, and the server starts again."""
        self.close()
        shutil.rmtree(self._settings.data)
        self._settings.data.mkdir()
        database = Database.open(self._settings.database, 5)
        self.restores += 1
        entropy = SeededEntropy(f"restore {self.restores}")
        return_backup(folder, database, self._settings.data, self._clock.now(), entropy)
        database.close()
        self.start()

    def answer(self, user: str, body: bytes, crash_rate: float) -> tuple[int, bytes, int | None]:
        """Status, body and Retry-After (ms) of one exchange, as `server/sync_routes.py` gives them."""
        with self._at_risk(self._chance, 6, crash_rate):
            return self._serve(user, body)

    def take_file(self, file: bytes, crash_rate: float) -> CarriedFile:
        """What became of an outbox file that somebody brought; raises `CarryRefused`, `RecordCrashed`."""
        with self._at_risk(self._chance, 8, crash_rate):
            return self.parts.carry_import.take(file, "")

    def enrolment_of(self, device: str) -> tuple[str, str]:
        """The enrolment record that a device keeps."""
        with self.parts.database.reading() as connection:
            found = enrolment_of(connection, device)
        assert found is not None
        return found

    def take_back(self, user: str, enrolment: tuple[str, str]) -> bool:
        """Whether a device that this record does not know came back by its enrolment record."""
        text, signature = enrolment
        with self.parts.database.writing() as connection:
            now_ms = to_ms(self._clock.now())
            return take_back(connection, self.parts.entropy, user, text, bytes.fromhex(signature), now_ms)[1]

    def upload(self, user: str, step: Step, data: bytes, crash_rate: float) -> tuple[int, int, bool]:
        """Status, offset and completeness, as `server/attachment_routes.py` gives them; raises `RecordCrashed`."""
        with self._at_risk(self._chance_of_uploads, 4, crash_rate):
            contents = self.parts.attachments
            try:
                if step.do == "ask":
                    standing = contents.standing(user, step.sha256, self.parts.city.current().directory)
                    return 200, standing.offset, standing.complete
                standing = contents.take(user, step.sha256, step.total, step.offset, data)
                return 204, standing.offset, standing.complete
            except UploadRefused as error:
                return error.status, error.offset, False

    def commit_page(self, act: NewAct, user: str, crash_rate: float) -> None:
        """Records an act of the server's own pages; raises `NotRecorded`, `RecordCrashed`."""
        with self._at_risk(self._chance, 4, crash_rate):
            self.parts.own_device.commit([act], user)

    @contextmanager
    def _at_risk(self, chance: Random, boundaries: int, rate: float) -> Iterator[None]:
        """The process may end at one of the next boundaries; then it is started again and `RecordCrashed` goes on."""
        self._left = chance.randrange(boundaries) if chance.random() < rate else None
        try:
            yield
        except RecordCrashed:
            self.crashes += 1
            self.close()
            self.start()
            raise
        finally:
            self._left = None

    def _serve(self, user: str, body: bytes) -> tuple[int, bytes, int | None]:
        try:
            frames = wire.read_frames(body)
            return 200, wire.encode_frames(self.parts.exchange.answer(user, frames)), None
        except Malformed as error:
            return 400, str(error).encode(), None
        except ExchangeRefused as error:
            seconds = error.retry_after_seconds
            return error.status, error.message.encode(), None if seconds is None else seconds * 1000

    def _boundary(self, *_: object) -> None:
        if self._left is None:
            return
        if self._left == 0:
            self._left = None
            raise RecordCrashed
        self._left -= 1
