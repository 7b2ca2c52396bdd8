"""One run: people, devices, lines and the record on one virtual clock, until all faults stop and all have spoken.

Owns the order of things and the faults of the lines. What must hold afterwards is in `invariants`.
"""

from __future__ import annotations

import atexit
import heapq
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from py_core import wire
from py_core.cases.acts import read_act
from py_core.enrolment import enrol_sign_bytes
from py_core.errors import Malformed
from py_core.exchanged import Received
from server import record as log
from server.devices import EnrolmentRequest, enrol
from server.keys import SigningKey
from server.record import Entry

from . import centre, lines, malice, parting, sticks, town, uploading
from .city_record import CityRecord, make_template
from .device import Device, NotSigned
from .disk import Crashed, Disk, DiskFull
from .faults import Faults, draw_faults
from .office_work import case_act
from .times import DAY, HOUR, MINUTE
from .trace import Broken, Trace
from .visit_work import visit_act

VISITING = 0.6  # of what is done where officers visit enterprises
VISITING_EVERY = 7
PLANNED_MAX = 20_000  # a history plans some hundred things
ROUNDS_MAX = 80  # exchanges of one device after the faults; more means that it never ends


@dataclass(frozen=True, slots=True)
class Shown:
    """An act that a person was told is safe on a device."""

    machine: str
    case_id: str
    hash: str
    text: str
    true_ms: int
    clock_is_right: bool


@dataclass
class Machine:
    """A device with its line."""

    device: Device
    works: int
    exchange: int = 0  # the number of the exchange that is under way, 0 for none
    timer: int = 0  # only the newest plan for an exchange counts, as with the worker's one timer
    uploading: bool = False  # a step of its photographs is planned
    chance: Random = field(default_factory=Random)
    circumstances: Random = field(default_factory=Random)  # in which it parts with cases
    copies: list[dict[str, dict[str, object]]] = field(default_factory=list)


