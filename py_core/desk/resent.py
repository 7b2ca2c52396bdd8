"""Whether a form was sent before: one key for each form, so that a second sending never makes a second act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from py_core.cases.acts import Event, RecordedAct, canonical_json
from py_core.desk.turn import Turn

# Values that the desk makes anew for every form say nothing about what was typed.
_MADE = ("type", "id", "number", "by_role", "beside")


def form_key(turn: Turn, acts: Iterable[RecordedAct]) -> str:
    """The sequence number of this device's newest act in the document; a form made now can only lead to later ones."""
    own = (recorded.act for recorded in acts if recorded.act.device == turn.identity.device)
    return str(max((act.device_seq for act in own), default=0))


def sent_before(turn: Turn, acts: Iterable[RecordedAct], kind: str, key: str, events: Sequence[Event]) -> bool:
    """Whether this very form already became an act: same person, device, kind and content since it was shown."""
    if not (key.isascii() and key.isdigit() and len(key) < 16):
        return False
    wanted = _content(events)
    return any(
        recorded.act.user == turn.identity.user
        and recorded.act.device == turn.identity.device
        and recorded.act.device_seq > int(key)
        and recorded.act.kind == kind
        and _content(recorded.act.events) == wanted
        for recorded in acts
    )


def _content(events: Sequence[Event]) -> str:
    return canonical_json([{key: value for key, value in event.items() if key not in _MADE} for event in events])
