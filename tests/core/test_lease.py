"""A device works for a time without the record, is warned, then has to meet it before pages open again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes import NOW, Desk, FakeStore

from py_core.desk.ports import SyncStatus
from py_core.lease import LEASE, WARN, lease

A_MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("away", "ending", "over"),
    [
        (timedelta(0), False, False),
        (LEASE - WARN - A_MOMENT, False, False),
        (LEASE - WARN, True, False),
        (LEASE - A_MOMENT, True, False),
        (LEASE, False, True),
        (-timedelta(days=400), False, False),  # the clock was turned back: no reason to lock anybody out
    ],
)
def test_a_lease_is_given_by_every_contact(away: timedelta, ending: bool, over: bool) -> None:
    found = lease(NOW - away, NOW)
    assert found is not None
    assert (found.is_ending, found.is_over) == (ending, over)


def test_before_the_first_contact_there_is_none() -> None:
    assert lease(None, NOW) is None


def desk_away(away: timedelta, where: str = "device") -> Desk:
    store = FakeStore()
    store.status = SyncStatus(online=False, waiting=0, last_contact_at=NOW - away)
    return Desk(store=store, where=where)


def test_a_device_whose_lease_is_over_shows_only_how_to_meet_the_record() -> None:
    desk = desk_away(LEASE)
    for path in ("/today", "/cases", "/register", "/visits"):
        page = desk.get(path)
        assert page.status == 403
        assert "必须先与市级档案联系" in page.html
    assert desk.get("/sync").status == 200, "there it can be met, or the outbox carried"
    assert desk.post("/register").status == 403


def test_it_is_said_before_it_ends() -> None:
    assert "2025年12月27日" in desk_away(LEASE - timedelta(days=3)).get("/today").html
    assert "最迟" not in desk_away(timedelta(days=1)).get("/today").html


def test_the_server_needs_no_lease() -> None:
    assert desk_away(LEASE * 2, where="server").get("/today").status == 200
