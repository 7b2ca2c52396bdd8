"""Whose duty a case is: the open cases of a person or of a unit, as Today, the alerts and the calendar file show them."""

from __future__ import annotations

from collections.abc import Iterator

from py_core.desk import case_view
from py_core.desk.turn import OpenCase, Turn


def usual_scope(turn: Turn) -> str:
    """Unit heads see their unit first, everybody else their own duties."""
    return "unit" if turn.may("see_unit_first") else "mine"


def duties(turn: Turn, scope: str) -> Iterator[OpenCase]:
    """Open cases of the person (`mine`) or of the person's unit (`unit`)."""
    unit = turn.person.unit if turn.person else ""
    for opened in turn.unfinished():
        theirs = case_view.of_unit(turn, opened, unit) if scope == "unit" else case_view.concerns(turn, opened)
        if theirs:
            yield opened
