"""Several versions of one regulation: which one a case has (P-13), on every day, in every place, and what is unknown."""

from __future__ import annotations

import copy
import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from fakes import BEIJING, DIRECTORY, FakeStore, service_form
from fakes import Desk as FakeDesk
from html_forms import joined
from law import CASE_ID, act, at, hash_of

from py_core.calendars import national
from py_core.cases.acts import RecordedAct
from py_core.cases.commands import ALL_ROLES, Command, Context, decide, possible
from py_core.cases.state import Case, fold
from py_core.directory import Directory, Offer
from py_core.errors import Malformed, Refused
from py_core.packs import Packs, UnknownVersion, load_packs, read_pack
from py_core.rules.engine import assess
from py_core.rules.impact import Law, changes

SHIPPED = load_packs()
NEW_FROM = date(2026, 4, 1)


def source(pack_id: str) -> dict[str, Any]:
    return tomllib.loads(files("py_core.packs").joinpath(pack_id, "pack.toml").read_text(encoding="utf-8"))


def later(pack_id: str, n: int, since: date = NEW_FROM, version: str = "", **head: Any) -> Any:
    """An invented later version in which every main limit in working days has `n` of them and no extension."""
    data = copy.deepcopy(source(pack_id))
    data["pack"] |= {"version": version or f"{pack_id}-test.{since:%Y%m%d}", "in_force_from": since, **head}
    for row in data["matter"]:
        row.pop("extension", None)
        if row.get("limit", {}).get("unit") == "workday":
            row["limit"]["n"] = n
    return read_pack(data, SHIPPED.common)


PACKS = Packs({**SHIPPED, "HL": [later("HL", 2), SHIPPED["HL"]]}, SHIPPED.common)


def case_of(day: str, *more: RecordedAct, version: str = "p") -> Case:
    first = act(
        1,
        f"{day} 09:00",
        {"type": "registered", "pack": "HL", "matter": "citizen", "channel": "hotline", "claimant": "person"},
        {"type": "delivered", "to": "unit-1"},
        {"type": "accepted", "by": "unit-1"},
    )
    return fold(
        CASE_ID, [RecordedAct(first.hash, (), replace(first.act, pack_version=version), first.received_at), *more]
    )


def due(case: Case, now: str, policies: dict[str, str] | None = None, packs: Packs = PACKS) -> date | None:
    return assess(case, packs, national(), at(now), policies or {}).due


def test_a_case_keeps_the_version_in_force_at_its_receipt() -> None:
    calendar = national()
    before, after = case_of("2026-03-31"), case_of("2026-04-01")
    for now in ("2026-03-31 12:00", "2026-04-01 12:00", "2027-01-05 12:00"):
        assert due(before, now) == calendar.workday_after(date(2026, 3, 31), 5)
    assert due(after, "2026-04-01 12:00") == calendar.workday_after(date(2026, 4, 1), 2)


def test_the_other_reading_judges_by_the_newest_version_from_the_day_it_is_in_force() -> None:
    before, newest = case_of("2026-03-31"), {"P-13": "newest"}
    assert due(before, "2026-03-31 12:00", newest) == national().workday_after(date(2026, 3, 31), 5)
    assert due(before, "2026-04-01 12:00", newest) == national().workday_after(date(2026, 3, 31), 2)


def test_what_the_other_reading_would_move_is_told_before_it_is_chosen() -> None:
    cases = [case_of("2026-03-31"), case_of("2026-04-01")]
    laws = [Law(PACKS, national(), policies) for policies in ({}, {"P-13": "newest"})]
    moved = list(changes(cases, *laws, at("2026-04-01 12:00")))
    assert [(each.due_before, each.due_after) for each in moved] == [(date(2026, 4, 8), date(2026, 4, 2))]


def test_steps_are_refused_offered_and_explained_by_the_version_of_the_case() -> None:
    def context(moment: str) -> Context:
        return Context(at(moment), PACKS, national(), roles=ALL_ROLES)

    asking = Command("request_extension", {"reason": "complex", "workdays": 3})
    old, new = case_of("2026-03-31"), case_of("2026-04-01")
    assert decide(old, asking, context("2026-04-01 10:00"))
    with pytest.raises(Refused) as caught:
        decide(new, asking, context("2026-04-01 10:00"))
    assert caught.value.code == "no_extension_in_pack"
    names = [{offer.command for offer in possible(case, context("2026-04-01 10:00"))} for case in (old, new)]
    assert ["request_extension" in each for each in names] == [True, False]
    counted = [
        next(
            step.params
            for step in assess(case, PACKS, national(), at("2026-04-01 10:00"), {}).steps
            if step.code == "limit"
        )
        for case in (old, new)
    ]
    assert [each["n"] for each in counted] == [5, 2]


