"""Cases that a device parts with and somebody asks back: by the real rule on drawn circumstances, and by chance where the
rule lets nothing go, because the record has to bear every rule that a device of another version may have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from py_core import eviction
from py_core.desk.turn import Turn
from py_core.packs.device_figures import DeviceFigures, DeviceSetting, device_figures, load_device_settings
from server.record import cases_of_unit

from .disk import Crashed, DiskFull
from .trace import Broken

if TYPE_CHECKING:
    from .device import Device
    from .world import Machine, World

YEARS_DAYS = 2_000  # longer than any city may keep what is finished
OTHERS_MAX = 11_000  # more than any city may let a device hold


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a device's choice rests on besides its cases: a history of two days brings none of it about by itself."""

    after: timedelta  # nobody has worked for so long
    others: int  # cases that the device holds besides
    used_percent: float
    figures: DeviceFigures


def draw_circumstances(chance: Random) -> Circumstances:
    """Figures as a city may set them; a device in its first hours or after years, empty or full."""
    filled = {setting.id: _filled(setting, chance) for setting in load_device_settings().settings}
    return Circumstances(
        after=timedelta(days=chance.choice((0, chance.randint(1, 40), chance.randint(1, YEARS_DAYS)))),
        others=chance.choice((0, 0, chance.randint(1, OTHERS_MAX))),
        used_percent=chance.choice((0, chance.randint(0, 100))),
        figures=device_figures(filled),
    )


def _filled(setting: DeviceSetting, chance: Random) -> dict[str, int]:
    filled: dict[str, int] = {}
    before = max(figure.most for figure in setting.figures)
    for figure in setting.figures:  # none may be larger than the one before it
        before = filled[figure.name] = chance.randint(figure.least, min(figure.most, before))
    assert setting.fits(filled)
    return filled


def part_and_recall(world: World, machine: Machine) -> None:
    """A device parts with cases, or somebody opens one that has left."""
    device, chance = machine.device, machine.chance
    if not device.is_open or chance.random() >= world.faults.evict:
        return
    try:
        if _parts_by_the_rule(world, machine):
            return
        settled = device.settled()
        if settled and chance.random() < 0.7:
            gone = chance.sample(settled, min(len(settled), chance.choice((1, 1, 2))))
            device.evict(gone)
            world.count("cases evicted")
            world.trace.note(device.name, "parts with", *(case_id[:8] for case_id in gone))
        elif device.client.left:
            case_id = chance.choice(sorted(device.client.left))
            device.recall(case_id)
            world.count("cases recalled")
            world.trace.note(device.name, "asks back", case_id[:8])
    except Crashed as error:
        world.crashed(machine, error)
    except DiskFull:
        world.count("disk full")


def _parts_by_the_rule(world: World, machine: Machine) -> bool:
    """Whether the rule of `py_core.eviction` let something go. May raise `Crashed`, `DiskFull`."""
    device = machine.device
    if device.directory is None:
        return False
    drawn = draw_circumstances(machine.circumstances)
    gone = leaving_by_the_rule(device, drawn)
    if not gone:
        return False
    for case_id in gone:
        _expect_finished(device, case_id, drawn.after)
    device.evict(gone)
    world.count("cases evicted by the rule")
    world.trace.note(device.name, "parts by the rule with", *(case_id[:8] for case_id in gone))
    return True


def leaving_by_the_rule(device: Device, drawn: Circumstances) -> list[str]:
    """What the rule lets go of this device's cases, asked as `web/host/leaving.py` asks it."""
    turn = device.turn()
    opened = [found for case_id in device.settled() if (found := turn.open(case_id)) is not None]
    return eviction.leaving(
        [(each.id, each.glance) for each in opened],
        len(device.records) + drawn.others,
        turn.person.unit if turn.person else "",
        turn.moment + drawn.after,
        drawn.figures,
        used_percent=drawn.used_percent,
        more_to_come=device.client.more_to_come,
    )


def _expect_finished(device: Device, case_id: str, after: timedelta) -> None:
    """What leaves by the rule owes nobody anything, and time alone will not change that, as the law judges what this
    device holds; nothing of it is only here."""
    if any(row["case_id"] == case_id for row in device.disk.stores["outbox"].values()):
        raise Broken(f"{device.name} parts by the rule with {case_id}, of which something waits")
    turn = device.turn()
    later = replace(turn.surroundings, now=turn.surroundings.now + after)
    turns = (turn, Turn(turn.request, turn.store, turn.identity, later))
    found = [each.open(case_id) for each in turns]
    judged = [(each.assessment.open, each.assessment.light, bool(each.open_contradictions)) for each in found if each]
    if judged[0] != judged[1] or judged[0][0] or judged[0][2]:
        raise Broken(f"{device.name} parts by the rule with {case_id}, which is not over: {judged}")


def chance_of(seed: int, name: str) -> Random:
    """Of its own, so that kept seeds keep their histories."""
    return Random(f"parting {seed} {name}")


def expect_left_current(world: World, machine: Machine) -> None:
    """Something that happened in a case that left brings it back by itself: what is still away is as it was. Of what is
    not in scope any more not even the title stays."""
    device = machine.device
    newest = {entry.case_id: entry.log_index for entry in world.log}
    with world.record.parts.database.reading() as connection:
        unit = world.record.parts.city.current().directory.people[device.identity.user].unit
        in_scope = cases_of_unit(connection, unit)
    if device.identity.device in world.withdrawn:
        in_scope = frozenset()
    for case_id, top in device.client.left.items():
        if case_id not in in_scope:
            raise Broken(f"{device.name} keeps a line of {case_id}, which is out of its scope")
        if top < newest[case_id]:
            raise Broken(f"{device.name} parted with {case_id}, in which something happened since")


def ask_all_back(machine: Machine) -> bool:
    """Whether there was anything to ask for."""
    for case_id in sorted(machine.device.client.left):
        machine.device.recall(case_id)
    return bool(machine.device.client.left)
