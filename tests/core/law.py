"""Builds cases for the tests of the law: commands decided and recorded as acts, as the desk does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from py_core.calendars import WorkCalendar, national
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.commands import ALL_ROLES, Command, Context, decide
from py_core.cases.state import Case, fold
from py_core.packs import load_packs
from py_core.rules.assessment import Assessment
from py_core.rules.engine import assess
from py_core.values import local

PACKS = load_packs()
CASE_ID = "0" * 32
PROMISE_10 = {"n": 10, "unit": "workday"}


def at(text: str) -> datetime:
    """Local time from "2026-03-02 10:00"."""
    return local(datetime.fromisoformat(text))


def context(
    moment: str,
    roles: frozenset[str] = ALL_ROLES,
    policies: Mapping[str, Any] | None = None,
    calendar: WorkCalendar | None = None,
) -> Context:
    return Context(at(moment), PACKS, calendar or national(), policies or {}, user="officer", roles=roles)


def act(
    number: int,
    moment: str,
    *events: Mapping[str, Any],
    after: tuple[str, ...] = (),
    user: str = "officer",
    received: str | None = "same",
) -> RecordedAct:
    """A recorded act with the hash `number`; `after` are the hashes that its author had seen."""
    when = at(moment)
    arrived = when if received == "same" else (at(received) if received else None)
    body = Act("test", tuple(events), user, f"device-{user}", number, when, when, None, None, "p", "a")
    return RecordedAct(hash_of(number), after, body, arrived)


def hash_of(number: int) -> str:
    return f"{number:064x}"


class Desk:
    """One case, worked on by one desk: each command is decided, recorded and folded."""

    def __init__(self, policies: Mapping[str, Any] | None = None) -> None:
        self.acts: list[RecordedAct] = []
        self.policies = policies or {}

    @property
    def case(self) -> Case | None:
        return fold(CASE_ID, self.acts) if self.acts else None

    def do(self, moment: str, command: str, /, roles: frozenset[str] = ALL_ROLES, **fields: Any) -> Desk:
        events = decide(self.case, Command(command, fields), context(moment, roles, self.policies))
        before = (self.acts[-1].hash,) if self.acts else ()
        self.acts.append(act(len(self.acts) + 1, moment, *events, after=before))
        return self

    def look(self, moment: str) -> Assessment:
        case = self.case
        assert case is not None
        return assess(case, PACKS, national(), at(moment), self.policies)


def registered(pack: str, matter: str, moment: str = "2026-03-02 10:00", **fields: Any) -> Desk:
    """A case just registered, on site by a person unless said otherwise."""
    given = {"pack": pack, "matter": matter, "channel": "walk_in", "claimant": "person", "signed": True, **fields}
    return Desk().do(moment, "register", **given)


def hotline(moment: str = "2026-03-02 09:00", matter: str = "citizen") -> Desk:
    """A hotline request, delivered to a unit and accepted there."""
    claimant = "enterprise" if matter == "enterprise" else "person"
    return registered(
        "HL", matter, moment, channel="hotline", claimant=claimant, deliver_to="unit-1", accept_by="unit-1"
    )


def service(moment: str = "2026-03-02 10:00", **fields: Any) -> Desk:
    """A promised matter with complete papers, accepted."""
    given = {"promise": PROMISE_10, "materials_complete": True, "accept_by": "section", **fields}
    return registered("JY", "service", moment, **given)
