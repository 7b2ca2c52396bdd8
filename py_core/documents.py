"""What kind of document an id names: the city's own, a visit, or a case. The one place where hosts ask it."""

from __future__ import annotations

from py_core.city.document import CITY_ID
from py_core.visits.document import is_visit_id


def is_case_id(document_id: str) -> bool:
    """Whether the document is a case: neither the city document nor a visit."""
    return document_id != CITY_ID and not is_visit_id(document_id)
