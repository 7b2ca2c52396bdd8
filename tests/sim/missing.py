"""What a device numbered and the record never got: the centre is told of it, and of nothing that came or never was."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from py_core.cases.acts import read_act
from py_core.change import decode_act_change, sign_bytes
from py_core.desk.ports import ActsMissing, NumbersMissing
from py_core.errors import Malformed
from server.centre_view import CentreView
from server.devices import device_by_id
from server.keys import verifies
from server.tables import quarantine

from .trace import Broken
from .world import World


def check_missing(world: World, connection: Connection) -> None:
    """Counted from the bytes, not as the record counts: every act that was shown as safe, did not come, and has a later one that did."""
    came = _came(world, connection)
    highest: dict[str, int] = {}
    for device, number in came:
        highest[device] = max(number, highest.get(device, 0))
    given = _given(world)
    view = CentreView(world.record.parts.database, world.record.parts.city.current().directory, None)
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


def _runs(told: Mapping[str, ActsMissing], device: str) -> tuple[NumbersMissing, ...]:
    return told[device].runs if device in told else ()


def _came(world: World, connection: Connection) -> set[tuple[str, int]]:
    """Device and number of every act in the log or, handed in and signed by itself, in quarantine."""
    acts = [read_act(decode_act_change(entry.raw).text) for entry in world.log]
    came = {(act.device, act.device_seq) for act in acts}
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
            came.add((act.device, act.device_seq))
    return came


def _given(world: World) -> set[tuple[str, int]]:
    """What a device numbered: it showed it as safe, or its book has gone on behind it."""
    shown = [read_act(each.text) for each in world.shown]
    given = {(act.device, act.device_seq) for act in shown}
    for machine in world.machines:
        book, identity = machine.device.disk.get("sealed", "book"), machine.device.disk.get("sealed", "identity")
        given |= {(identity["device"], number) for number in range(1, book["next_seq"])}
    return given
