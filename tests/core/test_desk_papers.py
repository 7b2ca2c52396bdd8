"""What single papers must say to be right in law: who decided, what stood when, what is still to be signed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import pytest
from fakes import Desk, FakeStore
from html_forms import filled
from slip_cases import CALL, CITY, LETTER, OUTSIDE, RECEIPT, SERVICE, Step, case_of, city_with, record, record_events
from test_desk_slips import UNBROKEN, paper, rows

from py_core.directory import Holders, Person, Post

WHY = "因连日降雨，现场踏勘无法按期进行。"
STROKES = {"width": 600, "height": 200, "strokes": [[10, 20, 40, 60, 90, 20], [200, 100]]}
ASKED: list[Step] = [("2025-12-29 09:00", "request_extension", {"reason": WHY, "until": "2026-01-15"})]
GRANTED: list[Step] = [
    *ASKED,
    ("2025-12-29 15:00", "approve_extension", {"by_role": "unit_head", "until": "2026-01-14", "opinion": "同意"}),
    ("2025-12-30 09:00", "notify_extension", {"reason": WHY, "until": "2026-01-14", "form": "written"}),
]
REFUSED_EXTENSION: list[Step] = [*ASKED, ("2025-12-29 15:00", "refuse_extension", {"reason": "材料不足"})]
FILED: list[Step] = [
    ("2025-12-25 09:00", "propose_refusal", {"reason": WHY}),
    ("2025-12-25 10:00", "report_refusal", {}),
]
AGREED: list[Step] = [
    ("2025-12-26 10:00", "decide_refusal", {"outcome": "agree"}),
    ("2025-12-29 09:00", "notify_refusal", {"reason": WHY, "form": "written"}),
]
MET: list[Step] = [
    ("2025-12-25 11:00", "mark_refusal_major", {}),
    ("2025-12-26 09:00", "record_leaders_meeting", {"opinion": "不予受理"}),
]


def told(desk: Desk, case_id: str, form: str, lang: str = "zh-CN") -> str:
    """What stands on a form of a case, with its blanks as one."""
    response = desk.get(f"/cases/{case_id}/slips/{form}", lang)
    assert response.status == 200, response.html
    return _close(paper(response.html))


def of_city(form: str, of: str, desk: Desk | None = None) -> str:
    response = (desk or city_with("F-01")[0]).get(f"/slips/{form}/{of}")
    assert response.status == 200
    return _close(paper(response.html))


def desk_html(desk: Desk, case_id: str, form: str) -> str:
    return desk.get(f"/cases/{case_id}/slips/{form}").html


def _close(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def lines_to_sign(desk: Desk, case_id: str, form: str) -> list[str]:
    """The lines of a form on which somebody signs, with what already stands there."""
    html = desk_html(desk, case_id, form)
    if 'class="sw-slip__sign"' not in html:
        return []
    part = html.split('class="sw-slip__sign"')[1].split("</div>")[0]
    return [
        _close(unescape(re.sub(r"<[^>]*>", " ", UNBROKEN.sub(r"\1", line)))).strip()
        for line in part.split("<span>")[1:]
    ]


def test_a_refusal_names_who_decided_and_where_to_turn() -> None:
    text = told(*case_of(OUTSIDE, [*FILED, *AGREED]), "F-17")
    assert "你单位于2025年12月24日提出" in text
    assert "经报分管领导同意，决定不予受理。" in text
    assert "可向科协办公室反映（监督投诉电话0510-\u206086010009）" in text
    text = told(*case_of(OUTSIDE, [*FILED, *MET, *AGREED]), "F-17")
    assert "经集体研究，决定不予受理。" in text
    assert "分管领导" not in text


def test_a_refusal_is_not_told_as_decided_by_a_meeting_on_an_earlier_one() -> None:
    again: list[Step] = [
        *FILED, *MET,
        ("2025-12-26 10:00", "decide_refusal", {"outcome": "correct"}),
        ("2025-12-27 09:00", "propose_refusal", {"reason": WHY}),
        ("2025-12-27 10:00", "report_refusal", {}),
    ]  # fmt: skip
    end: list[Step] = [
        ("2025-12-29 09:00", "decide_refusal", {"outcome": "agree"}),
        ("2025-12-29 10:00", "notify_refusal", {"reason": WHY, "form": "written"}),
    ]
    text = told(*case_of(OUTSIDE, [*again, *end]), "F-17")
    assert "经报分管领导同意，决定" in text
    assert "集体研究" not in text
    met: list[Step] = [(day.replace("12-25", "12-27"), name, given) for day, name, given in MET[:1]]
    met.append(("2025-12-28 09:00", *MET[1][1:]))
    assert "经集体研究，决定" in told(*case_of(OUTSIDE, [*again, *met, *end]), "F-17")


def test_a_copy_of_a_refusal_says_not_accepted_though_the_case_was_accepted_after_it() -> None:
    desk, case_id = case_of(OUTSIDE, [*FILED, *AGREED])
    accepted = {"type": "accepted", "by": "wang"}  # on a device without network, which came later
    record_events(desk.store, case_id, "2026-01-05 09:00", accepted)
    assert "决定不予受理。" in told(desk, case_id, "F-17")


def test_a_report_names_who_accepted_the_case_when_it_came_back() -> None:
    back: list[Step] = [
        ("2025-12-24 11:00", "hand_over", {"to": "shuiwu"}),
        ("2025-12-24 14:00", "accept_handover", {"by": "wang"}),
        ("2025-12-25 10:00", "hand_over", {"to": "xingqiao"}),
    ]
    desk, case_id = case_of({**LETTER, "matter": "instruction.general"}, back)
    for moment, user, event in (
        ("2025-12-25 11:00", "zhou", {"type": "accepted", "by": "zhou"}),
        ("2025-12-26 09:00", "lin", {"type": "reported_back", "text": "已办结。"}),
    ):
        record_events(desk.store, case_id, moment, event, user=user)
    assert "承办人 周建国" in told(desk, case_id, "F-11")


def test_an_arrangement_says_who_is_away_from_when_to_when() -> None:
    """BZ-AB-4: A and B are away each for their own days; later absences are not what was arranged for."""
    away = (("B", "2025-12-25", "2025-12-26"), ("A", "2025-12-25", "2025-12-30"), ("B", "2026-02-02", "2026-02-06"))
    steps: list[Step] = [
        ("2025-12-25 08:00", "record_absence", {"who": who, "from": first, "to": last, "briefed": True})
        for who, first, last in away
    ]
    steps.append(("2025-12-25 08:30", "arrange_acting", {"by": "head", "who": "zhou"}))
    desk, case_id = case_of(OUTSIDE, steps)
    text = told(desk, case_id, "F-24")
    assert "A岗自2025年12月25日至2025年12月30日离岗 B岗自2025年12月25日至2025年12月26日离岗" in text
    assert "2026年2月" not in text
    assert "post B is away from" in told(desk, case_id, "F-24", "en")


def test_a_document_addresses_a_person_as_a_person() -> None:
    refusal: list[Step] = [("2025-12-25 09:00", "notify_refusal", {"reason": WHY, "form": "written"})]
    text = told(*case_of(SERVICE, refusal), "F-06")
    assert "你于2025年12月24日提出" in text
    assert "可以依法申请行政复议或者提起行政诉讼" in text
    text = told(*case_of({**SERVICE, "claimant": "enterprise"}, refusal), "F-06")
    assert "你单位于2025年12月24日提出" in text
    for form in ("F-13", "F-14", "F-20"):
        assert "你于2025年12月24日提出" in told(*city_with(form), form)


def test_a_refusal_names_the_competent_body_where_there_is_one() -> None:
    refusal = {"reason": "不属本镇职责", "form": "written"}
    elsewhere = {**refusal, "to_body": "市自然资源局"}
    assert "该事项由市自然资源局办理，请向其提出。" in told(
        *case_of(SERVICE, [("2025-12-25 09:00", "notify_refusal", elsewhere)]), "F-06"
    )
    assert "请向其提出" not in told(*case_of(SERVICE, [("2025-12-25 09:00", "notify_refusal", refusal)]), "F-06")


def test_what_ends_in_no_decision_offers_no_review_of_one() -> None:
    letter = {**LETTER, "claimant": "person"}
    refusal: list[Step] = [("2025-12-25 09:00", "notify_refusal", {"reason": WHY, "form": "written"})]
    assert "行政复议" not in told(*case_of(letter, refusal), "F-06")
    without_law = {name: value for name, value in SERVICE.items() if name != "statutory"}
    assert "行政复议" not in told(*case_of(without_law, refusal), "F-06"), "no law beside the regulation gives it"


def test_an_answer_is_told_as_an_answer_and_a_result_as_a_result() -> None:
    answered = told(*city_with("F-33"), "F-20")
    assert "已于2025年12月26日答复，现将答复意见告知如下：" in answered
    assert "办理完毕" not in answered
    done = told(*city_with("F-20"), "F-20")
    assert "已于2025年12月30日办理完毕，现将办理结果告知如下：" in done
    assert "答复意见" not in done


def test_an_extension_says_what_stood_what_was_asked_and_who_granted_what() -> None:
    text = told(*case_of(SERVICE, GRANTED), "F-12")
    for entry in ("原办结期限 2026年1月8日", "申请延至 2026年1月15日", "依规定最迟可延至 2026年", "新的期限 2026年1月14日",
                  "审批人 吴镇长"):  # fmt: skip
        assert entry in text


def test_a_refused_extension_moves_nothing_and_is_told_to_nobody() -> None:
    desk, case_id = case_of(SERVICE, REFUSED_EXTENSION)
    text = told(desk, case_id, "F-12")
    assert "申请延至 2026年1月15日" in text
    assert "新的期限 不予延期，仍按原办结期限办理" in text
    assert "F-13" not in rows(desk, case_id)


def test_a_decision_is_printed_with_the_request_that_it_decided() -> None:
    again: list[Step] = [
        *REFUSED_EXTENSION,
        ("2025-12-30 09:00", "request_extension", {"reason": "等待市里批文", "until": "2026-01-20"}),
    ]
    text = told(*case_of(SERVICE, again), "F-12")
    for entry in ("申请时间 2025年12月29日 09:00", WHY, "申请延至 2026年1月15日"):
        assert entry in text
    assert "等待市里批文" not in text
    approved = {"by_role": "unit_head", "until": "2026-01-20", "opinion": "同意"}
    text = told(*case_of(SERVICE, [*again, ("2025-12-30 15:00", "approve_extension", approved)]), "F-12")
    assert "等待市里批文" in text
    assert "申请时间 2025年12月30日 09:00" in text


def test_a_filed_refusal_is_printed_with_its_own_reason_and_decision() -> None:
    again: list[Step] = [
        *FILED,
        ("2025-12-26 10:00", "decide_refusal", {"outcome": "correct", "note": "先予受理"}),
        ("2025-12-27 09:00", "propose_refusal", {"reason": "缺少用地证明"}),
        ("2025-12-27 10:00", "report_refusal", {}),
    ]
    desk, case_id = case_of(OUTSIDE, again)
    text = told(desk, case_id, "F-15")
    assert "缺少用地证明" in text
    assert "先予受理" not in text
    assert "分管领导意见" not in text  # on this one nobody has decided yet
    assert WHY not in text
    record(desk.store, case_id, "2025-12-28 09:00", "decide_refusal", {"outcome": "agree", "note": "同意否定"})
    assert "同意否定" in told(desk, case_id, "F-15")
    held = desk.store.case(case_id)
    assert held is not None
    first = next(each.hash for each in held.acts if each.act.kind == "report_refusal")
    text = _close(paper(desk.get(f"/cases/{case_id}/slips/F-15", act=first[:12]).html))
    for entry in (WHY, "先予受理"):
        assert entry in text
    for entry in ("缺少用地证明", "同意否定"):
        assert entry not in text


def test_an_extension_names_the_limit_that_stood_at_the_decision() -> None:
    """As the law counts it and the notice tells it: a procedure that began after the request has moved the limit."""
    days: list[Step] = [
        ("2025-12-29 09:00", "request_extension", {"reason": WHY, "workdays": 5}),
        ("2025-12-29 10:00", "start_procedure",
         {"id": "K7Q-9", "procedure": "on_site_check", "expected_workdays": 2, "told": True}),
        ("2025-12-31 09:00", "finish_procedure", {"id": "K7Q-9"}),
        ("2025-12-31 15:00", "approve_extension", {"by_role": "unit_head", "workdays": 5, "opinion": "同意"}),
    ]  # fmt: skip
    desk, case_id = case_of(SERVICE, days)
    page = desk.get(f"/cases/{case_id}/do/notify_extension").html
    due = re.search(r'name="until"[^>]*value="([^"]*)"', page)
    assert due
    text = told(desk, case_id, "F-12")
    assert "原办结期限 2026年1月12日" in text  # two working days later than at the request
    year, month, day = (int(part) for part in due[1].split("-"))
    assert f"新的期限 {year}年{month}月{day}日" in text
    assert f"申请延至 {year}年{month}月{day}日" in text


def test_of_a_case_that_is_over_no_form_is_still_to_come() -> None:
    referred: list[Step] = [("2025-12-24 11:00", "refer_out", {"to_body": "水务局", "explanation": WHY})]
    waiting = {key: value for key, value in SERVICE.items() if key != "accept_by"}
    desk, case_id = case_of(waiting, referred)
    found = rows(desk, case_id)
    assert "F-07" in found
    assert not [row for _, row in found.values() if "暂不能出具" in row]
    assert "可打印" in found["F-01"][1]


def test_the_receipt_tells_when_the_papers_came_and_when_it_was_written() -> None:
    desk, case_id = case_of(
        {**SERVICE, "first_responder_phone": ""}, [("2025-12-24 15:30", "issue_receipt", _receipt())]
    )
    text = told(desk, case_id, "F-02")
    assert re.search(r"收件时间 2025年12月24日 10:00 回执出具时间 2025年12月24日 15:30", text)


def _receipt() -> dict[str, Any]:
    return {key: value for key, value in RECEIPT.items() if key != "issue_receipt"}


def test_a_registration_leaves_no_line_where_it_was_signed_or_will_not_be() -> None:
    drawn = case_of({**SERVICE, "strokes": STROKES}, [])
    assert lines_to_sign(*drawn, "F-01")[1] == "日期 2025年12月24日"
    assert "<svg" in desk_html(*drawn, "F-01").split("sw-slip__sign")[1].split("日期")[0]
    assert "已签字认可，见原签字件" not in told(*drawn, "F-01")
    elsewhere = case_of(SERVICE, [])
    assert lines_to_sign(*elsewhere, "F-01") == []
    assert "已签字认可，见原签字件" in told(*elsewhere, "F-01")
    never = case_of({**SERVICE, "signed": False, "unsigned_reason": "手部受伤"}, [])
    assert lines_to_sign(*never, "F-01") == []
    assert "手部受伤" in told(*never, "F-01")
    on_paper = case_of({**SERVICE, "signed": False}, [])
    assert lines_to_sign(*on_paper, "F-01") == ["服务对象签字", "日期"]


def test_the_card_tells_the_duty_not_the_title() -> None:
    text = told(*city_with("F-03"), "F-03")
    assert "职责 综合受理岗" in text
    assert "便民服务中心窗口" not in text
    desk, case_id = city_with("F-03")
    law = Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin")
    desk.store._directory = replace(CITY, posts={**CITY.posts, "law": law})
    assert "综合执法岗" not in told(desk, case_id, "F-03")  # hers only as the stand-in
    desk.store._directory = replace(CITY, posts={"law": law})
    assert "职责 综合执法岗" in told(desk, case_id, "F-03")


def test_a_notice_asks_for_corrections_and_says_whom_to_ring() -> None:
    text = told(*city_with("F-04"), "F-04")
    assert "需补正的全部内容 用地证明缺原件" in text
    assert "不予办理的理由" not in text
    assert "经办人 林晓梅" in text
    assert "联系电话 0510-86010011" in text


def test_a_further_notice_tells_what_was_told_before_from_what_is_new() -> None:
    desk, case_id = city_with("F-04")
    assert "本次新增" not in told(desk, case_id, "F-04")
    again = {"items": ["用地证明缺原件", "申请表缺页"], "form": "written", "overlooked": True}
    record(desk.store, case_id, "2025-12-25 09:00", "notify_correction", again)
    text = told(desk, case_id, "F-04")
    assert "用地证明缺原件（前次已告知，尚未补正）" in text
    assert "申请表缺页（本次新增）" in text


def test_an_item_in_other_words_is_not_called_new() -> None:
    desk, case_id = city_with("F-04")
    again = {"items": ["用地证明缺原件", "请在申请表上签字"], "form": "written"}
    record(desk.store, case_id, "2025-12-25 09:00", "notify_correction", again)
    text = told(desk, case_id, "F-04")
    assert "用地证明缺原件（前次已告知，尚未补正）" in text
    assert "请在申请表上签字" in text
    assert "本次新增" not in text


def test_a_notice_promises_a_later_start_only_where_the_limit_waits_for_the_papers() -> None:
    """Told after five days the application counts as accepted, from its first receipt (JY-3.3.5)."""
    starts = "办理时限自材料补齐之日起计算。"
    assert starts in told(*city_with("F-04"), "F-04")
    lacking = {**SERVICE, "materials_complete": False}
    lacking.pop("accept_by")
    for day, waits in (("2025-12-29", True), ("2026-01-20", False)):
        late: list[Step] = [(f"{day} 09:00", "notify_correction", {"items": ["用地证明缺原件"], "form": "written"})]
        text = told(*case_of(lacking, late), "F-04")
        assert "以上为需补正的全部内容。" in text
        assert (starts in text) == waits


@pytest.mark.parametrize(("form", "steps"), [
    ("F-08", [("2025-12-24 11:00", "hand_over", {"to": "shuiwu"}), ("2025-12-24 14:00", "accept_handover", {"by": "wang"})]),
    ("F-10", [("2025-12-24 12:00", "give_instruction", {"text": "请按期办结。"})]),
])  # fmt: skip
def test_a_copy_tells_the_date_of_the_original(form: str, steps: list[Step]) -> None:
    before = told(*case_of(LETTER, steps), form)
    due = re.search(r"办结期限 (\S+)", before)
    assert due
    extended: list[Step] = [
        ("2026-01-05 09:00", "request_extension", {"reason": WHY, "until": "2026-03-05"}),
        ("2026-01-05 15:00", "approve_extension", {"by_role": "leader", "until": "2026-03-05"}),
        ("2026-01-06 09:00", "notify_extension", {"reason": WHY, "until": "2026-03-05", "form": "written"}),
    ]
    desk, case_id = case_of(LETTER, [*steps, *extended])
    assert "3月5日" in desk.get(f"/cases/{case_id}").html
    assert f"办结期限 {due[1]}" in told(desk, case_id, form)


def copies(desk: Desk, case_id: str, form: str, kind: str) -> list[str]:
    """What stands on the copies of a form, one for each act of this kind, the oldest first."""
    held = desk.store.case(case_id)
    assert held is not None
    acts = [each.hash for each in held.acts if each.act.kind == kind]
    return [_close(paper(desk.get(f"/cases/{case_id}/slips/{form}", act=act[:12]).html)) for act in acts]


def test_each_hand_over_is_printed_with_its_own_taking_over_and_papers() -> None:
    twice: list[Step] = [
        ("2025-12-24 11:00", "hand_over", {"to": "shuiwu"}),
        ("2025-12-24 14:00", "accept_handover", {"by": "wang"}),
        ("2025-12-25 09:00", "receive_materials", {"complete": True, "materials": [{"name": "补充说明", "copies": 1}]}),
        ("2025-12-25 10:00", "hand_over", {"to": "xingqiao"}),
    ]
    desk, case_id = case_of(SERVICE, twice)
    first, second = copies(desk, case_id, "F-08", "hand_over")
    assert "接手时间 2025年12月24日 14:00" in first
    assert "补充说明" not in first
    assert "补充说明 × 1" in second
    assert "接手时间 2025" not in second, "nobody has taken it over a second time"
    record(desk.store, case_id, "2025-12-26 09:00", "accept_handover", {"by": "lin"})
    first, second = copies(desk, case_id, "F-08", "hand_over")
    assert "接手时间 2025年12月24日 14:00" in first
    assert "接手时间 2025年12月26日 09:00" in second


def test_a_work_order_sent_back_keeps_the_papers_of_its_first_round() -> None:
    def round_of(day: str, word: str, end: Step) -> list[Step]:
        return [
            (f"{day} 09:00", "reply", {"text": f"{word}答复", "opinion": "satisfied"}),
            (f"{day} 10:00", "feed_back", {"text": f"{word}反馈"}),
            (f"{day} 11:00", *end[1:]),
        ]

    back = round_of("2025-12-26", "首次", ("", "return_review", {"reason": "未到现场核实"}))
    desk, case_id = case_of(CALL, [*back, *round_of("2025-12-29", "再次", ("", "pass_review", {"note": "属实"}))])
    first, second = copies(desk, case_id, "F-34", "feed_back")
    assert ("首次答复" in first, "再次答复" in first, "2025年12月26日 09:00" in first) == (True, False, True)
    assert ("首次答复" in second, "再次答复" in second) == (False, True)
    returned = copies(desk, case_id, "F-35", "return_review")[0]
    assert ("首次反馈" in returned, "再次反馈" in returned) == (True, False)
    assert "再次反馈" in copies(desk, case_id, "F-35", "pass_review")[0]


def test_a_notice_names_the_day_of_the_first_papers_and_of_those_it_is_about() -> None:
    desk, case_id = city_with("F-04")
    assert "首次收到材料日期 2025年12月24日 告知日期" in told(desk, case_id, "F-04")
    for day, command, given in (
        ("2025-12-29 09:00", "receive_materials", {"complete": False}),
        ("2025-12-29 10:00", "notify_correction", {"items": ["申请表缺页"], "form": "written"}),
    ):
        record(desk.store, case_id, day, command, given)
    text = told(desk, case_id, "F-04")
    assert "首次收到材料日期 2025年12月24日 本次收到材料日期 2025年12月29日" in text
    held = desk.store.case(case_id)
    assert held is not None
    first = _close(paper(desk.get(f"/cases/{case_id}/slips/F-04", act=held.acts[0].hash[:12]).html))
    assert "本次收到材料日期" not in first


def test_days_of_which_nobody_said_the_kind_are_printed_as_days() -> None:
    """Versions before recorded `expected_days`, asked for as mere days: the paper calls them nothing else."""
    started = {"type": "procedure_started", "id": "K7Q-9", "procedure": "on_site_check", "expected_days": 12}
    desk, case_id = case_of(SERVICE, [])
    record_events(desk.store, case_id, "2025-12-25 09:00", {**started, "told": True})
    assert "所需时间：12 日。" in told(desk, case_id, "F-14")
    assert "工作日" not in told(desk, case_id, "F-14")
    assert "预计于" not in told(desk, case_id, "F-14"), "no date can be counted from it"
    assert "Time needed: 12 days." in told(desk, case_id, "F-14", "en")
    assert "所需天数：" in re.sub(r"<[^>]*>", "", desk.get(f"/cases/{case_id}").html)
    desk, case_id = case_of(SERVICE, [])
    record_events(desk.store, case_id, "2025-12-25 09:00", started)
    record(desk.store, case_id, "2025-12-25 10:00", "notify_procedure_time", {"id": "K7Q-9", "expected_workdays": 8})
    assert "所需时间：8 个工作日。" in told(desk, case_id, "F-14")


def test_an_order_of_the_leader_keeps_the_unit_that_had_the_case() -> None:
    desk, case_id = case_of(LETTER, [("2025-12-24 12:00", "give_instruction", {"text": "请按期办结。"})])
    before = told(desk, case_id, "F-10")
    record(desk.store, case_id, "2025-12-25 09:00", "hand_over", {"to": "shuiwu"})
    assert told(desk, case_id, "F-10") == before


def test_who_is_sent_elsewhere_gets_the_way_to_it() -> None:
    waiting = {key: value for key, value in SERVICE.items() if key != "accept_by"}
    text = told(
        *case_of(waiting, [("2025-12-24 11:00", "refer_out", {"to_body": "水务局", "explanation": WHY})]), "F-07"
    )
    assert "该部门地址、电话 0510-86020001" in text
    assert "首问责任人电话 0510-86010011" in text


def test_orders_inside_the_office_name_who_asks_who_decides_and_who_acts() -> None:
    lead = told(*city_with("F-09"), "F-09")
    assert "请求人（首问责任人） 林晓梅" in lead
    assert "决定人 林晓梅" in lead
    order = told(*city_with("F-10"), "F-10")
    assert "星桥镇：" in order
    back = told(*city_with("F-11"), "F-11")
    for entry in ("批示领导（交办单位） 赵六", "承办处室（单位） 星桥镇", "承办人 林晓梅"):
        assert entry in back


def test_a_procedure_is_told_with_its_expected_end() -> None:
    # 12 working days after 25 December 2025: the 4th of January is a working day, the 1st to the 3rd are not.
    assert "预计于2026年1月13日结束" in told(*city_with("F-14"), "F-14")


def test_no_number_is_broken_in_a_document() -> None:
    assert "（编号K7Q-\u2060000001，" in told(*city_with("F-37"), "F-37")


def test_heading_and_foot_say_which_number_is_which() -> None:
    text = told(*city_with("F-13"), "F-13")
    assert re.search(r"F-13 · 文书编号 K7Q-000001-13-\w{4}", text)
    assert "办件编号 K7Q-000001，校验码" in text
    assert "扫码查询办件进度和到期日。" in text
    assert "扫码查询办件情况。" in told(*case_of(OUTSIDE, [*FILED, *AGREED]), "F-17")


def test_a_hotline_s_registration_is_signed_and_not_always_a_call() -> None:
    desk, case_id = case_of({**CALL, "channel": "walk_in", "signed": True}, [])
    text = told(desk, case_id, "F-30")
    assert "受理时间" in text
    assert "来电时间" not in text
    assert lines_to_sign(desk, case_id, "F-30") == ["登记人"]
    for form, who in (("F-35", "审核人"), ("F-36", "回访人")):
        assert lines_to_sign(*city_with(form), form) == [who, "日期"]


def test_the_register_of_posts_is_one_table_filed_with_its_office() -> None:
    desk, _ = city_with("F-01")
    posts = {
        "counter": CITY.posts["counter"],
        "law": Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin", (Holders("zhou", "lin", date(2025, 3, 1)),)),
    }
    desk.store._directory = replace(CITY, posts=posts)
    text = of_city("F-22", "xingqiao", desk)
    assert "科协办公室：" in text
    assert "综合受理岗 林晓梅 周建国 启用名册前已任职" in text
    assert "综合执法岗 周建国 林晓梅 2025年3月1日" in text
    assert text.count("综合执法岗") == 1


@pytest.mark.parametrize("without", ["counter", "law"])
def test_a_post_without_an_english_name_keeps_its_line(without: str) -> None:
    desk, _ = city_with("F-01")
    posts = {"counter": CITY.posts["counter"], "law": Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin")}
    posts[without] = replace(posts[without], en="")
    desk.store._directory = replace(CITY, posts=posts)
    lines = desk.get("/slips/F-22/xingqiao", "en").html.split('class="sw-slip__columns"')[1].split("<tr>")[2:]
    told = {"counter": ("综合受理岗 General counter", "林晓梅"), "law": ("综合执法岗 Law", "周建国")}
    told[without] = (told[without][0].split(" ")[0], told[without][1])
    for line, (name, a) in zip(lines, told.values(), strict=True):
        cells = [_close(re.sub(r"<[^>]*>", " ", cell)).strip() for cell in re.findall(r"<td>(.*?)</td>", line)]
        assert cells[:2] == [name, a]


def test_cards_and_records_to_fill_in_have_room_for_it() -> None:
    card = of_city("F-25", "xingqiao")
    assert card.index("请留下姓名") < card.index("预计返回时间") < card.index("来访时间")
    html = city_with("F-01")[0].get("/slips/F-25/xingqiao").html
    assert html.count('class="sw-slip__blank"') == 5
    over = of_city("F-23", "lin")
    assert "离岗时间（起止）" in over
    assert "其他交代事项" in over
    desk_card = of_city("F-29", "lin")
    for noise in ("第3版", "依据", "F-29 ·"):
        assert noise not in desk_card


def test_a_published_promise_is_dated_by_its_publication() -> None:
    he = Person("he", "何力", "centre", "管理员", "0510-86000012", ("admin",))
    store = FakeStore(replace(CITY, people={**CITY.people, "he": he}))
    admin, officer = Desk("he", store=store, where="server"), Desk("lin", store=store)
    assert "2025年12月24日" in of_city("F-26", "temp-water", officer)  # of the printing, before it is published
    page = "/centre/offers/temp-water"
    told = {
        **filled(admin.get(page).html, {}), "what": "publication", "version": "2", "channel": "notice_board",
        "place": "便民服务中心东墙", "published_on": "2025-12-20", "note": "",
    }  # fmt: skip
    assert admin.post(page, **told).status == 303
    assert "2025年12月20日" in of_city("F-26", "temp-water", officer)
    newer = replace(CITY.offers["temp-water"], version=3)
    store._directory = replace(CITY, people={**CITY.people, "he": he}, offers={**CITY.offers, "temp-water": newer})
    text = of_city("F-26", "temp-water", officer)
    assert "2025年12月24日" in text
    assert "2025年12月20日" not in text  # of the version before


def test_the_limit_on_a_work_order_stays_what_was_sent() -> None:
    desk, case_id = city_with("F-31")
    assert "办理期限 2025年12月31日" in told(desk, case_id, "F-31")
    record(desk.store, case_id, "2025-12-26 09:00", "request_extension", {"reason": WHY, "workdays": 5})
    record(desk.store, case_id, "2025-12-26 15:00", "approve_extension", {"by_role": "dispatch_desk", "workdays": 5})
    record(desk.store, case_id, "2025-12-26 16:00", "notify_extension", {"reason": WHY, "until": "2026-01-08"})
    desk.now = desk.now.replace(month=12, day=27)
    assert "办理期限 2025年12月31日" in told(desk, case_id, "F-31")
    assert "新的期限 2026年1月8日" in told(desk, case_id, "F-12")


def test_the_short_mark_of_an_article_unfolds_for_an_officer() -> None:
    desk, case_id = city_with("F-01")
    page = desk.get(f"/cases/{case_id}").html
    assert re.search(r'title="《[^"]*实施意见》（澄政办发〔2012〕17号）第三部分第（三）项第5点">JY-3\.3\.5<', page)
    english = desk.get("/today", "en").html
    assert re.search(r'title="Opinions on [^"]*, part 3, item \(3\), point \d">JY-3\.3\.\d<', english)
