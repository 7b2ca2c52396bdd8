"""Reads a posted form: url-encoded, of limited size, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.requests import Request

from py_core.errors import Malformed

FIELDS_MAX = 2000
_TYPE = "application/x-www-form-urlencoded"

Form = Mapping[str, Sequence[str]]


async def read_form(request: Request) -> Form:
    """The fields of a form, each a list of texts in order; raises `Malformed` for anything else."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _TYPE:
        raise Malformed("form", f"must be {_TYPE}")
    try:
        text = (await request.body()).decode("ascii")
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Malformed("form", "is not readable") from error


def first(form: Form, name: str) -> str:
    """A field's first value, or an empty text."""
    values = form.get(name)
    return values[0] if values else ""
