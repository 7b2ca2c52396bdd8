"""The notices and records that are owed now. Must not judge whether they are late."""

from __future__ import annotations

from py_core.cases.state import Case, Fact
from py_core.rules.absences import away_on
from py_core.rules.clocks import Clocks
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing

_ON_THE_WAY = frozenset({"registered", "scope_pending"})


def find_owed(case: Case, reading: Reading, clocks: Clocks, state: str, timing: Timing) -> tuple[str, ...]:
    """The notices and records owed now, in the order of the case's life."""
    pack, matter = reading.pack, reading.matter
    is_open = reading.closed_by is None
    registered = case.registered
    owed: list[str] = []
    if registered is None:
        return ()
    channel = registered.data["channel"]
    if channel in pack.signature_channels and is_unsigned(case):
        owed.append("signature")
    if pack.identity_article and registered.data.get("identity_told") is False and not case.first("identity_told"):
        owed.append("identity_slip")
    if is_open and channel in pack.receipt_channels and not case.first("receipt_issued") and _taken_in(case, state):
        owed.append("receipt")
    if is_open and clocks.start.notice_owed:
        owed.append("correction_notice")
    if is_open and any(procedure.told is None for procedure in reading.procedures.values()):
        owed.append("procedure_time_notice")
    if is_open and clocks.extending.notice_owed is not None:
        owed.append("extension_notice")
    if reading.refusal == "refusal_pending" and reading.refusal_reported is not None:
        owed.append("refusal_notice")
    if reading.stop is None and _last_reply_without_view(reading):
        owed.append("opinion")
    if (is_open and matter.duty == "reply" and reading.stop is None) or (matter.tell_result and state == "completed"):
        owed.append("reply")
    if reading.replies and reading.replies[-1][1] is None and pack.feedback_limit is not None and reading.stop:
        owed.append("feedback")
    if state == "callback_pending" and (reading.called_back is None or _unreachable(reading.called_back)):
        owed.append("callback")
    if case.first("message_left") is not None and is_open and not case.first("visitor_contacted"):
        owed.append("visitor_contact")
    if pack.urgent_report_article and registered.data.get("urgent") and not case.first("urgent_reported") and is_open:
        owed.append("urgent_report")
    if pack.absence_article and is_open and any(is_unbriefed(fact) for fact in _away(case, reading, timing)):
        owed.append("handover_record")
    return tuple(owed)


def _last_reply_without_view(reading: Reading) -> bool:
    asked = reading.replies[-1][0] if reading.replies else None
    return bool(reading.unsought) and (asked is None or reading.unsought[-1].index > asked.index)


def _taken_in(case: Case, state: str) -> bool:
    return state not in _ON_THE_WAY or case.first("materials_received") is not None


def _unreachable(fact: Fact) -> bool:
    return bool(fact.data["result"] == "unreachable")


def is_unsigned(case: Case) -> bool:
    """Whether neither a signature nor the reason of its absence is on record (JY-3.2.7)."""
    last = case.last("signature_recorded") or case.registered
    return last is not None and not last.data.get("signed") and not last.data.get("unsigned_reason")


def is_unbriefed(fact: Fact) -> bool:
    """Whether the person left without handing over the work (BZ-AB-4)."""
    return not fact.data["briefed"]


def _away(case: Case, reading: Reading, timing: Timing) -> list[Fact]:
    """The newest word on each who is away today: work handed over later is owed no more."""
    return [each.fact for each in away_on(case, reading, timing.today).values()]
