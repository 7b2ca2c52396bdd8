"""A registration: what it demands, what is named when it is faulty, what it may carry of the next steps."""

from __future__ import annotations

import pytest
from law import PROMISE_10, context, registered, service

from py_core.cases.commands import Command, decide
from py_core.errors import Refused


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
