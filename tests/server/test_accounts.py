"""Passwords are checked slowly, wrong ones ever more slowly; sessions end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from laptop import PASSWORD, StandingClock
from sqlalchemy import select

from server import audit
from server.accounts import FORGET_SECONDS, FREE_TRIES, UNKNOWN, Checked
from server.parts import Parts
from server.tables import accounts, sessions, wrong_passwords


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


def test_wrong_tries_that_count_no_more_are_forgotten_for_everybody(with_lin: Parts, clock: StandingClock) -> None:
    """Also those of a name that nobody has, or an address that never comes again: nothing else would remove them."""
    nobody, somebody, another = map(with_lin.accounts._nobodys, ("nobody", "somebody", "another"))
    for name in ("nobody", "lin"):
        with_lin.accounts.check(name, "wrong", "10.0.0.1")
    clock.pass_time(seconds=FORGET_SECONDS - 3_600)
    with_lin.accounts.check("somebody", "wrong", "10.0.0.2")
    assert tried(with_lin) == {nobody, "user:lin", "address:10.0.0.1", somebody, "address:10.0.0.2"}
    clock.pass_time(hours=2)
    with_lin.accounts.check("another", "wrong", "10.0.0.3")
    assert tried(with_lin) == {somebody, "address:10.0.0.2", another, "address:10.0.0.3"}


def tried(parts: Parts) -> set[str]:
    with parts.database.reading() as connection:
        return set(connection.scalars(select(wrong_passwords.c.who)))


def test_tries_at_once_are_counted_before_they_are_looked_at(with_lin: Parts) -> None:
    """Thirty guesses that come together get no further than thirty one after the other."""
    looked_at: list[str] = []
    is_right = with_lin.accounts._is_right

    def watched(known: str, typed: str) -> bool:
        looked_at.append(typed)
        return is_right(known, typed)

    with_lin.accounts._is_right = watched  # type: ignore[method-assign]
    with ThreadPoolExecutor(30) as tries:
        found = list(tries.map(lambda n: with_lin.accounts.check("lin", f"guess {n}", "a"), range(30)))
    assert len(looked_at) == FREE_TRIES["user"]
    assert sum(each.wait_seconds > 0 for each in found) == 30 - FREE_TRIES["user"]


def test_codes_at_once_are_looked_at_one_after_the_other(parts: Parts) -> None:
    looked_at: list[int] = []

    def wrong(n: int) -> Callable[[], bool]:
        return lambda: looked_at.append(n) is not None

    with ThreadPoolExecutor(20) as tries:
        found = list(tries.map(lambda n: parts.accounts.check_code("lin", wrong(n)), range(20)))
    assert len(looked_at) == FREE_TRIES["code"]
    assert sum(each.wait_seconds > 0 for each in found) == 20 - FREE_TRIES["code"]


def test_a_right_password_is_not_counted_against_its_address(with_lin: Parts) -> None:
    for _ in range(FREE_TRIES["address"] + 1):
        assert with_lin.accounts.check("lin", PASSWORD, "office") == Checked("lin")
    assert with_lin.accounts.waiting() == {}
    assert with_lin.accounts.check("lin", "wrong", "office") == Checked(None, 0)


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


def test_what_is_typed_as_a_name_is_readable_nowhere_unless_somebody_has_it(with_lin: Parts) -> None:
    """It may be a password, typed in the wrong field."""
    for name in ("lin", "my secret password"):
        for _ in range(FREE_TRIES["user"]):
            with_lin.accounts.check(name, "x", "a")
        assert with_lin.accounts.check(name, "x", "a").wait_seconds > 0, "nobody learns from it which names there are"
    known, unknown = sorted(each for each in with_lin.accounts.waiting() if each.startswith("user:"))[::-1]
    assert known == "user:lin"
    assert unknown.startswith(UNKNOWN)
    assert "secret" not in unknown
    with with_lin.database.reading() as connection:
        assert not any("secret" in each for each in connection.scalars(select(wrong_passwords.c.who)))
    for key in (unknown, "user:my secret password", "anything"):
        with_lin.people.lift("luo", key)
    with with_lin.database.reading() as connection:
        assert [each.about for each in audit.entries(connection, 9)] == [unknown]
