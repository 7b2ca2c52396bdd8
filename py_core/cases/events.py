"""The vocabulary of events: what each type carries. Owns no meaning: that is for `rules`; must not know cases or packs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.cases.fields import (
    LONG_TEXT_MAX,
    TEXT_MAX,
    FieldSpec,
    missing,
    read_date,
    read_field,
    read_moment,
    read_value,
)
from py_core.errors import Malformed
from py_core.values import N_

__all__ = [
    "ATTACHMENT_PURPOSES",
    "CHANNELS",
    "CLAIMANTS",
    "COMPLETION_EVENTS",
    "EVENTS",
    "LONG_TEXT_MAX",
    "OUTDATED_FIELDS",
    "PROCEDURES",
    "REQUEST_KINDS",
    "REVEALED_FIELDS",
    "REVEAL_PURPOSES",
    "TEXT_MAX",
    "FieldSpec",
    "missing",
    "read_date",
    "read_field",
    "read_fields",
    "read_moment",
    "tells_no_time",
]  # fmt: skip


def _f(
    name: str, kind: str, label: str, required: bool = False, choices: tuple[str, ...] = (), term: str = ""
) -> FieldSpec:
    return FieldSpec(name, kind, required, choices, label, term or name)


CHANNELS = ("walk_in", "phone", "letter", "online", "hotline", "visit", "document")
CLAIMANTS = ("person", "enterprise", "other_org", "outside_unit")
REQUEST_KINDS = ("consult", "help", "complaint", "report", "suggestion")
ABSENCE_SOURCES = ("other_cases",)
FIRST_DAY = ("stays", "not_away")
PROCEDURES = (
    "hearing", "tender", "auction", "inspection", "testing", "survey", "quarantine", "appraisal", "on_site_check",
    "expert_review", "other",
)  # fmt: skip
ATTACHMENT_PURPOSES = ("photo", "paper", "other")
REVEALED_FIELDS = ("claimant_phone", "claimant_id", "complainer_phone")
REVEAL_PURPOSES = ("contact", "verify", "procedure", "supervision", "other")
COMPLETION_EVENTS = ("decision_issued", "certificate_issued", "forwarded_up")
_NOTE = _f("note", "long_text", "Note")
# Read in acts of earlier versions, which said bare days of which nobody can tell the kind; no command records them.
OUTDATED_FIELDS = frozenset({"expected_days"})

EVENTS: Mapping[str, tuple[FieldSpec, ...]] = {
    "registered": (
        _f("pack", "text", "Regulation", True),
        _f("matter", "text", "Matter", True),
        _f("channel", "choice", "How it came", True, CHANNELS),
        _f("claimant", "choice", "Who asks", False, CLAIMANTS),
        _f("signed", "bool", "Signed by the person"),
        _f("unsigned_reason", "text", "Reason why it is not signed"),
        _f("strokes", "strokes", "Drawn signature"),
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
        _f("visit", "text", "Visit"),
        _f("against", "text", "Member of staff whom it is about"),
        _NOTE,
    ),
    "signature_recorded": (
        _f("signed", "bool", "Signed by the person", True),
        _f("unsigned_reason", "text", "Reason why it is not signed"),
        _f("strokes", "strokes", "Drawn signature"),
    ),
    "attachment_added": (
        _f("purpose", "choice", "What they show", True, ATTACHMENT_PURPOSES, "attachment_purpose"),
        _f("attachments", "attachments", "Photographs and papers", True),
        _NOTE,
    ),
    "identity_told": (),
    "scope_judged": (
        _f("outcome", "choice", "Whose duty it is", True, ("own", "other_section", "other_unit", "unclear")),
        _NOTE,
    ),
    "handed_over": (_f("to", "text", "Handed to", True), _NOTE),
    "handover_accepted": (_f("by", "text", "By", True), _NOTE),
    "lead_requested": (_f("note", "long_text", "Reason"),),
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
    "delivered": (_f("to", "text", "Delivered to", True), _NOTE),
    "accepted": (_f("by", "text", "By"), _NOTE),
    "materials_received": (
        _f("complete", "bool", "Papers complete", True),
        _f("materials", "materials", "Papers received"),
        _NOTE,
    ),
    "correction_notified": (
        _f("items", "texts", "Everything to be corrected", True),
        _f("form", "choice", "Form of notice", False, ("oral", "written")),
        _f("overlooked", "bool", "Could have been noticed the first time"),
        # Where no published service says them; under the names of its entries but for the papers, which are told here.
        _f("basis", "long_text", "Legal basis"),
        _f("scope", "long_text", "Scope of acceptance"),
        _f("conditions", "long_text", "Conditions"),
        _f("needed", "texts", "Papers needed"),
        _f("procedure", "long_text", "Course of the procedure", term="notice_procedure"),
        _f("fee", "long_text", "Fee and its basis"),
        _NOTE,
    ),
    "materials_completed": (_f("materials", "materials", "Papers received"), _NOTE),
    "procedure_started": (
        _f("id", "text", "Procedure number", True),
        _f("procedure", "choice", "Procedure", True, PROCEDURES),
        _f("name", "text", "Name of the procedure"),
        _f("expected_workdays", "int", "Working days needed"),
        _f("expected_days", "int", N_("Days needed")),
        _f("told", "bool", "The person was told how long it takes"),
        _NOTE,
    ),
    "procedure_time_notified": (
        _f("id", "text", "Procedure", True),
        _f("expected_workdays", "int", "Working days needed"),
        _f("expected_days", "int", N_("Days needed")),
        _NOTE,
    ),
    "procedure_finished": (_f("id", "text", "Procedure", True), _NOTE),
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
        _f("form", "choice", "Form of notice", False, ("oral", "written")),
    ),
    "refusal_proposed": (_f("reason", "long_text", "Reason"),),
    "refusal_reported": (_NOTE,),
    "refusal_marked_major": (_NOTE,),
    "leaders_meeting_recorded": (_f("opinion", "long_text", "Opinion of the meeting", term="opinion_text"),),
    "refusal_decided": (
        _f("outcome", "choice", "Decision of the leader", True, ("correct", "solve", "agree"), "refusal"),
        _f("note", "long_text", "Opinion"),
    ),
    "refusal_notified": (
        _f("reason", "long_text", "Reason"),
        _f("to_body", "text", "Competent body"),
        _f("form", "choice", "Form of notice", False, ("oral", "written")),
    ),
    "forwarded_up": (_f("to", "text", "Forwarded to"), _NOTE),
    "reported_back": (_f("text", "long_text", "Report"),),
    "decision_issued": (_f("text", "long_text", "Written decision"),),
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
    "ticket_refused": (
        _f("within_duty", "bool", "Within the unit's duties", True),
        _f("reason", "long_text", "Reason"),
    ),
    "return_requested": (_f("reason", "long_text", "Reason", True),),
    "assist_refused": (_f("by", "text", "Unit that refuses to assist", True), _NOTE),
    "supervision_started": (
        _f("trigger", "text", "Trigger", True),
        _f("instruction", "long_text", "Instruction"),
    ),
    "proposal_declined": (_f("proposal", "text", "Proposal", True), _f("reason", "long_text", "Reason", True)),
    "accountability_opened": (_f("about", "long_text", "Facts", True),),
    "veto_recorded": (
        _f("year", "int", "Year of the appraisal", True),
        _f("subject", "text", "Whom it concerns (person or unit)", True),
        _f("cause", "long_text", "Cause", True),
        _f("decision_ref", "text", "Decision on the liability", True),
    ),
    "veto_withdrawn": (
        _f("year", "int", "Year of the appraisal", True),
        _f("subject", "text", "Whom it concerns (person or unit)", True),
        _f("reason", "long_text", "Reason", True),
    ),
    "deemed_consent_confirmed": (
        _f("consequences", "long_text", "Consequences that the unit answers for", True),
        _NOTE,
    ),
    "instruction_given": (_f("text", "long_text", "Instruction"),),
    "urgent_reported": (_NOTE,),
    "absence_recorded": (
        _f("who", "choice", "Post", True, ("A", "B")),
        _f("from", "date", "First day away", True),
        _f("to", "date", "Last day away", True),
        _f("briefed", "bool", "Work was handed over", True),
        _f("reason", "long_text", "Special reason"),
        _f("stand_in", "text", "Stands in instead of the holder of post B"),
        _f("explained", "long_text", "What was explained and handed over"),
        _f("person", "text", "Who is away"),
        _f("known_from", "choice", "Known from", False, ABSENCE_SOURCES),
    ),
    "absence_ended": (
        _f("who", "choice", "Post", True, ("A", "B")),
        _f("back", "date", "First day back", True),
        _f("first_day", "choice", "The first day away, where the return is on it", False, FIRST_DAY),
        _f("person", "text", "Who was away"),
        _f("from", "date", "First day away"),
        _f("to", "date", "Last day away"),
    ),
    "acting_arranged": (_f("by", "text", "By", True), _f("who", "text", "Acting person")),
    "post_changed": (_f("note", "long_text", "What is changed"),),
    "post_change_filed": (_NOTE,),
    # Who complains stands beside the case where the regulation keeps it secret (`py_core.reporters`): `beside` names
    # that document.
    "complaint_filed": (
        _f("about", "long_text", "What the complaint is about", True),
        _f("complainer_name", "text", "Who complains"),
        _f("complainer_phone", "text", "Phone of the complainant"),
        _f("beside", "text", "Who complains stands in"),
    ),
    "complaint_answered": (_f("text", "long_text", "Answer"),),
    "receipt_issued": (
        _f("first_responder_phone", "text", "Phone of the first responder", True),
        _f("promised", "date", "Promised date", True),
        _f("complaint_phone", "text", "Complaint phone", True),
        _f("number", "text", "Number"),
    ),
    "message_left": (_f("phone", "text", "Phone"), _f("note", "long_text", "What the visitor left")),
    "visitor_contacted": (_NOTE,),
    "promise_changed": (_f("n", "int", "Amount", True), _f("unit", "text", "Unit", True)),
    "due_recomputed": (
        _f("clock", "text", "Limit", True),
        _f("old_due", "date", "Old date"),
        _f("new_due", "date", "New date", True),
        _f("firm", "bool", "Rests on published years only"),
        _f("cause", "text", "Act of the centre", True),
        _f("cause_text", "text", "Cause"),
    ),
    "due_change_seen": (_NOTE,),
    # With the three fields of an absence: the case is left out of it, and the text says why.
    "noted": (
        _f("absent", "text", "Who is away"),
        _f("absent_from", "date", "First day away"),
        _f("absent_to", "date", "Last day away"),
        _f("text", "long_text", "Note", True),
    ),
    "field_revealed": (
        _f("field", "choice", "What is shown in full", True, REVEALED_FIELDS, "revealed"),
        _f("purpose", "choice", "What it is needed for", True, REVEAL_PURPOSES, "reveal_purpose"),
        _f("words", "text", "The purpose in words"),
        _f("beside", "text", "Who complains stands in"),  # of several complainers the one whose number it is
    ),
    "form_printed": (_f("form", "text", "Form", True),),
    "late_work_taken": (
        _f("acts", "texts", "Acts", True),
        _f("reason", "long_text", "Reason", True),
    ),
    "hold_placed": (
        _f("until", "date", "Held until", True),
        _f("reason", "long_text", "Reason", True),
    ),
    "hold_lifted": (
        _f("acts", "texts", "Acts", True),
        _f("reason", "long_text", "Reason", True),
    ),
    "content_erased": (
        _f("rule", "text", "Retention rule", True),
        _f("years", "int", "Years of keeping", True),
        _f("closed_on", "date", "Last step in the case", True),
        _f("kept_until", "date", "Kept until", True),
        _f("count", "int", "Number of acts", True),
        _f("hashes", "text", "Digest of their hashes", True),
        _f("residue", "text", "Digest of what stays", True),
        _f("again", "bool", "Erased again after a backup came back"),
    ),
    "contradiction_resolved": (
        _f("code", "text", "Contradiction", True),
        _f("acts", "texts", "Acts", True),
        _f("decision", "text", "Decision", True),
        _f("reason", "long_text", "Reason", True),
    ),
}


def read_fields(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of one event with dates as dates; raises `Malformed` at the first field that is wrong.

    Fields that this version does not know are dropped: a newer device may send them.
    """
    known, required = _KNOWN[event_type]
    fields: dict[str, Any] = {}
    for name, value in data.items():
        spec = known.get(name)
        if spec is not None and not missing(value):
            fields[name] = read_value(spec, value)
    for name in required:
        if name not in fields:
            raise Malformed(name, N_("is missing"))
    return fields


def tells_no_time(event_type: str, data: Mapping[str, Any]) -> bool:
    """Whether the person is told of a procedure without the time that it needs, which is what must be told (JY-3.3.5).

    Events of an earlier version may say nothing of it: they stay readable, only no new one is taken.
    """
    telling = event_type == "procedure_time_notified" or (event_type == "procedure_started" and data.get("told"))
    return bool(telling) and missing(data.get("expected_workdays")) and missing(data.get("expected_days"))


# Per event type: its fields by name, and the names that must be there; payloads are read often.
_KNOWN: Mapping[str, tuple[Mapping[str, FieldSpec], tuple[str, ...]]] = {
    event_type: ({spec.name: spec for spec in specs}, tuple(spec.name for spec in specs if spec.required))
    for event_type, specs in EVENTS.items()
}
