"""A member of staff whom a registration is about is found by name, and the pages say what follows from it."""

from __future__ import annotations

import pytest
from fakes import Desk

from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.packs import load_packs
from py_core.restricted import INQUIRERS, restriction

KEY = "0" * 31 + "8"
LETTER = {
    "key": KEY, "offer": "matter", "claimant": "person", "claimant_name": "王举报", "claimant_phone": "0510-86110022",
    "channel": "letter", "title": "反映工作人员收礼", "text": "情况见附信。", "outcome": "register", "limit_unit": "workday",
}  # fmt: skip


def register(**form: str) -> tuple[Desk, int, str]:
    desk = Desk()
    response = desk.post("/register", **{**LETTER, "matter": "matter:BZ:complaint", **form})
    return desk, response.status, response.html


@pytest.mark.parametrize("typed", ["周建国", "周建国 星桥镇", "周建国，xingqiao", "zhou"])
def test_the_person_is_found_by_name(typed: str) -> None:
    desk, status, html = register(against=typed)
    assert status == 303, html
    case = desk.store.case(KEY)
    assert case is not None
    assert fold(KEY, order(case.acts)).value("against") == "zhou"
    assert "发送后即从本设备移除" in desk.get(f"/cases/{KEY}").html


@pytest.mark.parametrize(("typed", "why"), [("周建", "名录中没有此人"), ("周建国 水务局", "名录中没有此人")])
def test_nobody_is_guessed(typed: str, why: str) -> None:
    _, status, html = register(against=typed)
    assert (status, why in html, typed in html) == (422, True, True)


def test_who_may_know() -> None:
    packs = load_packs()
    letter = {"type": "registered", "pack": "WH", "matter": "letter.discipline"}
    found = restriction([letter], "lin", packs)
    assert found is not None
    assert [found.allows(*who) for who in (("lin", ()), ("x", ["leader"]), ("x", ["unit_head"]))] == [True, True, False]
    named = restriction([{**letter, "matter": "letter", "against": "x"}], "lin", packs)
    assert named is not None
    assert named.seen_by == INQUIRERS
    assert not named.allows("x", ["discipline_desk"])
    assert restriction([{**letter, "matter": "letter"}], "lin", packs) is None
    assert restriction([{"type": "visit_planned"}], "lin", packs) is None
