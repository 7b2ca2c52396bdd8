"""Sessions: kept here, known to the browser by a cookie whose value is stored only as its hash.

A session that still asks for something (`stage`: a code, an own password, a second factor) opens no page. Nor does one
that was begun for longer than its person's sessions may last today: with a new role the sign-in has to be another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, desc, insert, select, update

from server.database import Database
from server.outside import Clock, Entropy, from_ms, to_ms
from server.tables import sessions

_SEEN_EVERY_MS = 60_000  # not every request needs a write
_ID_BYTES = 8
STAGE_LIFE = timedelta(minutes=15)  # how long somebody may take to enter what is asked


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; `csrf` has to come back with every form."""

    user: str
    csrf: str
    signed_in_at: datetime  # when everything that was asked had been given


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A session as its person and the security officer see it; `id` opens nothing."""

    id: str
    user: str
    started_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may stand unused, and in all."""

    idle: timedelta
    life: timedelta


LimitsOf = Callable[[Connection, str], Limits]  # how long somebody's sessions may be, by the roles of today


class Sessions:
    """Starts, finds, lists and ends sessions."""

    def __init__(
        self, database: Database, clock: Clock, entropy: Entropy, limits_of: LimitsOf, longest: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._limits_of = limits_of
        self._longest = longest

    def start(self, user: str, *, stage: str = "", address: str = "", agent: str = "") -> tuple[str, Session]:
        """A new session; gives the cookie's value, which nobody can learn again."""
        token = self._entropy.token(32).hex()
        now = self._clock.now()
        session = Session(user, self._entropy.token(32).hex(), now)
        now_ms = to_ms(now)
        with self._database.writing() as connection:
            chosen = Limits(STAGE_LIFE, STAGE_LIFE) if stage else self._limits_of(connection, user)
            # As long as the longest could be: until then a form typed in an ended session finds its person.
            forgotten = now_ms - 2 * _ms(self._longest)
            connection.execute(delete(sessions).where(sessions.c.started_at_ms < forgotten))
            connection.execute(
                insert(sessions).values(
                    token_hash=_hash(token),
                    user=user,
                    csrf=session.csrf,
                    started_at_ms=now_ms,
                    seen_at_ms=now_ms,
                    stage=stage,
                    idle_ms=_ms(chosen.idle),
                    life_ms=_ms(chosen.life),
                    address=address[:64],
                    agent=agent[:200],
                )
            )
        return token, session

    def find(self, token: str) -> Session | None:
        """The session of a cookie; None when there is none, it has ended or something is still asked."""
        row = self._row(token)
        return _session(row) if row is not None and not row.stage else None

    def asked(self, token: str) -> tuple[Session, str] | None:
        """The session of a cookie for which something is still asked, with what."""
        row = self._row(token)
        return (_session(row), row.stage) if row is not None and row.stage else None

    def user_of_ended(self, token: str) -> str | None:
        """Whose session a cookie belonged to, as long as the record still remembers."""
        with self._database.reading() as connection:
            where = (sessions.c.token_hash == _hash(token), sessions.c.stage == "")
            return connection.scalar(select(sessions.c.user).where(*where))

    def was_revoked(self, token: str) -> bool:
        """Whether somebody ended the session of this cookie elsewhere."""
        with self._database.reading() as connection:
            where = (sessions.c.token_hash == _hash(token), sessions.c.ended_at_ms.is_not(None))
            return connection.execute(select(sessions.c.user).where(*where)).first() is not None

    def is_too_long(self, token: str) -> bool:
        """Whether the session of this cookie would stand if its person's role had not changed since it began."""
        now_ms = to_ms(self._clock.now())
        with self._database.reading() as connection:
            row = connection.execute(select(sessions).where(sessions.c.token_hash == _hash(token))).first()
            return row is not None and _lasts(row, now_ms) and not self._stands(connection, row, now_ms)

    def id_of(self, token: str) -> str:
        """What a cookie's session is called in lists."""
        return _hash(token)[:_ID_BYTES].hex()

    def standing(self, user: str | None = None) -> Sequence[SeenSession]:
        """Who is signed in, the last seen first; of one person or of all."""
        now_ms = to_ms(self._clock.now())
        statement = select(sessions).where(sessions.c.stage == "").order_by(desc(sessions.c.seen_at_ms))
        if user is not None:
            statement = statement.where(sessions.c.user == user)
        with self._database.reading() as connection:
            rows = [row for row in connection.execute(statement).all() if self._stands(connection, row, now_ms)]
        return [
            SeenSession(
                bytes(row.token_hash)[:_ID_BYTES].hex(),
                row.user,
                from_ms(row.started_at_ms),
                from_ms(row.seen_at_ms),
                row.address,
                row.agent,
            )
            for row in rows
        ]

    def end(self, token: str) -> None:
        """Forgets a session."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))

    def revoke(self, connection: Connection, user: str, session: str | None = None, keep: str = "") -> int:
        """Ends one session of a person by its id, or all but that of the cookie `keep`; how many that were."""
        now_ms = to_ms(self._clock.now())
        ended = 0
        for row in connection.execute(select(sessions).where(sessions.c.user == user)).all():
            own = bytes(row.token_hash)
            chosen = own != _hash(keep) if session is None else own[:_ID_BYTES].hex() == session
            if chosen and _lasts(row, now_ms):
                where = sessions.c.token_hash == own
                connection.execute(update(sessions).where(where).values(ended_at_ms=now_ms))
                ended += 1
        return ended

    def _row(self, token: str) -> Row[tuple[object, ...]] | None:
        now_ms = to_ms(self._clock.now())
        where = sessions.c.token_hash == _hash(token)
        with self._database.reading() as connection:
            row = connection.execute(select(sessions).where(where)).first()
            if row is None or not self._stands(connection, row, now_ms):
                return None
        if now_ms - row.seen_at_ms > _SEEN_EVERY_MS:
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(where).values(seen_at_ms=now_ms))
        return row

    def _stands(self, connection: Connection, row: Row[tuple[object, ...]], now_ms: int) -> bool:
        if not _lasts(row, now_ms):
            return False
        today = self._limits_of(connection, row.user)
        return bool(row.stage) or (row.idle_ms <= _ms(today.idle) and row.life_ms <= _ms(today.life))


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(row.user, row.csrf, from_ms(row.started_at_ms))


def _lasts(row: Row[tuple[object, ...]], now_ms: int) -> bool:
    idle, life = now_ms - row.seen_at_ms, now_ms - row.started_at_ms
    return row.ended_at_ms is None and idle <= row.idle_ms and life <= row.life_ms


def _ms(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
