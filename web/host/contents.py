"""Photographs and papers of a device: what is on its disk, what is on its way to the record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from host.device import Device, fields, opened
from py_core.cases.acts import read_known_act
from py_core.enclosed import attachments_of
from py_core.eviction import contents_leaving
from py_core.exchanged import LEFT_OUT


def load_contents(rows: Sequence[Mapping[str, Any]]) -> None:
    """Takes what is kept of photographs and papers: `{sha256, bytes, act, sent}`; call after `load_waiting`."""
    device = opened()
    for row in rows:
        device.contents.add(row["sha256"])
        refused = device.client.refused.get(row["act"])
        if row["act"] and not row["sent"] and not (refused and refused.reason == LEFT_OUT):
            at_centre = refused is not None
            ready = not at_centre and not device.client.is_waiting(row["act"])
            device.uploads.add(row["sha256"], row["bytes"], row["act"], ready=ready, at_centre=at_centre)


def content_kept(sha256: str, kept: bool) -> None:
    """Believes that a content is on the disk now, or is no longer."""
    contents = opened().contents
    if kept:
        contents.add(sha256)
    else:
        contents.discard(sha256)


def enclosed(text: str) -> list[str]:
    """The contents that an act names."""
    return [file.sha256 for file in attachments_of(read_known_act(text).events)]


def upload_next() -> dict[str, Any] | None:
    """What to do for the uploads; None while acts wait, or when nothing is ready."""
    device = opened()
    step = None if device.client.waiting else device.uploads.next()
    return None if step is None else fields(step)


def upload_moved(sha256: str, offset: int, complete: bool, took_ms: int) -> bool:
    """Notes where the record says an upload stands; True when the content is in the record now."""
    return opened().uploads.moved(sha256, offset, complete, took_ms)


def upload_go() -> None:
    """Somebody wants what waits to be sent now."""
    opened().uploads.go()


def upload_failed(sha256: str, status: int | None, offset: int, jitter: float, retry_after_ms: int | None) -> int:
    """Notes that a chunk was not taken; gives the wait in milliseconds."""
    return opened().uploads.failed(sha256, status, offset, jitter, retry_after_ms)


def uploading_cases(device: Device) -> set[str]:
    """The cases of which a photograph or paper is only on this device; mostly none, then nothing is looked through."""
    acts = [act.encode() for act in device.uploads.acts]
    return {each.id for each in device.records.values() if any(act in each.rows for act in acts)} if acts else set()


def only_in(device: Device, cases: Sequence[str]) -> list[str]:
    """The contents on the disk here that the acts of these cases name and no other document's."""
    leaving = set(cases)
    named = {sha256 for case_id in cases for sha256 in contents_of(device, case_id)}
    staying = (record.rows for case_id, record in device.records.items() if case_id not in leaving)
    return contents_leaving(named & device.contents, staying)


def contents_of(device: Device, case_id: str) -> Iterable[str]:
    """The contents that the acts of a case name."""
    known = device.records.get(case_id)
    rows = [] if known is None else json.loads(known.rows)
    return (sha256 for row in rows for sha256 in enclosed(row[2]))
