"""Files and drawn signatures of an act as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from py_core.cases.attached import FILE_TYPES, Attachment
from py_core.cases.strokes import Strokes
from py_core.desk.ports import AttachmentState
from py_core.desk.turn import Turn
from py_core.views.language import N_
from py_core.views.signature import signature_svg

_STATES: Mapping[AttachmentState, str] = {
    "waiting": N_("only on this device; it is sent after the acts"),
    "elsewhere": N_("not on this device"),
    "awaited": N_("has not reached the city record yet"),
}


def attachment_views(turn: Turn, attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """What `show_attachments` of parts/attachments.html draws."""
    return [
        {
            "sha256": file.sha256,
            "name": file.name,
            "kind": FILE_TYPES[file.type],
            "size": size_text(file.bytes),
            "place": file.place,
            "type": file.type,
            "href": f"/attachments/{file.sha256}",
            "image": file.type.startswith("image/"),
            "state": state,
            "state_text": turn.say(_STATES[state]) if state in _STATES else "",
        }
        for file in attachments
        for state in (turn.store.attachment_state(file.sha256),)
    ]


def signature_views(turn: Turn, drawings: Iterable[Strokes]) -> list[Markup]:
    """What `show_signature` of parts/signature.html draws."""
    label = turn.say(N_("Drawn signature"))
    return [signature_svg(drawn, label) for drawn in drawings]


def size_text(size: int) -> str:
    """A size as people read it: whole kB, then MB and GB with one decimal."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{size / 1_000_000:.1f} MB" if size < 1_000_000_000 else f"{size / 1_000_000_000:.1f} GB"
