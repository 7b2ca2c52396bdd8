"""Fills the form of a page as a browser would: its own values first, then what a person types into fields it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

_OF_A_FORM = frozenset(
    {"action", "elements", "enctype", "form", "id", "length", "method", "name", "submit", "reset", "target"}
)

_PARTS = ("div", "fieldset", "details", "section", "table")
# Shown by the style sheet only after another choice.
_SOMETIMES = ("sw-only-", "sw-choice__more")


def _takes_words(tag: str, given: Mapping[str, str | None]) -> bool:
    words = tag == "textarea" or (tag == "input" and given.get("type", "text") in ("text", "search", "tel"))
    return words and bool(given.get("name")) and given.get("inputmode") != "numeric"


class _Fields(HTMLParser):
    """The fields of the page's main form: what stands in them, and which values their choices have."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.choices: dict[str, set[str]] = {}
        self.words: list[str] = []
        self.sometimes: set[str] = set()
        self._parts: list[tuple[str, bool]] = []
        self._in_main = self._in_form = False
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag in _PARTS:
            self._parts.append((tag, any(each in (given.get("class") or "") for each in _SOMETIMES)))
        if tag == "main":
            self._in_main = True
        elif tag == "form":
            self._in_form = self._in_main
        elif not self._in_form:
            return
        if self._in_form and _takes_words(tag, given):
            self.words.append(name)
            if any(sometimes for _, sometimes in self._parts):
                self.sometimes.add(name)
        if tag == "input" and given.get("type") in ("radio", "checkbox"):
            self.choices.setdefault(name, set()).add(value)
            if "checked" in given:
                self.values[name] = value
        elif tag == "input":
            self.values[name] = value
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""
        elif tag == "select":
            self._select = name
            self.values[name] = ""
        elif tag == "option":
            self.choices.setdefault(self._select, set()).add(value)
            if "selected" in given:
                self.values[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in _PARTS and self._parts and self._parts[-1][0] == tag:
            self._parts.pop()
        if tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._in_form = False
        elif tag == "main":
            self._in_main = False


def fields_of(html: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The values that stand in the main form of a page, and the values that its choices offer."""
    parser = _Fields()
    parser.feed(html)
    hidden = _OF_A_FORM & {*parser.values, *parser.choices}
    assert not hidden, f"these fields hide properties of their form from scripts: {sorted(hidden)}"
    return parser.values, parser.choices


def words_of(html: str) -> list[tuple[str, str, bool]]:
    """The fields of the main form that take words: name, what stands there, whether another choice shows them first."""
    parser = _Fields()
    parser.feed(html)
    return [(name, parser.values[name].strip(), name in parser.sometimes) for name in parser.words]


def filled(html: str, typed: Mapping[str, str]) -> dict[str, str]:
    """The form as sent; fails for a field or a choice that the page does not have."""
    values, choices = fields_of(html)
    for name, text in typed.items():
        if name in choices:
            assert text in choices[name], f"{name} offers {sorted(choices[name])}, not {text!r}"
        else:
            assert name in values, f"the form has no field {name}: {sorted({*values, *choices})}"
        values[name] = text
    return values


def joined(html: str) -> str:
    """A page without the marks and blanks that keep its dates and numbers on one line."""
    words = re.sub(r'<span class="sw-unbroken">([^<]*)</span>', r"\1", html)
    return words.replace("&nbsp;", " ").replace("\u00a0", " ")
