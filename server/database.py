"""Opens the record's database: one SQLite library, durable commits, one writer at a time, migrations at the start.

Must not know any table's meaning.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from server.sqlite_driver import driver


class Database:
    """Reading connections for many, a writing transaction for one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = threading.RLock()

    @classmethod
    def open(cls, path: Path, busy_seconds: int) -> Database:
        """Opens (and creates) the SQLite file and brings its tables up to date."""
        engine = create_engine(
            f"sqlite+pysqlite:///{path}", module=driver(), connect_args={"timeout": busy_seconds}, pool_size=10
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
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer; what the block did is on the disk when it ends, or nothing of it is."""
        with self._writer, self.engine.connect() as connection:
            connection = connection.execution_options(shouwen_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def holding_writer(self) -> Iterator[None]:
        """Keeps other threads from writing while something is read, decided and then written."""
        with self._writer:
            yield

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()


def is_storage_full(error: BaseException) -> bool:
    """Whether a database error says that the disk (or the file's limit) is full."""
    return isinstance(error, DBAPIError) and "full" in str(error.orig)


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
    config.set_main_option("script_location", "server:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
