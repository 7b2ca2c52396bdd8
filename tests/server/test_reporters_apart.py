"""Who reported somebody (HL-4(五)): the gate wants it beside the case, no device is fed it, pages tell it to who may know."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from laptop import Laptop, StandingClock, case_id, registered
from test_restricted_scope import answer, bytes_of, city, page

from py_core import wire
from py_core.change import decode_act_change
from py_core.desk.ports import DeviceRevocation
from py_core.evidence.check import EvidenceCheck
from py_core.evidence.lines import read_evidence
from py_core.packs import load_packs
from py_core.reporters import apart, complainer_id, complaint_apart, reporter_id
from server import audit, beside_cases, record
from server.erasing import erase_due
from server.keys import verifies
from server.parts import Parts
from server.rebuilding import rebuild
from server.recorded import recorded_act
from server.verification import verify

CASE, BESIDE = case_id(1), reporter_id(case_id(1))
NAME, PHONE, ADDRESS = "举报人金丝雀", "13912345678", "金丝雀巷七号"
PEOPLE = ("lin", "zhao", "tou", "fen", "ji", "du", "fang", "qian", "wu")
MAY = {"lin", "ji", "du", "fang"}


def report(**fields: Any) -> dict[str, Any]:
    told = {"claimant_name": NAME, "claimant_phone": PHONE, "claimant_address": ADDRESS, "request_kind": "report"}
    return registered(title="反映夜间施工", number="K7Q-000017", **{**told, **fields})


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    city(parts)
    return Laptop(parts, "lin")


def verdicts(laptop: Laptop, *acts: wire.Pushed) -> list[str]:
    said = [wire.read_message(each) for each in answer(laptop, *acts) if isinstance(each, wire.Json)]
    return [each.reason or each.verdict for each in said if isinstance(each, wire.Verdict)]


@pytest.mark.parametrize("fields", [{}, {"pack": "WH", "matter": "letter.discipline", "request_kind": None}])
def test_a_case_that_says_who_reported_is_not_taken(lin: Laptop, fields: dict[str, Any]) -> None:
    begun = {name: value for name, value in report(**fields).items() if value is not None}
    assert verdicts(lin, lin.act(CASE, begun)) == ["reporter_in_case"]
    assert verdicts(lin, lin.act(case_id(2), registered(claimant_name=NAME, request_kind="complaint"))) == ["accepted"]


def test_nor_is_a_later_act_that_does(lin: Laptop) -> None:
    assert verdicts(lin, *lin.register(CASE, report())) == ["accepted", "accepted"]
    drawn = {"width": 300, "height": 100, "strokes": [[1, 1, 9, 9]]}
    signed = {"type": "signature_recorded", "signed": True}
    assert verdicts(lin, lin.act(CASE, {**signed, "strokes": drawn})) == ["reporter_in_case"]


def test_no_device_is_fed_it_and_the_takers_lets_it_go(parts: Parts, lin: Laptop) -> None:
    others = {user: Laptop(parts, user) for user in PEOPLE if user != "lin"}
    frames = answer(lin, *lin.register(CASE, report(), {"type": "delivered", "to": "linye"}))
    said = [wire.read_message(each) for each in frames if isinstance(each, wire.Json)]
    assert BESIDE in [each.case for each in said if isinstance(each, wire.Revoke)]
    for laptop in [*others.values(), Laptop(parts, "lin", "another")]:
        for can in ("revoke lineage", wire.PACKED + " revoke lineage", ""):
            laptop.cursor, laptop.scope = 0, ""
            sent = bytes_of(parts.exchange.answer(laptop.user, laptop.frames(can=can, want=(BESIDE, CASE))))
            for words in (NAME, PHONE, ADDRESS):
                assert words.encode() not in sent, (laptop.user, can, words)
    assert CASE in {each.case_id for each in others["wu"].sync()[1]}, "the case itself reaches who handles it"
    assert [fault.code for fault in verify(parts.database, parts.engine).faults] == []
    assert rebuild(parts.database).lines_added == 0
    with parts.database.reading() as connection:
        assert record.units_of_case(connection, BESIDE) == frozenset()


def test_pages_join_the_two_for_who_may_know(parts: Parts, lin: Laptop) -> None:
    answer(lin, *lin.register(CASE, report(), {"type": "delivered", "to": "linye"}))
    for user in PEOPLE:
        shown = page(parts, user, f"/cases/{CASE}")
        assert (NAME in shown.html) == (user in MAY), user
        words = re.sub(r'<span class="sw-unbroken">([^<]*)</span>', r"\1", shown.html)
        assert ("已保密（HL-4(五)）" in words) == (shown.status == 200 and user not in MAY), user
        beside = page(parts, user, f"/centre/reporter/{CASE}")
        assert (beside.status == 200, NAME in beside.html) == (user in MAY, user in MAY), user
        for path in (f"/cases/{BESIDE}", "/cases", "/today", "/centre/cases", "/centre/quarantine"):
            if user not in MAY:
                assert NAME not in page(parts, user, path).html, (user, path)
    assert page(parts, "fang", f"/cases/{BESIDE}").status == 404, "it is no case of its own"


def test_the_person_named_is_told_nothing_whatever_desk_it_is(parts: Parts, lin: Laptop) -> None:
    answer(lin, *lin.register(CASE, report(against="fang")))
    assert page(parts, "fang", f"/centre/reporter/{CASE}").status == 404
    assert NAME in page(parts, "du", f"/centre/reporter/{CASE}").html


def test_seeing_the_number_stands_in_the_case_and_in_the_trail_without_it(parts: Parts, lin: Laptop) -> None:
    answer(lin, *lin.register(CASE, report()))
    here = f"/centre/reporter/{CASE}"
    assert PHONE not in page(parts, "fang", here).html
    form = {"field": ["claimant_phone"], "purpose": ["contact"], "key": ["0"]}
    assert page(parts, "zhao", here, form).status == 404
    assert page(parts, "fang", here, form).status == 303
    assert PHONE in page(parts, "fang", here).html
    assert PHONE not in page(parts, "du", here).html
    with parts.database.reading() as connection:
        rows = [each for each in audit.entries(connection, 50, about=CASE) if each.what == "field_revealed"]
    assert [(each.user, PHONE in repr(each)) for each in rows] == [("fang", False)]
    assert PHONE.encode() not in bytes_of(answer(Laptop(parts, "zhao")))


def test_who_reported_is_told_once_by_who_took_it_down(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    begun, beside = lin.register(CASE, report())
    assert verdicts(lin, begun) == ["accepted"]
    _, forged = apart(CASE, (report(claimant_name="别人"),), load_packs())
    assert forged is not None
    assert verdicts(zhao, zhao.act(BESIDE, forged)) == ["reporter_of_others_case"]
    assert verdicts(lin, beside) == ["accepted"]
    assert verdicts(lin, lin.act(BESIDE, forged)) == ["second_beginning"]
    assert verdicts(lin, lin.act(reporter_id(case_id(3)), forged)) == ["unreadable_event"]
    fang = Laptop(parts, "fang")
    fang.held[BESIDE] = list(lin.held[BESIDE][:1])
    assert verdicts(fang, fang.act(BESIDE, {"type": "noted", "text": "x"})) == ["unreadable_event"]


def test_of_a_withdrawn_device_the_centre_takes_both_without_reading_who_it_was(parts: Parts, lin: Laptop) -> None:
    acts = lin.register(CASE, report())
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    answer(lin, *acts)
    queue = page(parts, "qian", "/centre/quarantine").html
    assert NAME not in queue
    let_in_unread(parts)
    assert NAME in page(parts, "du", f"/centre/reporter/{CASE}").html
    assert page(parts, "qian", f"/centre/reporter/{CASE}").status == 404


def let_in_unread(parts: Parts) -> None:
    """The reconciler takes both acts of a withdrawn device without reading who it was."""
    for number in (1, 2):
        item = f"/centre/quarantine/{number}"
        assert NAME not in page(parts, "qian", item).html
        form = {"decision": ["take"], "reason": ["遗失前登记"], "key": ["0"]}
        assert page(parts, "qian", item, form).status == 303


def begin(lin: Laptop) -> None:
    """A call for help that is with the town."""
    answer(lin, lin.act(CASE, registered(request_kind="help"), {"type": "delivered", "to": "shihe"}))


COMPLAINED = {"type": "complaint_filed", "about": "态度敷衍", "complainer_name": NAME, "complainer_phone": PHONE}


def complained(laptop: Laptop, number: int = 7) -> tuple[str, list[wire.Pushed]]:
    """A complaint in the course of the case as the desk makes it: its document's id, and both acts."""
    begun = registered(request_kind="help")
    kept, document, beside = complaint_apart(CASE, begun, (COMPLAINED,), "shihe", f"{number:032x}", load_packs())
    assert beside is not None
    return document, [laptop.act(CASE, *kept), laptop.act(document, beside)]


