"""The engine's findings beside the scenarios: lights through time, devices, policies, sweeps over every day."""

from __future__ import annotations

import ast
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from law import CASE_ID, PACKS, Desk, act, at, context, hash_of, hotline, registered, service

from py_core.calendars import national
from py_core.cases.commands import possible
from py_core.cases.state import fold
from py_core.errors import Malformed
from py_core.rules.engine import assess
from py_core.rules.holders import holders
from py_core.rules.impact import Law, changes
from py_core.rules.policies import missing_year, read_policies
from py_core.values import LOCAL
from py_core.views.environment import _NUMBERS
from py_core.views.explain import explain

CORE = Path(__file__).parents[2] / "py_core"
DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(1096)]
RUNNING = [
    (pack.id, matter.id)
    for pack in PACKS.values()
    for matter in pack.matters.values()
    if matter.limit is not None or matter.clock == "promise"
]
STARTS = {"post_changed": {}, "delivered": {"to": "unit"}}


def running_case(pack: str, matter: str, moment: datetime) -> Any:
    """A case whose main clock starts at this moment."""
    kind = PACKS[pack].matters[matter]
    event = {"type": "registered", "pack": pack, "matter": matter, "channel": "document", "claimant": "person"}
    if kind.clock == "promise":
        event["promise"] = {"n": 7, "unit": "workday"}
    starts = [{"type": name, **STARTS[name]} for name in kind.start if name in STARTS]
    return fold(CASE_ID, [act(1, f"{moment:%Y-%m-%d %H:%M}", event, *starts)])


@pytest.mark.parametrize(("pack", "matter"), RUNNING, ids=lambda value: str(value))
def test_every_limit_on_every_day_of_three_years(pack: str, matter: str) -> None:
    calendar, policies = national(), read_policies({}, PACKS.common)
    kind = PACKS[pack].matters[matter]
    previous = date.min
    for day in DAYS:
        moment = datetime(day.year, day.month, day.day, 10, tzinfo=LOCAL)
        found = assess(running_case(pack, matter, moment), PACKS, calendar, moment, policies)
        assert found.due is not None
        assert found.due >= previous, f"{day}: a later start never ends earlier"
        assert found.due >= day
        if found.due != day and kind.roll:
            assert calendar.is_workday(found.due), f"{day}: never on a rest day"
        assert found.alerts.red == found.due
        assert found.alerts.orange is None or day < found.alerts.orange < found.due
        assert found.alerts.yellow is None or (found.alerts.orange and found.alerts.yellow < found.alerts.orange)
        assert found.provisional == (found.due.year > 2026)
        previous = found.due


def test_the_light_goes_one_way_and_changes_when_it_was_announced() -> None:
    desk = hotline("2026-03-02 09:00")
    moment, seen = at("2026-03-02 10:00"), []
    while (found := desk.look(f"{moment:%Y-%m-%d %H:%M}")).next_alert_at is not None:
        seen.append((found.light, found.next_alert_at))
        just_before = desk.look(f"{found.next_alert_at - timedelta(minutes=1):%Y-%m-%d %H:%M}")
        assert just_before.light == found.light
        moment = found.next_alert_at
    seen.append((found.light, None))
    assert seen == [
        ("green", at("2026-03-05 00:00")),
        ("yellow", at("2026-03-06 00:00")),
        ("orange", at("2026-03-09 09:00")),
        ("red", at("2026-03-10 00:00")),
        ("overdue", None),
    ]


def test_feedback_that_is_only_on_this_device_has_not_arrived_yet() -> None:
    desk = (
        hotline().do("2026-03-03 15:00", "reply", text="done", opinion="satisfied").do("2026-03-03 16:00", "feed_back")
    )
    only_here = [
        *desk.acts[:-1],
        act(9, "2026-03-03 16:00", *desk.acts[-1].act.events, after=(desk.acts[-2].hash,), received=None),
    ]
    case = fold(CASE_ID, only_here)
    calendar = national()
    same_day = assess(case, PACKS, calendar, at("2026-03-03 17:00"), {})
    assert (same_day.state, same_day.light) == ("review_pending", "met")
    next_day = assess(case, PACKS, calendar, at("2026-03-04 08:00"), {})
    assert [breach.code for breach in next_day.breaches] == ["B-06"]
    assert "offline_excuse" in next_day.proposals
    arrived = fold(CASE_ID, desk.acts)
    assert assess(arrived, PACKS, calendar, at("2026-03-04 08:00"), {}).breaches == ()


