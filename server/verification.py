"""Reads a whole record again and says what in it is not as it was written: every byte, signature, cause and feed.

The truth is the log of raw changes; everything else is compared with what the log says. Must not change anything
(see `rebuilding`), and must not trust a column that the raw bytes can answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from py_core.cases.acts import Act, read_act
from py_core.change import actor_sign_bytes, causes_in, decode_act_change, sign_bytes
from py_core.enclosed import attachments_of
from py_core.errors import Malformed
from server.database import Database
from server.devices import SERVER_DEVICE, Device, device_by_id
from server.engine import CaseEngine
from server.erased import erasure_of
from server.faults import Fault
from server.keys import verifies
from server.log_faults import log_faults
from server.rebuilding import FeedFaults, feed_faults, standings
from server.scope import taken_late
from server.tables import actors, attachment_chunks, attachment_names, attachments, changes
from server.trial import NotTaken

Progress = Callable[[int, int], None]
"""Told how many changes were read, of how many."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read and what was wrong with it."""

    changes: int
    cases: int
    faults: tuple[Fault, ...]
    erased: tuple[str, ...] = ()  # documents whose content was erased, in words


class _Owners:
    """Devices and actors, each looked up once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._devices: dict[str, Device | None] = {}
        self._actors: dict[str, str] = {}

    def device(self, device: str) -> Device | None:
        if device not in self._devices:
            self._devices[device] = device_by_id(self._connection, device)
        return self._devices[device]

    def actor_fault(self, actor: str, device: Device) -> str:
        """Why this actor is not proven to be the device's; empty when it is."""
        key = f"{actor} {device.id}"
        if key not in self._actors:
            row = self._connection.execute(select(actors).where(actors.c.actor == actor)).first()
            if row is None:
                why = "its actor was never announced"
            elif row.device != device.id:
                why = "its actor belongs to another device"
            else:
                message = actor_sign_bytes(actor, device.id)
                good = verifies(device.alg, device.public_key, bytes(row.signature), message)
                why = "" if good else "the announcement of its actor is not signed by its device"
            self._actors[key] = why
        return self._actors[key]


def verify(database: Database, engine: CaseEngine, progress: Progress | None = None) -> Verified:
    """Reads everything in one view of the record; the engine takes every case anew."""
    faults: list[Fault] = []
    with database.reading_committed() as connection:
        total = connection.scalar(select(func.count()).select_from(changes)) or 0
        highest = connection.scalar(select(func.max(changes.c.log_index)))
        if highest is not None and highest + 1 != total:
            why = f"the highest number is {highest}, but {total} changes are there"
            faults.append(Fault("gap_in_the_log", "log", why))
        owners = _Owners(connection)
        named: set[tuple[str, str, str]] = set()
        twice = _numbers_twice(connection)
        read = cases = 0
        erased: list[str] = []
        for case_id, rows in _cases(connection):
            of_case = list(_case_faults(case_id, rows, owners, named, twice))
            if (found := erasure_of(case_id, rows)) is not None:
                of_case += found.faults
                erased += [found.words] if found.words else []
            elif not of_case:
                of_case = list(_engine_faults(case_id, rows, engine))
            faults += of_case
            read, cases = read + len(rows), cases + 1
            if progress is not None:
                progress(read, total)
        try:
            expected = standings(connection)
        except (ValueError, TypeError, KeyError, AttributeError, Malformed) as error:
            faults.append(Fault("unreadable_directory", "directories", f"the feeds were not compared ({error})"))
        else:
            faults += _feed(feed_faults(connection, expected))
        faults += _name_faults(connection, named)
        faults += _content_faults(connection)
        faults += log_faults(connection)
    return Verified(total, cases, tuple(faults), tuple(erased))


def _cases(connection: Connection) -> Iterator[tuple[str, Sequence[Row[tuple[object, ...]]]]]:
    ids = connection.scalars(select(changes.c.case_id).distinct().order_by(changes.c.case_id)).all()
    for case_id in ids:
        yield (
            case_id,
            connection.execute(select(changes).where(changes.c.case_id == case_id).order_by(changes.c.log_index)).all(),
        )


def _numbers_twice(connection: Connection) -> set[str]:
    """The acts whose device had used their number before."""
    numbers = (changes.c.device, changes.c.device_seq)
    first = func.min(changes.c.log_index).label("first")
    used = select(*numbers, first).group_by(*numbers).having(func.count() > 1).subquery()
    same = and_(used.c.device == changes.c.device, used.c.device_seq == changes.c.device_seq)
    return set(connection.scalars(select(changes.c.hash).join(used, same).where(changes.c.log_index > used.c.first)))


