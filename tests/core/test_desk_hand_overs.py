"""Whose move it is after a hand-over: who may work on the case, who reads why not, and who still answers for it."""

from __future__ import annotations

import re

from town_desks import ALLOWANCE, LETTER, UNPAID, Town

from py_core.cases.commands import COMMANDS


def test_the_work_of_a_case_belongs_to_the_unit_that_took_it_over() -> None:
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **LETTER, outcome="register")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    town.take("xujing", "/cases/{}/do/accept_handover")
    work = ("complete", "hand_over", "notify_refusal", "request_extension")
    steps = {who: re.findall(r"/do/(\w+)", town.desks[who].get(f"/cases/{town.case}").html) for who in town.desks}
    assert set(work) <= {*steps["xujing"]}
    assert not set(work) & {*steps["linxiao"]}, "who registered it follows it, but does not work on it"
    assert {"note", "file_complaint"} <= {*steps["linxiao"]}
    refused = town.desks["linxiao"].post(f"/cases/{town.case}/do/complete", key="1", text="已办结")
    assert (refused.status, refused.acts) == (409, ())
    assert "柳溪镇" in refused.html
    assert re.search(r"（WH-[^）]+）。", refused.html), "with its article"
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    town.take("linxiao", "/cases/{}/do/accept_handover")
    assert "/do/complete" in town.desks["linxiao"].get(f"/cases/{town.case}").html, "handed back"


def steps_of(town: Town, who: str) -> list[str]:
    return re.findall(r"/do/(\w+)", town.page(who))


def whose_move(town: Town, who: str) -> str:
    found = re.search(r'id="whose-move">(.*?)</p>', town.page(who))
    return re.sub(r"<[^>]*>", "", found[1]) if found else ""


def handler_of(town: Town, who: str) -> str:
    found = re.search(r"经办人员\s*</dt>\s*<dd[^>]*>\s*([^<]*)", town.page(who))
    return found[1] if found else ""


def test_after_a_hand_over_the_section_in_charge_answers_and_both_sides_read_it() -> None:
    """BZ-SW-4, JY-3.2.5: guiding to the section in charge releases who was asked first (§5.2 L06)."""
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **UNPAID)
    assert "complete" in steps_of(town, "linxiao") or "reply" in steps_of(town, "linxiao")
    assert 'id="whose-move"' not in town.page("linxiao")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert not [step for step in steps_of(town, "linxiao") if COMMANDS[step].is_work], (
        "not until somebody takes it over"
    )
    assert "accept_handover" in steps_of(town, "linxiao"), "it can be taken back"
    assert "本件已移交柳溪镇人民政府，由该单位负责办理（BZ-SW-4）" in whose_move(town, "linxiao")
    refused = town.desks["linxiao"].post(f"/cases/{town.case}/do/reply", key="1", text="已协调", opinion="satisfied")
    assert (refused.status, refused.acts) == (409, ())
    assert "本件已移交本单位，由本单位负责办理（BZ-SW-4）。请接手" in whose_move(town, "xujing")
    assert steps_of(town, "xujing")[0] == "accept_handover", "its first step"
    assert "reply" in steps_of(town, "xujing")
    assert "经办人员" not in town.page("xujing"), "nobody there handles it yet"
    town.take("xujing", "/cases/{}/do/accept_handover")
    for who in ("linxiao", "xujing"):
        assert 'id="whose-move"' not in town.page(who)
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    assert "reply" in steps_of(town, "linxiao"), "sent back to the unit that was asked first"
    assert "reply" not in steps_of(town, "xujing")


def test_a_case_that_waits_for_papers_is_taken_over_and_worked_on_where_it_was_handed_to() -> None:
    """JY-3.2.5: what suspends a case shows before the hand-over, and keeps nobody from taking it over."""
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **ALLOWANCE, missing="户口簿复印件", outcome="notice")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "complete_materials" not in steps_of(town, "linxiao")
    assert "请接手" in whose_move(town, "xujing")
    assert "accept_handover" in steps_of(town, "xujing")
    town.take("xujing", "/cases/{}/do/accept_handover")
    assert "complete_materials" in steps_of(town, "xujing")
    assert "accept_handover" not in steps_of(town, "xujing")
    for who in ("linxiao", "xujing"):
        assert not whose_move(town, who)
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    town.take("linxiao", "/cases/{}/do/accept_handover")  # sent in time, and back
    assert "complete_materials" in steps_of(town, "linxiao")


