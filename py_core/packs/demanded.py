"""Which entries of a step the text itself demands, because they become a mandatory field of a document.

Owns the table only; whether a form asks for them is the desk's business, what an act without them means the engine's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from py_core.errors import Malformed
from py_core.packs.prints import PrintField, load_prints


@cache
def load_demanded() -> Mapping[tuple[str, str], tuple[PrintField, ...]]:
    """Fields of forms by (command, field); raises `Malformed` for a row that names no mandatory field of a form."""
    prints = load_prints()
    found: dict[tuple[str, str], tuple[PrintField, ...]] = {}
    text = files("py_core.packs").joinpath("demanded.toml").read_text(encoding="utf-8")
    for row in tomllib.loads(text)["entry"]:
        fields = prints[row["form"]].fields if row["form"] in prints else ()
        field = next((field for field in fields if field.key == row["key"] and field.demanded_by), None)
        if field is None:
            raise Malformed(f"demanded {row['command']}.{row['field']}", "names no mandatory field of a form")
        entry = (row["command"], row["field"])
        found[entry] = (*found.get(entry, ()), field)
    return found


def demanding_article(pack: str, command: str, field: str) -> str:
    """The article that demands this entry under a regulation, "" when none does."""
    for entry in load_demanded().get((command, field), ()):
        article = entry.demanded_by.get(pack)
        if article:
            return article
    return ""
