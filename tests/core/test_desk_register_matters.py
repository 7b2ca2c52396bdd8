"""Every matter of every regulation can be registered at the desk, or says which published service it needs."""

from __future__ import annotations

from datetime import date

import pytest
from fakes import Desk

from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.desk.register_choices import APPEAL_MATTERS, APPEAL_PACK
from py_core.packs import load_packs
from py_core.rules.engine import Assessment, assess

KEY = "0" * 31 + "7"
PACKS = load_packs()
MATTERS = [(pack.id, matter.id) for pack in PACKS.values() for matter in pack.matters.values()]
OF_ITS_OWN = [
    (pack, matter)
    for pack, matter in MATTERS
    if PACKS[pack].matters[matter].clock != "promise" and not (pack == APPEAL_PACK and matter in APPEAL_MATTERS)
]


def form_of(pack: str, matter: str, **changes: str) -> dict[str, str]:
    form = {
        "key": KEY, "offer": "matter", "matter": f"matter:{pack}:{matter}", "claimant": "outside_unit",
        "claimant_name": "市科技情报所", "claimant_phone": "0510-86110022", "channel": "document",
        "title": "关于共建科普基地的请示", "text": "拟共建科普基地，请予批复。", "complete": "yes", "signed": "yes",
        "outcome": "accept", "limit_unit": "workday",
    }  # fmt: skip
    if PACKS[pack].matters[matter].explicit_only:
        form["limit_until"] = "2026-01-30"
    return {**form, **changes}


def registered(**form: str) -> tuple[Desk, Case, Assessment]:
    desk = Desk()
    response = desk.post("/register", **form)
    assert response.status == 303, response.html
    record = desk.store.case(KEY)
    assert record is not None
    case = fold(KEY, order(record.acts))
    return desk, case, assess(case, PACKS, desk.store.calendar(), desk.now, {})


@pytest.mark.parametrize(("pack", "matter"), OF_ITS_OWN)
def test_a_matter_with_a_limit_in_the_regulation_is_registered_and_shown(pack: str, matter: str) -> None:
    desk, case, found = registered(**form_of(pack, matter))
    assert (case.pack, case.matter, found.problem) == (pack, matter, "")
    clock = PACKS[pack].matters[matter]
    if clock.clock == "main" and not clock.limit_setting:
        assert found.due is not None
    assert "关于共建科普基地的请示" in desk.get(f"/cases/{KEY}").html


@pytest.mark.parametrize(("pack", "matter"), OF_ITS_OWN)
def test_what_is_done_on_the_spot_stops_its_clock(pack: str, matter: str) -> None:
    _, case, found = registered(**form_of(pack, matter, outcome="done", result="已当场办理并答复。"))
    stops = PACKS[pack].matters[matter].stop
    assert any(case.first(event) for event in stops)
    assert found.light in ("met", "none")


def test_every_other_matter_is_a_published_service_or_an_appeal() -> None:
    rest = set(MATTERS) - set(OF_ITS_OWN)
    assert {pack for pack, matter in rest if matter in APPEAL_MATTERS} == {APPEAL_PACK}
    assert {matter for _, matter in rest} - set(APPEAL_MATTERS) == {"service", "joint"}


def test_the_limit_of_an_instruction_beats_the_table() -> None:
    for typed, due in (({"limit_n": "3"}, date(2025, 12, 29)), ({"limit_until": "2026-01-07"}, date(2026, 1, 7))):
        _, _, found = registered(**form_of("WH", "superior.request", **typed))
        assert found.due == due


@pytest.mark.parametrize(
    ("matter", "changes", "field", "said"),
    [
        ("WH:letter", {"matter": ""}, "matter", "请选择具体事项"),
        ("WH:letter", {"matter": "offer:temp-water"}, "matter", "请选择具体事项"),
        ("WH:letter", {"matter": "matter:WH:service"}, "matter", "请选择具体事项"),
        ("WH:letter", {"limit_n": "3", "limit_until": "2026-01-07"}, "limit_until", "只填一项"),
        ("WH:letter", {"limit_n": "-1"}, "limit_n", "1 到 400"),
        ("WH:letter", {"limit_until": "明天"}, "limit_until", "日期"),
        ("WH:fixed_date", {"limit_until": ""}, "limit_until", "须填写"),
        ("BZ:enquiry", {"limit_n": "9"}, "limit_n", "由制度规定"),
        ("WH:letter", {"title": ""}, "title", "请"),
        ("WH:letter", {"channel": "phone", "claimant_phone": ""}, "claimant_phone", "电话或地址"),
        ("WH:letter", {"outcome": "guide"}, "to_body", "哪个部门主管"),
        ("WH:letter", {"outcome": "guide", "to_body": "市教育局"}, "explanation", "哪些解释"),
        ("WH:letter", {"outcome": "notice"}, "outcome", "请"),
        ("WH:letter", {"outcome": "deliver"}, "outcome", "请"),
        ("BZ:approval", {"complete": "no"}, "outcome", "BZ-YC"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_recorded(
    matter: str, changes: dict[str, str], field: str, said: str
) -> None:
    pack, _, name = matter.partition(":")
    desk = Desk()
    response = desk.post("/register", **{**form_of(pack, name), **changes})
    assert response.status == 422
    assert f'href="#{field}"' in response.html
    assert said in response.html
    assert desk.store.case(KEY) is None
    assert "市科技情报所" in response.html  # what was typed is still there


def test_an_anonymous_letter_needs_no_phone() -> None:
    _, case, _ = registered(**form_of("WH", "letter", channel="letter", claimant_phone=""))
    assert case.value("claimant_phone") is None


def test_guidance_ends_at_its_slip() -> None:
    desk = Desk()
    form = form_of("BZ", "contact", outcome="guide", to_body="市教育局 0510-86000281", explanation="学籍由教育局办理。")
    response = desk.post("/register", **form)
    assert response.location == f"/cases/{KEY}/slips/F-07?done=guide"
    html = desk.get(f"/cases/{KEY}/slips/F-07").html
    assert "学籍由教育局办理" in html
    assert '市教育局 <span class="sw-unbroken">0510-86000281</span>' in html


def test_an_urgent_matter_owes_its_report() -> None:
    _, _, found = registered(**form_of("BZ", "contact", urgent="yes"))
    assert "urgent" in found.overlays
    assert "urgent_report" in found.owed
