"""Whose duty a case is: the open cases of a person, of whom the person stands in for, or of a unit.

Today, the alerts, the calendar file and the hand-over record all ask here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from py_core.desk import case_view
from py_core.desk.over import unfinished
from py_core.desk.turn import OpenCase, Turn
from py_core.views.language import N_

MINE, STAND_IN, UNIT = "mine", "stand_in", "unit"


def usual_scope(turn: Turn) -> str:
    """Unit heads see their unit first, everybody else their own duties."""
    return UNIT if turn.may("see_unit_first") else MINE


def duties(turn: Turn, scope: str) -> Iterator[OpenCase]:
    """Open cases of the person (`MINE`), of those whose B post the person holds (`STAND_IN`), or of the unit (`UNIT`).

    What waits for the hotline desk alone is nobody else's duty.
    """
    unit = turn.person.unit if turn.person else ""
    stood_in_for = frozenset(stands_in_for(turn))
    for opened in unfinished(turn):
        if scope == UNIT:
            theirs = case_view.of_unit(turn, opened, unit)
        elif scope == STAND_IN:
            theirs = not stood_in_for.isdisjoint(opened.glance.people)
        else:
            theirs = concerns(turn, opened)
        if theirs and not _waits_elsewhere(turn, opened):
            yield opened


def _waits_elsewhere(turn: Turn, opened: OpenCase) -> bool:
    """Whether only the hotline desk can go on with it, by its review or call-back; it comes back when it is sent back."""
    glance = opened.glance
    decided_there = glance.state in ("review_pending", "callback_pending") and glance.role == "dispatch_desk"
    return decided_there and "dispatch_desk" not in turn.roles and not glance.noted


def scopes(turn: Turn) -> dict[str, str]:
    """Whose duties the person may look at, with the words of the choice."""
    found = {MINE: turn.say(N_("Mine"))}
    if others := stands_in_for(turn):
        names = turn.say(N_(", ")).join(case_view.person_name(turn, user) for user in others)
        found[STAND_IN] = turn.say(N_("Standing in for %(people)s"), people=names)
    return {**found, UNIT: turn.say(N_("My unit"))}


def stands_in_for(turn: Turn) -> tuple[str, ...]:
    """Whose work the person takes over today when they are away, by the city's A/B posts (BZ-AB-2)."""
    return turn.directory.stood_in_for(turn.identity.user, turn.moment.date())


def concerns(turn: Turn, opened: OpenCase) -> bool:
    """Whether a case is one of this person's.

    They registered it, took it or passed it on, or are named in it; it came to their unit and nobody there has taken it
    yet; or they hold the B post and the holder of the A post is recorded as away (BZ-AB-4).
    """
    glance, user = opened.glance, turn.identity.user
    if user in glance.people or user == glance.holder:
        return True
    if glance.role == "post_B":
        b_of = partial(turn.directory.stand_ins_of, day=turn.moment.date())
        return user in b_of(glance.people) and user in b_of({case_view.answers(turn, opened)})
    person = turn.person
    if person is None:
        return False
    if person.name in glance.people:
        return True
    return glance.holder != "" and glance.holder in case_view.names_of_unit(turn, person.unit)
