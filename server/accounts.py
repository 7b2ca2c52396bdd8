"""Passwords: argon2id hashes, and patience with wrong ones. Must not tell whether a name exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from server.database import Database
from server.keys import SigningKey
from server.outside import Clock, Entropy, to_ms
from server.tables import accounts, wrong_passwords

UNKNOWN = "user:?"  # how the key of a name begins that nobody has
FREE_TRIES = {"user": 5, "address": 50, "code": 5}  # a whole office may share one address
WAIT_SECONDS_FIRST = 30
WAIT_SECONDS_MAX = 900
FORGET_SECONDS = 86_400
PASSWORD_CHARACTERS_MAX = 256  # a longer one would only cost the server time
ONE_TIME_DAYS = 7
_SALT_BYTES = 16
_LOOKED_AT_ONCE = 4  # each takes 64 MiB


@dataclass(frozen=True, slots=True)
class Checked:
    """`user` when the password is right; else how long to wait before the next try is looked at (0: at once)."""

    user: str | None
    wait_seconds: int = 0
    one_time: bool = False  # right, but a code of the centre that is good for setting an own password only


class Accounts:
    """Who may sign in with which password."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, key: SigningKey) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._entropy = entropy
        self._hasher = PasswordHasher()  # RFC 9106, low-memory profile: 64 MiB, 3 passes
        self._hashing = BoundedSemaphore(_LOOKED_AT_ONCE)
        self._swept_at_ms = 0

    @cached_property
    def _nobody(self) -> str:
        """A hash to check unknown names against, so that they take as long as known ones."""
        return self._hash("nobody has this password")

    def set_password(self, user: str, password: str) -> None:
        """Gives a person of the directory a password, or a new one."""
        self.set_passwords({user: password})

    def set_passwords(self, passwords: dict[str, str]) -> None:
        """Sets many at once."""
        hashed = {user: self._hash(password) for user, password in passwords.items()}
        with self._database.writing() as connection:
            for user, password_hash in hashed.items():
                self._store(connection, user, password_hash, None)

    def give_code(self, connection: Connection, user: str, code: str) -> None:
        """Replaces a password by a one-time code, with which its person sets an own password within some days."""
        until_ms = to_ms(self._clock.now()) + ONE_TIME_DAYS * 86_400_000
        self._store(connection, user, self._hash(_code(code)), until_ms)

    def states(self) -> dict[str, str]:
        """For everybody with an account: "own", "code" (a one-time code waits), "expired" (it waited too long)."""
        now_ms = to_ms(self._clock.now())
        with self._database.reading() as connection:
            rows = connection.execute(select(accounts.c.user, accounts.c.one_time_until_ms)).all()
        return {user: "own" if until is None else "code" if until > now_ms else "expired" for user, until in rows}

    def close(self, connection: Connection, user: str) -> None:
        """Takes the password away: nobody signs in under this name until a new code is given."""
        connection.execute(delete(accounts).where(accounts.c.user == user))

    def check(self, user: str, password: str, address: str) -> Checked:
        """Looks at one try from one network address; wrong ones make the next wait, longer each time.

        A try counts as wrong from before it is looked at: however many come at once, no more are looked at than are free.
        """
        place, now_ms = f"address:{address[:128]}", to_ms(self._clock.now())
        with self._database.writing() as connection:
            row = connection.execute(select(accounts).where(accounts.c.user == user)).first()
            name = f"user:{user}" if row is not None else self._nobodys(user)
            wait = max(_wait_seconds(connection, key, now_ms) for key in (name, place))
            if wait > 0:
                return Checked(None, wait)
            self._sweep(connection, now_ms)
            for key in (name, place):
                _count(connection, key, now_ms)
        known, until = (row.password_hash, row.one_time_until_ms) if row is not None else (None, None)
        typed = password if until is None else _code(password)
        right = len(typed) <= PASSWORD_CHARACTERS_MAX and self._is_right(known or self._nobody, typed)
        if not right or known is None or (until is not None and until <= now_ms):
            return Checked(None)
        with self._database.writing() as connection:
            self.lift(connection, name)
            _take_back(connection, place)
        return Checked(user, one_time=until is not None)

    def check_code(self, user: str, is_right: Callable[[], bool]) -> Checked:
        """Looks at one try of a second factor, unless wrong ones before it make it wait; one after the other."""
        key, now_ms = f"code:{user}", to_ms(self._clock.now())
        with self._database.writing() as connection:
            wait = _wait_seconds(connection, key, now_ms)
            if wait > 0:
                return Checked(None, wait)
            if not is_right():
                _count(connection, key, now_ms)
                return Checked(None)
            self.lift(connection, key)
            return Checked(user)

    def waiting(self) -> dict[str, int]:
        """Which names and addresses have to wait, and how many seconds: `user:…`, `code:…`, `address:…`; of a name that
        nobody has `user:?…`, for it may be a password typed in the wrong field."""
        now_ms = to_ms(self._clock.now())
        with self._database.reading() as connection:
            keys = connection.scalars(select(wrong_passwords.c.who).order_by(wrong_passwords.c.who)).all()
            found = {key: _wait_seconds(connection, key, now_ms) for key in keys}
        return {key: seconds for key, seconds in found.items() if seconds > 0}

    def lift(self, connection: Connection, key: str) -> bool:
        """Lets the next try of a name or address be looked at at once; whether it had been tried at all."""
        return connection.execute(delete(wrong_passwords).where(wrong_passwords.c.who == key)).rowcount > 0

    def _nobodys(self, typed: str) -> str:
        """The key of a name that nobody has, from which nobody reads it."""
        return UNKNOWN + self._key.tag(b"unknown-name" + typed.encode("utf-8", "replace"), 16).hex()

    def _sweep(self, connection: Connection, now_ms: int) -> None:
        """Forgets, from time to time, all that counts no more: a name that nobody has is never tried rightly."""
        if now_ms - self._swept_at_ms >= FORGET_SECONDS * 1000:
            self._swept_at_ms = now_ms
            connection.execute(delete(wrong_passwords).where(wrong_passwords.c.last_at_ms < _forgotten_ms(now_ms)))

    def _store(self, connection: Connection, user: str, password_hash: str, until_ms: int | None) -> None:
        connection.execute(delete(accounts).where(accounts.c.user == user))
        values = {"user": user, "password_hash": password_hash, "changed_at_ms": to_ms(self._clock.now())}
        connection.execute(insert(accounts).values(**values, one_time_until_ms=until_ms))

    def _hash(self, password: str) -> str:
        return self._hasher.hash(password, salt=self._entropy.token(_SALT_BYTES))

    def _is_right(self, password_hash: str, password: str) -> bool:
        try:
            with self._hashing:
                return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _code(typed: str) -> str:
    """A one-time code as it is kept, however it was typed."""
    return re.sub(r"[\s-]", "", typed).upper()


