"""Visits at the desk: planned, made offline, signed, printed; the enterprise's file; nothing twice, nothing lost."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form, service_form
from paper_words import UNBROKEN
from slip_cases import record

from py_core.cases.acts import read_act
from py_core.left import Left
from py_core.visits import VISIT_COMMANDS, visit_id

KEY = "ab" * 16
VISIT = f"/visits/{visit_id(KEY)}"
PLAN = {
    "key": KEY, "enterprise": "恒泰纺织", "on": "2025-12-24", "officer": "lin", "address": "东湾纺织园",
    "contact": "钱建新", "phone": "13812345678",
}  # fmt: skip
DRAWN = json.dumps({"width": 300, "height": 150, "strokes": [[10, 10, 60, 90, 120, 20]]})


@pytest.fixture
def desk() -> Desk:
    found = Desk()
    assert found.post("/visits/plan", **PLAN).location == f"{VISIT}?done=visit_planned"
    return found


@pytest.fixture
def started(desk: Desk) -> Desk:
    do(desk, "start", officer="lin", met="钱建新")
    return desk


def field(desk: Desk, command: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', desk.get(f"{VISIT}/do/{command}").html)
    return found[1] if found else ""


def do(desk: Desk, command: str, **fields: str) -> None:
    shown = {name: field(desk, command, name) for name in ("key", "content", "seen")}
    response = desk.post(f"{VISIT}/do/{command}", **{**shown, **fields})
    assert response.status == 303, re.findall(r"error-message.*?</p>", response.html, re.S)


def request(desk: Desk, number: int = 1) -> str:
    form = service_form(
        f"{number:032x}", visit=VISIT[8:], claimant="enterprise", claimant_name="恒泰纺织", claimant_id="",
        channel="visit", title=f"诉求{number}",
    )  # fmt: skip
    assert desk.post("/register", **form).location == f"{VISIT}?done=visit_request"
    return f"{number:032x}"


def test_a_plan_stands_under_its_day_and_in_today(desk: Desk) -> None:
    for path in ("/visits", "/today"):
        assert "恒泰纺织" in desk.get(path).html
    assert "已过安排日期" not in desk.get("/visits").html
    desk.now += timedelta(days=3)
    assert "已过安排日期" in desk.get("/visits").html
    assert "已过 3 天" in desk.get("/today").html
    desk.post("/visits/plan", **{**PLAN, "key": "cd" * 16, "on": "2025-12-29"})
    assert "未来七天" in desk.get("/visits").html


def test_who_chooses_nobody_for_a_visit_sees_nobody_chosen(desk: Desk) -> None:
    """The one who was going stood ticked under the words that somebody must be chosen."""
    ticked = re.compile(r'name="officer"[^>]*checked')
    assert ticked.search(desk.get(f"{VISIT}/do/move").html)
    answer = desk.post(f"{VISIT}/do/move", key=field(desk, "move", "key"), on="2025-12-30", officer="")
    assert answer.status == 422
    assert not ticked.search(answer.html)


def test_the_summary_names_the_day_that_is_missing(desk: Desk) -> None:
    answer = desk.post(f"{VISIT}/do/move", key=field(desk, "move", "key"), on="", officer="linxiao", reason="企业改期")
    assert '<a href="#on">走访日期：请填日期' in answer.html


def test_empty_lists_say_what_to_do() -> None:
    desk = Desk()
    assert "没有走访安排" in desk.get("/visits").html
    assert "尚无走访记录" in desk.get("/visits", show="past").html
    assert "本机尚无企业信息" in desk.get("/visits", show="enterprises").html
    assert "当日走访" not in desk.get("/today").html


def test_a_colleague_plans_and_the_officer_s_device_shows_it() -> None:
    head = Desk("head", code="H1")
    head.post("/visits/plan", **PLAN)
    lin = Desk("lin")
    lin.store.hear(head.store, NOW)
    assert "恒泰纺织" in lin.get("/today").html
    zhou = Desk("zhou", code="Z1", store=lin.store)
    assert "恒泰纺织" not in zhou.get("/visits").html  # not theirs
    assert "恒泰纺织" in zhou.get("/visits", scope="unit").html


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"enterprise": ""}, "请填写企业名称"),
        ({"code": "91320281MA0000001X"}, "校验位"),
        ({"phone": "12"}, "手机号"),
        ({"on": "soon"}, "2026-12-01"),
        ({"on": "2020-01-01"}, "走访不能安排在2020年1月1日"),
        ({"officer": ""}, "请选择走访人员"),
        ({"officer": "nobody"}, "人员名录"),
        ({"key": "x"}, ""),
    ],
    ids=str,
)
def test_a_faulty_plan_keeps_what_was_typed(changes: dict[str, str], text: str) -> None:
    desk = Desk()
    response = desk.post("/visits/plan", **{**PLAN, **changes})
    assert (response.status, response.acts) == (422, ())
    assert text in response.html
    assert "东湾纺织园" in response.html


def test_the_same_form_makes_one_act(desk: Desk) -> None:
    assert desk.post("/visits/plan", **PLAN).location == f"{VISIT}?done=visit_again"
    key = field(desk, "start", "key")
    for _ in range(2):
        response = desk.post(f"{VISIT}/do/start", key=key, officer="lin", met="钱建新")
        assert response.status == 303
    assert len(desk.store.acts[VISIT[8:]]) == 2
    form = service_form(visit=VISIT[8:], claimant="enterprise", claimant_name="恒泰纺织", claimant_id="")
    for done in ("visit_request", "visit_again"):
        assert desk.post("/register", **form).location == f"{VISIT}?done={done}"
    assert len(desk.store.acts[VISIT[8:]]) == 3


def test_a_registration_in_a_visit_is_two_numbered_acts_of_one_answer(started: Desk) -> None:
    html = started.get("/register", visit=VISIT[8:]).html
    for text in ('value="恒泰纺织"', 'value="13812345678"', 'value="东湾纺织园"', 'name="channel" value="visit"'):
        assert text in html
    seq = started.seq
    case = request(started)
    assert started.seq == seq + 2
    acts = [read_act(each.act.text()) for key in (case, VISIT[8:]) for each in started.store.acts[key]]
    assert len({act.device_seq for act in acts}) == len(acts)
    assert acts[0].events[0]["visit"] == VISIT[8:]
    assert [event["type"] for event in acts[-1].events] == ["visit_request_added", "papers_taken"]
    page = started.get(VISIT).html
    for text in ("诉求1", "2026年1月8日", "申请表", f"/cases/{case}/slips/F-02"):
        assert text in page
    assert "走访企业时登记" in started.get(f"/cases/{case}").html


def test_a_visit_that_takes_no_request_loses_nothing_that_was_typed(desk: Desk) -> None:
    form = appeal_form(visit=VISIT[8:], offer="appeal:enterprise", claimant="enterprise")
    for visit in (VISIT[8:], visit_id("cd" * 16), "nonsense"):
        response = desk.post("/register", **{**form, "visit": visit})
        assert (response.status, response.acts) == (422, ())
        assert "夜间施工噪声" in response.html
    assert "走访尚未开始" in desk.post("/register", **form).html


def test_a_report_is_not_registered_in_a_visit_which_would_say_who_made_it(started: Desk) -> None:
    form = appeal_form(visit=VISIT[8:], offer="appeal:enterprise", claimant="enterprise", request_kind="report")
    response = started.post("/register", **form)
    assert (response.status, response.acts) == (422, ())
    assert "举报请单独登记" in response.html
    assert started.post("/register", **{**form, "visit": ""}).status == 303


def test_from_papers_and_a_signature_to_the_end(started: Desk) -> None:
    case = request(started)
    do(started, "take_papers", papers="租赁合同 ×2")
    assert started.get(f"{VISIT}/do/finish").status == 409
    assert f"{VISIT}/do/finish" not in started.get(VISIT).html, "not offered while it would be refused"
    assert "然后结束走访" in started.get(VISIT).html, "but what it waits for is said"
    assert "租赁合同 × 2" in started.get(f"{VISIT}/do/finish").html
    do(started, "return_papers", **{"copies-0": "1"})
    do(started, "attach_papers", case=case, **{"copies-0": "1"})
    assert "尚未对记录单" in started.get(f"{VISIT}/do/finish").html
    shown = started.get(f"{VISIT}/do/sign").html
    for text in ("诉求1", "租赁合同", "K7Q-000003"):
        assert text in shown
    unanswered = {name: field(started, "sign", name) for name in ("key", "content", "seen")}
    response = started.post(f"{VISIT}/do/sign", **unanswered, signer="钱建新", strokes=DRAWN)
    assert (response.status, 'id="signed-error"' in response.html) == (422, True), "nobody said that it is signed"
    assert "unsigned_reason-error" not in response.html, "a reason is asked of who said no"
    do(started, "sign", signed="yes", signer="钱建新", strokes=DRAWN)
    assert "sw-signature" in started.get(VISIT).html
    assert f"{VISIT}/do/finish" in started.get(VISIT).html
    do(started, "finish", summary="一件诉求")
    page = started.get(VISIT).html
    assert "已结束" in page
    assert "一件诉求" in page
    signed = next(e for act in started.store.acts[VISIT[8:]] for e in act.act.events if e["type"] == "visit_signed")
    assert signed["strokes"]["strokes"]
    assert "诉求1" in signed["shown"]
    # Papers go back later; the signature about the end stays.
    do(started, "return_papers", **{"copies-0": "1"})
    assert "签字后有新增内容" not in started.get(VISIT).html


def test_only_what_was_shown_can_be_signed(started: Desk) -> None:
    old = {name: field(started, "sign", name) for name in ("key", "content", "seen")}
    request(started)
    response = started.post(f"{VISIT}/do/sign", **old, signed="yes", signer="钱建新", strokes=DRAWN)
    assert (response.status, response.acts) == (422, ())
    assert "出示的内容已有变化" in response.html
    new = {name: field(started, "sign", name) for name in ("key", "content", "seen")}
    response = started.post(f"{VISIT}/do/sign", **{**new, "content": old["content"]}, signed="yes", signer="x")
    assert (response.status, response.acts) == (422, ())
    response = started.post(f"{VISIT}/do/sign", **new, signed="no", unsigned_reason="忙", strokes=DRAWN)
    assert response.status == 422
    do(started, "sign", signed="no", unsigned_reason="负责人不在")
    assert "负责人不在" in started.get(VISIT).html


def test_both_sheets_have_a_code_for_each_request(started: Desk) -> None:
    assert Desk(store=started.store).get(f"{VISIT}/record").status == 200
    for number in (1, 2):
        request(started, number)
    for paper in ("a4", "80mm", "nonsense"):
        html = UNBROKEN.sub(r"\1", started.get(f"{VISIT}/record", paper=paper).html)
        assert html.count("sw-slip__qr") == 2
        assert "0510-86010009" in html
    english = started.get(f"{VISIT}/record", lang="en", paper="a4").html
    assert "企业走访记录单" in english
    assert "Record of a visit to an enterprise" in english


def test_a_sheet_says_what_its_dates_are_and_why_one_is_missing(started: Desk) -> None:
    request(started, 1)
    contact = service_form(
        f"{2:032x}", offer="matter", matter="matter:WH:contact", visit=VISIT[8:], claimant="enterprise",
        claimant_name="恒泰纺织", claimant_id="", channel="visit", title="问询", text="问询补贴", outcome="register",
    )  # fmt: skip
    assert started.post("/register", **contact).status == 303
    taken = {**contact, "key": f"{3:032x}", "title": "建议", "outcome": "accept"}
    assert started.post("/register", **taken).status == 303
    for paper in ("a4", "80mm"):
        html = UNBROKEN.sub(r"\1", started.get(f"{VISIT}/record", paper=paper).html)
        assert "打印日期：2025年12月24日" in html
        assert "到期日：<strong>2026年1月8日" in html
        assert html.count("办理期限于受理后告知。") == 1
        assert html.count("规定未对该事项设定办理时限。") == 1
        assert "周三" not in html.split("<article")[1].split("</article>")[0]
        english = started.get(f"{VISIT}/record", lang="en", paper=paper).html
        assert not re.search(r"</span>\s*：", english), "no line of a strip begins with a colon"
        assert re.search(r"到期日：<strong>2026年1月8日</strong> <span[^>]*>Due: Thu 8 Jan 2026</span>", english)


def test_a_desk_offers_no_visit_as_a_channel_and_a_visit_needs_none(started: Desk) -> None:
    """走访 names the officer's visit to an enterprise: it comes from the visit, and nobody at a desk can claim it."""
    assert 'value="visit"' not in started.get("/register").html
    refused = started.post("/register", **service_form(f"{5:032x}", channel="visit"))
    assert (refused.status, refused.acts) == (422, ())
    assert 'href="#channel"' in refused.html
    form = service_form(f"{6:032x}", visit=VISIT[8:], claimant="enterprise", claimant_name="恒泰纺织", claimant_id="")
    assert form.pop("channel") == "walk_in"
    assert started.post("/register", **form).status == 303
    held = started.store.case(f"{6:032x}")
    assert held is not None
    assert held.acts[0].act.events[0]["channel"] == "visit"


