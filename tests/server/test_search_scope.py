"""Search never returns what a person may not read: the real index of words and meaning, every role, every place where
something is found, proposed or counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered

from py_core.rights import rights
from server.desk_answers import answer_desk, desk_request
from server.engine import EngineOutside
from server.parts import Parts, assemble
from server.search_encoder import installed_encoder
from server.settings import Settings

PLACE = "星桥新苑3幢"
STORY = "电梯又出毛病，昨晚有人被关在轿厢里，管家的电话没人接"
# Who has which case: the same matter told in four scopes, each with a word that is in no other.
CASES = {
    "shihe": (case_id(1), "金雀红"),
    "linye": (case_id(2), "银杏蓝"),
    "against": (case_id(3), "铁树黑"),
    "letter": (case_id(4), "铜铃白"),
    "report": (case_id(5), "锡兰紫"),
}
REPORTER, REPORTER_PHONE = "王不二", "13988887777"
USERS = ("lin", "zhao", "wu", "he", "luo", "yan", "qian", "tou", "fen", "ji", "du", "fang")


@pytest.fixture
def parts(tmp_path: Path, clock: StandingClock, engine: EngineOutside) -> Iterator[Parts]:
    """A record with its search index, and somebody with every role."""
    settings = Settings(tmp_path / "data", second_factor_roles=frozenset())
    made = assemble(settings, clock, SeededEntropy("search"), engine)
    document, person = city_document(), {"title": "", "phone": "0002"}
    more = {"tou": ("shihe", "unit_head"), "fen": ("centre", "leader"), "ji": ("centre", "discipline_desk"),
            "du": ("centre", "supervision_office"), "fang": ("centre", "dispatch_desk")}  # fmt: skip
    rows = [{"id": id, "name": f"某{id}", "unit": unit, "roles": [role], **person} for id, (unit, role) in more.items()]
    made.city.publish({**document, "people": [*document["people"], *rows]})
    roles = {role for row in (*document["people"], *rows) for role in row["roles"]}
    assert roles == set(rights().roles), "a new role has to be looked for with, too"
    fill(made)
    assert made.similar.catch_up() == 5 + 40
    yield made
    made.close()


def fill(parts: Parts) -> None:
    lin, wu = Laptop(parts, "lin"), Laptop(parts, "wu")

    def told(name: str, **more: Any) -> dict[str, Any]:
        word = CASES[name][1]
        said = {"title": f"电梯故障{word}", "text": f"{PLACE}{STORY}（{word}）", "place": PLACE}
        person = {"claimant_name": REPORTER, "claimant_phone": REPORTER_PHONE, "number": f"K7Q-{CASES[name][0][-6:]}"}
        return registered(**{**said, **person, "request_kind": "help", **more})

    lin.sync(
        lin.act(CASES["shihe"][0], told("shihe")),
        lin.act(CASES["against"][0], told("against", against="zhao")),
        *lin.register(CASES["letter"][0], told("letter", pack="WH", matter="letter.discipline", channel="letter")),
    )
    wu.sync(
        wu.act(CASES["linye"][0], told("linye", unit="linye")),
        *wu.register(
            CASES["report"][0],
            told("report", unit="linye", request_kind="report"),
            {"type": "delivered", "to": "shihe"},
        ),
    )
    for n in range(100, 140):  # nearness means something only against a background
        lin.sync(lin.act(case_id(n), registered(title=f"第{n}号路灯不亮", text=f"东街{n}号路灯坏了", place="东街")))


def page(parts: Parts, user: str, path: str, form: dict[str, list[str]] | None = None) -> Any:
    return answer_desk(parts, desk_request("POST" if form else "GET", path, {}, form or {}, "zh-CN", ""), user)


def may_read(parts: Parts, user: str) -> set[str]:
    """Which of the cases a person can open: what every kind of search is measured by."""
    return {name for name, (case, _) in CASES.items() if page(parts, user, f"/cases/{case}").status == 200}


def found_in(html: str) -> set[str]:
    return {name for name, (case, word) in CASES.items() if word in html or f'href="/cases/{case}"' in html}


def test_the_index_is_the_real_one_and_knows_all_of_them(parts: Parts) -> None:
    assert installed_encoder() is not None
    similar = {each.case_id for each in parts.similar.similar(CASES["shihe"][0], 10)}
    assert {CASES[name][0] for name in ("linye", "against", "letter", "report")} <= similar


def test_who_may_read_what(parts: Parts) -> None:
    expected = {
        "lin": {"shihe", "against", "letter", "report"}, "zhao": {"shihe", "report"}, "tou": {"shihe", "report"},
        "wu": {"linye", "report"}, "he": set(), "luo": set(), "yan": set(), "qian": {"shihe", "linye", "report"},
        "fen": {"shihe", "linye", "report", "letter"}, "ji": set(CASES), "du": set(CASES),
        "fang": {"shihe", "linye", "report"},
    }  # fmt: skip
    assert {user: may_read(parts, user) for user in USERS} == expected


@pytest.mark.parametrize("user", USERS)
def test_nothing_is_found_proposed_or_counted_that_may_not_be_read(parts: Parts, user: str) -> None:
    readable = may_read(parts, user)
    typed = {
        "key": ["0" * 31 + "9"], "offer": ["appeal:citizen"], "claimant": ["person"], "title": ["电梯故障"],
        "text": [f"{PLACE}{STORY}"], "place": [PLACE], "claimant_name": [REPORTER], "claimant_phone": [REPORTER_PHONE],
    }  # fmt: skip
    places: list[tuple[str, dict[str, list[str]] | None]] = [
        ("/cases", {"q": ["电梯"]}),
        ("/centre/cases", {"q": ["电梯"]}),
        ("/register/similar", typed),
        ("/register/similar", {**typed, "look": ["page"]}),
        ("/today", None),
        ("/approvals", None),
        ("/visits", None),
        ("/slips", None),
        ("/centre/reconciliation", None),
        ("/centre/vetoes", None),
        *((f"/cases/{CASES[name][0]}", None) for name in CASES),
        *(("/cases", {"q": [word]}) for _, word in CASES.values()),
        *(("/centre/cases", {"q": [word]}) for _, word in CASES.values()),
    ]
    for path, form in places:
        shown = page(parts, user, path, form)
        # What was typed stands in the form again; what was found stands in the answer beside it.
        html = re.sub(r'<input[^>]*name="q"[^>]*>', "", shown.html)
        assert found_in(html) <= readable, (user, path, form)
        if path.endswith("cases") and shown.status == 200 and form is not None:
            count = re.search(r"(\d+) 件", shown.html)
            assert count is not None, path
            assert int(count[1]) == len(found_in(html)), (user, path, form)


@pytest.mark.parametrize("user", ["zhao", "tou", "wu"])
def test_who_types_a_name_does_not_learn_whom_it_has_reported(parts: Parts, user: str) -> None:
    """The report itself may be read, its reporter not: the history of a claimant joins the two for nobody."""
    typed = {
        "key": ["0" * 31 + "9"], "offer": ["appeal:citizen"], "claimant": ["person"], "claimant_name": [REPORTER],
        "claimant_phone": [REPORTER_PHONE],
    }  # fmt: skip
    assert "report" in may_read(parts, user)
    found = found_in(page(parts, user, "/register/similar", typed).html)
    assert "report" not in found
    assert ("linye" if user == "wu" else "shihe") in found


def test_an_enterprise_that_reported_stands_in_no_file_of_its_own(parts: Parts) -> None:
    lin = Laptop(parts, "lin", "third")
    named = {"claimant": "enterprise", "claimant_name": "红星铸造厂", "matter": "enterprise", "title": "反映同行排污"}
    verdicts, _ = lin.sync(*lin.register(case_id(90), registered(request_kind="report", **named)))
    assert [each.verdict for each in verdicts] == ["accepted", "accepted"]
    assert "红星铸造厂" not in page(parts, "zhao", "/visits").html
    assert "红星铸造厂" not in page(parts, "zhao", "/visits/plan").html
    lin.sync(lin.act(case_id(91), registered(request_kind="help", **{**named, "title": "门口道路破损"})))
    key = next(iter(re.findall(r"/enterprises/([0-9A-Za-z-]+)", page(parts, "zhao", f"/cases/{case_id(91)}").html)), "")
    shown = page(parts, "zhao", f"/enterprises/{key}").html if key else ""
    assert "反映同行排污" not in shown
