"""Every gate with a case that it lets through and one that it refuses, with its stable code and article."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from law import PACKS, PROMISE_10, Desk, at, context, hotline, registered, service

from py_core.calendars import national
from py_core.cases.commands import COMMAND_OF, COMMANDS, Command, decide, gates, possible
from py_core.cases.events import EVENTS
from py_core.errors import Refused
from py_core.packs import UnknownName
from py_core.rules.situation import Situation, look

OFFICER = frozenset({"officer"})


def outside(matter: str = "contact") -> Desk:
    return registered("BZ", matter, channel="visit", claimant="outside_unit")


def proposed() -> Desk:
    return outside().do("2026-03-02 11:00", "propose_refusal", reason="not eligible")


def reported() -> Desk:
    return proposed().do("2026-03-02 12:00", "report_refusal")


def agreed() -> Desk:
    return reported().do("2026-03-02 14:00", "decide_refusal", outcome="agree")


def major_again() -> Desk:
    """A second grave refusal, after the leaders' meeting on the first one was for correcting it."""
    desk = reported().do("2026-03-02 13:00", "mark_refusal_major")
    desk.do("2026-03-02 14:00", "record_leaders_meeting", opinion="correct it")
    desk.do("2026-03-02 15:00", "decide_refusal", outcome="correct")
    desk.do("2026-03-04 10:00", "propose_refusal", reason="not eligible")
    return desk.do("2026-03-04 11:00", "report_refusal").do("2026-03-04 12:00", "mark_refusal_major")


def letter() -> Desk:
    return registered("WH", "letter", "2025-12-01 09:30", channel="letter", accept_by="section")


def asked() -> Desk:
    return letter().do("2026-01-08 10:00", "request_extension", reason="complex", until="2026-02-06")


def approved() -> Desk:
    return asked().do("2026-01-09 09:00", "approve_extension", by_role="leader")


def extended() -> Desk:
    return approved().do("2026-01-09 15:00", "notify_extension", reason="complex", until="2026-02-06")


def replied() -> Desk:
    return hotline().do("2026-03-03 10:00", "reply", text="done", opinion="satisfied")


def fed_back() -> Desk:
    return replied().do("2026-03-03 11:00", "feed_back")


def reviewed() -> Desk:
    return fed_back().do("2026-03-04 09:00", "pass_review")


def in_testing() -> Desk:
    return service().do("2026-03-03 10:00", "start_procedure", id="p1", procedure="testing", told=False)


def erased() -> Desk:
    """A case whose content was erased after its period."""
    said = {"rule": "cases", "years": 10, "closed_on": "2026-03-03", "kept_until": "2036-03-03", "count": 2}
    done = service().do("2026-03-03 10:00", "complete")
    return done.do("2036-03-04 10:00", "erase_content", **said, hashes="ab" * 32, residue="cd" * 32)


TRIGGER = {"veto_trigger": "书面告诫以上"}


def silent() -> Desk:
    """A request document that nobody answered within three working days."""
    return registered("BZ", "request_document", channel="document", claimant="outside_unit")


def confirmed() -> Desk:
    return silent().do("2026-03-09 09:00", "confirm_deemed_consent", consequences="the unit bears them")


def complained_of(settings: dict[str, Any] | None = None) -> Desk:
    """A BZ contact about which an accountability file is open, in a city that filled in what leads to a veto."""
    desk = Desk(TRIGGER if settings is None else settings)
    desk.do(
        "2026-03-02 10:00", "register", pack="BZ", matter="contact", channel="visit", claimant="person", signed=True
    )
    return desk.do("2026-03-03 10:00", "open_accountability", about="late")


DRAWN = {"width": 600, "height": 200, "strokes": [[10, 20, 40, 60]]}
AWAY = {"who": "A", "from": "2026-03-03", "briefed": True}
VETO = {"year": 2026, "subject": "unit-1", "cause": "late twice", "decision_ref": "2026-7"}
UNVETO = {"year": 2026, "subject": "unit-1", "reason": "decision repealed"}


def vetoed() -> Desk:
    return complained_of().do("2026-03-04 10:00", "record_veto", **VETO)


def handed() -> Desk:
    return registered("WH", "contact").do("2026-03-02 11:00", "hand_over", to="section-2")


def joint() -> Desk:
    return registered("JY", "joint", promise=PROMISE_10)


