"""The simulation can fail: it notices every fault that is put into the product on purpose."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from py_core.desk.ports import ActsMissing, NumbersMissing
from py_core.wire import Hello
from server import exchange, record
from server.missing_numbers import missing_numbers
from server.tables import changes

from . import erasing
from .city_record import CityRecord
from .device import Device
from .faults import AWAY, COPYING, MOVING, RESTORED, ROUGH, Faults
from .run import run_seed
from .sabotage import (
    CLIENTS,
    RECORDS,
    CopiesIntoVisits,
    ForgetsItsNumbers,
    ForgetsItsOutbox,
    HasTwoHistories,
    HearsNoRecall,
    KeepsItsReceipts,
    KeepsTheTitles,
    NeverComesBack,
    NeverLetsGo,
    PartsWithUnsentWork,
    PurgesAtOnce,
    SaysWholeTooEarly,
    TakesPhotographsForSent,
)

SEEDS_MAX = 60


def noticed(
    device_class: type[Device] = Device,
    record_class: type[CityRecord] = CityRecord,
    faults: Faults = ROUGH,
    *,
    words: str = "",
) -> str:
    """What the first seed that notices (in these words) says; empty when none does."""
    for seed in range(SEEDS_MAX):
        broken = run_seed(seed, device_class, record_class, faults).broken
        # A sabotage that no longer fits what it breaks would be noticed by itself.
        assert not broken.startswith(("AttributeError", "TypeError", "NameError")), broken
        if broken and words in broken:
            return broken
    return ""


def test_the_rough_histories_break_nothing_that_is_whole() -> None:
    for faults in (ROUGH, COPYING, MOVING, RESTORED, AWAY):
        for seed in range(4):
            assert not run_seed(seed, faults=faults).broken


@pytest.mark.parametrize("device_class", CLIENTS, ids=lambda cls: cls.__name__)
def test_a_broken_device_is_noticed(device_class: type[Device]) -> None:
    assert noticed(device_class)


def test_a_restored_device_that_uses_numbers_again_is_noticed() -> None:
    assert "which it holds" in noticed(ForgetsItsNumbers, faults=COPYING)


def test_a_device_that_does_not_take_back_its_receipts_after_a_restore_is_noticed() -> None:
    assert noticed(KeepsItsReceipts, faults=RESTORED)


def test_a_device_that_keeps_what_left_its_scope_is_noticed() -> None:
    assert "is out of its scope" in noticed(NeverLetsGo, faults=MOVING)


def test_a_device_that_purges_unsent_work_is_noticed() -> None:
    assert noticed(PurgesAtOnce, faults=MOVING)


def test_a_device_that_takes_photographs_for_sent_too_early_is_noticed() -> None:
    assert "takes the photograph" in noticed(TakesPhotographsForSent, faults=AWAY)


def test_a_record_that_says_too_early_that_a_photograph_is_whole_is_noticed() -> None:
    assert "takes the photograph" in noticed(record_class=SaysWholeTooEarly, faults=AWAY)


def test_a_record_that_believes_any_bytes_of_a_photograph_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Anything:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    class Sum:
        def hexdigest(self) -> Anything:
            return Anything()

    class Blind:
        def sha256(self, data: bytes) -> Sum:
            return Sum()

    monkeypatch.setattr("server.attachments.hashlib", Blind())
    assert "other bytes" in noticed(faults=replace(AWAY, flip=0.5))


def test_a_device_that_parts_with_unsent_work_is_noticed() -> None:
    assert noticed(PartsWithUnsentWork, faults=AWAY)


def test_a_rule_that_lets_open_cases_leave_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("py_core.eviction.is_finished", lambda glance: not glance.only_here)
    assert "which is not over" in noticed(faults=AWAY, words="by the rule")


def test_a_device_that_does_not_hear_of_a_case_that_left_it_is_noticed() -> None:
    assert "in which something happened since" in noticed(HearsNoRecall, faults=AWAY)


def test_a_device_that_keeps_the_title_of_an_erased_case_is_noticed() -> None:
    assert "which was erased" in noticed(KeepsTheTitles, faults=replace(AWAY, evict=0.0))


def test_a_device_that_copies_words_of_an_erased_case_into_a_visit_is_noticed() -> None:
    assert "which was erased" in noticed(CopiesIntoVisits, faults=Faults(), words="sealed")


def test_a_device_that_keeps_the_titles_of_its_last_unit_is_noticed() -> None:
    faults = replace(MOVING, evict=0.9)
    seeds = range(1, SEEDS_MAX, erasing.EVERY)  # those that erase nothing
    assert any("keeps a line of" in run_seed(seed, KeepsTheTitles, faults=faults).broken for seed in seeds)


def test_a_device_that_does_not_come_back_after_a_restore_is_noticed() -> None:
    assert noticed(NeverComesBack, faults=RESTORED)


def test_a_record_that_tells_nobody_that_a_case_has_left_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = record.feed_lines

    def silent(connection: Any, case_id: str, lines: Any, kind: int = record.ACT, **rest: Any) -> None:
        whole(connection, case_id, lines if kind == record.ACT else [], kind, **rest)

    monkeypatch.setattr("server.record.feed_lines", silent)
    assert "is out of its scope" in noticed(faults=Faults(offline=0.2))


@pytest.mark.parametrize("record_class", RECORDS, ids=lambda cls: cls.__name__)
def test_a_broken_record_is_noticed(record_class: type[CityRecord]) -> None:
    assert noticed(record_class=record_class)


def test_a_record_with_two_histories_is_found_out_by_a_device() -> None:
    assert "two histories" in noticed(record_class=HasTwoHistories, faults=Faults(offline=0.2))


def test_a_device_that_believes_every_log_finds_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is the demand for a proof, and nothing else, that finds such a record out."""
    monkeypatch.setattr("py_core.sync.continues", lambda *_: True)
    broken = run_seed(1, record_class=HasTwoHistories, faults=Faults(offline=0.2)).broken
    assert "two histories" not in broken


