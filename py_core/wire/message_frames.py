"""Messages as frames and back: JSON objects that both sides know by their key "t", every value checked for its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_args

from py_core.errors import Malformed
from py_core.wire.frames import Frame, Json
from py_core.wire.messages import HELD_MAX, NAMES_MAX, Message

_CLASSES: Mapping[str, type[Message]] = {cls.t: cls for cls in get_args(Message)}


def message_frame(message: Message) -> Json:
    """A message as its frame."""
    values = {f.name: getattr(message, f.name) for f in fields(message)}
    said = {f.name: values[f.name] for f in fields(message) if not f.metadata or values[f.name] != f.default}
    return Json({"t": message.t, **said})


def read_message(frame: Frame) -> Message:
    """The message in a JSON frame; raises `Malformed` when it is none or a value has the wrong type."""
    if not isinstance(frame, Json):
        raise Malformed("message", "must be a JSON frame")
    cls = _CLASSES.get(frame.data.get("t", "")) if isinstance(frame.data.get("t"), str) else None
    if cls is None:
        raise Malformed("message", "has an unknown kind")
    return _read(cls, frame.data)


def _read(cls: type[Message], data: Mapping[str, Any]) -> Message:
    values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
    for f in fields(cls):
        if f.name in values and not _CHECKS[str(f.type)](values[f.name]):
            raise Malformed(f"{cls.t}.{f.name}", "has a wrong value")
        if isinstance(values.get(f.name), list):
            values[f.name] = tuple(values[f.name])
    try:
        return cls(**values)
    except TypeError as error:
        raise Malformed(cls.t, "lacks a value") from error


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
