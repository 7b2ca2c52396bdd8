"""The core's own reading of an event, as the gate asks for it."""

from __future__ import annotations

from py_core.cases.acts import Event
from py_core.cases.events import EVENTS, read_fields, read_moment
from py_core.errors import Malformed


def read_event(event: Event) -> None:
    """Raises `Malformed` when the core knows no such event or cannot read its fields.

    The record runs the newest version: what it does not know, nobody honest has sent.
    """
    if event["type"] not in EVENTS:
        raise Malformed("event.type", "is not known")
    read_fields(event["type"], event)
    if "at" in event:
        read_moment(event["at"])
