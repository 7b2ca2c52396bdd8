"""What an act is called on the timeline: one message id per event type."""

from __future__ import annotations

from collections.abc import Mapping

from py_core.views.language import N_

EVENT_TITLES: Mapping[str, str] = {
    "registered": N_("Registered"),
    "signature_recorded": N_("Signature recorded"),
    "identity_told": N_("Identity slip handed over"),
    "scope_judged": N_("Scope judged"),
    "handed_over": N_("Handed over"),
    "handover_accepted": N_("Taken over"),
    "lead_requested": N_("Lead unit asked for"),
    "lead_designated": N_("Lead unit named"),
    "referred_out": N_("Guided to the competent body"),
    "delivered": N_("Work order delivered"),
    "accepted": N_("Accepted"),
    "materials_received": N_("Papers received"),
    "correction_notified": N_("One-time notice given"),
    "materials_completed": N_("Papers completed"),
    "procedure_started": N_("Special procedure started"),
    "procedure_time_notified": N_("Time of the procedure told"),
    "procedure_finished": N_("Special procedure finished"),
    "extension_requested": N_("Extension asked for"),
    "extension_approved": N_("Extension approved"),
    "extension_refused": N_("Extension refused"),
    "extension_notified": N_("Extension told to the person"),
    "refusal_proposed": N_("Refusal proposed"),
    "refusal_reported": N_("Refusal filed with the leader"),
    "refusal_marked_major": N_("Refusal marked as a major matter"),
    "leaders_meeting_recorded": N_("Leaders' meeting recorded"),
    "refusal_decided": N_("Refusal decided by the leader"),
    "refusal_notified": N_("Refusal told to the person"),
    "forwarded_up": N_("Forwarded upward"),
    "reported_back": N_("Reported back"),
    "decision_issued": N_("Decision issued"),
    "certificate_issued": N_("Document or certificate issued"),
    "completed": N_("Completed"),
    "replied": N_("Replied to the person"),
    "fed_back": N_("Fed back to the hotline desk"),
    "review_passed": N_("Review passed"),
    "review_returned": N_("Sent back by the review"),
    "called_back": N_("Called back"),
    "ticket_refused": N_("Work order refused"),
    "return_requested": N_("Return asked for"),
    "assist_refused": N_("Assistance refused"),
    "supervision_started": N_("Supervision started"),
    "proposal_declined": N_("Proposal declined"),
    "accountability_opened": N_("Accountability file opened"),
    "veto_recorded": N_("Veto entered"),
    "veto_withdrawn": N_("Veto withdrawn"),
    "deemed_consent_confirmed": N_("Deemed consent confirmed by the head"),
    "instruction_given": N_("Leader's instruction"),
    "urgent_reported": N_("Reported as urgent"),
    "absence_recorded": N_("Absence recorded"),
    "acting_arranged": N_("Acting person arranged"),
    "post_changed": N_("Post changed"),
    "post_change_filed": N_("Change of post filed"),
    "complaint_filed": N_("Complaint filed"),
    "complaint_answered": N_("Complaint answered"),
    "receipt_issued": N_("Receipt issued"),
    "message_left": N_("Message left"),
    "visitor_contacted": N_("Visitor contacted"),
    "promise_changed": N_("Published promise changed"),
    "due_recomputed": N_("Due date recomputed"),
    "due_change_seen": N_("Changed date seen"),
    "attachment_added": N_("Photographs or papers added"),
    "noted": N_("Note"),
    "contradiction_resolved": N_("Contradiction decided by the centre"),
}

# Acts that the claimant may see on the public status page (no names, no internal steps).
PUBLIC_EVENTS = frozenset(
    {
        "registered", "materials_received", "correction_notified", "materials_completed", "accepted", "delivered",
        "handed_over", "referred_out", "procedure_started", "procedure_finished", "extension_notified", "completed",
        "decision_issued", "certificate_issued", "forwarded_up", "replied", "refusal_notified", "receipt_issued",
    }
)  # fmt: skip
