"""Which units a case concerns: those that its events name. Pure; must not ask who may see what (see `record`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from py_core.cases.acts import Event

_NAMING_FIELDS = {
    "registered": ("unit",),
    "delivered": ("to",),
    "handed_over": ("to",),
    "handover_accepted": ("by",),
    "lead_designated": ("lead", "assists", "steps"),
    "instruction_given": ("to",),
    "contradiction_resolved": ("unit", "to"),
}


def units_named(events: Iterable[Event]) -> frozenset[str]:
    """Every unit (or role; the caller keeps what the directory knows) that these events bring into a case."""
    return frozenset(
        name
        for event in events
        for field in _NAMING_FIELDS.get(str(event.get("type")), ())
        for name in _names(event.get(field))
    )


def _names(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict) and isinstance(item.get("unit"), str):
                yield item["unit"]
