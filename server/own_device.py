"""The server as a device: makes the acts of its own pages into signed changes that go through the same gate.

One key for ever, a fresh Automerge actor per process. Must not have a way around the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from py_core import wire
from py_core.change import actor_sign_bytes, decode_act_change, sign_bytes
from py_core.desk.ports import NewAct
from py_core.errors import ShouwenError
from server import lineage, record
from server.city import City
from server.database import Database
from server.devices import SERVER_DEVICE, announce_actor, enrol_server
from server.engine import CaseEngine
from server.gate import Gate
from server.keys import SigningKey
from server.outside import Clock, Entropy, to_ms
from server.record import Submission
from server.wake import Bell

_NUMBERS_PER_LINEAGE = 1_000_000  # acts of a lost stretch may come back with the numbers that they had


class NotRecorded(ShouwenError):
    """The gate did not take an act of the server's own; nothing of the call was written."""

    code = "not_recorded"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the gate did not take an act: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OwnAct:
    """An act for the log, with the person who stands for it."""

    case_id: str
    text: str
    user: str


class OwnDevice:
    """Appends acts to cases in the server's name."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        key: SigningKey,
        engine: CaseEngine,
        gate: Gate,
        city: City,
        bell: Bell,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = key
        self._engine = engine
        self._gate = gate
        self._city = city
        self._bell = bell
        self._actor = entropy.token(16)
        actor = self._actor.hex()
        signature = key.sign(actor_sign_bytes(actor, SERVER_DEVICE)).hex()
        now_ms = to_ms(clock.now())
        with database.writing() as connection:
            self._device = enrol_server(connection, key.public, now_ms)
            announce_actor(connection, self._device, wire.ActorAnnouncement(actor, signature), now_ms)

    @property
    def public_key(self) -> bytes:
        """By which what the record's own pages and jobs did is recognised."""
        return self._key.public

    @property
    def code(self) -> str:
        """Prefix of the numbers that the server's own pages issue."""
        return self._device.code

    def next_seq(self) -> int:
        """The first free sequence number; stay inside one `Database.writing` until it is used."""
        with self._database.reading() as connection:
            first = lineage.count_restores(connection) * _NUMBERS_PER_LINEAGE + 1
            return max(first, record.next_device_seq(connection, SERVER_DEVICE))

    def commit(self, acts: Sequence[NewAct], user: str) -> None:
        """Records one person's acts, all or none; raises `NotRecorded`."""
        self.append([OwnAct(act.case_id, act.text, user) for act in acts])

    def append(self, acts: Sequence[OwnAct], received_at: datetime | None = None) -> None:
        """Records acts in this order in one transaction, all or none; each sees everything before it.

        `received_at` is for imports and demonstrations that tell a past; else it is now.
        """
        with self._database.writing() as connection:
            texts: dict[str, list[str]] = {}
            for act in acts:
                texts.setdefault(act.case_id, []).append(act.text)
            made = {}
            for case_id, of_case in texts.items():
                entries = record.entries_of_case(connection, case_id)
                if any(entry.residue is not None for entry in entries):
                    raise NotRecorded("case_erased")
                known = [entry.raw for entry in entries]
                made[case_id] = iter(self._engine.append_texts(known, self._actor, of_case))
            submissions = []
            for act in acts:
                raw = next(made[act.case_id])
                signature = self._key.sign(sign_bytes(act.case_id, decode_act_change(raw).hash))
                submissions.append(Submission(act.case_id, wire.ALG_ED25519, signature, raw, SERVER_DEVICE, act.user))
            directory = self._city.current_in(connection).directory
            rulings = self._gate.admit(connection, submissions, directory, to_ms(received_at or self._clock.now()))
            refused = next((ruling.reason for ruling in rulings if ruling.verdict == "quarantined"), None)
            if refused is not None:
                raise NotRecorded(refused)
            self._bell.ring_after(self._database, connection)
