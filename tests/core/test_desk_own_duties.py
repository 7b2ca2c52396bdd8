"""On whose list a duty stands: the unit's, the taker's, the stand-in's, whoever moved away."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from day_office import CITY, in_front_of
from fakes import NOW
from town_desks import LETTER, UNPAID, Town

from e2e.further_steps import TAKEN, FurtherStep
from py_core.directory import Directory, Term


def test_what_came_to_a_unit_is_everybodys_there_until_somebody_takes_it() -> None:
    town = Town("fangyun", "linxiao", "zhaolei", "xujing")
    town.take(
        "fangyun", "/register", offer="offer:hotline-citizen", claimant_name="孙七", claimant_phone="13812345678",
        title="路灯不亮", text="人民路路灯不亮。", channel="phone", request_kind="complaint", outcome="deliver", to_unit="xingqiao",
    )  # fmt: skip
    assert (town.sees("linxiao"), town.sees("zhaolei"), town.sees("xujing")) == (True, True, False)
    assert town.is_alerted("zhaolei")
    taking = {who: re.findall(r"/do/(accept|refuse_ticket|request_return)\"", town.page(who)) for who in town.desks}
    assert taking["fangyun"] == [], "the desk takes, refuses or returns no work order of a unit"
    assert {*taking["zhaolei"]} == {"accept", "refuse_ticket", "request_return"}
    refused = {"key": "9", "within_duty": "no", "reason": " "}
    assert "理由：请填写" in town.desks["linxiao"].post(f"/cases/{town.case}/do/refuse_ticket", **refused).html
    town.take("linxiao", "/cases/{}/do/accept")
    assert (town.sees("linxiao"), town.sees("zhaolei")) == (True, False)
    assert town.sees("zhaolei", "stand_in"), "linxiao has the A post, zhaolei its B"
    assert not town.is_alerted("zhaolei")
    assert not town.sees("xujing", "stand_in")
    assert "scope=stand_in" not in town.desks["xujing"].get("/today").html, "nobody's B"


def test_a_stand_in_sees_the_visits_of_the_other() -> None:
    town = Town("linxiao", "zhaolei")
    plan = {"enterprise": "星桥恒泰纺织有限公司", "contact": "钱建新", "on": NOW.date().isoformat()}
    town.take("linxiao", "/visits/plan", **plan)
    pages = {scope: town.desks["zhaolei"].get("/visits", scope=scope).html for scope in ("mine", "stand_in", "unit")}
    assert [scope for scope, html in pages.items() if "星桥恒泰纺织有限公司" in html] == ["stand_in", "unit"]
    assert "星桥恒泰纺织有限公司" in town.desks["zhaolei"].get("/today", scope="stand_in").html
    assert "顶岗（林晓）" in pages["mine"]


def test_the_number_that_a_visitor_leaves_can_be_called() -> None:
    town = Town("linxiao")
    town.take(
        "linxiao", "/register", offer="matter", matter="matter:BZ:contact", claimant_name="孙七",
        claimant_phone="13812345678", title="来访", text="来访未遇。", outcome="register",
    )  # fmt: skip
    wrong = town.desks["linxiao"].post(
        f"/cases/{town.case}/do/leave_message", key="9", phone="1381234567", note="请回电"
    )
    assert wrong.status == 422
    assert "电话" in wrong.html
    assert 'value="1381234567"' in wrong.html
    nothing = town.desks["linxiao"].post(f"/cases/{town.case}/do/leave_message", key="9", phone="13812345679")
    assert (nothing.status, 'id="note-error"' in nothing.html) == (422, True), "a message says something"
    town.take("linxiao", "/cases/{}/do/leave_message", phone="138 1234 5679", note="请回电")


def test_the_duty_of_an_absent_post_holder_is_the_stand_ins_own() -> None:
    town = Town("linxiao", "zhaolei", "sunguoping")
    town.take("linxiao", "/register", **UNPAID)
    assert not town.sees("zhaolei")
    away = {"from": NOW.date().isoformat(), "to": NOW.date().isoformat(), "briefed": "yes"}
    town.take("linxiao", "/cases/{}/do/record_absence", who="A", **away)
    assert town.sees("zhaolei")
    assert town.is_alerted("linxiao"), "it stays with who has it"
    assert "B岗责任人 赵磊" in town.page("zhaolei")
    town.take("linxiao", "/cases/{}/do/record_absence", who="B", **away)
    assert not town.sees("zhaolei"), "both are away: the head answers"
    form = town.desks["sunguoping"].get(f"/cases/{town.case}/do/arrange_acting").html
    assert set(re.findall(r'name="who" type="radio" value="(\w+)"', form)) == {"sunguoping", "wuhaiyan"}, (
        "not who is away"
    )
    town.take("sunguoping", "/cases/{}/do/arrange_acting", who="sunguoping")
    assert town.sees("sunguoping"), "who acts has it among the own duties"


def moved(who: str, unit: str, day: date) -> Directory:
    """The city in which somebody belongs to another unit from a day on."""
    person = CITY.people[who]
    before = Term(person.unit, person.title, person.roles, until=day - timedelta(days=1))
    after = Term(unit, person.title, person.roles, since=day)
    return replace(CITY, people={**CITY.people, who: replace(person, unit=unit, terms=(before, after))})


def test_who_moves_to_another_unit_takes_no_case_along() -> None:
    town = Town("linxiao", "zhaolei")
    town.take("linxiao", "/register", **LETTER, outcome="accept")
    for day in (NOW.date() + timedelta(days=30), NOW.date()):  # a move that is still to come, then one that has come
        for desk in town.desks.values():
            desk.store._directory = moved("linxiao", "liuxi", day)
        assert "/do/complete" in town.page("zhaolei"), day
        if day > NOW.date():
            assert "/do/complete" in town.page("linxiao")


def test_what_is_urgent_or_supervised_says_so_on_the_lists() -> None:
    """A head sees at once which of the cases without a date was reported as urgent (BZ-SW-5)."""
    urgent = FurtherStep({"matter": "contact", "urgent": True}, (TAKEN, ("report_urgent", {})), {}, "sunguoping")
    desk, _ = in_front_of(urgent, "BZ")
    row = re.search(r'<li class="sw-duty .*?id="duty-.*?</ul>', desk.get("/today").html, re.S)
    assert row
    assert '<span class="sw-tag sw-tag--warn">紧急</span>' in row[0]
    calm, _ = in_front_of(FurtherStep({"matter": "contact"}, (TAKEN,), {}, "sunguoping"), "BZ")
    assert "sw-tag--warn" not in calm.get("/today").html


def test_a_call_is_what_the_hotlines_desk_takes_and_nothing_is_sent_back_without_a_word() -> None:
    town = Town("fangyun", "linxiao")
    channels = {
        who: re.findall(r'name="channel"[^>]*value="(\w+)"[^>]*checked', desk.get("/register").html)
        for who, desk in town.desks.items()
    }
    assert channels == {"fangyun": ["hotline"], "linxiao": ["walk_in"]}
    town.take(
        "fangyun", "/register", offer="offer:hotline-citizen", claimant_name="孙七", claimant_phone="13812345678",
        title="路灯不亮", text="人民路路灯不亮。", request_kind="complaint", outcome="deliver", to_unit="xingqiao",
    )  # fmt: skip
    town.take("linxiao", "/cases/{}/do/accept")
    town.take("linxiao", "/cases/{}/do/reply", text="已修好。", opinion="satisfied")
    town.take("linxiao", "/cases/{}/do/feed_back", text="已修好。")
    page = f"/cases/{town.case}/do/return_review"
    assert "理由：请填写" in town.desks["fangyun"].post(page, key="9", reason=" ").html
    town.take("fangyun", "/cases/{}/do/return_review", reason="未写明何时修好。")
