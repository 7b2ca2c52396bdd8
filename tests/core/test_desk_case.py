"""The case page and what is done on it: lawful steps are offered, unlawful ones are refused with their article."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form, service_form
from html_forms import joined

from py_core.desk.act_view import QUARANTINE_REASONS
from py_core.desk.event_words import EVENT_TITLES
from py_core.desk.ports import Quarantined, Similar, SyncStatus
from py_core.desk.receipt_code import check_code, fits
from py_core.desk.sync_page import PROBLEMS
from py_core.documents import EVENT_FIELDS
from py_core.sync import _PROBLEMS

KEY = "0" * 31 + "1"


@pytest.fixture
def desk() -> Desk:
    found = Desk()
    found.post("/register", **service_form())
    return found


def test_the_case_page_shows_light_date_explanation_and_articles(desk: Desk) -> None:
    html = desk.get(f"/cases/{KEY}").html
    for text in ("工地临时用水", "2026年1月8日", "绿", "期限如何计算", "JY-3.3.5", "元旦", "K7Q-000001", "本机已存"):
        assert text in html


def test_phone_and_id_numbers_are_masked(desk: Desk) -> None:
    html = desk.get(f"/cases/{KEY}").html
    assert "13812345678" not in html
    assert "360426199101010071" not in html
    assert "138******78" in html
    assert "36**************71" in html


def test_why_times_are_unsure_is_told_once_above_the_marked_acts(desk: Desk) -> None:
    desk.post(f"/cases/{KEY}/do/note", key=str(desk.seq), text="已电话联系")
    happened = desk.get(f"/cases/{KEY}").html.split("办理经过</h2>")[1].split("</ol>")[0]
    above, *acts = happened.split('class="sw-timeline__item')
    assert above.count("时间不确定：设备此前从未与全市记录联系") == 1
    for act in acts:
        shown, folded = act.split("<details>")
        assert "· 时间不确定" in re.sub(r"<[^>]*>", "", shown)
        assert "从未与全市记录联系" not in shown
        assert "从未与全市记录联系" in folded


def test_short_marks_are_told_in_words(desk: Desk) -> None:
    desk.now += timedelta(days=60)
    html = desk.get(f"/cases/{KEY}").html
    assert re.search(r'超过办理时限 <span class="sw-article" title="《[^"]*》[^"]*第三部分[^"]*">B-01 JY-', html)
    assert re.search(r'<span class="sw-article" title="[^"P]+">P-\d\d</span>', html), "a reading by its question"


def test_a_number_in_running_text_is_not_broken(desk: Desk) -> None:
    desk.post(f"/cases/{KEY}/do/note", key=str(desk.seq), text="与 K7Q-000009 重复")
    for path in (f"/cases/{KEY}", f"/cases/{KEY}/do/note", "/today"):
        body = desk.get(path).html.split('id="main-content"')[1]
        body = re.sub(r"<title>.*?</title>", "", body)
        shown = re.sub(r"<[^>]*>", "\x00", body)
        assert not re.search(r"[^\x00]K7Q-\d{6}|K7Q-\d{6}[^\x00]", shown), path
    assert '与 <span class="sw-unbroken">K7Q-000009</span> 重复' in desk.get(f"/cases/{KEY}").html


def test_completing_and_its_two_ticks(desk: Desk) -> None:
    desk.now += timedelta(days=1)
    assert f"/cases/{KEY}/do/issue_decision" in desk.get(f"/cases/{KEY}").html
    response = desk.post(f"/cases/{KEY}/do/issue_decision", key=str(desk.seq), text="同意")
    assert response.location == f"/cases/{KEY}?done=act"
    server = FakeStore()
    server.hear(desk.store, desk.now)
    html = joined(Desk(store=server, where="server", now=desk.now).get(f"/cases/{KEY}").html)
    assert "全市记录已收" in html
    assert "按时，尚有应办" in html
    said = re.search(r"([^>]*) · 当前责任：承办人员", html)
    assert said is not None
    assert said[1] == "答复", "what is done is not owed any more; the answer to the person is"
    desk.post(f"/cases/{KEY}/do/reply", key=str(desk.seq), text="已送达")
    html = desk.get(f"/cases/{KEY}").html
    assert "按时办结" in html
    assert "当前责任：承办人员" not in html


def test_the_words_of_notes_and_answers_stand_in_the_timeline(desk: Desk) -> None:
    desk.post(f"/cases/{KEY}/do/note", key=str(desk.seq), text="已电话联系申请人")
    html = desk.get(f"/cases/{KEY}").html
    assert "已电话联系申请人" in html[html.index("sw-timeline") :]


def test_an_unlawful_step_says_why_with_the_article_and_what_instead(desk: Desk) -> None:
    for response in (
        desk.get(f"/cases/{KEY}/do/accept_handover"),
        desk.post(f"/cases/{KEY}/do/accept_handover", key="1"),
    ):
        assert response.status == 409
        assert response.acts == ()
        for text in ("现在不能这样办", "没有移交记录", "JY-3.2.5", "请改为受理"):
            assert text in response.html


def test_a_step_of_another_role_is_refused_naming_the_role(desk: Desk) -> None:
    desk.post(f"/cases/{KEY}/do/request_extension", key=str(desk.seq), reason="等待批文", until="2026-01-15")
    response = desk.get(f"/cases/{KEY}/do/approve_extension")
    assert response.status == 409
    assert "单位负责人" in response.html or "部门（单位）负责人" in response.html


def test_an_extension_beyond_the_cap_is_refused_at_its_field(desk: Desk) -> None:
    response = desk.post(f"/cases/{KEY}/do/request_extension", key=str(desk.seq), reason="等待批文", until="2027-01-15")
    assert response.status == 422
    assert 'href="#until"' in response.html
    assert "等待批文" in response.html


def test_a_required_field_of_an_act_is_named(desk: Desk) -> None:
    response = desk.post(f"/cases/{KEY}/do/note", key=str(desk.seq), text=" ")
    assert response.status == 422
    assert 'href="#text"' in response.html


def test_the_same_act_form_sent_twice_is_one_act(desk: Desk) -> None:
    key = desk.get(f"/cases/{KEY}/do/note").html.split('name="key" value="')[1].split('"')[0]
    desk.post(f"/cases/{KEY}/do/note", key=key, text="已电话联系")
    again = desk.post(f"/cases/{KEY}/do/note", key=key, text="已电话联系")
    assert (again.location, again.acts) == (f"/cases/{KEY}?done=again", ())
    other = desk.post(f"/cases/{KEY}/do/note", key=key, text="对方回电")
    assert len(other.acts) == 1
    later = desk.get(f"/cases/{KEY}/do/note").html.split('name="key" value="')[1].split('"')[0]
    assert len(desk.post(f"/cases/{KEY}/do/note", key=later, text="已电话联系").acts) == 1


def test_an_unknown_case_command_or_slip_is_a_page_not_an_error(desk: Desk) -> None:
    for path in (f"/cases/{'f' * 32}", f"/cases/{KEY}/do/fly", f"/cases/{KEY}/do/register", f"/cases/{KEY}/slips/F-99"):
        assert desk.get(path).status == 404
    assert desk.post(f"/cases/{KEY}").status == 405


def test_hostile_names_stay_text() -> None:
    desk = Desk()
    evil = "<script>alert(1)</script>\"'><img src=x>"
    desk.post("/register", **service_form(claimant_name=evil, title=evil[:80], text=evil, place=evil))
    for path in ("/today", "/cases", f"/cases/{KEY}", f"/cases/{KEY}/slips/F-01", f"/cases/{KEY}/slips/F-02", "/sync"):
        html = desk.get(path).html
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    shown = desk.post("/register", **service_form("0" * 31 + "9", claimant_name=evil, claimant_phone='"><script>'))
    assert shown.status == 422
    assert '"><script>' not in shown.html


def test_similar_cases_need_the_network_and_say_so(desk: Desk) -> None:
    desk.store.likeness = None
    assert "联网时才能" in desk.get(f"/cases/{KEY}").html
    other = "0" * 31 + "2"
    desk.post("/register", **appeal_form(other))
    desk.store.likeness = {KEY: [Similar(other, 700, ("施工", "工地"))]}
    html = desk.get(f"/cases/{KEY}").html
    assert "夜间施工噪声" in html
    assert "施工、工地" in html


def test_the_receipt_has_every_mandatory_field_and_a_code(desk: Desk) -> None:
    html = desk.get(f"/cases/{KEY}/slips/F-02").html
    code = check_code(KEY, "K7Q-000001")
    for text in ("林晓梅", "0510-86010011", "2026年1月8日", "0510-86010009", "K7Q-000001", code, "申请表", "<svg"):
        assert text in html
    assert "style=" not in html


def test_a_receipt_that_was_not_issued_is_not_printed() -> None:
    desk = Desk()
    desk.post("/register", **service_form(outcome="register"))
    response = desk.get(f"/cases/{KEY}/slips/F-02")
    assert response.status == 409
    assert f"/cases/{KEY}/do/issue_receipt" in response.html
    desk.post(f"/cases/{KEY}/do/accept", key=str(desk.seq))
    form = desk.get(f"/cases/{KEY}/do/issue_receipt").html
    assert 'value="2026-01-08"' in form
    lacking = desk.post(
        f"/cases/{KEY}/do/issue_receipt",
        key=str(desk.seq),
        first_responder_phone="0510-86010011",
        promised="2026-01-08",
        complaint_phone="",
    )
    assert lacking.status == 422
    assert 'href="#complaint_phone"' in lacking.html


def test_the_check_code_forgives_what_eyes_confuse() -> None:
    code = check_code("00" * 16, "K7Q-1")
    assert fits("00" * 16, "K7Q-1", code.lower().replace("-", " "))
    assert not fits("00" * 16, "K7Q-2", code)
    assert not fits("00" * 16, "K7Q-1", "")


def test_times_show_what_each_of_them_proves() -> None:
    desk = Desk()
    desk.beacon_time = NOW - timedelta(hours=2)
    desk.post("/register", **service_form())
    assert "之后；到达全市记录时确定终点" in desk.get(f"/cases/{KEY}").html
    server = FakeStore()
    server.hear(desk.store, NOW + timedelta(hours=1))
    html = joined(Desk(store=server, where="server").get(f"/cases/{KEY}").html)
    assert "2025年12月24日 周三 08:00:00 至 2025年12月24日 周三 11:00:00" in html


def test_the_sync_page_says_what_waits_and_what_was_held_back(desk: Desk) -> None:
    act = desk.store.acts[KEY][0]
    desk.store.status = SyncStatus(False, 1, NOW - timedelta(hours=3))
    html = desk.get("/sync").html
    assert "离线" in html
    assert "本机已存" in html
    desk.store.status = SyncStatus(True, 0, NOW, (Quarantined(act.hash, KEY, "wrong_signature"),))
    html = desk.get("/sync").html
    assert "没有通过全市记录的校验" in html
    assert "签名不符" in html
    assert "签名不符" in desk.get(f"/cases/{KEY}").html


def test_every_event_has_a_title() -> None:
    assert EVENT_TITLES.keys() == EVENT_FIELDS.keys()


def test_every_reason_of_the_gate_has_words() -> None:
    modules = (Path(__file__).resolve().parents[2] / "server").rglob("*.py")
    sources = [path.read_text(encoding="utf-8") for path in modules]
    raised = {code for source in sources for code in re.findall(r"\b(?:Refusal|NotTaken)\(\"(\w+)\"", source)}
    assert len(raised) > 20
    assert raised <= QUARANTINE_REASONS.keys()


def test_every_problem_of_the_sync_client_has_words() -> None:
    assert len(_PROBLEMS) >= 4
    assert {
        *_PROBLEMS.values(),
        "bad_answer",
        "other_record",
        "record_fault",
        "storage_full",
        "other_person",
    } <= PROBLEMS.keys()


def test_a_case_that_is_over_was_due_and_promises_no_slip_that_never_comes(desk: Desk) -> None:
    running = desk.get(f"/cases/{KEY}", lang="en").html
    assert "<span>due Thu 8 Jan 2026" in running
    desk.post(f"/cases/{KEY}/do/request_extension", key=str(desk.seq), reason="雨", workdays="3")
    assert "not yet; " in desk.get(f"/cases/{KEY}", lang="en").html
    desk.post(f"/cases/{KEY}/do/issue_decision", key=str(desk.seq), text="同意")
    over = desk.get(f"/cases/{KEY}", lang="en").html
    assert "<span>limit met (due Thu 8 Jan 2026)" in over
    later = Desk(store=desk.store, now=NOW + timedelta(days=30)).get(f"/cases/{KEY}", lang="en").html
    assert "<span>was due Thu 8 Jan 2026" in later
    assert "not yet; " not in over


def test_once_the_limit_is_met_the_head_names_what_is_still_owed(desk: Desk) -> None:
    """It said that the case was to be completed, under the word “completed”, while the reply was owed."""
    desk.post(f"/cases/{KEY}/do/issue_decision", key=str(desk.seq), text="同意")
    head = joined(desk.get(f"/cases/{KEY}", lang="en").html).split("sw-columns")[0]
    assert "Owed" in head
    assert ">Reply · responsible" in head


def test_two_limits_that_are_one_are_told_once() -> None:
    """A call that is taken at once runs one limit, by whatever name the rules count it."""
    desk = Desk()
    desk.post("/register", **appeal_form("1" * 32, channel="hotline"))
    limits = desk.get(f"/cases/{'1' * 32}").html.partition('id="clocks-title"')[2].partition("</ul>")[0]
    assert (limits.count("<li>"), "办理时限" in limits) == (1, True)
    desk.post("/register", **appeal_form("2" * 32, channel="hotline", outcome="register"))
    limits = desk.get(f"/cases/{'2' * 32}").html.partition('id="clocks-title"')[2].partition("</ul>")[0]
    assert "自来电起算的期限" in limits
