"""Numbers of people are masked on every page until somebody asks for one with a purpose; asking and printing are acts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import DIRECTORY, Desk, FakeStore, appeal_form, service_form
from html_forms import joined

from py_core.names_in_words import Told, tells_who
from py_core.reporters import is_reporter_id, reporter_id

PHONE, IDENTITY = "13812345678", "360426199101010071"
PAGES = ("/today", "/cases", "/approvals", "/register")


def registered(where: str = "device") -> tuple[Desk, str]:
    desk = Desk(where=where)
    desk.post("/register", **service_form())
    return desk, next(iter(desk.store.acts))


def reveal(desk: Desk, case_id: str, **typed: str) -> int:
    form = {"field": "claimant_phone", "purpose": "contact", "key": "0", "occurred_at": "", "occurred_at_shown": ""}
    return desk.post(f"/cases/{case_id}/do/reveal_field", **{**form, **typed}).status


def test_a_registered_number_stands_masked_everywhere_with_the_way_to_see_it() -> None:
    desk, case_id = registered()
    page = desk.get(f"/cases/{case_id}").html
    assert "138******78" in page
    assert f"/cases/{case_id}/do/reveal_field?field=claimant_phone" in page
    for path in (*PAGES, f"/cases/{case_id}", f"/cases/{case_id}/slips/F-01", f"/cases/{case_id}/do/note"):
        html = desk.get(path).html
        assert PHONE not in html, path
        assert IDENTITY not in html, path


@pytest.mark.parametrize("where", ["device", "server"])
def test_asking_is_an_act_with_its_purpose_and_shows_that_number_to_that_person_for_a_while(where: str) -> None:
    desk, case_id = registered(where)
    other = Desk("zhou", store=desk.store, where=where)
    form = desk.get(f"/cases/{case_id}/do/reveal_field", field="claimant_phone").html
    assert "联系当事人" in form
    assert reveal(desk, case_id) == 303
    act = desk.store.acts[case_id][-1].act
    assert [dict(event) for event in act.events] == [
        {"type": "field_revealed", "field": "claimant_phone", "purpose": "contact"}
    ]
    page = desk.get(f"/cases/{case_id}").html
    assert PHONE in page
    assert IDENTITY not in page
    assert "查看完整号码" in page
    assert "联系当事人" in page
    assert PHONE not in other.get(f"/cases/{case_id}").html
    assert "联系当事人" in other.get(f"/cases/{case_id}").html  # everybody in the case sees that it was looked at
    desk.now += timedelta(minutes=11)
    assert PHONE not in desk.get(f"/cases/{case_id}").html


def test_another_purpose_has_to_be_said_and_a_number_has_to_be_there() -> None:
    desk, case_id = registered()
    assert reveal(desk, case_id, purpose="other") == 422
    assert reveal(desk, case_id, purpose="other", words="家属来电核对") == 303
    assert reveal(desk, case_id, purpose="") == 422
    bare = Desk()
    bare.post("/register", **appeal_form(claimant_id=""))
    bare_case = next(iter(bare.store.acts))
    assert reveal(bare, bare_case, field="claimant_id") == 422


def test_a_print_is_an_act_and_only_then_has_the_number_that_its_article_asks_for() -> None:
    desk, case_id = registered()
    before = desk.get(f"/cases/{case_id}/slips/F-01").html
    assert "138******78" in before
    answer = desk.post(f"/cases/{case_id}/slips/F-01", paper="a4")
    assert answer.location == f"/cases/{case_id}/slips/F-01?done=print&paper=a4"
    assert [dict(event) for event in desk.store.acts[case_id][-1].act.events] == [
        {"type": "form_printed", "form": "F-01"}
    ]
    printed = desk.get(f"/cases/{case_id}/slips/F-01", done="print").html
    assert PHONE in printed
    assert "data-print-now" in printed
    acts = len(desk.store.acts[case_id])
    desk.post(f"/cases/{case_id}/slips/F-01")
    assert len(desk.store.acts[case_id]) == acts
    assert PHONE not in Desk("zhou", store=desk.store).get(f"/cases/{case_id}/slips/F-01").html
    assert PHONE not in desk.get(f"/cases/{case_id}").html


def test_a_form_that_cannot_be_printed_records_nothing() -> None:
    desk, case_id = registered()
    acts = len(desk.store.acts[case_id])
    assert desk.post(f"/cases/{case_id}/slips/F-13").status == 409
    assert desk.post(f"/cases/{case_id}/slips/F-99").status == 404
    assert len(desk.store.acts[case_id]) == acts


def test_numbers_in_the_timeline_are_masked_too() -> None:
    desk, case_id = registered()
    desk.post(
        f"/cases/{case_id}/do/leave_message", phone=PHONE, note="请回电", key="0", occurred_at="", occurred_at_shown=""
    )
    html = desk.get(f"/cases/{case_id}").html
    assert not re.search(PHONE, html)


def test_the_way_to_a_number_is_only_for_those_who_may_open_the_case() -> None:
    store = FakeStore(DIRECTORY)
    assert Desk("wang", store=store).post("/cases/" + "0" * 32 + "/do/reveal_field").status == 404


def test_words_that_are_looked_for_stand_in_no_address() -> None:
    """The browser keeps addresses in its history, readable to whoever takes the laptop."""
    desk, case_id = registered()
    page = desk.get("/cases").html
    assert re.search(r'<form[^>]*id="filters"[^>]*method="post"', page)
    found = desk.post("/cases", q="临时用水")
    assert (found.status, found.location, found.acts) == (200, None, ())
    assert f"/cases/{case_id}" in found.html
    assert f"/cases/{case_id}" not in desk.post("/cases", q="没有这样的").html
    assert not re.findall(r'(?:href|action)="[^"]*临时用水', found.html)


@pytest.mark.parametrize("path", ["/register", "/cases", "/visits", "/visits/plan", "/today", "/sync"])
def test_only_forms_without_words_put_them_into_the_address(path: str) -> None:
    desk, _ = registered()
    for form in re.findall(r"<form.*?</form>", desk.get(path).html, re.DOTALL):
        if re.search(r"<textarea|<input(?![^>]*type=\"(?:hidden|radio|checkbox)\")", form):
            assert 'method="post"' in form, form[:200]
            assert 'autocomplete="off"' in form, form[:200]  # else the browser keeps what was typed, readable


TEMPLATES = Path(__file__).parents[2] / "py_core/views/templates"


def test_no_field_of_words_asks_the_browser_to_keep_them() -> None:
    """A field's own `autocomplete` beats its form's: with any but "off" Chromium writes what stands in it to the disk,
    to offer the tab again. It keeps no password so, and a name to sign in with is what it is to remember."""
    for template in TEMPLATES.rglob("*.html"):
        for field in re.findall(r'<input[^>]*autocomplete="(?!off")[^>]*>', template.read_text(encoding="utf-8")):
            assert 'type="password"' in field or 'autocomplete="username"' in field, (template.name, field)


def test_every_form_with_a_password_says_whose_it_is() -> None:
    """Else Chromium takes what was typed before the password, a code, for a name, and writes it down readable."""
    for template in TEMPLATES.rglob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", template.read_text(encoding="utf-8"), flags=re.S):
            if 'type="password"' in form:
                assert 'autocomplete="username"' in form or "parts/own_name.html" in form, (template.name, form[:200])


REPORTER = "举报人甲"


def reported(pack_matter: str, **changes: str) -> tuple[Desk, str]:
    """Registered by an officer of the town; everybody else there works on it."""
    desk = Desk()
    answer = desk.post(
        "/register",
        **appeal_form(**{"claimant_name": REPORTER, "offer": pack_matter, "claimant_phone": PHONE, **changes}),
    )
    assert answer.status == 303, re.findall(r'error-message">(?:<.*?</span>)?([^<]*)', answer.html)
    return desk, next(iter(desk.store.acts))


def fed(desk: Desk) -> FakeStore:
    """What the record feeds the devices of the unit: everything but who reported (`py_core.restricted`)."""
    store = FakeStore()
    store.hear(desk.store, desk.now)
    store.acts = {each: acts for each, acts in store.acts.items() if not is_reporter_id(each)}
    return store


def test_who_reports_somebody_is_told_to_no_handler() -> None:
    """HL-4(五): the reporter of a report is known to who took it down and to the desks that have to know."""
    desk, case_id = reported("appeal:citizen", request_kind="report", claimant_address="举报巷7号")
    handler = Desk("zhou", store=fed(desk))
    assert REPORTER not in repr(handler.store.acts), "it is not on the handler's device, whatever pages show"
    assert PHONE not in repr(handler.store.acts)
    assert "举报巷" not in repr(handler.store.acts)
    for path in (f"/cases/{case_id}", "/today", "/cases", f"/cases/{case_id}/do/note"):
        assert handler.get(path).status == 200, path
    page = handler.get(f"/cases/{case_id}").html
    assert "已保密（HL-4(五)）" in joined(page)
    assert "do/reveal_field" not in page
    assert f"/centre/reporter/{case_id}" not in page
    assert handler.get(f"/centre/reporter/{case_id}").status == 503

    # As long as it is only here, who took it down works with it; the city record's own pages join the two.
    for desk_that_may in (desk, Desk("chen", store=desk.store, where="server")):
        page = desk_that_may.get(f"/cases/{case_id}").html
        assert REPORTER in page
        assert "举报巷7号" in page
    taker = Desk("lin", store=handler.store)
    page = taker.get(f"/cases/{case_id}").html
    assert REPORTER not in page
    assert f"/centre/reporter/{case_id}" in page, "the way to it is told to who may go it"


def test_the_records_page_of_a_reporter_shows_a_number_for_a_purpose_only() -> None:
    desk, case_id = reported("appeal:citizen", request_kind="report")
    chen = Desk("chen", store=desk.store, where="server")
    here = f"/centre/reporter/{case_id}"
    page = chen.get(here).html
    assert REPORTER in page
    assert PHONE not in page
    assert chen.post(here, field="claimant_phone", key="0").status == 422
    form = {"field": "claimant_phone", "purpose": "contact", "key": "0"}
    assert [chen.post(here, **form).status for _ in range(2)] == [303, 303], "sent twice is asked once"
    assert PHONE in chen.get(here).html
    asked = [act.act for act in desk.store.acts[case_id] if act.act.kind == "reveal_field"]
    assert [(act.user, act.events[0]["purpose"]) for act in asked] == [("chen", "contact")]
    assert PHONE not in repr(asked)
    assert Desk("chen", store=fed(desk), where="server").get(here).status == 404


@pytest.mark.parametrize("changed", [{"complaint": True}, {"case": "0" * 32}, {"case": "0" * 32, "complaint": True}])
def test_a_complaint_does_not_pose_as_who_reported(changed: dict[str, object]) -> None:
    """Whoever complains chooses the id of the document: also that of somebody else's reporter."""
    desk, case_id = reported("appeal:citizen", request_kind="report")
    (told,) = desk.store.acts[reporter_id(case_id)]
    forged = replace(told.act, events=({**told.act.events[0], **changed},))
    desk.store.acts[reporter_id(case_id)] = [replace(told, act=forged)]
    for who in (desk, Desk("chen", store=desk.store, where="server")):
        page = who.get(f"/cases/{case_id}").html
        assert REPORTER not in page
        assert "已保密（HL-4(五)）" in joined(page)


