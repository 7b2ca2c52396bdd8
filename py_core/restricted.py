"""Which cases only some people may know of: letters on discipline (WH-XS-6), and whatever names a member of staff whom
it is about. The record feeds such a case to no device; its pages show it to who may know.

Pure. The record asks it for scope and pages, the desk for what it says about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from py_core.cases.acts import Event
from py_core.packs import Packs

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
    """The restriction of a case that begins with these events; None for most."""
    for event in events:
        if event.get("type") != "registered":
            return None
        pack = packs.get(str(event.get("pack")))
        rule = pack.restricted if pack is not None else None
        against = str(event.get("against") or "")
        if rule is not None and event.get("matter") in rule.matters:
            return Restriction(rule.seen_by, author, against, rule.article)
        return Restriction(INQUIRERS, author, against, "") if against else None
    return None
