"""What a device tells its person of by itself: lights to be alerted of, the reminder before a rest, the calendar file."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from day_office import CITY, in_front_of
from fakes import BEIJING, NOW, Desk, FakeStore, appeal_form, service_form
from html_forms import filled

from e2e.further_steps import TAKEN, FurtherStep
from py_core.cases.commands import COMMANDS
from py_core.directory import Directory, Term

KEY = "0" * 31 + "1"
SECOND = "0" * 31 + "2"


def desk_at(moment: datetime) -> Desk:
    desk = Desk(store=FakeStore())
    desk.post("/register", **service_form(KEY))
    desk.post("/register", **appeal_form(SECOND))  # due on 31 December
    desk.now = moment
    return desk


def alerts(desk: Desk) -> tuple[list[tuple[str, str]], int]:
    html = desk.get("/today/alerts").html
    rows = re.findall(r'data-key="([^"]+)" data-light="(\w+)"', html)
    found = re.search(r'data-next-ms="(\d+)"', html)
    assert found
    return rows, int(found.group(1))


def test_a_light_is_told_by_case_and_date_so_that_it_is_told_once() -> None:
    rows, _ = alerts(desk_at(datetime(2025, 12, 31, 9, 0, tzinfo=BEIJING)))
    assert [light for key, light in rows if key.startswith(SECOND)] == ["red"]
    again, _ = alerts(desk_at(datetime(2025, 12, 31, 10, 0, tzinfo=BEIJING)))
    assert {key for key, light in rows if light == "red"} <= {key for key, _ in again}


def test_the_next_look_is_when_the_next_light_changes_and_not_later() -> None:
    evening = datetime(2025, 12, 28, 23, 0, tzinfo=BEIJING)
    rows, next_ms = alerts(desk_at(evening))
    then = evening + timedelta(milliseconds=next_ms)
    changed, _ = alerts(desk_at(then))
    assert next_ms <= 6 * 3600 * 1000
    assert {light for _, light in changed} != {light for _, light in rows}


def test_alerts_name_nobody_and_nothing() -> None:
    html = desk_at(datetime(2026, 1, 20, 9, 0, tzinfo=BEIJING)).get("/today/alerts").html
    assert 'data-light="overdue"' in html
    for content in ("孙七", "赵六", "夜间施工噪声", "13812345678", "K7Q-"):
        assert content not in html


def test_today_reminds_before_a_long_rest_and_on_no_other_day() -> None:
    eve = datetime(2025, 12, 31, 9, 0, tzinfo=BEIJING)
    assert "长假前最后一个工作日" in desk_at(eve).get("/today").html
    assert "长假前最后一个工作日" not in desk_at(eve - timedelta(days=1)).get("/today").html
    assert any(light == "reminder" for _, light in alerts(desk_at(eve))[0])


def calendar(desk: Desk) -> str:
    html = desk.get("/today/calendar").html
    found = re.search(r'href="data:text/calendar;charset=utf-8;base64,([^"]+)" download="shouwen-duties.ics"', html)
    assert found, html
    return base64.b64decode(found.group(1)).decode()


def test_the_calendar_file_has_each_due_date_and_no_personal_data() -> None:
    text = calendar(desk_at(NOW))
    lines = text.replace("\r\n ", "").split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert [line for line in lines if line.startswith("DTSTART")] == [
        "DTSTART;VALUE=DATE:20251231",
        "DTSTART;VALUE=DATE:20260108",
    ]
    assert f"UID:{KEY}@shouwen" in lines
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == lines.count("BEGIN:VALARM") == 2
    for content in ("孙七", "赵六", "夜间施工噪声", "13812345678"):
        assert content not in text


def test_lines_of_the_calendar_file_are_short_and_break_no_character() -> None:
    text = calendar(desk_at(NOW))
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_without_duties_there_is_nothing_to_download() -> None:
    html = Desk(store=FakeStore()).get("/today/calendar").html
    assert "data:text/calendar" not in html


LETTER = {
    "offer": "matter", "matter": "matter:WH:letter", "channel": "letter", "claimant_name": "孙七",
    "claimant_phone": "13812345678", "title": "来信", "text": "请求核实。",
}  # fmt: skip


class Town:
    """Officers of the demonstration city at devices of their own, with the network between every two steps."""

    def __init__(self, *people: str) -> None:
        self.record = FakeStore(CITY)
        self.desks = {who: Desk(who, store=FakeStore(CITY), code=f"K{n}") for n, who in enumerate(people)}
        self.case = ""

    def take(self, who: str, path: str, /, **typed: str) -> None:
        desk = self.desks[who]
        response = desk.post(path.format(self.case), **filled(desk.get(path.format(self.case)).html, typed))
        assert response.status == 303, response.html
        self.case = response.acts[0].case_id
        for each in self.desks.values():
            self.record.hear(each.store, NOW)
        for each in self.desks.values():
            each.store.acts = {case: list(acts) for case, acts in self.record.acts.items()}

    def page(self, who: str) -> str:
        return self.desks[who].get(f"/cases/{self.case}").html

    def sees(self, who: str, scope: str = "") -> bool:
        html = self.desks[who].get("/today", **({"scope": scope} if scope else {})).html
        return f'href="/cases/{self.case}"' in html

    def is_alerted(self, who: str) -> bool:
        later = Desk(who, store=self.desks[who].store, now=NOW + timedelta(days=30))
        return any(key.startswith(self.case) for key, _ in alerts(later)[0])


def test_what_came_to_a_unit_is_everybodys_there_until_somebody_takes_it() -> None:
    town = Town("fangyun", "linxiao", "zhaolei", "xujing")
    town.take(
        "fangyun", "/register", offer="offer:hotline-citizen", claimant_name="孙七", claimant_phone="13812345678",
        title="路灯不亮", text="人民路路灯不亮。", channel="phone", request_kind="complaint", outcome="deliver", to_unit="xingqiao",
    )  # fmt: skip
    assert (town.sees("linxiao"), town.sees("zhaolei"), town.sees("xujing")) == (True, True, False)
    assert town.is_alerted("zhaolei")
    taking = {who: re.findall(r"/do/(accept|refuse_ticket|request_return)\"", town.page(who)) for who in town.desks}
    assert taking["fangyun"] == [], "the desk takes, refuses or returns no work order of a unit"
    assert {*taking["zhaolei"]} == {"accept", "refuse_ticket", "request_return"}
    refused = {"key": "9", "within_duty": "no", "reason": " "}
    assert "理由：请填写" in town.desks["linxiao"].post(f"/cases/{town.case}/do/refuse_ticket", **refused).html
    town.take("linxiao", "/cases/{}/do/accept")
    assert (town.sees("linxiao"), town.sees("zhaolei")) == (True, False)
    assert town.sees("zhaolei", "stand_in"), "linxiao has the A post, zhaolei its B"
    assert not town.is_alerted("zhaolei")
    assert not town.sees("xujing", "stand_in")
    assert "scope=stand_in" not in town.desks["xujing"].get("/today").html, "nobody's B"


def test_a_stand_in_sees_the_visits_of_the_other() -> None:
    town = Town("linxiao", "zhaolei")
    plan = {"enterprise": "星桥恒泰纺织有限公司", "contact": "钱建新", "on": NOW.date().isoformat()}
    town.take("linxiao", "/visits/plan", **plan)
    pages = {scope: town.desks["zhaolei"].get("/visits", scope=scope).html for scope in ("mine", "stand_in", "unit")}
    assert [scope for scope, html in pages.items() if "星桥恒泰纺织有限公司" in html] == ["stand_in", "unit"]
    assert "星桥恒泰纺织有限公司" in town.desks["zhaolei"].get("/today", scope="stand_in").html
    assert "顶岗（林晓）" in pages["mine"]


def test_the_number_that_a_visitor_leaves_can_be_called() -> None:
    town = Town("linxiao")
    town.take(
        "linxiao", "/register", offer="matter", matter="matter:BZ:contact", claimant_name="孙七",
        claimant_phone="13812345678", title="来访", text="来访未遇。", outcome="register",
    )  # fmt: skip
    wrong = town.desks["linxiao"].post(
        f"/cases/{town.case}/do/leave_message", key="9", phone="1381234567", note="请回电"
    )
    assert wrong.status == 422
    assert "电话" in wrong.html
    assert 'value="1381234567"' in wrong.html
    nothing = town.desks["linxiao"].post(f"/cases/{town.case}/do/leave_message", key="9", phone="13812345679")
    assert (nothing.status, 'id="note-error"' in nothing.html) == (422, True), "a message says something"
    town.take("linxiao", "/cases/{}/do/leave_message", phone="138 1234 5679", note="请回电")


def test_the_duty_of_an_absent_post_holder_is_the_stand_ins_own() -> None:
    town = Town("linxiao", "zhaolei", "sunguoping")
    town.take(
        "linxiao", "/register", offer="matter", matter="matter:BZ:rights", claimant_name="孙七", complete="yes",
        claimant_phone="13812345678", title="劳动报酬", text="用人单位未付报酬。",
    )  # fmt: skip
    assert not town.sees("zhaolei")
    away = {"from": NOW.date().isoformat(), "to": NOW.date().isoformat(), "briefed": "yes"}
    town.take("linxiao", "/cases/{}/do/record_absence", who="A", **away)
    assert town.sees("zhaolei")
    assert town.is_alerted("linxiao"), "it stays with who has it"
    assert "B岗责任人 赵磊" in town.page("zhaolei")
    town.take("linxiao", "/cases/{}/do/record_absence", who="B", **away)
    assert not town.sees("zhaolei"), "both are away: the head answers"
    form = town.desks["sunguoping"].get(f"/cases/{town.case}/do/arrange_acting").html
    assert set(re.findall(r'name="who" type="radio" value="(\w+)"', form)) == {"sunguoping", "wuhaiyan"}, (
        "not who is away"
    )
    town.take("sunguoping", "/cases/{}/do/arrange_acting", who="sunguoping")
    assert town.sees("sunguoping"), "who acts has it among the own duties"


def test_the_work_of_a_case_belongs_to_the_unit_that_took_it_over() -> None:
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **LETTER, outcome="register")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    town.take("xujing", "/cases/{}/do/accept_handover")
    work = ("complete", "hand_over", "notify_refusal", "request_extension")
    steps = {who: re.findall(r"/do/(\w+)", town.desks[who].get(f"/cases/{town.case}").html) for who in town.desks}
    assert set(work) <= {*steps["xujing"]}
    assert not set(work) & {*steps["linxiao"]}, "who registered it follows it, but does not work on it"
    assert {"note", "file_complaint"} <= {*steps["linxiao"]}
    refused = town.desks["linxiao"].post(f"/cases/{town.case}/do/complete", key="1", text="已办结")
    assert (refused.status, refused.acts) == (409, ())
    assert "柳溪镇" in refused.html
    assert re.search(r"（WH-[^）]+）。", refused.html), "with its article"
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    town.take("linxiao", "/cases/{}/do/accept_handover")
    assert "/do/complete" in town.desks["linxiao"].get(f"/cases/{town.case}").html, "handed back"


def steps_of(town: Town, who: str) -> list[str]:
    return re.findall(r"/do/(\w+)", town.page(who))


def whose_move(town: Town, who: str) -> str:
    found = re.search(r'id="whose-move">(.*?)</p>', town.page(who))
    return re.sub(r"<[^>]*>", "", found[1]) if found else ""


def handler_of(town: Town, who: str) -> str:
    found = re.search(r"经办人员\s*</dt>\s*<dd[^>]*>\s*([^<]*)", town.page(who))
    return found[1] if found else ""


def test_after_a_hand_over_the_section_in_charge_answers_and_both_sides_read_it() -> None:
    """BZ-SW-4, JY-3.2.5: guiding to the section in charge releases who was asked first (§5.2 L06)."""
    town = Town("linxiao", "xujing")
    town.take(
        "linxiao", "/register", offer="matter", matter="matter:BZ:rights", claimant_name="孙七", complete="yes",
        claimant_phone="13812345678", title="劳动报酬", text="用人单位未付报酬。",
    )  # fmt: skip
    assert "complete" in steps_of(town, "linxiao") or "reply" in steps_of(town, "linxiao")
    assert 'id="whose-move"' not in town.page("linxiao")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert not [step for step in steps_of(town, "linxiao") if COMMANDS[step].is_work], (
        "not until somebody takes it over"
    )
    assert "accept_handover" in steps_of(town, "linxiao"), "it can be taken back"
    assert "本件已移交柳溪镇人民政府，由该单位负责办理（BZ-SW-4）" in whose_move(town, "linxiao")
    refused = town.desks["linxiao"].post(f"/cases/{town.case}/do/reply", key="1", text="已协调", opinion="satisfied")
    assert (refused.status, refused.acts) == (409, ())
    assert "本件已移交本单位，由本单位负责办理（BZ-SW-4）。请接手" in whose_move(town, "xujing")
    assert steps_of(town, "xujing")[0] == "accept_handover", "its first step"
    assert "reply" in steps_of(town, "xujing")
    assert "经办人员" not in town.page("xujing"), "nobody there handles it yet"
    town.take("xujing", "/cases/{}/do/accept_handover")
    for who in ("linxiao", "xujing"):
        assert 'id="whose-move"' not in town.page(who)
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    assert "reply" in steps_of(town, "linxiao"), "sent back to the unit that was asked first"
    assert "reply" not in steps_of(town, "xujing")


def test_a_case_that_waits_for_papers_is_taken_over_and_worked_on_where_it_was_handed_to() -> None:
    """JY-3.2.5: what suspends a case shows before the hand-over, and keeps nobody from taking it over."""
    town = Town("linxiao", "xujing")
    town.take(
        "linxiao", "/register", offer="offer:disability-allowance", claimant_name="周梦洁", claimant_phone="13800001234",
        channel="walk_in", signed="yes", complete="no", missing="户口簿复印件", outcome="notice",
    )  # fmt: skip
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "complete_materials" not in steps_of(town, "linxiao")
    assert "请接手" in whose_move(town, "xujing")
    assert "accept_handover" in steps_of(town, "xujing")
    town.take("xujing", "/cases/{}/do/accept_handover")
    assert "complete_materials" in steps_of(town, "xujing")
    assert "accept_handover" not in steps_of(town, "xujing")
    for who in ("linxiao", "xujing"):
        assert not whose_move(town, who)
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    town.take("linxiao", "/cases/{}/do/accept_handover")  # sent in time, and back
    assert "complete_materials" in steps_of(town, "linxiao")


def test_a_case_that_was_accepted_after_a_hand_over_is_the_accepting_unit_s() -> None:
    town = Town("linxiao", "xujing")
    town.take(
        "linxiao", "/register", offer="matter", matter="matter:BZ:rights", claimant_name="孙七", complete="yes",
        claimant_phone="13812345678", title="劳动报酬", text="用人单位未付报酬。",
    )  # fmt: skip
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "accept" not in steps_of(town, "linxiao"), "it is not accepted where it was handed over from"
    town.take("xujing", "/cases/{}/do/accept")
    assert "reply" in steps_of(town, "xujing")
    assert "reply" not in steps_of(town, "linxiao")
    for who in ("linxiao", "xujing"):
        assert 'id="whose-move"' not in town.page(who)
    assert handler_of(town, "linxiao").startswith("徐静")
    town.take("xujing", "/cases/{}/do/hand_over", to="xingqiao")
    town.take("linxiao", "/cases/{}/do/accept_handover")
    assert handler_of(town, "xujing").startswith("林晓")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    town.take("xujing", "/cases/{}/do/accept")
    assert handler_of(town, "linxiao").startswith("徐静"), "not who took it over before"


def test_until_it_is_taken_over_a_case_stays_with_who_was_asked_first() -> None:
    """WH-SW-4(二)."""
    town = Town("linxiao", "xujing")
    town.take("linxiao", "/register", **LETTER, outcome="register")
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    assert "本件已移交柳溪镇人民政府，对方接手之前，仍由首问责任人 林晓负责（WH-SW-4(二)）" in whose_move(
        town, "linxiao"
    )
    assert "本件已移交本单位，接手之前，仍由首问责任人 林晓负责（WH-SW-4(二)）" in whose_move(town, "xujing")
    assert steps_of(town, "xujing")[0] == "accept_handover"


def moved(who: str, unit: str, day: date) -> Directory:
    """The city in which somebody belongs to another unit from a day on."""
    person = CITY.people[who]
    before = Term(person.unit, person.title, person.roles, until=day - timedelta(days=1))
    after = Term(unit, person.title, person.roles, since=day)
    return replace(CITY, people={**CITY.people, who: replace(person, unit=unit, terms=(before, after))})


def test_who_moves_to_another_unit_takes_no_case_along() -> None:
    town = Town("linxiao", "zhaolei")
    town.take("linxiao", "/register", **LETTER, outcome="accept")
    for day in (NOW.date() + timedelta(days=30), NOW.date()):  # a move that is still to come, then one that has come
        for desk in town.desks.values():
            desk.store._directory = moved("linxiao", "liuxi", day)
        assert "/do/complete" in town.page("zhaolei"), day
        if day > NOW.date():
            assert "/do/complete" in town.page("linxiao")


def test_whoever_was_asked_first_gives_the_receipt_after_a_hand_over_too() -> None:
    """JY-3.2.7: the receipt is the first responder's."""
    town = Town("linxiao", "xujing")
    town.take(
        "linxiao", "/register", offer="offer:disability-allowance", claimant_name="周梦洁", claimant_phone="13800001234",
        channel="walk_in", complete="no", signed="yes", identity_told="yes", outcome="register",
    )  # fmt: skip
    town.take("linxiao", "/cases/{}/do/hand_over", to="liuxi")
    town.take("xujing", "/cases/{}/do/accept_handover")
    assert "/do/issue_receipt" in town.page("linxiao")
    assert "/do/complete" not in town.page("linxiao")


