"""Reads and writes the bytes of one act's Automerge change, in exactly one form, without Automerge.

Owns the shape that the city record accepts: one uncompressed change chunk that inserts one string into the list
`acts` of the fixed genesis change. Whether the insert stands at the end of what its author had seen, and whether the
causes exist, only a whole case document can tell (the gate). Must not import an engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from py_core.errors import Malformed

GENESIS = bytes.fromhex(
    "856f4a83c11f3a50012f001000000000000000000000000000000000010100000005150634014202560270027f0461637473017f027f007f00"
)
GENESIS_HASH = "c11f3a502e37a64980521ebc5cb0db2f0ce9c6883e50d7f8658a61b53886d601"
GENESIS_ACTOR = "00" * 16

CHANGE_BYTES_MAX = 64 * 1024
DEPS_MAX = 256  # a head per device that worked on the case at the same time
OP_MAX = 2**31 - 1  # the engine keeps operation counters in 32 bits

_MAGIC = b"\x85\x6f\x4a\x83"
_CHUNK_CHANGE = 1
_ONE = b"\x7f"  # run-length coding of "one literal value follows" (-1 as signed LEB128)
_ACTOR_BYTES = 16
_HASH_BYTES = 32
_TYPE_STRING = 6


@dataclass(frozen=True, slots=True)
class ActChange:
    """One act's change. Hashes and actors are lower-case hex; `elem` is (counter, actor) of the act before it."""

    hash: str
    deps: tuple[str, ...]
    actor: str
    seq: int
    start_op: int
    text: str
    elem: tuple[int, str] | None  # None: the first act of the list

    @property
    def causes(self) -> tuple[str, ...]:
        """The acts that the author had seen last: `deps` without the genesis change."""
        return causes_in(self.deps)


def decode_act_change(raw: bytes) -> ActChange:
    """Reads one change of one act; raises `Malformed` for every other sequence of bytes.

    Reading is followed by writing and comparing, so that one act has one encoding: long forms of numbers, other
    orders of columns, trailing bytes and everything else that an engine might read differently is refused.
    """
    if len(raw) > CHANGE_BYTES_MAX:
        raise Malformed("change", f"is longer than {CHANGE_BYTES_MAX} bytes")
    outer = _Reader(raw)
    if outer.take(4) != _MAGIC:
        raise Malformed("change", "does not start with the magic bytes")
    checksum = outer.take(4)
    if outer.take(1)[0] != _CHUNK_CHANGE:
        raise Malformed("change", "is not an uncompressed change chunk")
    body = _Reader(outer.take(outer.unsigned()))
    outer.end("change")
    digest = hashlib.sha256(raw[8:]).digest()
    if digest[:4] != checksum:
        raise Malformed("change", "has a wrong checksum")

    deps = tuple(body.take(_HASH_BYTES).hex() for _ in range(body.count(1, DEPS_MAX, "deps")))
    actor = body.actor()
    seq = body.unsigned()
    start_op = body.unsigned()
    if body.take(1) != b"\0":
        raise Malformed("change.time", "must be 0")
    if body.take(1) != b"\0":
        raise Malformed("change.message", "must be empty")
    actors = [actor, *(body.actor() for _ in range(body.count(1, 2, "actors")))]
    widths = {}
    for _ in range(body.count(8, 9, "columns")):
        column = body.unsigned()
        widths[column] = body.unsigned()
    columns = {column: body.take(width) for column, width in widths.items()}
    body.end("change.extra")

    change = ActChange(
        hash=digest.hex(),
        deps=deps,
        actor=actor,
        seq=seq,
        start_op=start_op,
        text=_text(columns.get(0x57, b"")),
        elem=_elem(columns, actors),
    )
    _check(change)
    if encode_act_change(change) != raw:
        raise Malformed("change", "is not one insert of one string in the agreed encoding")
    return change


def encode_act_change(change: ActChange) -> bytes:
    """The bytes of an act's change, equal to what Automerge writes; `change.hash` is not looked at."""
    actors = [change.actor, GENESIS_ACTOR]
    if change.elem is not None and change.elem[1] not in actors:
        actors.append(change.elem[1])
    text = change.text.encode()
    columns = [(0x01, _ONE + _unsigned(actors.index(GENESIS_ACTOR))), (0x02, _ONE + b"\x01")]
    if change.elem is not None:
        columns.append((0x11, _ONE + _unsigned(actors.index(change.elem[1]))))
    columns += [
        (0x13, _ONE + _signed(0 if change.elem is None else change.elem[0])),
        (0x34, b"\x00\x01"),
        (0x42, _ONE + b"\x01"),
        (0x56, _ONE + _unsigned(len(text) << 4 | _TYPE_STRING)),
        (0x57, text),
        (0x70, _ONE + b"\x00"),
    ]
    body = b"".join(
        (
            _unsigned(len(change.deps)),
            *(bytes.fromhex(dep) for dep in change.deps),
            _prefixed(bytes.fromhex(change.actor)),
            _unsigned(change.seq),
            _unsigned(change.start_op),
            b"\x00",  # time
            b"\x00",  # message
            _unsigned(len(actors) - 1),
            *(_prefixed(bytes.fromhex(actor)) for actor in actors[1:]),
            _unsigned(len(columns)),
            *(_unsigned(column) + _unsigned(len(data)) for column, data in columns),
            *(data for _, data in columns),
        )
    )
    chunk = bytes([_CHUNK_CHANGE]) + _prefixed(body)
    return _MAGIC + hashlib.sha256(chunk).digest()[:4] + chunk


