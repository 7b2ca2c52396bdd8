"""A small record with honest work in it, against which every hostile input starts anew.

Three towns' laptops, cases with one and two heads, a long one, a visit, the city document, a withdrawn laptop. Nothing
that an attempt does stays: it is tried inside a savepoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from py_core import wire
from py_core.cases.acts import Act
from py_core.change import decode_act_change, encode_act_change
from py_core.city import CITY_ID
from py_core.visits import visit_id
from server import record
from server.devices import announce_actor, device_by_id
from server.engine import EngineInside, EngineOutside
from server.gate import Ruling
from server.outside import to_ms
from server.parts import Parts, assemble
from server.record import Submission
from server.settings import Settings
from server.tables import devices, quarantine
from tests.server.laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered

from .chunks import change_hash

CASE, FORKED, LONG, FOREIGN, OFFERED = (case_id(number) for number in range(1, 6))
FRESH = case_id(0xABCDE)
VISIT = visit_id(case_id(7))
LONG_ACTS = 60


def visit_planned(**fields: Any) -> dict[str, Any]:
    """A plan that the core can read."""
    return {
        "type": "visit_planned", "enterprise": "河西五金厂", "on": "2026-11-25", "officers": ["lin"],
        "unit": "shihe", "number": "F-1", **fields,
    }  # fmt: skip


def policy_set(**fields: Any) -> dict[str, Any]:
    """A decision of the centre that the core can read."""
    return {"type": "policy_set", "in_force_from": "2026-12-01", "reason": "例会决定", **fields}


@dataclass
class Attempt:
    """What one hostile input is: announcements first, then the changes, as `POST /sync` brings them."""

    kind: str
    submissions: list[Submission]
    announcements: list[tuple[str, wire.ActorAnnouncement]] = field(default_factory=list)


class Said(Act):
    """An act as a program without conscience writes it: canonical in form, with anything in it."""

    def text(self) -> str:
        data = {
            "v": 1, "kind": self.kind, "events": list(self.events), "user": self.user, "device": self.device,
            "device_seq": self.device_seq, "occurred_at": self.occurred_at.isoformat(timespec="seconds"),
            "claimed_at": self.claimed_at.isoformat(timespec="seconds"), "beacon": self.beacon,
            "since_beacon_ms": self.since_beacon_ms, "pack_version": self.pack_version, "app_version": self.app_version,
        }  # fmt: skip
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class World:
    """The record, its people's laptops, and how an attempt is made and undone."""

    def __init__(self, folder: Path) -> None:
        self.clock = StandingClock()
        settings = Settings(folder, similar_cases=False)
        self.engine = EngineOutside(settings.trial_seconds_max, settings.trial_memory_bytes_max)
        self.parts: Parts = assemble(settings, self.clock, SeededEntropy("hostile"), self.engine)
        self.parts.city.publish(city_document())
        self.directory = self.parts.city.current().directory
        self.lin, self.zhao, self.wu, self.he, self.qian = (
            Laptop(self.parts, user) for user in ("lin", "zhao", "wu", "he", "qian")
        )
        self.p256 = Laptop(self.parts, "lin", "second", wire.ALG_P256)
        self.gone = Laptop(self.parts, "lin", "withdrawn")
        self.laptops = (self.lin, self.zhao, self.wu, self.he, self.qian, self.p256, self.gone)
        self.by_device = {laptop.device: laptop for laptop in self.laptops}
        self.beacon = self.parts.receipts.beacon(self.clock.now(), 0).id
        self.beacons = {self.beacon}
        self._work()
        self.clock.pass_time(hours=2)
        with self.parts.database.writing() as connection:
            connection.execute(devices.update().where(devices.c.id == self.gone.device).values(revoked_at_ms=1))
            self.held = {
                case: [entry.raw for entry in record.entries_of_case(connection, case)]
                for case in (CASE, FORKED, LONG, FOREIGN, OFFERED, VISIT, CITY_ID)
            }
        self.targets = (
            (self.lin, CASE), (self.zhao, CASE), (self.p256, CASE), (self.lin, FORKED), (self.zhao, FORKED),
            (self.lin, LONG), (self.wu, FOREIGN), (self.wu, OFFERED), (self.lin, OFFERED), (self.lin, VISIT),
            (self.he, CITY_ID), (self.lin, FRESH),
        )  # fmt: skip
        self._drafts: dict[tuple[str, str], bytes] = {}

    def _work(self) -> None:
        for laptop in self.laptops:
            laptop.sync()
        lin, zhao, wu = self.lin, self.zhao, self.wu
        lin.sync(*(lin.act(CASE, event) for event in (registered(), {"type": "accepted"}, noted("看过现场"))))
        lin.sync(lin.act(FORKED, registered()))
        zhao.sync()
        lin.sync(lin.act(FORKED, {"type": "accepted"}))
        zhao.sync(zhao.act(FORKED, {"type": "accepted"}))
        lin.sync(lin.act(LONG, registered()), *(lin.act(LONG, noted(f"第{n}次")) for n in range(LONG_ACTS - 1)))
        wu.sync(wu.act(FOREIGN, registered(unit="linye")))
        lin.sync(lin.act(OFFERED, registered()), lin.act(OFFERED, {"type": "handed_over", "to": "linye"}))
        lin.sync(lin.act(VISIT, visit_planned()))
        policy = next(iter(self.parts.packs.common.policies.values()))
        self.policy = {"policy": policy.id, "value": next(iter(policy.options))}
        self.he.sync(self.he.act(CITY_ID, policy_set(**self.policy)))
        self.gone.held[CASE] = list(lin.held[CASE])
        with self.parts.database.reading() as connection:
            refused = connection.execute(select(quarantine.c.user, quarantine.c.reason)).all()
        assert not refused, f"the honest work is not honest: {refused}"

    def event(self, case: str) -> dict[str, Any]:
        """What an honest person could do next in a document."""
        if case == VISIT:
            return {"type": "visit_noted", "text": "厂里没人"}
        if case == CITY_ID:
            return policy_set(**self.policy)
        return registered() if case == FRESH else noted("回访过了")

    def act(self, laptop: Laptop, *events: dict[str, Any], **values: Any) -> Said:
        """The next act of a laptop; its number is the next one unless `values` says otherwise."""
        at = self.clock.now().replace(microsecond=0)
        said: dict[str, Any] = {
            "kind": events[0].get("type", "noted") if events else "noted", "events": events, "user": laptop.user,
            "device": laptop.device, "device_seq": laptop.seq + 1, "occurred_at": at, "claimed_at": at,
            "beacon": None, "since_beacon_ms": None, "pack_version": self.parts.packs.version, "app_version": "0.1.0",
        }  # fmt: skip
        return Said(**{**said, **values})

    def appended(self, laptop: Laptop, case: str, text: str, known: Sequence[bytes] | None = None) -> bytes:
        """The honest engine's change with any text."""
        held = self.held.get(case, []) if known is None else known
        return EngineInside().append_texts(held, laptop.actor, [text])[0]

    def draft(self, laptop: Laptop, case: str) -> bytes:
        """An honest next change; made once."""
        key = (laptop.device, case)
        if key not in self._drafts:
            self._drafts[key] = self.appended(laptop, case, self.act(laptop, self.event(case)).text())
        return self._drafts[key]

    def with_text(self, laptop: Laptop, case: str, text: str) -> bytes:
        """The honest next change with another text in it, as an engine would write it."""
        return encode_act_change(replace(decode_act_change(self.draft(laptop, case)), text=text))

    def submission(
        self, laptop: Laptop, case: str, raw: bytes, *, signed_case: str = "", signed_hash: str = ""
    ) -> Submission:
        """Bytes with this laptop's real signature, over what they would be called."""
        pushed = laptop.signed(signed_case or case, raw, signed_hash or change_hash(raw))
        return Submission(case, laptop.alg, pushed.signature, raw, laptop.device, laptop.user)

    @contextmanager
    def undone(self) -> Iterator[Connection]:
        """Whatever happens inside is taken back."""
        with self.parts.database.writing() as connection:
            savepoint = connection.begin_nested()
            try:
                yield connection
            finally:
                savepoint.rollback()

    def admit(self, connection: Connection, attempt: Attempt) -> list[Ruling]:
        """Lets the gate rule over an attempt, as the exchange does."""
        now_ms = to_ms(self.clock.now())
        for device, said in attempt.announcements:
            found = next(each for each in _devices(connection) if each.id == device)
            announce_actor(connection, found, said, now_ms)
        return self.parts.gate.admit(connection, attempt.submissions, self.directory, now_ms)

    def close(self) -> None:
        self.parts.close()


def noted(text: str) -> dict[str, Any]:
    """A note."""
    return {"type": "noted", "text": text}


def _devices(connection: Connection) -> list[Any]:
    ids = connection.scalars(select(devices.c.id)).all()
    return [found for each in ids if (found := device_by_id(connection, each)) is not None]


def peak_of(engine: EngineOutside) -> int:
    """The most memory (bytes) that the engine's process has had; 0 when there is none. Its limit is asked as well."""
    process = engine._process
    if process is None or process.poll() is not None:
        return 0
    limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
    assert limits.split("Max address space")[1].split()[0] == str(engine._memory_bytes_max)
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