def test_what_is_urgent_or_supervised_says_so_on_the_lists() -> None:
    """A head sees at once which of the cases without a date was reported as urgent (BZ-SW-5)."""
    urgent = FurtherStep({"matter": "contact", "urgent": True}, (TAKEN, ("report_urgent", {})), {}, "sunguoping")
    desk, _ = in_front_of(urgent, "BZ")
    row = re.search(r'<li class="sw-duty .*?id="duty-.*?</ul>', desk.get("/today").html, re.S)
    assert row
    assert '<span class="sw-tag sw-tag--warn">紧急</span>' in row[0]
    calm, _ = in_front_of(FurtherStep({"matter": "contact"}, (TAKEN,), {}, "sunguoping"), "BZ")
    assert "sw-tag--warn" not in calm.get("/today").html


def test_a_call_is_what_the_hotlines_desk_takes_and_nothing_is_sent_back_without_a_word() -> None:
    town = Town("fangyun", "linxiao")
    channels = {
        who: re.findall(r'name="channel"[^>]*value="(\w+)"[^>]*checked', desk.get("/register").html)
        for who, desk in town.desks.items()
    }
    assert channels == {"fangyun": ["hotline"], "linxiao": ["walk_in"]}
    town.take(
        "fangyun", "/register", offer="offer:hotline-citizen", claimant_name="孙七", claimant_phone="13812345678",
        title="路灯不亮", text="人民路路灯不亮。", request_kind="complaint", outcome="deliver", to_unit="xingqiao",
    )  # fmt: skip
    town.take("linxiao", "/cases/{}/do/accept")
    town.take("linxiao", "/cases/{}/do/reply", text="已修好。", opinion="satisfied")
    town.take("linxiao", "/cases/{}/do/feed_back", text="已修好。")
    page = f"/cases/{town.case}/do/return_review"
    assert "理由：请填写" in town.desks["fangyun"].post(page, key="9", reason=" ").html
    town.take("fangyun", "/cases/{}/do/return_review", reason="未写明何时修好。")
