"""The browser's Python: cases stay closed until somebody opens them, and nobody can tell from the pages."""

from __future__ import annotations

import importlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from py_core.cases.acts import Act
from py_core.city import CITY_ID
from py_core.desk import frame, turn
from py_core.values import LOCAL
from py_core.wire import End, Revoke, encode_frames, message_frame
from server.demo.data import directory_document

NOW = datetime(2026, 11, 20, 10, tzinfo=LOCAL)
EVENTS: list[dict[str, Any]] = [
    {
        "type": "registered", "pack": "HL", "matter": "citizen", "channel": "hotline", "claimant": "person",
        "title": "路灯不亮", "unit": "xingqiao", "number": "K7Q-1",
    },
    {"type": "delivered", "to": "xingqiao"},
    {"type": "accepted", "by": "linxiao"},
    {"type": "replied", "text": "已修好", "opinion": "satisfied"},
    {"type": "fed_back", "text": "已修好"},
    {"type": "review_passed"},
    {"type": "called_back", "result": "satisfied", "consistent": True},
]  # fmt: skip


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "web"))
    monkeypatch.setattr(frame, "_environment", None)
    module = importlib.import_module("host.browser")
    yield module
    module.lock()


def unlock(host: Any, *lines: str, **standing: Any) -> None:
    identity = {"user": "linxiao", "device": "d1", "code": "K7Q"}
    sync = {"cursor": 0, "scope": "", "config": 1, **standing}
    directory = {**directory_document(), "version": 1}
    host.open_device(
        json.dumps({"identity": identity, "app_version": "1", "directory": directory, "sync": sync}, ensure_ascii=False)
    )
    host.load_records("\n".join(lines).encode())


def line(case: int, acts: int) -> str:
    rows = []
    for place in range(acts):
        at = NOW - timedelta(days=40, minutes=-place)
        act = Act("bench", (EVENTS[place],), "linxiao", "d1", place + 1, at, at, None, None, "packs", "1")
        before = [f"{case:032x}{place - 1:032x}"] if place else []
        rows.append([f"{case:032x}{place:032x}", before, act.text(), int(at.timestamp() * 1000), place])
    return f"{case:032x} {json.dumps(rows, ensure_ascii=False)}"


def test_a_clock_that_is_turned_back_lengthens_no_lease(host: Any) -> None:
    unlock(host)
    contact_ms, day_ms = int(NOW.timestamp() * 1000), 86_400_000
    clock, statuses = None, []
    for day in (0, 20, 1, 12):  # in truth the days 0, 20, 20 and 31 after the contact
        request = {
            "method": "GET", "path": "/cases", "query": {}, "form": {}, "lang": "zh-CN",
            "now_ms": contact_ms + day * day_ms, "next_device_seq": 1, "beacon": None, "beacon_time_ms": None,
            "since_beacon_ms": None, "last_contact_ms": contact_ms, "clock": clock,
        }  # fmt: skip
        answer = json.loads(host.respond(json.dumps(request)))
        clock = answer["clock"]
        statuses.append(answer["status"])
    assert statuses == [200, 200, 200, 403]


def listed(
    host: Any, path: str = "/cases", status: int = 200, beacon_time: datetime | None = None, **query: str
) -> str:
    request = {
        "method": "GET", "path": path, "query": {name: [text] for name, text in query.items()}, "form": {}, "lang": "zh-CN",
        "now_ms": int(NOW.timestamp() * 1000), "next_device_seq": 99, "beacon": None,
        "beacon_time_ms": None if beacon_time is None else at(beacon_time),
        "since_beacon_ms": None, "last_contact_ms": None,
    }  # fmt: skip
    answer = json.loads(host.respond(json.dumps(request)))
    assert answer["status"] == status
    return str(answer["html"])


