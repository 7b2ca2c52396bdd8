"""登记: one page for a first contact, and the one act that it becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.commands import COMMAND_OF, COMMANDS
from py_core.cases.events import CLAIMANTS, EVENTS, REQUEST_KINDS
from py_core.cases.state import Case
from py_core.desk import notice_entries, register_visit, secrecy, similar_cases
from py_core.desk.command_words import fault_text
from py_core.desk.deciding import Step, decide_all
from py_core.desk.forms import FORM_KEY, Form, shown_moment
from py_core.desk.frame import page, redirect, render
from py_core.desk.ports import NewAct, Response
from py_core.desk.problems import refusal
from py_core.desk.recording import new_act
from py_core.desk.register_choices import MATTER, Choice, choice_view, choices, chosen, matter_groups
from py_core.desk.register_form import (
    DESK_CHANNELS,
    FURTHER_PAPERS,
    LIMIT_UNITS,
    ON_SITE,
    OPINIONS,
    TOLD_AT_ONCE,
    Registration,
    read_registration,
)
from py_core.desk.turn import Turn
from py_core.desk.visit_words import refusal_text
from py_core.errors import Refused
from py_core.reporters import apart, hiding, reporter_id
from py_core.rules.engine import assess
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

OUTCOMES: tuple[tuple[str, str, str, str], ...] = (
    ("accept", "", N_("Accept it here"), N_("the limit runs; a service gets its receipt at once")),
    ("done", "", N_("Done or answered on the spot"), N_("nothing is left to do")),
    ("notice", "papers", N_("Papers are missing: give the one-time notice"), N_("everything missing is told once")),
    ("hand_over", "desk", N_("Hand over to another unit"), N_("you follow it until it is taken over")),
    ("guide", "desk", N_("Not for this office: guide to the competent body"), N_("explained and told where to go")),
    ("deliver", "appeal", N_("Deliver as a work order to a unit"), N_("its limit starts there")),
    ("register", "", N_("Only register for now"), ""),
)
# Where a matter's clock starts with an event of its own, registering it is that event too: command and its text.
_STARTS = {"complaint_filed": ("file_complaint", "about"), "post_changed": ("change_post", "note")}
NUMBER_DIGITS = 6
_NOTICE = {notice_entries.typed_name(field.name): field.label for field in notice_entries.ENTRIES}
# Entries of the acts that have another name in the form.
_FIELD_OF = {
    "promise": "offer", "explicit_limit": "limit_until", "items": "missing",
    **{field.name: notice_entries.typed_name(field.name) for field in notice_entries.ENTRIES},
}  # fmt: skip
# The order in which the page asks.
_ON_THE_PAGE = (
    "offer", "matter", "limit_n", "limit_until", "further-0", "further-1", "complete", "claimant", "claimant_name", "claimant_phone",
    "claimant_id", "channel", "request_kind", "title", "text", "place", "against", "signed", "strokes",
    "unsigned_reason", "attachments", "outcome", "result", "opinion", "missing", *_NOTICE, "to_body", "explanation", "to_unit",
    "occurred_at",
)  # fmt: skip
# What the fields are called whose fault does not say which one it means: too long, or not filled in.
_LABELS = {
    "claimant_name": N_("Name"), "claimant_phone": N_("Phone"), "claimant_id": N_("ID or credit code (optional)"),
    "claimant_address": N_("Address (optional)"), "title": N_("Subject"), "text": N_("What the person says"),
    "place": N_("Place it is about (optional)"), "against": N_("It is about a member of staff"),
    "unsigned_reason": N_("Reason, if not signed"), "result": N_("What was done or answered"),
    "to_body": N_("Competent body, with its address or phone"), "explanation": N_("Explanation given"),
    "missing": N_("Everything to be corrected or added, one item per line"),
    **{f"further-{index}": N_("Paper") for index in range(FURTHER_PAPERS)},
    **_NOTICE,
}  # fmt: skip
# Alt and the letter leads there (`data-key` in the template).
KEYS = (
    ("w", N_("what is asked for")),
    ("c", N_("are the papers complete")),
    ("n", N_("who asks")),
    ("i", N_("name and duty told")),
    ("t", N_("what it is about")),
    ("s", N_("signature")),
    ("h", N_("what happens now")),
)


def show_register(turn: Turn) -> Response:
    """A form with its own key: whatever is sent with this key becomes one case at most.

    `?visit=` and `?enterprise=` fill in who asks; a registration in a visit becomes a request of the visit. What
    somebody attests (papers complete, name and duty told, signed) is never answered beforehand.
    """
    shown = shown_moment(turn.surroundings.now)
    defaults = {
        "key": turn.surroundings.new_id(),
        "claimant": "person",
        "channel": "hotline" if _at_hotline(turn) else "walk_in",
        "request_kind": "help",
        "outcome": "accept",
        "limit_unit": "workday",
        "occurred_at": shown,
        "occurred_at_shown": shown,
        **register_visit.prefilled(turn),
    }
    return _page(turn, Form(turn, {}, defaults), choices(turn))


def _at_hotline(turn: Turn) -> bool:
    """Whether this is the dispatch desk of the city's centre: what is taken in a hurry there is a call, not a visitor."""
    unit = turn.directory.units.get(turn.person.unit) if turn.person else None
    return "dispatch_desk" in turn.roles and unit is not None and unit.kind == "centre"


