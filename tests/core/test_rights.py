"""The table of rights, row by row: what it says is what commands, pages and the gate do, and it keeps powers apart."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from fakes import DIRECTORY, Desk, FakeStore

from py_core.calendars import national
from py_core.cases.commands import COMMANDS, Command, Context, decide
from py_core.desk.routes import ROUTES
from py_core.directory import Person
from py_core.errors import Malformed, Refused
from py_core.packs import load_packs
from py_core.rights import WORK, Right, read_rights, rights

TABLE = rights()
CASE_WORK = {"officer", "unit_head", "leader", "dispatch_desk", "supervision_office", "discipline_desk", "reconciler"}
# Who may do what, written a second time by hand: whoever changes the file has to mean it.
EXPECTED: dict[str, set[str]] = {
    "read_cases": CASE_WORK,
    "work_on_cases": CASE_WORK,
    "report_to_head": CASE_WORK - {"leader"},
    "see_numbers": CASE_WORK,
    "work_offline": CASE_WORK,
    "go_on_visits": {"officer", "unit_head", "leader", "dispatch_desk"},
    "see_unit_first": {"unit_head", "leader"},
    "dispatch": {"dispatch_desk"},
    "designate_lead": {"dispatch_desk", "leader", "unit_head"},
    "see_approvals": {"unit_head", "leader", "dispatch_desk", "supervision_office"},
    "see_approvals_everywhere": {"dispatch_desk"},
    "decide_extension": {"unit_head", "leader", "dispatch_desk"},
    "decide_refusal": {"leader"},
    "give_instruction": {"leader", "unit_head"},
    "confirm_deemed_consent": {"unit_head"},
    "arrange_acting": {"unit_head"},
    "supervise": {"dispatch_desk", "leader", "supervision_office"},
    "read_whole_city": CASE_WORK - {"officer", "unit_head"},
    "see_centre": (CASE_WORK - {"officer", "unit_head"}) | {"admin", "security", "audit"},
    "bring_carried_files": CASE_WORK - {"officer", "unit_head"},
    "decide_contradictions": {"reconciler"},
    "take_late_work": {"reconciler"},
    "export_evidence": {"reconciler"},
    "export_reporter_evidence": {"discipline_desk", "supervision_office"},
    "name_devices": {"admin"},
    "state_recount": {"admin"},
    "change_city_rules": {"admin"},
    "manage_people": {"admin"},
    "see_devices": (CASE_WORK - {"officer", "unit_head"}) | {"admin", "security"},
    "withdraw_devices": {"security"},
    "report_lost_devices": {"security", "leader"},
    "manage_sessions": {"security"},
    "read_audit": {"audit"},
    "see_keeping": {"supervision_office", "discipline_desk", "admin", "audit"},
    "hold_content": {"supervision_office", "discipline_desk"},
    "erase_content": {"admin"},
}
ROWS = [pytest.param(row, role, id=f"{row.id}-{role}") for row in TABLE.rows.values() for role in TABLE.roles]


@pytest.mark.parametrize(("row", "role"), ROWS)
def test_each_row_gives_its_right_to_its_roles_and_to_no_other(row: Right, role: str) -> None:
    assert TABLE.may([role], row.id) == (role in EXPECTED[row.id])


def test_every_row_is_expected_and_every_expectation_stands_in_the_table() -> None:
    assert EXPECTED.keys() == TABLE.rows.keys()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("role", TABLE.roles)
def test_a_command_is_refused_to_every_role_that_the_table_does_not_name(command: str, role: str) -> None:
    context = Context(DESK_NOW, load_packs(), national(), user="x", roles=frozenset({role}))
    try:
        decide(None, Command(command, {}), context)
        refused = ""
    except Refused as error:
        refused = error.code
    row = TABLE.of_command[command]
    assert (refused == "not_permitted") == (role not in EXPECTED[row.id])


DESK_NOW = Desk("lin").now
_EXAMPLES = {
    "case_id": "0" * 31 + "1", "visit_id": "0" * 31 + "2", "command": "note", "form": "F-02", "key": "x", "of": "x",
    "item": "1", "device": "0" * 32, "policy": "P-04", "pack": "WH", "setting": "x", "offer": "x",
}  # fmt: skip


def _address(pattern: str) -> str:
    """An address that a route's pattern takes."""
    return re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda found: _EXAMPLES.get(found[1], "x"), pattern)


