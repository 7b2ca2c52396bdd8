"""What single papers must say to be right in law: whom they address, who signs, which number is which."""

from __future__ import annotations

import re
from typing import Any

from paper_words import AGREED, FILED, WHY, desk_html, lines_to_sign, told
from slip_cases import CALL, LETTER, OUTSIDE, RECEIPT, SERVICE, Step, case_of, city_with, record_events

STROKES = {"width": 600, "height": 200, "strokes": [[10, 20, 40, 60, 90, 20], [200, 100]]}


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
    assert "Post B is away from" in told(desk, case_id, "F-24", "en")


def test_a_document_addresses_a_person_as_a_person() -> None:
    refusal: list[Step] = [("2025-12-25 09:00", "notify_refusal", {"reason": WHY, "form": "written"})]
    text = told(*case_of(SERVICE, refusal), "F-06")
    assert "你于2025年12月24日提出" in text
    assert "可以依法申请行政复议或者提起行政诉讼" in text
    text = told(*case_of({**SERVICE, "claimant": "enterprise"}, refusal), "F-06")
    assert "你单位于2025年12月24日提出" in text
    for form in ("F-13", "F-14", "F-20"):
        assert "你于2025年12月24日提出" in told(*city_with(form), form)


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


def test_orders_inside_the_office_name_who_asks_who_decides_and_who_acts() -> None:
    lead = told(*city_with("F-09"), "F-09")
    assert "请求人（首问责任人） 林晓梅" in lead
    assert "决定人 林晓梅" in lead
    order = told(*city_with("F-10"), "F-10")
    assert "星桥镇：" in order
    back = told(*city_with("F-11"), "F-11")
    for entry in ("批示领导（交办单位） 赵六", "承办处室（单位） 星桥镇", "承办人 林晓梅"):
        assert entry in back


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
    assert lines_to_sign(desk, case_id, "F-30") == ["登记人", "日期"]
    for form, who in (("F-35", "审核人"), ("F-36", "回访人")):
        assert lines_to_sign(*city_with(form), form) == [who, "日期"]


def test_the_short_mark_of_an_article_unfolds_for_an_officer() -> None:
    desk, case_id = city_with("F-01")
    page = desk.get(f"/cases/{case_id}").html
    assert re.search(r'title="《[^"]*实施意见》（澄政办发〔2012〕17号）第三部分第（三）项第5点">JY-3\.3\.5<', page)
    english = desk.get("/today", "en").html
    assert re.search(r'title="Opinions on [^"]*, part 3, item \(3\), point \d">JY-3\.3\.\d<', english)
