"""Refuses imports that the browser could not make: library modules that do not travel, asked for by the application.

The tests themselves may have them, so the run has the whole library and this in front of it.
"""

from __future__ import annotations

import builtins
import importlib.util
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WHOLE = "/lib/python314.zip"
APPLICATION = ("/repo/py_core/", "/repo/web/host/", "/pure/")
TOOLS = ("/pure/_pytest/", "/pure/pytest/", "/pure/pluggy/", "/pure/pygments/", "/pure/iniconfig/", "/pure/packaging/")


def stand_in(folder: str) -> None:
    """Puts the browser's stand-ins for corners of the library before the originals."""
    for path in sorted(Path(folder).rglob("*.py")):
        name = str(path.relative_to(folder)).removesuffix(".py").replace("/", ".")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


def watch(travelling: str) -> None:
    """From now on only what is in the zip `travelling` counts as there for the application."""
    left_out = _modules(WHOLE) - _modules(travelling)
    original = builtins.__import__

    def guarded(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        base = name
        if level:
            above = str((globals or {}).get("__package__") or "").split(".")
            base = ".".join([*above[: len(above) - level + 1], *([name] if name else [])])
        for module in (base, *(f"{base}.{each}" for each in fromlist or ())):
            if module in left_out and _is_asked_by_application():
                raise ImportError(f"{module} does not travel to the browser: see LATE in web/bundling/stdlib_needed.py")
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = guarded


def _is_asked_by_application() -> bool:
    """Whether the application, nearer than any tool of the tests, is what leads to this import."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(TOOLS):
            return False
        if file.startswith(APPLICATION):
            return True
        frame = frame.f_back
    return False


def _modules(path: str) -> set[str]:
    with zipfile.ZipFile(path) as library:
        files = [name.rpartition(".")[0] for name in library.namelist() if name.endswith((".py", ".pyc"))]
    return {name.replace("/", ".").removesuffix(".__init__") for name in files}
