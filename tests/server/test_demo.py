"""The demonstration city: made by real acts through the real gate, believable, the same from the same seed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from laptop import SeededEntropy, StandingClock
from sqlalchemy import func, select
from stdnum.cn import uscc

from py_core.cases.acts import RecordedAct
from py_core.cases.contradictions import Contradiction, contradictions
from py_core.cases.history import order
from py_core.cases.state import Case, fold
from py_core.documents import is_case_id
from py_core.periods import read_period
from py_core.reporters import reporter_id
from py_core.rights import may
from py_core.rules.assessment import Assessment
from py_core.rules.engine import assess
from py_core.values import LOCAL, local
from server import record
from server.demo.build import accounts, build
from server.demo.data import account_rows, directory_document, enterprises, services, topics
from server.engine import EngineOutside
from server.parts import Parts, assemble
from server.search import SimilarCases
from server.settings import Settings
from server.tables import actors, devices, quarantine

NOW = datetime(2026, 11, 18, 10, 20, tzinfo=LOCAL)  # a Wednesday morning
TOWNS = {"xingqiao", "liuxi", "shibu", "qinghe", "yuntang", "nanmen"}


@dataclass(frozen=True)
class Seen:
    """A case of the city as a reader finds it."""

    id: str
    acts: tuple[RecordedAct, ...]
    case: Case
    found: Assessment
    contradictions: tuple[Contradiction, ...]

    def types(self) -> list[str]:
        return [fact.type for fact in self.case.facts]


def assembled(folder: Path, now: datetime, engine: EngineOutside) -> Parts:
    return assemble(Settings(folder), StandingClock(now), SeededEntropy("demo"), engine)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, engine: EngineOutside) -> Iterator[Parts]:
    parts = assembled(tmp_path_factory.mktemp("demo"), NOW, engine)
    build(parts)
    yield parts
    parts.close()


@pytest.fixture(scope="module")
def cases(city: Parts) -> list[Seen]:
    policies = city.city.current().directory.policies
    seen = []
    for case_id, kept in city.casebook.current().items():
        if not is_case_id(case_id):
            continue
        acts = order(kept.acts)
        case = fold(case_id, acts)
        found = assess(case, city.packs, city.calendar, NOW, policies)
        seen.append(Seen(case_id, acts, case, found, contradictions(acts, case)))
    return seen


def open_cases(cases: list[Seen]) -> list[Seen]:
    return [seen for seen in cases if seen.found.light not in ("met", "met_late")]


def test_there_are_about_three_hundred_cases_and_sixty_are_open(cases: list[Seen]) -> None:
    assert 280 <= len(cases) <= 360
    assert 55 <= len(open_cases(cases)) <= 80
    assert Counter(seen.case.pack for seen in cases).keys() == {"HL", "JY"}


def test_every_light_and_the_special_states_occur(cases: list[Seen]) -> None:
    lights = Counter(seen.found.light for seen in cases)
    assert all(lights[light] >= 2 for light in ("green", "yellow", "orange", "red", "overdue", "paused", "met_late"))
    states = {seen.found.state for seen in cases}
    assert {"procedure", "correction_pending", "extension_pending", "handover_pending", "review_pending"} <= states
    overlays = {overlay for seen in open_cases(cases) for overlay in seen.found.overlays}
    assert {"extended", "supervised", "overdue"} <= overlays


def test_the_township_with_accounts_has_a_full_desk(cases: list[Seen]) -> None:
    lights = Counter(
        seen.found.light
        for seen in open_cases(cases)
        if "xingqiao" in {seen.case.value("unit"), *(fact.data["to"] for fact in seen.case.all("delivered"))}
    )
    assert sum(lights.values()) >= 15
    assert {"green", "yellow", "orange", "red", "overdue"} <= lights.keys()


def test_in_each_township_a_request_waits_to_be_accepted(cases: list[Seen]) -> None:
    waiting = {
        str(seen.case.all("delivered")[-1].data["to"])
        for seen in cases
        if seen.types() == ["registered", "delivered"] and seen.case.pack == "HL"
    }
    assert waiting >= TOWNS


def test_one_contradiction_waits_for_the_centre_and_one_was_decided(cases: list[Seen]) -> None:
    found = [(seen, each) for seen in cases for each in seen.contradictions]
    assert [each.code for _, each in found] == ["double_acceptance", "double_acceptance"]
    assert sorted(each.is_open for _, each in found) == [False, True]
    seen, waiting = next(pair for pair in found if pair[1].is_open)
    by_hash = {recorded.hash: recorded.act.user for recorded in seen.acts}
    assert {by_hash[each] for each in waiting.acts} == {"linxiao", "zhaolei"}


def test_counters_are_open_on_working_days_only(city: Parts, cases: list[Seen]) -> None:
    centre = {person.id for person in city.city.current().directory.people.values() if person.unit == "rexian"}
    for seen in cases:
        for recorded in seen.acts:
            at = local(recorded.act.occurred_at)
            if recorded.act.user in centre:
                assert 8 <= at.hour < 22, recorded.act
                continue
            assert city.calendar.is_workday(at.date()), recorded.act
            assert "08:30" <= f"{at:%H:%M}" <= "18:00", recorded.act


def test_times_are_plausible_and_nothing_lies_in_the_future(cases: list[Seen]) -> None:
    for seen in cases:
        for recorded in seen.acts:
            assert recorded.received_at is not None
            delay = recorded.received_at - recorded.act.occurred_at
            assert timedelta(0) <= delay <= timedelta(hours=9)
            assert recorded.received_at <= NOW


def test_some_work_was_done_without_network(cases: list[Seen]) -> None:
    delays = [recorded.received_at - recorded.act.occurred_at for seen in cases for recorded in seen.acts]  # type: ignore[operator]
    assert sum(delay > timedelta(hours=3) for delay in delays) >= 8


def test_nothing_was_refused_or_ignored(city: Parts, cases: list[Seen]) -> None:
    with city.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(quarantine)) == 0
    ignored = [item.code for seen in cases for item in seen.case.ignored]
    assert sorted(ignored) == ["contradicted", "set_aside"]


def test_every_officer_has_a_device_of_their_own_and_actors_bound_to_it(city: Parts) -> None:
    directory = city.city.current().directory
    with city.database.reading() as connection:
        owners = set(connection.scalars(select(devices.c.user).where(devices.c.user.is_not(None))))
        bound = connection.scalar(select(func.count()).select_from(actors))
    assert owners == {person.id for person in directory.people.values() if may(person.roles, "work_offline")}
    assert bound is not None
    assert bound > len(owners)


def test_the_accounts_sign_in_with_the_printed_password(city: Parts) -> None:
    named = accounts(city.city.current().directory)
    people = [
        "linxiao",
        "zhaolei",
        "sunguoping",
        "wuhaiyan",
        "xujing",
        "fangyun",
        "qianwen",
        "heli",
        "luoan",
        "yanjing",
        "luzheng",
    ]
    assert [account.user for account in named] == people
    for account in named:
        assert city.accounts.check(account.user, account.password, "test").user == account.user


def test_building_again_changes_nothing(city: Parts) -> None:
    with city.database.reading() as connection:
        before = record.log_size(connection)
    assert len(build(city)) == len(account_rows()[1])
    with city.database.reading() as connection:
        assert record.log_size(connection) == before


def test_the_same_seed_makes_the_same_city(city: Parts, tmp_path: Path, engine: EngineOutside) -> None:
    again = assembled(tmp_path, NOW, engine)
    try:
        build(again)
        assert again.casebook.current() == city.casebook.current()
    finally:
        again.close()


def test_it_can_be_built_on_a_rest_day_before_dawn(tmp_path: Path, engine: EngineOutside) -> None:
    now = datetime(2026, 10, 4, 5, 0, tzinfo=LOCAL)  # a Sunday in the National Day holiday
    parts = assembled(tmp_path, now, engine)
    try:
        build(parts)
        kept = parts.casebook.current()
        assert 280 <= len([document for document in kept if is_case_id(document)]) <= 360
        assert all(recorded.received_at <= now for each in kept.values() for recorded in each.acts)  # type: ignore[operator]
    finally:
        parts.close()


def test_an_open_request_finds_what_was_told_before_about_the_same_matter(cases: list[Seen]) -> None:
    index = SimilarCases.open(":memory:")
    index.rebuild((seen.id, str(seen.case.value("text")), str(seen.case.value("place"))) for seen in cases)
    titles = {seen.id: (seen.case.value("title"), seen.case.value("place")) for seen in cases}
    repeats = Counter(titles.values())
    told_before = [seen for seen in open_cases(cases) if repeats[titles[seen.id]] > 1 and seen.case.pack == "HL"]
    assert len(told_before) >= 10
    found = sum(any(titles[each.case_id] == titles[seen.id] for each in index.similar(seen.id)) for seen in told_before)
    assert found / len(told_before) >= 0.9
    index.close()


def test_texts_are_filled_in_and_varied(cases: list[Seen]) -> None:
    texts = [str(seen.case.value("text")) for seen in cases]
    assert not [text for text in texts if re.search(r"[{}]|None", text)]
    assert all(len(text) >= 12 for text in texts)
    assert len(set(texts)) >= 0.95 * len(texts)


def test_who_reported_stands_beside_the_case(city: Parts, cases: list[Seen]) -> None:
    kept = city.casebook.current()
    reports = [seen for seen in cases if seen.case.value("request_kind") == "report"]
    assert reports
    for seen in reports:
        assert seen.case.value("claimant_name") is None
        told = kept[reporter_id(seen.id)].acts[0].act.events[0]
        assert told["claimant_name"]
        assert re.fullmatch(r"1380000\d{4}", told["claimant_phone"])


def test_phones_are_made_up_and_codes_have_right_check_characters(cases: list[Seen]) -> None:
    document = directory_document()
    for row in (*document["units"], *document["people"]):
        assert re.fullmatch(r"0510-86000\d{3}|1380000\d{4}|12345", row["phone"])
    told = [seen for seen in cases if seen.case.value("request_kind") != "report"]
    assert all(re.fullmatch(r"1380000\d{4}", str(seen.case.value("claimant_phone"))) for seen in told)
    assert all(uscc.is_valid(firm.code) for firm in enterprises())


def test_promises_are_shorter_than_the_law_and_every_service_is_told(city: Parts) -> None:
    offers = city.city.current().directory.offers
    assert {service.offer for service in services()} == {key for key, offer in offers.items() if offer.pack == "JY"}
    for offer in offers.values():
        if offer.promise and offer.statutory and offer.promise["unit"] == offer.statutory["unit"]:
            assert read_period(offer.promise, "promise").n < read_period(offer.statutory, "statutory").n
    units = set(city.city.current().directory.units)
    assert {topic.to for topic in topics()} <= units | {"town"}
    assert {unit for offer in offers.values() for unit in offer.units} <= units