def test_who_complains_about_a_hotline_case_reaches_no_device_and_who_may_know(parts: Parts, lin: Laptop) -> None:
    steps = [{"type": "delivered", "to": "shihe"}, {"type": "accepted", "by": "shihe"}]
    answer(lin, lin.act(CASE, registered(request_kind="help"), *steps))
    assert verdicts(lin, lin.act(CASE, COMPLAINED)) == ["reporter_in_case"], "the case may not say it"
    lin.held[CASE].pop()
    document, acts = complained(lin)
    assert verdicts(lin, *acts) == ["accepted", "accepted"]
    zhao = Laptop(parts, "zhao")
    assert NAME.encode() not in bytes_of(answer(zhao))
    for user in PEOPLE:
        shown = page(parts, user, f"/cases/{CASE}")
        assert (f"/centre/reporter/{document}" in shown.html) == (user in MAY), user
        beside = page(parts, user, f"/centre/reporter/{document}")
        assert (beside.status == 200, NAME in beside.html) == (user in MAY, user in MAY), user
        assert user in MAY or NAME not in shown.html
    assert [fault.code for fault in verify(parts.database, parts.engine).faults] == []


def test_a_complainers_number_is_seen_by_an_act_in_the_case(parts: Parts, lin: Laptop) -> None:
    begin(lin)
    document, acts = complained(lin)
    answer(lin, *acts)
    here = f"/centre/reporter/{document}"
    assert PHONE not in page(parts, "fang", here).html
    assert "投诉人信息与办件分开保存（HL-4(五)）" in page(parts, "fang", here).html
    assert page(parts, "fang", here, {"field": ["claimant_phone"], "purpose": ["contact"], "key": ["0"]}).status == 303
    assert PHONE in page(parts, "fang", here).html
    with parts.database.reading() as connection:
        row = next(each for each in audit.entries(connection, 50, about=CASE) if each.what == "field_revealed")
    assert (row.user, "complainer_phone" in repr(row), PHONE in repr(row)) == ("fang", True, False)


