"""What each refusal says and what to do instead: message ids (English); the Chinese is in the catalogue.

Owns the stable codes. Must not decide when to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.errors import Refused

MESSAGES: Mapping[str, tuple[str, str]] = {
    "already_accepted": ("The case has already been accepted.", "Hand it over if somebody else is to handle it."),
    "already_extended": ("The limit has already been extended once.", "Finish by the extended date."),
    "already_registered": ("This case is already closed.", "Register a new case."),
    "case_closed": ("The case is closed.", "Register a new case, or record a complaint."),
    "late_extension": (
        "The limit ended on %(due)s; after that it cannot be extended.",
        "Finish as soon as possible and record why it is late.",
    ),
    "malformed_field": ("Some entries cannot be read.", "Correct the marked fields."),
    "meeting_not_recorded": (
        "The leaders' meeting has not been recorded.",
        "Record the meeting and its opinion first.",
    ),
    "missing_field": ("Required entries are missing.", "Fill in the marked fields."),
    "missing_setting": ("This matter needs a published promise.", "Choose a service that has a promise."),
    "no_extension_for_matter": (
        "The regulation gives no extension for this matter.",
        "Finish by the date that stands.",
    ),
    "no_extension_in_pack": ("This regulation knows no extension.", "Finish by the date that stands."),
    "no_suspension_for_matter": (
        "The regulation excludes no time of a special procedure for this matter.",
        "Go on; the limit keeps running.",
    ),
    "not_agreed": ("The leader has not agreed to the refusal.", "Wait for the decision."),
    "not_fed_back": ("There is no feedback to review.", "Wait for the unit's feedback."),
    "not_in_this_regulation": ("This regulation does not know that step.", "Choose one of the offered steps."),
    "not_permitted": ("Your role may not do this.", "Ask somebody who has one of these roles: %(roles)s."),
    "not_registered": ("Nothing is registered yet.", "Register the contact first."),
    "not_replied": ("The person has not been answered yet.", "Reply first and ask for the person's view."),
    "not_reported_to_leader": (
        "A refusal must first be filed with the leader in charge.",
        "File the refusal with the leader and wait for the decision.",
    ),
    "not_reviewed": ("The result has not passed the review.", "Review it first."),
    "nothing_approved": ("No extension has been approved.", "Have the extension approved first."),
    "nothing_handed_over": ("Nothing has been handed over.", "Accept the case instead."),
    "nothing_proposed": ("No refusal has been proposed.", "Propose the refusal first."),
    "nothing_requested": ("No extension has been asked for.", "Ask for the extension first."),
    "opinion_not_sought": (
        "The person's view on the result has not been sought.",
        "Ask the person and record the reply with the view.",
    ),
    "over_cap": ("The new date is beyond %(cap)s, the last day that is allowed.", "Choose a date up to %(cap)s."),
    "over_promise": (
        "The steps together are longer than the promise of %(promise)s working days.",
        "Shorten the steps.",
    ),
    "support_staff": ("Support staff cannot be the first responder.", "An officer must receive the person."),
    "unknown_procedure": ("There is no such running procedure.", "Choose a procedure of this case."),
    "wrong_approver": ("This extension must be approved by: %(roles)s.", "Pass it to the right person."),
}


def refuse(code: str, article: str, fields: Mapping[str, str] | None = None, **params: Any) -> Refused:
    """The refusal with its article, message and way out."""
    message, instead = MESSAGES[code]
    return Refused(code, article, message, instead, params, fields or {})