def test_a_breach_names_who_answers_and_the_acts_that_show_it() -> None:
    desk = (
        hotline().do("2026-03-20 10:00", "reply", text="late", opinion="satisfied").do("2026-03-20 11:00", "feed_back")
    )
    (breach,) = desk.look("2026-03-21 10:00").breaches
    assert (breach.code, breach.article, breach.since) == ("B-01", "HL-8(一)", date(2026, 3, 10))
    assert "handler" in breach.liable
    assert breach.evidence == (desk.acts[1].hash,)


def test_a_case_with_an_overdue_second_duty_is_not_closed() -> None:
    desk = registered("WH", "instruction.general", channel="document", accept_by="section").do(
        "2026-03-20 10:00", "finish"
    )
    found = desk.look("2026-04-10 10:00")
    assert (found.state, found.light, found.closed) == ("completed", "overdue", False)
    desk.do("2026-04-10 11:00", "report_back", text="done")
    assert desk.look("2026-04-10 12:00").closed


def test_a_missing_setting_is_named_where_it_is_needed() -> None:
    desk = registered("BZ", "complaint", channel="phone").do("2026-03-02 10:05", "file_complaint", about="slow")
    found = desk.look("2026-03-03 10:00")
    assert found.missing_settings == ("complaint_reply_limit",)
    assert [step.code for step in found.steps] == ["setting_missing"]
    desk.policies = {"complaint_reply_limit": {"n": 5, "unit": "workday"}}
    assert desk.look("2026-03-03 10:00").due == date(2026, 3, 9)


def test_a_word_without_a_number_alerts_only_where_the_minutes_are_set() -> None:
    desk = registered("WH", "contact").do("2026-03-02 10:10", "hand_over", to="section")
    assert desk.look("2026-03-02 12:00").proposals == ()
    desk.policies = {"U04": 30}
    assert desk.look("2026-03-02 10:40").proposals == ()
    waiting = desk.look("2026-03-02 10:41")
    assert (waiting.proposals, waiting.breaches) == (("alert:U04",), ())
    desk.do("2026-03-02 10:45", "accept_handover", by="section")
    assert desk.look("2026-03-02 12:00").proposals == ()


def test_a_declined_proposal_is_gone_and_a_callback_can_be_filed() -> None:
    desk = hotline().do("2026-03-03 10:00", "reply", text="x", opinion="satisfied").do("2026-03-03 11:00", "feed_back")
    desk.do("2026-03-04 09:00", "pass_review").do(
        "2026-03-05 09:00", "call_back", result="unsatisfied", consistent=True
    )
    found = desk.look("2026-03-05 10:00")
    assert (found.state, found.proposals) == ("callback_pending", ("supervision:HL-8(4)",))
    desk.do(
        "2026-03-05 11:00", "decline_proposal", proposal="supervision:HL-8(4)", reason="the wish cannot be met by law"
    )
    found = desk.look("2026-03-05 12:00")
    assert (found.state, found.proposals) == ("archived", ())


def test_an_unreachable_person_is_called_again() -> None:
    desk = hotline().do("2026-03-03 10:00", "reply", text="x", opinion="satisfied").do("2026-03-03 11:00", "feed_back")
    desk.do("2026-03-04 09:00", "pass_review").do("2026-03-05 09:00", "call_back", result="unreachable")
    assert desk.look("2026-03-05 10:00").owed == ("callback",)


def test_a_reply_sent_back_keeps_the_same_clock() -> None:
    desk = hotline().do("2026-03-03 10:00", "reply", text="x", opinion="satisfied").do("2026-03-03 11:00", "feed_back")
    desk.do("2026-03-04 09:00", "return_review", reason="thin")
    found = desk.look("2026-03-05 10:00")
    assert (found.state, found.due, found.duty) == ("handling", date(2026, 3, 9), "reply")
    desk.do("2026-03-06 10:00", "reply", text="y", opinion="satisfied").do("2026-03-06 11:00", "feed_back")
    found = desk.look("2026-03-06 12:00")
    assert (found.state, found.light, found.breaches) == ("review_pending", "met", ())


