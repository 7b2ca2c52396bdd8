"""Two acts with one number prove that a device's profile exists twice: both are kept, nothing more is taken from it."""

from __future__ import annotations

from browsing import Browser
from laptop import Laptop, case_id, registered
from test_exchange import messages

from py_core import wire
from py_core.desk.ports import LateDecision
from server import late_work, record
from server.devices import device_by_id
from server.parts import Parts
from server.verification import verify

ONE, TWO, THREE = case_id(1), case_id(2), case_id(3)


def copied(parts: Parts) -> Laptop:
    """A laptop of which two acts have gone out with the number 2."""
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(ONE, registered()), lin.act(TWO, registered(title="from the one machine")))
    lin.seq = 1
    verdicts, _ = lin.sync(lin.act(THREE, registered(title="from its copy")))
    assert [(each.verdict, each.reason) for each in verdicts] == [("quarantined", "sequence_reused")]
    return lin


def test_both_acts_are_kept_and_the_device_is_frozen(parts: Parts) -> None:
    lin = copied(parts)
    with parts.database.reading() as connection:
        device = device_by_id(connection, lin.device)
        assert device is not None
        assert device.frozen
        (held,) = late_work.held(connection)
        assert (held.submission.case_id, held.reason) == (THREE, "sequence_reused")
    verdicts, _ = lin.sync(lin.act(case_id(4), registered()))
    assert verdicts[0].reason == "device_frozen"


def test_a_frozen_device_is_told_and_fed_nothing_but_lets_nothing_go(parts: Parts) -> None:
    lin = copied(parts)
    Laptop(parts, "zhao").sync(Laptop(parts, "zhao", "second").act(case_id(5), registered()))
    frames = parts.exchange.answer("lin", lin.frames(cursor=7, scope="shihe/2"))
    assert messages(frames, wire.End) == [wire.End(7, False, "shihe/2", "device_frozen")]
    assert not [frame for frame in frames if isinstance(frame, wire.Pulled)]


def test_an_act_with_a_wrong_signature_freezes_nobody(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(ONE, registered()))
    lin.seq = 0
    forged = lin.act(TWO, registered())
    bad = wire.Pushed(forged.case_id, forged.alg, bytes(64), forged.raw)
    assert lin.sync(bad)[0][0].reason == "wrong_signature"
    with parts.database.reading() as connection:
        device = device_by_id(connection, lin.device)
        assert device is not None
        assert not device.frozen


def test_the_person_enrols_anew_and_hears_of_the_old_acts(parts: Parts) -> None:
    lin = copied(parts)
    late = lin.act(case_id(4), registered(title="after the freeze"))
    lin.sync(late)
    anew = Laptop(parts, "lin", "the same machine")
    verdicts, _ = anew.sync(anew.act(case_id(6), registered()))
    assert verdicts[0].verdict == "accepted"
    with parts.database.reading() as connection:
        item = next(each for each in late_work.held(connection) if each.reason == "device_frozen")
    with parts.database.writing() as connection:
        late_work.decide(connection, [item.id], late_work.LEFT_OUT, "qian", "told twice", 1)
    frames = parts.exchange.answer("lin", anew.frames(asks=(item.hash,)))
    assert [ruled.hash for ruled in messages(frames, wire.Ruled)] == [item.hash]


def test_the_centre_sees_it_first(browser: Browser, parts: Parts) -> None:
    copied(parts)
    Laptop(parts, "wu")
    browser.sign_in("qian")
    page = browser.get("/centre/devices?lang=en").text
    assert "exists twice since" in page
    assert page.index("exists twice since") < page.index("吴敏")


def test_a_held_case_that_the_record_does_not_have_is_named_in_words(browser: Browser, parts: Parts) -> None:
    lin = copied(parts)
    lin.sync(lin.act(case_id(4), registered(number="K7Q-000009")), lin.act(case_id(5), registered()))
    browser.sign_in("qian")
    page = browser.get("/centre/quarantine?lang=en").text
    assert "K7Q-000009" in page
    assert "Unknown case" in page
    assert f">{case_id(5)[:8]}" not in page


def test_the_centre_can_take_an_act_whose_number_was_used_and_what_rests_on_it(parts: Parts, browser: Browser) -> None:
    """Both registrations were done, and both people have a receipt: neither is worth less."""
    lin = copied(parts)
    lin.sync(lin.act(THREE, {"type": "noted", "text": "done on the copy"}))
    with parts.database.reading() as connection:
        held = late_work.held(connection)
    assert [each.reason for each in held] == ["sequence_reused", "device_frozen"]
    browser.sign_in("qian")
    path = f"/centre/quarantine/{held[0].id}?lang=en"
    browser.send_form(path, browser.get(path), decision="take", reason="Both were done.")
    with parts.database.reading() as connection:
        assert [each.hash for each in record.entries_of_case(connection, THREE)][:2] == [each.hash for each in held]
        assert all(record.entries_of_case(connection, case) for case in (ONE, TWO))
        device = device_by_id(connection, lin.device)
        assert device is not None
        assert device.frozen
    assert verify(parts.database, parts.engine).faults == ()
    # The device that its person enrolled anew hears of it, with the receipt.
    anew = Laptop(parts, "lin", "the same machine")
    frames = parts.exchange.answer("lin", anew.frames(asks=tuple(each.hash for each in held)))
    ruled = [(each.taken, each.by, each.log_index is not None) for each in messages(frames, wire.Ruled)]
    assert ruled == [(True, "qian", True)] * 2


def test_a_number_that_is_in_the_log_twice_without_a_decision_is_a_fault(parts: Parts) -> None:
    lin = copied(parts)
    with parts.database.reading() as connection:
        items = tuple(each.id for each in late_work.held(connection))
    parts.decisions.carry_out(LateDecision(items, True, "no act says so"), "qian")
    (fault,) = verify(parts.database, parts.engine).faults
    assert (fault.code, lin.device in fault.why) == ("number_twice", True)
