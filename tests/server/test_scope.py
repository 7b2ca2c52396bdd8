"""Which units a case concerns follows from what its events name."""

from __future__ import annotations

from typing import Any

import pytest
from laptop import city_document, registered

from py_core.directory import read_directory
from server.scope import units_concerned

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
    ids=str,
)
def test_units_that_an_event_brings_in(event: dict[str, Any], units: set[str]) -> None:
    assert units_concerned([event], DIRECTORY) == units


def test_several_events_add_up() -> None:
    events = [registered(), {"type": "delivered", "to": "linye"}, {"type": "delivered", "to": "linye"}]
    assert units_concerned(events, DIRECTORY) == {"shihe", "linye"}
