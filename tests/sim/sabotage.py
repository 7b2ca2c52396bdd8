"""The product broken on purpose, one way each: the simulation must notice every one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import delete

from py_core import merkle, wire
from py_core.desk.turn import Turn
from py_core.documents import is_case_id, is_visit_id
from py_core.exchanged import Received
from py_core.keeping import Keeping
from py_core.packed import messages
from py_core.sync import SyncClient
from py_core.uploads import Step
from server import record as log
from server.log_tree import leaves_of_acts
from server.tables import changes

from .city_record import CityRecord
from .device import Device
from .office_work import SOMEBODY


class _ForgetsWhenUnanswered(SyncClient):
    """Takes what it has said for what was heard."""

    def failed(self, status: int | None, jitter: float, retry_after_ms: int | None = None) -> int:
        for act in self._sent:
            self._waiting.pop(act.hash, None)
        return super().failed(status, jitter, retry_after_ms)


class _SkipsAPage(SyncClient):
    """Moves the cursor over what it did not get."""

    def commit(self, received: Received) -> int:
        wait_ms = super().commit(received)
        if received.end is not None and received.end.more:
            self.standing = replace(self.standing, cursor=self.standing.cursor + 1)
        return wait_ms


class _SkipsAnAct(SyncClient):
    """Loses the last act of an answer that has more than one."""

    def read(self, pieces: Iterable[bytes], held: Iterable[str] = (), busy: Iterable[str] = ()) -> Received:
        received = super().read(pieces, held, busy)
        if len(received.acts) > 1:
            received.acts.pop()
        return received


class ForgetsItsOutbox(Device):
    client_class = _ForgetsWhenUnanswered


class SkipsAPage(Device):
    client_class = _SkipsAPage


class SkipsAnAct(Device):
    client_class = _SkipsAnAct


class BelievesAnybody(Device):
    """Does not look at the record's signature under receipts."""

    checks_signatures = False


class ShowsBeforeItStores(Device):
    """Tells the person before the transaction is done."""

    stores_first = False


class NumbersAnew(Device):
    """Counts its acts from one again after every start."""

    def open(self) -> None:
        super().open()
        self.book["next_seq"] = 1


class NeverLetsGo(Device):
    """Keeps cases that have left its scope."""

    lets_go = False


class _PurgesAtOnce(SyncClient):
    """Lets a case go while its own work on it still waits."""

    def _let_go(self, received: Received, *known: Any, **by: Any) -> None:
        super()._let_go(received, *known, **by)
        received.purge = tuple(sorted({*received.purge, *received.custody.leaving}))


class PurgesAtOnce(Device):
    client_class = _PurgesAtOnce


class ForgetsItsNumbers(Device):
    """Does not learn from its own acts in the record's log; the seeds in `test_simulation.FOUND` once found this."""

    def take_answer(self, pieces: Iterable[bytes]) -> int | None:
        next_seq = self.book["next_seq"]
        wait_ms = super().take_answer(pieces)
        self.book["next_seq"] = next_seq
        return wait_ms


class KeepsItsReceipts(Device):
    """Believes still what a record signed for before it came back from a backup: it offers nothing again."""

    def _plan(self, received: Received) -> Keeping:
        return super()._plan(replace(received, shared=None))


class TrustsItsClock(Device):
    """Argues with the wall clock where it should argue with the running time."""

    def turn(self) -> Turn:
        turn = super().turn()
        around = turn.surroundings
        if around.since_beacon_ms is not None:
            since_ms = max(0, around.since_beacon_ms + self.clock_offset_ms)
            turn.surroundings = replace(around, since_beacon_ms=since_ms)
        return turn


class TakesPhotographsForSent(Device):
    """Notes after the first chunk that the record has a photograph."""

    marks_before_sent = True


class PartsWithUnsentWork(Device):
    """Lets a case leave of which something still waits."""

    evicts_busy = True


class _HearsNoRecall(SyncClient):
    """Passes over what happens in cases that left the device."""

    def read(self, pieces: Iterable[bytes], held: Iterable[str] = (), busy: Iterable[str] = ()) -> Received:
        received = super().read(pieces, held, busy)
        received.recalled.clear()
        return received


class HearsNoRecall(Device):
    client_class = _HearsNoRecall