def test_a_view_sought_later_is_not_owed_again_when_the_case_is_reopened() -> None:
    desk = (
        hotline()
        .do("2026-03-03 10:00", "reply", text="x")
        .do("2026-03-03 11:00", "reply", text="x", opinion="satisfied")
    )
    desk.do("2026-03-03 12:00", "feed_back").do("2026-03-04 09:00", "return_review", reason="thin")
    assert desk.look("2026-03-04 10:00").owed == ("reply",)


def test_the_person_who_wants_the_signature_later_can_sign_later() -> None:
    desk = service(signed=False)
    assert "unsigned" in desk.look("2026-03-02 11:00").overlays
    desk.do("2026-03-03 10:00", "record_signature", signed=True)
    found = desk.look("2026-03-03 11:00")
    assert "unsigned" not in found.overlays
    assert "signature" not in found.owed


def test_a_procedure_that_starts_after_expiry_revives_nothing() -> None:
    desk = service("2026-03-02 10:00").do(
        "2026-03-18 10:00", "start_procedure", id="p", procedure="testing", told=True, expected_workdays=5
    )
    found = desk.look("2026-03-25 10:00")
    assert (found.due, found.light) == (date(2026, 3, 16), "overdue")


def test_a_procedure_told_late_counts_from_the_telling() -> None:
    desk = service("2026-03-02 10:00").do(
        "2026-03-03 10:00", "start_procedure", id="p", procedure="testing", told=False
    )
    desk.do("2026-03-05 10:00", "notify_procedure_time", id="p", expected_workdays=3).do(
        "2026-03-10 10:00", "finish_procedure", id="p"
    )
    assert desk.look("2026-03-10 11:00").due == date(2026, 3, 19), "6, 9 and 10 March are not counted"


def test_the_statutory_clock_knows_fewer_procedures_than_the_promise() -> None:
    legal = {"n": 10, "unit": "workday"}
    desk = service("2026-03-02 10:00", statutory=legal).do(
        "2026-03-03 10:00", "start_procedure", id="p", procedure="survey", told=True, expected_workdays=2
    )
    desk.do("2026-03-05 10:00", "finish_procedure", id="p")
    dues = {clock.name: clock.due for clock in desk.look("2026-03-05 11:00").clocks}
    assert dues == {"promise": date(2026, 3, 18), "statutory": date(2026, 3, 16)}


def test_an_extension_granted_by_the_wrong_role_on_another_device_is_void_after_the_merge() -> None:
    desk = hotline()
    forged = [
        {"type": "extension_requested", "reason": "x", "workdays": 10},
        {"type": "extension_approved", "by_role": "handler", "workdays": 10},
        {"type": "extension_notified", "reason": "x", "until": "2026-03-23"},
    ]
    acts = [*desk.acts, act(7, "2026-03-03 10:00", *forged, after=(desk.acts[-1].hash,))]
    found = assess(fold(CASE_ID, acts), PACKS, national(), at("2026-03-04 10:00"), {})
    assert found.due == date(2026, 3, 9)
    assert [breach.code for breach in found.breaches] == ["B-05"]
    assert any(step.code == "extension_void" for step in found.steps)


@pytest.mark.parametrize(
    ("forged", "breach"),
    [
        ([{"type": "extension_requested", "reason": "x", "workdays": 40},
          {"type": "extension_approved", "by_role": "dispatch_desk", "workdays": 40},
          {"type": "extension_notified", "reason": "x", "until": "2026-05-01"}], "B-05"),
        ([{"type": "ticket_refused", "within_duty": True}], "B-11"),
        ([{"type": "replied"}], "B-06"),
    ],
)  # fmt: skip
def test_legality_is_checked_again_after_the_merge(forged: list[dict[str, Any]], breach: str) -> None:
    desk = hotline()
    acts = [*desk.acts, act(7, "2026-03-03 10:00", *forged, after=(desk.acts[-1].hash,))]
    found = assess(fold(CASE_ID, acts), PACKS, national(), at("2026-03-06 10:00"), {})
    assert breach in [item.code for item in found.breaches]
    assert found.due == date(2026, 3, 9)


def test_support_staff_in_the_history_is_a_breach_and_the_case_lives() -> None:
    event = {"type": "registered", "pack": "JY", "matter": "contact", "channel": "walk_in", "claimant": "person",
             "signed": True, "staff": "support"}  # fmt: skip
    found = assess(fold(CASE_ID, [act(1, "2026-03-02 10:00", event)]), PACKS, national(), at("2026-03-02 11:00"), {})
    assert (found.state, [item.code for item in found.breaches]) == ("registered", ["B-23"])


