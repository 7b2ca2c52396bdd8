"""Restricted work, and who reported or complained, while it waits in quarantine: whom the centre's pages tell what, who
decides about it, and who hears that nobody may.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import Browser
from laptop import Laptop, StandingClock, case_id, registered
from test_reporters_apart import ADDRESS, NAME, PHONE, report, verdicts
from test_restricted_scope import WORDS, about_zhao, answer, city, letter, page

from py_core import wire
from py_core.change import decode_act_change
from py_core.desk.ports import DeviceRevocation
from server import held_back, late_work
from server.devices import freeze
from server.outside import to_ms
from server.parts import Parts

CASE = case_id(1)
ITEM, LIST = "/centre/quarantine/1", "/centre/quarantine"
TAKE = {"decision": ["take"], "reason": ["遗失前登记"], "key": ["0"]}
LEAVE_OUT = {**TAKE, "decision": ["leave_out"], "reason": ["投诉内容不属实"]}
LEADS = ("qian", "ji", "du", "fen", "fang", "yu")


def second_reconciler(parts: Parts) -> None:
    document = parts.city.current().document
    yu = {"id": "yu", "name": "于宁", "unit": "centre", "roles": ["reconciler"], "title": "", "phone": "0002"}
    parts.city.publish({**document, "people": [*document["people"], yu]})


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    city(parts)
    return Laptop(parts, "lin")


def withdraw(parts: Parts, lin: Laptop) -> None:
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")


def freeze_it(parts: Parts, lin: Laptop) -> None:
    with parts.database.writing() as connection:
        freeze(connection, lin.device, 1, to_ms(parts.clock.now()))


def hold(lin: Laptop, *acts: wire.Pushed) -> None:
    assert not {"accepted", "had"} & {*verdicts(lin, *acts)}


def undecided(parts: Parts) -> int:
    with parts.database.reading() as connection:
        return len(late_work.held(connection))


def waiting(parts: Parts, user: str) -> int:
    """The number beside the menu's entry."""
    found = re.search(r'<a href="/centre/quarantine"[^>]*>[^<\d]*(\d*)', page(parts, user, "/centre").html)
    assert found is not None
    return int(found[1] or 0)


@pytest.mark.parametrize("stop", [withdraw, freeze_it])
@pytest.mark.parametrize("begin", [letter, about_zhao])
def test_who_is_named_neither_finds_it_nor_decides_and_another_does(
    parts: Parts, lin: Laptop, begin: Any, stop: Any, clock: StandingClock
) -> None:
    second_reconciler(parts)
    stop(parts, lin)
    hold(lin, lin.act(CASE, {**begin(), "against": "qian"}))
    clock.pass_time(days=20)
    assert page(parts, "qian", ITEM).status == 404
    for form in (LEAVE_OUT, TAKE):
        assert page(parts, "qian", ITEM, form).status == 404
    assert undecided(parts) == 1
    assert (waiting(parts, "qian"), waiting(parts, "yu")) == (0, 1)
    for path in (LIST, "/centre"):
        shown = page(parts, "qian", path).html
        assert ITEM not in shown
        assert "undecid" not in shown, "no reminder counts it either"
    assert ITEM in page(parts, "yu", LIST).html
    for user in ("yu", "fen", "fang"):
        for path in (LIST, ITEM):
            shown = page(parts, user, path).html
            assert WORDS not in shown, (user, path)
            assert "王举报" not in shown, (user, path)
    assert page(parts, "yu", ITEM, TAKE).location == "/centre/quarantine?done=late_taken"
    assert page(parts, "du", f"/cases/{CASE}").status == 200
    assert page(parts, "qian", f"/cases/{CASE}").status == 404


def test_what_follows_in_a_restricted_case_is_kept_from_the_same_people(parts: Parts, lin: Laptop) -> None:
    second_reconciler(parts)
    answer(lin, lin.act(CASE, {**about_zhao(), "against": "qian"}))
    withdraw(parts, lin)
    hold(lin, lin.act(CASE, {"type": "noted", "text": WORDS}))
    assert page(parts, "qian", ITEM).status == 404
    assert ITEM not in page(parts, "qian", LIST).html
    shown = page(parts, "yu", ITEM)
    assert (shown.status, WORDS in shown.html) == (200, False)
    assert "设备自称记录时间" in shown.html, "by which it can be decided unread"


def test_so_is_what_follows_when_the_registration_itself_waits(parts: Parts, lin: Laptop) -> None:
    second_reconciler(parts)
    withdraw(parts, lin)
    hold(lin, lin.act(CASE, {**letter(), "against": "qian"}), lin.act(CASE, {"type": "noted", "text": WORDS}))
    for item in (1, 2):
        assert page(parts, "qian", f"{LIST}/{item}").status == 404
        assert WORDS not in page(parts, "yu", f"{LIST}/{item}").html
    assert page(parts, "yu", ITEM, LEAVE_OUT).status == 303
    assert undecided(parts) == 0


def test_a_forged_beginning_hides_no_other_work_of_a_case_that_the_record_has(parts: Parts, lin: Laptop) -> None:
    answer(lin, lin.act(CASE, registered(title="路灯")))
    zhao = Laptop(parts, "zhao")
    hold(zhao, zhao.act(CASE, {**about_zhao(), "against": "qian"}))
    withdraw(parts, lin)
    hold(lin, lin.act(CASE, {"type": "noted", "text": "灯已修好"}))
    assert page(parts, "qian", ITEM).status == 404
    assert "灯已修好" in page(parts, "qian", f"{LIST}/2").html


