"""`shouwen assess` and `shouwen packs` as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.cli import main

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def test_assess_prints_one_object_per_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", "--json", str(SCENARIOS / "JY.toml"), str(SCENARIOS / "X.toml")]) == 0
    found = {item["id"]: item for item in json.loads(capsys.readouterr().out)}
    assert found["JY-73"]["due"] == "2026-01-08"
    assert found["X-96"]["clocks"][1] == {"name": "statutory", "due": "2026-04-07", "basis": "JY-3.3.4"}
    assert set(found["JY-80"]) == {
        "id", "state", "overlays", "duty", "due", "provisional", "clocks", "light", "alerts", "responsible", "tracker",
        "owed", "breaches", "proposals", "refused", "explanation",
    }  # fmt: skip


def test_assess_reads_well_in_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", "--lang", "en", str(SCENARIOS / "HL.toml")]) == 0
    assert "HL-51  Being handled  Reply 2025-11-17 On time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no [[scenario]] table"),
        ("[[scenario", "is not TOML"),
        ('[[scenario]]\nid = "a"\npack = "JY"\nmatter = "loan"\nnow = 2026-01-01T00:00:00\nevents = []',
         "scenario a: unknown matter 'loan'; known: service, joint, contact, fixed_date"),
        ('[[scenario]]\nid = "a"\npack = "JY"\nmatter = "contact"\nnow = 2026-01-02T00:00:00\n'
         'events = [{ at = 2026-01-01T00:00:00, type = "sang" }]', "unknown event 'sang'"),
        ('[[scenario]]\nid = "a"\npack = "JY"\nmatter = "contact"\nevents = []', "has no now"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_a_clear_error_and_status_2(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["assess", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_there_is_status_2(tmp_path: Path) -> None:
    assert main(["assess", str(tmp_path / "none.toml")]) == 2


def test_packs_check_names_what_a_deployment_must_fill_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "check"]) == 0
    assert "HL HL-1.1 from 2018-01-01: 3 matter types, 10 articles; to be filled in: HL-8(2)" in capsys.readouterr().out


def test_packs_show_prints_rules_and_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "show", "WH-XS-6"]) == 0
    shown = capsys.readouterr().out
    assert "WH/pack.toml matter[letter].limit" in shown
    assert "WH-20: Letter, extension to the 60th workday" in shown
    assert main(["packs", "show", "WH-XS-99"]) == 2
    assert "WH-XS-7" in capsys.readouterr().err