def test_a_sheet_denies_no_limit_that_exists(started: Desk) -> None:
    form = service_form(
        f"{2:032x}", offer="matter", matter="matter:BZ:approval", visit=VISIT[8:], claimant="outside_unit",
        claimant_name="恒泰纺织", claimant_id="", channel="visit", title="请求批复", text="请求批复", outcome="accept",
    )  # fmt: skip
    assert started.post("/register", **form).status == 303
    case_id, day = f"{2:032x}", "2025-12-24"
    steps = (("propose_refusal", {"reason": "不符合条件"}), ("report_refusal", {}), ("mark_refusal_major", {}))
    for minute, (command, given) in enumerate(steps):
        record(started.store, case_id, f"{day} 11:0{minute}", command, given)
    for paper in ("a4", "80mm"):
        html = UNBROKEN.sub(r"\1", started.get(f"{VISIT}/record", paper=paper).html)
        assert "办理期限另行告知。" in html
        assert "未对该事项设定办理时限" not in html


def test_there_is_nothing_to_print_before_the_visit(desk: Desk) -> None:
    assert desk.get(f"{VISIT}/record").status == 409


def test_the_enterprise_s_file_joins_visits_and_cases(started: Desk) -> None:
    request(started)
    key = re.search(r"/enterprises/([^\"]+)", started.get(VISIT).html)
    assert key
    html = started.get(f"/enterprises/{key[1]}").html
    for text in ("诉求1", "申请表", "东湾纺织园", "钱建新"):
        assert text in html
    assert "13812345678" not in html
    assert started.get("/enterprises/n-0000000000000000").status == 404
    # With the code entered later the same file stands under the code, and the old address still leads there.
    code = "91320281MA0000001T"
    started.post("/visits/plan", **{**PLAN, "key": "ef" * 16, "code": code})
    for address in (code, key[1]):
        html = started.get(f"/enterprises/{address}").html
        assert code in html
        assert "诉求1" in html
    assert f'value="{code}"' in started.get("/visits/plan", enterprise=code).html
    assert f'value="{code}"' in started.get("/register", enterprise=code).html


