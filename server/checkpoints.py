"""Signed checkpoints of the log and the registry: made hourly and whenever somebody asks, kept for ever.

What a device, a witness and evidence compare. Must not judge anybody's proof (see `py_core.merkle`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, insert, select

from py_core.checkpoint import Checkpoint, SignedCheckpoint, note, read_note
from server import inventory
from server.database import Database
from server.log_tree import LogDamaged, acts_tree, grow
from server.outside import Clock, to_ms
from server.record_keys import KeyTrouble, RecordKeys, chain_of, ed25519_verifies
from server.registry import catch_up, registry_tree
from server.tables import checkpoints

HOUR_SECONDS = 3600


class Checkpoints:
    """Makes and keeps the record's checkpoints."""

    def __init__(self, database: Database, clock: Clock, keys: RecordKeys) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def current(self, at_most_old_ms: int = 0) -> str:
        """The checkpoint of the log as it is now: the newest kept one, or a new one when something was added since
        and it is older than this."""
        with self._database.reading() as connection:
            last = newest(connection)
            if last is not None and (self._is_young(last, at_most_old_ms) or not self._grew(connection, last)):
                return last
        with self._database.writing() as connection:
            return self.make_in(connection)

    def make_in(self, connection: Connection) -> str:
        """Makes and keeps one inside the caller's writing block; the same one again while nothing was added."""
        now_ms, key = to_ms(self._clock.now()), self._keys.current
        if chain_of(connection)[-1].public_key != key.public:
            raise KeyTrouble(
                "the record has another key by now, and what this process signs would not count: restart it"
            )
        registry_now = catch_up(connection, now_ms)
        inventory.take(connection, registry_now)
        registry, acts = registry_now.head(), grow(connection).head()
        where = (checkpoints.c.acts_size == acts.size, checkpoints.c.registry_size == registry.size)
        known = connection.scalar(select(checkpoints.c.note).where(*where))
        if known is not None:
            return str(known)
        made = Checkpoint(self._keys.name, acts, registry, now_ms)
        text = note(made, key.public, key.sign(made.text().encode()))
        values = {"acts_size": acts.size, "registry_size": registry.size, "made_at_ms": now_ms, "note": text}
        connection.execute(insert(checkpoints).values(**values))
        return text

    def start(self) -> None:
        """Makes one now and then every hour, in a thread of its own."""
        self._thread = threading.Thread(target=self._hourly, name="checkpoints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _hourly(self) -> None:
        while not self._ending.is_set():
            try:
                self.current()
            except LogDamaged as error:
                logging.getLogger("shouwen.checkpoints").error("%s", error)
            except Exception:
                logging.getLogger("shouwen.checkpoints").exception("no checkpoint was made; tried again in an hour")
            self._ending.wait(HOUR_SECONDS)

    def _is_young(self, last: str, at_most_old_ms: int) -> bool:
        return 0 <= to_ms(self._clock.now()) - read_note(last).checkpoint.time_ms < at_most_old_ms

    @staticmethod
    def _grew(connection: Connection, last: str) -> bool:
        kept = read_note(last).checkpoint
        sizes = (acts_tree(connection).size, registry_tree(connection).size)
        return sizes != (kept.acts.size, kept.registry.size) or inventory.is_due(connection)


def newest(connection: Connection) -> str | None:
    """The last checkpoint that was kept."""
    order = (checkpoints.c.acts_size.desc(), checkpoints.c.registry_size.desc())
    return connection.scalar(select(checkpoints.c.note).order_by(*order).limit(1))


def newest_size_and_time(connection: Connection) -> tuple[int, int] | None:
    """How many acts the last kept checkpoint covers, and when it was signed (ms)."""
    order = (checkpoints.c.acts_size.desc(), checkpoints.c.registry_size.desc())
    columns = select(checkpoints.c.acts_size, checkpoints.c.made_at_ms)
    row = connection.execute(columns.order_by(*order).limit(1)).first()
    return None if row is None else (row.acts_size, row.made_at_ms)


def first_with(connection: Connection, acts_size: int) -> str | None:
    """The first kept checkpoint of a log of at least this many acts."""
    order = (checkpoints.c.acts_size, checkpoints.c.registry_size)
    return connection.scalar(
        select(checkpoints.c.note).where(checkpoints.c.acts_size >= acts_size).order_by(*order).limit(1)
    )


def kept(connection: Connection) -> Iterator[tuple[int, int, str]]:
    """Every checkpoint that was kept, oldest first: the sizes of log and registry that it is kept under, the note."""
    order = (checkpoints.c.acts_size, checkpoints.c.registry_size)
    for row in connection.execute(select(checkpoints).order_by(*order)):
        yield row.acts_size, row.registry_size, row.note


def signer(signed: SignedCheckpoint, public_keys: Iterable[bytes]) -> bytes | None:
    """Which of these keys signed a checkpoint; None when none did."""
    for public_key in public_keys:
        signature = signed.by(signed.checkpoint.origin, public_key)
        if signature is not None and ed25519_verifies(public_key, signature, signed.checkpoint.text().encode()):
            return public_key
    return None
