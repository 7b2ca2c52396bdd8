"""公布日历: one year's rest days by form or by file; what it does to open cases is shown before it is recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.city import CityFact
from py_core.city.events import CalendarPublished, read_city_event
from py_core.city.files import FileFault, read_calendar_file
from py_core.city.publication import LAYERS, RestSpan
from py_core.desk import city_words
from py_core.desk.centre import centre_menu
from py_core.desk.city_acts import (
    OVERTAKEN,
    already_done,
    form_key,
    impact_view,
    overtaken,
    record,
    rules_with,
    seen_acts,
    sent_before,
)
from py_core.desk.city_calendar_page import asked_year, year_view
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.errors import Malformed
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

SOURCE_MAX = 200
REASON_MAX = 500
NAME_MAX = 60
ROWS_MIN = 9
ROWS_MORE = 2
ROWS_MAX = 60
ISO_DAY_LENGTH = 10
_BETWEEN_DATES = re.compile(r"[\s,;，、；]+")
_WHERE = re.compile(r"(rest|workdays) (\d+)")


def show_publish(turn: Turn) -> Response:
    """The form, filled with what stands now for the year and layer (to be corrected), or with the usual holidays."""
    return _page(turn, Form(turn, {}, _defaults(turn)))


def take_publish(turn: Turn) -> Response:
    """Reads a file into the form, shows what the publication does, or records it."""
    form = Form(turn, turn.request.form)
    if form.value("do") == "file":
        return _take_file(turn, form)
    event, rows = _typed(turn, form)
    if not form.errors:
        try:
            read_city_event(event, turn.packs)
        except Malformed as error:
            _fault(form, error, rows, event["workdays"])
    location = f"/centre/calendar?year={event['year']}"
    if not form.errors and sent_before(turn, form, event):
        return already_done(location)
    if not form.errors and overtaken(turn, form, event):
        form.fault("year", OVERTAKEN)
    if form.errors:
        return _page(turn, form, status=422)
    if form.value("confirmed") == "yes":
        return record(turn, event, location)
    return _page(turn, form, preview=_preview(turn, event))


def _take_file(turn: Turn, form: Form) -> Response:
    typed = (turn.request.form.get("file") or [""])[-1]
    try:
        found = read_calendar_file(typed)
    except FileFault as error:
        words = turn.say(error.why)
        place = turn.say(N_("Line %(line)d: "), line=error.line) if error.line else ""
        name = "" if error.where == "file" else f"{error.where} "
        form.errors["file"] = f"{place}{name}{words}"
        return _page(turn, Form(turn, {}, _defaults(turn)), status=422, file_error=form.errors["file"])
    publication = found.publication
    values = {
        "layer": publication.layer,
        "place": publication.place,
        "year": str(publication.year),
        "source": found.source,
        "reason": found.reason,
        **_rows(publication.rest),
        "workdays": "\n".join(day.isoformat() for day in publication.workdays),
    }
    return _page(turn, Form(turn, {}, values), from_file=True)


def _typed(turn: Turn, form: Form) -> tuple[dict[str, Any], list[int]]:
    """The event that the form says and the row of each of its spans; faults are noted in the form."""
    layer = form.choice("layer", LAYERS)
    place = form.choice("place", list(turn.directory.units), N_("Choose the unit.")) if layer == "unit" else ""
    year = form.value("year")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        form.fault("year", N_("Enter a year, such as 2027."))
        year = "0"
    standing = _standing(turn, layer, place, int(year), seen_acts(turn, form))
    stands = standing is not None or (layer == "national" and int(year) in turn.store.calendar().loaded_years)
    source = form.text("source", SOURCE_MAX, needed=N_("Enter the number of the document that arranges this."))
    needed = N_("Something is published for this already: write why it is corrected.") if stands else ""
    reason = form.text("reason", REASON_MAX, needed=needed)
    rest: list[dict[str, str]] = []
    rows: list[int] = []
    for number in range(_rows_in(form)):
        names = [form.value(f"name_zh-{number}"), form.value(f"name_en-{number}")]
        days = [form.value(f"from-{number}"), form.value(f"to-{number}")]
        if not any(days):
            continue  # a row of the usual names that was left empty
        for name, day in zip(("from", "to"), days, strict=True):
            if not _is_day(day):
                form.fault(f"{name}-{number}", N_("Enter a date, such as 2026-12-01."))
        for lang, text in zip(("zh", "en"), names, strict=True):
            if not text or len(text) > NAME_MAX:
                form.fault(f"name_{lang}-{number}", N_("Enter the holiday's name in both languages."))
        rest.append({"name_zh": names[0], "name_en": names[1], "from": days[0], "to": days[1]})
        rows.append(number)
    workdays = [text for text in _BETWEEN_DATES.split(form.value("workdays")) if text]
    for text in workdays:
        if not _is_day(text):
            form.fault(
                "workdays", N_("“%(text)s” is not a date. Write one date per line, such as 2027-02-20."), text=text[:20]
            )
    event: dict[str, Any] = {
        "type": "calendar_published",
        "layer": layer,
        "place": place,
        "year": int(year),
        "rest": rest,
        "workdays": workdays,
        "source": source,
        "corrects": standing.act if standing else None,
        "reason": reason,
    }
    return event, rows


def _fault(form: Form, error: Malformed, rows: Sequence[int], workdays: Sequence[str]) -> None:
    """Puts a fault of the publication at the field where it was typed."""
    found = _WHERE.fullmatch(error.where)
    if found and found[1] == "workdays":
        form.errors.setdefault("workdays", f"{workdays[int(found[2]) - 1]}: {form.say(error.why)}")
    elif found:
        form.fault(f"from-{rows[int(found[2]) - 1]}", error.why)
    else:
        form.fault(error.where if error.where in ("layer", "place", "year", "workdays") else "from-0", error.why)


def _preview(turn: Turn, event: Mapping[str, Any]) -> dict[str, Any]:
    after = rules_with(turn, event)
    unit = str(event["place"])
    year = int(event["year"])
    before = turn.rules.calendar_of(unit) if unit else turn.rules.calendar
    shown = after.calendar_of(unit) if unit else after.calendar
    compared: list[dict[str, Any]] = [
        {"more": "", "year": each, "workdays": shown.workdays_between(date(each - 1, 12, 31), date(each, 12, 31))}
        for each in (year - 2, year - 1, year)
        if each == year or each in before.loaded_years
    ]
    if len(compared) > 1:
        compared[-1]["more"] = f"{compared[-1]['workdays'] - compared[-2]['workdays']:+d}"
    fields = [
        (name, text) for name, texts in turn.request.form.items() if name not in ("csrf", "do", "key") for text in texts
    ]
    return {
        **impact_view(turn, after),
        "view": year_view(turn, shown, year),
        "compared": compared,
        "fields": fields,
    }


def _page(
    turn: Turn,
    form: Form,
    *,
    preview: dict[str, Any] | None = None,
    file_error: str = "",
    from_file: bool = False,
    status: int = 200,
) -> Response:
    english = turn.lang == language.EN
    return page(
        turn,
        "city_publish.html",
        turn.say(N_("Publish or correct a calendar")),
        "city-publish",
        {
            "subnavigation": centre_menu(turn, "calendar"),
            "form": form,
            "key": form_key(turn),
            "rows": range(_rows_in(form)),
            "layers": [{"value": each, "text": turn.say(city_words.LAYER_WORDS[each])} for each in LAYERS],
            "units": [
                {"value": each.id, "text": each.en if english else each.zh} for each in turn.directory.units.values()
            ],
            "preview": preview,
            "file_error": file_error,
            "from_file": from_file,
        },
        status=status,
        where="centre",
    )


def _defaults(turn: Turn) -> dict[str, str]:
    today = local(turn.surroundings.now).date()
    year = asked_year(turn, today.year + 1)
    layer = (turn.request.query.get("layer") or ["national"])[-1]
    layer = layer if layer in LAYERS else "national"
    place = (turn.request.query.get("place") or [""])[-1] if layer == "unit" else ""
    values = {"layer": layer, "place": place, "year": str(year)}
    standing = _standing(turn, layer, place, year)
    if standing is not None and isinstance(standing.event, CalendarPublished):
        publication = standing.event.publication
        workdays = publication.workdays
        values |= {**_rows(publication.rest), "source": standing.event.source}
    elif layer == "national":
        packaged = turn.store.calendar()
        known = packaged.named_rest(year)
        workdays = packaged.makeup_days(year)
        if known:
            named = [(packaged.names_of(key), first, last) for first, last, key in known]
            values |= _rows([RestSpan(names.get("zh", ""), names.get("en", ""), a, b) for names, a, b in named])
        else:
            values |= _usual_names(packaged, today.year)
    else:
        workdays = ()
    return {**values, "workdays": "\n".join(day.isoformat() for day in workdays)}


def _usual_names(packaged: WorkCalendar, year: int) -> dict[str, str]:
    """The names of this year's holidays, for the dates of the next."""
    keys = dict.fromkeys(key for _, _, key in packaged.named_rest(year))
    values: dict[str, str] = {}
    for number, key in enumerate(keys):
        names = packaged.names_of(key)
        values |= {f"name_zh-{number}": names.get("zh", ""), f"name_en-{number}": names.get("en", "")}
    return values


def _rows(spans: Sequence[RestSpan]) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, span in enumerate(spans):
        values |= {
            f"name_zh-{number}": span.name_zh,
            f"name_en-{number}": span.name_en,
            f"from-{number}": span.first.isoformat(),
            f"to-{number}": span.last.isoformat(),
        }
    return values


def _rows_in(form: Form) -> int:
    """How many rows the form shows: all that have something in them, and a few more."""
    used = [
        n for n in range(ROWS_MAX) if any(form.value(f"{name}-{n}") for name in ("name_zh", "name_en", "from", "to"))
    ]
    return min(max(ROWS_MIN, (max(used) + 1 if used else 0) + ROWS_MORE), ROWS_MAX)


def _standing(turn: Turn, layer: str, place: str, year: int, seen: frozenset[str] | None = None) -> CityFact | None:
    """The publication that counts for a layer, place and year (among the acts that a form was made from)."""
    found = [
        fact
        for fact in turn.rules.facts
        if isinstance(fact.event, CalendarPublished)
        and fact.event.publication.place_in_law == (layer, place, year)
        and (seen is None or fact.act in seen)
    ]
    return found[-1] if found else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == ISO_DAY_LENGTH
