"""No page that is only looked at records anything: acts and decisions come from forms that were sent."""

from __future__ import annotations

import re

import pytest
from fakes import Desk, appeal_form, service_form

from py_core.desk.routes import ROUTES


def paths(cases: list[str]) -> list[str]:
    """Every route with something for each of its parts."""
    found = []
    for route in ROUTES:
        path = route.path.pattern
        for case in cases:
            filled = re.sub(r"\(\?P<\w+_id>[^)]*\)", case, path)
            found.append(re.sub(r"\(\?P<command>[^)]*\)", "note", filled))
    return [re.sub(r"\(\?P<\w+>[^)]*\)", "1", each) for each in dict.fromkeys(found)]


@pytest.mark.parametrize("user", ["lin", "head", "chen"])
@pytest.mark.parametrize("where", ["device", "server"])
def test_a_page_that_is_looked_at_makes_no_act(user: str, where: str) -> None:
    taker = Desk()
    taker.post("/register", **service_form())
    taker.post("/register", **appeal_form(key="0" * 31 + "7", request_kind="report", claimant_phone="13812345678"))
    cases = [each for each in taker.store.acts if taker.store.case(each)]
    assert len(cases) == 2
    desk = Desk(user, store=taker.store, where=where)
    looked = [desk.get(path) for path in paths(cases)]
    assert len(looked) > len(ROUTES)
    assert sum(each.status == 200 for each in looked) > 5
    assert [each for each in looked if each.acts or each.decision] == []
