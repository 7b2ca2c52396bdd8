"""How a regulation is cited to people who do not know our ids: the document's title and the place as its text counts it.

The titles and the ways of counting are the pack's; must not know a case or a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.errors import Malformed

Words = tuple[str, str]  # Chinese, English
_ID = re.compile(r"[^\s().-]+(?:\.\d+|\([^\s().-]+\))*")
_STEP = re.compile(r"[^.()]+")
NUMBER_MAX = 99


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a regulation: the ids that begin so are its places, `counted` says how each level is told."""

    prefix: str
    title: Words
    number: Words  # its official number, empty where it has none
    opening: Words  # what the place 0 is called
    counted: tuple[Words, ...]
    figures: str  # one to ten as Chinese articles are counted

    def place(self, rest: str) -> Words | None:
        """The place that an id names after the prefix, in words; None when the text is not counted so."""
        if rest == "0" and self.opening[0]:
            return self.opening
        steps = _STEP.findall(rest)
        if not _ID.fullmatch(rest) or len(steps) > len(self.counted):
            return None
        numbers = [int(step) if step.isdecimal() else read_number(step, self.figures) for step in steps]
        if not all(numbers):
            return None
        told = [self._told(words, number) for words, number in zip(self.counted, numbers, strict=False)]
        return "".join(zh for zh, _ in told), ", ".join(en for _, en in told)

    def _told(self, words: Words, number: int) -> Words:
        zh, en = words
        return (
            zh.replace("{n}", chinese_number(number, self.figures)).replace("{1}", str(number)),
            en.replace("{1}", str(number)),
        )


def read_document(row: Mapping[str, Any], figures: str) -> Document:
    """One `[[document]]` of a pack; raises `Malformed` for one without title or with a level that counts nothing."""
    where = f"document {row['prefix']}"
    counted = tuple(_words(words, where) for words in row["counted"])
    if not all("{n}" in zh or "{1}" in zh for zh, _ in counted) or not all("{1}" in en for _, en in counted):
        raise Malformed(where, "has a level without its number")
    nothing = ("", "")
    return Document(
        row["prefix"],
        _words((row["zh"], row["en"]), where),
        _words(row["number"], where) if "number" in row else nothing,
        _words(row["opening"], where) if "opening" in row else nothing,
        counted,
        figures,
    )


def cite(documents: Sequence[Document], article: str) -> Words:
    """An article's id as title and place, in Chinese and English; the id itself where no document has it."""
    fitting = [document for document in documents if article.startswith(document.prefix)]
    for document in sorted(fitting, key=lambda each: -len(each.prefix)):
        place = document.place(article.removeprefix(document.prefix))
        if place is not None:
            zh, en = document.title
            number_zh, number_en = (
                (f"（{document.number[0]}）", f" ({document.number[1]})") if document.number[0] else ("", "")
            )
            return f"《{zh}》{number_zh}{place[0]}", f"{en}{number_en}, {place[1]}"
    return article.replace("(", "（").replace(")", "）"), article


def chinese_number(number: int, figures: str) -> str:
    """A whole number from 1 to 99 in the figures for one to ten.

    >>> [chinese_number(n, "abcdefghij") for n in (7, 10, 12, 20, 31)]
    ['g', 'j', 'jb', 'bj', 'cja']
    """
    tens, ones = divmod(number, len(figures))
    ten = "" if not tens else figures[-1] if tens == 1 else figures[tens - 1] + figures[-1]
    return ten + (figures[ones - 1] if ones else "")


def read_number(text: str, figures: str) -> int:
    """The number that such figures tell; 0 for anything else.

    >>> [read_number(text, "abcdefghij") for text in ("g", "j", "jb", "bj", "cja", "x", "")]
    [7, 10, 12, 20, 31, 0, 0]
    """
    return next((number for number in range(1, NUMBER_MAX + 1) if chinese_number(number, figures) == text), 0)


def _words(words: Any, where: str) -> Words:
    if len(words) != 2 or not all(isinstance(text, str) and text for text in words):
        raise Malformed(where, "has words without both languages")
    return words[0], words[1]