def test_an_ordinary_request_hides_nobody() -> None:
    desk, case_id = reported("appeal:citizen", request_kind="complaint")
    assert REPORTER in Desk("zhou", store=desk.store).get(f"/cases/{case_id}").html


def test_asking_for_a_hidden_number_is_refused() -> None:
    desk, case_id = reported("appeal:citizen", request_kind="report")
    assert reveal(Desk("zhou", store=fed(desk)), case_id) in (404, 409, 422)
    assert reveal(desk, case_id) == 303


@pytest.mark.parametrize(
    ("words", "field", "taken"),
    [
        ({"text": f"{REPORTER}说夜间施工"}, "text", False),
        ({"text": "请打 138 1234-5678 联系"}, "text", False),
        ({"title": f"{REPORTER[:2]} {REPORTER[2:]}反映夜间施工"}, "title", False),
        ({"text": "举报夜间施工，7号楼"}, "text", True),
    ],
)
def test_words_that_say_who_reports_or_complains_are_not_taken(words: dict[str, str], field: str, taken: bool) -> None:
    """HL-4(五): they would stand in the case, which everybody there reads; the name and the number have their fields."""
    typed = {"claimant_name": REPORTER, "offer": "appeal:citizen", "claimant_phone": PHONE, **words}
    desk = Desk()
    answer = desk.post("/register", **appeal_form(**typed, request_kind="report"))
    assert (answer.status, f"{field}-error" in answer.html) == ((303, False) if taken else (422, True))
    assert desk.post("/register", **appeal_form(**typed, request_kind="complaint", key="b" * 32)).status == 303

    desk = Desk()
    desk.post("/register", **appeal_form(offer="appeal:citizen", request_kind="help"))
    case_id = next(iter(desk.store.acts))
    form = {"key": "0", "occurred_at": "", "occurred_at_shown": "", "complainer_name": REPORTER}
    about = {"about": next(iter(words.values())), "complainer_phone": PHONE}
    assert "须作出答复" in desk.get(f"/cases/{case_id}/do/file_complaint").html
    answer = desk.post(f"/cases/{case_id}/do/file_complaint", **form, **about)
    assert (answer.status, "about-error" in answer.html) == ((303, False) if taken else (422, True))
    assert REPORTER not in repr(desk.store.acts[case_id])


