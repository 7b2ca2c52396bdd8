"""The steps that a person may take in a case now: what the law offers, less the work of a unit that took the case over.

Owns no law (`cases.commands`): who belongs to which unit stands in the directory, which the law does not know.
"""

from __future__ import annotations

from py_core.cases.commands import Offered, possible
from py_core.desk import case_view
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.rules.situation import look
from py_core.views.language import N_

# What moves the case on or speaks to the person: the business of the unit that answers for it. Others may add what they
# know, take the case over or back, record a complaint, and whoever was asked first gives the receipt (JY-3.2.7).
_WORK = frozenset(
    {"complete", "finish", "reply", "feed_back", "report_back", "issue_decision", "issue_certificate", "forward_up",
     "judge_scope", "hand_over", "request_lead", "refer_out", "receive_materials", "notify_correction",
     "complete_materials", "start_procedure", "notify_procedure_time", "finish_procedure", "request_extension",
     "notify_extension", "propose_refusal", "report_refusal", "notify_refusal", "confirm_deemed_consent"}
)  # fmt: skip


def steps_now(turn: Turn, opened: OpenCase) -> tuple[Offered, ...]:
    """The lawful steps of this person, those that answer a duty first."""
    offered = possible(opened.case, turn.law(opened.case))
    if not any(item.command in _WORK for item in offered) or not answering_elsewhere(turn, opened):
        return offered
    return tuple(item for item in offered if item.command not in _WORK)


def require_here(turn: Turn, opened: OpenCase, command: str, article: str) -> None:
    """Raises `Refused` when the step belongs to another unit, which took the case over."""
    unit = answering_elsewhere(turn, opened) if command in _WORK else ""
    if unit:
        raise Refused(
            "answered_elsewhere",
            article,
            N_("%(unit)s took this case over and answers for it; this step is that unit's."),
            N_("Add a note with what you know, or have the case handed back to your unit."),
            {"unit": case_view.unit_name(turn, unit)},
        )


def answering_elsewhere(turn: Turn, opened: OpenCase) -> str:
    """The unit that took the case over, when it is another one than this person's and this one has no part in it.

    It is the unit of whoever took it over as it was on that day: people who move later take no case along.
    """
    taken = opened.case.last("handover_accepted")
    mine = turn.person.unit if turn.person else ""
    if taken is None or not mine or opened.assessment.responsible not in ("handler", "first_responder"):
        return ""
    taker = turn.directory.person_on(taken.data["by"], taken.day)
    if taker is None or taker.unit == mine:
        return ""
    law = turn.law(opened.case)
    lead = opened.case.last("lead_designated")
    part = {*look(opened.case, turn.packs, law.calendar, law.happened_at, law.policies).reading.units}
    part |= {lead.data["lead"], *lead.data.get("assists", ())} if lead is not None else set()
    return "" if part.intersection(case_view.names_of_unit(turn, mine)) else taker.unit