def _wait_seconds(connection: Connection, key: str, now_ms: int) -> int:
    row = connection.execute(select(wrong_passwords).where(wrong_passwords.c.who == key)).first()
    free = FREE_TRIES[key.split(":")[0]]
    if row is None or row.times < free:
        return 0
    wait = min(WAIT_SECONDS_MAX, WAIT_SECONDS_FIRST * 2 ** min(row.times - free, 20))
    left_ms: int = row.last_at_ms + wait * 1000 - now_ms
    return max(0, -(-left_ms // 1000))


def _count(connection: Connection, key: str, now_ms: int) -> None:
    where = wrong_passwords.c.who == key
    connection.execute(delete(wrong_passwords).where(where, wrong_passwords.c.last_at_ms < _forgotten_ms(now_ms)))
    values = {"times": wrong_passwords.c.times + 1, "last_at_ms": now_ms}
    if connection.execute(update(wrong_passwords).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(wrong_passwords).values(who=key, times=1, last_at_ms=now_ms))


def _forgotten_ms(now_ms: int) -> int:
    """Until when wrong tries count no more."""
    return now_ms - FORGET_SECONDS * 1000


def _take_back(connection: Connection, key: str) -> None:
    """Counts a try no longer that was right after all."""
    where = wrong_passwords.c.who == key
    connection.execute(update(wrong_passwords).where(where).values(times=wrong_passwords.c.times - 1))
    connection.execute(delete(wrong_passwords).where(where, wrong_passwords.c.times <= 0))
