"""One sync exchange from frames to frames (docs/sync-protocol.md), without HTTP: what a simulation calls as well.

Owns the order of an answer and what a device may see. Must not judge changes (see `gate`) nor touch sockets.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from sqlalchemy import Connection

from py_core import wire
from py_core.directory import Person
from py_core.errors import Malformed, ShouwenError
from py_core.log_watch import proof_frame
from py_core.merkle import common_path
from py_core.packed import messages
from py_core.packed.changes import Unresolved
from py_core.packed.receipts import Place
from server import device_contacts, late_work, lineage, record
from server.city import City, Published, reader_in
from server.database import Database
from server.devices import Device, announce_actor, device_by_id
from server.feeding import Feeding, whole_case
from server.gate import Gate, Ruling
from server.log_tree import acts_tree
from server.outside import Clock, to_ms
from server.receipts import Receipts
from server.record import Submission
from server.settings import Settings
from server.unpacking import in_full
from server.wake import Bell

ACTORS_MAX = wire.REQUEST_ACTORS_MAX
_LETS_GO = "/2"  # follows the unit in the scope of a device that can let cases go; the others never hear of revokes


class ExchangeRefused(ShouwenError):
    """The exchange as a whole cannot be served; nothing of it was taken."""

    def __init__(self, status: int, code: str, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an answer; `packed` is in short already and gains nothing by compression."""

    frames: list[wire.Frame]
    packed: bool
    last: bool


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
        self._notes: dict[str, tuple[wire.Hello, int]] = {}
        self._notes_lock = threading.Lock()
        self._noting = False
        self._feeding = Feeding(settings.pull_page_bytes, settings.answer_bytes, settings.kept_pages_bytes)

    def answer(self, user: str, frames: Sequence[wire.Frame]) -> list[wire.Frame]:
        """The frames for a signed-in person's request, all pages of the answer; raises `ExchangeRefused`."""
        return [frame for part in self.parts(user, frames) for frame in part.frames]

    def parts(self, user: str, frames: Sequence[wire.Frame]) -> Iterator[Part]:
        """The same piece by piece, each made when it is asked for; refusals come before the first.

        Verdicts are given only after what they say is on the disk.
        """
        with self._database.reading() as connection:
            hello, announcements, pushed = read_request(_in_full(connection, frames[:1]), 0)
            if hello.v != wire.PROTOCOL_VERSION:
                raise ExchangeRefused(426, "version", f"This record speaks version {wire.PROTOCOL_VERSION}.")
            device = _device(connection, hello.device, user)
            known, shared = _lineage(connection, hello)
            if shared is None:
                hello, announcements, pushed = read_request(_in_full(connection, frames), ACTORS_MAX)
        can = hello.can.split()
        packs = wire.PACKED in can
        if shared is not None:
            # Nothing is judged yet: what was sent may rest on acts that only the devices have now.
            with self._database.reading() as connection:
                log = self._log(connection, hello, short=False)
            end = wire.End(cursor=0, more=True, scope=hello.scope, lineage=known, shared=shared)
            yield Part([*log, wire.message_frame(end)], packs, True)
            return
        rulings = self._push(device, user, announcements, pushed) if announcements or pushed else []
        self._note(device, hello)
        with self._database.reading() as connection:
            # The log first: whoever watches it believes nothing of an answer before.
            first = self._log(connection, hello, short=packs) if wire.WATCHES in can else []
            first += self._receipted(connection, rulings) if packs else self._verdicts(connection, rulings)
            frozen = self._is_frozen(connection, device)
            rulings_late = self._decided(connection, device, user, hello.asks)
            decided = [wire.message_frame(ruled) for ruled in rulings_late]
            if wire.WATCHES in can and wire.PROVES in can:
                places = [each.log_index for each in rulings] + [each.log_index for each in rulings_late]
                first += self._proof(connection, [index for index in places if index is not None])
            if device.revoked:
                end = wire.End(0, more=False, scope=wire.REVOKED_SCOPE, problem="device_revoked", lineage=known)
                first += [*decided, wire.message_frame(end)]
            elif frozen:
                problem = "device_frozen"
                end = wire.End(cursor=hello.cursor, more=False, scope=hello.scope, problem=problem, lineage=known)
                first += [*decided, wire.message_frame(end)]
            else:
                published = self._city.current_in(connection)
                if published.version > hello.config:
                    config = wire.Config(published.document)
                    first.append(messages.short(config) if packs else wire.message_frame(config))
                moved = self._moved(connection, published, user, hello, known)
                first += [messages.short(each) if packs else wire.message_frame(each) for each in moved]
                first += decided  # even in a new scope: the proof above is of their receipts too
                if moved and not packs:  # one page in an answer: the next begins in the new scope
                    yield Part(first, packs, True)
                    return
                first += self._wanted(connection, published, user, hello.want, short=packs)
                if not packs:
                    first += self._news(connection, published, user, hello, known, revokes=wire.REVOKES in can)
        if packs and not device.revoked and not frozen:
            echo = wire.ECHO in can
            receipted = {each.hash for each in rulings if each.verdict != "quarantined" and not echo}
            yield from self._stream(user, hello, first, receipted, known)
        else:
            yield Part(first, packs, True)

    @staticmethod
    def _is_frozen(connection: Connection, device: Device) -> bool:
        """Whether its own push, just now or earlier, showed that its profile exists twice."""
        now = device_by_id(connection, device.id)
        return now is not None and now.frozen

    def _log(self, connection: Connection, hello: wire.Hello, *, short: bool) -> list[wire.Frame]:
        """The beacon; for a device that watches with the log's root and the proof that it continues what it has seen."""
        tree, now = acts_tree(connection), self._clock.now()
        if wire.WATCHES in hello.can.split():
            head = tree.head()
            path: tuple[str, ...] = ()
            if 0 < hello.log_size < head.size:
                path = tuple(step.hex() for step in tree.consistency(hello.log_size, head.size))
            beacon = self._receipts.beacon(now, head.size, head.root.hex(), hello.log_size, path)
        else:
            beacon = self._receipts.beacon(now, tree.size)
        return [messages.short(beacon) if short else wire.message_frame(beacon)]

    @staticmethod
    def _proof(connection: Connection, taken: Sequence[int]) -> list[wire.Frame]:
        """That all acts with a receipt in the answer are in the log that its beacon tells."""
        tree = acts_tree(connection)
        return [proof_frame(common_path(taken, tree.size, tree.subtree))] if taken else []

    def _note(self, device: Device, hello: wire.Hello) -> None:
        """Keeps what the device told of itself; most exchanges tell nothing new and write nothing.

        In a crowd one exchange writes for all: only an attested purge must be on the disk before the answer.
        """
        now_ms = to_ms(self._clock.now())
        if hello.purged:
            with self._database.writing() as connection:
                device_contacts.note(connection, device.id, hello, now_ms)
            return
        with self._database.reading() as connection:
            if not device_contacts.is_news(connection, device.id, hello, now_ms):
                return
        with self._notes_lock:
            self._notes[device.id] = (hello, now_ms)
            if self._noting:
                return
            self._noting = True
        while True:
            with self._notes_lock:
                notes, self._notes = self._notes, {}
                if not notes:
                    self._noting = False
                    return
            try:
                with self._database.writing() as connection:
                    for device_id, (told, at_ms) in notes.items():
                        device_contacts.note(connection, device_id, told, at_ms)
            except BaseException:
                with self._notes_lock:
                    self._noting = False
                raise

    def _decided(self, connection: Connection, device: Device, user: str, asks: Sequence[str]) -> list[wire.Ruled]:
        """What has become of acts that the device keeps as refused, as far as something has."""
        answer = []
        person = reader_in(self._city.current_in(connection).directory, user, self._clock.now())
        for found in late_work.decided(connection, user, asks):
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
        rulings = self._push(device, user, announcements, pushed)
        with self._database.reading() as connection:
            return [self._verdict(connection, ruling) for ruling in rulings]

    def _push(
        self,
        device: Device,
        user: str,
        announcements: Sequence[wire.ActorAnnouncement],
        pushed: Sequence[wire.Pushed],
    ) -> list[Ruling]:
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
            return rulings

    def _verdicts(self, connection: Connection, rulings: Sequence[Ruling]) -> list[wire.Frame]:
        return [wire.message_frame(self._verdict(connection, ruling)) for ruling in rulings]

    def _receipted(self, connection: Connection, rulings: Sequence[Ruling]) -> list[wire.Frame]:
        """The verdicts in short: what was taken one after the other shares a signature."""
        frames: list[wire.Frame] = []
        taken: list[tuple[str, str, Place]] = []
        for ruling in (*rulings, None):
            if ruling is not None and ruling.log_index is not None and ruling.received_at_ms is not None:
                place = Place(ruling.log_index, ruling.received_at_ms, ruling.verdict == "had")
                taken.append((ruling.case_id, ruling.hash, place))
                continue
            if taken:
                frames.append(wire.Short(wire.TYPE_RECEIPTS, self._receipts.shared(taken)))
                taken = []
            if ruling is not None:
                frames.append(wire.message_frame(self._verdict(connection, ruling)))
        return frames

    def _verdict(self, connection: Connection, ruling: Ruling) -> wire.Verdict:
        if ruling.log_index is None or ruling.received_at_ms is None:
            # Whoever names causes that are in the case has held it, and may know who has it now.
            foreign = ruling.reason == "foreign_scope"
            now_with = sorted(record.units_of_case(connection, ruling.case_id)) if foreign else ()
            return wire.Verdict(ruling.hash, ruling.verdict, ruling.reason, now_with=tuple(now_with))
        signature = self._receipts.receipt(ruling.case_id, ruling.hash, ruling.log_index, ruling.received_at_ms)
        return wire.Verdict(ruling.hash, ruling.verdict, "", ruling.log_index, ruling.received_at_ms, signature)

    def _wanted(
        self, connection: Connection, published: Published, user: str, want: Sequence[str], *, short: bool
    ) -> list[wire.Frame]:
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
            if short:
                frames += whole_case(connection, entries)
            else:
                frames += [wire.Pulled(case_id, each.log_index, each.received_at_ms, each.raw) for each in entries]
            frames.append(wire.message_frame(wire.WholeCase(case_id, len(entries))))
            size += sum(len(each.raw) for each in entries)
        return frames

    def _moved(
        self, connection: Connection, published: Published, user: str, hello: wire.Hello, known: str
    ) -> list[wire.End]:
        """An empty page before everything that hangs on the scope when it is another one now: an answer that is cut
        after some changes, and before the end of their page, must not leave open which scope they are of."""
        person = reader_in(published.directory, user, self._clock.now())
        _, scope, _ = _standpoint(connection, person, hello, revokes=wire.REVOKES in hello.can.split())
        return [wire.End(0, more=True, scope=scope, lineage=known)] if hello.scope not in ("", scope) else []

    def _news(
        self, connection: Connection, published: Published, user: str, hello: wire.Hello, known: str, *, revokes: bool
    ) -> list[wire.Frame]:
        """The feed after the cursor, one page of it in full, then the beacon and the end."""
        person = reader_in(published.directory, user, self._clock.now())
        unit, scope, cursor = _standpoint(connection, person, hello, revokes=revokes)
        page = self._feeding.plain(connection, unit, cursor, revokes=revokes)
        end = wire.End(cursor=page.cursor, more=page.more, scope=scope, lineage=known)
        log = [] if wire.WATCHES in hello.can.split() else self._log(connection, hello, short=False)
        return [*page.frames, *log, wire.message_frame(end)]

    def _stream(
        self, user: str, hello: wire.Hello, first: list[wire.Frame], receipted: Collection[str], known: str
    ) -> Iterator[Part]:
        """The feed after the cursor in short, page after page, each closed by its own end: a cut costs one page."""
        with self._database.reading() as connection:
            person = reader_in(self._city.current_in(connection).directory, user, self._clock.now())
            unit, scope, begin = _standpoint(connection, person, hello, revokes=True)
            # An act with a receipt in this answer is on the device; in a new scope it tells of its case.
            chain = self._feeding.chain(connection, unit, begin, receipted if hello.scope == scope else ())
        frames = first
        sent = 0
        for number in count():
            page = chain.ready(number)  # made for another device: what was so a moment ago may still be told
            if page is None:
                with self._database.reading() as connection:
                    page = self._feeding.page(connection, chain, number)
            if page is None:  # not to be gone on from here: the next request begins anew
                return
            sent += page.bytes
            last = not page.more or sent >= self._settings.answer_bytes
            frames += page.frames
            if last and wire.WATCHES not in hello.can.split():
                with self._database.reading() as connection:
                    frames += self._log(connection, hello, short=True)
            frames.append(messages.short(wire.End(page.cursor, page.more, scope, lineage=known)))
            yield Part(frames, True, last)
            if last:
                return
            frames = []


