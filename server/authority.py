"""Who may state which events in which document: by role (`rights.toml`), and in a restricted case by who it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from py_core.cases.acts import Act, Event, read_act
from py_core.cases.commands import COMMAND_OF
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.directory import Person
from py_core.packs import load_packs
from py_core.reporters import is_reporter_id
from py_core.restricted import restriction
from py_core.rights import WORK, Right, may, rights
from server.candidates import CaseSoFar

_REGISTRATION = frozenset(
    {
        "registered",
        "attachment_added",
        "materials_received",
        "correction_notified",
        "scope_judged",
        "delivered",
        "accepted",
        "receipt_issued",
    }
)


def is_authorised(case_id: str, events: Sequence[Event], roles: Sequence[str], *, by_record: bool) -> bool:
    """Whether somebody with these roles may state these events in this document (`rights.toml`).

    What a registration brings along is part of registering. Who decides in the name of a role must have that role.
    """
    if case_id == CITY_ID:
        return may(roles, "change_city_rules")
    begins = events[0]["type"] == "registered"
    for event in events:
        right = right_of(event)
        if begins and event["type"] in _REGISTRATION:
            right = rights().rows[WORK]
        if right.record_only and not by_record:
            return False
        if right.roles.isdisjoint(roles):
            return False
        if event.get("by_role") is not None and event["by_role"] not in roles:
            return False
    return True


def right_of(event: Event) -> Right:
    """What an event needs; the events of visits and of nobody in particular need the right to work on cases."""
    command = COMMAND_OF.get(event["type"])
    return rights().of_command[command] if command is not None else rights().rows[WORK]


def may_know(document: str, act: Act, case: CaseSoFar, person: Person) -> bool:
    """Whether the author of an act may know of a restricted case; the record's own statements are for rules."""
    if all(right_of(event).record_only for event in act.events):
        return True
    if is_reporter_id(document) and all(event["type"] == "late_work_taken" for event in act.events):
        return True  # a decision about when it came, for which nobody has to know what it says
    return is_allowed(next(iter(case.known.values())).raw, act.user, person.roles)


def is_allowed(first: bytes, user: str, roles: Iterable[str]) -> bool:
    """Whether a person may know of the document that begins with this change, as far as it is restricted."""
    began = read_act(decode_act_change(first).text)
    found = restriction(began.events, began.user, load_packs())
    return found is None or found.allows(user, roles)
