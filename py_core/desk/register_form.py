"""Reads the registration form: every field checked, every fault with what to do, nothing dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from py_core.cases.events import CHANNELS, CLAIMANTS, REQUEST_KINDS
from py_core.desk.contact_checks import read_identity, read_phone
from py_core.desk.forms import FORM_KEY, Form
from py_core.desk.register_choices import Choice
from py_core.desk.turn import Turn
from py_core.views.language import N_

NAME_MAX, TITLE_MAX, TEXT_MAX, PLACE_MAX, REASON_MAX, PAPER_MAX = 60, 80, 2000, 120, 120, 80
FURTHER_PAPERS = 2
ON_SITE = ("walk_in", "visit")
SERVICE_OUTCOMES = ("accept", "done", "notice", "hand_over", "register")
OPINIONS = ("satisfied", "unsatisfied", "asked_no_view")
APPEAL_OUTCOMES = ("accept", "done", "deliver", "register")


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration form without faults: what `register.take_register` makes commands of."""

    case_id: str
    choice: Choice
    fields: dict[str, Any]  # of the command `register`
    outcome: str
    complete: bool
    missing_papers: tuple[str, ...]
    to_unit: str
    result: str
    opinion: str
    occurred_at: datetime


def read_registration(turn: Turn, form: Form, choices: list[Choice]) -> Registration | None:
    """The registration, or None with the faults noted in the form."""
    key = form.value("key")
    if not FORM_KEY.fullmatch(key):
        form.fault("key", N_("The form lost its number. Open the page anew; what you typed can be copied from here."))
    choice = next((item for item in choices if item.value == form.value("offer")), None)
    if choice is None:
        form.fault("offer", N_("Choose what is asked for."))
    channel = form.choice("channel", CHANNELS, N_("Choose how it came."))
    fields: dict[str, Any] = {"channel": channel}
    _read_claimant(form, choice, fields)
    _read_matter(form, choice, fields)
    papers, missing = _read_papers(form, choice)
    if papers:
        fields["materials"] = papers
    service = choice is not None and choice.kind == "service"
    complete = True
    if service:
        complete = form.choice("complete", ("yes", "no"), N_("Say whether the papers are complete.")) == "yes"
        if complete and missing:
            form.fault(
                "complete",
                N_(
                    "These papers are not ticked: %(papers)s. Tick what was received, or say that something is missing."
                ),
                papers=turn.say(N_(", ")).join(missing),
            )
    if service and channel in ON_SITE:
        _read_signature(form, fields)
    files = form.attachments("attachments")
    if files:
        fields |= {"attachments": files, "attachment_purpose": "paper" if service else "photo"}
    outcome = _read_outcome(form, choice, complete)
    missing = _read_missing(form, outcome, missing)
    to_unit = ""
    if outcome in ("hand_over", "deliver"):
        to_unit = form.choice("to_unit", tuple(turn.directory.units), N_("Choose the unit that gets the case."))
    result = form.text("result", TEXT_MAX)
    if outcome == "done" and not result:
        form.fault("result", N_("Write what was done or answered."))
    opinion = ""
    if outcome == "done" and choice is not None and choice.kind == "appeal":
        opinion = form.choice("opinion", OPINIONS, N_("Ask for the person's view of the result and enter it (HL-7)."))
    occurred_at = form.moment("occurred_at")
    if form.errors or choice is None:
        return None
    return Registration(key, choice, fields, outcome, complete, missing, to_unit, result, opinion, occurred_at)


