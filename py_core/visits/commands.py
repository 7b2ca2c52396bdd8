"""What a person may do with a visit now: the events that a command becomes, or the reason why not and what instead.

The same checks run offline and on the server. A visit has no law of its own: its requests' duties are those of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.fields import missing
from py_core.errors import Malformed, Refused
from py_core.values import N_
from py_core.visits.events import VISIT_EVENTS, read_visit_event
from py_core.visits.state import CANCELLED, FINISHED, PLANNED, STARTED, Visit

PLANNED_BACK_DAYS = 31  # a visit that nobody had planned is entered afterwards
PLANNED_AHEAD_DAYS = 732


@dataclass(frozen=True, slots=True)
class VisitCommand:
    """One command: the event that it becomes, what it is called, and in which states it belongs."""

    name: str
    event: str
    title: str
    states: tuple[str, ...]


VISIT_COMMANDS: Mapping[str, VisitCommand] = {
    name: VisitCommand(name, event, title, states)
    for name, event, title, states in (
        ("start", "visit_started", N_("Start the visit"), (PLANNED,)),
        ("add_request", "visit_request_added", N_("Add a known case"), (STARTED,)),
        ("take_papers", "papers_taken", N_("Take papers"), (STARTED,)),
        ("return_papers", "papers_returned", N_("Give papers back"), (STARTED, FINISHED)),
        ("attach_papers", "papers_attached", N_("Attach papers to a request"), (STARTED, FINISHED)),
        ("add_files", "visit_files_added", N_("Add photographs or papers"), (STARTED,)),
        ("sign", "visit_signed", N_("Have the record signed"), (STARTED,)),
        ("finish", "visit_finished", N_("Finish the visit"), (STARTED,)),
        ("move", "visit_moved", N_("Move the visit or change who goes"), (PLANNED,)),
        ("cancel", "visit_cancelled", N_("Cancel the visit"), (PLANNED,)),
        (
            "see_phone",
            "visit_phone_seen",
            N_("Show the phone number in full"),
            (PLANNED, STARTED, FINISHED, CANCELLED),
        ),
        ("note", "visit_noted", N_("Add a note"), (PLANNED, STARTED, FINISHED, CANCELLED)),
    )
}

MESSAGES: Mapping[str, tuple[str, str]] = {
    "not_planned": (N_("No visit is planned here."), N_("Plan the visit first.")),
    "cancelled": (N_("The visit was cancelled."), N_("Plan a new visit.")),
    "finished": (
        N_("The visit is finished; what its record lists does not change any more."),
        N_("Plan a new visit. Papers can still be given back, and notes be added."),
    ),
    "started": (N_("The visit has already started."), N_("Go on with it, and finish it.")),
    "not_started": (N_("The visit has not started yet."), N_("Start the visit first.")),
    "already_listed": (N_("This request is already in the visit."), N_("Open it from the visit's page.")),
    "not_listed": (
        N_("This request is not in the visit."),
        N_("Register it in the visit, or add the case that is known already."),
    ),
    "nothing_held": (N_("No papers of this visit are with the office."), N_("Enter what was taken first.")),
    "nothing_loose": (
        N_("Every paper that was taken belongs to a request or was given back."),
        N_("Nothing has to be attached to a request."),
    ),
    "no_phone": (N_("No phone number is entered in this visit."), N_("Enter one when the next visit is planned.")),
    "no_request": (N_("The visit has no request yet."), N_("Register a request first, or give the papers back.")),
    "more_than_held": (
        N_("Of “%(paper)s” only %(held)d can be given back or attached to a request."),
        N_("Correct the number of copies, or enter first what was taken."),
    ),
    "papers_open": (
        N_("These papers were taken and neither given back nor attached to a request: %(papers)s."),
        N_("Give them back, or attach them to the request to which they belong; then finish the visit."),
    ),
    "not_signed": (
        N_("The enterprise has not signed what the record lists now."),
        N_("Have the record signed, or enter why it is not signed; then finish the visit."),
    ),
    "other_content": (
        N_("Something was added to the visit while it was being signed."),
        N_("Show the record again and have it signed again."),
    ),
    "bad_day": (
        N_("A visit cannot be planned for %(day)s."),
        N_("Choose a day from %(first)s to %(last)s."),
    ),
    "missing_field": (N_("Required entries are missing."), N_("Fill in the marked fields.")),
    "malformed_field": (N_("Some entries cannot be read."), N_("Correct the marked fields.")),
}  # fmt: skip


def refuse(code: str, fields: Mapping[str, str] | None = None, **params: Any) -> Refused:
    """The refusal with its message and way out; no article, because no law stands behind it."""
    message, instead = MESSAGES[code]
    return Refused(code, "", message, instead, params, fields or {})


def plan_visit(fields: Mapping[str, Any], today: date) -> tuple[Event, ...]:
    """The first event of a visit; raises `Refused` with the faults by field."""
    event = _event("visit_planned", fields)
    _check_day(event["on"], today)
    return (event,)


def decide_visit(visit: Visit | None, name: str, fields: Mapping[str, Any], happened_at: datetime) -> tuple[Event, ...]:
    """The events that a command on a visit becomes; raises `Refused` with its reason and way out, `KeyError` for an
    unknown command."""
    command = VISIT_COMMANDS[name]
    if visit is None or not visit.state:
        raise refuse("not_planned")
    require_state(visit, command)
    require_something(visit, name)
    event = _event(command.event, fields)
    gate = _GATES.get(name)
    if gate is not None:
        gate(visit, read_visit_event(event), happened_at.date())
    return (event,)


def possible(visit: Visit) -> tuple[str, ...]:
    """The commands that belong to the visit now, in the order in which a visit goes."""
    found = []
    for name in VISIT_COMMANDS:
        try:
            require_now(visit, name)
        except Refused:
            continue
        found.append(name)
    return tuple(found)


def require_state(visit: Visit, command: VisitCommand) -> None:
    """Raises `Refused` when the command does not belong to the visit's state."""
    if visit.state in command.states:
        return
    code = {"": "not_planned", CANCELLED: "cancelled", FINISHED: "finished", PLANNED: "not_started"}
    raise refuse(code.get(visit.state, "started"))