ADDRESSES = [
    pytest.param(_address(route.path.pattern), route.right, role, id=f"{_address(route.path.pattern)}-{role}")
    for route in ROUTES
    if route.right
    for role in TABLE.roles
]


@pytest.mark.parametrize(("address", "right", "role"), ADDRESSES)
def test_a_page_is_not_for_roles_without_its_right(address: str, right: str, role: str) -> None:
    desk = Desk("he", store=_with_role(role), where="server")
    answer = desk.get(address)
    assert (answer.status == 403) == (role not in EXPECTED[right]), answer.status


def test_every_page_without_a_right_is_one_of_these() -> None:
    assert {route.path.pattern for route in ROUTES if not route.right} == OPEN_TO_ALL


ON_SERVER = {"/centre/carried", "/centre/people", "/centre/sessions", "/centre/audit", "/account"}  # tests/server
OPEN_TO_ALL = {"/", "/today", "/sync", "/public/status"}  # the first two lead everybody to the page where they begin


@pytest.mark.parametrize("role", TABLE.roles)
def test_everybody_begins_at_a_page_that_is_theirs_and_the_menu_leads_nowhere_else(role: str) -> None:
    desk = Desk("he", store=_with_role(role), where="server")
    first = desk.get("/")
    assert first.location == ("/today" if role in CASE_WORK else "/centre")
    shown = desk.get(str(first.location))
    assert shown.status == 200
    for href in set(re.findall(r'<(?:nav|a)[^>]*href="(/[^"?]*)"', shown.html)) - ON_SERVER:
        assert desk.get(href).status != 403, href


def test_the_administrator_decides_nothing_and_reads_no_case_and_no_audit_trail() -> None:
    for right in ("read_cases", "work_on_cases", "read_whole_city", "decide_contradictions", "read_audit"):
        assert not TABLE.may(["admin"], right)


def test_the_auditor_changes_nothing() -> None:
    mine = {row.id for row in TABLE.rows.values() if "audit" in row.roles}
    assert mine == {"read_audit", "see_centre", "see_keeping"}


@pytest.mark.parametrize("apart", sorted(TABLE.apart))
def test_powers_that_watch_each_other_are_never_one_persons(apart: str) -> None:
    for other in TABLE.roles.keys() - {apart}:
        assert set(TABLE.conflict([apart, other]) or ()) == {apart, other}
    assert TABLE.conflict([apart]) is None


def test_roles_of_the_work_go_together() -> None:
    assert TABLE.conflict(CASE_WORK) is None


BROKEN: list[tuple[str, Any]] = [
    ("twice", lambda data: data["right"].append(data["right"][0])),
    ("unknown roles: mayor", lambda data: data["right"][0]["roles"].append("mayor")),
    ("choose one", lambda data: data["right"][0].update(commands=["note"])),
    ("missing entry", lambda data: data.pop("apart")),
]


@pytest.mark.parametrize(("why", "breaking"), BROKEN, ids=[why for why, _ in BROKEN])
def test_a_table_that_contradicts_itself_is_not_read(why: str, breaking: Any) -> None:
    data = tomllib.loads(files("py_core").joinpath("rights.toml").read_text(encoding="utf-8"))
    breaking(data)
    with pytest.raises(Malformed, match=why):
        read_rights(data)


def test_what_belongs_to_no_other_right_is_work_on_cases() -> None:
    assert "note" in TABLE.rows[WORK].commands


def _with_role(role: str) -> FakeStore:
    person = Person("he", "何力", "centre", "管理员", "0510-86000012", (role,))
    return FakeStore(replace(DIRECTORY, people={**DIRECTORY.people, "he": person}))
