"""What the holder of the record's key leaves out beside a case is missed: acts of the city's rules, withdrawals."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from evidence_files import (
    COUNTED,
    Rows,
    check,
    dishonest,
    entry_of,
    of_a_build_before_inventories,
    resealed,
    rows_of,
    shown_by,
    without_newest_city_act,
)
from laptop import Laptop, StandingClock, case_id, registered
from sqlalchemy import select
from test_city_rules import LATE, publish

from py_core.city import CITY_ID
from py_core.desk.ports import DeviceRevocation
from py_core.evidence.findings import Finding, Findings
from py_core.evidence.lines import KINDS
from py_core.inventory import counted
from server.log_faults import log_faults
from server.parts import Parts
from server.registry import registry_tree
from server.tables import changes, registry

CASE, TRUE, WITHOUT = case_id(1), "2027-01-08", "2027-01-06"  # due with the year's calendar, and without it
LEFT_OUT = "some were left out"


@pytest.fixture
def lin(parts: Parts, clock: StandingClock) -> Laptop:
    """With a case at the end of December, before the city has published the next year's calendar."""
    clock.time = LATE
    lin = Laptop(parts, "lin")
    assert lin.verdict(lin.act(CASE, registered(channel="hotline"), {"type": "delivered", "to": "shihe"})) == "accepted"
    return lin


def withdraw(parts: Parts, laptop: Laptop) -> None:
    parts.decisions.carry_out(DeviceRevocation(laptop.device, "遗失"), "luo")


def made(parts: Parts, *witnessed: str) -> Rows:
    return rows_of(parts.evidence.make(CASE, "qian", witnessed))


def limits(found: Findings) -> Finding:
    """What is said about the due dates."""
    (said,) = [each for each in found.items if each.message.startswith(COUNTED)]
    return said


def wrong(found: Findings) -> list[tuple[str, str]]:
    return [(each.where, each.text("en")) for each in found.of("wrong")]


def the_last_city_act_less(parts: Parts) -> Any:
    """The lie of an inventory that does not know the newest act of the city's rules."""
    with parts.database.reading() as connection:
        of_city = select(changes.c.hash).where(changes.c.case_id == CITY_ID).order_by(changes.c.log_index)
        before = counted(connection.scalars(of_city).all()[:-1])
    return lambda said: replace(said, city=before)


def test_nothing_left_out_is_proven_with_the_checkpoint_that_somebody_kept(parts: Parts, lin: Laptop) -> None:
    assert publish(parts) == "accepted"
    withdraw(parts, Laptop(parts, "lin", "stolen"))
    data, kept = parts.evidence.make(CASE, "qian"), parts.checkpoints.current()
    alone, found = check(data), check(data, kept)
    assert (alone.of("wrong"), found.of("wrong")) == ([], [])
    assert (limits(alone).kind, limits(found).kind) == ("open", "proven")
    assert limits(found).params["due"] == TRUE
    assert "but this is not proven: no checkpoint from outside shows" in limits(alone).text("en")
    assert "但这一点没有得到证明：没有外部留存的检查点" in limits(alone).text("zh-CN")
    (told,) = [each for each in found.of("proven") if "nothing was left out beside the case" in each.message]
    assert (told.params["acts"], told.params["withdrawn"]) == (1, 1)


@pytest.mark.parametrize("has_outside", [False, True])
def test_the_newest_act_of_the_citys_rules_cannot_be_left_out(parts: Parts, lin: Laptop, has_outside: bool) -> None:
    """Resealed with the record's key, the due date counted without it: the record's own inventory counts one more."""
    assert publish(parts) == "accepted"
    rows, kept = made(parts), parts.checkpoints.current()
    forged = without_newest_city_act(rows)
    assert [shown_by(each)["due"] for each in (rows, forged)] == [TRUE, WITHOUT]
    found = check(resealed(parts, forged), *([kept] if has_outside else []))
    assert any(where.endswith("(checkpoint)") and LEFT_OUT in text for where, text in wrong(found))
    assert not [each for each in found.of("proven") if each.message.startswith(COUNTED)]


