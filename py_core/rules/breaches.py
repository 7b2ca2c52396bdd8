"""What was broken, with article, roles and evidence (7.3). Detects; must never impose."""

from __future__ import annotations

from datetime import date, timedelta

from py_core.cases.state import Case, Fact
from py_core.rules.absences import absences
from py_core.rules.assessment import Clock, FoundBreach
from py_core.rules.clocks import Clocks
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing


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
        for away in absences(case):
            if away.left_unbriefed and away.first <= timing.today:
                found.add("B-12", pack.absence_article, away.first, away.fact)
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
