"""What stays of an act after erasure: no words and no numbers of people, and every judgement of the law as before."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fakes import BEIJING

from py_core import scenarios
from py_core.cases.acts import Act, RecordedAct, read_act
from py_core.cases.events import read_fields
from py_core.cases.fields import FieldSpec
from py_core.cases.state import evolve
from py_core.documents import EVENT_FIELDS
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.packs.retention import load_retention, read_retention
from py_core.reporters import CORRECTED, TOLD, read_reporter_event
from py_core.residue import DASH, Residues
from py_core.visits import VISIT_EVENTS, read_visit_event

WORDS = "张三住在河西路"
PHONE = "139 1234 5678"
DIGEST = "ab" * 32
SCENARIO_FILES = sorted((Path(__file__).parents[1] / "scenarios").glob("*.toml"))
CASE = "00000000000000000000000000000001"


def sample(event_type: str, spec: FieldSpec) -> Any:
    """A value that the field takes, with words of a person wherever words can stand."""
    values: dict[str, Any] = {
        "bool": True, "int": 3, "date": "2026-03-01", "moment": "2026-03-01T09:00:00+08:00", "period": {"n": 5, "unit": "workday"},
        "limit": {"n": 5, "unit": "workday"}, "steps": [{"unit": "xingqiao", "n": 3}], "materials": [{"name": WORDS, "copies": 1}],
        "attachments": [{"sha256": DIGEST, "bytes": 9, "type": "image/jpeg", "name": f"{WORDS}.jpg", "place": "31.00000,120.00000"}],
        "strokes": {"width": 400, "height": 200, "strokes": [[0, 0, 10, 10]]}, "texts": [WORDS, PHONE],
    }  # fmt: skip
    if spec.kind == "choice":
        return spec.choices[0]
    if (event_type, spec.name) == ("visit_planned", "code"):
        return "91350100M000100Y43"
    if spec.name == "case":
        return CASE
    return DIGEST if spec.name == "content" else values.get(spec.kind, WORDS if spec.name != "phone" else PHONE)


def act(*events: dict[str, Any]) -> Act:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=BEIJING)
    return Act("x", events, "lin", "d1", 1, at, at, None, None, "1", "0.1.0")


@pytest.mark.parametrize("event_type", EVENT_FIELDS)
def test_of_every_event_only_what_is_no_content_stays_and_it_can_still_be_read(event_type: str) -> None:
    event = {"type": event_type, **{spec.name: sample(event_type, spec) for spec in EVENT_FIELDS[event_type]}}
    if event_type == "visit_signed":
        event["strokes"] = {"width": 400, "height": 200, "strokes": [[0, 0, 10, 10]]}
    if event_type in VISIT_EVENTS:
        reads: Callable[[dict[str, Any]], object] = read_visit_event
    else:
        reads = read_reporter_event if event_type in (TOLD, CORRECTED) else lambda each: read_fields(event_type, each)
    reads(event)
    text = Residues().of(act(event, {**event, "unheard_of": WORDS}))
    assert not any(word in text for word in (WORDS, PHONE, "120.00000", "strokes", "91350100"))
    for left in read_act(text).events:
        reads(left)
        assert left["type"] == event_type
    same = {spec.name for spec in EVENT_FIELDS[event_type] if spec.kind in ("choice", "bool", "int", "date", "period")}
    assert {name: event[name] for name in same} == {name: read_act(text).events[0][name] for name in same}


def test_ids_stay_and_what_only_looks_like_one_goes() -> None:
    said = {"type": "handed_over", "to": "linye", "note": WORDS}
    assert json.loads(Residues().of(act(said)))["events"][0] == {"type": "handed_over", "to": "linye", "note": DASH}
    for to in (WORDS, "13912345678", "0510-86010001 86", "a" * 90):
        assert json.loads(Residues().of(act({**said, "to": to})))["events"][0]["to"] == f"{DASH}1"


def test_callers_are_still_told_apart_and_not_known() -> None:
    made = Residues()
    first = {"type": "registered", "pack": "HL", "matter": "citizen", "channel": "phone", "claimant_ref": WORDS}
    texts = [made.of(act({**first, "claimant_ref": who})) for who in (WORDS, PHONE, WORDS)]
    refs = [json.loads(text)["events"][0]["claimant_ref"] for text in texts]
    assert refs[0] == refs[2] != refs[1]
    assert WORDS not in "".join(texts)


def test_forbidden_phrases_that_were_spoken_stay() -> None:
    said = {"type": "replied", "text": f"{WORDS}：不知道，不归我管"}
    text = json.loads(Residues(["不知道", "不归我管", "找别人"]).of(act(said)))["events"][0]["text"]
    assert text == f"不知道{DASH}不归我管"


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=lambda path: path.stem)
def test_every_scenario_of_the_law_is_judged_alike_from_what_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Due dates, lights, breaches, proposals and steps of the scenarios, with their words and without."""
    phrases = sorted({phrase for pack in load_packs().values() for phrase in pack.forbidden_phrases})
    told = tomllib.loads(path.read_text(encoding="utf-8"))["scenario"]
    before = [scenarios.replay(scenario) for scenario in told]
    made = Residues()

    def evolve_from_residue(case: Any, recorded: RecordedAct, event: Any, case_id: str) -> Any:
        left = read_act(made.of(replace(recorded.act, device_seq=1, events=(event,)))).events[0]
        return evolve(case, recorded, left, case_id)

    monkeypatch.setattr(scenarios, "evolve", evolve_from_residue)
    for scenario, expected in zip(told, before, strict=True):
        made = Residues(phrases)
        assert scenarios.replay(scenario) == expected


def test_every_case_and_visit_has_a_period_and_its_ground() -> None:
    rules = load_retention()
    named = {name for rule in rules.rules for name in rule.matters} - {"*"}
    known = {f"{pack.id}.{matter}" for pack in load_packs().values() for matter in pack.matters}
    assert named <= known
    assert rules.of_case("WH", "letter.discipline", "").id == "reports"
    assert rules.of_case("HL", "citizen", "report").id == "reports"
    assert {rules.of_case(*name.split(".", 1), "").id for name in known} == {"reports", "contacts", "cases"}
    assert "四项制度" in rules.ground_zh
    packaged = {
        "rule": [],
        "ground": {"zh": "", "en": ""},
        "undecided": {"remind_days": 14, "remind_days_max": 365, "zh": "", "en": ""},
    }
    with pytest.raises(Malformed, match="every case"):
        read_retention(packaged)
    whole = [{"id": "all", "zh": "", "en": "", "years": 1, "matters": ["*"], "visits": True, "unmatched": True}]
    assert read_retention({**packaged, "rule": whole}).remind_days == 14
    with pytest.raises(Malformed, match="one day or more"):
        read_retention(
            {**packaged, "rule": whole, "undecided": {"remind_days": 0, "remind_days_max": 365, "zh": "", "en": ""}}
        )