def test_a_purpose_opens_the_number_of_that_complainer_only(parts: Parts, lin: Laptop) -> None:
    begin(lin)
    (one, acts), (other, more) = complained(lin, 7), complained(lin, 8)
    assert verdicts(lin, *acts, *more) == ["accepted"] * 4
    here, there = f"/centre/reporter/{one}", f"/centre/reporter/{other}"
    form = {"field": ["claimant_phone"], "purpose": ["contact"], "key": ["0"]}
    assert page(parts, "fang", here, form).status == 303
    assert [PHONE in page(parts, "fang", each).html for each in (here, there)] == [True, False]
    assert page(parts, "fang", there, form).status == 303
    assert PHONE in page(parts, "fang", there).html
    assert one not in re.sub(r"/centre/reporter/\w+", "", page(parts, "fang", f"/cases/{CASE}").html)


def test_a_complaints_document_is_its_takers_and_about_this_case(parts: Parts, lin: Laptop) -> None:
    begin(lin)
    document, (complaint, beside) = complained(lin)
    zhao = Laptop(parts, "zhao")
    forged = apart_event(lin)
    assert verdicts(lin, complaint) == ["accepted"]
    assert verdicts(zhao, zhao.act(document, forged)) == ["reporter_of_others_case"]
    assert verdicts(lin, beside) == ["accepted"]
    other = complainer_id(f"{8:032x}")
    assert verdicts(lin, lin.act(other, forged)) == ["foreign_scope"], "no complaint names it"


def test_a_complaint_that_came_too_late_is_taken_with_who_made_it(parts: Parts, lin: Laptop) -> None:
    begin(lin)
    document, acts = complained(lin)
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    answer(lin, *acts)
    let_in_unread(parts)
    assert NAME in page(parts, "du", f"/centre/reporter/{document}").html


def test_nobody_keeps_a_complainers_particulars_out_by_naming_their_document(parts: Parts, lin: Laptop) -> None:
    """Whoever named it first has taken it down; a complaint that names it again, or the reporter's, is not taken."""
    answer(lin, *lin.register(CASE, report(), {"type": "delivered", "to": "shihe"}))
    document, (complaint, beside) = complained(lin)
    assert verdicts(lin, complaint) == ["accepted"]
    zhao = Laptop(parts, "zhao")
    for named in ([document], [BESIDE], [complainer_id(f"{9:032x}")] * 2):
        zhao.held[CASE] = list(lin.held[CASE])
        refused = zhao.act(CASE, *(naming(each) for each in named))
        assert verdicts(zhao, refused) == ["reporter_of_others_case"], named
    with pytest.MonkeyPatch.context() as before:  # a record of before this rule may have taken it
        before.setattr(beside_cases, "_check_complaints", lambda *_: None)
        zhao.held[CASE] = list(lin.held[CASE])
        assert verdicts(zhao, zhao.act(CASE, naming(document))) == ["accepted"]
    assert verdicts(zhao, zhao.act(document, apart_event(zhao))) == ["reporter_of_others_case"]
    assert verdicts(lin, beside) == ["accepted"]


def test_a_complaints_document_is_not_taken_before_its_complaint(parts: Parts, lin: Laptop) -> None:
    """By no decision either: what no complaint names would never be erased."""
    begin(lin)
    document, (complaint, beside) = complained(lin)
    assert verdicts(lin, beside) == ["foreign_scope"]
    item = "/centre/quarantine/1"
    form = {"decision": ["take"], "reason": ["补收"], "key": ["0"]}
    assert page(parts, "qian", item, form).status == 409
    assert verdicts(lin, complaint) == ["accepted"]
    assert page(parts, "qian", item, form).status == 303
    assert NAME in page(parts, "du", f"/centre/reporter/{document}").html


