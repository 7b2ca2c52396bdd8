"""Form fields of a command: how each kind is asked for, what it is filled with, and how it is read back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Any

from py_core.cases.commands import CommandSpec
from py_core.cases.commands.gates import granted_until
from py_core.cases.commands.offers import may_assist
from py_core.cases.events import LONG_TEXT_MAX, TEXT_MAX, FieldSpec
from py_core.cases.state import Fact
from py_core.desk import absence, case_view, notice_entries, secrecy, stand_ins
from py_core.desk.contact_checks import read_phone, tidy
from py_core.desk.forms import NO_FILES, Form
from py_core.desk.proposal_words import proposal_words, trigger_words
from py_core.desk.register import receipt_step
from py_core.desk.turn import OpenCase, Turn
from py_core.directory import Person
from py_core.packs import Pack
from py_core.packs.demanded import demanding_article
from py_core.reporters import COMPLAINER, PARTICULARS
from py_core.rules.absences import away_on, standing
from py_core.rules.situation import look
from py_core.views import language
from py_core.views.language import N_

_RADIOS_MAX = 6
# A number of copies behind a name, as people write it; \u4efd is the Chinese word for copies.
_COPIES = re.compile(
    r"^(?P<name>.+?)\s*(?:[x×*,，]\s*(?P<n>\d{1,3})|[(（]?\s*(?P<sheets>\d{1,3})\s*\u4efd\s*[)）]?)?$", re.IGNORECASE
)
_STEP = re.compile(r"^(?P<name>.+?)\s*[,，:： ]\s*(?P<n>\d{1,4})$")

# Fields that the desk knows itself and therefore does not ask for.
_FIXED = frozenset(
    {("accept", "by"), ("accept_handover", "by"), ("approve_extension", "by_role"), ("start_procedure", "id"),
     ("issue_receipt", "number"), ("arrange_acting", "by"), ("file_complaint", "beside"), ("reveal_field", "beside"),
     ("record_absence", "person"), ("record_absence", "known_from"), ("note", "absent"), ("note", "absent_from"),
     ("note", "absent_to"), ("end_absence", "person"), ("end_absence", "from"), ("end_absence", "to")}
)  # fmt: skip
# A control named like a property of its form element hides that property from every script, also from htmx.
_TYPED_NAMES = {"form": "form_of_notice", "id": "procedure_id", "name": "procedure_name"}
_UNIT_FIELDS = frozenset({("hand_over", "to"), ("deliver", "to"), ("designate_lead", "lead"), ("designate_lead", "assists"),
                          ("refuse_assist", "by")})  # fmt: skip
# What a step is about. No article demands it, yet an answer without words would be none.
_SUBJECT_OF_STEP = frozenset(
    {("reply", "text"), ("answer_complaint", "text"), ("issue_decision", "text"), ("issue_certificate", "text"),
     ("give_instruction", "text"), ("forward_up", "to"), ("arrange_acting", "who"), ("refuse_ticket", "reason"),
     ("leave_message", "note"), ("request_lead", "note"), ("change_post", "note"), ("return_review", "reason")}
)  # fmt: skip
# Entries that one answer needs and another does not; the law's own gates ask for them.
_NEEDED_IF = {
    ("start_procedure", "name"): N_("Needed if it is none of these."),
    ("start_procedure", "expected_workdays"): N_("Needed if the person was told how long it takes."),
    ("record_signature", "unsigned_reason"): N_("Needed if it is not signed."),
    ("reveal_field", "words"): N_("Needed if it is for something else."),
    ("decide_refusal", "note"): N_("Needed if a solution is proposed: say which one."),
}
_HINT_OF = {
    ("file_complaint", "about"): N_(
        "Everybody in the case reads this, including whoever it is about: it has to be answered. A complaint about the conduct of a member of staff is registered as a matter of its own that names the person; only the inquiring desks see that."
    )
}
_HINTS = {
    "texts": N_("One item per line."),
    "materials": N_("One paper per line, with the number of copies after it, for example: ID card ×2."),
    "steps": N_("One step per line: unit and working days, for example: water bureau, 3."),
}


def typed_name(name: str) -> str:
    """The name of a field in the page."""
    return _TYPED_NAMES.get(name, name)


def is_fixed(command: str, field: str) -> bool:
    """Whether the desk fills this field of a command itself, so that no form has it."""
    return (command, field) in _FIXED


def _asked(turn: Turn, opened: OpenCase, spec: CommandSpec) -> list[FieldSpec]:
    """The fields that a form has: those that the desk does not fill itself, and no drawing of who stays secret.

    A return says what of the first day away on that day only.
    Whether something was overlooked the first time is asked from the second notice on (BZ-YC-3). Who complains is asked
    for where it stays secret; elsewhere it is the claimant or stands in the words. What a published service says of the
    matter is not asked of a notice again.
    """
    left_out = set(PARTICULARS) if secrecy.hiding_rule(turn, opened) is not None else set()
    if secrecy.complainer_rule(turn, opened) is None:
        left_out |= set(COMPLAINER)
    if opened.case.first("correction_notified") is None:
        left_out.add("overlooked")
    if spec.name == "end_absence" and not absence.begins_today(turn, opened):
        left_out.add("first_day")
    if spec.name == notice_entries.COMMAND:
        told = notice_entries.asked(opened.case.pack, case_view.offer_of(turn, opened.case))
        left_out |= {field.name for field in notice_entries.ENTRIES if field.name not in told}
    return [field for field in spec.fields if not is_fixed(spec.name, field.name) and field.name not in left_out]


def fixed_fields(turn: Turn, opened: OpenCase, spec: CommandSpec) -> dict[str, Any]:
    """Values that follow from who acts on what."""
    names = {field.name for field in spec.fields}
    found: dict[str, Any] = {}
    if ("by" in names) and (spec.name, "by") in _FIXED:
        found["by"] = turn.identity.user
        if spec.name == "accept" and turn.person and _assists(turn, opened):
            found["by"] = turn.person.unit  # the first acceptor goes on answering; this unit takes its part
    if spec.name == "start_procedure":
        found["id"] = f"{turn.identity.device_code}-{turn.surroundings.next_device_seq}"
    if spec.name == "issue_receipt":
        found["number"] = opened.number
    return found


def _assists(turn: Turn, opened: OpenCase) -> bool:
    law = turn.law(opened.case)
    situation = look(opened.case, turn.packs, law.calendar, law.happened_at, law.policies)
    return situation.state == "handling" and may_assist(situation, law.unit)


def defaults(turn: Turn, opened: OpenCase, spec: CommandSpec) -> dict[str, str]:
    """What an unsent form is filled with: what the case already says, and the only choice there is."""
    pack = turn.packs.get(opened.case.pack)
    only = {}
    for field in spec.fields:
        options = _options(turn, opened, spec, field, pack) if field.required and field.kind == "text" else []
        if len(options) == 1:
            only[field.name] = options[0]["value"]
    return {typed_name(name): text for name, text in (only | _known(turn, opened, spec)).items()}


def _known(turn: Turn, opened: OpenCase, spec: CommandSpec) -> dict[str, str]:
    if spec.name == "issue_receipt":
        return {name: str(value) for name, value in receipt_step(turn, opened.case, opened.number)[1].items()}
    if spec.name == "reveal_field":
        return {"field": (turn.request.query.get("field") or secrecy.revealable(turn, opened)[:1] or [""])[-1]}
    if spec.name == notice_entries.COMMAND:
        return notice_entries.told_before(opened.case)
    asked = opened.case.last("extension_requested")
    if spec.name == "approve_extension" and asked:
        until, workdays = asked.data.get("until"), asked.data.get("workdays")
        return {"until": until.isoformat() if until else "", "workdays": str(workdays) if workdays else ""}
    if spec.name == "start_supervision":
        kinds = [name.partition(":") for name in opened.assessment.proposals]
        proposed = [trigger for kind, _, trigger in kinds if kind == "supervision"]
        return {"trigger": proposed[0]} if proposed else {}
    if spec.name == "end_absence":
        today = turn.moment.date()
        found = standing(opened.case, case_view.reading(turn, opened.case))
        posts = {each.who for each in found if each.last >= today} or {each.who for each in found}
        return {"who": posts.pop() if len(posts) == 1 else "", "back": today.isoformat()}
    if spec.name == "notify_procedure_time":
        started = opened.case.all("procedure_started")
        days = started[0].data.get("expected_workdays") if len(started) == 1 else None
        return {"expected_workdays": str(days) if days else ""}
    if spec.name == "notify_extension":
        law = turn.law(opened.case)
        until = granted_until(look(opened.case, turn.packs, law.calendar, law.happened_at, law.policies))
        reason = asked.data.get("reason", "") if asked else ""
        return {"until": until.isoformat() if until else "", "reason": reason}
    return {}


def field_views(turn: Turn, opened: OpenCase, spec: CommandSpec, pack: Pack | None) -> list[dict[str, Any]]:
    """The fields as the template draws them."""
    views = []
    for field in _asked(turn, opened, spec):
        options = _options(turn, opened, spec, field, pack)
        article = demanding_article(opened.case.pack, spec.name, field.name)
        needed = _is_needed(spec, field, article) or (spec.name, field.name) in _NEEDED_IF
        said = [turn.say(N_("Required by %(article)s."), article=article)] if article and not field.required else []
        said += [turn.say(hint) for hint in _hints(spec, field)]
        hint = reduce(lambda first, then: turn.say(N_("%(first)s %(then)s"), first=first, then=then), said or [""])
        views.append(
            {
                "name": typed_name(field.name),
                "label": turn.say(field.label) + turn.say(_mark(spec, field, needed)),
                "hint": hint,
                "options": options,
                "widget": _widget(field, options),
            }
        )
    return views


# An extension is asked for by its length or its end; one of the two is needed.
_ONE_OF_TWO = frozenset({("request_extension", "workdays"), ("request_extension", "until")})


def _mark(spec: CommandSpec, field: FieldSpec, needed: bool) -> str:
    if (spec.name, field.name) in _ONE_OF_TWO:
        return N_(" (one of the two)")
    return "" if needed else N_(" (optional)")


def _is_needed(spec: CommandSpec, field: FieldSpec, article: str) -> bool:
    """Whether the desk takes the step only with this field: by its nature, or by an article."""
    return field.required or bool(article) or (spec.name, field.name) in _SUBJECT_OF_STEP


def _hints(spec: CommandSpec, field: FieldSpec) -> list[str]:
    own, of_kind = _hint(spec, field), _HINTS.get(field.kind, "")
    told = [own, of_kind] if notice_entries.is_entry(spec.name, field.name) else [own or of_kind]
    return [hint for hint in told if hint]


def _hint(spec: CommandSpec, field: FieldSpec) -> str:
    if field.name == "complainer_name":
        return N_("Kept apart from the case; whoever handles it does not see it. Do not write it into the words above.")
    if (spec.name, field.name) in _HINT_OF:
        return _HINT_OF[spec.name, field.name]
    if (spec.name, field.name) in _NEEDED_IF:
        return _NEEDED_IF[spec.name, field.name]
    if notice_entries.is_entry(spec.name, field.name):
        return notice_entries.WHY
    if (spec.name, field.name) in _UNIT_FIELDS and field.kind == "texts":
        return N_("Tick every unit that assists. Write units that are not on the list into the note.")
    if (spec.name, field.name) == ("approve_extension", "workdays"):
        return N_("If this and the new date are left empty, what was asked for is approved.")
    if field.name == "workdays" and any(other.name == "until" for other in spec.fields):
        return N_("Working days to be added; or leave this empty and give the new date.")
    return ""


def _widget(field: FieldSpec, options: list[dict[str, str]]) -> str:
    if options and field.kind == "texts":
        return "checks"
    if options:
        return "radios" if len(options) <= _RADIOS_MAX else "select"
    return {
        "long_text": "area", "texts": "area", "materials": "area", "steps": "area", "date": "date", "int": "number",
        "attachments": "attachments", "strokes": "strokes",
    }.get(field.kind, "text")  # fmt: skip


def _options(
    turn: Turn, opened: OpenCase, spec: CommandSpec, field: FieldSpec, pack: Pack | None
) -> list[dict[str, str]]:
    english = turn.lang == language.EN
    if field.kind == "bool":
        return [{"value": "yes", "text": turn.say(N_("Yes"))}, {"value": "no", "text": turn.say(N_("No"))}]
    if field.kind == "choice":
        return [
            {"value": value, "text": pack.term(f"{field.term}.{value}", turn.lang) if pack else value}
            for value in (secrecy.revealable(turn, opened) if field.term == "revealed" else field.choices)
        ]
    if (spec.name, field.name) in _UNIT_FIELDS:
        return [{"value": unit.id, "text": unit.en if english else unit.zh} for unit in turn.directory.units.values()]
    if (spec.name, field.name) == ("designate_lead", "handler"):
        return [
            {"value": person.id, "text": f"{person.name} · {case_view.unit_name(turn, person.unit)}"}
            for person in turn.people
            if stand_ins.works_on_cases(person)
        ]
    if field.name == "subject":
        units = [{"value": unit.id, "text": unit.en if english else unit.zh} for unit in turn.directory.units.values()]
        return [{"value": person.id, "text": person.name} for person in turn.directory.people.values()] + units
    if field.name in ("handler", "who", "stand_in") and field.kind == "text":
        return [{"value": person.id, "text": person.name} for person in _may_be_named(turn, opened, field.name)]
    if field.name == "id" and spec.name in ("finish_procedure", "notify_procedure_time"):
        return [
            {"value": str(fact.data["id"]), "text": _procedure(turn, pack, fact)}
            for fact in opened.case.all("procedure_started")
        ]
    if field.name == "trigger" and pack:
        return [{"value": row.id, "text": trigger_words(turn, pack, row.id)} for row in pack.supervision]
    if field.name == "proposal" and pack:
        return [{"value": name, "text": proposal_words(turn, pack, name)} for name in opened.assessment.proposals]
    return []


def _may_be_named(turn: Turn, opened: OpenCase, field: str) -> list[Person]:
    """Who of the unit may take a case, act in it while both of the post are away, or stand in for its holder."""
    unit = turn.person.unit if turn.person else ""
    if field == "handler":
        return stand_ins.of_unit(turn, unit)
    away = _recorded_away(turn, opened)
    holder = case_view.answers(turn, opened) if field == "stand_in" else ""
    if not holder:
        return stand_ins.of_unit(turn, unit, away)
    return [person for person in stand_ins.may_be_named(turn, holder) if person.id not in away]


def _recorded_away(turn: Turn, opened: OpenCase) -> frozenset[str]:
    """Who of the case's post is recorded as away today: nobody of them can stand in (BZ-AB-4)."""
    today = turn.moment.date()
    posts = away_on(opened.case, case_view.reading(turn, opened.case), today)
    holder = case_view.answers(turn, opened)
    gone = {holder} if "A" in posts else set()
    if "B" in posts:
        named = posts["B"].person
        gone |= {named} if named else set(turn.directory.stand_ins_of({holder}, today))
    return frozenset(gone)


