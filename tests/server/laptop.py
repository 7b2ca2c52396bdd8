"""What the server's tests need: a small city, a clock that stands still, chance from a seed, and laptops that sign."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from py_core import carry, wire
from py_core.cases.acts import Act
from py_core.change import actor_sign_bytes, decode_act_change, sign_bytes
from py_core.enrolment import enrol_sign_bytes
from py_core.packs import load_packs
from py_core.reporters import apart, reporter_id
from server.carry_keys import seal_outbox
from server.devices import EnrolmentRequest, enrol
from server.engine import EngineInside
from server.outside import to_ms
from server.parts import Parts

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
PASSWORD = "a long enough password"


class StandingClock:
    """Says what it was told."""

    def __init__(self, now: datetime = START) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def pass_time(self, **delta: float) -> None:
        self.time += timedelta(**delta)


class SeededEntropy:
    """The same bytes in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def token(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(f"{self._seed} {self._drawn}".encode()).digest(size)


def city_document() -> dict[str, Any]:
    """Two towns and a centre."""
    unit = {"kind": "town", "phone": "0000", "complaint_phone": "0001"}
    person = {"title": "officer", "phone": "0002"}
    return {
        "city_zh": "澄江市",
        "city_en": "Chengjiang",
        "units": [
            {"id": "shihe", "zh": "石河镇", "en": "Shihe", **unit},
            {"id": "linye", "zh": "林业局", "en": "Forestry", **unit, "kind": "bureau"},
            {"id": "centre", "zh": "中心", "en": "Centre", **unit, "kind": "centre"},
        ],
        "people": [
            {"id": "lin", "name": "林晓", "unit": "shihe", "roles": ["officer"], **person},
            {"id": "zhao", "name": "赵磊", "unit": "shihe", "roles": ["officer"], **person},
            {"id": "wu", "name": "吴敏", "unit": "linye", "roles": ["officer"], **person},
            {"id": "he", "name": "何力", "unit": "centre", "roles": ["admin"], **person},
            {"id": "luo", "name": "骆安", "unit": "centre", "roles": ["security"], **person},
            {"id": "yan", "name": "严静", "unit": "centre", "roles": ["audit"], **person},
            {"id": "qian", "name": "钱文", "unit": "centre", "roles": ["reconciler"], **person},
        ],
        "posts": [],
        "offers": [],
        "policies": {},
        "public_url": "https://shouwen.example",
    }


def let_dispatch(parts: Parts, user: str) -> None:
    """Gives somebody of the city the dispatch desk's role as well."""
    document = parts.city.current().document
    people = [
        {**row, "roles": [*row["roles"], "dispatch_desk"]} if row["id"] == user else row for row in document["people"]
    ]
    parts.city.publish({**document, "people": people})


def registered(**fields: Any) -> dict[str, Any]:
    """A registration that the core can read."""
    return {
        "type": "registered",
        "pack": "HL",
        "matter": "citizen",
        "channel": "walk_in",
        "claimant": "person",
        "title": "路灯不亮",
        "text": "河西路口路灯坏了三天",
        "unit": "shihe",
        **fields,
    }


def case_id(number: int) -> str:
    return f"{number:032x}"


class Laptop:
    """An enrolled device with its key, its Automerge actor and the changes it holds."""

    def __init__(self, parts: Parts, user: str, name: str = "laptop", alg: int = wire.ALG_ED25519) -> None:
        seed = hashlib.sha256(f"{user} {name}".encode()).digest()
        self.user = user
        self.alg = alg
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(seed)
        self._p256 = ec.derive_private_key(int.from_bytes(seed, "big") >> 1, ec.SECP256R1())
        with parts.database.writing() as connection:
            device = enrol(connection, parts.entropy, parts.receipts.key, self.ask(name), to_ms(parts.clock.now()))
        self.device = device.id
        self.parts = parts
        self.actor = hashlib.sha256(seed).digest()[:16]
        self.held: dict[str, list[bytes]] = {}
        self.seq = 0
        self.cursor = 0
        self.scope = ""
        self.lineage = ""

    @property
    def public_key(self) -> bytes:
        if self.alg == wire.ALG_ED25519:
            return self._ed25519.public_key().public_bytes_raw()
        return self._p256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, message: bytes) -> bytes:
        if self.alg == wire.ALG_ED25519:
            return self._ed25519.sign(message)
        r, s = decode_dss_signature(self._p256.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def ask(self, name: str) -> EnrolmentRequest:
        """What this laptop asks to be taken in with."""
        signature = self.sign(enrol_sign_bytes(self.user, self.alg, self.public_key, name))
        return EnrolmentRequest(self.user, self.alg, self.public_key, name, signature)

    def announcement(self, actor: bytes | None = None) -> wire.ActorAnnouncement:
        actor_hex = (actor or self.actor).hex()
        return wire.ActorAnnouncement(actor_hex, self.sign(actor_sign_bytes(actor_hex, self.device)).hex(), self.alg)

    def text(self, *events: dict[str, Any], **overrides: Any) -> str:
        """The text of this device's next act."""
        self.seq += 1
        at = self.parts.clock.now().replace(microsecond=0)
        values: dict[str, Any] = {
            "kind": events[0]["type"],
            "events": events,
            "user": self.user,
            "device": self.device,
            "device_seq": self.seq,
            "occurred_at": at,
            "claimed_at": at,
            "beacon": None,
            "since_beacon_ms": None,
            "pack_version": "1",
            "app_version": "0.1.0",
        }
        return Act(**{**values, **overrides}).text()

    def signed(self, case: str, raw: bytes, signed_as: str = "") -> wire.Pushed:
        try:
            change_hash = signed_as or decode_act_change(raw).hash
        except Exception:  # something that is no change is signed as what it is
            change_hash = hashlib.sha256(raw).hexdigest()
        return wire.Pushed(case, self.alg, self.sign(sign_bytes(case, change_hash)), raw)

    def act(self, case: str, *events: dict[str, Any], **overrides: Any) -> wire.Pushed:
        """Makes an act on top of everything this device holds of the case, and holds it."""
        raw = EngineInside().append_texts(self.held.get(case, []), self.actor, [self.text(*events, **overrides)])[0]
        self.held.setdefault(case, []).append(raw)
        return self.signed(case, raw)

    def register(self, case: str, *events: dict[str, Any]) -> list[wire.Pushed]:
        """The acts of a registration as every desk makes them: who reports somebody stands beside the case."""
        kept, beside = apart(case, events, load_packs())
        made = [self.act(case, *kept)]
        return made if beside is None else [*made, self.act(reporter_id(case), beside)]

    def frames(self, pushed: Sequence[wire.Pushed] = (), **hello: Any) -> list[wire.Frame]:
        said = {"device": self.device, "cursor": self.cursor, "config": 99, "app": "0.1.0", "waiting": 0}
        standing = {"scope": self.scope, "lineage": self.lineage, "can": wire.OFFERS_AGAIN}
        first = wire.Hello(**{**said, **standing, **hello})
        return [wire.message_frame(first), wire.message_frame(self.announcement()), *pushed]

    def take(self, frames: Sequence[wire.Frame]) -> tuple[list[wire.Verdict], list[wire.Pulled]]:
        """Reads an answer: holds what it brought, moves the cursor."""
        verdicts: list[wire.Verdict] = []
        pulled: list[wire.Pulled] = []
        for frame in frames:
            if isinstance(frame, wire.Pulled):
                pulled.append(frame)
                of_case = self.held.setdefault(frame.case_id, [])
                if frame.raw not in of_case:
                    of_case.append(frame.raw)
                continue
            message = wire.read_message(frame)
            if isinstance(message, wire.Verdict):
                verdicts.append(message)
            elif isinstance(message, wire.End):
                self.cursor, self.scope = message.cursor, message.scope
                self.lineage = message.lineage or self.lineage
        return verdicts, pulled

    def sync(self, *pushed: wire.Pushed) -> tuple[list[wire.Verdict], list[wire.Pulled]]:
        """One exchange with the record, without HTTP."""
        return self.take(self.parts.exchange.answer(self.user, self.frames(pushed)))

    def verdict(self, pushed: wire.Pushed) -> str:
        """What became of one act: the verdict, or the reason why it was not taken."""
        (verdict,) = self.sync(pushed)[0]
        return verdict.reason or verdict.verdict

    def outbox(self, *pushed: wire.Pushed, alg: int = carry.ALG_X25519, record: Parts | None = None) -> bytes:
        """An outbox file with these acts, encrypted for this record (or another one)."""
        frames = wire.encode_frames(self.frames(pushed))
        content = carry.pack_outbox(self.alg, self.sign(carry.outbox_sign_bytes(frames)), frames)
        return seal_outbox(alg, (record or self.parts).carry_keys.public[alg], content)


def named(given: object) -> str:
    """A parameter in a test's name, the same in every process: a set's own order is not."""
    return str(sorted(given)) if isinstance(given, set) else str(given)