@pytest.mark.parametrize("pack_id", list(SHIPPED))
def test_every_day_has_exactly_one_version_and_none_lies_between_two(pack_id: str) -> None:
    """The sweep of P-13: four versions, every day of 2024-2026; the version changes on its first day and never back."""
    starts = [date(2024, 3, 1), date(2025, 1, 1), date(2026, 12, 31)]
    packs = Packs({**SHIPPED, pack_id: [SHIPPED[pack_id], *(later(pack_id, 9, day) for day in starts)]}, SHIPPED.common)
    versions = packs.versions(pack_id)
    for day in (date(2024, 1, 1) + timedelta(days=n) for n in range(1096)):
        in_force = packs.in_force(pack_id, day)
        assert [each for each in versions if each.in_force_from <= day][-1] is in_force
        assert packs.on(day)[pack_id] is in_force
        assert packs.on(day) is packs.on(day), "what is kept of a day's law stays true"
    assert SHIPPED.on(date(2026, 1, 1)) is SHIPPED
    assert packs.in_force(pack_id, date(1999, 1, 1)) is versions[0], "before the oldest the oldest"


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (
            [SHIPPED["HL"], later("HL", 2), later("HL", 3, version="HL-test.other")],
            "two versions in force from 2026-04-01",
        ),
        ([SHIPPED["HL"], later("HL", 2, version=SHIPPED["HL"].version)], "names a version twice"),
        ([SHIPPED["HL"], later("BZ", 2)], "of another regulation"),
        ([replace(SHIPPED["HL"], in_force_until=date(2026, 3, 30)), later("HL", 2)], "leave a gap"),
        ([replace(SHIPPED["HL"], in_force_until=date(2026, 4, 1)), later("HL", 2)], "overlap"),
        ([SHIPPED["HL"], later("HL", 2, in_force_until=date(2026, 12, 31))], "nothing in force after 2026-12-31"),
        ([], "no version"),
    ],
)
def test_versions_that_do_not_follow_each_other_are_refused(versions: list[Any], text: str) -> None:
    with pytest.raises(Malformed) as caught:
        Packs({**SHIPPED, "HL": versions}, SHIPPED.common)
    assert text in str(caught.value)


def test_a_version_that_says_when_it_ended_and_one_in_any_order_are_taken() -> None:
    ended = replace(SHIPPED["HL"], in_force_until=date(2026, 3, 31))
    assert Packs({"HL": [later("HL", 2), ended]}, SHIPPED.common).versions("HL")[0] is ended


def test_a_version_of_another_name_is_refused() -> None:
    for version in ("2026.1", "WH-1", "HL-1+HL-2"):
        with pytest.raises(Malformed):
            later("HL", 2, version=version)


def test_a_case_of_a_version_that_this_build_does_not_know_needs_a_newer_app_and_loses_nothing() -> None:
    newer = PACKS.on(NEW_FROM).version
    case = case_of("2026-04-01", version=newer)
    found = assess(case, SHIPPED, national(), at("2026-04-02 12:00"), {})
    assert "HL-test.20260401" in found.problem
    assert (found.state, found.due, found.closed) == ("", None, False)
    assert len(case.facts) == 3
    assert possible(case, Context(at("2026-04-02 12:00"), SHIPPED, national(), roles=ALL_ROLES)) == ()
    with pytest.raises(UnknownVersion) as caught:
        decide(
            case,
            Command("reply", {"text": "done"}),
            Context(at("2026-04-02 12:00"), SHIPPED, national(), roles=ALL_ROLES),
        )
    assert caught.value.known == (SHIPPED["HL"].version,)
    assert due(case, "2026-04-02 12:00") is not None, "the newer app reads it"


def test_versions_of_other_regulations_and_words_that_are_no_version_change_nothing() -> None:
    for named in ("p", "1", "", "BZ-99", SHIPPED.version.replace("WH-2009.1", "WH-2031.1")):
        assert not assess(case_of("2026-04-01", version=named), SHIPPED, national(), at("2026-04-02 12:00"), {}).problem


