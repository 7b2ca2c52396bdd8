"""The working days of the browser tests replayed in memory: every step is offered, takes its form, prints what it owes.

What is not offered is refused when its address is typed by hand: with the article and with what to do instead.
"""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from day_office import BY_HAND, CITY, PACKS, TABLE, WatchedOffice, in_front_of, state_of, work_through, worked
from html_forms import filled, words_of

from e2e.canaries import with_canaries
from e2e.further_steps import FURTHER
from e2e.working_days import DAYS, LIN, typed_on
from py_core.cases.acts import read_act
from py_core.cases.commands import COMMANDS
from py_core.cases.history import order
from py_core.visits import FINISHED, VISIT_COMMANDS, fold_visit


@pytest.mark.parametrize("pack", DAYS)
def test_a_day_goes_through_with_every_step_offered_and_every_slip_printed(pack: str) -> None:
    office = worked(pack)
    assert len(office.cases) >= 12
    assert {case: state_of(office, case) for case in office.cases} == DAYS[pack].states


@pytest.mark.parametrize("pack", DAYS)
def test_a_day_has_a_visit_with_photograph_and_signature_and_a_stand_in(pack: str) -> None:
    """What a day must have so that the browser's run of it means something."""
    day, office = DAYS[pack], worked(pack)
    assert day.visits
    for visit in (office.visits[name] for name in day.visits):
        record = office.record.visit(visit)
        assert record is not None
        made = fold_visit(visit, order(record.acts))
        assert (made.state, len(made.requests) > 0, len(made.files)) == (FINISHED, True, 1)
        assert made.signature is not None
        assert made.signature.data["strokes"]
    assert day.taken_over
    assert office.taken_over == {*day.taken_over}
    assert any(step.do == day.passed_by for step in day.steps if step.case in day.taken_over)
    for case in day.taken_over:
        known = office.record.case(office.cases[case])
        assert known is not None
        people = list(dict.fromkeys(recorded.act.user for recorded in order(known.acts)))
        a_and_b = {(post.a, post.b) for post in CITY.posts.values()}
        assert any((a, b) in a_and_b for a, b in combinations(people, 2)), (case, people)


def test_every_transition_has_a_page_that_somebody_used() -> None:
    """A new row of the table without a page, or a page that nobody can reach, fails here."""
    used = set().union(*(worked(pack).taken for pack in DAYS))
    assert used | FURTHER.keys() >= TABLE
    assert FURTHER.keys() <= TABLE - used


# Rows of the regulations' table (§5.2 of the domain's notes) that are no command of their own.
NO_COMMAND = {
    "L03": "a registration that ends on the spot",
    "L13": "the one-time notice, given again",
    "L14": "passes by itself after five days without notice",
    "L31": "passes by itself",
}
# Steps of staff, heads or leaders that no day walks in the browser, and why; all of them have a page (see FURTHER).
WALKED_BY_NO_DAY = {
    "tell_identity": "the registration of every day says it at once",
    "reveal_field": "moves nothing in the case",
    "see_due_change": "needs a decision of the centre: e2e/test_city_rules.py",
    "confirm_deemed_consent": "weeks must pass",
    "refuse_assist": "says the opposite of the day's assistance",
    "decline_proposal": "the supervision's answer to a proposal",
    "open_accountability": "accountability, not the day's work",
    "record_veto": "accountability, not the day's work",
    "withdraw_veto": "accountability, not the day's work",
}


def test_every_row_of_the_regulations_table_is_a_command_or_needs_none() -> None:
    rows = {transition.id for transition in PACKS.common.transitions}
    assert not rows & NO_COMMAND.keys()
    assert rows | NO_COMMAND.keys() == {f"L{number:02}" for number in range(1, 40)}


