"""What a one-time notice tells beside the corrections: asked for where no published service says it (WH-YC-1, BZ-YC-1)."""

from __future__ import annotations

from collections.abc import Mapping

from py_core.cases.commands import COMMANDS, FieldSpec
from py_core.cases.state import Case
from py_core.directory import Offer
from py_core.packs.demanded import demanding_article
from py_core.views.language import N_

COMMAND = "notify_correction"
# Fields of the notice, and where a published service has the same.
_SAID_BY: Mapping[str, str] = {
    "basis": "basis", "scope": "scope", "conditions": "conditions", "needed": "materials", "procedure": "procedure",
    "fee": "fee",
}  # fmt: skip
ENTRIES: tuple[FieldSpec, ...] = tuple(field for field in COMMANDS[COMMAND].fields if field.name in _SAID_BY)
WHY = N_("No published service says it for this matter, so the notice has to.")


def asked(pack: str, offer: Offer | None) -> Mapping[str, str]:
    """The entries that a notice itself has to hold, with the article of this regulation that demands each."""
    return {
        field.name: article
        for field in ENTRIES
        if (article := demanding_article(pack, COMMAND, field.name))
        and not (offer is not None and getattr(offer, _SAID_BY[field.name]))
    }


def is_entry(command: str, field: str) -> bool:
    """Whether this field of a command is one of them."""
    return command == COMMAND and field in _SAID_BY


def told_before(case: Case) -> dict[str, str]:
    """What the last notice of the case said, as the form of the next one is filled in."""
    last = case.last("correction_notified")
    said = {field.name: last.data.get(field.name) for field in ENTRIES} if last is not None else {}
    return {name: text if isinstance(text, str) else "\n".join(text) for name, text in said.items() if text}


def typed_name(field: str) -> str:
    """The name of an entry in the registration, where other entries have the same names."""
    return f"notice_{field}"
