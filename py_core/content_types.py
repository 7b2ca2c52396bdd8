"""What a file is by its content, not by what somebody calls it: JPEG, PNG, WebP, PDF, and nothing else."""

from __future__ import annotations

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PDF_TAIL_BYTES_MAX = 2048
_SHORTEST_BYTES_MIN = 20


def content_type(data: bytes) -> str:
    """The media type of one whole file; empty for everything that may not be kept.

    The beginning must be that of its kind and the end must fit to it: a cut file or one with something hidden
    behind it is no picture. SVG and HTML can carry programs and are never among them.
    """
    if len(data) < _SHORTEST_BYTES_MIN:
        return ""
    if data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9":
        return "image/jpeg"
    if data.startswith(_PNG_HEAD) and data[12:16] == b"IHDR" and data[-8:-4] == b"IEND":
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 == len(data):
        return "image/webp"
    if data[:5] == b"%PDF-" and b"%%EOF" in data[-_PDF_TAIL_BYTES_MAX:]:
        return "application/pdf"
    return ""
