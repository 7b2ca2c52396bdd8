"""What kind of document an id names (the city's own, a visit, who reported somebody, or a case) and what events carry
in any of them."""

from __future__ import annotations

from collections.abc import Mapping

from py_core.cases.events import EVENTS
from py_core.cases.fields import FieldSpec
from py_core.city.document import CITY_ID
from py_core.reporters import REPORTER_EVENTS, is_reporter_id
from py_core.visits.document import is_visit_id
from py_core.visits.events import VISIT_EVENTS

# The fields of every event that any of them takes; a type that belongs to several has the same in each.
EVENT_FIELDS: Mapping[str, tuple[FieldSpec, ...]] = {**EVENTS, **VISIT_EVENTS, **REPORTER_EVENTS}


def is_case_id(document_id: str) -> bool:
    """Whether the document is a case: neither the city document nor a visit nor one that says who reported."""
    return document_id != CITY_ID and not is_visit_id(document_id) and not is_reporter_id(document_id)
