"""The table of commands: name, event, fields; who may stands in `rights.toml`. Must not check anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from py_core.cases.events import ATTACHMENT_PURPOSES, EVENTS, OUTDATED_FIELDS, FieldSpec
from py_core.rights import rights
from py_core.values import N_


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. `title` is a message id; one of `roles` is needed; `event` is what it normally records.

    `is_work`: it moves the case on or speaks to the person, so it is the business of the unit that answers for the case
    (BZ-SW-4, JY-3.2.5, WH-SW-4(二)). With the others anybody adds what is known, takes the case over or back, or records
    a complaint; the receipt is given by whoever was asked first (JY-3.2.7).
    """

    name: str
    event: str
    fields: tuple[FieldSpec, ...]
    title: str
    roles: tuple[str, ...]
    is_work: bool = False

    @property
    def title_msgid(self) -> str:
        return self.title


# Sub-events that a registration may carry in the same act; each passes its own gate.
REGISTER_EXTRAS: tuple[FieldSpec, ...] = (
    FieldSpec("materials_complete", "bool", label=N_("Papers complete")),
    FieldSpec("corrections", "texts", label=N_("Everything to be corrected")),
    FieldSpec("scope", "choice", choices=("own", "other_section", "other_unit", "unclear"), label=N_("Whose duty it is"), term="outcome"),
    FieldSpec("accept_by", "text", label=N_("Accepted by")),
    FieldSpec("deliver_to", "text", label=N_("Delivered to")),
    FieldSpec("first_responder_phone", "text", label=N_("Phone of the first responder")),
    FieldSpec("promised", "date", label=N_("Promised date")),
    FieldSpec("complaint_phone", "text", label=N_("Complaint phone")),
    FieldSpec("reply_text", "long_text", label=N_("Reply given on the spot")),
    FieldSpec(
        "reply_opinion",
        "choice",
        choices=("satisfied", "unsatisfied", "asked_no_view"),
        label=N_("The person's view"),
        term="opinion",
    ),
    FieldSpec("result_text", "long_text", label=N_("Result given on the spot")),
    FieldSpec("issue_receipt", "bool", label=N_("Issue a receipt")),
    FieldSpec("attachments", "attachments", label=N_("Photographs and papers")),
    FieldSpec("attachment_purpose", "choice", choices=ATTACHMENT_PURPOSES, label=N_("What they show")),
)  # fmt: skip

