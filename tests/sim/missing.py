"""The numbers that devices give their acts: the centre is told of those that never came, and of a device that gave one
twice; of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from py_core.cases.acts import read_act
from py_core.change import decode_act_change, sign_bytes
from py_core.desk.ports import ActsMissing, NumbersMissing
from py_core.errors import Malformed
from server.centre_view import CentreView
from server.devices import device_by_id
from server.held_back import Reader
from server.keys import verifies
from server.tables import changes, devices, quarantine

from .trace import Broken
from .world import World


def check_missing(world: World, connection: Connection) -> None:
    """Counted from the bytes, not as the record counts: every act that was shown as safe, did not come, and has a later one that did."""
    came = _bearers(world, connection)
    highest: dict[str, int] = {}
    for device, number in came:
        highest[device] = max(number, highest.get(device, 0))
    given = _given(world)
    parts = world.record.parts
    today = parts.clock.now().date()
    view = CentreView(parts.database, parts.city.current().directory, None, Reader(None), today)
    told = view.missing()
    for device, missing in told.items():
        for gap in missing.runs:
            world.count("gaps told")
            for number in range(gap.first, gap.last + 1):
                if (device, number) in came:
                    raise Broken(f"the centre is told that {device} {number} never came, and it did")
                if (device, number) not in given and device != world.troublemaker:
                    raise Broken(f"the centre is told that {device} {number} never came, and nobody ever gave it")
    for shown in world.shown:
        act = read_act(shown.text)
        if (act.device, act.device_seq) in came or act.device_seq > highest.get(act.device, 0):
            continue
        if not any(gap.first <= act.device_seq <= gap.last for gap in _runs(told, act.device)):
            raise Broken(f"number {act.device_seq} of {shown.machine} never came, and the centre does not learn of it")
        world.count("lost acts that the centre learns of")


def check_numbered_twice(world: World, connection: Connection) -> None:
    """Counted from the bytes: what came under one number twice, in the log or in quarantine, froze its device."""
    handed_in = _bearers(world, connection)
    vouched = {row.hash for row in connection.execute(select(changes.c.hash).where(changes.c.vouched_by.is_not(None)))}
    twice = {device for (device, _), hashes in handed_in.items() if len(hashes) > 1}
    for (device, number), hashes in handed_in.items():
        known = device_by_id(connection, device)
        if known is None or known.user is None or len(hashes - vouched) < 2:
            continue
        if not known.frozen:
            raise Broken(f"{device} gave {number} to {len(hashes)} acts, and nobody found out that it exists twice")
        world.count("numbers given twice")
    for device in connection.scalars(select(devices.c.id).where(devices.c.frozen_at_ms.is_not(None))):
        if device not in twice:
            raise Broken(f"{device} is said to exist twice, and gave no number twice")


def _runs(told: Mapping[str, ActsMissing], device: str) -> tuple[NumbersMissing, ...]:
    return told[device].runs if device in told else ()


def _bearers(world: World, connection: Connection) -> dict[tuple[str, int], set[str]]:
    """By device and number the acts in the log or, handed in and signed by itself, in quarantine."""
    came: dict[tuple[str, int], set[str]] = {}
    for entry in world.log:
        act = read_act(decode_act_change(entry.raw).text)
        came.setdefault((act.device, act.device_seq), set()).add(entry.hash)
    for row in connection.execute(select(quarantine)):
        try:
            change = decode_act_change(bytes(row.raw))
            act = read_act(change.text)
        except Malformed:
            continue
        device = device_by_id(connection, row.device)
        message = sign_bytes(row.case_id, change.hash)
        signed = device is not None and verifies(row.alg, device.public_key, bytes(row.signature), message)
        if signed and act.device == row.device:
            came.setdefault((act.device, act.device_seq), set()).add(change.hash)
    return came


def _given(world: World) -> set[tuple[str, int]]:
    """What a device numbered: it showed it as safe, or its book has gone on behind it."""
    shown = [read_act(each.text) for each in world.shown]
    given = {(act.device, act.device_seq) for act in shown}
    for machine in world.machines:
        book, identity = machine.device.disk.get("sealed", "book"), machine.device.disk.get("sealed", "identity")
        given |= {(identity["device"], number) for number in range(1, book["next_seq"])}
    return given
