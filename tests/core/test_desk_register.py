"""Registering at the desk: the forms become acts that fold to the expected case, and nothing typed is lost."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fakes import DIRECTORY, NOW, Desk, FakeStore, appeal_form, service_form
from html_forms import fields_of

from py_core.cases.acts import read_act
from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.desk.contact_checks import birth_and_sex, read_identity, read_phone
from py_core.packs import load_packs
from py_core.rules.engine import Assessment, assess

KEY = "0" * 31 + "1"


def folded(desk: Desk, case_id: str = KEY) -> tuple[Case, Assessment]:
    record = desk.store.case(case_id)
    assert record is not None
    case = fold(case_id, order(record.acts))
    return case, assess(case, load_packs(), desk.store.calendar(), desk.now, {})


def test_the_signature_s_hint_names_no_choice_that_is_not_there() -> None:
    html = Desk().get("/register").html
    assert "用手指、笔或鼠标签名。" in html
    assert "“否”" not in html


def test_a_service_is_registered_accepted_and_receipted_in_one_act() -> None:
    desk = Desk()
    response = desk.post("/register", **service_form())
    assert (response.status, response.location) == (303, f"/cases/{KEY}/slips/F-02?paper=a4&done=receipt")
    [new] = response.acts
    act = read_act(new.text)
    assert [event["type"] for event in act.events] == [
        "registered",
        "materials_received",
        "accepted",
        "receipt_issued",
    ]
    case, found = folded(desk)
    assert (found.state, found.due.isoformat() if found.due else None, found.light) == (
        "handling",
        "2026-01-08",
        "green",
    )
    assert case.value("claimant_id") == "360426199101010071"
    assert case.value("materials") == (("申请表", 1), ("身份证复印件", 2), ("用地证明", 1))
    assert case.first("receipt_issued").data["promised"].isoformat() == "2026-01-08"  # type: ignore[union-attr]
    assert found.owed == ()


def test_a_citizens_appeal_runs_five_working_days() -> None:
    desk = Desk()
    response = desk.post("/register", **appeal_form(KEY))
    assert response.location == f"/cases/{KEY}?done=accept"
    case, found = folded(desk)
    assert (case.pack, case.matter, found.duty) == ("HL", "citizen", "reply")
    assert found.due is not None
    # 24 Dec is day 0; 25, 26, 29, 30, 31 December.
    assert found.due.isoformat() == "2025-12-31"


def test_an_appeal_answered_on_the_spot_keeps_the_persons_view() -> None:
    desk = Desk()
    desk.post("/register", **appeal_form(KEY, outcome="done", result="已协调停止夜间施工", opinion="satisfied"))
    case, found = folded(desk)
    assert case.first("replied").data["opinion"] == "satisfied"  # type: ignore[union-attr]
    assert "feedback" in found.owed


def test_an_appeal_answered_on_the_spot_needs_the_persons_view() -> None:
    desk = Desk()
    response = desk.post("/register", **appeal_form(KEY, outcome="done", result="已协调"))
    assert response.status == 422
    assert "HL-7" in response.html
    assert desk.store.case(KEY) is None


def test_missing_papers_are_told_once_and_the_notice_lists_what_was_not_ticked() -> None:
    form = service_form(complete="no", outcome="notice")
    del form["paper-offer:temp-water-2"]
    desk = Desk()
    response = desk.post("/register", **form)
    assert response.location == f"/cases/{KEY}/slips/F-04?paper=a4&done=notice"
    case, found = folded(desk)
    assert case.first("correction_notified").data["items"] == ("用地证明",)  # type: ignore[union-attr]
    assert found.state == "correction_pending"
    assert "用地证明" in desk.get(f"/cases/{KEY}/slips/F-04").html


def test_handing_over_keeps_the_first_responder_as_tracker() -> None:
    desk = Desk()
    desk.post("/register", **service_form(outcome="hand_over", to_unit="shuiwu"))
    case, found = folded(desk)
    assert case.first("handed_over").data["to"] == "shuiwu"  # type: ignore[union-attr]
    assert found.tracker


def test_a_second_sending_of_the_same_form_registers_nothing() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    again = desk.post("/register", **service_form(claimant_name="另一个人"))
    assert (again.status, again.location, again.acts) == (303, f"/cases/{KEY}?done=again", ())


def test_every_fresh_form_has_its_own_key() -> None:
    desk = Desk()
    first, second = desk.get("/register").html, desk.get("/register").html
    key = 'name="key" value="'
    assert first.split(key)[1][:32] != second.split(key)[1][:32]


def test_what_somebody_attests_is_never_answered_beforehand() -> None:
    """Whoever opens the form and types a name has recorded no signature, no complete papers and no told identity."""
    desk = Desk()
    [shown, *_] = fields_of(desk.get("/register").html)
    assert not {"complete", "signed", "identity_told"} & shown.keys()
    unanswered = {k: v for k, v in service_form().items() if k not in ("complete", "signed", "identity_told")}
    response = desk.post("/register", **unanswered)
    assert response.status == 422
    assert {"complete", "signed"} <= {name for name in ("complete", "signed") if f'id="{name}-error"' in response.html}
    desk.post("/register", **{**unanswered, "complete": "yes", "signed": "paper"})
    case, _ = folded(desk)
    assert (case.value("identity_told"), case.value("signed")) == (False, False)


def test_faults_are_listed_in_the_order_of_the_page() -> None:
    html = Desk().post("/register", key=KEY, offer="offer:temp-water", channel="walk_in").html
    listed = re.findall(r'href="#([\w-]+)"', html.partition("govuk-error-summary__list")[2].partition("</ul>")[0])
    assert listed == ["complete", "claimant", "claimant_name", "claimant_phone", "signed", "outcome"]


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"offer": ""}, "offer", "请选择办什么事项"),
        ({"offer": "offer:future"}, "offer", "请选择办什么事项"),
        ({"claimant_name": " "}, "claimant_name", "请填写姓名或单位名称"),
        ({"claimant_phone": "1381234567"}, "claimant_phone", "11 位手机号"),
        ({"claimant_phone": ""}, "claimant_phone", "JY-3.2.7"),
        ({"claimant_phone": "", "offer": "appeal:citizen", "channel": "phone"}, "claimant_phone", "HL-5"),
        ({"claimant_id": "360426199101010072"}, "claimant_id", "校验位不符"),
        ({"signed": "no"}, "unsigned_reason", "没有签字的原因"),
        ({"complete": ""}, "complete", "材料是否齐全"),
        ({"copies-offer:temp-water-0": "many"}, "copies-offer:temp-water-0", "份数"),
        ({"paper-offer:temp-water-2": ""}, "complete", "用地证明"),
        ({"outcome": "fly"}, "outcome", "如何处理"),
        ({"complete": "no"}, "outcome", "JY-3.3.5"),
        ({"outcome": "hand_over"}, "to_unit", "接收单位"),
        ({"occurred_at": "2026-12-24T10:00"}, "occurred_at", "还没到"),
        ({"title": "长" * 81}, "title", "80"),
        ({"channel": "teleport"}, "channel", "受理渠道"),
    ],
)
def test_a_fault_is_named_at_its_field_and_everything_typed_is_kept(
    changes: dict[str, str], field: str, said: str
) -> None:
    desk = Desk()
    response = desk.post("/register", **service_form(**changes))
    assert (response.status, response.acts) == (422, ())
    assert "请更正以下内容" in response.html
    assert f'href="#{field}"' in response.html
    assert said in response.html
    assert "工地三个月临时用水" in response.html
    assert f'value="{KEY}"' in response.html


def test_an_enterprise_may_not_bring_a_citizens_appeal() -> None:
    response = Desk().post("/register", **appeal_form(claimant="enterprise"))
    assert response.status == 422
    assert 'href="#claimant"' in response.html


def test_a_receipt_that_would_lack_a_mandatory_field_is_not_made() -> None:
    desk = Desk("nophone")
    response = desk.post("/register", **service_form())
    assert response.status == 422
    assert "首问责任人联系电话" in response.html
    assert desk.store.case(KEY) is None
    assert desk.post("/register", **service_form(outcome="register")).status == 303


def test_support_staff_are_refused_with_the_article() -> None:
    response = Desk("gong").post("/register", **service_form())
    assert response.status == 409
    assert "JY-3.2.9" in response.html


def test_a_promise_is_frozen_into_the_case() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    case, _ = folded(desk)
    assert (case.value("offer"), case.value("offer_version")) == ("temp-water", 2)
    assert case.value("promise")["period"].n == DIRECTORY.offers["temp-water"].promise["n"]  # type: ignore[index]


def test_the_number_carries_device_and_counter() -> None:
    desk = Desk()
    desk.post("/register", **service_form())
    desk.post("/register", **appeal_form())
    numbers = {folded(desk, case_id)[0].value("number") for case_id in desk.store.acts}
    assert numbers == {"K7Q-000001", "K7Q-000002"}


def test_it_happened_earlier_than_it_was_written_down() -> None:
    desk = Desk(store=FakeStore(), now=NOW)
    desk.post("/register", **service_form(occurred_at="2025-12-23T16:00", occurred_at_shown="2025-12-24T10:00"))
    act = desk.store.acts[KEY][0].act
    assert act.occurred_at.isoformat() == "2025-12-23T16:00:00+08:00"
    assert act.claimed_at == NOW
    _, found = folded(desk)
    assert found.due is not None
    assert found.due.isoformat() == "2026-01-07"


def test_full_width_digits_of_a_chinese_keyboard_are_understood() -> None:
    assert read_phone("１３８ 1234 5678") == ("13812345678", "")
    assert read_phone("0510-86860000") == ("0510-86860000", "")
    assert read_phone("+86 138-1234-5678") == ("13812345678", "")
    assert read_phone("0086-0510-86860000转12") == ("0510-86860000-12", "")
    assert read_phone("+852 2345 6789") == ("+85223456789", "")
    assert read_phone("+86123")[1]
    assert read_identity("91110000600037341L", "enterprise") == ("91110000600037341L", "")
    assert read_identity("91110000600037341M", "enterprise")[1]
    assert read_identity("<script>", "person")[1]


def test_birth_and_sex_follow_from_the_id_number_and_are_not_stored() -> None:
    assert birth_and_sex("360426199101010071") == (date(1991, 1, 1), "male")
    assert birth_and_sex("91110000600037341L") is None
    desk = Desk()
    beside = desk.post("/register/similar", key=KEY, claimant="person", claimant_id="360426199101010071").html
    assert "1991-01-01" in beside
    assert (
        "校验位不符"
        in desk.post("/register/similar", key=KEY, claimant="person", claimant_id="360426199101010072").html
    )
    desk.post("/register", **service_form())
    assert all("1991-01-01" not in str(act.act.events) for act in desk.store.acts[KEY])