def test_a_refusal_told_without_filing_is_a_breach_and_no_refusal() -> None:
    desk = registered("BZ", "contact", channel="visit", claimant="outside_unit").do(
        "2026-03-02 11:00", "propose_refusal"
    )
    acts = [*desk.acts, act(7, "2026-03-02 12:00", {"type": "refusal_notified"}, after=(desk.acts[-1].hash,))]
    found = assess(fold(CASE_ID, acts), PACKS, national(), at("2026-03-02 13:00"), {})
    assert (found.state, [item.code for item in found.breaches]) == ("refusal_pending", ["B-09"])


def test_a_regulation_or_matter_that_is_not_known_here_is_a_problem_not_a_crash() -> None:
    for pack, matter in (("ZZ", "service"), ("JY", "loan")):
        event = {"type": "registered", "pack": pack, "matter": matter, "channel": "phone"}
        case = fold(CASE_ID, [act(1, "2026-03-02 10:00", event)])
        found = assess(case, PACKS, national(), at("2026-03-03 10:00"), {})
        assert "unknown" in found.problem
        assert (found.state, found.closed) == ("", False)
        assert possible(case, context("2026-03-03 10:00")) == ()


def test_a_setting_typed_wrongly_counts_as_missing() -> None:
    desk = registered("BZ", "complaint", channel="phone").do("2026-03-02 10:05", "file_complaint", about="slow")
    desk.policies = {"complaint_reply_limit": {"n": "ten"}, "HL-8(2)": {"callers": 5}}
    assert desk.look("2026-03-03 10:00").missing_settings == ("complaint_reply_limit",)


def test_every_clock_can_be_explained() -> None:
    desk = service(statutory={"n": 20, "unit": "workday"})
    found = desk.look("2026-03-03 10:00")
    assert found.steps == found.steps_of("promise")
    assert found.steps_of("statutory")[-1].params["day"] == date(2026, 3, 30)
    assert found.steps_of("sundial") == ()
    call = hotline().look("2026-03-02 10:00").steps_of("call")
    assert (call[0].params["clock"], call[-1].params["day"]) == ("call", date(2026, 3, 9))


def test_counted_days_are_told_in_the_number_they_have() -> None:
    steps = service(promise={"n": 5, "unit": "workday"}).look("2026-03-03 10:00").steps
    english = [sentence.text for sentence in explain(steps, "en", PACKS["JY"])]
    assert "Working days 1–4: Tue 3 Mar to Fri 6 Mar." in english
    assert "Not counted: Sat 7 Mar to Sun 8 Mar (weekend)." in english
    assert "Working day 5: Mon 9 Mar." in english


def test_a_long_rest_before_the_due_date_is_announced_on_the_last_workday() -> None:
    desk = hotline("2026-02-12 09:00")
    assert desk.look("2026-02-12 10:00").reminder_on == date(2026, 2, 14)
    assert desk.look("2026-02-24 10:00").reminder_on is None
    assert hotline("2026-03-02 09:00").look("2026-03-02 10:00").reminder_on is None, "a weekend is no long rest"


def test_the_missing_year_is_announced_in_november() -> None:
    years = national().loaded_years
    assert missing_year(years, date(2026, 10, 31), PACKS.common) is None
    assert missing_year(years, date(2026, 11, 1), PACKS.common) == 2027
    assert missing_year(years, date(2027, 1, 2), PACKS.common) == 2027


def test_a_forbidden_phrase_in_an_answer_is_only_proposed_as_a_breach() -> None:
    phrase = PACKS["WH"].forbidden_phrases[0]
    desk = registered("WH", "contact").do("2026-03-02 11:00", "reply", text=f"{phrase}。")
    found = desk.look("2026-03-02 12:00")
    assert (found.proposals, found.breaches) == (("breach:B-08",), ())


def test_a_receipt_not_given_on_the_day_is_only_proposed_as_a_breach() -> None:
    desk = service()
    assert "breach:B-02" not in desk.look("2026-03-02 20:00").proposals
    assert "breach:B-02" in desk.look("2026-03-03 09:00").proposals


def test_the_ledger_keeps_every_holder() -> None:
    desk = registered("WH", "contact").do("2026-03-03 10:00", "hand_over", to="section")
    desk.do("2026-03-06 10:00", "accept_handover", by="section").do("2026-03-10 10:00", "complete")
    assert desk.case is not None
    ledger = holders(desk.case, PACKS, national(), at("2026-03-20 10:00"), {})
    assert [(item.role, item.name, item.workdays) for item in ledger] == [
        ("first_responder", "", 4),
        ("handler", "section", 2),
    ]
    assert ledger[-1].until == at("2026-03-10 10:00")


