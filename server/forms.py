"""Reads a posted form: url-encoded, or multipart where a text file comes with it; of limited size, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from py_core.errors import Malformed

FIELDS_MAX = 2000
_TYPE = "application/x-www-form-urlencoded"
_TYPE_WITH_FILE = "multipart/form-data"
_PART_BYTES_MAX = 256 * 1024

Form = Mapping[str, Sequence[str]]


class BadSign(Exception):
    """What was sent has the sign U+0000, which PostgreSQL stores in no text; the guard answers."""


async def read_form(request: Request) -> Form:
    """The fields of a form, each a list of texts in order; raises `Malformed` for anything else.

    A file becomes the text in it under the name of its field; bytes that are no UTF-8, and U+0000, are marked with
    U+FFFD: the page that takes the file says what is wrong with it. Of what was typed raises
    `BadSign` for a sign that a database would refuse; halves of a pair are no UTF-8 and so not readable.
    """
    form = await _read(request)
    if any("\0" in text for name, values in form.items() for text in (name, *values)):
        raise BadSign
    return form


async def _read(request: Request) -> Form:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == _TYPE_WITH_FILE:
        return await _with_file(request)
    if kind != _TYPE:
        raise Malformed("form", f"must be {_TYPE}")
    try:
        text = (await request.body()).decode("ascii")
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Malformed("form", "is not readable") from error


async def _with_file(request: Request) -> Form:
    values: dict[str, list[str]] = {}
    try:
        async with request.form(max_files=1, max_fields=FIELDS_MAX, max_part_size=_PART_BYTES_MAX) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    text = (await value.read(_PART_BYTES_MAX)).decode("utf-8", "replace")
                    value = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
                values.setdefault(name, []).append(value)
    except (HTTPException, MultiPartException, ValueError) as error:
        raise Malformed("form", "is not readable") from error
    return values


def first(form: Form, name: str) -> str:
    """A field's first value, or an empty text."""
    values = form.get(name)
    return values[0] if values else ""
