"""Who may know of work that the record did not take: its own words may restrict it, and so may the document that it is
for, whether the record has that document's beginning or it waits itself. Pure.

Acts come here that no check has read: a field may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.cases.acts import Act, Event
from py_core.packs import Packs
from py_core.reporters import TELLING, about, gives_away, is_reporter_id
from py_core.restricted import Restriction, restriction

_TEXTS = ("type", "pack", "matter", "request_kind", "against", "case")


@dataclass(frozen=True, slots=True)
class Said:
    """What an act says about who may know of it and of the document that it is in; none of its words."""

    restrictions: tuple[Restriction, ...]
    registered: Mapping[str, Any]  # what decides of a registration whose reporter is hidden; empty for other acts
    tells: tuple[Event, ...]  # its events with nothing but the names of the fields that say who reported or complains
    of_case: str  # of a reporter's document: the case that it is about


@dataclass(frozen=True, slots=True)
class Secrecy:
    """Who may know of one act that the record did not take. `says_who`: it tells who reported or complained, which
    nobody reads where it waits."""

    restrictions: tuple[Restriction, ...] = ()
    says_who: bool = False

    def names(self, user: str) -> bool:
        """Whether it is about this person, who learns nothing of it and decides nothing about it."""
        return any(user == each.against for each in self.restrictions)

    def allows(self, user: str, roles: Iterable[str]) -> bool:
        """Whether this person may know what it is."""
        held = frozenset(roles)
        return all(each.allows(user, held) for each in self.restrictions)


def said_by(act: Act | None, packs: Packs) -> Said:
    """What an act says that decides who may know; nothing where its bytes are no act."""
    if act is None:
        return Said((), {}, (), "")
    plain = [_plain(event) for event in act.events]
    found = (restriction((event,), act.user, packs) for event in plain)
    begun = next((event for event in plain if event.get("type") == "registered"), {})
    tells = tuple({"type": each["type"], **dict.fromkeys(_telling(each), "x")} for each in act.events)
    return Said(tuple(each for each in found if each is not None), begun, tells, about(plain))


def secrecy_of(document: str, said: Said, beginnings: Sequence[Said], packs: Packs) -> Secrecy:
    """Who may know of a held act; `beginnings` are what its document, and the case that it is about, began with."""
    restrictions = tuple(dict.fromkeys(each for one in (said, *beginnings) for each in one.restrictions))
    begun = [each.registered for each in (said, *beginnings) if each.registered]
    # Of what nobody knows yet what it belongs to, the worse is believed.
    unknown = not begun and any(len(event) > 1 for event in said.tells)
    says_who = is_reporter_id(document) or unknown or any(gives_away(each, said.tells, packs) for each in begun)
    return Secrecy(restrictions, says_who)


def _plain(event: Event) -> dict[str, Any]:
    return {name: event[name] for name in _TEXTS if isinstance(event.get(name), str)}


def _telling(event: Event) -> list[str]:
    return [name for name in sorted(TELLING) if event.get(name)]
