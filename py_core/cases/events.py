"""The vocabulary of events: what each type carries and how a payload from another device is checked.

Owns the reading of single events; must not know cases, packs or what an event means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.errors import Malformed
from py_core.periods import read_period
from py_core.values import LOCAL, N_, local

TEXT_MAX = 400
LONG_TEXT_MAX = 8000
LIST_MAX = 60
YEAR_MIN = 1990
YEAR_MAX = 2100
NUMBER_MAX = 10_000_000
UNITS_MAX = 3660
COPIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an event or command. `label` is a message id; choices are keys of terms `<term>.<choice>`."""

    name: str
    kind: str  # text long_text bool choice date moment int texts period limit steps materials
    required: bool = False
    choices: tuple[str, ...] = ()
    label: str = ""
    term: str = ""


def _f(
    name: str, kind: str, label: str, required: bool = False, choices: tuple[str, ...] = (), term: str = ""
) -> FieldSpec:
    return FieldSpec(name, kind, required, choices, label, term or name)


CHANNELS = ("walk_in", "phone", "letter", "online", "hotline", "visit", "document")
CLAIMANTS = ("person", "enterprise", "other_org", "outside_unit")
REQUEST_KINDS = ("consult", "help", "complaint", "report", "suggestion")
PROCEDURES = (
    "hearing", "tender", "auction", "inspection", "testing", "survey", "quarantine", "appraisal", "on_site_check",
    "expert_review", "other",
)  # fmt: skip
COMPLETION_EVENTS = ("decision_issued", "certificate_issued", "forwarded_up")
_NOTE = _f("note", "long_text", "Note")

