"""Columns of numbers, texts and bytes inside one deflated payload.

Owns the lowest layer of the packed frames: whole numbers in LEB128, columns one after the other, limits on inflating.
Must not know what a column means.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from py_core import inflating
from py_core.errors import Malformed

CONTENT_BYTES_MAX = 8 * 1024 * 1024  # of one frame, inflated
_LEVEL = 9
_NUMBER_BYTES_MAX = 9  # below 2**63


def pack_numbers(numbers: Iterable[int]) -> bytes:
    """Whole numbers from 0, each as unsigned LEB128."""
    out = bytearray()
    for number in numbers:
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def pack_signed(numbers: Iterable[int]) -> bytes:
    """Whole numbers of either sign, zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 …"""
    return pack_numbers(number << 1 if number >= 0 else (-number << 1) - 1 for number in numbers)


def unpack_numbers(data: bytes, count: int | None = None) -> list[int]:
    """The numbers of a column; raises `Malformed` when it is cut, too long, or not `count` many."""
    numbers: list[int] = []
    if data.isascii():  # every byte is one number
        numbers = list(data)
    else:
        number = shift = 0
        for byte in data:
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                numbers.append(number)
                number = shift = 0
            else:
                shift += 7
                if shift >= 7 * _NUMBER_BYTES_MAX:
                    raise Malformed("column", "has a number that is too long")
        if shift:
            raise Malformed("column", "ends inside a number")
    if count is not None and len(numbers) != count:
        raise Malformed("column", f"must have {count} numbers")
    return numbers


def unpack_signed(data: bytes, count: int | None = None) -> list[int]:
    """The inverse of `pack_signed`."""
    return [number >> 1 if not number & 1 else -(number + 1 >> 1) for number in unpack_numbers(data, count)]


def pack_lines(texts: Iterable[str]) -> bytes:
    """Texts without line feeds, each closed by one."""
    return "".join(text + "\n" for text in texts).encode()


def unpack_lines(data: bytes) -> list[str]:
    """The inverse of `pack_lines`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("column", "is not UTF-8") from error
    if text and not text.endswith("\n"):
        raise Malformed("column", "ends inside a text")
    return text.split("\n")[:-1]


def pieces(data: bytes, size: int) -> list[bytes]:
    """A column of values of `size` bytes each."""
    if len(data) % size:
        raise Malformed("column", f"is not made of {size} bytes each")
    return [data[at : at + size] for at in range(0, len(data), size)]


def pack_columns(columns: Sequence[bytes]) -> bytes:
    """Each column with its length before it, all of it deflated (RFC 1951)."""
    content = b"".join(pack_numbers((len(column),)) + column for column in columns)
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, inflating.RAW, 9)
    return deflater.compress(content) + deflater.flush()


def inflate(payload: bytes, bytes_max: int = CONTENT_BYTES_MAX) -> bytes:
    """What was deflated; raises `Malformed` when it is more than `bytes_max` or not whole."""
    try:
        return inflating.inflate(payload, inflating.RAW, bytes_max)
    except ValueError as error:
        raise Malformed("frame", f"has a content that {error}") from error


def unpack_columns(payload: bytes, count: int, bytes_max: int = CONTENT_BYTES_MAX) -> list[bytes]:
    """Exactly `count` columns."""
    content = inflate(payload, bytes_max)
    columns = []
    at = 0
    for _ in range(count):
        length = shift = 0
        while True:
            if at >= len(content) or shift > 28:
                raise Malformed("frame", "has a column that is cut")
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if length > len(content) - at:
            raise Malformed("frame", "has a column that is cut")
        columns.append(content[at : at + length])
        at += length
    if at != len(content):
        raise Malformed("frame", "has bytes after its last column")
    return columns
