"""Visits at the record: what the gate takes, whom they are fed to, who sees them."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import Browser
from laptop import START, Laptop, case_id, named, registered

from py_core.city import CITY_ID
from py_core.visits import visit_id
from server.parts import Parts
from server.scope import units_concerned

VISIT = visit_id("ab" * 16)
CASE = case_id(7)
STARTED = {"type": "visit_started", "met": "钱建新"}


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "type": "visit_planned", "enterprise": "恒泰纺织", "on": "2026-11-23", "officers": ["lin"], "unit": "shihe",
        "number": "K7Q-000001", **changes,
    }  # fmt: skip


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def test_a_visit_begins_with_its_plan_and_takes_only_its_own_events(parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.act(VISIT, STARTED)) == "no_registration"
    del lin.held[VISIT]
    assert lin.verdict(lin.act(VISIT, registered())) == "unreadable_event"
    del lin.held[VISIT]
    assert lin.verdict(lin.act(VISIT, plan(code="91320281MA0000001X"))) == "unreadable_event"
    del lin.held[VISIT]
    assert lin.verdict(lin.act(VISIT, plan())) == "accepted"
    assert lin.verdict(lin.act(VISIT, STARTED)) == "accepted"
    assert lin.verdict(lin.act(CASE, registered(), STARTED)) == "unreadable_event"
    del lin.held[CASE]
    assert lin.verdict(lin.act(CASE, plan())) == "unreadable_event"
    he = Laptop(parts, "he")
    assert he.verdict(he.act(CITY_ID, plan())) == "unreadable_event"


def test_a_plan_must_name_a_unit_of_the_city_and_concern_its_author(parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.act(VISIT, plan(unit="nowhere", officers=["nobody"]))) == "unknown_unit"
    del lin.held[VISIT]
    assert lin.verdict(lin.act(VISIT, plan(unit="linye", officers=["wu"]))) == "foreign_scope"


def test_a_colleague_s_plan_reaches_the_officer_and_nobody_else(parts: Parts, lin: Laptop) -> None:
    zhao, wu = Laptop(parts, "zhao"), Laptop(parts, "wu")
    assert zhao.verdict(zhao.act(VISIT, plan(officers=["lin"]))) == "accepted"
    assert [pulled.case_id for pulled in lin.sync()[1]] == [VISIT]
    assert wu.sync()[1] == []
    # What the officer does there, without network, comes back to the colleague.
    assert lin.verdict(lin.act(VISIT, STARTED)) == "accepted"
    assert [pulled.case_id for pulled in zhao.sync()[1]] == [VISIT]


def test_an_officer_of_another_unit_is_brought_in_with_the_whole_visit(parts: Parts, lin: Laptop) -> None:
    wu = Laptop(parts, "wu")
    assert lin.verdict(lin.act(VISIT, plan())) == "accepted"
    assert wu.sync()[1] == []
    moved = {"type": "visit_moved", "on": "2026-11-24", "officers": ["lin", "wu"], "reason": "联合走访"}
    assert lin.verdict(lin.act(VISIT, moved)) == "accepted"
    assert [pulled.case_id for pulled in wu.sync()[1]] == [VISIT, VISIT]
    assert wu.verdict(wu.act(VISIT, STARTED)) == "accepted"


def test_a_stranger_does_not_write_into_a_visit(parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.act(VISIT, plan())) == "accepted"
    wu = Laptop(parts, "wu")
    wu.held[VISIT] = list(lin.held[VISIT])
    assert wu.verdict(wu.act(VISIT, STARTED)) == "foreign_scope"


@pytest.mark.parametrize(
    ("event", "units"),
    [
        (plan(), {"shihe"}),
        (plan(officers=["lin", "wu", "nobody"]), {"shihe", "linye"}),
        ({"type": "visit_moved", "officers": ["wu"]}, {"linye"}),
        ({"type": "visit_cancelled", "reason": "wu"}, set()),
    ],
    ids=named,
)
def test_units_that_a_visit_names(parts: Parts, event: dict[str, Any], units: set[str]) -> None:
    assert units_concerned([event], parts.city.current().directory, START.date()) == units


def test_a_visit_is_no_case_and_is_seen_by_its_unit_and_the_centre(browser: Browser, parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.act(CASE, registered(claimant="enterprise", claimant_name="恒泰纺织"))) == "accepted"
    added = {"type": "visit_request_added", "case": CASE}
    assert lin.verdict(lin.act(VISIT, plan(), STARTED, added)) == "accepted"
    browser.sign_in("zhao")
    page = browser.get(f"/visits/{VISIT}")
    assert page.status_code == 200
    assert "路灯不亮" in page.text
    assert VISIT in browser.get("/visits?scope=unit").text
    assert f"/cases/{CASE}" in browser.get("/cases").text
    assert VISIT not in browser.get("/cases").text
    for path in (f"/cases/{VISIT}", f"/cases/{VISIT}/do/note", f"/visits/{CASE}", f"/visits/{CITY_ID}"):
        assert browser.get(path).status_code == 404
    browser.post("/sign-out", data={"csrf": browser.csrf()})
    browser.sign_in("wu")
    assert browser.get(f"/visits/{VISIT}").status_code == 404
    assert VISIT not in browser.get("/visits?scope=unit").text
    browser.post("/sign-out", data={"csrf": browser.csrf()})
    browser.sign_in("qian")
    assert browser.get(f"/visits/{VISIT}").status_code == 200
    assert VISIT in browser.get("/visits?scope=unit").text
    assert "1 case" in browser.get("/centre").text


def test_a_visit_on_the_server_s_own_pages(browser: Browser, parts: Parts) -> None:
    """From the plan to the end through the gate, two acts of one answer included."""
    browser.sign_in("lin")
    shown = browser.get("/visits/plan")
    planned = browser.send_form("/visits/plan", shown, enterprise="恒泰纺织", on="2026-11-20", phone="13812345678")
    assert planned.status_code == 200
    assert "/visits/" in str(planned.url)
    visit = planned.url.path
    started = browser.send_form(f"{visit}/do/start", browser.get(f"{visit}/do/start"))
    assert "Under way" in started.text
    register = browser.get(f"/register?visit={visit.rsplit('/', 1)[1]}")
    assert 'value="恒泰纺织"' in register.text
    back = browser.send_form(
        "/register", register, offer="appeal:enterprise", request_kind="help", title="用电负荷不足",
        text="车间三台新设备不能同时开。", outcome="accept", claimant_phone="13812345678",
    )  # fmt: skip
    assert back.url.path == visit
    assert "用电负荷不足" in back.text
    parts.casebook.current()
    again = browser.send_form("/register", register, offer="appeal:enterprise", title="用电负荷不足")
    assert again.url.path == visit
    assert again.text.count("用电负荷不足") >= 1
    with parts.database.reading():
        ids = [each for each in parts.casebook.current() if each not in (visit.rsplit("/", 1)[1], CITY_ID)]
    assert len(ids) == 1
    taken = browser.send_form(f"{visit}/do/take_papers", browser.get(f"{visit}/do/take_papers"), papers="合同 ×2")
    assert "合同" in taken.text
    refused = browser.get(f"{visit}/do/finish")
    assert refused.status_code == 409
    assert "合同 × 2" in refused.text
    browser.send_form(f"{visit}/do/attach_papers", browser.get(f"{visit}/do/attach_papers"), case=ids[0])
    unsigned = browser.get(f"{visit}/do/finish")
    assert unsigned.status_code == 409
    assert "has not signed" in unsigned.text
    browser.send_form(
        f"{visit}/do/sign", browser.get(f"{visit}/do/sign"), signed="no", unsigned_reason="负责人不在", signer=""
    )
    ended = browser.send_form(f"{visit}/do/finish", browser.get(f"{visit}/do/finish"), summary="已登记一件诉求")
    assert "Finished" in ended.text
    assert "已登记一件诉求" in ended.text
    record = browser.get(f"{visit}/record?paper=80mm")
    assert record.text.count("sw-slip__qr") == 1
    assert "合同" in record.text


def test_a_change_of_the_law_passes_a_visit_by(parts: Parts, lin: Laptop) -> None:
    """A visit has no date that the law moves; one that arrives after a recount is looked at by nobody."""
    he = Laptop(parts, "he")
    year = {
        "type": "calendar_published", "layer": "national", "place": "", "year": 2027, "workdays": [],
        "rest": [{"name_zh": "元旦", "name_en": "New Year's Day", "from": "2027-01-01", "to": "2027-01-05"}],
        "source": "No. 12 of 2026", "corrects": None, "reason": "",
    }  # fmt: skip
    offline = lin.act(VISIT, plan(), STARTED)
    assert he.verdict(he.act(CITY_ID, year)) == "accepted"
    assert parts.recomputation.catch_up() == 0
    assert lin.verdict(offline) == "accepted"
    assert parts.recomputation.catch_up() == 0
    assert len(parts.casebook.current()[VISIT].acts) == 1