def told(name: str = "", number: str = "", identity: str = "") -> dict[str, str]:
    return {"claimant_name": name, "claimant_phone": number, "claimant_id": identity}


@pytest.mark.parametrize(
    ("words", "who", "tells"),
    [
        ("王家巷的路灯", told("王"), Told.NOT),
        ("12号楼", {"complainer_phone": "12"}, Told.NOT),
        ("多名群众反映夜间施工，责任人不详", told("群众"), Told.NOT),
        ("责任人不详", {"complainer_name": "不详"}, Told.NOT),
        ("匿名举报人反映夜间施工", told("匿名举报人"), Told.NOT),
        ("村干部李建国吃拿卡要", told("李建"), Told.PERHAPS),
        ("群众很不高兴", told("高兴"), Told.PERHAPS),
        ("高 兴反映夜间施工", told("高兴"), Told.PERHAPS),
        ("李建国反映夜间施工", told("李建国"), Told.SURELY),
        ("阿迪力江反映夜间施工", told("阿迪力·江"), Told.SURELY),
        ("The Limit of noise", told("Li"), Told.NOT),
        ("Limited noise", told("Lim"), Told.NOT),
        ("据JOHN  SMITH反映", told("John Smith"), Told.SURELY),
        ("ｊｏｈｎ反映", told("John"), Told.SURELY),
        ("请打１３８１２３４５６７８", told("", PHONE), Told.SURELY),
        ("请打138.1234.5678", told("", PHONE), Told.SURELY),
        ("请打138/1234（5678）", told("", PHONE), Told.SURELY),
        ("请打13812345678", told("", f"+86{PHONE}"), Told.SURELY),
        ("证号 360426 19910101 007x", told("", "", "36042619910101007X"), Told.SURELY),
        ("2026年3月5日7号楼1381号", told("", PHONE), Told.NOT),
        ("请打86110022", told("", "0510-86110022"), Told.SURELY),
        ("请打 8611 0022 转 3", told("", "0510-86110022"), Told.SURELY),
        ("请打0510-86110022", told("", "86110022"), Told.SURELY),
        ("电话6110022。", {"complainer_phone": "0510-6110022"}, Told.SURELY),
        ("请打010 6110 0221", told("", "01061100221"), Told.SURELY),
        ("请打幺三八 幺二三四 五六七八", told("", PHONE), Told.SURELY),
        ("请打一三八一二三四五六七八", told("", PHONE), Told.SURELY),
        ("请打八六一一〇〇二二一次", told("", "0510-86110022"), Told.SURELY),
        ("请打捌陆壹壹零零贰贰", told("", "0510-86110022"), Told.SURELY),
        ("2026-03-05举报", told("", "0510-20260305"), Told.NOT),
        ("二〇二六年〇三月〇五日举报", told("", "0510-20260305"), Told.NOT),
        ("星政发〔2026〕0305号、星政发(2026)0305号", told("", "0510-20260305"), Told.NOT),
        ("收费20260305元、20260305.50 元、2026万0305元", told("", "0510-20260305"), Told.NOT),
        ("8号楼6单元1100室22号", told("", "0510-86110022"), Told.NOT),
        ("八号楼六单元一一〇〇室二二号", told("", "0510-86110022"), Told.NOT),
        ("案卷320281198611002234", told("", "0510-86110022"), Told.NOT),
        ("8601 - 0013", told("", "86010013"), Told.SURELY),
        ("8601—0013、8601——0013", told("", "86010013"), Told.SURELY),
        ("86010013 12345678", told("", "86010013"), Told.SURELY),
        ("2025-12-24 86010013", told("", "86010013"), Told.SURELY),
        ("2025-12-24 8601 0013", told("", "0510-86010013"), Told.SURELY),
        ("卡号6222 8601 0013 3344", told("", "86010013"), Told.PERHAPS),
        ("电话86010013万女士接", told("", "86010013"), Told.SURELY),
        ("联系86010013 元先生", told("", "86010013"), Told.SURELY),
        ("电话86010013万建国接", told("", "86010013"), Told.PERHAPS),
        ("联系86010013 万", told("", "86010013"), Told.PERHAPS),
        ("收费86010013万元整", told("", "86010013"), Told.NOT),
        ("0510-86010013", told("", "0510-86010013-801"), Told.SURELY),
        ("请打86010013", told("", "86010013转801"), Told.SURELY),
        ("0510-86010013-801", told("", "0510-86010013-801"), Told.SURELY),
        ("请打8812345", told("", "8812345/8812346"), Told.SURELY),
        ("请打 881 2346", told("", "8812345/8812346"), Told.SURELY),
        ("请打86110033", told("", "0510-86110022、0510-86110033"), Told.SURELY),
        ("请打8611 0022", told("", "（0510）86110022转801，（0510）86110033"), Told.SURELY),
        ("请打86110022", told("", "86110022 13812345678"), Told.SURELY),
        ("请打86110022", told("", "家86110022手机13812345678"), Told.SURELY),
        ("请打13812345678", told("", "家86110022手机13812345678"), Told.SURELY),
        ("8812345/8812346", told("", "8812345/8812346"), Told.SURELY),
        ("1986 1100号、320281号", told("", "", "320281 19861100 2234"), Told.NOT),
        ("门牌1381号、1234室", told("", "138-1234-5678"), Told.NOT),
        ("2026-03-05 2026-03-06", told("", "0510-20260305"), Told.NOT),
        ("李建国际酒店噪声扰民", told("李建国"), Told.PERHAPS),
        ("孙中山路上的路灯", told("孙中山"), Told.PERHAPS),
        ("孙中山路上的路灯，孙中山反映", told("孙中山"), Told.SURELY),
        ("Noise at Martin Road", told("Martin"), Told.PERHAPS),
    ],
)
def test_what_says_who_it_is(words: str, who: dict[str, str], tells: Told) -> None:
    assert tells_who(words, who) is tells


