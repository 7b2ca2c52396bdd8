"""What a timeline says about the time of an act, and when it says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fakes import BEIJING, DIRECTORY, FakeStore

from py_core.cases.acts import Act, RecordedAct
from py_core.desk.ports import Identity, Request, Surroundings
from py_core.desk.time_words import time_notes, unsure_time, window_start
from py_core.desk.turn import Turn
from py_core.wire import beacon_id

CONTACT = datetime(2026, 11, 20, 9, 0, tzinfo=BEIJING)
DONE = CONTACT + timedelta(hours=2)
BEACON = beacon_id(int(CONTACT.timestamp() * 1000), "00112233aabbccdd")
ACT = Act(
    "note", ({"type": "noted", "text": "x"},), "lin", "d1", 1, DONE, DONE, BEACON, 7_200_000, "JY-1", "0.1.0"
)  # fmt: skip


def notes(act: Act, received: datetime | None, lang: str = "en") -> list[str]:
    around = Surroundings(DONE, lambda: "0" * 32, 1, "0.1.0")
    turn = Turn(Request("GET", "/", lang=lang), FakeStore(DIRECTORY), Identity("lin", "d1", "K7Q"), around)
    recorded = RecordedAct("aa" * 32, (), act, received)
    return [*filter(None, [unsure_time(turn, recorded)]), *time_notes(turn, recorded)]


SOON = DONE + timedelta(minutes=5)


def test_an_ordinary_act_needs_no_words() -> None:
    assert notes(ACT, SOON) == []
    assert notes(ACT, None) == []
    assert window_start(RecordedAct("aa" * 32, (), ACT)) == CONTACT


@pytest.mark.parametrize(
    ("changed", "received", "said"),
    [
        ({"since_beacon_ms": None}, SOON, "Time unsure: since its last contact"),
        ({"since_beacon_ms": None, "beacon": None}, SOON, "Time unsure: the device had never been in contact"),
        ({"claimed_at": CONTACT - timedelta(days=300), "since_beacon_ms": None}, SOON, "before its last contact"),
        ({"claimed_at": SOON + timedelta(days=2), "since_beacon_ms": None}, SOON, "after the record had received it"),
        ({"occurred_at": DONE - timedelta(hours=3)}, SOON, "entered later: written down 3 h after it happened"),
        ({}, DONE + timedelta(days=6, hours=1), "arrived in the record 6 days later"),
    ],
    ids=str,
)
def test_what_is_said(changed: dict[str, object], received: datetime, said: str) -> None:
    assert any(said in note for note in notes(replace(ACT, **changed), received))  # type: ignore[arg-type]


def test_a_wrong_clock_is_told_once_and_not_as_unsure() -> None:
    wrong = replace(ACT, claimed_at=CONTACT - timedelta(days=300), occurred_at=CONTACT, since_beacon_ms=None)
    assert [note.split(":")[0] for note in notes(wrong, None)] == ["time contradicted"]


def test_an_act_of_the_records_own_pages_is_never_unsure() -> None:
    assert notes(replace(ACT, device="server", beacon=None, since_beacon_ms=None), DONE) == []


def test_the_words_are_there_in_chinese() -> None:
    assert notes(ACT, DONE + timedelta(days=6, hours=1), "zh-CN") == ["6 天后才送达全市记录"]
