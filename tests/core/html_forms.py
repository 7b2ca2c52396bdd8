"""Fills the form of a page as a browser would: its own values first, then what a person types into fields it has."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

_OF_A_FORM = frozenset(
    {"action", "elements", "enctype", "form", "id", "length", "method", "name", "submit", "reset", "target"}
)


class _Fields(HTMLParser):
    """The fields of the page's main form: what stands in them, and which values their choices have."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.choices: dict[str, set[str]] = {}
        self._in_main = self._in_form = False
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "main":
            self._in_main = True
        elif tag == "form":
            self._in_form = self._in_main
        elif not self._in_form:
            return
        elif tag == "input" and given.get("type") in ("radio", "checkbox"):
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