def test_faults_are_named_in_the_order_of_the_page(desk: Desk) -> None:
    def faults(path: str, **typed: str) -> list[str]:
        html = desk.post(path, key="ff" * 16, **typed).html
        assert "govuk-error-summary" in html
        return re.findall(r'<a href="#([\w-]+)">', html.partition("govuk-error-summary")[2].partition("</ul>")[0])

    assert faults("/visits/plan") == ["enterprise", "on", "officer"]
    do(desk, "start", officer="lin")
    assert faults(f"{VISIT}/do/add_files") == ["attachments", "purpose"]
    html = desk.post(f"{VISIT}/do/note", key="1").html
    assert "备注：请填写。" in html, "a fault without a name is told with it"


def test_looking_at_a_number_happens_now(desk: Desk) -> None:
    html = desk.get(f"{VISIT}/do/see_phone").html
    assert 'name="occurred_at"' not in html
    assert "记入日志" in html
    assert "用途说明（" not in html, "what another purpose needs is not called optional"


def test_who_begins_a_visit_of_a_colleague_stands_in_its_record(desk: Desk) -> None:
    zhou = Desk("zhou", store=desk.store, code="Z9A")
    shown = zhou.get(f"{VISIT}/do/start").html
    for user in ("lin", "zhou"):
        assert re.search(rf'value="{user}" checked', shown), "whoever is planned, and who begins"
    assert zhou.post(f"{VISIT}/do/start", key=field(zhou, "start", "key")).status == 422
    do(zhou, "start", officer="zhou")
    head = zhou.get(VISIT).html
    assert "林晓梅走访" not in head
    assert "周建国" in head
    signed = zhou.get(f"{VISIT}/do/sign").html
    assert "周建国" in signed.partition("sw-shown")[2].partition("</ul>")[0], "and in what the enterprise signs"
    assert "林晓梅" not in signed


