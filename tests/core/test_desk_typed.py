"""What people really type: wrong years, drafts of yesterday, copies as everybody writes them, too much text."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form, service_form
from test_desk_register_matters import form_of

from py_core.cases.history import order
from py_core.cases.state import Case, fold

KEY = "0" * 31 + "1"
APPEAL = "0" * 31 + "2"


def case_of(desk: Desk, case_id: str = KEY) -> Case:
    return fold(case_id, order(desk.store.acts[case_id]))


def doubts(html: str) -> list[str]:
    return re.findall(r'name="sure" value="([^"]*)"', html)


@pytest.mark.parametrize("typed", ["0026-12-24T08:00", "1899-01-01T08:00", "1989-12-31T23:59"])
def test_a_year_that_no_record_takes_is_a_fault_of_the_moment(typed: str) -> None:
    for form in (service_form(), form_of("WH", "letter")):
        desk = Desk()
        answer = desk.post("/register", **{**form, "occurred_at": typed})
        assert answer.status == 422
        assert 'href="#occurred_at"' in answer.html
        assert not desk.store.acts


def test_what_lies_long_back_is_asked_about_once_more() -> None:
    desk = Desk()
    form = service_form(occurred_at="2024-12-24T09:00")
    asked = desk.post("/register", **form)
    assert '<a href="#occurred_at">发生时间：' in asked.html  # the summary names the field
    assert asked.status == 422
    assert "这是 365 天前" in asked.html
    [token] = doubts(asked.html)
    other = desk.post("/register", **{**form, "occurred_at": "2024-12-23T09:00", "sure": token})
    assert other.status == 422, "the answer belongs to what was typed"
    assert desk.post("/register", **{**form, "sure": token}).status == 303
    assert case_of(desk).registered.day.isoformat() == "2024-12-24"  # type: ignore[union-attr]


def test_a_form_opened_on_another_day_does_not_count_as_just_now() -> None:
    desk = Desk()
    opened = {"occurred_at": "2025-12-23T16:58", "occurred_at_shown": "2025-12-23T16:58"}
    asked = desk.post("/register", **service_form(**opened))
    assert asked.status == 422
    assert "12月23日" in asked.html
    [token] = doubts(asked.html)
    assert desk.post("/register", **service_form(**opened, sure=token)).status == 303
    assert case_of(desk).registered.at.isoformat() == "2025-12-23T16:58:00+08:00"  # type: ignore[union-attr]
    now = {**opened, "occurred_at": "2025-12-24T10:00"}
    assert desk.post("/register", **appeal_form(**now)).status == 303
    assert case_of(desk, APPEAL).registered.day == NOW.date()  # type: ignore[union-attr]


def test_a_form_opened_a_while_ago_on_the_same_day_counts_as_just_now() -> None:
    desk = Desk()
    shown = "2025-12-24T08:05"
    assert desk.post("/register", **service_form(occurred_at=shown, occurred_at_shown=shown)).status == 303
    assert case_of(desk).registered.at == NOW  # type: ignore[union-attr]


def test_no_step_happens_on_a_day_before_its_case_began() -> None:
    desk = Desk()
    desk.post("/register", **form_of("WH", "letter"))
    [case_id] = desk.store.acts
    answer = desk.post(f"/cases/{case_id}/do/complete", text="办完", occurred_at="2025-12-20T08:00")
    assert answer.status == 422
    assert "12月24日" in answer.html
    assert len(desk.store.acts[case_id]) == 1
    # Earlier on the same day: whoever registered may have written the contact down after it was dealt with.
    assert desk.post(f"/cases/{case_id}/do/complete", text="办完", occurred_at="2025-12-24T08:00").status == 303


def test_the_receipt_of_an_earlier_contact_is_issued_when_it_is_printed() -> None:
    desk = Desk(store=FakeStore(), now=NOW)
    desk.post("/register", **service_form(occurred_at="2025-12-23T16:00", occurred_at_shown="2025-12-24T10:00"))
    case = case_of(desk)
    assert [fact.at.date().isoformat() for fact in (case.registered, case.first("receipt_issued")) if fact] == [
        "2025-12-23",
        "2025-12-24",
    ]
    html = desk.get(f"/cases/{KEY}/slips/F-02").html
    assert "2025年12月24日" in html


def test_a_limit_that_is_over_is_asked_about_and_full_width_digits_are_read() -> None:
    desk = Desk()
    over = desk.post("/register", **{**form_of("WH", "letter"), "limit_until": "2025-01-07"})
    assert over.status == 422
    [token] = doubts(over.html)
    assert (
        desk.post("/register", **{**form_of("WH", "letter"), "limit_until": "2025-01-07", "sure": token}).status == 303
    )
    other = Desk()
    assert other.post("/register", **{**form_of("WH", "letter"), "limit_n": "１０"}).status == 303
    [case_id] = other.store.acts
    assert case_of(other, case_id).value("explicit_limit")["period"].n == 10  # type: ignore[index]


@pytest.mark.parametrize(
    ("line", "name", "copies"),
    [
        ("身份证 2份", "身份证", 2), ("身份证2份", "身份证", 2), ("营业执照（3 份）", "营业执照", 3), ("附表2 ×１", "附表2", 1),
        ("合同：2份", "合同", 2), ("户口簿X2", "户口簿", 2), ("户口簿", "户口簿", 1), ("委托书，2", "委托书", 2),
    ],
)  # fmt: skip
def test_copies_are_read_as_people_write_them(line: str, name: str, copies: int) -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    assert desk.post(f"/cases/{KEY}/do/receive_materials", complete="yes", materials=line).status == 303
    received = case_of(desk).all("materials_received")[-1]
    assert received.data["materials"] == ((name, copies),)


@pytest.mark.parametrize("line", ["户口簿×0", "户口簿 ０份"])
def test_no_copy_at_all_is_a_fault(line: str) -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    answer = desk.post(f"/cases/{KEY}/do/receive_materials", complete="yes", materials=line)
    assert answer.status == 422
    assert "至少为 1 份" in answer.html


def test_an_extension_is_asked_for_by_days_or_by_date_not_by_both() -> None:
    desk = Desk()
    desk.post("/register", **form_of("WH", "letter"))
    [case_id] = desk.store.acts
    step = f"/cases/{case_id}/do/request_extension"
    both = desk.post(step, reason="核实", workdays="5", until="2026-02-27")
    assert both.status == 422
    assert "只填一项" in both.html
    far = desk.post(step, reason="核实", workdays="40")
    assert far.status == 422
    assert 'href="#workdays"' in far.html
    assert "2026年3月" in far.html, "it says until which day an extension may go"
    assert desk.post(step, reason="核实", workdays="5").status == 303


def test_signs_that_nobody_sees_are_no_name() -> None:
    answer = Desk().post("/register", **service_form(claimant_name="\u200b\ufeff\u2060"))
    assert answer.status == 422
    assert 'href="#claimant_name"' in answer.html


def test_what_is_too_long_is_kept_whole_and_named() -> None:
    desk = Desk()
    answer = desk.post("/register", **appeal_form(text="长" * 2001))
    assert answer.status == 422
    assert "长" * 2001 in answer.html
    assert "诉求或说明：请缩短到 2000 个字以内" in answer.html
    for path in ("/register", "/visits/plan", "/absence"):
        long = [each for each in re.findall(r'maxlength="(\d+)"', desk.get(path).html) if int(each) > 3]
        assert long == [], f"{path}: a browser cuts what is pasted without a word"


@pytest.mark.parametrize("channel", ["walk_in", "phone"])
def test_what_is_done_before_the_person_s_eyes_needs_no_further_answer(channel: str) -> None:
    desk = Desk()
    desk.post("/register", **service_form(channel=channel, outcome="done", result="已当场办结"))
    assert "应办未办" not in desk.get(f"/cases/{KEY}").html
    by_letter = Desk()
    by_letter.post("/register", **service_form(channel="letter", outcome="done", result="已办结"))
    assert "应办未办" in by_letter.get(f"/cases/{KEY}").html


def test_a_moment_just_after_midnight_is_asked_about_for_a_form_of_the_evening() -> None:
    desk = Desk(now=datetime.fromisoformat("2025-12-25T00:10:00+08:00"))
    shown = (desk.now - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M")
    assert desk.post("/register", **service_form(occurred_at=shown, occurred_at_shown=shown)).status == 422


def test_what_nobody_stands_in_for_is_listed_by_its_date() -> None:
    desk = Desk()
    for n, limit in enumerate(("30", "3", "12")):
        desk.post(
            "/register",
            **{**form_of("WH", "letter"), "key": f"{n + 5:032x}", "title": f"来信{limit}", "limit_n": limit},
        )
    listed = re.findall(r">(来信\d+)<", desk.get("/absence").html)
    assert listed == ["来信3", "来信12", "来信30"]


def test_a_step_that_is_kept_back_by_something_else_than_the_state_does_not_blame_the_state() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    taken = desk.get(f"/cases/{KEY}/do/issue_receipt").html
    assert "无需办理这一步" in taken
    assert "当前状态" not in taken
    assert "当前状态" in desk.get(f"/cases/{KEY}/do/judge_scope").html


def test_of_what_arrived_together_the_newest_is_named_first() -> None:
    desk = Desk()
    desk.post("/register", **appeal_form())
    desk.now = NOW + timedelta(minutes=5)
    desk.post("/register", **service_form())
    record = FakeStore()
    record.hear(desk.store, NOW + timedelta(hours=1))
    html = Desk(store=record, now=NOW + timedelta(hours=2)).get("/sync").html
    assert 0 < html.index("工地临时用水") < html.index("夜间施工噪声")


def test_what_must_be_reported_at_once_is_the_first_step() -> None:
    desk = Desk()
    desk.post("/register", **{**form_of("BZ", "contact"), "urgent": "yes"})
    [case_id] = desk.store.acts
    steps = re.findall(r'href="/cases/\w+/do/(\w+)"', desk.get(f"/cases/{case_id}").html)
    assert steps[0] == "report_urgent"


def test_whom_a_complaint_is_about_is_read_by_name() -> None:
    desk = Desk()
    desk.post("/register", **{**form_of("BZ", "complaint"), "against": "周建国"})
    [case_id] = desk.store.acts
    words = re.sub(r"<[^>]+>|\s", "", desk.get(f"/cases/{case_id}").html)
    assert "被反映的工作人员：周建国" in words


@pytest.mark.parametrize("user", ["lin", "head", "chen"])
def test_a_key_of_a_page_leads_nowhere_else(user: str) -> None:
    store = FakeStore()
    Desk(store=store).post("/register", **service_form())
    desk = Desk(user, store=store)
    pages = {"/register": {"w", "s", "n", "r"}, f"/cases/{KEY}/slips/F-02": {"p", "r"}}
    for path, wanted in pages.items():
        keys = re.findall(r'data-key="(\w)"', desk.get(path).html)
        assert wanted <= set(keys)
        assert len(keys) == len(set(keys)), (path, keys)


def test_a_case_is_found_by_full_width_signs_too() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    assert f"/cases/{KEY}" in desk.get("/cases", q="Ｋ７Ｑ－０００００１").html


def test_a_visit_on_a_day_that_is_over_is_asked_about() -> None:
    desk = Desk()
    form = {"key": "a" * 32, "enterprise": "恒泰", "on": "2025-12-01", "officer": "lin"}
    asked = desk.post("/visits/plan", **form)
    assert asked.status == 422
    [token] = doubts(asked.html)
    assert desk.post("/visits/plan", **form, sure=token).status == 303


def test_who_approves_an_extension_reads_how_far_it_may_go() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    assert desk.post(f"/cases/{KEY}/do/request_extension", reason="核实", workdays="3").status == 303
    head = Desk("head", store=desk.store)
    for path in ("/approvals", f"/cases/{KEY}/do/approve_extension"):
        assert re.search(r"依规定最迟可延至</dt><dd[^>]*>2026年\d+月\d+日", head.get(path).html), path