def take_register(turn: Turn) -> Response:
    """Registers; a form that was sent before leads to the case that it made."""
    form = Form(turn, turn.request.form)
    key = form.value("key")
    visit_id = form.value("visit")
    if FORM_KEY.fullmatch(key) and turn.store.case(key) is not None:
        return redirect(register_visit.back_to(visit_id, "visit_again") or f"/cases/{key}?done=again")
    offered = choices(turn)
    wanted = read_registration(turn, form, offered)
    if wanted is None:
        return _page(turn, form, offered, status=422)
    hidden = hiding(
        {**wanted.fields, "pack": wanted.choice.pack.id, "matter": wanted.choice.matter.id}, turn.store.packs()
    )
    may_name = hidden is not None and secrecy.refuse_names(form, _words(form, wanted), wanted.fields)
    if form.errors:
        return _page(turn, form, offered, status=422, may_name=may_name)
    if visit_id and hidden:
        form.fault(
            "request_kind",
            N_("Register a report by itself, not in a visit: whoever reads the visit would know who made it."),
        )
        return _page(turn, form, offered, status=422)
    number = f"{turn.identity.device_code}-{turn.surroundings.next_device_seq:0{NUMBER_DIGITS}d}"
    try:
        events, receipt = _decide(turn, wanted, number)
    except Refused as refused:
        if not _note_faults(turn, form, refused):
            return refusal(turn, refused, "/register", wanted.choice.pack)
        return _page(turn, form, offered, status=422)
    acts = registered_acts(turn, wanted.case_id, events, wanted.occurred_at)
    if receipt and wanted.occurred_at != turn.surroundings.now:  # asked for earlier, but the receipt is given now
        acts.append(new_act(turn, wanted.case_id, "issue_receipt", receipt, turn.surroundings.now, len(acts)))
    elif receipt:
        acts = registered_acts(turn, wanted.case_id, events + receipt, wanted.occurred_at)
    if visit_id:
        try:
            acts.append(register_visit.joined(turn, visit_id, wanted, len(acts)))
        except Refused as refused:
            form.errors["visit"] = refusal_text(turn, refused)
            return _page(turn, form, offered, status=422)
    location = register_visit.back_to(visit_id, "visit_request") or _next_page(wanted, bool(receipt))
    return Response(303, location=location, acts=tuple(acts))


def _words(form: Form, wanted: Registration) -> dict[str, str]:
    """What is typed and stays in the case, by its field."""
    words = {name: str(wanted.fields.get(name, "")) for name in ("title", "text", "place", "unsigned_reason")}
    words |= {"to_body": wanted.to_body, "explanation": wanted.explanation, "missing": "\n".join(wanted.missing_papers)}
    for field, said in wanted.notice.items():
        words[notice_entries.typed_name(field)] = said if isinstance(said, str) else "\n".join(said)
    if wanted.outcome == "done":
        words["result"] = wanted.result
    if wanted.choice.takes_papers:
        words |= {f"further-{index}": form.value(f"further-{index}") for index in range(FURTHER_PAPERS)}
    return words


def registered_acts(turn: Turn, case_id: str, events: tuple[Event, ...], at: datetime) -> list[NewAct]:
    """The act that begins a case and, of a report, the one beside it that says who made it."""
    kept, beside = apart(case_id, events, turn.store.packs())
    acts = [new_act(turn, case_id, "register", kept, at)]
    if beside is not None:
        acts.append(new_act(turn, reporter_id(case_id), "tell_reporter", (beside,), at, after=1))
    return acts


