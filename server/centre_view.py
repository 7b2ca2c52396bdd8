"""What the centre's pages on quarantine and devices read, and what their decisions do.

A decision to take goes through the gate like any other submission, with nothing looked beyond but scope and the
device's withdrawal; it and the act that tells it are one transaction of the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from py_core.change import decode_act_change
from py_core.desk.ports import (
    ActsMissing,
    DeviceRevocation,
    DeviceSeen,
    HeldWork,
    LateDecision,
    LogForked,
    MissingLookedInto,
    RecordRestored,
    Unerased,
)
from py_core.directory import Directory
from py_core.documents import is_case_id
from py_core.errors import Malformed
from py_core.log_watch import Fork
from server import audit, device_contacts, late_work, lineage, record
from server.city import City
from server.database import Database
from server.gate import WAIVABLE, Gate
from server.held_back import HeldBack, Reader, act_of_bytes
from server.late_work import Held
from server.log_tree import acts_tree
from server.missing_numbers import missing_numbers
from server.outside import Clock, from_ms, to_ms
from server.own_device import NotRecorded
from server.registry import catch_up
from server.tables import devices, purges, quarantine
from server.wake import Bell


class CentreView:
    """Implements `py_core.desk.ports.CentreView` over the record, as the reader may know it."""

    def __init__(
        self, database: Database, directory: Directory, undone: Unerased | None, reader: Reader, today: date
    ) -> None:
        self._database = database
        self._directory = directory
        self._undone = undone
        self._reader = reader
        self._today = today

    def held(self, *, decided: bool = False) -> Sequence[HeldWork]:
        with self._database.reading() as connection:
            held_back = HeldBack(connection)
            works = (self._work(connection, held_back, each) for each in late_work.held(connection, decided=decided))
            return [each for each in works if each is not None]

    def held_count(self) -> int:
        with self._database.reading() as connection:
            return len(HeldBack(connection).undecided(self._reader))

    def held_before(self, at: datetime) -> tuple[int, datetime] | None:
        with self._database.reading() as connection:
            found = HeldBack(connection).undecided(self._reader, to_ms(at))
        return (len(found), from_ms(min(each.first_at_ms for each in found))) if found else None

    def held_by_id(self, item: int) -> HeldWork | None:
        with self._database.reading() as connection:
            found = late_work.held_by_id(connection, item)
            return None if found is None else self._work(connection, HeldBack(connection), found)

    def undecidable(self) -> int:
        with self._database.reading() as connection:
            return HeldBack(connection).undecidable(self._reader, self._directory.people_on(self._today))

    def _work(self, connection: Connection, held_back: HeldBack, held: Held) -> HeldWork | None:
        """One of them, as far as this reader may know what it is; None where not even that it waits."""
        secrecy = held_back.secrecy(held.id)
        if not self._reader.may_list(secrecy):
            return None
        work = replace(_work(connection, held), says_who=secrecy.says_who)
        if self._reader.may_know(secrecy):
            return work
        own = self._reader.person is not None and held.decided_by == self._reader.person.id
        return replace(work, text=None, why=held.why if own else "", is_withheld=True)

    def held_on(self, device: str) -> Sequence[str]:
        with self._database.reading() as connection:
            user = connection.scalar(select(devices.c.user).where(devices.c.id == device))
            person = self._directory.people.get(user or "")
            if person is None:
                return ()
            units = {term.unit for term in person.all_terms}
            fed: set[str] = set().union(*(record.cases_of_unit(connection, unit) for unit in units))
            gone = set(connection.scalars(select(purges.c.case_id).where(purges.c.device == device)))
        return sorted(case_id for case_id in fed - gone if is_case_id(case_id))

    def devices(self) -> Sequence[DeviceSeen]:
        with self._database.reading() as connection:
            return _devices(connection)

    def missing(self) -> Mapping[str, ActsMissing]:
        with self._database.reading() as connection:
            return missing_numbers(connection)

    def missing_of(self, device: str) -> ActsMissing | None:
        with self._database.reading() as connection:
            return missing_numbers(connection, device).get(device)

    def restored(self) -> RecordRestored | None:
        with self._database.reading() as connection:
            for found in lineage.restores(connection):
                taken_at = None if found.taken_at_ms is None else from_ms(found.taken_at_ms)
                return RecordRestored(from_ms(found.at_ms), taken_at, found.log_size)
        return None

    def unerased(self) -> Unerased | None:
        return self._undone


class CentreDecisions:
    """Carries out what a page of the centre decided."""

    def __init__(self, database: Database, clock: Clock, city: City, gate: Gate, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._city = city
        self._gate = gate
        self._bell = bell

    def carry_out(self, decision: LateDecision | DeviceRevocation | MissingLookedInto, user: str) -> None:
        """Takes, leaves out, revokes or settles; raises `NotRecorded` with the reason, and then nothing is done."""
        with self._database.writing() as connection:
            if isinstance(decision, DeviceRevocation):
                self._revoke(connection, decision, user)
            elif isinstance(decision, MissingLookedInto):
                self._settle(connection, decision, user)
            else:
                self._decide(connection, decision, user)
            self._bell.ring_after(self._database, connection)

    def _decide(self, connection: Connection, decision: LateDecision, user: str) -> None:
        found = [late_work.held_by_id(connection, item) for item in decision.items]
        held = [each for each in found if each is not None and not each.decision]
        if len(held) < len(found):
            raise NotRecorded("decided_meanwhile")
        now_ms = to_ms(self._clock.now())
        outcome = late_work.TAKEN if decision.take else late_work.LEFT_OUT
        late_work.decide(connection, decision.items, outcome, user, decision.why, now_ms)
        if not decision.take:
            return
        submissions = [replace(each.submission, waived=True) for each in held]
        rulings = self._gate.admit(connection, submissions, self._city.current_in(connection).directory, now_ms)
        refused = next((ruling.reason for ruling in rulings if ruling.verdict == "quarantined"), None)
        if refused is not None:
            raise NotRecorded(refused)

    def _revoke(self, connection: Connection, decision: DeviceRevocation, user: str) -> None:
        where = (devices.c.id == decision.device, devices.c.user.is_not(None), devices.c.revoked_at_ms.is_(None))
        now_ms = to_ms(self._clock.now())
        connection.execute(update(devices).where(*where).values(revoked_at_ms=now_ms, revoked_why=decision.why))
        catch_up(connection, now_ms)
        audit.note(connection, now_ms, user, "device_withdrawn", decision.device, why=decision.why)

    def _settle(self, connection: Connection, decision: MissingLookedInto, user: str) -> None:
        now_ms = to_ms(self._clock.now())
        values = {
            "missing_to": decision.upto, "missing_at_ms": now_ms, "missing_by": user, "missing_why": decision.why
        }  # fmt: skip
        connection.execute(update(devices).where(devices.c.id == decision.device).values(values))
        said = {"upto": decision.upto, "why": decision.why}
        audit.note(connection, now_ms, user, "missing_looked_into", decision.device, **said)


def _work(connection: Connection, held: Held) -> HeldWork:
    try:
        text = decode_act_change(held.submission.raw).text
    except Malformed:
        text = None
    act = act_of_bytes(held.submission.raw)
    return HeldWork(
        id=held.id,
        hash=held.hash,
        case_id=held.submission.case_id,
        user=held.submission.user,
        device=held.submission.device,
        reason=held.reason,
        since=from_ms(held.first_at_ms),
        times=held.times,
        text=text,
        occurred_at=act.occurred_at if act is not None else None,
        claimed_at=act.claimed_at if act is not None else None,
        kinds=tuple(str(event["type"]) for event in act.events) if act is not None else (),
        may_take=held.reason in WAIVABLE
        and (held.reason != late_work.OTHERS_ACT or lineage.count_restores(connection) > 0),
        now_with=tuple(sorted(record.units_of_case(connection, held.submission.case_id))),
        decided_by=held.decided_by,
        decided_at=None if held.decided_at_ms is None else from_ms(held.decided_at_ms),
        why=held.why,
        is_erased=not held.submission.raw,
    )


def _devices(connection: Connection) -> list[DeviceSeen]:
    told = device_contacts.contacts(connection)
    purged = device_contacts.purged(connection)
    undecided = (quarantine.c.released_at_ms.is_(None), quarantine.c.decision.is_(None))
    counted = select(quarantine.c.device, func.count()).where(*undecided).group_by(quarantine.c.device)
    held = {row[0]: row[1] for row in connection.execute(counted)}
    found = []
    for row in connection.execute(select(devices).where(devices.c.user.is_not(None)).order_by(devices.c.code)):
        contact, gone = told.get(row.id), purged.get(row.id)
        seen = DeviceSeen(
            id=row.id,
            code=row.code,
            name=row.name,
            user=row.user,
            enrolled_at=from_ms(row.enrolled_at_ms),
            revoked_at=None if row.revoked_at_ms is None else from_ms(row.revoked_at_ms),
            purged=gone.cases if gone else 0,
            purged_at=from_ms(gone.last_at_ms) if gone else None,
            held=held.get(row.id, 0),
            frozen_at=None if row.frozen_at_ms is None else from_ms(row.frozen_at_ms),
        )
        if contact is not None:
            seen = replace(
                seen,
                last_contact_at=from_ms(contact.at_ms),
                app=contact.app,
                waiting=contact.waiting,
                refused=contact.refused,
                storage_used=contact.storage_used,
                storage_quota=contact.storage_quota,
                storage_kept=contact.storage_kept,
                clock_offset_ms=contact.clock_offset_ms,
                forked=None
                if contact.forked is None
                else _forked(connection, contact.forked, contact.forked_at_ms or 0),
            )
        found.append(seen)
    return found


def _forked(connection: Connection, fork: Fork, at_ms: int) -> LogForked:
    """What a device told of the log, beside what this record's own log says of it."""
    tree = acts_tree(connection)
    ours = [head.size <= tree.size and tree.head(head.size) == head for head in (fork.seen, fork.told)]
    return LogForked(from_ms(at_ms), fork.seen.size, fork.told.size, seen_is_ours=ours[0], told_is_ours=ours[1])