EVENTS: Mapping[str, tuple[FieldSpec, ...]] = {
    "registered": (
        _f("pack", "text", "Regulation", True),
        _f("matter", "text", "Matter", True),
        _f("channel", "choice", "Channel", True, CHANNELS),
        _f("claimant", "choice", "Who asks", False, CLAIMANTS),
        _f("signed", "bool", "Signed by the person"),
        _f("unsigned_reason", "text", "Reason why it is not signed"),
        _f("staff", "choice", "Category of staff", False, ("officer", "support")),
        _f("urgent", "bool", "Especially urgent and grave"),
        _f("claimant_ref", "text", "Reference of the person"),
        _f("offer", "text", "Service"),
        _f("offer_version", "int", "Version of the promise"),
        _f("promise", "period", "Published promise"),
        _f("statutory", "period", "Limit in law"),
        _f("completion_event", "choice", "What ends the promise", False, COMPLETION_EVENTS),
        _f("explicit_limit", "limit", "Limit written in the instruction"),
        _f("title", "text", "Title"),
        _f("text", "long_text", "What is asked"),
        _f("place", "text", "Place"),
        _f("unit", "text", "Unit"),
        _f("number", "text", "Number"),
        _f("claimant_name", "text", "Name"),
        _f("claimant_phone", "text", "Phone"),
        _f("claimant_id", "text", "Identity number"),
        _f("claimant_address", "text", "Address"),
        _f("materials", "materials", "Papers received"),
        _f("request_kind", "choice", "Kind of request", False, REQUEST_KINDS),
        _f("identity_told", "bool", "Name, duty and phone told"),
        _NOTE,
    ),
    "signature_recorded": (
        _f("signed", "bool", "Signed by the person", True),
        _f("unsigned_reason", "text", "Reason why it is not signed"),
    ),
    "identity_told": (),
    "scope_judged": (
        _f("outcome", "choice", "Whose duty it is", True, ("own", "other_section", "other_unit", "unclear")),
        _NOTE,
    ),
    "handed_over": (_f("to", "text", "To", True), _NOTE),
    "handover_accepted": (_f("by", "text", "By", True), _NOTE),
    "lead_requested": (_NOTE,),
    "lead_designated": (
        _f("lead", "text", "Lead unit", True),
        _f("assists", "texts", "Assisting units"),
        _f("handler", "text", "Handler"),
        _f("steps", "steps", "Steps"),
        _NOTE,
    ),
    "referred_out": (
        _f("to_body", "text", "Competent body", True),
        _f("explanation", "long_text", "Explanation given", True),
    ),
    "delivered": (_f("to", "text", "To", True), _NOTE),
    "accepted": (_f("by", "text", "By"), _NOTE),
    "materials_received": (
        _f("complete", "bool", "Papers complete", True),
        _f("materials", "materials", "Papers received"),
        _NOTE,
    ),
    "correction_notified": (
        _f("items", "texts", "Everything to be corrected", True),
        _f("form", "choice", "Form", False, ("oral", "written")),
        _f("overlooked", "bool", "An item that was already visible before"),
        _NOTE,
    ),
    "materials_completed": (_f("materials", "materials", "Papers received"), _NOTE),
    "procedure_started": (
        _f("id", "text", "Procedure number", True),
        _f("procedure", "choice", "Procedure", True, PROCEDURES),
        _f("told", "bool", "The time needed was told"),
        _f("name", "text", "Name of the procedure"),
        _f("expected_days", "int", "Days it will need"),
        _NOTE,
    ),
    "procedure_time_notified": (_f("id", "text", "Procedure number", True), _NOTE),
    "procedure_finished": (_f("id", "text", "Procedure number", True), _NOTE),
    "extension_requested": (
        _f("reason", "long_text", "Reason", True),
        _f("workdays", "int", "Working days"),
        _f("until", "date", "New date"),
    ),
    "extension_approved": (
        _f("by_role", "text", "Approved as", True),
        _f("workdays", "int", "Working days"),
        _f("until", "date", "New date"),
        _f("opinion", "long_text", "Opinion", term="opinion_text"),
    ),
    "extension_refused": (_f("reason", "long_text", "Reason", True),),
    "extension_notified": (
        _f("reason", "long_text", "Reason", True),
        _f("until", "date", "New date", True),
        _f("form", "choice", "Form", False, ("oral", "written")),
    ),
    "refusal_proposed": (_f("reason", "long_text", "Reason"),),
    "refusal_reported": (_NOTE,),
    "refusal_marked_major": (_NOTE,),
    "leaders_meeting_recorded": (_f("opinion", "long_text", "Opinion of the meeting", term="opinion_text"),),
    "refusal_decided": (
        _f("outcome", "choice", "Decision of the leader", True, ("correct", "solve", "agree"), "refusal"),
        _NOTE,
    ),
    "refusal_notified": (_f("reason", "long_text", "Reason"), _f("form", "choice", "Form", False, ("oral", "written"))),
    "forwarded_up": (_f("to", "text", "To"), _NOTE),
    "reported_back": (_f("text", "long_text", "Report"),),
    "decision_issued": (_f("text", "long_text", "Decision"),),
    "certificate_issued": (_f("text", "long_text", "Document"),),
    "completed": (_f("text", "long_text", "Result"),),
    "replied": (
        _f("text", "long_text", "Reply"),
        _f("opinion", "choice", "The person's view", False, ("satisfied", "unsatisfied", "asked_no_view")),
    ),
    "fed_back": (_f("text", "long_text", "Result"),),
    "review_passed": (_NOTE,),
    "review_returned": (_f("reason", "long_text", "Reason"),),
    "called_back": (
        _f("result", "choice", "Result", True, ("satisfied", "unsatisfied", "unreachable")),
        _f("consistent", "bool", "The answer matches what was done"),
        _f("quality", "choice", "Quality", False, ("good", "poor")),
        _f("adverse_effect", "bool", "Adverse effect"),
        _NOTE,
    ),
    "ticket_refused": (_f("within_duty", "bool", "Inside its duties", True), _f("reason", "long_text", "Reason")),
    "return_requested": (_f("reason", "long_text", "Reason", True),),
    "assist_refused": (_f("by", "text", "By", True), _NOTE),
    "supervision_started": (
        _f("trigger", "text", "Trigger", True),
        _f("instruction", "long_text", "Instruction"),
    ),
    "proposal_declined": (_f("proposal", "text", "Proposal", True), _f("reason", "long_text", "Reason", True)),
    "accountability_opened": (_f("about", "long_text", "Facts", True),),
    "instruction_given": (_f("text", "long_text", "Instruction"),),
    "urgent_reported": (_NOTE,),
    "absence_recorded": (
        _f("who", "choice", "Post", True, ("A", "B")),
        _f("from", "date", "From", True),
        _f("to", "date", "To", True),
        _f("briefed", "bool", "Work was handed over", True),
        _f("reason", "long_text", "Special reason"),
    ),
    "acting_arranged": (_f("by", "text", "By", True), _f("who", "text", "Acting person")),
    "post_changed": (_NOTE,),
    "post_change_filed": (_NOTE,),
    "complaint_filed": (_f("about", "long_text", "About", True),),
    "complaint_answered": (_f("text", "long_text", "Answer"),),
    "receipt_issued": (
        _f("first_responder_phone", "text", "Phone of the first responder", True),
        _f("promised", "date", "Promised date", True),
        _f("complaint_phone", "text", "Complaint phone", True),
        _f("number", "text", "Number"),
    ),
    "message_left": (_f("phone", "text", "Phone"), _NOTE),
    "visitor_contacted": (_NOTE,),
    "promise_changed": (_f("n", "int", "Number", True), _f("unit", "text", "Unit", True)),
    "noted": (_f("text", "long_text", "Note", True),),
    "contradiction_resolved": (
        _f("code", "text", "Contradiction", True),
        _f("acts", "texts", "Acts", True),
        _f("decision", "text", "Decision", True),
        _f("reason", "long_text", "Reason", True),
    ),
}


def missing(value: Any) -> bool:
    """Whether a field counts as not filled in."""
    return value is None or value == "" or value == []