def test_a_name_inside_a_longer_word_is_taken_when_somebody_has_looked() -> None:
    typed = {"claimant_name": "孙中山", "claimant_phone": PHONE, "title": "孙中山路的路灯", "request_kind": "report"}
    asked = Desk().post("/register", **appeal_form(**typed))
    assert (asked.status, 'name="names_nobody"' in asked.html) == (422, True)
    assert Desk().post("/register", **appeal_form(**typed, names_nobody="yes")).status == 303
    named = {**typed, "title": "孙中山路的路灯，孙中山反映"}
    assert Desk().post("/register", **appeal_form(**named, names_nobody="yes")).status == 422


DISCIPLINE = {"offer": "matter", "matter": "matter:WH:letter.discipline"}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("place", {"offer": "appeal:citizen", "request_kind": "report"}),
        ("result", {"offer": "appeal:citizen", "request_kind": "report", "outcome": "done", "opinion": "satisfied"}),
        ("explanation", {**DISCIPLINE, "outcome": "guide", "to_body": "区纪委"}),
        ("to_body", {**DISCIPLINE, "outcome": "guide", "explanation": "已说明"}),
    ],
)
def test_no_words_of_a_registration_that_stay_in_the_case_say_who_reports(field: str, typed: dict[str, str]) -> None:
    form = appeal_form(**{"claimant_name": REPORTER, "claimant_phone": PHONE, **typed, field: f"已答复{REPORTER}"})
    answer = Desk().post("/register", **form)
    assert (answer.status, re.findall(r'id="(\w+)-error"', answer.html)) == (422, [field])
    assert Desk().post("/register", **{**form, field: "已答复来人"}).status == 303


