"""Which steps are lawful next, from the transitions of the packs and the gates. Must not check what is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from py_core.cases.commands.gates import assisting_units, lawful, needs_filing, reporter_is_apart
from py_core.cases.commands.messages import refuse
from py_core.cases.commands.table import COMMANDS
from py_core.cases.events import REVEALED_FIELDS
from py_core.cases.state import Case
from py_core.rules.assessment import Assessment
from py_core.rules.situation import Situation


@dataclass(frozen=True, slots=True)
class Offered:
    """A lawful next step with the article that provides for it; `suggested` ones answer what is owed or due now."""

    command: str
    article: str
    suggested: bool = False


def find_offers(
    situation: Situation, assessment: Assessment, roles: frozenset[str], unit: str = ""
) -> tuple[Offered, ...]:
    """The steps that this person of this unit may take now, those that answer a duty first."""
    found: dict[str, Offered] = {}
    suggested = _suggested(assessment, situation)
    for transition in situation.pack.common.transitions:
        article = transition.sources.get(situation.pack.id)
        command = COMMANDS[transition.command]
        if article is None or transition.command in found:
            continue
        if not roles.intersection(command.roles):
            continue
        if not _in_state(transition.states, situation):
            continue
        if transition.command in OF_APPROVERS and not may_approve(situation, roles):
            continue
        if transition.command in _OF_THE_UNIT and _waits_elsewhere(situation, unit):
            continue
        if transition.needs == "assists":
            if not may_assist(situation, unit):
                continue
        elif not _needed(transition.needs, situation, assessment) or not lawful(command.event, situation):
            continue
        theirs = transition.command != "accept_handover" or not _sent_elsewhere(situation, unit)
        found[transition.command] = Offered(transition.command, article, theirs and transition.command in suggested)
    return tuple(sorted(found.values(), key=_rank))


# Before everything else that is suggested: what must be done at once (BZ-SW-5), and that somebody takes the case over.
_FIRST = ("report_urgent", "accept_handover")


def _rank(offer: Offered) -> tuple[bool, int]:
    """What answers a duty comes first; steps of rare days last."""
    if offer.suggested:
        return False, _FIRST.index(offer.command) if offer.command in _FIRST else len(_FIRST)
    return True, int(offer.command in _LAST)


def _sent_elsewhere(s: Situation, unit: str) -> bool:
    """Whether the case was handed to another unit than this one, which may still take it back."""
    sent = s.case.last("handed_over")
    return sent is not None and bool(unit) and sent.data["to"] != unit


# A work order is taken, refused or returned by the unit that it came to (HL-6, HL-8(三)).
_OF_THE_UNIT = frozenset({"accept", "request_return", "refuse_ticket"})


def _waits_elsewhere(s: Situation, unit: str) -> bool:
    """Whether the work order waits at other units than this one."""
    return s.state == "handover_pending" and bool(unit and s.reading.units) and unit not in s.reading.units


# Decisions on an extension belong to whom the regulation names: leader, head of the unit or hotline desk.
OF_APPROVERS = frozenset({"approve_extension", "refuse_extension"})


def may_approve(s: Situation, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles decides on an extension of this matter (WH-XS-6, HL-7, JY-3.3.6)."""
    rule = s.reading.matter.extension
    return rule is None or bool(roles.intersection(rule.approvers))


def require_approver(s: Situation, roles: frozenset[str]) -> None:
    """Raises `Refused` for whom the regulation does not name to decide on an extension of this matter."""
    rule = s.reading.matter.extension
    if rule is not None and not may_approve(s, roles):
        raise refuse("wrong_approver", rule.article, roles=", ".join(rule.approvers))


def may_assist(s: Situation, unit: str) -> bool:
    """Whether a unit got the work order beside the unit that answers and has not accepted its part yet (HL-6).

    A person who accepted is of the unit that was named first: every later unit assists.
    """
    named = s.reading.units
    answering = s.reading.name if s.reading.name in named else named[0] if named else ""
    accepted = any(fact.data.get("by") == unit for fact in s.case.all("accepted"))
    return unit in assisting_units(s) and unit != answering and not accepted


# Steps of rare days, unless they are owed.
_LAST = frozenset(
    {
        "accept_handover",
        "report_urgent",
        "record_absence",
        "end_absence",
        "leave_message",
        "file_complaint",
        "attach",
        "note",
    }
)


def _in_state(states: tuple[str, ...], s: Situation) -> bool:
    if states == ("any",):
        return True
    if states == ("open",):
        return s.reading.closed_by is None
    return s.state in states


