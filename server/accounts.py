"""Passwords: argon2id hashes, and patience with wrong ones. Must not tell whether a name exists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from server.database import Database
from server.outside import Clock, Entropy, to_ms
from server.tables import accounts, wrong_passwords

FREE_TRIES = {"user": 5, "address": 50}  # a whole office may share one address
WAIT_SECONDS_FIRST = 30
WAIT_SECONDS_MAX = 900
FORGET_SECONDS = 86_400
PASSWORD_CHARACTERS_MAX = 256  # a longer one would only cost the server time
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Checked:
    """`user` when the password is right; else how long to wait before the next try is looked at (0: at once)."""

    user: str | None
    wait_seconds: int = 0


class Accounts:
    """Who may sign in with which password."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._hasher = PasswordHasher()  # RFC 9106, low-memory profile: 64 MiB, 3 passes

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
        now_ms = to_ms(self._clock.now())
        with self._database.writing() as connection:
            for user, password_hash in hashed.items():
                connection.execute(delete(accounts).where(accounts.c.user == user))
                values = {"user": user, "password_hash": password_hash, "changed_at_ms": now_ms}
                connection.execute(insert(accounts).values(**values))

    def check(self, user: str, password: str, address: str) -> Checked:
        """Looks at one try from one network address; wrong ones make the next wait, longer each time."""
        keys = (f"user:{user[:128]}", f"address:{address[:128]}")
        now_ms = to_ms(self._clock.now())
        with self._database.reading() as connection:
            wait = max(_wait_seconds(connection, key, now_ms) for key in keys)
            known = connection.scalar(select(accounts.c.password_hash).where(accounts.c.user == user))
        if wait > 0:
            return Checked(None, wait)
        right = len(password) <= PASSWORD_CHARACTERS_MAX and self._is_right(known or self._nobody, password)
        with self._database.writing() as connection:
            if right and known is not None:
                connection.execute(delete(wrong_passwords).where(wrong_passwords.c.who == keys[0]))
                return Checked(user)
            for key in keys:
                _count(connection, key, now_ms)
        return Checked(None)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(password, salt=self._entropy.token(_SALT_BYTES))

    def _is_right(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _wait_seconds(connection: Connection, key: str, now_ms: int) -> int:
    row = connection.execute(select(wrong_passwords).where(wrong_passwords.c.who == key)).first()
    free = FREE_TRIES[key.split(":")[0]]
    if row is None or row.times < free:
        return 0
    wait = min(WAIT_SECONDS_MAX, WAIT_SECONDS_FIRST * 2 ** min(row.times - free, 20))
    left_ms: int = row.last_at_ms + wait * 1000 - now_ms
    return max(0, -(-left_ms // 1000))


def _count(connection: Connection, key: str, now_ms: int) -> None:
    fresh = now_ms - FORGET_SECONDS * 1000
    where = wrong_passwords.c.who == key
    connection.execute(delete(wrong_passwords).where(where, wrong_passwords.c.last_at_ms < fresh))
    values = {"times": wrong_passwords.c.times + 1, "last_at_ms": now_ms}
    if connection.execute(update(wrong_passwords).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(wrong_passwords).values(who=key, times=1, last_at_ms=now_ms))
