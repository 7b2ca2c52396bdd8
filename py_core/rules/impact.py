"""What a change of the law in force (a policy, a published calendar year) does to open cases: old date, new date.

Must not apply the change: the centre does, as a recorded act.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.cases.state import Case
from py_core.packs import Packs
from py_core.rules.engine import assess
from py_core.rules.policies import Policies, read_policies


@dataclass(frozen=True, slots=True)
class Law:
    """Everything outside a case on which its dates depend."""

    packs: Packs
    calendar: WorkCalendar
    policies: Mapping[str, Any] | Policies


@dataclass(frozen=True, slots=True)
class Change:
    """One case whose date or standing would change."""

    case_id: str
    due_before: date | None
    due_after: date | None
    light_before: str
    light_after: str
    provisional_before: bool
    provisional_after: bool
    breaches_added: tuple[str, ...]
    breaches_removed: tuple[str, ...]


def changes(cases: Iterable[Case], before: Law, after: Law, now: datetime) -> Iterator[Change]:
    """The open cases that would look different under `after`, in the order given."""
    readings = read_policies(before.policies, before.packs.common), read_policies(after.policies, after.packs.common)
    for case in cases:
        old = assess(case, before.packs, before.calendar, now, readings[0])
        new = assess(case, after.packs, after.calendar, now, readings[1])
        old_codes, new_codes = ({breach.code for breach in found.breaches} for found in (old, new))
        same = (old.due, old.light, old.provisional) == (new.due, new.light, new.provisional) and old_codes == new_codes
        if old.closed or same:
            continue
        yield Change(
            case.id, old.due, new.due, old.light, new.light, old.provisional, new.provisional,
            tuple(sorted(new_codes - old_codes)), tuple(sorted(old_codes - new_codes)),
        )  # fmt: skip
