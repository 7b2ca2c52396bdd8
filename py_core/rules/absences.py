"""Who of a case's A/B post is away from when to when, an early return taken into account (BZ-AB-4). Counts no days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from py_core.cases.state import Case, Fact


@dataclass(frozen=True, slots=True)
class Away:
    """What is left of a recorded absence: from its first to its last day, both included."""

    fact: Fact
    first: date
    last: date

    @property
    def who(self) -> str:
        """The post: "A" or "B"."""
        return str(self.fact.data["who"])

    @property
    def stand_in(self) -> str:
        """Who was named to stand in; "" where it is the holder of the B post."""
        return str(self.fact.data.get("stand_in") or "")

    def covers(self, first: date, last: date) -> bool:
        return self.first <= first and last <= self.last

    def overlaps(self, first: date, last: date) -> bool:
        return self.first <= last and first <= self.last


def absences(case: Case) -> tuple[Away, ...]:
    """Every absence that took place or is to come; one that ended before it began is none."""
    ended = case.all("absence_ended")
    found = []
    for fact in case.all("absence_recorded"):
        last = fact.data["to"]
        for end in ended:
            if end.index > fact.index and end.data["who"] == fact.data["who"] and end.data["back"] <= last:
                last = end.data["back"] - timedelta(days=1)
        if fact.data["from"] <= last:
            found.append(Away(fact, fact.data["from"], last))
    return tuple(found)


def away_on(case: Case, day: date) -> dict[str, Away]:
    """Who of the post is away that day, the newest word on each post holder."""
    return {each.who: each for each in absences(case) if each.first <= day <= each.last}
