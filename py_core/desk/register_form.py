"""Reads the registration form: every field checked, every fault with what to do, nothing dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.cases.events import CHANNELS, CLAIMANTS, REQUEST_KINDS
from py_core.cases.fields import YEAR_MIN
from py_core.desk import notice_entries
from py_core.desk.contact_checks import read_identity, read_phone, tidy
from py_core.desk.forms import FORM_KEY, Form
from py_core.desk.register_choices import MATTER, Choice, chosen
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N_

NAME_MAX, TITLE_MAX, TEXT_MAX, PLACE_MAX, REASON_MAX, PAPER_MAX = 60, 80, 2000, 120, 120, 80
FURTHER_PAPERS = 2
ON_SITE = ("walk_in", "visit")
TOLD_AT_ONCE = (*ON_SITE, "phone", "hotline")  # who asks this way hears the result on the spot
# At a desk nobody is on a visit to an enterprise (走访): what is asked there is registered from the visit, which says so.
DESK_CHANNELS = tuple(channel for channel in CHANNELS if channel != "visit")
SERVICE_OUTCOMES = ("accept", "done", "notice", "hand_over", "guide", "register")
MATTER_OUTCOMES = ("accept", "done", "hand_over", "guide", "register")
LIMIT_UNITS = ("workday", "day", "week", "month")
LIMIT_MAX = 400
# How a person who comes or calls can be reached is asked for; a letter or document may be anonymous (C-37).
_REACHED = ("walk_in", "visit", "phone", "online", "hotline")
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
    notice: Mapping[str, Any]  # what the one-time notice tells beside them
    to_unit: str
    to_body: str
    explanation: str
    result: str
    opinion: str
    occurred_at: datetime
    visit: str  # the visit in which it was asked, "" for none


def read_registration(turn: Turn, form: Form, choices: list[Choice]) -> Registration | None:
    """The registration, or None with the faults noted in the form."""
    key = form.value("key")
    if not FORM_KEY.fullmatch(key):
        form.fault("key", N_("The form lost its number. Open the page again; what you typed can be copied from here."))
    choice = chosen(form, choices)
    if choice is None and form.value("offer") == MATTER:
        form.fault("matter", N_("Choose the matter."))
    elif choice is None:
        form.fault("offer", N_("Choose what is asked for."))
    visit = form.value("visit")
    channel = "visit" if visit else form.choice("channel", DESK_CHANNELS, N_("Choose how it came."))
    fields: dict[str, Any] = {"channel": channel}
    _read_claimant(form, choice, fields)
    _read_matter(form, choice, fields)
    _read_limit(turn, form, choice, fields)
    fields["identity_told"] = form.value("identity_told") == "yes"
    if form.value("urgent") == "yes":
        fields["urgent"] = True
    if against := _read_against(turn, form):
        fields["against"] = against
    papers, missing = _read_papers(form, choice)
    if papers:
        fields["materials"] = papers
    complete = True
    if choice is not None and choice.takes_papers:
        complete = form.choice("complete", ("yes", "no"), N_("Say whether the papers are complete.")) == "yes"
        if complete and missing:
            form.fault(
                "complete",
                N_(
                    "These papers are not ticked: %(papers)s. Tick what was received, or say that something is missing."
                ),
                papers=turn.say(N_(", ")).join(missing),
            )
    if choice is not None and choice.takes_signature and channel in ON_SITE:
        _read_signature(form, fields)
    files = form.attachments("attachments")
    if files:
        fields |= {"attachments": files, "attachment_purpose": "paper" if choice and choice.takes_papers else "photo"}
    outcome = _read_outcome(form, choice, complete)
    missing = _read_missing(form, outcome, missing)
    notice = _read_notice(form, choice) if outcome == "notice" else {}
    to_unit = ""
    if outcome in ("hand_over", "deliver"):
        to_unit = form.choice("to_unit", tuple(turn.directory.units), N_("Choose the unit that gets the case."))
    to_body, explanation = _read_guidance(form, outcome)
    result = form.text("result", TEXT_MAX)
    if outcome == "done" and not result:
        form.fault("result", N_("Write what was done or answered."))
    opinion = ""
    if outcome == "done" and choice is not None and choice.kind == "appeal":
        opinion = form.choice("opinion", OPINIONS, N_("Ask for the person's view of the result and enter it (HL-7)."))
    occurred_at = form.moment("occurred_at")
    if form.errors or choice is None:
        return None
    return Registration(
        key, choice, fields, outcome, complete, missing, notice, to_unit, to_body, explanation, result, opinion,
        occurred_at, visit,
    )  # fmt: skip


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
    elif choice and choice.kind != "service" and (address or fields["channel"] not in _REACHED):
        pass  # an answer can reach an address too; a letter may be anonymous (C-37)
    elif choice and choice.kind == MATTER:
        form.fault("claimant_phone", N_("Enter a phone number or an address: the answer must reach the person."))
    elif choice:
        form.fault(
            "claimant_phone",
            N_("Enter a phone number: the registration must hold how to reach the person (%(article)s)."),
            article=choice.registering_article,
        )
    else:
        form.fault("claimant_phone", N_("Enter a phone number: the registration must hold how to reach the person."))
    if address:
        fields["claimant_address"] = address
    typed_id = form.text("claimant_id", 40)
    if typed_id and claimant:
        fields["claimant_id"], fault = read_identity(typed_id, claimant)
        if fault:
            form.fault("claimant_id", fault)


def _read_against(turn: Turn, form: Form) -> str:
    """The member of staff whom it is about, by the directory: the record keeps the case from that person by the id."""
    typed = form.text("against", NAME_MAX)
    if not typed:
        return ""
    name, _, unit = typed.replace("，", " ").partition(" ")
    named = [person for person in turn.people if name in (person.name, person.id)]
    found = [person for person in named if not unit or unit.strip() in _unit_names(turn, person.unit)]
    if len(found) == 1:
        return found[0].id
    form.fault(
        "against",
        N_("Several people have this name: add the unit after it.")
        if found
        else N_("Nobody of this name is in the city's directory. Write the name as it stands there."),
    )
    return ""


def _unit_names(turn: Turn, unit: str) -> tuple[str, ...]:
    known = turn.directory.units.get(unit)
    return (unit, known.zh, known.en) if known else (unit,)


def _read_matter(form: Form, choice: Choice | None, fields: dict[str, Any]) -> None:
    appeal = choice is not None and choice.kind == "appeal"
    told = choice is not None and choice.kind != "service"
    title = form.text("title", TITLE_MAX, needed=N_("Write the subject in a few words.") if told else "")
    text = form.text("text", TEXT_MAX, needed=N_("Write what the person says.") if told else "")
    place = form.text("place", PLACE_MAX)
    if not title and choice and choice.offer:
        title = choice.offer.zh
    fields.update({name: value for name, value in (("title", title), ("text", text), ("place", place)) if value})
    if appeal:
        fields["request_kind"] = form.choice("request_kind", REQUEST_KINDS, N_("Choose the kind of request."))


def _read_limit(turn: Turn, form: Form, choice: Choice | None, fields: dict[str, Any]) -> None:
    """A limit that the instruction, letter or document sets itself: a length or a last day, never both (P-16)."""
    if choice is None or choice.kind != MATTER:
        return
    length, until = tidy(form.value("limit_n")), tidy(form.value("limit_until"))
    if not choice.takes_limit:
        if length or until:
            form.fault(
                "limit_n", N_("This matter takes no limit of its own: the regulation sets it. Leave this empty.")
            )
        return
    if length and until:
        form.fault("limit_until", N_("Give a length or a last day, not both."))
    elif length:
        if length.isascii() and length.isdigit() and 0 < int(length) <= LIMIT_MAX:
            unit = form.choice("limit_unit", LIMIT_UNITS)
            fields["explicit_limit"] = {"n": int(length), "unit": unit}
        else:
            form.fault("limit_n", N_("Enter a whole number from 1 to %(most)d."), most=LIMIT_MAX)
    elif until:
        try:
            day = date.fromisoformat(until)
        except ValueError:
            form.fault("limit_until", N_("Enter a date, such as 2026-03-05."))
            return
        fields["explicit_limit"] = {"until": day.isoformat()}
        if day.year >= YEAR_MIN and day < turn.moment.date():
            shown = language.day_text(turn.lang, day)
            form.doubt(
                "limit_until", shown, N_("This day is over. If the document sets it, say so below; else correct it.")
            )
    elif choice.matter.explicit_only:
        form.fault("limit_until", N_("This matter needs the last day or the length that was set for it."))


def _read_guidance(form: Form, outcome: str) -> tuple[str, str]:
    if outcome != "guide":
        return "", ""
    body = form.text("to_body", PLACE_MAX, needed=N_("Write which body is competent, with its address or phone."))
    return body, form.text("explanation", TEXT_MAX, needed=N_("Write what was explained to the person."))


def _read_papers(form: Form, choice: Choice | None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    if choice is None or not choice.takes_papers:
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
    """What stays owed when the printed registration is to be signed: `record_signature` says how that went."""
    signed = form.choice("signed", ("yes", "paper", "no"), N_("Say whether the registration was signed."))
    fields["signed"] = signed == "yes"
    drawn = form.strokes("strokes")
    if drawn and signed in ("paper", "no"):
        form.fault(
            "strokes", N_("Somebody has signed here, but the answer is: not signed. Clear the one or change the other.")
        )
    elif drawn and signed:
        fields["strokes"] = drawn
    if signed == "no":
        fields["unsigned_reason"] = form.text(
            "unsigned_reason", REASON_MAX, needed=N_("Write why there is no signature.")
        )


def _read_outcome(form: Form, choice: Choice | None, complete: bool) -> str:
    if choice is None:
        return ""
    allowed: tuple[str, ...] = APPEAL_OUTCOMES
    if choice.kind != "appeal":
        allowed = SERVICE_OUTCOMES if choice.takes_papers else MATTER_OUTCOMES
    outcome = form.choice("outcome", allowed, N_("Choose what happens now."))
    if choice.takes_papers:
        if complete and outcome == "notice":
            form.fault(
                "outcome",
                N_("The papers are marked as complete, so there is nothing to correct. Choose another outcome."),
            )
        if not complete and outcome == "accept":
            form.fault(
                "outcome",
                N_("With papers missing, give the one-time notice or only register (%(article)s)."),
                article=choice.pack.correction_article,
            )
    return outcome


def _read_missing(form: Form, outcome: str, unchecked: tuple[str, ...]) -> tuple[str, ...]:
    if outcome != "notice":
        return ()
    typed = [line.strip() for line in form.text("missing", TEXT_MAX).splitlines() if line.strip()]
    items = tuple(typed) or unchecked
    if not items:
        form.fault("missing", N_("Write everything that has to be corrected or added, one item per line."))
    return items


def _read_notice(form: Form, choice: Choice | None) -> dict[str, Any]:
    """What the notice has to tell beside the corrections where no published service says it."""
    if choice is None:
        return {}
    asked = notice_entries.asked(choice.pack.id, choice.offer)
    said: dict[str, Any] = {}
    for field in notice_entries.ENTRIES:
        if field.name in asked:
            text = form.text(notice_entries.typed_name(field.name), TEXT_MAX, needed=N_("Fill this in."))
            said[field.name] = (
                [line.strip() for line in text.splitlines() if line.strip()] if field.kind == "texts" else text
            )
    return said
