"""What each refusal says and what to do instead: message ids (English); the Chinese is in the catalogue.

Owns the stable codes. Must not decide when to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.errors import Refused
from py_core.values import N_

MESSAGES: Mapping[str, tuple[str, str]] = {
    "already_accepted": (
        N_("The case has already been accepted."),
        N_("Hand it over if somebody else is to handle it."),
    ),
    "already_extended": (N_("The limit has already been extended once."), N_("Finish by the extended date.")),
    "already_registered": (N_("This case is already closed."), N_("Register a new case.")),
    "case_closed": (N_("The case is closed."), N_("Register a new case, or record a complaint.")),
    "content_erased": (
        N_("The content of this case was erased after its period; nothing can be added to it."),
        N_("Register a new case."),
    ),
    "late_extension": (
        N_("The limit ended on %(due)s; after that it cannot be extended."),
        N_("Finish as soon as possible and record why it is late."),
    ),
    "malformed_field": (N_("Some entries cannot be read."), N_("Correct the marked fields.")),
    "meeting_not_recorded": (
        N_("The leaders' meeting has not been recorded."),
        N_("Record the meeting and its opinion first."),
    ),
    "missing_field": (N_("Required entries are missing."), N_("Fill in the marked fields.")),
    "missing_promise": (N_("This matter needs a published promise."), N_("Choose a service that has a promise.")),
    "no_extension_for_matter": (
        N_("The regulation gives no extension for this matter."),
        N_("Finish by the date that stands."),
    ),
    "no_extension_in_pack": (N_("This regulation knows no extension."), N_("Finish by the date that stands.")),
    "no_suspension_for_matter": (
        N_("The regulation excludes no time of a special procedure for this matter."),
        N_("Go on; the limit keeps running."),
    ),
    "not_agreed": (N_("The leader has not agreed to the refusal."), N_("Wait for the decision.")),
    "not_fed_back": (N_("There is no feedback to review."), N_("Wait for the unit's feedback.")),
    "not_in_this_regulation": (N_("This regulation does not know that step."), N_("Choose one of the offered steps.")),
    "not_permitted": (N_("Your role may not do this."), N_("Ask somebody who has one of these roles: %(roles)s.")),
    "not_registered": (N_("Nothing is registered yet."), N_("Register the contact first.")),
    "not_replied": (N_("The person has not been answered yet."), N_("Reply first and ask for the person's view.")),
    "not_reported_to_leader": (
        N_("A refusal must first be filed with the leader in charge."),
        N_("File the refusal with the leader and wait for the decision."),
    ),
    "not_reviewed": (N_("The result has not passed the review."), N_("Review it first.")),
    "nothing_approved": (N_("No extension has been approved."), N_("Have the extension approved first.")),
    "nothing_handed_over": (N_("Nothing has been handed over."), N_("Accept the case instead.")),
    "nobody_away": (
        N_("No absence is recorded here that a return could end."),
        N_("Record the absence first, if there is one."),
    ),
    "no_deemed_consent": (
        N_("Nothing counts as agreed here, or it has been confirmed already."),
        N_("Answer the document within its limit."),
    ),
    "no_accountability_file": (
        N_("A veto rests on a decision about liability, and no file was opened here."),
        N_("Open the accountability file first."),
    ),
    "no_such_veto": (
        N_("There is no such veto in this case, or it was withdrawn already."),
        N_("Choose the year and the name as they were entered."),
    ),
    "veto_already_recorded": (N_("This veto is already entered."), N_("Look at the register at the centre.")),
    "setting_missing": (
        N_("The regulation leaves open which decision has this effect, and the city has not filled it in."),
        N_("Ask the administrator to fill it in under Rules and settings."),
    ),
    "nothing_proposed": (N_("No refusal has been proposed."), N_("Propose the refusal first.")),
    "nothing_requested": (N_("No extension has been asked for."), N_("Ask for the extension first.")),
    "opinion_not_sought": (
        N_("The person's view on the result has not been sought."),
        N_("Ask the person and record the reply with the view."),
    ),
    "over_cap": (
        N_("The new date is beyond %(cap)s, the last day that is allowed."),
        N_("Choose a date up to %(cap)s."),
    ),
    "over_promise": (
        N_("The steps together are longer than the promise of %(promise)s working days."),
        N_("Shorten the steps."),
    ),
    "support_staff": (N_("Support staff cannot be the first responder."), N_("An officer must receive the person.")),
    "unknown_procedure": (N_("There is no such running procedure."), N_("Choose a procedure of this case.")),
    "wrong_matter": (
        N_("This kind of matter has another limit for those who ask."),
        N_("Choose the matter that fits: a person or an enterprise."),
    ),
    "wrong_approver": (N_("This extension must be approved by: %(roles)s."), N_("Pass it to the right person.")),
}


def refuse(code: str, article: str, fields: Mapping[str, str] | None = None, **params: Any) -> Refused:
    """The refusal with its article, message and way out."""
    message, instead = MESSAGES[code]
    return Refused(code, article, message, instead, params, fields or {})
