"""A device believes no record whose log does not continue the one that it has seen, and accuses nobody for a bad line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_sync import said, waiting

from py_core import merkle
from py_core.checkpoint import act_leaf
from py_core.errors import Malformed
from py_core.exchanged import Received
from py_core.log_watch import Fork, fork_of, head_of, head_row, proof_frame
from py_core.merkle import Head
from py_core.standing import Standing, standing_of
from py_core.sync import SyncClient
from py_core.wire import (
    TYPE_INCLUDED,
    Beacon,
    End,
    Frame,
    Hello,
    Short,
    Verdict,
    encode_frames,
    message_frame,
)

LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(20)]
OTHERS = [merkle.leaf_hash(b"x"), *LEAVES[1:]]


def beacon(size: int, older: int, leaves: list[bytes] = LEAVES) -> Beacon:
    tree = merkle.subtrees_of(leaves)
    path = tuple(step.hex() for step in merkle.consistency_path(older, size, tree)) if older <= size else ()
    return Beacon("1-00", 1, size, "", merkle.root_of(leaves[:size]).hex(), older, path)


def answered(client: SyncClient, *said: Frame) -> int:
    received = client.read([encode_frames([*said])])
    return client.commit(received)


def end(cursor: int = 3) -> Frame:
    return message_frame(End(cursor=cursor, more=False, scope="u"))


def asked(client: SyncClient) -> Hello:
    return said(client.request())[0]


def seen_nine() -> SyncClient:
    return SyncClient("d1", "0.1.0", Standing(cursor=3, scope="u", head=Head(9, merkle.root_of(LEAVES[:9]))))


def test_the_first_head_is_believed_and_every_later_one_must_continue_it() -> None:
    client = SyncClient("d1", "0.1.0")
    assert (asked(client).log_size, "log" in asked(client).can.split()) == (0, True)
    for older, size in ((0, 5), (5, 5), (5, 9), (9, 20)):
        answered(client, message_frame(beacon(size, older)), end(size))
        assert client.standing.head == Head(size, merkle.root_of(LEAVES[:size]))
        assert (asked(client).log_size, client.standing.cursor, client.problem) == (size, size, "")
    assert head_of(head_row(client.standing.head)) == client.standing.head
    assert head_of(None) is None


@pytest.mark.parametrize("said", [beacon(12, 9, OTHERS), beacon(9, 9, OTHERS), replace(beacon(12, 9), path=())])
def test_nothing_of_a_forked_record_counts_as_received(said: Beacon) -> None:
    client = seen_nine()
    client.add(waiting(1))
    client.request()
    verdict = message_frame(Verdict(waiting(1).hash, "accepted", "", 6, 5, "00" * 64))
    received = client.read([encode_frames([message_frame(said), verdict, end(8)])])
    assert (received.forked, received.receipts, received.end, received.is_empty) == (True, [], None, False)
    assert client.commit(received) > 0
    assert (client.problem, client.waiting, client.standing.cursor) == ("record_forked", 1, 3)
    assert client.standing.head == Head(9, merkle.root_of(LEAVES[:9])), "it goes on demanding what it has seen"
    # It tells the centre both heads, with every hello until an answer continues what it has seen.
    fork = fork_of(asked(client).forked)
    assert fork == Fork(Head(9, merkle.root_of(LEAVES[:9])), Head(said.log_size, bytes.fromhex(said.root)))
    answered(client, message_frame(beacon(10, 9)), end(8))
    assert (client.problem, client.standing.cursor, asked(client).forked) == ("", 8, "")


@pytest.mark.parametrize("text", ["", "x", "9:ab 9:ab", f"0:{'ab' * 32} 9:{'ab' * 32}", f"9:{'AB' * 32} 9:{'ab' * 32}"])
def test_what_is_no_report_of_a_fork_is_none(text: str) -> None:
    assert fork_of(text) is None


@pytest.mark.parametrize("said", [Beacon("1-00", 1, 12, ""), beacon(12, 8), replace(beacon(12, 9), root="zz"),
                                  replace(beacon(12, 9), path=("00",)), None])  # fmt: skip
def test_what_answers_another_question_is_no_answer(said: Beacon | None) -> None:
    """A bad line may bend request or answer: that is no proof against the record."""
    client = seen_nine()
    frames = [end()] if said is None else [message_frame(said), end()]
    with pytest.raises(Malformed):
        client.read([encode_frames(frames)])


def test_a_receipt_beyond_the_log_is_no_receipt() -> None:
    client = seen_nine()
    client.add(waiting(1))
    client.request()
    verdict = message_frame(Verdict(waiting(1).hash, "accepted", "", 12, 5, "00" * 64))
    with pytest.raises(Malformed, match="not in the log"):
        client.read([encode_frames([message_frame(beacon(12, 9)), verdict, end()])])


WAITING = waiting(1)
LOGGED = [*LEAVES[:9], act_leaf(WAITING.case_id, WAITING.hash, 5), *LEAVES[10:12]]


def receipted(client: SyncClient, *proof: Frame, last: bool = True) -> Received:
    """The record's answer to the one act that waits: number 9 of a log of 12."""
    client.add(WAITING)
    client.request()
    verdict = message_frame(Verdict(WAITING.hash, "accepted", "", 9, 5, "00" * 64))
    frames = [message_frame(beacon(12, 9, LOGGED)), *proof, verdict, *([end(8)] if last else [])]
    return client.read([encode_frames(frames)])


