"""Files and drawn signatures of an act as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup

from py_core.cases.acts import Event
from py_core.cases.attached import FILE_TYPES, Attachment, read_attachments
from py_core.cases.strokes import Strokes, read_strokes
from py_core.desk.turn import Turn
from py_core.documents import EVENT_FIELDS
from py_core.errors import Malformed
from py_core.views.language import N_
from py_core.views.signature import signature_svg


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


def attachment_views(turn: Turn, attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """What `show_attachments` of parts/attachments.html draws."""
    return [
        {
            "sha256": file.sha256,
            "name": file.name,
            "kind": FILE_TYPES[file.type],
            "size": size_text(file.bytes),
            "place": file.place,
        }
        for file in attachments
    ]


def signature_views(turn: Turn, drawings: Iterable[Strokes]) -> list[Markup]:
    """What `show_signature` of parts/signature.html draws."""
    label = turn.say(N_("Drawn signature"))
    return [signature_svg(drawn, label) for drawn in drawings]


def size_text(size: int) -> str:
    """A size as people read it: kB below one MB, else MB with one decimal."""
    return f"{max(1, round(size / 1000))} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _fields(events: Iterable[Event], kind: str) -> Iterator[tuple[Event, str]]:
    for event in events:
        for spec in EVENT_FIELDS.get(str(event.get("type")), ()):
            if spec.kind == kind and event.get(spec.name):
                yield event, spec.name
