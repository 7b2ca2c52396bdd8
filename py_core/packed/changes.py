"""Changes of the record's log in short (frame type 4): the receiver rebuilds each bit by bit from what it holds.

A cause is named by its place in its case's log, operation numbers follow from the causes, hashes and checksums are
computed again, and one digest over all hashes shows that both sides mean the same bytes. Must not read or write frames.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from py_core.change import GENESIS_HASH, ActChange, decode_act_change, encode_act_change
from py_core.errors import Malformed
from py_core.packed import texts
from py_core.packed.columns import (
    pack_columns,
    pack_numbers,
    pack_signed,
    pieces,
    unpack_columns,
    unpack_numbers,
    unpack_signed,
)

CHANGES_MAX = 20_000  # in one frame
DIGEST_BYTES = 16
HELD_NAME_BYTES = 6
_CASE_BYTES = 16
_SAME_CASE, _NEXT_CASE, _FIRST_CASE = 0, 1, 2
_COLUMNS = 15


def held_name(case_id: str) -> bytes:
    """How a frame names a document that the receiver holds. Of the id itself the first bytes would not do: those of all
    visits, and of all reporters' documents, begin alike."""
    return hashlib.sha256(bytes.fromhex(case_id)).digest()[:HELD_NAME_BYTES]


@dataclass(frozen=True, slots=True)
class Logged:
    """One change of the log, raw, where it stands."""

    case_id: str
    log_index: int
    received_at_ms: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a packer must know of a change that stands before the packed ones in a case's log."""

    hash: str
    actor: str
    start_op: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A change as its packer saw it."""

    case_id: str
    log_index: int
    received_at_ms: int
    raw: bytes
    change: ActChange


class HeldLogs(Protocol):
    """What the receiver holds of the log."""

    def case_named(self, name: bytes) -> str:
        """The one case held that is named so (`held_name`); raises `Unresolved`."""
        ...

    def hash_at(self, case_id: str, place: int) -> str:
        """The change hash at a place (from 0) in the log of a case; raises `Unresolved`."""
        ...


class Unresolved(Malformed):
    """The packed changes rest on something that is not held here: they must be asked for in full."""

    def __init__(self, why: str) -> None:
        super().__init__("frame", why)


class NotPackable(Exception):
    """A change does not follow from its causes as every honest one does; it travels in full."""


class ChangePacker:
    """Packs changes frame by frame; what the frames of one answer have said before is not said again."""

    def __init__(self) -> None:
        self._cases: dict[str, _PackedCase] = {}
        self._actors: dict[str, int] = {}
        self._texts = texts.TextPacker()
        self._last_case, self._last_index, self._last_ms = "", -1, 0
        self._fresh = True

    def copy(self) -> ChangePacker:
        """One that goes on from here by itself."""
        other = ChangePacker()
        other._cases = {case_id: case.copy() for case_id, case in self._cases.items()}
        other._actors, other._texts = dict(self._actors), self._texts.copy()
        other._last_case, other._last_index, other._last_ms = self._last_case, self._last_index, self._last_ms
        other._fresh = self._fresh
        return other

    def knows(self, case_id: str) -> bool:
        """Whether a frame has been about this case: then its earlier changes need not be told again."""
        return case_id in self._cases

    def pack(self, logged: Sequence[Logged], earlier: Mapping[str, Sequence[Earlier]]) -> bytes:
        """The payload for these changes, which follow each other in each case's log after its `earlier` ones.

        Raises `NotPackable`; then this packer is of no use any more.
        """
        out = _Columns()
        actors_said = len(self._actors)
        digest = hashlib.sha256()
        for each in logged:
            change = decode_act_change(each.raw)
            case = self._case(each.case_id, earlier, out)
            self._history(out, change, case)
            out.log_index.append(each.log_index - self._last_index - 1)
            out.received.append(each.received_at_ms - self._last_ms)
            out.texts.append(change.text)
            case.add(Earlier(change.hash, change.actor, change.start_op))
            digest.update(bytes.fromhex(change.hash))
            self._last_case, self._last_index, self._last_ms = each.case_id, each.log_index, each.received_at_ms
        opening, self._fresh = bytes([self._fresh]), False
        return pack_columns(
            [
                opening + digest.digest()[:DIGEST_BYTES],
                pack_numbers(out.case),
                pack_numbers(out.first_place),
                pack_signed(out.log_index),
                pack_signed(out.received),
                pack_numbers(out.actor),
                pack_numbers(out.seq),
                pack_numbers(out.causes),
                pack_numbers(out.distance),
                pack_numbers(out.after),
                pack_signed(out.outer_op),
                pack_numbers(out.outer_actor),
                b"".join(out.new_cases),
                b"".join(out.held_cases),
                b"".join(map(bytes.fromhex, islice(self._actors, actors_said, None))),
                *self._texts.pack(out.texts),
            ]
        )

    def _case(self, case_id: str, earlier: Mapping[str, Sequence[Earlier]], out: _Columns) -> _PackedCase:
        case = self._cases.get(case_id)
        if case is not None:
            out.case.append(_SAME_CASE if case_id == self._last_case else _FIRST_CASE + case.number)
            return case
        case = self._cases[case_id] = _PackedCase(len(self._cases), list(earlier.get(case_id, ())))
        out.case.append(_NEXT_CASE)
        out.first_place.append(case.first)
        if case.first:
            out.held_cases.append(held_name(case_id))
        else:
            out.new_cases.append(bytes.fromhex(case_id))
        return case

    def _history(self, out: _Columns, change: ActChange, case: _PackedCase) -> None:
        log = case.log
        try:
            causes = sorted((case.places[cause] for cause in change.causes), reverse=True)
        except KeyError as error:
            raise NotPackable from error
        out.actor.append(self._actor(change.actor))
        out.seq.append(change.seq - 1)
        out.causes.append(len(causes))
        if change.start_op != 1 + max((log[place].start_op for place in causes), default=1):
            raise NotPackable
        for place in causes:
            out.distance.append(len(log) - 1 - place)
            if place < case.first:
                out.outer_op.append(place + 2 - log[place].start_op)
        if not causes:
            return
        ops = [(log[place].start_op, log[place].actor) for place in causes]
        if change.elem not in ops:
            raise NotPackable
        after = ops.index(change.elem)
        out.after.append(after)
        if causes[after] < case.first:
            out.outer_actor.append(self._actor(log[causes[after]].actor))

    def _actor(self, actor: str) -> int:
        return self._actors.setdefault(actor, len(self._actors))


class _PackedCase:
    """A case as the packer has told it: what stood before, then what the frames have added."""

    __slots__ = ("first", "log", "number", "places")

    def __init__(self, number: int, earlier: list[Earlier], first: int | None = None) -> None:
        self.number = number
        self.log = earlier
        self.first = len(earlier) if first is None else first
        self.places = {one.hash: place for place, one in enumerate(earlier)}

    def copy(self) -> _PackedCase:
        return _PackedCase(self.number, list(self.log), self.first)

    def add(self, one: Earlier) -> None:
        self.places[one.hash] = len(self.log)
        self.log.append(one)


@dataclass(slots=True)
class _Columns:
    case: list[int] = field(default_factory=list)
    first_place: list[int] = field(default_factory=list)  # for each case that is new to the answer
    new_cases: list[bytes] = field(default_factory=list)
    held_cases: list[bytes] = field(default_factory=list)
    log_index: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    actor: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    causes: list[int] = field(default_factory=list)  # how many
    distance: list[int] = field(default_factory=list)  # of each cause
    after: list[int] = field(default_factory=list)  # which of its causes an act stands behind in the list
    outer_op: list[int] = field(default_factory=list)  # of each cause before the answer
    outer_actor: list[int] = field(default_factory=list)  # of each such cause that an act stands behind
    texts: list[str] = field(default_factory=list)


class ChangeUnpacker:
    """Reads what a `ChangePacker` has packed, frame by frame in the same order."""

    def __init__(self, held: HeldLogs) -> None:
        self._held = held
        self._begin()

    def _begin(self) -> None:
        self._cases: list[_Case] = []
        self._actors: list[str] = []
        self._texts = texts.TextUnpacker()
        self._case: _Case | None = None
        self._log_index, self._received_ms = -1, 0

    def unpack(self, payload: bytes) -> list[Rebuilt]:
        """The changes again, bit-identical; raises `Unresolved` when it is not certain, `Malformed` for other bytes."""
        columns = unpack_columns(payload, _COLUMNS + texts.COLUMNS)
        if len(columns[0]) != 1 + DIGEST_BYTES or columns[0][0] > 1:
            raise Malformed("frame", "has no digest")
        if columns[0][0]:
            self._begin()
        try:
            return self._read(columns)
        except (IndexError, StopIteration, ValueError, OverflowError, RuntimeError) as error:
            raise Malformed("frame", "has a reference to nothing") from error

    def _read(self, columns: Sequence[bytes]) -> list[Rebuilt]:
        case_at = unpack_numbers(columns[1])
        count = len(case_at)
        if not 1 <= count <= CHANGES_MAX:
            raise Malformed("frame", f"must have 1 to {CHANGES_MAX} changes")
        next_case = len(self._cases)
        self._cases += self._new_cases(unpack_numbers(columns[2]), columns[12], columns[13])
        steps, waits = unpack_signed(columns[3], count), unpack_signed(columns[4], count)
        actor_at, seqs, causes = (unpack_numbers(each, count) for each in columns[5:8])
        distances = iter(unpack_numbers(columns[8], sum(causes)))
        afters = iter(unpack_numbers(columns[9], count - causes.count(0)))
        self._actors += [each.hex() for each in pieces(columns[14], 16)]
        outside = _Outside(iter(unpack_signed(columns[10])), iter(unpack_numbers(columns[11])), self._actors)
        of_texts = self._texts.unpack(columns[_COLUMNS:], count)
        rebuilt: list[Rebuilt] = []
        digest = hashlib.sha256()
        for at in range(count):
            if case_at[at] == _NEXT_CASE:
                self._case = self._cases[next_case]
                next_case += 1
            elif case_at[at] != _SAME_CASE:
                self._case = self._cases[case_at[at] - _FIRST_CASE]
            case = self._case
            if case is None:
                raise Malformed("frame", "begins without a case")
            change = case.follow(
                self._actors[actor_at[at]],
                seqs[at] + 1,
                [next(distances) for _ in range(causes[at])],
                next(afters) if causes[at] else None,
                outside,
                of_texts[at],
            )
            raw = encode_act_change(change)
            whole = hashlib.sha256(raw[8:])
            made = ActChange(
                whole.hexdigest(), change.deps, change.actor, change.seq, change.start_op, change.text, change.elem
            )
            case.inside.append(Earlier(made.hash, made.actor, made.start_op))
            digest.update(whole.digest())
            self._log_index += 1 + steps[at]
            self._received_ms += waits[at]
            if self._log_index < 0 or self._received_ms < 0:
                raise Malformed("frame", "has a number below 0")
            rebuilt.append(Rebuilt(case.id, self._log_index, self._received_ms, raw, made))
        rests = (distances, afters, outside.ops, outside.actor_at)
        if next_case != len(self._cases) or any(next(each, None) is not None for each in rests):
            raise Malformed("frame", "has more than its changes need")
        if digest.digest()[:DIGEST_BYTES] != columns[0][1:]:
            raise Unresolved("does not lead to the changes that were packed")
        return rebuilt

    def _new_cases(self, first_places: Sequence[int], new: bytes, held_names: bytes) -> list[_Case]:
        fresh, known = iter(pieces(new, _CASE_BYTES)), iter(pieces(held_names, HELD_NAME_BYTES))
        held = self._held
        cases = [
            _Case(held.case_named(next(known)) if first else next(fresh).hex(), first, held) for first in first_places
        ]
        if next(fresh, None) is not None or next(known, None) is not None:
            raise Malformed("frame", "has more cases than it says")
        return cases


@dataclass(frozen=True, slots=True)
class _Outside:
    """What the frame says of causes that stand before the answer, in the order in which they are needed."""

    ops: Iterator[int]
    actor_at: Iterator[int]
    actors: Sequence[str]


@dataclass(slots=True)
class _Case:
    """A case of the answer: how much of its log stands before it, and what the frames have added so far."""

    id: str
    first: int
    held: HeldLogs
    inside: list[Earlier] = field(default_factory=list)

    def follow(
        self, actor: str, seq: int, distances: Sequence[int], after: int | None, outside: _Outside, text: str
    ) -> ActChange:
        """The next change of this case; its hash is not known yet."""
        deps: list[str] = []
        ops: list[int] = []
        here = self.first + len(self.inside)
        for distance in distances:
            place = here - 1 - distance
            if place < 0:
                raise Malformed("frame", "names a cause before the beginning of its case")
            if place >= self.first:
                cause = self.inside[place - self.first]
                deps.append(cause.hash)
                ops.append(cause.start_op)
            else:
                deps.append(self.held.hash_at(self.id, place))
                ops.append(place + 2 - next(outside.ops))
        elem = None
        if after is not None:
            place = here - 1 - distances[after]
            inside = place >= self.first
            who = self.inside[place - self.first].actor if inside else outside.actors[next(outside.actor_at)]
            elem = (ops[after], who)
        deps = sorted(deps) if deps else [GENESIS_HASH]
        return ActChange("", tuple(deps), actor, seq, 1 + max(ops, default=1), text, elem)
