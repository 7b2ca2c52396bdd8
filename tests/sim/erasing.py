"""The last chapter of some histories: the record erases cases, and after its next contact no device has a trace of them.

Whether a device held the case, had parted with it or had just asked it back when the erasure came, and whether it parted
with it before or after, must make no difference. Comes after all other invariants: an erased log has no bytes to compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.desk.keeping import Document
from py_core.documents import is_case_id, is_visit_id
from py_core.exchanged import LEFT_OUT
from py_core.retention import kept_case
from server import erasing

from . import town
from .trace import Broken

if TYPE_CHECKING:
    from random import Random

    from .world import Machine, World

EVERY = 3
CASES_MAX = 2
WORDS_MIN = 8  # shorter ones are also said on visits, of something else
_HASHES_ONLY = frozenset({"receipts"})  # stores that name a case and nothing of what it says


def erase_and_meet(world: World, chance: Random) -> None:
    """Devices part with cases before and after some are erased; then everybody speaks with the record. Raises `Broken`."""
    for machine in world.machines:
        _part(machine, chance)
    typed = {case_id: _typed_into(world, case_id) for case_id in _some_cases(world, chance)}
    erased = [case_id for case_id in typed if _erase(world, case_id)]
    if not erased:
        return
    for machine in world.machines:
        if chance.random() < 0.5:
            _part(machine, chance)
        world.finish(machine)
    world.count("cases erased")
    for machine in world.machines:
        for case_id in erased:
            _expect_nothing(machine, case_id, typed[case_id])


def _part(machine: Machine, chance: Random) -> None:
    """Parts with some cases that the device may part with, and asks some that left back."""
    device = machine.device
    settled = device.settled()
    device.evict(chance.sample(settled, chance.randint(0, len(settled))))
    for case_id in sorted(device.client.left):
        if chance.random() < 0.3:
            device.recall(case_id)


def _some_cases(world: World, chance: Random) -> list[str]:
    known = sorted(case_id for case_id in world.record.parts.casebook.current() if is_case_id(case_id))
    return chance.sample(known, min(len(known), CASES_MAX))


def _erase(world: World, case_id: str) -> bool:
    """Whether the record erased it: as its job does with what is due. Of what waits undecided it erases nothing."""
    record = world.record.parts.casebook.current()[case_id]
    case = fold(case_id, order(list(record.acts)))
    kept = kept_case(case, {}, town.day(world.now_ms))
    if kept is None:
        return False
    done = erasing.erase_document(world.record.parts, town.ADMINISTRATOR, Document(record, "", False, kept))
    world.trace.note("the record erases", case_id[:8], done.acts)
    return bool(done.documents)


def _typed_into(world: World, case_id: str) -> frozenset[str]:
    """The words that people typed into a case."""
    acts = world.record.parts.casebook.current()[case_id].acts
    values = (value for act in acts for event in act.act.events for value in event.values())
    return frozenset(value for value in values if isinstance(value, str) and len(value) >= WORDS_MIN and " " in value)


def _expect_nothing(machine: Machine, case_id: str, typed: frozenset[str]) -> None:
    device = machine.device
    word = f"{device.name} still has something of {case_id}, which was erased:"
    for store, rows in device.disk.stores.items():
        for key, row in rows.items():
            if store in _HASHES_ONLY or (store == "outbox" and _is_a_bare_word(row)):
                continue
            told = f"{key} {row!r}"
            if any(words in told for words in typed) if _is_a_visits(key, row) else case_id in told:
                raise Broken(f"{word} {store} {key}")
    if case_id in device.records or case_id in device.client.left or case_id in device.client.wanted:
        raise Broken(f"{word} in memory")


def _is_a_visits(key: str, row: Any) -> bool:
    """A visit is kept and erased by itself; of a case that was told on it, it may name the id and no word of it."""
    return is_visit_id(key) or (isinstance(row, dict) and is_visit_id(str(row.get("case_id", ""))))


def _is_a_bare_word(row: dict[str, Any]) -> bool:
    """What stays of an act that the centre left out: that it did, and why."""
    return row["reason"] == LEFT_OUT and not row["raw"]
