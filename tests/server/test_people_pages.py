"""The centre creates and ends accounts, terms, posts and sessions; each deed stands in the audit trail."""

from __future__ import annotations

import re

import httpx
import pytest
from browsing import Browser
from laptop import PASSWORD, Laptop, StandingClock
from sqlalchemy import update

from server import audit
from server.parts import Parts
from server.tables import audit as audit_table

TODAY = "2026-11-20"


def send(browser: Browser, path: str, **fields: str | list[str]) -> httpx.Response:
    shown = browser.get(f"{path}?lang=en")
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', shown.text)
    assert csrf, shown.text[:200]
    return browser.post(path, data={"csrf": csrf[1], **fields})


def trail(parts: Parts, about: str = "") -> list[tuple[str, str, str]]:
    with parts.database.reading() as connection:
        return [(row.user, row.what, row.about) for row in reversed(audit.entries(connection, 99, about=about))]


NEW = {"name": "王芳", "user": "wang", "phone": "13800000001", "unit": "shihe", "title": "科员", "role": "officer",
       "since": TODAY, "until": ""}  # fmt: skip


def code_of(shown: httpx.Response) -> str:
    found = re.search(r'id="one-time-code">([A-Z0-9-]+)<', shown.text)
    assert found, shown.text
    return found[1]


def test_a_person_is_entered_and_signs_in_with_the_code(browser: Browser, parts: Parts, url: str) -> None:
    browser.sign_in("he")
    code = code_of(send(browser, "/centre/people/new", **NEW))
    with Browser(url) as wang:
        step = wang.send_form("/sign-in", wang.get("/sign-in"), user="wang", password=code)
        new = "seven green bicycles"
        done = wang.send_form("/sign-in/step", step, new_password=new, new_password_again=new)
        assert done.url.path == "/today"
        assert "王芳" in done.text
    assert [what for _, what, _ in trail(parts, "wang")] == [
        "person_entered",
        "code_given",
        "password_set",
        "signed_in",
    ]
    assert "王芳" in browser.get("/centre/people").text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"user": "Wang Fang"}, "lower-case letters"),
        ({"user": "lin"}, "already"),
        ({"unit": "nowhere"}, "Choose one"),
        ({"role": []}, "at least one role"),
        ({"role": ["admin", "officer"]}, "go with no other role"),
        ({"role": ["admin", "audit"]}, "go with no other role"),
        ({"role": "mayor"}, "at least one role"),
        ({"since": "tomorrow"}, "Enter a date"),
        ({"until": "2026-11-19"}, "before the first day"),
        ({"name": ""}, "Fill this in"),
    ],
    ids=str,
)
def test_what_cannot_be_entered_is_told_and_nothing_typed_is_lost(
    browser: Browser, parts: Parts, changes: dict[str, str], why: str
) -> None:
    browser.sign_in("he")
    version = parts.city.current().version
    answer = send(browser, "/centre/people/new", **{**NEW, **changes})
    assert answer.status_code == 422
    assert why in answer.text
    assert 'value="13800000001"' in answer.text
    assert parts.city.current().version == version


def test_a_move_counts_from_its_day(browser: Browser, parts: Parts, clock: StandingClock) -> None:
    browser.sign_in("he")
    changes = {"do": "move", "unit": "linye", "title": "股长", "role": "unit_head", "since": "2026-11-25", "until": ""}
    assert "The change is recorded" in send(browser, "/centre/people/lin", **changes).text
    directory = parts.city.current().directory
    days = {day: directory.person_on("lin", clock.now().date().replace(day=day)) for day in (24, 25)}
    assert [(each.unit, each.roles) for each in days.values() if each] == [
        ("shihe", ("officer",)), ("linye", ("unit_head",)),
    ]  # fmt: skip
    shown = browser.get("/centre/people/lin").text
    assert "股长" in shown
    assert "head of the unit" in shown
    back = send(browser, "/centre/people/lin", **{**changes, "since": "2026-11-01"})
    assert back.status_code == 422
    assert "past acts are judged by" in back.text


def test_an_ended_account_opens_nothing_from_the_day_after(
    browser: Browser, parts: Parts, url: str, clock: StandingClock
) -> None:
    browser.sign_in("he")
    with Browser(url) as lin:
        lin.sign_in("lin")
        assert "account ends" in send(browser, "/centre/people/lin", do="end", last_day=TODAY, why="retired").text
        assert lin.get("/today").status_code == 200
        clock.pass_time(days=1)
        assert lin.get("/me").status_code == 401
        again = lin.send_form("/sign-in", lin.get("/sign-in?other=1"), user="lin", password=PASSWORD)
        assert again.status_code == 403
    browser.send_form("/sign-in", browser.get("/sign-in?other=1"), user="he", password=PASSWORD)
    assert send(browser, "/centre/people/he", do="end", last_day=TODAY, why="x").status_code == 422


def test_an_account_that_ends_at_once_loses_its_sessions(browser: Browser, parts: Parts, url: str) -> None:
    browser.sign_in("he")
    with Browser(url) as lin:
        lin.sign_in("lin")
        send(browser, "/centre/people/lin", do="end", last_day="2026-11-19", why="dismissed")
        shown = lin.get("/today")
        assert shown.url.path == "/sign-in"
        assert "This session was ended" in shown.text
    assert "林晓" in browser.get("/centre/people").text


def test_a_forgotten_password_is_reset_by_the_centre(browser: Browser, parts: Parts, url: str) -> None:
    browser.sign_in("he")
    with Browser(url) as lin:
        lin.sign_in("lin")
        code = code_of(send(browser, "/centre/people/lin", do="code"))
        assert lin.get("/me").status_code == 401
        shown = lin.get("/sign-in?other=1")
        assert lin.send_form("/sign-in", shown, user="lin", password=PASSWORD).status_code == 401
        assert "Choose your own" in lin.send_form("/sign-in", shown, user="lin", password=code).text


