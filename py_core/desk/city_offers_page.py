"""服务承诺: the published offers, a new version of one as an act of the centre, and the ledger of publications (F-28)."""

from __future__ import annotations

from datetime import date
from typing import Any

from py_core.cases.events import COMPLETION_EVENTS
from py_core.city.events import read_city_event
from py_core.city.offers import CHANNELS, WORDS, OfferPublished, PublicationRecorded, offer_row
from py_core.desk import city_words
from py_core.desk.centre import centre_menu
from py_core.desk.city_acts import OVERTAKEN, already_done, form_key, overtaken, record, sent_before
from py_core.desk.city_words import CHANNEL_WORDS, OFFER_WORDS
from py_core.desk.forms import NEEDED, Form
from py_core.desk.frame import page
from py_core.desk.over import unfinished
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.slips_sheet import demanded
from py_core.desk.slips_sources import resolve
from py_core.desk.slips_subject import Sheet
from py_core.desk.time_words import unit_term
from py_core.desk.turn import Turn
from py_core.directory import Offer
from py_core.errors import Malformed
from py_core.packs.prints import load_prints
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

TEXT_MAX, NAME_MAX, REASON_MAX, PLACE_MAX = 1000, 100, 500, 120
UNITS = ("workday", "day", "week", "month")
_FORMS = ("F-04", "F-26", "F-27")  # what is printed from an offer


def show_offers(turn: Turn) -> Response:
    """Every offer with its version in force and what its promise or guide would lack."""
    rows = [_row(turn, offer) for offer in turn.directory.offers.values()]
    return page(
        turn,
        "city_offers.html",
        turn.say(N_("Published services")),
        "city-offers",
        {"subnavigation": centre_menu(turn, "offers"), "rows": rows},
        where="centre",
    )


def show_offer(turn: Turn, offer: str) -> Response:
    """One offer: its versions, where they were published, and the form of the next version."""
    known = turn.directory.offers.get(offer)
    if known is None:
        return problem(turn, 404, "unknown_page")
    return _page(turn, known, Form(turn, {}, _typed(turn, known)))


def take_offer(turn: Turn, offer: str) -> Response:
    """Records a new version, or where one was published; a form that was sent before records nothing."""
    known = turn.directory.offers.get(offer)
    if known is None:
        return problem(turn, 404, "unknown_page")
    form = Form(turn, turn.request.form)
    publication = form.value("what") == "publication"
    event = _publication(turn, form, known) if publication else version_event(turn, form, known)
    if not form.errors:
        try:
            read_city_event(event, turn.packs)
        except Malformed as error:
            form.fault({"promise": "promise_n", "statutory": "statutory_n"}.get(error.where, error.where), error.why)
    back = f"/centre/offers/{offer}"
    if not form.errors and sent_before(turn, form, event):
        return already_done(back)
    if not form.errors and overtaken(turn, form, event):
        form.fault("reason", OVERTAKEN)
    if form.errors:
        return _page(turn, known, form, status=422)
    return record(turn, event, back)


def version_event(turn: Turn, form: Form, known: Offer) -> dict[str, Any]:
    """The act that a typed version makes after the known one; faults are noted in the form."""
    day = _day(form, "in_force_from")
    if day is not None and day < max(known.in_force_from, local(turn.surroundings.now).date()):
        form.fault(
            "in_force_from", N_("A new version counts from today or later, and not before the version that stands.")
        )
    row = offer_row(known) | {
        "zh": form.text("zh", NAME_MAX, needed=NEEDED),
        "en": form.text("en", NAME_MAX, needed=NEEDED),
        "version": _makes(form, known),
        "in_force_from": day.isoformat() if day else "",
        "materials": [line.strip() for line in form.text("materials", TEXT_MAX).splitlines() if line.strip()],
        **{name: form.text(name, TEXT_MAX) for name in WORDS},
    }
    for name in ("promise", "statutory"):
        old = dict(row.pop(name, None) or {})
        length = form.value(f"{name}_n")
        if length.isascii() and length.isdigit() and 0 < int(length) <= 999:
            row[name] = {**old, "n": int(length), "unit": form.choice(f"{name}_unit", UNITS)}
        elif length:
            form.fault(f"{name}_n", N_("Enter a whole number above 0."))
    completion = form.value("completion_event")
    row.pop("completion_event", None)
    if completion:
        row["completion_event"] = form.choice("completion_event", COMPLETION_EVENTS)
    _shorter_than_the_law(turn, form, known, row)
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept for ever with the act."))
    return {
        "type": "offer_published",
        "offer": {key: value for key, value in row.items() if value != ""},
        "reason": reason,
    }


def _shorter_than_the_law(turn: Turn, form: Form, known: Offer, row: dict[str, Any]) -> None:
    """A promise may not be longer than the law; BZ-XS-3 wants it shorter (C-23)."""
    pack, promise, statutory = turn.packs.get(known.pack), row.get("promise"), row.get("statutory")
    if pack is None or not promise or not statutory or promise["unit"] != statutory["unit"]:
        return
    if promise["n"] > statutory["n"] or (pack.promise_compare == "lt" and promise["n"] == statutory["n"]):
        form.fault(
            "promise_n",
            N_("The promise must not be longer than the limit in law (%(article)s)."),
            article=pack.promise_article,
        )


def _publication(turn: Turn, form: Form, known: Offer) -> dict[str, Any]:
    day = _day(form, "published_on")
    if day is not None and day > local(turn.surroundings.now).date():
        form.fault("published_on", N_("This moment lies in the future. Enter when it really happened."))
    versions = [str(each.version) for each in _versions(turn, known)]
    version = form.choice("version", versions)
    return {
        "type": "publication_recorded",
        "offer": known.id,
        "version": int(version or 0),
        "channel": form.choice("channel", CHANNELS),
        "place": form.text("place", PLACE_MAX, needed=NEEDED),
        "published_on": day.isoformat() if day else "",
        "reason": form.text("note", REASON_MAX),
    }


