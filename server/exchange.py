"""One sync exchange from frames to frames (docs/sync-protocol.md), without HTTP: what a simulation calls as well.

Owns the order of an answer and what a device may see. Must not judge changes (see `gate`) nor touch sockets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from py_core import wire
from py_core.errors import Malformed, ShouwenError
from server import device_contacts, late_work, record
from server.city import City, Published, reader_in
from server.database import Database
from server.devices import Device, announce_actor, device_by_id
from server.gate import Gate, Ruling
from server.outside import Clock, to_ms
from server.receipts import Receipts
from server.record import Submission
from server.settings import Settings
from server.wake import Bell

ACTORS_MAX = wire.REQUEST_ACTORS_MAX
REVOKED_SCOPE = "revoked"  # of a device that was revoked: it is fed nothing, so it lets everything go
_REVOKE_BYTES = 80  # about, in the count of a page
_LETS_GO = "/2"  # follows the unit in the scope of a device that can let cases go; the others never hear of revokes


class ExchangeRefused(ShouwenError):
    """The exchange as a whole cannot be served; nothing of it was taken."""

    def __init__(self, status: int, code: str, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class Exchange:
    """The record's side of the sync."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        database: Database,
        city: City,
        gate: Gate,
        receipts: Receipts,
        bell: Bell,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._database = database
        self._city = city
        self._gate = gate
        self._receipts = receipts
        self._bell = bell

    def answer(self, user: str, frames: Sequence[wire.Frame]) -> list[wire.Frame]:
        """The frames for a signed-in person's request; raises `ExchangeRefused`.

        Verdicts are given only after what they say is on the disk.
        """
        hello, announcements, pushed = read_request(frames, ACTORS_MAX)
        if hello.v != wire.PROTOCOL_VERSION:
            raise ExchangeRefused(426, "version", f"This record speaks version {wire.PROTOCOL_VERSION}.")
        with self._database.reading() as connection:
            device = _device(connection, hello.device, user)
        verdicts = self.push(device, user, announcements, pushed) if announcements or pushed else []
        self._note(device, hello)
        with self._database.reading() as connection:
            answer: list[wire.Frame] = [wire.message_frame(verdict) for verdict in verdicts]
            answer += [wire.message_frame(ruled) for ruled in self._decided(connection, device, user, hello.asks)]
            if device.revoked:
                end = wire.End(cursor=0, more=False, scope=REVOKED_SCOPE, problem="device_revoked")
                return [*answer, wire.message_frame(end)]
            published = self._city.current_in(connection)
            if published.version > hello.config:
                answer.append(wire.message_frame(wire.Config(published.document)))
            answer += self._wanted(connection, published, user, hello.want)
            answer += self._news(connection, published, user, hello)
        return answer

    def _note(self, device: Device, hello: wire.Hello) -> None:
        """Keeps what the device told of itself; most exchanges tell nothing new and write nothing."""
        now_ms = to_ms(self._clock.now())
        with self._database.reading() as connection:
            worth_while = bool(hello.purged) or device_contacts.is_news(connection, device.id, hello, now_ms)
        if worth_while:
            with self._database.writing() as connection:
                device_contacts.note(connection, device.id, hello, now_ms)

    def _decided(self, connection: Connection, device: Device, user: str, asks: Sequence[str]) -> list[wire.Ruled]:
        """What has become of acts that the device keeps as refused, as far as something has."""
        answer = []
        person = reader_in(self._city.current_in(connection).directory, user, self._clock.now())
        for found in late_work.decided(connection, device.id, asks):
            entry = record.entry_by_hash(connection, found.hash)
            if entry is None and not found.left_out:
                continue
            units = () if device.revoked else record.units_of_case(connection, found.case_id)
            in_scope = person is not None and person.unit in units
            ruled = wire.Ruled(found.hash, entry is not None, found.by, found.at_ms, found.why, in_scope)
            if entry is not None:
                place = (entry.log_index, entry.received_at_ms)
                signature = self._receipts.receipt(entry.case_id, entry.hash, *place)
                ruled = replace(ruled, log_index=place[0], received_at_ms=place[1], sig=signature)
            answer.append(ruled)
        return answer

    def push(
        self,
        device: Device,
        user: str,
        announcements: Sequence[wire.ActorAnnouncement],
        pushed: Sequence[wire.Pushed],
    ) -> list[wire.Verdict]:
        """A verdict for each change, in order, on the disk when this comes back; raises `ExchangeRefused`."""
        with self._database.writing() as connection:
            held = record.quarantined_by_device(connection, device.id)
            if pushed and held + len(pushed) > self._settings.quarantined_per_device_max:
                raise ExchangeRefused(429, "quarantine_full", "Too many changes of this device were not taken.", 3600)
            now_ms = to_ms(self._clock.now())
            for said in announcements:
                announce_actor(connection, device, said, now_ms)
            directory = self._city.current_in(connection).directory
            submissions = [
                Submission(item.case_id, item.alg, item.signature, item.raw, device.id, user) for item in pushed
            ]
            rulings = self._gate.admit(connection, submissions, directory, now_ms)
            if any(ruling.verdict == "accepted" for ruling in rulings):
                self._bell.ring_after(self._database, connection)
            return [self._verdict(connection, ruling) for ruling in rulings]

    def _verdict(self, connection: Connection, ruling: Ruling) -> wire.Verdict:
        if ruling.log_index is None or ruling.received_at_ms is None:
            # Whoever names causes that are in the case has held it, and may know who has it now.
            foreign = ruling.reason == "foreign_scope"
            now_with = sorted(record.units_of_case(connection, ruling.case_id)) if foreign else ()
            return wire.Verdict(ruling.hash, ruling.verdict, ruling.reason, now_with=tuple(now_with))
        signature = self._receipts.receipt(ruling.case_id, ruling.hash, ruling.log_index, ruling.received_at_ms)
        return wire.Verdict(ruling.hash, ruling.verdict, "", ruling.log_index, ruling.received_at_ms, signature)

    def _wanted(self, connection: Connection, published: Published, user: str, want: Sequence[str]) -> list[wire.Frame]:
        """Cases that left the device and are asked back, each as a whole; the first ones up to a page."""
        person = reader_in(published.directory, user, self._clock.now())
        frames: list[wire.Frame] = []
        size = 0
        for case_id in dict.fromkeys(want[: wire.WANTED_MAX]):
            if not re.fullmatch(r"[0-9a-f]{32}", case_id):
                raise ExchangeRefused(400, "malformed", "want must be ids of cases")
            if size >= self._settings.pull_page_bytes:
                break
            seen = person is not None and person.unit in record.units_of_case(connection, case_id)
            entries = record.entries_of_case(connection, case_id) if seen else []
            frames += [wire.Pulled(case_id, each.log_index, each.received_at_ms, each.raw) for each in entries]
            frames.append(wire.message_frame(wire.WholeCase(case_id, len(entries))))
            size += sum(len(each.raw) for each in entries)
        return frames

    def _news(self, connection: Connection, published: Published, user: str, hello: wire.Hello) -> list[wire.Frame]:
        """The feed after the cursor, one page of it, then the beacon and the end."""
        person = reader_in(published.directory, user, self._clock.now())
        unit = person.unit if person else ""
        lets_go = wire.REVOKES in hello.can.split()
        scope = unit + _LETS_GO if lets_go else unit
        cursor = hello.cursor if hello.scope in ("", scope) else 0  # a cursor of another feed means nothing here
        cursor = min(cursor, record.feed_top(connection))
        frames: list[wire.Frame] = []
        size = 0
        more = False
        for fed in record.fed_after(connection, unit, cursor):
            if size >= self._settings.pull_page_bytes:
                more = True
                break
            cursor = fed.n
            if (entry := fed.entry) is not None:
                frames.append(wire.Pulled(entry.case_id, entry.log_index, entry.received_at_ms, entry.raw))
                size += len(entry.raw)
            elif lets_go:
                frames.append(wire.message_frame(wire.Revoke(fed.case_id, fed.log_index)))
                size += _REVOKE_BYTES
        beacon = self._receipts.beacon(self._clock.now(), record.log_size(connection))
        end = wire.End(cursor=cursor, more=more, scope=scope)
        return [*frames, wire.message_frame(beacon), wire.message_frame(end)]