def test_a_post_has_a_and_b_from_a_day_on(browser: Browser, parts: Parts) -> None:
    browser.sign_in("he")
    first = {"unit": "shihe", "zh": "综合受理岗", "en": "Counter", "a": "lin", "b": "zhao", "since": TODAY}
    assert "The change is recorded" in send(browser, "/centre/posts/new", **first).text
    (post,) = parts.city.current().directory.posts.values()
    swapped = {"a": "zhao", "b": "lin", "since": "2026-12-01"}
    assert send(browser, f"/centre/posts/{post.id}", **swapped).status_code == 200
    held = parts.city.current().directory.posts[post.id].all_holders
    assert [(each.a, each.b, str(each.since), str(each.until)) for each in held] == [
        ("lin", "zhao", TODAY, "2026-11-30"), ("zhao", "lin", "2026-12-01", "None"),
    ]  # fmt: skip
    for wrong, why in (({"b": "zhao"}, "two people"), ({"b": "wu"}, "in this unit"), ({"since": "2026-11-01"}, "past")):
        refused = send(browser, f"/centre/posts/{post.id}", **{**swapped, **wrong})
        assert refused.status_code == 422
        assert why in refused.text


def test_the_security_officer_ends_sessions_and_waiting_times(browser: Browser, parts: Parts, url: str) -> None:
    for _ in range(6):
        parts.accounts.check("zhao", "wrong", "somewhere")
    with Browser(url) as lin:
        lin.sign_in("lin")
        browser.sign_in("luo")
        shown = browser.get("/centre/sessions?lang=en").text
        assert "赵磊" in shown
        assert shown.count("this one") == 1
        assert shown.count('value="session"') == len(parts.sessions.standing(None)) - 1, "not the own one"
        session = parts.sessions.standing("lin")[0].id
        assert "Ended" in send(browser, "/centre/sessions", do="session", user="lin", session=session).text
        assert lin.get("/me").status_code == 401
    send(browser, "/centre/sessions", do="lift", key="user:zhao")
    assert parts.accounts.check("zhao", PASSWORD, "x").user == "zhao"
    assert ("luo", "sessions_ended", "lin") in trail(parts)
    assert ("luo", "lockout_lifted", "user:zhao") in trail(parts)


def test_the_own_account_shows_sessions_and_changes_the_password(browser: Browser, parts: Parts, url: str) -> None:
    with Browser(url) as other:
        other.sign_in("lin")
        browser.sign_in("lin")
        shown = browser.get("/account?lang=en")
        assert "this one" in shown.text
        new = "seven green bicycles"
        fields = {"do": "password", "password": "wrong", "new_password": new, "new_password_again": new}
        assert "present password" in send(browser, "/account", **fields).text
        assert other.get("/me").status_code == 200
        changed = send(browser, "/account", **{**fields, "password": PASSWORD})
        assert "The password is changed" in changed.text
        assert other.get("/me").status_code == 401
        assert browser.get("/me").status_code == 200


def test_a_person_ends_another_session_of_the_own_account_only(browser: Browser, parts: Parts, url: str) -> None:
    with Browser(url) as other, Browser(url) as zhao:
        other.sign_in("lin")
        zhao.sign_in("zhao")
        browser.sign_in("lin")
        theirs = parts.sessions.standing("zhao")[0].id
        send(browser, "/account", do="session", session=theirs)
        assert zhao.get("/me").status_code == 200
        send(browser, "/account", do="session")
        assert other.get("/me").status_code == 401
        assert browser.get("/me").status_code == 200


def test_the_auditor_reads_and_a_changed_row_shows(browser: Browser, parts: Parts) -> None:
    parts.people.give_code("he", "zhao")
    parts.people.end_sessions("luo", "zhao")
    browser.sign_in("yan")
    shown = browser.get("/centre/audit?lang=en").text
    assert "gave a one-time code" in shown
    assert "The trail was changed" not in shown
    narrowed = send(browser, "/centre/audit", about="zhao")
    assert "赵磊" in narrowed.text
    assert narrowed.url.query == b"", "what was typed stands in no address"
    with parts.database.writing() as connection:
        connection.execute(update(audit_table).where(audit_table.c.n == 1).values(user="lin"))
        assert audit.faults(connection) == [1]
    assert "The trail was changed" in browser.get("/centre/audit?lang=en").text


def test_a_missing_row_shows(parts: Parts) -> None:
    for user in ("lin", "zhao", "wu"):
        parts.people.give_code("he", user)
    with parts.database.writing() as connection:
        connection.execute(audit_table.delete().where(audit_table.c.n == 2))
        assert audit.faults(connection) == [3]


def test_signing_out_and_a_new_device_stand_in_the_trail_by_name(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    asked = Laptop(parts, "lin").ask("窗口2号机")
    body = {"alg": asked.alg, "public_key": asked.public_key.hex(), "name": asked.name, "sig": asked.signature.hex()}
    enrolled = browser.post("/devices", json=body, headers={"x-csrf-token": browser.csrf()}).json()
    browser.post("/sign-out", data={"csrf": browser.csrf()})
    assert trail(parts)[-2:] == [("lin", "device_enrolled", enrolled["device"]), ("lin", "signed_out", "lin")]
    browser.sign_in("yan")
    shown = browser.get("/centre/audit?lang=en").text
    assert f"{enrolled['code']}, 窗口2号机" in shown
    assert f'value="{enrolled["device"]}"' in shown, "to show only its rows"
