"""Who of a case's A/B post is away from when to when, an early return taken into account (BZ-AB-4). Counts no days.

An absence is a person's, not a post's: it counts in a case only while that person holds the post there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from py_core.cases.state import Case, Fact
from py_core.rules.reading import Reading
from py_core.values import N_

ABSENT = ("absent", "absent_from", "absent_to")  # of a note: the absence out of which the case is left


@dataclass(frozen=True, slots=True)
class Away:
    """What is left of a recorded absence: from its first to its last day, both included; `who` is the post, "A" or "B"."""

    fact: Fact
    first: date
    last: date
    who: str

    @property
    def person(self) -> str:
        """Whose absence it is, as the case names them; "" in acts of before the person was named."""
        return str(self.fact.data.get("person") or "")

    @property
    def stand_in(self) -> str:
        """Who was named to stand in; "" where it is the holder of the B post."""
        return str(self.fact.data.get("stand_in") or "")

    @property
    def can_end_early(self) -> bool:
        """Whether any day would do as an early return; one that has shrunk to its first day is over as it stands."""
        return self.first < self.last

    def covers(self, first: date, last: date) -> bool:
        return self.first <= first and last <= self.last

    def overlaps(self, first: date, last: date) -> bool:
        return self.first <= last and first <= self.last


def absences(case: Case) -> tuple[Away, ...]:
    """Every absence that took place or is to come, whoever has the case now; one called off before it began is none."""
    ends = case.all("absence_ended")
    found = []
    for fact in case.all("absence_recorded"):
        first, last = fact.data["from"], fact.data["to"]
        for end in ends:
            if end.index > fact.index and is_about(end.data, fact):
                # What had begun when its end was recorded took place: its first day stays, whatever the return says.
                begun = max(end.at, end.claimed).date() >= first
                last = min(last, max(end.data["back"] - timedelta(days=1), first if begun else date.min))
        if first <= last:
            found.append(Away(fact, first, last, str(fact.data["who"])))
    return tuple(found)


def is_about(said: Mapping[str, Any], fact: Fact) -> bool:
    """Whether a return is the end of this absence: the one that it names, else every one in whose days it lies."""
    recorded = fact.data
    whose = "person" if said.get("person") and recorded.get("person") else "who"
    if said[whose] != recorded[whose]:
        return False
    named = tuple(said.get(name) or recorded[name] for name in ("from", "to"))
    return named == (recorded["from"], recorded["to"]) and recorded["from"] <= said["back"] <= recorded["to"]


def why_not_back(first: date, last: date, back: date, today: date) -> str:
    """What is wrong with a day of return, as a message id; "" if nothing is. Not going after all: `back` is `first`."""
    if back > last:
        return N_("lies after the last day away")
    if back < first:
        return N_("lies before the first day away")
    if back == first <= today:
        return N_("must be later than the first day away, which has come")
    return ""


def left_out(case: Case, person: str, first: date, last: date) -> str:
    """Why a case was left out of somebody's absence of these days, or of a longer one; "" where it was not."""
    for fact in reversed(case.all("noted")):
        named, begin, end = (fact.data.get(name) for name in ABSENT)
        if named == person and begin is not None and end is not None and begin <= first and last <= end:
            return str(fact.data["text"])
    return ""


def standing(case: Case, reading: Reading) -> tuple[Away, ...]:
    """The absences of those who hold the case's A and B posts now, each with the post that its person has now."""
    posts = ((each, _post_now(each, reading)) for each in absences(case))
    return tuple(replace(each, who=post) for each, post in posts if post)


def _post_now(away: Away, reading: Reading) -> str:
    """Who has the case is A. Who is its B says the city, not the case: the B of then is the B as long as A is the same."""
    holder, then = reading.holder, reading.holder_at(away.fact.index)
    if not holder:
        return ""
    if holder == (away.person or (then if away.who == "A" else "")):
        return "A"
    return "B" if away.who == "B" and holder == then else ""


def away_on(case: Case, reading: Reading, day: date) -> dict[str, Away]:
    """Who of the post is away that day, the newest word on each post holder."""
    return {each.who: each for each in standing(case, reading) if each.first <= day <= each.last}
