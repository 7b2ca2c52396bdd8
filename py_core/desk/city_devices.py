"""The city's figures for its devices on the centre's page of rules: typed inside their limits, and what they would do.

Must not know how a device follows them (`py_core.lease`, `py_core.eviction`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from py_core.city.filling import OpenSetting, device_setting
from py_core.desk.forms import Form
from py_core.desk.turn import Turn
from py_core.views.language import N_

FIGURE_WORDS = {
    "lease_days": N_("Days without contact"),
    "lease_warning_days": N_("Days of warning before"),
    "keep_own_days": N_("Cases of the person's unit (days)"),
    "keep_foreign_days": N_("Cases that are with another unit (days)"),
    "keep_least_days": N_("At least, even when space is short (days)"),
    "cases_most": N_("Cases at most"),
    "cases_warning": N_("Warning from this many cases"),
    "space_percent": N_("Percent of the storage in use"),
}


FIGURES_SAID = {
    "lease_days": N_("%(n)s days without contact"),
    "lease_warning_days": N_("warning %(n)s days before"),
    "keep_own_days": N_("%(n)s days for cases of the person's unit"),
    "keep_foreign_days": N_("%(n)s days for cases that are with another unit"),
    "keep_least_days": N_("at least %(n)s days, even when space is short"),
    "cases_most": N_("at most %(n)s cases"),
    "cases_warning": N_("warning from %(n)s cases on"),
    "space_percent": N_("%(n)s%% of the storage"),
}


def typed_figures(form: Form, setting: OpenSetting) -> dict[str, int]:
    """What was typed, each inside its limits and none larger than the one before it; else faults in the form."""
    known = device_setting(setting.id)
    value: dict[str, int] = {}
    for figure in known.figures:
        typed = form.value(figure.name)
        number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
        if not figure.least <= number <= figure.most:
            limits = {"least": figure.least, "most": figure.most}
            form.fault(figure.name, N_("Enter a whole number from %(least)s to %(most)s."), **limits)
        value[figure.name] = number
    if not form.errors and (rising := known.rising(value)):
        form.fault(rising, N_("This must not be more than the number above it."))
    return value


def figure_fields(turn: Turn, setting: OpenSetting) -> list[dict[str, str]]:
    """The fields of the form: what each is called, and its limits."""
    return [
        {
            "name": figure.name,
            "label": turn.say(FIGURE_WORDS[figure.name]),
            "hint": turn.say(N_("From %(least)s to %(most)s"), least=figure.least, most=figure.most),
        }
        for figure in device_setting(setting.id).figures
    ]


def devices_preview(turn: Turn, setting: OpenSetting, value: dict[str, int]) -> dict[str, Any]:
    """What the figures would do, in sentences: no case and no date depends on them."""
    said = [
        turn.say(
            N_(
                "Every device follows this from its next contact with the city record on; until then it follows what it knows. No due date changes."
            )
        )
    ]
    if setting.id == "device_lease":
        said.append(_away(turn, value["lease_days"]))
    else:
        said.append(
            turn.say(
                N_(
                    "Only cases that are finished and wholly in the city record leave a device; they come back on demand."
                )
            )
        )
    return {"sentences": said}


def _away(turn: Turn, days: int) -> str:
    view = turn.store.centre()
    devices = [each for each in (view.devices() if view else ()) if each.revoked_at is None]
    since = turn.surroundings.now - timedelta(days=days)
    away = sum(each.last_contact_at is not None and each.last_contact_at <= since for each in devices)
    return turn.say(
        N_(
            "Of %(all)s devices in use, %(n)s had their last contact before that. A device that has run out opens again by its next contact."
        ),
        n=away,
        all=len(devices),
    )
