"""The centre's pages on late work and devices: what they show, who may decide, what a decision does."""

from __future__ import annotations

import re

import httpx
import pytest
from browsing import Browser
from laptop import Laptop, StandingClock, case_id, city_document, let_dispatch, registered
from test_city_rules import publish
from test_restricted_scope import page

from py_core import __version__, wire
from py_core.visits import visit_id
from server import late_work, record
from server.parts import Parts
from server.rebuilding import feed_faults, standings

CASE = case_id(1)
FINISHED = {"type": "visit_finished", "summary": "two requests were taken along"}


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def moved(parts: Parts) -> None:
    """The directory says that lin works at the bureau now."""
    document = city_document()
    document["people"][0] = {**document["people"][0], "unit": "linye"}
    parts.city.publish(document)


def late_acts(parts: Parts, lin: Laptop) -> None:
    """Two acts that arrive after their author was moved; the second rests on the first."""
    lin.sync(lin.act(CASE, registered()))
    first = lin.act(CASE, {"type": "accepted", "by": "lin"})
    second = lin.act(CASE, {"type": "noted", "text": "the lamp is mended"})
    moved(parts)
    lin.sync(first, second)


def submit(browser: Browser, path: str, **values: str) -> httpx.Response:
    return browser.send_form(path, browser.get(path), **values)


def item_of(browser: Browser) -> str:
    page = browser.get("/centre/quarantine?lang=en").text
    return page.split('href="/centre/quarantine/')[1].split('"')[0]


def test_late_work_is_listed_and_taken_together_with_what_rests_on_it(
    parts: Parts, browser: Browser, lin: Laptop
) -> None:
    late_acts(parts, lin)
    browser.sign_in("qian")
    page = browser.get("/centre/quarantine?lang=en").text
    for words in ("Accepted", "路灯不亮", "林晓", "has left it", "Shihe", "To be decided"):
        assert words in page
    path = f"/centre/quarantine/{item_of(browser)}"
    shown = browser.get(path).text
    for each in (page, shown):  # the device is called as everywhere at the centre
        assert ", laptop" in each
        assert lin.device[:12] not in each
    assert "the lamp is mended" in shown  # the second act is decided with the first
    assert submit(browser, path, decision="take", reason="").status_code == 422
    answer = submit(browser, path, decision="take", reason="It was done before the move.")
    assert answer.url.path == f"/cases/{CASE}"
    assert "Late work taken into the record by the centre" in answer.text
    assert "It was done before the move." in answer.text
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 4
        assert record.units_of_case(connection, CASE) == {"shihe"}
        faults = feed_faults(connection, standings(connection))
    assert (faults.missing, faults.not_let_go) == ((), ())
    assert "Nothing waits for a decision." in browser.get("/centre/quarantine?lang=en").text


def test_work_that_nobody_decides_about_is_reminded_of_until_somebody_does(
    parts: Parts, browser: Browser, lin: Laptop, clock: StandingClock
) -> None:
    late_acts(parts, lin)
    pages = ("/centre", "/centre/quarantine", "/centre/keeping")

    def reminded() -> list[bool]:
        browser.sign_in("qian")
        return ['id="undecided"' in browser.get(f"{path}?lang=en").text for path in pages[:2]]

    clock.pass_time(days=13)
    assert reminded() == [False, False]
    clock.pass_time(days=1)
    assert reminded() == [True, True]
    words = browser.get("/centre?lang=en").text
    assert "2 acts that the record did not take have waited for a decision for 14 days or longer" in words
    assert 'href="/centre/quarantine">Late and refused work' in words[words.index('id="undecided"') :]
    submit(browser, f"/centre/quarantine/{item_of(browser)}", decision="leave_out", reason="It is not hers any more.")
    assert reminded() == [False, False]


