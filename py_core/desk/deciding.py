"""Several commands of one moment decided one after the other, so that one form becomes one act.

Owns only the chaining; whether a step is lawful is `decide`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from py_core.cases.acts import Act, Event, RecordedAct
from py_core.cases.commands import Command, decide
from py_core.cases.state import Case, evolve
from py_core.desk.turn import Turn

Step = tuple[str, Mapping[str, Any]]


def decide_all(
    turn: Turn, case_id: str, case: Case | None, steps: Sequence[Step], at: datetime
) -> tuple[tuple[Event, ...], Case | None]:
    """The events of all steps, each decided on the case that the earlier ones made, and that case.

    Raises `Refused` at the first step that the law or the case does not allow.
    """
    events: list[Event] = []
    for name, fields in steps:
        context = turn.law(case, at)
        for event in decide(case, Command(name, fields), context):
            events.append(event)
            case = evolve(case, _draft(turn, event, at), event, case_id)
    return tuple(events), case


def _draft(turn: Turn, event: Event, at: datetime) -> RecordedAct:
    # An act that exists only while the form is being decided; its hash and numbers are never stored.
    around = turn.surroundings
    act = Act(
        kind="draft",
        events=(event,),
        user=turn.identity.user,
        device=turn.identity.device,
        device_seq=around.next_device_seq,
        occurred_at=at,
        claimed_at=around.now,
        beacon=None,
        since_beacon_ms=None,
        pack_version=turn.packs.version,
        app_version=around.app_version,
    )
    return RecordedAct("draft", (), act, around.now if around.where == "server" else None)
