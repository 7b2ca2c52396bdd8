"""The gates of absences: of recording one, of its end, of a note that leaves a case out of one (BZ-AB-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.cases.commands.messages import refuse
from py_core.rules.absences import ABSENT, faults_of_first_day, is_about, standing, why_not_back
from py_core.rules.situation import Situation
from py_core.values import N_

Data = Mapping[str, Any]


def recorded(s: Situation, data: Data | None) -> None:
    if data is not None and data["to"] < data["from"]:
        raise refuse("malformed_field", s.pack.absence_article, {"to": N_("lies before the first day away")})
    if data is not None and data["who"] == "B" and data.get("stand_in"):
        raise refuse("malformed_field", s.pack.absence_article, {"stand_in": N_("is only for post A")})


def ended(s: Situation, data: Data | None) -> None:
    """Also an early return that is noticed late, after the last day; what took place is never called off."""
    today, article = s.timing.today, s.pack.absence_article
    known = [each for each in standing(s.case, s.reading) if each.can_end_early or each.first >= today]
    if not known:
        raise refuse("nobody_away", article)
    if data is None:
        return
    back, said = data["back"], str(data.get("first_day") or "")
    meant = [each for each in known if is_about({**data, "back": each.first}, each.fact)]
    days = [why_not_back(each.first, each.last, back, today) for each in meant]
    if all(days):
        raise refuse("malformed_field", article, {"back": days[-1] if days else N_("lies after the last day away")})
    found = [each for each, why in zip(meant, days, strict=True) if not why]
    firsts = [faults_of_first_day(each, back, today, said) for each in found]
    if wrong := next((why for why in firsts if why), ""):
        raise refuse("malformed_field", article, {"first_day": wrong})


def noted(s: Situation, data: Data | None) -> None:
    """A note that leaves the case out of an absence names it whole: whose it is, its first and its last day."""
    said = [name for name in ABSENT if name in data] if data is not None else []
    if data is None or not said:
        return
    article = s.pack.absence_article
    if not article:
        raise refuse("not_in_this_regulation", s.reading.matter.article)
    if lacking := {name: N_("is missing") for name in ABSENT if name not in said}:
        raise refuse("missing_field", article, lacking)
    if data["absent_to"] < data["absent_from"]:
        raise refuse("malformed_field", article, {"absent_to": N_("lies before the first day away")})
