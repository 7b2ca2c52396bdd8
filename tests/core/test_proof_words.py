"""What the timeline says is proven of an act: on its device, on another one, at the centre."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import NOW, Desk, FakeStore, service_form

from py_core.desk.ports import LogSeen

KEY = "0" * 31 + "1"


def proven(desk: Desk) -> str:
    """The sentence of the newest act."""
    html = desk.get(f"/cases/{KEY}").html
    return html.split("Proven so far by")[1].split(": ", 1)[1].split("</li>")[0].strip()


@pytest.fixture
def lin() -> Desk:
    desk = Desk(lang="en")
    desk.post("/register", **service_form())
    return desk


def received(desk: Desk, log_index: int) -> Desk:
    """The record has taken the newest act under this number."""
    acts = desk.store.acts[KEY]
    acts[-1] = replace(acts[-1], received_at=NOW + timedelta(hours=1), log_index=log_index)
    return desk


def seen(desk: Desk, size: int) -> Desk:
    desk.store.status = replace(desk.store.status, log=LogSeen(size, NOW + timedelta(hours=2)))
    return desk


def test_an_own_act_rests_on_the_devices_signature_then_on_the_receipt_then_on_the_log_that_was_seen(lin: Desk) -> None:
    assert proven(lin) == "this device’s signature; the city record has not signed for it yet"
    received(lin, 41)
    assert proven(lin).startswith("the city record’s receipt: it took it as no. 41;")
    seen(lin, 41)
    assert "will be checked at the next contact" in proven(lin), "41 acts are numbers 0 to 40"
    seen(lin, 42)
    assert proven(lin).startswith("the city record’s receipt (no. 41) and the log of 42 acts that it signed on")
    assert "24 Dec 2025" in proven(lin) or "2025-12-24" in proven(lin) or "12:00" in proven(lin)


def test_somebody_elses_act_is_the_records_word_on_any_other_device(lin: Desk) -> None:
    seen(received(lin, 41), 100)
    zhou = Desk("zhou", store=lin.store, lang="en", code="Z8Z")
    assert proven(zhou).startswith("the city record’s word that it is no. 41 of its log;")


def test_at_the_centre_it_is_the_log_and_the_checkpoint_that_covers_it(lin: Desk) -> None:
    centre = Desk("chen", store=seen(received(lin, 41), 41).store, where="server", lang="en")
    assert proven(centre).startswith("no. 41 of the log; the next signed checkpoint")
    seen(centre, 42)
    assert proven(centre).startswith("no. 41 of the log, covered by the checkpoint of 42 acts")


def test_who_sat_at_the_records_own_page_is_its_word_only() -> None:
    store = FakeStore()
    desk = Desk("lin", store=store, where="server", lang="en")
    desk.identity = replace(desk.identity, device="server")
    desk.post("/register", **service_form())
    assert proven(desk).endswith("; who did it on the record’s own page is only the record’s word")


def test_a_clerk_reads_it_in_chinese(lin: Desk) -> None:
    lin.lang = "zh-CN"
    html = seen(received(lin, 41), 42) and lin.get(f"/cases/{KEY}").html
    assert "目前可以证明：全市记录已签收，编为日志第 41 号；截至 " in html
    assert "其中任何一条被改动或抽走，本设备下次联网就会发现" in html