def show_similar(turn: Turn) -> Response:
    """What is known here about the form as typed: the part alone, or the whole page when a button without script asks.

    Typed content comes by POST only, so that it stands in no address and no history.
    """
    form = Form(turn, turn.request.form)
    offered = choices(turn)
    if form.value("look") == "page":
        return _page(turn, form, offered)
    found = similar_cases.found(turn, form, _kind(form, offered))
    return Response(200, render("parts/similar.html", {"lang": turn.lang, "found": found}))


def _kind(form: Form, offered: list[Choice]) -> str:
    choice = chosen(form, offered)
    return choice.kind if choice else ""


def _decide(turn: Turn, wanted: Registration, number: str) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """The events of the whole registration, and those of the receipt that is issued with it."""
    first = _steps(turn, wanted, number)
    events, case = decide_all(turn, wanted.case_id, None, first, wanted.occurred_at)
    if wanted.choice.kind != "service" or wanted.outcome != "accept" or wanted.fields["channel"] not in ON_SITE:
        return events, ()
    now = turn.surroundings.now
    more, _ = decide_all(turn, wanted.case_id, case, [receipt_step(turn, case, number)], now)
    return events, more


def receipt_step(turn: Turn, case: Case | None, number: str) -> Step:
    """The command that issues the receipt of JY-3.2.7 with the values that the case and the directory give."""
    assert case is not None
    law = turn.rules.law_of(case)
    found = assess(case, law.packs, law.calendar, turn.surroundings.now, law.policies)
    responder = turn.directory.people.get(case.registered.user) if case.registered else None
    unit = turn.directory.units.get(str(case.value("unit")))
    fields = {
        "first_responder_phone": responder.phone if responder else "",
        "promised": found.due.isoformat() if found.due else "",
        "complaint_phone": unit.complaint_phone if unit else "",
        "number": number,
    }
    return "issue_receipt", fields


def _steps(turn: Turn, wanted: Registration, number: str) -> list[Step]:
    choice, person = wanted.choice, turn.person
    appeal = choice.kind == "appeal"
    unit, me = person.unit if person else "", turn.identity.user
    fields: dict[str, Any] = {
        **wanted.fields,
        "pack": choice.pack.id,
        "matter": choice.matter.id,
        "unit": unit,
        "number": number,
        "staff": "support" if person and person.category == "support" else "officer",
        **({"visit": wanted.visit} if wanted.visit else {}),
    }
    if choice.offer:
        # What was promised on the day of receipt stays with the case (P-13), also when it is written down later.
        offer = turn.directory.offer_on(choice.offer.id, local(wanted.occurred_at).date()) or choice.offer
        fields |= {"offer": offer.id, "offer_version": offer.version}
        for name, value in (("promise", offer.promise), ("statutory", offer.statutory)):
            if value:
                fields[name] = dict(value)
        if offer.completion_event:
            fields["completion_event"] = offer.completion_event
    if choice.takes_papers:
        fields["materials_complete"] = wanted.complete
    if wanted.outcome in ("accept", "done"):
        fields["accept_by"] = me
        if appeal:
            fields["deliver_to"] = unit
    if wanted.outcome == "deliver":
        fields["deliver_to"] = wanted.to_unit
    steps: list[Step] = [("register", fields)]
    if wanted.outcome == "notice":
        told = {"items": list(wanted.missing_papers), "form": "written", **wanted.notice}
        steps.append((notice_entries.COMMAND, told))
    for event, (command, field) in _STARTS.items():
        if event in choice.matter.start:
            steps.append((command, {field: wanted.fields.get("text", "")}))
    if wanted.outcome == "hand_over":
        steps.append(("hand_over", {"to": wanted.to_unit}))
    if wanted.outcome == "guide":
        steps.append(("refer_out", {"to_body": wanted.to_body, "explanation": wanted.explanation}))
    if wanted.outcome == "done" and appeal:
        steps.append(("reply", {"text": wanted.result, "opinion": wanted.opinion}))
    elif wanted.outcome == "done":
        steps.append(_end(choice, wanted.result))
        if choice.matter.tell_result and wanted.fields["channel"] in TOLD_AT_ONCE and steps[-1][0] != "reply":
            steps.append(("reply", {"text": wanted.result}))
    return steps


