"""A copy says what its original said, and each of several papers of a case has its own facts."""

from __future__ import annotations

import re

import pytest
from paper_words import WHY, copies, told
from slip_cases import CALL, LETTER, SERVICE, Step, case_of, record


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
    assert "补充说明 1份" in second
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


def test_an_order_of_the_leader_keeps_the_unit_that_had_the_case() -> None:
    desk, case_id = case_of(LETTER, [("2025-12-24 12:00", "give_instruction", {"text": "请按期办结。"})])
    before = told(desk, case_id, "F-10")
    record(desk.store, case_id, "2025-12-25 09:00", "hand_over", {"to": "shuiwu"})
    assert told(desk, case_id, "F-10") == before