def test_a_planned_visit_is_the_next_one_not_the_last(desk: Desk) -> None:
    def row(html: str) -> str:
        return html.split("恒泰纺织")[1].split("</tr>")[0]

    planned = row(desk.get("/visits", show="enterprises", scope="unit").html)
    assert re.search(r'data-label="最近走访"><span class="sw-lead">无</span>', planned)
    assert re.search(r'data-label="下次走访">20\d\d年', planned)
    do(desk, "start", officer="lin")
    begun = row(desk.get("/visits", show="enterprises", scope="unit").html)
    assert re.search(r'data-label="最近走访">20\d\d年', begun)
    assert re.search(r'data-label="下次走访"><span class="sw-lead">无计划</span>', begun)


def test_what_is_known_fills_what_was_left_empty(desk: Desk) -> None:
    desk.post("/visits/plan", key="ef" * 16, enterprise="恒泰纺织", on="2025-12-25", officer="lin")
    event = desk.store.acts[visit_id("ef" * 16)][0].act.events[0]
    assert (event["address"], event["contact"], event["phone"]) == ("东湾纺织园", "钱建新", "13812345678")


def test_two_devices_finish_the_same_visit_and_both_see_it(started: Desk) -> None:
    do(started, "sign", signed="no", unsigned_reason="忙")
    other = Desk("zhou", code="Z1")
    other.store.hear(started.store, NOW)
    for desk, summary in ((started, "一"), (other, "二")):
        do(desk, "finish", summary=f"小结{summary}")
    started.store.hear(other.store, NOW + timedelta(hours=1))
    other.store.hear(started.store, NOW + timedelta(hours=1))
    for desk in (started, other):
        html = desk.get(VISIT).html
        for text in ("分别结束了本次走访", "小结一", "小结二"):
            assert text in html


