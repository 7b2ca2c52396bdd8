"""How alike a text that is being typed is to known ones: pairs of characters weighed by how telling they are, and place.

Pure scoring without an index that could grow stale: some thousand texts take milliseconds. It proposes with its
reason and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from sys import intern

from py_core.words import pairs, shared_runs

SAME_PLACE = 0.4  # what the same place is worth beside a full match of words, as in the record's own search
LIKE_ENOUGH = 0.45
_WORDS_LEAST = 0.12  # the same place alone makes no repetition
_PAIRS_LEAST = 3  # two pairs are a single word of three characters
_PLACE_LEAST = 0.6
_PLACE_NAMED_LEAST = 0.8
_SUBJECT = 0.7  # what a full match of the subject alone is worth: the further text varies with the caller
_FAMILIAR = 10  # keeps the weights of a handful of cases from running wild
_COMMONPLACE = 0.5  # of the weight of a pair that no case has


@dataclass(frozen=True, slots=True)
class Described:
    """A known case as it is compared; `words` and `place` are pairs of characters."""

    case_id: str
    text: str
    words: frozenset[str]
    place: frozenset[str]


@dataclass(frozen=True, slots=True)
class Like:
    """A case that looks alike; `score` in thousandths, `shared` the runs of text in common as the reason."""

    case_id: str
    score: int
    shared: tuple[str, ...]
    same_place: bool


def describe(case_id: str, text: str, place: str) -> Described:
    """What of a case is compared. The place's name counts as place and not a second time as words."""
    where = frozenset(map(intern, pairs(place)))
    return Described(case_id, text, frozenset(map(intern, pairs(text))) - where, where)


def alike(text: str, place: str, known: Iterable[Described], most: int) -> Sequence[Like]:
    """Known cases that look like this text, best first; nothing while the text says too little."""
    asked = describe("", text, place)
    wanted, where = asked.words, asked.place
    if len(wanted) < _PAIRS_LEAST:
        return ()
    subject = frozenset(pairs(text.split("\n", 1)[0])) - where
    everything = [(each, wanted & each.words) for each in known]
    occurring = Counter(pair for _, shared in everything for pair in shared)
    total = len(everything) + _FAMILIAR
    weights = {pair: log(1 + total / (occurring[pair] + 1)) for pair in wanted}
    found: list[tuple[float, Described, bool]] = []
    for each, shared in everything:
        if len(shared) < _PAIRS_LEAST:
            continue
        words = max(
            _share(shared, wanted - each.place, weights), _SUBJECT * _share(shared, subject - each.place, weights)
        )
        same_place = _same_place(where, each.place) if where else _names_place(wanted, each.place)
        score = words + (SAME_PLACE if same_place else 0.0)
        if words >= _WORDS_LEAST and score >= LIKE_ENOUGH:
            found.append((score, each, same_place))
    found.sort(key=lambda row: (-row[0], row[1].case_id))
    commonplace = _COMMONPLACE * log(1 + total)
    return [
        Like(
            each.case_id,
            min(1000, round(1000 * score / (1 + SAME_PLACE))),
            shared_runs(text, each.text, lambda pair: weights.get(pair, 0.0) - commonplace),
            same_place,
        )
        for score, each, same_place in found[:most]
    ]


def _share(shared: frozenset[str], wanted: frozenset[str], weights: Mapping[str, float]) -> float:
    """How much of what is wanted, by its weight, is shared; too few pairs say nothing."""
    if len(wanted) < _PAIRS_LEAST:
        return 0.0
    return sum(weights[pair] for pair in shared & wanted) / sum(weights[pair] for pair in wanted)


def _names_place(text: frozenset[str], place: frozenset[str]) -> bool:
    """Whether a text without a place of its own names this one."""
    return len(place) >= _PAIRS_LEAST and len(text & place) / len(place) >= _PLACE_NAMED_LEAST


def _same_place(one: frozenset[str], other: frozenset[str]) -> bool:
    if len(one) < 2 or len(other) < 2:
        return False
    return len(one & other) / min(len(one), len(other)) >= _PLACE_LEAST
