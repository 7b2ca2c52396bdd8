"""The server's own acts go through the same gate, whole or not at all, and are seen by everybody like any other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered

from py_core.cases.acts import Act
from py_core.change import decode_act_change
from py_core.desk.ports import NewAct
from server import record
from server.devices import SERVER_DEVICE
from server.engine import EngineOutside
from server.own_device import NotRecorded, OwnAct
from server.parts import Parts, assemble
from server.settings import Settings

CASE = case_id(1)


def text(parts: Parts, user: str, seq: int, *events: dict[str, object]) -> str:
    at = parts.clock.now()
    return Act("k", events, user, SERVER_DEVICE, seq, at, at, None, None, "1", "0.1.0").text()


def test_an_act_of_the_server_and_one_of_a_laptop_meet(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(CASE, registered()))
    assert parts.own_device.next_seq() == 1
    parts.own_device.commit([NewAct(CASE, text(parts, "qian", 1, {"type": "noted", "text": "seen"}))], "qian")
    assert parts.own_device.next_seq() == 2
    lin.sync()
    first, second = lin.held[CASE]
    assert decode_act_change(second).causes == (decode_act_change(first).hash,)
    assert lin.verdict(lin.act(CASE, {"type": "accepted"})) == "accepted"


def test_all_or_none(parts: Parts) -> None:
    acts = [
        NewAct(CASE, text(parts, "lin", 1, registered())),
        NewAct(CASE, text(parts, "lin", 1, {"type": "accepted"})),
    ]
    with pytest.raises(NotRecorded) as refused:
        parts.own_device.commit(acts, "lin")
    assert refused.value.reason == "sequence_reused"
    assert parts.casebook.current() == {}
    assert parts.own_device.next_seq() == 1


def test_nobody_acts_in_anothers_name(parts: Parts) -> None:
    with pytest.raises(NotRecorded, match="other_person"):
        parts.own_device.commit([NewAct(CASE, text(parts, "lin", 1, registered()))], "zhao")


def test_a_told_past_has_its_own_time_of_receipt(parts: Parts) -> None:
    then = parts.clock.now() - timedelta(days=40)
    parts.own_device.append([OwnAct(CASE, text(parts, "lin", 1, registered()), "lin")], received_at=then)
    (act,) = parts.casebook.current()[CASE].acts
    assert act.received_at == then


def test_a_restart_keeps_the_device_and_takes_a_new_actor(
    tmp_path: Path, clock: StandingClock, engine: EngineOutside
) -> None:
    actors = []
    for start in ("first", "second"):
        parts = assemble(Settings(tmp_path / "data"), clock, SeededEntropy(start), engine)
        if start == "first":
            parts.city.publish(city_document())
            parts.own_device.commit([NewAct(CASE, text(parts, "lin", 1, registered()))], "lin")
        else:
            parts.own_device.commit([NewAct(CASE, text(parts, "lin", 2, {"type": "accepted"}))], "lin")
        with parts.database.reading() as connection:
            actors = [entry.actor for entry in record.entries_of_case(connection, CASE)]
        parts.close()
    assert len(set(actors)) == 2


def test_the_casebook_keeps_what_did_not_change(parts: Parts) -> None:
    parts.own_device.commit([NewAct(CASE, text(parts, "lin", 1, registered()))], "lin")
    before = parts.casebook.current()
    parts.own_device.commit([NewAct(case_id(2), text(parts, "lin", 2, registered()))], "lin")
    after = parts.casebook.current()
    assert after[CASE] is before[CASE]
    assert set(before) == {CASE}
    assert set(after) == {CASE, case_id(2)}
