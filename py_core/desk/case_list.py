"""Lists of cases with filters: those of a unit for its people, the whole record for the centre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from py_core.desk import case_view
from py_core.desk.frame import page
from py_core.desk.left_page import left_like
from py_core.desk.ports import Response
from py_core.desk.turn import OpenCase, Turn
from py_core.views import language
from py_core.views.language import N_

ROWS_PER_PAGE = 100
_LIGHT_ORDER = {light: place for place, light in enumerate(case_view.LIGHTS)}
LIGHT_WORDS = {
    "overdue": N_("Overdue"), "red": N_("Red: due today"), "orange": N_("Orange: due next"), "yellow": N_("Yellow: due soon"),
    "green": N_("Green: in time"), "paused": N_("Paused"), "none": N_("No limit running"), "met": N_("Done in time"),
    "met_late": N_("Done late"),
}  # fmt: skip
FILTERS = ("q", "unit", "pack", "light", "state")


def show_cases(turn: Turn) -> Response:
    """The cases held here that this person's unit has to do with."""
    unit_id = turn.person.unit if turn.person else ""
    on_device = turn.surroundings.where == "device"
    note = turn.say(N_("those on this device")) if on_device else turn.say(N_("of your unit"))
    found = (
        opened
        for opened in turn.open_all()
        if on_device or case_view.of_unit(turn, opened, unit_id) or case_view.concerns(turn, opened)
    )
    return case_list(turn, found, "/cases", turn.say(N_("Cases")), "cases", scope_note=note, units=False)


def case_list(
    turn: Turn,
    cases: Any,
    action: str,
    title: str,
    where: str,
    *,
    scope_note: str,
    units: bool,
    subnavigation: Sequence[dict[str, Any]] = (),
) -> Response:
    """A filtered, ordered and paged list: the most urgent light first, then by due date."""
    wanted = {name: _asked(turn, name).strip()[:80] for name in FILTERS}
    states: dict[str, str] = {}
    rows: list[OpenCase] = []
    total = 0
    fits = _filter(turn, wanted)
    for opened in cases:
        total += 1
        state = opened.glance.state
        if state not in states:
            states[state] = case_view.state_name(turn, opened)
        if fits(opened):
            rows.append(opened)
    rows.sort(key=_urgency)
    pages = -(-len(rows) // ROWS_PER_PAGE)
    current = _page_number(turn, pages)
    shown = rows[(current - 1) * ROWS_PER_PAGE : current * ROWS_PER_PAGE]
    filtered = any(wanted.values())
    return page(
        turn,
        "cases.html",
        title,
        f"cases-{where}",
        {
            "total": len(rows) if filtered else total,
            "scope_note": scope_note,
            "action": action,
            "filters": wanted,
            "filtered": filtered,
            "selects": _selects(turn, states, units),
            "rows": [_row(turn, opened) for opened in shown],
            "show_unit": units,
            "subnavigation": list(subnavigation),
            "left": left_like(turn, wanted["q"]),
            "pages": {
                "count": pages,
                "current": current,
                "previous": current - 1 if current > 1 else 0,
                "next": current + 1 if current < pages else 0,
            },
        },
        where=where if where in ("cases", "centre") else "centre",
    )


def _urgency(opened: OpenCase) -> tuple[int, date, str]:
    found = opened.glance
    # Finished cases, newest first, stand below everything that still runs.
    return (_LIGHT_ORDER.get(found.light, len(_LIGHT_ORDER)), found.due or date.max, found.number)


def _filter(turn: Turn, wanted: dict[str, str]) -> Callable[[OpenCase], bool]:
    words = wanted["q"].casefold().split()

    def fits(opened: OpenCase) -> bool:
        case = opened.glance
        if wanted["pack"] and case.pack != wanted["pack"]:
            return False
        if wanted["unit"] and not case_view.of_unit(turn, opened, wanted["unit"]):
            return False
        if words:
            text = (
                f"{case_view.title_of(turn, opened)} {opened.number} {case_view.matter_name(turn, opened)}".casefold()
            )
            if not all(word in text for word in words):
                return False
        if wanted["state"] and case.state != wanted["state"]:
            return False
        return not wanted["light"] or case.light == wanted["light"]

    return fits


def _row(turn: Turn, opened: OpenCase) -> dict[str, Any]:
    found = opened.glance
    return {
        "id": opened.id,
        "light": found.light,
        "due": language.day_text(turn.lang, found.due) if found.due else "",
        "provisional": found.provisional,
        "title": case_view.title_of(turn, opened),
        "contested": found.contested,
        "number": opened.number,
        "unit": case_view.unit_name(turn, case_view.unit_of(opened)),
        "matter": case_view.matter_name(turn, opened),
        "state": case_view.state_name(turn, opened),
        "registered": language.day_text(turn.lang, found.registered) if found.registered else "",
    }


def _selects(turn: Turn, states: dict[str, str], units: bool) -> list[dict[str, Any]]:
    english = turn.lang == language.EN
    selects = [
        {
            "name": "light",
            "label": turn.say(N_("Light")),
            "options": [{"value": light, "text": turn.say(LIGHT_WORDS[light])} for light in case_view.LIGHTS],
        },
        {
            "name": "state",
            "label": turn.say(N_("State")),
            "options": [{"value": state, "text": text} for state, text in sorted(states.items())],
        },
        {
            "name": "pack",
            "label": turn.say(N_("Rules")),
            "options": [{"value": name, "text": pack.en if english else pack.zh} for name, pack in turn.packs.items()],
        },
    ]
    if units:
        options = [
            {"value": unit.id, "text": unit.en if english else unit.zh} for unit in turn.directory.units.values()
        ]
        selects.insert(0, {"name": "unit", "label": turn.say(N_("Unit")), "options": options})
    return selects


def _page_number(turn: Turn, pages: int) -> int:
    typed = _asked(turn, "page")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1
    return max(1, min(number, max(pages, 1)))


def _asked(turn: Turn, name: str) -> str:
    """A filter as it was sent: the form posts, because words that are looked for would stay in the browser's history."""
    return (turn.request.form.get(name) or turn.request.query.get(name) or [""])[-1]
