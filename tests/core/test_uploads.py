"""The device's uploads: after the acts, resumed where the record says, slower on slow lines, never for ever."""

from __future__ import annotations

import pytest

from py_core.uploads import BACK_OFF_MAX_MS, CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, RETRY_AFTER_MAX_MS, UploadClient

A, B = "aa" * 32, "bb" * 32
ACT = "cc" * 32
SIZE = 1_000_000


def client(*, ready: bool = True) -> UploadClient:
    made = UploadClient()
    made.add(A, SIZE, ACT, ready=ready)
    return made


def run(uploads: UploadClient, took_ms: int = 1000) -> list[tuple[int, int]]:
    """Sends everything as an honest record takes it; the pieces that were sent."""
    sent = []
    while step := uploads.next():
        if step.do == "ask":
            uploads.moved(step.sha256, 0, complete=False, took_ms=took_ms)
            continue
        sent.append((step.offset, step.length))
        reached = step.offset + step.length
        uploads.moved(step.sha256, reached, reached == step.total, took_ms)
    return sent


def test_a_content_waits_for_its_act_and_is_sent_whole_once() -> None:
    uploads = client(ready=False)
    assert uploads.next() is None
    assert uploads.is_waiting(A)
    uploads.act_taken("dd" * 32)
    assert uploads.next() is None
    uploads.act_taken(ACT)
    sent = run(uploads)
    assert sum(length for _, length in sent) == SIZE
    assert [at for at, _ in sent] == [sum(length for _, length in sent[:n]) for n in range(len(sent))]
    assert uploads.waiting == 0
    assert uploads.progress() is None


def test_it_goes_on_where_the_record_stands() -> None:
    uploads = client()
    uploads.moved(A, 700_000, complete=False, took_ms=10)
    step = uploads.next()
    assert step is not None
    assert (step.do, step.offset) == ("send", 700_000)


def test_what_the_record_has_already_is_not_sent() -> None:
    uploads = client()
    assert uploads.moved(A, SIZE, complete=True, took_ms=10)
    assert uploads.next() is None


def test_chunks_follow_the_line() -> None:
    assert max(length for _, length in run(client(), took_ms=50)) == CHUNK_BYTES_MAX
    assert min(length for _, length in run(client(), took_ms=9000)[:-1]) == CHUNK_BYTES_MIN


def test_a_broken_line_asks_again_after_growing_pauses() -> None:
    uploads = client()
    uploads.moved(A, 500_000, complete=False, took_ms=10)
    waits = [uploads.failed(A, None, 0, 1.0, None) for _ in range(12)]
    assert waits[0] < waits[1] < waits[2]
    assert waits[-1] == BACK_OFF_MAX_MS
    step = uploads.next()
    assert step is not None
    assert step.do == "ask"


def test_the_record_may_ask_for_patience_but_not_for_ever() -> None:
    assert client().failed(A, 503, 0, 0.0, 30_000) == 30_000
    uploads = client()
    assert uploads.failed(A, 429, 0, 0.0, 10**12) == RETRY_AFTER_MAX_MS
    assert uploads.problem == "quota"


def test_another_offset_is_believed_at_once() -> None:
    uploads = client()
    uploads.moved(A, 100, complete=False, took_ms=10)
    assert uploads.failed(A, 409, 4000, 0.5, None) == 0
    step = uploads.next()
    assert step is not None
    assert step.offset == 4000


@pytest.mark.parametrize("offset", [-5, SIZE, 10**12])
def test_a_record_that_tells_nonsense_harms_nothing(offset: int) -> None:
    uploads = client()
    uploads.moved(A, offset, complete=False, took_ms=10)
    step = uploads.next()
    assert step is not None
    assert 0 <= step.offset < SIZE
    assert 0 < step.length <= SIZE - step.offset
    uploads.moved(B, 1, complete=True, took_ms=1)
    uploads.failed(B, 409, 1, 0.0, None)


def test_what_the_record_will_not_have_is_given_up_and_the_next_one_goes() -> None:
    uploads = client()
    uploads.add(B, 10, ACT, ready=True)
    assert uploads.failed(A, 415, 0, 0.0, None) == 0
    assert uploads.refused == {A: "wrong_type"}
    assert uploads.problem == "refused"
    step = uploads.next()
    assert step is not None
    assert step.sha256 == B
    for _ in range(3):
        uploads.failed(B, 422, 0, 0.0, None)
    assert uploads.refused[B] == "wrong_hash"
    assert uploads.next() is None


def test_progress_counts_all_since_nothing_waited() -> None:
    uploads = client()
    uploads.add(B, 500_000, ACT, ready=True)
    uploads.moved(A, 250_000, complete=False, took_ms=10)
    assert uploads.progress() == (0, 2, 250_000, 1_500_000)
    uploads.moved(A, SIZE, complete=True, took_ms=10)
    assert uploads.progress() == (1, 2, 1_000_000, 1_500_000)
    uploads.moved(B, 500_000, complete=True, took_ms=10)
    uploads.add(A, SIZE, ACT, ready=True)
    assert uploads.progress() == (0, 1, 0, SIZE)


def test_contents_wait_while_data_are_to_be_saved_until_somebody_says_go() -> None:
    uploads = client()
    uploads.sparing = True
    assert uploads.is_held
    assert uploads.next() is None
    assert uploads.progress() is not None
    uploads.go()
    assert not uploads.is_held
    assert uploads.next() is not None
    assert run(uploads)[-1][0] < SIZE
    uploads.add(B, 10, ACT, ready=True)
    assert uploads.is_held, "the word was for what waited then"


def test_what_a_refused_act_names_waits_for_the_centre_and_is_sent_once_that_took_it() -> None:
    """After a restart too: else its case left the device with the only copy (simulation, MOVING, seed 2)."""
    uploads = UploadClient()
    uploads.add(A, SIZE, ACT, ready=False, at_centre=True)
    assert uploads.next() is None
    assert uploads.acts == {ACT}  # its case has to stay
    assert uploads.progress() is None  # and nobody waits for it here
    uploads.act_taken(ACT)
    assert run(uploads)
    assert not uploads.waiting


def test_what_the_centre_left_out_is_not_kept_for_ever() -> None:
    uploads = client(ready=False)
    uploads.act_refused(ACT, for_good=False)
    assert uploads.acts == {ACT}
    uploads.act_refused(ACT, for_good=True)
    assert uploads.waiting == 0