class _KeepsTheTitles(SyncClient):
    """Lets cases go that it holds, but keeps its line of those that had left before."""

    def read(self, pieces: Iterable[bytes], held: Iterable[str] = (), busy: Iterable[str] = ()) -> Received:
        received = super().read(pieces, held, busy)
        received.out_of_scope.intersection_update(self._asked)  # of these it is told by name
        return received


class KeepsTheTitles(Device):
    client_class = _KeepsTheTitles


class CopiesIntoVisits(Device):
    """Keeps with a visit who asked for something on it."""

    def take_answer(self, pieces: Iterable[bytes]) -> int | None:
        wait_ms = super().take_answer(pieces)
        asked = [each for each in self.records if is_case_id(each) and SOMEBODY in repr(self.disk.get("records", each))]
        visits = [each for each in self.records if is_visit_id(each)] if asked else []
        self.disk.write([("sealed", each, {"asked": SOMEBODY}) for each in visits])
        return wait_ms


class NeverComesBack(Device):
    """Does not show its enrolment record to a record that does not know it any more."""

    comes_back = False


class SaysWholeTooEarly(CityRecord):
    """Takes a photograph for whole after its first chunk."""

    def upload(self, user: str, step: Step, data: bytes, crash_rate: float) -> tuple[int, int, bool]:
        status, offset, complete = super().upload(user, step, data, crash_rate)
        return status, offset, complete or status == 204


class PromisesBeforeItKeeps(CityRecord):
    """Speaks a receipt for what its crash then takes back."""

    def _serve(self, user: str, body: bytes) -> tuple[int, bytes, int | None]:
        status, answer, retry = super()._serve(user, body)
        if self._chance.random() < 0.2 and b'"accepted"' in answer:
            with self.parts.database.writing() as connection:
                last = log.log_size(connection) - 1
                connection.execute(delete(changes).where(changes.c.log_index == last))
        return status, answer, retry


class ForgetsAFeed(CityRecord):
    """Ends its answer one act too early and says that it was all."""

    def _serve(self, user: str, body: bytes) -> tuple[int, bytes, int | None]:
        status, answer, retry = super()._serve(user, body)
        if status != 200:
            return status, answer, retry
        frames = wire.read_frames(answer, bytes_max=wire.ANSWER_BYTES_MAX, frames_max=wire.ANSWER_FRAMES_MAX)
        pulled = [frame for frame in frames if isinstance(frame, wire.Pulled)]
        if len(pulled) > 1:
            frames.remove(pulled[-1])
        return status, wire.encode_frames(frames), retry


class HasTwoHistories(CityRecord):
    """Shows now and then, signed with its own key, a log in which the first act was another one."""

    def _serve(self, user: str, body: bytes) -> tuple[int, bytes, int | None]:
        status, answer, retry = super()._serve(user, body)
        if status != 200 or self._chance.random() > 0.3:
            return status, answer, retry
        frames = wire.read_frames(answer, bytes_max=wire.ANSWER_BYTES_MAX, frames_max=wire.ANSWER_FRAMES_MAX)
        full = [messages.long(frame) for frame in frames]
        at = next(
            (n for n, each in enumerate(full) if isinstance(each, wire.Json) and each.data["t"] == "beacon"), None
        )
        if at is None:
            return status, answer, retry
        said = wire.read_message(full[at])
        assert isinstance(said, wire.Beacon)
        with self.parts.database.reading() as connection:
            leaves = leaves_of_acts(connection)[: said.log_size]
        if not leaves or not 0 < said.older <= said.log_size:
            return status, answer, retry
        whole = merkle.subtrees_of([merkle.leaf_hash(b"another"), *leaves[1:]])
        path = tuple(step.hex() for step in merkle.consistency_path(said.older, said.log_size, whole))
        root = whole(0, said.log_size).hex()
        forged = self.parts.receipts.beacon(self._clock.now(), said.log_size, root, said.older, path)
        frames[at] = messages.short(forged)
        return status, wire.encode_frames(frames), retry


CLIENTS = (
    ForgetsItsOutbox, SkipsAPage, SkipsAnAct, BelievesAnybody, ShowsBeforeItStores, NumbersAnew, TrustsItsClock,
)  # fmt: skip
RECORDS = (PromisesBeforeItKeeps, ForgetsAFeed)
