"""What a case's acts add up to: checked facts in causal order, nothing lost, nothing decided.

Owns `fold` and `evolve`. Must not know law: whether an event was lawful or late is for `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from py_core.cases.acts import Event, RecordedAct
from py_core.cases.contradictions import set_aside
from py_core.cases.events import EVENTS, read_fields, read_moment
from py_core.errors import Malformed
from py_core.values import local

_TYPE_SHOWN_MAX = 64


class Fact:
    """One checked event. `arrived` is when the city record took its act; None: only on this device so far.

    `claimed` is when it was recorded, as far as the device can show; it may have happened before (`at`).
    """

    __slots__ = ("act", "arrived", "at", "claimed", "data", "device", "index", "type", "user")

    def __init__(
        self,
        index: int,
        type: str,
        at: datetime,
        arrived: datetime | None,
        data: Mapping[str, Any],
        act: str,
        user: str,
        device: str,
        claimed: datetime | None = None,
    ) -> None:
        self.index = index
        self.type = type
        self.at = at
        self.arrived = arrived
        self.data = data
        self.act = act
        self.user = user
        self.device = device
        self.claimed = claimed or at

    @property
    def day(self) -> date:
        """The local date on which it happened."""
        return self.at.date()

    def __repr__(self) -> str:
        return f"Fact({self.index}, {self.type}, {self.at:%Y-%m-%d %H:%M})"


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that has no effect, and why: malformed, unknown, or set aside by a contradiction."""

    index: int
    code: str
    type: str
    act: str
    why: str = ""


class FactsByType:
    """The facts of a document, asked by the type of their event."""

    __slots__ = ()
    by_type: Mapping[str, tuple[Fact, ...]]

    def all(self, event_type: str) -> tuple[Fact, ...]:
        return self.by_type.get(event_type, ())

    def first(self, event_type: str) -> Fact | None:
        found = self.by_type.get(event_type)
        return found[0] if found else None

    def last(self, event_type: str) -> Fact | None:
        found = self.by_type.get(event_type)
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Case(FactsByType):
    """The checked facts of one case.

    `registered` is the first registration, None until a readable one has arrived; later ones are further callers
    on the same matter.
    """

    id: str
    facts: tuple[Fact, ...] = ()
    by_type: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    acts: tuple[str, ...] = ()
    registered: Fact | None = None
    law_versions: tuple[str, ...] = ()  # `pack_version` of the acts, each once

    @property
    def pack(self) -> str:
        return str(self.value("pack") or "")

    @property
    def matter(self) -> str:
        return str(self.value("matter") or "")

    def value(self, name: str) -> Any:
        """A field of the registration, or None."""
        return self.registered.data.get(name) if self.registered is not None else None


def evolve(case: Case | None, act: RecordedAct, event: Event, case_id: str = "") -> Case:
    """The case after one more event; never raises: what cannot be read is kept in `ignored` with its reason."""
    builder = _Builder(case or Case(case_id))
    builder.add(act, event)
    return builder.case()


def fold(case_id: str, ordered_acts: Sequence[RecordedAct]) -> Case:
    """The case that these acts (in `order`) add up to, the same on every replica; never raises.

    Events that contradict each other do not all stand: see `contradictions` for which one does meanwhile.
    """
    aside = set_aside(ordered_acts)
    builder = _Builder(Case(case_id))
    for recorded in ordered_acts:
        for position, event in enumerate(recorded.act.events):
            builder.add(recorded, event, aside.get((recorded.hash, position)))
    return builder.case()


class _Builder:
    """Collects facts without copying the case for each of them."""

    def __init__(self, case: Case) -> None:
        self._id = case.id
        self._facts = list(case.facts)
        self._by_type = {key: list(found) for key, found in case.by_type.items()}
        self._ignored = list(case.ignored)
        self._acts = dict.fromkeys(case.acts)
        self._versions = dict.fromkeys(case.law_versions)
        self._index = len(case.facts) + len(case.ignored)

    def add(self, recorded: RecordedAct, event: Event, aside: str | None = None) -> None:
        index = self._index
        self._index += 1
        self._acts[recorded.hash] = None
        self._versions[recorded.act.pack_version] = None
        event_type = event.get("type") if isinstance(event, Mapping) else None
        if not isinstance(event_type, str) or event_type not in EVENTS:
            self._ignored.append(Ignored(index, "unknown_event", str(event_type)[:_TYPE_SHOWN_MAX], recorded.hash))
            return
        if aside is not None:
            self._ignored.append(Ignored(index, aside, event_type, recorded.hash))
            return
        try:
            data = read_fields(event_type, event)
            at = read_moment(event["at"]) if "at" in event else local(recorded.act.occurred_at)
        except (Malformed, OverflowError) as error:
            self._ignored.append(Ignored(index, "malformed", event_type, recorded.hash, str(error)))
            return
        if not self._by_type.get("registered") and event_type != "registered":
            self._ignored.append(Ignored(index, "not_registered", event_type, recorded.hash))
            return
        arrived = None if recorded.received_at is None else local(recorded.received_at)
        act = recorded.act
        fact = Fact(index, event_type, at, arrived, data, recorded.hash, act.user, act.device, local(act.claimed_at))
        self._facts.append(fact)
        self._by_type.setdefault(event_type, []).append(fact)

    def case(self) -> Case:
        registered = self._by_type.get("registered")
        return Case(
            self._id,
            tuple(self._facts),
            {key: tuple(found) for key, found in self._by_type.items()},
            tuple(self._ignored),
            tuple(self._acts),
            registered[0] if registered else None,
            tuple(self._versions),
        )