def scope_of(unit: str) -> str:
    """How the scope of a unit's people is called to a device that lets cases go."""
    return unit + _LETS_GO


def _standpoint(
    connection: Connection, person: Person | None, hello: wire.Hello, *, revokes: bool
) -> tuple[str, str, int]:
    """The unit whose feed a person follows, its name as a scope, and the cursor from which it goes on."""
    unit = person.unit if person else ""
    scope = scope_of(unit) if revokes else unit
    cursor = hello.cursor if hello.scope in ("", scope) else 0  # a cursor of another feed means nothing here
    return unit, scope, min(cursor, record.feed_top(connection))


def _in_full(connection: Connection, frames: Sequence[wire.Frame]) -> list[wire.Frame]:
    try:
        return in_full(connection, frames)
    except Unresolved as error:
        raise ExchangeRefused(409, "unresolved", str(error)) from error
    except Malformed as error:
        raise ExchangeRefused(400, "malformed", str(error)) from error


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


def _lineage(connection: Connection, hello: wire.Hello) -> tuple[str, int | None]:
    """The record's lineage when the device names another one, and up to where the log is the one that it knows (None:
    it has none of it yet). A device that would not offer again what a restore lost has to become newer first."""
    known = lineage.current(connection)
    if hello.lineage == known:
        return "", None
    restored = lineage.count_restores(connection) > 0
    if restored and wire.OFFERS_AGAIN not in hello.can.split():
        message = "This record came back from a backup, and the app on this device is too old to know what that means."
        raise ExchangeRefused(426, "version", message)
    has_some = bool(hello.lineage or hello.scope or hello.log_size)  # a cut answer brings acts without a lineage
    return known, lineage.shared_with(connection, hello.lineage) if restored and has_some else None


def _device(connection: Connection, device_id: str, user: str) -> Device:
    device = device_by_id(connection, device_id)
    if device is None or device.user is None:
        raise ExchangeRefused(403, "device_unknown", "This device is not enrolled here; prepare it again.")
    if device.user != user:
        raise ExchangeRefused(403, "device_of_other_person", "This device is enrolled for somebody else.")
    return device
