"""Opens the record's database: one SQLite library, durable commits, one writer at a time, migrations at the start.

Must not know any table's meaning.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from server.sqlite_driver import driver

_READERS_MAX = 50  # more than request threads, so that nobody waits for a connection


class Database:
    """Reading connections for many, a writing transaction for one.

    Inside a thread's writing block every further block, reading or writing, works in the same transaction.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = threading.RLock()
        self._mine = threading.local()

    @classmethod
    def open(cls, path: Path, busy_seconds: int) -> Database:
        """Opens (and creates) the SQLite file and brings its tables up to date."""
        engine = create_engine(
            f"sqlite+pysqlite:///{path}",
            module=driver(),
            connect_args={"timeout": busy_seconds},
            pool_size=_READERS_MAX,
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        database = cls(engine)
        with database.writing() as connection:
            _migrate(connection)
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for the whole block."""
        joined: Connection | None = getattr(self._mine, "connection", None)
        if joined is not None:
            yield joined
        else:
            with self.reading_committed() as connection:
                yield connection

    @contextmanager
    def reading_committed(self) -> Iterator[Connection]:
        """One consistent view of what is on the disk, whatever this thread is writing just now."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer; what the block did is on the disk when the outermost block ends, or nothing of it is."""
        joined: Connection | None = getattr(self._mine, "connection", None)
        if joined is not None:
            savepoint = joined.begin_nested()
            try:
                yield joined
            except BaseException as error:
                if not is_storage_full(error):  # then SQLite has taken the whole transaction back already
                    savepoint.rollback()
                raise
            savepoint.commit()
            return
        afterwards: list[Callable[[], None]] = []
        with self._writer, self.engine.connect() as connection:
            connection = connection.execution_options(shouwen_writes=True)
            self._mine.connection, self._mine.afterwards = connection, afterwards
            try:
                with connection.begin():
                    yield connection
            finally:
                self._mine.connection = self._mine.afterwards = None
        for call in afterwards:
            call()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Calls back once what this thread is writing is on the disk; never if it is rolled back."""
        afterwards: list[Callable[[], None]] | None = getattr(self._mine, "afterwards", None)
        if afterwards is None:
            call()
        else:
            afterwards.append(call)

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()


def is_storage_full(error: BaseException) -> bool:
    """Whether a database error says that the disk (or the file's limit) is full."""
    return isinstance(error, DBAPIError) and "full" in str(error.orig)


def is_busy(error: BaseException) -> bool:
    """Whether another writer held the database for longer than a request may wait."""
    return isinstance(error, DBAPIError) and "locked" in str(error.orig)


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A writer that began by reading could not be made to wait for another one: it would fail instead.
    writes = connection.get_execution_options().get("shouwen_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
