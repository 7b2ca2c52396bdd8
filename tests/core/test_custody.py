"""What a device lets go of, and when: never while something of the case waits, never twice, never the city document."""

from __future__ import annotations

from py_core.custody import Custody, News, custody_after, custody_of

A, B, C = "aa" * 16, "bb" * 16, "cc" * 16


def news(
    *steps: tuple[str, bool], changed: bool = False, complete: bool = True, attested: tuple[str, ...] = ()
) -> News:
    return News(steps, changed, complete, attested)


def test_a_revoked_case_goes_at_once_when_nothing_of_it_waits() -> None:
    custody, purge = custody_after(Custody(), news((A, False)), held=(A, B), busy=())
    assert purge == (A,)
    assert custody == Custody(purged=(A,))


def test_it_stays_as_long_as_something_of_it_waits_and_goes_with_the_answer_that_settles_it() -> None:
    custody, purge = custody_after(Custody(), news((A, False)), held=(A,), busy=(A,))
    assert (purge, custody.leaving) == ((), {A})
    custody, purge = custody_after(custody, news(), held=(A,), busy=())
    assert (purge, custody) == ((A,), Custody(purged=(A,)))


def test_a_case_that_comes_back_before_it_went_stays() -> None:
    custody, _ = custody_after(Custody(), news((A, False)), held=(A,), busy=(A,))
    custody, purge = custody_after(custody, news((A, True)), held=(A,), busy=())
    assert (purge, custody) == ((), Custody())


def test_the_last_word_in_the_stream_counts() -> None:
    assert custody_after(Custody(), news((A, True), (A, False)), held=(), busy=())[1] == (A,)
    assert custody_after(Custody(), news((A, False), (A, True)), held=(A,), busy=())[1] == ()


def test_a_new_scope_keeps_what_it_brings_and_lets_the_rest_go_once_it_is_complete() -> None:
    custody, purge = custody_after(Custody(), news((A, True), changed=True, complete=False), held=(A, B, C), busy=(C,))
    assert (purge, custody.doubtful) == ((), {B, C})
    custody = custody_of(custody.as_row())  # a restart in the middle of the pages forgets nothing
    custody, purge = custody_after(custody, news(complete=True), held=(A, B, C), busy=(C,))
    assert (purge, custody.leaving) == ((B,), {C})


def test_a_cut_answer_purges_nothing_and_remembers() -> None:
    custody, purge = custody_after(Custody(), news((A, False), complete=False), held=(A,), busy=())
    assert (purge, custody.leaving) == ((), {A})


def test_a_purge_is_attested_until_the_record_has_heard_of_it() -> None:
    custody = Custody(purged=(A, B))
    assert custody_after(custody, news(), held=(), busy=())[0].purged == (A, B)
    assert custody_after(custody, news(attested=(A,)), held=(), busy=())[0].purged == (B,)


def test_what_was_never_here_is_not_purged() -> None:
    assert custody_after(Custody(), news((A, False)), held=(B,), busy=()) == (Custody(), ())


def test_a_receipts_file_lets_go_only_what_it_names() -> None:
    before = Custody(leaving=frozenset({C}))
    told = News(((A, False),), scope_changed=True, complete=False, by_file=True)
    custody, purge = custody_after(before, told, held=(A, B, C), busy=())
    assert (purge, custody) == ((A,), Custody(frozenset({B, C}), frozenset({C}), (A,)))
    custody, purge = custody_after(before, told, held=(A, B, C), busy=(A,))
    assert (purge, custody.leaving) == ((), {A, C})
