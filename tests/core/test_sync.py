"""What a device says to the record and believes of it: told with the real frames, without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from py_core.cases.acts import canonical_json
from py_core.change import GENESIS_HASH, ActChange, decode_act_change, encode_act_change
from py_core.errors import Malformed
from py_core.exchanged import WaitingAct
from py_core.pace import BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, POLL_MS
from py_core.packed import messages
from py_core.packed.outbox import unpack_acts
from py_core.sync import PUSH_ITEMS_MAX, SyncClient
from py_core.wire import (
    PACKED,
    REVOKED_SCOPE,
    TYPE_ACTS,
    ActorAnnouncement,
    Beacon,
    Config,
    End,
    Frame,
    Hello,
    Pulled,
    Pushed,
    Short,
    Verdict,
    encode_frames,
    message_frame,
    read_frames,
    read_message,
)

CASE = "ab" * 16
ACTOR = "0a" * 16


def act_text(number: int) -> str:
    return canonical_json(
        {
            "v": 1,
            "kind": "register",
            "events": [{"type": "registered", "title": "x" * 10}],
            "user": "u1",
            "device": "d1",
            "device_seq": number,
            "occurred_at": "2026-11-20T09:00:00+08:00",
            "claimed_at": "2026-11-20T09:00:00+08:00",
            "beacon": None,
            "since_beacon_ms": None,
            "pack_version": "jy-1",
            "app_version": "0.1.0",
        }
    )


def change(number: int, text: str | None = None, actor: str = ACTOR) -> bytes:
    """The first act of a case of its own: no two are equal because their texts differ."""
    act = ActChange("", (GENESIS_HASH,), actor, 1, 2, text or act_text(number), None)
    return encode_act_change(act)


def case_id(number: int) -> str:
    return f"{number:032x}"


def waiting(number: int, actor: str = ACTOR) -> WaitingAct:
    raw = change(number, actor=actor)
    digest = decode_act_change(raw).hash
    return WaitingAct(case_id(number), digest, raw, 1, bytes(64), actor, "5a" * 64)


def client(*acts: WaitingAct) -> SyncClient:
    made = SyncClient("d1", "0.1.0")
    for act in acts:
        made.add(act)
    return made


def said(body: bytes) -> tuple[Hello, list[ActorAnnouncement], list[Pushed]]:
    frames: list[Frame] = []
    for frame in read_frames(body):
        if isinstance(frame, Short) and frame.type == TYPE_ACTS:
            acts = unpack_acts(frame.payload, lambda _: None, 2_000, 2**22)
            frames += [Pushed(act.case_id, act.alg, act.signature, act.raw) for act in acts]
        else:
            frames.append(messages.long(frame))
    hello = read_message(frames[0])
    assert isinstance(hello, Hello)
    actors = [
        m for f in frames[1:] if not isinstance(f, Pushed) and isinstance(m := read_message(f), ActorAnnouncement)
    ]
    return hello, actors, [f for f in frames if isinstance(f, Pushed)]


def answer(*frames: Frame | Any) -> list[bytes]:
    whole = [f if isinstance(f, (Pulled, Pushed)) else message_frame(f) for f in frames]
    return [encode_frames(whole)]


def accepted(act: WaitingAct, index: int, kind: Any = "accepted") -> Verdict:
    return Verdict(act.hash, kind, "", index, 1_700_000_000_000 + index, "ab" * 64)


def test_more_is_to_come_until_the_record_says_otherwise_and_while_it_is_asked() -> None:
    sync = client()
    told = []
    for end in (End(1, True), End(2, False), None, End(2, False)):
        told.append(sync.more_to_come)
        sync.request()
        told.append(sync.more_to_come)
        sync.commit(sync.read(answer(*([] if end is None else [end]))))
    told.append(sync.more_to_come)
    assert told == [True, True, True, True, False, True, True, True, False]
    sync.request()
    sync.failed(None, 0.5)
    assert not sync.more_to_come


def test_the_first_request_of_an_empty_device_is_one_hello() -> None:
    hello, actors, pushed = said(client().request())
    assert (hello.device, hello.cursor, hello.config, hello.waiting) == ("d1", 0, 0, 0)
    assert actors == []
    assert pushed == []


def test_acts_go_out_in_the_order_of_writing_each_actor_announced_once() -> None:
    acts = [waiting(1), waiting(2, "0b" * 16), waiting(3)]
    hello, actors, pushed = said(client(*acts).request())
    assert [p.raw for p in pushed] == [a.raw for a in acts]
    assert [a.actor for a in actors] == [ACTOR, "0b" * 16]
    assert hello.waiting == 0


def test_a_long_outbox_goes_in_batches_and_the_hello_says_what_stays_behind() -> None:
    acts = [waiting(n) for n in range(PUSH_ITEMS_MAX + 5)]
    sync = client(*acts)
    hello, _, pushed = said(sync.request())
    assert len(pushed) == PUSH_ITEMS_MAX
    assert hello.waiting == 5
    verdicts = [accepted(a, n) for n, a in enumerate(acts[:PUSH_ITEMS_MAX])]
    assert sync.commit(sync.read(answer(*verdicts, End(9, False)))) == 0
    _, _, rest = said(sync.request())
    assert [p.raw for p in rest] == [a.raw for a in acts[PUSH_ITEMS_MAX:]]


def test_a_receipt_ends_the_waiting_only_when_the_host_has_stored_it() -> None:
    act = waiting(1)
    sync = client(act)
    sync.request()
    received = sync.read(answer(accepted(act, 7), Beacon("b1", 1, 8, "00"), End(7, False, "s")))
    assert sync.is_waiting(act.hash)
    assert sync.standing.cursor == 0
    assert received.receipts[0].log_index == 7
    assert sync.commit(received) == POLL_MS
    assert not sync.is_waiting(act.hash)
    assert (sync.standing.cursor, sync.standing.scope, sync.is_complete, sync.online) == (7, "s", True, True)


def test_an_answer_that_was_read_but_never_stored_is_asked_for_again() -> None:
    act = waiting(1)
    sync = client(act)
    first = sync.request()
    sync.read(answer(accepted(act, 7), End(7, False)))
    assert sync.request() == first


def test_had_counts_as_a_receipt() -> None:
    act = waiting(1)
    sync = client(act)
    sync.request()
    sync.commit(sync.read(answer(accepted(act, 3, "had"), End(3, False))))
    assert sync.waiting == 0


def test_a_refused_act_is_kept_apart_with_its_reason_and_not_sent_again() -> None:
    bad, good = waiting(1), waiting(2)
    sync = client(bad, good)
    sync.request()
    sync.commit(sync.read(answer(Verdict(bad.hash, "quarantined", "scope"), accepted(good, 4), End(4, False))))
    assert sync.waiting == 0
    assert sync.refused[bad.hash].reason == "scope"
    assert said(sync.request())[2] == []


def test_a_refused_act_that_the_centre_releases_is_no_longer_refused() -> None:
    act = waiting(1)
    sync = client(act)
    sync.request()
    sync.commit(sync.read(answer(Verdict(act.hash, "quarantined", "scope"), End(1, False))))
    sync.request()
    sync.commit(sync.read(answer(Pulled(act.case_id, 5, 6, act.raw), End(5, False))))
    assert sync.refused == {}


def test_own_acts_that_come_back_count_as_receipts_when_the_verdict_was_lost() -> None:
    act = waiting(1)
    sync = client(act)
    sync.request()
    received = sync.read(answer(Pulled(act.case_id, 5, 6, act.raw), End(5, False)))
    sync.commit(received)
    assert sync.waiting == 0
    assert (received.acts[0].hash, received.acts[0].deps) == (act.hash, ())


@pytest.mark.parametrize("piece", [1, 7, 100, 10_000])
def test_the_size_of_the_pieces_does_not_matter(piece: int) -> None:
    act, other = waiting(1), waiting(2)
    whole = answer(accepted(act, 1), Pulled(case_id(2), 2, 3, other.raw), End(2, False))[0]
    sync = client(act)
    sync.request()
    received = sync.read(whole[at : at + piece] for at in range(0, len(whole), piece))
    assert (len(received.receipts), len(received.acts), received.end) == (1, 1, End(2, False))


def test_a_device_learns_from_its_own_acts_which_numbers_it_has_used() -> None:
    """A profile that comes back from an older copy must not use them again (found by the simulation, seed 3)."""
    foreign = act_text(9).replace('"d1"', '"d2"')
    acts = [Pulled(case_id(n), n, n, change(n)) for n in (4, 7, 5)]
    received = client().read(answer(*acts, Pulled(case_id(9), 9, 9, change(9, text=foreign)), End(5, False)))
    assert received.own_seq == 7
    assert client().read(answer(End(5, False))).own_seq == 0


def test_a_cut_answer_counts_as_far_as_it_came_and_the_cursor_stays() -> None:
    act, other = waiting(1), waiting(2)
    whole = answer(accepted(act, 1), Pulled(case_id(2), 2, 3, other.raw), End(2, False))[0]
    for length in range(len(whole)):
        sync = client(act)
        sync.request()
        received = sync.read([whole[:length]])
        assert received.end is None
        if received.is_empty:
            continue
        wait = sync.commit(received)
        assert wait >= BACK_OFF_FIRST_MS
        assert sync.standing.cursor == 0
        assert not sync.is_complete
        assert sync.waiting == (0 if received.receipts else 1)


def test_more_to_come_is_fetched_at_once() -> None:
    sync = client()
    sync.request()
    assert sync.commit(sync.read(answer(Pulled(CASE, 1, 1, change(1)), End(1, True)))) == 0
    assert not sync.is_complete


def test_a_newer_directory_is_taken_with_its_version() -> None:
    sync = client()
    sync.request()
    received = sync.read(answer(Config({"version": 4}), End(0, False)))
    sync.commit(received)
    assert said(sync.request())[0].config == 4


@pytest.mark.parametrize(
    "frames",
    [
        [Verdict("ff" * 32, "accepted", "", 1, 1, "")],
        [Verdict("", "accepted")],
        [Hello("d", 0, 0, "a", 0)],
        [End(1, False), End(1, False)],
        [Config({"version": "4"})],
        [Pulled(CASE, 1, 1, b"not a change")],
        [Pulled(CASE, 1, 1, change(1, text="not an act"))],
        [Pushed(CASE, 1, bytes(64), b"x")],
    ],
    ids=["foreign verdict", "verdict for nothing", "hello", "after end", "config", "no change", "no act", "push"],
)
def test_what_is_no_answer_is_refused_whole(frames: list[Any]) -> None:
    sync = client()
    sync.request()
    with pytest.raises(Malformed):
        sync.read(answer(*frames))
    assert sync.standing.cursor == 0


def test_a_verdict_that_takes_an_act_must_say_where_and_when() -> None:
    act = waiting(1)
    sync = client(act)
    sync.request()
    with pytest.raises(Malformed):
        sync.read(answer(Verdict(act.hash, "accepted"), End(1, False)))
    assert sync.is_waiting(act.hash)


def test_failures_wait_longer_each_time_and_spread_the_devices() -> None:
    sync = client()
    waits = [sync.failed(None, 0.999) for _ in range(12)]
    assert waits == sorted(waits)
    assert BACK_OFF_MAX_MS * 0.9 < waits[-1] <= BACK_OFF_MAX_MS
    assert sync.failed(None, 0.0) == BACK_OFF_MAX_MS // 2
    sync.request()
    sync.commit(sync.read(answer(End(0, False))))
    assert sync.failed(None, 0.999) <= BACK_OFF_FIRST_MS


def test_the_record_may_ask_for_patience() -> None:
    assert client().failed(503, 0.5, 30_000) == 30_000
    assert client().failed(429, 0.5, 10**12) == 3_600_000


@pytest.mark.parametrize(
    ("status", "problem", "online"),
    [
        (None, "", False),
        (200, "bad_answer", False),
        (401, "signed_out", True),
        (403, "unknown_device", True),
        (426, "update_needed", True),
        (500, "record_fault", True),
        (503, "busy", True),
    ],
)
def test_each_failure_has_its_name(status: int | None, problem: str, online: bool) -> None:
    sync = client(waiting(1))
    sync.failed(status, 0.5)
    assert (sync.problem, sync.online, sync.waiting) == (problem, online, 1)


def test_a_body_that_was_too_large_is_halved() -> None:
    sync = client(*(waiting(n) for n in range(40)))
    sync.request()
    for _ in range(3):
        sync.failed(413, 0.5)
    assert len(said(sync.request())[2]) == PUSH_ITEMS_MAX // 8
    assert sync.problem == ""


def test_an_older_record_is_spoken_to_in_full_at_once_and_keeps_nothing_waiting() -> None:
    act = waiting(1)
    sync = client(act)
    assert any(isinstance(frame, Short) for frame in read_frames(sync.request()))
    assert sync.failed(400, 0.5) == 0
    again = read_frames(sync.request())
    assert not any(isinstance(frame, Short) for frame in again)
    assert PACKED not in str(again[0])
    assert sync.commit(sync.read(answer(accepted(act, 1), End(1, False)))) == POLL_MS
    assert not any(isinstance(frame, Short) for frame in read_frames(sync.request()))
    assert sync.failed(400, 0.5) > 0, "in full it is a fault of the program"


def test_a_record_that_does_not_hold_the_causes_gets_them_in_full_once() -> None:
    sync = client(waiting(1))
    sync.request()
    assert sync.failed(409, 0.5) == 0
    assert not any(isinstance(frame, Short) for frame in read_frames(sync.request()))
    sync.commit(sync.read(answer(accepted(waiting(1), 1), End(1, False))))
    sync.add(waiting(2))
    assert any(isinstance(frame, Short) for frame in read_frames(sync.request()))


def test_a_withdrawn_device_lets_go_also_of_what_it_began_after_it_was_told() -> None:
    """Its act was refused, the answer got lost, the centre took the act: now it is `had` (MOVING, seed 44)."""
    sync = client(act := waiting(1))
    sync.standing = replace(sync.standing, scope=REVOKED_SCOPE)
    sync.request()
    received = sync.read(answer(accepted(act, 4, "had"), End(0, False, REVOKED_SCOPE)), held=[act.case_id])
    assert received.purge == (act.case_id,)


def test_each_page_of_an_answer_moves_the_cursor_when_the_rest_was_cut() -> None:
    sync = client()
    sync.request()
    pages = answer(
        Pulled(CASE, 1, 1, change(1)), End(1, True, "s"), Pulled(case_id(2), 2, 2, change(2)), End(2, False, "s")
    )
    received = sync.read([pages[0][:-3]])
    assert [act.log_index for act in received.acts] == [1, 2]
    assert sync.commit(received) == 0
    assert (sync.standing.cursor, sync.is_complete) == (1, False)