def _versions(turn: Turn, offer: Offer) -> tuple[Offer, ...]:
    return (offer, *turn.directory.earlier_offers.get(offer.id, ()))


def _typed(turn: Turn, offer: Offer) -> dict[str, str]:
    today = local(turn.surroundings.now).date()
    typed = {
        "zh": offer.zh, "en": offer.en, "in_force_from": max(today, offer.in_force_from).isoformat(),
        "materials": "\n".join(offer.materials), "completion_event": offer.completion_event or "",
        "promise_unit": "workday", "statutory_unit": "workday", "published_on": today.isoformat(),
        "version": str(offer.version), "makes": str(offer.version + 1), "channel": CHANNELS[0],
        **{name: getattr(offer, name) for name in WORDS},
    }  # fmt: skip
    for name in ("promise", "statutory"):
        period = getattr(offer, name)
        if period:
            typed |= {f"{name}_n": str(period["n"]), f"{name}_unit": period["unit"]}
    return typed


def _row(turn: Turn, offer: Offer) -> dict[str, Any]:
    today = local(turn.surroundings.now).date()
    current = turn.directory.offer_on(offer.id, today)
    shown = current or offer
    pack = turn.packs.get(offer.pack)
    english = turn.lang == language.EN
    return {
        "id": offer.id,
        "name": offer.en if english else offer.zh,
        "pack": (pack.en if english else pack.zh) if pack else offer.pack,
        "promise": _period(turn, shown),
        "version": _version_text(turn, shown),
        "since": language.day_text(turn.lang, shown.in_force_from),
        "later": [
            {"version": _version_text(turn, each), "day": language.day_text(turn.lang, each.in_force_from)}
            for each in _versions(turn, offer)
            if each.in_force_from > today
        ],
        "lacking": _lacking(turn, shown),
        "published": sum(
            isinstance(fact.event, PublicationRecorded) and fact.event.offer == offer.id
            for fact in turn.rules.publications
        ),
    }


def _version_text(turn: Turn, offer: Offer) -> str:
    return turn.say(N_("v%(version)s"), version=offer.version)


def _makes(form: Form, known: Offer) -> int:
    """The version that this form makes; whoever publishes from a form that was overtaken is told so."""
    typed = form.value("makes")
    made = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else known.version + 1
    return made if made <= known.version + 1 else known.version + 1


def _period(turn: Turn, offer: Offer) -> str:
    pack = turn.packs.get(offer.pack)
    if not offer.promise or pack is None:
        return ""
    n = offer.promise["n"]
    return f"{n} {pack.term(unit_term(offer.promise['unit'], n), turn.lang)}"


def _lacking(turn: Turn, offer: Offer) -> list[str]:
    """The demanded entries of the guide and the promise that this version does not have."""
    unit = next((turn.directory.units[key] for key in offer.units if key in turn.directory.units), turn.unit)
    sheet = Sheet(turn, offer=offer, unit=unit)
    found: dict[str, None] = {}
    for form, plan in load_prints().items():
        if form not in _FORMS or plan.subject != "offer" or offer.pack not in plan.form.sources:
            continue
        for each in plan.fields:
            if demanded(each, offer.pack) and not resolve(sheet, each.source):
                head, _, name = each.source.partition("|")[0].partition(".")
                ours = OFFER_WORDS.get(name) if head == "offer" else None  # as the form below calls it
                found[turn.say(ours) if ours else each.label[turn.lang == language.EN]] = None
    return list(found)


def _page(turn: Turn, offer: Offer, form: Form, status: int = 200) -> Response:
    name = offer.en if turn.lang == language.EN else offer.zh
    facts = [
        fact
        for fact in reversed(turn.rules.facts)
        if (isinstance(fact.event, OfferPublished) and fact.event.offer.id == offer.id)
        or (isinstance(fact.event, PublicationRecorded) and fact.event.offer == offer.id)
    ]
    kept = sum(opened.glance.offer == offer.id for opened in unfinished(turn))
    return page(
        turn,
        "city_offer.html",
        name,
        f"city-offer-{offer.id}",
        {
            "subnavigation": centre_menu(turn, "offers"),
            "offer": _row(turn, offer),
            "versions": [_row_of_version(turn, each) for each in _versions(turn, offer)],
            "form": form,
            "key": form_key(turn),
            "open_cases": kept,
            "words": [{"name": name, "label": turn.say(OFFER_WORDS[name])} for name in WORDS],
            "units": [{"value": each, "text": turn.say(city_words.UNIT_WORDS[each])} for each in UNITS],
            "completions": [
                {"value": each, "text": turn.say(city_words.COMPLETION_WORDS[each])} for each in COMPLETION_EVENTS
            ],
            "channels": [{"value": each, "text": turn.say(CHANNEL_WORDS[each])} for each in CHANNELS],
            "version_choices": [
                {"value": str(each.version), "text": _version_text(turn, each)} for each in _versions(turn, offer)
            ],
            "history": [city_words.history_row(turn, fact) for fact in facts],
        },
        status=status,
        where="centre",
    )


def _row_of_version(turn: Turn, offer: Offer) -> dict[str, Any]:
    return {
        "version": _version_text(turn, offer),
        "since": language.day_text(turn.lang, offer.in_force_from),
        "promise": _period(turn, offer),
        "lacking": _lacking(turn, offer),
    }


def _day(form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(form.value(name))
    except ValueError:
        form.fault(name, N_("Enter a date, such as 2026-12-01."))
        return None
