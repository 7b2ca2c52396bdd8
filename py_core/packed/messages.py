"""The messages of every exchange in short (frame types 6, 8, 9, 10): what is always there in fixed places, the rest JSON.

A further field of a message needs nothing here: it travels in the JSON that closes each. Must not decide anything.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from py_core import wire
from py_core.errors import Malformed
from py_core.packed.columns import inflate, pack_numbers

_DEVICE_BYTES, _TAG_BYTES, _SIGNATURE_BYTES, _HASH_BYTES = 16, 8, 64, 32


def short(message: wire.Message) -> wire.Frame:
    """The shortest frame of a message: its short form where it has one and fits it, else JSON."""
    if isinstance(message, wire.Hello):
        return _hello(message)
    if isinstance(message, wire.End):
        fixed = pack_numbers((message.cursor, int(message.more))) + _text(message.scope)
        return wire.Short(wire.TYPE_END, fixed + _rest(message, ("cursor", "more", "scope")))
    if isinstance(message, wire.Beacon):
        return _beacon(message)
    frame = wire.message_frame(message)
    if isinstance(message, wire.Config):
        content = json.dumps(frame.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
        return wire.Short(wire.TYPE_DEFLATED_JSON, deflater.compress(content) + deflater.flush())
    return frame


def long(frame: wire.Frame) -> wire.Frame:
    """The JSON frame of a message in short; every other frame as it is. Raises `Malformed`."""
    if not isinstance(frame, wire.Short):
        return frame
    reader = _Reader(frame.payload)
    if frame.type == wire.TYPE_HELLO:
        data: dict[str, Any] = {"t": "hello", "device": reader.take(_DEVICE_BYTES).hex()}
        data |= {name: reader.number() for name in ("cursor", "config", "waiting")}
        data |= {name: reader.text() for name in ("app", "scope")}
    elif frame.type == wire.TYPE_END:
        data = {"t": "end", "cursor": reader.number(), "more": bool(reader.number()), "scope": reader.text()}
    elif frame.type == wire.TYPE_BEACON:
        time_ms = reader.number()
        data = {"t": "beacon", "id": wire.beacon_id(time_ms, reader.take(_TAG_BYTES).hex())}
        data |= {"server_time_ms": time_ms, "log_size": reader.number(), "sig": reader.take(_SIGNATURE_BYTES).hex()}
        if hashes := reader.number():
            data |= {"root": reader.take(_HASH_BYTES).hex(), "older": reader.number()}
            data["path"] = [reader.take(_HASH_BYTES).hex() for _ in range(hashes - 1)]
    elif frame.type == wire.TYPE_DEFLATED_JSON:
        return wire.Json(wire.read_json_object(inflate(frame.payload, wire.JSON_BYTES_MAX)))
    else:
        return frame
    return wire.Json({**reader.rest(), **data})


def _hello(hello: wire.Hello) -> wire.Frame:
    try:
        device = bytes.fromhex(hello.device)
    except ValueError:
        device = b""
    if len(device) != _DEVICE_BYTES or device.hex() != hello.device:
        return wire.message_frame(hello)
    fixed = device + pack_numbers((hello.cursor, hello.config, hello.waiting)) + _text(hello.app) + _text(hello.scope)
    rest = _rest(hello, ("device", "cursor", "config", "waiting", "app", "scope"))
    return wire.Short(wire.TYPE_HELLO, fixed + rest)


def _beacon(beacon: wire.Beacon) -> wire.Frame:
    time_ms, tag = wire.beacon_time_ms(beacon.id), beacon.id.partition("-")[2]
    if time_ms is None or time_ms != beacon.server_time_ms or len(beacon.sig) != 2 * _SIGNATURE_BYTES:
        return wire.message_frame(beacon)
    fixed = pack_numbers((time_ms,)) + bytes.fromhex(tag) + pack_numbers((beacon.log_size,)) + bytes.fromhex(beacon.sig)
    hashes = (beacon.root, *beacon.path) if beacon.root else ()
    fixed += pack_numbers((len(hashes),))
    if hashes:
        fixed += bytes.fromhex(beacon.root) + pack_numbers((beacon.older,)) + bytes.fromhex("".join(beacon.path))
    said = ("id", "server_time_ms", "log_size", "sig", "root", "older", "path")
    return wire.Short(wire.TYPE_BEACON, fixed + _rest(beacon, said))


def _rest(message: wire.Message, fixed: tuple[str, ...]) -> bytes:
    """What else a message says, as JSON; no byte when nothing."""
    said = wire.message_frame(message).data
    defaults = {each.name: each.default for each in fields(message)}
    rest = {name: value for name, value in said.items() if name not in ("t", *fixed) and value != defaults[name]}
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode() if rest else b""


def _text(text: str) -> bytes:
    data = text.encode()
    return pack_numbers((len(data),)) + data


class _Reader:
    """Takes a short message apart from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise Malformed("message", "is cut")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number
            if shift > 56:
                raise Malformed("message", "has a number that is too long")

    def text(self) -> str:
        try:
            return self.take(self.number()).decode()
        except UnicodeDecodeError as error:
            raise Malformed("message", "is not UTF-8") from error

    def rest(self) -> Mapping[str, Any]:
        rest = self._data[self._at :]
        return wire.read_json_object(rest) if rest else {}
