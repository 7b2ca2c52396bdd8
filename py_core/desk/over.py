"""Cases that are over for good, as lists need them: a device holds years of these and few others.

Only another act can change them, so they are gone through once for exactly the cases that a store has
(`Store.cases_mark`) and one law, not for every page. Only speed depends on it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate, repeat

from py_core.desk.glance import Glance
from py_core.desk.ports import CaseRecord
from py_core.desk.turn import Law, OpenCase, Turn, forget_too

Key = tuple[int, str, str]  # the order of a list within one light

CLOSED_LIGHTS = frozenset({"met", "met_late"})


def urgency(case_id: str, glance: Glance) -> Key:
    """The order of lists: by due date, then by number; of what is closed the newest first."""
    day = (glance.due or date.max).toordinal()
    return (-day if glance.light in CLOSED_LIGHTS else day, glance.number, case_id)


@dataclass(frozen=True)
class Line:
    """One case that is over, with its place in a list."""

    key: Key
    record: CaseRecord
    glance: Glance

    def opened(self, turn: Turn) -> OpenCase:
        return turn.known(self.record, self.glance)


class _Texts:
    """Many short texts in one, so that a word is looked for in all of them at once and not in each by itself."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._joined = "\n".join(texts)
        self._begins = list(accumulate((len(text) + 1 for text in texts), initial=0))

    def having(self, words: Sequence[str]) -> list[int]:
        """The places of the texts that have every one of these words; a word has no space in it."""
        rarest, *others = sorted(words, key=self._joined.count)
        at = [found.start() for found in re.finditer(re.escape(rarest), self._joined)]
        after = dict.fromkeys(map(bisect_right, repeat(self._begins), at))  # once, however often a text has the word
        found = [place - 1 for place in after]
        return [place for place in found if all(word in self._texts[place] for word in others)] if others else found


class Finished:
    """The finished cases of a store in the order of lists."""

    def __init__(self, cases: list[tuple[CaseRecord, Glance]]) -> None:
        self.cases = cases
        self._texts: dict[str, _Texts] = {}

    @cached_property
    def lines(self) -> list[Line]:
        return sorted(
            (Line(urgency(record.id, glance), record, glance) for record, glance in self.cases),
            key=lambda line: line.key,
        )

    @cached_property
    def states(self) -> dict[str, Line]:
        """One case of every state that occurs."""
        return {line.glance.state: line for line in self.lines}

    @cached_property
    def contested(self) -> list[tuple[CaseRecord, Glance]]:
        """Those whose acts contradict one another all the same."""
        return [each for each in self.cases if each[1].contested]

    @cached_property
    def by_light(self) -> dict[str, list[Line]]:
        return _by_light(self.lines)

    def like(
        self,
        turn: Turn,
        words: Sequence[str],
        words_of: Callable[[Turn, OpenCase], str],
        fits: Callable[[Glance], bool] | None,
    ) -> dict[str, list[Line]]:
        """Those with all these words (in lower case) that fit, by light; `words_of` gives the text of a case. None: all
        fit."""
        found = self.lines
        if words:
            if turn.lang not in self._texts:
                self._texts[turn.lang] = _Texts([words_of(turn, line.opened(turn)) for line in self.lines])
            found = [self.lines[place] for place in self._texts[turn.lang].having(words)]
        return _by_light(found if fits is None else [line for line in found if fits(line.glance)])


@dataclass(frozen=True)
class Over:
    """What of a store is over, and which cases are not."""

    finished: Finished
    others: Sequence[CaseRecord]


_kept: tuple[object, Law, Over] | None = None


def _forget() -> None:
    global _kept
    _kept = None


forget_too(_forget)


def over(turn: Turn) -> Over | None:
    """What of the turn's store is over; None when the store cannot tell whether its cases are still the same."""
    global _kept
    mark = turn.store.cases_mark()
    if mark is None:
        return None
    if _kept is not None and _kept[0] is mark and _kept[1] is turn.known_law:
        return _kept[2]
    finished, others = turn.split()
    # An act in a case that is not over leaves the finished ones, their order and their words as they were.
    same = _kept is not None and _kept[1] is turn.known_law and _kept[2].finished.cases == finished
    found = Over(
        _kept[2].finished if same and _kept is not None else Finished(finished), [each.record for each in others]
    )
    _kept = (mark, turn.known_law, found)
    return found


def unfinished(turn: Turn) -> Iterator[OpenCase]:
    """The cases that still need somebody."""
    _, others = _parts(turn)
    return (opened for opened in others if opened.glance.open)


def undecided(turn: Turn) -> Iterator[OpenCase]:
    """The cases that still need somebody, and those in which acts contradict one another."""
    closed, others = _parts(turn)
    yield from (opened for opened in others if opened.glance.open or opened.glance.contested)
    yield from (turn.known(record, glance) for record, glance in closed if glance.contested)


def _parts(turn: Turn) -> tuple[Sequence[tuple[CaseRecord, Glance]], Sequence[OpenCase]]:
    """What is over, at least as far as acts contradict there, and what is not; the store's cases are read once."""
    held = over(turn)
    if held is None:
        return turn.split()
    return held.finished.contested, [OpenCase(turn, record) for record in held.others]


def _by_light(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.glance.light, []).append(line)
    return found