def _case_faults(
    case_id: str,
    rows: Sequence[Row[tuple[object, ...]]],
    owners: _Owners,
    named: set[tuple[str, str, str]],
    twice: Collection[str],
) -> Iterator[Fault]:
    known: set[str] = set()
    let_in = _let_in(rows)
    for row in rows:
        where = f"case {case_id}, number {row.log_index}"
        try:
            act, change_hash, actor, causes, said = _said_by(row)
        except Malformed as error:
            yield Fault("unreadable", where, str(error))
            continue
        if change_hash != row.hash:
            yield Fault("other_bytes", where, f"its bytes have the hash {change_hash}, noted is {row.hash}")
        if said != (row.actor, row.seq, row.start_op, row.deps, row.device, row.device_seq, row.user):
            yield Fault("other_columns", where, "actor, sequence, causes, device or person differ from the bytes")
        device = owners.device(act.device)
        if device is None and row.vouched_by is None:
            yield Fault("unknown_device", where, f"device {act.device} is not enrolled")
        else:
            signer = device if row.vouched_by is None else owners.device(row.vouched_by)
            message = sign_bytes(case_id, change_hash)
            if signer is None or not verifies(signer.alg, signer.public_key, bytes(row.signature), message):
                who = act.device if row.vouched_by is None else row.vouched_by
                yield Fault("wrong_signature", where, f"the signature is not that of device {who}")
            if row.vouched_by is not None and change_hash not in let_in:
                yield Fault("not_let_in", where, "its author did not sign it, and no decision of the centre took it")
            elif row.vouched_by is None and device and (why := owners.actor_fault(actor, device)):
                yield Fault("wrong_actor", where, why)
        if change_hash in twice and change_hash not in let_in:
            yield Fault("number_twice", where, f"another act of device {act.device} has the number {act.device_seq}")
        if missing := [cause for cause in causes if cause not in known]:
            yield Fault("missing_cause", where, f"what it rests on is not before it: {', '.join(missing)}")
        known.add(change_hash)
        if row.residue is not None:
            continue  # its contents went with it
        named.update((file.sha256, case_id, act.user) for file in attachments_of(act.events))


def _said_by(row: Row[Any]) -> tuple[Act, str, str, tuple[str, ...], tuple[object, ...]]:
    """The act, its hash, actor and causes, and the columns as its bytes say them; of an erased one the columns stand
    for the bytes, and what binds them is the act that erased it."""
    if row.residue is not None:
        act = read_act(row.residue)
        deps = [row.deps[at : at + 64] for at in range(0, len(row.deps), 64)]
        said = (row.actor, row.seq, row.start_op, row.deps, act.device, act.device_seq, act.user)
        return act, row.hash, row.actor, causes_in(deps), said
    change = decode_act_change(bytes(row.raw))
    act = read_act(change.text)
    said = (change.actor, change.seq, change.start_op, "".join(change.deps), act.device, act.device_seq, act.user)
    return act, change.hash, change.actor, change.causes, said


def _let_in(rows: Sequence[Row[tuple[object, ...]]]) -> set[str]:
    """The acts of a case that the centre took although something stood against them, by its own recorded acts."""
    found: set[str] = set()
    for row in rows:
        if row.device == SERVER_DEVICE and row.vouched_by is None:
            with suppress(Malformed):
                act = _said_by(row)[0]
                found.update(late for event in act.events for late in taken_late(event))
    return found


def _engine_faults(case_id: str, rows: Sequence[Row[tuple[object, ...]]], engine: CaseEngine) -> Iterator[Fault]:
    try:
        engine.try_changes([], [bytes(row.raw) for row in rows])
    except NotTaken as error:
        yield Fault("engine_refused", f"case {case_id}", f"the engine does not make a document of it: {error.code}")


def _feed(found: FeedFaults) -> Iterator[Fault]:
    for case_id, unit, missing in found.missing:
        why = f"{missing} changes are not in the feed of unit {unit}; `shouwen rebuild` feeds them"
        yield Fault("not_fed", f"case {case_id}", why)
    for case_id, unit in found.not_let_go:
        why = f"the case has left unit {unit} and its feed does not say so; `shouwen rebuild` mends it"
        yield Fault("not_let_go", f"case {case_id}", why)
    if found.dangling:
        why = f"{found.dangling} lines name a change that is not there; `shouwen rebuild` removes them"
        yield Fault("dangling_feed", "feed", why)


def _name_faults(connection: Connection, named: set[tuple[str, str, str]]) -> Iterator[Fault]:
    noted = {(row.sha256, row.case_id, row.user) for row in connection.execute(select(attachment_names))}
    for sha256, case_id, user in sorted(named - noted):
        why = f"content {sha256} of {user} is not noted as named here; `shouwen rebuild` notes it"
        yield Fault("not_named", f"case {case_id}", why)
    for sha256, case_id, user in sorted(noted - named):
        yield Fault("named_by_nothing", f"case {case_id}", f"no act of {user} names content {sha256}")


def _content_faults(connection: Connection) -> Iterator[Fault]:
    for row in connection.execute(select(attachments).order_by(attachments.c.sha256)).all():
        same = (attachment_chunks.c.sha256 == row.sha256, attachment_chunks.c.user == row.holder)
        pieces = select(attachment_chunks.c.data).where(*same).order_by(attachment_chunks.c.at)
        digest = hashlib.sha256()
        for data in connection.scalars(pieces):
            digest.update(bytes(data))
        if digest.hexdigest() != row.sha256:
            yield Fault("other_content", f"content {row.sha256}", "its bytes do not have this hash")
