"""What lists show of cases, kept sealed by the worker, so that the next start need not open them all."""

from __future__ import annotations

import json

from host.device import Device, as_json, law_of, moment, opened
from py_core.city import CITY_ID
from py_core.desk import turn
from py_core.desk.glance import Glance, glance_of

_kept = -1  # `turn.glances_taken` when they were given last


def kept_glances(now_ms: int) -> str | None:
    """Every glance that is true now, to be kept sealed; None when none was taken since they were given last."""
    global _kept
    device = opened()
    if device.directory is None or _kept == turn.glances_taken():
        return None
    _kept = turn.glances_taken()
    found = turn.true_glances(device.records.values(), law_of(device, device.directory), moment(now_ms))
    kept = {record.id: [record.fingerprint(), glance.as_row()] for record, glance in found}
    return as_json({"law": _law_name(device), "cases": kept})


def believe_glances(text: str, now_ms: int) -> int:
    """Takes what `kept_glances` gave, as far as it is about exactly these acts, this build and this directory, and
    still true; how many."""
    global _kept
    device = opened()
    kept = json.loads(text)
    if device.directory is None or kept["law"] != _law_name(device):
        return 0
    law, now = law_of(device, device.directory), moment(now_ms)
    taken = 0
    for case_id, (fingerprint, row) in kept["cases"].items():
        record = device.records.get(case_id)
        if record is not None and record.fingerprint() == fingerprint:
            glance = glance_of(row)
            if glance.is_true_at(now):
                turn.believe_glance(law, record, glance)
                taken += 1
    _kept = turn.glances_taken()
    return taken


def _law_name(device: Device) -> str:
    """Names packs and packaged calendar (they come with the build), the directory, the city document, and the form."""
    version = device.directory.version if device.directory is not None else 0
    city = device.records.get(CITY_ID)
    return f"{len(Glance.__slots__)} {device.app_version} {version} {city.fingerprint() if city is not None else 0}"