def causes_in(deps: Iterable[str]) -> tuple[str, ...]:
    """The acts among what a change rests on: everything but the document's empty beginning."""
    return tuple(dep for dep in deps if dep != GENESIS_HASH)


def sign_bytes(case_id: str, change_hash: str) -> bytes:
    """What a device signs for an act: the case and the change hash (both hex), under a name of its own."""
    return b"shouwen-act-1" + _hex(case_id, 16, "case") + _hex(change_hash, _HASH_BYTES, "hash")


def actor_sign_bytes(actor: str, device: str) -> bytes:
    """What a device signs once to bind an Automerge actor (hex) to itself."""
    return b"shouwen-actor-1" + _hex(actor, _ACTOR_BYTES, "actor") + device.encode()


def _check(change: ActChange) -> None:
    """What every honest change fulfils, whatever its document holds."""
    if list(change.deps) != sorted(set(change.deps)):
        raise Malformed("change.deps", "must be in order, each once")
    if GENESIS_HASH in change.deps and len(change.deps) > 1:
        raise Malformed("change.deps", "names the genesis beside acts that already contain it")
    if change.actor == GENESIS_ACTOR:
        raise Malformed("change.actor", "must not be the genesis actor")
    if not 2 <= change.start_op <= OP_MAX:
        raise Malformed("change.start_op", f"must be 2 to {OP_MAX}")
    if not 1 <= change.seq < change.start_op:
        raise Malformed("change.seq", "must be at least 1 and below the operation's number")
    if not change.text:
        raise Malformed("change.text", "must not be empty")
    first = change.deps == (GENESIS_HASH,)
    if first != (change.elem is None):
        raise Malformed("change.elem", "must be absent exactly when no act was seen before")
    if first and (change.seq, change.start_op) != (1, 2):
        raise Malformed("change.start_op", "must be the first operation after the genesis")
    if change.elem is not None and not 2 <= change.elem[0] < change.start_op:
        raise Malformed("change.elem", "must be an earlier act")


def _elem(columns: dict[int, bytes], actors: list[str]) -> tuple[int, str] | None:
    if 0x11 not in columns:
        return None
    who = _Reader(columns[0x11])
    counter = _Reader(columns.get(0x13, b""))
    if who.take(1) != _ONE or counter.take(1) != _ONE:
        raise Malformed("change.elem", "must be one reference")
    index = who.unsigned()
    if index >= len(actors):
        raise Malformed("change.elem", "names an actor that is not in the change")
    return counter.signed(), actors[index]


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("change.text", "is not UTF-8") from error


def _hex(value: str, size: int, where: str) -> bytes:
    try:
        data = bytes.fromhex(value)
    except ValueError as error:
        raise Malformed(where, "must be hex digits") from error
    if data.hex() != value or len(data) != size:
        raise Malformed(where, f"must be {size * 2} lower-case hex digits")
    return data


def _unsigned(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _signed(number: int) -> bytes:
    out = bytearray()
    while not -0x40 <= number < 0x40:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number & 0x7F)
    return bytes(out)


def _prefixed(data: bytes) -> bytes:
    return _unsigned(len(data)) + data


class _Reader:
    """Takes bytes from the front; every step past the end is `Malformed`."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise Malformed("change", "ends too early")
        start = self._at
        self._at += size
        return self._data[start : self._at]

    def unsigned(self) -> int:
        number, _ = self._leb128()
        return number

    def signed(self) -> int:
        number, shift = self._leb128()
        return number - (1 << shift) if number >> (shift - 1) else number

    def _leb128(self) -> tuple[int, int]:
        number = shift = 0
        while shift < 63:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number, shift
        raise Malformed("change", "has a number that is too long")

    def count(self, low: int, high: int, what: str) -> int:
        number = self.unsigned()
        if not low <= number <= high:
            raise Malformed(f"change.{what}", f"must be {low} to {high}")
        return number

    def actor(self) -> str:
        if self.unsigned() != _ACTOR_BYTES:
            raise Malformed("change.actor", f"must have {_ACTOR_BYTES} bytes")
        return self.take(_ACTOR_BYTES).hex()

    def end(self, where: str) -> None:
        if self._at != len(self._data):
            raise Malformed(where, "has bytes too many")
