"""服务承诺 · 新增: a wholly new service, published with its first version as an act of the centre."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from py_core.cases.events import COMPLETION_EVENTS
from py_core.city.events import read_city_event
from py_core.city.offers import WORDS
from py_core.desk import city_words
from py_core.desk.centre import centre_menu
from py_core.desk.city_acts import already_done, form_key, record, sent_before
from py_core.desk.city_offers_page import UNITS, version_event
from py_core.desk.city_words import OFFER_WORDS
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.directory import Offer
from py_core.errors import Malformed
from py_core.packs import Pack
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

_ID = re.compile(r"service-[0-9a-f]{12}")
_FIELDS = {"promise": "promise_n", "statutory": "statutory_n", "pack": "kind", "matter": "kind"}


def show_new_offer(turn: Turn) -> Response:
    """The empty form; the service gets its id here, so that sending it twice makes one service."""
    today = local(turn.surroundings.now).date()
    typed = {
        "service_id": f"service-{turn.surroundings.new_id()[:12]}", "makes": "1", "in_force_from": today.isoformat(),
        "promise_unit": "workday", "statutory_unit": "workday",
    }  # fmt: skip
    return _page(turn, Form(turn, {}, typed))


def take_new_offer(turn: Turn) -> Response:
    """Publishes the first version; a form that was sent before leads to the service that it made."""
    form = Form(turn, turn.request.form)
    kind, offer = form.choice("kind", [each["value"] for each in _kinds(turn)]), form.value("service_id")
    pack, _, matter = kind.partition(":")
    units = [each for each in form.values("unit") if each in turn.directory.units]
    if not _ID.fullmatch(offer):
        form.fault("kind", N_("The form lost its number. Open the page again; what you typed can be copied from here."))
    draft = Offer(offer, pack, matter, zh="", en="", units=tuple(units), version=0, in_force_from=date.min)
    event = version_event(turn, form, draft)
    if not form.errors:
        try:
            read_city_event(event, turn.packs)
        except Malformed as error:
            form.fault(_FIELDS.get(error.where, error.where), error.why)
    if form.errors:
        return _page(turn, form, status=422)
    made = f"/centre/offers/{offer}"
    if sent_before(turn, form, event) or offer in turn.directory.offers:
        return already_done(made)
    return record(turn, event, made)


def _kinds(turn: Turn) -> list[dict[str, str]]:
    """What a published service can be by the regulations: matters that live by a promise, and those offered already."""
    offered = {(offer.pack, offer.matter) for offer in turn.directory.offers.values()}
    english = turn.lang == language.EN

    def words(pack: Pack, matter: Any) -> str:
        return f"{pack.en if english else pack.zh} · {matter.en if english else matter.zh}"

    return [
        {"value": f"{pack.id}:{matter.id}", "text": words(pack, matter)}
        for pack in turn.packs.values()
        for matter in pack.matters.values()
        if matter.clock == "promise" or (pack.id, matter.id) in offered
    ]


def _page(turn: Turn, form: Form, status: int = 200) -> Response:
    english = turn.lang == language.EN
    return page(
        turn,
        "city_new_offer.html",
        turn.say(N_("Publish a new service")),
        "city-new-offer",
        {
            "subnavigation": centre_menu(turn, "offers"),
            "form": form,
            "key": form_key(turn),
            "kinds": _kinds(turn),
            "offices": [
                {"value": unit.id, "text": unit.en if english else unit.zh, "checked": unit.id in form.values("unit")}
                for unit in turn.directory.units.values()
            ],
            "words": [{"name": name, "label": turn.say(OFFER_WORDS[name])} for name in WORDS],
            "units": [{"value": each, "text": turn.say(city_words.UNIT_WORDS[each])} for each in UNITS],
            "completions": [
                {"value": each, "text": turn.say(city_words.COMPLETION_WORDS[each])} for each in COMPLETION_EVENTS
            ],
        },
        status=status,
        where="centre",
    )
