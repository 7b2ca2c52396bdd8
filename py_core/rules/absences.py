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

NOT_AWAY = "not_away"  # of a return on the first day: it was entered wrongly
ABSENT = ("absent", "absent_from", "absent_to")  # of a note: the absence out of which the case is left


@dataclass(frozen=True, slots=True)
class Away:
    """What is left of a recorded absence: from its first to its last day, both included; `who` is the post, "A" or "B"."""

    fact: Fact
    first: date
    last: date
    who: str
    is_back: bool = False  # in the course of the last day, which stays a day away

    @property
    def person(self) -> str:
        """Whose absence it is, as the case names them; "" in acts of before the person was named."""
        return str(self.fact.data.get("person") or "")

    @property
    def stand_in(self) -> str:
        """Who was named to stand in; "" where it is the holder of the B post."""
        return str(self.fact.data.get("stand_in") or "")

    @property
    def left_unbriefed(self) -> bool:
        """Whether they left without handing over the work and without a special reason: a breach (BZ-AB-4)."""
        return not self.fact.data["briefed"] and not self.fact.data.get("reason")

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
        each: Away | None = Away(fact, fact.data["from"], fact.data["to"], str(fact.data["who"]))
        for end in ends:
            if each is not None and end.index > fact.index and is_about(end.data, fact):
                each = _ended(each, end)
        if each is not None:
            found.append(each)
    return tuple(found)


def _ended(away: Away, end: Fact) -> Away | None:
    """What a return leaves. What had begun when it was recorded took place: its first day stays, whatever it says.

    On that day itself they may be back already; that nobody was away at all is believed only where no breach would go.
    """
    first, recorded_on = away.first, max(end.at, end.claimed).date()
    of_first_day = end.data.get("first_day") if end.data["back"] == first == recorded_on else None
    if of_first_day == NOT_AWAY and not away.left_unbriefed:
        return None
    begun = recorded_on >= first
    last = min(away.last, max(end.data["back"] - timedelta(days=1), first if begun else date.min))
    return replace(away, last=last, is_back=away.is_back or of_first_day is not None) if first <= last else None


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
    if back == first < today:
        return N_("must be later than the first day away, which has come")
    return ""


def faults_of_first_day(away: Away, back: date, today: date, said: str) -> str:
    """What is wrong with what a return says of the first day away, as a message id; it is asked on that day only."""
    if not back == away.first == today:
        return N_("is only for a return on the first day away itself") if said else ""
    if not said:
        return N_("must say what of the first day away, which has come")
    if said == NOT_AWAY and away.left_unbriefed:
        return N_("would take away that the work was not handed over")
    return ""


def left_out(case: Case, person: str, first: date, last: date) -> str:
    """Why a case was left out of somebody's absence of these days, or of a longer one; "" where it was not."""
    for fact in reversed(case.all("noted")):
        named, begin, end = (fact.data.get(name) for name in ABSENT)
        if named == person and begin is not None and end is not None and begin <= first and last <= end:
            return str(fact.data["text"])
    return ""


def standing(case: Case, reading: Reading) -> tuple[Away, ...]:
    """The absences of those who hold the case's A and B posts now, each with the post that its person has now.

    Who came back in the course of the first day is away no more.
    """
    posts = ((each, _post_now(each, reading)) for each in absences(case) if not each.is_back)
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
