"""An entry of the log as the core reads it. Must not judge it (see `gate`)."""

from __future__ import annotations

from py_core.cases.acts import RecordedAct, read_act
from py_core.change import causes_in, decode_act_change
from server.outside import from_ms
from server.record import Entry


def recorded_act(entry: Entry) -> RecordedAct:
    """An entry of the log as the core reads it; of an erased one what is left."""
    received_at = from_ms(entry.received_at_ms)
    if entry.residue is not None:
        return RecordedAct(entry.hash, causes_in(entry.deps), read_act(entry.residue), received_at, entry.log_index)
    change = decode_act_change(entry.raw)
    return RecordedAct(change.hash, change.causes, read_act(change.text), received_at, entry.log_index)
