"""What the city's centre and its operators do in a history: move people, withdraw devices, decide, restore the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from py_core.change import decode_act_change
from py_core.desk.ports import DeviceRevocation, Identity, LateDecision, NewAct, Request, Surroundings
from py_core.desk.turn import Turn
from server import late_work
from server import record as log
from server.devices import device_by_id
from server.gate import WAIVABLE
from server.own_device import NotRecorded

from . import malice, town
from .city_record import RecordCrashed
from .device import APP_VERSION, Device, DeviceStore, moment
from .office_work import resolution
from .times import DAY, HOUR
from .trace import Broken

if TYPE_CHECKING:
    from .world import World


def transfer(world: World, device: Device) -> None:
    current = dict(world.record.parts.city.current().document)
    unit = world.chance.choice(("shihe", "linye"))
    user = device.identity.user
    current["people"] = [{**row, "unit": unit} if row["id"] == user else row for row in current["people"]]
    world.record.parts.city.publish(current)
    world.count("transfers")
    world.trace.note(user, "moves to", unit)


def withdraw(world: World, device: Device) -> None:
    world.record.parts.decisions.carry_out(DeviceRevocation(device.identity.device, "lost"), "he")
    world.withdrawn.add(device.identity.device)
    world.withdrawn_once.add(device.identity.device)
    world.count("withdrawn devices")
    world.trace.note(device.name, "is withdrawn")


def decide_late(world: World, left: int) -> None:
    """The centre decides about work that came too late, as its page does."""
    if left:
        world.after(world.soon(14 * HOUR), lambda: decide_late(world, left - 1))
    with world.record.parts.database.reading() as connection:
        held = [each for each in late_work.held(connection) if each.reason in WAIVABLE]
    if not held:
        return
    item = world.chance.choice(held)
    take = world.chance.random() < 0.5
    try:
        world.record.parts.decisions.carry_out(LateDecision((item.id,), take, "so it was"), town.RECONCILER)
    except NotRecorded as error:
        world.count("late work that cannot be taken")
        world.trace.note("the gate does not take late work", item.hash[:12], error.reason)
        return
    world.count("late work taken" if take else "late work left out")
    world.trace.note("centre", "takes" if take else "leaves out", item.hash[:12], item.reason)
    (world.waived if take else world.left_out).add(item.hash)
    world.watch_log()


def plan_restore(world: World) -> None:
    backup_ms = world.operators.randint(1, DAY)
    folder = world.folder / f"backup {backup_ms}"
    world.after(backup_ms, lambda: back_up(world, folder))
    for _ in range(world.operators.choice((1, 1, 2))):  # a second time from the same: that lineage is forgotten
        world.after(backup_ms + world.operators.randint(1, DAY), lambda: restore(world, folder))


def back_up(world: World, folder: Path) -> None:
    world.backed_up[folder] = world.now_ms
    world.record.back_up(folder)


def restore(world: World, folder: Path) -> None:
    """The record's machine burns down."""
    if folder not in world.backed_up:
        return
    world.watch_log()
    world.record.restore(folder)
    with world.record.parts.database.reading() as connection:
        back = list(log.entries_from(connection, 0))
        # One restore may bring back what another had lost: backups are older and newer than a withdrawal.
        withdrawn = {
            device for device in world.withdrawn_once if (found := device_by_id(connection, device)) and found.revoked
        }
    places = {(entry.hash, entry.log_index, entry.received_at_ms) for entry in back}
    lost = [each for each in world.log if (each.hash, each.log_index, each.received_at_ms) not in places]
    world.log, world.withdrawn = back, withdrawn
    world.lost |= {entry.hash for entry in lost}
    texts = {decode_act_change(entry.raw).text for entry in lost}
    world.pages = [text for text in world.pages if text not in texts]
    world.promised = [each for each in world.promised if (each.hash, each.log_index, each.received_at_ms) in places]
    world.count("restores of the record")
    world.counts["acts lost by a restore"] = world.counts.get("acts lost by a restore", 0) + len(lost)
    world.trace.note("the record comes back from a backup with", len(back), "acts, lost", len(lost))


def reconcile(world: World, left: int) -> None:
    """The centre's own page decides a contradiction."""
    if left:
        world.after(world.soon(14 * HOUR), lambda: reconcile(world, left - 1))
    parts = world.record.parts
    with parts.database.reading():
        store = DeviceStore(parts.city.current().directory, parts.casebook.current())
        identity = Identity(town.RECONCILER, "server", parts.own_device.code)
        surroundings = Surroundings(
            now=moment(world.now_ms).replace(microsecond=0),
            new_id=lambda: world.chance.randbytes(16).hex(),
            next_device_seq=parts.own_device.next_seq(),
            app_version=APP_VERSION,
        )
        made = resolution(Turn(Request("POST", "/", lang="en"), store, identity, surroundings), world.chance)
    if made is None:
        return
    try:
        page(world, made[0])
    except RecordCrashed:
        world.trace.note("record crashes under the centre's page")
    except NotRecorded as error:
        raise Broken(f"the gate refuses a page of the server itself: {error.reason}") from error
    world.watch_log()


def page(world: World, act: NewAct) -> None:
    crash_rate = 0.0 if world.calm else world.faults.record_crash
    world.record.commit_page(act, town.RECONCILER, crash_rate)
    world.pages.append(act.text)
    world.count("decisions of the centre")
    world.trace.note("centre decides in", act.case_id[:8])


def harm(world: World, troublemaker: malice.Troublemaker, left: int) -> None:
    if left and world.happens(0.5 + world.faults.malice):
        kind, body = troublemaker.body(world.now_ms)
        world.count("harm")
        try:
            status, answer, _ = world.record.answer(troublemaker.user, body, 0.0)
        except RecordCrashed as error:
            raise Broken("a troublemaker's request ended the record") from error
        world.trace.note("harm", kind, status)
        if status == 200:
            troublemaker.take(answer)
        elif status not in (400, 403, 426, 429):
            raise Broken(f"harm of kind {kind} got status {status}")
        world.watch_log()
    if left:
        world.after(world.soon(6 * HOUR), lambda: harm(world, troublemaker, left - 1))
