"""Exchanges over lines that lose, delay, repeat, cut, flip and forge; and when a device asks again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from py_core import wire
from py_core.errors import Malformed

from . import town, uploading
from .city_record import RecordCrashed
from .device import Device, NotSigned
from .disk import Crashed, DiskFull
from .promises import promised_in
from .times import HOUR, TIMEOUT_MS

if TYPE_CHECKING:
    from .world import Machine, World


def exchange(world: World, machine: Machine) -> None:
    device = machine.device
    if not device.is_open or machine.exchange:
        return
    faults = world.faults
    if world.happens(faults.offline):
        wait(world, machine, device.client.failed(None, world.chance.random()) + world.soon(3 * HOUR))
        return
    world.exchanges += 1
    number = machine.exchange = world.exchanges
    life = device.life
    body = device.client.request()

    def answered(status: int | None, pieces: bytes, retry_ms: int | None) -> None:
        if machine.exchange == number and device.life == life and device.is_open:
            machine.exchange = 0
            wait(world, machine, take(world, machine, status, pieces, retry_ms))

    world.after(TIMEOUT_MS, lambda: answered(None, b"", None))
    if world.happens(faults.forge):
        world.after(500, lambda: answered(200, _forged(device, world.chance), None))
        return
    if world.happens(faults.drop):
        world.count("requests dropped")
        return
    if world.happens(faults.cut):
        body = body[: world.chance.randrange(len(body))]
    elif world.happens(faults.flip):
        body = flipped(body, world.chance)
        world.count("flipped")
        # What flips on the way arrives as an attack would; the sender of a broken stream sees no answer.
        world.after(world.soon(2_000), lambda: arrive(world, machine, body, lambda *_: None))
        return
    delay = world.soon(2_000)
    if world.happens(faults.late):
        world.count("late")
        delay = TIMEOUT_MS + world.soon(2 * HOUR)
    world.after(delay, lambda: arrive(world, machine, body, answered))
    if world.happens(faults.duplicate):
        world.count("duplicates")
        world.after(delay + world.soon(HOUR), lambda: arrive(world, machine, body, answered))


def arrive(
    world: World, machine: Machine, body: bytes, answered: Callable[[int | None, bytes, int | None], None]
) -> None:
    rate = 0.0 if world.calm else world.faults.record_crash
    try:
        status, answer, retry_ms = world.record.answer(machine.device.identity.user, body, rate)
    except RecordCrashed:
        world.trace.note("record crashes")
        world.watch_log(whole=True)
        return
    world.watch_log()
    if status == 200:
        note_promises(world, answer)
    world.trace.note("record answers", machine.device.name, status, len(answer))
    if world.happens(world.faults.drop):
        world.count("answers dropped")
        return
    if status == 200 and (world.happens(world.faults.cut) or world.happens(world.faults.flip)):
        answer = answer[: world.chance.randrange(len(answer))]  # a broken stream ends where it broke
        world.count("cut")
    world.after(world.soon(3_000), lambda: answered(status, answer, retry_ms))


def take(world: World, machine: Machine, status: int | None, answer: bytes, retry_ms: int | None) -> int:
    """What the device makes of an answer; gives the wait."""
    device = machine.device
    if world.came_back(machine, status):
        return 0
    if status != 200:
        return device.client.failed(status, world.chance.random(), retry_ms)
    middle = world.chance.randrange(len(answer) + 1)
    try:
        wait_ms = device.take_answer([answer[:middle], answer[middle:]])
    except Crashed as error:
        world.crashed(machine, error)
        return 0
    except DiskFull:
        world.count("disk full")
        return device.client.stuck("storage_full", world.chance.random())
    except (Malformed, NotSigned, ValueError) as error:
        world.count(f"not believed: {type(error).__name__}")
        world.trace.note(device.name, "does not believe", type(error).__name__, error)
        return device.client.stuck("bad_answer", world.chance.random())
    if world.enrolled_anew(machine):
        return 0
    uploading.plan(world, machine, 200)
    return device.client.failed(None, world.chance.random()) if wait_ms is None else wait_ms


def wait(world: World, machine: Machine, milliseconds: int) -> None:
    """A device asks less often than a real one: in between nothing would happen but cost."""
    if not machine.device.is_open:
        return
    if not milliseconds:
        plan(world, machine, 0)
        return
    waiting = machine.device.client.waiting
    if machine.works or waiting:
        plan(world, machine, milliseconds + world.soon(HOUR if waiting else 6 * HOUR))


def plan(world: World, machine: Machine, milliseconds: int) -> None:
    """The next exchange; what was planned before is forgotten."""
    machine.timer += 1
    timer = machine.timer
    world.after(milliseconds, lambda: exchange(world, machine) if machine.timer == timer else None)


def note_promises(world: World, answer: bytes) -> None:
    world.promised += promised_in(answer, world.log)


def flipped(body: bytes, chance: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _forged(device: Device, chance: Random) -> bytes:
    """What a portal on the line might say: everything was taken, with signatures that are none."""
    answer: list[wire.Frame] = []
    for change_hash, row in device.disk.stores["outbox"].items():
        if not row["reason"]:
            place = (chance.randrange(9), town.START_MS)
            verdict = wire.Verdict(change_hash, "accepted", "", *place, chance.randbytes(64).hex())
            answer.append(wire.message_frame(verdict))
    beacon = wire.Beacon(wire.beacon_id(town.START_MS, "00" * 8), town.START_MS, 0, chance.randbytes(64).hex())
    if (head := device.client.standing.head) is not None:  # the log as this device has seen it goes on from itself
        beacon = replace(beacon, log_size=head.size, root=head.root.hex(), older=head.size)
    return wire.encode_frames([*answer, wire.message_frame(beacon), wire.message_frame(wire.End(9, False, "shihe"))])
