"""What a unit has to learn, page by page, ready for the wire; pages in short are made once for all devices of a unit.

Owns the shape of a page of the feed. Must not know who asks (see `exchange`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from py_core import wire
from py_core.packed.changes import ChangePacker, Earlier, Logged, NotPackable
from server import record
from server.record import Entry, Fed

_REVOKE_BYTES = 80  # about, in the count of a page
_FEED_END = 2**62
_CHAIN_BYTES = 8 * 1024  # of an empty chain, about
_PACKER_SHARE = 10  # what a packer holds weighs more than the bytes that it has made


@dataclass(frozen=True, slots=True)
class Page:
    """Frames, the cursor after them, whether there is more, and how many lines of the feed they tell."""

    frames: tuple[wire.Frame, ...]
    cursor: int
    more: bool
    lines: int

    @property
    def bytes(self) -> int:
        """What it weighs, about."""
        return sum(len(each.payload) for each in self.frames if isinstance(each, wire.Short)) + 200 * len(self.frames)


@dataclass(slots=True)
class Chain:
    """The pages in short from one cursor on, which follow each other: a page leaves out what those before it said.

    Whoever walks along it makes the next page if nobody has before; the last page of a feed is made anew when it grew.
    """

    unit: str
    begin: int
    known: Collection[str] = ()  # hashes of acts that the device holds
    packer: ChangePacker | None = field(default_factory=ChangePacker)
    pages: list[Page] = field(default_factory=list)
    tail: Page | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ready(self, number: int) -> Page | None:
        """A full page that somebody has made before."""
        return self.pages[number] if number < len(self.pages) else None

    @property
    def bytes(self) -> int:
        """What its full pages weigh, about."""
        return sum(page.bytes for page in self.pages)

    @property
    def memory(self) -> int:
        """What it holds on to, about."""
        tail = self.tail.bytes if self.tail is not None else 0
        return _CHAIN_BYTES + self.bytes * (1 if self.packer is None else _PACKER_SHARE) + tail


class Feeding:
    """Pages of the feeds of all units."""

    def __init__(self, page_bytes: int, answer_bytes: int, kept_bytes_max: int) -> None:
        self._page_bytes = page_bytes
        self._answer_bytes = answer_bytes
        self._kept_bytes_max = kept_bytes_max
        self._chains: OrderedDict[tuple[str, int], Chain] = OrderedDict()
        self._lock = threading.Lock()

    def plain(self, connection: Connection, unit: str, cursor: int, *, revokes: bool) -> Page:
        """For devices that read no short frames: each change in full; `revokes`: those that let cases go."""
        lines, more = self._lines(connection, unit, cursor)
        frames: list[wire.Frame] = []
        for fed in lines:
            if (entry := fed.entry) is not None:
                frames.append(wire.Pulled(entry.case_id, entry.log_index, entry.received_at_ms, entry.raw))
            elif revokes:
                frames.append(wire.message_frame(wire.Revoke(fed.case_id, fed.log_index)))
        return Page(tuple(frames), lines[-1].n if lines else cursor, more, len(lines))

    def chain(self, connection: Connection, unit: str, cursor: int, known: Collection[str] = ()) -> Chain:
        """The pages in short after a cursor as the feed is now; without the acts `known`, which the device holds."""
        if known:
            return Chain(unit, cursor, known)
        with self._lock:
            chain = self._chains.get((unit, cursor))
        full = list(chain.pages) if chain is not None else []
        # A line that was taken out of the feed since is missed here; numbers are never given again.
        until = full[-1].cursor if full else cursor
        stands = record.fed_between(connection, unit, cursor, until) == sum(page.lines for page in full)
        with self._lock:
            if chain is None or not stands:
                chain = self._chains[unit, cursor] = Chain(unit, cursor)
            self._chains.move_to_end((unit, cursor))
            kept = sum(each.memory for each in self._chains.values())
            while kept > self._kept_bytes_max and len(self._chains) > 1:
                _, dropped = self._chains.popitem(last=False)
                kept -= dropped.memory
            return chain

    def page(self, connection: Connection, chain: Chain, number: int) -> Page | None:
        """Page `number` of a chain; None when the chain ends here, and the device has to begin another."""
        with chain.lock:  # a thousand devices that ask for the same page make it once
            if number < len(chain.pages):
                return chain.pages[number]
            after = chain.pages[-1].cursor if chain.pages else chain.begin
            tail = chain.tail
            if tail is not None and record.fed_between(connection, chain.unit, after, _FEED_END) == tail.lines:
                return tail
            if chain.packer is None:
                return None
            page, packer = self._made(connection, chain, chain.packer)
            if page.more:
                chain.pages.append(page)
                chain.packer = packer if chain.bytes < self._answer_bytes else None
                chain.tail = None
            else:
                chain.tail = page
            return page

    def _made(self, connection: Connection, chain: Chain, packer: ChangePacker) -> tuple[Page, ChangePacker | None]:
        """The next page, and the packer for the one after it."""
        cursor = chain.pages[-1].cursor if chain.pages else chain.begin
        lines, more = self._lines(connection, chain.unit, cursor)
        if not more:
            packer = packer.copy()  # the feed will grow, and this page be made again
        frames: list[wire.Frame] = []
        run: list[Entry] = []
        going_on: ChangePacker | None = packer
        for fed in (*lines, None):
            if fed is not None and fed.entry is not None:
                if fed.entry.hash not in chain.known:
                    run.append(fed.entry)
                continue
            if run:
                try:
                    frames.append(_packed(connection, packer, run))
                except NotPackable:
                    frames += [wire.Pulled(each.case_id, each.log_index, each.received_at_ms, each.raw) for each in run]
                    packer, going_on = ChangePacker(), None  # what it has said is not sure
                run = []
            if fed is not None:
                frames.append(wire.message_frame(wire.Revoke(fed.case_id, fed.log_index)))
        return Page(tuple(frames), lines[-1].n if lines else cursor, more, len(lines)), going_on

    def _lines(self, connection: Connection, unit: str, cursor: int) -> tuple[list[Fed], bool]:
        lines: list[Fed] = []
        size = 0
        for fed in record.fed_after(connection, unit, cursor):
            if size >= self._page_bytes:
                return lines, True
            lines.append(fed)
            size += _REVOKE_BYTES if fed.entry is None else len(fed.entry.raw)
        return lines, False


def whole_case(connection: Connection, entries: Sequence[Entry]) -> list[wire.Frame]:
    """All changes of a case in as few bytes as can be."""
    if not entries:
        return []
    try:
        return [_packed(connection, ChangePacker(), entries)]
    except NotPackable:
        return [wire.Pulled(each.case_id, each.log_index, each.received_at_ms, each.raw) for each in entries]


def _packed(connection: Connection, packer: ChangePacker, entries: Sequence[Entry]) -> wire.Frame:
    first: dict[str, Entry] = {}
    for each in entries:
        first.setdefault(each.case_id, each)
    going_on = {
        case_id: each.log_index
        for case_id, each in first.items()
        if (each.seq, each.start_op) != (1, 2) and not packer.knows(case_id)
    }
    before = record.histories_before(connection, going_on)
    earlier = {case_id: [Earlier(*row) for row in rows] for case_id, rows in before.items()}
    logged = [Logged(each.case_id, each.log_index, each.received_at_ms, each.raw) for each in entries]
    return wire.Short(wire.TYPE_CHANGES, packer.pack(logged, earlier))
