"""People and posts from a day to a day: rights and scope are those of the day, and periods never contradict themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fakes import DIRECTORY, NOW, Desk, FakeStore, appeal_form

from py_core.directory import Directory, read_directory
from py_core.errors import Malformed

UNIT = {"zh": "石河镇", "en": "Shihe", "kind": "town", "phone": "1", "complaint_phone": "2"}


def city(terms: list[dict[str, Any]], holders: list[dict[str, Any]] | None = None) -> Directory:
    post = {"id": "counter", "unit": "shihe", "zh": "窗口", "en": "Counter"}
    return read_directory(
        {
            "version": 1, "city_zh": "", "city_en": "", "public_url": "", "policies": {}, "offers": [],
            "units": [{"id": "shihe", **UNIT}, {"id": "linye", **UNIT}],
            "people": [{"id": "lin", "name": "林晓", "phone": "3", "terms": terms}],
            "posts": [{**post, "holders": holders}] if holders else [],
        }
    )  # fmt: skip


def term(unit: str, since: str | None, until: str | None, *roles: str) -> dict[str, Any]:
    return {"unit": unit, "title": "科员", "roles": list(roles or ("officer",)), "since": since, "until": until}


MOVED = [term("linye", "2026-06-01", None, "unit_head"), term("shihe", "2025-01-01", "2026-05-31")]


@pytest.mark.parametrize(
    ("day", "unit", "roles"),
    [
        ("2024-12-31", None, ()),
        ("2025-01-01", "shihe", ("officer",)),
        ("2026-05-31", "shihe", ("officer",)),
        ("2026-06-01", "linye", ("unit_head",)),
        ("2030-01-01", "linye", ("unit_head",)),
    ],
)
def test_a_person_is_what_the_term_of_the_day_says(day: str, unit: str | None, roles: tuple[str, ...]) -> None:
    person = city(MOVED).person_on("lin", date.fromisoformat(day))
    assert (person.unit if person else None, person.roles if person else ()) == (unit, roles)


def test_names_stay_known_after_the_last_term() -> None:
    ended = city([term("shihe", None, "2026-01-01")])
    assert ended.people["lin"].name == "林晓"
    assert ended.people_on(date(2026, 1, 2)) == ()


def test_a_post_has_the_holders_of_the_day() -> None:
    holders = [
        {"a": "lin", "b": "zhao", "since": None, "until": "2026-03-31"},
        {"a": "zhao", "b": "wu", "since": "2026-04-02", "until": None},
    ]
    post = city([term("shihe", None, None)], holders).posts["counter"]
    found = {day: post.on(date(2026, 4, day)) for day in (1, 2)}
    assert found[1] is None
    assert found[2] is not None
    assert (found[2].a, found[2].b) == ("zhao", "wu")
    assert (before := post.on(date(2026, 3, 31))) is not None
    assert before.a == "lin"


@pytest.mark.parametrize(
    "terms",
    [
        [],
        [term("shihe", "2026-02-01", "2026-01-01")],
        [term("shihe", None, None), term("linye", "2026-01-01", None)],
        [term("shihe", None, "2026-01-01"), term("linye", "2026-01-01", None)],
        [term("shihe", None, "2026-01-01"), term("linye", None, None)],
        [term("shihe", "soon", None)],
    ],
    ids=["none", "ends before it begins", "two at once", "one day twice", "two from ever", "no date"],
)
def test_periods_that_contradict_themselves_are_not_read(terms: list[dict[str, Any]]) -> None:
    with pytest.raises(Malformed):
        city(terms)


def test_who_holds_nothing_today_is_signed_out_at_the_desk() -> None:

    person = DIRECTORY.people["lin"]
    until = NOW.date()
    ended = replace(person, terms=(replace(person.all_terms[0], until=until),))
    store = FakeStore(replace(DIRECTORY, people={**DIRECTORY.people, "lin": ended}))
    desk = Desk("lin", store=store)
    assert desk.post("/register", **appeal_form()).status == 303
    desk.now = NOW.replace(day=NOW.day + 2)
    assert desk.get("/today").status == 401
