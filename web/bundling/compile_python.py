"""Compiles the browser's Python into two stored zips of `.pyc` files; runs inside node's Pyodide at build time.

Owns which modules travel to the browser. The magic number of the compiled files is right because the very
interpreter that will import them compiles them. Output is the same bytes for the same input.
"""

from __future__ import annotations

import importlib._bootstrap_external as bootstrap
import importlib.util
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ENTRY_TIME = (2026, 1, 1, 0, 0, 0)
STDLIB_ZIP = "/lib/python314.zip"
APP_ZIP = "/lib/app.zip"
TEMPLATES = "shouwen_templates"

# Parts of the standard library that nothing in the worker can reach; a boot test in node follows every build.
STDLIB_LEFT_OUT = (
    "_android_support.py", "_apple_support.py", "_aix_support.py", "_ios_support.py", "_osx_support.py",
    "_pydecimal.py", "_pyrepl/", "_strptime.py.orig", "antigravity.py", "bdb.py", "cProfile.py", "cmd.py", "code.py",
    "concurrent/interpreters/", "configparser.py", "cprofile.py", "ctypes/", "curses/", "dbm/", "distutils/",
    "doctest.py", "encodings/big5", "encodings/cp", "encodings/euc_", "encodings/gb", "encodings/hz", "encodings/iso",
    "encodings/johab", "encodings/koi8", "encodings/mac_", "encodings/shift", "ensurepip/", "fileinput.py",
    "ftplib.py", "getpass.py", "http/cookiejar.py", "http/server.py", "idlelib/", "imaplib.py", "lib2to3/",
    "logging/config.py", "logging/handlers.py", "mailbox.py", "multiprocessing/", "netrc.py", "optparse.py", "pdb.py",
    "pickletools.py", "poplib.py", "profile.py", "profiling/", "pstats.py", "pyclbr.py", "pydoc_data/",
    "rlcompleter.py", "sched.py", "smtplib.py", "socketserver.py", "sqlite3/", "statistics.py", "sysconfig/__main__",
    "tarfile.py", "test/", "this.py", "timeit.py", "tkinter/", "trace.py", "tracemalloc.py", "turtle", "unittest/",
    "venv/", "wave.py", "webbrowser.py", "wsgiref/", "xml/", "xmlrpc/", "zipapp.py", "_pyodide/_core_docs.py",
)  # fmt: skip
STDLIB_NEEDED = ("_pyrepl/__init__.py", "_pyrepl/pager.py", "encodings/cp437.py", "encodings/iso8859_1.py", "_pyodide/_core_docs.py",
    "xml/__init__.py", "xml/sax/__init__.py", "xml/sax/_exceptions.py", "xml/sax/handler.py", "xml/sax/saxutils.py",
    "xml/sax/xmlreader.py",
)  # fmt: skip

# Third-party files: whole packages where they are small, else only what the core imports.
PACKAGES = (
    "jinja2/*.py",
    "markupsafe/*.py",
    "govuk_frontend_jinja/*.py",
    "segno/*.py",
    "stdnum/__init__.py", "stdnum/exceptions.py", "stdnum/util.py", "stdnum/numdb.py", "stdnum/luhn.py",
    "stdnum/cn/*", "stdnum/iso7064/*.py",
    "tzdata/__init__.py", "tzdata/zoneinfo/__init__.py", "tzdata/zoneinfo/Asia/__init__.py",
    "tzdata/zoneinfo/Asia/Shanghai",
)  # fmt: skip
PACKAGES_LEFT_OUT = ("segno/cli.py",)
CORE_DATA = {".toml", ".json", ".mo", ".txt", ".css"}


def compiled(source: bytes, filename: str, optimize: int) -> bytes:
    """The bytes of the `.pyc` for a source; checked by hash at no time, so that no clock is read."""
    code = compile(source, filename, "exec", dont_inherit=True, optimize=optimize)
    return bytes(bootstrap._code_to_hash_pyc(code, importlib.util.source_hash(source), False))


class Zip:
    """A stored zip whose entries have one fixed time."""

    def __init__(self, path: str) -> None:
        self._zip = zipfile.ZipFile(path, "w")
        self._base = STDLIB_ZIP if "std" in Path(path).name else APP_ZIP

    def add(self, name: str, data: bytes, optimize: int) -> None:
        """Adds a file; Python sources become `.pyc`."""
        if name.endswith(".py"):
            data = compiled(data, f"{self._base}/{name}", optimize)
            name += "c"
        entry = zipfile.ZipInfo(name, ENTRY_TIME)
        entry.external_attr = 0o644 << 16
        self._zip.writestr(entry, data)

    def close(self) -> None:
        self._zip.close()


def standard_library(source_zip: str, out: str) -> None:
    """The standard library without what the worker cannot use, without docstrings."""
    target = Zip(out)
    with zipfile.ZipFile(source_zip) as source:
        for name in sorted(source.namelist()):
            left_out = name.startswith(STDLIB_LEFT_OUT) and name not in STDLIB_NEEDED
            if not name.endswith("/") and not left_out:
                target.add(name, source.read(name), 2)
    target.close()


def application(repository: Path, site: Path, out: str) -> list[str]:
    """Core, host, dependencies and precompiled templates; gives the names of the core's modules."""
    target = Zip(out)
    modules = []
    for name, path in sorted(core_files(repository)):
        target.add(name, path.read_bytes(), 0)
        if name.endswith(".py"):
            modules.append(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    for pattern in PACKAGES:
        found = sorted(site.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{site}/{pattern}: install the Python dependencies first (make build)")
        for path in found:
            name = str(path.relative_to(site))
            if path.is_file() and name not in PACKAGES_LEFT_OUT:
                target.add(name, path.read_bytes(), 2)
    for name, source in sorted(compiled_templates()):
        target.add(f"{TEMPLATES}/{name}", source, 2)
    target.close()
    return modules


def core_files(repository: Path) -> Iterator[tuple[str, Path]]:
    """Files of `py_core` and of the browser's host, by their name in the zip."""
    for path in (repository / "py_core").rglob("*"):
        if path.suffix in CORE_DATA | {".py"} and "__pycache__" not in path.parts:
            yield str(path.relative_to(repository)), path
    for path in (repository / "web" / "host").glob("*.py"):
        yield f"host/{path.name}", path


def compiled_templates() -> Iterator[tuple[str, bytes]]:
    """Every template that a page can ask for, as the Python module that Jinja makes of it."""
    from py_core.views.environment import make_environment, templates_to_compile

    wanted: Callable[[str], bool] = set(templates_to_compile()).__contains__
    folder = Path("/templates")
    make_environment().compile_templates(folder, filter_func=wanted, zip=None, ignore_errors=False)
    for path in folder.glob("*.py"):
        yield path.name, path.read_bytes()


def main(repository: str, site: str, stdlib: str, out: str) -> list[str]:
    """Writes `std.zip` and `app.zip` into `out`."""
    sys.path[:0] = [repository, site]
    standard_library(stdlib, f"{out}/std.zip")
    return application(Path(repository), Path(site), f"{out}/app.zip")
