"""The page of what waits for a decision: who asks, for what, until when it is worth something, and the lawful answers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from day_office import in_front_of
from fakes import DIRECTORY, NOW, Desk, FakeStore, service_form
from html_forms import filled, joined

from e2e.further_steps import COMPLAINED, DELIVERED, MATTER, TAKEN, FurtherStep
from e2e.working_days import FANG
from py_core.cases.commands import Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.desk.ports import Identity, Request, Surroundings
from py_core.desk.proposal_words import proposal_words
from py_core.desk.turn import Turn
from py_core.directory import Person, read_directory
from py_core.errors import Refused
from py_core.packs import load_packs
from server.demo.data import directory_document

KEY = "0" * 31 + "1"


def asked() -> tuple[Desk, Desk]:
    """An officer who asked for an extension, and the head of the same unit."""
    lin = Desk()
    lin.post("/register", **service_form())
    lin.post(f"/cases/{KEY}/do/request_extension", key=str(lin.seq), reason="等待上级批文", workdays="5")
    return lin, Desk("head", store=lin.store, now=lin.now + timedelta(hours=1), code="H1")


def test_an_extension_waits_with_its_reason_its_new_date_and_the_date_that_it_races() -> None:
    _, head = asked()
    html = joined(head.get("/approvals").html)
    for text in (
        "工地临时用水",
        "林晓梅",
        "等待上级批文",
        "再延长 5 个工作日",
        "2026年1月15日",
        "2026年1月8日",
        "JY-3.3.6",
    ):
        assert text in html, text
    for command in ("approve_extension", "refuse_extension"):
        assert f'href="/cases/{KEY}/do/{command}?from=approvals"' in html
    assert "期限届满前" in html
    english = joined(head.get("/approvals", "en").html)
    assert "5 more working days" in english
    assert re.search(
        r"<strong class=\"sw-unbroken\">[^<]*Thu 8 Jan 2026</strong> · \d+ working days left",
        english,
    )


def test_the_form_of_the_decision_holds_what_was_asked_for() -> None:
    _, head = asked()
    html = joined(head.get(f"/cases/{KEY}/do/approve_extension").html)
    for text in ("林晓梅", "等待上级批文", "再延长 5 个工作日", "2026年1月15日"):
        assert text in html, text  # what is decided stands above the decision
    assert re.search(r'name="workdays"[^>]*value="5"', html) or re.search(r'value="5"[^>]*name="workdays"', html)
    head.post(f"/cases/{KEY}/do/approve_extension", key=str(head.seq), workdays="5", opinion="同意")
    assert "没有等待您审批的事项" in head.get("/approvals").html
    told = head.get(f"/cases/{KEY}/do/notify_extension").html
    assert 'value="2026-01-15"' in told


def test_a_date_is_told_once_beside_what_it_means() -> None:
    _, head = asked()
    about = head.get(f"/cases/{KEY}/do/approve_extension").html.split('class="sw-about')[1].split("</section>")[0]
    assert about.count("2026年1月8日") == 1
    rows = head.get("/approvals").html.split('class="sw-duties"')[1]
    assert rows.count("2026年1月8日") == rows.count('class="sw-duty ') == 1


def current(html: str) -> str:
    """Where the menu says that somebody is."""
    found = re.search(r'class="sw-nav__link" href="([^"]+)"[^>]*aria-current="page"', html)
    return found[1] if found else ""


def test_who_comes_from_the_approvals_stays_there_in_the_menu() -> None:
    _, head = asked()
    case = f"/cases/{KEY}"
    assert f'href="{case}?from=approvals"' in head.get("/approvals").html
    for path in (case, f"{case}/do/approve_extension"):
        assert current(head.get(path).html) == "/cases"
        html = head.get(path, **{"from": "approvals"}).html
        assert current(html) == "/approvals"
        assert f"{case}/do/approve_extension?from=approvals" in html, "it is carried on"
    assert current(head.get(case, **{"from": "centre"}).html) == "/cases", "no other page says so"
    form = {"key": [str(head.seq)], "workdays": ["5"], "opinion": ["同意"]}
    came = {"from": ["approvals"]}
    answer = head.answer(Request("POST", f"{case}/do/approve_extension", came, form, "zh-CN"))
    assert answer.location == f"{case}?done=decision&from=approvals"


def test_the_button_of_a_step_names_it() -> None:
    _, head = asked()
    for lang, words in (("zh-CN", "批准延期"), ("en", "Approve the extension")):
        html = head.get(f"/cases/{KEY}/do/approve_extension", lang).html
        assert re.search(rf'<button type="submit"[^>]*>\s*{words}\s*</button>', html)


def test_a_form_with_faults_says_so_in_its_title() -> None:
    _, head = asked()
    path = f"/cases/{KEY}/do/approve_extension"
    assert "<title>批准延期" in head.get(path).html
    answer = head.post(path, key=str(head.seq), workdays="x")
    assert answer.status == 422
    assert "<title>错误：批准延期" in answer.html
    main = answer.html.split('id="main-content"')[1]
    assert main.index("govuk-error-summary") < main.index("<h1")


def test_assisting_units_are_ticked_from_the_list() -> None:
    lin = Desk()
    lin.post("/register", **service_form(outcome="register"))
    lin.post(f"/cases/{KEY}/do/request_lead", key=str(lin.seq), note="涉及两个单位")
    leader = Desk("chen", store=lin.store, now=lin.now + timedelta(hours=1), code="C1")
    path = f"/cases/{KEY}/do/designate_lead"
    html = leader.get(path).html
    assert re.findall(r'name="assists" type="checkbox" value="(\w+)"', html) == [*DIRECTORY.units]
    typed = {"key": "1", "lead": "shuiwu", "handler": "wang"}
    itself = leader.post(path, **typed, assists=["shuiwu", "xingqiao"])
    assert itself.status == 422
    assert 'href="#assists"' in itself.html
    assert len(re.findall(r'name="assists" type="checkbox" value="\w+" checked', itself.html)) == 2
    assert "名单外的单位请写入备注" in html
    elsewhere = leader.post(path, **typed, assists=["市气象局", "xingqiao"])
    assert (elsewhere.status, elsewhere.acts) == (422, ())
    assert 'href="#assists">' in elsewhere.html
    assert "名单上没有：市气象局" in elsewhere.html, "what was sent is told, not dropped"
    assert re.findall(r'name="assists" type="checkbox" value="(\w+)" checked', elsewhere.html) == ["xingqiao"]
    assert leader.post(path, **typed, assists=["xingqiao"]).status == 303
    held = lin.store.case(KEY)
    assert held is not None
    assert held.acts[-1].act.events[0]["assists"] == ["xingqiao"]


def test_only_who_may_work_on_cases_is_offered_as_a_handler() -> None:
    people = {
        **DIRECTORY.people,
        "heli": Person("heli", "贺莉", "centre", "系统管理员", "0510-86000012", ("admin",)),
        "yan": Person("yan", "严静", "centre", "安全审计员", "0510-86000013", ("audit",)),
    }
    lin = Desk(store=FakeStore(replace(DIRECTORY, people=people)))
    lin.post("/register", **service_form(outcome="register"))
    lin.post(f"/cases/{KEY}/do/request_lead", key=str(lin.seq), note="涉及两个单位")
    leader = Desk("chen", store=lin.store, now=lin.now + timedelta(hours=1), code="C1")
    html = leader.get(f"/cases/{KEY}/do/designate_lead").html
    offered = re.findall(r'value="(wang|chen|gong|heli|yan)"', html)
    assert offered == ["wang", "chen"], "no support staff, administrator or auditor"
    assert leader.post(f"/cases/{KEY}/do/designate_lead", key="1", lead="shuiwu", handler="heli").status == 422


def test_only_who_decides_sees_the_page_in_the_menu() -> None:
    lin, head = asked()
    assert 'href="/approvals"' in head.get("/today").html
    assert 'href="/approvals"' not in lin.get("/today").html
    assert f"/cases/{KEY}" not in lin.get("/approvals").html
    other = Desk("head", store=FakeStore(), code="H2")
    assert "没有等待您审批的事项" in other.get("/approvals").html


def test_what_the_rules_propose_is_said_in_words_where_it_is_decided() -> None:
    """A receipt that was due at once and is missing the next day may be a breach (B-02): the dispatch desk must see which."""
    lin = Desk()
    lin.post("/register", **service_form(complete="no", outcome="notice", missing="用地证明"))
    head = Desk("chen", store=lin.store, now=lin.now + timedelta(days=1), code="H1")
    card = joined(head.get("/approvals").html)
    assert "可能的违规" in card
    assert "（B-02）" in card
    form = joined(head.get(f"/cases/{KEY}/do/decline_proposal").html)
    assert "可能的违规" in form
    head.post(f"/cases/{KEY}/do/decline_proposal", key=str(head.seq), proposal="breach:B-02", reason="当场已收齐")
    case = head.get(f"/cases/{KEY}", "en").html
    assert "Possible breach" in case
    assert "breach:B-02" not in case


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("pack", sorted(load_packs()))
def test_every_proposal_has_words(pack: str, lang: str) -> None:
    around = Surroundings(now=NOW, new_id=str, next_device_seq=1, app_version="0.1.0")
    turn = Turn(Request("GET", "/", lang=lang), FakeStore(DIRECTORY), Identity("head", "d1", "K7Q"), around)
    law = load_packs()[pack]
    names = ["merge", "accountability_file", "offline_excuse", "breach:B-02", "breach:B-08", "breach:B-15"]
    names += [f"supervision:{row.id}" for row in law.supervision] + [f"alert:{row.id}" for row in law.common.unnumbered]
    for name in names:
        words = proposal_words(turn, law, name)
        assert words != name
        assert not re.search(r"proposal\.|(supervision|breach|alert):\S", words), words
        assert lang == "en" or re.search("[一-鿿]{2}", words), words


def test_today_says_what_waits_for_a_decision_and_leads_there() -> None:
    lin, head = asked()
    assert '<a class="govuk-link" href="/approvals">有 1 件事项等待您审批</a>' in head.get("/today").html
    assert "1 matter waits for your decision" in head.get("/today", "en").html
    assert 'id="decisions"' not in lin.get("/today").html
    head.post(f"/cases/{KEY}/do/approve_extension", key=str(head.seq), workdays="5", opinion="同意")
    assert 'id="decisions"' not in head.get("/today").html


def test_a_refusal_that_was_reported_is_decided_by_the_reason_of_its_proposal() -> None:
    city = read_directory(directory_document())
    lin = Desk("linxiao", store=FakeStore(city))
    lin.post(
        "/register",
        **service_form(
            offer="matter",
            matter="matter:BZ:approval",
            outcome="accept",
            channel="document",
            claimant="outside_unit",
            claimant_id="",
        ),
    )
    [case] = lin.store.acts
    for command, typed in (
        ("propose_refusal", {"reason": "不符合共建条件。"}),
        ("report_refusal", {"note": "报分管领导。"}),
    ):
        page = lin.get(f"/cases/{case}/do/{command}").html
        assert lin.post(f"/cases/{case}/do/{command}", **filled(page, typed)).status == 303
    leader = Desk("wuhaiyan", store=lin.store, now=lin.now + timedelta(hours=1), code="H1")
    assert "不符合共建条件。" in leader.get("/approvals").html
    # The refusal's clock stands while the leaders meet (BZ-FD-2): then there is no date before which it must be told.
    told_by = "须在此日前告知当事人"
    page = leader.get(f"/cases/{case}/do/mark_refusal_major").html
    assert told_by in page
    assert leader.post(f"/cases/{case}/do/mark_refusal_major", **filled(page, {})).status == 303
    met = leader.get(f"/cases/{case}/do/record_leaders_meeting")
    assert met.status == 200
    assert told_by not in met.html


@pytest.mark.parametrize(
    ("pack", "approver", "others"), [("WH", "wuhaiyan", ("sunguoping",)), ("HL", "fangyun", ("sunguoping", "wuhaiyan"))]
)
def test_only_whom_the_regulation_names_is_asked_for_an_extension(
    pack: str, approver: str, others: tuple[str, ...]
) -> None:
    """Nobody fills in a form to hear afterwards that another one decides (WH-XS-6, HL-7)."""
    steps = (
        *((DELIVERED, TAKEN) if pack == "HL" else ()),
        ("request_extension", {"reason": "外地未回函", "workdays": 5}),
    )
    way = FurtherStep(MATTER[pack], steps, {}, approver)
    desk, case = in_front_of(way, pack)
    for command in ("approve_extension", "refuse_extension"):
        assert f'href="{case}/do/{command}?from=approvals"' in desk.get("/approvals").html
        for other in others:
            head = in_front_of(replace(way, who=other), pack)[0]
            assert f"/do/{command}" not in head.get("/approvals").html + head.get(case).html
            told = head.get(f"{case}/do/{command}")
            assert told.status == 409
            assert "批准" in told.html


def test_a_case_that_is_handed_back_is_taken_over_there() -> None:
    """Who handed it on may take it back, but is not led to it; who gets it is."""
    handed = ("hand_over", {"to": "liuxi"})
    back = (handed, ("accept_handover", {"by": "xujing"}), ("hand_over", {"to": "xingqiao"}))
    for steps, first, other in (((handed,), "xujing", "zhaolei"), (back, "zhaolei", "xujing")):
        way = FurtherStep(MATTER["WH"], steps, {}, first)
        desk, case = in_front_of(way, "WH")
        assert re.search(
            rf'class="govuk-button govuk-!-margin-bottom-0" href="{case}/do/accept_handover"', desk.get(case).html
        )
        desk.post(f"{case}/do/accept_handover", key=str(desk.seq))
        assert "/do/accept_handover" not in desk.get(case).html
        sender = in_front_of(replace(way, who=other), "WH")[0].get(case).html
        assert re.search(rf'govuk-button--secondary govuk-!-margin-bottom-0" href="{case}/do/accept_handover"', sender)


def test_who_arranges_for_two_who_are_away_reads_when() -> None:
    away = [
        ("record_absence", {"who": who, "from": "2025-12-24", "to": f"2025-12-{26 + n}", "briefed": True})
        for n, who in enumerate("AB")
    ]
    desk, _ = in_front_of(FurtherStep({"matter": "rights"}, (TAKEN, *away), {}, "sunguoping"), "BZ")
    html = joined(desk.get("/approvals").html)
    for text in (
        "A岗自2025年12月24日 周三至2025年12月26日 周五离岗",
        "B岗自2025年12月24日 周三至2025年12月27日 周六离岗",
    ):
        assert text in html


def test_an_absence_of_one_day_is_not_from_that_day_to_itself() -> None:
    away = [
        ("record_absence", {"who": who, "from": "2025-12-24", "to": last, "briefed": True})
        for who, last in (("A", "2025-12-24"), ("B", "2025-12-26"))
    ]
    desk, _ = in_front_of(FurtherStep({"matter": "rights"}, (TAKEN, *away), {}, "sunguoping"), "BZ")
    assert "A岗2025年12月24日 周三离岗" in joined(desk.get("/approvals").html)
    assert "Post A is away on Wed 24 Dec 2025" in joined(desk.get("/approvals", "en").html)


def test_after_the_leaders_meeting_the_decision_comes_first() -> None:
    refusal = (
        TAKEN, ("propose_refusal", {"reason": "不符合条件"}), ("report_refusal", {}), ("mark_refusal_major", {}),
        ("record_leaders_meeting", {"opinion": "不予批复"}),
    )  # fmt: skip
    again = (*refusal, ("decide_refusal", {"outcome": "correct"}), *refusal[1:-1])  # its own meeting (BZ-FD-2)
    for steps, first in (
        (refusal[:-1], "record_leaders_meeting"), (refusal, "decide_refusal"), (again, "record_leaders_meeting"),
    ):  # fmt: skip
        desk, case = in_front_of(FurtherStep(MATTER["BZ"], steps, {}, "wuhaiyan"), "BZ")
        found = re.search(rf'class="govuk-button govuk-!-margin-bottom-0" href="{case}/do/(\w+)"', desk.get(case).html)
        assert found
        assert found[1] == first
        # Who decides after the meeting reads what it came to; the meeting on an earlier refusal says nothing here.
        assert ("不予批复" in desk.get("/approvals").html) == (steps == refusal)
        assert ("不予批复" in desk.get(f"{case}/do/{first}").html) == (steps == refusal)


def test_a_solution_that_a_leader_proposes_is_said_in_words() -> None:
    steps = (TAKEN, ("propose_refusal", {"reason": "不符合条件"}), ("report_refusal", {}))
    desk, case = in_front_of(FurtherStep(MATTER["BZ"], steps, {}, "wuhaiyan"), "BZ")
    silent = desk.post(f"{case}/do/decide_refusal", key=str(desk.seq), outcome="solve")
    assert silent.status == 422
    assert 'href="#note"' in silent.html
    assert (
        desk.post(f"{case}/do/decide_refusal", key=str(desk.seq), outcome="solve", note="改由镇文化站承办").status
        == 303
    )


def test_nobody_else_refuses_an_extension_past_the_page() -> None:
    """What a page does not offer is not taken from a device either: the decision itself asks who decides (WH-XS-6)."""
    way = FurtherStep(MATTER["WH"], (("request_extension", {"reason": "外地未回函", "workdays": 5}),), {}, "wuhaiyan")
    desk, case = in_front_of(way, "WH")
    acts = desk.store.acts[case.rsplit("/", 1)[1]]
    for roles, allowed in ((frozenset({"unit_head"}), False), (frozenset({"leader"}), True)):
        context = Context(desk.now, load_packs(), desk.store.calendar(), {}, user="x", roles=roles, unit="xingqiao")
        command = Command("refuse_extension", {"reason": "不能延期"})
        if allowed:
            assert decide(fold("ab" * 16, order(tuple(acts))), command, context)
        else:
            with pytest.raises(Refused, match="leader"):
                decide(fold("ab" * 16, order(tuple(acts))), command, context)


def test_the_trigger_that_the_rules_propose_is_chosen_already() -> None:
    late = FurtherStep(MATTER["HL"], (DELIVERED,), who=FANG, later=timedelta(days=30))
    desk, case = in_front_of(late, "HL")
    page = desk.get(f"{case}/do/start_supervision").html
    assert page.count("checked") == 1
    assert re.search(r'value="HL-8\(1\)"[^>]*checked', page)


def test_what_waits_and_what_the_rules_point_out_stand_apart() -> None:
    """The number on Today is that of the first list; doing comes before declining."""
    waits = ("request_extension", {"reason": "外地未回函", "workdays": 5})
    desk, case = in_front_of(FurtherStep(MATTER["WH"], (waits, COMPLAINED), {}, "wuhaiyan"), "WH")
    html = desk.get("/approvals").html
    lists = re.findall(r'<h2[^>]*id="approvals-\d">(.*?)<span[^>]*>（(\d)）', html)
    assert lists == [("等待您审批", "1"), ("制度提示，是否采纳由您决定", "1")]
    assert "有 1 件事项等待您审批" in desk.get("/today").html
    steps = re.findall(rf'href="{case}/do/(\w+)\?from=approvals"', html)
    assert steps == ["approve_extension", "refuse_extension", "open_accountability", "decline_proposal"]


def test_who_decided_one_is_led_to_the_next() -> None:
    filed = (TAKEN, ("propose_refusal", {"reason": "不符合条件"}), ("report_refusal", {}))
    desk, case = in_front_of(FurtherStep(MATTER["BZ"], filed, {}, "wuhaiyan"), "BZ")
    answer = desk.post(f"{case}/do/mark_refusal_major", key=str(desk.seq))
    assert answer.location == f"{case}?done=decision"
    assert 'id="decisions"' in desk.get(case, done="decision").html  # the leaders' meeting is to be recorded
    assert 'id="decisions"' not in desk.get(case).html
    desk.post(f"{case}/do/record_leaders_meeting", key=str(desk.seq), opinion="不予批复")
    desk.post(f"{case}/do/decide_refusal", key=str(desk.seq), outcome="agree")
    assert 'id="decisions"' not in desk.get(case, done="decision").html  # nothing waits any more


def test_a_leader_is_not_led_to_the_work_of_the_handler() -> None:
    for who, led in (("linxiao", True), ("wuhaiyan", False)):
        desk, case = in_front_of(FurtherStep(MATTER["WH"], (TAKEN,), {}, who), "WH")
        html = desk.get(case).html
        assert f'href="{case}/do/complete"' in html
        assert bool(re.search(rf'class="govuk-button govuk-!-margin-bottom-0" href="{case}/do/complete"', html)) == led
