"""What the worker calls: one device's records in memory, pages from `py_core.desk`, the sync client.

Takes and gives JSON texts and bytes only. It never touches storage or network: the worker stores first and tells
this module afterwards (`recorded`, `sync_commit`), so that memory never knows more than the disk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from host import rehearsal
from host.compiled_templates import CompiledTemplates
from host.contents import content_kept, enclosed, load_contents, upload_failed, upload_go, upload_moved, upload_next
from host.device import (
    StoredCase,
    as_json,
    fields,
    load_records,
    lock,
    moment,
    open_device,
    opened,
    packs,
    recorded_act,
)
from host.exchange import (
    carry_out,
    carry_problem,
    decode_change,
    key_steps,
    load_waiting,
    notice_after,
    offer_again,
    read_receipts,
    settle,
    sync_around,
    sync_commit,
    sync_events_lost,
    sync_failed,
    sync_nudged,
    sync_poll_ms,
    sync_read,
    sync_request,
    sync_state,
    sync_stuck,
    waiting_act,
)
from host.kept_glances import believe_glances, kept_glances
from host.leaving import leaving, left_now, recall
from host.store import DeviceStore
from py_core import desk
from py_core.calendars import national
from py_core.desk import frame
from py_core.desk.ports import CarriedOut, OfferedAgain, Request, Surroundings
from py_core.enclosed import attachments_of
from py_core.lease import Seen
from py_core.views.environment import make_environment

__all__ = [
    "believe_glances", "carry_out", "carry_problem", "content_kept", "decode_change", "enclosed", "kept_glances",
    "key_steps", "leaving", "left_now", "load_contents", "load_records", "load_waiting", "lock", "notice_after", "offer_again", "open_device", "problem",
    "read_receipts", "recall", "recorded", "rehearse", "respond", "settle", "sync_around", "sync_commit",
    "sync_events_lost", "sync_failed", "sync_nudged", "sync_poll_ms", "sync_read", "sync_request", "sync_state", "sync_stuck", "upload_failed", "upload_go",
    "upload_moved", "upload_next", "warm",
]  # fmt: skip


def warm() -> None:
    """Reads what every page needs, before anybody is there to wait for it."""
    frame.use_environment(make_environment(CompiledTemplates()))
    packs()
    national()


def rehearse() -> None:
    """Makes the pages of a day for somebody invented and forgets them; for an engine whose memory will be kept."""
    open_device(rehearsal.device())
    try:
        load_records(rehearsal.record())
        for request in rehearsal.requests():
            status = json.loads(respond(request))["status"]
            if status != 200:
                raise RuntimeError(f"{status} for {request}")
    finally:
        lock()


def respond(text: str) -> str:
    """One page: request as JSON in, `{status, html, location, acts, clock}` out. The worker stores the acts and then
    calls `recorded` before it shows the answer."""
    device = opened()
    data = json.loads(text)
    surroundings = Surroundings(
        now=moment(data["now_ms"]).replace(microsecond=0),
        new_id=lambda: os.urandom(16).hex(),
        next_device_seq=data["next_device_seq"],
        app_version=device.app_version,
        beacon=data["beacon"],
        beacon_time=moment(data["beacon_time_ms"]) if data["beacon_time_ms"] is not None else None,
        since_beacon_ms=data["since_beacon_ms"],
        where="device",
    )
    contact = data["last_contact_ms"]
    seen = _seen(data)
    carried, restored = data.get("carried"), data.get("restored")
    store = DeviceStore(
        device,
        None if contact is None else moment(contact),
        None if carried is None else CarriedOut(carried["name"], carried["count"], moment(carried["atMs"])),
        None if restored is None else OfferedAgain(moment(restored["atMs"]), restored["count"]),
        timedelta(milliseconds=seen.hidden_ms),
        surroundings.beacon_time,
    )
    response = desk.respond(_request(data), store, device.identity, surroundings)
    acts = [{"case_id": act.case_id, "text": act.text} for act in response.acts]
    answer = {"status": response.status, "html": response.html, "location": response.location, "acts": acts}
    return as_json({**answer, "clock": fields(seen)})


def problem(code: str, status: int, lang: str) -> str:
    """The page for something that the host met (unknown page, full disk, restarted worker)."""
    return desk.problem_page(status, code, lang=lang).html


def recorded(case_id: str, row: str, waiting: Mapping[str, Any]) -> None:
    """Believes an act that the worker has stored on the disk."""
    device = opened()
    known = device.records.get(case_id)
    device.put(known.with_row(row) if known else StoredCase(case_id, f"[{row}]".encode()))
    device.client.add(waiting_act(waiting))
    for file in attachments_of(recorded_act(json.loads(row)).act.events):
        if file.sha256 in device.contents:
            device.uploads.add(file.sha256, file.bytes, waiting["hash"], ready=False)


def _seen(data: Mapping[str, Any]) -> Seen:
    """What is known of this device's clock with the present reading; from the last contact on, if nothing was kept."""
    now_ms, kept = data["now_ms"], data.get("clock")
    known = Seen(data["last_contact_ms"] or now_ms) if kept is None else Seen(kept["latest_ms"], kept["hidden_ms"])
    return known.at(now_ms)


def _request(data: Mapping[str, Any]) -> Request:
    return Request(data["method"], data["path"], data["query"], data["form"], data["lang"])
