"""Which of a person's numbers a page shows in full: only to who asked for it with a purpose, and only for a while.

Asking is an act (`field_revealed`), as is printing (`form_printed`): both stand in the timeline of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from py_core.cases.acts import Event, RecordedAct
from py_core.cases.events import REVEALED_FIELDS
from py_core.desk.forms import Form
from py_core.desk.recording import claimed_at
from py_core.desk.turn import OpenCase, Turn
from py_core.names_in_words import Told, tells_who
from py_core.packs.model import HiddenReporter
from py_core.reporters import TOLD, hiding, hiding_complainer, particulars, reporter_id
from py_core.views.language import N_
from py_core.views.masking import mask_identity, mask_phone

SHOWN_FOR = timedelta(minutes=10)

_MASKS: Mapping[str, Callable[[str], str]] = {
    "claimant_phone": mask_phone,
    "claimant_id": mask_identity,
    "complainer_phone": mask_phone,
    "phone": mask_phone,
}


def masked(field: str, value: Any) -> str:
    """A field of an event as it may stand on any page; other fields than numbers of people stay as they are."""
    mask = _MASKS.get(field)
    return str(value) if mask is None else mask(str(value))


def is_masked(field: str) -> bool:
    """Whether a field holds a number that pages do not show in full by themselves."""
    return field in _MASKS


SAYS_WHO = N_(
    "These words say who it is, and everybody in the case reads them. Leave name and number out here: they have their own fields, which are kept apart."
)
PERHAPS_WHO = N_(
    "The name stands in these words, which everybody in the case reads. If they mean the person, leave them out here; if they are part of another word, say so at the end of the form."
)
NAMES_NOBODY = "names_nobody"  # the tick that says so


def refuse_names(form: Form, words: Mapping[str, str], told: Mapping[str, Any]) -> bool:
    """Notes a fault at each of these fields whose words say who is kept apart; gives whether the form has to offer the
    tick that the name means nobody there."""
    found = {field: tells_who(said, told) for field, said in words.items()}
    for field, tells in found.items():
        if tells is Told.SURELY:
            form.fault(field, SAYS_WHO)
        elif tells is Told.PERHAPS and form.value(NAMES_NOBODY) != "yes":
            form.fault(field, PERHAPS_WHO)
    return Told.PERHAPS in found.values()


def complainer_rule(turn: Turn, opened: OpenCase) -> HiddenReporter | None:
    """The rule that keeps apart who complains about how this case is handled."""
    registered = opened.case.registered
    return None if registered is None else hiding_complainer(registered.data, turn.store.packs())


def beside(turn: Turn, case_id: str, document: str) -> Mapping[str, Any]:
    """What a document beside this case says of a person, where it is here; nothing elsewhere."""
    return particulars(_told(turn, case_id, document))


def _told(turn: Turn, case_id: str, document: str) -> Sequence[Event]:
    """The events of a document beside this case; nothing of one that is about another case, nor of a complaint that
    poses as what the case's reporter told: whoever complains chooses the id."""
    found = turn.store.reporter(document)
    events = [] if found is None else [event for each in found.acts for event in each.act.events]
    told = next((event for event in events if event.get("type") == TOLD), {})
    is_complaint = reporter_id(document) != reporter_id(case_id)
    fits = told.get("case") == case_id and (told.get("complaint") is True) == is_complaint
    return events if fits else ()


def claimant(turn: Turn, opened: OpenCase, field: str) -> Any:
    """One of `PARTICULARS`: what the case says of who asks; who reports somebody stands beside the case, where it does."""
    if hiding_rule(turn, opened) is None:
        return opened.case.value(field)
    return beside(turn, opened.id, opened.id).get(field)


def hidden_reporter(turn: Turn, opened: OpenCase) -> str:
    """The article by which it is not told here who reported; empty when there is none, or this person has it here."""
    rule = hiding_rule(turn, opened)
    return "" if rule is None or _told(turn, opened.id, opened.id) else rule.article


def hiding_rule(turn: Turn, opened: OpenCase) -> HiddenReporter | None:
    """The rule that keeps apart who reported; None for an ordinary case."""
    registered = opened.case.registered
    return None if registered is None else hiding(registered.data, turn.store.packs())


def may_ask_reporter(turn: Turn, opened: OpenCase) -> bool:
    """Whether the city record tells this person who reported: those whom the rule names, and who took it down."""
    registered = opened.case.registered
    return registered is not None and _may_ask(turn, opened, hiding_rule(turn, opened), registered.user)


def may_ask_complainer(turn: Turn, opened: OpenCase, taken_by: str) -> bool:
    """The same of a complaint that this person took down."""
    return _may_ask(turn, opened, complainer_rule(turn, opened), taken_by)


def _may_ask(turn: Turn, opened: OpenCase, rule: HiddenReporter | None, taken_by: str) -> bool:
    if rule is None or opened.case.value("against") == turn.identity.user:
        return False
    return taken_by == turn.identity.user or bool(turn.roles & rule.seen_by)


def who_sees_reporter(turn: Turn, opened: OpenCase) -> list[str]:
    """The roles to which a hidden reporter is known."""
    rule = hiding_rule(turn, opened)
    return [] if rule is None else sorted(rule.seen_by)


def number_of(turn: Turn, opened: OpenCase, field: str) -> dict[str, str]:
    """A number of the claimant for the case page: in full after this person's own act, else masked with the way to it."""
    value = str(claimant(turn, opened, field) or "")
    if not value or revealed_lately(turn, opened, field):
        return {"text": value}
    return {"text": masked(field, value), "reveal": f"/cases/{opened.id}/do/reveal_field?field={field}"}


def revealed_lately(turn: Turn, opened: OpenCase, field: str, document: str = "") -> bool:
    """Whether this person has just asked for this number with a purpose; of a complainer that of this very document."""

    def is_it(event: Event) -> bool:
        return event.get("field") == field and str(event.get("beside") or "") == document

    return lately(turn, opened.acts, "field_revealed", is_it)


def printed_lately(turn: Turn, opened: OpenCase, form: str) -> bool:
    """Whether this person has just recorded that a form is printed: then it stands there as the article wants it."""
    return lately(turn, opened.acts, "form_printed", lambda event: event.get("form") == form)


def revealable(turn: Turn, opened: OpenCase) -> list[str]:
    """The numbers of the claimant that are here."""
    return [field for field in REVEALED_FIELDS if claimant(turn, opened, field)]


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
