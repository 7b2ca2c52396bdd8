"""What holds because nothing in the source does otherwise: no text becomes code, patterns are ours, chance is the system's,
encryption is authenticated, the demonstration is a command of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PYTHON = [path for folder in ("py_core", "server", "web/host") for path in sorted((ROOT / folder).rglob("*.py"))]
_SCRIPTS = sorted((ROOT / "web" / "src").rglob("*.ts"))
# The browser compiles its own methods ahead at the build and runs those texts only (web/bundling).
_RUNS_ITS_OWN_TEXTS = {"web/host/prepared_methods.py"}
_OF_PATTERNS = {"compile", "fullmatch", "match", "search", "sub", "split", "finditer", "findall", "subn"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (each for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(each, ast.Call))


def imported(path: Path) -> Iterator[str]:
    for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module:
            yield each.module
            yield from (f"{each.module}.{alias.name}" for alias in each.names)


def test_the_rules_look_at_something() -> None:
    assert len(_PYTHON) > 250
    assert len(_SCRIPTS) > 40


@pytest.mark.parametrize("path", _PYTHON, ids=name)
def test_no_text_becomes_code_or_objects(path: Path) -> None:
    if name(path) in _RUNS_ITS_OWN_TEXTS:
        return
    called = {ast.unparse(each.func) for each in calls(path)}
    assert not called & {"eval", "exec", "compile", "builtins.eval", "builtins.exec", "__import__", "os.system"}
    assert not {"pickle", "marshal", "shelve", "yaml", "dill"} & set(imported(path))
    assert not any(word.arg == "shell" for each in calls(path) for word in each.keywords)


def test_no_text_becomes_code_or_markup_in_the_browser() -> None:
    forbidden = r"\beval\(|new Function\(|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write"
    assert [name(path) for path in _SCRIPTS if re.search(forbidden, path.read_text(encoding="utf-8"))] == []


def test_messages_go_to_our_own_workers_only() -> None:
    foreign = r"\b(?:window|parent|opener|top|self\.parent)\.postMessage\(|postMessage\([^\n]*['\"]\*['\"]"
    assert [name(path) for path in _SCRIPTS if re.search(foreign, path.read_text(encoding="utf-8"))] == []
    assert any("postMessage(" in path.read_text(encoding="utf-8") for path in _SCRIPTS)


_WIDTH = re.compile(r"32 - len\([A-Z_]+\)")
_ROUTES = ("py_core/desk/routes.py", "path")  # of the table in the same file


def _is_ours(pattern: ast.expr) -> bool:
    """Whether a pattern is written in the source, at most put together of constants (names in capitals)."""
    text = ast.unparse(pattern)
    if isinstance(pattern, ast.Constant) or text.startswith("re.escape("):
        return True
    if isinstance(pattern, ast.Name):
        return pattern.id.isupper()
    if isinstance(pattern, ast.BinOp):
        return _is_ours(pattern.left) and _is_ours(pattern.right)
    if isinstance(pattern, ast.JoinedStr):
        inside = (each.value for each in pattern.values if isinstance(each, ast.FormattedValue))
        return all(_is_ours(each) or _WIDTH.fullmatch(ast.unparse(each)) for each in inside)
    return False


@pytest.mark.parametrize("path", _PYTHON, ids=name)
def test_no_pattern_is_built_from_what_comes_in(path: Path) -> None:
    for each in calls(path):
        if (
            isinstance(each.func, ast.Attribute)
            and ast.unparse(each.func.value) == "re"
            and each.func.attr in _OF_PATTERNS
        ):
            pattern = each.args[0]
            known = (name(path), ast.unparse(pattern)) == _ROUTES
            assert known or _is_ours(pattern), f"line {each.lineno}: {ast.unparse(each.args[0])}"


def test_chance_is_the_systems() -> None:
    """A repeatable generator makes the demonstration and nothing else; in the browser it spreads waits and nothing else."""
    users = {name(path) for path in _PYTHON if {"random", "random.Random"} & set(imported(path))}
    assert {each for each in users if not each.startswith("server/demo/")} == set()
    for path in _SCRIPTS:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "Math.random" in line:
                assert re.search(r"(?:Failed|Stuck|Lost)\(", line), f"{name(path)}: {line.strip()}"


def test_encryption_is_authenticated_and_hashes_are_sha_256() -> None:
    modes = {mode for path in _SCRIPTS for mode in re.findall(r"'(AES-\w+)'", path.read_text(encoding="utf-8"))}
    assert modes == {"AES-GCM"}
    ciphers = {
        each for path in _PYTHON for each in imported(path) if each.startswith("cryptography.hazmat.primitives.ciphers")
    }
    assert ciphers
    assert all(each.startswith("cryptography.hazmat.primitives.ciphers.aead") for each in ciphers)
    hashed = {
        each.attr
        for path in _PYTHON
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "hashlib"
    }
    assert hashed <= {"sha256", "file_digest"}
    weak = {name(path) for path in _PYTHON if any(each.endswith((".SHA1", ".MD5")) for each in imported(path))}
    assert weak == {"server/second_factor.py"}, "authenticator apps have HMAC-SHA-1 (RFC 6238)"


def test_the_demonstration_is_a_command_of_its_own() -> None:
    users = {name(path) for path in _PYTHON if any(each.startswith("server.demo") for each in imported(path))}
    assert {each for each in users if not each.startswith("server/demo/")} == {"server/cli.py"}
    tree = ast.parse((ROOT / "server" / "cli.py").read_text(encoding="utf-8"))
    assert not any(
        "server.demo" in ast.unparse(each) for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))
    )
