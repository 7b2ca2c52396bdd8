"""Configuration of the law on the server: who may, who learns of it, which open cases are counted anew."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browsing import Browser
from laptop import Laptop, StandingClock, case_id, city_document, registered

from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.city import CITY_ID
from py_core.desk.ports import NewAct
from server import record
from server.devices import SERVER_DEVICE
from server.own_device import NotRecorded
from server.parts import Parts

CASE = case_id(7)
LATE = datetime(2026, 12, 29, 2, 0, tzinfo=UTC)
YEAR_2027: dict[str, Any] = {
    "type": "calendar_published", "layer": "national", "place": "", "year": 2027,
    "rest": [{"name_zh": "元旦", "name_en": "New Year's Day", "from": "2027-01-01", "to": "2027-01-05"}],
    "workdays": ["2027-01-09"], "source": "No. 12 of 2026", "corrects": None, "reason": "",
}  # fmt: skip


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


@pytest.fixture
def open_case(parts: Parts, lin: Laptop, clock: StandingClock) -> str:
    """Received at the end of December: five working days run into the year that is not published."""
    clock.time = LATE
    assert lin.verdict(lin.act(CASE, registered(channel="hotline"), {"type": "delivered", "to": "shihe"})) == "accepted"
    return CASE


def acts_of(parts: Parts, case: str) -> list[Any]:
    known = parts.casebook.current().get(case)
    return [recorded.act for recorded in known.acts] if known else []


def recomputed(parts: Parts, case: str = CASE) -> list[Any]:
    return [event for act in acts_of(parts, case) for event in act.events if event.get("clock") == "main"]


def publish(parts: Parts, event: dict[str, Any] = YEAR_2027, user: str = "he") -> str:
    laptop = Laptop(parts, user, name=hashlib.sha256(repr(event).encode()).hexdigest())
    with (
        parts.database.reading() as connection
    ):  # an administrator is fed no documents: the pages write from the record
        laptop.held[CITY_ID] = [entry.raw for entry in record.entries_of_case(connection, CITY_ID)]
    return laptop.verdict(laptop.act(CITY_ID, event))


def test_only_an_administrator_writes_into_the_city_document(parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.act(CITY_ID, YEAR_2027)) == "not_authorised"
    assert publish(parts, user="qian") == "not_authorised"
    assert publish(parts) == "accepted"
    with parts.database.reading() as connection:
        assert record.quarantined_by_device(connection, lin.device) == 1


def test_the_documents_do_not_take_each_others_events(parts: Parts, lin: Laptop) -> None:
    assert publish(parts, registered()) == "unreadable_event"
    assert publish(parts, {**YEAR_2027, "year": 1}) == "unreadable_event"
    assert lin.verdict(lin.act(CASE, registered(), YEAR_2027)) == "unreadable_event"


def test_only_the_record_says_that_a_date_was_recomputed(parts: Parts, lin: Laptop, open_case: str) -> None:
    claim = {"type": "due_recomputed", "clock": "main", "new_due": "2030-01-01", "cause": "f" * 64}
    assert lin.verdict(lin.act(open_case, claim)) == "not_authorised"
    assert recomputed(parts) == []


def test_every_unit_is_fed_the_city_document_and_a_new_one_too(parts: Parts) -> None:
    assert publish(parts) == "accepted"
    for user in ("lin", "wu", "qian"):
        assert [pulled.case_id for pulled in Laptop(parts, user).sync()[1]] == [CITY_ID]
    document = city_document()
    document["units"].append({**document["units"][0], "id": "new", "zh": "新镇", "en": "New Town"})
    document["people"].append({**document["people"][0], "id": "xin", "unit": "new"})
    parts.city.publish(document)
    assert [pulled.case_id for pulled in Laptop(parts, "xin").sync()[1]] == [CITY_ID]


def test_the_city_document_is_no_case(browser: Browser, parts: Parts) -> None:
    assert publish(parts) == "accepted"
    browser.sign_in("qian")
    for path in (f"/cases/{CITY_ID}", f"/cases/{CITY_ID}/do/note", f"/centre/reconciliation/{CITY_ID}"):
        assert browser.get(path).status_code == 404
    assert CITY_ID not in browser.get("/centre/cases").text
    assert "0 cases" in browser.get("/centre").text


def test_a_published_year_moves_open_cases_once_and_says_why(parts: Parts, lin: Laptop, open_case: str) -> None:
    assert publish(parts) == "accepted"
    assert parts.recomputation.catch_up() == 1
    (event,) = recomputed(parts)
    cause = parts.casebook.current()[CITY_ID].acts[-1].hash
    assert event == {
        "type": "due_recomputed", "clock": "main", "old_due": "2027-01-06", "new_due": "2027-01-08", "firm": True,
        "cause": cause, "cause_text": "2027 · No. 12 of 2026",
    }  # fmt: skip
    act = acts_of(parts, open_case)[-1]
    assert (act.user, act.device) == ("he", SERVER_DEVICE)
    assert parts.recomputation.catch_up() == 0
    assert len(recomputed(parts)) == 1
    lin.sync()
    assert len(lin.held[open_case]) == 2  # the device learns of it by sync
    assert parts.recomputation.progress is None


def test_an_interrupted_count_is_taken_up_without_telling_twice(parts: Parts, open_case: str) -> None:
    from sqlalchemy import delete

    from server.tables import recomputations

    assert publish(parts) == "accepted"
    assert parts.recomputation.catch_up() == 1
    with parts.database.writing() as connection:
        connection.execute(delete(recomputations))  # as if the process had died before it noted the end
    assert parts.recomputation.catch_up() == 0
    assert len(recomputed(parts)) == 1


def test_a_correction_moves_again_and_a_closed_case_stays(parts: Parts, lin: Laptop, open_case: str) -> None:
    closed = case_id(8)
    steps = (registered(channel="hotline"), {"type": "delivered", "to": "shihe"}, {"type": "accepted"})
    assert (
        lin.verdict(lin.act(closed, *steps, {"type": "replied", "text": "done", "opinion": "satisfied"})) == "accepted"
    )
    assert publish(parts) == "accepted"
    corrected = {**YEAR_2027, "workdays": ["2027-01-02"], "rest": [{**YEAR_2027["rest"][0], "from": "2027-01-03"}]}
    assert parts.recomputation.catch_up() == 1
    assert publish(parts, {**corrected, "corrects": "a" * 64, "reason": "new notice"}) == "accepted"
    parts.recomputation.catch_up()
    assert [(event["old_due"], event["new_due"]) for event in recomputed(parts)] == [
        ("2027-01-06", "2027-01-08"),
        ("2027-01-08", "2027-01-07"),
    ]
    assert recomputed(parts, closed) == []


def test_a_page_of_the_rules_shows_what_it_would_do_and_then_records_it(browser: Browser, parts: Parts) -> None:
    browser.sign_in("he")
    rules = browser.get("/centre/rules").text
    assert re.search(r'<th scope="row">[^<]+ <span class="sw-article">P-04</span></th>', rules), "words first"
    assert re.search(r'<td class="sw-article"[^>]* title="[^"]*article [^"]*"', rules), "an article by its document"
    assert "At 24:00 of the due day" in rules
    assert rules.count("Basis of every figure: the city") == 2
    form = browser.get("/centre/rules/P-04")
    typed = {"value": "business_hours", "in_force_from": "2026-12-01", "reason": "Decision 7 of the centre"}
    empty = browser.send_form("/centre/rules/P-04", form, value="business_hours", in_force_from="soon", reason="")
    assert empty.status_code == 422
    assert "Enter a date" in empty.text
    preview = browser.send_form("/centre/rules/P-04", form, **typed)
    assert preview.status_code == 200
    assert "What this would do" in preview.text
    assert CITY_ID not in parts.casebook.current()  # nothing is recorded by looking
    for _ in range(2):  # the second sending of the same form records nothing
        done = browser.send_form("/centre/rules/P-04", form, **typed, confirmed="yes")
        assert done.url.path == "/centre/rules"
    assert len(acts_of(parts, CITY_ID)) == 1
    assert "from Tue 1 Dec 2026: At the close of business of the due day" in done.text
    assert "Decision 7 of the centre" in done.text


def test_a_setting_is_filled_in_on_its_page(browser: Browser, parts: Parts) -> None:
    browser.sign_in("he")
    path = "/centre/rules/HL/HL-8(2)"
    form = browser.get(path)
    assert browser.send_form(path, form, callers="0", days="2", reason="x").status_code == 422
    done = browser.send_form(path, form, callers="5", days="3", reason="decided", confirmed="yes")
    assert "5 callers or more, within 3 days" in done.text
    rules = browser.get("/centre/rules").text
    assert "1/2" in rules
    assert "Numerator" not in rules
    assert browser.get("/centre/rules/HL/nothing").status_code == 404
    (act,) = acts_of(parts, CITY_ID)
    assert act.events[0]["value"] == {"callers": 5, "days": 3}


def test_the_figures_of_devices_are_set_inside_their_limits_by_a_recorded_act(browser: Browser, parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    browser.sign_in("he")
    rules = browser.get("/centre/rules").text
    assert "30 days without contact, warning 5 days before" in rules
    path = "/centre/rules/devices/device_lease"
    form = browser.get(path)
    assert "From 3 to 180" in form.text
    typed = {"lease_days": "200", "lease_warning_days": "3", "reason": "short roads"}
    wrong = browser.send_form(path, form, **typed)
    assert wrong.status_code == 422
    assert "Enter a whole number from 3 to 180." in wrong.text
    assert 'value="200"' in wrong.text, "nothing that was typed is lost"
    wrong = browser.send_form(path, form, **{**typed, "lease_days": "4", "lease_warning_days": "5"})
    assert "This must not be more than the number above it." in wrong.text
    preview = browser.send_form(path, form, **{**typed, "lease_days": "14"})
    assert "Of 1 devices in use, 0 had their last contact before that." in preview.text
    assert CITY_ID not in parts.casebook.current()
    done = browser.send_form(path, form, **{**typed, "lease_days": "14"}, confirmed="yes")
    assert "14 days without contact, warning 3 days before" in done.text
    assert "short roads" in done.text
    # The device gets it as it gets every rule: the signed act in the city document.
    lin.sync()
    (raw,) = lin.held[CITY_ID]
    (event,) = read_act(decode_act_change(raw).text).events
    assert event["value"] == {"lease_days": 14, "lease_warning_days": 3}
    longer = {**event, "value": {"lease_days": 90, "lease_warning_days": 3}}
    assert lin.verdict(lin.act(CITY_ID, longer)) == "not_authorised"
    impossible = {**event, "value": {"lease_days": 181, "lease_warning_days": 3}}
    assert publish(parts, impossible) == "unreadable_event"


def test_a_year_is_published_by_form_after_a_look_at_it(
    browser: Browser, parts: Parts, open_case: str, clock: StandingClock
) -> None:
    browser.sign_in("he")
    assert "The working calendar of 2027 is missing." in browser.get("/today").text
    assert "1 open case already runs into it" in browser.get("/centre").text
    path = "/centre/calendar/publish"
    form = browser.get(f"{path}?layer=national&year=2027")
    typed = {
        "do": "", "layer": "national", "source": "No. 12", "from-0": "2027-01-01", "to-0": "2027-01-05", "workdays": "2027-01-09",
    }  # fmt: skip
    wrong = browser.send_form(path, form, **{**typed, "workdays": "2027-01-04", "to-0": "2026-12-31"})
    assert wrong.status_code == 422
    assert "ends before it begins" in wrong.text
    preview = browser.send_form(path, form, **typed)
    assert "1 open case would change" in preview.text
    assert "Fri 8 Jan 2027" in preview.text
    done = browser.send_form(path, form, **typed, confirmed="yes")
    assert done.url.path == "/centre/calendar"
    assert "is missing" not in done.text
    parts.recomputation.catch_up()
    assert len(recomputed(parts)) == 1
    # Publishing the year again is a correction, which needs its reason and names what it corrects.
    again = browser.get(f"{path}?layer=national&year=2027")
    assert "2027-01-05" in again.text
    assert "write why it is corrected" in browser.send_form(path, again, do="", layer="national").text
    browser.send_form(path, again, do="", layer="national", workdays="2027-01-09", reason="misprint", confirmed="yes")
    first, second = parts.casebook.current()[CITY_ID].acts
    assert second.act.events[0]["corrects"] == first.hash


def test_a_file_fills_the_form_and_a_hostile_one_is_refused_with_its_line(browser: Browser, parts: Parts) -> None:
    browser.sign_in("he")
    path = "/centre/calendar/publish"
    csrf = browser.csrf()

    def upload(content: bytes) -> Any:
        return browser.post(path, data={"csrf": csrf, "do": "file"}, files={"file": ("2027.toml", content)})

    good = 'year = 2027\nsource = "No. 12"\nworkdays = [2027-01-09]\n[[rest]]\nname_zh = "元旦"\nname_en = "New Year"\n'
    read = upload((good + "from = 2027-01-01\nto = 2027-01-03\n").encode())
    assert read.status_code == 200
    assert 'value="2027-01-03"' in read.text
    assert "Nothing is recorded yet" in read.text
    for content, words in (
        ((good + "from = 2027-01-05\nto = 2027-01-03\n").encode(), "Line 4: rest 1 ends before it begins"),
        (b"year = = 2", "Line 1: is not TOML"),
        (b'{"year": 2027,\n"rest": [}', "Line 2: is not JSON"),
        (b"\xff\xfe\x00y", "is not a text in UTF-8"),
        (b"year = 2027\n" + b"#" * 70_000, "is larger than 64 KB"),
        (b"", "is empty"),
    ):
        answer = upload(content)
        assert answer.status_code == 422
        assert words in answer.text
    assert browser.post(path, data={"csrf": "wrong", "do": "file"}, files={"file": ("x", b"")}).status_code == 403
    assert CITY_ID not in parts.casebook.current()


@pytest.mark.parametrize(
    "path", ["/centre/rules", "/centre/rules/P-04", "/centre/calendar", "/centre/calendar/publish"]
)
def test_the_pages_are_for_administrators(browser: Browser, path: str) -> None:
    browser.sign_in("qian")
    assert browser.get(path).status_code == 403


def test_the_responsible_person_is_told_until_it_was_seen(browser: Browser, parts: Parts, open_case: str) -> None:
    assert publish(parts) == "accepted"
    parts.recomputation.catch_up()
    browser.sign_in("lin")
    today = browser.get("/today?scope=unit")
    assert "Changed date" in today.text
    assert "Wed 6 Jan 2027 before, Fri 8 Jan 2027 now" in today.text
    assert "Due date recomputed" in browser.get(f"/cases/{open_case}").text
    seen = browser.send_form(
        f"/cases/{open_case}/do/see_due_change", browser.get(f"/cases/{open_case}/do/see_due_change")
    )
    assert seen.status_code == 200
    assert "Changed date" not in browser.get("/today?scope=unit").text


def test_a_case_registered_under_the_old_calendar_that_arrives_after_the_recount_is_told_too(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    clock.time = LATE
    offline = lin.act(CASE, registered(channel="hotline"), {"type": "delivered", "to": "shihe"})
    clock.time = LATE + timedelta(hours=5)
    assert publish(parts) == "accepted"
    assert parts.recomputation.catch_up() == 0
    knowing = case_id(8)
    clock.time = LATE + timedelta(hours=6)
    informed = lin.act(knowing, registered(channel="hotline"), {"type": "delivered", "to": "shihe"})
    assert [each.verdict for each in lin.sync(offline, informed)[0]] == ["accepted"] * 2
    assert parts.recomputation.catch_up() == 1
    (told,) = recomputed(parts)
    assert (told["old_due"], told["new_due"], told["firm"]) == ("2027-01-06", "2027-01-08", True)
    assert recomputed(parts, knowing) == [], "whoever registered by the new calendar told the right date"
    assert parts.recomputation.catch_up() == 0
    parts.recomputation._looked.clear()  # as in the next process
    assert parts.recomputation.catch_up() == 0
    assert len(recomputed(parts)) == 1


def test_an_own_act_into_the_city_document_passes_the_same_gate(parts: Parts) -> None:
    from py_core.cases.acts import Act

    at = parts.clock.now()
    text = Act("k", (YEAR_2027,), "lin", SERVER_DEVICE, 1, at, at, None, None, "1", "0.1.0").text()
    with pytest.raises(NotRecorded, match="not_authorised"):
        parts.own_device.commit([NewAct(CITY_ID, text)], "lin")


def test_the_command_line_says_what_a_reading_would_do(
    parts: Parts, open_case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from server import cli_city
    from server.cli import main

    monkeypatch.setattr(cli_city, "SystemClock", lambda: parts.clock)
    address = ["--database-url", parts.settings.database_url] if parts.settings.database_url else []
    where = ["policy-impact", "--data", str(parts.settings.data), *address, "--policy"]
    # Received in the office, so only the reading of the receipt's hour and of the unit of time can matter: none does.
    assert main([*where, "P-06=next_workday", "--from", "2026-12-01"]) == 0
    assert "1 open case, 0 would look different" in capsys.readouterr().out
    assert publish(parts, {**YEAR_2027, "rest": [{**YEAR_2027["rest"][0], "from": "2026-12-29"}]}) == "accepted"
    assert main([*where, "P-06=next_workday", "--from", "2026-12-01", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["case"], row["due_before"], row["due_after"]) for row in told["changes"]] == [
        (open_case, "2027-01-11", "2027-01-12")
    ]
    assert main([*where, "P-06=next_workday", "--from", "2027-02-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []
    for wrong in ("P-06=sometimes", "P-99=x", "P-06"):
        assert main([*where, wrong, "--from", "2026-12-01"]) == 2
        assert "policy" in capsys.readouterr().err
    assert main([*where, "P-06=next_workday", "--from", "soon"]) == 2
    assert main(["policy-impact", "--data", str(parts.settings.data / "nowhere"), "--policy", "P-06=next_workday"]) == 1
    assert len(acts_of(parts, CITY_ID)) == 1  # asking records nothing
