"""How long a device waits: by what went wrong, who is there, and what has to be spared."""

from __future__ import annotations

import pytest

from py_core.pace import (
    BACK_OFF_ATTENDED_MAX_MS,
    BACK_OFF_FIRST_MS,
    BACK_OFF_MAX_MS,
    BACK_OFF_SAVING_MAX_MS,
    EVENTS_BACK_OFF_MAX_MS,
    EVENTS_LIVED_MS,
    NUDGED_MS_MIN,
    RETRY_AFTER_MAX_MS,
    Pace,
)


@pytest.mark.parametrize(
    ("pace", "reached", "longest"),
    [
        (Pace(), False, BACK_OFF_MAX_MS),
        (Pace(attended=True), False, BACK_OFF_ATTENDED_MAX_MS),
        (Pace(attended=True), True, BACK_OFF_MAX_MS),
        (Pace(attended=True, saving=True), False, BACK_OFF_SAVING_MAX_MS),
        (Pace(saving=True), True, BACK_OFF_SAVING_MAX_MS),
    ],
    ids=["nobody here", "somebody here", "a record in trouble", "battery", "battery and trouble"],
)
def test_failures_wait_longer_up_to_what_fits_the_situation(pace: Pace, reached: bool, longest: int) -> None:
    waits = [pace.failed(0.999, reached=reached) for _ in range(16)]
    assert waits == sorted(waits)
    assert BACK_OFF_FIRST_MS * 0.9 < waits[0] <= BACK_OFF_FIRST_MS
    assert longest * 0.99 < waits[-1] <= longest
    assert pace.failed(0.0, reached=reached) == longest // 2
    pace.succeeded()
    assert pace.failed(0.0, reached=reached) == BACK_OFF_FIRST_MS // 2


def test_somebody_who_comes_back_shortens_the_next_wait() -> None:
    pace = Pace()
    for _ in range(10):
        pace.failed(0.5, reached=False)
    pace.attended = True
    assert pace.failed(0.5, reached=False) <= BACK_OFF_ATTENDED_MAX_MS


def test_the_record_may_ask_for_more_patience_than_the_device_has() -> None:
    for pace in (Pace(), Pace(attended=True), Pace(saving=True)):
        assert pace.failed(0.5, reached=True, retry_after_ms=400_000) == 400_000
        assert pace.failed(0.5, reached=True, retry_after_ms=0) > 0
        assert pace.failed(0.5, reached=True, retry_after_ms=10**12) == RETRY_AFTER_MAX_MS


def test_battery_and_data_are_spared_while_nothing_is_due() -> None:
    for events in (True, False):
        assert Pace(saving=True).idle(events=events) >= 4 * Pace().idle(events=events)
    assert Pace().idle(events=False) < Pace().idle(events=True)


def test_somebody_s_doing_causes_one_attempt_in_a_while() -> None:
    assert Pace().nudged(0) == NUDGED_MS_MIN
    assert Pace().nudged(NUDGED_MS_MIN - 1) == 1
    assert Pace().nudged(10**9) == 0


def test_a_line_that_blocks_wake_ups_is_asked_less_and_less_often() -> None:
    pace = Pace()
    waits = [pace.events_lost(0, 0.999) for _ in range(16)]
    assert waits == sorted(waits)
    assert EVENTS_BACK_OFF_MAX_MS * 0.99 < waits[-1] <= EVENTS_BACK_OFF_MAX_MS
    assert pace.events_lost(EVENTS_LIVED_MS, 0.999) <= waits[0]


def test_wake_ups_that_end_with_the_record_are_not_held_against_the_line() -> None:
    pace = Pace()
    for _ in range(10):
        pace.events_lost(500, 0.999)
        pace.failed(0.5, reached=False)
    assert pace.events_lost(500, 0.999) <= 2_000
