"""docs/security.md names only tests that exist, and every item of ASVS 5.0 levels 1 and 2 exactly once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ITEMS = (Path(__file__).parent / "asvs_levels_1_and_2.txt").read_text(encoding="ascii").split()
NAMED = sorted(set(re.findall(r"`((?:tests|e2e|server|py_core|web|tools|docs)/[\w./-]+(?:::\w+)?)`", TEXT)))
STATES = {"holds", "partly", "open", "not here", "deployment", "deviation"}
PROVEN = re.compile(r"`(?:tests|e2e)/[\w./]+")
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
        assert re.search(rf"^def {function}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), name


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
