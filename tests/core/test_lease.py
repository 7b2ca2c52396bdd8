"""A device works for a time without the record, is warned, then has to meet it before pages open again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes import NOW, Desk, FakeStore

from py_core.cases.acts import Act
from py_core.city import CITY_ID
from py_core.desk.ports import NewAct, SyncStatus
from py_core.lease import Seen, lease
from py_core.packs.device_figures import device_figures

A_MOMENT = timedelta(seconds=1)
FIGURES = device_figures({})
LEASE, WARN = FIGURES.lease, FIGURES.lease_warning


@pytest.mark.parametrize(
    ("away", "ending", "over"),
    [
        (timedelta(0), False, False),
        (LEASE - WARN - A_MOMENT, False, False),
        (LEASE - WARN, True, False),
        (LEASE - A_MOMENT, True, False),
        (LEASE, False, True),
        (-timedelta(days=400), False, False),  # the clock is behind: no reason to lock anybody out
    ],
)
def test_a_lease_is_given_by_every_contact(away: timedelta, ending: bool, over: bool) -> None:
    found = lease(NOW - away, NOW, FIGURES)
    assert found is not None
    assert (found.is_ending, found.is_over) == (ending, over)


def test_before_the_first_contact_there_is_none() -> None:
    assert lease(None, NOW, FIGURES) is None


def desk_away(away: timedelta, where: str = "device") -> Desk:
    store = FakeStore()
    store.status = SyncStatus(online=False, waiting=0, last_contact_at=NOW - away)
    return Desk(store=store, where=where)


def test_a_device_whose_lease_is_over_shows_only_how_to_meet_the_record() -> None:
    desk = desk_away(LEASE)
    for path in ("/today", "/cases", "/register", "/visits"):
        page = desk.get(path)
        assert page.status == 403
        assert "必须先与全市记录联系" in page.html
    assert desk.get("/sync").status == 200, "there it can be met, or the outbox carried"
    assert desk.post("/register").status == 403


def test_it_is_said_before_it_ends() -> None:
    assert "2025年12月27日" in desk_away(LEASE - timedelta(days=3)).get("/today").html
    assert "最迟" not in desk_away(timedelta(days=1)).get("/today").html


def test_the_server_needs_no_lease() -> None:
    assert desk_away(LEASE * 2, where="server").get("/today").status == 200


def test_a_clock_that_is_turned_back_gains_nothing() -> None:
    day = 86_400_000
    seen, passed = Seen(0), 0
    clock = 0
    for _ in range(40):  # a day of use, then set back to the day of the contact, again and again
        clock += day
        passed += day
        seen = seen.at(clock)
        found = lease(NOW, NOW + timedelta(milliseconds=clock), FIGURES, hidden=timedelta(milliseconds=seen.hidden_ms))
        assert found is not None
        assert found.is_over == (passed >= LEASE.total_seconds() * 1000), passed
        clock = 0
        seen = seen.at(clock)


def test_a_clock_that_was_ahead_at_the_contact_and_is_put_right_gains_nothing() -> None:
    year = timedelta(days=365)
    contact_ms = round(year.total_seconds() * 1000)
    seen = Seen(contact_ms).at(0)  # put right by somebody who hopes for a year more
    days = [0, 29, 30, 31]
    over = []
    for day in days:
        seen = seen.at(day * 86_400_000)
        found = lease(NOW + year, NOW + timedelta(days=day), FIGURES, hidden=timedelta(milliseconds=seen.hidden_ms))
        assert found is not None
        over.append(found.is_over)
    assert over == [False, False, True, True]


def test_a_device_tells_by_what_its_clock_was_turned_back() -> None:
    store = FakeStore()
    store.status = SyncStatus(online=False, waiting=0, last_contact_at=NOW, clock_hidden=LEASE)
    assert Desk(store=store, where="device").get("/today").status == 403


def test_the_citys_own_lease_counts_and_is_told() -> None:
    figures = {"lease_days": 10, "lease_warning_days": 2}
    set_by_the_city = {
        "type": "setting_filled", "pack": "devices", "setting": "device_lease", "value": figures, "reason": "r",
    }  # fmt: skip
    desk = desk_away(timedelta(days=9))
    assert "不联系时可使用 30 天" in desk.get("/sync").html
    act = Act("setting_filled", (set_by_the_city,), "he", "server", 1, NOW, NOW, None, None, "1", "1")
    desk.store.record(NewAct(CITY_ID, act.text()), NOW)
    page = desk.get("/sync").html
    assert "不联系时可使用 10 天" in page
    assert "2025年12月25日" in page
    assert "最迟" in desk.get("/today").html, "the warning begins two days before"
    desk.now += timedelta(days=1)
    assert desk.get("/today").status == 403
