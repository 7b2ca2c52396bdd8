"""Cases leave units and devices: revocations in the stream, purges attested, late work decided by the centre."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from laptop import Laptop, StandingClock, case_id, city_document, let_dispatch, registered

from py_core import wire
from py_core.desk.ports import DeviceRevocation, LateDecision
from py_core.packed import messages as short
from py_core.visits import visit_id
from server import device_contacts, late_work, record
from server.database import Database
from server.own_device import NotRecorded
from server.parts import Parts
from server.rebuilding import feed_faults, rebuild, standings
from server.tables import case_units, feed

CASE = case_id(1)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    let_dispatch(parts, "lin")
    return Laptop(parts, "lin")


@pytest.fixture
def wu(parts: Parts) -> Laptop:
    return Laptop(parts, "wu")


def messages(frames: list[wire.Frame], kind: type[Any]) -> list[Any]:
    read = [wire.read_message(frame) for frame in frames if isinstance(frame, wire.Json)]
    return [each for each in read if isinstance(each, kind)]


def ask(laptop: Laptop, *pushed: wire.Pushed, **hello: Any) -> list[wire.Frame]:
    """One exchange of a device that lets cases go; the laptop takes the answer."""
    frames = laptop.parts.exchange.answer(laptop.user, laptop.frames(pushed, **{"can": "revoke", **hello}))
    laptop.take(frames)
    return frames


def ordered(lin: Laptop, wu: Laptop) -> None:
    """A case that began in the town and was delivered to the bureau, which holds it."""
    ask(lin, lin.act(CASE, registered()), lin.act(CASE, {"type": "delivered", "to": "linye"}))
    ask(wu)
    assert CASE in wu.held


def taken_back(lin: Laptop, wu: Laptop) -> None:
    ask(wu, wu.act(CASE, {"type": "return_requested", "reason": "not ours"}))
    ask(lin)
    ask(lin, lin.act(CASE, {"type": "delivered", "to": "centre"}))


def test_a_case_that_left_is_revoked_at_its_place_in_the_stream(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    ordered(lin, wu)
    taken_back(lin, wu)
    other = case_id(2)
    ask(lin, lin.act(other, registered()), lin.act(other, {"type": "delivered", "to": "linye"}))
    frames = ask(wu)
    kinds = [frame.data["t"] if isinstance(frame, wire.Json) else "change" for frame in frames]
    assert kinds == ["revoke", "change", "change", "beacon", "end"]
    assert messages(frames, wire.Revoke) == [wire.Revoke(CASE, 3)]
    assert messages(ask(wu), wire.Revoke) == []  # told once, the cursor is behind it
    assert messages(ask(lin), wire.Revoke) == []  # the case began here: it stays


def test_a_device_that_never_had_it_is_sent_none_of_it(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    ordered(lin, wu)
    taken_back(lin, wu)
    fresh = ask(Laptop(parts, "wu", "new"))
    assert [frame for frame in fresh if isinstance(frame, wire.Pulled)] == []


def test_a_case_that_comes_back_is_fed_whole_and_no_revocation_is_left(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    ordered(lin, wu)
    taken_back(lin, wu)
    ask(wu)
    ask(lin, lin.act(CASE, {"type": "delivered", "to": "linye"}))
    frames = ask(wu)
    assert len([frame for frame in frames if isinstance(frame, wire.Pulled)]) == 5
    assert messages(ask(Laptop(parts, "wu", "new")), wire.Revoke) == []


def test_an_old_client_is_told_nothing_and_starts_anew_when_it_can_let_go(
    parts: Parts, lin: Laptop, wu: Laptop
) -> None:
    ask(lin, lin.act(CASE, registered()), lin.act(CASE, {"type": "delivered", "to": "linye"}))
    wu.sync()
    taken_back(lin, wu_old := wu)
    assert messages(parts.exchange.answer("wu", wu_old.frames()), wire.Revoke) == []
    wu.sync()
    assert wu.scope == "linye"
    wu.sync()
    assert wu.cursor > 0
    assert messages(ask(wu), wire.End) == [wire.End(0, more=True, scope="linye/2")]
    assert messages(ask(wu), wire.Revoke) == [wire.Revoke(CASE, 3)]


@pytest.mark.parametrize("can", ["revoke", "revoke short"])
def test_a_new_scope_is_told_before_anything_of_it(parts: Parts, lin: Laptop, wu: Laptop, can: str) -> None:
    """An answer that is cut after some changes must not leave open which scope they are of (MOVING, seed 103)."""
    ordered(lin, wu)
    taken_back(lin, wu)
    document = parts.city.current().document
    people = [{**row, "unit": "linye"} if row["id"] == "lin" else row for row in document["people"]]
    parts.city.publish({**document, "people": people})
    lin.scope, lin.cursor = "shihe/2", 4
    frames = [short.long(each) if isinstance(each, wire.Short) and each.type != wire.TYPE_CHANGES else each
              for each in parts.exchange.answer("lin", lin.frames([], can=can))]  # fmt: skip
    ends = messages(frames, wire.End)
    assert ends[0] == wire.End(0, more=True, scope="linye/2", lineage=ends[0].lineage)
    kinds = [frame.data["t"] if isinstance(frame, wire.Json) else "change" for frame in frames]
    assert not {"change", "revoke", "ruled", "case"} & set(kinds[: kinds.index("end")])
    assert len(ends) == (2 if "short" in can else 1)


def test_the_numbers_of_a_feed_are_never_given_twice(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    ordered(lin, wu)
    with parts.database.reading() as connection:
        top = record.feed_top(connection)
    taken_back(lin, wu)
    with parts.database.reading() as connection:
        lines = connection.execute(feed.select().where(feed.c.unit == "linye")).all()
    assert [(line.kind, line.n > top) for line in lines] == [(record.REVOKE, True)]


def test_a_record_that_kept_no_reasons_is_counted_from_its_log(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    ordered(lin, wu)
    taken_back(lin, wu)
    with parts.database.writing() as connection:
        expected = record.standing_of_case(connection, CASE)
        connection.execute(case_units.update().values(reasons="concerned"))
        connection.execute(feed.update().values(kind=record.ACT))
        assert feed_faults(connection, standings(connection)).not_let_go == ((CASE, "linye"),)
    rebuild(parts.database)
    with parts.database.reading() as connection:
        assert record.standing_of_case(connection, CASE) == expected
        faults = feed_faults(connection, standings(connection))
        assert (faults.missing, faults.dangling, faults.not_let_go) == ((), 0, ())
    assert rebuild(parts.database).lines_added == 0


def test_a_purge_is_attested_with_its_time(parts: Parts, clock: StandingClock, wu: Laptop) -> None:
    ask(wu, purged=(CASE, "no case"), waiting=3, storage_used=5, storage_quota=10, storage_kept=True, refused=1)
    clock.pass_time(seconds=5)
    ask(wu, purged=(CASE,), clock_offset_ms=-90_000)
    with parts.database.reading() as connection:
        assert device_contacts.attested(connection, wu.device) == [CASE]
        assert device_contacts.purged(connection)[wu.device].cases == 1
        told = device_contacts.contacts(connection)[wu.device]
    assert (told.clock_offset_ms, told.waiting, told.storage_kept) == (-90_000, 0, None)


def test_a_contact_that_says_nothing_new_writes_nothing(
    parts: Parts, clock: StandingClock, wu: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(wu)
    clock.pass_time(seconds=20)
    writes: list[str] = []
    whole = Database.writing

    def counted(database: Database) -> Any:
        writes.append("write")
        return whole(database)

    hello = wu.frames(can="revoke")[:1]
    monkeypatch.setattr(Database, "writing", counted)
    parts.exchange.answer("wu", hello)
    assert writes == []
    clock.pass_time(seconds=60)
    parts.exchange.answer("wu", hello)
    assert writes == ["write"]


def late(lin: Laptop, wu: Laptop) -> tuple[list[wire.Frame], wire.Pushed]:
    """The bureau's work that arrives after the case has gone elsewhere."""
    ordered(lin, wu)
    work = wu.act(CASE, {"type": "noted", "text": "the lamp is mended"})
    held = list(wu.held[CASE])
    wu.held[CASE] = held[:-1]
    wu.seq += 1
    back = Laptop(wu.parts, "wu", "other")
    ask(back)
    taken_back(lin, back)
    wu.held[CASE] = held
    return ask(wu, work), work


