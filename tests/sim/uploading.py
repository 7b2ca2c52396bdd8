"""Photographs over the lines, after the acts: chunks that get lost, are flipped, arrive at a record that crashes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from .city_record import RecordCrashed
from .disk import Crashed, DiskFull
from .times import HOUR
from .trace import Broken

if TYPE_CHECKING:
    from .world import Machine, World

STEPS_MAX = 400  # of one device in peace


def plan(world: World, machine: Machine, milliseconds: int) -> None:
    """The next step of the uploads, if there is one and none is planned."""
    if machine.uploading or not machine.device.is_open or machine.device.next_upload() is None:
        return
    machine.uploading = True
    life = machine.device.life

    def go() -> None:
        machine.uploading = False
        if machine.device.is_open and machine.device.life == life:
            step(world, machine)

    world.after(milliseconds, go)


def step(world: World, machine: Machine) -> None:
    """One question or chunk on a bad line."""
    device, chance, faults = machine.device, machine.chance, world.faults
    todo = device.next_upload()
    if todo is None:
        return
    if not world.calm and chance.random() < faults.offline:
        plan(
            world, machine, device.uploads.failed(todo.sha256, None, 0, chance.random(), None) + chance.randint(1, HOUR)
        )
        return
    data = device.part(todo) if todo.do == "send" else b""
    flips = not world.calm and data and device.name not in world.flipped_once and chance.random() < faults.flip
    if flips:
        world.flipped_once.add(device.name)  # a content that never arrives whole would be given up for good
        data = _flipped(data, chance)
        world.count("chunks flipped")
    lost = not world.calm and chance.random() < faults.drop
    try:
        rate = 0.0 if world.calm else faults.record_crash
        status, offset, complete = world.record.upload(device.identity.user, todo, data, rate)
    except RecordCrashed:
        world.count("record crashes over a chunk")
        lost, status, offset, complete = True, 0, 0, False
    world.trace.note(
        device.name, todo.do, todo.sha256[:8], todo.offset, len(data), status, offset, "lost" if lost else ""
    )
    if lost or status not in (200, 204):
        wait = device.uploads.failed(todo.sha256, None if lost else status, offset, chance.random(), None)
        plan(world, machine, wait + chance.randint(1, 60_000))
        return
    if status == 204:
        world.count("chunks")
    try:
        device.upload_moved(todo, offset, complete, chance.randint(100, 3_000))
    except Crashed as error:
        world.crashed(machine, error)
        return
    except DiskFull:
        world.count("disk full")
    else:
        if complete:
            world.count("photographs sent")
    plan(world, machine, chance.randint(100, 3_000))


def _flipped(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def finish(world: World, machine: Machine) -> None:
    """In peace everything that waits is sent."""
    for _ in range(STEPS_MAX):
        if machine.device.next_upload() is None:
            return
        step(world, machine)
    raise Broken(f"{machine.device.name} never ends sending photographs")


def chance_of(seed: int, name: str) -> Random:
    """Of its own, so that kept seeds keep their histories."""
    return Random(f"contents {seed} {name}")
