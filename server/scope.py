"""Which units a case or visit concerns now, and why: what its events bring a unit in for, and what lets it go. Pure.

A unit stays as long as it has any reason; one that has lost its last is *former*: it is kept with no reason, because
its devices still have to be told. Must not ask who may see a case (see `exchange` and `desk_store`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from py_core.cases.acts import Act, Event
from py_core.directory import Directory
from py_core.packs import load_packs
from py_core.restricted import restriction
from py_core.values import local
from py_core.wire import beacon_time_ms
from server.outside import from_ms, to_ms

Standing = Mapping[str, frozenset[str]]
"""Each unit that was ever in a case with its reasons to be in it now; none: it is out."""

# Reasons that nothing ends: who was asked first tracks the case to its end, who was told of it stays informed.
BEGAN, CONCERNED = "began", "concerned"
# Reasons that end: a work order came here; its people accepted; a hand-over is offered, was accepted; it leads or assists.
ORDERED, WORKS, OFFERED, HOLDS, LEADS = "ordered", "works", "offered", "holds", "leads"
# No reasons, but what the next step needs to know: it asked to return the order; it handed the case over.
RETURNED, GIVES = "returned", "gives"
_MARKS = frozenset({RETURNED, GIVES})
# No reason, and none can come: of this case units learn nothing (`py_core.restricted`).
RESTRICTED = "restricted"

_NAMING_FIELDS = {
    "registered": (("unit",), BEGAN),
    "delivered": (("to",), ORDERED),
    "handed_over": (("to",), OFFERED),
    "handover_accepted": (("by",), HOLDS),
    "lead_designated": (("lead", "assists", "steps", "handler"), LEADS),
    "accepted": (("by",), WORKS),
    "forwarded_up": (("to",), CONCERNED),
    "acting_arranged": (("by", "who"), CONCERNED),
    "visit_planned": (("unit", "officers"), BEGAN),
    "reporter_told": (("unit",), BEGAN),
    "visit_moved": (("officers",), BEGAN),
    "visit_started": (("officers",), BEGAN),
}
_RETURNS = frozenset({"return_requested", "ticket_refused"})


def standing_after(
    standing: Standing, events: Iterable[Event], author_unit: str, directory: Directory, day: date
) -> Standing:
    """Who is in the case after an act's events; `author_unit` is the unit of the act's person.

    A named person stands for the unit of that person's term on `day`, the act's date.

    A unit is let go when a work order that it returned goes to another (HL), when another unit accepted the case that
    it handed over, when a new designation of lead and assisting units leaves it out. Parallel work orders let nobody
    go, and nothing lets go the unit where the case began.
    """
    now = {unit: set(reasons) for unit, reasons in standing.items()}
    events = tuple(events)
    restricted = any(RESTRICTED in reasons for reasons in now.values()) or restriction(events, "", load_packs())
    for event in events:
        _apply(now, event, author_unit, directory, day)
    if restricted:
        erased = any(event.get("type") == "content_erased" for event in events)
        return {unit: frozenset(() if erased else {RESTRICTED}) for unit in now}
    return {unit: frozenset(reasons if reasons - _MARKS else ()) for unit, reasons in now.items()}


def units_in(standing: Standing) -> frozenset[str]:
    """The units that a case concerns now."""
    return frozenset(unit for unit, reasons in standing.items() if reasons and RESTRICTED not in reasons)


def units_concerned(events: Iterable[Event], directory: Directory, day: date) -> frozenset[str]:
    """Every unit of the directory that these events name."""
    return frozenset(
        unit for event in events for unit in _named(event, _NAMING_FIELDS.get(str(event.get("type"))), directory, day)
    )


def taken_late(event: Event) -> tuple[str, ...]:
    """The acts that a decision of the centre took after they had come too late (`late_work_taken`)."""
    acts = event.get("acts") if event.get("type") == "late_work_taken" else None
    return tuple(each for each in acts if isinstance(each, str)) if isinstance(acts, list) else ()


def day_of(act: Act, received_at_ms: int) -> date:
    """The day, on the city's clock, by whose posts an act is judged: when it was recorded, as far as that can be true.

    A device's clock counts between its last contact and the arrival; what it says beyond that is cut off.
    """
    at_ms = min(to_ms(act.claimed_at), received_at_ms)
    contact_ms = beacon_time_ms(act.beacon) if act.beacon is not None else None
    return local(from_ms(max(at_ms, min(contact_ms or 0, received_at_ms)))).date()


def _apply(now: dict[str, set[str]], event: Event, author_unit: str, directory: Directory, day: date) -> None:
    kind = str(event.get("type"))
    if kind == "content_erased":  # nobody has anything to learn of it any more; its devices are told to let it go
        for reasons in now.values():
            reasons.clear()
        return
    naming = _NAMING_FIELDS.get(kind)
    named = _named(event, naming, directory, day)
    if kind in _RETURNS:
        if ORDERED in now.get(author_unit, ()):
            now[author_unit].add(RETURNED)
        return
    if kind == "handed_over" and author_unit in now and author_unit not in named:
        now[author_unit].add(GIVES)
    for unit, reasons in now.items():
        if unit in named:
            continue
        if kind == "delivered" and RETURNED in reasons:
            reasons -= {ORDERED, WORKS, OFFERED, HOLDS, RETURNED}
        elif kind == "handover_accepted" and named:
            reasons -= {ORDERED, WORKS, HOLDS, GIVES, RETURNED} if GIVES in reasons else set()
            reasons -= {OFFERED}
        elif kind == "lead_designated" and named and LEADS in reasons:
            reasons -= {LEADS, WORKS}
    for unit in named:
        reasons = now.setdefault(unit, set())
        reasons.add(naming[1] if naming else CONCERNED)
        if kind in ("delivered", "accepted", "handover_accepted"):
            reasons -= {RETURNED, GIVES, OFFERED}  # it has the case again, or took it after all


def _named(event: Event, naming: tuple[tuple[str, ...], str] | None, directory: Directory, day: date) -> frozenset[str]:
    names = (name for field in (naming[0] if naming else ()) for name in _names(event.get(field)))
    return frozenset(unit for name in names if (unit := _unit_of(name, directory, day)) is not None)


def _unit_of(name: str, directory: Directory, day: date) -> str | None:
    if name in directory.units:
        return name
    if name in directory.people:
        return (directory.person_on(name, day) or directory.people[name]).unit
    if name in directory.posts:
        return directory.posts[name].unit
    return None  # a role, an outside body


def _names(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict) and isinstance(item.get("unit"), str):
                yield item["unit"]
