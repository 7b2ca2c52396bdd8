"""What stdnum asks of `pydoc` when it describes its own modules: the original brings a pager and a web server."""

from __future__ import annotations

import inspect


def getdoc(thing: object) -> str:
    """The docstring of something, without its indentation; empty when it has none."""
    return (inspect.getdoc(thing) or "").rstrip()


def splitdoc(doc: str) -> tuple[str, str]:
    """A docstring as its first line and the rest."""
    lines = doc.strip().split("\n")
    if len(lines) == 1:
        return lines[0], ""
    if len(lines) >= 2 and not lines[1].rstrip():
        return lines[0], "\n".join(lines[2:])
    return "", "\n".join(lines)
