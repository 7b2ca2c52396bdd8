"""What arrives compressed is unpacked in one place: never more than was allowed, whatever a bomb promises."""

from __future__ import annotations

import zlib

RAW, GZIP = -15, 31  # RFC 1951, RFC 1952


class TooLong(ValueError):
    """The content is longer than was allowed."""


def inflate(data: bytes, how: int, bytes_max: int) -> bytes:
    """The content of at most `bytes_max` bytes; raises `TooLong`, and `ValueError` when it is not one whole content."""
    inflater = zlib.decompressobj(how)
    try:
        content = inflater.decompress(data, bytes_max + 1)
    except zlib.error as error:
        raise ValueError("cannot be unpacked") from error
    if len(content) > bytes_max:
        raise TooLong(f"holds more than {bytes_max} bytes")
    if not inflater.eof or inflater.unused_data:
        raise ValueError("is not one whole")
    return content
