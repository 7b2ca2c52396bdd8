"""What the gate has to know of the log for a batch of submissions: asked once for all of them. Must not write."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from sqlalchemy import Connection

from server import record
from server.candidates import Numbered
from server.devices import actor_owner
from server.record import Entry, Submission
from server.scope import Standing


class LogView:
    """The log as far as a batch needs it, before anything of the batch is written."""

    def __init__(self, connection: Connection, submissions: Sequence[Submission]) -> None:
        self._connection = connection
        self._owners: dict[str, str | None] = {}
        # The hash of a change is that of its chunk; bytes that are none are not in the log either.
        hashes = {hashlib.sha256(each.raw[8:]).hexdigest() for each in submissions}
        self.entries = record.entries_by_hash(connection, hashes)
        self._bearers: dict[tuple[str, int], set[str]] = {}
        self.some_quarantined = True
        self.standings: dict[str, Standing] = {}

    def owner(self, actor: str) -> str | None:
        """The device of an actor."""
        if actor not in self._owners:
            self._owners[actor] = actor_owner(self._connection, actor)
        return self._owners[actor]

    @cached_property
    def ends(self) -> record.Ends:
        """Where log and feed end; asked for when the writing begins."""
        return record.ends(self._connection)

    def standing(self, case_id: str) -> Standing:
        """Who is in a case with what has been written of the batch."""
        if case_id not in self.standings:
            self.standings[case_id] = record.standing_of_case(self._connection, case_id)
        return self.standings[case_id]

    def known_of(self, case_id: str) -> dict[str, Entry]:
        """What the log has of another document, in its order."""
        return {entry.hash: entry for entry in record.entries_of_case(self._connection, case_id)}

    def look_up_numbers(self, acts: Iterable[Numbered]) -> None:
        """Learns which acts came under the numbers of these, whether the log has them or the quarantine."""
        of_device: dict[str, set[int]] = {}
        for act in acts:
            of_device.setdefault(act.device, set()).add(act.number)
        for device, numbers in of_device.items():
            for number, hashes in record.bearers_of_numbers(self._connection, device, numbers).items():
                self._bearers[device, number] = hashes

    def bears_used_number(self, act: Numbered) -> bool:
        """Whether another act of its device came under the same number. One that is handed in again does not count."""
        return bool(self._bearers[act.device, act.number] - {act.hash})

    def look_for_quarantined(self, cases: Collection[str]) -> None:
        """Learns whether anything of these cases waits to be released; mostly nothing does."""
        self.some_quarantined = record.holds_quarantined(self._connection, cases)
