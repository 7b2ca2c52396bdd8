"""Which of a person's numbers a page shows in full: only to who asked for it with a purpose, and only for a while.

Asking is an act (`field_revealed`), as is printing (`form_printed`): both stand in the timeline of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from py_core.cases.acts import Event, RecordedAct
from py_core.cases.events import REVEALED_FIELDS
from py_core.desk.ports import CaseRecord
from py_core.desk.recording import claimed_at
from py_core.desk.turn import OpenCase, Turn
from py_core.views.masking import mask_identity, mask_phone

SHOWN_FOR = timedelta(minutes=10)

REPORTER_FIELDS = frozenset({"claimant_name", "claimant_phone", "claimant_id", "claimant_address", "claimant_ref"})
_MASKS: Mapping[str, Callable[[str], str]] = {
    "claimant_phone": mask_phone,
    "claimant_id": mask_identity,
    "phone": mask_phone,
}


def masked(field: str, value: Any) -> str:
    """A field of an event as it may stand on any page; other fields than numbers of people stay as they are."""
    mask = _MASKS.get(field)
    return str(value) if mask is None else mask(str(value))


def is_masked(field: str) -> bool:
    """Whether a field holds a number that pages do not show in full by themselves."""
    return field in _MASKS


def hidden_reporter(turn: Turn, opened: OpenCase) -> str:
    """The article by which this person may not know who reported; empty when there is none or the person may."""
    pack = turn.pack_of(opened.case)
    rule = pack.hidden_reporter if pack is not None else None
    registered = opened.case.registered
    if rule is None or registered is None or registered.user == turn.identity.user or turn.roles & rule.seen_by:
        return ""
    kind = opened.case.value("request_kind")
    return rule.article if opened.case.matter in rule.matters or kind in rule.kinds else ""


def hides_reporter(turn: Turn, record: CaseRecord) -> bool:
    """The same for a case that nobody has opened: by its registration alone, for searches that go through thousands."""
    told = ((each.act.user, event) for each in record.acts for event in each.act.events)
    user, said = next((one for one in told if one[1].get("type") == "registered"), ("", {}))
    pack = turn.packs.get(str(said.get("pack")))
    rule = pack.hidden_reporter if pack is not None else None
    if rule is None or user == turn.identity.user or turn.roles & rule.seen_by:
        return False
    return said.get("matter") in rule.matters or said.get("request_kind") in rule.kinds


def who_sees_reporter(turn: Turn, opened: OpenCase) -> list[str]:
    """The roles to which a hidden reporter is known."""
    pack = turn.pack_of(opened.case)
    return sorted(pack.hidden_reporter.seen_by) if pack is not None and pack.hidden_reporter is not None else []


def number_of(turn: Turn, opened: OpenCase, field: str) -> dict[str, str]:
    """A number of the claimant for the case page: in full after this person's own act, else masked with the way to it."""
    value = "" if hidden_reporter(turn, opened) else str(opened.case.value(field) or "")
    if not value or _lately(turn, opened, "field_revealed", "field", field):
        return {"text": value}
    return {"text": masked(field, value), "reveal": f"/cases/{opened.id}/do/reveal_field?field={field}"}


def printed_lately(turn: Turn, opened: OpenCase, form: str) -> bool:
    """Whether this person has just recorded that a form is printed: then it stands there as the article wants it."""
    return _lately(turn, opened, "form_printed", "form", form)


def revealable(opened: OpenCase) -> list[str]:
    """The numbers that this case has."""
    return [field for field in REVEALED_FIELDS if opened.case.value(field)]


def _lately(turn: Turn, opened: OpenCase, event_type: str, key: str, wanted: str) -> bool:
    return lately(turn, opened.acts, event_type, lambda event: event.get(key) == wanted)


def lately(
    turn: Turn, acts: Iterable[RecordedAct], event_type: str, fits: Callable[[Event], bool] = lambda _: True
) -> bool:
    """Whether this person's own act of this kind in a case or visit is young enough to count."""
    now = claimed_at(turn)
    return any(
        recorded.act.user == turn.identity.user
        and timedelta(0) <= now - recorded.act.claimed_at <= SHOWN_FOR
        and any(event.get("type") == event_type and fits(event) for event in recorded.act.events)
        for recorded in acts
    )
