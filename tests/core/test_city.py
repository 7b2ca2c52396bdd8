"""The city document: what the centre may record, what it adds up to, equal on every replica."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any

import pytest

from py_core.calendars import national
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.state import fold
from py_core.city import CityRules, city_rules
from py_core.city.changes import impact, moved_clocks
from py_core.city.events import read_city_event
from py_core.desk.city_devices import FIGURE_WORDS
from py_core.desk.city_words import READING_WORDS
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.packs.device_figures import device_figures, load_device_settings
from py_core.values import LOCAL

PACKS = load_packs()
NOW = datetime(2026, 12, 24, 10, 0, tzinfo=LOCAL)

YEAR_2027: dict[str, Any] = {
    "type": "calendar_published",
    "layer": "national",
    "place": "",
    "year": 2027,
    "rest": [
        {"name_zh": "元旦", "name_en": "New Year's Day", "from": "2027-01-01", "to": "2027-01-05"},
        {"name_zh": "春节", "name_en": "Spring Festival", "from": "2027-02-05", "to": "2027-02-12"},
    ],
    "workdays": ["2027-01-09", "2027-02-20"],
    "source": "No. 12 of 2026",
    "corrects": None,
    "reason": "",
}


def policy(value: str, since: str, name: str = "P-06") -> dict[str, Any]:
    return {"type": "policy_set", "policy": name, "value": value, "in_force_from": since, "reason": "decided"}


def setting(pack: str, name: str, value: Any) -> dict[str, Any]:
    return {"type": "setting_filled", "pack": pack, "setting": name, "value": value, "reason": "asked for"}


def unit_days(*days: str, year: int = 2026, layer: str = "unit", place: str = "xingqiao") -> dict[str, Any]:
    rest = [{"name_zh": "停电", "name_en": "Power cut", "from": day, "to": day} for day in days]
    return {**YEAR_2027, "layer": layer, "place": place, "year": year, "rest": rest, "workdays": []}


def recorded(number: int, *events: dict[str, Any], deps: tuple[str, ...] = (), user: str = "he") -> RecordedAct:
    at = datetime(2026, 11, 1, 9, number, tzinfo=LOCAL)
    act = Act("city", events, user, "server", number, at, at, None, None, "1", "1")
    return RecordedAct(f"{number:064x}", deps, act, at, number)


def chain(*events: dict[str, Any]) -> list[RecordedAct]:
    acts: list[RecordedAct] = []
    for number, event in enumerate(events, 1):
        acts.append(recorded(number, event, deps=(acts[-1].hash,) if acts else ()))
    return acts


def rules(*events: dict[str, Any]) -> CityRules:
    return city_rules(chain(*events), PACKS, national(), {})


def case(received: str = "2026-12-24", then: tuple[dict[str, Any], ...] = (), **fields: Any) -> Any:
    event = {
        "type": "registered", "pack": "HL", "matter": "citizen", "channel": "hotline", "claimant": "person",
        "unit": "xingqiao", **fields,
    }  # fmt: skip
    at = datetime.fromisoformat(f"{received}T09:00:00+08:00")
    act = Act(
        "register", (event, {"type": "delivered", "to": "xingqiao"}, *then), "lin", "d", 1, at, at, None, None, "1", "1"
    )
    return fold("a" * 32, (RecordedAct("1" * 64, (), act, at, 1),))


def test_without_acts_the_packaged_law_is_in_force() -> None:
    found = rules()
    assert found.readings(date(2026, 1, 1)) == {}
    assert found.calendar.loaded_years == national().loaded_years
    assert found.facts == found.unreadable == found.apart == ()


def test_a_reading_counts_for_what_is_received_from_its_day_on() -> None:
    found = rules(policy("next_workday", "2026-12-01"), policy("same_day", "2027-03-01"))
    assert [found.policies(day, "HL").rest_day_receipt for day in (date(2026, 11, 30), date(2026, 12, 1))] == [
        "same_day",
        "next_workday",
    ]
    assert found.policies(date(2027, 3, 1), "HL").rest_day_receipt == "same_day"
    # Recorded later, but for an earlier day: it fills the gap before and changes nothing after.
    found = rules(policy("same_day", "2027-03-01"), policy("next_workday", "2026-12-01"))
    assert found.policies(date(2027, 3, 1), "HL").rest_day_receipt == "same_day"
    assert found.policies(date(2027, 2, 28), "HL").rest_day_receipt == "next_workday"


def test_the_law_of_a_case_is_that_of_its_receipt_and_unit() -> None:
    found = rules(policy("business_hours", "2026-12-01", "P-04"), unit_days("2026-12-25"))
    old, new = found.law_of(case("2026-11-30")), found.law_of(case("2026-12-24"))
    assert old.policies.day_end == "midnight"  # type: ignore[union-attr]
    assert new.policies.day_end == "business_hours"  # type: ignore[union-attr]
    assert not new.calendar.is_workday(date(2026, 12, 25))
    assert found.law_of(case(unit="shuiwu", received="2026-12-24")).calendar is new.calendar  # it was delivered
    assert found.calendar.is_workday(date(2026, 12, 25))


def test_a_published_year_is_loaded_and_counts_with_its_names() -> None:
    calendar = rules(YEAR_2027).calendar
    assert 2027 in calendar.loaded_years
    assert not calendar.is_workday(date(2027, 2, 8))
    assert calendar.is_workday(date(2027, 2, 20))
    assert calendar.name_of(date(2027, 2, 8), "en") == "Spring Festival"
    assert calendar.name_of(date(2027, 2, 20), "zh") == "春节"  # in exchange for the nearest holiday
    assert calendar.name_of(date(2026, 10, 1), "zh") == "国庆节"
    assert not calendar.provisional(date(2026, 12, 30), date(2027, 3, 1))


def test_layers_add_up_and_the_highest_wins() -> None:
    province = unit_days("2027-02-20", year=2027, layer="province", place="")
    city = {**unit_days(year=2027, layer="city", place=""), "workdays": ["2027-02-20"]}
    assert not rules(YEAR_2027, province).calendar.is_workday(date(2027, 2, 20))
    assert rules(YEAR_2027, city, province).calendar.is_workday(date(2027, 2, 20))
    unit = unit_days("2027-02-22", year=2027)
    found = rules(unit, YEAR_2027)
    assert not found.calendar_of("xingqiao").is_workday(date(2027, 2, 22))
    assert found.calendar_of("shuiwu").is_workday(date(2027, 2, 22))


def test_only_the_national_arrangement_makes_a_year_firm() -> None:
    assert 2027 not in rules(unit_days("2027-02-22", year=2027)).calendar_of("xingqiao").loaded_years


def test_a_correction_replaces_the_whole_year() -> None:
    corrected = {
        **YEAR_2027,
        "rest": YEAR_2027["rest"][:1],
        "workdays": [],
        "corrects": "1" * 64,
        "reason": "new notice",
    }
    calendar = rules(YEAR_2027, corrected).calendar
    assert calendar.is_workday(date(2027, 2, 8))
    assert not calendar.is_workday(date(2027, 2, 20))
    # A packaged year is replaced the same way.
    again = {
        **YEAR_2027,
        "year": 2026,
        "rest": [{**YEAR_2027["rest"][0], "from": "2026-10-01", "to": "2026-10-02"}],
        "workdays": [],
    }
    assert rules(again).calendar.is_workday(date(2026, 10, 5))
    assert not national().is_workday(date(2026, 10, 5))


def test_settings_are_for_their_regulation() -> None:
    found = rules(setting("BZ", "complaint_reply_limit", {"n": 7, "unit": "workday"}), setting("common", "U03", 30))
    assert found.policies(None, "BZ").settings == {"complaint_reply_limit": {"n": 7, "unit": "workday"}, "U03": 30}
    assert found.policies(None, "WH").settings == {"U03": 30}


def test_what_was_set_apart_stays_and_the_same_one_stands_everywhere() -> None:
    first = recorded(1, policy("next_workday", "2026-12-01"))
    left = recorded(2, policy("same_day", "2027-01-01"), deps=(first.hash,))
    right = recorded(3, policy("next_workday", "2027-01-01"), deps=(first.hash,), user="qian")
    for acts in itertools.permutations((first, left, right)):
        found = city_rules(acts, PACKS, national(), {})
        assert [(each.stands.act, each.other.act) for each in found.apart] == [(right.hash, left.hash)]
        assert found.policies(date(2027, 1, 1), "HL").rest_day_receipt == "next_workday"
        assert len(found.facts) == 3
    settled = recorded(4, policy("same_day", "2027-01-01"), deps=(left.hash, right.hash))
    assert city_rules((first, left, right, settled), PACKS, national(), {}).apart == ()
    # The same decision made twice is no contradiction.
    twin = recorded(5, policy("same_day", "2027-01-01"), deps=(first.hash,), user="qian")
    assert city_rules((first, left, twin), PACKS, national(), {}).apart == ()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"layer": "planet"}, "layer"),
        ({"place": "xingqiao"}, "place"),
        ({"layer": "unit"}, "place"),
        ({"year": "2027"}, "year"),
        ({"year": 1900}, "year"),
        ({"rest": []}, "rest"),
        ({"rest": "all"}, "rest"),
        ({"rest": [1]}, "rest 1"),
        ({"rest": [{**YEAR_2027["rest"][0], "name_en": ""}]}, "rest 1"),
        ({"rest": [{**YEAR_2027["rest"][0], "to": "2026-12-31"}]}, "rest 1"),
        ({"rest": [{**YEAR_2027["rest"][0], "from": "2026-11-30"}]}, "rest 1"),
        ({"rest": [*YEAR_2027["rest"], {**YEAR_2027["rest"][1], "from": "2027-02-12", "to": "2027-02-13"}]}, "rest 3"),
        ({"workdays": ["2027-02-20", "2027-02-20"]}, "workdays 2"),
        ({"workdays": ["2027-02-06"]}, "workdays 1"),
        ({"workdays": ["2027-03-01"]}, "workdays 1"),
        ({"workdays": ["20 February"]}, "workdays 1"),
        ({"source": ""}, "source"),
        ({"corrects": "1" * 64}, "reason"),
        ({"corrects": 7}, "corrects"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_is_refused_at_its_place(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_city_event({**YEAR_2027, **change}, PACKS)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("event", "where"),
    [
        (policy("sometimes", "2026-12-01"), "value"),
        (policy("same_day", "2026-12-01", "P-99"), "policy"),
        (policy("same_day", "soon"), "in_force_from"),
        ({**policy("same_day", "2026-12-01"), "reason": ""}, "reason"),
        (setting("BZ", "nothing", 1), "setting"),
        (setting("BZ", "complaint_reply_limit", {"n": 7, "unit": "moon"}), "value.unit"),
        (setting("BZ", "complaint_reply_limit", 7), "value"),
        (setting("WH", "complaint_phone", " "), "value"),
        (setting("HL", "HL-8(2)", {"callers": 3}), "value"),
        (setting("HL", "HL-8(2)", {"callers": 0, "days": 2}), "value"),
        (setting("common", "U03", True), "value"),
        ({"type": "noted", "text": "words"}, "type"),
    ],
)
def test_an_act_that_cannot_be_read_is_refused_and_changes_nothing(event: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_city_event(event, PACKS)
    assert caught.value.where == where
    found = rules(event, YEAR_2027)
    assert [each.type for each in found.unreadable] == [event["type"]]
    assert 2027 in found.calendar.loaded_years


def test_a_published_year_moves_provisional_dates_and_says_from_where_to_where() -> None:
    before, after = rules(), rules(YEAR_2027)
    assert moved_clocks(case("2026-12-21"), before, after, NOW) == ()  # ends on 2026-12-28
    late = case("2026-12-29")
    (moved,) = [each for each in moved_clocks(late, before, after, NOW) if each.clock == "main"]
    assert (moved.old, moved.new, moved.firm) == (date(2027, 1, 6), date(2027, 1, 8), True)
    (change,) = impact((late,), before, after, NOW)
    assert (change.due_before, change.due_after) == (moved.old, moved.new)
    assert (change.provisional_before, change.provisional_after) == (True, False)


def test_a_reading_of_the_future_touches_no_open_case() -> None:
    after = rules(policy("next_workday", "2027-06-01"))
    assert list(impact((case(), case("2026-12-26")), rules(), after, NOW)) == []
    (change,) = impact((case(), case("2026-12-26")), rules(), rules(policy("next_workday", "2026-12-01")), NOW)
    assert change.due_before != change.due_after


def test_a_filled_setting_brings_the_limit_that_was_missing() -> None:
    complaint = case(
        then=({"type": "complaint_filed", "about": "slow"},), pack="BZ", matter="complaint", channel="walk_in"
    )
    (moved,) = moved_clocks(
        complaint, rules(), rules(setting("BZ", "complaint_reply_limit", {"n": 3, "unit": "workday"})), NOW
    )
    assert moved.old is None
    assert moved.new == date(2026, 12, 29)


def test_every_reading_among_which_the_centre_can_choose_has_words() -> None:
    choosable = {
        (policy.id, value)
        for policy in PACKS.common.policies.values()
        if len(policy.options) > 1
        for value in policy.options
    }
    assert set(READING_WORDS) == choosable


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device_lease", {"lease_days": 2, "lease_warning_days": 1}),
        ("device_lease", {"lease_days": 181, "lease_warning_days": 1}),
        ("device_lease", {"lease_days": 5, "lease_warning_days": 6}),
        ("device_lease", {"lease_days": 30}),
        ("device_lease", {"lease_days": 30, "lease_warning_days": True}),
        ("device_age", {"keep_own_days": 30, "keep_foreign_days": 31, "keep_least_days": 7}),
        ("device_cases", {"cases_most": 500, "cases_warning": 501}),
        ("device_space", {"space_percent": 96}),
        ("device_other", {"space_percent": 80}),
    ],
)
def test_figures_of_devices_outside_their_limits_have_no_effect(name: str, value: dict[str, Any]) -> None:
    event = setting("devices", name, value)
    with pytest.raises(Malformed):
        read_city_event(event, PACKS)
    found = rules(event)
    assert device_figures(found.settings_of("devices")) == device_figures({})
    assert len(found.unreadable) == 1


def test_each_figure_of_devices_has_words_and_the_last_act_counts() -> None:
    assert {part for each in load_device_settings().settings for part in each.defaults} == set(FIGURE_WORDS)
    events = [setting("devices", "device_space", {"space_percent": percent}) for percent in (60, 70)]
    assert device_figures(rules(*events).settings_of("devices")).space_percent == 70
