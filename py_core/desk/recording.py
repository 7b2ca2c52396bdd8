"""Makes the act that the host records: who, on which device, when it happened and what the device can prove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from py_core.cases.acts import Act, Event
from py_core.desk.ports import NewAct
from py_core.desk.turn import Turn


def claimed_at(turn: Turn) -> datetime:
    """The recording time that the device can argue for: last beacon plus the running time since.

    Without a known running time it is the device's clock, which proves nothing by itself.
    """
    around = turn.surroundings
    if around.beacon_time is not None and around.since_beacon_ms is not None:
        return around.beacon_time.astimezone(around.now.tzinfo) + timedelta(milliseconds=around.since_beacon_ms)
    return around.now


def new_act(
    turn: Turn, case_id: str, kind: str, events: Sequence[Event], occurred_at: datetime, after: int = 0
) -> NewAct:
    """One act from events that were decided together; `occurred_at` is when it happened as the person says.

    `after` counts the acts of the same answer before this one: each has its own number.
    """
    around = turn.surroundings
    known = around.beacon is not None and around.beacon_time is not None and around.since_beacon_ms is not None
    claimed = claimed_at(turn)
    # "Just now" is the same moment for both; only a moment that the person typed may differ.
    happened = claimed if occurred_at == around.now else occurred_at
    act = Act(
        kind=kind,
        events=tuple(events),
        user=turn.identity.user,
        device=turn.identity.device,
        device_seq=around.next_device_seq + after,
        occurred_at=happened,
        claimed_at=claimed,
        beacon=around.beacon,
        since_beacon_ms=around.since_beacon_ms if known else None,
        pack_version=turn.law_version(case_id, happened),
        app_version=around.app_version,
    )
    return NewAct(case_id, act.text())
