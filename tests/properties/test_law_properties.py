"""Random histories: what the law promises whatever happens (CPython only, Hypothesis)."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

from law import CASE_ID, PACKS, act

from py_core.calendars import WorkCalendar, national
from py_core.cases.acts import RecordedAct, read_act
from py_core.cases.commands import ALL_ROLES, COMMAND_OF, Command, Context, decide, possible
from py_core.cases.contradictions import contradictions
from py_core.cases.events import EVENTS
from py_core.cases.history import order
from py_core.cases.state import Case, evolve, fold
from py_core.errors import Refused
from py_core.periods import Period, nominal_end
from py_core.rules.engine import assess
from py_core.scenarios import explanation
from py_core.values import LOCAL

CALENDAR = national()
DAY = st.dates(date(2024, 1, 1), date(2026, 11, 1))
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
START = datetime(2026, 3, 2, 10, tzinfo=LOCAL)


def moment(days: float) -> str:
    return f"{START + timedelta(days=days):%Y-%m-%d %H:%M}"


def service(extra: list[dict[str, Any]], now_days: int = 60) -> Any:
    """A JY service of 10 working days from 2 March 2026 with further events, each with its day."""
    acts = [
        act(1, moment(0), {"type": "registered", "pack": "JY", "matter": "service", "channel": "walk_in",
                           "claimant": "person", "signed": True, "promise": {"n": 10, "unit": "workday"}},
            {"type": "materials_received", "complete": True}, {"type": "accepted", "by": "section"}),
    ]  # fmt: skip
    for number, event in enumerate(sorted(extra, key=lambda item: item["day"]), 2):
        body = {key: value for key, value in event.items() if key != "day"}
        acts.append(act(number, moment(event["day"]), body, after=(acts[-1].hash,)))
    return assess(fold(CASE_ID, acts), PACKS, CALENDAR, START + timedelta(days=now_days), {})


def procedures(spans: list[tuple[int, int]]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for number, (start, length) in enumerate(spans):
        events.append(
            {"day": start, "type": "procedure_started", "id": f"p{number}", "procedure": "testing", "told": True}
        )
        events.append({"day": start + length, "type": "procedure_finished", "id": f"p{number}"})
    return events


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=4)


@EXAMPLES
@given(SPANS)
def test_a_pause_never_shortens_a_limit(spans: list[tuple[int, int]]) -> None:
    assert service(procedures(spans)).due >= service([]).due


@EXAMPLES
@given(SPANS, st.tuples(st.integers(0, 40), st.integers(0, 20)))
def test_one_more_pause_never_moves_the_date_back(spans: list[tuple[int, int]], one: tuple[int, int]) -> None:
    assert service(procedures([*spans, one])).due >= service(procedures(spans)).due


@EXAMPLES
@given(SPANS)
def test_overlapping_pauses_count_as_their_union(spans: list[tuple[int, int]]) -> None:
    """An oracle that walks day by day: an excluded working day is one inside any span that began before the end."""
    found = service(procedures(spans))
    base = CALENDAR.workday_after(START.date(), 10)
    united: list[list[int]] = []
    for start, end in sorted((start, start + length) for start, length in spans):
        if united and start <= united[-1][1]:
            united[-1][1] = max(united[-1][1], end)
        else:
            united.append([start, end])
    due = base
    for start, end in united:
        first, last = START.date() + timedelta(days=start), START.date() + timedelta(days=end)
        if first > due:
            break
        excluded = sum(CALENDAR.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
        due = CALENDAR.workday_after(due, excluded)
    assert found.due == due


@EXAMPLES
@given(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["unit_head", "leader", "handler"]), SPANS)
def test_an_extension_never_moves_a_date_back(asked: int, until: int, role: str, spans: list[tuple[int, int]]) -> None:
    new = (START + timedelta(days=until)).date().isoformat()
    events = [
        {"day": asked, "type": "extension_requested", "reason": "x", "until": new},
        {"day": asked, "type": "extension_approved", "by_role": role, "until": new},
        {"day": asked, "type": "extension_notified", "reason": "x", "until": new},
    ]
    without = service(procedures(spans))
    extended = service([*events, *procedures(spans)])
    assert extended.due >= without.due
    if "extended" in extended.overlays:
        assert role == "unit_head"
        assert extended.due > service([]).due
    else:
        assert extended.due == without.due
        assert any(breach.code == "B-05" for breach in extended.breaches)


@EXAMPLES
@given(DAY, st.integers(1, 60), st.sampled_from(["workday", "day", "week", "month"]))
def test_a_later_day_never_ends_earlier(day: date, n: int, unit: str) -> None:
    period = Period(n, unit)
    assert nominal_end(day, period, CALENDAR) <= nominal_end(day + timedelta(days=1), period, CALENDAR)
    assert nominal_end(day, period, CALENDAR) <= nominal_end(day, Period(n + 1, unit), CALENDAR)


@EXAMPLES
@given(st.sets(DAY, max_size=20), st.sets(DAY, max_size=20), DAY, st.integers(0, 40))
def test_any_calendar_table_agrees_with_counting_day_by_day(
    rest: set[date], work: set[date], day: date, n: int
) -> None:
    calendar = WorkCalendar(dict.fromkeys(rest - work, "x"), dict.fromkeys(work, "x"), range(2024, 2027))
    walked, left = day, n
    while left:
        walked += timedelta(days=1)
        left -= calendar.is_workday(walked)
    assert calendar.workday_after(day, n) == walked
    assert calendar.workdays_between(day, walked) == n


_VALUES = {
    "text": st.sampled_from(["A", "B", "unit-1"]), "long_text": st.just("words"), "bool": st.booleans(),
    "int": st.integers(1, 30), "texts": st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2),
    "date": st.dates(date(2026, 3, 1), date(2026, 5, 1)).map(date.isoformat),
    "period": st.just({"n": 5, "unit": "workday"}), "limit": st.just({"n": 5, "unit": "workday"}),
    "steps": st.just([{"unit": "A", "n": 2}]), "materials": st.just([{"name": "paper", "copies": 1}]),
    "attachments": st.just([{"sha256": "ab" * 32, "bytes": 9, "type": "image/png", "name": "a.png"}]),
    "strokes": st.just({"width": 9, "height": 9, "strokes": [[1, 2, 3, 4]]}),
}  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Any event of the vocabulary with believable fields; sometimes one is missing or wrong."""
    event_type = draw(st.sampled_from(sorted(set(EVENTS) - {"registered"})))
    event: dict[str, Any] = {"type": event_type}
    for spec in EVENTS[event_type]:
        if spec.required or draw(st.booleans()):
            event[spec.name] = draw(st.sampled_from(spec.choices) if spec.kind == "choice" else _VALUES[spec.kind])
    if event_type == "extension_approved":
        event["by_role"] = draw(st.sampled_from(["dispatch_desk", "unit_head", "leader", "handler"]))
    if draw(st.integers(0, 9)) == 0 and len(event) > 1:
        event[draw(st.sampled_from(sorted(set(event) - {"type"})))] = draw(st.sampled_from([None, 5, "", [], {"x": 1}]))
    return event


