"""A request in short frames made long again, from what the record holds: the way in for `py_core.packed`.

Owns the look-ups that packed acts need. Must not judge an act (see `gate`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from py_core import wire
from py_core.change import decode_act_change
from py_core.errors import Malformed
from py_core.packed import messages
from py_core.packed.outbox import Cause, unpack_acts
from server import record


def in_full(connection: Connection, frames: Sequence[wire.Frame]) -> list[wire.Frame]:
    """The request with messages as JSON and every act as its raw change.

    Raises `Malformed`, and its `Unresolved` when acts rest on something that the record does not hold.
    """
    full: list[wire.Frame] = []
    before = _Before(connection)
    left = wire.REQUEST_FRAMES_MAX
    for frame in frames:
        if isinstance(frame, wire.Short) and frame.type == wire.TYPE_ACTS:
            acts = unpack_acts(frame.payload, before.cause, max(left, 1), wire.REQUEST_BYTES_MAX)
            pushed = [wire.Pushed(act.case_id, act.alg, act.signature, act.raw) for act in acts]
        elif isinstance(frame, wire.Pushed):
            pushed = [frame]
        else:
            full.append(messages.long(frame))
            continue
        left -= len(pushed)
        if left < 0:
            raise Malformed("request", f"has more than {wire.REQUEST_FRAMES_MAX} acts")
        before.pushed += pushed
        full += pushed
    return full


class _Before:
    """What acts of the request may rest on: the log, and the acts of earlier frames."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read = 0
        self._here: dict[str, Cause] = {}
        self.pushed: list[wire.Pushed] = []

    def cause(self, name: int | str) -> Cause | None:
        if isinstance(name, int):
            entry = record.entry_at(self._connection, name) if name < 2**53 else None
        else:
            entry = record.entry_by_hash(self._connection, name)
        if entry is not None:
            return Cause(entry.case_id, entry.hash, entry.actor, entry.start_op)
        return self._sent_before(name) if isinstance(name, str) else None

    def _sent_before(self, change_hash: str) -> Cause | None:
        for item in self.pushed[self._read :]:
            try:
                change = decode_act_change(item.raw)
            except Malformed:
                continue  # gets its verdict later
            self._here[change.hash] = Cause(item.case_id, change.hash, change.actor, change.start_op)
        self._read = len(self.pushed)
        return self._here.get(change_hash)
