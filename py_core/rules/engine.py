"""The engine: one case, one moment, the law in force → what is due, from whom, how it stands.

The same function in the browser and on the server. Must not change anything and must not ask the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.cases.state import Case
from py_core.packs import Packs, UnknownName
from py_core.rules.assessment import Alerts, Assessment, Clock, FoundBreach, Step
from py_core.rules.breaches import find_breaches
from py_core.rules.clocks import Clocks, find_clocks
from py_core.rules.duties import find_duty, find_principal, find_responsible, find_state, is_tracker
from py_core.rules.lights import find_alerts, find_light, find_reminder
from py_core.rules.main_line import read
from py_core.rules.owed import find_owed, is_unsigned
from py_core.rules.policies import Policies, read_policies
from py_core.rules.proposals import find_proposals
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing
from py_core.rules.versions import pack_of
from py_core.values import local

__all__ = ["Assessment", "assess"]

_FINAL = frozenset({"completed", "replied", "refused", "referred_out", "forwarded", "archived"})


def assess(
    case: Case, packs: Packs, calendar: WorkCalendar, now: datetime, policies: Mapping[str, Any] | Policies
) -> Assessment:
    """Everything the law finds about this case at `now` (keys of tests/scenarios/CONTRACT.md).

    Never raises for what a case says: without a readable registration the state is empty, and a regulation or
    matter that this version does not know is named in `problem`. Raises `Malformed` for a wrong policy.
    """
    now = local(now)
    readings = read_policies(policies, packs.common)
    if case.registered is None:
        return _empty(now, readings)
    try:
        pack = pack_of(case, packs, now.date(), readings)
        matter = pack.matter(case.matter)
    except UnknownName as error:
        return _empty(now, readings, str(error))
    timing = Timing(calendar, now, readings)
    reading = read(case, pack, matter)
    clocks = find_clocks(case, reading, timing)
    state = find_state(case, reading, clocks)
    principal = find_principal(reading, clocks)
    if principal is None:
        alerts, light = Alerts(), "paused" if clocks.start.waiting else "none"
    else:
        alerts = find_alerts(principal, timing)
        light = find_light(principal, alerts, timing)
    overdue = light == "overdue"
    breaches = find_breaches(case, reading, clocks, timing)
    role, name = find_responsible(case, reading, state, timing)
    return Assessment(
        state=state,
        overlays=_overlays(case, reading, clocks, principal, overdue, breaches),
        duty=find_duty(state, reading, principal),
        due=principal.due if principal is not None else None,
        provisional=principal is not None and principal.provisional,
        clocks=tuple(clocks.all),
        light=light,
        alerts=alerts,
        responsible=role,
        responsible_name=name,
        tracker=is_tracker(reading),
        owed=find_owed(case, reading, clocks, state, timing),
        breaches=breaches,
        proposals=find_proposals(case, reading, clocks, state, overdue and principal is clocks.main, timing),
        now=now,
        principal=principal,
        closed=state in _FINAL and (principal is None or not principal.running),
        red_at=readings.red_at,
        missing_settings=clocks.missing_settings,
        day_ends=None if readings.day_end == "midnight" else readings.business_hours_end,
        _remind=lambda: None if principal is None else find_reminder(principal, timing),
        _explain=lambda clock: _steps(case, reading, clocks, clock, timing),
    )


def _steps(case: Case, reading: Reading, clocks: Clocks, clock: Clock | None, timing: Timing) -> tuple[Step, ...]:
    # Only when somebody asks: an explanation walks over days, an assessment must not.
    from py_core.rules.steps import explain

    return explain(case, reading, clocks, clock, timing)


def _empty(now: datetime, policies: Policies, problem: str = "") -> Assessment:
    return Assessment(
        state="",
        overlays=(),
        duty="",
        due=None,
        provisional=False,
        clocks=(),
        light="none",
        alerts=Alerts(),
        responsible="",
        responsible_name="",
        tracker=False,
        owed=(),
        breaches=(),
        proposals=(),
        now=now,
        principal=None,
        closed=not problem,
        red_at=policies.red_at,
        problem=problem,
    )


def _overlays(
    case: Case,
    reading: Reading,
    clocks: Clocks,
    principal: Clock | None,
    overdue: bool,
    breaches: tuple[FoundBreach, ...],
) -> tuple[str, ...]:
    found: list[str] = []
    if clocks.extending.granted is not None:
        found.append("extended")
    if overdue:
        found.append("overdue")
    if case.first("supervision_started") is not None or case.first("instruction_given") is not None:
        found.append("supervised")
    registered = case.registered
    if (
        reading.matter.urgent
        or case.first("urgent_reported") is not None
        or (registered is not None and registered.data.get("urgent"))
    ):
        found.append("urgent")
    if any(breach.code == "B-10" for breach in breaches):
        found.append("deemed_consent")
    if principal is not None and principal.provisional:
        found.append("provisional")
    signs = registered is not None and registered.data["channel"] in reading.pack.signature_channels
    if signs and is_unsigned(case):
        found.append("unsigned")
    if case.first("accountability_opened") is not None:
        found.append("accountability")
    return tuple(found)