def reachable() -> Desk:
    """A service whose claimant left a phone number."""
    return registered("JY", "service", promise=PROMISE_10, claimant_phone="13812345678")


Made = Callable[[], Desk]
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
    in_gates = set(re.findall(r'refuse\(\s*"(\w+)"', Path(gates.__file__).read_text(encoding="utf-8")))
    registering = {"support_staff", "wrong_matter", "missing_promise"}  # the tests of registrations below
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


def test_support_staff_cannot_be_the_first_responder_only_where_the_text_says_so() -> None:
    with pytest.raises(Refused) as caught:
        registered("JY", "contact", staff="support")
    assert (caught.value.code, caught.value.article) == ("support_staff", "JY-3.2.9")
    assert registered("WH", "contact", staff="support").acts


def test_a_promised_matter_needs_its_promise_and_a_dated_task_its_date() -> None:
    with pytest.raises(Refused) as caught:
        registered("JY", "service")
    assert caught.value.code == "missing_promise"
    assert "promise" in caught.value.fields
    with pytest.raises(Refused) as caught:
        registered("HL", "fixed_date", channel="document")
    assert "explicit_limit" in caught.value.fields


def test_the_limit_of_an_enterprise_is_not_given_to_a_person() -> None:
    for matter, claimant in (("enterprise", "person"), ("citizen", "enterprise")):
        with pytest.raises(Refused) as caught:
            registered("HL", matter, channel="hotline", claimant=claimant)
        assert (caught.value.code, caught.value.article) == ("wrong_matter", "HL-7")
    assert registered("HL", "citizen", channel="hotline", claimant="other_org").acts


def test_every_faulty_field_is_named_at_once() -> None:
    fields = {"pack": "JY", "matter": "contact", "channel": "pigeon", "claimant": "ghost", "signed": "yes"}
    with pytest.raises(Refused) as caught:
        decide(None, Command("register", fields), context("2026-03-02 10:00"))
    assert set(caught.value.fields) == {"channel", "claimant", "signed"}


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


def test_a_registration_may_carry_what_was_done_on_the_spot() -> None:
    desk = service(
        issue_receipt=True, first_responder_phone="8000", promised="2026-03-16", complaint_phone="12388", scope="own"
    )
    assert [event["type"] for event in desk.acts[0].act.events] == [
        "registered", "materials_received", "scope_judged", "accepted", "receipt_issued",
    ]  # fmt: skip
    found = desk.look("2026-03-02 11:00")
    assert found.state == "handling"
    assert "receipt" not in found.owed


def test_a_matter_may_be_done_on_the_spot() -> None:
    desk = service(result_text="issued", reply_text="handed over")
    assert [event["type"] for event in desk.acts[0].act.events][-2:] == ["decision_issued", "replied"]
    found = desk.look("2026-03-02 11:00")
    assert (found.state, found.light, found.owed, found.closed) == ("replied", "met", (), True)
    asked_at_once = registered(
        "HL", "citizen", channel="hotline", deliver_to="u", accept_by="u", reply_text="x", reply_opinion="satisfied"
    )
    assert asked_at_once.look("2026-03-02 11:00").state == "replied"


def test_each_part_of_a_registration_passes_its_own_gate() -> None:
    with pytest.raises(Refused) as caught:
        service(issue_receipt=True, first_responder_phone="8000", promised="2026-03-16")
    assert (caught.value.code, caught.value.article) == ("missing_field", "JY-3.2.7")
    assert "complaint_phone" in caught.value.fields


def test_incomplete_papers_are_told_in_the_same_act() -> None:
    desk = registered("JY", "service", promise=PROMISE_10, materials_complete=False, corrections=["identity paper"])
    assert desk.look("2026-03-02 11:00").state == "correction_pending"


@pytest.mark.parametrize(
    ("completion", "event"),
    [(None, "decision_issued"), ("certificate_issued", "certificate_issued"), ("forwarded_up", "forwarded_up")],
)
def test_completing_a_promised_matter_is_the_event_that_its_promise_names(completion: str | None, event: str) -> None:
    desk = service(completion_event=completion).do("2026-03-03 10:00", "complete", text="done")
    assert desk.acts[-1].act.events[0]["type"] == event
    assert desk.look("2026-03-03 11:00").light == "met"


