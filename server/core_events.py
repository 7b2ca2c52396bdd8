"""The core's own reading of an event, as the gate asks for it."""

from __future__ import annotations

from py_core.cases.acts import Event
from py_core.cases.events import EVENTS, read_fields, read_moment
from py_core.city import CITY_ID
from py_core.city.events import read_city_event
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.reporters import check_reporter_event, is_reporter_id
from py_core.visits import is_visit_id, read_visit_event


def read_event(event: Event, case_id: str) -> None:
    """Raises `Malformed` when the core knows no such event in this document or cannot read its fields.

    The record runs the newest version: what it does not know, nobody honest has sent. The city document takes the
    centre's events and no others, a visit those of visits, a reporter's document its own, and no case takes any of these.
    """
    if case_id == CITY_ID:
        read_city_event(event, load_packs())
        return
    if is_visit_id(case_id):
        read_visit_event(event)
        return
    if is_reporter_id(case_id):
        check_reporter_event(event, case_id)
        return
    if event["type"] not in EVENTS:
        raise Malformed("event.type", "is not known")
    read_fields(event["type"], event)
    if "at" in event:
        read_moment(event["at"])
