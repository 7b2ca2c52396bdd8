"""Finds the part of the standard library that the worker's Python can reach; runs at build time.

Followed are all imports of the application, also those inside of functions, and the module-level imports of
everything that these lead to. What the library itself imports only inside of functions is named in `LATE` if the
worker comes that way; `tests/pyodide/guard.py` fails when it comes another way.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping

# Started with the interpreter before anybody could be asked, or needed where no import statement says so.
LATE = (
    "_pyodide._core_docs", "_strptime", "_sysconfigdata__emscripten_wasm32-emscripten", "encodings.ascii", "encodings.cp437", "encodings.idna", "encodings.iso8859_1",
    "encodings.latin_1", "encodings.utf_8", "encodings.utf_8_sig", "importlib.readers", "importlib.resources.readers",
    "importlib.resources._adapters", "linecache", "tokenize", "traceback",
)  # fmt: skip
# Imported at the head of modules that are reached, but only for what the worker never asks of them.
NEVER = (
    "_pydatetime", "_pyrepl.readline", "asyncio.proactor_events", "asyncio.windows_events", "asyncio.windows_utils",
)  # fmt: skip

Sources = Mapping[str, bytes]


def needed(
    library: Sources, application: Iterable[tuple[str, bytes]], packages: Iterable[tuple[str, bytes]]
) -> set[str]:
    """Names of the library's files; `application` and `packages` are (name in the zip, source).

    Of packages the imports inside of functions are not followed: they serve other users of them.
    """
    modules = {module_of(name): name for name in library if name.endswith(".py")}
    wanted = [*LATE, *sys.modules]
    for name, source in application:
        wanted += imports(name, source, inside_functions=True)
    for name, source in packages:
        wanted += imports(name, source, inside_functions=False)
    found: set[str] = set()
    while wanted:
        for module in _with_parents(wanted.pop()):
            if module in NEVER or module not in modules or modules[module] in found:
                continue
            name = modules[module]
            found.add(name)
            wanted += imports(name, library[name], inside_functions=False)
    return found


def module_of(name: str) -> str:
    """The module that a file of a zip is."""
    return name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imports(name: str, source: bytes, *, inside_functions: bool) -> list[str]:
    """What a file may import: modules, and names that could be modules."""
    package = module_of(name) if name.endswith("/__init__.py") else module_of(name).rpartition(".")[0]
    found: list[str] = []
    for node in _statements(ast.parse(source), inside_functions):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return found


def _statements(node: ast.AST, inside_functions: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not inside_functions:
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
            for other in child.orelse:
                yield from _statements(other, inside_functions)
            continue
        yield child
        yield from _statements(child, inside_functions)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
