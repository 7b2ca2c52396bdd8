"""Who reported somebody (举报, HL-4(五); letters on discipline, WH-XS-6) stands in a document of its own beside the case,
and so does who complains in the course of a case about how it is handled, where the regulation keeps that secret.

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

TOLD, CORRECTED = "reporter_told", "reporter_corrected"
COMPLAINT = "complaint_filed"
# What a registration says of the person: of a report it stands in the reporter's document and nowhere else.
PARTICULARS = ("claimant_name", "claimant_phone", "claimant_id", "claimant_address", "claimant_ref", "strokes")
# What a complaint in the course of a case says of who makes it, and under which name it stands beside the case.
COMPLAINER = {"complainer_name": "claimant_name", "complainer_phone": "claimant_phone"}
# Beside them, what leads to the person: the visit in which it was said has the enterprise's name.
TELLING = frozenset({*PARTICULARS, *COMPLAINER, "visit"})
CORRECTABLE = ("claimant_name", "claimant_phone", "claimant_id", "claimant_address")
_OF_REGISTRATION = {spec.name: spec for spec in EVENTS["registered"]}
_BESIDE = ("content_erased", "late_work_taken")  # what the record and the centre may state in it, as in any document
REPORTER_EVENTS: Mapping[str, tuple[FieldSpec, ...]] = {
    TOLD: (
        FieldSpec("case", "text", True),
        FieldSpec("pack", "text", True),
        FieldSpec("unit", "text", True),
        FieldSpec("complaint", "bool"),  # who complains about a case, not who made it
        *(_OF_REGISTRATION[name] for name in (*PARTICULARS, "against")),
    ),
    # All that is known now; what was told before stays in the document.
    CORRECTED: (*(_OF_REGISTRATION[name] for name in CORRECTABLE), FieldSpec("reason", "long_text", True)),
    **{name: EVENTS[name] for name in _BESIDE},
}

_MARK = b"whose".hex()
_CASE_ID = re.compile(r"[0-9a-f]{32}")
_REPORTER_ID = re.compile(rf"{_MARK}[0-9a-f]{{{32 - len(_MARK)}}}")


def reporter_id(case_id: str) -> str:
    """The id of the document that says who reported what the case is about."""
    return _MARK + case_id[len(_MARK) :]


def complainer_id(random_id: str) -> str:
    """The id of a document that says who complains about a case; the complaint in the case names it."""
    return _MARK + random_id[len(_MARK) :]


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


def hiding_complainer(registered: Mapping[str, Any], packs: Packs) -> HiddenReporter | None:
    """The rule that hides who complains in the course of a case that began with this registration."""
    pack = packs.get(str(registered.get("pack")))
    rule = pack.hidden_reporter if pack is not None else None
    return rule if rule is not None and rule.complaints else hiding(registered, packs)


def complaint_apart(
    case_id: str, registered: Mapping[str, Any], events: Sequence[Event], unit: str, random_id: str, packs: Packs
) -> tuple[tuple[Event, ...], str, Event | None]:
    """The events of a complaint without who makes it, and that as the event of a document of its own, with its id;
    None when nothing is to be hidden or nobody was named."""
    filed = next((event for event in events if event.get("type") == COMPLAINT), None)
    told = {COMPLAINER[name]: filed[name] for name in COMPLAINER if filed.get(name)} if filed is not None else {}
    if not told or hiding_complainer(registered, packs) is None:
        return tuple(events), "", None
    document = complainer_id(random_id)
    kept = {**{name: value for name, value in (filed or {}).items() if name not in COMPLAINER}, "beside": document}
    pack = str(registered.get("pack"))
    beside = {"type": TOLD, "case": case_id, "pack": pack, "unit": unit, "complaint": True, **told}
    return tuple(kept if event is filed else event for event in events), document, beside


def about(events: Iterable[Event]) -> str:
    """The case that a reporter's document is about, from its first act's events, whether or not a case names it; empty
    where they name nothing that could be a case's id: acts that nobody checked come here, too."""
    named = next((str(event.get("case") or "") for event in events if event.get("type") == TOLD), "")
    return named if _CASE_ID.fullmatch(named) else ""


def complaints_beside(events: Iterable[Event]) -> list[str]:
    """The documents beside a case that say who complains about it."""
    named = (str(event.get("beside") or "") for event in events if event.get("type") == COMPLAINT)
    return [each for each in named if is_reporter_id(each)]


def gives_away(registered: Mapping[str, Any], events: Sequence[Event], packs: Packs) -> bool:
    """Whether events of a case that began with this registration tell who a hidden reporter or complainer is."""
    if any(event.get(name) for event in events for name in TELLING) and hiding(registered, packs) is not None:
        return True
    complaining = any(event.get(name) for event in events if event.get("type") == COMPLAINT for name in COMPLAINER)
    return complaining and hiding_complainer(registered, packs) is not None


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
    if event["type"] == TOLD and _CASE_ID.fullmatch(event["case"]) is None:
        raise Malformed("case", "is no id of a case")
    if event["type"] == TOLD and not event.get("complaint") and reporter_id(event["case"]) != document_id:
        raise Malformed("case", "is another one than this document's")


def particulars(events: Iterable[Event]) -> Mapping[str, Any]:
    """What a reporter's document says of the person, each value as the core uses it, as corrected last; nothing once it
    is erased."""
    said: dict[str, Any] = {}
    for event in events:
        if event.get("type") == TOLD and not said:
            said = {name: event[name] for name in PARTICULARS if event.get(name)}
        elif event.get("type") == CORRECTED:
            said = {name: value for name, value in said.items() if name not in CORRECTABLE}
            said |= {name: event[name] for name in CORRECTABLE if event.get(name)}
    return {name: read_field(_OF_REGISTRATION[name], value) for name, value in said.items()}
