"""Words for likeness: overlapping pairs of characters, and the runs of text that two cases share.

Chinese has no spaces; pairs of characters need no dictionary and find names of streets and firms as well as words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_RUNS = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")  # Han characters, Latin letters, digits
# One sign behind a town, township, village or lane begins a word that the other text goes on otherwise: 村村(民), 村村(口).
_CUT_AFTER_PLACE = re.compile(r"(?<=..[\u9547\u4e61\u6751\u5df7])[\u4e00-\u9fff]$")


def runs(text: str) -> list[str]:
    """The unbroken stretches of letters, digits and Han characters, in lower case."""
    return _RUNS.findall(text.lower())


def pairs(text: str) -> list[str]:
    """All overlapping pairs of characters inside the runs; a run of one character is itself a term.

    >>> pairs("Hot 5")
    ['ho', 'ot', '5']
    """
    return [run[i : i + 2] for run in runs(text) for i in range(max(1, len(run) - 1))]


def shared_runs(text: str, other: str, telling: Callable[[str], float], most: int = 3) -> tuple[str, ...]:
    """The stretches of `text` that also stand in `other`, the most telling first.

    `telling` says how much a pair of characters tells; below zero it is commonplace. Stretches of commonplaces only
    are left out, unless there is nothing better: then the longest of them is all that can be said.
    """
    known = set(pairs(other))
    stretches = (_CUT_AFTER_PLACE.sub("", stretch) for stretch in _stretches(text, known))
    found = {stretch: sum(max(0.0, telling(pair)) for pair in pairs(stretch)) for stretch in stretches}
    ranked = sorted(found, key=lambda stretch: (-found[stretch], -len(stretch), stretch))
    chosen: list[str] = []
    for stretch in ranked:
        if (found[stretch] > 0 or not chosen) and not any(stretch in longer for longer in chosen):
            chosen.append(stretch)
    return tuple(chosen[:most])


def _stretches(text: str, known: set[str]) -> Iterator[str]:
    for run in runs(text):
        start: int | None = None
        for i in range(len(run) - 1):
            if run[i : i + 2] in known:
                start = i if start is None else start
            elif start is not None:
                yield run[start : i + 1]
                start = None
        if start is not None:
            yield run[start:]
