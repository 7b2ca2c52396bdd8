"""Which entries of a step the text itself demands, because they become a mandatory field of a document.

Owns the table only; whether a form asks for them is the desk's business, what an act without them means the engine's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from py_core.errors import Malformed
from py_core.packs.registers import load_forms


@cache
def load_demanded() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Form ids by (command, field); raises `Malformed` for a row that names no mandatory field of a form."""
    forms = load_forms()
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    text = files("py_core.packs").joinpath("demanded.toml").read_text(encoding="utf-8")
    for row in tomllib.loads(text)["entry"]:
        form = forms.get(row["form"])
        if form is None or row["key"] not in {field.key for field in form.mandatory}:
            raise Malformed(f"demanded {row['command']}.{row['field']}", "names no mandatory field of a form")
        entry = (row["command"], row["field"])
        found[entry] = (*found.get(entry, ()), form.id)
    return found


def demanding_article(pack: str, command: str, field: str) -> str:
    """The article that demands this entry under a regulation, "" when none does."""
    forms = load_forms()
    for form in load_demanded().get((command, field), ()):
        article = forms[form].sources.get(pack)
        if article:
            return article
    return ""
