"""Cases that leave a device by the rule of `py_core.eviction`, and come back when somebody asks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from host.contents import only_in, uploading_cases
from host.device import StoredCase, as_json, law_of, moment, opened
from py_core.city.filling import DEVICES
from py_core.desk import turn
from py_core.desk.glance import Glance
from py_core.documents import is_case_id
from py_core.eviction import leaving as leaving_cases
from py_core.left import Left
from py_core.packs.device_figures import device_figures


def leaving(now_ms: int, used_percent: float) -> dict[str, Any]:
    """Finished cases that this device may part with now, their photographs and papers that no other case here names,
    and what it would keep of all that left (to be stored). `used_percent` is of the storage; 100: room is wanted."""
    device = opened()
    nothing = {"cases": [], "contents": [], "left": ""}
    if device.directory is None:
        return nothing
    person = device.directory.people.get(device.identity.user)
    busy = device.client.busy_cases | uploading_cases(device)
    now, law = moment(now_ms), law_of(device, device.directory)
    glances = {
        record.id: glance
        for record, glance in turn.true_glances(device.records.values(), law, now)
        if glance.until is None and record.id not in busy and is_case_id(record.id)
    }
    unit = person.unit if person else ""
    figures = device_figures(turn.rules_of(law).settings_of(DEVICES))
    cases = leaving_cases(
        glances.items(),
        len(device.records),
        unit,
        now,
        figures,
        used_percent=used_percent,
        more_to_come=device.client.more_to_come,
    )
    if not cases:
        return nothing
    device.leaving = {case_id: _left(device.records[case_id], glances[case_id], now_ms) for case_id in cases}
    left = left_text({**device.left, **device.leaving}, device.client.wanted)
    return {"cases": cases, "contents": only_in(device, cases), "left": left}


def left_now() -> None:
    """Believes that the cases that `leaving` named are deleted, after the worker has done so."""
    device = opened()
    for case_id in device.leaving:
        device.drop(case_id)
    device.client.let_go({case_id: each.top for case_id, each in device.leaving.items()})
    device.left.update(device.leaving)
    device.leaving = {}


def recall(case_id: str) -> str | None:
    """Asks a case back that left this device; gives what is to be stored, None when there is no such case."""
    device = opened()
    if case_id not in device.left:
        return None
    device.client.want(case_id)
    return left_text(device.left, device.client.wanted)


def left_text(left: Mapping[str, Left], wanted: Iterable[str]) -> str:
    return as_json({"cases": {case_id: each.as_row() for case_id, each in left.items()}, "wanted": list(wanted)})


def _left(record: StoredCase, glance: Glance, now_ms: int) -> Left:
    newest = max(json.loads(record.rows), key=lambda row: row[4])
    return Left(glance.number, glance.title, now_ms, newest[3], newest[4])
