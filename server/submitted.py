"""What bytes that came to the gate say of themselves, whether the gate took them or not."""

from __future__ import annotations

import hashlib

from py_core.cases.acts import Act, read_act
from py_core.change import ActChange, decode_act_change
from py_core.errors import Malformed


def act_of(change: ActChange) -> Act | None:
    """The act of a change, None where it is none."""
    try:
        return read_act(change.text)
    except Malformed:
        return None


def name_of(raw: bytes) -> str:
    """The change hash if the bytes are a change, else their SHA-256: something to call them by."""
    try:
        return decode_act_change(raw).hash
    except Malformed:
        return hashlib.sha256(raw).hexdigest()


def own_number(device: str, raw: bytes) -> int | None:
    """The number that an act of this device bears; None for anything else."""
    try:
        act = act_of(decode_act_change(raw))
    except Malformed:
        return None
    return act.device_seq if act is not None and act.device == device else None
