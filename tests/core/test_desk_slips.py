"""Every printed form from a case made by the law: both languages, nothing demanded left out, nothing unescaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import Desk, FakeStore
from html_forms import joined
from paper_words import close, paper
from slip_cases import CASE_FORMS, CITY, OF_THE_CITY, city_with

from py_core.cases.events import EVENTS
from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.desk import slips, slips_offered, slips_sheet
from py_core.desk.receipt_code import check_code
from py_core.desk.slips_offered import CONDITIONS
from py_core.desk.slips_sheet import demanded
from py_core.desk.slips_sources import known_source
from py_core.directory import Post
from py_core.packs import load_packs
from py_core.packs.prints import Print, load_prints
from py_core.views.environment import make_environment

PRINTS = load_prints()
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
DEMANDED = [
    (form, field.key)
    for form, plan in PRINTS.items()
    for field in plan.fields
    if field.demanded_by
]  # fmt: skip


def sheet(form: str, *, lang: str = "zh-CN", desk: Desk | None = None) -> tuple[int, str]:
    """Status and page of a form, with every case and entry that it needs."""
    if form in OF_THE_CITY:
        desk = desk or city_with("F-01")[0]
        response = desk.get(f"/slips/{form}/{OF_THE_CITY[form]}", lang)
    else:
        made, case_id = city_with(form)
        response = (desk or made).get(f"/cases/{case_id}/slips/{form}", lang)
    return response.status, response.html


def test_every_form_to_f_37_is_printed() -> None:
    assert {f"F-{n:02}" for n in range(1, 38)} <= set(PRINTS)
    assert set(CASE_FORMS) | set(OF_THE_CITY) == set(PRINTS)


def _begin(title: str, places: dict[str, tuple[str, ...]], text: str) -> bool:
    """Whether a title stands in a text, with any of the words that belong in its place."""
    place = next((place for place in places if place in title), "")
    return any(title.replace(place, word) in text for word in places.get(place, ("",)))


def test_a_refusal_says_whether_the_matter_had_been_accepted() -> None:
    told = paper(sheet("F-06")[1])  # of a service that was accepted
    assert "不予办理理由告知书" in told
    assert "经审查，不予办理，" in told
    told = paper(sheet("F-17")[1])  # of a request that never was
    assert "不予受理告知书" in told
    assert "收悉。经集体研究，决定不予受理。" in told


def test_the_date_on_paper_is_the_whole_matters() -> None:
    """A ticket that was answered owes its feedback on the same day (HL-7); whoever asked was promised five days."""
    desk, case_id = city_with("F-33")
    opened = desk.get(f"/cases/{case_id}").html
    assert "12月26日" in opened
    ticket = paper(desk.get(f"/cases/{case_id}/slips/F-31").html)
    assert "2025年12月31日" in ticket


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("form", [form for form, plan in PRINTS.items() if not plan.bare])
def test_every_paper_names_its_basis_as_others_can_look_it_up(form: str, lang: str) -> None:
    told = paper(sheet(form, lang=lang)[1])
    assert re.search(r"依据《[^》]+》[^A-Z]*第(?:[一二三四五六七八九十]+条|三部分第（[一二三]）项第\d点)", told)
    assert not re.search(r"\b(?:WH|BZ|HL|JY)-[A-Z0-9]", told)
    assert ("Made under" in told) == (lang == "en")


def test_the_hotline_desk_asks_the_office_of_the_city_to_supervise() -> None:
    """It does not start supervision itself (HL-8)."""
    told = close(paper(sheet("F-37")[1]))
    assert "提请督办函" in told
    assert "市政府督查室：" in told
    assert "星桥镇承办的“工地临时用水”事项" in told
    assert "出现下列情形：超出办理时限未办结。" in told
    assert "依据《12345政务服务便民热线工作规则》第八条第（一）项，现提请市政府督查室启动督办程序。" in told
    assert "督办建议：三日内办结。" in told
    assert "你单位" not in told


@pytest.mark.parametrize("role", ["supervision_office", "leader"])
def test_who_may_order_gives_the_unit_a_supervision_order(role: str) -> None:
    desk, case_id = city_with("F-37")
    chen = replace(CITY.people["chen"], roles=(role,))
    desk.store._directory = replace(CITY, people={**CITY.people, "chen": chen})
    told = close(paper(desk.get(f"/cases/{case_id}/slips/F-37").html))
    assert " 督办单 " in told
    assert "星桥镇：" in told
    assert "你单位承办的“工地临时用水”事项" in told
    assert "第八条第（一）项，现对你单位启动督办程序。" in told
    assert "督办要求：三日内办结。" in told
    assert "提请" not in told


@pytest.mark.parametrize("form", ["F-06", "F-13", "F-14", "F-17", "F-20"])
def test_a_notice_closes_as_notices_do(form: str) -> None:
    told = paper(sheet(form)[1])
    body = told.split("特此告知。")
    assert len(body) == 2
    assert "澄江市星桥镇" in body[1]


@pytest.mark.parametrize("form", list(PRINTS))
def test_no_number_stands_apart_from_its_unit(form: str) -> None:
    """Chinese papers write 10个工作日; what somebody typed stays as it is."""
    assert not re.search(r"\d (?:个|日|周|份)", paper(sheet(form)[1]))


@pytest.mark.parametrize("plan", PRINTS.values(), ids=list(PRINTS))
def test_the_table_names_only_what_there_is(plan: Print) -> None:
    assert [field.source for field in plan.fields if not known_source(field.source)] == []
    assert not plan.to or known_source(plan.to)
    assert {*plan.events, *plan.after} <= set(EVENTS)
    assert plan.when in (*CONDITIONS, "")
    assert {f"state.{note.state}" for note in plan.notes if note.state} <= set(load_packs().common.terms)
    keys = {field.key for field in plan.fields} | {"number"}
    assert {
        name for words in (plan.title, *plan.body) for text in words for name in re.findall(r"\{(\w+)\}", text)
    } <= keys


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("form", list(PRINTS))
def test_every_form_is_printed_in_both_languages(form: str, lang: str) -> None:
    status, html = sheet(form, lang=lang)
    assert status == 200
    text, plan = paper(html), PRINTS[form]
    # Chinese is the official text in both.
    assert _begin(plan.title[0], {"{refused}": ("不予受理", "不予办理"), "{paper}": ("提请督办函",)}, text)
    english = {"{refused}": ("not accepted", "not handled"), "{paper}": ("Request for supervision",)}
    assert _begin(plan.title[1], english, text) == (lang == "en")
    for field in plan.fields:
        if plan.layout != "document" and demanded(field, _pack(form)):
            assert field.label[0] in text
            assert (field.label[1] in text) == (lang == "en")
    assert "style=" not in html
    assert html.count("<h1") == 1


def _pack(form: str) -> str:
    if form in OF_THE_CITY:
        return "JY" if PRINTS[form].subject == "offer" else ""
    desk, case_id = city_with(form)
    return _case(desk, case_id).pack


def _case(desk: Desk, case_id: str) -> Case:
    record = desk.store.case(case_id)
    assert record is not None
    return fold(case_id, order(record.acts))


@pytest.mark.parametrize(("form", "key"), DEMANDED)
def test_a_demanded_entry_that_is_not_recorded_stops_the_print(
    form: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = PRINTS[form]
    field = next(field for field in plan.fields if field.key == key)
    article = demanded(field, _pack(form))
    emptied = replace(plan, fields=tuple(replace(f, source="case.note") if f.key == key else f for f in plan.fields))
    monkeypatch.setattr(slips, "load_prints", lambda: {**PRINTS, form: emptied})
    status, html = sheet(form)
    if not article:  # only another regulation demands it
        assert status == 200
        return
    assert status == 409
    assert field.label[0] in html
    assert article in html
    assert "<article" not in html


def test_a_reply_without_the_caller_s_view_says_where_to_record_it() -> None:
    desk, case_id = city_with("F-33", without=("opinion",))
    response = desk.get(f"/cases/{case_id}/slips/F-33")
    assert response.status == 409
    for text in ("诉求人意见", "HL-7", f"/cases/{case_id}/do/reply"):
        assert text in response.html


def test_an_extension_without_a_signed_opinion_is_not_printed() -> None:
    desk, case_id = city_with("F-12", without=("opinion",))
    response = desk.get(f"/cases/{case_id}/slips/F-12")
    assert response.status == 409
    assert "签署意见" in response.html
    assert "JY-3.3.6" in response.html


def test_an_officer_without_a_phone_hands_over_no_slip() -> None:
    desk, case_id = city_with("F-03")
    people = {**CITY.people, "lin": replace(CITY.people["lin"], phone="")}
    desk.store._directory = replace(CITY, people=people)
    response = desk.get(f"/cases/{case_id}/slips/F-03")
    assert response.status == 409
    assert "WH-SW-3" in response.html
    assert "人员和岗位名册" in response.html


def test_a_guide_without_its_procedure_names_the_article_and_the_register() -> None:
    desk, _ = city_with("F-01")
    offers = {**CITY.offers, "temp-water": replace(CITY.offers["temp-water"], procedure="")}
    desk.store._directory = replace(CITY, offers=offers)
    response = desk.get("/slips/F-27/temp-water", "en")
    assert response.status == 409
    for text in ("Procedure", "JY-3.1.4", "published promise"):
        assert text in response.html


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("form", CASE_FORMS)
def test_what_was_typed_stays_text(form: str, lang: str) -> None:
    desk, case_id = city_with(form, lambda text: EVIL)
    response = desk.get(f"/cases/{case_id}/slips/{form}", lang)
    assert response.status == 200
    assert "<script>alert" not in response.html
    assert "<img" not in response.html
    assert "onerror=alert(1)&gt;" in response.html
    assert "<script>alert" not in desk.get(f"/cases/{case_id}", lang).html


def test_numbers_come_from_the_act_and_differ() -> None:
    desk, case_id = city_with("F-13")
    numbers = {}
    for form in ("F-02", "F-12", "F-13"):
        response = desk.get(f"/cases/{case_id}/slips/{form}")
        found = re.search(rf"{form} · 文书编号 .*?(K7Q-000001[^\s<]*)", joined(response.html))
        numbers[form] = found[1] if found else ""
    assert numbers["F-02"] == ""  # no receipt was issued
    assert numbers["F-12"].startswith("K7Q-000001-12-")
    assert numbers["F-13"].startswith("K7Q-000001-13-")
    again = desk.get(f"/cases/{case_id}/slips/F-13").html
    assert numbers["F-13"] in again
    desk.now += timedelta(days=3)
    assert numbers["F-13"] in desk.get(f"/cases/{case_id}/slips/F-13").html


def test_what_was_printed_before_is_a_copy_and_a_first_print_of_an_old_event_is_not() -> None:
    desk, case_id = city_with("F-13")
    path = f"/cases/{case_id}/slips/F-13"
    desk.now += timedelta(days=1)  # recorded in a village, printed in the office
    assert "副本" not in desk.get(path).html
    desk.post(path, paper="a4")
    assert "副本" not in desk.get(path).html
    desk.now += timedelta(minutes=31)
    assert "副本" in desk.get(path).html
    assert "Copy, printed again" in desk.get(path, "en").html
    assert "副本" not in desk.get(f"/cases/{case_id}/slips/F-12").html  # another form of the case
    assert "副本" not in desk.get(f"/cases/{case_id}/slips/F-01").html  # is signed when it is printed


def test_the_public_gets_a_code_and_an_office_does_not() -> None:
    for form in PRINTS:
        _, html = sheet(form)
        assert ("sw-slip__qr" in html) == bool(PRINTS[form].qr)
    desk, case_id = city_with("F-13")
    assert check_code(case_id, "K7Q-000001") in desk.get(f"/cases/{case_id}/slips/F-13").html


def test_one_of_several_notices_is_picked_by_its_act() -> None:
    desk, case_id = city_with("F-04")
    record = desk.store.case(case_id)
    assert record is not None
    first = record.acts[-1].hash
    key = desk.get(f"/cases/{case_id}/do/receive_materials").html
    assert 'name="complete"' in key
    html = desk.get(f"/cases/{case_id}/slips/F-04", act=first[:12]).html
    assert "用地证明缺原件" in html
    assert f"act={first[:12]}" in html
    assert desk.get(f"/cases/{case_id}/slips/F-04", act="ffffffffffff").status == 409


def test_the_timeline_links_each_act_with_its_forms() -> None:
    desk, case_id = city_with("F-13")
    record = desk.store.case(case_id)
    assert record is not None
    html = desk.get(f"/cases/{case_id}").html
    for act, form in zip(record.acts, ("F-01", None, "F-12", "F-13"), strict=True):
        if form:
            assert f"/cases/{case_id}/slips/{form}?act={act.hash[:12]}" in html


def rows(desk: Desk, case_id: str) -> Mapping[str, tuple[str, str]]:
    """The forms that the case page lists: id -> (address, state)."""
    panel = desk.get(f"/cases/{case_id}").html.split('id="documents-title"')[1].split("</section>")[0]
    found = {}
    for row in panel.split("<li>")[1:]:
        form = re.search(r"F-\d\d(?=</span>)", row)
        link = re.search(r'href="([^"]*)"', row)
        assert form
        found[form[0]] = (link[1] if link else "", row)
    return found


def test_the_case_page_lists_what_is_issued_what_can_be_and_what_cannot_yet() -> None:
    desk, case_id = city_with("F-01")
    found = rows(desk, case_id)
    assert found["F-02"][0] == f"/cases/{case_id}/slips/F-02"
    assert "F-13" not in found  # nobody asked for an extension
    assert "F-03" not in found  # JY has no such card
    desk.post(f"/cases/{case_id}/do/request_extension", key=str(desk.seq), reason="等待批文", until="2026-01-15")
    found = rows(desk, case_id)
    assert found["F-12"][0] == ""
    assert "暂不能出具" in found["F-12"][1]
    assert "F-13" not in found  # nobody has agreed to it yet
    head = Desk("head", store=desk.store, now=desk.now)
    assert rows(head, case_id)["F-12"][0] == f"/cases/{case_id}/do/approve_extension"


def test_a_form_of_another_regulation_or_stage_is_refused_with_its_reason() -> None:
    desk, case_id = city_with("F-01")
    assert desk.get(f"/cases/{case_id}/slips/F-37").status == 409
    assert "不适用" in desk.get(f"/cases/{case_id}/slips/F-37").html
    assert desk.get(f"/cases/{case_id}/slips/F-38").status == 404
    assert desk.get(f"/cases/{case_id}/slips/F-27").status == 404
    assert desk.get("/slips/F-27/nothing").status == 404
    assert desk.get("/slips/F-13/lin").status == 404


def test_the_work_to_hand_over_is_the_person_s_own() -> None:
    desk, _ = city_with("F-01")
    assert "K7Q-000001" in paper(desk.get("/slips/F-23/lin").html)
    assert desk.get("/slips/F-23/zhou").status == 403
    law = Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin")
    empty = Desk("zhou", store=FakeStore(replace(CITY, posts={"law": law})))
    assert "没有未办结的事项" in empty.get("/slips/F-23/zhou").html


def test_work_is_handed_over_of_the_posts_held_as_a_and_to_their_b() -> None:
    """She is only the stand-in of the other post, and who holds it takes nothing over from her (BZ-AB-4)."""
    desk, _ = city_with("F-01")
    law = Post("law", "xingqiao", "综合执法岗", "Law", "wang", "lin")
    desk.store._directory = replace(CITY, posts={**CITY.posts, "law": law})
    html = paper(desk.get("/slips/F-23/lin").html)
    assert "综合受理岗" in html
    assert "周建国" in html
    for foreign in ("综合执法岗", CITY.people["wang"].name):
        assert foreign not in html
    assert "综合执法岗" not in paper(desk.get("/slips/F-29/lin").html)


def test_who_holds_no_post_as_a_has_nothing_to_hand_over_with() -> None:
    desk = Desk("zhou", store=FakeStore(CITY))
    assert "/slips/F-23/" not in desk.get("/slips").html
    refused = desk.get("/slips/F-23/zhou")
    assert refused.status == 409
    assert "A岗责任人" in refused.html


def test_a_badge_of_somebody_without_a_post_names_the_title() -> None:
    desk = Desk("lin", store=FakeStore(replace(CITY, posts={})))
    badge = desk.get("/slips/F-29/lin")
    assert badge.status == 200
    assert paper(badge.html).count(CITY.people["lin"].title) == 2


def test_a_service_without_a_promise_states_the_limit_of_its_regulation() -> None:
    offer = replace(CITY.offers["temp-water"], pack="BZ", matter="review", promise=None)
    desk = Desk("lin", store=FakeStore(replace(CITY, offers={offer.id: offer})))
    page = desk.get(f"/slips/F-26/{offer.id}")
    assert page.status == 200
    assert "1个工作日" in paper(page.html)


def test_the_page_of_forms_leads_to_every_form_without_a_case() -> None:
    desk, _ = city_with("F-01")
    for lang in ("zh-CN", "en"):
        links = re.findall(r'href="(/slips/[^"]*)"', desk.get("/slips", lang).html)
        assert {link.split("/")[2] for link in links} == set(OF_THE_CITY)
        for link in links:
            assert desk.get(link, lang).status in (200, 409)


@pytest.mark.parametrize(
    ("unit", "issuer"),
    [("市水利局", "澄江市水利局"), ("市市场监督管理局", "澄江市市场监督管理局"), ("澄江市科协", "澄江市科协"),
     ("星桥镇人民政府", "澄江市星桥镇人民政府")],
)  # fmt: skip
def test_the_issuer_is_named_with_its_city_once(unit: str, issuer: str) -> None:
    desk, _ = city_with("F-01")
    own = replace(CITY.units["xingqiao"], zh=unit)
    desk.store._directory = replace(CITY, units={**CITY.units, "xingqiao": own})
    assert f'<p class="sw-slip__unit">{issuer}</p>' in desk.get("/slips/F-25/xingqiao").html


def test_a_service_of_a_regulation_without_guides_gets_none() -> None:
    desk, _ = city_with("F-01")
    offers = {**CITY.offers, "call": replace(CITY.offers["temp-water"], id="call", pack="HL", matter="citizen")}
    desk.store._directory = replace(CITY, offers=offers)
    assert desk.get("/slips/F-27/call").status == 404
    assert "/slips/F-27/call" not in desk.get("/slips").html
    assert "/slips/F-27/temp-water" in desk.get("/slips").html


def test_conditions_are_those_of_the_table() -> None:
    assert {plan.when for plan in PRINTS.values()} - {""} == set(slips_offered.CONDITIONS)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("拨打0510-86010001反映", "0510-86010001"),
        ("编号K7Q-000001，校验码EN9K-3DTS", "EN9K-3DTS"),
        ("于2026年1月15日收到", "2026年1月15日"),
        ("（澄政办发〔2012〕17号）", "〔2012〕17号"),
        ("还剩 15 个工作日", "15 个工作日"),
    ],
)
def test_numbers_and_dates_stay_on_one_line_also_where_chinese_touches_them(line: str, kept: str) -> None:
    shown = make_environment().from_string("{{ line | unbroken }}").render(line=line)
    assert f'<span class="sw-unbroken">{kept}</span>' in shown


def test_the_dot_between_two_facts_stays_on_the_line_of_the_first() -> None:
    shown = make_environment().from_string("{{ line | unbroken }}").render(line="林晓 · 便民服务中心科员")
    assert shown == "林晓\u00a0· 便民服务中心科员"


def test_the_english_of_an_entry_stands_below_its_own_line() -> None:
    told = sheet("F-01", lang="en")[1]
    assert re.search(r'临时用水许可<span[^>]*lang="en">Temporary water permit</span>工地临时用水<br>', told)
    # A title like the matter's name is one line in Chinese and two in English.
    assert slips_sheet._below(("许可",), ("Permit", "许可")) == (("Permit",),)


def test_the_version_of_a_sheet_is_told_in_both_languages() -> None:
    assert re.search(r"F-25\s·\s第\d+版\s+version \d+", paper(sheet("F-25", lang="en")[1]))
    assert not re.search(r"version", paper(sheet("F-25")[1]))
