"""Sessions: kept here, known to the browser by a cookie whose value is stored only as its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from server.database import Database
from server.outside import Clock, Entropy, to_ms
from server.tables import sessions

_SEEN_EVERY_MS = 60_000  # not every request needs a write


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; `csrf` has to come back with every form."""

    user: str
    csrf: str


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, idle: timedelta, life: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._idle_ms = int(idle.total_seconds() * 1000)
        self._life_ms = int(life.total_seconds() * 1000)

    def start(self, user: str) -> tuple[str, Session]:
        """A new session; gives the cookie's value, which nobody can learn again."""
        token = self._entropy.token(32).hex()
        session = Session(user, self._entropy.token(32).hex())
        now_ms = to_ms(self._clock.now())
        with self._database.writing() as connection:
            forgotten = now_ms - 2 * self._life_ms  # until then a form typed in an ended session finds its person
            connection.execute(delete(sessions).where(sessions.c.started_at_ms < forgotten))
            connection.execute(
                insert(sessions).values(
                    token_hash=_hash(token),
                    user=user,
                    csrf=session.csrf,
                    started_at_ms=now_ms,
                    seen_at_ms=now_ms,
                )
            )
        return token, session

    def find(self, token: str) -> Session | None:
        """The session of a cookie; None when there is none or it has ended."""
        now_ms = to_ms(self._clock.now())
        where = sessions.c.token_hash == _hash(token)
        with self._database.reading() as connection:
            row = connection.execute(select(sessions).where(where)).first()
        if row is None or now_ms - row.seen_at_ms > self._idle_ms or now_ms - row.started_at_ms > self._life_ms:
            return None
        if now_ms - row.seen_at_ms > _SEEN_EVERY_MS:
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(where).values(seen_at_ms=now_ms))
        return Session(row.user, row.csrf)

    def user_of_ended(self, token: str) -> str | None:
        """Whose session a cookie belonged to, as long as the record still remembers."""
        with self._database.reading() as connection:
            return connection.scalar(select(sessions.c.user).where(sessions.c.token_hash == _hash(token)))

    def end(self, token: str) -> None:
        """Forgets a session."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
