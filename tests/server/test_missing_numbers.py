"""Numbers that a device gave and that never came: the centre reads which, of which device, and since when."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from laptop import START, Laptop, StandingClock, case_id, registered
from sqlalchemy import insert, select, text, update
from test_letting_go import decide
from test_restricted_scope import page

from server.database import Database
from server.missing_numbers import Missing, missing_numbers
from server.outside import to_ms
from server.parts import Parts
from server.tables import quarantine

FIRST, OTHER, THIRD = case_id(1), case_id(2), case_id(3)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


def missing(parts: Parts) -> dict[str, list[tuple[int, int]]]:
    with parts.database.reading() as connection:
        return {device: [(gap.first, gap.last) for gap in gaps] for device, gaps in missing_numbers(connection).items()}


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
    with parts.database.reading() as connection:
        assert missing_numbers(connection) == {lin.device: (Missing(2, 3, to_ms(START + timedelta(hours=2))),)}
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
    kept = lin.act(FIRST, registered())
    with parts.database.writing() as connection:
        row = {
            "device": lin.device, "user": "lin", "case_id": FIRST, "hash": "0" * 64, "alg": kept.alg,
            "signature": kept.signature, "reason": "foreign_scope", "first_at_ms": 1, "last_at_ms": 1, "times": 1,
        }  # fmt: skip
        connection.execute(insert(quarantine).values(raw=kept.raw, **row))
        connection.execute(insert(quarantine).values(raw=b"no change", **{**row, "hash": "1" * 64}))
        connection.execute(text("ALTER TABLE quarantine DROP COLUMN device_seq"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0018'"))
    Database.open(parts.settings.database, 5).close()
    with parts.database.reading() as connection:
        assert list(connection.scalars(select(quarantine.c.device_seq).order_by(quarantine.c.hash))) == [1, None]
