"""What papers say of an extension: what stood, what was asked, who granted it."""

from __future__ import annotations

import re

from paper_words import WHY, told
from slip_cases import SERVICE, Step, case_of, city_with, record
from test_desk_slips import rows

ASKED: list[Step] = [("2025-12-29 09:00", "request_extension", {"reason": WHY, "until": "2026-01-15"})]
GRANTED: list[Step] = [
    *ASKED,
    ("2025-12-29 15:00", "approve_extension", {"by_role": "unit_head", "until": "2026-01-14", "opinion": "同意"}),
    ("2025-12-30 09:00", "notify_extension", {"reason": WHY, "until": "2026-01-14", "form": "written"}),
]
REFUSED_EXTENSION: list[Step] = [*ASKED, ("2025-12-29 15:00", "refuse_extension", {"reason": "材料不足"})]


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


def test_the_limit_on_a_work_order_stays_what_was_sent() -> None:
    desk, case_id = city_with("F-31")
    assert "办理期限 2025年12月31日" in told(desk, case_id, "F-31")
    record(desk.store, case_id, "2025-12-26 09:00", "request_extension", {"reason": WHY, "workdays": 5})
    record(desk.store, case_id, "2025-12-26 15:00", "approve_extension", {"by_role": "dispatch_desk", "workdays": 5})
    record(desk.store, case_id, "2025-12-26 16:00", "notify_extension", {"reason": WHY, "until": "2026-01-08"})
    desk.now = desk.now.replace(month=12, day=27)
    assert "办理期限 2025年12月31日" in told(desk, case_id, "F-31")
    assert "新的期限 2026年1月8日" in told(desk, case_id, "F-12")
