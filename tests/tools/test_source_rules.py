"""What holds because nothing in the source does otherwise: no text becomes code, patterns are ours, chance is the system's,
encryption is authenticated, the demonstration is a command of its own."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from py_core.desk.routes import ROUTES, _route
from py_core.views.environment import _unbroken
from py_core.views.qr import qr_svg
from py_core.views.signature import signature_svg
from server import logs
from server.cli import main
from server.cli_log import _checkpoint
from server.second_factor import code_at
from server.serving import serve
from server.witness import OverHttp

ROOT = Path(__file__).parents[2]
_PYTHON = [path for folder in ("py_core", "server", "web/host") for path in sorted((ROOT / folder).rglob("*.py"))]
_SCRIPTS = sorted((ROOT / "web" / "src").rglob("*.ts"))
# The browser compiles its own methods ahead at the build and runs those texts only (web/bundling).
_RUNS_ITS_OWN_TEXTS = {"web/host/prepared_methods.py"}
_OF_PATTERNS = {"compile", "fullmatch", "match", "search", "sub", "split", "finditer", "findall", "subn"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def where(thing: Callable[..., Any]) -> str:
    """The file that defines this, wherever it moves: exceptions name what they are for."""
    return name(Path(inspect.getfile(thing)))


def at_once(path: str) -> list[str]:
    """The modules that a file imports when it is loaded itself."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = [each for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))]
    return [each.module or "" for each in found if isinstance(each, ast.ImportFrom)] + [
        alias.name for each in found if isinstance(each, ast.Import) for alias in each.names
    ]


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
            known = name(path) == where(_route) and ast.unparse(pattern) == "path"  # of the table beside it
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
    assert weak == {where(code_at)}, "authenticator apps have HMAC-SHA-1 (RFC 6238)"


# What would reach outwards, read what nobody should send, or be a second way in or a second cryptography.
_NEVER = {
    "mail, codes by phone": {"smtplib", "imaplib", "poplib", "email", "twilio"},
    "XML and its kin": {"xml", "lxml", "defusedxml", "xmltodict"},
    "rich text": {"markdown", "bleach", "docutils", "html5lib"},
    "LDAP, memcache": {"ldap", "ldap3", "pymemcache", "memcache"},
    "GraphQL": {"graphql", "graphene", "strawberry", "ariadne"},
    "other identity providers, self-made tokens": {"authlib", "oauthlib", "jwt", "jose", "saml2", "onelogin"},
    "other cryptography": {"Crypto", "Cryptodome", "nacl", "bcrypt", "passlib", "OpenSSL"},
}
_OUTWARD = {"httpx", "requests", "aiohttp", "urllib3", "urllib.request", "http.client", "ftplib", "telnetlib", "xmlrpc"}


def tops(path: Path) -> set[str]:
    return {each.partition(".")[0] for each in imported(path)}


@pytest.mark.parametrize("what", _NEVER)
def test_what_does_not_exist_here_is_imported_nowhere(what: str) -> None:
    assert {name(path) for path in _PYTHON if _NEVER[what] & tops(path)} == set()


def test_the_server_asks_nobody_outside() -> None:
    """Nothing to be misled to another address (SSRF), no redirect to follow, no outside system to list."""
    asking = {name(path) for path in _PYTHON if _OUTWARD & set(imported(path))}
    # A command that a witness runs on another machine (`shouwen checkpoint --from`); the serving process never loads it.
    assert asking == {where(OverHttp)}
    loading = {name(path) for path in _PYTHON if OverHttp.__module__ in set(imported(path))}
    assert loading == {where(_checkpoint)}
    assert OverHttp.__module__ not in at_once(where(_checkpoint)), "only when the command runs"


def test_templates_are_the_packages_own() -> None:
    """No template is made of a text from outside, and what is marked as safe markup is made by us (QR, signatures)."""
    texts = {name(path): path.read_text(encoding="utf-8") for path in _PYTHON}
    assert [path for path, text in texts.items() if re.search(r"\b(?:from_string|Template)\(", text)] == []
    trusted = {path for path, text in texts.items() if "Markup(" in text}
    assert trusted <= {where(qr_svg), where(signature_svg), where(_unbroken)}, trusted
    templates = sorted((ROOT / "py_core" / "views" / "templates").rglob("*.html"))
    assert templates
    assert {
        name(path)
        for path in templates
        if re.search(r"[^'\"\s]\s*\|\s*safe\b|autoescape false", path.read_text(encoding="utf-8"))
    } == set()


def test_templates_translate_only_what_they_say_themselves() -> None:
    """What they say is kept for good (`py_core.views.environment`): a word of somebody's would outlast the lock."""
    other = re.compile(r"(?<![\w.])(?:_|n?gettext)\((?![\"'])")
    templates = sorted((ROOT / "py_core" / "views" / "templates").rglob("*.html"))
    assert [name(path) for path in templates if other.search(path.read_text(encoding="utf-8"))] == []


def test_the_way_back_stands_above_the_title() -> None:
    """One way back on every page: nobody looks for it at the foot of a long list."""
    below = re.compile(r'<p class="govuk-body"><a class="govuk-link"[^>]*>\{\{ _\("Back to ')
    templates = sorted((ROOT / "py_core" / "views" / "templates").rglob("*.html"))
    assert [name(path) for path in templates if below.search(path.read_text(encoding="utf-8"))] == []


