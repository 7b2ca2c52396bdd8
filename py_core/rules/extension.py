"""Extensions: how far a limit may be moved, by whom, and whether the person was told in time (P-10).

Used after a merge (what was granted stands or not) and by the gates (what may be asked). Must not refuse anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from py_core.cases.state import Case, Fact
from py_core.rules.assessment import Clock, Granted
from py_core.rules.exclusions import Span, clip, move
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing


class Extending:
    """`granted` stands; `notice_owed`: approved, not told; `void`: approvals that have no effect, with the reason."""

    __slots__ = ("granted", "notice_owed", "void")

    def __init__(self) -> None:
        self.granted: Granted | None = None
        self.notice_owed: Fact | None = None
        self.void: list[tuple[Fact, str]] = []


def old_due(clock: Clock, excluded: list[Span], day: date, timing: Timing) -> date:
    """The due date as it stood on that day, without any extension."""
    due, _ = move(clock.base or clock.due, clock.day_zero, clip(excluded, None, day), clock.period, clock.rolls, timing)
    return due


def cap(
    reading: Reading, timing: Timing, clock: Clock, before: date, excluded: list[Span], legal: date | None
) -> date | None:
    """The last day to which this matter may be extended; None when nothing caps it."""
    rule = reading.matter.extension
    if rule is None:
        return before
    if rule.kind == "total" and rule.cap is not None:
        _, due, rolls = timing.end(clock.day_zero, rule.cap, reading.matter.roll)
        return move(due, clock.day_zero, excluded, rule.cap, rolls, timing)[0]
    if rule.kind == "added" and rule.cap is not None:
        return timing.end(before, rule.cap, reading.matter.roll)[1]
    if legal is not None:
        return legal
    setting = reading.pack.settings.get("extension_cap_without_statute")
    share = timing.policies.settings.get("extension_cap_without_statute", setting.value if setting else None)
    if share is None or clock.period is None:
        return before
    units = clock.period.n * share["numerator"] // share["denominator"]
    return timing.later(before, units, clock.period, clock.rolls)


def new_date(data: Mapping[str, Any], before: date, timing: Timing) -> date | None:
    """The date that a request or approval names; None when it names none."""
    until: date | None = data.get("until")
    if until is not None:
        return until
    workdays = data.get("workdays")
    return timing.calendar.workday_after(before, workdays) if workdays else None


def find_extension(
    case: Case, reading: Reading, timing: Timing, clock: Clock, excluded: list[Span], legal: date | None
) -> Extending:
    """Checks every approval again: right approver, in time, below the cap, told before the old date ended, once."""
    found = Extending()
    rule = reading.matter.extension
    if rule is None:
        return found
    for approved in case.all("extension_approved"):
        before = old_due(clock, excluded, approved.day, timing)
        request = _request_before(case, approved)
        wanted = new_date(approved.data, before, timing)
        if wanted is None and request is not None:
            wanted = new_date(request.data, before, timing)
        limit = cap(reading, timing, clock, before, excluded, legal)
        reason = ""
        if found.granted is not None:
            reason = "already_extended"
        elif approved.data["by_role"] not in rule.approvers:
            reason = "wrong_approver"
        elif not timing.in_time(approved.at, before):
            reason = "late_extension"
        elif wanted is None or wanted <= before:
            reason = "missing_field"
        elif limit is not None and wanted > limit:
            reason = "over_cap"
        if reason:
            found.void.append((approved, reason))
            continue
        notice = next((fact for fact in case.all("extension_notified") if fact.index > approved.index), None)
        if notice is None:
            found.notice_owed = approved
            if timing.ended(old_due(clock, excluded, timing.today, timing)):
                found.void.append((approved, "not_told"))
            continue
        told = timing.counts_at(notice)
        if not timing.in_time(told, old_due(clock, excluded, told.date(), timing)):
            found.void.append((approved, "told_late"))
        elif wanted is not None:
            found.notice_owed = None
            found.granted = Granted(approved, notice, before, wanted)
    return found


def _request_before(case: Case, approved: Fact) -> Fact | None:
    earlier = [fact for fact in case.all("extension_requested") if fact.index < approved.index]
    return earlier[-1] if earlier else None


def pending(case: Case) -> Fact | None:
    """The request on which nobody has decided yet."""
    request = case.last("extension_requested")
    if request is None:
        return None
    for event_type in ("extension_approved", "extension_refused"):
        decided = case.last(event_type)
        if decided is not None and decided.index > request.index:
            return None
    return request
