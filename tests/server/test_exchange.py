"""One exchange: verdicts, receipts, the feed by cursor, grants, the directory, the beacon; cut anywhere, nothing lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, let_dispatch, registered

from py_core import wire
from server.engine import EngineOutside
from server.exchange import ExchangeRefused
from server.parts import Parts, assemble
from server.settings import Settings

CASE = case_id(1)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def messages(frames: list[wire.Frame], kind: type) -> list[wire.Message]:
    read = [wire.read_message(frame) for frame in frames if isinstance(frame, wire.Json)]
    return [message for message in read if isinstance(message, kind)]


def test_receipts_and_beacons_verify_with_the_records_key(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    act = lin.act(CASE, registered())
    answer = parts.exchange.answer("lin", lin.frames([act]))
    key = Ed25519PublicKey.from_public_bytes(parts.receipts.public_key)
    (verdict,) = messages(answer, wire.Verdict)
    assert verdict.received_at_ms == int(clock.now().timestamp() * 1000)
    key.verify(
        bytes.fromhex(verdict.sig),
        wire.receipt_sign_bytes(CASE, verdict.hash, verdict.log_index, verdict.received_at_ms),
    )
    (beacon,) = messages(answer, wire.Beacon)
    assert beacon.log_size == 1
    key.verify(bytes.fromhex(beacon.sig), wire.beacon_sign_bytes(beacon))
    had = messages(parts.exchange.answer("lin", lin.frames([act])), wire.Verdict)
    assert had == [dataclasses.replace(verdict, verdict="had")]


def test_the_order_of_an_answer(parts: Parts, lin: Laptop) -> None:
    answer = parts.exchange.answer("lin", lin.frames([lin.act(CASE, registered())], config=0))
    kinds = ["change" if isinstance(f, wire.Pulled) else f.data["t"] for f in answer]
    assert kinds == ["verdict", "config", "change", "beacon", "end"]


def test_nothing_new_costs_little(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()))
    lin.sync()
    request = wire.encode_frames(lin.frames()[:1])
    answer = wire.encode_frames(lin.parts.exchange.answer("lin", lin.frames()[:1]))
    assert len(request) <= 300
    assert len(answer) <= 320


def test_the_directory_comes_when_it_is_newer(parts: Parts, lin: Laptop) -> None:
    assert messages(parts.exchange.answer("lin", lin.frames(config=1)), wire.Config) == []
    (config,) = messages(parts.exchange.answer("lin", lin.frames(config=0)), wire.Config)
    assert config.directory["version"] == 1
    parts.city.publish({**city_document(), "city_en": "Renamed"})
    (config,) = messages(parts.exchange.answer("lin", lin.frames(config=1)), wire.Config)
    assert (config.directory["version"], config.directory["city_en"]) == (2, "Renamed")


def test_another_device_of_the_unit_pulls_what_was_pushed(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    act = lin.act(CASE, registered())
    lin.sync(act)
    assert [pulled.raw for pulled in zhao.sync()[1]] == [act.raw]
    assert zhao.sync()[1] == []


def test_foreign_units_see_nothing(parts: Parts, lin: Laptop) -> None:
    wu = Laptop(parts, "wu")
    lin.sync(lin.act(CASE, registered()))
    assert wu.sync()[1] == []


def test_a_grant_brings_everything_of_the_case_causes_first(parts: Parts, lin: Laptop) -> None:
    let_dispatch(parts, "lin")
    wu = Laptop(parts, "wu")
    wu.sync()
    acts = [
        lin.act(CASE, registered()),
        lin.act(CASE, {"type": "accepted"}),
        lin.act(CASE, {"type": "delivered", "to": "linye"}),
    ]
    lin.sync(*acts[:2])
    lin.sync(lin.act(case_id(2), registered()))
    assert wu.sync()[1] == []
    lin.sync(acts[2])
    assert [pulled.raw for pulled in wu.sync()[1]] == [act.raw for act in acts]
    lin.sync(lin.act(CASE, {"type": "noted", "text": "later"}))
    assert len(wu.sync()[1]) == 1


@pytest.fixture
def small_pages(tmp_path: Path, clock: StandingClock, engine: EngineOutside) -> Parts:
    settings = Settings(tmp_path / "small", pull_page_bytes=1500)
    made = assemble(settings, clock, SeededEntropy("small"), engine)
    made.city.publish(city_document())
    return made


def test_pages_follow_each_other_without_gap_or_repetition(small_pages: Parts) -> None:
    lin, zhao = Laptop(small_pages, "lin"), Laptop(small_pages, "zhao")
    acts = [lin.act(case_id(n), registered()) for n in range(20)]
    lin.sync(*acts)
    pulled: list[bytes] = []
    pages = 0
    more = True
    while more:
        answer = small_pages.exchange.answer("zhao", zhao.frames())
        (end,) = messages(answer, wire.End)
        pulled += [item.raw for item in zhao.take(answer)[1]]
        more, pages = end.more, pages + 1
    assert pulled == [act.raw for act in acts]
    assert 4 < pages < 20
    small_pages.close()


def test_an_answer_cut_anywhere_is_asked_for_again(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    lin.sync(*[lin.act(case_id(n), registered()) for n in range(5)])
    whole = wire.encode_frames(parts.exchange.answer("zhao", zhao.frames()))
    for cut in range(0, len(whole) - 1, 97):
        reader = wire.FrameReader()
        frames = reader.feed(whole[:cut])
        assert not messages(frames, wire.End)
        zhao.take(frames)
        assert zhao.cursor == 0
    assert len(zhao.sync()[1]) == 5
    assert all(len(held) == 1 for held in zhao.held.values())


def test_a_person_who_moves_gets_the_feed_of_the_new_unit_from_its_beginning(parts: Parts, lin: Laptop) -> None:
    wu = Laptop(parts, "wu")
    theirs = wu.act(case_id(7), registered(unit="linye"))
    wu.sync(theirs)
    lin.sync(lin.act(CASE, registered()))
    lin.sync()
    document = city_document()
    document["people"][0]["unit"] = "linye"
    parts.city.publish(document)
    assert lin.sync()[1] == []
    assert (lin.scope, lin.cursor) == ("linye", 0)
    assert [pulled.raw for pulled in lin.sync()[1]] == [theirs.raw]


def test_a_cursor_from_the_future_is_brought_back(parts: Parts, lin: Laptop) -> None:
    lin.cursor = 2**40
    lin.sync(lin.act(CASE, registered()))
    assert lin.cursor == 1


@pytest.mark.parametrize(
    ("hello", "status", "code"),
    [
        ({"v": 2}, 426, "version"),
        ({"device": "nobody"}, 403, "device_unknown"),
        ({"device": "server"}, 403, "device_unknown"),
    ],
)
def test_an_exchange_that_cannot_be_served(lin: Laptop, hello: dict[str, object], status: int, code: str) -> None:
    with pytest.raises(ExchangeRefused) as refused:
        lin.parts.exchange.answer("lin", lin.frames(**hello))
    assert (refused.value.status, refused.value.code) == (status, code)


def test_a_device_of_somebody_else(parts: Parts, lin: Laptop) -> None:
    with pytest.raises(ExchangeRefused, match="somebody else"):
        parts.exchange.answer("zhao", lin.frames())


def test_frames_in_another_order_are_refused_whole(parts: Parts, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    hello, actor, push = lin.frames([act])
    for wrong in ([], [actor, hello], [hello, push, actor], [hello, hello], [hello, *[actor] * 65]):
        with pytest.raises(ExchangeRefused) as refused:
            parts.exchange.answer("lin", wrong)
        assert refused.value.code == "malformed"


def test_a_device_that_only_sends_rubbish_is_slowed_down(
    tmp_path: Path, clock: StandingClock, engine: EngineOutside
) -> None:
    parts = assemble(Settings(tmp_path / "few", quarantined_per_device_max=3), clock, SeededEntropy("few"), engine)
    parts.city.publish(city_document())
    lin = Laptop(parts, "lin")
    lin.sync(*[lin.signed(CASE, bytes([n])) for n in range(3)])
    with pytest.raises(ExchangeRefused) as refused:
        lin.sync(lin.signed(CASE, b"more"))
    assert (refused.value.status, refused.value.retry_after_seconds) == (429, 3600)
    assert lin.sync() == ([], [])
    parts.close()


def test_the_bell_rings_after_what_it_announces_is_on_the_disk(parts: Parts, lin: Laptop) -> None:
    seen: list[int] = []
    parts.bell.subscribe(lambda: seen.append(len(parts.casebook.current())))
    lin.sync(lin.act(CASE, registered()))
    lin.sync(lin.signed(CASE, b"rubbish"))
    assert seen == [1]


def test_a_case_that_left_a_device_is_given_whole_to_whom_it_concerns(parts: Parts) -> None:
    lin, wu = Laptop(parts, "lin"), Laptop(parts, "wu")
    lin.sync(lin.act(case_id(1), registered()), lin.act(case_id(1), {"type": "noted", "text": "x"}))
    frames = parts.exchange.answer("lin", lin.frames(want=(case_id(1), case_id(9))))
    whole = [frame for frame in frames if isinstance(frame, wire.Json) and frame.data["t"] == "case"]
    assert [(frame.data["case"], frame.data["acts"]) for frame in whole] == [(case_id(1), 2), (case_id(9), 0)]
    assert [frame.log_index for frame in frames[: frames.index(whole[0])] if isinstance(frame, wire.Pulled)] == [0, 1]
    frames = parts.exchange.answer("wu", wu.frames(want=(case_id(1),)))
    assert [frame.data["acts"] for frame in frames if isinstance(frame, wire.Json) and frame.data["t"] == "case"] == [0]
    with pytest.raises(ExchangeRefused):
        parts.exchange.answer("lin", lin.frames(want=("nonsense",)))
