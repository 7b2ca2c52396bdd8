"""Opens the record's database, SQLite or PostgreSQL: durable commits, one writer at a time, migrations at the start.

Both keep the same promises (tests/server runs on both): a reading block sees one moment, a writing block is alone and
is on the disk when it ends, or nothing of it is. Must not know any table's meaning.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from py_core.errors import ShouwenError
from server.sqlite_driver import driver

_READERS_MAX = 50  # more than request threads, so that nobody waits for a connection
_WRITER_LOCK = 0x53686F7577656E  # PostgreSQL's advisory lock of whoever writes, in whatever process
_POSTGRESQL = "postgresql"
_WRITES = "shouwen_writes"  # the option by which a block says that it writes


class ConfigurationError(ShouwenError):
    """What the deployment says about its database cannot be used."""

    code = "configuration"


class Database:
    """Reading connections for many, a writing transaction for one.

    Inside a thread's writing block every further block, reading or writing, works in the same transaction.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = threading.RLock()
        self._mine = threading.local()

    @classmethod
    def open(cls, where: Path | URL, busy_seconds: int) -> Database:
        """Opens a SQLite file (creating it) or a PostgreSQL database and brings its tables up to date.

        A writer waits at most `busy_seconds` for another one; then it fails (`is_busy`).
        """
        if isinstance(where, Path):
            database = cls(_sqlite(where, busy_seconds))
        else:
            database = cls(_postgresql(where, busy_seconds))
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
            connection = connection.execution_options(**{_WRITES: True})
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

    def forget_deleted(self, *, rewrite: bool = False) -> None:
        """Takes what was deleted off the disk as far as the database lets it: nothing may read or write meanwhile on
        SQLite, nobody is kept waiting on PostgreSQL (docs/operations.md says what is left there)."""
        with self._writer, self.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None, "a connection that was just opened"
            if connection.dialect.name == _POSTGRESQL:
                raw.rollback()
                raw.autocommit = True
                try:
                    raw.cursor().execute("VACUUM FULL" if rewrite else "VACUUM")
                finally:
                    raw.autocommit = False
            else:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()


def read_url(text: str) -> URL:
    """The address of a PostgreSQL database (`DATABASE_URL`); raises `ConfigurationError`, which never quotes a password."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigurationError("DATABASE_URL cannot be read; write postgresql://user@host/name") from error
    if url.get_backend_name() not in (_POSTGRESQL, "postgres"):
        known = "the embedded database needs no DATABASE_URL, only a folder (--data)"
        raise ConfigurationError(f"DATABASE_URL must begin with postgresql://; {known}")
    return url.set(drivername="postgresql+psycopg")


def is_storage_full(error: BaseException) -> bool:
    """Whether an error of the database or of a file beside it says that the disk (or the file's limit) is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, DBAPIError) and (
        _sqlstate(error) == "53100" or "database or disk is full" in str(error.orig)
    )


def is_busy(error: BaseException) -> bool:
    """Whether another writer held the database for longer than a request may wait."""
    return isinstance(error, DBAPIError) and (_sqlstate(error) == "55P03" or "locked" in str(error.orig))


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _sqlite(path: Path, busy_seconds: int) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        module=driver(),
        connect_args={"timeout": busy_seconds},
        pool_size=_READERS_MAX,
        hide_parameters=True,  # an exception would quote what was typed
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, not where the driver guesses
    # What is deleted is overwritten with zeros: erased contents must not lie in free pages.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that began by reading could not be made to wait for another one: it would fail instead.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL, busy_seconds: int) -> Engine:
    options = f"-c lock_timeout={busy_seconds}s -c synchronous_commit=on -c timezone=UTC"
    engine = create_engine(
        url,
        connect_args={"options": options, "connect_timeout": busy_seconds},
        pool_size=_READERS_MAX,
        hide_parameters=True,  # as above
        pool_pre_ping=True,  # the database may have been restarted since
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        # Whoever holds the lock sees all that was committed before: numbers of the log are given out by it alone.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
