"""The database: migrations make the tables that the code knows; blocks join; what is rolled back never happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import OperationalError

from server.database import Database, is_storage_full
from server.tables import accounts, metadata


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "record.sqlite3", 5)


def put(database: Database, user: str) -> None:
    with database.writing() as connection:
        connection.execute(insert(accounts).values(user=user, password_hash="x", changed_at_ms=0))


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(accounts)) or 0


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_a_second_start_finds_everything_as_it_was(database: Database, tmp_path: Path) -> None:
    put(database, "a")
    database.close()
    assert count(Database.open(tmp_path / "record.sqlite3", 5)) == 1


def test_commits_are_durable(database: Database) -> None:
    with database.reading() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2


def put_and_fail(database: Database, user: str) -> None:
    with database.writing():
        put(database, user)
        assert count(database) > 0, "inside the transaction it is there"
        raise KeyError


def test_inner_blocks_are_part_of_the_outer_one(database: Database) -> None:
    with pytest.raises(KeyError):
        put_and_fail(database, "a")
    assert count(database) == 0


def test_an_inner_block_that_fails_takes_only_its_own_back(database: Database) -> None:
    with database.writing():
        put(database, "a")
        with pytest.raises(KeyError):
            put_and_fail(database, "b")
    assert count(database) == 1


def test_calls_after_the_commit_come_after_it_or_never(database: Database) -> None:
    heard: list[int] = []

    def announce_and_fail() -> None:
        with database.writing():
            database.after_commit(lambda: heard.append(-1))
            raise KeyError

    with database.writing():
        put(database, "a")
        database.after_commit(lambda: heard.append(count(database)))
        assert heard == []
    assert heard == [1]
    with pytest.raises(KeyError):
        announce_and_fail()
    assert heard == [1]


def test_a_full_storage_is_recognised_and_nothing_is_half_written(database: Database) -> None:
    with database.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.rollback()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        rows = [{"user": f"{number}", "password_hash": "x" * 256, "changed_at_ms": 0} for number in range(200)]
        with pytest.raises(OperationalError) as caught:
            connection.execute(insert(accounts), rows)
        assert is_storage_full(caught.value)
        connection.rollback()
        connection.execute(text("PRAGMA max_page_count = 1073741823"))
        connection.rollback()
    assert count(database) == 0
    put(database, "a")
