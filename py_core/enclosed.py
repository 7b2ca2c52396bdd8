"""What events enclose beside words: the files that they name and the signatures that were drawn with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from py_core.cases.acts import Event
from py_core.cases.attached import Attachment, read_attachments
from py_core.cases.strokes import Strokes, read_strokes
from py_core.documents import EVENT_FIELDS
from py_core.errors import Malformed


def attachments_of(events: Iterable[Event]) -> Iterator[Attachment]:
    """Every file that these events name, in order; unreadable fields name none."""
    for event, name in _fields(events, "attachments"):
        try:
            yield from read_attachments(event[name], name)
        except Malformed:
            continue  # the timeline lists such an event as unreadable


def drawings_of(events: Iterable[Event]) -> Iterator[Strokes]:
    """Every signature that was drawn with these events."""
    for event, name in _fields(events, "strokes"):
        try:
            yield read_strokes(event[name], name)
        except Malformed:
            continue


def _fields(events: Iterable[Event], kind: str) -> Iterator[tuple[Event, str]]:
    for event in events:
        for spec in EVENT_FIELDS.get(str(event.get("type")), ()):
            if spec.kind == kind and event.get(spec.name):
                yield event, spec.name
