"""One browser for each officer of the demo city: a key made at build time, actors bound to it by signature.

The keys are thrown away when the city stands: nobody can sign as these devices later.
"""

from __future__ import annotations

import hashlib
from datetime import date

from py_core import wire
from py_core.change import actor_sign_bytes
from py_core.enrolment import enrol_sign_bytes
from server.devices import EnrolmentRequest
from server.keys import SigningKey


class DemoDevice:
    """A device that signs; its Automerge actor changes every month as if the browser had been started anew."""

    alg = wire.ALG_ED25519

    def __init__(self, seed: bytes, name: str) -> None:
        self._seed = seed
        self._key = SigningKey(seed)
        self._actors: dict[tuple[int, int], str] = {}
        self._seq = 0
        self.name = name
        self.id = ""  # id and code are given by the record at enrolment
        self.code = ""

    @property
    def public_key(self) -> bytes:
        return self._key.public

    def ask(self, user: str) -> EnrolmentRequest:
        """What this device asks the record to be taken in with."""
        signature = self._key.sign(enrol_sign_bytes(user, self.alg, self.public_key, self.name))
        return EnrolmentRequest(user, self.alg, self.public_key, self.name, signature)

    @property
    def announcements(self) -> list[wire.ActorAnnouncement]:
        """The signed bindings of all actors used so far."""
        return [
            wire.ActorAnnouncement(actor, self._key.sign(actor_sign_bytes(actor, self.id)).hex())
            for actor in self._actors.values()
        ]

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def actor_on(self, day: date) -> str:
        """The actor (hex) that this device uses in this month."""
        month = (day.year, day.month)
        if month not in self._actors:
            drawn = hashlib.sha256(self._seed + f"actor {day:%Y-%m}".encode()).digest()
            self._actors[month] = drawn[:16].hex()
        return self._actors[month]

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)
