"""The database: migrations make the tables that the code knows; blocks join; what is rolled back never happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, func, insert, select, text
from sqlalchemy.exc import OperationalError

from server.database import ConfigurationError, Database, is_busy, is_storage_full, read_url
from server.tables import accounts, metadata


@pytest.fixture
def where(tmp_path: Path, database_url: str | None) -> Path | URL:
    return read_url(database_url) if database_url else tmp_path / "record.sqlite3"


@pytest.fixture
def database(where: Path | URL) -> Iterator[Database]:
    opened = Database.open(where, 1)
    yield opened
    opened.close()


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


def test_a_second_start_finds_everything_as_it_was(database: Database, where: Path | URL) -> None:
    put(database, "a")
    database.close()
    again = Database.open(where, 1)
    assert count(again) == 1
    again.close()


def test_commits_are_durable(database: Database) -> None:
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
        else:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA synchronous")) == 2


def test_a_reading_block_sees_one_moment(database: Database) -> None:
    with database.reading() as connection:
        statement = select(func.count()).select_from(accounts)
        assert connection.scalar(statement) == 0
        put(database, "a")
        assert connection.scalar(statement) == 0
    assert count(database) == 1


def test_two_processes_do_not_write_at_once(database: Database, where: Path | URL) -> None:
    other = Database.open(where, 1)
    with database.writing():
        put(database, "a")
        with pytest.raises(OperationalError) as caught:
            put(other, "b")
        assert is_busy(caught.value)
        assert not is_storage_full(caught.value)
    put(other, "b")
    assert count(database) == 2
    other.close()


@pytest.mark.parametrize("address", ["", "nothing", "mysql://root@localhost/x", "sqlite:///record.sqlite3"])
def test_an_address_of_no_postgresql_is_told_plainly(address: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://"):
        read_url(address)


def test_an_address_is_never_quoted_with_its_password() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_url("mysql://root:geheim@localhost/x")
    assert "geheim" not in str(caught.value)


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


def test_a_full_storage_is_recognised_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "record.sqlite3", 1)  # PostgreSQL's: tests/server/test_sync_http.py
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
    database.close()
