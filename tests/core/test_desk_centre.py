"""The centre: the whole record, and contradictions decided by a person with a reason that everybody sees."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form, service_form

from py_core.calendars import national
from py_core.cases.acts import Act
from py_core.cases.commands import ALL_ROLES, Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.desk.ports import NewAct
from py_core.desk.receipt_code import check_code

KEY = "0" * 31 + "1"


@pytest.fixture
def city() -> tuple[Desk, Desk, FakeStore]:
    """Two offline devices that accepted the same case, both in the record since."""
    record = FakeStore()
    lin = Desk("lin")
    lin.post("/register", **service_form(outcome="register"))
    record.hear(lin.store, NOW + timedelta(minutes=2))
    zhou = Desk("zhou", code="M2P")
    zhou.store.hear(lin.store, NOW + timedelta(minutes=2))
    for desk, minutes in ((lin, 60), (zhou, 75)):
        desk.beacon_time = NOW + timedelta(minutes=3)
        desk.now = NOW + timedelta(minutes=minutes)
        assert desk.post(f"/cases/{KEY}/do/accept", key="1").status == 303
    record.hear(lin.store, NOW + timedelta(hours=5))
    record.hear(zhou.store, NOW + timedelta(hours=6))
    return lin, zhou, record


def centre(record: FakeStore, user: str = "chen", **options: str) -> Desk:
    return Desk(user, store=record, where="server", now=NOW + timedelta(hours=7), code="0S", **options)


def decision_form(desk: Desk, **changes: str) -> dict[str, str]:
    html = desk.get(f"/centre/reconciliation/{KEY}").html
    choices = [part.split('"')[0] for part in html.split('name="decision" type="radio" value="')[1:]]
    contradiction = html.split('name="contradiction" value="')[1].split('"')[0]
    return {"contradiction": contradiction, "decision": choices[0], "reason": "林晓梅先受理", **changes}


def test_both_acts_stand_and_the_queue_shows_who_did_what_when(city: tuple[Desk, Desk, FakeStore]) -> None:
    desk = centre(city[2])
    assert "两处同时受理" in desk.get("/centre/reconciliation").html
    html = desk.get(f"/centre/reconciliation/{KEY}").html
    for text in ("林晓梅", "周建国", "11:00:00", "11:15:00", "10:03:00", "15:00:00", "16:00:00", "JY-3.2.4"):
        assert text in html


def test_a_decision_needs_a_reason(city: tuple[Desk, Desk, FakeStore]) -> None:
    desk = centre(city[2])
    response = desk.post(f"/centre/reconciliation/{KEY}", **decision_form(desk, reason=" "))
    assert (response.status, response.acts) == (422, ())
    assert "理由" in response.html


def test_the_decision_is_an_act_that_every_device_shows(city: tuple[Desk, Desk, FakeStore]) -> None:
    lin, zhou, record = city
    desk = centre(record)
    form = decision_form(desk)
    response = desk.post(f"/centre/reconciliation/{KEY}", **form)
    assert (response.status, response.location) == (303, f"/cases/{KEY}?done=decided")
    for device in (lin, zhou):
        device.store.hear(record, NOW + timedelta(hours=8))
        html = device.get(f"/cases/{KEY}").html
        for text in ("矛盾（已裁定）", "林晓梅先受理", "陈裁", "以星桥镇 林晓梅的记录为准"):
            assert text in html
        assert "当前责任：承办人员 林晓梅" in html
    again = desk.post(f"/centre/reconciliation/{KEY}", **form)
    assert (again.location, again.acts) == (f"/cases/{KEY}?done=again", ())


def test_the_other_act_can_be_made_to_stand(city: tuple[Desk, Desk, FakeStore]) -> None:
    desk = centre(city[2])
    html = desk.get(f"/centre/reconciliation/{KEY}").html
    choices = [part.split('"')[0] for part in html.split('name="decision" type="radio" value="')[1:]]
    desk.post(f"/centre/reconciliation/{KEY}", **decision_form(desk, decision=choices[1], reason="当事人在周处"))
    assert "当前责任：承办人员 周建国" in desk.get(f"/cases/{KEY}").html


def test_only_a_reconciler_gets_the_form(city: tuple[Desk, Desk, FakeStore]) -> None:
    assert centre(city[2], "lin").get(f"/centre/reconciliation/{KEY}").status == 403
    assert centre(city[2], "head").get("/centre").status == 403


def test_the_city_list_filters_by_unit_light_state_and_words() -> None:
    record = FakeStore()
    lin = Desk("lin", store=record, where="server")
    lin.post("/register", **service_form())
    lin.post("/register", **appeal_form(outcome="deliver", to_unit="shuiwu"))
    desk = centre(record)

    def titles(**query: str) -> tuple[bool, bool]:
        html = desk.get("/centre/cases", **query).html
        return "工地临时用水" in html, "夜间施工噪声" in html

    assert titles() == (True, True)
    assert titles(unit="shuiwu") == (False, True)
    assert titles(pack="JY") == (True, False)
    assert titles(light="green") == (True, True)
    assert titles(light="red") == (False, False)
    assert titles(q="噪声") == (False, True)
    assert titles(q="k7q-000001") == (True, False)
    assert titles(state="handling", q="用水") == (True, False)


def test_the_overview_counts_by_light_and_unit() -> None:
    record = FakeStore()
    lin = Desk("lin", store=record, where="server")
    lin.post("/register", **service_form())
    html = centre(record).get("/centre").html
    assert "星桥镇" in html
    assert "全市记录共 1 件" in html


def test_centre_pages_on_a_device_say_that_they_need_the_network() -> None:
    response = Desk("chen").get("/centre/cases")
    assert response.status == 503
    assert "需要联网" in response.html


def test_the_public_status_names_nobody() -> None:
    record = FakeStore()
    Desk("lin", store=record, where="server").post("/register", **service_form())
    public = Desk("nobody", store=record, where="server")
    code = check_code(KEY, "K7Q-000001")
    response = public.get("/public/status", n="k7q-000001", c=code.lower())
    assert response.status == 200
    for text in ("2026年1月8日", "承办", "0510-86010009", "实施意见》（澄政办发〔2012〕17号）第三部分第（三）项第"):
        assert text in response.html
    for text in ("赵六", "林晓梅", "1381234", "工地三个月临时用水", "JY-3"):
        assert text not in response.html
    assert "承办" in public.post("/public/status", n="k7q-000001", c=code.lower()).html, "typed, in no address"
    wrong = public.get("/public/status", n="K7Q-000001", c="AAAA-AAAA")
    assert wrong.status == 404
    assert "承办" not in wrong.html
    assert public.get("/today").status == 401


def test_the_veto_register_shows_what_people_entered_in_any_case_of_the_record() -> None:
    record = FakeStore()
    moments = iter(range(1, 9))

    def do(command: str, **fields: object) -> None:
        now = NOW + timedelta(hours=next(moments))
        known = record.case(KEY)
        case = fold(KEY, order(known.acts)) if known else None
        context = Context(now, record.packs(), national(), {"veto_trigger": "x"}, user="chen", roles=ALL_ROLES)
        events = decide(case, Command(command, fields), context)
        text = Act(command, tuple(events), "chen", "d", now.hour, now, now, None, None, "p", "a").text()
        record.record(NewAct(KEY, text), now)

    do("register", pack="BZ", matter="contact", channel="visit", claimant="person", signed=True, unit="xingqiao")
    do("open_accountability", about="two complaints")
    desk = centre(record)
    desk.now += timedelta(days=1)
    assert "没有人" in desk.get("/centre/vetoes").html
    for subject, cause in (("zhou", "两次被投诉属实"), ("shuiwu", "责任部室")):
        do("record_veto", year=2025, subject=subject, cause=cause, decision_ref="澄效能〔2025〕7号")
    html = desk.get("/centre/vetoes").html
    for text in ("2025", "周建国", "水务局", "两次被投诉属实", "澄效能〔2025〕7号", "BZ-KP-4", f"/cases/{KEY}", "陈裁"):
        assert text in html
    do("withdraw_veto", year=2025, subject="zhou", reason="decision repealed")
    html = desk.get("/centre/vetoes").html
    assert "两次被投诉属实" not in html
    assert "责任部室" in html
    assert Desk("lin", store=record, where="server").get("/centre/vetoes").status == 403


def test_the_menu_says_on_every_page_how_many_contradictions_wait(city: tuple[Desk, Desk, FakeStore]) -> None:
    desk = centre(city[2])
    for path in ("/centre", "/centre/cases", "/centre/reconciliation", "/centre/vetoes"):
        menu = desk.get(path, lang="en").html.split('aria-label="Centre"')[1].split("</nav>")[0]
        assert "Reconciliation (1)" in menu, path


def test_a_wrong_code_is_told_as_a_fault_at_both_fields() -> None:
    wrong = Desk("nobody", store=FakeStore(), where="server").get("/public/status", n="K7Q-000001", c="AAAA-AAAA").html
    assert 'class="govuk-error-summary"' in wrong
    assert wrong.count("govuk-input--error") == 2


def test_the_counts_of_the_overview_are_those_of_its_table() -> None:
    """Paused and undated cases were open in the one and not in the other; a closed one is open in neither."""
    store = FakeStore()
    lin = Desk(store=store)
    lin.post("/register", **service_form(f"{1:032x}"))
    lin.post("/register", **service_form(f"{2:032x}", complete="no", outcome="notice", missing="用地证明"))
    lin.post("/register", **appeal_form(f"{3:032x}", outcome="done", result="已协调", opinion="satisfied"))
    lin.post(f"/cases/{3:032x}/do/feed_back", text="满意")
    lin.post("/register", **service_form(f"{4:032x}", outcome="done", result="已办结"))
    lin.post(f"/cases/{4:032x}/do/reply", text="已答复")
    html = Desk("chen", store=store, where="server").get("/centre").html
    tiles = [int(n) for n in re.findall(r'sw-figures__number">(\d+)<', html)]
    row = html.partition("<tbody>")[2].partition("</tr>")[0]
    cells = [int(n) for n in re.findall(r"(\d+)\s*</td>", row)]
    assert (sum(tiles), cells[0], cells[-1]) == (3, 3, 4)
    assert sum(cells[1:-1]) == cells[0], "the one that waits without a running date has its column"
    assert cells[-2] == 1
