"""Is a repeated request found among the first five? On the project's own labelled tellings, against BM25 alone.

The set: every hotline matter of the demo city in all its tellings, two or three by different people about one place;
the same matter elsewhere and other matters at the same place are the hardest wrong answers.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.figure import Figure
from server.demo.data import places, topics
from server.demo.telling import Teller, Telling
from server.search import SimilarCases
from server.search_encoder import installed_encoder

GOAL = 0.90


def figures() -> Iterator[Figure]:
    """Recall at 5 of the repeated request."""
    tellings = list(labelled())
    with_place = recall(SimilarCases(":memory:", installed_encoder()), tellings, with_place=True)
    bm25 = recall(SimilarCases(":memory:"), tellings, with_place=False)
    yield Figure(
        name="repeat",
        value=f"{with_place:.3f} of {asked(tellings)} tellings, BM25 alone {bm25:.3f}",
        goal=f"at least {GOAL:.2f}",
        ok=with_place >= GOAL,
    )


def labelled() -> Iterator[Telling]:
    """The tellings; `incident` is the label. No telling is used twice: nobody calls in the words of somebody else."""
    random = Random(12345)
    teller = Teller(random)
    further = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    for plain in topics():
        topic = replace(plain, texts=(*plain.texts, *further.get(plain.id, ())))
        towns = [unit for unit, known in places().items() if known[topic.place]]
        which = random.sample(range(len(topic.texts)), len(topic.texts))
        for town, pair in zip(random.sample(towns, len(towns)), _in_twos(which), strict=False):
            yield from teller.incident(topic, town, pair)


def _in_twos(which: list[int]) -> list[list[int]]:
    """Pairs; a last one alone joins the pair before it."""
    pairs = [which[at : at + 2] for at in range(0, len(which), 2)]
    if len(pairs) > 1 and len(pairs[-1]) == 1:
        pairs[-2:] = [pairs[-2] + pairs[-1]]
    return pairs


def asked(tellings: list[Telling]) -> int:
    """How many tellings have another of the same incident."""
    return sum(count for count in Counter(t.incident for t in tellings).values() if count > 1)


def recall(index: SimilarCases, tellings: list[Telling], with_place: bool) -> float:
    """Share of the repeated tellings for which another of the same incident is among the first five."""
    index.rebuild(
        (f"{i:032x}", telling.text, telling.place if with_place else "") for i, telling in enumerate(tellings)
    )
    sizes = Counter(telling.incident for telling in tellings)
    hits = 0
    for i, telling in enumerate(tellings):
        if sizes[telling.incident] > 1:
            found = index.similar(f"{i:032x}", 5)
            hits += any(tellings[int(similar.case_id, 16)].incident == telling.incident for similar in found)
    return hits / asked(tellings)
