"""The steps that a person may take in a case now: what the law offers, less the work of the unit that answers for it.

Owns no law (`cases.commands` says which steps are that unit's work): who belongs to which unit stands in the directory,
which the law does not know.
"""

from __future__ import annotations

from dataclasses import replace

from py_core.cases.commands import COMMANDS, Offered, possible
from py_core.cases.state import Fact
from py_core.desk import absence, case_view
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.rights import rights
from py_core.views.language import N_

# Said to both sides of a hand-over until somebody has taken the case over: whether it was handed to the reader's own
# unit, and whether handing over was enough.
_WHOSE_MOVE = {
    (True, True): N_(
        "This case was handed over to your unit, which answers for it now (%(article)s). Take it over, so that everybody sees who handles it."
    ),
    (True, False): N_(
        "This case was handed over to your unit. Until somebody takes it over, it stays with %(who)s (%(article)s)."
    ),
    (False, True): N_(
        "This case was handed over to %(unit)s, which answers for it now (%(article)s). If your unit is to go on with it, take it over first."
    ),
    (False, False): N_(
        "This case was handed over to %(unit)s. Until that unit takes it over, it stays with %(who)s (%(article)s)."
    ),
}


ABSENCE_STEPS = frozenset({"record_absence", "end_absence"})


def steps_now(turn: Turn, opened: OpenCase) -> tuple[Offered, ...]:
    """The lawful steps of this person, those that answer a duty first."""
    offered = possible(opened.case, turn.law(opened.case))
    if any(item.command in ABSENCE_STEPS for item in offered) and not absence.may_speak_of(turn, opened):
        offered = tuple(item for item in offered if item.command not in ABSENCE_STEPS)
    if not _works(turn, opened):
        offered = tuple(
            replace(item, suggested=item.suggested and not COMMANDS[item.command].is_work) for item in offered
        )
    if not any(COMMANDS[item.command].is_work for item in offered) or not answering_elsewhere(turn, opened):
        return offered
    return tuple(item for item in offered if not COMMANDS[item.command].is_work)


def _works(turn: Turn, opened: OpenCase) -> bool:
    """Whether such work is this person's at all: a leader may do it, but is not invited to do it before others."""
    roles = turn.roles.union(*(rights().roles[role].stands_for for role in turn.roles))
    return not roles.isdisjoint({"handler", opened.assessment.responsible})


def require_here(turn: Turn, opened: OpenCase, command: str, article: str) -> None:
    """Raises `Refused` when the step belongs to another unit, which answers for the case, or an absence to others."""
    if command in ABSENCE_STEPS and not absence.may_speak_of(turn, opened):
        raise Refused(
            "others_absence",
            article,
            N_("You neither handle this case nor stand in for whoever does; this absence is theirs to record."),
            N_("Tell them, whoever stands in for them, or the head of their unit."),
        )
    unit = answering_elsewhere(turn, opened) if COMMANDS[command].is_work else ""
    if unit:
        raise Refused(
            "answered_elsewhere",
            article,
            N_("%(unit)s answers for this case; this step is that unit's."),
            N_("Add a note with what you know, or take the case over if your unit is to go on with it."),
            {"unit": case_view.unit_name(turn, unit)},
        )


def answering_elsewhere(turn: Turn, opened: OpenCase) -> str:
    """The unit that answers for the case, when it is another one than this person's and this one has no part in it."""
    mine = turn.person.unit if turn.person else ""
    answering = _answering_unit(turn, opened) if mine else ""
    if not answering or answering == mine:
        return ""
    lead, sent = opened.case.last("lead_designated"), opened.case.last("handed_over")
    part = {*case_view.reading(turn, opened.case).units}
    if lead is not None:
        part.update(lead.data.get("assists", ()))
        if sent is None or sent.index < lead.index:  # else the lead itself has handed it over
            part.add(lead.data["lead"])
    return "" if part.intersection(case_view.names_of_unit(turn, mine)) else answering


def whose_move(turn: Turn, opened: OpenCase) -> str:
    """Whose move it is while a case that was handed over waits to be taken over, for both sides; empty otherwise."""
    sent, pack = _waiting(opened), opened.pack
    if sent is None or pack is None or not opened.assessment.open:
        return ""
    mine = turn.person.unit if turn.person else ""
    to_mine = bool(mine) and sent.data["to"] in case_view.names_of_unit(turn, mine)
    answers = opened.assessment.responsible == "receiving_unit"
    if (
        not answers and case_view.reading(turn, opened.case).stage != "handover_pending"
    ):  # what suspends the case shows before it
        return ""
    unit = case_view.unit_name(turn, sent.data["to"])
    who = case_view.responsible(turn, opened)
    return turn.say(_WHOSE_MOVE[to_mine, answers], unit=unit, who=who, article=pack.handover_article)


def _taken(opened: OpenCase) -> Fact | None:
    """By which act somebody took the case last: taken over, or accepted after it had been handed over."""
    taken, sent = case_view.taken(opened.case), opened.case.last("handed_over")
    if taken is None or taken.type != "accepted":
        return taken
    is_after = sent is not None and taken.index > sent.index and "by" in taken.data
    return taken if is_after else opened.case.last("handover_accepted")


def _waiting(opened: OpenCase) -> Fact | None:
    """The last hand-over, as long as nobody has taken the case over after it."""
    sent, taken = opened.case.last("handed_over"), _taken(opened)
    return None if sent is None or (taken is not None and taken.index > sent.index) else sent


def _answering_unit(turn: Turn, opened: OpenCase) -> str:
    """The unit that answers after a hand-over; empty where nobody was handed anything, or the city does not know it.

    Telling and guiding to the section in charge releases who was asked first under BZ-SW-4 and JY-3.2.5: that section
    answers from the hand-over on, whether or not somebody there has taken the case over yet. Under WH-SW-4(二) whoever
    was asked first answers until it is taken over, so there only the taking over counts (§5.2 L06).
    A taker's unit is the one of that day: people who move later take no case along.
    """
    role, sent = opened.assessment.responsible, _waiting(opened)
    if sent is not None and role == "receiving_unit":
        to = sent.data["to"]
        return next((unit for unit in turn.directory.units if to in case_view.names_of_unit(turn, unit)), "")
    taken = _taken(opened)
    if taken is None or role not in ("handler", "first_responder"):
        return ""
    taker = turn.directory.person_on(taken.data["by"], taken.day)
    return taker.unit if taker is not None else ""
