"""Runs the benches: one line a figure, `name: value (goal …) ok` or `… short`, and bench/results.json.

A bench is a module of this folder with `figures()`, which yields `Figure`s; its module name is its `ONLY=` name.
What several need before they measure is in `setting/`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure

HERE = Path(__file__).parent


def run(only: str | None) -> Iterator[Figure]:
    """Every figure; a bench that breaks is told and does not take the others with it."""
    modules = [module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.ispkg]
    names = sorted(set(modules) - {"run", "figure"})
    benches = [name for name in names if only in (None, name)]
    if not benches:
        raise SystemExit(f"There is no bench called {only!r}; there are: {', '.join(names)}")
    for name in benches:
        begun = time.monotonic()
        try:
            yield from importlib.import_module(f"bench.{name}").figures()
        except Exception as error:
            traceback.print_exc()
            yield Figure(name, f"broke: {type(error).__name__}", "a figure", False)
        print(f"({name} took {time.monotonic() - begun:.0f} s)", file=sys.stderr, flush=True)


def main() -> None:
    results = []
    for figure in run(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else None):
        print(figure, flush=True)
        results.append({"name": figure.name, "value": figure.value, "goal": figure.goal, "ok": figure.ok})
        # After every figure: what an interrupted run has found is not lost.
        (HERE / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
