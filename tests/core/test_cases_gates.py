"""Every gate with a case that it lets through and one that it refuses, with its stable code and article."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from law import PACKS, PROMISE_10, Desk, at, context, hotline, registered, service
from stages import (
    VETO,
    agreed,
    approved,
    asked,
    complained_of,
    confirmed,
    erased,
    extended,
    fed_back,
    handed,
    in_testing,
    joint,
    letter,
    major_again,
    outside,
    proposed,
    reachable,
    replied,
    reported,
    reviewed,
    silent,
    vetoed,
)

from py_core.calendars import national
from py_core.cases.commands import COMMANDS, Command, decide, gates
from py_core.errors import Refused
from py_core.packs import UnknownName
from py_core.rules.situation import Situation, look

OFFICER = frozenset({"officer"})


DRAWN = {"width": 600, "height": 200, "strokes": [[10, 20, 40, 60]]}
AWAY = {"who": "A", "from": "2026-03-03", "briefed": True}
UNVETO = {"year": 2026, "subject": "unit-1", "reason": "decision repealed"}

Made = Callable[[], Desk]


def left() -> Desk:
    """Post A is away from the 3rd to the 6th of March."""
    return outside().do("2026-03-02 10:00", "record_absence", **AWAY, to="2026-03-06")


LEFT_OUT = {"absent": "lin", "absent_from": "2026-03-03", "absent_to": "2026-03-06"}

ALLOWED: list[tuple[Made, str, str, dict[str, Any]]] = [
    (service, "2026-03-03 10:00", "complete", {}),
    (reachable, "2026-03-03 10:00", "reveal_field", {"field": "claimant_phone", "purpose": "contact"}),
    (reachable, "2026-03-03 10:00", "reveal_field", {"field": "claimant_phone", "purpose": "other", "words": "x"}),
    (outside, "2026-03-02 11:00", "propose_refusal", {}),
    (proposed, "2026-03-02 12:00", "report_refusal", {}),
    (reported, "2026-03-02 13:00", "mark_refusal_major", {}),
    (reported, "2026-03-02 13:00", "decide_refusal", {"outcome": "correct"}),
    (reported, "2026-03-02 13:00", "decide_refusal", {"outcome": "solve", "note": "lend them the hall"}),
    (agreed, "2026-03-03 10:00", "notify_refusal", {}),
    (
        lambda: major_again().do("2026-03-05 09:00", "record_leaders_meeting", opinion="refuse"),
        "2026-03-05 10:00",
        "decide_refusal",
        {"outcome": "agree"},
    ),
    (letter, "2026-01-13 23:00", "request_extension", {"reason": "complex", "until": "2026-03-02"}),
    (asked, "2026-01-09 09:00", "refuse_extension", {"reason": "no"}),
    (asked, "2026-01-09 09:00", "approve_extension", {"by_role": "leader", "until": "2026-01-30"}),
    (approved, "2026-01-09 15:00", "notify_extension", {"reason": "complex", "until": "2026-02-06"}),
    (hotline, "2026-03-04 10:00", "request_extension", {"reason": "complex", "workdays": 10}),
    (replied, "2026-03-03 11:00", "feed_back", {}),
    (fed_back, "2026-03-04 10:00", "return_review", {"reason": "thin"}),
    (reviewed, "2026-03-05 10:00", "call_back", {"result": "satisfied", "consistent": True}),
    (in_testing, "2026-03-04 10:00", "notify_procedure_time", {"id": "p1", "expected_workdays": 5}),
    (in_testing, "2026-03-09 10:00", "finish_procedure", {"id": "p1"}),
    (service, "2026-03-03 10:00", "start_procedure", {"id": "x", "procedure": "other", "name": "drill", "told": False}),
    (
        service,
        "2026-03-03 10:00",
        "start_procedure",
        {"id": "x", "procedure": "testing", "expected_workdays": 5, "told": True},
    ),
    (service, "2026-03-03 10:00", "record_signature", {"signed": False, "unsigned_reason": "hand hurt"}),
    (service, "2026-03-03 10:00", "request_extension", {"reason": "objective", "until": "2026-03-20"}),
    (lambda: registered("WH", "contact"), "2026-03-02 10:30", "accept", {"by": "section"}),
    (handed, "2026-03-02 12:00", "accept_handover", {"by": "section-2"}),
    (
        joint,
        "2026-03-03 10:00",
        "designate_lead",
        {"lead": "A", "steps": [{"unit": "A", "n": 6}, {"unit": "B", "n": 4}]},
    ),
    (lambda: registered("HL", "citizen", channel="hotline"), "2026-03-02 10:30", "deliver", {"to": "unit-1"}),
    (fed_back, "2026-03-04 10:00", "pass_review", {}),
    (
        lambda: registered("WH", "contact"),
        "2026-03-02 11:00",
        "register",
        {"pack": "WH", "matter": "contact", "channel": "phone", "claimant": "person", "claimant_ref": "second caller"},
    ),
    (service, "2026-03-03 10:00", "record_signature", {"signed": True, "strokes": DRAWN}),
    (silent, "2026-03-06 09:00", "confirm_deemed_consent", {"consequences": "the unit bears them"}),
    (outside, "2026-03-03 10:00", "record_absence", {**AWAY, "to": "2026-03-03"}),
    (left, "2026-03-04 10:00", "end_absence", {"who": "A", "back": "2026-03-05"}),
    (left, "2026-03-02 11:00", "end_absence", {"who": "A", "back": "2026-03-03"}),  # not going after all
    (left, "2026-03-07 10:00", "end_absence", {"who": "A", "back": "2026-03-05"}),  # noticed late
    (outside, "2026-03-03 10:00", "note", {"text": "x"}),
    (outside, "2026-03-03 10:00", "note", {"text": "x", **LEFT_OUT}),
    (left, "2026-03-03 10:00", "end_absence", {"who": "A", "back": "2026-03-03", "first_day": "stays"}),
    (complained_of, "2026-03-04 10:00", "record_veto", VETO),
    (vetoed, "2026-03-05 10:00", "withdraw_veto", UNVETO),
    (lambda: vetoed().do("2026-03-05 10:00", "withdraw_veto", **UNVETO), "2026-03-06 10:00", "record_veto", VETO),
]

REFUSED: list[tuple[Made, str, str, dict[str, Any], str, str]] = [
    (service, "2026-03-03 10:00", "accept", {"by": "section"}, "already_accepted", "JY-3.2.1"),
    (
        service, "2026-03-03 10:00", "reveal_field", {"field": "claimant_phone", "purpose": "contact"},
        "malformed_field", "JY-3.3.5",
    ),
    (
        reachable, "2026-03-03 10:00", "reveal_field", {"field": "claimant_phone", "purpose": "other"},
        "missing_field", "JY-3.3.5",
    ),
    (service, "2026-03-03 10:00", "accept_handover", {"by": "x"}, "nothing_handed_over", "JY-3.2.5"),
    (outside, "2026-03-02 12:00", "report_refusal", {}, "nothing_proposed", "BZ-FD-1"),
    (proposed, "2026-03-02 12:00", "notify_refusal", {}, "not_reported_to_leader", "BZ-FD-1"),
    (proposed, "2026-03-02 12:00", "decide_refusal", {"outcome": "agree"}, "not_reported_to_leader", "BZ-FD-1"),
    (proposed, "2026-03-02 12:00", "mark_refusal_major", {}, "not_reported_to_leader", "BZ-FD-1"),
    (reported, "2026-03-02 13:00", "notify_refusal", {}, "not_agreed", "BZ-FD-3"),
    (
        lambda: reported().do("2026-03-02 13:00", "mark_refusal_major"),
        "2026-03-02 14:00", "decide_refusal", {"outcome": "agree"}, "meeting_not_recorded", "BZ-FD-2",
    ),
    (major_again, "2026-03-05 10:00", "decide_refusal", {"outcome": "agree"}, "meeting_not_recorded", "BZ-FD-2"),
    (reported, "2026-03-02 13:00", "decide_refusal", {"outcome": "solve", "note": " "}, "missing_field", "BZ-FD-2"),
    (service, "2026-03-03 10:00", "notify_refusal", {}, "missing_field", "JY-3.2.6"),
    (outside, "2026-03-02 11:00", "request_extension", {"reason": "x", "workdays": 3}, "no_extension_in_pack", "BZ-SW-1"),
    (
        lambda: registered("WH", "assignment.general", channel="document"),
        "2026-03-03 10:00", "request_extension", {"reason": "x", "workdays": 3}, "no_extension_for_matter", "WH-XS-5",
    ),
    (letter, "2026-01-14 00:00", "request_extension", {"reason": "x", "until": "2026-02-06"}, "late_extension", "WH-XS-6"),
    (letter, "2026-01-08 10:00", "request_extension", {"reason": "x", "until": "2026-03-03"}, "over_cap", "WH-XS-6"),
    (letter, "2026-01-08 10:00", "request_extension", {"reason": "x", "until": "2026-01-13"}, "malformed_field", "WH-XS-6"),
    (letter, "2026-01-08 10:00", "request_extension", {"reason": "x"}, "missing_field", "WH-XS-6"),
    (letter, "2026-01-08 10:00", "request_extension", {"reason": "x", "workdays": 0}, "malformed_field", "WH-XS-6"),
    (asked, "2026-01-09 10:00", "approve_extension", {"by_role": "leader", "workdays": 0}, "malformed_field", "WH-XS-6"),
    (
        approved, "2026-01-09 15:00", "notify_extension",
        {"reason": "x", "until": "2026-02-09"}, "malformed_field", "WH-XS-6",
    ),
    (letter, "2026-01-08 10:00", "approve_extension", {"by_role": "leader"}, "nothing_requested", "WH-XS-6"),
    (letter, "2026-01-08 10:00", "refuse_extension", {"reason": "x"}, "nothing_requested", "WH-XS-6"),
    (asked, "2026-01-09 10:00", "approve_extension", {"by_role": "unit_head"}, "wrong_approver", "WH-XS-6"),
    (asked, "2026-01-14 10:00", "approve_extension", {"by_role": "leader"}, "late_extension", "WH-XS-6"),
    (
        asked, "2026-01-09 10:00", "approve_extension",
        {"by_role": "leader", "until": "2026-03-03"}, "over_cap", "WH-XS-6",
    ),
    (asked, "2026-01-09 10:00", "notify_extension", {"reason": "x", "until": "2026-02-06"}, "nothing_approved", "WH-XS-6"),
    (extended, "2026-02-04 10:00", "request_extension", {"reason": "x", "until": "2026-03-02"}, "already_extended", "WH-XS-6"),
    (hotline, "2026-03-04 10:00", "request_extension", {"reason": "x", "workdays": 11}, "over_cap", "HL-7"),
    (service, "2026-03-03 10:00", "request_extension", {"reason": "x", "until": "2026-03-24"}, "over_cap", "JY-3.3.6"),
    (hotline, "2026-03-03 11:00", "feed_back", {}, "not_replied", "HL-7"),
    (
        lambda: hotline().do("2026-03-03 10:00", "reply", text="done"),
        "2026-03-03 11:00", "feed_back", {}, "opinion_not_sought", "HL-7",
    ),
    (service, "2026-03-03 11:00", "feed_back", {}, "not_in_this_regulation", "JY-3.3.5"),
    (replied, "2026-03-03 11:00", "pass_review", {}, "not_fed_back", "HL-7"),
    (fed_back, "2026-03-04 11:00", "call_back", {"result": "satisfied"}, "not_reviewed", "HL-7"),
    (service, "2026-03-03 10:00", "deliver", {"to": "x"}, "not_in_this_regulation", "JY-3.2.5"),
    (service, "2026-03-03 10:00", "finish_procedure", {"id": "p1"}, "unknown_procedure", "JY-3.3.5"),
    (in_testing, "2026-03-04 10:00", "start_procedure", {"id": "p1", "procedure": "testing"}, "unknown_procedure", "JY-3.3.5"),
    (service, "2026-03-04 10:00", "start_procedure", {"id": "x", "procedure": "other"}, "missing_field", "JY-3.3.5"),
    # What must be told is the time (JY-3.3.5): a telling without it is none.
    (
        service, "2026-03-04 10:00", "start_procedure", {"id": "x", "procedure": "testing", "told": True},
        "missing_field", "JY-3.3.5",
    ),
    (in_testing, "2026-03-04 10:00", "notify_procedure_time", {"id": "p1"}, "missing_field", "JY-3.3.5"),
    (
        in_testing, "2026-03-04 10:00", "notify_procedure_time", {"id": "p1", "expected_workdays": 0},
        "malformed_field", "JY-3.3.5",
    ),
    (service, "2026-03-03 10:00", "record_signature", {"signed": False}, "missing_field", "JY-3.2.7"),
    (
        service, "2026-03-04 10:00", "start_procedure",
        {"id": "x", "procedure": "testing", "expected_workdays": 0}, "malformed_field", "JY-3.3.5",
    ),
    (outside, "2026-03-03 10:00", "record_absence", {**AWAY, "to": "2026-03-02"}, "malformed_field", "BZ-AB-4"),
    (outside, "2026-03-03 10:00", "end_absence", {"who": "A", "back": "2026-03-03"}, "nobody_away", "BZ-AB-4"),
    (left, "2026-03-07 10:00", "end_absence", {"who": "A", "back": "2026-03-07"}, "malformed_field", "BZ-AB-4"),
    (left, "2026-03-03 10:00", "end_absence", {"who": "A", "back": "2026-03-03"}, "malformed_field", "BZ-AB-4"),
    (
        left, "2026-03-03 10:00", "end_absence", {"who": "A", "back": "2026-03-04", "first_day": "stays"},
        "malformed_field", "BZ-AB-4",
    ),
    (left, "2026-03-04 10:00", "end_absence", {"who": "A", "back": "2026-03-02"}, "malformed_field", "BZ-AB-4"),
    (left, "2026-03-04 10:00", "end_absence", {"who": "A", "back": "2026-03-07"}, "malformed_field", "BZ-AB-4"),
    (left, "2026-03-04 10:00", "end_absence", {"who": "B", "back": "2026-03-05"}, "malformed_field", "BZ-AB-4"),
    (service, "2026-03-03 10:00", "note", {"text": "x", **LEFT_OUT}, "not_in_this_regulation", "JY-3.3.5"),
    (outside, "2026-03-03 10:00", "note", {"text": "x", "absent": "lin"}, "missing_field", "BZ-AB-4"),
    (
        outside, "2026-03-03 10:00", "note", {"text": "x", **LEFT_OUT, "absent_to": "2026-03-02"},
        "malformed_field", "BZ-AB-4",
    ),
    (
        lambda: in_testing().do("2026-03-05 10:00", "finish_procedure", id="p1"),
        "2026-03-06 10:00", "finish_procedure", {"id": "p1"}, "unknown_procedure", "JY-3.3.5",
    ),
    (hotline, "2026-03-03 10:00", "start_procedure", {"id": "x", "procedure": "testing"}, "no_suspension_for_matter", "JY-3.3.5"),
    (erased, "2036-03-03 11:00", "note", {"text": "x"}, "content_erased", "JY-3.3.5"),
    (erased, "2036-03-03 11:00", "file_complaint", {"about": "x"}, "content_erased", "JY-3.3.5"),
    (
        lambda: service().do("2026-03-03 10:00", "complete"),
        "2026-03-03 11:00", "hand_over", {"to": "x"}, "case_closed", "JY-3.3.5",
    ),
    (
        lambda: registered("JY", "joint", promise=PROMISE_10),
        "2026-03-03 10:00", "designate_lead",
        {"lead": "A", "steps": [{"unit": "A", "n": 6}, {"unit": "B", "n": 5}]}, "over_promise", "JY-3.3.4",
    ),
    (service, "2026-03-03 10:00", "issue_receipt", {"first_responder_phone": "1", "promised": "2026-03-16"}, "missing_field", "JY-3.2.7"),
    (service, "2026-03-03 10:00", "refer_out", {"to_body": "x"}, "missing_field", "JY-3.3.5"),
    (service, "2026-03-03 10:00", "judge_scope", {"outcome": "mine"}, "malformed_field", "JY-3.3.5"),
    (
        lambda: service().do("2026-03-03 10:00", "complete"), "2026-03-03 11:00", "register",
        {"pack": "JY", "matter": "service", "channel": "phone", "claimant": "person", "promise": PROMISE_10},
        "already_registered", "JY-3.3.5",
    ),
    (service, "2026-03-04 10:00", "notify_procedure_time", {"id": "p1"}, "unknown_procedure", "JY-3.3.5"),
    (replied, "2026-03-03 11:00", "return_review", {"reason": "thin"}, "not_fed_back", "HL-7"),
    (silent, "2026-03-05 09:00", "confirm_deemed_consent", {"consequences": "x"}, "no_deemed_consent", "BZ-XS-5"),
    (confirmed, "2026-03-10 09:00", "confirm_deemed_consent", {"consequences": "x"}, "no_deemed_consent", "BZ-XS-5"),
    (service, "2026-06-01 09:00", "confirm_deemed_consent", {"consequences": "x"}, "no_deemed_consent", "JY-3.3.5"),
    (
        service, "2026-03-03 10:00", "record_signature", {"signed": False, "unsigned_reason": "x", "strokes": DRAWN},
        "malformed_field", "JY-3.2.7",
    ),
    (service, "2026-03-04 10:00", "record_veto", VETO, "not_in_this_regulation", "JY-3.3.5"),
    (silent, "2026-03-04 10:00", "record_veto", VETO, "no_accountability_file", "BZ-KP-4"),
    (lambda: complained_of({}), "2026-03-04 10:00", "record_veto", VETO, "setting_missing", "BZ-KP-4"),
    (complained_of, "2026-03-04 10:00", "record_veto", {**VETO, "year": 2027}, "malformed_field", "BZ-KP-4"),
    (vetoed, "2026-03-05 10:00", "record_veto", VETO, "veto_already_recorded", "BZ-KP-4"),
    (vetoed, "2026-03-05 10:00", "withdraw_veto", {**UNVETO, "year": 2025}, "no_such_veto", "BZ-KP-4"),
    (complained_of, "2026-03-05 10:00", "withdraw_veto", UNVETO, "no_such_veto", "BZ-KP-4"),
    (silent, "2026-03-05 10:00", "withdraw_veto", UNVETO, "no_accountability_file", "BZ-KP-4"),
]  # fmt: skip


def situation_of(desk: Desk, moment: str) -> Situation:
    assert desk.case is not None
    return look(desk.case, PACKS, national(), at(moment), {})


def test_every_gate_has_an_allowed_and_a_refused_case_above() -> None:
    """A new gate, or a new code of refusal, without both kinds of case fails here."""
    allowed = {COMMANDS[row[2]].event for row in ALLOWED}
    refused = {COMMANDS[row[2]].event for row in REFUSED}
    assert set(gates._GATES) - allowed == set()
    assert set(gates._GATES) - refused == set()
    modules = {inspect.getmodule(each) for each in (gates.check, *gates._GATES.values())}
    in_gates = {code for each in modules if each for code in re.findall(r'refuse\(\s*"(\w+)"', inspect.getsource(each))}
    registering = {"support_staff", "wrong_matter", "missing_promise"}  # `test_cases_registering`
    assert in_gates - {row[4] for row in REFUSED} == registering


def code_of(event: str, situation: Situation) -> str:
    try:
        gates.check(event, situation, None)
    except Refused as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("event", sorted(gates._WORK))
def test_a_closed_case_takes_no_more_work_and_an_open_one_knows_no_such_refusal(event: str) -> None:
    closed = service().do("2026-03-03 10:00", "complete")
    done, still_open = (situation_of(desk, "2026-03-03 11:00") for desk in (closed, service()))
    with pytest.raises(Refused) as caught:
        gates.check(event, done, None)
    assert (caught.value.code, caught.value.article) == ("case_closed", "JY-3.3.5")
    assert code_of(event, still_open) != "case_closed"


@pytest.mark.parametrize(
    ("made", "moment", "name", "fields"), ALLOWED, ids=lambda value: getattr(value, "__name__", None)
)
def test_what_is_lawful_becomes_events(made: Made, moment: str, name: str, fields: dict[str, Any]) -> None:
    desk = made()
    before = len(desk.acts)
    desk.do(moment, name, **fields)
    assert len(desk.acts) == before + 1
    case = desk.case
    assert case is not None
    assert case.ignored == ()


@pytest.mark.parametrize(
    ("made", "moment", "name", "fields", "code", "article"), REFUSED, ids=[f"{row[2]}-{row[4]}" for row in REFUSED]
)
def test_what_is_not_lawful_is_refused(
    made: Made, moment: str, name: str, fields: dict[str, Any], code: str, article: str
) -> None:
    with pytest.raises(Refused) as caught:
        made().do(moment, name, **fields)
    assert (caught.value.code, caught.value.article) == (code, article)
    assert caught.value.instead, "a refusal says what to do instead"
    assert "%(" not in str(caught.value)


def test_a_role_that_may_not_is_told_who_may() -> None:
    with pytest.raises(Refused) as caught:
        fed_back().do("2026-03-04 09:00", "pass_review", OFFICER)
    assert caught.value.code == "not_permitted"
    assert caught.value.params["roles"] == "dispatch_desk"


def test_the_approver_is_the_role_that_the_person_holds() -> None:
    desk = asked().do("2026-01-09 09:00", "approve_extension", frozenset({"leader", "officer"}))
    assert desk.acts[-1].act.events[0]["by_role"] == "leader"
    with pytest.raises(Refused) as caught:
        asked().do("2026-01-09 09:00", "approve_extension", frozenset({"unit_head"}))
    assert caught.value.code == "wrong_approver"


def test_nobody_approves_in_the_name_of_another_role() -> None:
    with pytest.raises(Refused) as caught:
        asked().do("2026-01-09 09:00", "approve_extension", frozenset({"unit_head"}), by_role="leader")
    assert caught.value.code == "wrong_approver"
    with pytest.raises(Refused) as caught:
        asked().do("2026-01-09 09:00", "approve_extension", frozenset({"leader"}), by_role="unit_head")
    assert (caught.value.code, caught.value.params["roles"]) == ("not_permitted", "unit_head")


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName):
        decide(None, Command("teleport"), context("2026-03-02 10:00"))
    with pytest.raises(UnknownName):
        registered("ZZ", "service")
    with pytest.raises(UnknownName):
        registered("JY", "loan")
    with pytest.raises(Refused) as caught:
        decide(None, Command("accept", {"by": "x"}), context("2026-03-02 10:00"))
    assert caught.value.code == "not_registered"


@pytest.mark.parametrize(
    ("completion", "event"),
    [(None, "decision_issued"), ("certificate_issued", "certificate_issued"), ("forwarded_up", "forwarded_up")],
)
def test_completing_a_promised_matter_is_the_event_that_its_promise_names(completion: str | None, event: str) -> None:
    desk = service(completion_event=completion).do("2026-03-03 10:00", "complete", text="done")
    assert desk.acts[-1].act.events[0]["type"] == event
    assert desk.look("2026-03-03 11:00").light == "met"


def test_dates_may_be_typed_as_texts_or_dates_and_are_recorded_as_texts() -> None:
    desk = letter().do("2026-01-08 10:00", "request_extension", reason="x", until=date(2026, 2, 6))
    assert desk.acts[-1].act.events[0]["until"] == "2026-02-06"


def test_a_deed_of_yesterday_is_judged_by_yesterday() -> None:
    late = context("2026-01-14 09:00")
    fields = {"reason": "complex", "until": "2026-02-06"}
    with pytest.raises(Refused):
        decide(letter().case, Command("request_extension", fields), late)
    assert decide(letter().case, Command("request_extension", fields), replace(late, at=at("2026-01-13 16:00")))
