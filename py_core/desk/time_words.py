"""What can be said about the time of an act, in words a clerk understands: unsure, contradicted, entered later, late.

The record proves two moments: its own beacon that the act names, and its receipt. Everything in between is claimed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from py_core.cases.acts import RecordedAct
from py_core.desk.turn import Turn
from py_core.views.language import N2_, N_
from py_core.wire import beacon_time_ms

ENTERED_LATER_FROM = timedelta(minutes=10)  # shorter is the time that writing takes
ARRIVED_LATER_FROM = timedelta(hours=1)
TOLERANCE = timedelta(seconds=5)  # acts have whole seconds, and an answer is on its way for a moment
SERVER = "server"
WORKDAYS = N2_("%(n)d working day", "%(n)d working days")
SAME_DAY = N_("to be answered on the same day")
MORE_WORKDAYS = N2_("%(n)d more working day", "%(n)d more working days")

NEVER_MET = N_(
    "Time unsure: the device had never been in contact with the record, so only its own clock speaks for this time."
)
DELTA_LOST = N_(
    "Time unsure: since its last contact the device had been closed, so only its own clock speaks for this time."
)
TOO_EARLY = N_(
    "time contradicted: the device claims a time before its last contact with the record; its clock was wrong"
)
TOO_LATE = N_("time contradicted: the device claims a time after the record had received it; its clock was wrong")


def window_start(recorded: RecordedAct) -> datetime | None:
    """The record's own time of the contact that the act names: it cannot have been made before."""
    act = recorded.act
    if act.beacon is None:
        return None
    time_ms = beacon_time_ms(act.beacon)
    if time_ms is not None:
        return datetime.fromtimestamp(time_ms / 1000, UTC)
    return None if act.since_beacon_ms is None else act.claimed_at - timedelta(milliseconds=act.since_beacon_ms)


def unsure_time(turn: Turn, recorded: RecordedAct) -> str:
    """Why nothing but the device's own clock speaks for the time of an act; empty for most of them."""
    act = recorded.act
    if _contradicted(recorded) or act.device == SERVER or act.since_beacon_ms is not None:
        return ""
    return turn.say(NEVER_MET if act.beacon is None else DELTA_LOST)


def _contradicted(recorded: RecordedAct) -> str:
    """The message id of what shows that the device's clock was wrong."""
    act, received, start = recorded.act, recorded.received_at, window_start(recorded)
    if start is not None and act.claimed_at < start - TOLERANCE:
        return TOO_EARLY
    return TOO_LATE if received is not None and act.claimed_at > received + TOLERANCE else ""


def time_notes(turn: Turn, recorded: RecordedAct) -> list[str]:
    """What else is worth knowing about the times of an act; nothing for most of them."""
    act, received = recorded.act, recorded.received_at
    notes = [turn.say(wrong)] if (wrong := _contradicted(recorded)) else []
    if act.claimed_at - act.occurred_at >= ENTERED_LATER_FROM:
        entered = amount_text(turn, act.claimed_at - act.occurred_at)
        notes.append(turn.say(N_("entered later: written down %(amount)s after it happened"), amount=entered))
    if received is not None and act.device != SERVER and received - act.claimed_at >= ARRIVED_LATER_FROM:
        late = amount_text(turn, received - act.claimed_at)
        notes.append(turn.say(N_("arrived in the record %(amount)s later"), amount=late))
    return notes


def unit_term(unit: str, n: int) -> str:
    """The key of a unit of time as it stands behind a number: English has a singular."""
    return f"unit.{unit}.one" if n == 1 else f"unit.{unit}"


def amount_text(turn: Turn, amount: timedelta) -> str:
    """A length of time in its largest fitting unit, rounded down."""
    seconds = int(abs(amount.total_seconds()))
    if seconds < 120:
        return turn.say(N_("%(n)d s"), n=seconds)
    if seconds < 7200:
        return turn.say(N_("%(n)d min"), n=seconds // 60)
    if seconds < 172_800:
        return turn.say(N_("%(n)d h"), n=seconds // 3600)
    return turn.say(N_("%(n)d days"), n=seconds // 86_400)
