"""The visits that this side holds, each folded once for a record object. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from py_core.cases.acts import RecordedAct
from py_core.cases.history import order
from py_core.desk.duties import STAND_IN, UNIT, stands_in_for
from py_core.desk.ports import CaseRecord
from py_core.desk.turn import Turn, forget_too
from py_core.visits import Visit, fold_visit
from py_core.visits.enterprise import enterprise_key


@dataclass(frozen=True)
class OpenVisit:
    """A visit of the store with its acts in order."""

    record: CaseRecord
    acts: tuple[RecordedAct, ...]
    visit: Visit

    @property
    def id(self) -> str:
        return self.record.id

    @cached_property
    def only_here(self) -> int:
        """Acts that the city record does not have yet."""
        return sum(recorded.received_at is None for recorded in self.acts)

    @cached_property
    def enterprise(self) -> str:
        """The key of the enterprise's file."""
        return enterprise_key(self.visit.value("enterprise"), self.visit.value("code"))


# As in `turn`: an entry counts only for the very record object that it was made from.
_held: dict[str, OpenVisit] = {}
forget_too(_held.clear)


def open_visit(turn: Turn, visit_id: str) -> OpenVisit | None:
    """A visit that this person may see; None for one that is not here."""
    record = turn.store.visit(visit_id)
    return _open(record) if record is not None and record.acts else None


def open_visits(turn: Turn) -> Iterator[OpenVisit]:
    """Every visit that this person may see and that can be read."""
    for record in turn.store.visits():
        opened = _open(record)
        if opened.visit.planned is not None:
            yield opened


def visits_of(turn: Turn, scope: str) -> Iterator[OpenVisit]:
    """Every visit of the unit, or those where the person (or whom the person stands in for) goes, planned or was."""
    people = stands_in_for(turn) if scope == STAND_IN else (turn.identity.user,)
    for opened in open_visits(turn):
        if scope == UNIT or any(_goes(opened, user) for user in people):
            yield opened


def _goes(opened: OpenVisit, user: str) -> bool:
    return user in opened.visit.officers or any(recorded.act.user == user for recorded in opened.acts)


def _open(record: CaseRecord) -> OpenVisit:
    known = _held.get(record.id)
    if known is None or known.record is not record:
        acts = order(record.acts)
        known = _held[record.id] = OpenVisit(record, acts, fold_visit(record.id, acts))
    return known
