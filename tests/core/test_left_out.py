"""What a device keeps of acts that the centre left out, when their case leaves it."""

from __future__ import annotations

from dataclasses import replace

from test_lineage import beacon, believing
from test_sync import answer, client, waiting

from py_core.exchanged import LEFT_OUT, Received, RefusedAct
from py_core.keeping import keeping
from py_core.sync import SyncClient
from py_core.wire import End, Revoke, Ruled


def held(device: SyncClient, *frames: object) -> tuple[Received, list[RefusedAct]]:
    device.request()
    received = device.read(answer(*frames, beacon(9), End(9, False, "s")), held=("c1" * 16,))
    return received, keeping(received, device, ("c1" * 16,), lambda case_id: []).left_out


def test_the_reason_stays_to_be_read_where_it_comes_with_the_end_of_the_case_and_else_goes_with_it() -> None:
    act = replace(waiting(1), case_id="c1" * 16)
    refused = RefusedAct(act.case_id, act.hash, "foreign_scope")
    ruled = Ruled(act.hash, False, "qian", 5, "理由金丝雀", False)
    device = client(act)
    device.settle(Received(refused=[refused]))
    believing(device, beacon(9), End(9, False, "s"))
    received, word = held(device, ruled)
    assert received.purge == (act.case_id,)
    assert [each.why for each in word] == ["理由金丝雀"]
    device.commit(received)
    assert device.refused[act.hash].why == "理由金丝雀"

    later = client(act)
    later.settle(Received(refused=[refused]))
    believing(later, beacon(9), End(9, False, "s"))
    told, nothing = held(later, replace(ruled, in_scope=True))
    assert (told.purge, nothing) == ((), [])
    later.commit(told)
    assert later.refused[act.hash].why == "理由金丝雀", "the case is still here"
    received, word = held(later, Revoke(act.case_id, 9))
    assert received.purge == (act.case_id,)
    assert [(each.reason, each.by, each.why) for each in word] == [(LEFT_OUT, "qian", "")]
    later.commit(received)
    assert later.refused[act.hash].why == ""