def test_waiting_acts_of_visits_stand_on_the_sync_page(started: Desk) -> None:
    html = started.get("/sync").html
    assert "走访恒泰纺织" in html
    assert f'href="{VISIT}"' in html
    record = FakeStore()
    record.hear(started.store, NOW)
    assert "走访恒泰纺织" in Desk(store=record, where="server").get("/sync").html


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_every_page_in_both_languages(started: Desk, lang: str) -> None:
    request(started)
    do(started, "take_papers", papers="租赁合同")
    paths = ["/visits", "/visits/plan", VISIT, f"{VISIT}/record", "/today", "/sync"]
    offered = ("add_request", "take_papers", "return_papers", "attach_papers", "add_files", "sign", "note")
    paths += [f"{VISIT}/do/{command}" for command in offered]
    for path in paths:
        response = started.get(path, lang=lang)
        assert response.status == 200, path
        if lang == "en":
            main = re.sub(r"<[^>]*>", " ", response.html.split("<main")[1].split("</main>")[0])
            for word in ("走访", "诉求：", "材料", "企业签字"):
                assert word not in main or path.endswith("record"), (path, word)
    for command in VISIT_COMMANDS:
        assert started.get(f"{VISIT}/do/{command}", lang=lang).status in (200, 409)
    assert started.get(f"{VISIT}/do/nonsense", lang=lang).status == 404
    assert started.get(f"/visits/{'0' * 32}", lang=lang).status == 404


