"""Photographs for the histories: each is made from its name, so whoever reads an act can make its contents again."""

from __future__ import annotations

import hashlib
from random import Random

_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_TAIL = b"\0\0\0\0IEND\0\0\0\0"
_SIZES = (2_000, 30_000, 90_000, 300_000)  # some go in one chunk, some in several


def picture(name: str) -> bytes:
    """The content of the photograph of this name."""
    seed = hashlib.sha256(name.encode()).digest()
    return _HEAD + hashlib.shake_256(seed).digest(_SIZES[seed[0] % len(_SIZES)]) + _TAIL


def taken(chance: Random) -> dict[str, object]:
    """A new photograph, as an act names it."""
    name = f"{chance.randbytes(32).hex()[:20]}.png"
    data = picture(name)
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "type": "image/png", "name": name}
