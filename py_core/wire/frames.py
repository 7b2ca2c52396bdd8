"""The bytes of frames, and their strict reading with limits. Must not know what a message says."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from py_core.change import CHANGE_BYTES_MAX
from py_core.errors import Malformed
from py_core.wire.json_text import read_json_object

CONTENT_TYPE = "application/octet-stream"
GZIP_FROM_BYTES = 1024  # shorter bodies travel as they are
REQUEST_BYTES_MAX = 4 * 1024 * 1024
REQUEST_FRAMES_MAX = 2_000
ANSWER_BYTES_MAX = 64 * 1024 * 1024
ANSWER_FRAMES_MAX = 200_000
JSON_BYTES_MAX = 8 * 1024 * 1024  # the directory of a whole city fits in

_TYPE_JSON, _TYPE_CHANGE, _TYPE_PUSH = 1, 2, 3
# In short (`py_core.packed`): only sent to who can read them.
TYPE_CHANGES, TYPE_ACTS, TYPE_HELLO, TYPE_RECEIPTS, TYPE_END, TYPE_BEACON, TYPE_DEFLATED_JSON = 4, 5, 6, 7, 8, 9, 10
TYPE_INCLUDED = 11  # only sent to who `PROVES`
_SHORT_MESSAGE_MAX = 256 * 1024
_CHANGE_HEAD = struct.Struct(">16sQQ")
_PUSH_HEAD = struct.Struct(">16sB64s")
_LIMITS = {
    _TYPE_JSON: JSON_BYTES_MAX,
    _TYPE_CHANGE: _CHANGE_HEAD.size + CHANGE_BYTES_MAX,
    _TYPE_PUSH: _PUSH_HEAD.size + 2 * CHANGE_BYTES_MAX,  # too long a change gets a verdict, not a cut exchange
    TYPE_CHANGES: REQUEST_BYTES_MAX,
    TYPE_ACTS: REQUEST_BYTES_MAX,
    TYPE_HELLO: _SHORT_MESSAGE_MAX,
    TYPE_RECEIPTS: _SHORT_MESSAGE_MAX,
    TYPE_END: _SHORT_MESSAGE_MAX,
    TYPE_BEACON: _SHORT_MESSAGE_MAX,
    TYPE_DEFLATED_JSON: JSON_BYTES_MAX,
    TYPE_INCLUDED: _SHORT_MESSAGE_MAX,
}

ALG_ED25519 = 1
ALG_P256 = 2


@dataclass(frozen=True, slots=True)
class Json:
    """Type 1: one JSON object."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pulled:
    """Type 2: one change from the record's log."""

    case_id: str
    log_index: int
    received_at_ms: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Pushed:
    """Type 3: one change from a device, with the device's signature (64 bytes)."""

    case_id: str
    alg: int
    signature: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Short:
    """Types 4 to 10: what `py_core.packed` reads and writes; 11: the hashes that prove receipts (`log_watch`)."""

    type: int
    payload: bytes


Frame = Json | Pulled | Pushed | Short


def encode_frame(frame: Frame) -> bytes:
    """The bytes of one frame: length, type, payload."""
    if isinstance(frame, Json):
        kind = _TYPE_JSON
        payload = json.dumps(frame.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    elif isinstance(frame, Pulled):
        kind = _TYPE_CHANGE
        head = _CHANGE_HEAD.pack(bytes.fromhex(frame.case_id), frame.log_index, frame.received_at_ms)
        payload = head + frame.raw
    elif isinstance(frame, Short):
        kind, payload = frame.type, frame.payload
    else:
        kind = _TYPE_PUSH
        payload = _PUSH_HEAD.pack(bytes.fromhex(frame.case_id), frame.alg, frame.signature) + frame.raw
    return struct.pack(">IB", len(payload) + 1, kind) + payload


def encode_frames(frames: list[Frame]) -> bytes:
    """The bytes of a body or answer."""
    return b"".join(encode_frame(frame) for frame in frames)


@dataclass(slots=True)
class FrameReader:
    """Turns bytes that arrive in any pieces into frames; a limit that is passed raises `Malformed` at once."""

    bytes_max: int = ANSWER_BYTES_MAX
    frames_max: int = ANSWER_FRAMES_MAX
    _buffer: bytearray = field(default_factory=bytearray)
    _bytes: int = 0
    _frames: int = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole after these bytes."""
        self._bytes += len(data)
        if self._bytes > self.bytes_max:
            raise Malformed("body", f"is longer than {self.bytes_max} bytes")
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while len(self._buffer) - at >= 5:
            length, kind = struct.unpack_from(">IB", self._buffer, at)
            limit = _LIMITS.get(kind)
            if limit is None:
                raise Malformed("frame", f"has the unknown type {kind}")
            if not 1 <= length <= limit + 1:
                raise Malformed("frame", f"must have 1 to {limit + 1} bytes")
            if len(self._buffer) - at < 4 + length:
                break
            self._frames += 1
            if self._frames > self.frames_max:
                raise Malformed("body", f"has more than {self.frames_max} frames")
            frames.append(_frame(kind, bytes(self._buffer[at + 5 : at + 4 + length])))
            at += 4 + length
        del self._buffer[:at]
        return frames

    @property
    def between_frames(self) -> bool:
        """False when the bytes so far end inside a frame: the body or answer was cut."""
        return not self._buffer


def read_frames(
    data: bytes, *, bytes_max: int = REQUEST_BYTES_MAX, frames_max: int = REQUEST_FRAMES_MAX
) -> list[Frame]:
    """The frames of a whole body; raises `Malformed` when it is cut."""
    reader = FrameReader(bytes_max, frames_max)
    frames = reader.feed(data)
    if not reader.between_frames:
        raise Malformed("body", "ends inside a frame")
    return frames


def _frame(kind: int, payload: bytes) -> Frame:
    if kind == _TYPE_JSON:
        return Json(read_json_object(payload))
    if kind not in (_TYPE_CHANGE, _TYPE_PUSH):
        return Short(kind, payload)
    head = _CHANGE_HEAD if kind == _TYPE_CHANGE else _PUSH_HEAD
    if len(payload) <= head.size:
        raise Malformed("frame", "has no change")
    values = head.unpack_from(payload)
    raw = payload[head.size :]
    if kind == _TYPE_CHANGE:
        return Pulled(values[0].hex(), values[1], values[2], raw)
    return Pushed(values[0].hex(), values[1], values[2], raw)