def test_a_later_act_by_an_unknown_version_says_the_same() -> None:
    noted = act(2, "2026-04-01 12:00", {"type": "noted", "text": "x"}, after=(hash_of(1),))
    newer = RecordedAct(noted.hash, noted.deps, replace(noted.act, pack_version="HL-9"), noted.received_at)
    assert assess(case_of("2026-04-01", newer), PACKS, national(), at("2026-04-02 12:00"), {}).problem


class TwoVersions(FakeStore):
    """A device or server whose build has a second version of JY, in force from 2026-01-01, with promises to match."""

    known = Packs({**SHIPPED, "JY": [SHIPPED["JY"], later("JY", 2, date(2026, 1, 1))]}, SHIPPED.common)

    def __init__(self, packs: Packs | None = None, directory: Directory = DIRECTORY) -> None:
        super().__init__(directory)
        self._packs = packs or self.known

    def packs(self) -> Packs:
        return self._packs


KEY = "0" * 31 + "1"


def test_an_act_names_the_versions_of_its_case_and_not_those_of_its_day() -> None:
    desk = FakeDesk(store=TwoVersions())
    desk.post("/register", **service_form())
    desk.now += timedelta(days=14)
    desk.post(f"/cases/{KEY}/do/note", key=str(desk.seq), text="still the same law")
    desk.post("/register", **service_form(key="0" * 31 + "3"))
    named = [recorded.act.pack_version for recorded in desk.store.acts[KEY]]
    assert named == [SHIPPED.version] * 2
    assert "JY-test.20260101" in desk.store.acts["0" * 31 + "3"][0].act.pack_version
    assert "JY-test.20260101" in desk.get("/today").html, "the foot of the page names the law of today"


def test_an_older_app_shows_such_a_case_and_asks_for_the_newer_app() -> None:
    newer = FakeDesk(store=TwoVersions(), now=datetime(2026, 1, 5, 10, tzinfo=BEIJING))
    newer.post("/register", **service_form())
    older = FakeDesk(store=TwoVersions(SHIPPED), now=newer.now)
    older.store.hear(newer.store, newer.now)
    page = older.get(f"/cases/{KEY}")
    assert page.status == 200
    assert 'id="newer-app-needed"' in page.html
    assert "工地临时用水" in page.html
    assert 'id="newer-app-needed"' not in newer.get(f"/cases/{KEY}").html
    answer = older.post(f"/cases/{KEY}/do/issue_decision", key="1", text="同意")
    assert (answer.status, answer.acts) == (409, ())
    assert "需要更新应用" in answer.html
    assert KEY in older.get("/cases").html, "the lists go on"


def promised(version: int, n: int, since: date) -> Offer:
    return replace(
        DIRECTORY.offers["temp-water"],
        version=version,
        in_force_from=since,
        promise={"n": n, "unit": "workday"},
        basis=f"basis {version}",
    )


def test_a_promise_that_counts_from_later_on_touches_neither_open_cases_nor_todays() -> None:
    old, new = promised(2, 10, date(2025, 1, 1)), promised(3, 4, date(2026, 1, 1))
    changed = replace(DIRECTORY, offers={**DIRECTORY.offers, "temp-water": new}, earlier_offers={"temp-water": (old,)})
    desk = FakeDesk(store=TwoVersions(SHIPPED, changed))
    assert "承诺 10" in joined(desk.get("/register").html)
    desk.post("/register", **service_form())
    desk.now += timedelta(days=14)
    assert "承诺 4" in joined(desk.get("/register").html)
    html = desk.get(f"/cases/{KEY}").html
    assert "basis 2" in html
    assert "basis 3" not in html
    desk.post("/register", **service_form(key="0" * 31 + "3"))
    desk.post(
        "/register",
        **service_form(key="0" * 31 + "4", occurred_at="2025-12-30T16:00", occurred_at_shown="2026-01-07T10:00"),
    )
    kept = {key[-1]: fold(key, acts).value("offer_version") for key, acts in desk.store.acts.items()}
    assert kept == {"1": 2, "3": 3, "4": 2}, "the promise of the day of receipt, also when it is written down later"
    periods = {key[-1]: fold(key, acts).value("promise")["period"].n for key, acts in desk.store.acts.items()}
    assert periods == {"1": 10, "3": 4, "4": 10}