def test_the_reminder_reads_none_of_the_work_that_it_counts(
    parts: Parts, lin: Laptop, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    late_acts(parts, lin)
    clock.pass_time(days=14)
    read: list[str] = []
    known = late_work.held
    monkeypatch.setattr(late_work, "held", lambda *given, **options: read.append("") or known(*given, **options))
    assert 'id="undecided"' in page(parts, "qian", "/centre").html
    assert not read


def test_the_city_sets_after_how_many_days_it_is_reminded(
    parts: Parts, browser: Browser, lin: Laptop, clock: StandingClock
) -> None:
    late_acts(parts, lin)
    path, said = "/centre/rules/keeping/undecided", {"reason": "本市办公会", "confirmed": "yes"}
    browser.sign_in("he")
    assert f'href="{path}"' in browser.get("/centre/rules").text
    for wrong in ("0", "366"):
        assert submit(browser, path, value=wrong, **said).status_code == 422
    assert submit(browser, path, value="3", **said).status_code in (200, 303)
    assert "3 days" in browser.get("/centre/rules?lang=en").text
    clock.pass_time(days=3)
    browser.sign_in("he")
    assert "for 3 days or longer" in browser.get("/centre/keeping?lang=en").text


def test_late_work_of_a_visit_is_taken_too_and_stands_in_the_visit(parts: Parts, browser: Browser, lin: Laptop) -> None:
    visit = visit_id("ab" * 16)
    planned = {"type": "visit_planned", "enterprise": "恒泰纺织", "on": "2026-11-23", "officers": ["zhao"]}
    lin.sync(lin.act(visit, {**planned, "unit": "shihe", "number": "K7Q-000001"}))
    first, second = lin.act(visit, {"type": "visit_started", "met": "钱建新"}), lin.act(visit, FINISHED)
    moved(parts)
    lin.sync(first, second)
    browser.sign_in("qian")
    page = browser.get("/centre/quarantine?lang=en").text
    for words in (f'href="/visits/{visit}"', "恒泰纺织", "To be decided"):
        assert words in page
    answer = submit(
        browser, f"/centre/quarantine/{item_of(browser)}?lang=en", decision="take", reason="It was in time."
    )
    assert answer.url.path == f"/visits/{visit}"
    for words in ("Late work taken into the record by the centre", "It was in time.", FINISHED["summary"]):
        assert words in answer.text
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 4
        faults = feed_faults(connection, standings(connection))
    assert (faults.missing, faults.not_let_go) == ((), ())
    ask_again = lin.sync(first, second)[0]
    assert [each.verdict for each in ask_again] == ["had", "had"]


def test_what_rests_on_a_telling_without_time_comes_in_with_all_that_it_brings_about(
    parts: Parts, browser: Browser, lin: Laptop
) -> None:
    """The hand-over behind it was not late: the other unit gets the case."""
    let_dispatch(parts, "lin")
    lin.sync(lin.act(CASE, registered()))
    told = {"type": "procedure_started", "id": "1", "procedure": "testing", "told": True}
    events = (told, {"type": "noted", "text": "the lamp hangs loose"}, {"type": "delivered", "to": "linye"})
    verdicts, _ = lin.sync(*(lin.act(CASE, event) for event in events))
    assert [each.reason for each in verdicts] == ["time_not_told", "missing_dependency", "missing_dependency"]
    browser.sign_in("qian")
    path = f"/centre/quarantine/{item_of(browser)}"
    assert "the lamp hangs loose" in browser.get(path).text
    submit(browser, path, decision="take", reason="An older app asked for less.")
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 5
        assert "linye" in record.units_of_case(connection, CASE)
        faults = feed_faults(connection, standings(connection))
    assert (faults.missing, faults.not_let_go) == ((), ())
    assert CASE in {each.case_id for each in Laptop(parts, "wu").sync()[1]}
    assert "Nothing waits for a decision." in browser.get("/centre/quarantine?lang=en").text


def test_late_work_is_left_out_and_stays_listed_with_its_reason(parts: Parts, browser: Browser, lin: Laptop) -> None:
    late_acts(parts, lin)
    browser.sign_in("qian")
    path = f"/centre/quarantine/{item_of(browser)}?lang=en"
    answer = submit(browser, path, decision="leave_out", reason="Somebody else had done it.")
    for words in ("Left out by decision", "Somebody else had done it.", "钱文"):
        assert words in answer.text
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 1


def test_what_is_not_signed_can_only_be_left_out(parts: Parts, browser: Browser, lin: Laptop) -> None:
    act = lin.act(CASE, registered())
    lin.sync(wire.Pushed(act.case_id, act.alg, bytes(64), act.raw))
    browser.sign_in("qian")
    path = f"/centre/quarantine/{item_of(browser)}?lang=en"
    assert "can never be taken" in browser.get(path).text
    assert submit(browser, path, decision="take", reason="please").status_code == 422
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 0


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("lin", "/centre/quarantine", 403),
        ("lin", "/centre/devices", 403),
        ("he", "/centre/quarantine/1", 403),
        ("qian", f"/centre/devices/{'0' * 32}", 403),
        ("he", f"/centre/devices/{'0' * 32}", 403),
        ("luo", f"/centre/devices/{'0' * 32}", 404),
        ("qian", "/centre/quarantine/7", 404),
    ],
)
def test_who_may_see_and_decide(browser: Browser, user: str, path: str, status: int) -> None:
    browser.sign_in(user)
    assert browser.get(path).status_code == status


