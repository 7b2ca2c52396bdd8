"""Which units a case or visit concerns: those that its events name, themselves or by a person or post. Pure.

Must not ask who may see a case (see `exchange` and `desk_store`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from py_core.cases.acts import Event
from py_core.directory import Directory

_NAMING_FIELDS = {
    "registered": ("unit",),
    "delivered": ("to",),
    "handed_over": ("to",),
    "handover_accepted": ("by",),
    "lead_designated": ("lead", "assists", "steps", "handler"),
    "accepted": ("by",),
    "forwarded_up": ("to",),
    "acting_arranged": ("by", "who"),
    "visit_planned": ("unit", "officers"),
    "visit_moved": ("officers",),
}


def units_concerned(events: Iterable[Event], directory: Directory) -> frozenset[str]:
    """Every unit of the directory that these events bring into their case."""
    names = (
        name
        for event in events
        for field in _NAMING_FIELDS.get(str(event.get("type")), ())
        for name in _names(event.get(field))
    )
    return frozenset(unit for name in names if (unit := _unit_of(name, directory)) is not None)


def _unit_of(name: str, directory: Directory) -> str | None:
    if name in directory.units:
        return name
    if name in directory.people:
        return directory.people[name].unit
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
