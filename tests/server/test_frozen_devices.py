"""Two acts with one number prove that a device's profile exists twice: both are kept, nothing more is taken from it."""

from __future__ import annotations

from browsing import Browser
from laptop import Laptop, case_id, registered
from test_exchange import messages

from py_core import wire
from py_core.desk.ports import DeviceRevocation, LateDecision
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


def is_frozen(parts: Parts, laptop: Laptop) -> bool:
    with parts.database.reading() as connection:
        device = device_by_id(connection, laptop.device)
    assert device is not None
    return device.frozen


def refused(parts: Parts) -> tuple[Laptop, wire.Pushed]:
    """A laptop whose act with the number 2 was not taken, and that act."""
    wu = Laptop(parts, "wu")
    lin = Laptop(parts, "lin")
    wu.sync(wu.act(ONE, registered(unit="linye")))
    lin.held[ONE] = list(wu.held[ONE])
    lin.sync(lin.act(TWO, registered()))
    of_others = lin.act(ONE, {"type": "noted", "text": "from the one machine"})
    assert lin.verdict(of_others) == "foreign_scope"
    return lin, of_others


def test_a_number_of_an_act_that_was_not_taken_proves_the_copy_as_well(parts: Parts, browser: Browser) -> None:
    lin, first = refused(parts)
    lin.seq = 1
    second = lin.act(THREE, registered(title="from its copy"))
    verdicts, _ = lin.sync(second)
    assert [(each.verdict, each.reason) for each in verdicts] == [("quarantined", "sequence_reused")]
    assert is_frozen(parts, lin)
    frames = parts.exchange.answer("lin", lin.frames())
    assert [each.problem for each in messages(frames, wire.End)] == ["device_frozen"], "it is offered to enrol anew"
    with parts.database.reading() as connection:
        held = {bytes(each.submission.raw): each.reason for each in late_work.held(connection)}
    assert held == {first.raw: "foreign_scope", second.raw: "sequence_reused"}, "both are kept"
    browser.sign_in("qian")
    assert "exists twice since" in browser.get("/centre/devices?lang=en").text


def test_an_act_that_is_offered_again_is_no_second_one(parts: Parts) -> None:
    """A device offers what was refused again when the record came back from a backup, signed anew."""
    lin, first = refused(parts)
    assert lin.verdict(first) == "foreign_scope"
    twice = lin.sync(first, lin.signed(first.case_id, first.raw))[0]
    assert [each.reason for each in twice] == ["foreign_scope", "foreign_scope"]
    assert lin.verdict(lin.act(TWO, {"type": "noted", "text": "it goes on with the next number"})) == "accepted"
    anew = Laptop(parts, "lin", "enrolled anew")
    assert anew.verdict(anew.signed(first.case_id, first.raw)) == "others_act", "its numbers begin at 1 again"
    assert anew.verdict(anew.act(THREE, registered())) == "accepted"
    assert not is_frozen(parts, lin)
    assert not is_frozen(parts, anew)


def test_two_acts_with_one_number_in_one_request_are_found_out_though_the_first_is_refused(parts: Parts) -> None:
    lin, _ = refused(parts)
    of_others = lin.act(ONE, {"type": "noted", "text": "again"})
    lin.seq -= 1
    verdicts, _ = lin.sync(of_others, lin.act(THREE, registered(title="from its copy")))
    assert [each.reason for each in verdicts] == ["missing_dependency", "sequence_reused"]
    assert is_frozen(parts, lin)


def test_the_copy_is_found_out_whatever_else_is_wrong_with_its_act(parts: Parts) -> None:
    """The reason stays the first that was found; that its device is withdrawn hides nothing either."""
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(ONE, registered()))
    lin.seq = 0
    decided = {"type": "contradiction_resolved", "code": "X", "acts": ["00"], "decision": "both", "reason": "so"}
    assert lin.verdict(lin.act(ONE, decided)) == "not_authorised"
    assert is_frozen(parts, lin)
    gone = Laptop(parts, "zhao")
    assert gone.verdict(gone.act(TWO, registered())) == "accepted"
    parts.decisions.carry_out(DeviceRevocation(gone.device, "lost"), "he")
    gone.seq = 0
    assert gone.verdict(gone.act(THREE, registered(title="from its copy"))) == "device_revoked"
    assert is_frozen(parts, gone)
    frames = parts.exchange.answer("zhao", gone.frames())
    assert [each.problem for each in messages(frames, wire.End)] == ["device_revoked"]


def test_an_act_with_a_wrong_signature_freezes_nobody(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(ONE, registered()))
    lin.seq = 0
    forged = lin.act(TWO, registered())
    bad = wire.Pushed(forged.case_id, forged.alg, bytes(64), forged.raw)
    assert lin.sync(bad)[0][0].reason == "wrong_signature"
    assert not is_frozen(parts, lin)


def test_nor_does_one_under_the_number_of_an_act_that_was_not_taken(parts: Parts) -> None:
    lin, first = refused(parts)
    lin.seq = 1
    forged = lin.act(THREE, registered())
    bad = wire.Pushed(forged.case_id, forged.alg, bytes(64), forged.raw)
    assert lin.verdict(bad) == "wrong_signature"
    assert lin.verdict(first) == "foreign_scope"
    assert not is_frozen(parts, lin)


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
