"""Which units a case concerns follows from what its events name."""

from __future__ import annotations

from typing import Any

import pytest
from laptop import START, city_document, named, registered

from py_core.directory import read_directory
from server.scope import Standing, standing_after, units_concerned, units_in

DOCUMENT = city_document() | {
    "version": 1,
    "posts": [{"id": "counter", "unit": "shihe", "zh": "窗口", "en": "Counter", "a": "lin", "b": "zhao"}],
}
DIRECTORY = read_directory(DOCUMENT)


@pytest.mark.parametrize(
    ("event", "units"),
    [
        (registered(), {"shihe"}),
        ({"type": "delivered", "to": "linye"}, {"linye"}),
        ({"type": "handed_over", "to": "wu"}, {"linye"}),
        ({"type": "handed_over", "to": "counter"}, {"shihe"}),
        ({"type": "handed_over", "to": "the mayor"}, set()),
        ({"type": "lead_designated", "lead": "linye", "assists": ["shihe", "nobody", 5]}, {"linye", "shihe"}),
        (
            {"type": "lead_designated", "lead": "linye", "steps": [{"unit": "centre", "n": 2}, {"n": 1}]},
            {"linye", "centre"},
        ),
        ({"type": "accepted", "by": "wu"}, {"linye"}),
        ({"type": "noted", "text": "linye", "to": "linye"}, set()),
        ({"type": "delivered", "to": {"unit": "linye"}}, set()),
    ],
    ids=named,
)
def test_units_that_an_event_brings_in(event: dict[str, Any], units: set[str]) -> None:
    assert units_concerned([event], DIRECTORY, START.date()) == units


def test_several_events_add_up() -> None:
    events = [registered(), {"type": "delivered", "to": "linye"}, {"type": "delivered", "to": "linye"}]
    assert units_concerned(events, DIRECTORY, START.date()) == {"shihe", "linye"}


def standing(*steps: tuple[str, dict[str, Any]]) -> frozenset[str]:
    """Who is in a case after acts of one event each, told as (unit of the author, event)."""
    found: Standing = {}
    for unit, event in steps:
        found = standing_after(found, [event], unit, DIRECTORY, START.date())
    return units_in(found)


ORDER = {"type": "delivered", "to": "linye"}
RETURN = {"type": "return_requested", "reason": "not ours"}
AGAIN = {"type": "delivered", "to": "shihe"}


def began_at(unit: str) -> tuple[str, dict[str, Any]]:
    return (unit, registered(unit=unit))


@pytest.mark.parametrize(
    ("why", "steps", "units"),
    [
        ("a returned order that went elsewhere lets go", (ORDER, RETURN, AGAIN), {"centre", "shihe"}),
        ("a refused one too", (ORDER, {"type": "ticket_refused", "reason": "x"}, AGAIN), {"centre", "shihe"}),
        ("a return alone does not: somebody must have it", (ORDER, RETURN), {"centre", "linye"}),
        ("parallel orders let nobody go", (ORDER, AGAIN), {"centre", "linye", "shihe"}),
        (
            "who took it after all keeps it",
            (ORDER, RETURN, {"type": "accepted", "by": "wu"}, AGAIN),
            {"centre", "linye", "shihe"},
        ),
        ("the same unit again is in again", (ORDER, RETURN, AGAIN, ORDER), {"centre", "linye", "shihe"}),
    ],
    ids=named,
)
def test_what_a_work_order_brings_and_takes(why: str, steps: tuple[dict[str, Any], ...], units: set[str]) -> None:
    authors = {"return_requested": "linye", "ticket_refused": "linye", "accepted": "linye"}
    told = [(authors.get(event["type"], "centre"), event) for event in steps]
    assert standing(began_at("centre"), *told) == units, why


def test_a_hand_over_lets_the_giver_go_when_it_is_accepted() -> None:
    given = (("linye", {"type": "handed_over", "to": "shihe"}),)
    taken = (*given, ("shihe", {"type": "handover_accepted", "by": "shihe"}))
    start = (began_at("centre"), ("centre", ORDER), ("linye", {"type": "accepted", "by": "wu"}))
    assert standing(*start, *given) == {"centre", "linye", "shihe"}
    assert standing(*start, *taken) == {"centre", "shihe"}


def test_the_first_responders_unit_tracks_what_it_handed_over() -> None:
    steps = (("shihe", {"type": "handed_over", "to": "linye"}), ("linye", {"type": "handover_accepted", "by": "wu"}))
    assert standing(began_at("shihe"), *steps) == {"shihe", "linye"}


def test_a_new_designation_releases_the_units_that_it_leaves_out() -> None:
    first = ("centre", {"type": "lead_designated", "lead": "shihe", "assists": ["linye"]})
    second = ("centre", {"type": "lead_designated", "lead": "shihe", "assists": []})
    assert standing(began_at("centre"), first) == {"centre", "shihe", "linye"}
    assert standing(began_at("centre"), first, second) == {"centre", "shihe"}
    assert standing(began_at("centre"), first, ("centre", ORDER), second) == {"centre", "shihe", "linye"}
