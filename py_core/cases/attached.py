"""Files that an act names: photographs and papers by their content's hash, never their content itself.

Owns the limits of one file and of one act, and the strict reading. Must not know where contents are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from py_core.errors import Malformed
from py_core.values import N_

ATTACHMENTS_MAX = 12
FILE_BYTES_MAX = 8 * 1024 * 1024
FILE_NAME_MAX = 80
DEVICE_BYTES_MAX = 400 * 1024 * 1024  # on one device, with the originals of what is not in the record yet
PHOTO_SIDE_MAX = 1600  # pixels of the longest side that a photograph is made smaller to
# What may be kept: pictures and papers that no browser runs. The content is checked against it at the record.
FILE_TYPES: Mapping[str, str] = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "application/pdf": "PDF",
}  # fmt: skip

_ENDING_MAX = 8
_LATITUDE_MAX = 90
_LONGITUDE_MAX = 180
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PLACE = re.compile(r"(-?\d{1,2}\.\d{5}),(-?\d{1,3}\.\d{5})")
_KEYS = frozenset({"sha256", "bytes", "type", "name"})
_PLACE_KEY = "place"


class Attachment(NamedTuple):
    """One named file. `place` is where a photograph was taken (latitude,longitude in degrees), if that was wanted."""

    sha256: str
    bytes: int
    type: str
    name: str
    place: str = ""

    def as_json(self) -> dict[str, Any]:
        """The value as an act carries it."""
        value: dict[str, Any] = {"sha256": self.sha256, "bytes": self.bytes, "type": self.type, "name": self.name}
        return {**value, _PLACE_KEY: self.place} if self.place else value


def read_attachments(value: Any, where: str = "attachments") -> tuple[Attachment, ...]:
    """The files of a field, each content once; raises `Malformed` for anything that is not exactly such a list."""
    if not isinstance(value, (list, tuple)):
        raise Malformed(where, N_("must be a list of files"))
    if len(value) > ATTACHMENTS_MAX:
        raise Malformed(where, N_("has too many files"))
    files = tuple(_attachment(row, where) for row in value)
    if len({file.sha256 for file in files}) != len(files):
        raise Malformed(where, N_("names the same file twice"))
    return files


def safe_file_name(name: str) -> str:
    """A name as an act may carry it: no control signs, no folders, at most `FILE_NAME_MAX` characters, its end kept."""
    name = _NAME_FORBIDDEN.sub("_", name).strip() or "file"
    if len(name) <= FILE_NAME_MAX:
        return name
    stem, dot, ending = name.rpartition(".")
    kept = dot + ending if dot and len(ending) <= _ENDING_MAX else ""
    return (stem if kept else name)[: FILE_NAME_MAX - len(kept)] + kept


def _attachment(row: Any, where: str) -> Attachment:
    if isinstance(row, Attachment):
        row = row.as_json()
    if not isinstance(row, Mapping) or set(row) - {_PLACE_KEY} != _KEYS:
        raise Malformed(where, N_("must have hash, size, type and name for every file"))
    digest, size, kind, name, place = row["sha256"], row["bytes"], row["type"], row["name"], row.get(_PLACE_KEY, "")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        raise Malformed(where, N_("must have a SHA-256 hash for every file"))
    if type(size) is not int or not 0 < size <= FILE_BYTES_MAX:
        raise Malformed(where, N_("has a file that is too large"))
    if not isinstance(kind, str) or kind not in FILE_TYPES:
        raise Malformed(where, N_("has a file that is neither JPEG, PNG, WebP nor PDF"))
    if not isinstance(name, str) or not 0 < len(name) <= FILE_NAME_MAX or _NAME_FORBIDDEN.search(name):
        raise Malformed(where, N_("has a file without a proper name"))
    if place != "" and not _on_earth(place):
        raise Malformed(where, N_("has a place that is no position"))
    return Attachment(digest, size, kind, name, place)


def _on_earth(place: Any) -> bool:
    found = _PLACE.fullmatch(place) if isinstance(place, str) else None
    return found is not None and abs(float(found[1])) <= _LATITUDE_MAX and abs(float(found[2])) <= _LONGITUDE_MAX