@st.composite
def histories(draw: st.DrawFn) -> list[RecordedAct]:
    """Acts of up to three devices that see each other only sometimes."""
    pack, matter = draw(st.sampled_from([(pack.id, matter) for pack in PACKS.values() for matter in pack.matters]))
    first = {
        "type": "registered", "pack": pack, "matter": matter, "channel": draw(st.sampled_from(["walk_in", "phone"])),
        "claimant": draw(st.sampled_from(["person", "outside_unit"])), "promise": {"n": 10, "unit": "workday"},
    }  # fmt: skip
    acts = [act(1, moment(0), first, user="u0")]
    heads: dict[int, str] = {}
    for number in range(2, draw(st.integers(2, 14))):
        device = draw(st.integers(0, 2))
        seen = {heads.get(device, acts[0].hash)}
        if draw(st.booleans()):
            seen.update(heads.values())
        when = moment(draw(st.integers(0, 40)) + number / 100)
        arrived = draw(st.sampled_from(["same", None]))
        made = act(number, when, draw(events()), after=tuple(sorted(seen)), user=f"u{device}", received=arrived)
        heads[device] = made.hash
        acts.append(made)
    return acts


@settings(max_examples=400, deadline=None, derandomize=True)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 60))
def test_the_order_of_arrival_changes_nothing_and_nothing_raises(
    acts: list[RecordedAct], random: Any, days: int
) -> None:
    now = START + timedelta(days=days)
    results = []
    for _ in range(3):
        random.shuffle(acts)
        ordered = order(acts)
        case = fold(CASE_ID, ordered)
        found = assess(case, PACKS, CALENDAR, now, {})
        assert len(case.facts) + len(case.ignored) == len(acts), "no event is silently lost"
        for lang in ("zh", "en"):
            assert len(explanation(found, PACKS, case, lang)) == len(found.steps)
        results.append((found.as_dict(), contradictions(ordered, case), case.ignored, found.next_alert_at))
    assert results[0] == results[1] == results[2]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(histories(), st.integers(0, 60))
