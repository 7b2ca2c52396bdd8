"""Who reported somebody (举报, HL-4(五); letters on discipline, WH-XS-6) stands in a document of its own beside the case.

The case, which every unit that handles it must have offline, holds none of it. The record feeds the reporter's document
to no device (`py_core.restricted`); its pages join the two for who may know. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.events import EVENTS, read_moment
from py_core.cases.fields import FieldSpec, read_field
from py_core.errors import Malformed
from py_core.packs import Packs
from py_core.packs.model import HiddenReporter

TOLD = "reporter_told"
# What a registration says of the person: of a report it stands in the reporter's document and nowhere else.
PARTICULARS = ("claimant_name", "claimant_phone", "claimant_id", "claimant_address", "claimant_ref", "strokes")
# Beside them, what leads to the person: the visit in which it was said has the enterprise's name.
TELLING = frozenset({*PARTICULARS, "visit"})
_OF_REGISTRATION = {spec.name: spec for spec in EVENTS["registered"]}
_BESIDE = ("content_erased", "late_work_taken")  # what the record and the centre may state in it, as in any document
REPORTER_EVENTS: Mapping[str, tuple[FieldSpec, ...]] = {
    TOLD: (
        FieldSpec("case", "text", True),
        FieldSpec("pack", "text", True),
        FieldSpec("unit", "text", True),
        *(_OF_REGISTRATION[name] for name in (*PARTICULARS, "against")),
    ),
    **{name: EVENTS[name] for name in _BESIDE},
}

_MARK = b"whose".hex()
_REPORTER_ID = re.compile(rf"{_MARK}[0-9a-f]{{{32 - len(_MARK)}}}")


def reporter_id(case_id: str) -> str:
    """The id of the document that says who reported what the case is about."""
    return _MARK + case_id[len(_MARK) :]


def is_reporter_id(document_id: str) -> bool:
    """Whether the document with this id says who reported somebody; a random id is one in 2^40 times."""
    return _REPORTER_ID.fullmatch(document_id) is not None


def hiding(registered: Mapping[str, Any], packs: Packs) -> HiddenReporter | None:
    """The rule that hides who this registration is from; None where there is none."""
    pack = packs.get(str(registered.get("pack")))
    rule = pack.hidden_reporter if pack is not None else None
    if rule is None:
        return None
    return rule if rule.covers(registered.get("matter"), registered.get("request_kind")) else None


def apart(case_id: str, events: Sequence[Event], packs: Packs) -> tuple[tuple[Event, ...], Event | None]:
    """The events of a registration without what they tell of a hidden reporter, and that as an event of the reporter's
    own document; None when there is nothing to hide."""
    registered = next((event for event in events if event.get("type") == "registered"), None)
    if registered is None or hiding(registered, packs) is None:
        return tuple(events), None
    told = {name: registered[name] for name in (*PARTICULARS, "against") if registered.get(name)}
    if not told.keys() & set(PARTICULARS):
        return tuple(events), None
    kept = {name: value for name, value in registered.items() if name not in PARTICULARS}
    beside = {"type": TOLD, "case": case_id, "pack": registered["pack"], "unit": registered.get("unit"), **told}
    return tuple(kept if event is registered else event for event in events), beside


def gives_away(registered: Mapping[str, Any], events: Iterable[Event], packs: Packs) -> bool:
    """Whether events of a case that began with this registration tell who a hidden reporter is."""
    telling = any(event.get(name) for event in events for name in TELLING)
    return telling and hiding(registered, packs) is not None


def read_reporter_event(event: Event) -> None:
    """Checks an event of a reporter's document; raises `Malformed`."""
    specs = REPORTER_EVENTS.get(str(event.get("type")))
    if specs is None:
        raise Malformed("event.type", "does not belong in a reporter's document")
    for spec in specs:
        read_field(spec, event.get(spec.name))
    if "at" in event:
        read_moment(event["at"])


def check_reporter_event(event: Event, document_id: str) -> None:
    """The same for one document, which belongs to one case; raises `Malformed`."""
    read_reporter_event(event)
    if event["type"] == TOLD and reporter_id(event["case"]) != document_id:
        raise Malformed("case", "is another one than this document's")


def particulars(events: Iterable[Event]) -> Mapping[str, Any]:
    """What a reporter's document says of the person, each value as the core uses it; nothing once it is erased."""
    told = next((event for event in events if event.get("type") == TOLD), None)
    if told is None:
        return {}
    return {name: read_field(_OF_REGISTRATION[name], told[name]) for name in PARTICULARS if told.get(name)}
