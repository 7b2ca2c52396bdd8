"""Which steps a case offers, to whom, and that every event has a command."""

from __future__ import annotations

from law import PACKS, PROMISE_10, Desk, context, hotline, registered, service
from stages import agreed, asked, fed_back, in_testing, letter, proposed, replied, reported, reviewed

from py_core.cases.commands import COMMAND_OF, COMMANDS, possible
from py_core.cases.events import EVENTS

OFFICER = frozenset({"officer"})


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