def _procedure(turn: Turn, pack: Pack | None, fact: Fact) -> str:
    data = fact.data
    name = pack.term(f"procedure.{data['procedure']}", turn.lang) if pack else str(data["procedure"])
    named = " ".join(part for part in (name, str(data.get("name") or "")) if part)
    began = turn.say(N_("began on %(day)s"), day=language.day_text(turn.lang, fact.day))
    return named + turn.say(N_(" (%(text)s)"), text=began)


def read_fields(turn: Turn, opened: OpenCase, spec: CommandSpec, pack: Pack | None, form: Form) -> dict[str, Any]:
    """The typed values as the command takes them; faults are noted in the form."""
    fields = fixed_fields(turn, opened, spec)
    for field in _asked(turn, opened, spec):
        options = _options(turn, opened, spec, field, pack)
        required = _is_needed(spec, field, demanding_article(opened.case.pack, spec.name, field.name))
        needed = N_("Fill this in.") if required else ""
        name = typed_name(field.name)
        if options and field.kind == "texts":
            sent = form.values(name)
            value: Any = [each["value"] for each in options if each["value"] in sent]
            unknown = [each for each in sent if each and each not in value]
            if unknown:
                names = turn.say(N_(", ")).join(unknown)
                form.fault(name, N_("Not on the list: %(names)s. Write it into the note instead."), names=names)
        elif options:
            value = form.value(name)
            if value or required:
                value = form.choice(name, [option["value"] for option in options])
            if field.kind == "bool" and value:
                value = value == "yes"
        elif field.kind == "attachments":
            value = form.attachments(name, needed=NO_FILES if required else "")
        elif field.kind == "strokes":
            value = form.strokes(name)
        else:
            value = _read(turn, form, replace(field, name=name), needed)
        if value not in ("", None, []):
            fields[field.name] = value
    if spec.name in ("record_absence", "end_absence"):
        fields |= absence.named(turn, opened, spec.name, fields)
    if spec.name == "designate_lead" and fields.get("lead") in fields.get("assists", ()):
        form.fault("assists", N_("The lead unit does not assist itself: untick it here, or choose another lead."))
    if spec.name == "request_extension" and not {"workdays", "until"} & {*fields, *form.errors}:
        form.fault("workdays", N_("Enter the working days to be added, or the new date."))
    if spec.name in ("request_extension", "approve_extension") and {"workdays", "until"} <= {*fields}:
        form.fault("workdays", N_("Working days and new date are both given: leave one of them empty."))
    if spec.name == "record_absence":
        stand_ins.require_there(turn, opened, fields, form)
    return fields