def test_a_changed_policy_names_the_open_cases_that_it_would_change() -> None:
    evening = hotline("2026-03-02 18:30").case
    morning = hotline("2026-03-02 09:00").case
    done = (
        hotline("2026-03-02 18:30")
        .do("2026-03-03 09:00", "reply", opinion="satisfied")
        .do("2026-03-03 10:00", "feed_back")
    )
    done.do("2026-03-03 11:00", "pass_review").do("2026-03-03 12:00", "call_back", result="satisfied", consistent=True)
    assert evening is not None
    assert morning is not None
    assert done.case is not None
    law = Law(PACKS, national(), {})
    other = Law(PACKS, national(), {"P-05": "next_office_time"})
    (change,) = changes([evening, morning, done.case], law, other, at("2026-03-03 10:00"))
    assert (change.due_before, change.due_after) == (date(2026, 3, 9), date(2026, 3, 10))


def test_a_published_year_names_the_cases_whose_provisional_date_moves() -> None:
    case = hotline("2026-12-28 09:00").case
    assert case is not None
    published = national().with_days({date(2027, 1, 4): "new_years_day"}, {}, [2027])
    law, after = Law(PACKS, national(), {}), Law(PACKS, published, {})
    (change,) = changes([case], law, after, at("2026-12-29 10:00"))
    assert (change.due_before, change.due_after) == (date(2027, 1, 5), date(2027, 1, 6))
    assert (change.provisional_before, change.provisional_after) == (True, False)


def test_a_policy_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Malformed):
        read_policies({"P-03": "sometimes"}, PACKS.common)
    assert read_policies({"P-03": "roll"}, PACKS.common).roll == "roll"


def test_every_policy_with_a_choice_changes_something() -> None:
    """The alternatives are covered by the "-alt" scenarios; a policy without options is none."""
    for policy in PACKS.common.policies.values():
        assert policy.default in policy.options
        assert len(policy.options) > 1 or policy.id in {
            "P-01", "P-02", "P-08", "P-09", "P-10", "P-12", "P-15", "P-16", "P-17", "P-18", "P-19", "P-20",
        }  # fmt: skip


def law_modules() -> list[Path]:
    return [path for name in ("calendars", "packs", "rules", "cases") for path in sorted((CORE / name).rglob("*.py"))]


@pytest.mark.parametrize("path", law_modules(), ids=lambda path: str(path.relative_to(CORE)))
def test_no_chinese_term_and_no_number_of_law_is_in_the_code(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    named = {  # bounds on what devices may send and on how far tables reach are no numbers of law
        id(part)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and all(str(getattr(t, "id", "")).endswith(("_MAX", "_MIN", "_YEARS", "_DAY", "_DAYS")) for t in node.targets)
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in prose:
            continue
        if isinstance(node.value, str):
            assert not any("\u4e00" <= letter <= "\u9fff" for letter in node.value), node.value
        elif type(node.value) is int and id(node) not in named:
            assert node.value in (0, 1, 2), f"line {node.lineno}: {node.value}"


# How people write an extension behind a phone number, and how dates and numbers of documents are written.
SIGNS = {"转", _NUMBERS.pattern}


@pytest.mark.parametrize("folder", ["py_core", "server", "web/host"])
def test_no_chinese_stands_in_code_where_pages_and_acts_are_made(folder: str) -> None:
    """Docstrings may name what a page is about."""
    found: list[str] = []
    for path in (CORE.parent / folder).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
            and any("\u4e00" <= letter <= "\u9fff" for letter in node.value) and "demo" not in path.parts
        ]  # fmt: skip
    assert sorted(found) == (sorted(SIGNS) if folder == "py_core" else []), "each sign in one place"


def test_a_desk_keeps_working_when_the_acts_arrive_in_any_order() -> None:
    desk: Desk = service().do(
        "2026-03-03 10:00", "start_procedure", id="p", procedure="testing", told=True, expected_workdays=5
    )
    from py_core.cases.history import order

    assert order(reversed(desk.acts)) == tuple(desk.acts)
    assert [recorded.hash for recorded in desk.acts] == [hash_of(1), hash_of(2)]
