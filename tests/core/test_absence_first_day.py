"""The first day of an absence is here: who is back in the course of it answers again, and what took place stays."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fakes import NOW, Response
from html_forms import filled
from law import act
from test_absence import TODAY, Office
from test_absence_page import fault, responsible
from test_absence_persons import OLD, cards, days, iso, law_case, words

from py_core.errors import Refused
from py_core.rules.absences import absences

ONE_DAY = {"to": TODAY.isoformat()}


def come_back(office: Office, who: str, of: str = "", day: str = TODAY.isoformat(), **said: str) -> Response:
    response = office.desks[who].post(
        "/absence", of=of or who, end=cards(office, who, **({"of": of} if of else {}))[0], back=day, **said
    )
    office.network()
    return response


def codes(office: Office, case: str) -> set[str]:
    html = words(office.desks["linxiao"].get(f"/cases/{case}").html)
    return {"B-12"} if "离岗未交代" in html else set()


@pytest.mark.parametrize("last", [0, 6])
def test_who_is_back_at_midday_of_the_first_day_answers_again_and_the_day_stays(last: int) -> None:
    office = Office()
    office.away(briefed="no", to=iso(last))
    case = office.cases[0]
    assert "B岗责任人" in responsible(office, case)
    assert codes(office, case) == {"B-12"}
    for desk in office.desks.values():
        desk.now = NOW + timedelta(hours=3)
    response = come_back(office, "linxiao", first_day="stays")
    assert (response.status, len(response.acts)) == (303, 3)
    assert "经办人员" in responsible(office, case)
    assert days(office, case) == [(iso(0), iso(0))], "the day stays, no later one does"
    assert codes(office, case) == {"B-12"}, "and what was not handed over on it"
    assert cards(office, "linxiao") == []
    assert "您已登记离岗" not in words(office.today("linxiao"))
    assert f'href="/cases/{case}"' not in office.today("zhaolei")
    for lang, text in (("zh-CN", "当日返岗"), ("en", "Back in the course of it")):
        assert text in office.desks["linxiao"].get(f"/cases/{case}", lang).html


def test_an_absence_entered_wrongly_is_taken_back_on_its_first_day() -> None:
    office = Office()
    office.away("sunguoping", of="linxiao", briefed="no", reason="突发急病")
    response = come_back(office, "sunguoping", "linxiao", first_day="not_away")
    assert len(response.acts) == 3
    assert [days(office, each) for each in office.cases] == [[], [], []]
    assert "经办人员" in responsible(office, office.cases[0])
    assert len(office.away(**ONE_DAY).acts) == 3, "what is true can be recorded then"
    assert "B岗责任人" in responsible(office, office.cases[0])


def test_nobody_takes_back_by_their_own_word_that_the_work_was_not_handed_over() -> None:
    office = Office()
    office.away(briefed="no", **ONE_DAY)
    response = come_back(office, "linxiao", first_day="not_away")
    assert (response.status, response.acts) == (422, ())
    assert fault(response, "first_day")
    assert 'href="#first_day"' in response.html, "the summary leads to the field"
    assert re.search(r'id="first_day-not_away" value="not_away" checked', response.html), "nothing chosen is lost"
    law = law_case(("2026-03-03 08:00", "record_absence", {**OLD, "briefed": False}))
    event = {"type": "absence_ended", "who": "A", "back": "2026-03-03", "first_day": "not_away"}
    law.acts.append(act(len(law.acts) + 1, "2026-03-03 10:00", event, after=(law.acts[-1].hash,)))
    found = law.look("2026-03-03 11:00")
    assert found.responsible == "handler", "whoever said so is back"
    assert "B-12" in {each.code for each in found.breaches}


def test_on_the_first_day_a_return_says_what_of_it_and_on_no_other_day() -> None:
    office = Office()
    office.away()
    case = office.cases[0]
    unsaid = come_back(office, "linxiao")
    assert (unsaid.status, unsaid.acts) == (422, ())
    assert fault(unsaid, "first_day")
    tomorrow = come_back(office, "linxiao", day=iso(1), first_day="stays")
    assert (tomorrow.status, tomorrow.acts) == (422, ())
    path = f"/cases/{case}/do/end_absence"
    assert 'name="first_day"' in office.desks["linxiao"].get(path).html
    by_hand = filled(office.desks["linxiao"].get(path).html, {"back": iso(0)})
    assert fault(office.desks["linxiao"].post(path, **by_hand), "first_day")
    office.send("linxiao", path, who="A", back=iso(0), first_day="stays")
    assert days(office, case) == [(iso(0), iso(0))]
    for desk in office.desks.values():
        desk.now = NOW + timedelta(days=2)
    path = f"/cases/{office.cases[1]}/do/end_absence"
    assert 'name="first_day"' not in office.desks["linxiao"].get(path).html
    assert 'name="first_day"' not in office.desks["linxiao"].get("/absence").html
    with pytest.raises(Refused):
        law_case(("2026-03-02 16:00", "record_absence", OLD)).do(
            "2026-03-04 10:00", "end_absence", who="A", back="2026-03-03", first_day="not_away"
        )


def test_a_later_word_on_the_first_day_takes_nothing_back() -> None:
    law = law_case(("2026-03-02 16:00", "record_absence", OLD))
    event = {"type": "absence_ended", "who": "A", "back": "2026-03-03", "first_day": "not_away"}
    law.acts.append(act(len(law.acts) + 1, "2026-03-04 10:00", event, after=(law.acts[-1].hash,)))
    assert law.case is not None
    found = absences(law.case)
    assert [(each.first.isoformat(), each.last.isoformat()) for each in found] == [("2026-03-03", "2026-03-03")]


def test_a_b_who_is_back_at_midday_can_stand_in_again() -> None:
    office = Office()
    office.register("zhaolei", "郑十")
    office.away("zhaolei", stand_in="wuhaiyan", **ONE_DAY)
    typed = office.form("linxiao", stand_in="B", do="look")
    assert office.desks["linxiao"].post("/absence", **typed).status == 422
    come_back(office, "zhaolei", first_day="stays")
    assert len(office.away(stand_in="B").acts) == 3
    assert "B岗责任人" in responsible(office, office.cases[0])


def test_one_day_away_that_is_over_cannot_be_ended() -> None:
    office = Office()
    office.away(**ONE_DAY)
    for desk in office.desks.values():
        desk.now = NOW + timedelta(days=1)
    path = f"/cases/{office.cases[0]}/do/end_absence"
    assert office.desks["linxiao"].get(path).status == 409
