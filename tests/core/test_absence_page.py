"""The page of an absence: who may stand in, who is away themselves, what can be corrected, what is not asked again."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from day_office import CITY
from fakes import NOW, Desk, FakeStore, Response
from law import registered
from test_absence import DAYS, LATER, NAMES, TODAY, Office

from py_core.desk.ports import Request
from py_core.directory import Directory, Person
from py_core.errors import Malformed, Refused
from py_core.rules.absences import left_out
from server.core_events import read_event

NAMED = Person("qinming", "秦明", "xingqiao", "科员", "0510-86010013", ("officer",))
AUDITOR = Person("adm1", "管员", "xingqiao", "管理员", "0510-86010014", ("auditor",))


def offered(html: str) -> list[str]:
    return re.findall(r'name="stand_in"[^>]*value="([^"]+)"', html)


def ticked(html: str) -> list[str]:
    return re.findall(r'name="case" id="[^"]+" value="(\w+)" checked', html)


def with_people(*people: Person) -> Directory:
    return replace(CITY, people={**CITY.people, **{each.id: each for each in people}})


def fault(response: Response, name: str) -> str:
    found = re.search(rf'id="{name}-error"[^>]*>(.*?)</p>', response.html, re.DOTALL)
    return re.sub("<[^>]*>", "", found[1]) if found else ""


def responsible(office: Office, case: str) -> str:
    words = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", office.desks["linxiao"].get(f"/cases/{case}").html))
    found = re.search(r"当前责任：(\S+)", words)
    return found[1] if found else ""


def test_the_two_pages_offer_the_same_people_who_work_on_cases_and_are_not_away_themselves() -> None:
    office = Office(with_people(NAMED, AUDITOR))
    page = offered(office.desks["linxiao"].get("/absence").html)
    case = offered(office.desks["linxiao"].get(f"/cases/{office.cases[0]}/do/record_absence").html)
    assert page == ["B", *case]
    assert "qinming" in case
    assert not {"adm1", "linxiao", "zhaolei"} & set(case)


def test_nobody_is_named_to_stand_in_for_the_b_post() -> None:
    office = Office()
    path = f"/cases/{office.cases[0]}/do/record_absence"
    form = {"who": "B", "briefed": "yes", "stand_in": "wuhaiyan", **DAYS}
    response = office.desks["linxiao"].post(path, **form)
    assert (response.status, response.acts) == (422, ())
    assert fault(response, "stand_in")


def test_a_b_who_is_away_is_said_to_be_and_cannot_be_chosen() -> None:
    office = Office()
    office.register("zhaolei", "郑十")
    office.away("zhaolei", stand_in="wuhaiyan")
    html = office.desks["linxiao"].get("/absence").html
    assert "（已登记离岗：" in html
    assert not re.search(r'name="stand_in"[^>]*checked', html), "nobody is chosen beforehand"
    form = office.form("linxiao", stand_in="B")
    response = office.desks["linxiao"].post("/absence", **form, do="look")
    assert (response.status, response.acts) == (422, ())
    assert "赵磊已登记离岗" in fault(response, "stand_in")
    assert "单位负责人" in fault(response, "stand_in"), "what next"
    of_case = {"who": "A", "briefed": "yes", **DAYS}
    response = office.desks["linxiao"].post(f"/cases/{office.cases[0]}/do/record_absence", **of_case)
    assert response.status == 422
    assert "赵磊已登记离岗" in fault(response, "stand_in")


def test_the_head_answers_for_the_days_on_which_both_are_away_and_for_no_others() -> None:
    office = Office()
    office.register("zhaolei", "郑十")
    office.away("zhaolei", stand_in="wuhaiyan", to=(TODAY + timedelta(days=2)).isoformat())
    mine = office.cases[:3]
    response = office.away(stand_in="head")
    assert len(response.acts) == 6, "of each case both posts"
    for each in mine:
        facts = office.case(each).all("absence_recorded")
        assert [fact.data["who"] for fact in facts] == ["A", "B"]
        assert facts[1].data["person"] == "zhaolei"
        assert facts[1].data["known_from"] == "other_cases"
        assert "explained" not in facts[1].data, "no words in the language of whoever records it"
        pages = {lang: office.desks["linxiao"].get(f"/cases/{each}", lang).html for lang in ("zh-CN", "en")}
        assert "其他办件的登记" in pages["zh-CN"]
        assert "the other cases" in pages["en"]
        assert "部室负责人" in responsible(office, each)
    assert "B岗责任人也已登记离岗" in office.desks["linxiao"].get("/absence").html
    for desk in office.desks.values():
        desk.now = NOW + timedelta(days=4)
    assert all("B岗责任人" in responsible(office, each) for each in mine), "the B is back before the A"


def test_the_head_is_not_chosen_for_days_on_which_the_b_is_there() -> None:
    office = Office()
    office.register("zhaolei", "郑十")
    office.away("zhaolei", stand_in="wuhaiyan", to=TODAY.isoformat())
    later = {"from": (TODAY + timedelta(days=3)).isoformat(), "to": LATER.isoformat()}
    response = office.desks["linxiao"].post("/absence", **office.form("linxiao", stand_in="head", **later), do="look")
    assert response.status == 422
    assert "没有登记离岗" in fault(response, "stand_in")
    assert len(office.away(stand_in="B", **later).acts) == 3


def test_somebody_named_who_is_away_cannot_be_chosen() -> None:
    office = Office()
    office.register("wuhaiyan", "郑十")
    start = office.form("wuhaiyan")
    choice = next(each for each in offered(office.desks["wuhaiyan"].get("/absence").html) if each != "linxiao")
    office.away("wuhaiyan", **{**start, "stand_in": choice})
    response = office.desks["linxiao"].post("/absence", **office.form("linxiao", stand_in="wuhaiyan"), do="look")
    assert response.status == 422
    assert "吴海燕已登记离岗" in fault(response, "stand_in")


def test_a_unit_without_b_and_without_anybody_else_can_record_it() -> None:
    alone = Person("solo", "单人", "solo", "科员", "0510-86010013", ("officer", "unit_head"))
    unit = replace(next(iter(CITY.units.values())), id="solo")
    city = replace(with_people(alone), units={**CITY.units, "solo": unit})
    office = Office(city)
    office.desks["solo"] = Desk("solo", store=FakeStore(city), code="K8")
    office.network()
    case = office.register("solo", "钱一")
    assert offered(office.desks["solo"].get("/absence").html) == ["head"]
    shown = office.desks["solo"].post("/absence", **office.form("solo", stand_in="head"), do="look").html
    assert "由单位负责人" in shown
    office.away("solo", stand_in="head")
    assert office.case(case).facts[-1].type == "absence_recorded"
    assert "stand_in" not in office.case(case).facts[-1].data


def test_what_is_recorded_is_marked_and_not_ticked_again() -> None:
    office = Office()
    office.away()
    desk = office.desks["linxiao"]
    html = desk.get("/absence").html
    assert ticked(html) == []
    assert html.count("已登记离岗：") >= len(NAMES)
    response = desk.post("/absence", **office.form("linxiao", cases=[]), do="look")
    assert response.status == 200, "no reason is asked for what is recorded"
    assert "没有需要登记的了" in response.html
    assert sorted(ticked(desk.get("/absence", of="linxiao", all="yes").html)) == sorted(office.cases)


def test_a_wrong_stand_in_a_later_briefing_and_later_words_are_recorded() -> None:
    office = Office()
    office.away(briefed="no")
    assert "应办未办" in office.desks["zhaolei"].get(f"/cases/{office.cases[0]}").html
    assert len(office.away(cases=office.cases, stand_in="wuhaiyan", briefed="no").acts) == 3
    assert f'href="/cases/{office.cases[0]}"' in office.today("wuhaiyan")
    words = {f"words-{office.cases[1]}": "钥匙在抽屉"}
    assert len(office.away(cases=office.cases, stand_in="wuhaiyan", **words).acts) == 3, "briefed after all"
    assert office.case(office.cases[1]).facts[-1].data["explained"] == "钥匙在抽屉"
    owed = re.sub("<[^>]*>", "", office.desks["linxiao"].get(f"/cases/{office.cases[0]}").html)
    assert not re.search("应办未办：[^。]*工作交代", owed)
    more = {f"words-{office.cases[0]}": "电话已告知"}
    response = office.away(cases=office.cases, stand_in="wuhaiyan", **more)
    assert [act.case_id for act in response.acts] == office.cases[:1], "only where something is new"
    assert len(office.away(cases=office.cases, stand_in="wuhaiyan", **more).acts) == 0


def test_words_in_the_line_of_a_recorded_case_are_not_lost_where_it_is_not_ticked() -> None:
    office = Office()
    office.away()
    form = office.form("linxiao", cases=[], **{f"words-{office.cases[0]}": "钥匙在抽屉"})
    response = office.desks["linxiao"].post("/absence", **form, do="look")
    assert response.status == 422
    assert fault(response, f"words-{office.cases[0]}")


def test_another_stand_in_without_ticks_is_told_that_nothing_changes() -> None:
    office = Office()
    office.away()
    shown = (
        office.desks["linxiao"]
        .post("/absence", **office.form("linxiao", cases=[], stand_in="wuhaiyan"), do="look")
        .html
    )
    assert "3 件未勾选的办件对这些日期的登记有所不同" in shown


def test_what_the_law_of_a_case_refuses_is_said_at_the_field_when_it_is_looked_at() -> None:
    office = Office()
    form = office.form("linxiao", **{"from": "0025-12-24"})
    response = office.desks["linxiao"].post("/absence", **form, do="look")
    assert (response.status, response.acts) == (422, ())
    assert fault(response, "from")
    assert 'id="absence-form"' in response.html


def test_why_a_case_is_left_out_is_asked_once_and_noted_once_in_whichever_language() -> None:
    office = Office()
    left, desk = office.cases[2], office.desks["linxiao"]
    office.away(cases=office.cases[:2], **{f"words-{left}": "自办"})
    html = desk.get("/absence").html
    assert "未列入：自办" in html
    assert left not in ticked(html)
    again = office.form("linxiao", cases=office.cases[:2])
    assert desk.post("/absence", **again, do="look").status == 200, "the reason is known"
    typed = {**again, f"words-{left}": "自办", "do": "look"}
    query = {name: value if isinstance(value, list) else [value] for name, value in typed.items()}
    english = desk.answer(Request("POST", "/absence", {}, query, "en"))
    assert "Nothing is left to record." in english.html
    assert len(office.case(left).all("noted")) == 1


def test_a_note_that_says_in_words_why_a_case_is_left_out_is_still_read() -> None:
    """As it was written before the note named the absence, in the language of whoever recorded it."""
    for words in (
        "2025年12月24日 周三至2025年12月30日 周二离岗不列入本件：自办",
        "Not included in the absence from Wed 24 Dec 2025 to Tue 30 Dec 2025: 自办",
    ):
        office = Office()
        left = office.cases[2]
        office.send("linxiao", f"/cases/{left}/do/note", text=words)
        typed = office.form("linxiao", cases=office.cases[:2], do="look")
        html = office.desks["linxiao"].post("/absence", **typed).html
        assert "未列入：自办" in html, words


def test_a_case_left_out_of_somebody_s_absence_is_not_left_out_of_everybody_s_nor_of_other_days() -> None:
    office = Office()
    left = office.cases[0]
    office.away(cases=office.cases[1:], **{f"words-{left}": "自办"})
    shorter = office.form("linxiao", cases=[], to=TODAY.isoformat())
    shown = office.desks["linxiao"].post("/absence", **shorter, do="look")
    assert shown.status == 200, "these days lie in those of which it was left out"
    longer = office.form("linxiao", cases=office.cases[1:], to=(LATER + timedelta(days=1)).isoformat())
    shown = office.desks["linxiao"].post("/absence", **longer, do="look")
    assert fault(shown, f"words-{left}"), "more days than those are asked for again"
    assert left_out(office.case(left), "linxiao", TODAY, LATER) == "自办"
    assert left_out(office.case(left), "zhaolei", TODAY, LATER) == ""


def test_the_gate_takes_no_note_that_names_half_an_absence_or_no_days() -> None:
    desk = registered("BZ", "rights", materials_complete=True, accept_by="linxiao")
    whole = {"absent": "linxiao", "absent_from": "2026-03-03", "absent_to": "2026-03-06"}
    for wrong in (
        {**whole, "absent_to": "2026-03-02"},
        {"absent_from": "2026-03-03"},
        {**whole, "absent": ""},
        {**whole, "absent_from": "tomorrow"},
    ):
        with pytest.raises(Refused) as caught:
            desk.do("2026-03-02 16:00", "note", text="自办", **wrong)
        assert caught.value.fields, wrong
    with pytest.raises(Malformed):
        read_event({"type": "noted", "text": "自办", **whole, "absent_from": "tomorrow"}, "ab" * 16)
    with pytest.raises(Refused):
        registered("WH", "letter").do("2026-03-02 16:00", "note", text="自办", **whole)
    desk.do("2026-03-02 16:00", "note", text="自办", **whole)
    desk.do("2026-03-02 16:05", "note", text="电话已告知")


def test_the_head_of_the_unit_records_it_for_somebody_who_left_without_a_word() -> None:
    office = Office()
    response = office.away("sunguoping", of="linxiao", briefed="no", reason="突发急病")
    assert response.location == "/absence?done=absence&of=linxiao"
    facts = [office.case(each).facts[-1] for each in office.cases]
    assert {(fact.user, fact.data["who"], fact.data["person"]) for fact in facts} == {("sunguoping", "A", "linxiao")}
    assert f'href="/cases/{office.cases[0]}"' in office.today("zhaolei")