_ITS_WORK = "work"  # of the unit that answers: `CommandSpec.is_work`
_ROWS: tuple[tuple[str, str, str] | tuple[str, str, str, str], ...] = (
    ("record_signature", "signature_recorded", N_("Record the signature")),
    ("tell_identity", "identity_told", N_("Give name, duty and phone")),
    ("judge_scope", "scope_judged", N_("Judge whose duty it is"), _ITS_WORK),
    ("hand_over", "handed_over", N_("Hand over"), _ITS_WORK),
    ("accept_handover", "handover_accepted", N_("Take over")),
    ("request_lead", "lead_requested", N_("Ask for a lead unit"), _ITS_WORK),
    ("designate_lead", "lead_designated", N_("Name the lead unit")),
    ("refer_out", "referred_out", N_("Guide to the competent body"), _ITS_WORK),
    ("deliver", "delivered", N_("Deliver the work order to a unit")),
    ("accept", "accepted", N_("Accept"), _ITS_WORK),
    ("receive_materials", "materials_received", N_("Receive papers"), _ITS_WORK),
    ("notify_correction", "correction_notified", N_("Give the one-time notice"), _ITS_WORK),
    ("complete_materials", "materials_completed", N_("Record that the papers are complete"), _ITS_WORK),
    ("start_procedure", "procedure_started", N_("Start a special procedure"), _ITS_WORK),
    ("notify_procedure_time", "procedure_time_notified", N_("Tell the person how long the procedure takes"), _ITS_WORK),
    ("finish_procedure", "procedure_finished", N_("Record the end of the procedure"), _ITS_WORK),
    ("request_extension", "extension_requested", N_("Ask for an extension"), _ITS_WORK),
    ("approve_extension", "extension_approved", N_("Approve the extension")),
    ("refuse_extension", "extension_refused", N_("Refuse the extension")),
    ("notify_extension", "extension_notified", N_("Tell the person of the extension"), _ITS_WORK),
    ("propose_refusal", "refusal_proposed", N_("Propose a refusal"), _ITS_WORK),
    ("report_refusal", "refusal_reported", N_("File the refusal with the leader"), _ITS_WORK),
    ("mark_refusal_major", "refusal_marked_major", N_("Mark as a major matter: to the leaders' meeting")),
    ("record_leaders_meeting", "leaders_meeting_recorded", N_("Record the leaders' meeting")),
    ("decide_refusal", "refusal_decided", N_("Decide on the refusal")),
    ("notify_refusal", "refusal_notified", N_("Tell the person of the refusal and why"), _ITS_WORK),
    ("forward_up", "forwarded_up", N_("Forward to the higher authority"), _ITS_WORK),
    ("report_back", "reported_back", N_("Report back"), _ITS_WORK),
    ("issue_decision", "decision_issued", N_("Issue the decision"), _ITS_WORK),
    ("issue_certificate", "certificate_issued", N_("Issue the document"), _ITS_WORK),
    ("finish", "completed", N_("Finish the work"), _ITS_WORK),
    ("reply", "replied", N_("Reply"), _ITS_WORK),
    ("feed_back", "fed_back", N_("Feed back to the hotline"), _ITS_WORK),
    ("pass_review", "review_passed", N_("Pass the review")),
    ("return_review", "review_returned", N_("Send back")),
    ("call_back", "called_back", N_("Record the call-back")),
    ("refuse_ticket", "ticket_refused", N_("Refuse the work order")),
    ("request_return", "return_requested", N_("Ask to return the work order")),
    ("refuse_assist", "assist_refused", N_("Record that a unit refuses to assist")),
    ("start_supervision", "supervision_started", N_("Start supervision")),
    ("decline_proposal", "proposal_declined", N_("Decline the proposal with a reason")),
    ("open_accountability", "accountability_opened", N_("Open an accountability file")),
    ("record_veto", "veto_recorded", N_("Enter a veto")),
    ("withdraw_veto", "veto_withdrawn", N_("Withdraw a veto")),
    ("confirm_deemed_consent", "deemed_consent_confirmed", N_("Confirm the deemed consent"), _ITS_WORK),
    ("give_instruction", "instruction_given", N_("Give an instruction")),
    ("report_urgent", "urgent_reported", N_("Report to the head")),
    ("record_absence", "absence_recorded", N_("Record an absence")),
    ("end_absence", "absence_ended", N_("Record the return")),
    ("arrange_acting", "acting_arranged", N_("Arrange who acts")),
    ("change_post", "post_changed", N_("Change the A/B arrangement")),
    ("file_post_change", "post_change_filed", N_("File the A/B change")),
    ("file_complaint", "complaint_filed", N_("Record a complaint")),
    ("answer_complaint", "complaint_answered", N_("Answer the complaint")),
    ("issue_receipt", "receipt_issued", N_("Issue the receipt")),
    ("leave_message", "message_left", N_("Take a visitor's message")),
    ("contact_visitor", "visitor_contacted", N_("Contact the visitor")),
    ("change_promise", "promise_changed", N_("Change the published promise")),
    # Recorded by the city record itself when the centre changes the law in force; no transition offers it.
    ("recompute_due", "due_recomputed", N_("Record the recomputed date")),
    ("see_due_change", "due_change_seen", N_("Acknowledge the changed date")),
    ("attach", "attachment_added", N_("Add photographs or papers")),
    ("note", "noted", N_("Add a note")),
    ("reveal_field", "field_revealed", N_("Show a number in full")),
    ("print_form", "form_printed", N_("Print a form")),
    ("take_late_work", "late_work_taken", N_("Take late work into the record")),
    ("place_hold", "hold_placed", N_("Put on hold against erasure")),
    ("lift_hold", "hold_lifted", N_("Lift the hold")),
    ("erase_content", "content_erased", N_("Erase the content")),
    ("resolve_contradiction", "contradiction_resolved", N_("Decide the contradiction")),
)


def _spec(name: str, event: str, title: str, *its: str, fields: tuple[FieldSpec, ...] | None = None) -> CommandSpec:
    right = rights().of_command[name]
    fields = EVENTS[event] if fields is None else fields
    fields = tuple(field for field in fields if field.name not in OUTDATED_FIELDS)
    return CommandSpec(name, event, fields, title, tuple(sorted(right.roles)), _ITS_WORK in its)


COMMANDS: Mapping[str, CommandSpec] = {
    "register": _spec("register", "registered", N_("Register"), fields=EVENTS["registered"] + REGISTER_EXTRAS),
    # Completing a matter is the event that ends its own clock: `decide` chooses it (JY-3.3.5, C-09).
    "complete": _spec("complete", "completed", N_("Complete"), _ITS_WORK),
    **{row[0]: _spec(*row) for row in _ROWS},
}

# The command that records an event, for replaying what happened elsewhere.
COMMAND_OF: Mapping[str, str] = {"registered": "register", **{row[1]: row[0] for row in _ROWS}}

# Every role of the directory and of the regulations: who replays what happened elsewhere has them all.
ALL_ROLES = frozenset(rights().roles).union(*(role.stands_for for role in rights().roles.values()))

assert COMMAND_OF.keys() == EVENTS.keys()
assert COMMANDS.keys() == rights().of_command.keys()
