"""The vetoes that stand in a case: entered by people after a decision about liability, never computed (BZ-KP-4)."""

from __future__ import annotations

from py_core.cases.state import Case, Fact


def standing_vetoes(case: Case) -> dict[tuple[int, str], Fact]:
    """By year and by whom it concerns: the entry that was not withdrawn since."""
    standing: dict[tuple[int, str], Fact] = {}
    for fact in case.facts:
        if fact.type == "veto_recorded":
            standing.setdefault((fact.data["year"], fact.data["subject"]), fact)
        elif fact.type == "veto_withdrawn":
            standing.pop((fact.data["year"], fact.data["subject"]), None)
    return standing