def require_now(visit: Visit, name: str) -> None:
    """Raises `Refused` when the command cannot be done now, whatever would be typed: the reason before the work."""
    require_state(visit, VISIT_COMMANDS[name])
    require_something(visit, name)
    if name == "finish":
        _finish(visit, {}, date.min)


def require_something(visit: Visit, name: str) -> None:
    """Raises `Refused` when there is nothing to which the command could apply."""
    if name == "see_phone" and not visit.value("phone"):
        raise refuse("no_phone")
    if name == "return_papers" and not visit.held:
        raise refuse("nothing_held")
    if name == "attach_papers":
        if not visit.loose:
            raise refuse("nothing_loose")
        if not visit.requests:
            raise refuse("no_request")


def _event(event_type: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The event as JSON values; every faulty field is named."""
    names = {spec.name for spec in VISIT_EVENTS[event_type]}
    event: dict[str, Any] = {"type": event_type}
    for name, value in fields.items():
        if name in names and not missing(value):
            event[name] = value.isoformat() if isinstance(value, date) else value
    faults: dict[str, str] = {}
    absent = False
    probe = dict(event)
    while True:
        # One reading names one fault; a stand-in for it lets the next be found.
        try:
            read_visit_event(probe)
            break
        except Malformed as error:
            if error.where in faults or error.where not in names:
                faults.setdefault(error.where, error.why)
                break
            faults[error.where] = error.why
            absent = absent or error.why == "is missing"
            probe[error.where] = _STAND_INS.get(error.where, "-")
    if faults:
        raise refuse("missing_field" if absent else "malformed_field", faults)
    return event


_STAND_INS: Mapping[str, Any] = {
    "on": "2026-01-01", "officers": ["-"], "papers": [{"name": "-", "copies": 1}], "case": "0" * 32,
    "content": "0" * 64, "signed": False, "code": "", "words": "-",
}  # fmt: skip


def _check_day(on: str, today: date) -> None:
    day = date.fromisoformat(on)
    first, last = (date.fromordinal(today.toordinal() + n) for n in (-PLANNED_BACK_DAYS, PLANNED_AHEAD_DAYS))
    if not first <= day <= last:
        raise refuse("bad_day", {"on": "is out of range"}, day=on, first=first.isoformat(), last=last.isoformat())


def _move(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    _check_day(data["on"].isoformat(), today)


def _add_request(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    if data["case"] in visit.requests:
        raise refuse("already_listed")


def _take(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    if data.get("case") and data["case"] not in visit.requests:
        raise refuse("not_listed", {"case": "is unknown"})


def _attach(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    _take(visit, data, today)
    _within(visit, data["papers"], "")


def _give_back(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    _within(visit, data["papers"], str(data.get("case") or ""))


def _within(visit: Visit, papers: tuple[tuple[str, int], ...], case: str) -> None:
    held = {paper.name: paper.held for paper in visit.held if paper.case == case}
    wanted: dict[str, int] = {}
    for name, copies in papers:
        wanted[name.strip()] = wanted.get(name.strip(), 0) + copies
    for name, copies in wanted.items():
        if copies > held.get(name, 0):
            raise refuse("more_than_held", {"papers": "is too much"}, paper=name, held=held.get(name, 0))


def _sign(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    if data["content"] != visit.signed_about:
        raise refuse("other_content", {"signed": "is out of date"})


def _finish(visit: Visit, data: Mapping[str, Any], today: date) -> None:
    if visit.loose:
        raise refuse("papers_open", papers=", ".join(f"{paper.name} × {paper.held}" for paper in visit.loose))
    if visit.signature is None:
        raise refuse("not_signed")


_GATES: Mapping[str, Callable[[Visit, Mapping[str, Any], date], None]] = {
    "move": _move,
    "add_request": _add_request,
    "add_files": _take,
    "take_papers": _take,
    "attach_papers": _attach,
    "return_papers": _give_back,
    "sign": _sign,
    "finish": _finish,
}
