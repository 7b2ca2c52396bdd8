"""JSON from outside: what a text must keep to before anything in it is looked at."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from py_core.errors import Malformed
from py_core.values import nests_too_deep

JSON_DEPTH_MAX = 32


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