def test_the_contacts_number_is_seen_by_an_act_with_its_purpose_and_for_a_while(desk: Desk) -> None:
    assert "13812345678" not in desk.get(VISIT).html
    assert f'href="{VISIT}/do/see_phone"' in desk.get(VISIT).html
    key = field(desk, "see_phone", "key")
    assert desk.post(f"{VISIT}/do/see_phone", key=key, purpose="other").status == 422
    assert "13812345678" not in desk.get(VISIT).html
    do(desk, "see_phone", purpose="contact")
    assert "13812345678" in desk.get(VISIT).html
    assert "联系当事人" in desk.get(VISIT).html  # everybody who opens the visit reads it
    colleague = Desk("zhou", store=desk.store)
    colleague.now = desk.now
    assert "13812345678" not in colleague.get(VISIT).html
    desk.now += timedelta(minutes=11)
    assert "13812345678" not in desk.get(VISIT).html


def test_no_list_calendar_or_sheet_has_the_number(started: Desk) -> None:
    request(started)
    for path in ("/visits", "/today", "/today/calendar", f"{VISIT}/record", "/cases", "/approvals", "/slips"):
        assert "13812345678" not in started.get(path).html, path


def test_a_visit_without_a_number_has_none_to_show() -> None:
    desk = Desk()
    desk.post("/visits/plan", **{**PLAN, "phone": ""})
    assert "see_phone" not in desk.get(VISIT).html
    assert desk.get(f"{VISIT}/do/see_phone").status == 409


def test_papers_of_a_visit_are_offered_once_there_is_something_to_print(desk: Desk) -> None:
    assert "/record?paper=" not in desk.get(VISIT).html
    do(desk, "start", officer="lin")
    assert "/record?paper=" in desk.get(VISIT).html


def test_where_no_known_case_can_be_added_there_is_nothing_to_fill_in(started: Desk) -> None:
    page = started.get(f"{VISIT}/do/add_request").html
    assert 'name="occurred_at"' not in page
    assert "返回走访" in page


def test_a_request_that_is_not_held_here_is_told_in_words_with_the_way_to_it(started: Desk) -> None:
    case = request(started)
    do(started, "take_papers", papers="营业执照 ×1", case=case)
    del started.store.acts[case]
    for path in (VISIT, f"{VISIT}/record", f"{VISIT}/do/sign", f"{VISIT}/do/take_papers"):
        words = re.sub(r"<[^>]*>", "", started.get(path).html)
        assert "本机没有的诉求" in words, path
        assert case[:8] not in words, path
    html = started.get(VISIT).html
    assert "请向将其列入走访的林晓梅询问" in html
    assert f'href="/cases/{case}"' not in html


def test_a_request_that_has_left_the_device_keeps_its_number_and_its_place(
    started: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = request(started)
    number = "K7Q-000009"
    del started.store.acts[case]
    monkeypatch.setattr(started.store, "left", lambda: {case: Left(number, "临时用水", 0, 0, 1)})
    html = started.get(VISIT).html
    assert number in html
    assert f'<a class="govuk-link" href="/cases/{case}">临时用水</a>' in html
