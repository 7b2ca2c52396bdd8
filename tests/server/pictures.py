"""A photograph that is one by its bytes, an act that names it, and its way to the record, for several tests."""

from __future__ import annotations

import hashlib
from typing import Any

from server.attachments import CHUNK_BYTES_MAX
from server.parts import Parts

CHUNK = CHUNK_BYTES_MAX


def jpeg(size: int = 600_000, seed: str = "a") -> bytes:
    return b"\xff\xd8\xff\xe0" + hashlib.shake_256(seed.encode()).digest(size - 6) + b"\xff\xd9"


PHOTO = jpeg()
SHA = hashlib.sha256(PHOTO).hexdigest()


def naming(sha256: str = SHA, size: int = len(PHOTO)) -> dict[str, Any]:
    file = {"sha256": sha256, "bytes": size, "type": "image/jpeg", "name": "现场.jpg"}
    return {"type": "attachment_added", "attachments": [file], "purpose": "photo"}


def send(parts: Parts, user: str = "lin", data: bytes = PHOTO, sha256: str = "") -> None:
    digest = sha256 or hashlib.sha256(data).hexdigest()
    for at in range(0, len(data), CHUNK):
        parts.attachments.take(user, digest, len(data), at, data[at : at + CHUNK])