def _end(choice: Choice, result: str) -> Step:
    """The step that ends the matter on the spot: the one that stops its clock."""
    stops = choice.matter.stop
    if choice.kind != MATTER or "completed" in stops:
        return "complete", {"text": result}
    command = COMMANDS[COMMAND_OF[stops[0]]]
    name = next((spec.name for spec in command.fields if spec.name in ("text", "note")), "")
    return command.name, {name: result} if name else {}


def _next_page(wanted: Registration, receipt: bool) -> str:
    case = f"/cases/{wanted.case_id}"
    if receipt:
        return f"{case}/slips/F-02?paper=a4&done=receipt"
    if wanted.outcome == "notice":
        return f"{case}/slips/F-04?paper=a4&done=notice"
    if wanted.outcome == "guide":
        return f"{case}/slips/F-07?done=guide"
    return f"{case}?done={ {'accept': 'accept', 'done': 'complete'}.get(wanted.outcome, 'register') }"


def _note_faults(turn: Turn, form: Form, refused: Refused) -> bool:
    """Whether a refusal is about single entries; then its messages stand in the form."""
    of_receipt = {spec.name: turn.say(spec.label) for spec in EVENTS["receipt_issued"]}
    lacking = [of_receipt[name] for name in refused.fields if name in of_receipt]
    if lacking:
        # These come from the directory and the rules, so there is no field to correct.
        form.fault(
            "outcome",
            N_(
                "The receipt would lack: %(fields)s. Have it entered in the city's directory, or only register for now."
            ),
            fields=turn.say(N_(", ")).join(lacking),
        )
    for name, message in refused.fields.items():
        if name not in of_receipt:
            form.fault(_FIELD_OF.get(name, name), fault_text(message))
    return bool(refused.fields)


def _page(turn: Turn, form: Form, offered: list[Choice], status: int = 200, *, may_name: bool = False) -> Response:
    pack = turn.packs[next(iter(turn.packs))]
    english = turn.lang == language.EN
    form.in_order(_ON_THE_PAGE)

    def named(kind: str, values: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"value": value, "text": pack.term(f"{kind}.{value}", turn.lang)} for value in values]

    return page(
        turn,
        "register.html",
        turn.say(N_("Register a request") if form.value("visit") else N_("Register a contact")),
        f"register-{form.value('key')}",
        {
            "form": form,
            "may_name": may_name,
            "labels": [
                {"name": name, "label": turn.say(label)}
                for name, label in _LABELS.items()
                if name in form.too_long or name in _NOTICE
            ],
            "visit": register_visit.named(turn, form.value("visit")),
            "keys": [(key, turn.say(what)) for key, what in KEYS],
            "found": similar_cases.found(turn, form, _kind(form, offered)),
            "offers": [choice_view(turn, choice) for choice in offered if choice.kind != MATTER],
            "matters": matter_groups(turn, offered),
            "limit_units": named("unit", LIMIT_UNITS),
            "claimant_kinds": named("claimant", CLAIMANTS),
            "channels": named("channel", DESK_CHANNELS),
            "request_kinds": named("request_kind", REQUEST_KINDS),
            "opinions": named("opinion", OPINIONS),
            "complete_options": [
                {"value": "yes", "text": turn.say(N_("Complete and in legal form"))},
                {"value": "no", "text": turn.say(N_("Something is missing"))},
            ],
            "signed_options": [
                {"value": "yes", "text": turn.say(N_("Signed"))},
                {"value": "paper", "text": turn.say(N_("To be signed on the printed reception record (F-01)"))},
                {"value": "no", "text": turn.say(N_("Not signed"))},
            ],
            "outcomes": [
                {"value": value, "only": only, "text": turn.say(text), "hint": turn.say(hint) if hint else ""}
                for value, only, text, hint in OUTCOMES
            ],
            "notice_entries": [
                {
                    "field": field.name,
                    "name": notice_entries.typed_name(field.name),
                    "label": turn.say(field.label),
                    "hint": turn.say(N_("One item per line.") if field.kind == "texts" else notice_entries.WHY),
                }
                for field in notice_entries.ENTRIES
                if any(field.name in choice.notice.split() for choice in offered)
            ],
            "further_papers": [
                {"name": f"further-{index}", "copies": f"further-copies-{index}"} for index in range(FURTHER_PAPERS)
            ],
            "units": [
                {"value": unit.id, "text": unit.en if english else unit.zh} for unit in turn.directory.units.values()
            ],
        },
        status=status,
        where="register",
    )
