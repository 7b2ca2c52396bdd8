"""Builds the demonstration city in an empty record: directory, devices, a year of cases, accounts.

Every act goes the real way: the core's `decide`, an Automerge change, a device's signature, the record's gate. All in
one transaction, so that a city that was interrupted is not there at all. Must not be used on a record that is in use.
"""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection

from py_core.directory import Directory
from py_core.errors import ShouwenError
from py_core.rights import may
from py_core.values import local
from server.demo.acting import Delivery, Script, Stage, VisitScript
from server.demo.data import account_rows, demo_secret, directory_document
from server.demo.office_hours import OfficeHours
from server.demo.own_devices import DemoDevice
from server.demo.past import HISTORY_DAYS
from server.demo.programme import programme
from server.demo.scene import Scene
from server.demo.telling import Teller
from server.demo.visit_script import visit_plays
from server.devices import Device, announce_actor, enrol
from server.engine import EngineInside
from server.outside import to_ms
from server.parts import DemoAccount, Parts

SEED = 20261121
DEMO_GUARDED = frozenset({"admin", "security", "audit"})  # as the settings have it from the start
_GATHERED = timedelta(minutes=2)  # acts that reach the record so close together are taken in one go
_KEY_BYTES = 32

Progress = Callable[[int, int], None]
"""Told how many of how many acts are in the record."""


class DemoRefused(ShouwenError):
    """The gate did not take an act of the demonstration: the demonstration's own fault."""

    code = "demo_refused"


def build(
    parts: Parts, now: datetime | None = None, seed: int = SEED, progress: Progress | None = None
) -> tuple[DemoAccount, ...]:
    """Makes the city unless the record already has one; who can sign in, with the printed password."""
    if parts.city.current().version == 0:
        with parts.database.writing() as connection:
            _found(parts, connection, now or parts.clock.now(), seed, progress or _silent)
    return accounts(parts.city.current().directory)


def accounts(directory: Directory) -> tuple[DemoAccount, ...]:
    """The demonstration's accounts as far as this city has their people."""
    password, rows = account_rows()
    guarded = DEMO_GUARDED
    found = []
    for row in rows:
        person = directory.people.get(row["user"])
        if person is not None:
            secret = "" if guarded.isdisjoint(person.roles) else demo_secret()
            found.append(DemoAccount(person.id, password, person.name, row["role_zh"], row["role_en"], secret))
    return tuple(found)


def _found(parts: Parts, connection: Connection, now: datetime, seed: int, progress: Progress) -> None:
    directory = parts.city.publish(directory_document()).directory
    random = Random(seed)
    begun_ms = to_ms(now - timedelta(days=HISTORY_DAYS + 30))
    own: dict[str, DemoDevice] = {}
    enrolled: dict[str, Device] = {}
    for person in directory.people.values():
        if may(person.roles, "work_offline"):
            device = DemoDevice(parts.entropy.token(_KEY_BYTES), person.name)
            enrolled[person.id] = enrol(connection, parts.entropy, parts.receipts.key, device.ask(person.id), begun_ms)
            device.id, device.code = enrolled[person.id].id, enrolled[person.id].code
            own[person.id] = device
    hours = OfficeHours(parts.calendar, random)
    scene = Scene(directory, parts.calendar, parts.packs, hours, random, local(now))
    stage = Stage(directory, parts.packs, parts.calendar, own, EngineInside(), _beacons(parts))
    plays: list[tuple[str, Script | VisitScript]] = [
        (parts.entropy.token(16).hex(), script) for script in programme(scene, Teller(random))
    ]
    # Choices of their own: whoever adds a visit changes nothing else in the city.
    aside = Random(seed + 1)
    there = replace(scene, hours=OfficeHours(parts.calendar, aside), random=aside)
    plays += visit_plays(there, lambda: parts.entropy.token(16).hex())
    deliveries = [each for each in stage.give(plays, until=local(now)) if each.received_at <= now]
    for user, device in own.items():
        for said in device.announcements:
            announce_actor(connection, enrolled[user], said, begun_ms)
    _admit(parts, connection, directory, deliveries, progress)
    password, rows = account_rows()
    parts.accounts.set_passwords({row["user"]: password for row in rows})
    for account in accounts(directory):
        if account.secret:
            parts.second_factors.set_known(connection, account.user, b32decode(account.secret))


def _admit(
    parts: Parts,
    connection: Connection,
    directory: Directory,
    deliveries: Sequence[Delivery],
    progress: Progress,
) -> None:
    done = 0
    for batch in _batches(deliveries):
        received_ms = to_ms(batch[-1].received_at)
        rulings = parts.gate.admit(connection, [each.submission for each in batch], directory, received_ms)
        for ruling in rulings:
            if ruling.verdict != "accepted":
                raise DemoRefused(f"the gate answered {ruling.verdict} {ruling.reason} to case {ruling.case_id}")
        done += len(batch)
        progress(done, len(deliveries))


def _batches(deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    batch: list[Delivery] = []
    for delivery in deliveries:
        if batch and delivery.received_at - batch[0].received_at > _GATHERED:
            yield batch
            batch = []
        batch.append(delivery)
    if batch:
        yield batch


def _beacons(parts: Parts) -> Callable[[datetime], str]:
    def beacon(at: datetime) -> str:
        return parts.receipts.beacon(at, 0).id

    return beacon


def _silent(done: int, total: int) -> Any:
    """Nobody wants to know."""
