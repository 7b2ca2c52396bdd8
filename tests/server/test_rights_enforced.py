"""The gate and the addresses of the server go by the table of rights, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import Browser, serving
from laptop import PASSWORD, Laptop, case_id, city_document, registered

from py_core.cases.commands import COMMANDS
from py_core.city import CITY_ID
from py_core.rights import Right, rights
from server.authority import is_authorised
from server.parts import Parts

TABLE = rights()
ROWS = [pytest.param(row, role, id=f"{row.id}-{role}") for row in TABLE.rows.values() for role in TABLE.roles]


def with_role(parts: Parts, role: str) -> None:
    """Gives 赵磊 of the town this one role."""
    document = city_document()
    people = [{**row, "roles": [role]} if row["id"] == "zhao" else row for row in document["people"]]
    parts.city.publish({**document, "people": people})


@pytest.mark.parametrize(("row", "role"), ROWS)
def test_events_of_a_row_are_for_its_roles(row: Right, role: str) -> None:
    for command in row.commands:
        event: dict[str, Any] = {"type": COMMANDS[command].event}
        allowed = is_authorised(case_id(1), [{"type": "noted"}, event], [role], by_record=True)
        work = role in TABLE.rows["work_on_cases"].roles
        assert allowed == (role in row.roles and work), command
        assert is_authorised(case_id(1), [event], [role], by_record=False) == (
            role in row.roles and not row.record_only
        )


@pytest.mark.parametrize("role", TABLE.roles)
def test_only_who_may_change_the_rules_writes_the_city_document(role: str) -> None:
    event = {"type": "policy_set"}
    assert is_authorised(CITY_ID, [event], [role], by_record=True) == TABLE.may([role], "change_city_rules")


def test_what_a_registration_brings_along_is_registering_but_nothing_else_is() -> None:
    assert is_authorised(case_id(1), [registered(), {"type": "delivered", "to": "linye"}], ["officer"], by_record=False)
    assert not is_authorised(case_id(1), [registered(), {"type": "review_passed"}], ["officer"], by_record=False)
    assert not is_authorised(case_id(1), [{"type": "delivered", "to": "linye"}], ["officer"], by_record=False)


@pytest.mark.parametrize("role", TABLE.roles)
def test_the_record_takes_a_case_only_from_who_works_on_cases(parts: Parts, role: str) -> None:
    with_role(parts, role)
    zhao = Laptop(parts, "zhao")
    expected = "accepted" if TABLE.may([role], "work_on_cases") else "not_authorised"
    assert zhao.verdict(zhao.act(case_id(1), registered())) == expected


def test_calls_are_for_who_has_their_right(parts: Parts, password_hash: str) -> None:
    parts.accounts.set_passwords({"zhao": PASSWORD})
    calls = {
        "work_offline": ("POST", "/devices"),
        "bring_carried_files": ("GET", "/centre/carried"),
        "manage_people": ("GET", "/centre/people"),
        "manage_sessions": ("GET", "/centre/sessions"),
        "read_audit": ("GET", "/centre/audit"),
        "export_evidence": ("GET", f"/cases/{case_id(1)}/evidence"),
        "export_reporter_evidence": ("GET", f"/centre/reporter/{case_id(1)}/evidence"),
        "name_devices": ("GET", f"/centre/devices/{'0' * 32}/name"),
        "withdraw_devices": ("GET", f"/centre/devices/{'0' * 32}"),
    }
    with serving(parts) as address:
        for role in TABLE.roles:
            with_role(parts, role)
            with Browser(address) as browser:
                browser.sign_in("zhao")
                csrf = browser.get("/me").json()["csrf"]
                for right, (method, path) in calls.items():
                    answer = browser.request(method, path, headers={"x-csrf-token": csrf}, json={})
                    assert (answer.status_code == 403) == (not TABLE.may([role], right)), (role, path)


def test_who_reads_no_case_is_fed_none_and_opens_none(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    with_role(parts, "admin")
    zhao = Laptop(parts, "zhao")
    assert zhao.sync()[1] == []
