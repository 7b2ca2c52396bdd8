"""One pass over a case's facts: where the main line stands, who answers, what stopped the clock.

Owns the transitions L01–L39 as far as they do not depend on the calendar. Must not know `now` or policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from py_core.cases.state import Case, Fact
from py_core.packs import Matter, Pack
from py_core.rules.reading import EARLY, Reading
from py_core.rules.side_lines import SIDE_LINES

_BEFORE_UNIT = frozenset({"registered", "scope_pending", "accepted", "handover_pending"})


def read(case: Case, pack: Pack, matter: Matter) -> Reading:
    """Reads the facts in causal order."""
    reading = Reading(pack, matter)
    chosen = case.value("completion_event")
    if chosen and chosen in matter.completion_events:
        reading.stops = frozenset({chosen})
    if matter.responsible:
        reading.role = matter.responsible
    elif pack.dispatch_article and matter.claimants:
        reading.role = "dispatch_desk"
    handlers = _HANDLERS
    for fact in case.facts:
        handler = handlers.get(fact.type)
        if handler is not None:
            handler(reading, fact)
            if not reading.had_by or reading.had_by[-1][1] != reading.holder:
                reading.had_by.append((fact.index, reading.holder))
    return reading


def _registered(r: Reading, fact: Fact) -> None:
    if not r.stage:
        r.stage = "registered"
        r.asked_first = fact.user


def _scope_judged(r: Reading, fact: Fact) -> None:
    if r.stage in EARLY:
        r.stage = "accepted" if fact.data["outcome"] == "own" else "scope_pending"


def _handed_over(r: Reading, fact: Fact) -> None:
    r.handed = True
    if r.closed_by is not None:
        return
    if r.pack.handover_enough:
        r.stage = "handling"
        _answers(r, "receiving_unit", fact.data["to"])
    else:
        r.stage = "handover_pending"


def _handover_accepted(r: Reading, fact: Fact) -> None:
    if r.closed_by is None:
        r.stage = "handling"
        _answers(r, "handler", fact.data["by"])


def _lead_requested(r: Reading, fact: Fact) -> None:
    r.handed = True
    if r.closed_by is None:
        r.stage = "lead_pending"


def _lead_designated(r: Reading, fact: Fact) -> None:
    r.handed = True
    r.lead = fact
    if r.closed_by is None:
        r.stage = "handling"
        _answers(r, "lead_unit", fact.data["lead"])


def _referred_out(r: Reading, fact: Fact) -> None:
    if r.closed_by is None:
        r.close("referred_out", fact)


def _delivered(r: Reading, fact: Fact) -> None:
    if r.returned or not r.units:
        r.units = [fact.data["to"]]
    elif fact.data["to"] not in r.units:
        r.units.append(fact.data["to"])
    if r.closed_by is None and (r.returned or r.stage in _BEFORE_UNIT):
        r.stage = "handover_pending"
        _answers(r, "receiving_unit", fact.data["to"])
    r.returned = False


def _accepted(r: Reading, fact: Fact) -> None:
    by = fact.data.get("by", "")
    if r.closed_by is not None or (r.stage == "handling" and not r.handed and r.name):
        return
    r.stage = "handling" if by else "accepted"
    r.returned = False
    if by:
        _answers(r, "first_responder" if r.pack.dispatch_article else "handler", by)


def _answers(r: Reading, role: str, name: str) -> None:
    if r.matter.responsible:  # WH-XS-6: the discipline desk answers whoever handles
        return
    r.role = role
    r.name = name


def _ends(r: Reading, fact: Fact) -> None:
    """decision_issued, certificate_issued, forwarded_up, completed, reported_back, complaint_answered, filed."""
    if r.closed_by is not None and r.stop is not None:
        return
    if fact.type in r.stops:
        r.stop = r.stop or fact
        if fact.type == "reported_back":  # L39: reporting back stops the clock, the matter stays open
            return
        r.close(_STAGE_OF_END.get(fact.type, "completed"), fact)
    elif fact.type == "completed" and r.matter.clock != "promise":
        r.close("completed", fact)
    elif r.matter.clock == "none":
        r.close(_STAGE_OF_END.get(fact.type, "completed"), fact)


def _replied(r: Reading, fact: Fact) -> None:
    if r.pack.opinion_required and r.matter.duty == "reply":
        if "opinion" not in fact.data:
            r.unsought.append(fact)
            return
        if r.stop is None:
            r.replies.append([fact, None])
    if "replied" in r.stops:
        if r.stop is None:
            r.stop = fact
            r.close("replied", fact)
    elif r.stop is not None or r.matter.clock == "none":
        r.close("replied", fact)


def _fed_back(r: Reading, fact: Fact) -> None:
    if r.stage == "replied" and r.replies and r.replies[-1][1] is None and r.pack.review_article:
        r.replies[-1][1] = fact
        r.stage = "review_pending"


def _review_passed(r: Reading, fact: Fact) -> None:
    if r.stage == "review_pending":
        r.stage = "callback_pending"


def _review_returned(r: Reading, fact: Fact) -> None:
    if r.stage == "review_pending":
        r.reopen()


def _called_back(r: Reading, fact: Fact) -> None:
    if r.stage not in ("callback_pending", "archived", "replied"):
        return
    r.called_back = fact
    if fact.data.get("consistent") is False:
        r.reopen()
    elif fact.data["result"] == "satisfied":
        r.stage = "archived"


def _proposal_declined(r: Reading, fact: Fact) -> None:
    if r.stage == "callback_pending" and r.called_back is not None:
        r.stage = "archived"


def _return_requested(r: Reading, fact: Fact) -> None:
    if r.closed_by is None:
        r.returned = True
        r.stage = "scope_pending"
        _answers(r, "dispatch_desk", "")


def _ticket_refused(r: Reading, fact: Fact) -> None:
    if r.closed_by is None and not fact.data["within_duty"]:
        r.returned = True
        r.stage = "scope_pending"
        _answers(r, "dispatch_desk", "")


_STAGE_OF_END = {"forwarded_up": "forwarded", "complaint_answered": "replied"}
_HANDLERS: Mapping[str, Callable[[Reading, Fact], None]] = {
    **SIDE_LINES,
    "registered": _registered,
    "scope_judged": _scope_judged,
    "handed_over": _handed_over,
    "handover_accepted": _handover_accepted,
    "lead_requested": _lead_requested,
    "lead_designated": _lead_designated,
    "referred_out": _referred_out,
    "delivered": _delivered,
    "accepted": _accepted,
    "forwarded_up": _ends,
    "reported_back": _ends,
    "decision_issued": _ends,
    "certificate_issued": _ends,
    "completed": _ends,
    "complaint_answered": _ends,
    "post_change_filed": _ends,
    "replied": _replied,
    "fed_back": _fed_back,
    "review_passed": _review_passed,
    "review_returned": _review_returned,
    "called_back": _called_back,
    "proposal_declined": _proposal_declined,
    "return_requested": _return_requested,
    "ticket_refused": _ticket_refused,
}
