"""Which documents only some people may know of: letters on discipline (WH-XS-6), whatever names a member of staff whom
it is about, and who reported somebody (`py_core.reporters`). The record feeds them to no device; its pages show them to
who may know.

Pure. The record asks it for scope and pages, the desk for what it says about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from py_core.cases.acts import Event
from py_core.packs import Packs
from py_core.reporters import TOLD

# Whoever inquires into staff, where a regulation names nobody else.
INQUIRERS = frozenset({"discipline_desk", "supervision_office"})


@dataclass(frozen=True, slots=True)
class Restriction:
    """Who may know of a case: people with one of these roles and who took it down, never the one whom it is about."""

    seen_by: frozenset[str]
    author: str
    against: str
    article: str

    def allows(self, user: str, roles: Iterable[str]) -> bool:
        """Whether this person may know of the case."""
        if user == self.against:
            return False
        return user == self.author or not self.seen_by.isdisjoint(roles)


def restriction(events: Iterable[Event], author: str, packs: Packs) -> Restriction | None:
    """The restriction of a document that begins with these events; None for most."""
    for event in events:
        pack = packs.get(str(event.get("pack")))
        against = str(event.get("against") or "")
        if event.get("type") == TOLD:
            hidden = pack.hidden_reporter if pack is not None else None
            return (
                Restriction(INQUIRERS, author, against, "")
                if hidden is None
                else Restriction(hidden.seen_by, author, against, hidden.article)
            )
        if event.get("type") != "registered":
            return None
        rule = pack.restricted if pack is not None else None
        if rule is not None and event.get("matter") in rule.matters:
            return Restriction(rule.seen_by, author, against, rule.article)
        return Restriction(INQUIRERS, author, against, "") if against else None
    return None
