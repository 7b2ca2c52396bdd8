"""Whether words that everybody in a case reads say who is kept apart from it, by name or by a number. Pure.

No program knows every way to say who somebody is: this catches what slips in, as a form is sent.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

_NUMBERS = ("claimant_phone", "claimant_id", "complainer_phone")
_NAME_MIN, _SURE_NAME_MIN = 2, 3  # characters; a shorter name may be part of any other word
# Digits. From the second on a number is looked for however it is divided; a shorter one only where it stands as one.
_NUMBER_MIN, _DIVIDED_MIN, _BESIDE_MAX = 7, 10, 6
_GIVEN_MAX = 2  # characters of a given name between a family name and a title
_BETWEEN = re.compile(r"[\s\-·•.]+")
_LATIN = re.compile(r"[a-z\u00df-\u024f]+")
_LATIN_WORDS = re.compile(r"[a-z\u00df-\u024f]+(?:[\s\-·•.]+[a-z\u00df-\u024f]+)*")
_COUNTRY = re.compile(r"86(?=1\d{10}$)|86(?=[2-9]\d{8,9}$)")
_AREA = re.compile(r"0(?:10|2\d|[3-9]\d\d)(?=[2-9]\d{6,7}$)")  # three digits for the largest cities, else four
_EXTENSION = re.compile(r"(.*\d)\s*(?:-|\u8f6c|ext\.?)\s*\d{1,6}$")  # \u8f6c is what people write before it
_DIVIDERS = re.compile(r"[^\d\s()+.~\u00b7\u2022\u2010-\u2015-]+")  # of several numbers: nobody divides one by these
_FIXED = re.compile(r"(?:0\d{2,3})?[2-9]\d{6,7}")
_RUN = re.compile(r"\d(?:[ \t.\u00b7\u2022\u2010-\u2015~-]{0,4}\d)*")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([.-])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_DECIMALS = re.compile(r"\.\d{1,2}\s*")
_ENDS_IN_DECIMALS = re.compile(r"\d\.\d{1,2}$")


class Told(Enum):
    """Whether the words say it; perhaps, where the name may be part of another word."""

    NOT = "not"
    PERHAPS = "perhaps"
    SURELY = "surely"


def tells_who(words: str, told: Mapping[str, Any]) -> Told:
    """Whether these words have the name or a number of `told`: what a form says of who reports or complains."""
    plain = _plain(words)
    counted = plain.translate(_spoken_digits())
    numbers = {number for field in _NUMBERS for number in _numbers(_plain(str(told.get(field) or "")))}
    found = {_has_number(counted, number) for number in numbers}
    if Told.SURELY in found:
        return Told.SURELY
    perhaps = Told.PERHAPS if Told.PERHAPS in found else Told.NOT
    name = _BETWEEN.sub("", _plain(str(told.get("claimant_name") or told.get("complainer_name") or "")))
    if len(name) < _NAME_MIN or name in _no_names() or not _has(plain, name):
        return perhaps
    return Told.SURELY if len(name) >= _SURE_NAME_MIN and _stands_alone(plain, name) else Told.PERHAPS


def _numbers(said: str) -> Iterator[str]:
    """The digits of each number that was given, and those without its extension: several may stand in one field."""
    for piece in (said, *_DIVIDERS.split(said)):
        groups = re.findall(r"\d+", piece)
        if len(groups) > 1 and all(len(group) >= _NUMBER_MIN for group in groups):
            yield from groups
        extended = _EXTENSION.fullmatch(piece.strip())
        for each in (piece, extended[1] if extended else ""):
            digits = _COUNTRY.sub("", re.sub(r"\D", "", each))
            if each is piece or _FIXED.fullmatch(digits):
                yield digits


def _has_number(counted: str, number: str) -> Told:
    """A long number however it is divided; one of a fixed line also without its area code, where it stands as one."""
    if len(number) < _NUMBER_MIN:
        return Told.NOT
    if len(number) >= _DIVIDED_MIN and number in re.sub(r"\D", "", counted):
        return Told.SURELY
    local = _AREA.sub("", number)
    if len(local) >= _DIVIDED_MIN:
        return Told.NOT
    undated = _DATE.sub("|", counted)
    found = {_in_run(undated, run, local) for run in _RUN.finditer(undated)}
    return next((told for told in (Told.SURELY, Told.PERHAPS) if told in found), Told.NOT)


def _in_run(counted: str, run: re.Match[str], number: str) -> Told:
    """Whether some neighbouring groups of these digits are this number, with at most an area code or an extension."""
    groups = list(re.finditer(r"\d+", run[0]))
    found = set()
    for first in range(len(groups)):
        digits = ""
        for last in range(first, len(groups)):
            digits += groups[last][0]
            beside = len(digits) - len(number)
            if beside > _BESIDE_MAX:
                break
            if beside >= 0 and (digits.startswith(number) or digits.endswith(number)):
                is_whole = first == 0 and last == len(groups) - 1
                area = digits.removesuffix(number)
                is_one = is_whole or (first == last and not beside) or re.fullmatch(r"0\d{2,3}", area) is not None
                found.add(
                    _unless_money(counted, run.start() + groups[last].end(), Told.SURELY if is_one else Told.PERHAPS)
                )
    return next((told for told in (Told.SURELY, Told.PERHAPS) if told in found), Told.NOT)


def _unless_money(counted: str, end: int, told: Told) -> Told:
    """No sum of money says who it is. Its sign may be a person's name as well: then it is a person with a title behind
    it, and nobody knows where it stands apart or something else follows."""
    after = counted[end:]
    decimals = _DECIMALS.match(after)
    near = after[decimals.end() :] if decimals else after
    sign = near.lstrip()
    behind = sign
    while begun := next((word for word in _lists()["money"] if behind.startswith(word)), None):
        behind = behind.removeprefix(begun)
    if behind == sign:
        return told
    if any(behind[at:].startswith(_lists()["titles"]) for at in range(_GIVEN_MAX + 1)):
        return told
    is_apart = sign != near and decimals is None and _ENDS_IN_DECIMALS.search(counted[:end]) is None
    return Told.PERHAPS if is_apart or (len(sign) - len(behind) == 1 and behind[:1].isalpha()) else Told.NOT


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
