"""What is owed, what was broken and what is proposed to a person. Detects and proposes; must never impose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from py_core.cases.state import Case, Fact
from py_core.packs import Pack
from py_core.rules.assessment import Clock, FoundBreach
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
    if channel in pack.signature_channels and _unsigned(case):
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
    if reading.unsought and reading.stop is None:
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
    if pack.absence_article and is_open and any(_unbriefed(fact) for fact in _absences(case, timing)):
        owed.append("handover_record")
    return tuple(owed)


def _taken_in(case: Case, state: str) -> bool:
    return state not in _ON_THE_WAY or case.first("materials_received") is not None


def _unreachable(fact: Fact) -> bool:
    return bool(fact.data["result"] == "unreachable")


def _unsigned(case: Case) -> bool:
    last = case.last("signature_recorded") or case.registered
    return last is not None and not last.data.get("signed") and not last.data.get("unsigned_reason")


def _unbriefed(fact: Fact) -> bool:
    return not fact.data["briefed"]


def _absences(case: Case, timing: Timing) -> list[Fact]:
    return [fact for fact in case.all("absence_recorded") if fact.data["from"] <= timing.today <= fact.data["to"]]


class _Breaches:
    """Collects each code once, the first evidence leading."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.found: dict[str, FoundBreach] = {}

    def add(self, code: str, article: str, since: date | None = None, *evidence: Fact | None) -> None:
        hashes = tuple(fact.act for fact in evidence if fact is not None)
        known = self.found.get(code)
        if known is not None:
            known.evidence += tuple(item for item in hashes if item not in known.evidence)
            return
        catalogue = self._reading.pack.common.breaches[code]
        source = article or catalogue.sources.get(self._reading.pack.id, "")
        self.found[code] = FoundBreach(code, source, catalogue.liable, since, hashes)


def find_breaches(case: Case, reading: Reading, clocks: Clocks, timing: Timing) -> tuple[FoundBreach, ...]:
    """Every breach that the facts show by themselves (7.3, class A); nothing follows from a provisional date."""
    pack = reading.pack
    found = _Breaches(reading)
    registered = case.registered
    if registered is not None and registered.data.get("staff") == "support" and pack.support_staff_article:
        found.add("B-23", pack.support_staff_article, registered.day, registered)
    for clock in (clocks.main, clocks.statutory, clocks.refusal):
        if clock is not None and clock.late and not clock.provisional:
            _late_clock(found, clock)
    if clocks.start.notice_late and clocks.notice is not None and not clocks.notice.provisional:
        notice = clocks.start.notice_round.notice if clocks.start.notice_round else None
        found.add("B-04", pack.correction_article, clocks.notice.due + timedelta(days=1), notice)
    for fact in reading.overlooked:
        found.add("B-03", pack.correction_article or "", fact.day, fact)
    if timing.policies.untold_exclusion == "exclude_anyway":
        for procedure in reading.procedures.values():
            if procedure.told is None:
                found.add("B-07", pack.common.procedure_article, procedure.started.day, procedure.started)
    for fact, _ in clocks.extending.void:
        article = reading.matter.extension.article if reading.matter.extension else ""
        found.add("B-05", article, fact.day, fact)
    _feedback_breaches(found, reading, timing)
    if clocks.main is not None and reading.matter.deemed_consent and clocks.main.late and not clocks.main.provisional:
        found.add("B-10", reading.matter.deemed_consent_article, clocks.main.due + timedelta(days=1))
    for fact in (*case.all("ticket_refused"), *case.all("assist_refused")):
        if fact.type == "assist_refused" or fact.data["within_duty"]:
            found.add("B-11", "", fact.day, fact)
    if pack.absence_article:
        for fact in case.all("absence_recorded"):
            if _unbriefed(fact) and not fact.data.get("reason") and fact.data["from"] <= timing.today:
                found.add("B-12", pack.absence_article, fact.data["from"], fact)
    if pack.refusal_limit is not None:
        for fact in case.all("refusal_notified"):
            if fact is not reading.refusal_notified:
                found.add("B-09", pack.refusal_filing_article, fact.day, fact)
    if promise_is_unlawful(case, reading):
        found.add("B-18", pack.promise_article, registered.day if registered else None, registered)
    return tuple(sorted(found.found.values(), key=lambda breach: breach.code))


def _late_clock(found: _Breaches, clock: Clock) -> None:
    for code in clock.breaches:
        article = clock.article if code == "B-09" else ""
        found.add(code, article, clock.due + timedelta(days=1), clock.stopped_by)


def _feedback_breaches(found: _Breaches, reading: Reading, timing: Timing) -> None:
    limit = reading.pack.feedback_limit
    if limit is None:
        return
    for reply, fed_back in reading.replies:
        if reply is None:
            continue
        due = reply.day
        done = timing.counts_at(fed_back) if fed_back is not None else timing.now
        if timing.policies.ended(done, due):
            found.add("B-06", limit.article, due + timedelta(days=1), reply, fed_back)
    for reply in reading.unsought:
        asked = any(other is not None and other.day == reply.day for other, _ in reading.replies)
        if not asked and timing.ended(reply.day):
            found.add("B-06", reading.pack.opinion_article, reply.day + timedelta(days=1), reply)


def promise_is_unlawful(case: Case, reading: Reading) -> bool:
    """A promise above the limit in law, or equal where only less is allowed (BZ-XS-3 `<`, JY-3.3.4 `≤`, C-23)."""
    promise, statutory = case.value("promise"), case.value("statutory")
    if promise is None or statutory is None or promise["period"].unit != statutory["period"].unit:
        return False
    promised, allowed = promise["period"].n, statutory["period"].n
    return bool(promised >= allowed if reading.pack.promise_compare == "lt" else promised > allowed)


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


def _waiting(case: Case, reading: Reading, state: str, timing: Timing) -> list[str]:
    """Alerts for words without a number (P-19), only where a deployment has set the minutes; never a breach."""
    if not timing.policies.settings or reading.closed_by is not None:
        return []
    waited = timing.now - case.facts[-1].at
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