def test_every_step_of_staff_heads_and_leaders_is_walked_by_a_day() -> None:
    """In the browser, offline, by the forms: `e2e/test_working_day.py` walks the same days."""
    theirs = {
        command
        for _, command in TABLE
        if {"officer", "unit_head", "leader", "handler"}.intersection(COMMANDS[command].roles)
    }
    walked = {step.do for day in DAYS.values() for step in day.steps}
    assert theirs - walked == WALKED_BY_NO_DAY.keys()
    assert {f"visit.{name}" for name in VISIT_COMMANDS} <= walked


@pytest.mark.parametrize("pack", DAYS)
def test_every_day_ends_a_matter_on_the_spot_tells_what_is_missing_or_refuses(pack: str) -> None:
    """The branches that no command of its own marks."""
    outcomes = {step.typed.get("outcome") for step in DAYS[pack].steps if step.do == "register"}
    assert "done" in outcomes
    assert outcomes & {"notice", "guide", "deliver"}


@pytest.mark.parametrize(("pack", "command"), FURTHER)
def test_a_step_that_a_day_does_not_need_has_its_page(pack: str, command: str) -> None:
    way = FURTHER[pack, command]
    desk, case = in_front_of(way, pack)
    path = f"{case}/do/{command}"
    assert re.search(rf'href="{path}["?]', desk.get(case).html)
    for lang in ("en", "zh-CN"):
        page = desk.get(path, lang)
        assert page.status == 200
    typed = {key: typed_on(desk.now.date(), BY_HAND.get(key, text)) for key, text in way.typed.items()}
    response = desk.post(path, **filled(page.html, with_canaries(command, words_of(page.html), typed)))
    assert response.status == 303, re.findall(r'error-message">(?:<.*?</span>)?([^<]*)', response.html)
    assert len(response.acts) == 1
    assert read_act(response.acts[0].text).kind == command


@pytest.mark.parametrize("pack", DAYS)
def test_a_form_that_is_sent_empty_says_which_field_and_why(pack: str) -> None:
    office = work_through(WatchedOffice(DAYS[pack].people), DAYS[pack])
    told = {command: answer for command, _, answer in office.unfilled if answer.status == 422}
    assert len(told) >= 10
    for command, answer in told.items():
        assert re.search(r'govuk-error-summary__list">.*?href="#', answer.html, re.DOTALL), command
        if "/cases/" in answer.html and f"/do/{command}" in answer.html:  # named: several fields may say the same
            assert re.search(r'<a href="#\w+">[^<]+：[^<]+</a>', answer.html), command
    assert {answer.status for _, _, answer in office.unfilled} == {303, 422}  # some steps need no word


@pytest.mark.parametrize("pack", DAYS)
def test_what_is_not_offered_is_refused_with_article_and_way_out(pack: str) -> None:
    office = worked(pack)
    for who, desk in office.desks.items():
        for case in list(office.cases.values())[::3]:
            offered = set(re.findall(rf'href="/cases/{case}/do/(\w+)["?]', desk.get(f"/cases/{case}").html))
            for command in COMMANDS.keys() - offered:
                page = desk.get(f"/cases/{case}/do/{command}")
                if command not in {each.command for each in PACKS.common.transitions}:
                    assert page.status == 404, command
                    continue
                told = (who, command, page.html)
                assert page.status == 409, told
                assert re.search(r"（[A-Z]{2}-[^）]+）+。</p>", page.html), told
                assert "您可以这样做" in page.html, told


def test_an_unlawful_step_that_is_sent_by_hand_records_nothing() -> None:
    office = worked("BZ")
    desk = office.desks[LIN]
    for command in (
        "decide_refusal",
        "approve_extension",
        "accept_handover",
        "feed_back",
        "start_procedure",
        "deliver",
    ):
        case = f"/cases/{office.cases['政策咨询']}"
        typed = {"key": "1", "outcome": "agree", "to": "liuxi", "text": "x", "id": "1", "procedure": "hearing", "workdays": "1",
                 "opinion": "同意"}  # fmt: skip
        response = desk.post(f"{case}/do/{command}", **typed)
        assert (response.status in (409, 422), response.acts) == (True, ()), command
