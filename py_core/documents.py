"""What kind of document an id names (the city's own, a visit, or a case) and what events carry in any of them."""

from __future__ import annotations

from collections.abc import Mapping

from py_core.cases.events import EVENTS
from py_core.cases.fields import FieldSpec
from py_core.city.document import CITY_ID
from py_core.visits.document import is_visit_id
from py_core.visits.events import VISIT_EVENTS

# The fields of every event that a case or a visit takes; a type that belongs to both has the same in both.
EVENT_FIELDS: Mapping[str, tuple[FieldSpec, ...]] = {**EVENTS, **VISIT_EVENTS}


def is_case_id(document_id: str) -> bool:
    """Whether the document is a case: neither the city document nor a visit."""
    return document_id != CITY_ID and not is_visit_id(document_id)
