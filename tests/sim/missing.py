"""What a device numbered and the record never got: the centre is told of it, and of nothing that came."""

from __future__ import annotations

from sqlalchemy import Connection, select

from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.errors import Malformed
from server.centre_view import CentreView
from server.tables import quarantine

from .trace import Broken
from .world import World


def check_missing(world: World, connection: Connection) -> None:
    """Counted from the bytes, not as the record counts: every act that was shown as safe, did not come, and has a later one that did."""
    came = _came(world, connection)
    highest: dict[str, int] = {}
    for device, number in came:
        highest[device] = max(number, highest.get(device, 0))
    seen = CentreView(world.record.parts.database, world.record.parts.city.current().directory, None).devices()
    told = {device.id: device.missing for device in seen}
    for device, gaps in told.items():
        for gap in gaps:
            world.count("gaps told")
            alarm = [each for each in came if each[0] == device and gap.first <= each[1] <= gap.last]
            if alarm:
                raise Broken(f"the centre is told that {alarm[0]} never came, and it did")
    for shown in world.shown:
        act = read_act(shown.text)
        if (act.device, act.device_seq) in came or act.device_seq > highest.get(act.device, 0):
            continue
        if not any(gap.first <= act.device_seq <= gap.last for gap in told.get(act.device, ())):
            raise Broken(f"number {act.device_seq} of {shown.machine} never came, and the centre does not learn of it")
        world.count("lost acts that the centre learns of")


def _came(world: World, connection: Connection) -> set[tuple[str, int]]:
    """Device and number of every act in the log or, handed in and signed by itself, in quarantine."""
    acts = [read_act(decode_act_change(entry.raw).text) for entry in world.log]
    came = {(act.device, act.device_seq) for act in acts}
    for row in connection.execute(select(quarantine).where(quarantine.c.reason != "wrong_signature")):
        try:
            act = read_act(decode_act_change(bytes(row.raw)).text)
        except Malformed:
            continue
        if act.device == row.device:
            came.add((act.device, act.device_seq))
    return came
