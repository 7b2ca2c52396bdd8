"""A device's list is the same whether finished cases are gone through once or for every page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form, service_form

from py_core.cases.acts import Act, RecordedAct
from py_core.desk import case_list, over, turn
from py_core.values import local

SCENARIOS = [
    scenario
    for path in sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))
    for scenario in tomllib.loads(path.read_text(encoding="utf-8"))["scenario"]
]
LATEST = max(local(datetime.fromisoformat(str(scenario["now"]))) for scenario in SCENARIOS)


class MarkedStore(FakeStore):
    """Tells when its cases are the same as before, as a device does."""

    def __init__(self) -> None:
        super().__init__()
        self._mark: tuple[object, tuple[int, ...]] = (object(), ())

    def cases_mark(self) -> object:
        now = tuple(map(id, self.cases()))
        if now != self._mark[1]:
            self._mark = (object(), now)
        return self._mark[0]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    turn.forget()
    yield
    turn.forget()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_device_that_goes_through_finished_cases_once_shows_the_same(
    lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_list, "ROWS_PER_PAGE", 23)
    store = MarkedStore()
    for number, scenario in enumerate(SCENARIOS * 2):
        store.acts[f"{number:032x}"] = list(_acts(scenario))
    desk = Desk(store=store, now=LATEST + timedelta(days=3), lang=lang)
    compared = _compare(desk)
    assert compared > 40
    (_, _, kept) = over._kept or pytest.fail("nothing was kept: both ways were the same one")
    assert min(len(kept.finished.cases), len(kept.others)) > 20, "the scenarios have both"

    # An act in an open case, one in a finished case, and another day.
    texts = {record.id for record, _ in kept.finished.cases}
    for case_id in (kept.others[0].id, kept.finished.cases[0][0].id):
        last = store.acts[case_id][-1]
        act = replace(last.act, events=({"type": "consulted", "question": "路灯 45", "answer": "好"},), user="lin")
        store.acts[case_id].append(RecordedAct("f" * 64, (last.hash,), act, desk.now, 99))
        _compare(desk)
    assert over._kept is not None
    assert {record.id for record, _ in over._kept[2].finished.cases} <= texts
    desk.now += timedelta(days=30)
    _compare(desk)


def test_only_other_finished_cases_change_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MarkedStore()
    for number, scenario in enumerate(SCENARIOS * 2):
        store.acts[f"{number:032x}"] = list(_acts(scenario))
    desk = Desk(store=store, now=LATEST + timedelta(days=3))
    desk.get("/cases")
    assert over._kept is not None
    before = over._kept[2].finished
    store.acts["e" * 32] = list(_acts(SCENARIOS[0]))[:1]
    desk.get("/cases")
    assert over._kept[2].finished is before
    assert "e" * 32 in {record.id for record in over._kept[2].others}


def test_what_is_over_is_gone_through_once_and_not_by_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten years of finished cases must not make Today slower."""
    store = MarkedStore()
    for number, scenario in enumerate(SCENARIOS * 2):
        store.acts[f"{number:032x}"] = list(_acts(scenario))
    desks = [Desk(user, store=store, now=LATEST + timedelta(days=3)) for user in ("lin", "head")]
    desks[0].get("/cases")
    for way in ("split", "open_all"):
        monkeypatch.setattr(turn.Turn, way, lambda _: pytest.fail("every case was gone through once more"))
    for desk in desks:
        for path in ("/today", "/cases", "/absence", "/approvals", "/today/alerts"):
            assert desk.get(path).status == 200, path


