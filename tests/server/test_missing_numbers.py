"""Numbers that a device gave and that never came: the centre reads which, of which device, and since when."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from laptop import START, Laptop, StandingClock, case_id, registered
from sqlalchemy import event, insert, select, text, update
from test_letting_go import decide
from test_restricted_scope import page

from py_core.desk.ports import ActsMissing, DeviceRevocation
from server import audit
from server.database import Database
from server.missing_numbers import missing_numbers
from server.parts import Parts
from server.tables import quarantine, tools

FIRST, OTHER, THIRD = case_id(1), case_id(2), case_id(3)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def missing(parts: Parts) -> dict[str, list[tuple[int, int]]]:
    with parts.database.reading() as connection:
        return {id: [(run.first, run.last) for run in each.runs] for id, each in missing_numbers(connection).items()}


def told(parts: Parts, laptop: Laptop) -> ActsMissing:
    with parts.database.reading() as connection:
        return missing_numbers(connection)[laptop.device]


def alarming(parts: Parts, laptop: Laptop) -> list[tuple[int, int]]:
    return [(run.first, run.last) for run in told(parts, laptop).alarming]


def lose(lin: Laptop, *, then: int = 1) -> None:
    """One act that never comes, and this many after it that do."""
    if FIRST not in lin.held:
        lin.sync(lin.act(FIRST, registered()))
    lin.seq += 1
    for _ in range(then):
        lin.sync(lin.act(FIRST, {"type": "noted", "text": "x"}))


def seen(parts: Parts) -> str:
    html = page(parts, "luo", "/centre/devices").html
    return re.sub(r'<span class="sw-unbroken">([^<]*)</span>', r"\1", html)


def test_what_never_came_between_two_acts_is_told_with_device_numbers_and_moment(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    zhao = Laptop(parts, "zhao")
    zhao.sync(zhao.act(THIRD, registered()))
    lin.sync(lin.act(FIRST, registered()))
    lost = [lin.act(OTHER, registered()), lin.act(OTHER, {"type": "noted", "text": "x"})]
    assert missing(parts) == {}, "they may still come"
    assert 'id="missing"' not in seen(parts)
    clock.pass_time(hours=2)
    last = lin.act(FIRST, {"type": "noted", "text": "y"})
    assert lin.verdict(last) == "accepted"
    assert missing(parts) == {lin.device: [(2, 3)]}
    assert told(parts, lin).since == START + timedelta(hours=2)
    html = seen(parts)
    assert "（林晓）：编号为 2–3的记录未到达" in html
    assert "自 11月20日 周五 11:00起" in html, "since when, in the city's time"
    assert html.count("缺少记录") == 1, "the row of this device says so, and no other"
    clock.pass_time(hours=1)
    lin.sync(lost[0])
    assert missing(parts) == {lin.device: [(3, 3)]}
    lin.sync(lost[1])
    assert missing(parts) == {}, "they had only been on the way"
    assert 'id="missing"' not in seen(parts)


def test_the_first_acts_of_a_device_are_missed_too(parts: Parts, lin: Laptop) -> None:
    lin.act(OTHER, registered())
    lin.sync(lin.act(FIRST, registered()))
    lin.act(THIRD, registered())
    lin.sync(lin.act(FIRST, {"type": "noted", "text": "x"}))
    assert missing(parts) == {lin.device: [(1, 1), (3, 3)]}
    assert "编号为 1、3的记录" in seen(parts)


@pytest.mark.parametrize("take", [True, False])
def test_what_lies_in_quarantine_has_come_whatever_becomes_of_it(parts: Parts, lin: Laptop, take: bool) -> None:
    lin.sync(lin.act(FIRST, registered()))
    wu = Laptop(parts, "wu")
    wu.held[FIRST] = list(lin.held[FIRST])
    wu.sync(wu.act(OTHER, registered(unit="linye")))
    assert wu.verdict(wu.act(FIRST, {"type": "noted", "text": "x"})) == "foreign_scope"
    wu.sync(wu.act(OTHER, {"type": "noted", "text": "y"}))
    assert missing(parts) == {}
    decide(parts, take=take)
    with parts.database.writing() as connection:
        connection.execute(update(quarantine).values(raw=b""))  # as an erasure leaves it
    assert missing(parts) == {}


def test_nobody_fills_a_gap_with_what_another_device_or_a_forger_hands_in(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    lin.sync(lin.act(FIRST, registered()))
    lost = lin.act(OTHER, registered())
    lin.sync(lin.act(FIRST, {"type": "noted", "text": "x"}))
    zhao.sync(zhao.signed(lost.case_id, lost.raw))
    lin.sync(type(lost)(lost.case_id, lost.alg, bytes(64), lost.raw))
    with parts.database.reading() as connection:
        held = {row.reason for row in connection.execute(select(quarantine))}
    assert held == {"others_act", "wrong_signature"}
    assert missing(parts) == {lin.device: [(2, 2)]}


def test_many_gaps_of_one_device_are_told_in_one_line(parts: Parts, lin: Laptop) -> None:
    for _ in range(12):
        lin.seq += 1
        lin.sync(lin.act(FIRST, {"type": "noted", "text": "x"} if FIRST in lin.held else registered()))
    assert len(missing(parts)[lin.device]) == 12
    assert "编号为 1、3、5、7、9、11、13、15、17、19 等的记录" in seen(parts)


def test_the_numbers_of_what_was_quarantined_before_are_read_from_its_bytes(parts: Parts, lin: Laptop) -> None:
    """A record of an older build knows no numbers in its quarantine: the migration reads them."""
    kept, others = lin.act(FIRST, registered()), Laptop(parts, "zhao")
    with parts.database.writing() as connection:
        row = {
            "device": lin.device, "user": "lin", "case_id": FIRST, "hash": "0" * 64, "alg": kept.alg,
            "signature": kept.signature, "reason": "foreign_scope", "first_at_ms": 1, "last_at_ms": 1, "times": 1,
        }  # fmt: skip
        connection.execute(insert(quarantine).values(raw=kept.raw, **row))
        connection.execute(insert(quarantine).values(raw=b"no change", **{**row, "hash": "1" * 64}))
        forged = {**row, "hash": "2" * 64, "signature": bytes(64), "reason": "device_revoked"}
        connection.execute(insert(quarantine).values(raw=kept.raw, **forged))
        connection.execute(
            insert(quarantine).values(raw=kept.raw, **{**row, "hash": "3" * 64, "device": others.device})
        )
        connection.execute(insert(quarantine).values(raw=b"", **{**row, "hash": "4" * 64}))
        connection.execute(insert(quarantine).values(raw=b"", **{**row, "hash": "5" * 64, "released_at_ms": 1}))
        connection.execute(insert(quarantine).values(raw=b"", **{**row, "hash": "6" * 64, "reason": "others_act"}))
        many = [{**row, "raw": kept.raw, "hash": f"{n:064x}"} for n in range(0x7000, 0x7000 + 450)]
        connection.execute(insert(quarantine), many)
        for name in ("missing_to", "missing_at_ms", "missing_by", "missing_why"):
            connection.execute(text(f"ALTER TABLE devices DROP COLUMN {name}"))
        connection.execute(text("ALTER TABLE quarantine DROP COLUMN device_seq"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0018'"))
    Database.open(parts.settings.database, 5).close()
    with parts.database.reading() as connection:
        found = list(connection.scalars(select(quarantine.c.device_seq).order_by(quarantine.c.id)))
    assert found == [1, None, None, None, 0, None, None, *([1] * 450)]


def test_what_was_erased_before_the_record_kept_its_number_is_no_alarm(parts: Parts, lin: Laptop) -> None:
    lose(lin)
    row = {
        "device": lin.device, "user": "lin", "case_id": FIRST, "alg": 1, "signature": b"", "reason": "foreign_scope",
        "first_at_ms": 1, "last_at_ms": 1, "times": 1, "raw": b"", "device_seq": 0,
    }  # fmt: skip
    with parts.database.writing() as connection:
        connection.execute(insert(quarantine).values(hash="4" * 64, **row))
    assert 'id="missing"' not in seen(parts)
    assert "其中可能有 1 件是曾经到达、期满后已清除的记录" in seen(parts), "its row says so"
    lose(lin)
    assert alarming(parts, lin) == [(2, 2), (4, 4)]
    assert 'id="missing"' in seen(parts)
    assert seen(parts).count("其中可能有 1 件是曾经到达、期满后已清除的记录") == 2


def test_a_number_that_its_device_did_not_sign_for_fills_no_gap(parts: Parts, lin: Laptop) -> None:
    """A withdrawn device is refused before its signature is looked at."""
    lin.sync(lin.act(FIRST, registered()))
    lost, last = lin.act(FIRST, {"type": "noted", "text": "x"}), lin.act(FIRST, {"type": "noted", "text": "y"})
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    lin.sync(type(lost)(lost.case_id, lost.alg, bytes(64), lost.raw))
    lin.sync(last)
    with parts.database.reading() as connection:
        assert set(connection.scalars(select(quarantine.c.reason))) == {"device_revoked"}
    assert missing(parts) == {lin.device: [(2, 2)]}


def test_known_since_does_not_move_when_a_gap_is_filled_from_above(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    lin.sync(lin.act(FIRST, registered()))
    kept = [lin.act(FIRST, {"type": "noted", "text": f"{n}"}) for n in range(3)]
    clock.pass_time(hours=1)
    lin.sync(kept[2])
    known = told(parts, lin).since
    assert known == START + timedelta(hours=1)
    clock.pass_time(hours=5)
    lin.sync(lin.signed(FIRST, kept[1].raw))
    with parts.database.writing() as connection:  # in whatever order their causes let them come
        connection.execute(update(quarantine).values(reason="foreign_scope"))
    assert missing(parts) == {lin.device: [(2, 2)]}
    assert told(parts, lin).since == known


def test_a_withdrawn_device_stands_in_its_row_and_not_in_the_alarm(parts: Parts, lin: Laptop) -> None:
    lose(lin)
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    assert 'id="missing"' not in seen(parts)
    assert "编号为 2的记录未到达" in seen(parts)


def test_what_somebody_looked_into_alarms_nobody_until_more_is_missing(parts: Parts, lin: Laptop) -> None:
    where = f"/centre/devices/{lin.device}/missing"
    assert "这台设备没有缺少的记录" in page(parts, "luo", where).html
    assert page(parts, "luo", where, {"key": ["0" * 32], "upto": ["1"], "reason": ["x"]}).status == 303
    lose(lin)
    assert f'href="{where}"' not in page(parts, "qian", "/centre/devices").html, "not the reconciler's"
    assert page(parts, "qian", where).status == 403
    assert f'href="{where}"' in seen(parts)
    form = page(parts, "luo", where).html
    assert 'name="upto" value="3"' in form
    lose(lin)  # after the page was made
    empty = page(parts, "luo", where, {"key": ["0" * 32], "upto": ["3"], "reason": [""]})
    assert empty.status == 422
    assert "请写明查明的情况" in empty.html
    for upto in ("0", "6", "x", "-1"):
        assert page(parts, "luo", where, {"key": ["0" * 32], "upto": [upto], "reason": ["y"]}).status == 422
    done = page(parts, "luo", where, {"key": ["0" * 32], "upto": ["3"], "reason": ["补录为新的一件"]})
    assert done.status == 303
    assert alarming(parts, lin) == [(4, 4)], "what nobody had seen then"
    page(parts, "luo", where, {"key": ["1" * 32], "upto": ["5"], "reason": ["电脑损坏"]})
    html = seen(parts)
    assert 'id="missing"' not in html
    assert "编号为 2、4的记录未到达" in html
    assert "编号 5 及以前的" in html
    assert "电脑损坏" in html
    with parts.database.reading() as connection:
        newest = audit.entries(connection, 2)
    assert [(each.user, each.what, each.about, each.detail) for each in newest] == [
        ("luo", "missing_looked_into", lin.device, {"upto": 5, "why": "电脑损坏"}),
        ("luo", "missing_looked_into", lin.device, {"upto": 3, "why": "补录为新的一件"}),
    ]
    lose(lin)
    assert alarming(parts, lin) == [(6, 6)]


def test_what_somebody_else_handed_in_is_said_to_lie_in_quarantine(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    lin.sync(lin.act(FIRST, registered()))
    lost = lin.act(OTHER, registered())
    lin.sync(lin.act(FIRST, {"type": "noted", "text": "x"}))
    assert "由他人代交" not in seen(parts)
    zhao.sync(zhao.signed(lost.case_id, lost.raw))
    assert alarming(parts, lin) == [(2, 2)]
    html = seen(parts)
    assert "编号为 2的记录由他人代交" in html[html.index('id="missing"') :]
    assert 'href="/centre/quarantine">编号' not in html, "the security officer reads no cases"
    assert 'href="/centre/quarantine">编号' in page(parts, "qian", "/centre/devices").html


def test_of_very_many_gaps_the_lowest_are_read(parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.missing_numbers.RUNS_READ", 3)
    for _ in range(5):
        lose(lin)
    assert missing(parts) == {lin.device: [(2, 2), (4, 4), (6, 6)]}


def test_of_one_device_only_its_own_numbers_are_counted(parts: Parts, lin: Laptop) -> None:
    zhao = Laptop(parts, "zhao")
    lose(lin)
    zhao.held[FIRST] = list(lin.held[FIRST])
    lose(zhao)
    assert set(missing(parts)) == {lin.device, zhao.device}
    counted: list[set[object]] = []

    @event.listens_for(parts.database.engine, "before_cursor_execute")
    def asked(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if "count(" in statement and "device_seq" in statement:
            counted.append(set(values.values() if isinstance(values, dict) else values))

    assert "编号为 2的记录未到达" in re.sub(
        "<[^>]*>", "", page(parts, "luo", f"/centre/devices/{lin.device}/missing").html
    )
    assert counted
    assert all(lin.device in each and zhao.device not in each for each in counted)


def test_other_software_is_not_asked_for_an_order_of_its_numbers(parts: Parts, lin: Laptop) -> None:
    lose(lin)
    with parts.database.writing() as connection:
        row = {"device": lin.device, "token_hash": b"x", "key_salt": "x", "may_write": 1, "expires_at_ms": 1}
        connection.execute(insert(tools).values(**row))
    assert missing(parts) == {}


def test_only_the_page_that_shows_what_is_missing_looks_for_it(
    parts: Parts, lin: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(lin)
    looked: list[str] = []
    monkeypatch.setattr("server.centre_view.missing_numbers", lambda _: looked.append("") or {})
    for path in (f"/centre/devices/{lin.device}", f"/centre/devices/{lin.device}/lost"):
        assert page(parts, "luo", path).status == 200
        assert not looked
    page(parts, "luo", "/centre/devices")
    assert looked
