"""Published offers as acts of the centre: a new version counts from its day, open cases keep theirs, F-28 prints the log."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import DIRECTORY, Desk, FakeStore, service_form
from html_forms import filled, joined

from py_core.cases.acts import canonical_json
from py_core.city.events import read_city_event
from py_core.city.offers import offer_row
from py_core.directory import Person
from py_core.errors import Malformed
from py_core.packs import load_packs

KEY, LATER = "0" * 31 + "1", "0" * 31 + "3"
PAGE = "/centre/offers/temp-water"
CITY = replace(
    DIRECTORY, people={**DIRECTORY.people, "he": Person("he", "何力", "centre", "管理员", "0510-86000012", ("admin",))}
)
COMPLETE = {
    "scope": "本镇", "conditions": "有用地证明", "procedure": "申请、踏勘、批准", "standard": "一次办好", "responsibility": "逾期担责",
    "functions": "供水管理", "policy": "节约用水规定", "result": "许可决定书", "handler": "王海",
}  # fmt: skip


def desks() -> tuple[Desk, Desk]:
    """The administrator at the record and an officer who knows the same."""
    admin = Desk("he", store=FakeStore(CITY), where="server")
    return admin, Desk("lin", store=admin.store)


def new_version(admin: Desk, **typed: str) -> int:
    """Sends the form of the next version as the page shows it; gives the status."""
    form = filled(admin.get(PAGE).html, {})
    publication = {"what": "version"}
    return admin.post(PAGE, **{**form, "reason": "按年度评估调整", **typed, **publication}).status


def test_a_new_version_counts_from_its_day_and_open_cases_keep_theirs() -> None:
    admin, lin = desks()
    lin.post("/register", **service_form())
    day = (admin.now + timedelta(days=2)).date()
    assert new_version(admin, promise_n="7", in_force_from=day.isoformat()) == 303
    lin.now += timedelta(days=1)
    assert "10 工作日" in lin.get("/register").html or "10 个工作日" in lin.get("/register").html
    lin.now += timedelta(days=1)
    assert re.search(r"承诺 ?7", joined(lin.get("/register").html))
    lin.post("/register", **service_form(LATER))
    assert re.search(r"10 个?工作日", lin.get(f"/cases/{KEY}").html)
    assert re.search(r"7 个?工作日", lin.get(f"/cases/{LATER}").html)
    assert "按年度评估调整" in admin.get(PAGE).html


def test_a_guide_that_lacks_something_can_be_completed_and_printed() -> None:
    admin, lin = desks()
    assert lin.get("/slips/F-26/temp-water").status == 409
    assert "缺" in admin.get(PAGE).html
    assert new_version(admin, **COMPLETE) == 303
    for form in ("F-26", "F-27"):
        page = lin.get(f"/slips/{form}/temp-water")
        assert page.status == 200
        assert "第3版" in page.html
    assert "temp-water" in admin.get("/centre/offers").html


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"promise_n": "21"}, "promise_n"),
        ({"promise_n": "zehn"}, "promise_n"),
        ({"promise_n": ""}, "promise_n"),
        ({"zh": ""}, "zh"),
        ({"reason": ""}, "reason"),
        ({"in_force_from": "2025-12-01"}, "in_force_from"),
        ({"in_force_from": "morgen"}, "in_force_from"),
        ({"completion_event": "fed_back"}, "completion_event"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_published(typed: dict[str, str], field: str) -> None:
    admin, _ = desks()
    form = {**filled(admin.get(PAGE).html, {}), "reason": "调整", "what": "version", **typed}
    answer = admin.post(PAGE, **form)
    assert (answer.status, answer.acts) == (422, ())
    assert f'href="#{field}"' in answer.html


def test_the_same_form_twice_is_one_version_and_an_overtaken_one_is_told() -> None:
    admin, _ = desks()
    form = {**filled(admin.get(PAGE).html, {}), "reason": "调整", "what": "version"}
    assert len(admin.post(PAGE, **form).acts) == 1
    again = admin.post(PAGE, **form)
    assert (again.status, again.acts) == (303, ())
    other = admin.post(PAGE, **{**form, "fee": "每件十元"})
    assert (other.status, other.acts) == (422, ())
    assert "已有人" in other.html


NEW = "/centre/offers/new"
TYPED = {
    "kind": "JY:service", "zh": "临时占道许可", "en": "Use of the road", "promise_n": "5", "statutory_n": "10",
    "reason": "新增服务事项",
}  # fmt: skip


def new_service(admin: Desk, **typed: str) -> tuple[int, str, str]:
    """Status, place and page of the answer to the form of a new service."""
    answer = admin.post(NEW, **{**filled(admin.get(NEW).html, {}), **TYPED, **typed})
    return answer.status, answer.location or "", answer.html


def test_a_new_service_can_be_asked_for_at_its_units_at_once() -> None:
    admin, lin = desks()
    status, place, _ = new_service(admin, unit="xingqiao")
    assert status == 303
    assert "临时占道许可" in admin.get(place.partition("?")[0]).html
    assert "临时占道许可" in lin.get("/register").html
    elsewhere = Desk("wang", store=admin.store)
    assert "临时占道许可" not in elsewhere.get("/register").html


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"kind": ""}, "kind"), ({"promise_n": ""}, "promise_n"), ({"promise_n": "11"}, "promise_n"), ({"zh": ""}, "zh"),
     ({"reason": ""}, "reason"), ({"service_id": "../x"}, "kind"), ({"kind": "JY:nothing"}, "kind")],
)  # fmt: skip
def test_a_faulty_new_service_keeps_what_was_typed(typed: dict[str, str], field: str) -> None:
    admin, _ = desks()
    status, _, html = new_service(admin, **typed)
    assert status == 422
    assert f'id="{field}-error"' in html
    assert "Use of the road" in html
    assert "service-" not in admin.get("/centre/offers").html


def test_the_form_of_a_new_service_sent_twice_makes_one() -> None:
    admin, _ = desks()
    form = {**filled(admin.get(NEW).html, {}), **TYPED}
    first, second = admin.post(NEW, **form), admin.post(NEW, **form)
    assert (first.status, second.status) == (303, 303)
    assert admin.get("/centre/offers").html.count("临时占道许可") == 1


def test_a_publication_stands_in_the_log_of_its_units() -> None:
    admin, lin = desks()
    form = filled(admin.get(PAGE).html, {})
    told = {
        **form, "what": "publication", "version": "2", "channel": "notice_board", "place": "便民服务中心东墙",
        "published_on": "2025-12-20", "note": "",
    }  # fmt: skip
    assert admin.post(PAGE, **told).status == 303
    html = lin.get("/slips/F-28/xingqiao").html
    for text in ("临时用水许可", "第2版", "公示栏", "便民服务中心东墙", "2025年12月20日"):
        assert text in html
    assert "尚无公开记录" in lin.get("/slips/F-28/centre").html
    late = admin.post(PAGE, **{**told, "published_on": "2026-12-20"})
    assert (late.status, late.acts) == (422, ())


def test_only_the_administrator_publishes() -> None:
    _, lin = desks()
    lin.where = "server"
    assert lin.get("/centre/offers").status == 403
    assert lin.post(PAGE, what="version").status == 403


@pytest.mark.parametrize(
    "change",
    [
        {"pack": "XX"}, {"matter": "flying"}, {"promise": {"n": -1, "unit": "workday"}}, {"promise": None}, {"version": 0},
        {"version": True}, {"units": "xingqiao"}, {"materials": [1]}, {"zh": "x" * 5000}, {"id": "../x"},
        {"promise": {"n": 1, "unit": "workday", "evil": 1}}, {"statutory": 5}, {"in_force_from": "later"},
    ],
)  # fmt: skip
def test_a_hostile_version_is_not_read(change: dict[str, object]) -> None:
    row = {**offer_row(DIRECTORY.offers["temp-water"]), "version": 3, **change}
    with pytest.raises(Malformed):
        read_city_event({"type": "offer_published", "offer": row, "reason": "x"}, load_packs())


def test_what_is_read_is_what_was_written() -> None:
    offer = DIRECTORY.offers["temp-water"]
    read = read_city_event({"type": "offer_published", "offer": offer_row(offer), "reason": "x"}, load_packs())
    assert canonical_json(offer_row(read.offer)) == canonical_json(offer_row(offer))  # type: ignore[union-attr]


def test_what_is_lacking_is_called_as_the_form_calls_it() -> None:
    admin, _ = desks()
    html = admin.get(PAGE, lang="en").html
    lacking = re.search(r"Missing: ([^<]*)\.<", html)
    assert lacking
    for word in lacking[1].split(", "):
        assert re.search(rf'<label class="govuk-label" for="\w+">\s*{re.escape(word)}', html), word
