"""Visits: what may be recorded, what it adds up to on every replica, what is refused and why."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from visit_acts import (
    CODE,
    FIRST,
    REQUEST,
    SECOND,
    START,
    STARTED,
    VISIT,
    act,
    chain,
    folded,
    papers,
    plan,
    signed,
    visit,
)

from py_core.cases.events import EVENTS
from py_core.city import CITY_ID
from py_core.documents import is_case_id
from py_core.errors import Malformed, Refused
from py_core.visits import (
    VISIT_COMMANDS,
    VISIT_EVENTS,
    Visit,
    decide_visit,
    is_visit_id,
    plan_visit,
    possible,
    read_visit_event,
    visit_id,
)
from py_core.visits.enterprise import code_in, enterprise_key

TAKEN = {"type": "papers_taken", "papers": papers(("营业执照", 2))}
FINISHED = {"type": "visit_finished", "summary": "两件诉求已登记"}
CANCELLED = {"type": "visit_cancelled", "reason": "企业停产"}


def decide(found: Visit, name: str, **fields: Any) -> tuple[Any, ...]:
    return decide_visit(found, name, fields, START + timedelta(hours=1))


def refused(found: Visit, name: str, **fields: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        decide(found, name, **fields)
    return caught.value


# ------------------------------------------------------------------------------------------------ documents


def test_the_id_tells_a_visit_from_a_case_and_from_the_city() -> None:
    made = visit_id("0123456789abcdef" * 2)
    assert is_visit_id(made)
    assert len(made) == 32
    assert not is_case_id(made)
    assert made[10:] == ("0123456789abcdef" * 2)[10:]
    assert not is_visit_id(FIRST)
    assert is_case_id(FIRST)
    assert not is_case_id(CITY_ID)
    assert not is_visit_id(CITY_ID)
    assert not is_visit_id(made + "00")
    assert not is_visit_id(made.upper())


def test_only_what_the_centre_and_the_record_say_belongs_to_visits_and_cases() -> None:
    both = VISIT_EVENTS.keys() & EVENTS.keys()
    assert both == {"late_work_taken", "hold_placed", "hold_lifted", "content_erased"}
    assert {name: VISIT_EVENTS[name] for name in both} == {name: EVENTS[name] for name in both}
    assert {spec.event for spec in VISIT_COMMANDS.values()} == VISIT_EVENTS.keys() - {"visit_planned"} - both


def test_a_decision_about_late_work_changes_nothing_of_what_a_visit_adds_up_to() -> None:
    taken = {"type": "late_work_taken", "acts": ["ab" * 32], "reason": "it was done in time"}
    before, after = visit(plan(), STARTED), visit(plan(), STARTED, taken)
    assert (after.state, after.apart, after.papers, after.ignored) == (before.state, before.apart, before.papers, ())
    assert after.signed_about == before.signed_about
    with pytest.raises(Malformed):
        read_visit_event({**taken, "reason": ""})


# ------------------------------------------------------------------------------------------------ hostile values


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ({"type": "registered"}, "type"),
        ({"type": ["visit_planned"]}, "type"),
        (plan(enterprise=""), "enterprise"),
        (plan(enterprise=["x"]), "enterprise"),
        (plan(enterprise="x" * 401), "enterprise"),
        (plan(code="91320281MA0000001X"), "code"),
        (plan(code=CODE.lower()), "code"),
        (plan(code=f" {CODE}"), "code"),
        (plan(on="23.11.2026"), "on"),
        (plan(on="9999-01-01"), "on"),
        (plan(officers=[]), "officers"),
        (plan(officers="lin"), "officers"),
        (plan(officers=["lin", "lin"]), "officers"),
        (plan(officers=["lin", ""]), "officers"),
        (plan(officers=[f"p{n}" for n in range(13)]), "officers"),
        ({"type": "visit_moved", "on": "2026-12-01"}, "reason"),
        ({"type": "visit_request_added", "case": "nobody"}, "case"),
        ({"type": "visit_request_added", "case": VISIT}, "case"),
        ({"type": "visit_request_added", "case": FIRST.upper()}, "case"),
        ({"type": "papers_taken", "papers": []}, "papers"),
        ({"type": "papers_taken", "papers": papers((" ", 1))}, "papers"),
        ({"type": "papers_taken", "papers": papers(("照", 0))}, "papers"),
        ({"type": "papers_taken", "papers": papers(("照", -1))}, "papers"),
        ({"type": "papers_taken", "papers": [{"name": "照", "copies": "1"}]}, "papers"),
        ({"type": "papers_taken", "papers": papers(*[("照", 1)] * 61)}, "papers"),
        ({"type": "papers_attached", "papers": papers(("照", 1))}, "case"),
        ({"type": "visit_signed", "signed": True, "shown": "x", "content": "0" * 64}, "signer"),
        ({"type": "visit_signed", "signed": False, "shown": "x", "content": "0" * 64}, "unsigned_reason"),
        ({"type": "visit_signed", "signed": True, "signer": "x", "shown": "x", "content": "0" * 63}, "content"),
        ({"type": "visit_signed", "signed": "yes", "signer": "x", "shown": "x", "content": "0" * 64}, "signed"),
        ({**STARTED, "at": "yesterday"}, "at"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_hostile_value_is_named_and_has_no_effect(event: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_visit_event(event)
    assert caught.value.where == where
    found = visit(plan(), event) if event["type"] != "visit_planned" else visit(event)
    assert len(found.ignored) == 1
    assert found.papers == ()
    assert found.requests == ()
    assert not found.all("visit_signed")


def test_fields_of_a_newer_version_are_dropped() -> None:
    assert "weather" not in read_visit_event(plan(weather="rain"))


# ------------------------------------------------------------------------------------------------ what it adds up to


def test_a_visit_from_plan_to_end() -> None:
    found = visit(plan())
    assert (found.state, found.on, found.officers) == ("planned", date(2026, 11, 23), ("lin",))
    found = visit(plan(), {"type": "visit_moved", "on": "2026-11-25", "officers": ["zhou"], "reason": "停电"})
    assert (found.state, found.on, found.officers) == ("planned", date(2026, 11, 25), ("zhou",))
    working = (plan(), STARTED, REQUEST, {**TAKEN, "case": FIRST}, {**REQUEST, "case": SECOND})
    found = visit(*working)
    assert (found.state, found.requests, found.day) == ("started", (FIRST, SECOND), date(2026, 11, 23))
    assert [(paper.name, paper.case, paper.held) for paper in found.papers] == [("营业执照", FIRST, 2)]
    assert found.loose == ()
    assert found.signature is None
    ended = visit(*working, signed(found), FINISHED)
    assert ended.state == "finished"
    assert ended.signature is not None
    assert ended.apart == ()


def test_papers_are_sums_of_what_was_taken_put_and_given_back() -> None:
    found = visit(
        plan(),
        STARTED,
        REQUEST,
        {"type": "papers_taken", "papers": papers(("营业执照", 2), ("合同", 1))},
        {"type": "papers_attached", "papers": papers(("营业执照", 1)), "case": FIRST},
        {"type": "papers_returned", "papers": papers(("合同", 1))},
    )
    assert {(paper.name, paper.case): paper.held for paper in found.papers} == {
        ("营业执照", ""): 1,
        ("营业执照", FIRST): 1,
        ("合同", ""): 0,
    }
    assert [paper.name for paper in found.loose] == ["营业执照"]
    assert found.apart == ()


def test_what_is_added_after_a_signature_is_not_signed() -> None:
    before = visit(plan(), STARTED, REQUEST)
    events = (plan(), STARTED, REQUEST, signed(before))
    assert visit(*events).signature is not None
    assert visit(*events, TAKEN).signature is None
    assert visit(*events, {"type": "visit_noted", "text": "…"}).signature is not None
    # Papers that go back weeks later do not undo what was signed when the visit ended.
    with_papers = visit(plan(), STARTED, REQUEST, {**TAKEN, "case": FIRST})
    ended = visit(
        plan(), STARTED, REQUEST, {**TAKEN, "case": FIRST}, signed(with_papers), FINISHED,
        {"type": "papers_returned", "papers": papers(("营业执照", 2)), "case": FIRST},
    )  # fmt: skip
    assert ended.signature is not None
    assert ended.held == ()


def test_nothing_counts_without_a_plan_and_a_second_plan_changes_nothing() -> None:
    assert visit(STARTED).state == ""
    assert [each.code for each in visit(STARTED, TAKEN).ignored] == ["not_planned", "not_planned"]
    found = visit(plan(), plan(enterprise="别家"))
    assert found.value("enterprise") == "恒泰纺织"
    assert found.ignored[0].code == "planned_again"


# ------------------------------------------------------------------------------------------------ contradictions


def test_two_devices_finish_the_same_visit_and_both_stay() -> None:
    begun = chain(plan(), STARTED)
    acts = [
        *begun,
        act(10, FINISHED, after=begun[-1:]),
        act(11, {**FINISHED, "summary": "另一份小结"}, after=begun[-1:], user="zhou"),
    ]
    found = folded(acts)
    assert found.state == "finished"
    assert len(found.all("visit_finished")) == 2
    assert [(item.code, item.acts) for item in found.apart] == [("finished_twice", (acts[2].hash, acts[3].hash))]


def test_what_was_done_outweighs_a_cancellation_elsewhere() -> None:
    (first,) = chain(plan())
    acts = [first, act(5, CANCELLED, after=[first], user="zhou"), act(9, STARTED, after=[first])]
    found = folded(acts)
    assert found.state == "started"
    assert [item.code for item in found.apart] == ["cancelled_and_done"]
    assert folded(acts[:2]).state == "cancelled"


def test_two_moves_apart_are_shown_until_somebody_moves_it_again() -> None:
    (first,) = chain(plan())
    one = act(5, {"type": "visit_moved", "on": "2026-11-25", "reason": "a"}, after=[first])
    two = act(6, {"type": "visit_moved", "on": "2026-11-26", "reason": "b"}, after=[first], user="zhou")
    found = folded([first, one, two])
    assert found.on == date(2026, 11, 26)
    assert [item.code for item in found.apart] == ["moved_apart"]
    settled = act(7, {"type": "visit_moved", "on": "2026-11-25", "reason": "c"}, after=[one, two])
    assert folded([first, one, two, settled]).apart == ()
    same = act(6, {"type": "visit_moved", "on": "2026-11-25", "reason": "b"}, after=[first], user="zhou")
    assert folded([first, one, same]).apart == ()


def test_papers_given_back_on_two_devices_are_shown() -> None:
    begun = chain(plan(), STARTED, TAKEN)
    back = {"type": "papers_returned", "papers": papers(("营业执照", 2))}
    found = folded([*begun, act(8, back, after=begun[-1:]), act(9, back, after=begun[-1:], user="zhou")])
    assert [item.code for item in found.apart] == ["papers_given_back_twice"]
    assert found.papers[0].held == -2
    assert found.held == ()


def test_every_arrival_order_gives_the_same_visit() -> None:
    begun = chain(plan(), STARTED)
    request = act(4, REQUEST, TAKEN, after=begun[-1:])
    acts = [
        *begun,
        request,
        act(5, {"type": "papers_returned", "papers": papers(("营业执照", 1))}, after=[request]),
        act(6, {**REQUEST, "case": SECOND}, after=begun[-1:], user="zhou"),
        act(7, FINISHED, after=[request]),
    ]
    wanted = folded(acts)
    assert wanted.requests == (FIRST, SECOND)
    seen = 0
    for shuffled in itertools.permutations(acts):
        found = folded(shuffled)
        seen += 1
        assert (found.state, found.requests, found.papers, found.apart, found.signed_about, found.acts) == (
            wanted.state, wanted.requests, wanted.papers, wanted.apart, wanted.signed_about, wanted.acts,
        )  # fmt: skip
    assert seen == 720


# ------------------------------------------------------------------------------------------------ refusals


def test_a_plan_names_every_fault_and_its_days() -> None:
    today = date(2026, 11, 22)
    good = {key: value for key, value in plan().items() if key != "type"}
    assert plan_visit(good, today)[0] == plan()
    with pytest.raises(Refused) as caught:
        plan_visit({"code": "12", "on": "soon"}, today)
    assert caught.value.code == "missing_field"
    assert set(caught.value.fields) == {"enterprise", "code", "on", "officers", "unit", "number"}
    for day in ("2026-10-21", "2028-11-25"):
        with pytest.raises(Refused) as caught:
            plan_visit({**good, "on": day}, today)
        assert (caught.value.code, *caught.value.fields) == ("bad_day", "on")
    assert plan_visit({**good, "on": "2026-10-22"}, today)


@pytest.mark.parametrize(
    ("events", "name", "code"),
    [
        ((plan(),), "add_request", "not_started"),
        ((plan(),), "finish", "not_started"),
        ((plan(), STARTED), "start", "started"),
        ((plan(), STARTED), "cancel", "started"),
        ((plan(), STARTED), "move", "started"),
        ((plan(), CANCELLED), "start", "cancelled"),
        ((plan(), CANCELLED), "add_request", "cancelled"),
        ((plan(), STARTED, FINISHED), "add_request", "finished"),
        ((plan(), STARTED, FINISHED), "sign", "finished"),
        ((plan(), STARTED), "return_papers", "nothing_held"),
        ((plan(), STARTED, REQUEST), "attach_papers", "nothing_loose"),
        ((plan(), STARTED, TAKEN), "attach_papers", "no_request"),
        ((STARTED,), "start", "not_planned"),
    ],
    ids=str,
)
def test_a_step_that_does_not_belong_there_says_why(events: tuple[Any, ...], name: str, code: str) -> None:
    found = visit(*events)
    fields = {"case": FIRST, "papers": papers(("照", 1)), "summary": "x", "reason": "x", "on": "2026-11-24"}
    error = refused(found, name, **fields)
    assert error.code == code
    assert error.message
    assert error.instead
    assert name not in possible(found)


def test_finishing_needs_papers_settled_and_a_signature_or_its_reason() -> None:
    loose = visit(plan(), STARTED, REQUEST, TAKEN)
    error = refused(loose, "finish", summary="x")
    assert error.code == "papers_open"
    assert "营业执照 × 2" in error.params["papers"]
    settled = visit(plan(), STARTED, REQUEST, {**TAKEN, "case": FIRST})
    assert refused(settled, "finish", summary="x").code == "not_signed"
    (event,) = decide(
        settled, "sign", signed=False, unsigned_reason="负责人不在", shown="…", content=settled.signed_about
    )
    ready = visit(plan(), STARTED, REQUEST, {**TAKEN, "case": FIRST}, event)
    assert refused(ready, "finish").code == "missing_field"
    assert decide(ready, "finish", summary="完成")[0] == {"type": "visit_finished", "summary": "完成"}


def test_a_signature_is_about_exactly_what_is_listed() -> None:
    found = visit(plan(), STARTED, REQUEST)
    old = visit(plan(), STARTED).signed_about
    assert refused(found, "sign", signed=True, signer="x", shown="…", content=old).code == "other_content"


def test_no_more_goes_back_or_to_a_request_than_was_taken() -> None:
    found = visit(plan(), STARTED, REQUEST, TAKEN)
    for name, more in (("return_papers", {}), ("attach_papers", {"case": FIRST})):
        error = refused(found, name, papers=papers(("营业执照", 2), ("营业执照 ", 1)), **more)
        assert (error.code, error.params["held"]) == ("more_than_held", 2)
    assert refused(found, "return_papers", papers=papers(("营业执照", 1)), case=FIRST).code == "more_than_held"
    assert refused(found, "attach_papers", papers=papers(("营业执照", 1)), case=SECOND).code == "not_listed"
    assert refused(found, "take_papers", papers=papers(("照", 1)), case=SECOND).code == "not_listed"
    assert refused(found, "add_request", case=FIRST).code == "already_listed"


def test_papers_can_go_back_after_the_end() -> None:
    found = visit(plan(), STARTED, REQUEST, {**TAKEN, "case": FIRST}, FINISHED)
    assert possible(found) == ("return_papers", "note")
    assert decide(found, "return_papers", papers=papers(("营业执照", 2)), case=FIRST)


# ------------------------------------------------------------------------------------------------ enterprises


def test_an_enterprise_is_known_by_code_else_by_name_however_it_is_spaced() -> None:
    assert enterprise_key("恒泰纺织", CODE) == CODE == code_in(CODE)
    by_name = enterprise_key("恒泰 纺织(东湾)")
    assert by_name == enterprise_key("恒泰纺织（东湾） ", "not a code")
    assert code_in(by_name) == ""
    assert by_name != enterprise_key("恒泰纺织")
    assert enterprise_key("  ") == ""
