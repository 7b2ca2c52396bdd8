"""Which state, which duty and who answers for it at this moment. Must not count days."""

from __future__ import annotations

from py_core.cases.state import Case
from py_core.rules.absences import away_on
from py_core.rules.assessment import SPEAKS_FIRST, Clock
from py_core.rules.clocks import Clocks
from py_core.rules.extension import pending
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing

_OPEN_STAGES = frozenset({"registered", "scope_pending", "accepted", "handling", "handover_pending", "lead_pending"})


def find_state(case: Case, reading: Reading, clocks: Clocks) -> str:
    """The main-line state; what suspends or decides the case shows before where it stands."""
    stage = reading.stage
    if reading.refusal and stage != "referred_out":
        return reading.refusal
    if stage not in _OPEN_STAGES or reading.closed_by is not None:
        return stage
    if clocks.start.waiting:
        return "correction_pending"
    if clocks.start.deemed and stage in ("registered", "scope_pending", "accepted"):
        stage = "handling"  # L14: not told in time, so the application counts as accepted
    if any(procedure.finished is None for procedure in reading.procedures.values()):
        return "procedure"
    if pending(case) is not None and reading.matter.extension is not None:
        return "extension_pending"
    return stage


def find_principal(reading: Reading, clocks: Clocks) -> Clock | None:
    """The clock that speaks for the case: the earliest running one, else the last that stopped."""
    candidates = [clock for clock in clocks.all if not clock.name.startswith("step:") and clock.name != "call"]
    if not candidates and clocks.call is not None:
        candidates = [clocks.call]  # not dispatched yet: the caller's own clock is all there is
    if clocks.start.waiting or reading.refusal == "leaders_meeting":
        return None
    if clocks.start.notice_owed and clocks.notice is not None:
        return clocks.notice
    candidates = [clock for clock in candidates if clock.name != "correction_notice"] or candidates
    running = [clock for clock in candidates if clock.stopped_at is None]
    if running:
        return min(running, key=lambda clock: (clock.due, SPEAKS_FIRST.index(clock.name)))
    if not candidates:
        return None
    return max(candidates, key=lambda clock: (clock.stopped_at, -SPEAKS_FIRST.index(clock.name)))


def find_duty(state: str, reading: Reading, principal: Clock | None) -> str:
    """The principal duty now."""
    if principal is not None and principal.running:
        return principal.duty
    if state == "review_pending":
        return "review"
    if state == "callback_pending":
        return "callback"
    if state == "correction_pending":
        return reading.matter.duty
    return principal.duty if principal is not None else reading.matter.duty


def find_responsible(case: Case, reading: Reading, state: str, timing: Timing) -> tuple[str, str]:
    """The role that answers at this moment and, when recorded, the unit or person (7.3, P-17)."""
    role, name = reading.role, reading.name
    if state == "leaders_meeting":
        return "leader", ""
    if state in ("review_pending", "callback_pending") and reading.pack.dispatch_article:
        return "dispatch_desk", ""
    if role == "first_responder" and len(reading.units) > 1:
        role = "lead_unit"  # HL-6: the first unit to accept leads
    if reading.pack.absence_article and role in ("handler", "first_responder"):
        stand_in = _stand_in(case, reading, timing)
        if stand_in is not None:
            return stand_in
    return role, name


def _stand_in(case: Case, reading: Reading, timing: Timing) -> tuple[str, str] | None:
    """A away → B, or whom the section has named (BZ-GW-3); both away → the head, or whom the head has named (BZ-AB-4)."""
    away = away_on(case, reading, timing.today)
    a, b = away.get("A"), away.get("B")
    if a is None:
        return None
    if a.stand_in and (b is None or b.fact.index < a.fact.index):
        return "acting", a.stand_in
    if b is None:
        return "post_B", ""
    acting = case.last("acting_arranged")
    both_since = max(a.fact.index, b.fact.index)
    if acting is not None and (acting.index > both_since or acting.day == timing.today):
        return "acting", acting.data.get("who", acting.data["by"])
    return "unit_head", ""


def is_tracker(reading: Reading) -> bool:
    """Whether the first responder still follows the case after passing it on (WH-SW-4, JY-3.2.4)."""
    return reading.pack.tracker and reading.handed and reading.closed_by is None