def proof_of(index: int) -> Frame:
    return proof_frame(merkle.common_path([index], 12, merkle.subtrees_of(LOGGED)))


def test_a_receipt_is_believed_with_the_proof_that_its_act_is_in_the_log() -> None:
    client = seen_nine()
    assert "proof" in asked(client).can.split()
    client.commit(receipted(client, proof_of(9)))
    assert (client.waiting, client.standing.proves) == (0, True)
    assert standing_of(client.standing.as_row()) == client.standing


@pytest.mark.parametrize("proof", [proof_of(8), proof_frame([]), Short(TYPE_INCLUDED, b"half a hash")])
def test_a_receipt_with_another_proof_is_none(proof: Frame) -> None:
    with pytest.raises(Malformed, match=r"proof|hashes"):
        receipted(seen_nine(), proof)


def test_a_record_that_has_proven_receipts_is_not_believed_without_proof_any_more() -> None:
    older = seen_nine()
    older.commit(receipted(older))
    assert (older.waiting, older.standing.proves) == (0, False), "a record of before that"
    newer = seen_nine()
    newer.standing = replace(newer.standing, proves=True)
    with pytest.raises(Malformed, match="without the proof"):
        receipted(newer)


def test_receipts_that_were_cut_off_from_their_proof_are_asked_for_again() -> None:
    client = seen_nine()
    client.standing = replace(client.standing, proves=True)
    received = receipted(client, last=False)
    assert (received.receipts, received.forked) == ([], False)
    client.commit(received)
    assert client.waiting == 1


def test_an_older_record_without_roots_is_believed_until_it_has_told_one() -> None:
    client = SyncClient("d1", "0.1.0")
    answered(client, message_frame(Beacon("1-00", 1, 12, "")), end())
    assert (client.standing.head, client.standing.cursor) == (None, 3)


def test_a_shorter_log_is_a_record_that_came_back_from_a_backup() -> None:
    """It is told, what was received beyond is taken back, and the head from before is kept as a witness."""
    client = seen_nine()
    received = client.read([encode_frames([message_frame(beacon(7, 9)), end(2)])])
    assert (received.forked, received.shared) == (False, 7)
    client.commit(received)
    assert client.standing.head == Head(7, merkle.root_of(LEAVES[:7]))
    assert client.standing.before == (Head(9, merkle.root_of(LEAVES[:9])),)
    assert standing_of(client.standing.as_row()) == client.standing


def test_a_told_restore_may_be_followed_by_another_history() -> None:
    client = seen_nine()
    told = message_frame(End(cursor=0, more=True, scope="u", lineage="ffee", shared=4))
    received = client.read([encode_frames([message_frame(beacon(12, 9, OTHERS)), told])])
    client.commit(received)
    assert (received.forked, received.shared, client.standing.head) == (False, 4, Head(12, merkle.root_of(OTHERS[:12])))