class World:
    """Everything of one seed."""

    def __init__(
        self,
        seed: int,
        device_class: type[Device] = Device,
        record_class: type[CityRecord] = CityRecord,
        faults: Faults | None = None,
    ) -> None:
        self.seed = seed
        self.chance = Random(f"world {seed}")
        self.faults = faults or draw_faults(Random(f"faults {seed}"))
        self.visits = seed % VISITING_EVERY == 1  # in the others the histories stay as they were found
        self.trace = Trace()
        self.now_ms = town.START_MS
        self.shown: list[Shown] = []
        self.withdrawn: set[str] = set()  # devices that the centre withdrew
        self.withdrawn_once: set[str] = set()  # the same, whatever a restore made of it
        self.waived: set[str] = set()  # late acts that the centre took after all
        self.left_out: set[str] = set()  # late acts that it did not take for good
        self.renewed: dict[str, str] = {}  # a device that was enrolled anew, with what it was before
        self.flipped_once: set[str] = set()  # devices of which a chunk was damaged
        self.lost_with_store: set[tuple[str, str]] = set()
        self.promised: list[wire.Verdict] = []  # every receipt that the record ever spoke
        self.lost: set[str] = set()  # what was in the log and was lost when the record came back from a backup
        self.pages: list[str] = []  # acts of the server's own pages, once it said that they are recorded
        self.log: list[Entry] = []
        self.machines: list[Machine] = []
        self.counts: dict[str, int] = {}
        self._device_class = device_class
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._planned = 0
        self.exchanges = 0
        self.calm = False
        self.backed_up: dict[Path, int] = {}
        self.enrolments: dict[str, tuple[str, str]] = {}  # what each device keeps, signed by the record
        self.operators = Random(f"operators {seed}")
        self.carriers = Random(f"carriers {seed}")  # of their own, so that kept seeds keep their histories
        self.folder = Path(tempfile.mkdtemp(prefix="shouwen-sim-", dir=_memory()))
        self.troublemaker = ""  # the device of whoever numbers at will
        self.record = record_class(_template(), self.folder / "record", Random(f"record {seed}"), lambda: self.now_ms)
        self.trace.note("faults", self.faults)

    def close(self) -> None:
        self.record.close()
        shutil.rmtree(self.folder)

    def run(self) -> None:
        """The whole history, then peace."""
        for _ in range(self.chance.randint(3, 5)):
            self.enrol_machine()
        mao = self.enrolled(town.TROUBLEMAKER, "mao's")
        self.troublemaker = mao[0]
        troublemaker = malice.Troublemaker(town.TROUBLEMAKER, mao[0], mao[2], Random(f"malice {self.seed}"))
        if self.faults.malice:
            self.after(self.soon(HOUR), lambda: centre.harm(self, troublemaker, 8))
        self.after(self.soon(12 * HOUR), lambda: centre.reconcile(self, 4))
        self.after(self.soon(24 * HOUR), lambda: centre.decide_late(self, 5))
        for _ in range(2):
            if self.operators.random() < self.faults.record_restore:
                centre.plan_restore(self)
                if self.seed % 2:  # somebody new, perhaps after the backup
                    self.after(self.operators.randint(1, DAY), self.enrol_machine)
        while self._agenda:
            self.now_ms, _, call = heapq.heappop(self._agenda)
            self.trace.now_ms = self.now_ms
            call()
            if self._planned > PLANNED_MAX:
                raise Broken("the history never comes to rest: somebody asks for ever")
        self._make_peace()

    def after(self, milliseconds: int, call: Callable[[], None]) -> None:
        """Plans something."""
        self._planned += 1
        heapq.heappush(self._agenda, (self.now_ms + max(0, milliseconds), self._planned, call))

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def happens(self, rate: float) -> bool:
        """Whether a fault of this rate strikes now."""
        return not self.calm and self.chance.random() < rate

    def soon(self, most_ms: int) -> int:
        return self.chance.randint(1, most_ms)

    # Devices

    def enrolled(self, user: str, name: str) -> tuple[str, str, bytes]:
        seed = self.chance.randbytes(32)
        parts = self.record.parts
        key = SigningKey(seed)
        signature = key.sign(enrol_sign_bytes(user, wire.ALG_ED25519, key.public, name))
        asked = EnrolmentRequest(user, wire.ALG_ED25519, key.public, name, signature)
        with parts.database.writing() as connection:
            made = enrol(connection, parts.entropy, parts.receipts.key, asked, self.now_ms)
        self.enrolments[made.id] = self.record.enrolment_of(made.id)
        return made.id, made.code, seed

    def enrol_machine(self) -> None:
        number = len(self.machines)
        user = town.OFFICERS[number % len(town.OFFICERS)] if number < 2 else self.chance.choice(town.OFFICERS)
        name = f"{user}{number}"
        device_id, code, seed = self.enrolled(user, name)
        disk = Disk(Random(f"disk {self.seed} {name}"))
        device = self._start_machine(name, disk).device
        device.enrol(user, device_id, code, seed, self.record.parts.receipts.public_key)
        disk.crash_rate, disk.full_rate = self.faults.device_crash, self.faults.disk_full
        if self.happens(self.faults.wrong_clock):
            device.clock_offset_ms = self._wrong_clock()
        device.open()
        self.trace.note(name, "enrolled", device_id, "clock", device.clock_offset_ms)

    def _start_machine(self, name: str, disk: Disk) -> Machine:
        device = self._device_class(name, disk, Random(f"device {self.seed} {name}"), lambda: self.now_ms)
        machine = Machine(
            device,
            self.chance.randint(3, 7),
            chance=uploading.chance_of(self.seed, name),
            circumstances=parting.chance_of(self.seed, name),
        )
        self.machines.append(machine)
        device.shown_safe = lambda case_id, change_hash, text: self._note_shown(machine, case_id, change_hash, text)
        device.believed = lambda received: self._note_believed(machine, received)
        lines.plan(self, machine, self.soon(10 * MINUTE))
        self.after(self.soon(3 * HOUR), lambda: self._work(machine))
        return machine

    def _wrong_clock(self) -> int:
        kind = self.chance.randrange(4)
        if kind == 0:
            return -self.now_ms + self.soon(DAY)  # 1970
        if kind == 1:
            return self.chance.randint(-400, 400) * DAY
        return self.chance.randint(-3 * HOUR, 3 * HOUR)

    def _note_shown(self, machine: Machine, case_id: str, change_hash: str, text: str) -> None:
        device = machine.device
        right = device.clock_offset_ms == 0
        made = read_act(text)
        for act in (act for held in device.records.values() for act in held.acts):
            if act.hash != change_hash and (act.act.device, act.act.device_seq) == (made.device, made.device_seq):
                raise Broken(f"{device.name} numbers {change_hash[:12]} like {act.hash[:12]}, which it holds")
        self.shown.append(Shown(device.name, case_id, change_hash, text, self.now_ms, right))
        self.count("acts")
        self.trace.note(device.name, "shows as safe", change_hash[:12], "of", case_id[:8])

    def _note_believed(self, machine: Machine, received: Received) -> None:
        acts = " ".join(act.hash[:12] for act in received.acts)
        refused = " ".join(f"{each.hash[:12]}:{each.reason}" for each in received.refused)
        receipts = " ".join(f"{each.hash[:12]}@{each.log_index}" for each in received.receipts)
        end = received.end
        revoked = sum(not brought for _, brought in received.scope_steps)
        for what, number in (("revocations", revoked), ("cases let go", len(received.purge))):
            if number:
                self.counts[what] = self.counts.get(what, 0) + number
        self.trace.note(
            machine.device.name, "believes", f"receipts [{receipts}] refused [{refused}] acts [{acts}]",
            f"end {end.cursor} {end.scope} {end.more}" if end else "cut", *(case[:8] for case in received.purge),
        )  # fmt: skip

    # Work

    def _work(self, machine: Machine) -> None:
        device = machine.device
        if machine.works == 0:
            return
        machine.works -= 1
        self.after(self.soon(8 * HOUR), lambda: self._work(machine))
        if self.happens(self.faults.clock_jump):
            device.clock_offset_ms = self.chance.choice((0, self._wrong_clock()))
            self.trace.note(device.name, "clock jumps to", device.clock_offset_ms)
        if self.happens(self.faults.transfer):
            centre.transfer(self, device)
        if self.happens(self.faults.revocation):
            centre.withdraw(self, device)
        if not device.is_open or device.directory is None:
            return
        parting.part_and_recall(self, machine)
        if not device.is_open:
            return
        if self.happens(self.faults.clone) and len(self.machines) < 6:
            self._clone(machine)
        if self.chance.random() < 0.3:
            machine.copies.append(device.disk.snapshot())
        work = visit_act if self.visits and self.chance.random() < VISITING else case_act
        made = work(device.turn(), self.chance)
        if made is None:
            self.count("refused by the desk")
            return
        acts, name = made
        self.trace.note(device.name, "does", name, "in", acts[0].case_id[:8])
        self.count(name.split()[0])
        try:
            device.record(acts)
        except Crashed as error:
            self.crashed(machine, error)
        except DiskFull:
            self.count("disk full")
        else:
            if self.carriers.random() < self.faults.carry:
                sticks.carry_out(self, machine)
            if not machine.exchange:
                lines.plan(self, machine, 50)

    def crashed(self, machine: Machine, error: Crashed) -> None:
        device = machine.device
        device.close()
        machine.exchange = 0
        machine.uploading = False
        self.count("device crashes")
        self.trace.note(device.name, "crashes", error)
        self.after(self.soon(HOUR), lambda: self._reopen(machine))

    def _reopen(self, machine: Machine) -> None:
        device = machine.device
        if machine.copies and self.happens(self.faults.restore):
            device.disk.stores = self.chance.choice(machine.copies)
            machine.copies = []
            held = {row[0] for rows in device.disk.stores["records"].values() for row in rows}
            self.lost_with_store |= {
                (each.machine, each.hash)
                for each in self.shown
                if each.machine == device.name and each.hash not in held
            }
            self.count("restores")
            self.trace.note(device.name, "comes back from an older copy")
        device.open()
        self.trace.note(device.name, "starts")
        lines.plan(self, machine, 100)

    def _clone(self, machine: Machine) -> None:
        disk = Disk(Random(f"disk {self.seed} {len(self.machines)}"))
        disk.stores = machine.device.disk.snapshot()
        disk.crash_rate, disk.full_rate = self.faults.device_crash, self.faults.disk_full
        clone = self._start_machine(f"{machine.device.name}c{len(self.machines)}", disk)
        clone.device.clock_offset_ms = machine.device.clock_offset_ms
        clone.device.open()
        self.count("clones")
        self.trace.note(clone.device.name, "is a clone")

    def enrolled_anew(self, machine: Machine) -> bool:
        """A device that was frozen is enrolled anew by its person, as soon as nothing waits on it."""
        device = machine.device
        if device.client.problem != "device_frozen" or device.client.waiting:
            return False
        device_id, code, seed = self.enrolled(device.identity.user, device.name)
        self.renewed[device_id] = device.identity.device
        try:
            device.reenrol(device_id, code, seed)
        except Crashed as error:
            self.crashed(machine, error)
        except DiskFull:
            self.count("disk full")
        else:
            self.count("enrolled anew")
            self.trace.note(device.name, "is enrolled anew", device_id)
        return True

    def was_once(self, device: str, before: str) -> bool:
        """Whether a device had this other id before it was enrolled anew."""
        while device in self.renewed:
            device = self.renewed[device]
            if device == before:
                return True
        return False

    def came_back(self, machine: Machine, status: int | None) -> bool:
        """A record that was restored from before a device's enrolment takes it in again by what it once signed."""
        device = machine.device
        if status != 403 or not device.comes_back:
            return False
        enrolment = self.enrolments[device.identity.device]
        if not self.record.take_back(device.identity.user, enrolment):
            return False
        self.count("devices that came back")
        self.trace.note(device.name, "comes back by its enrolment record")
        return True

    def watch_log(self, *, whole: bool = False) -> None:
        """The log only grows: what was in it stays as it was."""
        with self.record.parts.database.reading() as connection:
            known = 0 if whole else len(self.log)
            entries = list(log.entries_from(connection, known))
        if whole:
            if entries[: len(self.log)] != self.log:
                raise Broken("the log lost or changed something")
            entries = entries[len(self.log) :]
        for entry in entries:
            if entry.log_index != len(self.log):
                raise Broken(f"the log has a gap before {entry.log_index}")
            self.log.append(entry)

    # The end

    def _make_peace(self) -> None:
        """All faults stop; everybody starts, speaks with the record and is told everything."""
        self.calm = True
        self.trace.note("peace")
        for machine in self.machines:
            disk = machine.device.disk
            disk.crash_rate = disk.full_rate = 0.0
            machine.exchange = 0
            if not machine.device.is_open or self.chance.random() < 0.5:
                machine.device.open()
        for _ in range(2):  # the second time brings what others sent in the first
            for machine in self.machines:
                self.finish(machine)
                uploading.finish(self, machine)
        for machine in self.machines:
            parting.expect_left_current(self, machine)
            if parting.ask_all_back(machine):
                self.finish(machine)
        self.watch_log(whole=True)

    def finish(self, machine: Machine) -> None:
        """Everything that a device and the record have for each other in peace."""
        device = machine.device
        for number in range(ROUNDS_MAX):
            self.now_ms += 1_000
            self.trace.now_ms = self.now_ms
            status, answer, _ = self.record.answer(device.identity.user, device.client.request(), 0.0)
            if status == 409:  # what it said in short rests on what a restore lost: it says it in full
                device.client.failed(status, 0.0)
                continue
            if self.came_back(machine, status):
                continue
            if status != 200:
                raise Broken(f"{device.name} gets {status} in peace: {answer!r}")
            self.watch_log()
            lines.note_promises(self, answer)
            try:
                device.take_answer([answer])
            except (Malformed, NotSigned, ValueError) as error:
                raise Broken(f"{device.name} cannot take an honest answer: {error!r}") from error
            asked = device.client.wanted and device.identity.device not in self.withdrawn
            if not self.enrolled_anew(machine) and device.client.is_complete and number and not asked:
                return
        raise Broken(f"{device.name} never ends: {device.client.waiting} wait")


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="shouwen-sim-", dir=_memory()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make_template(folder / "record")
    return folder / "record"


@cache
def _memory() -> str | None:
    """A file system in memory where there is one: a run waits for many commits."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
