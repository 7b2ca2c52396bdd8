"""When a document's content is due for erasure: its last step, the years of its kind, what keeps it. Pure.

Owns the days; the years are the city's (`py_core.packs.retention` has the defaults). Must not erase anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from py_core.cases.acts import RecordedAct
from py_core.cases.holds import standing
from py_core.cases.state import Case, Fact
from py_core.packs.retention import KeepingRule, load_retention
from py_core.values import local
from py_core.visits import Visit
from py_core.visits.state import CANCELLED, FINISHED

# What happens to a finished document without anybody working on it: it must not begin the period anew.
_NO_STEP = frozenset(
    {
        "field_revealed", "form_printed", "due_recomputed", "due_change_seen", "late_work_taken", "hold_placed",
        "hold_lifted", "content_erased", "visit_phone_seen",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one finished document is kept, and what speaks against erasing it."""

    id: str
    rule: KeepingRule
    years: int
    closed_on: date  # of its last step, as it arrived
    kept_until: date  # the last day on which it may not be erased
    holds: tuple[Fact, ...]

    def is_due(self, today: date) -> bool:
        """Whether the period is over and nobody holds it."""
        return today > self.kept_until and not self.holds


def kept_case(case: Case, settings: Mapping[str, Any], today: date) -> Kept | None:
    """The keeping of a case that is finished (the caller's word); None for one that cannot be read or is erased."""
    if case.registered is None or case.first("content_erased") is not None:
        return None
    rule = load_retention().of_case(case.pack, case.matter, str(case.value("request_kind") or ""))
    return _kept(case.id, rule, case.facts, standing(case, today), settings)


def kept_visit(visit: Visit, settings: Mapping[str, Any], today: date) -> Kept | None:
    """The keeping of a visit; None while it is not over, or once it is erased."""
    if visit.state not in (FINISHED, CANCELLED) or visit.held or visit.first("content_erased") is not None:
        return None
    return _kept(visit.id, load_retention().of_visits, visit.facts, standing(visit, today), settings)


def kept_beside(
    document: str, acts: Sequence[RecordedAct], case: Case | None, settings: Mapping[str, Any]
) -> Kept | None:
    """The keeping of a document that says who reported or complains, by itself: for want of its case a period of its
    own, and none any more once its case is erased. None while it goes with its case, or is erased."""
    if any(_says(recorded, "content_erased") for recorded in acts):
        return None
    if case is None:
        rule = load_retention().of_unmatched
        closed_on = max(_arrived(recorded) for recorded in acts if not _says(recorded, *_NO_STEP))
        years = settings.get(rule.id, rule.years)
        return Kept(document, rule, years, closed_on, years_after(closed_on, years), ())
    erased = case.first("content_erased")
    if erased is None:
        return None
    rule = load_retention().of_case(case.pack, case.matter, str(case.value("request_kind") or ""))
    return Kept(document, rule, erased.data["years"], erased.data["closed_on"], erased.data["kept_until"], ())


def _says(recorded: RecordedAct, *types: str) -> bool:
    return any(event.get("type") in types for event in recorded.act.events)


def _arrived(recorded: RecordedAct) -> date:
    """By the record's own clock: what its author claims lengthens no period."""
    return local(recorded.received_at or recorded.act.claimed_at).date()


def _kept(
    document: str, rule: KeepingRule, facts: Iterable[Fact], holds: tuple[Fact, ...], settings: Mapping[str, Any]
) -> Kept:
    closed_on = max(_day(fact) for fact in facts if fact.type not in _NO_STEP)
    years = settings.get(rule.id, rule.years)
    return Kept(document, rule, years, closed_on, years_after(closed_on, years), holds)


def _day(fact: Fact) -> date:
    return fact.day if fact.arrived is None else max(fact.day, fact.arrived.date())


def years_after(day: date, years: int) -> date:
    """The same day so many years later (or, negative, earlier)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
