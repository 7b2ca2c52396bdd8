"""The form of an evidence file (docs/evidence.md): lines of canonical JSON in a fixed order, each of a known kind.

Reading is strict, so that every byte counts, and bounded, because the file comes from outside. Must not judge what the
lines claim (see `check`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.cases.acts import canonical_json
from py_core.change import CHANGE_BYTES_MAX
from py_core.errors import Malformed
from py_core.merkle import PATH_MAX
from py_core.wire import read_json_object

VERSION = 3  # 1: without inventories (`check_left_out`), 2: without frozen devices; both are still read
FILE_BYTES_MAX = 64 * 1024 * 1024
LINES_MAX = 50_000
LINE_BYTES_MAX = 8 * 1024 * 1024
TIME_MAX_MS = 4_102_444_800_000  # the year 2100
_NUMBER_MAX = 2**53 - 1
_DIGITS = frozenset("0123456789abcdef")

# Kinds in their order; `?` after a type: null is allowed.
KINDS: Mapping[str, Mapping[str, str]] = {
    "evidence": {"v": "number", "case": "hex16", "log": "name", "made_at_ms": "time", "made_by": "name", "app": "name"},
    "keys": {"keys": "list"},
    "checkpoint": {"note": "text"},
    "earlier": {"note": "text", "acts_path": "path", "registry_path": "path"},
    "registry": {"n": "number", "text": "text", "path": "path"},
    "enrolment": {"device": "name", "text": "text", "sig": "hex64"},
    "directory": {"version": "number", "text": "text"},
    "law": {"path": "name", "text": "text"},
    "actor": {"actor": "hex16", "device": "name", "alg": "number", "sig": "hex64"},
    "act": {
        "case": "hex16", "log_index": "number", "hash": "hex32", "received_at_ms": "time", "raw": "raw?",
        "alg": "number", "sig": "hex64", "receipt": "hex64", "path": "path",
    },
    "shown": {"found": "object?"},
    "seal": {"lines": "path_any", "sig": "hex64"},
}  # fmt: skip
_ONCE = frozenset({"evidence", "keys", "checkpoint", "shown", "seal"})
_NEEDED = ("evidence", "keys", "checkpoint", "shown", "seal")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file (from 1), its kind, its fields, the SHA-256 of its bytes (hex)."""

    number: int
    kind: str
    fields: Mapping[str, Any]
    sha256: str

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """Every line of a file that has the agreed form."""

    lines: tuple[Line, ...]

    def all(self, kind: str) -> list[Line]:
        """The lines of a kind, in order."""
        return [line for line in self.lines if line.kind == kind]

    def one(self, kind: str) -> Line:
        """The line of a kind that stands once in every file."""
        return next(line for line in self.lines if line.kind == kind)


def encode_line(kind: str, **fields: Any) -> bytes:
    """The bytes of a line with its line end."""
    return canonical_json({"t": kind, **fields}).encode() + b"\n"


def seal_sign_bytes(hashes: Sequence[str]) -> bytes:
    """What the record signs for a whole file: the SHA-256 (hex) of every line before the seal."""
    return b"shouwen-evidence-1" + b"".join(bytes.fromhex(each) for each in hashes)


def read_evidence(data: bytes) -> EvidenceFile:
    """Reads a file; raises `Malformed` that names the line."""
    if len(data) > FILE_BYTES_MAX:
        raise Malformed("file", f"is longer than {FILE_BYTES_MAX} bytes")
    if not data.endswith(b"\n"):
        raise Malformed("file", "does not end with a whole line: it was cut")
    texts = data[:-1].split(b"\n")
    if len(texts) > LINES_MAX:
        raise Malformed("file", f"has more than {LINES_MAX} lines")
    order = list(KINDS)
    lines: list[Line] = []
    at = 0
    for number, text in enumerate(texts, 1):
        line = _read_line(number, text)
        rank = order.index(line.kind)
        if rank < at or (rank == at and lines and line.kind in _ONCE):
            raise Malformed(f"line {number}", f"has a line of kind {line.kind} where none belongs")
        at = rank
        lines.append(line)
    kinds = {line.kind for line in lines}
    for kind in _NEEDED:
        if kind not in kinds:
            raise Malformed("file", f"has no line of kind {kind}")
    if not 1 <= lines[0]["v"] <= VERSION:
        raise Malformed("line 1", f"is of version {lines[0]['v']}, this program reads versions 1 to {VERSION}")
    return EvidenceFile(tuple(lines))


def _read_line(number: int, text: bytes) -> Line:
    where = f"line {number}"
    if len(text) > LINE_BYTES_MAX:
        raise Malformed(where, f"is longer than {LINE_BYTES_MAX} bytes")
    try:
        data = read_json_object(text)
        if canonical_json(data).encode() != text:
            raise Malformed(where, "is not in canonical form")
    except (Malformed, UnicodeError) as error:
        raise Malformed(where, f"cannot be read ({error})") from error
    kind = data.pop("t", None)
    shape = KINDS.get(kind) if isinstance(kind, str) else None
    if shape is None or set(data) != set(shape):
        raise Malformed(where, "is of no known kind, or lacks a field or has one too many")
    for name, form in shape.items():
        if not _fits(form, data[name]):
            raise Malformed(f"{where}, {name}", f"must be {form}")
    assert isinstance(kind, str)
    return Line(number, kind, data, hashlib.sha256(text).hexdigest())


def _fits(form: str, value: Any) -> bool:
    if form.endswith("?"):
        return value is None or _fits(form[:-1], value)
    if form in ("number", "time"):
        return type(value) is int and 0 <= value <= (TIME_MAX_MS if form == "time" else _NUMBER_MAX)
    if form == "name":
        return isinstance(value, str) and len(value) <= 128
    if form == "text":
        return isinstance(value, str)
    if form == "object":
        return isinstance(value, dict)
    if form == "list":
        return isinstance(value, list)
    if form in ("path", "path_any"):
        longest = PATH_MAX if form == "path" else LINES_MAX
        return isinstance(value, list) and len(value) <= longest and all(_is_hex(each, 32) for each in value)
    if form == "raw":
        return isinstance(value, str) and 0 < len(value) <= 2 * CHANGE_BYTES_MAX and _is_hex(value, len(value) // 2)
    return _is_hex(value, int(form.removeprefix("hex")))


def _is_hex(value: Any, size: int) -> bool:
    return isinstance(value, str) and len(value) == 2 * size and set(value) <= _DIGITS
