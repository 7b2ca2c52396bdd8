"""What becomes of a case's document when acts are refused, rest on refused ones, or come after all."""

from __future__ import annotations

from test_sync import ACTOR, accepted, act_text, answer, case_id, client, waiting

from py_core.change import ActChange, decode_act_change, encode_act_change
from py_core.exchanged import Received, RefusedAct, WaitingAct
from py_core.keeping import DocumentStep, keeping
from py_core.packed import messages
from py_core.sync import SyncClient
from py_core.wire import Beacon, End, Hello, Pulled, Verdict, read_frames, read_message

CASE = case_id(1)
BEGUN = waiting(1)


def resting_on(cause: WaitingAct, number: int) -> WaitingAct:
    """An act of the same case whose author had seen the cause last."""
    before = decode_act_change(cause.raw)
    at = before.start_op
    raw = encode_act_change(ActChange("", (cause.hash,), ACTOR, before.seq + 1, at + 1, act_text(number), (at, ACTOR)))
    return WaitingAct(CASE, decode_act_change(raw).hash, raw, 1, bytes(64), ACTOR, "5a" * 64)


def plan_of(device: SyncClient, *frames: object) -> tuple[Received, DocumentStep]:
    device.request()
    received = device.read(answer(*frames, Beacon("b", 1, 9, ""), End(3, False, "s")))
    return received, keeping(received, device, (), lambda case_id: []).documents[CASE]


def can(device: SyncClient) -> str:
    hello = read_message(messages.long(read_frames(device.request())[0]))
    assert isinstance(hello, Hello)
    return hello.can


def refusing(*acts: WaitingAct) -> SyncClient:
    """A device that the record has told that it does not take these acts."""
    device = client()
    device.settle(Received(refused=[RefusedAct(CASE, each.hash, "foreign_scope") for each in acts]))
    return device


def test_a_document_that_kept_its_refused_acts_loses_them_when_others_come() -> None:
    second = resting_on(BEGUN, 2)
    _, step = plan_of(refusing(BEGUN, second), Pulled(CASE, 2, 5, BEGUN.raw))
    assert step == DocumentStep((second.hash,), (BEGUN.raw,))


def test_what_rests_on_a_refused_act_asks_to_be_told_again_and_stays_in_the_outbox_until_it_is() -> None:
    second, third = resting_on(BEGUN, 2), waiting(3)
    device = refusing(BEGUN)
    device.add(third)
    assert "echo" not in can(device)
    device.add(second)
    assert device.astray == {BEGUN.hash, second.hash}
    assert "echo" in can(device)
    received = device.read(answer(accepted(third, 4), accepted(second, 5), Beacon("b", 1, 9, ""), End(3, False, "s")))
    plan = keeping(received, device, (), lambda case_id: [])
    assert (plan.taken, plan.settled) == ([second.hash], [third.hash])


def test_what_waits_on_a_refused_act_comes_back_into_the_document_with_it() -> None:
    second = resting_on(BEGUN, 2)
    other = resting_on(BEGUN, 3)
    fourth = resting_on(other, 4)
    device = refusing(BEGUN, other)
    device.add(second)
    device.add(fourth)
    received, step = plan_of(device, Pulled(CASE, 2, 5, BEGUN.raw))
    assert step == DocumentStep((other.hash,), (BEGUN.raw, second.raw))
    device.commit(received)
    assert device.astray == {other.hash, fourth.hash}


def test_what_waits_is_not_written_again_where_nothing_was_refused() -> None:
    second = resting_on(BEGUN, 2)
    device = client(second)
    _, step = plan_of(device, Pulled(CASE, 2, 5, BEGUN.raw))
    assert step == DocumentStep((), (BEGUN.raw,))


def test_a_refusal_takes_its_act_out() -> None:
    device = client(BEGUN)
    _, step = plan_of(device, Verdict(BEGUN.hash, "quarantined", "foreign_scope"))
    assert step == DocumentStep((BEGUN.hash,), ())
