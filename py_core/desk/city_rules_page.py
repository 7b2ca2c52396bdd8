"""规则与设置: the readings in force, what the sources leave empty, and the forms by which the centre sets them."""

from __future__ import annotations

from datetime import date
from typing import Any

from py_core.city.events import PolicySet, read_city_event
from py_core.city.filling import COMMON, DEVICES, KEEPING, OpenSetting, setting_of, settings_of
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
    sent_before,
)
from py_core.desk.city_devices import devices_preview, figure_fields, typed_figures
from py_core.desk.forms import NEEDED, Form
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from py_core.errors import Malformed
from py_core.packs.device_figures import load_device_settings
from py_core.packs.model import Policy
from py_core.packs.retention import load_retention
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

REASON_MAX = 500
BASIS_MAX = 200
_ANSWER_UNITS = ("workday", "day", "week", "month")


def show_rules(turn: Turn) -> Response:
    """All policies with the reading in force today, the settings, and the centre's acts, newest first."""
    rules, today, retention, devices = turn.rules, _today(turn), load_retention(), load_device_settings()
    chosen = rules.readings(today)
    return page(
        turn,
        "city_rules.html",
        turn.say(N_("Rules and settings")),
        "city-rules",
        {
            "subnavigation": centre_menu(turn, "rules"),
            "policies": [_policy_row(turn, each, chosen) for each in turn.packs.common.policies.values()],
            "settings": [
                _setting_row(turn, each)
                for each in settings_of(turn.packs)
                if each.pack not in (COMMON, KEEPING, DEVICES)
            ],
            "words": [_setting_row(turn, each) for each in settings_of(turn.packs) if each.pack == COMMON],
            "keeping": [_setting_row(turn, each) for each in settings_of(turn.packs) if each.pack == KEEPING],
            "keeping_ground": retention.ground_en if turn.lang == language.EN else retention.ground_zh,
            "devices": [_setting_row(turn, each) for each in settings_of(turn.packs) if each.pack == DEVICES],
            "devices_ground": devices.ground_en if turn.lang == language.EN else devices.ground_zh,
            "history": [city_words.history_row(turn, fact) for fact in reversed(rules.facts)],
            "apart": [
                {"stands": city_words.history_row(turn, each.stands), "other": city_words.history_row(turn, each.other)}
                for each in rules.apart
            ],
            "unreadable": [{"type": each.type, "why": each.why, "hash": each.act[:12]} for each in rules.unreadable],
            "progress": turn.store.recomputing(),
        },
        where="centre",
    )


def _policy_row(turn: Turn, policy: Policy, chosen: dict[str, str]) -> dict[str, Any]:
    value = chosen.get(policy.id, policy.default)
    later = [
        fact.event
        for fact in turn.rules.facts
        if isinstance(fact.event, PolicySet)
        and fact.event.policy == policy.id
        and fact.event.in_force_from > _today(turn)
    ]
    return {
        "id": policy.id,
        "title": city_words.policy_title(turn, policy.id),
        "reading": city_words.reading(turn, policy.id, value),
        "is_default": value == policy.default,
        "others": [city_words.reading(turn, policy.id, each) for each in policy.options if each != value],
        "basis": turn.say(N_(", ")).join(policy.basis.split(", ")),
        "later": [
            {
                "day": language.day_text(turn.lang, each.in_force_from),
                "text": city_words.reading(turn, policy.id, each.value),
            }
            for each in later
        ],
    }


def _setting_row(turn: Turn, setting: OpenSetting) -> dict[str, Any]:
    filled = turn.rules.settings_of(setting.pack).get(setting.id)
    if setting.pack in (KEEPING, DEVICES) and filled is None:
        filled = setting.suggested  # it is followed as long as the city sets nothing else
    pack = turn.packs.get(setting.pack)
    return {
        "pack": setting.pack,
        "pack_name": (pack.en if turn.lang == language.EN else pack.zh) if pack else "",
        "id": setting.id,
        "title": setting.en if turn.lang == language.EN else setting.zh,
        "article": setting.article,
        "value": city_words.value_text(turn, setting, filled),
        "suggested": city_words.value_text(turn, setting, setting.suggested) if filled is None else "",
        "needed": setting.required and filled is None,
    }


# ------------------------------------------------------------------------------------------------ one policy


def show_policy(turn: Turn, policy: str) -> Response:
    """The form that sets one reading."""
    known = turn.packs.common.policies.get(policy)
    if known is None or len(known.options) < 2:
        return problem(turn, 404, "unknown_page")
    today = _today(turn)
    now = turn.rules.readings(today).get(known.id, known.default)
    form = Form(turn, {}, {"value": now, "in_force_from": today.isoformat()})
    return _policy_page(turn, known, form)


def take_policy(turn: Turn, policy: str) -> Response:
    """First shows what the change would do to open cases; records it when the person confirms."""
    known = turn.packs.common.policies.get(policy)
    if known is None or len(known.options) < 2:
        return problem(turn, 404, "unknown_page")
    form = Form(turn, turn.request.form)
    value = form.choice("value", known.options)
    day = _day(form, "in_force_from")
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept for ever with the act."))
    basis = form.text("basis", BASIS_MAX)
    if form.errors or day is None:
        return _policy_page(turn, known, form, status=422)
    event = {
        "type": "policy_set",
        "policy": known.id,
        "value": value,
        "in_force_from": day.isoformat(),
        "reason": reason,
    }
    if basis:
        event["basis"] = basis
    if sent_before(turn, form, event):
        return already_done("/centre/rules")
    if value == turn.rules.readings(day).get(known.id, known.default):
        form.fault("value", N_("This reading is already in force on that day."))
    elif overtaken(turn, form, event):
        form.fault("value", OVERTAKEN)
    if form.errors:
        return _policy_page(turn, known, form, status=422)
    if form.value("confirmed") == "yes":
        return record(turn, event, "/centre/rules")
    return _policy_page(turn, known, form, preview=_policy_preview(turn, event, day))


