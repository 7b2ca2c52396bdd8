"""What the paper of a supervision says: who asks whom to supervise, or who orders whom, and why (HL-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from py_core.city.rules import unit_of_case
from py_core.desk import case_view
from py_core.desk.slips_subject import Sheet
from py_core.packs.model import Supervision
from py_core.values import local
from py_core.views.language import N_

# Whose supervision is an order. The desk that receives the calls asks the office for it (HL-8).
_ORDERS = frozenset({"supervision_office", "leader"})


def unit_now(sheet: Sheet) -> str:
    """The unit in whose charge the case was when the form was issued."""
    assert sheet.then is not None
    return case_view.unit_name(sheet.turn, unit_of_case(sheet.then))


def _ordered(sheet: Sheet) -> bool:
    person = sheet.turn.directory.people.get(sheet.fact.user) if sheet.fact else None
    held = person.on(local(sheet.fact.at).date()) if person and sheet.fact else None
    return held is not None and not _ORDERS.isdisjoint(held.roles)


def _office(sheet: Sheet) -> str:
    return sheet.term("role.supervision_office")


def _paper(sheet: Sheet) -> str:
    return sheet.turn.say(N_("Supervision order") if _ordered(sheet) else N_("Request for supervision"))


def _instruction(sheet: Sheet) -> list[str]:
    return str(sheet.fact.data.get("instruction") or "").splitlines() if sheet.fact else []


def _triggered(sheet: Sheet) -> Supervision | None:
    key = str(sheet.fact.data.get("trigger", "")) if sheet.fact else ""
    return next((row for row in sheet.pack.supervision if row.id == key), None) if sheet.pack else None


def _trigger(sheet: Sheet) -> str:
    row = _triggered(sheet)
    if row is None:
        return str(sheet.fact.data.get("trigger", "")) if sheet.fact else ""
    return row.en if sheet.english else row.zh


def _trigger_article(sheet: Sheet) -> str:
    row = _triggered(sheet)
    return sheet.turn.cite(row.article, sheet.pack) if row else ""


SUPERVISION_SOURCES: Mapping[str, Callable[[Sheet], str | list[str]]] = {
    "supervision.about": lambda s: "" if _ordered(s) else unit_now(s),
    "supervision.instruction": lambda s: _instruction(s) if _ordered(s) else [],
    "supervision.office": lambda s: "" if _ordered(s) else _office(s),
    "supervision.paper": _paper,
    "supervision.to": lambda s: unit_now(s) if _ordered(s) else _office(s),
    "supervision.told": lambda s: s.turn.say(N_("your unit")) if _ordered(s) else "",
    "supervision.wish": lambda s: [] if _ordered(s) else _instruction(s),
    "trigger": _trigger,
    "trigger.article": _trigger_article,
}
