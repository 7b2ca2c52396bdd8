"""Commands: what a person wants to do, checked against the law, and the events that it becomes.

Owns `decide` and `possible`. The same checks run offline and on the server. Must not record anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.cases.acts import Act, Event, RecordedAct
from py_core.cases.commands.gates import AS_OF_NOW, check, check_registration
from py_core.cases.commands.messages import refuse
from py_core.cases.commands.offers import OF_APPROVERS, Offered, find_offers, require_approver
from py_core.cases.commands.table import ALL_ROLES, COMMAND_OF, COMMANDS, CommandSpec
from py_core.cases.events import EVENTS, FieldSpec, missing, read_field, read_fields
from py_core.cases.state import Case, evolve
from py_core.errors import Malformed
from py_core.packs import Pack, Packs, UnknownName
from py_core.rules.engine import assess
from py_core.rules.policies import Policies, read_policies
from py_core.rules.situation import look
from py_core.rules.versions import pack_of
from py_core.values import N_, local

__all__ = [
    "ALL_ROLES", "COMMANDS", "COMMAND_OF", "Command", "CommandSpec", "Context", "FieldSpec", "Offered", "decide",
    "possible",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """What the person wants: the command's name and its fields (JSON values; dates as ISO text or dates)."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a decision may depend on beside the case. `at`: when it happened, if not just now.

    `roles` are the person's own; a command needs one of its `CommandSpec.roles` (`rights.toml`).
    """

    now: datetime
    packs: Packs
    calendar: WorkCalendar
    policies: Mapping[str, Any] | Policies = field(default_factory=dict)
    user: str = ""
    roles: frozenset[str] = frozenset()
    unit: str = ""
    at: datetime | None = None

    @property
    def happened_at(self) -> datetime:
        return local(self.at or self.now)


def decide(case: Case | None, command: Command, context: Context) -> tuple[Event, ...]:
    """The events that the command becomes, in one act; every one has passed its gate.

    Raises `Refused` (stable code, article, way out; faulty fields by name) and `UnknownName` for a command, pack
    or matter that does not exist.
    """
    spec = COMMANDS.get(command.name)
    if spec is None:
        raise UnknownName("command", command.name, tuple(COMMANDS))
    if not context.roles.intersection(spec.roles):
        raise refuse("not_permitted", "", roles=", ".join(spec.roles))
    fields = {key: value for key, value in command.fields.items() if not missing(value)}
    events: list[Event] = []
    for event_type, payload in _events(case, spec, fields, context):
        event = {"type": event_type, **_plain(payload)}
        _pass(case, event_type, event, context)
        case = evolve(case, _act(context), event)
        events.append(event)
    return tuple(events)


def possible(case: Case | None, context: Context) -> tuple[Offered, ...]:
    """What is lawful next for this person, with the article of each; a case that does not exist can be registered."""
    if case is None or case.registered is None:
        return (Offered("register", "", True),)
    if case.first("content_erased") is not None:
        return ()
    moment = context.happened_at
    assessment = assess(case, context.packs, context.calendar, moment, context.policies)
    if assessment.problem:
        return ()
    situation = look(case, context.packs, context.calendar, moment, context.policies)
    return find_offers(situation, assessment, context.roles, context.unit)


def _events(
    case: Case | None, spec: CommandSpec, fields: Mapping[str, Any], context: Context
) -> Iterator[tuple[str, dict[str, Any]]]:
    if spec.name == "register":
        yield from _registration(fields, context)
        return
    payload = {item.name: fields[item.name] for item in spec.fields if item.name in fields}
    if spec.name in OF_APPROVERS and case is not None and case.registered is not None:
        situation = look(case, context.packs, context.calendar, context.happened_at, context.policies)
        require_approver(situation, context.roles)
    if spec.name == "approve_extension":
        payload.setdefault("by_role", _approver(case, context))
        if payload["by_role"] not in context.roles:  # nobody approves in another's name
            raise refuse("not_permitted", "", roles=str(payload["by_role"]))
    yield _end_event(case, spec, context) if spec.name == "complete" else spec.event, payload


def _registration(fields: Mapping[str, Any], context: Context) -> Iterator[tuple[str, dict[str, Any]]]:
    names = {item.name for item in EVENTS["registered"]}
    yield "registered", {key: value for key, value in fields.items() if key in names}
    if fields.get("attachments"):
        purpose = fields.get("attachment_purpose", "paper")
        yield "attachment_added", {"attachments": fields["attachments"], "purpose": purpose}
    complete = fields.get("materials_complete")
    if complete is not None:
        papers = {"materials": fields["materials"]} if "materials" in fields else {}
        yield "materials_received", {"complete": complete, **papers}
    if fields.get("corrections"):
        yield "correction_notified", {"items": fields["corrections"], "form": "written"}
    if "scope" in fields:
        yield "scope_judged", {"outcome": fields["scope"]}
    if "deliver_to" in fields:
        yield "delivered", {"to": fields["deliver_to"]}
    if "accept_by" in fields:
        yield "accepted", {"by": fields["accept_by"]}
    if fields.get("issue_receipt"):
        receipt = ("first_responder_phone", "promised", "complaint_phone")
        yield "receipt_issued", {name: fields[name] for name in receipt if name in fields}
    if "result_text" in fields:  # done on the spot (L03): the event that ends this matter's clock
        stops = _pack_at_receipt(fields["pack"], context).matter(fields["matter"]).stop
        yield fields.get("completion_event") or next(iter(stops)), {"text": fields["result_text"]}
    if "reply_text" in fields:
        opinion = {"opinion": fields["reply_opinion"]} if "reply_opinion" in fields else {}
        yield "replied", {"text": fields["reply_text"], **opinion}


def _end_event(case: Case | None, spec: CommandSpec, context: Context) -> str:
    """Completing a promised matter is the event that its promise names (JY-3.3.5)."""
    if case is None or case.registered is None:
        return spec.event
    stops = look(case, context.packs, context.calendar, context.happened_at, context.policies).reading.stops
    named = stops & {"decision_issued", "certificate_issued", "forwarded_up"}
    return spec.event if "completed" in stops or len(named) != 1 else next(iter(named))


def _approver(case: Case | None, context: Context) -> str:
    if case is not None and case.registered is not None:
        rule = _pack_of(case, context).matter(case.matter).extension
        for role in rule.approvers if rule else ():
            if role in context.roles:
                return role
    return min(context.roles, default="officer")


def _pass(case: Case | None, event_type: str, event: Event, context: Context) -> None:
    data = _checked(case, event_type, event, context)
    if case is None or case.registered is None:
        if event_type != "registered":
            raise refuse("not_registered", "")
        pack = _pack_at_receipt(data["pack"], context)
        if data["matter"] not in pack.matters and data["matter"] in context.packs.pack(data["pack"]).matters:
            raise refuse("wrong_matter", pack.article, {"matter": N_("was not yet there, or no longer, on that day")})
        check_registration(pack, pack.matter(data["matter"]), data)
        return
    moment = context.happened_at
    if event_type in AS_OF_NOW:
        moment = max(moment, local(context.now))
    check(event_type, look(case, context.packs, context.calendar, moment, context.policies), data)


def _checked(case: Case | None, event_type: str, event: Event, context: Context) -> dict[str, Any]:
    """The payload as read; every faulty field is named, not only the first."""
    faults: dict[str, str] = {}
    absent = False
    for item in EVENTS[event_type]:
        try:
            read_field(item, event.get(item.name))
        except Malformed as error:
            faults[item.name] = error.why
            absent = absent or (item.required and missing(event.get(item.name)))
    if faults:
        article = ""
        if case is not None and case.registered is not None:
            pack = _pack_of(case, context)
            article = pack.receipt_article if event_type == "receipt_issued" else pack.matter(case.matter).article
        raise refuse("missing_field" if absent else "malformed_field", article, faults)
    return read_fields(event_type, event)


def _pack_at_receipt(pack_id: str, context: Context) -> Pack:
    """The version of a regulation that a case received now, or `at`, will have."""
    return context.packs.in_force(pack_id, context.happened_at.date())


def _pack_of(case: Case, context: Context) -> Pack:
    readings = read_policies(context.policies, context.packs.common)
    return pack_of(case, context.packs, context.happened_at.date(), readings)


def _act(context: Context) -> RecordedAct:
    moment = context.happened_at
    act = Act("draft", (), context.user or "-", "-", 0, moment, moment, None, None, "-", "-")
    return RecordedAct("", (), act, moment)


def _plain(value: Any) -> Any:
    """JSON values only: dates become ISO text, tuples become lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return local(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value