def _read_claimant(form: Form, choice: Choice | None, fields: dict[str, Any]) -> None:
    allowed = choice.matter.claimants if choice and choice.matter.claimants else CLAIMANTS
    claimant = form.choice("claimant", CLAIMANTS, N_("Choose who asks."))
    if claimant and claimant not in allowed:
        form.fault(
            "claimant",
            N_(
                "This kind of matter is not for this kind of claimant. Choose the other appeal or correct the claimant."
            ),
        )
    fields["claimant"] = claimant
    fields["claimant_name"] = form.text(
        "claimant_name", NAME_MAX, needed=N_("Enter the name of the person or organisation.")
    )
    typed_phone = form.text("claimant_phone", 40)
    address = form.text("claimant_address", PLACE_MAX)
    if typed_phone:
        fields["claimant_phone"], fault = read_phone(typed_phone)
        if fault:
            form.fault("claimant_phone", fault)
    elif choice and choice.kind == "appeal" and address:
        pass  # an answer can reach an address too
    else:
        form.fault(
            "claimant_phone", N_("Enter a phone number: the registration must hold how to reach the person (JY-3.2.7).")
        )
    if address:
        fields["claimant_address"] = address
    typed_id = form.text("claimant_id", 40)
    if typed_id and claimant:
        fields["claimant_id"], fault = read_identity(typed_id, claimant)
        if fault:
            form.fault("claimant_id", fault)


def _read_matter(form: Form, choice: Choice | None, fields: dict[str, Any]) -> None:
    appeal = choice is not None and choice.kind == "appeal"
    title = form.text("title", TITLE_MAX, needed=N_("Write the subject in a few words.") if appeal else "")
    text = form.text("text", TEXT_MAX, needed=N_("Write what the person says.") if appeal else "")
    place = form.text("place", PLACE_MAX)
    if not title and choice and choice.offer:
        title = choice.offer.zh
    fields.update({name: value for name, value in (("title", title), ("text", text), ("place", place)) if value})
    if appeal:
        fields["request_kind"] = form.choice("request_kind", REQUEST_KINDS, N_("Choose the kind of request."))


def _read_papers(form: Form, choice: Choice | None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    if choice is None or choice.kind != "service":
        return [], ()
    papers: list[dict[str, Any]] = []
    missing = []
    everything = form.value(choice.all_papers_field) == "y"
    for index, name in enumerate(choice.offer.materials if choice.offer else ()):
        if everything or form.value(choice.paper_field(index)) == "y":
            papers.append({"name": name, "copies": form.count(choice.copies_field(index))})
        else:
            missing.append(name)
    for index in range(FURTHER_PAPERS):
        name = form.text(f"further-{index}", PAPER_MAX)
        if name:
            papers.append({"name": name, "copies": form.count(f"further-copies-{index}")})
    return papers, tuple(missing)


def _read_signature(form: Form, fields: dict[str, Any]) -> None:
    signed = form.choice("signed", ("yes", "no"), N_("Say whether the registration was signed (JY-3.2.7)."))
    fields["signed"] = signed == "yes"
    drawn = form.strokes("strokes")
    if drawn and signed == "no":
        form.fault(
            "strokes", N_("Somebody has signed here, but the answer is: not signed. Clear the one or change the other.")
        )
    elif drawn:
        fields["strokes"] = drawn
    if signed == "no":
        fields["unsigned_reason"] = form.text(
            "unsigned_reason", REASON_MAX, needed=N_("Write why there is no signature (JY-3.2.7).")
        )


def _read_outcome(form: Form, choice: Choice | None, complete: bool) -> str:
    if choice is None:
        return ""
    outcome = form.choice(
        "outcome", SERVICE_OUTCOMES if choice.kind == "service" else APPEAL_OUTCOMES, N_("Choose what happens now.")
    )
    if choice.kind == "service":
        if complete and outcome == "notice":
            form.fault(
                "outcome",
                N_("The papers are marked as complete, so there is nothing to correct. Choose another outcome."),
            )
        if not complete and outcome == "accept":
            form.fault("outcome", N_("With papers missing, give the one-time notice or only register (JY-3.3.5)."))
    return outcome


def _read_missing(form: Form, outcome: str, unchecked: tuple[str, ...]) -> tuple[str, ...]:
    if outcome != "notice":
        return ()
    typed = [line.strip() for line in form.text("missing", TEXT_MAX).splitlines() if line.strip()]
    items = tuple(typed) or unchecked
    if not items:
        form.fault("missing", N_("Write everything that has to be corrected or added, one item a line."))
    return items