def test_no_line_begins_with_the_dot_between_two_facts() -> None:
    """A page's lines break behind the dot, not before it; the title of a window has no lines."""
    loose = re.compile(r"(?m)^(?!.*block title).*(?:\}|>|[\w）]) · ")
    templates = sorted((ROOT / "py_core" / "views" / "templates").rglob("*.html"))
    assert [name(path) for path in templates if loose.search(path.read_text(encoding="utf-8"))] == []


def test_objects_from_outside_are_not_merged_in_the_browser() -> None:
    """ASVS V15.3.6: a foreign key must not become a prototype's. What is merged is written in the source."""
    foreign = re.compile(
        r"__proto__|(?<!Object)\.prototype\b|for \((?:const|let|var) \w+ in |Object\.assign\((?!htmx\.config, \{|window, \{|open, writer\))"
    )
    found = [f"{name(path)}: {line.strip()}" for path in _SCRIPTS
             for line in path.read_text(encoding="utf-8").splitlines() if foreign.search(line)]  # fmt: skip
    assert found == []


def test_labels_under_signatures_are_each_for_one_purpose() -> None:
    """ASVS V9.2.2, V9.2.4: what is signed for one purpose is never the beginning of what is signed for another."""
    labels = [
        label for path in _PYTHON for label in re.findall(r'b"(shouwen-[a-z0-9-]+)"', path.read_text(encoding="utf-8"))
    ]
    assert len(labels) > 15
    assert sorted(labels) == sorted(set(labels)), "one place for each"
    assert [(one, other) for one in labels for other in labels if one != other and other.startswith(one)] == []


def test_times_are_kept_as_milliseconds_of_utc() -> None:
    """ASVS V16.2.2: no column holds a local time, and the log's own lines name no zone that could be another."""
    from sqlalchemy import BigInteger, Date, DateTime, Time

    from server.tables import metadata

    columns = [column for table in metadata.tables.values() for column in table.columns]
    assert not [str(each) for each in columns if isinstance(each.type, (DateTime, Date, Time))]
    times = [each for each in columns if each.name.endswith("_ms")]
    assert len(times) > 20
    assert {str(each) for each in times if not isinstance(each.type, BigInteger)} == set()


def test_logs_go_to_standard_error_and_nowhere_else() -> None:
    """ASVS V16.2.3: the process's only handler is the one that `serve` sets; the record's own rows are the other place."""
    handlers = {"FileHandler", "RotatingFileHandler", "SysLogHandler", "HTTPHandler", "SMTPHandler", "SocketHandler"}
    used = {name(path) for path in _PYTHON if any(handler in path.read_text(encoding="utf-8") for handler in handlers)}
    assert used == set()
    configured = {name(path) for path in _PYTHON if "basicConfig(" in path.read_text(encoding="utf-8")}
    assert configured == set(), "its lines would quote exceptions"
    written = {name(path) for path in _PYTHON if "StreamHandler(" in path.read_text(encoding="utf-8")}
    assert written == {where(logs.begin)}
    streams = [
        ast.unparse(each.args[0]) for each in calls(ROOT / where(logs.begin)) if ast.unparse(each.func) == "handler"
    ]
    assert streams == ["sys.stderr"]
    assert "logs.begin()" in (ROOT / where(serve)).read_text(encoding="utf-8")


def test_the_demonstration_is_a_command_of_its_own() -> None:
    users = {name(path) for path in _PYTHON if any(each.startswith("server.demo") for each in imported(path))}
    assert {each for each in users if not each.startswith("server/demo/")} == {where(main)}
    assert not any(each.startswith("server.demo") for each in at_once(where(main)))


def test_no_form_in_which_people_write_is_kept_by_the_browser() -> None:
    """Chromium writes what stands in forms into its list of open tabs unless they say `autocomplete="off"`; only the
    forms of passwords may not, for the sake of password managers; passwords themselves are never in that list."""
    templates = sorted((ROOT / "py_core" / "views" / "templates").glob("*.html"))
    kept = set()
    for path in templates:
        for form in re.findall(r"<form[^>]*>.*?</form>", path.read_text(encoding="utf-8"), re.DOTALL):
            writes = re.search(r"\{\{ (?:text|area|fields)\(|<textarea|type=\"(?:text|search|tel|password)\"", form)
            if writes and 'autocomplete="off"' not in form[: form.index(">")]:
                kept.add(path.name)
    assert kept <= {"sign_in.html", "account.html"}, kept


def test_every_page_of_the_desk_is_answered_on_the_device() -> None:
    """An address that the script does not know goes to the server: without network a form that is sent there is lost."""
    source = (ROOT / "web" / "src" / "shared" / "routes.ts").read_text(encoding="utf-8")
    known = re.search(r"const DESK = /\^\\/\(\?:\$\|\(\?:([a-z|]+)\)", source)
    assert known
    made = {route.path.pattern.split("/")[1] for route in ROUTES if not route.server_only} - {""}
    assert set(known[1].split("|")) == made