def apart_event(laptop: Laptop) -> dict[str, Any]:
    pack = {"type": "reporter_told", "case": CASE, "pack": "HL", "unit": "shihe", "complaint": True}
    return {**pack, "claimant_name": "别人"}


def finish(parts: Parts, lin: Laptop, case: str = CASE) -> None:
    for event in (
        {"type": "replied", "text": "已停工", "opinion": "satisfied"},
        {"type": "fed_back", "text": "已停工"},
        {"type": "review_passed"},
        {"type": "called_back", "result": "satisfied", "consistent": True, "quality": "good"},
    ):
        fang = Laptop(parts, "fang", event["type"] + case) if event["type"] in ("review_passed", "called_back") else lin
        fang.held.setdefault(case, lin.held[case])
        assert verdicts(fang, fang.act(case, event)) == ["accepted"], event


def naming(document: str) -> dict[str, Any]:
    return {"type": "complaint_filed", "about": "x", "beside": document}


def test_particulars_are_corrected_by_who_may_know_and_nothing_is_overwritten(parts: Parts, lin: Laptop) -> None:
    answer(lin, *lin.register(CASE, report(), {"type": "delivered", "to": "linye"}))
    here = f"/centre/reporter/{CASE}"
    form = {"correct": ["yes"], "key": ["0"], "claimant_name": ["举报人改"], "claimant_address": ["改正巷九号"]}
    assert page(parts, "zhao", here, {**form, "reason": ["听错"]}).status == 404
    shown = page(parts, "du", here, {**form, "claimant_phone": ["123"]})
    assert (shown.status, "claimant_phone-error" in shown.html, "reason-error" in shown.html) == (422, True, True)
    assert "改正巷九号" in shown.html, "nothing typed is lost"
    assert [page(parts, "du", here, {**form, "reason": ["听错"]}).status for _ in range(2)] == [303, 303]
    shown = page(parts, "lin", here)
    for words in ("举报人改", "改正巷九号", "听错", "139******78"):
        assert words in shown.html, words
    assert NAME not in shown.html
    with parts.database.reading() as connection:
        acts = [recorded_act(each).act for each in record.entries_of_case(connection, BESIDE)]
    assert [act.kind for act in acts[1:]] == ["correct_reporter"], "sent twice, recorded once"
    assert NAME in repr(acts[0].events)
    for user in ("zhao", "wu"):
        assert "举报人改" not in page(parts, user, f"/cases/{CASE}").html
        assert "举报人改".encode() not in bytes_of(answer(Laptop(parts, user)))


def test_who_reported_has_evidence_of_its_own_and_the_cases_evidence_never_says_it(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    answer(lin, *lin.register(CASE, report(), {"type": "delivered", "to": "linye"}))
    form = {"correct": ["yes"], "key": ["0"], "claimant_name": ["举报人改"], "reason": ["听错"]}
    assert page(parts, "du", f"/centre/reporter/{CASE}", form).status == 303
    of_case, of_reporter = parts.evidence.make(CASE, "qian"), parts.evidence.make(BESIDE, "qian")
    assert [words in texts_of(of_case) for words in (NAME, "举报人改", "反映夜间施工")] == [False, False, True]
    assert [words in texts_of(of_reporter) for words in (NAME, "举报人改", "反映夜间施工")] == [True, True, False]
    found = EvidenceCheck(read_evidence(of_reporter), verifies).run()
    assert found.of("wrong") == []
    said = [each.text("en") for each in found.of("proven")]
    assert any(f"who reported or complained in case {CASE}" in each for each in said)
    assert any("signed on device" in each for each in said), "what was told is its device's word"
    edited = of_reporter.replace(b'"found":null', b'"found":{}')
    assert edited != of_reporter
    assert EvidenceCheck(read_evidence(edited), verifies).run().of("wrong")
    _erased_with_the_case(parts, lin, clock)
    gone = EvidenceCheck(read_evidence(parts.evidence.make(BESIDE, "qian")), verifies).run()
    assert gone.of("wrong") == []


def texts_of(evidence: bytes) -> str:
    """The texts of all acts in a file, as they were signed."""
    rows = (json.loads(line) for line in evidence.splitlines())
    return "".join(decode_act_change(bytes.fromhex(row["raw"])).text for row in rows if row["t"] == "act")


def _erased_with_the_case(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    answer(lin, lin.act(CASE, {"type": "accepted", "by": "shihe"}))
    finish(parts, lin)
    clock.pass_time(days=366 * 31)
    erase_due(parts, "he")