def test_findings_hold_together(acts: list[RecordedAct], days: int) -> None:
    found = assess(fold(CASE_ID, order(acts)), PACKS, CALENDAR, START + timedelta(days=days), {})
    codes = [breach.code for breach in found.breaches]
    assert len(codes) == len(set(codes))
    assert ("overdue" in found.overlays) == (found.light == "overdue")
    assert (found.due is None) == (found.principal is None)
    if found.light in ("none",):
        assert found.due is None
    if found.principal is not None:
        assert found.alerts.red == found.due
    if found.next_alert_at is not None:
        assert found.next_alert_at > found.now


FILLED_IN = {"missing_field", "malformed_field", "wrong_approver", "over_cap", "unknown_procedure"}


def outcome(case: Case, command: Command, context: Context) -> tuple[tuple[Any, ...], Refused | None]:
    try:
        return decide(case, command, context), None
    except Refused as refusal:
        return (), refusal


@settings(max_examples=150, deadline=None, derandomize=True)
@given(histories(), events())
def test_deciding_either_refuses_with_a_reason_or_gives_events_that_are_not_ignored(
    acts: list[RecordedAct], event: dict[str, Any]
) -> None:
    case: Case = fold(CASE_ID, order(acts))
    when = START + timedelta(days=45)
    context = Context(when, PACKS, CALENDAR, user="u", roles=ALL_ROLES)
    fields = {key: value for key, value in event.items() if key != "type"}
    made, refusal = outcome(case, Command(COMMAND_OF[event["type"]], fields), context)
    if refusal is not None:
        assert refusal.message
        assert "%(" not in str(refusal)
        return
    after = evolve(case, act(99, f"{when:%Y-%m-%d %H:%M}", *made), made[0])
    assert after.ignored == case.ignored
    assert read_act(act(99, moment(45), *made).act.text()).events == tuple(made), "it is a canonical act"


@settings(max_examples=120, deadline=None, derandomize=True)
@given(histories())
def test_what_is_possible_is_not_refused_before_anything_is_filled_in(acts: list[RecordedAct]) -> None:
    case = fold(CASE_ID, order(acts))
    context = Context(START + timedelta(days=45), PACKS, CALENDAR, user="u", roles=ALL_ROLES)
    for offer in possible(case, context):
        _, refusal = outcome(case, Command(offer.command), context)
        assert refusal is None or refusal.code in FILLED_IN, offer.command
