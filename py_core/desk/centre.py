"""中心: the whole record by light and unit, the list, and the entrance to what has to be decided."""

from __future__ import annotations

from collections import Counter
from typing import Any

from py_core.desk import case_view
from py_core.desk.case_list import case_list
from py_core.desk.frame import page
from py_core.desk.over import unfinished
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.desk.undecided_warning import undecidable_warning, undecided_warning
from py_core.desk.unerased_warning import unerased_warning
from py_core.desk.year_warning import year_warning
from py_core.views import language
from py_core.views.language import N_

COLUMNS = ("overdue", "red", "orange", "yellow", "green", "paused")
# The table has them all, so that a row's columns add up to what is open.
_TABLE = (*COLUMNS, "undated")
# Open without a running date: told as one figure.
_UNDATED = frozenset({"none", "kept", "kept_late"})


def centre_menu(turn: Turn, current: str, queue: int | None = None) -> list[dict[str, Any]]:
    """The pages of the centre for this person; `queue` is the number of open contradictions where it is known."""
    if queue is None and turn.may("read_whole_city"):
        queue = sum(opened.glance.contested for opened in unfinished(turn))
    items: tuple[tuple[str, str, str, str], ...] = (
        ("overview", "/centre", N_("Overview"), "see_centre"),
        ("cases", "/centre/cases", N_("All cases"), "read_whole_city"),
        ("reconciliation", "/centre/reconciliation", N_("Reconciliation"), "read_whole_city"),
        ("quarantine", "/centre/quarantine", N_("Late and refused work"), "read_whole_city"),
        ("vetoes", "/centre/vetoes", N_("Veto register"), "read_whole_city"),
        ("keeping", "/centre/keeping", N_("Keeping and erasure"), "see_keeping"),
        ("carried", "/centre/carried", N_("Carried files"), "bring_carried_files"),
        ("rules", "/centre/rules", N_("Rules and settings"), "change_city_rules"),
        ("calendar", "/centre/calendar", N_("Calendar"), "change_city_rules"),
        ("offers", "/centre/offers", N_("Published services"), "change_city_rules"),
        ("people", "/centre/people", N_("People and posts"), "manage_people"),
        ("devices", "/centre/devices", N_("Devices"), "see_devices"),
        ("sessions", "/centre/sessions", N_("Sessions and lockouts"), "manage_sessions"),
        ("audit", "/centre/audit", N_("Audit trail"), "read_audit"),
    )
    counts = {"reconciliation": queue or 0, "quarantine": _held_back(turn)}
    return [
        {"href": href, "label": turn.say(label), "count": counts.get(name, 0), "current": name == current}
        for name, href, label, right in items
        if turn.may(right)
    ]


def _held_back(turn: Turn) -> int:
    view = turn.store.centre()
    return 0 if view is None else view.held_count()


def show_overview(turn: Turn) -> Response:
    """Counts of the whole record: open duties by light, by unit, contradictions to decide."""
    lights: Counter[str] = Counter()
    by_unit: dict[str, Counter[str]] = {}
    total = queue = 0
    for opened in turn.open_all():
        total += 1
        queue += opened.glance.contested
        counts = by_unit.setdefault(case_view.unit_of(opened), Counter())
        counts["all"] += 1
        if opened.glance.open:
            light = "undated" if opened.glance.light in _UNDATED else opened.glance.light
            lights[light] += 1
            counts[light] += 1
            counts["open"] += 1
    english = turn.lang == language.EN
    rows = [
        {
            "id": unit.id,
            "name": unit.en if english else unit.zh,
            "open": by_unit[unit.id]["open"],
            "lights": [by_unit[unit.id][light] for light in _TABLE],
            "all": by_unit[unit.id]["all"],
        }
        for unit in sorted(turn.directory.units.values(), key=lambda unit: _weight(by_unit.get(unit.id)))
        if unit.id in by_unit
    ]
    return page(
        turn,
        "centre.html",
        turn.say(N_("Centre")),
        "centre",
        {
            "total": total,
            "queue": queue,
            "may_open": turn.may("read_whole_city"),
            "warning": year_warning(turn),
            "unerased": unerased_warning(turn),
            "undecided": undecided_warning(turn),
            "undecidable": undecidable_warning(turn),
            "subnavigation": centre_menu(turn, "overview", queue),
            "lights": [{"light": light, "n": lights[light]} for light in COLUMNS],
            "undated": lights["undated"],
            "light_columns": _TABLE,
            "units": rows,
        },
        where="centre",
    )


def _weight(counts: Counter[str] | None) -> list[int]:
    # The unit with most overdue cases first, then red, and so on.
    return [-counts[light] for light in (*COLUMNS, "all")] if counts else []


def show_city_list(turn: Turn) -> Response:
    """Every case of the record, filtered."""
    return case_list(
        turn,
        turn.open_all(),
        "/centre/cases",
        turn.say(N_("All cases")),
        "centre",
        scope_note=turn.say(N_("whole city")),
        units=True,
        subnavigation=centre_menu(turn, "cases"),
    )
