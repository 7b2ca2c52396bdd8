"""What the text demands of a document is required in the form of the step that makes it, under that regulation only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from day_office import in_front_of
from fakes import DIRECTORY, Desk, FakeStore, appeal_form, service_form

from e2e.further_steps import FURTHER
from py_core.cases.commands import COMMANDS
from py_core.desk.ports import Quarantined, SyncStatus
from py_core.packs.demanded import demanding_article, load_demanded

KEY = "0" * 31 + "1"


def test_every_demanded_entry_is_a_field_of_its_command() -> None:
    for command, field in load_demanded():
        assert field in {spec.name for spec in COMMANDS[command].fields}, (command, field)


def test_an_appeal_cannot_be_answered_without_answer_and_the_persons_view() -> None:
    desk = Desk()
    desk.post("/register", **appeal_form(KEY))
    shown = desk.get(f"/cases/{KEY}/do/reply").html
    assert "（选填）" not in shown
    assert "HL-7" in shown
    refused = desk.post(f"/cases/{KEY}/do/reply", key="1", text="", opinion="satisfied")
    assert (refused.status, refused.acts) == (422, ())
    assert 'href="#text"' in refused.html
    refused = desk.post(f"/cases/{KEY}/do/reply", key="1", text="已疏通", opinion="")
    assert 'href="#opinion"' in refused.html
    assert desk.post(f"/cases/{KEY}/do/reply", key="1", text="已疏通", opinion="satisfied").status == 303


@pytest.mark.parametrize(
    ("pack", "command", "field"),
    [("JY", "reply", "text"), ("WH", "issue_certificate", "text"), ("BZ", "forward_up", "to")],
)
def test_a_step_is_not_taken_without_what_it_is_about(pack: str, command: str, field: str) -> None:
    desk, case = in_front_of(FURTHER[pack, command], pack)
    shown = desk.get(f"{case}/do/{command}").html
    assert "备注（选填）" in shown or "note" not in {each.name for each in COMMANDS[command].fields}
    refused = desk.post(f"{case}/do/{command}", key="1", **{field: ""})
    assert (refused.status, refused.acts) == (422, ())
    assert f'href="#{field}"' in refused.html
    assert desk.post(f"{case}/do/{command}", key="1", **FURTHER[pack, command].typed).status == 303


def test_an_extension_is_asked_for_with_days_or_date_in_the_first_round() -> None:
    desk = Desk()
    desk.post("/register", **appeal_form(KEY))
    assert desk.get(f"/cases/{KEY}/do/request_extension").html.count("（二者填一项）") == 2
    empty = desk.post(f"/cases/{KEY}/do/request_extension", key="1").html
    for field in ("reason", "workdays"):
        assert f'href="#{field}"' in empty
    day = desk.post(f"/cases/{KEY}/do/request_extension", key="1", reason="施工", until="一月")
    assert 'href="#workdays"' not in day.html, "the date was given and cannot be read: that is all"
    assert desk.post(f"/cases/{KEY}/do/request_extension", key="1", reason="施工", workdays="3").status == 303


def test_who_did_not_sign_says_why() -> None:
    desk = Desk()
    desk.post("/register", **service_form(signed="paper"))
    refused = desk.post(f"/cases/{KEY}/do/record_signature", key="1", signed="no")
    assert (refused.status, 'href="#unsigned_reason"' in refused.html) == (422, True)
    assert desk.post(f"/cases/{KEY}/do/record_signature", key="1", signed="no", unsigned_reason="不识字").status == 303


def test_what_was_overlooked_is_asked_from_the_second_notice_on() -> None:
    desk = Desk()
    desk.post("/register", **service_form(complete="no", outcome="register"))
    path = f"/cases/{KEY}/do/notify_correction"
    assert 'name="overlooked"' not in desk.get(path).html
    assert desk.post(path, key="1", items="用地证明").status == 303
    desk.post(f"/cases/{KEY}/do/receive_materials", key="2", complete="no", materials="用地证明")
    assert 'name="overlooked"' in desk.get(path).html


def test_a_demand_holds_only_under_the_regulation_that_makes_it() -> None:
    assert demanding_article("HL", "reply", "text") == "HL-7"
    assert demanding_article("WH", "reply", "text") == ""
    assert demanding_article("BZ", "propose_refusal", "reason") == "BZ-FD-1"
    assert demanding_article("JY", "propose_refusal", "reason") == ""
    assert demanding_article("JY", "note", "note") == ""


@pytest.mark.parametrize("problem", ["device_revoked", "device_frozen"])
@pytest.mark.parametrize("waiting", [0, 1])
def test_nobody_is_invited_to_work_on_at_a_stopped_device(problem: str, waiting: int) -> None:
    desk = Desk(store=FakeStore())
    desk.store.status = SyncStatus(True, waiting, None, (), problem)
    html = desk.get("/sync").html
    assert "请勿在本机继续工作" in html
    assert "可以继续工作" not in html
    assert "自动发送" not in html


def test_a_held_back_act_of_a_case_that_is_not_here_is_named_in_words() -> None:
    desk = Desk(store=FakeStore())
    held = Quarantined("ab" * 32, f"{7:032x}", "foreign_scope", now_with=("shuiwu", "xingqiao"))
    desk.store.status = SyncStatus(True, 0, None, (held,), "")
    html = desk.get("/sync").html
    assert "未知办件" in html
    assert held.case_id[:8] not in html
    assert "、".join(DIRECTORY.units[each].zh for each in held.now_with) in html
    desk.post("/register", **service_form())
    desk.store.status = replace(desk.store.status, refused=(replace(held, case_id=KEY),))
    html = desk.get("/sync").html
    assert "未知办件" not in html
    assert f'href="/cases/{KEY}"' in html


def test_the_sync_page_says_the_truth_while_nothing_can_be_sent() -> None:
    desk = Desk(store=FakeStore())
    desk.post("/register", **service_form())
    for problem in ("signed_out", "other_person", "something_of_a_newer_version"):
        refused = (Quarantined("ab" * 32, KEY, "reason_of_a_newer_record"),)
        desk.store.status = SyncStatus(True, 1, None, refused, problem)
        html = desk.get("/sync").html
        assert "正在发送" not in html
        assert "目前没有发送" in html
        assert "reason_of_a_newer_record" not in html
        assert problem not in html
