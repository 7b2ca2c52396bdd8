"""An absence said once (BZ-AB-4): every open case gets the act of its own page, nothing twice, and one return ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from day_office import CITY
from fakes import NOW, Desk, FakeStore, Response
from html_forms import filled

from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.desk.ports import Request
from py_core.directory import Directory, Person

TODAY, LATER = NOW.date(), NOW.date() + timedelta(days=6)
DAYS = {"from": TODAY.isoformat(), "to": LATER.isoformat()}
NAMES = ("孙七", "赵六", "周八")


class Office:
    """Post A (linxiao), its B (zhaolei), another officer and the head at devices of their own, always in contact."""

    def __init__(self, city: Directory = CITY) -> None:
        self.record = FakeStore(city)
        people = ("linxiao", "zhaolei", "wuhaiyan", "sunguoping", "xujing", "qinming")
        self.desks = {who: Desk(who, store=FakeStore(city), code=f"K{n}") for n, who in enumerate(people)}
        self.cases: list[str] = []
        self._in_contact = True
        for name in NAMES:
            self.register("linxiao", name)

    def register(self, who: str, name: str, matter: str = "matter:BZ:rights", **more: str) -> str:
        response = self.send(
            who, "/register", offer="matter", matter=matter, claimant_name=name, claimant_phone="13812345678",
            title=f"{name}的维权", text="用人单位未付报酬。", complete="yes", **more,
        )  # fmt: skip
        self.cases.append(response.acts[0].case_id)
        return self.cases[-1]

    def send(self, who: str, path: str, /, page: str = "", **typed: str) -> Response:
        desk = self.desks[who]
        response = desk.post(path, **filled(desk.get(page or path).html, typed))
        assert response.status == 303, re.findall(r'error-message">(?:<.*?</span>)?([^<]*)', response.html)
        self.network()
        return response

    @contextmanager
    def without_network(self) -> Iterator[None]:
        """What is recorded within stays on its device; afterwards all devices hear of each other."""
        self._in_contact = False
        yield
        self._in_contact = True
        self.network()

    def network(self) -> None:
        if not self._in_contact:
            return
        for each in self.desks.values():
            self.record.hear(each.store, each.now)
        for each in self.desks.values():
            each.store.acts = {case: list(acts) for case, acts in self.record.acts.items()}

    def away(self, who: str = "linxiao", *, of: str = "", cases: list[str] | None = None, **typed: Any) -> Response:
        """Looks first, then confirms what was shown."""
        desk = self.desks[who]
        form = self.form(who, of=of, cases=cases, **typed)
        shown = desk.post("/absence", **form, do="look")
        assert (shown.status, shown.acts) == (200, ()), shown.html
        seen = re.search(r'name="seen" value="(\w+)"', shown.html)
        response = desk.post("/absence", **form, do="confirm", **({"seen": seen[1]} if seen else {}))
        self.network()
        return response

    def form(
        self, who: str, *, of: str = "", cases: list[str] | None = None, **typed: Any
    ) -> dict[str, str | list[str]]:
        html = self.desks[who].get("/absence", all="yes", **({"of": of} if of else {})).html
        ticked = re.findall(r'name="case" id="[^"]+" value="(\w+)" checked', html)
        start = {"of": of or who, "stand_in": "B", "briefed": "yes", **DAYS, **typed}
        return {**start, "case": ticked if cases is None else cases}

    def case(self, case_id: str) -> Case:
        return fold(case_id, order(self.record.acts[case_id]))

    def absences(self) -> list[int]:
        return [len(self.case(each).all("absence_recorded")) for each in self.cases]

    def today(self, who: str) -> str:
        return self.desks[who].get("/today").html


def test_one_confirmation_records_the_act_of_the_case_page_in_every_case() -> None:
    office, by_hand = Office(), Office()
    path = f"/cases/{by_hand.cases[0]}/do/record_absence"
    by_hand.send("linxiao", path, who="A", briefed="yes", **DAYS)
    response = office.away()
    assert (response.status, response.location) == (303, "/absence?done=absence")
    assert [act.case_id for act in response.acts] == office.cases, "one act in each case"
    assert office.absences() == [1, 1, 1]
    one, other = office.case(office.cases[0]), by_hand.case(by_hand.cases[0])
    said = [(fact.type, fact.data, fact.user) for fact in (one.facts[-1], other.facts[-1])]
    assert said[0] == said[1], "the same event as the page of the case makes"
    sequence = [each.act.device_seq for acts in office.record.acts.values() for each in acts]
    assert len(set(sequence)) == len(sequence), "each act has its own number"


def test_the_stand_in_has_them_today_and_reads_since_when_and_for_whom() -> None:
    office = Office()
    assert not any(f'href="/cases/{each}"' in office.today("zhaolei") for each in office.cases)
    office.away()
    html = office.today("zhaolei")
    assert all(f'href="/cases/{each}"' in html for each in office.cases)
    assert re.search(r"林晓离岗至.*?由您顶岗（3 件）", re.sub("<[^>]*>", "", html))
    assert 'href="/absence?of=linxiao"' in html
    assert "您已登记离岗" in re.sub("<[^>]*>", "", office.today("linxiao"))
    assert "B岗责任人 赵磊" in office.desks["zhaolei"].get(f"/cases/{office.cases[0]}").html


def test_a_case_may_be_left_out_only_with_the_reason_which_is_noted_in_it() -> None:
    office = Office()
    chosen, left = office.cases[:2], office.cases[2]
    form = office.form("linxiao", cases=chosen)
    refused = office.desks["linxiao"].post("/absence", **form, do="look")
    assert (refused.status, refused.acts) == (422, ())
    assert f'id="words-{left}-error"' in refused.html
    assert f'href="#words-{left}"' in refused.html, "the summary leads to the field"
    response = office.away(cases=chosen, **{f"words-{left}": "本人在外地继续办理"})
    assert [act.case_id for act in response.acts] == office.cases
    assert office.absences() == [1, 1, 0]
    noted = office.case(left).last("noted")
    assert noted is not None
    assert noted.data == {"absent": "linxiao", "absent_from": TODAY, "absent_to": LATER, "text": "本人在外地继续办理"}
    shown = [office.desks["linxiao"].get(f"/cases/{left}", lang).html for lang in ("zh-CN", "en")]
    assert "不列入离岗登记" in shown[0]
    assert "Left out of an absence" in shown[1]


def test_what_was_explained_stands_in_its_case_and_in_no_other() -> None:
    office = Office()
    office.away(**{f"words-{office.cases[1]}": "证据原件在柜中第二格"})
    explained = [office.case(each).facts[-1].data.get("explained") for each in office.cases]
    assert explained == [None, "证据原件在柜中第二格", None]
    assert "证据原件在柜中第二格" in office.desks["zhaolei"].get(f"/cases/{office.cases[1]}").html


def test_only_what_was_shown_is_recorded() -> None:
    office = Office()
    desk = office.desks["linxiao"]
    form = office.form("linxiao")
    shown = desk.post("/absence", **form, do="look")
    seen = re.search(r'name="seen" value="(\w+)"', shown.html)
    assert seen
    for each in office.cases:
        assert f'href="/cases/{each}"' in shown.html
    changed = {**form, "to": TODAY.isoformat()}
    again = desk.post("/absence", **changed, do="confirm", seen=seen[1])
    assert (again.status, again.acts) == (200, ()), "other days than those that were shown"
    assert 'name="seen"' in again.html
    unseen = desk.post("/absence", **form, do="confirm")
    assert unseen.acts == ()


def test_half_done_is_shown_and_the_rest_offered_never_twice() -> None:
    """However it came to be half done: a case recorded by hand, a device that was killed, a case that came since."""
    office = Office()
    by_hand = {"who": "A", "briefed": "yes", **DAYS}
    office.send("linxiao", f"/cases/{office.cases[0]}/do/record_absence", **by_hand)
    html = office.desks["linxiao"].get("/absence").html
    assert "已登记在 1 件办件中" in html
    assert "另有 2 件未结办件没有登记" in html
    assert f'value="{DAYS["to"]}"' in html, "the rest gets the same days"
    response = office.away()
    assert [act.case_id for act in response.acts] == office.cases[1:]
    assert office.absences() == [1, 1, 1]
    again = office.away()
    assert (again.status, again.acts) == (200, ())
    assert "没有需要登记的了" in again.html


def test_the_same_form_sent_twice_records_nothing_twice() -> None:
    office = Office()
    form = office.form("linxiao", cases=office.cases[:2], **{f"words-{office.cases[2]}": "不需顶岗"})
    desk = office.desks["linxiao"]
    seen = re.search(r'name="seen" value="(\w+)"', desk.post("/absence", **form, do="look").html)
    assert seen
    first = desk.post("/absence", **form, do="confirm", seen=seen[1])
    second = desk.post("/absence", **form, do="confirm", seen=seen[1])
    assert (len(first.acts), second.acts) == (3, ())
    assert "没有需要登记的了" in second.html


def test_what_comes_while_somebody_is_away_is_offered_to_holder_and_stand_in() -> None:
    office = Office()
    office.away()
    new = office.register("linxiao", "吴九")
    for who in ("linxiao", "zhaolei"):
        html = office.desks[who].get("/absence", of="linxiao").html
        assert "另有 1 件未结办件没有登记" in html
    response = office.away("zhaolei", of="linxiao")
    assert [act.case_id for act in response.acts] == [new]
    assert office.case(new).facts[-1].user == "zhaolei"


def test_one_return_ends_it_in_every_case() -> None:
    office = Office()
    office.away()
    for desk in office.desks.values():
        desk.now = NOW + timedelta(days=2)
    html = office.desks["linxiao"].get("/absence").html
    key = re.search(r'name="end" value="([^"]+)"', html)
    assert key
    late = office.desks["linxiao"].post("/absence", of="linxiao", end=key[1], back="2027-01-01")
    assert (late.status, late.acts) == (422, ())
    assert 'id="back-error"' in late.html
    back = (TODAY + timedelta(days=2)).isoformat()
    response = office.desks["linxiao"].post("/absence", of="linxiao", end=key[1], back=back)
    assert response.location == "/absence?done=absence_ended"
    assert sorted(act.case_id for act in response.acts) == sorted(office.cases)
    office.network()
    assert "离岗" not in re.sub("<[^>]*>", "", office.today("zhaolei")).split("登记离岗（外出）")[0]
    assert "B岗责任人" not in office.desks["zhaolei"].get(f"/cases/{office.cases[0]}").html
    again = office.desks["linxiao"].post("/absence", of="linxiao", end=key[1], back=back)
    assert (again.acts, again.location) == ((), "/absence?done=absence_again")


def test_a_journey_that_is_called_off_was_no_absence() -> None:
    office = Office()
    office.away(**{"from": (TODAY + timedelta(days=1)).isoformat(), "briefed": "no"})
    key = re.search(r'name="end" value="([^"]+)"', office.desks["linxiao"].get("/absence").html)
    assert key
    office.desks["linxiao"].post("/absence", of="linxiao", end=key[1], back=(TODAY + timedelta(days=1)).isoformat())
    office.network()
    office.desks["linxiao"].now = NOW + timedelta(days=1)
    assert "离岗未交代" not in office.desks["linxiao"].get(f"/cases/{office.cases[0]}").html


def test_leaving_without_hand_over_and_reason_is_said_to_be_a_breach_before_it_is_recorded() -> None:
    office = Office()
    desk = office.desks["linxiao"]
    form = office.form("linxiao", briefed="no")
    assert "离岗未交代或无人顶岗" in desk.post("/absence", **form, do="look").html
    excused = office.form("linxiao", briefed="no", reason="突发急病")
    assert "离岗未交代或无人顶岗" not in desk.post("/absence", **excused, do="look").html


def test_somebody_else_whom_the_section_named_stands_in() -> None:
    office = Office()
    office.away(stand_in="wuhaiyan")
    assert f'href="/cases/{office.cases[0]}"' in office.today("wuhaiyan")
    assert f'href="/cases/{office.cases[0]}"' not in office.today("zhaolei")
    assert "吴海燕" in office.desks["linxiao"].get(f"/cases/{office.cases[0]}").html


def test_whom_the_section_named_may_add_what_came_since() -> None:
    named = Person("qinming", "秦明", "xingqiao", "科员", "0510-86010013", ("officer",))
    office = Office(replace(CITY, people={**CITY.people, "qinming": named}))
    assert office.desks["qinming"].get("/absence", of="linxiao").status == 403
    office.away(stand_in="qinming")
    new = office.register("linxiao", "吴九")
    assert 'href="/absence?of=linxiao"' in office.today("qinming")
    response = office.away("qinming", of="linxiao", stand_in="qinming")
    assert [act.case_id for act in response.acts] == [new]


def test_a_stand_in_who_leaves_too_leaves_the_cases_to_the_head() -> None:
    office = Office()
    office.away()
    own = office.register("zhaolei", "郑十")
    html = office.desks["zhaolei"].get("/absence").html
    assert all(f'id="case-{each}"' in html for each in office.cases)
    form = office.form("zhaolei", stand_in="wuhaiyan")
    shown = office.desks["zhaolei"].post("/absence", **form, do="look").html
    assert "A岗、B岗均离岗" in shown
    response = office.away("zhaolei", stand_in="wuhaiyan")
    posts = {act.case_id: office.case(act.case_id).facts[-1].data["who"] for act in response.acts}
    assert posts == {own: "A", **dict.fromkeys(office.cases[:3], "B")}


def test_faults_stand_at_their_fields_and_nothing_typed_is_lost() -> None:
    office = Office()
    form = {**office.form("linxiao"), "from": "", "to": "morgen", "briefed": "", "reason": "突发急病"}
    answer = office.desks["linxiao"].post("/absence", **form, do="look")
    assert answer.status == 422
    assert all(f'id="{name}-error"' in answer.html for name in ("from", "to", "briefed"))
    assert "突发急病" in answer.html
    backwards = office.form("linxiao", **{"from": DAYS["to"], "to": DAYS["from"]})
    assert 'id="to-error"' in office.desks["linxiao"].post("/absence", **backwards, do="look").html
    over = office.form("linxiao", **{"from": "2025-01-01", "to": "2025-01-02"})
    assert 'id="to-error"' in office.desks["linxiao"].post("/absence", **over, do="look").html


def test_nobody_records_the_absence_of_whom_they_do_not_stand_in_for() -> None:
    office = Office()
    assert office.desks["xujing"].get("/absence", of="linxiao").status == 403
    assert office.desks["xujing"].post("/absence", of="linxiao", do="look").status == 403
    assert office.desks["sunguoping"].get("/absence", of="linxiao").status == 200, "the head of the unit"


def test_cases_that_somebody_else_handles_are_not_among_them() -> None:
    office = Office()
    case = office.register("linxiao", "吴九", outcome="register")
    assert f'id="case-{case}"' in office.desks["linxiao"].get("/absence").html
    office.send("zhaolei", f"/cases/{case}/do/accept")
    assert f'id="case-{case}"' not in office.desks["linxiao"].get("/absence").html
    assert f'id="case-{case}"' in office.desks["zhaolei"].get("/absence").html


def test_cases_of_regulations_without_posts_are_named_as_staying_without_a_stand_in() -> None:
    office = Office()
    letter = office.register("linxiao", "钱十一", "matter:WH:letter", channel="letter", outcome="register")
    html = office.desks["linxiao"].get("/absence").html
    assert f'id="case-{letter}"' not in html
    assert "1 件未结办件无人顶岗" in html
    assert f'href="/cases/{letter}"' in html


def test_it_is_reached_from_today_from_the_forms_and_from_the_step_of_a_case() -> None:
    office = Office()
    for path in ("/today", "/slips", f"/cases/{office.cases[0]}/do/record_absence"):
        assert 'href="/absence"' in office.desks["linxiao"].get(path).html, path
    english = office.desks["linxiao"].answer(Request("GET", "/absence", {}, {}, "en")).html
    assert "Which open cases it concerns" in english
    assert 'href="/slips/F-23/linxiao"' in english


def test_one_sheet_hands_over_all_cases_with_the_days_and_what_was_explained() -> None:
    office = Office()
    blank = office.desks["linxiao"].get("/slips/F-23/linxiao").html
    assert blank.count('class="sw-slip__blank"') == 2, "days and other work, to be filled in by hand"
    office.away(stand_in="wuhaiyan", **{f"words-{office.cases[1]}": "证据原件在柜中第二格"})
    sheet = office.desks["linxiao"].get("/slips/F-23/linxiao").html
    words = re.sub(r"<[^>]*>", "", sheet)
    assert sheet.count('class="sw-slip__blank"') == 1
    assert "2025年12月24日至2025年12月30日" in words
    assert "吴海燕" in words
    assert "交代说明" in words
    assert "证据原件在柜中第二格" in words
    assert all(f"{name}的维权" in words for name in NAMES)


def test_the_sheet_names_who_receives_for_which_days() -> None:
    office = Office()
    office.away()
    assert "赵磊" in office.desks["linxiao"].get("/slips/F-23/linxiao").html
    office.away(stand_in="wuhaiyan", **{"from": "2026-01-12", "to": "2026-01-16"})
    words = re.sub(r"<[^>]*>", "", office.desks["linxiao"].get("/slips/F-23/linxiao").html)
    assert "赵磊：2025年12月24日至2025年12月30日" in words
    assert "吴海燕：2026年1月12日至2026年1月16日" in words