def test_a_gate_that_believes_any_signature_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gate.verifies", lambda *_: True)
    assert noticed(words="is not signed")  # what is forged breaks other promises, too


def test_a_gate_that_lets_anybody_decide_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gate.is_authorised", lambda *_, **__: True)
    assert noticed(words="without the role")  # what is done without a role breaks other promises, too


def test_a_gate_that_takes_a_number_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.record.bearers_of_numbers", lambda _, __, numbers: {n: set() for n in numbers})
    assert noticed(faults=COPYING)


def test_a_cursor_that_ignores_its_scope_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person moved to another unit would miss what that unit learned before."""
    whole = exchange._standpoint

    def without_scope(connection: Any, person: Any, hello: Hello, *, revokes: bool) -> tuple[str, str, int]:
        return whole(connection, person, replace(hello, scope=""), revokes=revokes)

    monkeypatch.setattr(exchange, "_standpoint", without_scope)
    assert noticed(faults=Faults(transfer=0.4))


def test_a_centre_that_does_not_learn_of_lost_acts_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.centre_view.missing_numbers", lambda _: {})
    assert "the centre does not learn of it" in noticed(faults=RESTORED)


def test_a_centre_that_misses_what_lies_in_quarantine_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gate.own_number", lambda *_: None)
    assert "never came, and it did" in noticed(faults=MOVING)


def test_a_gate_that_looks_for_used_numbers_in_the_log_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_the_log(connection: Any, device: str, numbers: Collection[int]) -> dict[int, set[str]]:
        where = (changes.c.device == device, changes.c.device_seq.in_(list(numbers)))
        taken = connection.execute(select(changes.c.device_seq, changes.c.hash).where(*where)).all()
        return {number: {row.hash for row in taken if row.device_seq == number} for number in numbers}

    monkeypatch.setattr(record, "bearers_of_numbers", in_the_log)
    assert "nobody found out that it exists twice" in noticed(faults=replace(MOVING, clone=0.3))


def test_a_gate_that_takes_what_is_offered_again_for_a_second_act_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = record.bearers_of_numbers

    def with_another(connection: Any, device: str, numbers: Collection[int]) -> dict[int, set[str]]:
        found = whole(connection, device, numbers)
        return {number: hashes and {*hashes, "another"} for number, hashes in found.items()}

    monkeypatch.setattr(record, "bearers_of_numbers", with_another)
    assert "gave no number twice" in noticed(faults=MOVING)


def test_a_centre_that_misses_numbers_that_nobody_gave_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_more(connection: Any) -> dict[str, ActsMissing]:
        found = missing_numbers(connection)
        more = {device: NumbersMissing(each.highest + 500, each.highest + 500) for device, each in found.items()}
        return {device: replace(each, runs=(*each.runs, more[device])) for device, each in found.items()}

    monkeypatch.setattr("server.centre_view.missing_numbers", with_more)
    assert "nobody ever gave it" in noticed(faults=RESTORED)


def test_of_acts_that_a_device_forgot_the_centre_learns_by_their_numbers() -> None:
    outcomes = (run_seed(seed, ForgetsItsOutbox, faults=ROUGH) for seed in range(SEEDS_MAX))
    assert any(each.broken and each.counts.get("lost acts that the centre learns of") for each in outcomes)