def test_late_work_is_kept_and_its_author_learns_who_has_the_case(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    frames, _ = late(lin, wu)
    verdict = messages(frames, wire.Verdict)[0]
    assert (verdict.verdict, verdict.reason, verdict.now_with) == ("quarantined", "foreign_scope", ("centre", "shihe"))


def decide(parts: Parts, *, take: bool) -> str:
    with parts.database.reading() as connection:
        item = late_work.held(connection)[0]
    parts.decisions.carry_out(LateDecision((item.id,), take, "it was done in time"), "qian")
    return item.hash


def test_late_work_that_the_centre_takes_is_in_the_log_and_brings_nobody_back(
    parts: Parts, lin: Laptop, wu: Laptop
) -> None:
    late(lin, wu)
    change_hash = decide(parts, take=True)
    ruled = messages(ask(wu, asks=(change_hash,)), wire.Ruled)[0]
    assert (ruled.taken, ruled.by, ruled.why, ruled.in_scope) == (True, "qian", "it was done in time", False)
    with parts.database.reading() as connection:
        entry = record.entry_by_hash(connection, change_hash)
        assert entry is not None
        assert (ruled.log_index, ruled.received_at_ms) == (entry.log_index, entry.received_at_ms)
        assert record.units_of_case(connection, CASE) == {"centre", "shihe"}
    assert [each.entry.hash for each in fed(parts, "shihe") if each.entry][-1] == change_hash


def fed(parts: Parts, unit: str) -> list[record.Fed]:
    with parts.database.reading() as connection:
        return list(record.fed_after(connection, unit, 0))


def test_late_work_that_is_left_out_stays_for_ever_and_its_author_is_told(
    parts: Parts, lin: Laptop, wu: Laptop
) -> None:
    late(lin, wu)
    change_hash = decide(parts, take=False)
    ruled = messages(ask(wu, asks=(change_hash,)), wire.Ruled)[0]
    assert (ruled.taken, ruled.why, ruled.log_index) == (False, "it was done in time", None)
    with parts.database.reading() as connection:
        assert late_work.held(connection) == []
        assert [each.hash for each in late_work.held(connection, decided=True)] == [change_hash]
    with pytest.raises(NotRecorded, match="decided_meanwhile"):
        parts.decisions.carry_out(LateDecision((1,), True, "once more"), "qian")
    assert messages(ask(lin, asks=(change_hash,)), wire.Ruled) == []  # it is nobody else's to hear


def test_what_is_not_signed_by_its_device_can_never_be_taken(parts: Parts, lin: Laptop, wu: Laptop) -> None:
    act = lin.act(CASE, registered())
    ask(lin, replace(act, signature=bytes(64)))
    with pytest.raises(NotRecorded, match="wrong_signature"):
        decide(parts, take=True)
    with parts.database.reading() as connection:
        assert late_work.held(connection)[0].decision == ""  # nothing of the decision was kept
        assert record.log_size(connection) == 0


def test_a_withdrawn_device_is_fed_nothing_and_its_work_is_kept_for_the_centre(parts: Parts, lin: Laptop) -> None:
    ask(lin, lin.act(CASE, registered()))
    work = lin.act(CASE, {"type": "noted", "text": "written before it was withdrawn"})
    parts.decisions.carry_out(DeviceRevocation(lin.device, "stolen"), "he")
    frames = ask(lin, work, config=0)
    assert [frame.data["t"] for frame in frames if isinstance(frame, wire.Json)] == ["verdict", "end"]
    assert messages(frames, wire.Verdict)[0].reason == "device_revoked"
    assert messages(frames, wire.End)[0] == wire.End(0, False, "revoked", "device_revoked")
    change_hash = decide(parts, take=True)
    ruled = messages(ask(lin, asks=(change_hash,)), wire.Ruled)[0]
    assert (ruled.taken, ruled.in_scope) == (True, False)


def test_the_first_act_of_a_moved_officer_can_be_taken_and_its_unit_gets_the_case(parts: Parts, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    document = city_document()
    document["people"][0] = {**document["people"][0], "unit": "linye"}
    parts.city.publish(document)
    assert messages(ask(lin, act), wire.Verdict)[0].reason == "foreign_scope"
    decide(parts, take=True)
    assert [each.case_id for each in fed(parts, "shihe")] == [CASE]
    with parts.database.reading() as connection:
        faults = feed_faults(connection, standings(connection))
    assert (faults.missing, faults.not_let_go) == ((), ())


def test_what_was_done_on_a_visit_with_a_withdrawn_device_can_be_taken(parts: Parts, lin: Laptop) -> None:
    visit = visit_id("ab" * 16)
    planned = {"type": "visit_planned", "enterprise": "恒泰纺织", "on": "2026-11-23", "officers": ["lin"]}
    ask(lin, lin.act(visit, {**planned, "unit": "shihe", "number": "K7Q-000001"}))
    work = lin.act(visit, {"type": "visit_started"})
    parts.decisions.carry_out(DeviceRevocation(lin.device, "stolen"), "he")
    assert messages(ask(lin, work), wire.Verdict)[0].reason == "device_revoked"
    change_hash = decide(parts, take=True)
    assert messages(ask(lin, asks=(change_hash,)), wire.Ruled)[0].taken
    assert [each.entry.hash for each in fed(parts, "shihe") if each.entry][-1] == change_hash


def test_only_the_record_itself_says_that_late_work_of_a_visit_was_taken(parts: Parts, lin: Laptop) -> None:
    visit = visit_id("ab" * 16)
    planned = {"type": "visit_planned", "enterprise": "恒泰纺织", "on": "2026-11-23", "officers": ["lin"]}
    ask(lin, lin.act(visit, {**planned, "unit": "shihe", "number": "K7Q-000001"}))
    said = {"type": "late_work_taken", "acts": ["ab" * 32], "reason": "it was done in time"}
    assert lin.verdict(lin.act(visit, said)) == "not_authorised"
    qian = Laptop(parts, "qian")
    qian.held[visit] = lin.held[visit][:1]
    assert qian.verdict(qian.act(visit, said)) == "not_authorised"
