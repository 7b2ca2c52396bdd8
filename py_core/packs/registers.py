"""Registers of the regulations that only some pages need: forms, words without a number, ladders, indicators.

Loaded when asked for, so that opening a case does not wait for them. Must not compute law.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.errors import Malformed


@dataclass(frozen=True, slots=True)
class FormField:
    """A field that the text itself demands."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Form:
    """A document of the regulations; `sources` has its article per pack, `mandatory` what it must say."""

    id: str
    zh: str
    en: str
    sources: Mapping[str, str]
    mandatory: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One rung: when, and which measures people may choose."""

    level: int
    when_zh: str
    when_en: str
    measures_zh: tuple[str, ...]
    measures_en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Measures of one article; `ordered`: the text ranks them."""

    pack: str
    article: str
    ordered: bool
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure for reports; the formula is design, not law."""

    id: str
    zh: str
    formula: str


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("py_core.packs").joinpath(name).read_text(encoding="utf-8"))


@cache
def load_forms() -> Mapping[str, Form]:
    """Every form by id; raises `Malformed` for one without a source or named twice."""
    found: dict[str, Form] = {}
    for row in _read("forms.toml")["form"]:
        if row["id"] in found or not row["sources"]:
            raise Malformed(f"form {row['id']}", "is named twice or has no source")
        fields = tuple(FormField(*item) for item in row.get("mandatory", ()))
        found[row["id"]] = Form(row["id"], row["zh"], row["en"], dict(row["sources"]), fields)
    return found


@cache
def load_ladders() -> tuple[Ladder, ...]:
    """The ladders of measures; a pack without one gets none."""
    return tuple(
        Ladder(
            row["pack"],
            row["article"],
            row["ordered"],
            tuple(
                Level(
                    level["level"],
                    level["when_zh"],
                    level["when_en"],
                    tuple(level["measures_zh"]),
                    tuple(level["measures_en"]),
                )
                for level in row["levels"]
            ),
        )
        for row in _read("liability.toml")["ladder"]
    )


@cache
def load_indicators() -> Mapping[str, Indicator]:
    """The figures of monthly and yearly reports by id."""
    return {row["id"]: Indicator(row["id"], row["zh"], row["formula"]) for row in _read("liability.toml")["indicator"]}
