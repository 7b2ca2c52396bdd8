"""缺少的记录: what never came of a device, and that a security officer looked into it, so that it alarms nobody any more.

The numbers stay with the device: a lost act that was recorded again has a new number and never fills its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from py_core.desk import case_view
from py_core.desk.centre import centre_menu
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.ports import ActsMissing, DeviceSeen, MissingLookedInto, NumbersMissing, Response
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N2_, N_

REASON_MAX = 500
RUNS_SHOWN = 10  # of missing numbers of one device


def missing_alert(turn: Turn, device: DeviceSeen, missing: ActsMissing) -> dict[str, Any]:
    """Which acts of a device never came, and since when that is known; what of them others handed in; the way on."""
    person = turn.directory.people.get(device.user)
    told = turn.say(
        N_(
            "Device %(code)s (%(who)s): of its acts no. %(numbers)s did not come, though later ones did. This is known since %(at)s."
        ),
        code=device.code,
        who=person.name if person else device.user,
        numbers=_numbers(turn, missing.alarming),
        at=language.moment_text(turn.lang, missing.since, short=True) if missing.since else "",
    )
    alarming = [n for n in missing.handed_in if any(run.first <= n <= run.last for run in missing.alarming)]
    handed_in = ""
    if alarming:
        handed_in = turn.say(
            N_("No. %(numbers)s is under late and refused work: somebody else handed it in. Look there first."),
            numbers=_numbers(turn, [NumbersMissing(n, n) for n in alarming]),
        )
    return {
        "text": told,
        "erased": _erased(turn, missing) if missing.looked is None else "",
        "handed_in": handed_in,
        "handed_in_href": "/centre/quarantine" if turn.may("read_whole_city") else "",
        "href": f"/centre/devices/{device.id}/missing" if turn.may("withdraw_devices") else "",
        "code": device.code,
    }


def missing_line(turn: Turn, missing: ActsMissing | None) -> str:
    """For the row of a device: every number that did not come, and what was found out about them."""
    if missing is None:
        return ""
    said = [turn.say(N_("no. %(numbers)s did not come"), numbers=_numbers(turn, missing.runs))]
    if missing.erased:
        said.append(_erased(turn, missing))
    if missing.looked is not None:
        looked = missing.looked
        said.append(
            turn.say(
                N_("up to no. %(n)d looked into by %(who)s on %(at)s: %(why)s"),
                n=looked.upto,
                who=case_view.person_name(turn, looked.by),
                at=language.moment_text(turn.lang, looked.at, short=True),
                why=looked.why,
            )
        )
    return turn.say(N_("; ")).join(said)


def show_missing(turn: Turn, device: str) -> Response:
    """Asks what was found out about the missing acts of a device."""
    found = _found(turn, device)
    if found is None:
        return problem(turn, 404, "unknown_device")
    highest = str(found[1].highest) if found[1] is not None else ""
    return _page(turn, *found, Form(turn, {}, {"key": turn.surroundings.new_id(), "upto": highest}))


def take_missing(turn: Turn, device: str) -> Response:
    """Keeps what was found out; what was not yet known when the page was made stays an alarm."""
    found = _found(turn, device)
    if found is None:
        return problem(turn, 404, "unknown_device")
    seen, missing = found
    if missing is None:  # they came meanwhile
        return Response(303, location="/centre/devices")
    form = Form(turn, turn.request.form)
    why = form.text("reason", REASON_MAX, needed=N_("Write what was found out: it is kept with the device."))
    typed = form.value("upto")
    upto = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 17 else 0
    if form.errors or not 1 <= upto <= missing.highest:
        return _page(turn, seen, missing, form, status=422)
    return Response(303, location="/centre/devices?done=missing_looked", decision=MissingLookedInto(seen.id, upto, why))


def _found(turn: Turn, device: str) -> tuple[DeviceSeen, ActsMissing | None] | None:
    """A device and what is missing of it."""
    view = turn.store.centre()
    seen = next((each for each in view.devices() if each.id == device), None) if view is not None else None
    return None if view is None or seen is None else (seen, view.missing_of(device))


def _page(turn: Turn, device: DeviceSeen, missing: ActsMissing | None, form: Form, status: int = 200) -> Response:
    return page(
        turn,
        "device_missing.html",
        turn.say(N_("Acts that did not come")),
        f"missing-{device.id}",
        {
            "device": device.id,
            "code": device.code,
            "who": case_view.person_name(turn, device.user),
            "line": missing_line(turn, missing),
            "form": form,
            "subnavigation": centre_menu(turn, "devices"),
        },
        status=status,
        where="centre",
    )


def _numbers(turn: Turn, runs: Sequence[NumbersMissing]) -> str:
    said = [f"{run.first}" if run.first == run.last else f"{run.first}–{run.last}" for run in runs[:RUNS_SHOWN]]
    numbers = turn.say(N_(", ")).join(said)
    return turn.say(N_("%(numbers)s and others"), numbers=numbers) if len(runs) > RUNS_SHOWN else numbers


def _erased(turn: Turn, missing: ActsMissing) -> str:
    if not missing.erased:
        return ""
    words = N2_(
        "%(n)d act that came and was erased after its period may be among them.",
        "%(n)d acts that came and were erased after their period may be among them.",
    )
    return turn.count(words, missing.erased)
