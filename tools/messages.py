#!/usr/bin/env python3
"""Message catalogue: `update` adds new message ids to the .po, `compile` writes the .mo, `check` names gaps.

Ids come from the templates (`{% trans %}`, `_()`), from `N_("…")` and `Refused(...)` in Python, and from the core's
tables of commands, fields and refusals.
Nothing is ever removed from the .po: an id that is no longer found is only named.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "py_core" / "locale" / "zh_CN" / "LC_MESSAGES" / "shouwen.po"
Id = str | tuple[str, str]


def template_ids() -> Iterator[tuple[Id, str]]:
    """Message ids of the templates with the place where each stands."""
    sys.path.insert(0, str(ROOT))
    from py_core.views.environment import make_environment

    environment = make_environment()
    folder = ROOT / "py_core" / "views" / "templates"
    for path in sorted(folder.rglob("*.html")):
        source = path.read_text(encoding="utf-8")
        for line, _, message in environment.extract_translations(source):  # type: ignore[attr-defined]
            place = f"{path.relative_to(ROOT)}:{line}"
            if isinstance(message, tuple):
                texts = tuple(text for text in message if isinstance(text, str))
                yield (texts[0] if len(texts) == 1 else (texts[0], texts[1])), place
            else:
                yield message, place


def python_ids() -> Iterator[tuple[Id, str]]:
    """Message ids of the core's Python: `N_("…")`, labels of fields and what `Refused` says to people."""
    for path in sorted((ROOT / "py_core").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for text in _call_ids(node):
                    yield text, f"{path.relative_to(ROOT)}:{node.lineno}"


def _call_ids(node: ast.Call) -> Iterator[Id]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name == "N_":
        yield from _texts(node.args[:1])
    elif name == "N2_":
        singular, plural = _texts(node.args[:2])
        yield singular, plural
    elif name == "Refused":
        yield from _texts(node.args[2:4])
        for keyword in node.keywords:
            if keyword.arg in ("message", "instead"):
                yield from _texts([keyword.value])
            elif keyword.arg == "fields" and isinstance(keyword.value, ast.Dict):
                yield from _texts(keyword.value.values)


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value


def law_ids() -> Iterator[tuple[Id, str]]:
    """Message ids that stand in the core's tables: titles of commands, labels of fields, texts of refusals."""
    from py_core.cases.commands import COMMANDS
    from py_core.cases.commands.messages import MESSAGES

    for spec in COMMANDS.values():
        yield spec.title, f"py_core/cases/commands/table.py:{spec.name}"
        for field in spec.fields:
            if field.label:
                yield field.label, f"py_core/cases/events.py:{field.name}"
    for code, texts in MESSAGES.items():
        for text in texts:
            yield text, f"py_core/cases/commands/messages.py:{code}"


def found_ids() -> dict[Id, list[str]]:
    """Every message id in use with its places."""
    found: dict[Id, list[str]] = {}
    for message, place in [*template_ids(), *python_ids(), *law_ids()]:
        found.setdefault(message, []).append(place)
    return found


def read_catalogue() -> Catalog:
    if not PO.exists():
        return Catalog(locale="zh_CN", project="Shouwen", fuzzy=False)
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN")


def missing(catalogue: Catalog) -> list[str]:
    """Message ids in use that have no Chinese text, one readable line each."""
    gaps = []
    for message, places in found_ids().items():
        singular = message if isinstance(message, str) else message[0]
        entry = catalogue.get(singular)
        text = entry.string if entry else ""
        if not (text if isinstance(text, str) else text and all(text)):
            gaps.append(f"{places[0]}: {singular}")
    return gaps


def update() -> None:
    catalogue = read_catalogue()
    found = found_ids()
    for message, places in found.items():
        singular = message if isinstance(message, str) else message[0]
        if catalogue.get(singular) is None:
            catalogue.add(message, flags=["python-format"] if "%(" in singular else [])
            print(f"new: {places[0]}: {singular}")
    with PO.open("wb") as file:
        write_po(file, catalogue, width=120, no_location=True, omit_header=False)


def compile_catalogue() -> None:
    catalogue = read_catalogue()
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        update()
        compile_catalogue()
    elif arguments == ["compile"]:
        compile_catalogue()
    elif arguments == ["check"]:
        gaps = missing(read_catalogue())
        for gap in gaps:
            print(gap)
        return 1 if gaps else 0
    else:
        print("usage: messages.py update | compile | check", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
