"""Texts in what the centre recorded: how each is read, wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.cases.fields import TEXT_MAX
from py_core.errors import Malformed
from py_core.values import N_


def read_text(row: Mapping[str, Any], name: str, limit: int = TEXT_MAX, *, needed: bool = True) -> str:
    """A text of a row, "" where it is left out and not `needed`; raises `Malformed` for anything else."""
    value = row.get(name)
    if value is None or value == "":
        if needed:
            raise Malformed(name, N_("is missing"))
        return ""
    if not isinstance(value, str):
        raise Malformed(name, N_("must be a text"))
    if len(value) > limit:
        raise Malformed(name, N_("is too long"))
    return value