def test_when_everybody_who_decides_is_named_who_inquires_hears_of_it(parts: Parts, lin: Laptop) -> None:
    withdraw(parts, lin)
    hold(lin, lin.act(CASE, {**about_zhao(), "against": "qian"}))
    assert undecided(parts) == 1
    for user in ("ji", "du", "qian", "fen", "fang"):
        for path in ("/centre", LIST):
            assert ('id="undecidable"' in page(parts, user, path).html) == (user in ("ji", "du")), (user, path)
    assert "登记" in page(parts, "du", LIST).html, "who may know of it sees what it is"
    second_reconciler(parts)
    assert 'id="undecidable"' not in page(parts, "du", "/centre").html


def test_it_is_told_whoever_is_not_named_where_the_restriction_leaves_nobody(parts: Parts, lin: Laptop) -> None:
    document = parts.city.current().document
    people = [row for row in document["people"] if row["id"] not in ("ji", "du")]
    parts.city.publish({**document, "people": people})
    withdraw(parts, lin)
    hold(lin, lin.act(CASE, {**about_zhao(), "against": "qian"}))
    told = [user for user in ("qian", "fen", "fang") if 'id="undecidable"' in page(parts, user, LIST).html]
    assert told == ["fen", "fang"]


def test_what_was_left_out_stays_hidden_and_so_does_the_reason(parts: Parts, lin: Laptop) -> None:
    second_reconciler(parts)
    withdraw(parts, lin)
    hold(lin, lin.act(CASE, {**about_zhao(), "against": "qian"}))
    assert page(parts, "yu", ITEM, LEAVE_OUT).status == 303
    reads = {user: "投诉内容不属实" in page(parts, user, LIST).html for user in LEADS}
    assert {user for user in LEADS if reads[user]} == {"ji", "du", "yu"}
    assert {user for user in LEADS if ITEM in page(parts, user, LIST).html} == {"ji", "du", "yu", "fen", "fang"}
    assert page(parts, "qian", ITEM).status == 404
    assert page(parts, "qian", ITEM, LEAVE_OUT).status == 404


def test_a_carried_file_tells_no_more(parts: Parts, lin: Laptop, url: str) -> None:
    second_reconciler(parts)
    document = parts.city.current().document
    posts = {"wu": {"unit": "centre", "roles": ["supervision_office"]}}
    parts.city.publish({**document, "people": [row | posts.get(row["id"], {}) for row in document["people"]]})
    withdraw(parts, lin)
    act = lin.act(CASE, {**about_zhao(), "against": "qian"})
    taken = parts.carry_import.take(lin.outbox(act), "fang")
    assert page(parts, "yu", ITEM, LEAVE_OUT).status == 303
    for user in ("qian", "wu"):
        with Browser(url) as browser:
            browser.sign_in(user)
            shown = browser.get(f"/centre/carried/{taken.file}?lang=zh-CN").text
            listed = browser.get("/centre/carried?lang=zh-CN").text
        for words in (decode_act_change(act.raw).hash[:12], "投诉内容不属实", "暂扣 1 条"):
            assert (words in shown) == (user == "wu"), (user, words)
        assert ("暂扣 1 条" in listed) == (user == "wu"), user


@pytest.mark.parametrize("stop", [None, withdraw])
def test_nobody_who_decides_reads_who_reported(parts: Parts, lin: Laptop, stop: Any) -> None:
    if stop is not None:  # then it is held for that, and says it all the same
        stop(parts, lin)
    hold(lin, lin.act(CASE, report()))
    for path in (ITEM, LIST):
        shown = page(parts, "qian", path)
        assert shown.status == 200
        for words in (NAME, PHONE, ADDRESS):
            assert words not in shown.html, (path, words)
    assert page(parts, "qian", ITEM, LEAVE_OUT).status == 303


def test_nor_who_complains_whether_or_not_the_case_has_come(parts: Parts, lin: Laptop) -> None:
    complaint = {"type": "complaint_filed", "about": "态度敷衍", "complainer_name": NAME, "complainer_phone": PHONE}
    begun = lin.act(CASE, registered(request_kind="help"))
    late = lin.act(CASE, complaint)
    hold(lin, late)
    assert NAME not in page(parts, "qian", ITEM).html
    answer(lin, begun)
    assert NAME not in page(parts, "qian", ITEM).html


def test_who_is_reported_decides_nothing_about_who_did(parts: Parts, lin: Laptop) -> None:
    withdraw(parts, lin)
    hold(lin, *lin.register(CASE, report(against="qian")))
    for item in (1, 2):
        assert page(parts, "qian", f"{LIST}/{item}").status == 404
    assert (undecided(parts), waiting(parts, "qian")) == (2, 0)


def test_who_may_know_is_not_forgotten_in_the_midst_of_a_view(
    parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of waiting work only makes views quick: kept or let go, nobody named is shown it."""
    monkeypatch.setattr(held_back, "_KNOWN_MAX", 1)
    second_reconciler(parts)
    withdraw(parts, lin)
    for number in (1, 2, 3):
        hold(lin, lin.act(case_id(number), {**about_zhao(), "against": "qian"}))
        for _ in range(2):
            assert (waiting(parts, "qian"), waiting(parts, "yu")) == (0, number)
            assert page(parts, "qian", f"{LIST}/{number}", LEAVE_OUT).status == 404