def read_request(
    frames: Sequence[wire.Frame], actors_max: int
) -> tuple[wire.Hello, list[wire.ActorAnnouncement], list[wire.Pushed]]:
    """The parts of a request; everything else in it is an error of the whole (`ExchangeRefused`)."""
    try:
        if not frames:
            raise Malformed("request", "is empty")
        hello = wire.read_message(frames[0])
        if not isinstance(hello, wire.Hello):
            raise Malformed("request", "does not begin with hello")
        announcements: list[wire.ActorAnnouncement] = []
        pushed: list[wire.Pushed] = []
        for frame in frames[1:]:
            if isinstance(frame, wire.Pushed):
                pushed.append(frame)
                continue
            message = wire.read_message(frame)
            if not isinstance(message, wire.ActorAnnouncement) or pushed or len(announcements) == actors_max:
                raise Malformed("request", f"must be hello, at most {actors_max} actors, then changes")
            announcements.append(message)
    except Malformed as error:
        raise ExchangeRefused(400, "malformed", str(error)) from error
    return hello, announcements, pushed


def _device(connection: Connection, device_id: str, user: str) -> Device:
    device = device_by_id(connection, device_id)
    if device is None or device.user is None:
        raise ExchangeRefused(403, "device_unknown", "This device is not enrolled here; prepare it again.")
    if device.user != user:
        raise ExchangeRefused(403, "device_of_other_person", "This device is enrolled for somebody else.")
    return device
