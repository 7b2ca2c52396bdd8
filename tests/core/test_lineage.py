"""A record that came back from a backup: what a device offers again, asks anew and lets stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_sync import accepted, act_text, answer, change, client, said, waiting

from py_core.carry import CarryRefused
from py_core.change import decode_act_change
from py_core.custody import Custody
from py_core.exchanged import LEFT_OUT, Receipt, Received, RefusedAct
from py_core.keeping import keeping
from py_core.lineage import TOLD, Again, Notice, notice_after, offered_again, refused_again, without_receipts
from py_core.standing import Standing
from py_core.sync import SyncClient
from py_core.wire import Beacon, Carried, Config, End, Pulled, Verdict

OWN, OTHER = "d1", "d2"


def row(number: int, index: int | None, device: str = OWN) -> list[object]:
    text = act_text(number).replace('"device":"d1"', f'"device":"{device}"')
    return [f"{number:064x}", [], text, None if index is None else 5, index]


def beacon(log_size: int) -> Beacon:
    return Beacon("b", 1, log_size, "")


def believing(device: SyncClient, *frames: object) -> Received:
    device.request()
    received = device.read(answer(*frames))
    device.commit(received)
    return received


def test_everything_beyond_the_shared_log_is_offered_again_causes_first() -> None:
    rows = {"a": [row(1, 3), row(2, 9), row(3, None)], "b": [row(4, 7, OTHER), row(5, 6)]}
    assert offered_again(rows.items(), OWN, 6) == [
        Again("b", row(5, 6)[0], True, 6),
        Again("b", row(4, 7)[0], False, 7),
        Again("a", row(2, 9)[0], True, 9),
    ]
    assert [each[3:] for each in without_receipts(rows["a"], 6)] == [[5, 3], [None, None], [None, None]]


def test_a_new_lineage_makes_the_device_begin_anew_with_what_it_held_first() -> None:
    device = client()
    believing(
        device, Config({"version": 4}), Pulled("ab" * 16, 8, 5, change(1)), beacon(9), End(7, False, "s", lineage="l1")
    )
    assert (device.standing.lineage, device.standing.top, device.standing.config) == (("l1",), 8, 4)
    device.add(waiting(3))
    received = believing(device, beacon(5), End(0, True, "s", lineage="l2", shared=5))
    assert received.shared == 5
    assert (device.standing.cursor, device.standing.config, device.standing.top) == (0, 0, 4)
    assert device.standing.lineage == ("l1", "l2")
    device.offer_again([replace(waiting(2), actor_signature="")])
    hello, actors, pushed = said(device.request())
    assert (hello.lineage, hello.cursor, hello.scope) == ("l2", 0, "s")
    assert [decode_act_change(each.raw).text for each in pushed] == [act_text(2), act_text(3)]
    assert len(actors) == 1, "another device's actor is not announced"


def test_what_was_refused_is_asked_again_and_stays_in_the_outbox_until_its_document_has_it() -> None:
    act = waiting(1)
    device = client(act)
    believing(device, Verdict(act.hash, "quarantined", "foreign_scope"), beacon(3), End(1, False, "s", lineage="l1"))
    device.request()
    received = device.read(answer(beacon(2), End(0, True, "s", lineage="l2", shared=2)))
    plan = keeping(received, device, (), lambda case_id: [])
    assert plan.again == [Again(act.case_id, act.hash, False, None)]
    device.offer_again([replace(act, astray=True)])
    device.commit(received)
    assert (device.refused, device.waiting) == ({}, 1)
    device.request()
    received = device.read(answer(accepted(act, 2), beacon(3), End(0, False, "s")))
    plan = keeping(received, device, (), lambda case_id: [])
    assert (plan.taken, plan.settled) == ([act.hash], [])
    device.request()
    received = device.read(answer(accepted(act, 2), Pulled(act.case_id, 2, 5, act.raw), beacon(3), End(0, False, "s")))
    assert keeping(received, device, (), lambda case_id: []).taken == []


def test_a_device_that_was_enrolled_anew_offers_what_was_refused_as_anothers() -> None:
    rows = {"a": [row(1, None), row(2, None, OTHER)], "b": []}
    refused = [
        RefusedAct(case_id, row(number, None)[0], "device_frozen") for case_id, number in (("a", 1), ("a", 2), ("b", 3))
    ]
    again = refused_again(refused, OTHER, rows.__getitem__)
    assert [(each.own, each.log_index) for each in again] == [(False, None), (True, None), (False, None)]


def test_what_was_left_out_is_asked_again_too_and_stays_left_out_where_its_bytes_are_gone() -> None:
    kept, gone = waiting(1), waiting(2)
    device = client(kept, gone)
    left_out = [RefusedAct(each.case_id, each.hash, LEFT_OUT, by="qian") for each in (kept, gone)]
    device.settle(Received(refused=left_out))
    device.request()
    received = device.read(answer(beacon(2), End(0, True, "s", lineage="l2", shared=2)))
    assert [each.hash for each in keeping(received, device, (), lambda case_id: []).again] == [kept.hash, gone.hash]
    device.offer_again([replace(kept, astray=True)])
    device.commit(received)
    assert (set(device.refused), device.waiting) == ({gone.hash}, 1)


def test_a_log_that_is_shorter_than_what_was_heard_of_it_is_a_restore_too() -> None:
    device = client()
    believing(device, Pulled("ab" * 16, 8, 5, change(1)), beacon(9), End(7, False, "s"))
    assert believing(device, beacon(9), End(7, False, "s")).shared is None
    received = believing(device, beacon(4), End(3, False, "s"))
    assert (received.shared, device.standing.cursor, device.is_complete) == (4, 0, False)
    assert received.purge == ()


def test_a_cut_answer_says_nothing_about_the_lineage() -> None:
    device = client()
    believing(device, Pulled("ab" * 16, 8, 5, change(1)), beacon(9), End(7, False, "s"))
    device.request()
    assert device.read(answer(beacon(4))).shared is None


def test_what_left_before_a_restore_is_told_anew_by_the_feed_or_forgotten() -> None:
    device = client()
    device.let_go({"ab" * 16: 8, "cd" * 16: 7})
    received = believing(device, beacon(5), End(0, True, "s", lineage="l2", shared=5))
    assert received.out_of_scope == {"ab" * 16, "cd" * 16}
    received = believing(device, Pulled("ab" * 16, 4, 5, change(1)), beacon(6), End(1, False, "s"))
    assert [each.case_id for each in received.acts] == ["ab" * 16]
    assert device.left == {}, "the other one is not in the record any more, or not in scope"


def test_receipts_of_an_earlier_lineage_are_not_believed() -> None:
    device = client()
    for name in ("l1", "l2"):
        believing(device, beacon(5), End(0, False, "s", lineage=name))
    with pytest.raises(CarryRefused, match="backup"):
        device.read_carried(Carried("d1", "ff", 1, "l1"), [])
    assert device.read_carried(Carried("d1", "ff", 1, "l2"), []).receipts == []


def test_the_feed_is_a_later_word_than_a_verdict_of_the_same_answer() -> None:
    """An act that lacked a cause may be taken a moment later, when the cause comes with the same request."""
    act = waiting(1)
    device = client(act)
    device.request()
    refused = Verdict(act.hash, "quarantined", "missing_dependency")
    received = device.read(answer(refused, Pulled(act.case_id, 0, 5, act.raw), beacon(1), End(1, False, "s")))
    assert received.refused == []


def test_carried_receipts_know_what_is_leaving() -> None:
    """Else an act that was taken late would wait for its echo in a case that is not fed to this device any more."""
    leaving = Custody(leaving=frozenset({"ab" * 16}))
    device = SyncClient("d1", "0.1.0", standing=Standing(custody=leaving))
    assert device.read_carried(Carried("d1", "ff", 1, "l2"), []).custody == leaving


@pytest.mark.parametrize("leaves", [False, True])
def test_an_act_taken_late_keeps_no_row_without_its_bytes(leaves: bool) -> None:
    """Where its case leaves, the outbox lets the bytes go and no feed brings them back."""
    act = waiting(1)
    device = client()
    device.refused[act.hash] = RefusedAct(act.case_id, act.hash, "device_revoked")
    leaving = Custody(leaving=frozenset({act.case_id} if leaves else ()))
    received = Received(custody=leaving, receipts=[Receipt(act.case_id, act.hash, 6, 5, "aa")])
    mine = [act.hash, [], act_text(1), None, None]
    plan = keeping(received, device, [act.case_id], lambda _: [mine, row(2, 3)])
    assert (act.hash in plan.settled, act.hash in plan.taken) == (leaves, not leaves)
    left = [row(2, 3)[0]] if leaves else [act.hash, row(2, 3)[0]]
    assert [each[0] for each in plan.rows[act.case_id]] == left


def test_a_second_notice_counts_what_is_still_on_its_way_and_does_not_blot_out_the_first() -> None:
    """Else the page would say that nothing was missing while acts are sent again."""
    day_ms = 86_400_000
    first = notice_after(None, day_ms, 3)
    assert first == Notice(day_ms, 3)
    assert notice_after(first, 2 * day_ms, 1) == Notice(2 * day_ms, 1)
    assert notice_after(first, 2 * day_ms, 0) == first
    long_after = day_ms + round(TOLD.total_seconds() * 1000)
    assert notice_after(first, long_after, 0) == Notice(long_after, 0)
    device = client(replace(waiting(1), lost=True), waiting(2))
    assert device.lost == {waiting(1).hash}
