"""Words of accounts, people, sessions and the audit trail; the server's own pages take them from here."""

from __future__ import annotations

from py_core.views.language import N_

TITLES = {
    "code": N_("Enter the code"),
    "code_password": N_("Enter the code"),
    "password": N_("Choose your own password"),
    "factor": N_("Set up the second step of signing in"),
    "recovery": N_("Write down your recovery codes"),
    "sent": N_("Send what you typed"),
}

PASSWORD_FAULTS = {
    "short": N_("Use at least 12 characters. Four or five words in a row are easy to remember."),
    "long": N_("Use at most 256 characters."),
    "plain": N_("Use more different characters."),
    "common": N_("This is among the passwords that everybody tries first. Choose another one."),
    "name": N_("Do not build the password around your name, account or unit."),
    "number": N_("Dates, years and telephone numbers are tried first. Take words that do not belong together."),
    "weak": N_("Too easy to guess: take more, for example four words that do not belong together."),
    "again": N_("The two entries differ. Type the same password twice."),
    "same": N_("This is your previous password. Choose a new one."),
}

PASSKEY_FAULTS = {
    "no_site": N_("The city record is reached here by an address without a name, for which no browser makes passkeys."),
    "too_many": N_("You have ten passkeys. Remove one that you do not use any more."),
    "already_here": N_("This passkey is known already."),
    "not_verified": N_("What the authenticator answered could not be verified. Nothing was added; try again."),
    "stale": N_("This took too long, or was sent twice. Nothing was added; try again."),
}

PROOF_FAULTS = {
    "current": N_("The present password is not right."),
    "wait": N_("There were too many wrong tries. Wait some minutes, then try again."),
    "code": N_(
        "This code is not right, or it was used already. Wait for the next one; the phone's clock must be right."
    ),
}

PERSON_FAULTS = {
    "bad_name": N_("2 to 32 lower-case letters and digits, beginning with a letter, such as wangfang2."),
    "name_taken": N_("Somebody has this account name already."),
    "unknown_unit": N_("Choose one."),
    "no_role": N_("Choose at least one role."),
    "roles_apart": N_(
        "Administrator, security officer and auditor go with no other role: each watches over the others."
    ),
    "ends_before": N_("This is before the first day."),
    "past_day": N_("Choose today or a later day: what was in force is what past acts are judged by."),
    "yourself": N_("Nobody ends the own account: ask the other administrator."),
    "not_of_unit": N_("Choose somebody who holds something in this unit on that day."),
    "same_person": N_("A and B are two people."),
    "unknown": N_("There is no such person."),
}

SIGN_IN_STATES = {
    "own": N_("own password"),
    "code": N_("one-time code waits"),
    "expired": N_("one-time code expired"),
    "": N_("cannot sign in"),
}

AUDIT_WORDS = {
    "signed_in": N_("signed in"),
    "signed_out": N_("signed out"),
    "sign_in_refused": N_("was refused at sign-in"),
    "code_refused": N_("entered a wrong code"),
    "password_set": N_("set a new password"),
    "factor_set": N_("set up a second step"),
    "factor_removed": N_("removed a second step"),
    "passkey_used": N_("signed in by passkey"),
    "passkey_added": N_("added a passkey"),
    "passkey_removed": N_("removed a passkey"),
    "codes_renewed": N_("made new recovery codes"),
    "sessions_ended": N_("ended sessions"),
    "log_forked": N_("a device reported that the log does not continue what it had seen"),
    "lockout_lifted": N_("lifted a waiting time"),
    "code_given": N_("gave a one-time code"),
    "person_entered": N_("entered a person"),
    "person_moved": N_("changed a person's term"),
    "person_ended": N_("ended a person's terms"),
    "post_held": N_("changed who holds a post"),
    "device_enrolled": N_("enrolled a device"),
    "device_withdrawn": N_("withdrew a device"),
    "rules_changed": N_("changed the city's rules"),
    "form_printed": N_("printed a form of a case"),
    "visit_phone_seen": N_("saw the phone number of a visit in full"),
    "field_revealed": N_("saw a number in full"),
    "hold_placed": N_("put a content on hold against erasure"),
    "hold_lifted": N_("lifted a hold against erasure"),
    "content_erased": N_("ordered the erasure of a content"),
    "holds_placed_again": N_("said that lost holds are placed again"),
    "carried_file": N_("brought a carried file"),
    "calendar_made": N_("made a secret address for a calendar"),
    "calendar_ended": N_("ended the address of a calendar"),
    "device_renamed": N_("renamed a device"),
    "missing_looked_into": N_("looked into missing acts of a device"),
    "evidence_made": N_("downloaded the evidence of a case"),
    "reporter_evidence_made": N_("downloaded the evidence of who reported or complained in a case"),
    "tool_let_in": N_("let other software in"),
    "tool_shut_out": N_("shut other software out"),
    "backup_taken": N_("copied the whole record into a backup"),
    "record_restored": N_("put the record back from a backup"),
    "key_changed": N_("changed the record's signing key"),
    "device_returned": N_("came back with a device that was enrolled after the backup"),
}

BAD_DAY = N_("Enter a date, such as 2026-12-01.")
FILL_IN = N_("Fill this in.")
CHOOSE_ONE = N_("Choose one.")
WHY_ENDED = N_("Write the reason: it is kept in the audit trail.")
PEOPLE_TITLE = N_("People and posts")
NEW_PERSON = N_("A new person")
CODE_TITLE = N_("One-time code")
NEW_POST = N_("A new post")
DEVICE_NAME_TITLE = N_("Name of a device")
EVIDENCE_TITLE = N_("Evidence of this case")
REPORTER_EVIDENCE_TITLE = N_("Evidence of who reported or complained")
WHY_EVIDENCE = N_("Write what it is for: it is kept in the audit trail.")
NO_EVIDENCE = N_(
    "The record's own proofs do not hold, so no evidence is made. Tell the operator at once: `shouwen verify` names every place."
)
SESSIONS_TITLE = N_("Sessions and lockouts")
AUDIT_TITLE = N_("Audit trail")
AT_THE_MACHINE = N_("the operator, by a command on the machine")
NOBODY = N_("somebody who was not signed in")
UNKNOWN_NAME = N_("a name that nobody has")
LIST_COMMA = N_(", ")
BRACKETED = N_(" (%(text)s)")
ACCOUNT_TITLE = N_("My account")
QR_LABEL = N_("QR code for the authenticator app")
DETAIL_WORDS = {
    "address": N_("from address"),
    "error": N_("why"),
    "heads": N_("seen and told (acts and root)"),
    "why": N_("why"),
    "unit": N_("unit"),
    "title": N_("position"),
    "roles": N_("roles"),
    "since": N_("from"),
    "until": N_("until"),
    "n": N_("how many"),
    "name": N_("name"),
    "act": N_("act"),
    "acts": N_("acts"),
    "form": N_("form"),
    "field": N_("field"),
    "rule": N_("rule"),
    "hashes": N_("digest"),
    "device": N_("device"),
    "document": N_("document"),
    "before": N_("before"),
    "checkpoint": N_("proven up to act number"),
    "a": N_("A"),
    "b": N_("B"),
    "command": N_("command"),
    "account": N_("account of the machine"),
    "stands_for": N_("stands for"),
    "may": N_("may"),
    "folder": N_("folder"),
}