_ANSWERS: Mapping[str, str] = {
    "receipt": "issue_receipt", "correction_notice": "notify_correction", "extension_notice": "notify_extension",
    "procedure_time_notice": "notify_procedure_time", "refusal_notice": "notify_refusal", "reply": "reply",
    "opinion": "reply", "feedback": "feed_back", "callback": "call_back", "identity_slip": "tell_identity",
    "signature": "record_signature", "visitor_contact": "contact_visitor", "urgent_report": "report_urgent",
    "complete": "complete", "report_back": "report_back", "review": "pass_review", "post_filing": "file_post_change",
}  # fmt: skip
_FORWARD: Mapping[str, tuple[str, ...]] = {
    "registered": ("judge_scope", "deliver", "accept"),
    "scope_pending": ("judge_scope", "hand_over", "refer_out", "request_lead", "deliver"),
    "accepted": ("accept",),
    "handover_pending": ("accept_handover", "accept"),
    "lead_pending": ("designate_lead",),
    "correction_pending": ("complete_materials",),
    "procedure": ("finish_procedure",),
    "extension_pending": ("approve_extension", "refuse_extension"),
    "refusal_pending": ("report_refusal", "decide_refusal"),
    "leaders_meeting": ("record_leaders_meeting", "decide_refusal"),
    "handling": ("complete", "issue_decision", "issue_certificate", "forward_up", "reply"),
}


def _suggested(assessment: Assessment, s: Situation) -> frozenset[str]:
    wanted = {_ANSWERS[item] for item in (*assessment.owed, assessment.duty) if item in _ANSWERS}
    if "deemed_consent" in assessment.overlays:
        wanted.add("confirm_deemed_consent")
    wanted.update(_FORWARD.get(assessment.state, ()))
    if s.reading.handed and s.reading.role == "receiving_unit":  # it answers, but nobody there has said so yet
        wanted.add("accept_handover")
    if s.reading.refusal_met is not None:  # the meeting has spoken: what is left is the decision
        wanted.discard("record_leaders_meeting")
    return frozenset(wanted)


def _needed(needs: str, s: Situation, assessment: Assessment) -> bool:
    if not needs:
        return True
    name, _, detail = needs.partition(":")
    if name == "stop":
        return detail in s.reading.stops and s.reading.stop is None
    if name == "proposal":
        return any(proposal.startswith(detail) for proposal in assessment.proposals)
    return _NEEDS[name](s, assessment)


def _unseen_change(case: Case) -> bool:
    """Whether a date was recomputed and nobody has said since that it was seen."""
    moved, seen = case.last("due_recomputed"), case.last("due_change_seen")
    return moved is not None and (seen is None or seen.index < moved.index)


def _completes(s: Situation, assessment: Assessment) -> bool:
    stops = s.reading.stops
    if "reported_back" in stops:
        return True  # L39: reporting back does not end the matter, completing it does
    if s.reading.stop is not None or stops & {"decision_issued", "certificate_issued", "forwarded_up"} - {"completed"}:
        return False
    return "completed" in stops or s.reading.matter.clock == "none"


def _reply(s: Situation, assessment: Assessment) -> bool:
    if "replied" in s.reading.stops:
        return s.reading.stop is None
    return s.state == "completed" or s.reading.matter.clock == "none"


_NEEDS: Mapping[str, Callable[[Situation, Assessment], bool]] = {
    "unsigned": lambda s, a: "signature" in a.owed,
    "identity": lambda s, a: "identity_slip" in a.owed,
    "receipt": lambda s, a: not s.case.first("receipt_issued"),
    "ticket": lambda s, a: bool(s.reading.matter.claimants),
    "not_taken": lambda s, a: s.reading.role in ("first_responder", "receiving_unit", "discipline_desk"),
    # Handed over once more by who took it over: it waits again, although a handler answers until somebody takes it.
    "handed": lambda s, a: (
        s.reading.handed and (s.state == "handover_pending" or s.reading.role in ("first_responder", "receiving_unit"))
    ),
    "papers": lambda s, a: "materials_received" in s.reading.matter.start or s.reading.matter.correction,
    "incomplete": lambda s, a: bool(s.reading.rounds) and s.reading.rounds[-1].completed is None,
    "untold": lambda s, a: (
        bool(s.reading.rounds) and s.reading.rounds[-1].completed is None and s.reading.rounds[-1].notice is None
    ),
    "filing": lambda s, a: needs_filing(s) and not s.reading.refusal,
    "no_filing": lambda s, a: not needs_filing(s),
    "refusal_unreported": lambda s, a: s.reading.refusal_reported is None,
    "refusal_undecided": lambda s, a: s.reading.refusal_reported is not None and s.reading.refusal_decided is None,
    "refusal_agreed": lambda s, a: s.reading.refusal_decided is not None,
    "procedures": lambda s, a: s.reading.matter.procedures,
    "procedure_untold": lambda s, a: "procedure_time_notice" in a.owed,
    "extension": lambda s, a: (
        s.reading.matter.extension is not None and s.clocks.main is not None and s.clocks.extending.notice_owed is None
    ),
    "extension_untold": lambda s, a: "extension_notice" in a.owed,
    "completes": _completes,
    "reply": _reply,
    "feedback": lambda s, a: "feedback" in a.owed,
    "several_units": lambda s, a: len(s.reading.units) > 1,
    "not_urgent_reported": lambda s, a: not s.case.first("urgent_reported"),
    "both_away": lambda s, a: a.responsible == "unit_head" and bool(s.case.first("absence_recorded")),
    "complaint": lambda s, a: bool(s.case.first("complaint_filed")) and not s.case.first("complaint_answered"),
    "message": lambda s, a: "visitor_contact" in a.owed,
    "masked": lambda s, a: reporter_is_apart(s) or any(s.case.value(field) for field in REVEALED_FIELDS),
    "due_changed": lambda s, a: _unseen_change(s.case),
}
