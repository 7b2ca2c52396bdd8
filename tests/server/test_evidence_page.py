"""A case's evidence by its page: for who has the right and may read the case, for a purpose that the audit trail keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import Browser
from laptop import PASSWORD, Laptop, case_id, registered
from sqlalchemy import select, update
from test_reporters_apart import CASE, NAME, PHONE, complained, report, texts_of
from test_restricted_scope import answer, city

from py_core.evidence.check import EvidenceCheck
from py_core.evidence.lines import read_evidence
from server import audit
from server.keys import verifies
from server.parts import Parts
from server.tables import changes, devices

PATH = f"/cases/{case_id(1)}/evidence"


@pytest.fixture
def browser(parts: Parts, url: str) -> Iterator[Browser]:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    with Browser(url) as made:
        yield made


def trail(parts: Parts) -> list[tuple[str, str, str]]:
    with parts.database.reading() as connection:
        return [(each.user, each.what, str(each.detail.get("why"))) for each in audit.entries(connection, 20, None, "")]


def test_the_file_holds_and_stands_in_the_audit_trail_with_its_purpose(browser: Browser, parts: Parts) -> None:
    browser.sign_in("qian")
    assert PATH in browser.get(f"/cases/{case_id(1)}").text
    shown = browser.get(PATH)
    assert "The one act of this case is in the record" in shown.text
    assert "路灯不亮" in shown.text
    refused = browser.send_form(PATH, shown)
    assert (refused.status_code, refused.headers.get("content-disposition")) == (422, None)
    assert not any(what == "evidence_made" for _, what, _ in trail(parts))
    answer = browser.send_form(PATH, shown, purpose="complaint 7")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert ("qian", "evidence_made", "complaint 7") in trail(parts)
    findings = EvidenceCheck(read_evidence(answer.content), verifies, ()).run()
    assert not findings.of("wrong")
    assert findings.of("proven")


def test_what_stays_in_the_trail_for_ever_is_asked_for_with_a_warning(url: str, browser: Browser, parts: Parts) -> None:
    with parts.database.reading() as connection:
        device = connection.scalar(select(devices.c.id).where(devices.c.user == "lin"))
    lin = Laptop(parts, "lin", "numbers missing")
    lin.seq += 1
    lin.sync(lin.act(case_id(1), {"type": "noted", "text": "x"}))
    pages = {
        "qian": (PATH,),
        "luo": (f"/centre/devices/{device}", f"/centre/devices/{lin.device}/missing"),
        "he": ("/centre/people/lin",),
    }
    for user, paths in pages.items():
        with Browser(url) as made:
            made.sign_in(user)
            for path in paths:
                shown = made.get(f"{path}?lang=en")
                assert shown.status_code == 200, path
                assert "no name, number or address of a person belongs in it" in shown.text, path


@pytest.mark.parametrize("user", ["lin", "zhao", "he", "luo", "yan"])
def test_nobody_else_gets_it(browser: Browser, parts: Parts, user: str) -> None:
    browser.sign_in(user)
    assert PATH not in browser.get(f"/cases/{case_id(1)}").text
    assert browser.get(PATH).status_code == 403
    answer = browser.post(PATH, data={"csrf": browser.csrf(), "purpose": "curiosity"})
    assert answer.status_code == 403
    assert "content-disposition" not in answer.headers
    assert not any(what == "evidence_made" for _, what, _ in trail(parts))


def test_a_restricted_case_gives_its_evidence_to_nobody_who_may_not_know_of_it(browser: Browser, parts: Parts) -> None:
    restricted = case_id(2)
    zhao = Laptop(parts, "zhao")
    act = zhao.act(restricted, registered(pack="WH", matter="letter.discipline", channel="letter"))
    assert zhao.verdict(act) == "accepted"
    browser.sign_in("qian")
    path = f"/cases/{restricted}/evidence"
    assert browser.get(path).status_code == 404
    assert browser.post(path, data={"csrf": browser.csrf(), "purpose": "curiosity"}).status_code == 404


def test_a_record_that_was_changed_makes_none_and_says_so(browser: Browser, parts: Parts) -> None:
    with parts.database.writing() as connection:
        connection.execute(update(changes).values(received_at_ms=changes.c.received_at_ms + 1))
    browser.sign_in("qian")
    answer = browser.send_form(PATH, browser.get(PATH), purpose="complaint 7")
    assert answer.status_code == 409
    assert "Tell the operator at once" in answer.text


def test_an_administrator_renames_a_device_and_the_signed_record_keeps_the_first_name(
    browser: Browser, parts: Parts
) -> None:
    with parts.database.reading() as connection:
        row = connection.execute(select(devices).where(devices.c.user == "lin")).one()
    path = f"/centre/devices/{row.id}/name"
    browser.sign_in("he")
    shown = browser.get(path)
    assert browser.send_form(path, shown, name="  ").status_code == 422
    assert "党群窗口 2 号机" in browser.send_form(path, shown, name="党群窗口 2 号机").text
    with parts.database.reading() as connection:
        after = connection.execute(select(devices).where(devices.c.id == row.id)).one()
    assert (after.name, after.enrolment, after.enrolment_sig) == ("党群窗口 2 号机", row.enrolment, row.enrolment_sig)
    assert ("he", "device_renamed", "None") in trail(parts)
    assert browser.get(f"/centre/devices/{'0' * 32}/name").status_code == 404


@pytest.fixture
def reported(parts: Parts, url: str) -> Iterator[tuple[Browser, str, str]]:
    """A report and a complaint in a case of its own; the pages of who made each."""
    city(parts)
    parts.accounts.set_passwords(dict.fromkeys(("du", "ji", "fang", "tou"), PASSWORD))
    lin = Laptop(parts, "lin")
    answer(lin, lin.act(CASE, registered(request_kind="help"), {"type": "delivered", "to": "shihe"}))
    document, acts = complained(lin)
    answer(lin, *acts, *lin.register(case_id(3), report()))
    with Browser(url) as made:
        yield made, f"/centre/reporter/{document}", f"/centre/reporter/{case_id(3)}"


@pytest.mark.parametrize("user", ["du", "ji"])
def test_who_inquires_downloads_what_proves_who_reported_or_complained(
    reported: tuple[Browser, str, str], parts: Parts, user: str
) -> None:
    browser, *pages = reported
    browser.sign_in(user)
    for here, case in zip(pages, (CASE, case_id(3)), strict=True):
        path = f"{here}/evidence"
        assert path in browser.get(here).text
        shown = browser.get(path)
        assert "do not pass it on" in shown.text
        assert NAME not in shown.text
        assert browser.send_form(path, shown).status_code == 422
        answered = browser.send_form(path, shown, purpose="inquiry 7")
        assert answered.headers["content-disposition"].startswith("attachment")
        said = texts_of(answered.content)
        assert (NAME in said, "路灯" in said) == (True, False)
        assert EvidenceCheck(read_evidence(answered.content), verifies, ()).run().of("wrong") == []
        with parts.database.reading() as connection:
            row = audit.entries(connection, 1, about=case)[0]
        assert (row.user, row.what, row.detail["why"]) == (user, "reporter_evidence_made", "inquiry 7")
        assert row.detail["document"][-8:] in answered.headers["content-disposition"]
        assert (NAME in repr(row), PHONE in repr(row)) == (False, False)


@pytest.mark.parametrize(
    ("user", "sees"), [("fang", True), ("lin", True), ("qian", False), ("tou", False), ("zhao", False)]
)
def test_who_only_sees_them_or_reads_the_case_downloads_nothing_of_it(
    reported: tuple[Browser, str, str], parts: Parts, user: str, sees: bool
) -> None:
    browser, *pages = reported
    browser.sign_in(user)
    for here in pages:
        shown = browser.get(here)
        assert (shown.status_code == 200, f"{here}/evidence" in shown.text) == (sees, False)
        assert browser.get(f"{here}/evidence").status_code == 403
        answered = browser.post(f"{here}/evidence", data={"csrf": browser.csrf(), "purpose": "curiosity"})
        assert (answered.status_code, "content-disposition" in answered.headers) == (403, False)
    assert not any(what == "reporter_evidence_made" for _, what, _ in trail(parts))


def test_whom_it_is_about_downloads_nothing_of_who_reported(reported: tuple[Browser, str, str], parts: Parts) -> None:
    """Neither as supervision office; nor what is no document beside a case."""
    browser, *_ = reported
    lin = Laptop(parts, "lin", "another")
    answer(lin, *lin.register(case_id(4), report(against="du")))
    browser.sign_in("du")
    for named in (case_id(4), case_id(9), case_id(1)):
        assert browser.get(f"/centre/reporter/{named}/evidence").status_code == 404, named