def test_devices_show_their_last_word_and_are_withdrawn_with_a_reason(
    parts: Parts, browser: Browser, lin: Laptop, clock: StandingClock
) -> None:
    hello = {"waiting": 3, "storage_used": 10_300_000_000, "storage_quota": 10_759_000_000, "storage_kept": False}
    parts.exchange.answer(
        "lin", lin.frames(can="revoke", app=f"{__version__}+build", clock_offset_ms=-7_200_000, purged=(CASE,), **hello)
    )
    browser.sign_in("luo")
    page = browser.get("/centre/devices?lang=en").text
    for words in (
        "林晓",
        "Shihe",
        "10.3 GB of 10.8 GB",
        "nearly full",
        "the browser may clear it",
        "2 h behind",
        "wrong",
    ):
        assert words in page
    assert "silent" not in page
    assert ">old<" not in page  # the device tells its build too: the same release is no old one
    cells = dict(re.findall(r'<td data-label="([^"]+)"[^>]*>(.*?)</td>', page, re.DOTALL))
    assert (cells["Unsent"], cells["Version"].split("+")[0]) == ("3", __version__)
    assert cells["Last contact"] == "Fri 20 Nov, 09:00"
    parts.exchange.answer("lin", lin.frames(can="revoke", app="0.0.1+build", **hello))
    assert ">old<" in browser.get("/centre/devices?lang=en").text
    clock.pass_time(days=4)
    assert "silent" in browser.get("/centre/devices?lang=en").text
    path = f"/centre/devices/{lin.device}?lang=en"
    browser.cookies.clear()
    browser.sign_in("luo")  # what cannot be undone asks for a sign-in of a few minutes ago
    assert "3 acts were unsent" in browser.get(path).text
    assert submit(browser, path, reason="").status_code == 422
    assert "withdrawn" in submit(browser, path, reason="stolen from a car").text
    end = parts.exchange.answer("lin", lin.frames(can="revoke"))[-1]
    assert isinstance(end, wire.Json)
    assert end.data["problem"] == "device_revoked"


def test_a_lost_device_page_says_what_was_on_it(
    parts: Parts, browser: Browser, lin: Laptop, clock: StandingClock
) -> None:
    here, gone, foreign = CASE, case_id(2), case_id(3)
    paper = {"sha256": "a" * 64, "name": "x.jpg", "type": "image/jpeg", "bytes": 10}
    lin.sync(
        lin.act(
            here,
            registered(claimant_name="赵六"),
            {"type": "attachment_added", "attachments": [paper], "purpose": "paper"},
        ),
        lin.act(gone, registered(claimant_name="钱七")),
    )
    wu = Laptop(parts, "wu")
    wu.sync(wu.act(foreign, registered(claimant_name="孙八", unit="linye")))
    parts.exchange.answer("lin", lin.frames(can="revoke", waiting=3, purged=(gone,)))
    browser.sign_in("luo")
    assert f"/centre/devices/{lin.device}/lost" in browser.get("/centre/devices").text
    shown = browser.get(f"/centre/devices/{lin.device}/lost?lang=en").text
    assert "3 acts" in shown
    assert "20 Dec" in shown, "thirty days after the last contact"
    clock.pass_time(hours=1)
    shorter = {"lease_days": 10, "lease_warning_days": 2}
    publish(
        parts, {"type": "setting_filled", "pack": "devices", "setting": "device_lease", "value": shorter, "reason": "r"}
    )
    shown = browser.get(f"/centre/devices/{lin.device}/lost?lang=en").text
    assert "20 Dec" in shown, "it follows what it knew then"
    assert "赵六" not in shown, "names are for a leader"
    document = parts.city.current().document
    people = [{**row, "roles": ["leader"]} if row["id"] == "qian" else row for row in document["people"]]
    parts.city.publish({**document, "people": people})
    browser.post("/sign-out", data={"csrf": browser.csrf()})
    browser.sign_in("qian")
    shown = browser.get(f"/centre/devices/{lin.device}/lost?lang=en").text
    assert "赵六" in shown
    assert "钱七" not in shown
    assert "孙八" not in shown
