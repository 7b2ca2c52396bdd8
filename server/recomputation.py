"""After an act of the city document: every open case whose date moves gets an act that says so, with the cause.

Counts by `py_core.city.changes` alone and records through the server's own device and the gate. Doing it twice changes
nothing. Runs in a thread of its own, so that a city of many cases waits for nobody.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import insert, select

from py_core import __version__
from py_core.calendars import WorkCalendar
from py_core.cases.acts import Act, RecordedAct
from py_core.city import CITY_ID, CityRules, city_rules
from py_core.city.changes import Moved, moved_clocks
from py_core.city.words import cause_text
from py_core.desk.ports import CaseRecord
from py_core.desk.turn import fold_once
from py_core.directory import Directory
from py_core.documents import is_case_id
from py_core.packs import Packs
from py_core.rights import may
from py_core.values import local
from py_core.wire import beacon_time_ms
from server import record
from server.casebook import CaseBook, is_erased
from server.city import City
from server.database import Database
from server.devices import SERVER_DEVICE
from server.follower import Follower
from server.outside import Clock, from_ms, to_ms
from server.own_device import NotRecorded, OwnAct, OwnDevice
from server.recorded import recorded_act
from server.tables import recomputations

_BATCH = 20  # cases in one transaction: other writers get their turn between two
_EVENTS_MAX = 32
_log = logging.getLogger("shouwen.recomputation")


class Recomputation(Follower):
    """Follows the city document and the cases that arrive from devices which did not know it yet."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        casebook: CaseBook,
        own_device: OwnDevice,
        city: City,
        calendar: WorkCalendar,
        packs: Packs,
    ) -> None:
        super().__init__("recomputation", "the open cases could not be counted anew")
        self._database = database
        self._clock = clock
        self._casebook = casebook
        self._own_device = own_device
        self._city = city
        self._calendar = calendar
        self._packs = packs
        self._lock = threading.Lock()
        self._looked: set[str] = set()  # cases that arrived, looked at for what their device did not know
        self.progress: tuple[int, int] | None = None  # looked through, of how many; None at rest

    def catch_up(self) -> int:
        """Counts the open cases anew for every act of the city document that was not counted yet, and those that
        arrived since from a device that did not know one of them; gives how many cases got an act."""
        with self._lock:
            moved = 0
            acts, done = self._acts()
            try:
                for place, recorded in enumerate(acts):
                    if recorded.hash not in done and not self.ending:
                        moved += self._count(recorded, self._rules(acts[:place]), self._rules(acts[: place + 1]))
            finally:
                self.progress = None
            return moved + self._tell_the_late()

    def _tell_the_late(self) -> int:
        """What was registered under an older law and arrived after the recount gets the same line as the others."""
        known = self._casebook.current().values()
        arrived = [
            each for each in known if is_case_id(each.id) and each.id not in self._looked and not is_erased(each)
        ]
        if not arrived:
            return 0
        with self._database.reading() as connection:
            acts = [recorded_act(entry) for entry in record.entries_of_case(connection, CITY_ID)]
        moved = 0
        for each in arrived:
            if self.ending:
                return moved
            for place, cause in enumerate(acts):
                user = _author(cause.act.user, self._city.current().directory, local(self._clock.now()).date())
                if user is not None and _did_not_know(each.acts[0], cause):
                    before, after = self._rules(acts[:place]), self._rules(acts[: place + 1])
                    moved += self._record([each.id], user, cause, before, after)
            self._looked.add(each.id)
        return moved

    def _acts(self) -> tuple[list[RecordedAct], frozenset[str]]:
        with self._database.reading() as connection:
            done = frozenset(connection.scalars(select(recomputations.c.hash)))
            entries = record.entries_of_case(connection, CITY_ID)
        if all(entry.hash in done for entry in entries):
            return [], done
        return [recorded_act(entry) for entry in entries], done

    def _rules(self, acts: Sequence[RecordedAct]) -> CityRules:
        founding = self._city.current().directory.policies
        return city_rules(acts, self._packs, self._calendar, founding)

    def _count(self, cause: RecordedAct, before: CityRules, after: CityRules) -> int:
        user = _author(cause.act.user, self._city.current().directory, local(self._clock.now()).date())
        moved = 0
        if user is None:
            _log.error("nobody is an administrator: moved dates wait until somebody is")
            return 0
        if before.facts != after.facts:
            waiting: list[str] = []
            for found in self._moving(before, after):
                waiting.append(found)
                if len(waiting) == _BATCH:
                    moved += self._record(waiting, user, cause, before, after)
                    waiting = []
            moved += self._record(waiting, user, cause, before, after)
        if self.ending:
            return moved
        with self._database.writing() as connection:
            connection.execute(
                insert(recomputations).values(hash=cause.hash, done_at_ms=to_ms(self._clock.now()), moved=moved)
            )
        return moved

    def _moving(self, before: CityRules, after: CityRules) -> Iterator[str]:
        cases = [each for each in self._casebook.current().values() if is_case_id(each.id) and not is_erased(each)]
        now = self._clock.now()
        for number, each in enumerate(cases, 1):
            if self.ending:
                return
            self.progress = (number, len(cases))
            if moved_clocks(fold_once(each).case, before, after, now):
                yield each.id

    def _record(
        self, case_ids: Sequence[str], user: str, cause: RecordedAct, before: CityRules, after: CityRules
    ) -> int:
        """Records the moved dates of these cases as they are now: somebody may have worked on them meanwhile."""
        if not case_ids:
            return 0
        with self._database.writing():
            seq = self._own_device.next_seq()
            cases, now = self._casebook.current(), self._clock.now()
            acts: list[OwnAct] = []
            for case_id in case_ids:
                moved = _not_yet_told(
                    cases[case_id], cause, moved_clocks(fold_once(cases[case_id]).case, before, after, now)
                )
                if moved:
                    version = self._packs.on(_received(cases[case_id], now)).version
                    text = self._act(moved, user, cause, after, seq + len(acts), version)
                    acts.append(OwnAct(case_id, text, user))
            try:
                self._own_device.append(acts)
            except NotRecorded as error:
                if len(case_ids) == 1:
                    _log.error("a moved date could not be recorded: %s", error.reason)
                    return 0
            else:
                return len(acts)
        # One of them is not taken: the others must not wait for it.
        return sum(self._record([case_id], user, cause, before, after) for case_id in case_ids)

    def _act(
        self, moved: Sequence[Moved], user: str, cause: RecordedAct, after: CityRules, seq: int, version: str
    ) -> str:
        now = self._clock.now().replace(microsecond=0)
        fact = after.fact_of(cause.hash)
        said = cause_text(fact.event) if fact is not None else ""
        events = [
            {
                "type": "due_recomputed",
                "clock": each.clock,
                **({"old_due": each.old.isoformat()} if each.old else {}),
                "new_due": each.new.isoformat(),
                "firm": each.firm,
                "cause": cause.hash,
                "cause_text": said,
            }
            for each in moved[:_EVENTS_MAX]
        ]
        return Act(
            kind="recompute_due",
            events=tuple(events),
            user=user,
            device=SERVER_DEVICE,
            device_seq=seq,
            occurred_at=now,
            claimed_at=now,
            beacon=None,
            since_beacon_ms=None,
            pack_version=version,
            app_version=__version__,
        ).text()


def _not_yet_told(case: CaseRecord, cause: RecordedAct, moved: Sequence[Moved]) -> list[Moved]:
    told = {(fact.data["cause"], fact.data["clock"]) for fact in fold_once(case).case.all("due_recomputed")}
    return [each for each in moved if (cause.hash, each.clock) not in told]


def _did_not_know(first: RecordedAct, cause: RecordedAct) -> bool:
    """Whether a registration came after this act of the centre from a device whose last contact was before it."""
    if first.received_at is None or cause.received_at is None or first.received_at < cause.received_at:
        return False  # the recount of the cause itself has seen the case
    contact_ms = beacon_time_ms(first.act.beacon) if first.act.beacon is not None else None
    known_at = first.act.claimed_at if contact_ms is None else from_ms(contact_ms)
    return known_at < cause.received_at


def _received(case: CaseRecord, now: datetime) -> date:
    registered = fold_once(case).case.registered
    return registered.day if registered is not None else local(now).date()


def _author(user: str, directory: Directory, today: date) -> str | None:
    """Who stands for the consequence: the author of the cause, or an administrator once that person has left."""
    able = {person.id for person in directory.people_on(today) if may(person.roles, "state_recount")}
    return user if user in able else min(able, default=None)
