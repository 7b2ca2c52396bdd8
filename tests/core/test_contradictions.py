"""Every contradiction that devices which had not seen each other can produce, what stands, and the decision."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from law import CASE_ID, PACKS, act, at, hash_of

from py_core.calendars import national
from py_core.cases.acts import RecordedAct
from py_core.cases.contradictions import BOTH, RULES, Contradiction, contradictions
from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.rules.engine import assess

Event = dict[str, Any]
REGISTRATION: Event = {
    "type": "registered",
    "pack": "HL",
    "matter": "citizen",
    "channel": "hotline",
    "claimant": "person",
}
DELIVERED: Event = {"type": "delivered", "to": "unit-1"}

# One pair for every rule: what the left device did while the right one did the other.
PAIRS: dict[str, tuple[Event, Event]] = {
    "double_acceptance": ({"type": "accepted", "by": "A"}, {"type": "accepted", "by": "B"}),
    "double_reply": ({"type": "replied", "opinion": "satisfied"}, {"type": "replied", "opinion": "unsatisfied"}),
    "refused_and_handled": ({"type": "refusal_notified", "reason": "x"}, {"type": "accepted", "by": "B"}),
    "referred_and_handled": (
        {"type": "referred_out", "to_body": "x", "explanation": "y"}, {"type": "accepted", "by": "B"},
    ),
    "double_closing": ({"type": "completed"}, {"type": "replied", "opinion": "satisfied"}),
    "closed_after_redispatch": ({"type": "replied", "opinion": "satisfied"}, {"type": "delivered", "to": "unit-2"}),
    "act_after_closing": ({"type": "replied", "opinion": "satisfied"}, {"type": "materials_completed"}),
    "double_extension": (
        {"type": "extension_requested", "reason": "x", "workdays": 5},
        {"type": "extension_requested", "reason": "x", "workdays": 9},
    ),
    "extension_decided_twice": (
        {"type": "extension_approved", "by_role": "dispatch_desk", "workdays": 5},
        {"type": "extension_refused", "reason": "x"},
    ),
    "double_correction_notice": (
        {"type": "correction_notified", "items": ["a"]}, {"type": "correction_notified", "items": ["b"]},
    ),
    "notice_crossed_papers": ({"type": "correction_notified", "items": ["a"]}, {"type": "materials_completed"}),
    "scope_disagreement": ({"type": "scope_judged", "outcome": "own"}, {"type": "scope_judged", "outcome": "unclear"}),
    "double_lead": ({"type": "lead_designated", "lead": "A"}, {"type": "lead_designated", "lead": "B"}),
    "double_handover": ({"type": "handed_over", "to": "A"}, {"type": "handed_over", "to": "B"}),
    "double_dispatch": ({"type": "delivered", "to": "unit-2"}, {"type": "delivered", "to": "unit-3"}),
    "moved_while_taken": ({"type": "handed_over", "to": "A"}, {"type": "accepted", "by": "B"}),
    "refusal_decided_twice": (
        {"type": "refusal_decided", "outcome": "agree"}, {"type": "refusal_decided", "outcome": "correct"},
    ),
    "review_disagreement": ({"type": "review_passed"}, {"type": "review_returned", "reason": "x"}),
    "callback_disagreement": (
        {"type": "called_back", "result": "satisfied"}, {"type": "called_back", "result": "unsatisfied"},
    ),
    "procedure_recorded_twice": (
        {"type": "procedure_started", "id": "p", "procedure": "testing", "told": True},
        {"type": "procedure_started", "id": "p", "procedure": "hearing", "told": True},
    ),
    "procedure_end_disagreement": (
        {"type": "procedure_finished", "id": "p"}, {"type": "procedure_finished", "id": "p"},
    ),
    "double_receipt": (
        {"type": "receipt_issued", "first_responder_phone": "1", "promised": "2026-03-09", "complaint_phone": "2"},
        {"type": "receipt_issued", "first_responder_phone": "1", "promised": "2026-03-10", "complaint_phone": "2"},
    ),
    "absent_but_acting": (
        {"type": "absence_recorded", "who": "A", "from": "2026-03-02", "to": "2026-03-06", "briefed": True},
        {"type": "accepted", "by": "A"},
    ),
    "work_beside_acting": (
        {"type": "acting_arranged", "by": "head", "who": "C"}, {"type": "correction_notified", "items": ["a"]},
    ),
    "work_after_transfer": (
        {"type": "handed_over", "to": "A"}, {"type": "extension_requested", "reason": "x", "workdays": 5},
    ),
    "double_acting": (
        {"type": "acting_arranged", "by": "head", "who": "C"}, {"type": "acting_arranged", "by": "head", "who": "D"},
    ),
}  # fmt: skip
SAME_USER = {"absent_but_acting"}


def diverged(left: Event, right: Event, same_user: bool = False) -> list[RecordedAct]:
    """A delivered ticket on two devices; the left one works at 10:00, the right one at 10:05."""
    start = act(1, "2026-03-02 09:00", REGISTRATION, DELIVERED)
    return [
        start,
        act(2, "2026-03-02 10:00", left, after=(start.hash,), user="left"),
        act(3, "2026-03-02 10:05", right, after=(start.hash,), user="left" if same_user else "right"),
    ]


def resolution(found: Contradiction, decision: str, number: int = 9, *, seen: tuple[str, ...] = ()) -> RecordedAct:
    event = {
        "type": "contradiction_resolved", "code": found.code, "acts": list(found.acts), "decision": decision,
        "reason": "heard both",
    }  # fmt: skip
    return act(number, "2026-03-03 09:00", event, after=seen or found.acts, user="reconciler")


def look(acts: list[RecordedAct]) -> tuple[Case, tuple[Contradiction, ...]]:
    ordered = order(acts)
    case = fold(CASE_ID, ordered)
    return case, contradictions(ordered, case)


def types(case: Case) -> list[str]:
    return [fact.type for fact in case.facts]


@pytest.mark.parametrize(
    ("left", "right", "user"),
    [
        ({"type": "acting_arranged", "by": "head", "who": "C"}, {"type": "correction_notified", "items": ["a"]}, "C"),
        ({"type": "acting_arranged", "by": "head"}, {"type": "correction_notified", "items": ["a"]}, "right"),
        (
            {"type": "absence_recorded", "who": "A", "from": "2026-03-02", "to": "2026-03-06", "briefed": True},
            {"type": "replied", "opinion": "satisfied"}, "right",
        ),
        ({"type": "handed_over", "to": "A"}, {"type": "materials_received", "complete": True}, "right"),
    ],
    ids=["the acting person works", "nobody is named", "another than the absent person works", "papers may come anywhere"],
)  # fmt: skip
def test_what_goes_together_is_no_contradiction(left: Event, right: Event, user: str) -> None:
    start = act(1, "2026-03-02 09:00", REGISTRATION, DELIVERED)
    acts = [
        start,
        act(2, "2026-03-02 10:00", left, after=(start.hash,), user="left"),
        act(3, "2026-03-02 10:05", right, after=(start.hash,), user=user),
    ]
    for arrived in itertools.permutations(acts):
        case, found = look(list(arrived))
        assert found == ()
        assert case.ignored == ()


def test_every_kind_of_work_of_somebody_absent_is_seen() -> None:
    absent = PAIRS["absent_but_acting"][0]
    for right in (
        {"type": "replied", "opinion": "satisfied"},
        {"type": "extension_requested", "reason": "x", "workdays": 5},
        {"type": "procedure_started", "id": "p", "procedure": "testing", "told": True},
        {"type": "completed"},
    ):
        _, found = look(diverged(absent, right, same_user=True))
        assert [each.code for each in found] == ["absent_but_acting"]
        assert found[0].choices == (hash_of(2), hash_of(3), BOTH)


def test_every_rule_has_a_case_here_and_an_article_in_every_pack() -> None:
    assert PAIRS.keys() | {"two_first_responders"} == {rule.code for rule in RULES}
    for rule in RULES:
        for pack in PACKS.values():
            assert PACKS.common.contradiction_article(rule.code, pack.id).startswith(pack.id + "-")
            assert pack.term(f"contradiction.{rule.code}", "zh") != f"contradiction.{rule.code}"


@pytest.mark.parametrize("code", PAIRS)
def test_it_is_found_whatever_arrives_first(code: str) -> None:
    acts = diverged(*PAIRS[code], same_user=code in SAME_USER)
    results = [look(list(arrival)) for arrival in itertools.permutations(acts)]
    for case, found in results:
        assert [(item.code, item.acts, item.stands, item.is_open) for item in found] == [
            (code, (hash_of(2), hash_of(3)), hash_of(2), True)
        ]
        assert found[0].article.startswith("HL-")
        assert [(item.code, item.act) for item in case.ignored] == [("contradicted", hash_of(3))]
        assert types(case) == types(results[0][0])


@pytest.mark.parametrize("code", PAIRS)
def test_seen_acts_do_not_contradict(code: str) -> None:
    acts = diverged(*PAIRS[code], same_user=code in SAME_USER)
    acts[2] = act(3, "2026-03-02 10:05", PAIRS[code][1], after=(hash_of(2),), user="right")
    case, found = look(acts)
    assert found == ()
    assert case.ignored == ()


@pytest.mark.parametrize("code", PAIRS)
def test_the_centre_decides_and_every_replica_follows(code: str) -> None:
    acts = diverged(*PAIRS[code], same_user=code in SAME_USER)
    _, (found,) = look(acts)
    for decision in found.choices:
        case, (decided,) = look([*acts, resolution(found, decision)])
        assert (decided.stands, decided.resolved_by, decided.reason) == (decision, hash_of(9), "heard both")
        aside = [(item.code, item.act) for item in case.ignored]
        if decision == BOTH:
            assert aside == []
        else:
            (loser,) = set(found.acts) - {decision}
            assert aside == [("set_aside", loser)]


def test_a_decision_that_is_no_choice_decides_nothing() -> None:
    acts = diverged(*PAIRS["double_acceptance"])
    _, (found,) = look(acts)
    assert BOTH not in found.choices
    for wrong in (BOTH, "f" * 64, ""):
        _, (still,) = look([*acts, resolution(found, wrong)])
        assert still.is_open


def test_the_first_decision_in_the_order_counts() -> None:
    acts = diverged(*PAIRS["double_acceptance"])
    _, (found,) = look(acts)
    first = resolution(found, hash_of(3), 8)
    second = resolution(found, hash_of(2), 9, seen=(first.hash,))
    _, (decided,) = look([*acts, first, second])
    assert (decided.stands, decided.resolved_by) == (hash_of(3), hash_of(8))


def test_who_handles_follows_the_decision() -> None:
    acts = diverged(*PAIRS["double_acceptance"])
    case, (found,) = look(acts)
    now = at("2026-03-03 10:00")
    assert assess(case, PACKS, national(), now, {}).responsible_name == "A"
    case, _ = look([*acts, resolution(found, hash_of(3))])
    assert assess(case, PACKS, national(), now, {}).responsible_name == "B"


def test_three_devices_make_one_contradiction() -> None:
    acts = diverged(*PAIRS["double_acceptance"])
    acts.append(act(4, "2026-03-02 09:50", {"type": "accepted", "by": "C"}, after=(hash_of(1),), user="third"))
    case, found = look(acts)
    assert [(item.acts, item.stands) for item in found] == [((hash_of(4), hash_of(2), hash_of(3)), hash_of(4))]
    assert len(case.ignored) == 2
    case, _ = look([*acts, resolution(found[0], hash_of(3))])
    assert [fact.data["by"] for fact in case.all("accepted")] == ["B"]


def test_two_first_responders_of_one_contact() -> None:
    one = act(1, "2026-03-02 09:00", {**REGISTRATION, "title": "left"}, user="left")
    two = act(2, "2026-03-02 08:55", {**REGISTRATION, "title": "right"}, user="right")
    case, (found,) = look([one, two])
    assert (found.code, found.stands) == ("two_first_responders", hash_of(2))
    assert case.value("title") == "right"


def test_the_same_person_on_two_devices_taking_the_same_case_is_no_contradiction() -> None:
    _, found = look(diverged({"type": "accepted", "by": "A"}, {"type": "accepted", "by": "A"}, same_user=True))
    assert found == ()


def test_only_the_contradicting_event_of_an_act_is_set_aside() -> None:
    acts = diverged({"type": "accepted", "by": "A"}, {"type": "accepted", "by": "B"})
    acts[2] = act(
        3, "2026-03-02 10:05", {"type": "accepted", "by": "B"}, {"type": "noted", "text": "called back"},
        after=(hash_of(1),), user="right",
    )  # fmt: skip
    case, _ = look(acts)
    assert types(case) == ["registered", "delivered", "accepted", "noted"]


def test_work_that_goes_on_after_the_merge_is_not_lost() -> None:
    acts = diverged(*PAIRS["double_acceptance"])
    acts.append(act(5, "2026-03-03 10:00", {"type": "replied", "opinion": "satisfied"}, after=(hash_of(2), hash_of(3))))
    case, found = look(acts)
    assert len(found) == 1
    assert types(case)[-1] == "replied"


@pytest.mark.parametrize("hostile", [{"type": []}, {"type": {}}, {"type": None}, {"type": "accepted", "by": 5}, {}])
def test_hostile_events_beside_each_other_are_no_contradiction_and_no_crash(hostile: Event) -> None:
    case, found = look(diverged({"type": "accepted", "by": "A"}, hostile))
    assert found == ()
    assert types(case) == ["registered", "delivered", "accepted"]
    assert [item.act for item in case.ignored] == [hash_of(3)]