def _unit_id(turn: Turn, name: str) -> str:
    """The unit that is written by its name, so that the case reaches it; other bodies stay as they are written."""
    found = (unit.id for unit in turn.directory.units.values() if name in (unit.id, unit.zh, unit.en))
    return next(found, name)


def _read(turn: Turn, form: Form, field: FieldSpec, needed: str) -> Any:
    text = form.text(field.name, LONG_TEXT_MAX // 4 if field.kind != "text" else TEXT_MAX, needed=needed)
    if not text:
        return None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if field.kind == "texts":
        return lines
    if field.kind == "int":
        digits = tidy(text)
        if digits.isascii() and digits.isdigit() and len(digits) <= 4:
            return int(digits)
        form.fault(field.name, N_("Enter a whole number."))
    elif field.kind == "date":
        try:
            return date.fromisoformat(tidy(text)).isoformat()
        except ValueError:
            form.fault(field.name, N_("Enter a date, such as 2026-03-05."))
    elif field.kind in ("materials", "steps"):
        return _rows(turn, form, field, lines)
    elif field.name in ("phone", "complainer_phone"):  # of somebody who waits for a call
        number, fault = read_phone(text)
        if not fault:
            return number
        form.fault(field.name, fault)
    else:
        return text
    return None


def read_papers(turn: Turn, form: Form, name: str) -> list[dict[str, Any]]:
    """Papers typed one a line with the number of copies behind each; a fault when there is none."""
    text = form.text(name, LONG_TEXT_MAX // 4, needed=N_("Fill this in."))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _rows(turn, form, FieldSpec(name, "materials"), lines)


def _rows(turn: Turn, form: Form, field: FieldSpec, lines: list[str]) -> list[dict[str, Any]]:
    rows = []
    for line in lines:
        found = (_COPIES if field.kind == "materials" else _STEP).match(line)
        if found is None:
            form.fault(field.name, N_("This line cannot be read: %(line)s"), line=line[:40])
        elif field.kind == "materials":
            copies = int(found["n"] or found["sheets"] or 1)
            if copies:
                rows.append({"name": found["name"].rstrip(":：,， "), "copies": copies})
            else:
                form.fault(field.name, N_("Of every paper there is at least one copy: %(line)s"), line=line[:40])
        else:
            rows.append({"unit": _unit_id(turn, found["name"]), "n": int(found["n"])})
    return rows