def test_dates_may_be_typed_as_texts_or_dates_and_are_recorded_as_texts() -> None:
    from datetime import date

    desk = letter().do("2026-01-08 10:00", "request_extension", reason="x", until=date(2026, 2, 6))
    assert desk.acts[-1].act.events[0]["until"] == "2026-02-06"


def test_a_deed_of_yesterday_is_judged_by_yesterday() -> None:
    from dataclasses import replace

    from law import at

    late = context("2026-01-14 09:00")
    fields = {"reason": "complex", "until": "2026-02-06"}
    with pytest.raises(Refused):
        decide(letter().case, Command("request_extension", fields), late)
    assert decide(letter().case, Command("request_extension", fields), replace(late, at=at("2026-01-13 16:00")))


def offered(desk: Desk, moment: str, roles: frozenset[str] = OFFICER) -> dict[str, str]:
    return {offer.command: offer.article for offer in possible(desk.case, context(moment, roles))}


def test_nothing_but_registering_is_possible_before_the_registration() -> None:
    assert [offer.command for offer in possible(None, context("2026-03-02 10:00"))] == ["register"]


def test_offers_follow_the_state_the_matter_and_the_role() -> None:
    fresh = offered(registered("WH", "contact"), "2026-03-02 10:30")
    assert {"judge_scope", "accept", "hand_over", "refer_out", "request_lead"} <= fresh.keys()
    assert not fresh.keys() & {"request_extension", "report_back", "feed_back", "deliver", "give_instruction"}
    handling = offered(service(), "2026-03-03 10:00")
    assert handling["request_extension"] == "JY-3.3.6"
    assert handling["start_procedure"] == "JY-3.3.5"
    assert "issue_decision" in handling
    assert not handling.keys() & {"complete", "approve_extension", "accept"}
    waiting = asked()
    assert "approve_extension" not in offered(waiting, "2026-01-09 09:00")
    assert "approve_extension" in offered(waiting, "2026-01-09 09:00", frozenset({"leader"}))
    assert {"pass_review", "return_review"} <= offered(
        fed_back(), "2026-03-04 09:00", frozenset({"dispatch_desk"})
    ).keys()


def test_an_instruction_may_be_completed_after_it_was_reported_back() -> None:
    desk = registered("WH", "instruction.urgent", channel="document", accept_by="x")
    desk.do("2026-03-03 10:00", "report_back", text="done")
    assert "complete" in offered(desk, "2026-03-03 11:00")
    assert "report_back" not in offered(desk, "2026-03-03 11:00")


def test_corrections_are_offered_once_for_each_receipt() -> None:
    desk = registered("JY", "service", promise=PROMISE_10, materials_complete=False)
    assert "notify_correction" in offered(desk, "2026-03-02 11:00")
    desk.do("2026-03-02 12:00", "notify_correction", items=["identity paper"])
    assert "notify_correction" not in offered(desk, "2026-03-02 13:00")
    desk.do("2026-03-04 12:00", "receive_materials", complete=False)
    assert "notify_correction" in offered(desk, "2026-03-04 13:00")


def test_what_is_owed_is_suggested_first() -> None:
    offers = possible(replied().case, context("2026-03-03 10:30", OFFICER))
    assert offers[0].command == "feed_back"
    assert offers[0].suggested
    assert not offers[-1].suggested


def test_every_offered_step_is_a_command_that_its_gate_lets_through() -> None:
    for made in (service, hotline, letter, asked, replied, fed_back, reviewed, proposed, reported, agreed, in_testing):
        desk = made()
        moment = f"{desk.acts[-1].act.occurred_at:%Y-%m-%d} 23:30"
        for offer in possible(desk.case, context(moment)):
            spec = COMMANDS[offer.command]
            assert offer.article.startswith(desk.case.pack + "-") if desk.case else False
            assert spec.event in EVENTS


def test_every_event_has_its_command_and_every_transition_a_known_one() -> None:
    assert set(COMMAND_OF) == set(EVENTS)
    assert {transition.command for transition in PACKS.common.transitions} <= set(COMMANDS)
    assert {f"L{number:02}" for number in range(1, 40)} - {transition.id for transition in PACKS.common.transitions} == {
        "L03",  # on the spot: a registration that carries its reply
        "L13",  # told again: the same command as L11
        "L14", "L31",  # by the calendar alone
    }  # fmt: skip
