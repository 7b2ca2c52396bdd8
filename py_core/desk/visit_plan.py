"""Planning a visit: enterprise, day, who goes, and the one act that it becomes."""

from __future__ import annotations

from datetime import date
from typing import Any

from py_core.desk.command_words import fault_text
from py_core.desk.contact_checks import read_identity, read_phone, tidy
from py_core.desk.enterprises import Enterprise, find_enterprise, known_enterprises
from py_core.desk.forms import FORM_KEY, NEEDED, Form
from py_core.desk.frame import page, redirect
from py_core.desk.ports import Response
from py_core.desk.recording import new_act
from py_core.desk.turn import Turn
from py_core.desk.visit_words import NAME_MAX, PLACE_MAX, PURPOSE_MAX, refusal_text
from py_core.errors import Refused
from py_core.rights import may
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_
from py_core.visits import plan_visit, visit_id

NUMBER_DIGITS = 6
KNOWN_MAX = 200
BAD_DAY = N_("Enter a date, such as 2026-12-01.")


def show_plan(turn: Turn) -> Response:
    """An empty plan with its own key; `?enterprise=` fills in what is known of one."""
    known = find_enterprise(turn, (turn.request.query.get("enterprise") or [""])[-1][:64])
    defaults = {
        "key": turn.surroundings.new_id(),
        "on": local(turn.surroundings.now).date().isoformat(),
        "officer": turn.identity.user,
    }
    if known is not None:
        defaults |= {"enterprise": known.name, **_details(known)}
    return _page(turn, Form(turn, {}, defaults))


def take_plan(turn: Turn) -> Response:
    """Plans the visit; a form that was sent before leads to the visit that it made."""
    form = Form(turn, turn.request.form)
    key = form.value("key")
    if not FORM_KEY.fullmatch(key):
        form.fault("key", N_("The form lost its number. Open the page again; what you typed can be copied from here."))
        return _page(turn, form, status=422)
    made = visit_id(key)
    if turn.store.visit(made) is not None:
        return redirect(f"/visits/{made}?done=visit_again")
    fields = _read(turn, form)
    if form.errors:
        return _page(turn, form, status=422)
    try:
        events = plan_visit(fields, local(turn.surroundings.now).date())
    except Refused as refused:
        for name, message in refused.fields.items():
            text = refusal_text(turn, refused) if refused.code == "bad_day" else turn.say(fault_text(message))
            form.errors.setdefault({"officers": "officer"}.get(name, name), text)
        return _page(turn, form, status=422)
    day = date.fromisoformat(fields["on"])
    if day < turn.moment.date():
        shown = language.day_text(turn.lang, day)
        form.doubt("on", shown, N_("This day is over. If the visit was made then, say so below; else correct it."))
    if form.errors:
        return _page(turn, form, status=422)
    act = new_act(turn, made, "plan", events, turn.surroundings.now)
    return Response(303, location=f"/visits/{made}?done=visit_planned", acts=(act,))


def _read(turn: Turn, form: Form) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "enterprise": form.text("enterprise", NAME_MAX, needed=N_("Enter the name of the enterprise.")),
        "code": form.text("code", 40),
        "address": form.text("address", PLACE_MAX),
        "contact": form.text("contact", NAME_MAX),
        "phone": form.text("phone", 40),
        "purpose": form.text("purpose", PURPOSE_MAX),
        "unit": turn.person.unit if turn.person else "",
        "number": f"{turn.identity.device_code}-{turn.surroundings.next_device_seq:0{NUMBER_DIGITS}d}",
    }
    if fields["code"]:
        fields["code"], fault = read_identity(fields["code"], "enterprise")
        if fault:
            form.fault("code", fault)
    if fields["phone"]:
        fields["phone"], fault = read_phone(fields["phone"])
        if fault:
            form.fault("phone", fault)
    day = read_day(form, "on")
    if day is not None:
        fields["on"] = day.isoformat()
    fields["officers"] = read_officers(turn, form)
    known = _of_name(turn, fields["enterprise"]) if fields["enterprise"] else None
    if known is not None and fields["code"] in ("", known.code):
        fields |= {name: fields[name] or text for name, text in _details(known).items()}
    return {name: value for name, value in fields.items() if value not in ("", [], None)}


def read_day(form: Form, name: str) -> date | None:
    """The typed day; None with a fault in the form."""
    try:
        return date.fromisoformat(tidy(form.value(name)))
    except ValueError:
        form.fault(name, BAD_DAY)
        return None


def read_officers(turn: Turn, form: Form) -> list[str]:
    """Who goes: those ticked of one's own unit and the one chosen from another."""
    chosen = [user for user in form.values("officer") if user]
    also = form.value("officer_of_other_unit")
    users = list(dict.fromkeys([*chosen, *([also] if also else [])]))
    if not users:
        form.fault("officer", N_("Choose who goes."))
    if any(user not in turn.directory.people for user in users):
        form.fault("officer", N_("Choose people of the city's directory."))
    return users


def _of_name(turn: Turn, name: str) -> Enterprise | None:
    return next((each for each in known_enterprises(turn).values() if name in each.names), None)


def _details(known: Enterprise) -> dict[str, str]:
    return {"code": known.code, "address": known.address, "contact": known.contact, "phone": known.phone}


def officer_choices(turn: Turn, chosen: list[str]) -> dict[str, Any]:
    """The people of one's own unit, and whoever else goes, to tick; those of other units to choose from."""
    own = turn.person.unit if turn.person else ""
    english = turn.lang == language.EN
    able = [person for person in turn.people if may(person.roles, "go_on_visits") and person.category != "support"]
    others = [
        {
            "label": unit.en if english else unit.zh,
            "options": [{"value": each.id, "text": each.name} for each in able if each.unit == unit.id],
        }
        for unit in turn.directory.units.values()
        if unit.id != own
    ]
    return {
        "own": [
            {
                "value": each.id,
                "text": each.name,
                "hint": each.title,
                "checked": each.id in chosen,
            }
            for each in sorted(able, key=lambda each: each.id != turn.identity.user)
            if each.unit == own or each.id in chosen
        ],
        "others": [group for group in others if group["options"]],
    }


def _page(turn: Turn, form: Form, status: int = 200) -> Response:
    chosen = form.values("officer") or ([form.value("officer")] if not turn.request.form else [])
    known = sorted(known_enterprises(turn).values(), key=lambda each: each.last or date.min, reverse=True)
    return page(
        turn,
        "visit_plan.html",
        turn.say(N_("Plan a visit")),
        f"visit-plan-{form.value('key')}",
        {
            "form": form,
            "officers": officer_choices(turn, chosen),
            "names": [each.name for each in known[:KNOWN_MAX]],
            "needed": turn.say(NEEDED),
        },
        status=status,
        where="visits",
    )
