"""What may be recorded in a visit's document, each event read strictly. Must not know cases, people or pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stdnum.cn import uscc

from py_core.cases.events import ATTACHMENT_PURPOSES, EVENTS
from py_core.cases.fields import FieldSpec, missing, read_moment, read_value
from py_core.errors import Malformed
from py_core.values import N_
from py_core.visits.document import is_visit_id

OFFICERS_MAX = 12
_CASE_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _f(name: str, kind: str, label: str, required: bool = False) -> FieldSpec:
    return FieldSpec(name, kind, required, (), label, name)


_REASON = _f("reason", "long_text", N_("Reason"), True)
_NOTE = _f("note", "long_text", N_("Note"))
_CASE = _f("case", "text", N_("Request"))
_PAPERS = _f("papers", "materials", N_("Papers"), True)

VISIT_EVENTS: Mapping[str, tuple[FieldSpec, ...]] = {
    "visit_planned": (
        _f("enterprise", "text", N_("Enterprise"), True),
        _f("code", "text", N_("Unified social credit code")),
        _f("address", "text", N_("Address")),
        _f("contact", "text", N_("Contact person")),
        _f("phone", "text", N_("Phone")),
        _f("on", "date", N_("Day of the visit"), True),
        _f("officers", "texts", N_("Visiting officers"), True),
        _f("purpose", "long_text", N_("Purpose")),
        _f("unit", "text", N_("Unit"), True),
        _f("number", "text", N_("Number"), True),
    ),
    "visit_moved": (
        _f("on", "date", N_("Day of the visit"), True),
        _f("officers", "texts", N_("Visiting officers")),
        _REASON,
    ),
    "visit_started": (
        _f("officers", "texts", N_("Visiting officers")),
        _f("met", "text", N_("Received by")),
        _NOTE,
    ),
    "visit_request_added": (_f("case", "text", N_("Request"), True),),
    "papers_taken": (_PAPERS, _CASE),
    "papers_attached": (_PAPERS, _f("case", "text", N_("Request"), True)),
    "papers_returned": (_PAPERS, _CASE, _NOTE),
    "visit_signed": (
        _f("signed", "bool", N_("Signed by the person"), True),
        _f("signer", "text", N_("Who signs for the enterprise")),
        _f("unsigned_reason", "text", N_("Reason why it is not signed")),
        _f("strokes", "strokes", N_("Drawn signature")),
        _f("shown", "long_text", N_("What was shown"), True),
        _f("content", "text", N_("Digest of what was shown"), True),
    ),
    "visit_files_added": (
        FieldSpec("purpose", "choice", True, ATTACHMENT_PURPOSES, N_("What they show"), "attachment_purpose"),
        _f("attachments", "attachments", N_("Photographs and papers"), True),
        _CASE,
        _NOTE,
    ),
    "visit_finished": (_f("summary", "long_text", N_("Summary"), True),),
    "visit_cancelled": (_REASON,),
    "visit_phone_seen": tuple(spec for spec in EVENTS["field_revealed"] if spec.name in ("purpose", "words")),
    "visit_noted": (_f("text", "long_text", N_("Note"), True),),
    # What the centre or the record itself says is the same in whatever document it is.
    **{name: EVENTS[name] for name in ("late_work_taken", "hold_placed", "hold_lifted", "content_erased")},
}


def read_visit_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of one event of a visit with dates as dates; raises `Malformed` at the first thing that is wrong.

    Fields that this version does not know are dropped: a newer device may send them.
    """
    event_type = event.get("type")
    if not isinstance(event_type, str) or event_type not in VISIT_EVENTS:
        raise Malformed("type", N_("is not known"))
    fields: dict[str, Any] = {}
    for spec in VISIT_EVENTS[event_type]:
        value = event.get(spec.name)
        if not missing(value):
            fields[spec.name] = read_value(spec, value)
        elif spec.required:
            raise Malformed(spec.name, N_("is missing"))
    _check_meaning(event_type, fields)
    if "at" in event:
        read_moment(event["at"])
    return fields


def is_credit_code(text: str) -> bool:
    """Whether a unified social credit code has its form and its check character, written without spaces."""
    return bool(uscc.is_valid(text)) and text == uscc.compact(text)


def _check_meaning(event_type: str, fields: Mapping[str, Any]) -> None:
    if "code" in fields and not is_credit_code(fields["code"]):
        raise Malformed("code", N_("is not a unified social credit code"))
    officers = fields.get("officers", ("",))
    if len(officers) > OFFICERS_MAX or len(set(officers)) < len(officers):
        raise Malformed("officers", N_("must be different people, not too many"))
    if event_type in ("visit_planned", "visit_moved", "visit_started") and not all(officers) and "officers" in fields:
        raise Malformed("officers", N_("must be different people, not too many"))
    case = fields.get("case", "0" * 32)
    if not _CASE_ID.fullmatch(case) or is_visit_id(case):
        raise Malformed("case", N_("is not a case"))
    if any(not name.strip() or copies < 1 for name, copies in fields.get("papers", ())):
        raise Malformed("papers", N_("must have a name and at least one copy for every paper"))
    if event_type == "visit_phone_seen" and fields["purpose"] == "other" and not fields.get("words", "").strip():
        raise Malformed("words", N_("is missing"))
    if event_type == "visit_signed":
        if not _DIGEST.fullmatch(fields["content"]):
            raise Malformed("content", N_("is not a digest"))
        if "strokes" in fields and not fields["signed"]:
            raise Malformed("strokes", N_("is drawn, but the answer is: not signed"))
        needed = "signer" if fields["signed"] else "unsigned_reason"
        if needed not in fields:
            raise Malformed(needed, N_("is missing"))
