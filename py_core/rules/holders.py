"""Who answered for a case from when to when: a delay of an earlier holder stays with that holder (7.3).

Computed when somebody asks; must not judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.cases.state import Case, Fact
from py_core.packs import Packs
from py_core.rules.engine import assess
from py_core.rules.policies import Policies, read_policies
from py_core.values import local


@dataclass(frozen=True, slots=True)
class Holding:
    """One stretch of responsibility; `until` None: still now. `workdays` are those begun inside it."""

    role: str
    name: str
    since: datetime
    until: datetime | None
    workdays: int


def holders(
    case: Case, packs: Packs, calendar: WorkCalendar, now: datetime, policies: Mapping[str, Any] | Policies
) -> tuple[Holding, ...]:
    """The ledger of the case, oldest first; stand-ins of A/B posts count from the facts that arranged them."""
    now = local(now)
    readings = read_policies(policies, packs.common)
    stretches: list[tuple[str, str, datetime]] = []
    for moment in [*sorted({fact.at for fact in case.facts if fact.at <= now}), now]:
        part = _until(case, moment)
        found = assess(part, packs, calendar, moment, readings)
        if found.closed and stretches:
            stretches.append(("", "", moment))
        elif not stretches or stretches[-1][:2] != (found.responsible, found.responsible_name):
            stretches.append((found.responsible, found.responsible_name, moment))
    ends = [since for _, _, since in stretches[1:]] + [now]
    return tuple(
        Holding(role, name, since, None if end == now else end, calendar.workdays_between(since.date(), end.date()))
        for (role, name, since), end in zip(stretches, ends, strict=True)
        if role
    )


def _until(case: Case, moment: datetime) -> Case:
    facts = tuple(fact for fact in case.facts if fact.at <= moment)
    by_type: dict[str, tuple[Fact, ...]] = {}
    for fact in facts:
        by_type[fact.type] = (*by_type.get(fact.type, ()), fact)
    registered = by_type.get("registered")
    return Case(case.id, facts, by_type, case.ignored, case.acts, registered[0] if registered else None)
