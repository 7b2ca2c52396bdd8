"""Whether words that everybody in a case reads say who is kept apart from it, by name or by a number. Pure.

No program knows every way to say who somebody is: this catches what slips in, as a form is sent.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

_NUMBERS = ("claimant_phone", "claimant_id", "complainer_phone")
_NAME_MIN, _SURE_NAME_MIN, _NUMBER_MIN = 2, 3, 7  # characters; a shorter name or number may be part of any other word
_BETWEEN = re.compile(r"[\s\-·•.]+")
_LATIN = re.compile(r"[a-z\u00df-\u024f]+")
_LATIN_WORDS = re.compile(r"[a-z\u00df-\u024f]+(?:[\s\-·•.]+[a-z\u00df-\u024f]+)*")
_COUNTRY = re.compile(r"86(?=1\d{10}$)")


class Told(Enum):
    """Whether the words say it; perhaps, where a name of two characters may be part of another word."""

    NOT = "not"
    PERHAPS = "perhaps"
    SURELY = "surely"


def tells_who(words: str, told: Mapping[str, Any]) -> Told:
    """Whether these words have the name or a number of `told`: what a form says of who reports or complains."""
    plain = _plain(words)
    digits = re.sub(r"\D", "", plain)
    numbers = (_COUNTRY.sub("", re.sub(r"\D", "", _plain(str(told.get(field) or "")))) for field in _NUMBERS)
    if any(len(number) >= _NUMBER_MIN and number in digits for number in numbers):
        return Told.SURELY
    name = _BETWEEN.sub("", _plain(str(told.get("claimant_name") or told.get("complainer_name") or "")))
    if len(name) < _NAME_MIN or name in _no_names() or not _has(plain, name):
        return Told.NOT
    return Told.SURELY if len(name) >= _SURE_NAME_MIN else Told.PERHAPS


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _no_names() -> frozenset[str]:
    return frozenset(tomllib.loads(files("py_core.packs").joinpath("no_names.toml").read_text("utf-8"))["words"])


def _has(plain: str, name: str) -> bool:
    """A name of Latin letters is looked for as words of their own: Li is not in Limit."""
    if _LATIN.fullmatch(name) is None:
        return name in _BETWEEN.sub("", plain)
    return any(_make_up(_BETWEEN.split(run[0]), name) for run in _LATIN_WORDS.finditer(plain))


def _make_up(words: list[str], name: str) -> bool:
    """Whether some of these words, one after the other, make up the name."""
    for first in range(len(words)):
        left = name
        for word in words[first:]:
            if not left.startswith(word):
                break
            left = left.removeprefix(word)
            if not left:
                return True
    return False
