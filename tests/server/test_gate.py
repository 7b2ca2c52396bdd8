"""The record holds only changes that passed the gate; what did not is kept with its reason and its bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import zlib
from typing import Any

import pytest
from automerge.core import ROOT, Document, ScalarType
from laptop import Laptop, StandingClock, case_id, let_dispatch, registered
from sqlalchemy import event, select

from py_core import wire
from py_core.change import GENESIS, decode_act_change, encode_act_change
from server import record
from server.engine import EngineInside
from server.parts import Parts
from server.tables import changes, quarantine

CASE = case_id(1)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def log_size(parts: Parts) -> int:
    with parts.database.reading() as connection:
        return record.log_size(connection)


def quarantined(parts: Parts) -> list[Any]:
    with parts.database.reading() as connection:
        return list(connection.execute(select(quarantine).order_by(quarantine.c.id)))


def altered(laptop: Laptop, pushed: wire.Pushed, **values: Any) -> wire.Pushed:
    """The same act under a number of its own with other values in its change, its checksum repaired, honestly signed."""
    change = decode_act_change(pushed.raw)
    laptop.seq += 1
    text = re.sub(r'"device_seq":\d+', f'"device_seq":{laptop.seq}', change.text)
    raw = encode_act_change(dataclasses.replace(change, **{"text": text, **values}))
    return laptop.signed(pushed.case_id, raw, hashlib.sha256(raw[8:]).hexdigest())


def test_takes_an_honest_act_and_knows_it_again(parts: Parts, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    assert lin.verdict(act) == "accepted"
    assert lin.verdict(act) == "had"
    assert log_size(parts) == 1
    assert quarantined(parts) == []


def test_an_act_that_comes_twice_in_one_batch_is_taken_once(parts: Parts, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    verdicts, _ = lin.sync(act, act)
    assert [each.verdict for each in verdicts] == ["accepted", "had"]
    assert log_size(parts) == 1


def test_acts_of_a_batch_enter_log_and_feed_together(parts: Parts, lin: Laptop) -> None:
    """What the batch writes does not cost two statements for each act: that is most of what the gate can take."""
    lin.sync(lin.act(CASE, registered()))
    batch = [lin.act(CASE, {"type": "noted", "text": str(number)}) for number in range(20)]
    written: list[str] = []
    event.listen(parts.database.engine, "before_cursor_execute", lambda *given: written.append(given[2]))
    verdicts, _ = lin.sync(*batch)
    assert {each.verdict for each in verdicts} == {"accepted"}
    assert [sum(f"INSERT INTO {table} " in each for each in written) for table in ("changes", "feed")] == [1, 1]
    with parts.database.reading() as connection:
        fed = [(each.n, each.log_index) for each in record.fed_after(connection, "shihe", 0)]
    assert fed == [(index + 1, index) for index in range(21)]


def test_takes_p256_signatures(parts: Parts) -> None:
    laptop = Laptop(parts, "lin", alg=wire.ALG_P256)
    assert laptop.verdict(laptop.act(CASE, registered())) == "accepted"


def test_takes_concurrent_acts_of_two_devices_and_their_merge(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    lin.sync(lin.act(CASE, registered()))
    zhao.sync()
    lin.sync(lin.act(CASE, {"type": "accepted"}))
    assert zhao.verdict(zhao.act(CASE, {"type": "accepted"})) == "accepted"
    lin.sync()
    assert lin.verdict(lin.act(CASE, {"type": "noted", "text": "both"})) == "accepted"
    assert len(decode_act_change(lin.held[CASE][-1]).causes) == 2


def engine_made(edit: Any, actor: bytes, known: list[bytes]) -> bytes:
    document = Document.load(GENESIS + b"".join(known))
    document.set_actor(actor)
    with document.transaction() as transaction:
        edit(transaction, document.get(ROOT, "acts")[1])
    return bytes(document.get_last_local_change().raw_bytes)


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("two operations", lambda t, acts: [t.insert(acts, n, ScalarType.Str, "x") for n in (1, 2)]),
        ("a delete", lambda t, acts: t.delete(acts, 0)),
        ("an overwrite", lambda t, acts: t.put(acts, 0, ScalarType.Str, "x")),
        ("a number", lambda t, acts: t.insert(acts, 1, ScalarType.Int, 1)),
    ],
)  # fmt: skip
def test_every_other_change_is_malformed(parts: Parts, lin: Laptop, what: str, edit: Any) -> None:
    lin.sync(lin.act(CASE, registered()))
    raw = engine_made(edit, lin.actor, lin.held[CASE])
    assert lin.verdict(lin.signed(CASE, raw, hashlib.sha256(raw[8:]).hexdigest())) == "malformed"
    (kept,) = quarantined(parts)
    assert bytes(kept.raw) == raw
    assert (kept.device, kept.user, kept.case_id, kept.reason) == (lin.device, "lin", CASE, "malformed")


def test_a_bad_checksum_and_a_deflated_chunk_are_malformed(lin: Laptop) -> None:
    raw = lin.act(CASE, registered()).raw
    assert lin.verdict(lin.signed(CASE, raw[:4] + bytes(4) + raw[8:])) == "malformed"
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(raw[11:]) + packer.flush()
    assert lin.verdict(lin.signed(CASE, raw[:8] + b"\x02" + bytes([len(packed) % 128]) + packed)) == "malformed"


def test_too_long_a_change_is_malformed_and_kept(parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.signed(CASE, bytes(70_000))) == "malformed"
    assert len(quarantined(parts)[0].raw) == 70_000


def test_a_wrong_signature_an_unknown_and_a_foreign_actor(parts: Parts, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    assert lin.verdict(dataclasses.replace(act, signature=bytes(64))) == "wrong_signature"
    assert lin.verdict(dataclasses.replace(act, case_id=case_id(2))) == "wrong_signature"
    assert lin.verdict(dataclasses.replace(act, alg=2)) == "wrong_signature"
    assert lin.verdict(altered(lin, act, actor="99" * 16)) == "unknown_actor"
    zhao = Laptop(parts, "zhao")
    zhao.sync()
    assert lin.verdict(altered(lin, act, actor=zhao.actor.hex())) == "foreign_actor"
    assert lin.verdict(act) == "accepted"


def test_an_actor_stays_with_the_device_that_announced_it_first(parts: Parts, lin: Laptop) -> None:
    lin.sync()
    zhao = Laptop(parts, "zhao")
    zhao.actor = lin.actor  # announces lin's actor with its own, valid signature
    assert zhao.verdict(zhao.act(CASE, registered())) == "foreign_actor"
    assert lin.verdict(lin.act(CASE, registered())) == "accepted"


def test_an_announcement_with_a_wrong_signature_binds_nothing(parts: Parts, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    said = dataclasses.replace(lin.announcement(), sig="00" * 64)
    hello, _, *rest = lin.frames([act])
    verdicts, _ = lin.take(parts.exchange.answer("lin", [hello, wire.message_frame(said), *rest]))
    assert [verdict.reason for verdict in verdicts] == ["unknown_actor"]


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"user": "zhao"}, "other_person"),
        ({"device": "server"}, "other_device"),
        ({"beacon": "19d3f8a4b00-0011223344556677"}, "false_beacon"),
        ({"beacon": "yesterday"}, "false_beacon"),
    ],
)
def test_an_act_says_who_and_where_truly(lin: Laptop, overrides: dict[str, Any], reason: str) -> None:
    assert lin.verdict(lin.act(CASE, registered(), **overrides)) == reason


def test_a_beacon_of_this_record_is_believed(parts: Parts, lin: Laptop) -> None:
    beacon = parts.receipts.beacon(parts.clock.now(), 0)
    assert wire.beacon_time_ms(beacon.id) == beacon.server_time_ms
    assert lin.verdict(lin.act(CASE, registered(), beacon=beacon.id, since_beacon_ms=5)) == "accepted"


def test_a_text_that_is_no_act(lin: Laptop) -> None:
    raw = EngineInside().append_texts([], lin.actor, ['{"a":1}'])[0]
    assert lin.verdict(lin.signed(CASE, raw)) == "not_an_act"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "danced"}, "unreadable_event"),
        (registered(channel="telepathy"), "unreadable_event"),
        (registered(at="soon"), "unreadable_event"),
        ({"type": "accepted"}, "no_registration"),
        (registered(unit="atlantis"), "unknown_unit"),
        (registered(unit="linye"), "foreign_scope"),
    ],
)
def test_a_case_begins_with_a_readable_registration_of_the_own_unit(
    lin: Laptop, event: dict[str, Any], reason: str
) -> None:
    assert lin.verdict(lin.act(CASE, event)) == reason


def test_the_centre_registers_for_any_unit(parts: Parts) -> None:
    qian = Laptop(parts, "qian")
    assert qian.verdict(qian.act(CASE, registered(unit="linye"))) == "accepted"


def test_another_units_case_is_foreign_until_it_is_delivered(parts: Parts, lin: Laptop) -> None:
    let_dispatch(parts, "lin")
    wu = Laptop(parts, "wu")
    lin.sync(lin.act(CASE, registered()))
    wu.held[CASE] = list(lin.held[CASE])
    early = wu.act(CASE, {"type": "accepted"})
    assert wu.verdict(early) == "foreign_scope"
    lin.sync(lin.act(CASE, {"type": "delivered", "to": "linye"}))
    assert wu.verdict(early) == "accepted"
    assert quarantined(parts)[0].released_at_ms is not None


def test_only_a_reconciler_resolves(parts: Parts, lin: Laptop) -> None:
    decision = {"type": "contradiction_resolved", "code": "x", "acts": ["a"], "decision": "both", "reason": "r"}
    lin.sync(lin.act(CASE, registered()))
    assert lin.verdict(lin.act(CASE, decision)) == "not_authorised"
    qian = Laptop(parts, "qian")
    qian.held[CASE] = lin.held[CASE][:1]
    assert qian.verdict(qian.act(CASE, decision)) == "accepted"


def test_nobody_approves_in_the_name_of_a_role_that_is_not_theirs(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()))
    approval = {"type": "extension_approved", "by_role": "unit_head", "workdays": 5}
    assert lin.verdict(lin.act(CASE, approval)) == "not_authorised"


def test_a_sequence_number_is_used_once(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()))
    both = [lin.act(case_id(n), registered(title=f"case {n}"), device_seq=9) for n in (3, 4)]
    assert [v.reason for v in lin.sync(*both)[0]] == ["", "sequence_reused"]
    assert lin.verdict(lin.act(case_id(2), registered(title="another"), device_seq=1)) == "device_frozen"


def test_a_change_belongs_to_one_case(lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    again = lin.signed(case_id(2), act.raw)
    assert [v.reason or v.verdict for v in lin.sync(act, again)[0]] == ["accepted", "in_another_case"]
    assert lin.verdict(again) == "in_another_case"


def test_a_second_beginning_of_a_case(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    lin.sync(lin.act(CASE, registered()))
    assert zhao.verdict(zhao.act(CASE, registered())) == "second_beginning"


@pytest.mark.parametrize(
    "brought",
    [
        [registered(), {"type": "delivered", "to": "linye"}],
        [registered(against="zhao")],
        [registered(unit="linye")],
        [registered(pack="HL", request_kind="report", claimant_name="周梦洁", claimant_phone="13800000000")],
        [{"type": "noted", "text": "x"}, registered()],
    ],
    ids=["others-right", "hidden-from-the-unit", "another-unit", "reporter-told", "behind-another-event"],
)
def test_a_case_that_exists_does_not_begin_again(parts: Parts, lin: Laptop, brought: list[dict[str, Any]]) -> None:
    lin.sync(lin.act(CASE, registered()))
    assert lin.verdict(lin.act(CASE, *brought)) == "second_beginning"
    assert lin.verdict(lin.act(case_id(2), registered(), registered(unit="linye"))) == "second_beginning"


def test_numbers_that_no_honest_engine_counts(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()))
    act = lin.act(CASE, {"type": "accepted"})
    assert lin.verdict(altered(lin, act, start_op=2_000_000)) == "wrong_operation_number"
    assert lin.verdict(altered(lin, act, seq=1)) == "wrong_actor_sequence"
    assert lin.verdict(act) == "accepted"


def test_a_forked_actor(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()))
    root = list(lin.held[CASE])
    lin.sync(lin.act(CASE, {"type": "accepted"}))
    lin.held[CASE] = root  # a profile that was restored from a copy goes on with the same actor
    assert lin.verdict(lin.act(CASE, {"type": "noted", "text": "x"})) == "actor_forked"


def test_causes_that_contain_each_other(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()), lin.act(CASE, {"type": "accepted"}))
    first, second = (decode_act_change(raw).hash for raw in lin.held[CASE])
    act = lin.act(CASE, {"type": "noted", "text": "x"})
    assert lin.verdict(altered(lin, act, deps=tuple(sorted((first, second))))) == "redundant_causes"


def test_an_act_that_is_not_at_the_end_of_what_was_seen(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()), lin.act(CASE, {"type": "accepted"}))
    act = lin.act(CASE, {"type": "noted", "text": "x"})
    wrong = altered(lin, act, elem=(2, lin.actor.hex()))
    assert lin.verdict(wrong) == "not_at_the_end"
    assert lin.verdict(act) == "accepted"


def test_a_missing_cause_is_waited_for(parts: Parts, lin: Laptop) -> None:
    first, second, third = (
        lin.act(CASE, event) for event in (registered(), {"type": "accepted"}, {"type": "noted", "text": "x"})
    )
    assert [v.reason for v in lin.sync(third, second)[0]] == ["missing_dependency", "missing_dependency"]
    assert lin.verdict(first) == "accepted"
    assert log_size(parts) == 3
    assert all(row.released_at_ms is not None for row in quarantined(parts))
    assert [v.verdict for v in lin.sync(second, third)[0]] == ["had", "had"]


def test_one_bad_item_stops_no_other(parts: Parts, lin: Laptop) -> None:
    good = [lin.act(case_id(n), registered()) for n in range(5)]
    bad = lin.signed(case_id(9), b"rubbish")
    wrong = dataclasses.replace(good[2], signature=bytes(64))
    verdicts = lin.sync(good[0], bad, good[1], wrong, good[2], good[3], bad, good[4], good[0])[0]
    assert [v.reason or v.verdict for v in verdicts] == [
        "accepted", "malformed", "accepted", "wrong_signature", "accepted", "accepted", "malformed", "accepted", "had",
    ]  # fmt: skip
    kept = quarantined(parts)
    assert [(row.reason, row.times) for row in kept] == [("malformed", 2), ("wrong_signature", 1)]


def test_an_act_that_the_engine_refuses_takes_its_effects_with_it(lin: Laptop) -> None:
    lin.sync(lin.act(CASE, registered()), lin.act(CASE, {"type": "accepted"}))
    wrong = altered(lin, lin.act(CASE, {"type": "noted", "text": "x"}), elem=(2, lin.actor.hex()))
    after = dataclasses.replace(
        decode_act_change(wrong.raw), deps=(decode_act_change(wrong.raw).hash,), seq=4, start_op=5,
        elem=(4, lin.actor.hex()), text=lin.text({"type": "noted", "text": "after"}),
    )  # fmt: skip
    follower = lin.signed(CASE, encode_act_change(after), hashlib.sha256(encode_act_change(after)[8:]).hexdigest())
    other = lin.act(case_id(2), registered())
    verdicts = lin.sync(wrong, follower, other)[0]
    assert [v.reason or v.verdict for v in verdicts] == ["not_at_the_end", "missing_dependency", "accepted"]


def test_a_revoked_devices_waiting_acts_stay_out(parts: Parts, lin: Laptop) -> None:
    from server.tables import devices

    first, second = lin.act(CASE, registered()), lin.act(CASE, {"type": "accepted"})
    zhao = Laptop(parts, "zhao")
    lin.sync(second)
    with parts.database.writing() as connection:
        connection.execute(devices.update().where(devices.c.id == lin.device).values(revoked_at_ms=1))
    zhao.sync()
    assert zhao.verdict(zhao.signed(CASE, first.raw)) == "others_act"
    assert log_size(parts) == 0


def test_the_log_keeps_bytes_and_signature_as_they_came(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    act = lin.act(CASE, registered())
    clock.pass_time(hours=3)
    lin.sync(act)
    with parts.database.reading() as connection:
        row = connection.execute(select(changes)).one()
    assert bytes(row.raw) == act.raw
    assert bytes(row.signature) == act.signature
    assert (row.user, row.device, row.device_seq, row.log_index) == ("lin", lin.device, 1, 0)
    assert row.received_at_ms == int(clock.now().timestamp() * 1000)


def test_an_act_by_rules_that_the_record_does_not_know_is_kept_apart(parts: Parts, lin: Laptop) -> None:
    """Otherwise one signed word would make a case unreadable for everybody."""
    known = parts.packs.version
    assert lin.verdict(lin.act(CASE, registered(), pack_version=known)) == "accepted"
    for number, named in enumerate((known.replace("HL-1.1", "HL-9"), "JY-2099.1"), 2):
        assert lin.verdict(lin.act(case_id(number), registered(), pack_version=named)) == "unknown_law"
    assert [kept.reason for kept in quarantined(parts)] == ["unknown_law"] * 2


@pytest.mark.parametrize(
    "event",
    [
        {"type": "veto_recorded", "year": 2026, "subject": "lin", "cause": "x", "decision_ref": "7"},
        {"type": "veto_withdrawn", "year": 2026, "subject": "lin", "reason": "x"},
        {"type": "deemed_consent_confirmed", "consequences": "x"},
    ],
    ids=lambda event: event["type"],
)
def test_what_is_reserved_to_a_role_is_not_taken_from_others(lin: Laptop, event: dict[str, Any]) -> None:
    lin.sync(lin.act(CASE, registered()))
    assert lin.verdict(lin.act(CASE, event)) == "not_authorised"


def in_post(parts: Parts, user: str, *terms: tuple[str, str | None, str | None]) -> None:
    """Gives a person terms as officer: (unit, since, until) each."""
    rows = [{"unit": u, "title": "officer", "roles": ["officer"], "since": s, "until": e} for u, s, e in terms]
    document = parts.city.current().document
    flat = {"unit", "title", "roles", "terms"}
    people = [
        {**{key: value for key, value in row.items() if key not in flat}, "terms": rows} if row["id"] == user else row
        for row in document["people"]
    ]
    parts.city.publish({**document, "people": people})


def test_an_act_is_judged_by_the_post_of_its_own_day(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    in_post(parts, "lin", ("shihe", None, "2026-11-20"), ("linye", "2026-12-01", None))
    made_in_time = lin.act(CASE, registered())
    clock.pass_time(days=5)
    gap = lin.act(CASE, {"type": "noted", "text": "x"})
    assert lin.verdict(made_in_time) == "accepted", "it waited on the device until its author had left"
    assert lin.verdict(gap) == "not_in_post"
    clock.pass_time(days=10)
    assert lin.verdict(lin.act(case_id(2), registered(unit="shihe"))) == "foreign_scope", "another unit since"
    assert lin.verdict(lin.act(case_id(3), registered(unit="linye"))) == "accepted"


def test_nobody_dates_an_act_back_behind_the_last_contact(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    in_post(parts, "lin", ("shihe", None, "2026-11-20"))
    in_time = clock.now()
    clock.pass_time(days=3)
    beacon = parts.receipts.beacon(clock.now(), 0).id
    back = lin.act(CASE, registered(), claimed_at=in_time, beacon=beacon)
    assert lin.verdict(back) == "not_in_post"


def test_a_clock_that_runs_ahead_gives_no_post_of_tomorrow(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    in_post(parts, "lin", ("shihe", "2026-12-01", None))
    ahead = clock.now().replace(month=12, day=5)
    assert lin.verdict(lin.act(CASE, registered(), claimed_at=ahead, occurred_at=ahead)) == "not_in_post"


def test_the_time_of_a_procedure_is_not_told_without_the_time(parts: Parts, lin: Laptop) -> None:
    """Another client's form may ask for less than ours: the record takes no telling that tells nothing (JY-3.3.5)."""
    lin.sync(lin.act(CASE, registered()))
    started = {"type": "procedure_started", "id": "1", "procedure": "testing"}
    told = {"type": "procedure_time_notified", "id": "1"}
    assert lin.verdict(lin.act(case_id(2), registered(), {**started, "told": True})) == "time_not_told"
    assert lin.verdict(lin.act(CASE, {**started, "told": False})) == "accepted"
    assert lin.verdict(lin.act(CASE, {**told, "expected_workdays": 12})) == "accepted"
    earlier = {**started, "id": "2", "told": True, "expected_days": 5}  # as versions before wrote it
    assert lin.verdict(lin.act(CASE, earlier)) == "accepted"
    assert lin.verdict(lin.act(CASE, told)) == "time_not_told"


def test_what_an_older_record_took_is_had_when_it_is_sent_again(
    parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin.sync(lin.act(CASE, registered()))
    act = lin.act(CASE, {"type": "procedure_started", "id": "1", "procedure": "testing", "told": True})
    with monkeypatch.context() as before:
        before.setattr("server.gate.tells_no_time", lambda *_: False)
        assert lin.verdict(act) == "accepted"
    assert lin.verdict(act) == "had"
    assert quarantined(parts) == []
