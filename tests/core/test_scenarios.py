"""The regulations' executable form: every scenario, through the same decide, evolve and assess that the app uses."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from py_core.errors import Malformed
from py_core.packs import UnknownName, load_packs
from py_core.scenarios import as_json, as_text, mismatches, replay

HERE = Path(__file__).parents[1] / "scenarios"
SHARED = Path(__file__).parents[3] / "shared" / "scenarios"
FILES = sorted(HERE.glob("*.toml"))
SCENARIOS = [scenario for path in FILES for scenario in tomllib.loads(path.read_text(encoding="utf-8"))["scenario"]]


def named(scenario_id: str) -> dict[str, Any]:
    return next(scenario for scenario in SCENARIOS if scenario["id"] == scenario_id)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_the_core_finds_what_was_counted_by_hand(scenario: dict[str, Any]) -> None:
    assert mismatches(scenario["expect"], replay(scenario)) == []


def test_every_pack_has_scenarios_and_ids_are_unique() -> None:
    ids = [scenario["id"] for scenario in SCENARIOS]
    assert len(ids) == len(set(ids))
    assert {scenario["pack"] for scenario in SCENARIOS} == set(load_packs())


def test_the_copy_is_the_shared_folder_where_that_is_present() -> None:
    shared = {path.name: path.read_bytes() for path in SHARED.glob("*")}
    differing = sorted(name for name, content in shared.items() if (HERE / name).read_bytes() != content)
    assert differing == [], f"these differ from {SHARED}"
    assert len(FILES) == 5


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_every_explanation_reads_in_both_languages(scenario: dict[str, Any]) -> None:
    chinese, english = (replay(scenario, lang)["explanation"] for lang in ("zh", "en"))
    assert len(chinese) == len(english)
    assert not any("%(" in sentence for sentence in chinese + english)
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in sentence) for sentence in chinese)


def test_an_explanation_ends_with_the_due_date_that_is_shown() -> None:
    result = replay(named("JY-79"), "en")
    assert "Thu 16 Apr 2026" in result["explanation"][-1]
    assert any(
        "Expert review, testing" in sentence and "12 working days" in sentence for sentence in result["explanation"]
    )


def test_an_explanation_names_the_holiday_and_the_make_up_day() -> None:
    chinese = "\n".join(replay(named("HL-53"))["explanation"])
    english = "\n".join(replay(named("HL-53"), "en")["explanation"])
    assert "春节" in chinese
    assert "Spring Festival" in english
    assert "Sat 14 Feb 2026 is worked in exchange for Spring Festival" in english


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"pack": "XX"}, UnknownName, "unknown pack 'XX'; known: BZ, HL, JY, WH"),
        ({"matter": "loan"}, UnknownName, "unknown matter 'loan'"),
        ({"events": [{"at": "t", "type": "registered"}]}, Malformed, "must be a date and time"),
        ({"events": [{"type": "registered"}]}, Malformed, "has no at"),
        ({"settings": {"P-04": "noon"}}, Malformed, "policy P-04 must be one of midnight, business_hours"),
    ],
)
def test_a_wrong_scenario_says_what_is_wrong(change: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        replay(named("JY-73") | change)
    assert text in str(caught.value)


def test_an_unknown_event_is_named_with_the_known_ones() -> None:
    scenario = named("JY-73")
    events = [*scenario["events"], {"at": scenario["now"], "type": "teleported"}]
    with pytest.raises(UnknownName) as caught:
        replay(scenario | {"events": events})
    assert "unknown event 'teleported'" in str(caught.value)


def test_what_has_not_happened_yet_does_not_count() -> None:
    scenario = named("WH-01-n4")
    before = replay(scenario | {"now": scenario["events"][0]["at"]})
    assert before["state"] == "registered"


def test_mismatches_are_found() -> None:
    found = replay(named("JY-73"))
    assert mismatches({"due": "2026-01-09"}, found) == ["due: expected 2026-01-09, found 2026-01-08"]
    assert mismatches({"owed": ["!receipt"]}, found) == ["owed: receipt must be absent"]
    assert mismatches({"clocks": [{"name": "main", "due": "2026-01-08"}]}, found) != []
    assert mismatches({"alerts": {"red": "null"}}, found) != []
    assert mismatches({"breaches": ["B-01"]}, found) == ["breaches: B-01 is missing in []"]


def test_text_and_json_name_the_case() -> None:
    found = replay(named("HL-60"))
    assert '"id": "HL-60"' in as_json([found])
    text = as_text([("HL", found)], "zh")
    assert text.startswith("HL-60  待审核")
    assert "热线受理部门" in text
    assert "Under review" in as_text([("HL", found)], "en")
