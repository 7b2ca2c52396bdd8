"""Lists of cases with filters: those of a unit for its people, the whole record for the centre."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from py_core.desk import case_view
from py_core.desk.contact_checks import tidy
from py_core.desk.duties import concerns
from py_core.desk.frame import page
from py_core.desk.glance import Glance
from py_core.desk.left_page import left_like
from py_core.desk.over import Finished, Key, Line, over, urgency
from py_core.desk.ports import Response
from py_core.desk.turn import OpenCase, Turn, forget_too
from py_core.views import language
from py_core.views.language import N_

ROWS_PER_PAGE = 50
_LIGHT_ORDER = {light: place for place, light in enumerate(case_view.LIGHTS)}
LIGHT_WORDS = {
    "overdue": N_("Overdue"), "red": N_("Red: due today"), "orange": N_("Orange: due next"), "yellow": N_("Yellow: due soon"),
    "green": N_("Green: in time"), "paused": N_("Paused"), "none": N_("No limit running"), "kept": N_("In time, still open"),
    "kept_late": N_("Late, still open"), "met": N_("Done in time"),
    "met_late": N_("Done late"),
}  # fmt: skip
FILTERS = ("q", "unit", "pack", "light", "state")


def show_cases(turn: Turn) -> Response:
    """The cases held here that this person's unit has to do with."""
    unit_id = turn.person.unit if turn.person else ""
    on_device = turn.surroundings.where == "device"
    held = over(turn) if on_device and not _asked(turn, "unit") else None
    note = turn.say(N_("those on this device")) if on_device else turn.say(N_("in your unit"))
    found = (
        opened
        for opened in (turn.open_all() if held is None else (OpenCase(turn, each) for each in held.others))
        if on_device or case_view.of_unit(turn, opened, unit_id) or concerns(turn, opened)
    )
    finished = None if held is None else held.finished
    return case_list(
        turn, found, "/cases", turn.say(N_("Cases")), "cases", scope_note=note, units=False, finished=finished
    )


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
    finished: Finished | None = None,
) -> Response:
    """A filtered, ordered and paged list: the most urgent light first, then by due date. `finished` are in it too,
    beside `cases`."""
    wanted = {name: _asked(turn, name).strip()[:80] for name in FILTERS}
    states: dict[str, str] = {}
    by_light: dict[str, list[OpenCase]] = {}
    total = 0
    fits = _filter(turn, wanted)
    for opened in cases:
        total += 1
        glance = opened.glance
        state = glance.state
        if state not in states:
            states[state] = case_view.state_name(turn, opened)
        if fits is None or fits(opened):
            by_light.setdefault(glance.light, []).append(opened)
    lines: dict[str, list[Line]] = {}
    if finished is not None:
        total += len(finished.cases)
        for state, line in finished.states.items():
            states.setdefault(state, case_view.state_name(turn, line.opened(turn)))
        lines = (
            finished.by_light if fits is None else finished.like(turn, _words_in(wanted), _words_of, _choices(wanted))
        )
    count = sum(map(len, by_light.values())) + sum(map(len, lines.values()))
    pages = -(-count // ROWS_PER_PAGE)
    current = _page_number(turn, pages)
    shown = _page_of(turn, by_light, lines, (current - 1) * ROWS_PER_PAGE)
    filtered = any(wanted.values())
    return page(
        turn,
        "cases.html",
        title,
        f"cases-{where}",
        {
            "total": count if filtered else total,
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


def _page_of(
    turn: Turn, by_light: dict[str, list[OpenCase]], lines: dict[str, list[Line]], first: int
) -> list[OpenCase]:
    """One page of the list, from row `first`: only the lights that reach into it are ordered."""
    shown: list[OpenCase] = []
    for light in sorted({*by_light, *lines}, key=lambda light: _LIGHT_ORDER.get(light, len(_LIGHT_ORDER))):
        open_ones, finished = by_light.get(light, []), lines.get(light, [])
        count = len(open_ones) + len(finished)
        if first < count:
            ordered: Iterable[OpenCase | Line] = merge(sorted(open_ones, key=_key), finished, key=_key)
            part = islice(ordered, first, first + ROWS_PER_PAGE - len(shown))
            shown += [each.opened(turn) if isinstance(each, Line) else each for each in part]
            if len(shown) == ROWS_PER_PAGE:
                break
        first = max(first - count, 0)
    return shown


def _key(each: OpenCase | Line) -> Key:
    return each.key if isinstance(each, Line) else urgency(each.id, each.glance)


def _words_in(wanted: dict[str, str]) -> list[str]:
    return tidy(wanted["q"]).casefold().split()


def _choices(wanted: dict[str, str]) -> Callable[[Glance], bool] | None:
    """What the chosen law, state and light let through; None: everything."""
    names = [name for name in ("pack", "state", "light") if wanted[name]]
    if not names:
        return None
    of = attrgetter(*names)
    chosen = tuple(wanted[name] for name in names) if len(names) > 1 else wanted[names[0]]
    return lambda glance: bool(of(glance) == chosen)


# The words by which a line of a list is found, by language and case. As in `turn`: only speed depends on it, and an
# entry counts for the very glance that it was made from.
_words: dict[str, dict[str, tuple[Glance, str]]] = {}
_WORDS_MAX = 50_000
forget_too(_words.clear)


def _words_of(turn: Turn, opened: OpenCase) -> str:
    title, matter = case_view.title_of(turn, opened), case_view.matter_name(turn, opened)
    return f"{title} {opened.number} {matter} {opened.glance.claimant_name}".casefold()


def _filter(turn: Turn, wanted: dict[str, str]) -> Callable[[OpenCase], bool] | None:
    if not any(wanted.values()):
        return None
    words, chosen = _words_in(wanted), _choices(wanted)
    known = _words.setdefault(turn.lang, {})

    def fits(opened: OpenCase) -> bool:
        case = opened.glance
        if words:  # first and without a call for each case: there may be ten thousand
            kept = known.get(opened.id)
            if kept is None or kept[0] is not case:
                if len(known) >= _WORDS_MAX:
                    known.clear()
                kept = known[opened.id] = (case, _words_of(turn, opened))
            for word in words:
                if word not in kept[1]:
                    return False
        return (chosen is None or chosen(case)) and (
            not wanted["unit"] or case_view.of_unit(turn, opened, wanted["unit"])
        )

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
