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
_NAME_MIN, _SURE_NAME_MIN = 2, 3  # characters; a shorter name may be part of any other word
# Digits. From the second on a number is looked for however it is divided; a shorter one only where it stands as one.
_NUMBER_MIN, _DIVIDED_MIN, _BESIDE_MAX = 7, 10, 6
_BETWEEN = re.compile(r"[\s\-·•.]+")
_LATIN = re.compile(r"[a-z\u00df-\u024f]+")
_LATIN_WORDS = re.compile(r"[a-z\u00df-\u024f]+(?:[\s\-·•.]+[a-z\u00df-\u024f]+)*")
_COUNTRY = re.compile(r"86(?=1\d{10}$)|86(?=[2-9]\d{8,9}$)")
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d\d)(?=[2-9]\d{6,7}$)")  # three digits for the largest cities, else four
_RUN = re.compile(r"\d(?:[ \t.·•-]?\d)*")
_DATE = re.compile(r"(?:19|20)\d\d[.-]\d{1,2}[.-]\d{1,2}")


class Told(Enum):
    """Whether the words say it; perhaps, where the name may be part of another word."""

    NOT = "not"
    PERHAPS = "perhaps"
    SURELY = "surely"


def tells_who(words: str, told: Mapping[str, Any]) -> Told:
    """Whether these words have the name or a number of `told`: what a form says of who reports or complains."""
    plain = _plain(words)
    counted = plain.translate(_spoken_digits())
    numbers = (re.sub(r"\D", "", _plain(str(told.get(field) or ""))) for field in _NUMBERS)
    if any(_has_number(counted, _COUNTRY.sub("", number)) for number in numbers):
        return Told.SURELY
    name = _BETWEEN.sub("", _plain(str(told.get("claimant_name") or told.get("complainer_name") or "")))
    if len(name) < _NAME_MIN or name in _no_names() or not _has(plain, name):
        return Told.NOT
    return Told.SURELY if len(name) >= _SURE_NAME_MIN and _stands_alone(plain, name) else Told.PERHAPS


def _has_number(counted: str, number: str) -> bool:
    """A long number however it is divided; one of a fixed line also without its area code, where it stands as one."""
    if len(number) < _NUMBER_MIN:
        return False
    if len(number) >= _DIVIDED_MIN and number in re.sub(r"\D", "", counted):
        return True
    local = _AREA.sub("", number)
    return len(local) < _DIVIDED_MIN and any(_is_it(counted, run, local) for run in _RUN.finditer(counted))


def _is_it(counted: str, run: re.Match[str], number: str) -> bool:
    """Whether a run of digits is this number, with at most an area code or an extension; no date and no sum is one."""
    if _DATE.fullmatch(run[0]) or counted[run.end() :].lstrip().startswith(_lists()["money"]):
        return False
    digits = re.sub(r"\D", "", run[0])
    beside = len(digits) - len(number)
    return 0 <= beside <= _BESIDE_MAX and (digits.startswith(number) or digits.endswith(number))


def _stands_alone(plain: str, name: str) -> bool:
    """Whether the name stands somewhere without making up the name of a place or body with what follows it."""
    joined = _BETWEEN.sub("", plain)
    after = (joined[found.end() :] for found in re.finditer(re.escape(name), joined))
    return not all(rest.startswith(_lists()["longer"]) for rest in after)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _lists() -> Mapping[str, tuple[str, ...]]:
    read = tomllib.loads(files("py_core.packs").joinpath("no_names.toml").read_text("utf-8"))
    return {name: tuple(table["words"]) for name, table in read.items() if "words" in table} | {
        name: (text,) for name, text in read["digits"].items()
    }


@cache
def _no_names() -> frozenset[str]:
    return frozenset(_lists()["nobody"])


@cache
def _spoken_digits() -> dict[int, str]:
    ((written,), (digits,)) = (_lists()[name] for name in ("written", "digits"))
    return {ord(sign): digit for sign, digit in zip(written, digits, strict=True)}


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
