"""Secret addresses under which calendar programs fetch somebody's duties; one a person, stored only as its hash."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete, insert, select

from server import audit
from server.database import Database
from server.outside import Clock, Entropy, from_ms, to_ms
from server.tables import calendar_feeds

_TOKEN_BYTES = 32


class CalendarFeeds:
    """Makes, finds and ends the addresses. Must not know what a calendar holds."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def make(self, user: str) -> str:
        """A new secret, which nobody can learn again; an older one of the same person ends."""
        token = self._entropy.token(_TOKEN_BYTES).hex()
        values = {"user": user, "token_hash": _hash(token), "made_at_ms": to_ms(self._clock.now())}
        with self._database.writing() as connection:
            connection.execute(delete(calendar_feeds).where(calendar_feeds.c.user == user))
            connection.execute(insert(calendar_feeds).values(**values))
            audit.note(connection, to_ms(self._clock.now()), user, "calendar_made", user)
        return token

    def made_at(self, user: str) -> datetime | None:
        """Since when this person has an address; None without one."""
        with self._database.reading() as connection:
            made = connection.scalar(select(calendar_feeds.c.made_at_ms).where(calendar_feeds.c.user == user))
        return from_ms(made) if made is not None else None

    def user_of(self, token: str) -> str | None:
        """Whose duties a secret opens; None for one that never was or has ended."""
        with self._database.reading() as connection:
            where = calendar_feeds.c.token_hash == _hash(token)
            return connection.scalar(select(calendar_feeds.c.user).where(where))

    def end(self, user: str) -> None:
        """Ends the address of this person; calendar programs that have it get nothing any more."""
        with self._database.writing() as connection:
            connection.execute(delete(calendar_feeds).where(calendar_feeds.c.user == user))
            audit.note(connection, to_ms(self._clock.now()), user, "calendar_ended", user)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