def _policy_preview(turn: Turn, event: dict[str, Any], day: date) -> dict[str, Any]:
    preview = impact_view(turn, rules_with(turn, event))
    if day > _today(turn):
        # No open case can have been received later than today: what matters is how cases like today's would look.
        first = {**event, "in_force_from": date(2000, 1, 1).isoformat()}
        preview["if_always"] = impact_view(turn, rules_with(turn, first))
    return preview


def _policy_page(
    turn: Turn, policy: Policy, form: Form, *, preview: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return page(
        turn,
        "city_policy.html",
        f"{policy.id} {city_words.policy_title(turn, policy.id)}",
        f"city-policy-{policy.id}",
        {
            "subnavigation": centre_menu(turn, "rules"),
            "policy": _policy_row(turn, policy, turn.rules.readings(_today(turn))),
            "form": form,
            "key": form_key(turn),
            "options": [
                {
                    "value": each,
                    "text": city_words.reading(turn, policy.id, each),
                    "hint": turn.say(N_("recommended")) if each == policy.default else "",
                }
                for each in policy.options
            ],
            "preview": preview,
        },
        status=status,
        where="centre",
    )


# ----------------------------------------------------------------------------------------------- one setting


def show_setting(turn: Turn, pack: str, setting: str) -> Response:
    """The form that fills in one value."""
    found = _setting(turn, pack, setting)
    if found is None:
        return problem(turn, 404, "unknown_page")
    value = turn.rules.settings_of(found.pack).get(found.id)
    if value is None and found.pack == DEVICES:
        value = found.suggested
    defaults = {"unit": "workday"}
    if isinstance(value, dict):
        defaults |= {name: str(each) for name, each in value.items()}
    elif value is not None:
        defaults["value"] = str(value)
    return _setting_page(turn, found, Form(turn, {}, defaults))


def take_setting(turn: Turn, pack: str, setting: str) -> Response:
    """Shows what the value would do to open cases, then records it."""
    found = _setting(turn, pack, setting)
    if found is None:
        return problem(turn, 404, "unknown_page")
    form = Form(turn, turn.request.form)
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept for ever with the act."))
    value = _typed_value(form, found)
    event = {"type": "setting_filled", "pack": found.pack, "setting": found.id, "value": value, "reason": reason}
    if not form.errors:
        try:
            read_city_event(event, turn.packs)
        except Malformed as error:
            form.fault("n" if found.kind == "period" else found.parts[0] if found.parts else "value", error.why)
    if not form.errors and sent_before(turn, form, event):
        return already_done("/centre/rules")
    if not form.errors and overtaken(turn, form, event):
        form.fault("reason", OVERTAKEN)
    if form.errors:
        return _setting_page(turn, found, form, status=422)
    if form.value("confirmed") == "yes":
        return record(turn, event, "/centre/rules")
    if found.pack == DEVICES:
        return _setting_page(turn, found, form, preview=devices_preview(turn, found, value))
    return _setting_page(turn, found, form, preview=impact_view(turn, rules_with(turn, event)))


def _typed_value(form: Form, setting: OpenSetting) -> Any:
    if setting.kind == "text":
        return form.text("value", 100, needed=NEEDED)
    if setting.kind == "period":
        return {"n": _number(form, "n"), "unit": form.choice("unit", _ANSWER_UNITS)}
    if setting.kind == "figures":
        return typed_figures(form, setting)
    if setting.kind == "numbers":
        return {name: _number(form, name) for name in setting.parts}
    return _number(form, "value")


def _number(form: Form, name: str) -> int:
    typed = form.value(name)
    if typed.isascii() and typed.isdigit() and len(typed) < 6 and int(typed) > 0:
        return int(typed)
    form.fault(name, N_("Enter a whole number above 0."))
    return 0


def _setting_page(
    turn: Turn, setting: OpenSetting, form: Form, *, preview: dict[str, Any] | None = None, status: int = 200
) -> Response:
    row = _setting_row(turn, setting)
    return page(
        turn,
        "city_setting.html",
        row["title"],
        f"city-setting-{setting.pack}-{setting.id}",
        {
            "subnavigation": centre_menu(turn, "rules"),
            "setting": {**row, "kind": setting.kind},
            "form": form,
            "key": form_key(turn),
            "parts": figure_fields(turn, setting)
            if setting.kind == "figures"
            else [
                {
                    "name": name,
                    "label": turn.say(city_words.PART_WORDS[name]) if name in city_words.PART_WORDS else name,
                    "hint": "",
                }
                for name in setting.parts
            ],
            "units": [{"value": each, "text": turn.say(city_words.UNIT_WORDS[each])} for each in _ANSWER_UNITS],
            "preview": preview,
        },
        status=status,
        where="centre",
    )


def _setting(turn: Turn, pack: str, setting: str) -> OpenSetting | None:
    try:
        return setting_of(turn.packs, pack, setting)
    except Malformed:
        return None


def _day(form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(form.value(name))
    except ValueError:
        form.fault(name, N_("Enter a date, such as 2026-12-01."))
        return None


def _today(turn: Turn) -> date:
    return local(turn.surroundings.now).date()
