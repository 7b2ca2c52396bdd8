"""What a device tells its person of by itself: lights to be alerted of, the reminder before a rest, the calendar file."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta

from fakes import BEIJING, NOW, Desk, FakeStore, appeal_form, service_form
from town_desks import alerts

KEY = "0" * 31 + "1"
SECOND = "0" * 31 + "2"


def desk_at(moment: datetime) -> Desk:
    desk = Desk(store=FakeStore())
    desk.post("/register", **service_form(KEY))
    desk.post("/register", **appeal_form(SECOND))  # due on 31 December
    desk.now = moment
    return desk


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
