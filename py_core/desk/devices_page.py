"""设备: what every device last told of itself, what it has attested, and its withdrawal by a security officer.

What never came of a device is told by `missing_acts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from py_core.desk import case_view
from py_core.desk.attached_view import size_text
from py_core.desk.centre import centre_menu
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.missing_acts import missing_alert, missing_line
from py_core.desk.ports import ActsMissing, DeviceRevocation, DeviceSeen, LogForked, RecordRestored, Response
from py_core.desk.problems import problem
from py_core.desk.time_words import amount_text
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N_

REASON_MAX = 500
SILENT_AFTER = timedelta(days=3)  # a device that has said nothing for so long is marked
RESTORED_TOLD = timedelta(days=60)
CLOCK_RIGHT_MS = 2_000
CLOCK_WRONG_MS = 120_000
STORAGE_FULL_PERCENT = 90


def show_devices(turn: Turn) -> Response:
    """Every enrolled device: those that saw the log forked first, then those whose profile exists twice, then those that lost acts, then those with unsent work first, then those that were silent longest, then the unused."""
    view = turn.store.centre()
    if view is None:
        return problem(turn, 503, "needs_network")
    missing = view.missing()
    found = sorted(view.devices(), key=lambda each: _weight(each, missing.get(each.id)))
    restored = view.restored()
    return page(
        turn,
        "devices.html",
        turn.say(N_("Devices")),
        "devices",
        {
            "rows": [device_row(turn, each, restored, missing.get(each.id)) for each in found],
            "restored": _restored(turn, restored, found),
            "forked": [_forked(turn, each, each.forked) for each in found if each.forked is not None],
            "missing": [missing_alert(turn, each, missing[each.id]) for each in found if _alarms(missing.get(each.id))],
            "unsent": sum(each.waiting or 0 for each in found),
            "may_withdraw": turn.may("withdraw_devices"),
            "may_name": turn.may("name_devices"),
            "may_report": turn.may("report_lost_devices"),
            "subnavigation": centre_menu(turn, "devices"),
        },
        where="centre",
    )


def show_withdrawal(turn: Turn, device: str) -> Response:
    """Asks why a device is withdrawn, and says what that does."""
    found = find_device(turn, device)
    if found is None:
        return problem(turn, 404, "unknown_device")
    return _page(turn, found, Form(turn, {}, {"key": turn.surroundings.new_id()}))


def take_withdrawal(turn: Turn, device: str) -> Response:
    """Withdraws the device."""
    found = find_device(turn, device)
    if found is None:
        return problem(turn, 404, "unknown_device")
    if found.revoked_at is not None:
        return Response(303, location="/centre/devices?done=withdrawn_before")
    form = Form(turn, turn.request.form)
    why = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept with the device."))
    if form.errors:
        return _page(turn, found, form, status=422)
    return Response(303, location="/centre/devices?done=withdrawn", decision=DeviceRevocation(found.id, why))


CALLED = N_("%(code)s, %(name)s")


def device_names(turn: Turn) -> dict[str, str]:
    """What every page of the centre calls a device, by its id."""
    view = turn.store.centre()
    known = view.devices() if view is not None else ()
    return {each.id: turn.say(CALLED, code=each.code, name=each.name) for each in known}


def find_device(turn: Turn, device: str) -> DeviceSeen | None:
    """A device by its id, as the centre sees it."""
    view = turn.store.centre()
    return None if view is None else next((each for each in view.devices() if each.id == device), None)


def _page(turn: Turn, found: DeviceSeen, form: Form, status: int = 200) -> Response:
    return page(
        turn,
        "device_withdraw.html",
        turn.say(N_("Withdraw a device")),
        f"withdraw-{found.id}",
        {"row": device_row(turn, found, None), "form": form, "subnavigation": centre_menu(turn, "devices")},
        status=status,
        where="centre",
    )


def _alarms(missing: ActsMissing | None) -> bool:
    return missing is not None and bool(missing.alarming)


def _weight(device: DeviceSeen, missing: ActsMissing | None) -> tuple[bool, bool, bool, bool, int, bool, float]:
    at = device.last_contact_at
    return (
        device.revoked_at is not None,
        device.forked is None,
        device.frozen_at is None,
        not _alarms(missing),
        -(device.waiting or 0),
        at is None,
        at.timestamp() if at else 0.0,
    )


def _release(version: str) -> str:
    """A version without the name of its build: devices tell both."""
    return version.partition("+")[0]


def _restored(turn: Turn, restored: RecordRestored | None, found: Sequence[DeviceSeen]) -> str:
    """That the record came back from a backup, and how many devices have spoken with it since."""
    if restored is None or turn.surroundings.now - restored.at > RESTORED_TOLD:
        return ""
    back = [each for each in found if each.last_contact_at is not None and each.last_contact_at >= restored.at]
    in_use = [each for each in found if each.last_contact_at is not None and each.revoked_at is None]
    taken = _moment(turn, restored.taken_at) or turn.say(N_("a moment that is not known"))
    return turn.say(
        N_(
            "The record came back on %(at)s from a backup of %(taken)s. %(back)d of %(all)d devices have been in contact since and have offered again what they had from after it; what others made and nobody else has sent is under late and refused work. What was done at the centre itself after the backup has to be done again."
        ),
        at=_moment(turn, restored.at),
        taken=taken,
        back=len(back),
        all=len(in_use),
    )


def _forked(turn: Turn, device: DeviceSeen, forked: LogForked) -> str:
    """Which device saw the log forked, and what this record can say of it: who is right it cannot judge itself."""
    person = turn.directory.people.get(device.user)
    if not forked.seen_is_ours:
        judged = N_(
            "What the device had seen is not in this record’s log: the record was changed, or acts were taken out. Leave database and device as they are, run “shouwen verify”, and compare with a checkpoint that a witness keeps."
        )
    elif forked.told_is_ours:
        judged = N_(
            "Both stand in this record’s log, but the proof that was to join them was wrong: the log’s tree may be damaged. Run “shouwen verify”, and compare with a checkpoint that a witness keeps."
        )
    else:
        judged = N_(
            "What the device had seen is in this record’s log; what it was told then is not: another server answered in the record’s name. Find out which server the device reaches, and who holds the record’s signing key."
        )
    told = turn.say(
        N_(
            "Device %(code)s (%(who)s) reported on %(at)s: it had seen the log with %(seen)d acts, and was then shown one of %(told)d acts that does not continue it, under the record’s own signature. It keeps both and takes nothing of that answer."
        ),
        code=device.code,
        who=person.name if person else device.user,
        at=_moment(turn, forked.at),
        seen=forked.seen_size,
        told=forked.told_size,
    )
    return told + " " * (turn.lang == language.EN) + turn.say(judged)


def device_row(
    turn: Turn, device: DeviceSeen, restored: RecordRestored | None, missing: ActsMissing | None = None
) -> dict[str, Any]:
    person = turn.directory.people.get(device.user)
    at = device.last_contact_at
    silent = at is not None and turn.surroundings.now - at > SILENT_AFTER
    return {
        "id": device.id,
        "code": device.code,
        "name": device.name,
        "who": person.name if person else device.user,
        "unit": case_view.unit_name(turn, person.unit) if person else "",
        "contact": _moment(turn, at),
        "silent": silent,
        "before_restore": restored is not None and at is not None and at < restored.at and device.revoked_at is None,
        "waiting": device.waiting,
        "refused": device.refused,
        "held": device.held,
        "app": _release(device.app),
        "old_app": bool(device.app) and _release(device.app) != _release(turn.surroundings.app_version),
        "storage": _storage(turn, device),
        "storage_full": _percent(device) >= STORAGE_FULL_PERCENT,
        "storage_kept": device.storage_kept,
        "clock": _clock(turn, device.clock_offset_ms),
        "clock_wrong": abs(device.clock_offset_ms or 0) >= CLOCK_WRONG_MS,
        "purged": device.purged,
        "purged_at": _moment(turn, device.purged_at),
        "withdrawn": _moment(turn, device.revoked_at),
        "frozen": _moment(turn, device.frozen_at),
        "forked": device.forked is not None,
        "missing": missing_line(turn, missing),
        "missing_alarms": _alarms(missing),
    }


def _moment(turn: Turn, at: Any) -> str:
    return language.moment_text(turn.lang, at, short=True) if at else ""


def _percent(device: DeviceSeen) -> int:
    if not device.storage_quota or device.storage_used is None:
        return 0
    return min(100, 100 * device.storage_used // device.storage_quota)


def _storage(turn: Turn, device: DeviceSeen) -> str:
    if device.storage_used is None or not device.storage_quota:
        return ""
    used, quota = (size_text(size).replace(".0 ", " ") for size in (device.storage_used, device.storage_quota))
    return turn.say(N_("%(used)s of %(quota)s"), used=used, quota=quota)


def _clock(turn: Turn, offset_ms: int | None) -> str:
    """The device's clock against the record's, in words: seconds, minutes or hours, ahead or behind."""
    if offset_ms is None:
        return ""
    if abs(offset_ms) < CLOCK_RIGHT_MS:
        return turn.say(N_("right"))
    amount = amount_text(turn, timedelta(milliseconds=offset_ms))
    return turn.say(N_("%(amount)s ahead") if offset_ms > 0 else N_("%(amount)s behind"), amount=amount)
