"""Folding acts: nothing raises, nothing is lost, and what cannot be read is said."""

from __future__ import annotations

from typing import Any

import pytest
from law import CASE_ID, PACKS, act, at, hash_of, service

from py_core.calendars import national
from py_core.cases.history import is_linear, order, pasts
from py_core.cases.state import Case, evolve, fold
from py_core.rules.engine import assess

REGISTRATION = {"type": "registered", "pack": "JY", "matter": "contact", "channel": "phone", "claimant": "person"}


def test_folding_equals_evolving_event_by_event() -> None:
    desk = service().do(
        "2026-03-03 10:00", "start_procedure", id="p", procedure="testing", told=True, expected_workdays=5
    )
    case: Case | None = None
    for recorded in desk.acts:
        for event in recorded.act.events:
            case = evolve(case, recorded, event, CASE_ID)
    folded = fold(CASE_ID, desk.acts)
    assert case is not None
    assert [repr(fact) for fact in case.facts] == [repr(fact) for fact in folded.facts]
    assert case.acts == folded.acts


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "teleported"}, "unknown_event"),
        ({"type": 5}, "unknown_event"),
        ({"type": "accepted", "by": 5}, "malformed"),
        ({"type": "accepted", "by": "x" * 401}, "malformed"),
        ({"type": "extension_requested", "reason": "x", "until": "2026-13-01"}, "malformed"),
        ({"type": "extension_requested", "reason": "x", "until": "9999-01-01"}, "malformed"),
        ({"type": "extension_requested", "reason": "x", "workdays": 10**12}, "malformed"),
        ({"type": "handed_over"}, "malformed"),
        ({"type": "procedure_started", "id": "p", "procedure": "magic"}, "malformed"),
        ({"type": "replied", "at": "yesterday"}, "malformed"),
        ({"type": "replied", "at": "0001-01-01T00:00:00+14:00"}, "malformed"),
        ({"type": "correction_notified", "items": "one"}, "malformed"),
        ({"type": "registered", "pack": "JY", "matter": "service", "channel": "phone",
          "promise": {"n": -1, "unit": "workday"}}, "malformed"),
        ({"type": "lead_designated", "lead": "A", "steps": [{"unit": "A", "n": "8"}]}, "malformed"),
        ({"type": "registered", "pack": "JY", "matter": "service", "channel": "phone",
          "materials": [{"name": "x", "copies": -1}]}, "malformed"),
    ],
)  # fmt: skip
def test_a_hostile_event_is_ignored_and_reported(event: dict[str, Any], code: str) -> None:
    acts = [act(1, "2026-03-02 10:00", REGISTRATION), act(2, "2026-03-02 11:00", event, after=(hash_of(1),))]
    case = fold(CASE_ID, acts)
    assert [(item.code, item.act, item.index) for item in case.ignored] == [(code, hash_of(2), 1)]
    assert len(case.facts) == 1
    assert case.acts == (hash_of(1), hash_of(2))
    assert assess(case, PACKS, national(), at("2026-03-03 10:00"), {}).state == "registered"


def test_events_before_any_registration_are_kept_as_ignored() -> None:
    case = fold(CASE_ID, [act(1, "2026-03-02 10:00", {"type": "accepted", "by": "x"})])
    assert [item.code for item in case.ignored] == ["not_registered"]
    found = assess(case, PACKS, national(), at("2026-03-03 10:00"), {})
    assert (found.state, found.due, found.clocks) == ("", None, ())
    assert found.as_dict()["state"] is None


def test_fields_of_a_newer_version_are_dropped_not_refused() -> None:
    case = fold(CASE_ID, [act(1, "2026-03-02 10:00", {**REGISTRATION, "mood": "cheerful"})])
    assert case.ignored == ()
    assert "mood" not in case.facts[0].data


def test_an_event_may_have_happened_before_it_was_recorded() -> None:
    moved = {"type": "replied", "text": "by phone", "at": "2026-03-02T10:30:00+08:00"}
    case = fold(
        CASE_ID, [act(1, "2026-03-02 10:00", REGISTRATION), act(2, "2026-03-04 09:00", moved, after=(hash_of(1),))]
    )
    fact = case.last("replied")
    assert fact is not None
    assert fact.at == at("2026-03-02 10:30")


def test_the_order_is_causal_and_the_same_from_any_arrival() -> None:
    first = act(9, "2026-03-05 10:00", REGISTRATION)
    left = act(5, "2026-03-02 10:00", {"type": "noted", "text": "l"}, after=(hash_of(9),))
    right = act(3, "2026-03-02 10:00", {"type": "noted", "text": "r"}, after=(hash_of(9),))
    last = act(1, "2026-03-01 10:00", {"type": "noted", "text": "e"}, after=(hash_of(5), hash_of(3)))
    expected = (first, right, left, last)
    assert order([last, left, right, first]) == expected
    assert order([right, first, last, left, left]) == expected
    assert pasts(expected) == [0, 0b1, 0b1, 0b111]
    assert not is_linear(expected)
    assert is_linear((first, right))


def test_a_cause_that_is_still_on_its_way_does_not_hold_up_the_rest() -> None:
    orphan = act(2, "2026-03-02 10:00", {"type": "noted", "text": "x"}, after=(hash_of(77),))
    assert order([orphan]) == (orphan,)
