"""丢失设备: what was on a device, for the report to the leader and to the people whose data it held; a page to print.

What a device still holds is known only from the record: everything that its person's unit was fed, less what the
device attested as gone. Contents of cases are counted; whether the device had opened a photograph is not known.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from py_core.city.events import SettingFilled
from py_core.city.filling import DEVICES
from py_core.desk import case_view, secrecy
from py_core.desk.centre import centre_menu
from py_core.desk.devices_page import device_row, find_device
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.turn import OpenCase, Turn
from py_core.lease import lease
from py_core.packs.device_figures import DeviceFigures, device_figures
from py_core.views import language
from py_core.views.language import N_

SHOWN_MAX = 500


def show_lost(turn: Turn, device: str) -> Response:
    """Which cases, whose, how many contents, what was unsent, until when it works without the record."""
    view, found = turn.store.centre(), find_device(turn, device)
    if view is None or found is None:
        return problem(turn, 404, "unknown_device")
    opened = [each for case_id in view.held_on(device) if (each := turn.open(case_id)) is not None]
    opened.sort(key=lambda each: (case_view.is_finished(each), each.number))
    works_until = lease(found.last_contact_at, turn.surroundings.now, _figures_known(turn, found.last_contact_at))
    contents = [_contents(each) for each in opened]
    return page(
        turn,
        "device_lost.html",
        turn.say(N_("What was on this device")),
        f"lost-{found.id}",
        {
            "row": device_row(turn, found, None),
            "enrolled": language.moment_text(turn.lang, found.enrolled_at),
            "works_until": language.moment_text(turn.lang, works_until.until) if works_until else "",
            "is_over": works_until is not None and works_until.is_over,
            "names": turn.may("read_whole_city"),
            "rows": [_row(turn, each, n) for each, n in zip(opened[:SHOWN_MAX], contents, strict=False)],
            "cases": len(opened),
            "contents": sum(contents),
            "more": max(len(opened) - SHOWN_MAX, 0),
            "may_withdraw": turn.may("withdraw_devices") and found.revoked_at is None,
            "subnavigation": centre_menu(turn, "devices"),
        },
        where="centre",
    )


def _figures_known(turn: Turn, last_contact_at: datetime | None) -> DeviceFigures:
    """What the device follows: the city's figures as they were at its last contact."""
    known = {
        fact.event.setting: fact.event.value
        for fact in turn.rules.facts
        if isinstance(fact.event, SettingFilled) and fact.event.pack == DEVICES
        if last_contact_at is not None and fact.at <= last_contact_at
    }
    return device_figures(known)


def _contents(opened: OpenCase) -> int:
    """How many photographs and papers the case's acts name."""
    return sum(len(fact.data.get("attachments") or ()) for fact in opened.case.facts)


def _row(turn: Turn, opened: OpenCase, contents: int) -> dict[str, Any]:
    hidden = not turn.may("read_whole_city")
    return {
        "id": opened.id,
        "number": opened.number,
        "title": "" if hidden else case_view.title_of(turn, opened),
        "who": "" if hidden else secrecy.claimant(turn, opened, "claimant_name") or "",
        "unit": case_view.unit_name(turn, case_view.unit_of(opened)),
        "state": case_view.state_name(turn, opened),
        "contents": contents,
    }
