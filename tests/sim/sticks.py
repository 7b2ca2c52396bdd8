"""Outboxes and receipts on USB sticks: slow, half copied, damaged, handed in twice, brought to another device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from py_core import carry
from py_core.carry import CarryRefused

from .city_record import RecordCrashed
from .device import NotSigned
from .disk import Crashed, DiskFull
from .times import DAY
from .trace import Broken

if TYPE_CHECKING:
    from .world import Machine, World

SAVED_AGAIN = 3 * DAY  # no chance in it: the other carriers' ways stay those of earlier runs
_RECEIPTS_HEAD = 76  # bytes of kind, length and signature, before the gzip member
_GZIP_HEADER = 10
_GZIP_CHECK = 8


def carry_out(world: World, machine: Machine) -> None:
    """Somebody takes the outbox along; the stick may be slow, half copied, damaged, or handed in twice."""
    file = machine.device.carry_out(world.record.parts.carry_keys.public[carry.ALG_X25519])
    if file is None:
        return
    world.trace.note(machine.device.name, "is carried out", len(file))
    world.count("carried out")
    for _ in range(world.carriers.choice((1, 1, 1, 2))):
        world.after(world.carriers.randint(1, 2 * DAY), lambda: hand_in(world, machine, handled(world, file)))


def handled(world: World, file: bytes) -> bytes:
    """What is left of a file after a stick."""
    fate = world.carriers.random()
    if fate < 0.1:
        return file[: _place(world, file)]
    if fate < 0.2:
        damaged = bytearray(file)
        for _ in range(world.carriers.randint(1, 4)):
            damaged[_place(world, file)] ^= 1 << world.carriers.randrange(8)
        return bytes(damaged)
    return file


def _place(world: World, file: bytes) -> int:
    """Somewhere in a file where damage is always noticed, by one draw whatever its length.

    Compressed signatures make a file some bytes longer or shorter from run to run; `randrange` draws again where a
    number is too large, so that all later chances would be others. And of receipts the header of the gzip member and
    the last bits before its check mean nothing to a reader: a file damaged there is taken, and whether it is would hang
    on the length. Of an outbox every bit counts."""
    draw = world.carriers.getrandbits(32)
    if not file.startswith(b"SWRECPT"):
        return draw % len(file)
    last = len(file) - _GZIP_CHECK - 1
    place = draw % (len(file) - _GZIP_HEADER - 1)
    if place >= _RECEIPTS_HEAD:
        place += _GZIP_HEADER
    return place if place < last else place + 1


def hand_in(world: World, machine: Machine, file: bytes) -> None:
    crash_rate = 0.0 if world.calm else world.faults.record_crash
    try:
        taken = world.record.take_file(file, crash_rate)
    except CarryRefused as error:
        world.count(f"file refused: {error.code}")
        world.trace.note("a file is refused")  # not why: what lies at a damaged place is not the same in every run
        return
    except RecordCrashed:
        world.trace.note("record crashes over a file")
        world.watch_log(whole=True)
        return
    world.watch_log()
    world.promised += [verdict for verdict in taken.verdicts if verdict.verdict != "quarantined"]
    world.trace.note("a file is taken", " ".join(each.reason or each.verdict for each in taken.verdicts))
    world.count("files taken")
    for _ in range(world.carriers.choice((0, 1, 1, 2))):
        receipts = handled(world, taken.receipts)
        # Often at the device that it belongs to, sometimes at another.
        reader = machine if world.carriers.random() < 0.8 else world.carriers.choice(world.machines)
        plan_return(world, reader, receipts, receipts == taken.receipts)
    if any(each.verdict == "quarantined" for each in taken.verdicts):
        world.after(SAVED_AGAIN, lambda: save_again(world, machine, taken.file))


def save_again(world: World, machine: Machine, file: str) -> None:
    """Somebody of the centre saves the receipts once more, with what was decided meanwhile."""
    taken = world.record.parts.carry_import.known(file)
    if taken is None:  # the record came back from before it
        return
    world.promised += [verdict for verdict in taken.verdicts if verdict.verdict != "quarantined"]
    world.count("receipts saved again")
    carry_back(world, machine, taken.receipts, whole=True)


def plan_return(world: World, machine: Machine, receipts: bytes, whole: bool) -> None:
    world.after(world.carriers.randint(1, 2 * DAY), lambda: carry_back(world, machine, receipts, whole))


def carry_back(world: World, machine: Machine, receipts: bytes, whole: bool) -> None:
    device = machine.device
    if not device.is_open:
        return
    held = set(device.records)
    withdrawn = device.client.problem == "device_revoked"
    try:
        device.take_receipts(receipts)
    except CarryRefused as error:
        world.count(f"receipts refused: {error.code}")
        world.trace.note(device.name, "refuses receipts")
    except NotSigned:
        if whole:
            raise Broken("receipts that the record signed are not believed") from None
        world.count("receipts not believed")
        world.trace.note(device.name, "refuses receipts")  # as above: where the damage fell says which of the two it is
    except DiskFull:
        world.count("disk full")
    except Crashed as error:
        world.crashed(machine, error)
    else:
        world.count("receipts carried back")
        if held - set(device.records) and not withdrawn and device.client.problem != "device_revoked":
            world.count("cases let go by a file")
