"""docs/security.md names only tests that exist, are run and can fail, and every item of ASVS 5.0 levels 1 and 2 exactly once."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ITEMS = (Path(__file__).parent / "asvs_levels_1_and_2.txt").read_text(encoding="ascii").split()
NAMED = sorted(set(re.findall(r"`((?:tests|e2e|server|py_core|web|tools|docs)/[\w./-]+(?:::\w+)?)`", TEXT)))
STATES = {"holds", "partly", "open", "not here", "deployment", "deviation"}
PROVEN = re.compile(r"`(?:tests|e2e)/[\w./]+")
LEFT_OUT = re.compile(r"pytest\.(mark\.)?(skip|xfail|importorskip)|\b(?:test|describe|it)\.(?:skip|todo|only)\b")
REASON_WORDS = 6
# What the standard asks to be written down, and is; and what can only be said. None of them has anything to run.
SAID_ONLY = {"V14.1.1", "V15.1.1"}
_LIST = TEXT[TEXT.index("## OWASP ASVS") : TEXT.index("## The Chinese profile")]
ROWS = [line.strip("| ").split(" | ") for line in _LIST.splitlines() if line.startswith("| V")]


def test_it_names_tests() -> None:
    assert len([name for name in NAMED if name.startswith(("tests/", "e2e/"))]) > 60


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert (ROOT / path).exists(), path
    if function:
        functions = {each.name: each for each in ast.parse((ROOT / path).read_text("utf-8")).body if is_function(each)}
        assert judges(functions[function], functions), f"{name} finds nothing wrong, whatever happens"


@pytest.mark.parametrize(
    "path", sorted({name.partition("::")[0] for name in NAMED if name.startswith(("tests/", "e2e/"))})
)
def test_what_it_names_is_run(path: str) -> None:
    """A test that is left out proves nothing."""
    for file in sorted((ROOT / path).rglob("test_*.py")) if (ROOT / path).is_dir() else [ROOT / path]:
        assert not LEFT_OUT.search(file.read_text(encoding="utf-8")), file


def is_function(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def judges(function: ast.FunctionDef, beside: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether something in it can fail: an assertion of its own, of pytest, of the browser, of a function beside it."""
    others = {name: each for name, each in beside.items() if name != function.name}
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("raises", "expect", "fail") or called.startswith("expect_"):
                return True
            if called in others and judges(others[called], others):
                return True
    return False


def test_every_item_of_the_standard_stands_in_it_once() -> None:
    listed = [item for row in ROWS for item in row[0].split(", ")]
    assert len(ITEMS) == 253
    assert sorted(listed) == sorted(ITEMS)


def test_every_item_has_a_state_and_a_test_or_a_reason() -> None:
    for row in ROWS:
        if len(row) == 2:
            assert row[1], row
            continue
        item, short, state, why = row
        assert state in STATES, item
        assert short
        assert PROVEN.search(why) or len(why.split()) >= REASON_WORDS, f"{item} has neither a test nor a reason"
        if state in ("holds", "partly"):
            assert PROVEN.search(why) or item in SAID_ONLY, f"{item} names no test"
