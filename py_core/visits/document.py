"""Which documents are visits: their ids begin alike, so that nobody has to open one to know. Must not read acts."""

from __future__ import annotations

import re

VISIT_MARK = b"visit".hex()
_VISIT_ID = re.compile(rf"{VISIT_MARK}[0-9a-f]{{{32 - len(VISIT_MARK)}}}")


def visit_id(random_id: str) -> str:
    """The id of a new visit from 32 random hex digits; 88 bits of them stay."""
    return VISIT_MARK + random_id[len(VISIT_MARK) :]


def is_visit_id(document_id: str) -> bool:
    """Whether the document with this id is a visit; a random case id is one in 2^40 times, and then it is not taken."""
    return _VISIT_ID.fullmatch(document_id) is not None
