"""What the gate keeps while it judges a batch: submissions that may be taken, the cases as they would be with them, why
others may not. Must not know the order of the checks (see `gate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from py_core.cases.acts import Act
from py_core.change import ActChange
from server import record
from server.record import Entry, Submission
from server.scope import Standing


class Refusal(Exception):
    """Ends the checks of one submission."""

    def __init__(self, reason: str, waits_for: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.waits_for = waits_for


@dataclass(frozen=True, slots=True)
class Candidate:
    """A submission that is an act of its device and its person."""

    submission: Submission
    change: ActChange
    act: Act


@dataclass(frozen=True, slots=True)
class Numbered:
    """What a device signed for under one of its numbers, whether it can be taken or not."""

    device: str
    number: int
    hash: str


@dataclass(slots=True)
class CaseSoFar:
    """A case as it would be with the candidates taken so far."""

    known: dict[str, Entry]
    standing: Standing
    stored: int  # how many of `known` are in the log already
    erased: bool = False

    def copy(self) -> CaseSoFar:
        return CaseSoFar(dict(self.known), self.standing, self.stored, self.erased)

    def seen_by(self, deps: Sequence[str]) -> set[str]:
        """Everything that an author who had seen `deps` had seen."""
        seen: set[str] = set()
        waiting = [dep for dep in deps if dep in self.known]
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += [dep for dep in self.known[each].deps if dep in self.known]
        return seen

    def check_history(self, change: ActChange) -> None:
        """One root in a case; operation and sequence numbers as an honest engine counts them. Raises `Refusal`."""
        if not change.causes:
            if self.known:
                raise Refusal("second_beginning")
            return
        if change.start_op != 1 + max(self.known[cause].start_op for cause in change.causes):
            raise Refusal("wrong_operation_number")
        older = self.seen_by([dep for cause in change.causes for dep in self.known[cause].deps])
        # An engine names its actor's own last change even where others' later ones rest on it.
        own_last = {e.hash for e in self.known.values() if (e.actor, e.seq) == (change.actor, change.seq - 1)}
        if older.intersection(change.causes) - own_last:
            raise Refusal("redundant_causes")
        seen = older.union(change.causes)
        own = [entry.seq for entry in self.known.values() if entry.actor == change.actor and entry.hash in seen]
        if change.seq != max(own, default=0) + 1:
            raise Refusal("wrong_actor_sequence")
        if any(entry.actor == change.actor and entry.seq == change.seq for entry in self.known.values()):
            raise Refusal("actor_forked")


@dataclass(slots=True)
class Plan:
    """What would be written for each submission, by its place in the batch."""

    taken: dict[int, Candidate] = field(default_factory=dict)
    refused: dict[int, Refusal] = field(default_factory=dict)
    had: dict[int, Entry] = field(default_factory=dict)
    same_as: dict[int, int] = field(default_factory=dict)
    cases: dict[str, CaseSoFar] = field(default_factory=dict)
    twice: set[int] = field(default_factory=set)  # other acts of their devices bear the same number
    _first: dict[tuple[str, int], str] = field(default_factory=dict)

    def note_number(self, at: int, act: Numbered, *, used: bool) -> None:
        """Whether its number is `used`, or was borne by another act of the batch before it."""
        if used or self._first.setdefault((act.device, act.number), act.hash) != act.hash:
            self.twice.add(at)


def load_case(connection: Connection, case_id: str) -> CaseSoFar:
    """A case as the log has it."""
    entries = record.entries_of_case(connection, case_id)
    return CaseSoFar(
        known={entry.hash: entry for entry in entries},
        standing=record.standing_of_case(connection, case_id),
        stored=len(entries),
        erased=any(entry.residue is not None for entry in entries),
    )


def entry_of(candidate: Candidate, now_ms: int) -> Entry:
    """A candidate as others of its batch see it; its number in the log is not known yet."""
    change = candidate.change
    return Entry(
        -1,
        change.hash,
        candidate.submission.case_id,
        change.actor,
        change.seq,
        change.start_op,
        change.deps,
        candidate.submission.raw,
        now_ms,
    )