def at(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_the_timeline_says_up_to_which_signed_log_an_act_is_proven(host: Any) -> None:
    """The head that the device keeps, with the time of the beacon in which it came."""
    unlock(host, line(1, 3), head=[2, "ab" * 32])
    shown = listed(host, f"/cases/{1:032x}", beacon_time=NOW - timedelta(hours=5))
    newest, first = shown.split("目前可以证明")[1], shown.split("目前可以证明")[3]
    assert "编为日志第 2 号；下次联网时核对日志" in newest
    assert "编为日志第 0 号；截至 2026年11月20日 周五 05:00 的日志（共 2 条办理记录）已由全市记录签名" in first


def test_a_start_from_what_was_kept_shows_the_same_list(host: Any) -> None:
    lines = [line(1, 7), line(2, 7), line(3, 2)]
    unlock(host, *lines)
    pages: tuple[dict[str, str], ...] = ({}, {"path": "/today"}, {"q": "k7q 不亮"}, {"q": "K7Q-9"})
    shown = [listed(host, **page) for page in pages]
    assert ["路灯不亮" in page for page in shown] == [True, True, True, False]
    kept = host.kept_glances(at(NOW))
    assert set(json.loads(kept)["cases"]) == {f"{case:032x}" for case in (1, 2, 3)}
    assert host.kept_glances(at(NOW)) is None, "nothing is new"
    host.lock()
    unlock(host, *lines)
    assert host.believe_glances(kept, at(NOW)) == 3
    taken = turn.glances_taken()
    assert [listed(host, **page) for page in pages] == shown
    assert turn.glances_taken() == taken, "no case was opened for the list"
    assert host.kept_glances(at(NOW)) is None


def test_what_was_kept_of_running_cases_counts_only_as_long_as_it_is_true(host: Any) -> None:
    lines = [line(1, 7), line(3, 2)]
    unlock(host, *lines)
    listed(host)
    kept = host.kept_glances(at(NOW))
    host.lock()
    unlock(host, *lines)
    assert host.believe_glances(kept, at(NOW + timedelta(days=1))) == 1, "only what is over"


def test_what_was_kept_counts_only_for_exactly_these_acts(host: Any) -> None:
    unlock(host, line(1, 7))
    listed(host)
    kept = host.kept_glances(at(NOW))
    host.lock()
    unlock(host, line(1, 3))
    assert host.believe_glances(kept, at(NOW)) == 0
    assert "met" not in [part.split('"')[0] for part in listed(host).split("sw-light--")[1:]]
    assert host.believe_glances(kept.replace('"law":"1 1"', '"law":"2 1"'), at(NOW)) == 0


def test_an_act_stands_behind_those_before_it(host: Any) -> None:
    unlock(host, line(1, 2))
    third = json.loads(line(1, 3).partition(" ")[2])[2]
    waiting = {
        "case_id": f"{1:032x}", "hash": third[0], "raw": b"", "alg": 1, "signature": b"", "actor": "a",
        "actor_signature": "s", "reason": "",
    }  # fmt: skip
    host.recorded(f"{1:032x}", json.dumps(third, ensure_ascii=False), waiting)
    store = host.DeviceStore(host.opened(), None)
    assert [act.act.events[0]["type"] for act in store.case(f"{1:032x}").acts] == [
        "registered",
        "delivered",
        "accepted",
    ]


def test_the_rehearsal_shows_every_page_and_leaves_nobodys_content(host: Any) -> None:
    host.rehearse()
    with pytest.raises(RuntimeError, match="locked"):
        host.respond("{}")
    assert not turn._folded
    assert not turn._glances
    assert not turn._rules


def test_a_device_parts_with_cases_by_the_figures_that_the_city_has_set(host: Any) -> None:
    value = {"keep_own_days": 20, "keep_foreign_days": 20, "keep_least_days": 7}
    event = {"type": "setting_filled", "pack": "devices", "setting": "device_age", "value": value, "reason": "r"}
    act = Act("setting_filled", (event,), "heli", "server", 1, NOW, NOW, None, None, "packs", "1")
    city = json.dumps(["c" * 64, [], act.text(), at(NOW), 99], ensure_ascii=False)
    unlock(
        host, line(1, 7), line(2, 2), scope="xingqiao/2"
    )  # the finished one is 40 days old, the other one is not finished
    listed(host)
    assert host.leaving(at(NOW), 0)["cases"] == []
    assert host.leaving(at(NOW), 80)["cases"] == [f"{1:032x}"], "room is wanted"
    host.load_records(f"{CITY_ID} [{city}]".encode())
    listed(host)
    assert host.leaving(at(NOW), 0)["cases"] == [], "the record has not said yet that it has nothing more"
    for more, gone in ((True, []), (False, [f"{1:032x}"])):
        host.sync_request("{}")
        host.sync_read([encode_frames([message_frame(End(9, more=more, scope="xingqiao/2"))])])
        host.sync_commit()
        assert host.leaving(at(NOW), 0)["cases"] == gone


def test_of_an_erased_case_that_had_left_nothing_stays_to_be_written_down(host: Any) -> None:
    other = f"{3:032x}"
    unlock(host, line(1, 7), line(3, 7))
    listed(host)
    assert len(host.leaving(at(NOW), 100)["cases"]) == 2
    host.left_now()
    assert "路灯不亮" in listed(host, f"/cases/{1:032x}")
    host.sync_request("{}")
    frames = [message_frame(Revoke(f"{1:032x}", 9)), message_frame(End(9, more=False, scope="xingqiao/2"))]
    told = host.sync_read([encode_frames(frames)])
    assert told["forgotten"] == [f"{1:032x}"]
    assert list(json.loads(told["left"])["cases"]) == [other]
    host.sync_commit()
    page = listed(host, f"/cases/{1:032x}", status=404)
    assert "路灯不亮" not in page
    assert "保存期满" in page
    assert 'data-action="recall"' not in page
    assert 'data-action="recall"' in listed(host, f"/cases/{other}")
