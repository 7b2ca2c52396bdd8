"""Lets data classes take methods that the build has compiled: to compile them from their texts takes a third of a start.

Only speed depends on it. A class whose methods have another text than at build time gets them as everywhere.
"""

from __future__ import annotations

import builtins
import dataclasses
import marshal
from collections.abc import Callable
from types import CodeType
from typing import Any

FILE = "prepared_methods.bin"  # marshalled: text -> code; made by web/bundling/compile_python.py


def use(read: Callable[[str], bytes]) -> None:
    """Takes the build's file if there is one; `read` gets a file of this folder or raises `OSError`."""
    try:
        known: dict[str, CodeType] = marshal.loads(read(FILE))
    except OSError:
        return  # run from the sources

    def execute(text: str, names: dict[str, Any], own: dict[str, Any]) -> None:
        builtins.exec(known.get(text, text), names, own)

    # `dataclasses` writes the methods of a class as a text and gives it to `exec`, which compiles it: a third of a start.
    # The name is looked up in that module first, so this takes the place of the builtin there and nowhere else; there is
    # no hook for it. What a later Python writes differently is not in `known` and is compiled as ever.
    dataclasses.exec = execute  # type: ignore[attr-defined]


def recorded(into: dict[str, CodeType]) -> None:
    """From now on keeps the code of every data class's methods; for the build."""

    def execute(text: str, names: dict[str, Any], own: dict[str, Any]) -> None:
        into[text] = compile(text, "<data class>", "exec", dont_inherit=True, optimize=2)
        builtins.exec(into[text], names, own)

    dataclasses.exec = execute  # type: ignore[attr-defined]
