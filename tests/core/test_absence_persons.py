"""An absence is its person's, wherever the case goes; a return ends that absence and no other, and wipes out nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from day_office import CITY
from fakes import NOW, Desk, FakeStore, Response
from html_forms import filled
from law import Desk as Law
from law import act, registered
from test_absence import DAYS, LATER, TODAY, Office

from py_core.directory import Person
from py_core.errors import Refused
from py_core.rules.absences import absences

THIRD = Person("qinming", "秦明", "xingqiao", "科员", "0510-86010013", ("officer",))
BZ = ("BZ", "rights")


def iso(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))


def later(office: Office, days: int) -> None:
    for desk in office.desks.values():
        desk.now = NOW + timedelta(days=days)


def cards(office: Office, who: str, **of: str) -> list[str]:
    return re.findall(r'name="end" value="([^"]+)"', office.desks[who].get("/absence", **of).html)


def back(office: Office, who: str, day: str, card: int = 0) -> Response:
    response = office.desks[who].post("/absence", of=who, end=cards(office, who)[card], back=day)
    office.network()
    return response


def days(office: Office, case: str) -> list[tuple[str, str]]:
    return [(each.first.isoformat(), each.last.isoformat()) for each in absences(office.case(case))]


def answers(office: Office, who: str, case: str) -> str:
    return words(office.desks[who].get(f"/cases/{case}").html)


def with_other_unit() -> Office:
    office = Office()
    office.desks["machao"] = Desk("machao", store=FakeStore(CITY), code="K9")
    office.network()
    return office


def test_an_absence_stays_behind_when_another_unit_takes_the_case_over() -> None:
    office = with_other_unit()
    office.away()
    case = office.cases[0]
    office.send("linxiao", f"/cases/{case}/do/hand_over", to="liuxi")
    office.send("machao", f"/cases/{case}/do/accept_handover")
    assert "B岗责任人" not in answers(office, "machao", case)
    assert "经办人员 马超群" in answers(office, "machao", case)
    assert "您已登记离岗" not in words(office.today("machao"))
    assert cards(office, "machao") == []
    assert f'href="/cases/{case}"' not in office.today("zhaolei")


def test_a_b_who_takes_the_case_is_not_away_because_the_a_is() -> None:
    office = Office()
    case = office.register("linxiao", "吴九", outcome="register")
    office.away()
    assert "B岗责任人 赵磊" in answers(office, "zhaolei", case)
    office.send("zhaolei", f"/cases/{case}/do/accept")
    assert "经办人员 赵磊" in answers(office, "zhaolei", case)
    assert "您已登记离岗" not in words(office.today("zhaolei"))
    assert cards(office, "zhaolei") == []


def test_a_b_who_is_away_is_away_as_the_a_after_taking_the_case() -> None:
    office = Office()
    case = office.register("linxiao", "吴九", outcome="register")
    office.send("zhaolei", f"/cases/{case}/do/record_absence", who="B", briefed="yes", **DAYS)
    assert office.case(case).facts[-1].data["person"] == "zhaolei"
    office.send("zhaolei", f"/cases/{case}/do/accept")
    assert "B岗责任人" in answers(office, "linxiao", case)
    assert cards(office, "zhaolei") == [f"A.{DAYS['from']}.{DAYS['to']}."]


def test_acts_name_whose_absence_it_is_by_page_and_by_hand() -> None:
    office = Office()
    office.away(cases=office.cases[:2], **{f"words-{office.cases[2]}": "x"})
    office.send("linxiao", f"/cases/{office.cases[2]}/do/record_absence", who="A", briefed="yes", **DAYS)
    assert [office.case(each).last("absence_recorded").data["person"] for each in office.cases] == ["linxiao"] * 3  # type: ignore[union-attr]
    later(office, 2)
    office.send("linxiao", f"/cases/{office.cases[2]}/do/end_absence", who="A", back=iso(2))
    back(office, "linxiao", iso(2))
    for each in office.cases:
        ended = office.case(each).last("absence_ended")
        assert ended is not None
        assert {name: ended.data[name] for name in ("person", "from", "to")} == {
            "person": "linxiao", "from": TODAY, "to": LATER,
        }  # fmt: skip
    assert "离岗人： 林晓" in answers(office, "linxiao", office.cases[0])


def law_case(*done: tuple[str, str, Mapping[str, Any]]) -> Law:
    """A case with A (who registered it or accepted it), and events of before the person was named."""
    desk = registered(*BZ, materials_complete=True, accept_by="linxiao")
    for moment, command, fields in done:
        desk.do(moment, command, **fields)
    return desk


OLD = {"who": "A", "from": "2026-03-03", "to": "2026-03-06", "briefed": True}


def test_an_old_absence_is_that_of_whoever_held_the_post_when_it_was_recorded() -> None:
    desk = law_case(("2026-03-02 16:00", "record_absence", OLD))
    assert desk.look("2026-03-04 10:00").responsible == "post_B"
    desk.do("2026-03-04 11:00", "hand_over", to="liuxi")
    desk.do("2026-03-04 15:00", "accept_handover", by="machao")
    found = desk.look("2026-03-05 10:00")
    assert (found.responsible, found.responsible_name) == ("handler", "machao")


def test_an_old_absence_of_the_b_ends_with_the_a_whose_b_it_was() -> None:
    desk = law_case(("2026-03-02 16:00", "record_absence", {**OLD, "who": "B"}))
    desk.do("2026-03-03 11:00", "hand_over", to="liuxi")
    desk.do("2026-03-03 15:00", "accept_handover", by="machao")
    desk.do("2026-03-03 16:00", "record_absence", **{**OLD, "from": "2026-03-04"})
    assert desk.look("2026-03-05 10:00").responsible == "post_B", "its own B is here"


def test_an_old_return_ends_only_the_absence_in_whose_days_it_lies() -> None:
    january = {**OLD, "from": "2026-03-16", "to": "2026-03-20"}
    desk = law_case(("2026-03-02 16:00", "record_absence", OLD), ("2026-03-02 16:05", "record_absence", january))
    desk.do("2026-03-05 09:00", "end_absence", who="A", back="2026-03-05")
    assert desk.look("2026-03-05 10:00").responsible == "handler"
    assert desk.look("2026-03-17 10:00").responsible == "post_B"


def test_the_end_of_one_absence_leaves_the_later_one() -> None:
    office = Office()
    office.away()
    office.away(cases=office.cases, **{"from": iso(20), "to": iso(25)})
    later(office, 2)
    assert len(back(office, "linxiao", iso(2)).acts) == 3
    assert days(office, office.cases[0]) == [(iso(0), iso(1)), (iso(20), iso(25))]
    assert cards(office, "linxiao") == [f"A.{iso(20)}.{iso(25)}."]
    back(office, "linxiao", iso(20))
    assert days(office, office.cases[0]) == [(iso(0), iso(1))], "not going after all"


def test_the_end_of_one_absence_leaves_the_later_one_that_another_device_records_meanwhile() -> None:
    office = Office()
    office.away()
    later(office, 1)
    with office.without_network():
        office.away("sunguoping", of="linxiao", cases=office.cases, **{"from": iso(20), "to": iso(25)})
        later(office, 2)
        back(office, "linxiao", iso(2))
    assert days(office, office.cases[0]) == [(iso(0), iso(1)), (iso(20), iso(25))]
    assert cards(office, "sunguoping", of="linxiao") == [f"A.{iso(20)}.{iso(25)}."]


@pytest.mark.parametrize("day", [-3000, -1, 0])
def test_what_has_begun_is_not_called_off_and_its_breach_stays(day: int) -> None:
    office = Office()
    office.away(briefed="no")
    case = office.cases[0]
    later(office, 3)
    assert "离岗未交代" in answers(office, "linxiao", case)
    on_page = back(office, "linxiao", iso(day))
    assert (on_page.status, on_page.acts) == (422, ())
    assert 'id="back-error"' in on_page.html
    form = {"who": "A", "back": iso(day), "occurred_at": (NOW + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")}
    by_hand = office.desks["linxiao"].post(f"/cases/{case}/do/end_absence", **form)
    assert (by_hand.status, by_hand.acts) == (422, ())
    assert "离岗未交代" in answers(office, "linxiao", case)


def test_a_breach_stays_whatever_return_was_taken_before_this_was_refused() -> None:
    desk = law_case(("2026-03-02 16:00", "record_absence", {**OLD, "briefed": False}))
    assert "B-12" in {each.code for each in desk.look("2026-03-04 10:00").breaches}
    with pytest.raises(Refused) as caught:
        desk.do("2026-03-04 10:00", "end_absence", who="A", back="2026-03-03")
    assert "back" in caught.value.fields
    for moment, said in (("2026-03-04 10:05", "2026-03-03"), ("2026-03-04 10:10", "2026-01-01")):
        event = {"type": "absence_ended", "who": "A", "back": said}
        desk.acts.append(act(len(desk.acts) + 1, moment, event, after=(desk.acts[-1].hash,)))
    assert "B-12" in {each.code for each in desk.look("2026-03-05 10:00").breaches}


def test_a_return_that_is_said_to_have_happened_before_the_absence_calls_off_nothing() -> None:
    office = Office()
    office.away(**{"from": iso(1), "briefed": "no"})
    case = office.cases[0]
    later(office, 3)
    desk = office.desks["linxiao"]
    early = (NOW + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    form = filled(desk.get(f"/cases/{case}/do/end_absence").html, {"back": iso(1), "occurred_at": early})
    refused = desk.post(f"/cases/{case}/do/end_absence", **form)
    assert (refused.status, refused.acts) == (422, ())
    law = law_case(("2026-03-02 16:00", "record_absence", {**OLD, "briefed": False}))
    event = {"type": "absence_ended", "who": "A", "back": "2026-03-03", "at": "2026-03-02T17:00:00"}
    law.acts.append(act(len(law.acts) + 1, "2026-03-04 10:00", event, after=(law.acts[-1].hash,)))
    assert "B-12" in {each.code for each in law.look("2026-03-05 10:00").breaches}


def test_work_handed_over_later_is_owed_no_more() -> None:
    unbriefed = {**OLD, "briefed": False}
    desk = law_case(("2026-03-02 16:00", "record_absence", unbriefed))
    assert "handover_record" in desk.look("2026-03-03 09:00").owed
    desk.do("2026-03-03 10:00", "record_absence", **OLD)
    found = desk.look("2026-03-03 11:00")
    assert "handover_record" not in found.owed
    assert "B-12" in {each.code for each in found.breaches}, "leaving without handing over stays what it was"


def test_two_cards_of_the_same_days_with_different_stand_ins_end_each_its_own() -> None:
    office = Office()
    office.away(cases=office.cases[:1], **{f"words-{each}": "later" for each in office.cases[1:]})
    office.away(cases=office.cases[1:], stand_in="wuhaiyan")
    found = cards(office, "linxiao")
    assert len(set(found)) == 2
    ids = re.findall(r'id="([^"]+)"', office.desks["linxiao"].get("/absence").html)
    assert len(ids) == len(set(ids))
    later(office, 2)
    ended = {key: [act.case_id for act in back(office, "linxiao", iso(2)).acts] for key in found}
    assert [len(cases) for cases in ended.values()] == [1, 2]


def test_a_b_s_own_absence_can_be_ended_after_the_a_is_back() -> None:
    office = Office()
    office.away()
    later(office, 1)
    office.register("zhaolei", "郑十")
    office.away("zhaolei", stand_in="wuhaiyan", **{"from": iso(1), "to": iso(6)})
    later(office, 2)
    back(office, "linxiao", iso(2))
    later(office, 3)
    found = cards(office, "zhaolei")
    assert [key[0] for key in found] == ["A", "B"], "in the own case as A, in those of the A as B"
    assert len(back(office, "zhaolei", iso(3), 1).acts) == 3
    assert len(back(office, "zhaolei", iso(3)).acts) == 1
    later(office, 4)
    office.away(cases=office.cases[:3], **{"from": iso(4), "to": iso(6)})
    assert "B岗责任人 赵磊" in answers(office, "zhaolei", office.cases[0])


def test_a_third_person_neither_records_nor_ends_an_absence_in_the_case() -> None:
    office = Office(replace(CITY, people={**CITY.people, "qinming": THIRD}))
    office.away()
    case = office.cases[0]
    for step in ("record_absence", "end_absence"):
        assert f"do/{step}" not in office.desks["qinming"].get(f"/cases/{case}").html
        path = f"/cases/{case}/do/{step}"
        assert office.desks["qinming"].get(path).status == 409
        assert office.desks["qinming"].post(path, who="A", back=iso(2), briefed="yes", **DAYS).acts == ()
        for may in ("linxiao", "zhaolei", "sunguoping"):
            assert office.desks[may].get(path).status == 200, (may, step)


def test_whom_the_section_named_may_end_it_in_the_case() -> None:
    office = Office(replace(CITY, people={**CITY.people, "qinming": THIRD}))
    office.away(stand_in="qinming")
    assert office.desks["qinming"].get(f"/cases/{office.cases[0]}/do/end_absence").status == 200


def test_a_case_before_the_leaders_meeting_gets_the_absence_too() -> None:
    office = Office()
    case = office.register("linxiao", "某公司", "matter:BZ:approval", claimant="enterprise", claimant_id="")
    office.send("linxiao", f"/cases/{case}/do/propose_refusal", reason="不符合条件")
    office.send("linxiao", f"/cases/{case}/do/report_refusal")
    office.send("wuhaiyan", f"/cases/{case}/do/mark_refusal_major")
    assert "当前责任：分管领导" in answers(office, "linxiao", case)
    assert f'id="case-{case}"' in office.desks["linxiao"].get("/absence").html
    assert case in [act.case_id for act in office.away().acts]


def test_an_early_return_noticed_late_is_recorded_in_the_case() -> None:
    office = Office()
    office.away()
    later(office, 8)
    path = f"/cases/{office.cases[0]}/do/end_absence"
    office.send("linxiao", path, who="A", back=iso(4))
    assert days(office, office.cases[0]) == [(iso(0), iso(3))]


def test_an_absence_recorded_anew_after_a_wrong_return_is_one_card() -> None:
    office = Office()
    office.away()
    back(office, "linxiao", iso(2))
    office.away(cases=office.cases)
    assert cards(office, "linxiao") == [f"A.{DAYS['from']}.{DAYS['to']}."]
    later(office, 4)
    back(office, "linxiao", iso(4))
    assert cards(office, "linxiao") == []
    assert "B岗责任人" not in answers(office, "zhaolei", office.cases[0])


def test_the_b_of_whoever_has_the_case_answers_and_no_b_of_those_who_had_it() -> None:
    office = Office()  # with a desk for xujing of the other unit
    case = office.cases[0]
    office.send("linxiao", f"/cases/{case}/do/hand_over", to="liuxi")
    office.send("xujing", f"/cases/{case}/do/accept_handover")
    office.away("xujing")
    assert "B岗责任人 马超群 " in answers(office, "xujing", case)
    assert f'href="/cases/{case}"' not in office.today("zhaolei")