def test_words_that_are_not_recorded_are_not_looked_at() -> None:
    typed = {"claimant_name": REPORTER, "claimant_phone": PHONE, "offer": "appeal:citizen", "request_kind": "report"}
    assert Desk().post("/register", **appeal_form(**typed, result=f"已答复{REPORTER}")).status == 303


def test_a_name_of_two_signs_is_taken_once_the_officer_has_looked() -> None:
    """It may be part of another word; a whole name or number is no matter of looking."""
    typed = {"claimant_name": "高兴", "offer": "appeal:citizen", "request_kind": "report", "claimant_phone": PHONE}
    unhappy = appeal_form(**typed, text="群众很不高兴")
    desk = Desk()
    asked = desk.post("/register", **unhappy)
    assert (asked.status, "text-error" in asked.html, 'id="names_nobody"' in asked.html) == (422, True, True)
    assert "群众很不高兴</textarea>" in asked.html, "nothing typed is lost"
    again = desk.post("/register", **{**unhappy, "names_nobody": "yes", "title": ""})
    assert 'name="names_nobody" value="yes" checked' in again.html, "nor what was ticked"
    assert desk.post("/register", **{**unhappy, "names_nobody": "yes", "text": f"打{PHONE}"}).status == 422
    assert 'id="names_nobody"' not in desk.post("/register", **{**unhappy, "text": f"打{PHONE}"}).html
    assert desk.post("/register", **unhappy, names_nobody="yes").status == 303

    desk = Desk()
    desk.post("/register", **appeal_form(offer="appeal:citizen", request_kind="help"))
    case_id = next(iter(desk.store.acts))
    form = {"key": "0", "occurred_at": "", "occurred_at_shown": "", "complainer_name": "高兴", "about": "很不高兴"}
    asked = desk.post(f"/cases/{case_id}/do/file_complaint", **form)
    assert (asked.status, 'id="names_nobody"' in asked.html) == (422, True)
    assert desk.post(f"/cases/{case_id}/do/file_complaint", **form, names_nobody="yes").status == 303