def test_a_case_that_was_accepted_after_a_hand_over_is_the_accepting_unit_s() -> None:
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **UNPAID)
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "accept" not in steps_of(town, "linxiao"), "it is not accepted where it was handed over from"
    town.take("xujing", "/cases/{}/do/accept")
    assert "reply" in steps_of(town, "xujing")
    assert "reply" not in steps_of(town, "linxiao")
    for who in ("linxiao", "xujing"):
        assert 'id="whose-move"' not in town.page(who)
    assert handler_of(town, "linxiao").startswith("徐静")
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    town.take("linxiao", "/cases/{}/do/accept_handover")
    assert handler_of(town, "xujing").startswith("林晓")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    town.take("xujing", "/cases/{}/do/accept")
    assert handler_of(town, "linxiao").startswith("徐静"), "not who took it over before"


def test_until_it_is_taken_over_a_case_stays_with_who_was_asked_first() -> None:
    """WH-SW-4(二)."""
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **LETTER, outcome="register")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "本件已移交柳溪镇人民政府，对方接手之前，仍由首问责任人 林晓负责（WH-SW-4(二)）" in whose_move(
        town, "linxiao"
    )
    assert "本件已移交本单位，接手之前，仍由首问责任人 林晓负责（WH-SW-4(二)）" in whose_move(town, "xujing")
    assert steps_of(town, "xujing")[0] == "accept_handover"


def test_a_suspended_case_that_was_handed_over_says_whose_move_it_is() -> None:
    """WH-SW-4(二): papers that are waited for show before the hand-over, and take nobody's move away."""
    town = Town("linxiao", "xujing")
    town.take(
        "linxiao", "/register", offer="offer:tech-sme-listing", claimant="enterprise", claimant_name="星桥云帆包装有限公司",
        claimant_phone="13812345678", signed="yes", complete="no", missing="研发费用说明", outcome="notice",
    )  # fmt: skip
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "待补正" in town.page("xujing"), "the state that shows"
    for who, said in (("linxiao", "本件已移交柳溪镇人民政府，对方接手之前"), ("xujing", "本件已移交本单位，接手之前")):
        assert said in whose_move(town, who)
    town.take("xujing", "/cases/{}/do/accept_handover")
    assert not whose_move(town, "xujing")


def test_who_assists_is_named_as_assisting_and_not_as_the_handler() -> None:
    """HL-6: the first to accept answers; who accepts for a unit beside it takes that unit's part."""
    town = Town("fangyun", "linxiao", "xujing")
    town.take(
        "fangyun", "/register", offer="offer:hotline-citizen", claimant_name="孙七", claimant_phone="13812345678",
        title="路灯不亮", text="两镇交界处路灯不亮。", channel="phone", request_kind="complaint", outcome="deliver", to_unit="xingqiao",
    )  # fmt: skip
    town.take("fangyun", "/cases/{}/do/deliver", to="liuxi")
    town.take("linxiao", "/cases/{}/do/accept")
    town.take("xujing", "/cases/{}/do/accept")
    rows = dict(re.findall(r"<dt[^>]*>\s*([^<]+?)\s*</dt>\s*<dd[^>]*>\s*([^<]+?)\s*<", town.page("fangyun")))
    assert "林晓" in rows["承办人员"]
    assert "徐静" in rows["协办单位"]


def test_whoever_was_asked_first_gives_the_receipt_after_a_hand_over_too() -> None:
    """JY-3.2.7: the receipt is the first responder's."""
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **ALLOWANCE, identity_told="yes", outcome="register")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    town.take("xujing", "/cases/{}/do/accept_handover")
    assert "/do/issue_receipt" in town.page("linxiao")
    assert "/do/complete" not in town.page("linxiao")
