"""What a notice tells the citizen: which papers are missing, which days count, where to go."""

from __future__ import annotations

import re

from paper_words import WHY, close, paper, told
from slip_cases import SERVICE, Step, case_of, city_with, record, record_events


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
    first = close(paper(desk.get(f"/cases/{case_id}/slips/F-04", act=held.acts[0].hash[:12]).html))
    assert "本次收到材料日期" not in first


def test_days_of_which_nobody_said_the_kind_are_printed_as_days() -> None:
    """Versions before recorded `expected_days`, asked for as mere days: the paper calls them nothing else."""
    started = {"type": "procedure_started", "id": "K7Q-9", "procedure": "on_site_check", "expected_days": 12}
    desk, case_id = case_of(SERVICE, [])
    record_events(desk.store, case_id, "2025-12-25 09:00", {**started, "told": True})
    assert "所需时间：12日。" in told(desk, case_id, "F-14")
    assert "工作日" not in told(desk, case_id, "F-14")
    assert "预计于" not in told(desk, case_id, "F-14"), "no date can be counted from it"
    assert "Time needed: 12 days." in told(desk, case_id, "F-14", "en")
    assert "所需天数：" in re.sub(r"<[^>]*>", "", desk.get(f"/cases/{case_id}").html)
    desk, case_id = case_of(SERVICE, [])
    record_events(desk.store, case_id, "2025-12-25 09:00", started)
    record(desk.store, case_id, "2025-12-25 10:00", "notify_procedure_time", {"id": "K7Q-9", "expected_workdays": 8})
    assert "所需时间：8个工作日。" in told(desk, case_id, "F-14")


def test_who_is_sent_elsewhere_gets_the_way_to_it() -> None:
    waiting = {key: value for key, value in SERVICE.items() if key != "accept_by"}
    text = told(
        *case_of(waiting, [("2025-12-24 11:00", "refer_out", {"to_body": "水务局", "explanation": WHY})]), "F-07"
    )
    assert "该部门地址、电话 0510-86020001" in text
    assert "首问责任人电话 0510-86010011" in text


def test_a_procedure_is_told_with_its_expected_end() -> None:
    # 12 working days after 25 December 2025: the 4th of January is a working day, the 1st to the 3rd are not.
    assert "预计于2026年1月13日结束" in told(*city_with("F-14"), "F-14")
