"""Automerge change chunks taken to pieces and put together again, with every lie that their form has room for.

Lengths and checksums are right unless a caller wants them wrong: what is sent gets as far as it can.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field

from py_core.change import ActChange, decode_act_change

MAGIC = b"\x85\x6f\x4a\x83"
DOCUMENT, CHANGE, DEFLATED, BUNDLE = 0, 1, 2, 3

OBJECT_ACTOR, OBJECT_COUNTER, KEY_ACTOR, KEY_COUNTER, KEY_TEXT = 0x01, 0x02, 0x11, 0x13, 0x15
INSERT, ACTION, VALUE_HEAD, VALUE, BEFORE_COUNT, BEFORE_ACTOR, BEFORE_COUNTER = 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73
DEFLATED_BIT = 8


def unsigned(number: int, padding: int = 0) -> bytes:
    """Unsigned LEB128; with `padding` it is longer than it has to be."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    for _ in range(padding):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def signed(number: int) -> bytes:
    """Signed LEB128."""
    out = bytearray()
    while not -0x40 <= number < 0x40:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number & 0x7F)
    return bytes(out)


def literal(*values: bytes) -> bytes:
    """A run-length column of these values one by one."""
    return signed(-len(values)) + b"".join(values) if values else b""


def run(times: int, value: bytes) -> bytes:
    """A run-length column of one value so many times: a few bytes for thousands of millions."""
    return signed(times) + value


def nulls(times: int) -> bytes:
    """A run-length column of nothing so many times."""
    return b"\x00" + unsigned(times)


def deflated(data: bytes) -> bytes:
    """Raw deflate, as the format uses it."""
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def chunk(body: bytes, kind: int = CHANGE, *, length: int | None = None, padding: int = 0) -> bytes:
    """A chunk around a body with the checksum that belongs to it; the length may lie."""
    rest = bytes([kind]) + unsigned(len(body) if length is None else length, padding) + body
    return MAGIC + hashlib.sha256(rest).digest()[:4] + rest


def change_hash(raw: bytes) -> str:
    """What everybody would call a chunk of this form."""
    return hashlib.sha256(raw[8:]).hexdigest()


def repaired(raw: bytes) -> bytes:
    """The same bytes with a right checksum."""
    return raw[:4] + hashlib.sha256(raw[8:]).digest()[:4] + raw[8:]


@dataclass
class Draft:
    """One change in pieces; numbers may be given as bytes where their form is the lie."""

    deps: list[bytes]
    actor: bytes
    seq: int | bytes
    start_op: int | bytes
    others: list[bytes]
    columns: list[tuple[int, bytes]]
    time: bytes = b"\x00"
    message: bytes = b"\x00"
    extra: bytes = b""
    widths: dict[int, int] = field(default_factory=dict)  # of columns whose announced width lies
    counts: dict[str, int] = field(default_factory=dict)  # of lists whose announced length lies

    def body(self) -> bytes:
        return b"".join(
            (
                unsigned(self.counts.get("deps", len(self.deps))), *self.deps,
                unsigned(len(self.actor)), self.actor,
                _number(self.seq), _number(self.start_op), self.time, self.message,
                unsigned(self.counts.get("others", len(self.others))),
                *(unsigned(len(other)) + other for other in self.others),
                unsigned(self.counts.get("columns", len(self.columns))),
                *(unsigned(key) + unsigned(self.widths.get(key, len(data))) for key, data in self.columns),
                *(data for _, data in self.columns),
                self.extra,
            )
        )  # fmt: skip

    def raw(self) -> bytes:
        return chunk(self.body())

    def set(self, column: int, data: bytes | None) -> None:
        """Another content of a column (None: without it), in its place or where the order wants it."""
        columns = dict(self.columns)
        if data is None:
            columns.pop(column, None)
        else:
            columns[column] = data
        self.columns = sorted(columns.items())

    def get(self, column: int) -> bytes:
        return dict(self.columns).get(column, b"")


def draft_of(raw: bytes) -> Draft:
    """An honest act's change in pieces."""
    change = decode_act_change(raw)
    at = 9
    while raw[at] & 0x80:
        at += 1
    return _split(raw[at + 1 :], change)


def _split(body: bytes, change: ActChange) -> Draft:
    reader = _Reader(body)
    deps = [reader.take(32) for _ in range(reader.unsigned())]
    actor = reader.take(reader.unsigned())
    seq, start_op = reader.unsigned(), reader.unsigned()
    reader.take(2)  # time, message
    others = [reader.take(reader.unsigned()) for _ in range(reader.unsigned())]
    widths = [(reader.unsigned(), reader.unsigned()) for _ in range(reader.unsigned())]
    draft = Draft(deps, actor, seq, start_op, others, [(key, reader.take(width)) for key, width in widths])
    assert draft.body() == body, change.hash
    return draft


def _number(value: int | bytes) -> bytes:
    return unsigned(value) if isinstance(value, int) else value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def unsigned(self) -> int:
        number = shift = 0
        while True:
            (byte,) = self.take(1)
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number
