"""Compiles the browser's Python into two stored zips of `.pyc` files; runs inside node's Pyodide at build time.

Owns which modules travel to the browser. The magic number of the compiled files is right because the very
interpreter that will import them compiles them. Output is the same bytes for the same input.
"""

from __future__ import annotations

import ast
import importlib._bootstrap_external as bootstrap
import importlib.util
import marshal
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType

from stdlib_needed import needed

ENTRY_TIME = (2026, 1, 1, 0, 0, 0)
STDLIB_ZIP = "/lib/python314.zip"
APP_ZIP = "/lib/app.zip"
TEMPLATES = "shouwen_templates"

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
PACKAGES_LEFT_OUT = (
    "jinja2/constants.py", "jinja2/meta.py", "jinja2/nativetypes.py", "jinja2/sandbox.py", "segno/cli.py",
)  # fmt: skip
CORE_DATA = {".toml", ".json", ".mo", ".txt", ".css"}


def compiled(source: bytes, filename: str, optimize: int, *, lines: bool = True) -> bytes:
    """The bytes of the `.pyc` for a source; checked by hash at no time, so that no clock is read.

    Docstrings never travel. Assertions do unless `optimize` is 2; `lines` are the numbers that tracebacks name.
    """
    tree = ast.parse(source, filename, optimize=optimize)
    _without_docstrings(tree)
    code = compile(tree, filename, "exec", dont_inherit=True, optimize=optimize)
    code = code if lines else without_lines(code)
    return bytes(bootstrap._code_to_hash_pyc(code, importlib.util.source_hash(source), False))


def without_lines(code: CodeType) -> CodeType:
    """The same code without line numbers: a fifth of its size. Tracebacks name file and function of it."""
    inner = tuple(without_lines(each) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_linetable=_nowhere(len(code.co_code) // 2), co_consts=inner)


def _nowhere(units: int) -> bytes:
    """A location table that says of so many code units that they have no line; one that is empty breaks tracebacks."""
    entries = [min(8, units - at) for at in range(0, units, 8)]
    return bytes(0x80 | 15 << 3 | length - 1 for length in entries)


def _without_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            # A data class without any would have one made, which takes longer than all the rest of it.
            first.value.value = " " if isinstance(node, ast.ClassDef) else ""


class Zip:
    """A stored zip whose entries have one fixed time."""

    def __init__(self, path: str) -> None:
        self._zip = zipfile.ZipFile(path, "w")
        self._base = STDLIB_ZIP if "std" in Path(path).name else APP_ZIP

    def add(self, name: str, data: bytes, optimize: int) -> None:
        """Adds a file; Python sources become `.pyc`."""
        if name.endswith(".py"):
            # What fails is looked for in our own code; of everything else file and function are enough.
            data = compiled(data, f"{self._base}/{name}", optimize, lines=name.startswith(("host/", "py_core/")))
            name += "c"
        entry = zipfile.ZipInfo(name, ENTRY_TIME)
        entry.external_attr = 0o644 << 16
        self._zip.writestr(entry, data)

    def close(self) -> None:
        self._zip.close()


def standard_library(source_zip: str, repository: Path, site: Path, out: str) -> None:
    """The standard library as far as the worker can reach it."""
    target = Zip(out)
    with zipfile.ZipFile(source_zip) as source:
        library = {name: source.read(name) for name in sorted(source.namelist()) if not name.endswith("/")}
    standins = repository / "web/bundling/standins"  # for modules of which a package asks a corner
    library.update({str(path.relative_to(standins)): path.read_bytes() for path in sorted(standins.rglob("*.py"))})
    core = [(name, path.read_bytes()) for name, path in core_files(repository) if name.endswith(".py")]
    packages = [(name, path.read_bytes()) for name, path in package_files(site) if name.endswith(".py")]
    for name in sorted(needed(library, core, packages)):
        target.add(name, library[name], 2)
    target.close()


def application(repository: Path, site: Path, out: str) -> list[str]:
    """Core, host, dependencies and precompiled templates; gives the names of the core's modules."""
    target = Zip(out)
    modules = []
    for name, path in sorted(core_files(repository)):
        target.add(name, path.read_bytes(), 0)
        if name.endswith(".py"):
            modules.append(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    for name, path in package_files(site):
        target.add(name, path.read_bytes(), 2)
    for name, source in sorted(compiled_templates()):
        target.add(f"{TEMPLATES}/{name}", source, 2)
    target.add("host/prepared_methods.bin", marshal.dumps(prepared_methods(modules)), 0)
    target.close()
    return modules


def prepared_methods(modules: Iterable[str]) -> dict[str, CodeType]:
    """The compiled methods of all data classes in these modules, by their texts (web/host/prepared_methods.py)."""
    from host.prepared_methods import recorded

    made: dict[str, CodeType] = {}
    recorded(made)
    for name in [name for name in sys.modules if name.partition(".")[0] in {"host", "py_core"}]:
        del sys.modules[name]
    for name in modules:
        importlib.import_module(name)
    return {text: without_lines(made[text]) for text in sorted(made)}


def core_files(repository: Path) -> Iterator[tuple[str, Path]]:
    """Files of `py_core` and of the browser's host, by their name in the zip."""
    for path in (repository / "py_core").rglob("*"):
        if path.suffix in CORE_DATA | {".py"} and "__pycache__" not in path.parts:
            yield str(path.relative_to(repository)), path
    for path in (repository / "web" / "host").glob("*.py"):
        yield f"host/{path.name}", path


def package_files(site: Path) -> Iterator[tuple[str, Path]]:
    """Files of the third-party packages, by their name in the zip."""
    for pattern in PACKAGES:
        found = sorted(site.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{site}/{pattern}: install the Python dependencies first (make build)")
        for path in found:
            name = str(path.relative_to(site))
            if path.is_file() and name not in PACKAGES_LEFT_OUT:
                yield name, path


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
    sys.path[:0] = [repository, f"{repository}/web", site]
    standard_library(stdlib, Path(repository), Path(site), f"{out}/std.zip")
    return application(Path(repository), Path(site), f"{out}/app.zip")