def test_approvals_of_a_store_without_a_mark_read_its_cases_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the server every reading of all cases is a reading of the database."""
    desk = Desk("head")
    desk.post("/register", **service_form(title="用水"))
    read: list[object] = []
    cases = FakeStore.cases
    monkeypatch.setattr(FakeStore, "cases", lambda store: (read.append(store), cases(store))[1])
    assert desk.get("/approvals").status == 200
    assert len(read) == 1


def test_in_time_is_said_apart_of_what_is_closed_and_what_only_waits() -> None:
    """An answer that waits for its review is not done; of what is done the newest stands first, after what is open."""
    desk = Desk()
    for days in (0, 1):
        desk.now = NOW + timedelta(days=days)
        desk.post("/register", **service_form(f"{days + 1:032x}", title=f"用水{days}", outcome="done", result="已办结"))
    desk.post("/register", **appeal_form("3".zfill(32), outcome="done", result="已协调", opinion="satisfied"))
    desk.post(f"/cases/{3:032x}/do/feed_back", text="诉求人满意")
    rows = re.findall(r'sw-light--(\w+)"|/cases/0{31}(\d)"', desk.get("/cases").html.partition("<tbody>")[2])
    assert [light or case for light, case in rows] == ["kept", "3", "met", "2", "met", "1"]
    shown = desk.get(f"/cases/{3:032x}").html
    assert "按时，尚有应办" in shown
    assert "按时办结" not in shown
    assert "夜间施工噪声" not in desk.get("/today").html, "only the hotline desk can go on with it"
    desk.post(
        "/register", **service_form(f"{4:032x}", title="待答复", channel="letter", outcome="done", result="已办结")
    )
    today = desk.get("/today").html
    assert 'id="light-none"' not in today, "the chip says what the rows say"
    assert today.count("sw-light--kept") == 2


def _compare(desk: Desk) -> int:
    """Asks for many lists twice; how many were compared."""
    asked: list[dict[str, str]] = [{}, {"q": "0"}, {"q": "a1 "}, {"q": "0 1"}, {"unit": "xingqiao"}]
    asked += [{"pack": pack} for pack in ("WH", "BZ", "HL", "JY")]
    asked += [{"light": light} for light in ("green", "none", "met", "met_late", "overdue")]
    asked += [{"state": state} for state in ("completed", "closed", "registered")]
    compared = 0
    for query in asked:
        for number in (1, 2, 3, 11):
            path_query = {**query, "page": str(number)}
            quick = desk.get("/cases", **path_query).html
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(MarkedStore, "cases_mark", lambda _: None)
                assert quick == desk.get("/cases", **path_query).html, path_query
            compared += 1
    for user in ("lin", "head"):
        other = Desk(user, store=desk.store, now=desk.now, lang=desk.lang)
        for path in ("/today", "/approvals"):
            quick = other.get(path).html
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(MarkedStore, "cases_mark", lambda _: None)
                assert quick == other.get(path).html, (user, path)
    return compared


def _acts(scenario: dict[str, Any]) -> Iterator[RecordedAct]:
    last: tuple[str, ...] = ()
    for index, event in enumerate(scenario["events"]):
        at = datetime.fromisoformat(str(event["at"]))
        made = {key: value for key, value in event.items() if key not in ("at", "synced_at")}
        if made["type"] == "registered":
            made |= {"pack": scenario["pack"], "matter": scenario["matter"]}
            made |= {key: scenario[key] for key in ("promise", "statutory", "completion_event") if key in scenario}
        act = Act("scenario", (made,), "lin", "device", index, at, at, None, None, "packs", "scenario")
        yield RecordedAct(f"{index:064x}", last, act, local(at))
        last = (f"{index:064x}",)


def test_a_case_is_found_by_who_asked_for_it() -> None:
    made, store = Desk(), MarkedStore()
    made.post("/register", **service_form(claimant_name="顾明华"))
    made.post("/register", **service_form(f"{7:032x}", claimant_name="顾明", outcome="done", result="已办结"))
    store.hear(made.store, NOW)
    desk = Desk(store=store, now=NOW + timedelta(days=1))
    for lang in ("zh-CN", "en"):
        found = Desk(store=store, now=desk.now, lang=lang).get("/cases", q="顾明").html
        assert set(re.findall(r'href="/cases/0{31}(\d)"', found)) == {"1", "7"}
        assert re.findall(r'href="/cases/0{31}(\d)"', desk.get("/cases", q="顾明华").html) == ["1"]
    assert over._kept is not None
    assert len(over._kept[2].finished.cases) == 1, "one of them was looked for among what is over"


def test_who_reported_is_found_by_no_word() -> None:
    desk = Desk(store=MarkedStore())
    report = appeal_form(f"{8:032x}", request_kind="report", claimant_name="王举报", title="反映占道")
    assert desk.post("/register", **report).status == 303
    assert "反映占道" in desk.get("/cases", q="占道").html
    assert "反映占道" not in desk.get("/cases", q="王举报").html


@pytest.mark.parametrize("words", [["a"], ["ab", "b"], ["b", "c"], ["c", "c", "a"], ["abc"], ["d"], ["ca"]])
def test_words_are_found_in_all_texts_at_once_as_in_each(words: list[str]) -> None:
    texts = ["".join(each) for size in range(4) for each in product("abc", repeat=size)]
    expected = [place for place, text in enumerate(texts) if all(word in text for word in words)]
    assert over._Texts(texts).having(words) == expected
    assert over._Texts([]).having(words) == []