def test_an_inventory_that_lies_contradicts_the_checkpoint_that_somebody_kept(
    parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder of the key can close the registry with whatever he likes, but not where somebody has looked before."""
    assert publish(parts) == "accepted"
    kept = parts.checkpoints.current()
    dishonest(monkeypatch, the_last_city_act_less(parts))
    forged = resealed(parts, without_newest_city_act(made(parts, kept)))
    assert wrong(check(forged)) == [], "nothing inside the file tells"
    assert limits(check(forged)).kind == "open", "and so the due date is not proven"
    (one,) = wrong(check(forged, kept))
    assert one[0] == "--checkpoint 1"
    assert LEFT_OUT in one[1]


def test_what_the_city_decided_after_the_kept_checkpoint_is_not_proven(
    parts: Parts, lin: Laptop, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = parts.checkpoints.current()
    clock.pass_time(hours=1)
    assert publish(parts) == "accepted"
    found = check(parts.evidence.make(CASE, "qian", [kept]), kept)
    assert (limits(found).kind, limits(found).params["due"]) == ("open", TRUE)
    assert "changed after the checkpoint from outside" in limits(found).text("en")
    # The same, and whoever holds the key leaves the act out: true is only what stood at the kept checkpoint, and the
    # sentences say so.
    dishonest(monkeypatch, the_last_city_act_less(parts))
    forged = check(resealed(parts, without_newest_city_act(made(parts, kept))), kept)
    assert wrong(forged) == []
    assert "by the city's rules as they stood at 2026-12-29 10:00:00" in limits(forged).text("en")
    (after,) = [each for each in forged.of("open") if "came after the checkpoint" in each.message]
    assert "(2026-12-29 10:00:00)" in after.text("en")


def test_an_older_directory_is_missed(parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The city's founding policies stand in it."""
    with parts.database.reading() as connection:
        first = connection.scalar(select(registry.c.n).where(registry.c.kind == "directory"))
    before = made(parts)
    document = parts.city.current().document
    parts.city.publish({**document, "policies": {"P-03": "no_roll"}})
    kept = parts.checkpoints.current()
    old = {row["t"]: row for row in before if row["t"] in ("directory", "shown")}

    def forge(rows: Rows) -> bytes:
        with parts.database.reading() as connection:
            tree = registry_tree(connection)
            path = [step.hex() for step in tree.inclusion(int(first or 0), tree.size)]
        entry = next({**row, "path": path} for row in before if row.get("n") == first and row["t"] == "registry")
        swapped = [entry if entry_of(row).get("kind") == "directory" else old.get(row["t"], row) for row in rows]
        return resealed(parts, sorted(swapped, key=lambda row: (list(KINDS).index(row["t"]), row.get("n", 0))))

    (one,) = wrong(check(forge(made(parts))))
    assert "another directory or other packs" in one[1]
    dishonest(monkeypatch, lambda said: replace(said, directory=first))
    forged = forge(made(parts, kept))
    assert wrong(check(forged)) == []
    (one,) = wrong(check(forged, kept))
    assert (one[0], "another directory" in one[1]) == ("--checkpoint 1", True)


def test_a_profile_that_existed_twice_is_told_of_its_acts_and_cannot_be_left_out(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    """The signature proves the key, and two had it."""
    said = "two acts of this device bear the number 1"
    assert said not in str([each.text("en") for each in check(parts.evidence.make(CASE, "qian")).items])
    lin.seq = 0
    verdicts, _ = lin.sync(lin.act(case_id(2), registered(title="from its copy")))
    assert verdicts[0].reason == "sequence_reused"
    kept = parts.checkpoints.current()
    rows = made(parts, kept)
    found = check(resealed(parts, rows), kept)
    assert found.of("wrong") == []
    (about,) = [each for each in found.of("open") if said in each.text("en")]
    assert about.where == "act 0"
    assert "设备数据有两份" in about.text("zh-CN")
    assert any("all 1 withdrawals and freezings" in each.text("en") for each in found.of("proven"))
    without = [row for row in rows if entry_of(row).get("kind") != "device_frozen"]
    assert len(without) == len(rows) - 1
    assert {where for where, text in wrong(check(resealed(parts, without), kept)) if LEFT_OUT in text} == {
        "--checkpoint 1",
        "line 3 (checkpoint)",
    }
    with parts.database.reading() as connection:
        assert [*log_faults(connection)] == []


@pytest.mark.parametrize("lies", [False, True])
def test_the_withdrawal_of_a_device_cannot_be_left_out(
    parts: Parts, lin: Laptop, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, lies: bool
) -> None:
    """Neither of the device that signed nor of another one; also when the inventory lies, where somebody has looked."""
    for name in ("one", "other"):
        withdraw(parts, Laptop(parts, "zhao", name))
    assert lin.verdict(lin.act(CASE, {"type": "noted", "text": "一"})) == "accepted"
    withdraw(parts, lin)
    kept = parts.checkpoints.current()
    if lies:
        dishonest(monkeypatch, lambda said: replace(said, withdrawn=counted([])))
    rows = made(parts, kept)
    gone = [n for n, row in enumerate(rows) if entry_of(row).get("kind") == "device_withdrawn"]
    assert len(gone) == 3
    for out in [gone] if lies else [[n] for n in gone]:
        found = check(resealed(parts, [row for n, row in enumerate(rows) if n not in out]), kept)
        assert {where for where, text in wrong(found) if "withdrawals" in text and LEFT_OUT in text} == (
            {"--checkpoint 1"} if lies else {"--checkpoint 1", "line 3 (checkpoint)"}
        )


def test_a_file_and_a_checkpoint_of_before_say_what_is_not_proven(
    parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish(parts) == "accepted"
    with monkeypatch.context() as before:
        of_a_build_before_inventories(before)
        rows, kept = made(parts), parts.checkpoints.current()
    old = resealed(parts, [{**rows[0], "v": 1}, *rows[1:]])
    assert not [row for row in rows if entry_of(row).get("kind") == "inventory"]
    assert "was taken out of the file" in wrong(check(resealed(parts, rows)))[0][1], "a file of today has one"
    found = check(old, kept)
    assert found.of("wrong") == []
    assert limits(found).kind == "open"
    assert "the file does not say which acts of the city's rules" in limits(found).text("en")
    assert "看不出是否有所遗漏" in "".join(each.text("zh-CN") for each in found.of("open"))
    # A file of today with a proof for that checkpoint: the checkpoint does not tell either.
    found = check(parts.evidence.make(CASE, "qian", [kept]), kept)
    assert (found.of("wrong"), limits(found).kind) == ([], "open")
    now = parts.checkpoints.current()
    assert now != kept, "the next checkpoint has an inventory, although nothing else has happened"
    assert limits(check(parts.evidence.make(CASE, "qian"), now)).kind == "proven"


def test_the_inventory_of_a_newer_checkpoint_cannot_be_taken_out(parts: Parts, lin: Laptop) -> None:
    """Where an older one is in the file: from the first on the registry ends with one at every checkpoint."""
    older = parts.checkpoints.current()
    assert publish(parts) == "accepted"
    newer = parts.checkpoints.current()
    withdraw(parts, Laptop(parts, "zhao"))
    rows = made(parts, older, newer)
    assert wrong(check(resealed(parts, rows), older, newer)) == []
    first, second, _ = [n for n, row in enumerate(rows) if entry_of(row).get("kind") == "inventory"]
    without = resealed(parts, [row for n, row in enumerate(rows) if n != second])
    (one,) = wrong(check(without, newer))
    assert (one[0], "was taken out of the file" in one[1]) == ("--checkpoint 1", True)
    # Without the older one too nobody can say that there were any then: that is told, and the dates are not proven.
    found = check(resealed(parts, [row for n, row in enumerate(rows) if n not in (first, second)]), newer)
    assert (found.of("wrong"), limits(found).kind) == ([], "open")


def test_inventories_that_say_something_else_than_the_record_are_found(
    parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`shouwen verify` on the record, or on a copy of it in other hands."""
    assert publish(parts) == "accepted"
    withdraw(parts, Laptop(parts, "zhao"))
    parts.checkpoints.current()

    def faults() -> set[str]:
        with parts.database.reading() as connection:
            return {fault.code for fault in log_faults(connection)}

    assert faults() == set()
    lies: list[Any] = [
        the_last_city_act_less(parts),
        lambda said: replace(said, withdrawn=counted([])),
        lambda said: replace(said, directory=None),
        lambda said: replace(said, law=1),
        lambda said: replace(said, audit=None if said.audit is None else (said.audit[0] + 1, said.audit[1])),
    ]
    for number, lie in enumerate(lies):
        with monkeypatch.context() as patch, contextlib.suppress(_Back), parts.database.writing() as connection:
            dishonest(patch, lie)
            parts.checkpoints.make_in(connection)
            assert {fault.code for fault in log_faults(connection)} == {"other_inventory"}, number
            raise _Back
    assert faults() == set()


class _Back(Exception):
    """Takes a lie back."""


def test_an_inventory_is_taken_once_for_each_state(parts: Parts, lin: Laptop) -> None:
    def inventories() -> int:
        with parts.database.reading() as connection:
            return len(connection.scalars(select(registry.c.n).where(registry.c.kind == "inventory")).all())

    parts.checkpoints.current()
    first = inventories()
    assert lin.verdict(lin.act(CASE, {"type": "noted", "text": "一"})) == "accepted"
    parts.checkpoints.current()
    assert inventories() == first, "an act of a case changes nothing in it"
    assert publish(parts) == "accepted"
    parts.checkpoints.current()
    assert inventories() == first + 1
