"""Frames and messages of one sync exchange, both directions (docs/sync-protocol.md), without any I/O.

Owns the bytes and their strict reading with limits. Must not decide what to send or what to believe.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NoReturn

from py_core.change import CHANGE_BYTES_MAX
from py_core.errors import Malformed
from py_core.values import nests_too_deep

PROTOCOL_VERSION = 1
CONTENT_TYPE = "application/octet-stream"
GZIP_FROM_BYTES = 1024  # shorter bodies travel as they are
REQUEST_BYTES_MAX = 4 * 1024 * 1024
REQUEST_FRAMES_MAX = 2_000
REQUEST_ACTORS_MAX = 64
WANTED_MAX = 20  # cases that a request may ask for as a whole
ANSWER_BYTES_MAX = 64 * 1024 * 1024
ANSWER_FRAMES_MAX = 200_000
JSON_BYTES_MAX = 8 * 1024 * 1024  # the directory of a whole city fits in
JSON_DEPTH_MAX = 32

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


def read_json_object(payload: bytes) -> dict[str, Any]:
    """A JSON object from outside: UTF-8, no repeated keys, no NaN, limited depth."""
    try:
        text = payload.decode()
        if nests_too_deep(text):
            raise Malformed("json", "is nested too deep")
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("json", f"is not a JSON text ({type(error).__name__})") from error
    if not isinstance(data, dict):
        raise Malformed("json", "must be an object")
    _check_values(data, JSON_DEPTH_MAX)
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise Malformed("json", "repeats a key")
    return data


def _no_constant(name: str) -> NoReturn:
    raise Malformed("json", f"must not contain {name}")


def _check_values(value: Any, depth_left: int) -> None:
    if depth_left == 0:
        raise Malformed("json", f"is nested deeper than {JSON_DEPTH_MAX}")
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise Malformed("json", "has half a character")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_values(key, depth_left)
            _check_values(item, depth_left - 1)
    elif isinstance(value, list):
        for item in value:
            _check_values(item, depth_left - 1)


# Messages: the JSON objects that both sides know, by their key "t". Unknown further keys are left alone, so that a
# newer side can say more.


REVOKED_SCOPE = "revoked"  # of a withdrawn device: it is fed nothing, so it lets everything go
REVOKES = "revoke"  # in `Hello.can`: the device lets cases go when it is told
PACKED = "packed"  # in `Hello.can`: the device reads short frames, and more than one page in an answer
OFFERS_AGAIN = "lineage"  # in `Hello.can`: it offers again what a record that was restored has lost
ECHO = (
    "echo"  # in `Hello.can`: acts with a receipt in the answer are told again too, they may not be in their documents
)
WATCHES = "log"  # in `Hello.can`: it demands that the log continues the one that it has seen (`log_size`)
NAMES_MAX = 500  # of one list in a message
HELD_MAX = 20_000  # cases that an outbox file may name
PROVES = "proof"  # in `Hello.can`, beside `WATCHES`: it demands the proof that what has a receipt is in the log
_BRIEF: Any = {"brief": True}  # a field that is left out of the message while it says nothing

Hashes = tuple[str, ...]
Held = tuple[str, ...]
Signed = int


@dataclass(frozen=True, slots=True)
class Hello:
    """Opens a request. `scope` is the one of the last `end`: a cursor counts only inside its scope.

    `purged` attests cases that the device no longer holds; `asks` names acts that it keeps as refused, to hear
    whether the centre has decided. `held`, in an outbox file only, names what is on the device, to hear what of it is
    out of scope. The rest is what the centre sees of the device.
    """

    device: str
    cursor: int
    config: int  # version of the directory held, 0 for none
    app: str
    waiting: int  # acts that are only on this device after this request
    v: int = PROTOCOL_VERSION
    scope: str = ""
    lineage: str = field(default="", metadata=_BRIEF)  # of the record, as the device knows it
    can: str = field(default="", metadata=_BRIEF)
    purged: Hashes = field(default=(), metadata=_BRIEF)
    asks: Hashes = field(default=(), metadata=_BRIEF)
    log_size: int = field(default=0, metadata=_BRIEF)  # of the record, as the device has seen it last (`WATCHES`)
    want: Hashes = field(default=(), metadata=_BRIEF)  # cases that left the device and are asked back whole
    refused: int = field(default=0, metadata=_BRIEF)  # acts that the record did not take and that are kept here
    storage_used: int | None = field(default=None, metadata=_BRIEF)  # bytes
    storage_quota: int | None = field(default=None, metadata=_BRIEF)
    storage_kept: bool | None = field(default=None, metadata=_BRIEF)  # the browser promised not to clear it by itself
    clock_offset_ms: Signed | None = field(default=None, metadata=_BRIEF)  # its clock less the record's time
    forked: str = field(default="", metadata=_BRIEF)  # two heads of which the later does not continue (`log_watch`)
    held: Held = field(default=(), metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class ActorAnnouncement:
    """Binds an Automerge actor to the device of the exchange."""

    actor: str
    sig: str
    alg: int = ALG_ED25519


Verdict_ = Literal["accepted", "had", "quarantined"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer for one pushed change; log index, time and receipt signature unless quarantined.

    `now_with` names the units that have the case now when it was refused because it has left the device's scope.
    """

    hash: str
    verdict: Verdict_
    reason: str = ""
    log_index: int | None = None
    received_at_ms: int | None = None
    sig: str = ""
    now_with: Hashes = field(default=(), metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the centre decided about an act that was quarantined: taken (with its receipt) or left out, by whom, why.

    `in_scope`: whether the case is in the device's scope; if not, it is revoked with this message.
    """

    hash: str
    taken: bool
    by: str
    at_ms: int
    why: str
    in_scope: bool = True
    log_index: int | None = None
    received_at_ms: int | None = None
    sig: str = ""


@dataclass(frozen=True, slots=True)
class Revoke:
    """A case has left the device's scope; `log_index` is the act that let it go."""

    case: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Config:
    """The whole directory, sent when the device's version is older."""

    directory: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beacon:
    """The record's signed word on what time it is and what its log is.

    For a device that `WATCHES`: `root` is that of the log's tree, `path` proves that this tree begins with the one of
    `older` entries, which is the device's `Hello.log_size`.
    """

    id: str
    server_time_ms: int
    log_size: int
    sig: str
    root: str = field(default="", metadata=_BRIEF)
    older: int = field(default=0, metadata=_BRIEF)
    path: Hashes = field(default=(), metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class End:
    """Closes an answer: only now the cursor may move.

    `lineage` names the record's history when the device named another one. With `shared` (a size of the log) that
    history went on from a backup: what the device has from this number on, the record may have lost.
    """

    cursor: int
    more: bool
    scope: str = ""
    problem: str = field(default="", metadata=_BRIEF)  # a lasting one that a person must know: `device_revoked`
    lineage: str = field(default="", metadata=_BRIEF)
    shared: int | None = field(default=None, metadata=_BRIEF)


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """The whole body of an answer that is not 200."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class WholeCase:
    """Follows the changes of a case that the request wanted: they are all `acts` of it; 0 where it is out of scope."""

    case: str
    acts: int


@dataclass(frozen=True, slots=True)
class Carried:
    """Opens a receipts file (`py_core.carry`): whose outbox was handed in, its SHA-256, when the record took it.

    `problem` as in `End`: how the device stands when the receipts are given; `key` the record's key (hex) that signs
    the file, so that a device that has not met that key yet does not take the file for a forged one. To a device that
    named what it holds, it tells the scope of then, and the end of all feeds: a device whose cursor is beyond it knows
    better.
    """

    device: str
    file: str
    imported_at_ms: int
    lineage: str = field(default="", metadata=_BRIEF)
    problem: str = field(default="", metadata=_BRIEF)
    key: str = field(default="", metadata=_BRIEF)
    scope: str = field(default="", metadata=_BRIEF)
    cursor: int = field(default=0, metadata=_BRIEF)


Message = (
    Hello | ActorAnnouncement | Verdict | Ruled | Revoke | Config | Beacon | End | ErrorMessage | Carried | WholeCase
)
_NAMES: dict[type[Message], str] = {
    Hello: "hello",
    ActorAnnouncement: "actor",
    Verdict: "verdict",
    Ruled: "ruled",
    Revoke: "revoke",
    Config: "config",
    Beacon: "beacon",
    End: "end",
    ErrorMessage: "error",
    Carried: "carried",
    WholeCase: "case",
}
_CLASSES = {name: cls for cls, name in _NAMES.items()}


def message_frame(message: Message) -> Json:
    """A message as its frame."""
    values = {f.name: getattr(message, f.name) for f in fields(message)}
    said = {f.name: values[f.name] for f in fields(message) if not f.metadata or values[f.name] != f.default}
    return Json({"t": _NAMES[type(message)], **said})


def read_message(frame: Frame) -> Message:
    """The message in a JSON frame; raises `Malformed` when it is none or a value has the wrong type."""
    if not isinstance(frame, Json):
        raise Malformed("message", "must be a JSON frame")
    cls = _CLASSES.get(frame.data.get("t", "")) if isinstance(frame.data.get("t"), str) else None
    if cls is None:
        raise Malformed("message", "has an unknown kind")
    return _read(cls, frame.data)


def _read(cls: type[Message], data: Mapping[str, Any]) -> Message:
    name = _NAMES[cls]
    values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
    for f in fields(cls):
        if f.name in values and not _CHECKS[str(f.type)](values[f.name]):
            raise Malformed(f"{name}.{f.name}", "has a wrong value")
        if isinstance(values.get(f.name), list):
            values[f.name] = tuple(values[f.name])
    try:
        return cls(**values)
    except TypeError as error:
        raise Malformed(name, "lacks a value") from error


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _are_names(value: object, count_max: int) -> bool:
    if not isinstance(value, (list, tuple)) or len(value) > count_max:
        return False
    return all(isinstance(each, str) and len(each) <= 64 for each in value)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str) and len(value) <= 1024,
    "int": _is_count,
    "int | None": lambda value: value is None or _is_count(value),
    "bool": lambda value: isinstance(value, bool),
    "bool | None": lambda value: value is None or isinstance(value, bool),
    "Signed | None": lambda value: value is None or (type(value) is int and abs(value) < 2**53),
    "Hashes": lambda value: _are_names(value, NAMES_MAX),
    "Held": lambda value: _are_names(value, HELD_MAX),
    "Verdict_": lambda value: value in ("accepted", "had", "quarantined"),
    "Mapping[str, Any]": lambda value: isinstance(value, dict),
}


def receipt_sign_bytes(case_id: str, change_hash: str, log_index: int, received_at_ms: int) -> bytes:
    """What the record signs for an act that it took (case and hash are hex)."""
    numbers = struct.pack(">QQ", log_index, received_at_ms)
    return b"shouwen-receipt-1" + bytes.fromhex(case_id) + bytes.fromhex(change_hash) + numbers


def beacon_sign_bytes(beacon: Beacon) -> bytes:
    """What the record signs for its time and, with a root, for its log and the proof."""
    said = beacon.id.encode() + struct.pack(">QQ", beacon.server_time_ms, beacon.log_size)
    if not beacon.root:
        return b"shouwen-beacon-1" + said
    proof = bytes.fromhex(beacon.root) + struct.pack(">Q", beacon.older) + bytes.fromhex("".join(beacon.path))
    return b"shouwen-beacon-2" + said + proof


def beacon_id(time_ms: int, tag: str) -> str:
    """A beacon's id: its time (ms, hex) and a tag by which the record knows its own beacons."""
    return f"{time_ms:x}-{tag}"


def beacon_time_ms(beacon: str) -> int | None:
    """The record's time in a beacon's id; None when it is no such id. The gate has checked that the id is genuine.

    >>> beacon_time_ms("19d3f8a4b00-00112233aabbccdd")
    1774598900480
    >>> beacon_time_ms("yesterday") is None
    True
    """
    head, dash, tag = beacon.partition("-")
    if not (dash and 1 <= len(head) <= 13 and len(tag) == 16 and set(head + tag) <= set("0123456789abcdef")):
        return None
    return int(head, 16)
