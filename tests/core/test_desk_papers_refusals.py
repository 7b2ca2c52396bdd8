"""What a paper says of an end: a refusal with who decided it and where to turn, a result, an answer."""

from __future__ import annotations

from paper_words import AGREED, FILED, WHY, close, paper, told
from slip_cases import LETTER, OUTSIDE, SERVICE, Step, case_of, city_with, record, record_events
from test_desk_slips import rows

MET: list[Step] = [
    ("2025-12-25 11:00", "mark_refusal_major", {}),
    ("2025-12-26 09:00", "record_leaders_meeting", {"opinion": "不予受理"}),
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
    assert "分管领导意见 科室负责人" in text  # on this one nobody has decided yet: left to be written by hand
    assert WHY not in text
    record(desk.store, case_id, "2025-12-28 09:00", "decide_refusal", {"outcome": "agree", "note": "同意否定"})
    assert "同意否定" in told(desk, case_id, "F-15")
    held = desk.store.case(case_id)
    assert held is not None
    first = next(each.hash for each in held.acts if each.act.kind == "report_refusal")
    text = close(paper(desk.get(f"/cases/{case_id}/slips/F-15", act=first[:12]).html))
    for entry in (WHY, "先予受理"):
        assert entry in text
    for entry in ("缺少用地证明", "同意否定"):
        assert entry not in text


def test_of_a_case_that_is_over_no_form_is_still_to_come() -> None:
    referred: list[Step] = [("2025-12-24 11:00", "refer_out", {"to_body": "水务局", "explanation": WHY})]
    waiting = {key: value for key, value in SERVICE.items() if key != "accept_by"}
    desk, case_id = case_of(waiting, referred)
    found = rows(desk, case_id)
    assert "F-07" in found
    assert not [row for _, row in found.values() if "暂不能出具" in row]
    assert "可打印" in found["F-01"][1]
