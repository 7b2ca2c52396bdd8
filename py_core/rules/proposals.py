"""What is proposed to a person to decide: supervision, files, doubtful breaches, waiting. Must never impose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from py_core.cases.state import Case, Fact
from py_core.packs import Pack
from py_core.rules.assessment import Clock
from py_core.rules.clocks import Clocks
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing


def find_proposals(
    case: Case, reading: Reading, clocks: Clocks, state: str, overdue: bool, timing: Timing
) -> tuple[str, ...]:
    """What the core proposes for a person to decide; a proposal disappears when it was taken up or declined."""
    pack = reading.pack
    found: list[str] = []
    if pack.supervision:
        conditions = _conditions(case, reading, overdue, timing)
        for trigger in pack.supervision:
            if conditions.get(trigger.when):
                found.append(f"supervision:{trigger.id}")
    if len(case.all("registered")) > 1:
        found.append("merge")
    if _threshold_reached(case, pack.accountability_threshold):
        found.append("accountability_file")
    if (clocks.feedback is not None and clocks.feedback.late and _offline_excuse(clocks.feedback)) or (
        clocks.main is not None and clocks.main.late and _offline_excuse(clocks.main)
    ):
        found.append("offline_excuse")
    registered = case.registered
    if (
        registered is not None
        and registered.data.get("urgent")
        and pack.urgent_report_minutes is not None
        and not case.first("urgent_reported")
        and timing.now - registered.at > timedelta(minutes=_minutes(timing, "U13") or pack.urgent_report_minutes)
    ):
        found.append("breach:B-15")
    if (
        registered is not None
        and registered.day < timing.today
        and reading.closed_by is None
        and registered.data["channel"] in pack.receipt_channels
        and not case.first("receipt_issued")
    ):
        found.append("breach:B-02")
    if pack.forbidden_phrases and any(phrases_in(_spoken(fact), pack) for fact in case.facts if fact.type in _SPEAKING):
        found.append("breach:B-08")
    found += _waiting(case, reading, state, timing)
    if not found:
        return ()
    settled = {f"supervision:{fact.data['trigger']}" for fact in case.all("supervision_started")}
    settled.update(fact.data["proposal"] for fact in case.all("proposal_declined"))
    if case.first("accountability_opened"):
        settled.add("accountability_file")
    return tuple(proposal for proposal in found if proposal not in settled)


_SPEAKING = frozenset({"replied", "referred_out", "refusal_notified", "complaint_answered"})


def _spoken(fact: Fact) -> str:
    return " ".join(value for key, value in fact.data.items() if key in ("text", "explanation", "reason"))


def phrases_in(text: str, pack: Pack) -> tuple[str, ...]:
    """The phrases of the regulation's forbidden list that this text contains (WH-SW-3); a person judges."""
    return tuple(phrase for phrase in pack.forbidden_phrases if phrase in text)


def _minutes(timing: Timing, setting: str) -> int | None:
    value = timing.policies.settings.get(setting)
    return value if type(value) is int and value > 0 else None


# A date that the record counted anew, and having seen it, move nothing forward.
_NO_WORK = frozenset(
    {"due_recomputed", "due_change_seen", "late_work_taken", "hold_placed", "hold_lifted", "content_erased"}
)


def _waiting(case: Case, reading: Reading, state: str, timing: Timing) -> list[str]:
    """Alerts for words without a number (P-19), only where a deployment has set the minutes; never a breach."""
    if not timing.policies.settings or reading.closed_by is not None:
        return []
    waited = timing.now - next(fact.at for fact in reversed(case.facts) if fact.type not in _NO_WORK)
    return [
        f"alert:{duty.id}"
        for duty in reading.pack.common.unnumbered
        if duty.waits == state
        and any(article.startswith(reading.pack.id + "-") for article in duty.articles)
        and waited > timedelta(minutes=_minutes(timing, duty.id) or 0)
        and _minutes(timing, duty.id) is not None
    ]


def _conditions(case: Case, reading: Reading, overdue: bool, timing: Timing) -> dict[str, bool]:
    called_back = reading.called_back
    unhappy = called_back is not None and called_back.data["result"] == "unsatisfied"
    untrue = called_back is not None and called_back.data.get("consistent") is False
    poor = called_back is not None and called_back.data.get("quality") == "poor"
    return {
        "overdue": overdue,
        "concentrated": len(case.all("registered")) > 1 and _concentrated(case, timing),
        "ticket_refused": any(fact.data["within_duty"] for fact in case.all("ticket_refused")),
        "poor_quality": (unhappy and not untrue) or poor,
        "assist_refused": bool(case.all("assist_refused")),
        "answer_untrue": untrue,
    }


def _concentrated(case: Case, timing: Timing) -> bool:
    """Whether enough different callers came inside the window; without the setting nobody can tell (HL-8(二))."""
    setting = timing.policies.settings.get("HL-8(2)")
    if not isinstance(setting, Mapping) or not all(type(setting.get(key)) is int for key in ("callers", "days")):
        return False
    calls = [(fact.at, fact.data.get("claimant_ref") or fact.act) for fact in case.all("registered")]
    window = timedelta(days=setting["days"])
    for start, _ in calls:
        if len({who for at, who in calls if start <= at <= start + window}) >= setting["callers"]:
            return True
    return False


def _threshold_reached(case: Case, threshold: frozenset[str]) -> bool:
    if "complaint" in threshold and case.first("complaint_filed") and case.matter != "complaint":
        return True
    return "adverse_effect" in threshold and any(fact.data.get("adverse_effect") for fact in case.all("called_back"))


def _offline_excuse(clock: Clock) -> bool:
    """Done in time as the person says, late only because the device was offline (P-14): a person judges."""
    fact = clock.stopped_by
    return fact is not None and clock.stopped_at != fact.at and fact.day <= clock.due
