"""The table of commands: name, event, fields, who may. Forms are built from it. Must not check anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from py_core.cases.events import EVENTS, FieldSpec


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. `title` is a message id; `roles` empty: every officer may; `event` is what it normally records."""

    name: str
    event: str
    fields: tuple[FieldSpec, ...]
    title: str
    roles: tuple[str, ...] = ()

    @property
    def title_msgid(self) -> str:
        return self.title


_DESK = ("dispatch_desk",)
_APPROVERS = ("unit_head", "leader", "dispatch_desk", "handler")
_HEADS = ("leader", "unit_head")
_SUPERVISORS = ("dispatch_desk", "leader", "supervision_office")

# Sub-events that a registration may carry in the same act; each passes its own gate.
REGISTER_EXTRAS: tuple[FieldSpec, ...] = (
    FieldSpec("materials_complete", "bool", label="Papers complete"),
    FieldSpec("corrections", "texts", label="Everything to be corrected"),
    FieldSpec("scope", "choice", choices=("own", "other_section", "other_unit", "unclear"), label="Whose duty it is", term="outcome"),
    FieldSpec("accept_by", "text", label="Accepted by"),
    FieldSpec("deliver_to", "text", label="Dispatched to"),
    FieldSpec("first_responder_phone", "text", label="Phone of the first responder"),
    FieldSpec("promised", "date", label="Promised date"),
    FieldSpec("complaint_phone", "text", label="Complaint phone"),
    FieldSpec("reply_text", "long_text", label="Reply given on the spot"),
    FieldSpec("issue_receipt", "bool", label="Issue a receipt"),
)  # fmt: skip

_ROWS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("record_signature", "signature_recorded", "Record the signature", ()),
    ("tell_identity", "identity_told", "Name, duty and phone were told", ()),
    ("judge_scope", "scope_judged", "Judge whose duty it is", ()),
    ("hand_over", "handed_over", "Hand over", ()),
    ("accept_handover", "handover_accepted", "Take over", ()),
    ("request_lead", "lead_requested", "Ask for a lead unit", ()),
    ("designate_lead", "lead_designated", "Name the lead unit", ("dispatch_desk", "leader", "unit_head")),
    ("refer_out", "referred_out", "Guide to the competent body", ()),
    ("deliver", "delivered", "Dispatch to a unit", _DESK),
    ("accept", "accepted", "Accept", ()),
    ("receive_materials", "materials_received", "Receive papers", ()),
    ("notify_correction", "correction_notified", "Tell all corrections at once", ()),
    ("complete_materials", "materials_completed", "Papers are complete now", ()),
    ("start_procedure", "procedure_started", "Start a special procedure", ()),
    ("notify_procedure_time", "procedure_time_notified", "Tell the time that the procedure needs", ()),
    ("finish_procedure", "procedure_finished", "The procedure has ended", ()),
    ("request_extension", "extension_requested", "Ask for an extension", ()),
    ("approve_extension", "extension_approved", "Approve the extension", _APPROVERS),
    ("refuse_extension", "extension_refused", "Refuse the extension", _APPROVERS),
    ("notify_extension", "extension_notified", "Tell the person of the extension", ()),
    ("propose_refusal", "refusal_proposed", "Propose a refusal", ()),
    ("report_refusal", "refusal_reported", "File the refusal with the leader", ()),
    ("mark_refusal_major", "refusal_marked_major", "Mark as grave: to the leaders' meeting", _HEADS),
    ("record_leaders_meeting", "leaders_meeting_recorded", "Record the leaders' meeting", _HEADS),
    ("decide_refusal", "refusal_decided", "Decide on the refusal", _HEADS),
    ("notify_refusal", "refusal_notified", "Tell the refusal with its reason", ()),
    ("forward_up", "forwarded_up", "Forward upward", ()),
    ("report_back", "reported_back", "Report back", ()),
    ("issue_decision", "decision_issued", "Issue the decision", ()),
    ("issue_certificate", "certificate_issued", "Issue the document", ()),
    ("finish", "completed", "The work is finished", ()),
    ("reply", "replied", "Reply", ()),
    ("feed_back", "fed_back", "Feed back to the hotline", ()),
    ("pass_review", "review_passed", "Pass the review", _DESK),
    ("return_review", "review_returned", "Send back", _DESK),
    ("call_back", "called_back", "Record the call-back", _DESK),
    ("refuse_ticket", "ticket_refused", "Refuse the work order", ()),
    ("request_return", "return_requested", "Ask to return the work order", ()),
    ("refuse_assist", "assist_refused", "Record that a unit refuses to assist", ()),
    ("start_supervision", "supervision_started", "Start supervision", _SUPERVISORS),
    ("decline_proposal", "proposal_declined", "Decline the proposal with a reason", _SUPERVISORS),
    ("open_accountability", "accountability_opened", "Open an accountability file", _SUPERVISORS),
    ("give_instruction", "instruction_given", "Ask for stronger supervision", _HEADS),
    ("report_urgent", "urgent_reported", "Reported to the head", ()),
    ("record_absence", "absence_recorded", "Record an absence", ()),
    ("arrange_acting", "acting_arranged", "Arrange who acts", ("unit_head",)),
    ("change_post", "post_changed", "Change the A/B arrangement", ()),
    ("file_post_change", "post_change_filed", "File the A/B change", ()),
    ("file_complaint", "complaint_filed", "Record a complaint", ()),
    ("answer_complaint", "complaint_answered", "Answer the complaint", ()),
    ("issue_receipt", "receipt_issued", "Issue the receipt", ()),
    ("leave_message", "message_left", "A visitor left a note", ()),
    ("contact_visitor", "visitor_contacted", "The visitor was contacted", ()),
    ("change_promise", "promise_changed", "The published promise changes", ()),
    ("note", "noted", "Add a note", ()),
    ("resolve_contradiction", "contradiction_resolved", "Decide the contradiction", ("reconciler",)),
)

COMMANDS: Mapping[str, CommandSpec] = {
    "register": CommandSpec("register", "registered", EVENTS["registered"] + REGISTER_EXTRAS, "Register"),
    # Completing a matter is the event that ends its own clock: `decide` chooses it (JY-3.3.5, C-09).
    "complete": CommandSpec("complete", "completed", EVENTS["completed"], "Complete"),
    **{name: CommandSpec(name, event, EVENTS[event], title, roles) for name, event, title, roles in _ROWS},
}

# The command that records an event, for replaying what happened elsewhere.
COMMAND_OF: Mapping[str, str] = {"registered": "register", **{event: name for name, event, _, _ in _ROWS}}

ALL_ROLES = frozenset(
    {
        "officer", "unit_head", "leader", "dispatch_desk", "reconciler", "admin", "discipline_desk",
        "supervision_office", "handler",
    }
)  # fmt: skip

assert COMMAND_OF.keys() == EVENTS.keys()
