"""When the acts of an evidence file can have been made: between the device's last contact and their arrival."""

from __future__ import annotations

from py_core.cases.acts import RecordedAct
from py_core.evidence.ground import SERVER, Ground, moment
from py_core.views.language import N_
from py_core.wire import beacon_time_ms

_TOLERANCE_MS = 6_000  # acts have whole seconds, and an answer is on its way for a moment


def check_times(ground: Ground) -> None:
    """Between which moments each act was made."""
    acts = ground.known.acts.get(ground.case, ())
    for recorded in acts:
        _check_time(ground, recorded)
    if acts:
        message = N_(
            "the times of contact and arrival are the record's own; a checkpoint from outside proves only that an "
            "act was there by the checkpoint's time"
        )
        ground.findings.open("", message)


def _check_time(ground: Ground, recorded: RecordedAct) -> None:
    act, number, received = recorded.act, recorded.log_index, recorded.received_at
    assert received is not None, "every act of the file has its arrival"
    where = f"act {number}"
    device = ground.known.devices.get(act.device)
    if device is None:  # of an act that only another device vouches for, which is said there
        return
    received_ms = int(received.timestamp() * 1000)
    if ground.known.withdrawn.get(act.device, received_ms) < received_ms:
        ground.findings.open(where, N_("the device had been withdrawn before this act arrived"))
    twice = ground.known.frozen.get(act.device)
    if twice is not None:
        message = N_(
            "two acts of this device bear the number %(number)d: what signs its acts was in two places, and the signature "
            "does not say in which of them this act was made"
        )
        ground.findings.open(where, message, number=twice)
    if act.device == SERVER:
        message = N_("was made on the record's own page for %(user)s, %(moment)s: only the record vouches for who")
        ground.findings.open(where, message, user=act.user, moment=moment(received_ms))
        return
    claimed_ms = int(act.claimed_at.timestamp() * 1000)
    begin_ms = beacon_time_ms(act.beacon) if act.beacon else None
    window = {"begin": "…" if begin_ms is None else moment(begin_ms), "end": moment(received_ms)}
    claimed = moment(claimed_ms)
    if (begin_ms is not None and claimed_ms < begin_ms - _TOLERANCE_MS) or claimed_ms > received_ms + _TOLERANCE_MS:
        message = N_("claims %(claimed)s, outside of the time that can be true (%(begin)s to %(end)s)")
        ground.findings.open(where, message, claimed=claimed, **window)
    elif act.since_beacon_ms is None:
        message = N_("time unsure: claims %(claimed)s; it was made between %(begin)s and %(end)s")
        ground.findings.open(where, message, claimed=claimed, **window)
    else:
        message = N_("was made between %(begin)s and %(end)s; claims %(claimed)s")
        ground.findings.proven(where, message, claimed=claimed, **window)
