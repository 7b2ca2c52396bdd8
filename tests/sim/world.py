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
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from py_core import carry, wire
from py_core.carry import CarryRefused
from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.desk.ports import DeviceRevocation, Identity, LateDecision, NewAct, Request, Surroundings
from py_core.desk.turn import Turn
from py_core.enrolment import enrol_sign_bytes
from py_core.errors import Malformed
from py_core.sync import Received
from server import late_work
from server import record as log
from server.devices import EnrolmentRequest, device_by_id, enrol
from server.gate import WAIVABLE
from server.keys import SigningKey
from server.own_device import NotRecorded
from server.record import Entry

from . import malice, town
from .city_record import CityRecord, RecordCrashed, make_template
from .device import APP_VERSION, Device, DeviceStore, NotSigned, moment
from .disk import Crashed, Disk, DiskFull
from .faults import Faults, draw_faults
from .office_work import case_act, resolution
from .promises import promised_in
from .trace import Trace
from .visit_work import visit_act

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
TIMEOUT_MS = 120_000
VISITING = 0.6  # of what is done where officers visit enterprises
VISITING_EVERY = 7
PLANNED_MAX = 20_000  # a history plans some hundred things
ROUNDS_MAX = 80  # exchanges of one device after the faults; more means that it never ends


class Broken(Exception):
    """An invariant does not hold."""


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
        self.waived: set[str] = set()  # late acts that the centre took after all
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
        self._exchanges = 0
        self._calm = False
        self._backed_up: dict[Path, int] = {}
        self._enrolled_ms = 0
        self._operators = Random(f"operators {seed}")
        self._carriers = Random(f"carriers {seed}")  # of their own, so that kept seeds keep their histories
        self._folder = Path(tempfile.mkdtemp(prefix="shouwen-sim-", dir=_memory()))
        self.record = record_class(_template(), self._folder / "record", Random(f"record {seed}"), lambda: self.now_ms)
        self.trace.note("faults", self.faults)

    def close(self) -> None:
        self.record.close()
        shutil.rmtree(self._folder)

    def run(self) -> None:
        """The whole history, then peace."""
        for _ in range(self.chance.randint(3, 5)):
            self._enrol_machine()
        mao = self._enrolled(town.TROUBLEMAKER, "mao's")
        troublemaker = malice.Troublemaker(town.TROUBLEMAKER, mao[0], mao[2], Random(f"malice {self.seed}"))
        if self.faults.malice:
            self.after(self._soon(HOUR), lambda: self._harm(troublemaker, 8))
        self.after(self._soon(12 * HOUR), lambda: self._reconcile(4))
        self.after(self._soon(24 * HOUR), lambda: self._decide_late(5))
        for _ in range(2):
            if self._operators.random() < self.faults.record_restore:
                self._plan_restore()
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
        return not self._calm and self.chance.random() < rate

    def _soon(self, most_ms: int) -> int:
        return self.chance.randint(1, most_ms)

    # Devices

    def _enrolled(self, user: str, name: str) -> tuple[str, str, bytes]:
        self._enrolled_ms = self.now_ms
        seed = self.chance.randbytes(32)
        parts = self.record.parts
        key = SigningKey(seed)
        signature = key.sign(enrol_sign_bytes(user, wire.ALG_ED25519, key.public, name))
        asked = EnrolmentRequest(user, wire.ALG_ED25519, key.public, name, signature)
        with parts.database.writing() as connection:
            made = enrol(connection, parts.entropy, parts.receipts.key, asked, self.now_ms)
        return made.id, made.code, seed

    def _enrol_machine(self) -> None:
        number = len(self.machines)
        user = town.OFFICERS[number % len(town.OFFICERS)] if number < 2 else self.chance.choice(town.OFFICERS)
        name = f"{user}{number}"
        device_id, code, seed = self._enrolled(user, name)
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
        machine = Machine(device, works=self.chance.randint(3, 7))
        self.machines.append(machine)
        device.shown_safe = lambda case_id, change_hash, text: self._note_shown(machine, case_id, change_hash, text)
        device.believed = lambda received: self._note_believed(machine, received)
        self._plan(machine, self._soon(10 * MINUTE))
        self.after(self._soon(3 * HOUR), lambda: self._work(machine))
        return machine

    def _wrong_clock(self) -> int:
        kind = self.chance.randrange(4)
        if kind == 0:
            return -self.now_ms + self._soon(DAY)  # 1970
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
        self.after(self._soon(8 * HOUR), lambda: self._work(machine))
        if self.happens(self.faults.clock_jump):
            device.clock_offset_ms = self.chance.choice((0, self._wrong_clock()))
            self.trace.note(device.name, "clock jumps to", device.clock_offset_ms)
        if self.happens(self.faults.transfer):
            self._transfer(device)
        if self.happens(self.faults.revocation):
            self._withdraw(device)
        if not device.is_open or device.directory is None:
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
        act, name = made
        self.trace.note(device.name, "does", name, "in", act.case_id[:8])
        self.count(name.split()[0])
        try:
            device.record([act])
        except Crashed as error:
            self._crashed(machine, error)
        except DiskFull:
            self.count("disk full")
        else:
            if self._carriers.random() < self.faults.carry:
                self._carry_out(machine)
            if not machine.exchange:
                self._plan(machine, 50)

    def _crashed(self, machine: Machine, error: Crashed) -> None:
        device = machine.device
        device.close()
        machine.exchange = 0
        self.count("device crashes")
        self.trace.note(device.name, "crashes", error)
        self.after(self._soon(HOUR), lambda: self._reopen(machine))

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
        self._plan(machine, 100)

    def _clone(self, machine: Machine) -> None:
        disk = Disk(Random(f"disk {self.seed} {len(self.machines)}"))
        disk.stores = machine.device.disk.snapshot()
        disk.crash_rate, disk.full_rate = self.faults.device_crash, self.faults.disk_full
        clone = self._start_machine(f"{machine.device.name}c{len(self.machines)}", disk)
        clone.device.clock_offset_ms = machine.device.clock_offset_ms
        clone.device.open()
        self.count("clones")
        self.trace.note(clone.device.name, "is a clone")

    def _transfer(self, device: Device) -> None:
        current = dict(self.record.parts.city.current().document)
        unit = self.chance.choice(("shihe", "linye"))
        user = device.identity.user
        current["people"] = [{**row, "unit": unit} if row["id"] == user else row for row in current["people"]]
        self.record.parts.city.publish(current)
        self.count("transfers")
        self.trace.note(user, "moves to", unit)

    def _withdraw(self, device: Device) -> None:
        self.record.parts.decisions.carry_out(DeviceRevocation(device.identity.device, "lost"), "he")
        self.withdrawn.add(device.identity.device)
        self.count("withdrawn devices")
        self.trace.note(device.name, "is withdrawn")

    def _decide_late(self, left: int) -> None:
        """The centre decides about work that came too late, as its page does."""
        if left:
            self.after(self._soon(14 * HOUR), lambda: self._decide_late(left - 1))
        with self.record.parts.database.reading() as connection:
            held = [each for each in late_work.held(connection) if each.reason in WAIVABLE]
        if not held:
            return
        item = self.chance.choice(held)
        take = self.chance.random() < 0.5
        try:
            self.record.parts.decisions.carry_out(LateDecision((item.id,), take, "so it was"), town.RECONCILER)
        except NotRecorded as error:
            self.count("late work that cannot be taken")
            self.trace.note("the gate does not take late work", item.hash[:12], error.reason)
            return
        self.count("late work taken" if take else "late work left out")
        self.trace.note("centre", "takes" if take else "leaves out", item.hash[:12], item.reason)
        if take:
            self.waived.add(item.hash)
        self._watch_log()

    def _plan_restore(self) -> None:
        backup_ms = self._operators.randint(1, DAY)
        folder = self._folder / f"backup {backup_ms}"
        self.after(backup_ms, lambda: self._back_up(folder))
        for _ in range(self._operators.choice((1, 1, 2))):  # a second time from the same: that lineage is forgotten
            self.after(backup_ms + self._operators.randint(1, DAY), lambda: self._restore(folder))

    def _back_up(self, folder: Path) -> None:
        self._backed_up[folder] = self.now_ms
        self.record.back_up(folder)

    def _restore(self, folder: Path) -> None:
        """The record's machine burns down. A device enrolled after the backup would have to be enrolled by people."""
        if self._backed_up.get(folder, -1) < self._enrolled_ms:
            return
        self._watch_log()
        self.record.restore(folder)
        with self.record.parts.database.reading() as connection:
            back = list(log.entries_from(connection, 0))
            withdrawn = {
                device for device in self.withdrawn if (found := device_by_id(connection, device)) and found.revoked
            }
        places = {(entry.hash, entry.log_index, entry.received_at_ms) for entry in back}
        lost = [each for each in self.log if (each.hash, each.log_index, each.received_at_ms) not in places]
        self.log, self.withdrawn = back, withdrawn
        self.lost |= {entry.hash for entry in lost}
        texts = {decode_act_change(entry.raw).text for entry in lost}
        self.pages = [text for text in self.pages if text not in texts]
        self.promised = [each for each in self.promised if (each.hash, each.log_index, each.received_at_ms) in places]
        self.count("restores of the record")
        self.counts["acts lost by a restore"] = self.counts.get("acts lost by a restore", 0) + len(lost)
        self.trace.note("the record comes back from a backup with", len(back), "acts, lost", len(lost))

    # The way by USB stick

    def _carry_out(self, machine: Machine) -> None:
        """Somebody takes the outbox along; the stick may be slow, half copied, damaged, or handed in twice."""
        file = machine.device.carry_out(self.record.parts.carry_keys.public[carry.ALG_X25519])
        if file is None:
            return
        self.trace.note(machine.device.name, "is carried out", len(file))
        self.count("carried out")
        for _ in range(self._carriers.choice((1, 1, 1, 2))):
            self.after(self._carriers.randint(1, 2 * DAY), lambda: self._hand_in(machine, self._handled(file)))

    def _handled(self, file: bytes) -> bytes:
        """What is left of a file after a stick."""
        fate = self._carriers.random()
        if fate < 0.1:
            return file[: self._carriers.randrange(len(file))]
        return _flipped(file, self._carriers) if fate < 0.2 else file

    def _hand_in(self, machine: Machine, file: bytes) -> None:
        crash_rate = 0.0 if self._calm else self.faults.record_crash
        try:
            taken = self.record.take_file(file, crash_rate)
        except CarryRefused as error:
            self.count(f"file refused: {error.code}")
            self.trace.note("a file is refused", error.code)
            return
        except RecordCrashed:
            self.trace.note("record crashes over a file")
            self._watch_log(whole=True)
            return
        self._watch_log()
        self.promised += [verdict for verdict in taken.verdicts if verdict.verdict != "quarantined"]
        self.trace.note("a file is taken", " ".join(each.reason or each.verdict for each in taken.verdicts))
        self.count("files taken")
        for _ in range(self._carriers.choice((0, 1, 1, 2))):
            receipts = self._handled(taken.receipts)
            # Often at the device that it belongs to, sometimes at another.
            reader = machine if self._carriers.random() < 0.8 else self._carriers.choice(self.machines)
            self._plan_return(reader, receipts, receipts == taken.receipts)

    def _plan_return(self, machine: Machine, receipts: bytes, whole: bool) -> None:
        self.after(self._carriers.randint(1, 2 * DAY), lambda: self._carry_back(machine, receipts, whole))

    def _carry_back(self, machine: Machine, receipts: bytes, whole: bool) -> None:
        device = machine.device
        if not device.is_open:
            return
        try:
            device.take_receipts(receipts)
        except CarryRefused as error:
            self.count(f"receipts refused: {error.code}")
            self.trace.note(device.name, "refuses receipts", error.code)
        except NotSigned:
            if whole:
                raise Broken("receipts that the record signed are not believed") from None
            self.count("receipts not believed")
        except DiskFull:
            self.count("disk full")
        except Crashed as error:
            self._crashed(machine, error)
        else:
            self.count("receipts carried back")

    def _reconcile(self, left: int) -> None:
        """The centre's own page decides a contradiction."""
        if left:
            self.after(self._soon(14 * HOUR), lambda: self._reconcile(left - 1))
        parts = self.record.parts
        with parts.database.reading():
            store = DeviceStore(parts.city.current().directory, parts.casebook.current())
            identity = Identity(town.RECONCILER, "server", parts.own_device.code)
            surroundings = Surroundings(
                now=moment(self.now_ms).replace(microsecond=0),
                new_id=lambda: self.chance.randbytes(16).hex(),
                next_device_seq=parts.own_device.next_seq(),
                app_version=APP_VERSION,
            )
            made = resolution(Turn(Request("POST", "/", lang="en"), store, identity, surroundings), self.chance)
        if made is None:
            return
        try:
            self._page(made[0])
        except RecordCrashed:
            self.trace.note("record crashes under the centre's page")
        except NotRecorded as error:
            raise Broken(f"the gate refuses a page of the server itself: {error.reason}") from error
        self._watch_log()

    def _page(self, act: NewAct) -> None:
        crash_rate = 0.0 if self._calm else self.faults.record_crash
        self.record.commit_page(act, town.RECONCILER, crash_rate)
        self.pages.append(act.text)
        self.count("decisions of the centre")
        self.trace.note("centre decides in", act.case_id[:8])

    def _harm(self, troublemaker: malice.Troublemaker, left: int) -> None:
        if left and self.happens(0.5 + self.faults.malice):
            kind, body = troublemaker.body(self.now_ms)
            self.count("harm")
            try:
                status, answer, _ = self.record.answer(troublemaker.user, body, 0.0)
            except RecordCrashed as error:
                raise Broken("a troublemaker's request ended the record") from error
            self.trace.note("harm", kind, status)
            if status == 200:
                troublemaker.take(answer)
            elif status not in (400, 403, 426, 429):
                raise Broken(f"harm of kind {kind} got status {status}")
            self._watch_log()
        if left:
            self.after(self._soon(6 * HOUR), lambda: self._harm(troublemaker, left - 1))

    # Lines

    def _exchange(self, machine: Machine) -> None:
        device = machine.device
        if not device.is_open or machine.exchange:
            return
        faults = self.faults
        if self.happens(faults.offline):
            self._wait(machine, device.client.failed(None, self.chance.random()) + self._soon(3 * HOUR))
            return
        self._exchanges += 1
        number = machine.exchange = self._exchanges
        life = device.life
        body = device.client.request()

        def answered(status: int | None, pieces: bytes, retry_ms: int | None) -> None:
            if machine.exchange == number and device.life == life and device.is_open:
                machine.exchange = 0
                self._wait(machine, self._take(machine, status, pieces, retry_ms))

        self.after(TIMEOUT_MS, lambda: answered(None, b"", None))
        if self.happens(faults.forge):
            self.after(500, lambda: answered(200, _forged(device, self.chance), None))
            return
        if self.happens(faults.drop):
            self.count("requests dropped")
            return
        if self.happens(faults.cut):
            body = body[: self.chance.randrange(len(body))]
        elif self.happens(faults.flip):
            body = _flipped(body, self.chance)
            self.count("flipped")
            # What flips on the way arrives as an attack would; the sender of a broken stream sees no answer.
            self.after(self._soon(2_000), lambda: self._arrive(machine, body, lambda *_: None))
            return
        delay = self._soon(2_000)
        if self.happens(faults.late):
            self.count("late")
            delay = TIMEOUT_MS + self._soon(2 * HOUR)
        self.after(delay, lambda: self._arrive(machine, body, answered))
        if self.happens(faults.duplicate):
            self.count("duplicates")
            self.after(delay + self._soon(HOUR), lambda: self._arrive(machine, body, answered))

    def _arrive(self, machine: Machine, body: bytes, answered: Callable[[int | None, bytes, int | None], None]) -> None:
        rate = 0.0 if self._calm else self.faults.record_crash
        try:
            status, answer, retry_ms = self.record.answer(machine.device.identity.user, body, rate)
        except RecordCrashed:
            self.trace.note("record crashes")
            self._watch_log(whole=True)
            return
        self._watch_log()
        if status == 200:
            self._note_promises(answer)
        self.trace.note("record answers", machine.device.name, status, len(answer))
        if self.happens(self.faults.drop):
            self.count("answers dropped")
            return
        if status == 200 and (self.happens(self.faults.cut) or self.happens(self.faults.flip)):
            answer = answer[: self.chance.randrange(len(answer))]  # a broken stream ends where it broke
            self.count("cut")
        self.after(self._soon(3_000), lambda: answered(status, answer, retry_ms))

    def _take(self, machine: Machine, status: int | None, answer: bytes, retry_ms: int | None) -> int:
        """What the device makes of an answer; gives the wait."""
        device = machine.device
        if status != 200:
            return device.client.failed(status, self.chance.random(), retry_ms)
        middle = self.chance.randrange(len(answer) + 1)
        try:
            wait_ms = device.take_answer([answer[:middle], answer[middle:]])
        except Crashed as error:
            self._crashed(machine, error)
            return 0
        except DiskFull:
            self.count("disk full")
            return device.client.stuck("storage_full", self.chance.random())
        except (Malformed, NotSigned, ValueError) as error:
            self.count(f"not believed: {type(error).__name__}")
            self.trace.note(device.name, "does not believe", type(error).__name__, error)
            return device.client.stuck("bad_answer", self.chance.random())
        if self._enrolled_anew(machine):
            return 0
        return device.client.failed(None, self.chance.random()) if wait_ms is None else wait_ms

    def _enrolled_anew(self, machine: Machine) -> bool:
        """A device that was frozen is enrolled anew by its person, as soon as nothing waits on it."""
        device = machine.device
        if device.client.problem != "device_frozen" or device.client.waiting:
            return False
        device_id, code, seed = self._enrolled(device.identity.user, device.name)
        try:
            device.reenrol(device_id, code, seed)
        except Crashed as error:
            self._crashed(machine, error)
        except DiskFull:
            self.count("disk full")
        else:
            self.count("enrolled anew")
            self.trace.note(device.name, "is enrolled anew", device_id)
        return True

    def _wait(self, machine: Machine, milliseconds: int) -> None:
        """A device asks less often than a real one: in between nothing would happen but cost."""
        if not machine.device.is_open:
            return
        if not milliseconds:
            self._plan(machine, 0)
            return
        waiting = machine.device.client.waiting
        if machine.works or waiting:
            self._plan(machine, milliseconds + self._soon(HOUR if waiting else 6 * HOUR))

    def _plan(self, machine: Machine, milliseconds: int) -> None:
        """The next exchange; what was planned before is forgotten."""
        machine.timer += 1
        timer = machine.timer
        self.after(milliseconds, lambda: self._exchange(machine) if machine.timer == timer else None)

    def _note_promises(self, answer: bytes) -> None:
        self.promised += promised_in(answer, self.log)

    def _watch_log(self, *, whole: bool = False) -> None:
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
        self._calm = True
        self.trace.note("peace")
        for machine in self.machines:
            disk = machine.device.disk
            disk.crash_rate = disk.full_rate = 0.0
            machine.exchange = 0
            if not machine.device.is_open or self.chance.random() < 0.5:
                machine.device.open()
        for _ in range(2):  # the second time brings what others sent in the first
            for machine in self.machines:
                self._finish(machine)
        self._watch_log(whole=True)

    def _finish(self, machine: Machine) -> None:
        device = machine.device
        for number in range(ROUNDS_MAX):
            self.now_ms += 1_000
            self.trace.now_ms = self.now_ms
            status, answer, _ = self.record.answer(device.identity.user, device.client.request(), 0.0)
            if status == 409:  # what it said in short rests on what a restore lost: it says it in full
                device.client.failed(status, 0.0)
                continue
            if status != 200:
                raise Broken(f"{device.name} gets {status} in peace: {answer!r}")
            self._watch_log()
            self._note_promises(answer)
            try:
                device.take_answer([answer])
            except (Malformed, NotSigned, ValueError) as error:
                raise Broken(f"{device.name} cannot take an honest answer: {error!r}") from error
            if not self._enrolled_anew(machine) and device.client.is_complete and number:
                return
        raise Broken(f"{device.name} never ends: {device.client.waiting} wait")


def _flipped(body: bytes, chance: Random) -> bytes:
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
