"""The city document: which acts of the centre stand, in what order, and where two of them were made apart.

Same acts, same change, same signature as a case, under one fixed id. Must not know what the settings do to a case.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from py_core.cases.acts import RecordedAct
from py_core.city.events import CityEvent, read_city_event
from py_core.errors import Malformed
from py_core.packs import Packs
from py_core.values import local

CITY_ID = b"city".hex() + "0" * 24


@dataclass(frozen=True, slots=True)
class CityFact:
    """One readable event of the city document with who made it and when."""

    event: CityEvent
    act: str  # hash of its act
    user: str
    at: datetime
    place: int  # in the order of the document, equal on every replica

    @property
    def about(self) -> Hashable:
        """What it decides: a later fact about the same replaces it."""
        return self.event.about


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event of the document that this version cannot use, and why; it has no effect."""

    act: str
    type: str
    why: str


@dataclass(frozen=True, slots=True)
class Apart:
    """Two acts of the centre that decided the same thing differently without knowing of each other.

    Both stay; `stands` (the later one in the order of the document) has effect until somebody sets it anew.
    """

    stands: CityFact
    other: CityFact


def fold_acts(
    acts: Sequence[RecordedAct], packs: Packs
) -> tuple[tuple[CityFact, ...], tuple[Unreadable, ...], tuple[Apart, ...]]:
    """The facts of acts in `order`, what could not be read, and what was decided apart; never raises."""
    facts: list[CityFact] = []
    unreadable: list[Unreadable] = []
    for recorded in acts:
        for event in recorded.act.events:
            try:
                read = read_city_event(event, packs)
            except Malformed as error:
                unreadable.append(Unreadable(recorded.hash, str(event.get("type"))[:64], str(error)))
                continue
            facts.append(CityFact(read, recorded.hash, recorded.act.user, local(recorded.act.occurred_at), len(facts)))
    return tuple(facts), tuple(unreadable), _decided_apart(facts, acts)


def _decided_apart(facts: Sequence[CityFact], acts: Sequence[RecordedAct]) -> tuple[Apart, ...]:
    seen = _ancestors(acts)
    newest: dict[Hashable, list[CityFact]] = {}
    for fact in facts:
        # What the author of this fact had seen is settled by it; what is left was made apart.
        left = [other for other in newest.get(fact.about, []) if other.act not in seen[fact.act]]
        newest[fact.about] = [*left, fact]
    return tuple(
        Apart(heads[-1], other)
        for heads in newest.values()
        for other in heads[:-1]
        if other.act != heads[-1].act and other.event.content != heads[-1].event.content
    )


def _ancestors(acts: Sequence[RecordedAct]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for recorded in acts:  # causes come before effects
        seen: set[str] = set()
        for dep in recorded.deps:
            seen.add(dep)
            seen |= found.get(dep, frozenset())
        found[recorded.hash] = frozenset(seen)
    return found
