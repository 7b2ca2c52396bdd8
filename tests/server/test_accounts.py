"""Passwords are checked slowly, wrong ones ever more slowly; sessions end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from laptop import PASSWORD, StandingClock
from sqlalchemy import select

from server.accounts import Checked
from server.parts import Parts
from server.tables import accounts, sessions


@pytest.fixture
def with_lin(parts: Parts) -> Parts:
    parts.accounts.set_password("lin", PASSWORD)
    return parts


def test_right_wrong_and_unknown(with_lin: Parts) -> None:
    assert with_lin.accounts.check("lin", PASSWORD, "a") == Checked("lin")
    assert with_lin.accounts.check("lin", "wrong", "a") == Checked(None)
    assert with_lin.accounts.check("nobody", PASSWORD, "a") == Checked(None)
    assert with_lin.accounts.check("nobody", "nobody has this password", "a") == Checked(None)


def test_only_a_salted_argon2id_hash_is_stored(with_lin: Parts) -> None:
    with_lin.accounts.set_password("zhao", PASSWORD)
    with with_lin.database.reading() as connection:
        first, second = connection.scalars(select(accounts.c.password_hash).order_by(accounts.c.user))
    assert first.startswith("$argon2id$")
    assert first.split("$")[4] != second.split("$")[4]


def test_a_changed_password_replaces_the_old_one(with_lin: Parts) -> None:
    with_lin.accounts.set_password("lin", "another password")
    assert with_lin.accounts.check("lin", PASSWORD, "a").user is None
    assert with_lin.accounts.check("lin", "another password", "a").user == "lin"


def test_wrong_passwords_make_the_next_try_wait(with_lin: Parts, clock: StandingClock) -> None:
    for _ in range(5):
        assert with_lin.accounts.check("lin", "wrong", "a") == Checked(None, 0)
    assert with_lin.accounts.check("lin", PASSWORD, "b") == Checked(None, 30)
    clock.pass_time(seconds=29)
    assert with_lin.accounts.check("lin", PASSWORD, "b") == Checked(None, 1)
    clock.pass_time(seconds=1)
    assert with_lin.accounts.check("lin", "wrong", "b") == Checked(None, 0)
    assert with_lin.accounts.check("lin", PASSWORD, "b") == Checked(None, 60)
    clock.pass_time(seconds=60)
    assert with_lin.accounts.check("lin", PASSWORD, "b") == Checked("lin")
    assert with_lin.accounts.check("lin", "wrong", "b") == Checked(None, 0)


def test_one_address_cannot_try_every_name(parts: Parts) -> None:
    waits = [parts.accounts.check(f"name{n}", "x" * 300, "one").wait_seconds for n in range(51)]
    assert waits == [0] * 50 + [30]
    assert parts.accounts.check("name1", "x", "other").wait_seconds == 0


def test_a_session_is_known_by_its_token_only(parts: Parts) -> None:
    token, session = parts.sessions.start("lin")
    assert parts.sessions.find(token) == session
    assert parts.sessions.find(token[:-1] + "x") is None
    with parts.database.reading() as connection:
        row = connection.execute(select(sessions)).one()
    assert token.encode() not in bytes(row.token_hash)
    parts.sessions.end(token)
    assert parts.sessions.find(token) is None


def test_sessions_end_when_idle_and_when_old(parts: Parts, clock: StandingClock) -> None:
    token, _ = parts.sessions.start("lin")
    for _ in range(9):
        clock.pass_time(days=3)
        assert parts.sessions.find(token) is not None
    clock.pass_time(days=4)
    assert parts.sessions.find(token) is None, "older than 30 days"
    token, _ = parts.sessions.start("lin")
    clock.time += timedelta(days=7, seconds=1)
    assert parts.sessions.find(token) is None, "idle for 7 days"
    assert parts.sessions.user_of_ended(token) == "lin"