def read_fields(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of one event with dates as dates; raises `Malformed` at the first field that is wrong.

    Fields that this version does not know are dropped: a newer device may send them.
    """
    known, required = _KNOWN[event_type]
    fields: dict[str, Any] = {}
    for name, value in data.items():
        spec = known.get(name)
        if spec is not None and not missing(value):
            fields[name] = _READERS[spec.kind](value, spec)
    for name in required:
        if name not in fields:
            raise Malformed(name, N_("is missing"))
    return fields


def read_field(spec: FieldSpec, value: Any) -> Any:
    """One field as the core uses it, None when it is not filled in; raises `Malformed`."""
    if missing(value):
        if spec.required:
            raise Malformed(spec.name, N_("is missing"))
        return None
    return _READERS[spec.kind](value, spec)


def read_moment(value: Any, where: str = "at") -> datetime:
    """An instant from ISO text (or a datetime), in local time; a time without offset is local."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise Malformed(where, N_("must be a date and time")) from error
    if not isinstance(value, datetime) or not YEAR_MIN <= value.year <= YEAR_MAX:
        raise Malformed(where, N_("must be a date and time"))
    return value.replace(tzinfo=LOCAL) if value.tzinfo is None else local(value)


def read_date(value: Any, where: str = "date") -> date:
    """A date from ISO text (or a date)."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError as error:
            raise Malformed(where, N_("must be a date")) from error
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date) or not YEAR_MIN <= value.year <= YEAR_MAX:
        raise Malformed(where, N_("must be a date"))
    return value


def _text(value: Any, spec: FieldSpec) -> str:
    limit = LONG_TEXT_MAX if spec.kind == "long_text" else TEXT_MAX
    if not isinstance(value, str):
        raise Malformed(spec.name, N_("must be a text"))
    if len(value) > limit:
        raise Malformed(spec.name, N_("is too long"))
    return value


def _bool(value: Any, spec: FieldSpec) -> bool:
    if not isinstance(value, bool):
        raise Malformed(spec.name, N_("must be yes or no"))
    return value


def _choice(value: Any, spec: FieldSpec) -> str:
    if not isinstance(value, str) or value not in spec.choices:
        raise Malformed(spec.name, N_("must be one of the choices"))
    return value


def _int(value: Any, spec: FieldSpec) -> int:
    if type(value) is not int or not 0 <= value <= NUMBER_MAX:
        raise Malformed(spec.name, N_("must be a whole number"))
    return value


def _texts(value: Any, spec: FieldSpec) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed(spec.name, N_("must be a list of texts, not too long"))
    return tuple(_text(item, spec) for item in value)


def _period(value: Any, spec: FieldSpec) -> dict[str, Any]:
    period = read_period(value, spec.name)
    result: dict[str, Any] = {"period": period}
    if "extension" in value:
        extra = value["extension"]
        if type(extra) is not int or not 0 <= extra <= UNITS_MAX:
            raise Malformed(f"{spec.name}.extension", N_("must be a whole number"))
        result["extension"] = extra
    start = value.get("from", "received")
    if start not in ("received", "accepted"):
        raise Malformed(f"{spec.name}.from", N_("must be received or accepted"))
    result["from"] = start
    return result


def _limit(value: Any, spec: FieldSpec) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(spec.name, N_("must have n and unit, or until"))
    if "until" in value:
        return {"until": read_date(value["until"], f"{spec.name}.until")}
    return {"period": read_period(value, spec.name)}


def _steps(value: Any, spec: FieldSpec) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed(spec.name, N_("must be a list of steps"))
    steps = []
    for row in value:
        if not isinstance(row, Mapping) or not isinstance(row.get("unit"), str) or type(row.get("n")) is not int:
            raise Malformed(spec.name, N_("must have a unit and n for every step"))
        if not 0 < row["n"] <= UNITS_MAX:
            raise Malformed(spec.name, N_("must have a unit and n for every step"))
        steps.append((row["unit"], row["n"]))
    return tuple(steps)


def _materials(value: Any, spec: FieldSpec) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed(spec.name, N_("must be a list of papers, not too long"))
    papers = []
    for row in value:
        if not isinstance(row, Mapping) or not isinstance(row.get("name"), str) or len(row["name"]) > TEXT_MAX:
            raise Malformed(spec.name, N_("must have a name for every paper"))
        copies = row.get("copies", 1)
        if type(copies) is not int or not 0 <= copies <= COPIES_MAX:
            raise Malformed(spec.name, N_("must have a whole number of copies"))
        papers.append((row["name"], copies))
    return tuple(papers)


_READERS: Mapping[str, Callable[[Any, FieldSpec], Any]] = {
    "text": _text,
    "long_text": _text,
    "bool": _bool,
    "choice": _choice,
    "int": _int,
    "date": lambda value, spec: read_date(value, spec.name),
    "moment": lambda value, spec: read_moment(value, spec.name),
    "texts": _texts,
    "period": _period,
    "limit": _limit,
    "steps": _steps,
    "materials": _materials,
}
# Per event type: its fields by name, and the names that must be there; payloads are read often.
_KNOWN: Mapping[str, tuple[Mapping[str, FieldSpec], tuple[str, ...]]] = {
    event_type: ({spec.name: spec for spec in specs}, tuple(spec.name for spec in specs if spec.required))
    for event_type, specs in EVENTS.items()
}
