"""How hard a password or a device's passphrase is to guess. One rule in two languages: `web/src/shared/strength.ts` is
the same, and `tests/vectors/passphrases.json` holds both to it.

What everybody tries (words of `common_words.json` also with other signs for letters, what belongs to the person, dates
and numbers, rows of keys, repetitions) is worth little, whatever its length; the rest by what kind of sign it is. Pure.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Set
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.directory import Directory, Person

LENGTH_MIN = 12
STRONG_LENGTH_MIN = 8  # what is clearly strong may be shorter
LENGTH_MAX = 256
FAIR, STRONG = 40, 55
_BITS = {"name": 4, "common": 8, "number": 10, "run": 5, "repeat": 3}
_SAYS = {"name": "name", "common": "common", "number": "number", "run": "plain", "repeat": "plain"}
_FOLDED = str.maketrans("013457@$!|l", "oieastasiii")
_ROWS = ("1234567890-=", "!@#$%^&*()_+", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
_SEPARATORS = frozenset(" -_.,'/")
_NUMBERS = (
    re.compile(r"1[3-9]\d{9}", re.ASCII),
    re.compile(r"\d{17}[\dx]", re.ASCII),
    re.compile(r"(?:19|20)\d\d[-./ ]?(?:1[0-2]|0?[1-9])[-./ ]?(?:3[01]|[12]\d|0?[1-9])-?", re.ASCII),
    re.compile(r"(?:3[01]|[12]\d|0?[1-9])[-./]?(?:1[0-2]|0?[1-9])[-./]?(?:19|20)\d\d", re.ASCII),
    re.compile(r"\d\d(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])", re.ASCII),
    re.compile(r"(?:19|20)\d\d-?", re.ASCII),
)
_RUN_MIN, _STRETCH_MIN, _NUMBER_MAX = 3, 3, 20


def fault(text: str, own: Iterable[str] = ()) -> str:
    """Why it cannot be used: "short", "long", "name", "common", "number", "plain", "weak"; empty when it can.

    `own` are words that belong to the person (see `words_of`).
    """
    length = len(unicodedata.normalize("NFKC", text))
    if length < STRONG_LENGTH_MIN:
        return "short"
    if len(text) > LENGTH_MAX:
        return "long"
    bits, taken = guessing(text, own)
    if bits >= STRONG or (bits >= FAIR and length >= LENGTH_MIN):
        return ""
    if 2 * sum(taken.values()) >= length:
        return _SAYS[max(taken, key=lambda kind: taken[kind])]
    return "short" if length < LENGTH_MIN else "weak"


def words_of(directory: Directory, person: Person) -> list[str]:
    """What belongs to a person: nobody should build a password around it."""
    unit = directory.units.get(person.unit)
    names = (unit.id, unit.zh, unit.en) if unit else ()
    return own_words(person.id, person.name, *names, directory.city_zh, directory.city_en)


def own_words(*texts: str) -> list[str]:
    """The words in names of people, accounts and units, also without what every such name ends with."""
    found = []
    for text in texts:
        for word in re.split(r"[^\w]+|_", unicodedata.normalize("NFKC", text).lower()):
            ending = next((each for each in _table()["unit_endings"] if word.endswith(each)), "")
            parts = [word, word.removesuffix(ending)]
            parts += [word[1:]] if len(word) == 3 and _is_han(word[0]) else []  # a given name
            found += [part for part in parts if len(part) >= (2 if part and _is_han(part[0]) else 3)]
    return list(dict.fromkeys(found))


def guessing(text: str, own: Iterable[str] = ()) -> tuple[int, dict[str, int]]:
    """About how many bits somebody has to guess, and how many signs of it each easy kind takes."""
    signs = list(unicodedata.normalize("NFKC", text))
    low = "".join(sign.lower()[0] for sign in signs)
    folded = low.translate(_FOLDED)
    words = {"name": {_tight(_low(word).translate(_FOLDED)) for word in own}, "common": _common()}
    bits, taken, at, begun = 0, dict.fromkeys(_BITS, 0), 0, 0
    while at < len(signs):
        kind, length = _easiest(low, folded, at, words)
        if length:
            bits += _loose(signs, begun, at) + _BITS[kind]
            taken[kind] += length
            begun = at + length
        at += length or 1
    return bits + _loose(signs, begun, len(signs)), taken


def _easiest(low: str, folded: str, at: int, words: Mapping[str, Set[str]]) -> tuple[str, int]:
    """The longest stretch from here that is easy to guess, and why; of equally long ones the kind that is named first."""
    lengths = {kind: _word(folded, at, each) for kind, each in words.items()}
    piece = low[at : at + _NUMBER_MAX].translate(_date_signs())
    lengths["number"] = max(len(found[0]) if (found := each.match(piece)) else 0 for each in _NUMBERS)
    lengths["run"] = max(_run(low, at, 1), 2 * min(_run(low, at, 2), _run(low, at + 1, 2)))
    lengths["repeat"] = _repeat(folded, at)
    kind = max(_BITS, key=lambda each: lengths[each])
    return kind, lengths[kind]


def _word(folded: str, at: int, words: Set[str]) -> int:
    """The longest of these words from here; what stands between its signs to part them makes it no harder."""
    if folded[at] in _SEPARATORS:
        return 0
    places = [n for n in range(at, len(folded)) if folded[n] not in _SEPARATORS]
    tight = "".join(folded[n] for n in places[: max(map(len, words), default=0)])
    return next((places[n - 1] - at + 1 for n in range(len(tight), 1, -1) if tight[:n] in words), 0)


def _run(low: str, at: int, stride: int) -> int:
    """How many signs, each or every second one, go on evenly from here, in the alphabet, in numbers, on the keyboard."""
    signs = low[at::stride]
    ways = _ways(signs[0], signs[1]) if len(signs) > 1 else set()
    end = 1
    while end < len(signs) and (kept := ways & _ways(signs[end - 1], signs[end])):
        ways, end = kept, end + 1
    return end if end >= _RUN_MIN else 0


def _ways(one: str, other: str) -> set[str]:
    step = ord(_digit(other)) - ord(_digit(one))
    ways = {f"sign {step}"} if abs(step) <= 1 else set()
    for row in _ROWS:
        if one in row and other in row and abs(row.index(other) - row.index(one)) == 1:
            ways.add(f"key {row.index(other) - row.index(one)}")
    return ways


def _digit(sign: str) -> str:
    value = _table()["numerals"].find(sign)
    return sign if value < 0 else str(value)


def _repeat(folded: str, at: int) -> int:
    """How many signs from here are those just before once more."""
    longest = min(at, len(folded) - at)
    return next((n for n in range(longest, 1, -1) if folded[at : at + n] == folded[at - n : at]), 0)


def _loose(signs: list[str], begun: int, end: int) -> int:
    """What signs are worth between two easy stretches: those of a word or number less than mixed ones."""
    bits, at = 0, begun
    while at < end:
        kind, until = _kind(signs[at]), at + 1
        while until < end and _kind(signs[until]) == kind:
            until += 1
        if kind == "han":
            bits += sum(3 if signs[each] in signs[:each] else 7 for each in range(at, until))
        elif kind == "separator":
            bits += until - at
        else:
            even = kind == "digit" or (kind == "letter" and _is_written_as_word(signs[at:until]))
            bits += (until - at) * (3 if even and until - at >= _STRETCH_MIN else 5)
        at = until
    return bits


def _kind(sign: str) -> str:
    if _is_han(sign):
        return "han"
    category = unicodedata.category(sign)
    if category.startswith("L"):
        return "letter"
    return "digit" if category == "Nd" else "separator" if sign in _SEPARATORS else "other"


def _is_written_as_word(letters: list[str]) -> bool:
    """All small or all capital after the first."""
    rest = letters[1:]
    return all(each == each.lower() for each in rest) or all(each != each.lower() for each in rest)


def _is_han(sign: str) -> bool:
    point = ord(sign)
    return 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF or point == 0x3007


def _low(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


@cache
def _common() -> frozenset[str]:
    return frozenset(_tight(_low(word).translate(_FOLDED)) for word in _table()["words"])


def _tight(text: str) -> str:
    return "".join(sign for sign in text if sign not in _SEPARATORS)


@cache
def _date_signs() -> dict[int, str]:
    """Year, month and day in words part a date like dashes."""
    return str.maketrans(dict.fromkeys(_table()["date_signs"], "-"))


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(files("server").joinpath("common_words.json").read_text(encoding="utf-8"))
    return table
