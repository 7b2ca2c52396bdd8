"""Takes outbox files that were carried to the centre: the same gate as `POST /sync`, and receipts to carry back.

Owns the table `carried_files`. Must not judge changes (see `gate`) nor know HTTP (see `carry_routes`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from py_core import carry, wire
from py_core.carry import CarriedLog, CarryRefused
from py_core.errors import Malformed
from py_core.merkle import common_path
from server import audit, device_contacts, late_work, lineage, record
from server.carry_keys import CarryKeys
from server.city import City, reader_in
from server.cli_notes import note_command
from server.database import Database
from server.devices import Device, device_by_id
from server.exchange import Exchange, ExchangeRefused, read_request, scope_of
from server.keys import verifies
from server.log_tree import acts_tree
from server.outside import Clock, to_ms
from server.receipts import Receipts
from server.tables import carried_files

_AT_ONCE = 200  # changes a transaction: others may write in between
_ID_BYTES = 16
_FILES_MAX = 8  # of one device that may be on their way back at once


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """One outbox file that was brought, with every verdict; `file` is its SHA-256."""

    file: str
    device: str
    user: str
    brought_by: str
    first_at_ms: int
    last_at_ms: int
    times: int
    verdicts: tuple[wire.Verdict, ...]  # as they are now: what was held back may have been decided since
    decisions: Mapping[str, late_work.Decided]  # about what was held back, by the act's hash
    receipts: bytes  # the receipts file

    @property
    def stem(self) -> str:
        """What outbox file and receipts file are called."""
        return f"shouwen-{self.file[:8]}"


class CarryImport:
    """The record's door for files."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        city: City,
        exchange: Exchange,
        keys: CarryKeys,
        receipts: Receipts,
    ) -> None:
        self._clock = clock
        self._city = city
        self._database = database
        self._exchange = exchange
        self._keys = keys
        self._receipts = receipts

    def take(self, data: bytes, brought_by: str) -> CarriedFile:
        """Lets every act of an outbox file through the gate; raises `CarryRefused` when it is none for this record.

        Half a work is no harm: what was taken is taken, the same file again gives the same receipts for it.
        """
        alg, signature, frames = carry.unpack_outbox(self._keys.open(carry.read_outbox(data)))
        try:
            hello, announcements, pushed = read_request(carry.carried_frames(frames), carry.OUTBOX_ITEMS_MAX)
        except (Malformed, ExchangeRefused) as error:
            raise CarryRefused("tampered", str(error)) from error
        if hello.v != wire.PROTOCOL_VERSION:
            raise CarryRefused("newer_format", f"protocol {hello.v}")
        device = self._sender(hello.device)
        if alg != device.alg or not verifies(alg, device.public_key, signature, carry.outbox_sign_bytes(frames)):
            raise CarryRefused("tampered", "the device did not sign it")
        verdicts = self._push(device, announcements, pushed)
        return self._note(hashlib.sha256(data).hexdigest(), device, brought_by, verdicts, hello)

    def known(self, file: str) -> CarriedFile | None:
        """A file that was brought before, by its SHA-256."""
        if not re.fullmatch(r"[0-9a-f]{64}", file):
            return None
        with self._database.reading() as connection:
            row = connection.execute(select(carried_files).where(carried_files.c.file == file)).first()
            return None if row is None else self._read(connection, row)

    def newest(self, count: int) -> list[CarriedFile]:
        """The files that were brought last, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(carried_files).order_by(carried_files.c.last_at_ms.desc(), carried_files.c.file).limit(count)
            ).all()
            return [self._read(connection, row) for row in rows]

    def _sender(self, device_id: str) -> Device:
        with self._database.reading() as connection:
            device = device_by_id(connection, device_id)
        if device is None or device.user is None:
            raise CarryRefused("device_unknown", device_id[:64])
        return device

    def _push(
        self, device: Device, announcements: Sequence[wire.ActorAnnouncement], pushed: Sequence[wire.Pushed]
    ) -> list[wire.Verdict]:
        assert device.user is not None, "the server's own device carries nothing"
        verdicts: list[wire.Verdict] = []
        try:
            for at in range(0, len(pushed), _AT_ONCE):
                some = pushed[at : at + _AT_ONCE]
                ruled = self._exchange.push(device, device.user, announcements if at == 0 else (), some)
                verdicts += [replace(each, case=item.case_id) for each, item in zip(ruled, some, strict=True)]
        except ExchangeRefused as error:
            raise CarryRefused(error.code, error.message) from error
        return verdicts

    def _note(
        self, file: str, device: Device, brought_by: str, verdicts: Sequence[wire.Verdict], hello: wire.Hello
    ) -> CarriedFile:
        held = [bytes.fromhex(case_id) for case_id in hello.held if re.fullmatch(r"[0-9a-f]{32}", case_id)]
        now_ms = to_ms(self._clock.now())
        with self._database.writing() as connection:
            said = wire.Carried(device.id, file, now_ms, lineage.current(connection))
            if _demands_proof(hello):
                said = replace(said, log_size=acts_tree(connection).size, seen=hello.log_size)
            answer = carry.receipts_frames(said, verdicts)
            changed = {"last_at_ms": now_ms, "answer": answer, "brought_by": brought_by}
            again = connection.execute(
                update(carried_files)
                .where(carried_files.c.file == file)
                .values(**changed, times=carried_files.c.times + 1)
            )
            if again.rowcount == 0:
                connection.execute(
                    insert(carried_files).values(
                        file=file,
                        device=device.id,
                        user=device.user,
                        first_at_ms=now_ms,
                        times=1,
                        acts=len(verdicts),
                        held=b"".join(held) if held else None,
                        **changed,
                    )
                )
            device_contacts.note_purges(connection, device.id, hello.purged, now_ms)
            if brought_by:
                audit.note(connection, now_ms, brought_by, "carried_file", file, device=device.id, acts=len(verdicts))
            else:
                about = {"device": device.id, "acts": str(len(verdicts))}
                note_command(connection, self._clock, "import-carried", "carried_file", file, **about)
            row = connection.execute(select(carried_files).where(carried_files.c.file == file)).one()
            return self._read(connection, row)

    def _read(self, connection: Connection, row: Row[Any]) -> CarriedFile:
        """The file with receipts as they are to be given now: decisions, and how the device stands, go with them."""
        found = row._mapping
        kept = carry.read_receipts(carry.receipts_file(bytes(64), bytes(found["answer"])))
        decisions = {each.hash: each for each in self._decisions(connection, found["user"], kept.verdicts)}
        verdicts = tuple(self._now(connection, each, decisions) for each in kept.verdicts)
        device = device_by_id(connection, found["device"])
        problem = _problem(device) if device is not None else ""
        said = replace(kept.carried, problem=problem, key=self._receipts.public_key.hex())
        revoked: list[wire.Revoke] = []
        if found["held"] is not None and not problem:  # a withdrawn device lets go of all, a frozen one of nothing
            held = [found["held"][at : at + _ID_BYTES].hex() for at in range(0, len(found["held"]), _ID_BYTES)]
            said, revoked = self._scope(connection, said, found["user"], held)
        log = self._log(connection, said, verdicts)
        answer = carry.receipts_frames(replace(said, log_size=0, seen=None), verdicts, revoked, log)
        signature = self._receipts.key.sign(carry.receipts_sign_bytes(answer))
        receipts = carry.receipts_file(signature, answer)
        return CarriedFile(
            file=found["file"],
            device=found["device"],
            user=found["user"],
            brought_by=found["brought_by"],
            first_at_ms=found["first_at_ms"],
            last_at_ms=found["last_at_ms"],
            times=found["times"],
            verdicts=verdicts,
            decisions=decisions,
            receipts=receipts,
        )

    def _log(self, connection: Connection, said: wire.Carried, verdicts: Sequence[wire.Verdict]) -> CarriedLog | None:
        """The log as it was when the file was taken, or as long as its latest act needs, for who demands it: as the
        continuation of what the device had seen when it saved the file, and of what its files have told it."""
        taken = [each.log_index for each in verdicts if each.log_index is not None]
        tree, size = acts_tree(connection), max([said.log_size, *(index + 1 for index in taken)])
        if said.seen is None or size > tree.size:  # it came back from a backup: the file is of another history
            return None
        late = [index + 1 for index in taken if index >= said.log_size]  # decided since: an earlier giving ended there
        told = (said.seen, *late, *self._told(connection, said.device))
        seen = {each for each in told if 0 < each <= size}
        head, now = tree.head(size), self._clock.now()
        beacons = []
        for older in sorted(seen) or [0]:
            path = tuple(step.hex() for step in tree.consistency(older, size)) if 0 < older < size else ()
            beacons.append(self._receipts.beacon(now, size, head.root.hex(), older, path))
        return CarriedLog(tuple(beacons), tuple(common_path(taken, size, tree.subtree)) if taken else ())

    @staticmethod
    def _told(connection: Connection, device: str) -> Iterator[int]:
        """How long the log was that the device's files tell of: it may read them in any order."""
        answers = select(carried_files.c.answer).where(carried_files.c.device == device)
        for answer in connection.scalars(answers.order_by(carried_files.c.last_at_ms.desc()).limit(_FILES_MAX)):
            message = carry.first_message(bytes(answer))  # of thousands of frames, while nobody else may write
            if isinstance(message, wire.Carried):
                yield message.log_size

    def _scope(
        self, connection: Connection, said: wire.Carried, user: str, held: Sequence[str]
    ) -> tuple[wire.Carried, list[wire.Revoke]]:
        """In which scope the device is now, and what of the cases on it is out of it. Of a case that is not in the log
        nothing can be said: it waits on the device, or in quarantine."""
        person = reader_in(self._city.current_in(connection).directory, user, self._clock.now())
        unit = person.unit if person else ""
        inside = record.cases_of_unit(connection, unit)
        tops = record.tops_of_cases(connection, [case_id for case_id in held if case_id not in inside])
        said = replace(said, scope=scope_of(unit), cursor=record.feed_top(connection))
        return said, [wire.Revoke(case_id, tops[case_id]) for case_id in held if case_id in tops]

    def _decisions(
        self, connection: Connection, user: str, verdicts: Sequence[wire.Verdict]
    ) -> Iterator[late_work.Decided]:
        held_back = [each.hash for each in verdicts if each.verdict == "quarantined"]
        for at in range(0, len(held_back), _AT_ONCE):
            yield from late_work.decided(connection, user, held_back[at : at + _AT_ONCE])

    def _now(
        self, connection: Connection, verdict: wire.Verdict, decisions: Mapping[str, late_work.Decided]
    ) -> wire.Verdict:
        """The verdict as it is now: an act that was held back may be in the record, or left out for good."""
        if verdict.verdict != "quarantined" or verdict.hash not in decisions:
            return verdict
        entry = record.entry_by_hash(connection, verdict.hash)
        if entry is not None:
            place = (entry.log_index, entry.received_at_ms)
            signature = self._receipts.receipt(entry.case_id, entry.hash, *place)
            return wire.Verdict(entry.hash, "had", "", *place, signature, case=entry.case_id)
        return replace(verdict, reason=late_work.LEFT_OUT) if decisions[verdict.hash].left_out else verdict


def _demands_proof(hello: wire.Hello) -> bool:
    return {wire.WATCHES, wire.PROVES, wire.FILED}.issubset(hello.can.split())


def _problem(device: Device) -> str:
    return "device_revoked" if device.revoked else "device_frozen" if device.frozen else ""
