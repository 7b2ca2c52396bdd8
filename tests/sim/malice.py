"""A person with an enrolled device who means harm: garbage, forgeries and stolen acts, sent straight to the record.

Everything is sent with a real signature where one can be had, so that the gate has to look further.
"""

from __future__ import annotations

import hashlib
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from py_core import wire
from py_core.cases.acts import Act
from py_core.change import actor_sign_bytes, decode_act_change, sign_bytes
from py_core.errors import Malformed

from .device import moment
from .documents import append_act, apply_changes

KINDS = (
    "noise", "broken_frame", "mutated", "mutated_checksum", "stolen", "stolen_signature", "other_case", "other_person",
    "other_device", "false_beacon", "reused", "forged_role", "foreign_actor", "many_deps", "wrong_hello", "cursor",
    "unknown_event", "honest",
)  # fmt: skip


class Troublemaker:
    """Enrolled like everybody else; sees what its unit sees."""

    def __init__(self, user: str, device: str, seed: bytes, chance: Random) -> None:
        self.user = user
        self.device = device
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._chance = chance
        self._actor = chance.randbytes(16)
        self._seq = 0
        self._seen: dict[str, list[bytes]] = {}
        self._honest: list[wire.Pushed] = []

    def body(self, now_ms: int) -> tuple[str, bytes]:
        """One kind of harm and the body of a request that does it."""
        kind = self._chance.choice(KINDS)
        if kind == "noise":
            return kind, self._chance.randbytes(self._chance.randrange(400))
        hello = wire.Hello(self.device, 0, 0, "0.1.0", 0)
        if kind == "wrong_hello":
            hello = wire.Hello(self._chance.choice(("server", "nobody", "")), 0, 0, "0.1.0", 0)
        if kind == "cursor":
            hello = wire.Hello(self.device, 2**52, 2**40, "0.1.0", 2**50, scope=self._chance.choice(("", "linye")))
        frames: list[wire.Frame] = [wire.message_frame(hello)]
        actors = [self._actor]
        pushed = self._pushed(kind, now_ms)
        if kind == "foreign_actor" and pushed:
            actors.append(bytes.fromhex(decode_act_change(pushed[0].raw).actor))
        for actor in actors:
            signature = self._key.sign(actor_sign_bytes(actor.hex(), self.device)).hex()
            frames.append(wire.message_frame(wire.ActorAnnouncement(actor.hex(), signature)))
        body = wire.encode_frames([*frames, *pushed])
        if kind == "broken_frame":
            at = self._chance.randrange(len(body))
            body = body[:at] + self._chance.randbytes(3) + body[at + 2 :]
        return kind, body

    def take(self, answer: bytes) -> None:
        """Learns what it may see."""
        try:
            for frame in wire.read_frames(answer):
                if isinstance(frame, wire.Pulled):
                    of_case = self._seen.setdefault(frame.case_id, [])
                    if frame.raw not in of_case:
                        of_case.append(frame.raw)
        except Malformed:
            return

    def _pushed(self, kind: str, now_ms: int) -> list[wire.Pushed]:
        cases = sorted(self._seen)
        if not cases:
            return []
        case_id = self._chance.choice(cases)
        stolen = self._chance.choice(self._seen[case_id])
        if kind in ("stolen", "foreign_actor"):
            return [self._signed(case_id, stolen)]
        if kind == "stolen_signature":
            return [wire.Pushed(case_id, 1, self._chance.randbytes(64), stolen)]
        if kind == "other_case":
            return [self._signed(self._chance.randbytes(16).hex(), stolen)]
        if kind in ("mutated", "mutated_checksum"):
            return [self._signed(case_id, self._mutated(stolen, repaired=kind == "mutated_checksum"))]
        if kind == "reused" and self._honest:
            self._seq -= 1
        overrides: dict[str, dict[str, Any]] = {
            "other_person": {"user": "lin"},
            "other_device": {"device": "server"},
            "false_beacon": {"beacon": f"{now_ms:x}-0011223344556677"},
        }
        event: dict[str, Any] = {"type": "noted", "text": "mine"}
        if kind == "forged_role":
            event = {
                "type": "contradiction_resolved", "code": "X", "acts": ["00"], "decision": "both", "reason": "I say so",
            }  # fmt: skip
        elif kind == "unknown_event":
            event = {"type": "vanished", "acts": []}
        self._seq += 1
        at = moment(now_ms).replace(microsecond=0)
        values: dict[str, Any] = {
            "kind": "note", "events": (event,), "user": self.user, "device": self.device, "device_seq": self._seq,
            "occurred_at": at, "claimed_at": at, "beacon": None, "since_beacon_ms": None, "pack_version": "1",
            "app_version": "0.1.0",
        }  # fmt: skip
        text = Act(**{**values, **overrides.get(kind, {})}).text()
        try:
            _, raw = append_act(apply_changes(None, self._seen[case_id]), self._actor, text)
        except ValueError:
            return []
        made = self._signed(case_id, raw)
        if kind == "honest":
            self._honest.append(made)
        return [made, *self._honest[:1]]

    def _mutated(self, raw: bytes, *, repaired: bool) -> bytes:
        changed = bytearray(raw)
        for _ in range(self._chance.randint(1, 3)):
            changed[self._chance.randrange(9, len(changed))] = self._chance.randrange(256)
        if repaired:
            changed[4:8] = hashlib.sha256(bytes(changed[8:])).digest()[:4]
        return bytes(changed)

    def _signed(self, case_id: str, raw: bytes) -> wire.Pushed:
        try:
            change_hash = decode_act_change(raw).hash
        except Malformed:
            change_hash = hashlib.sha256(raw).hexdigest()
        return wire.Pushed(case_id, 1, self._key.sign(sign_bytes(case_id, change_hash)), raw)
