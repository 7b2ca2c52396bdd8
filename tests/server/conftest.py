"""A record of its own for each test, on either database; one engine process for all.

The tests here are the contract of the record: every one that takes `parts` runs on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from browsing import Browser, serving
from laptop import PASSWORD, SeededEntropy, StandingClock, city_document
from postgresql import Cluster, running_cluster
from returned import Restore
from sqlalchemy import insert

from server.backup import return_backup
from server.database import Database
from server.engine import EngineOutside
from server.outside import to_ms
from server.parts import Parts, assemble
from server.settings import Settings
from server.tables import accounts


class _SharedEngine(EngineOutside):
    """Outlives the parts that use it: a process start per test would be most of the run."""

    def close(self) -> None:
        """Left running for the next test."""

    def end(self) -> None:
        super().close()


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineOutside]:
    shared = _SharedEngine(10.0, 256 * 1024 * 1024)
    yield shared
    shared.end()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None for the embedded database, or the address of an empty one in PostgreSQL."""
    if request.param == "sqlite":
        yield None
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.make()
    yield url
    cluster.drop(url)


@pytest.fixture
def parts(tmp_path: Path, clock: StandingClock, engine: EngineOutside, database_url: str | None) -> Iterator[Parts]:
    settings = Settings(
        tmp_path / "data", database_url=database_url, similar_cases=False, second_factor_roles=frozenset()
    )
    made = assemble(settings, clock, SeededEntropy("tests"), engine)
    made.city.publish(city_document())
    yield made
    made.close()


@pytest.fixture
def guarded(tmp_path: Path, clock: StandingClock, engine: EngineOutside, database_url: str | None) -> Iterator[Parts]:
    """A record with the settings of a real city: administration, security and audit need a second factor."""
    settings = Settings(tmp_path / "guarded", database_url=database_url, similar_cases=False)
    made = assemble(settings, clock, SeededEntropy("guarded"), engine)
    made.city.publish(city_document())
    made.accounts.set_passwords(dict.fromkeys(("lin", "zhao", "he"), PASSWORD))
    yield made
    made.close()


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for everybody: making it is slow on purpose."""
    return PasswordHasher().hash(PASSWORD)


@pytest.fixture
def url(parts: Parts, password_hash: str) -> Iterator[str]:
    with parts.database.writing() as connection:
        changed = {"password_hash": password_hash, "changed_at_ms": to_ms(parts.clock.now())}
        connection.execute(insert(accounts), [{"user": row["id"], **changed} for row in city_document()["people"]])
    with serving(parts) as address:
        yield address


@pytest.fixture
def browser(url: str) -> Iterator[Browser]:
    with Browser(url) as made:
        yield made


@pytest.fixture
def restored(parts: Parts, tmp_path: Path, engine: EngineOutside, request: pytest.FixtureRequest) -> Iterator[Restore]:
    """Makes a record out of a backup, in the same kind of database as `parts` and with its clock."""
    made: list[Parts] = []
    urls: list[str] = []

    def restore(folder: Path) -> Parts:
        data = tmp_path / f"back {len(made)}"
        data.mkdir()
        settings = Settings(data, similar_cases=False)
        if parts.settings.database_url is not None:
            cluster: Cluster = request.getfixturevalue("cluster")
            urls.append(cluster.make())
            settings = Settings(data, database_url=urls[-1], similar_cases=False)
        database = Database.open(settings.database, 5)
        entropy = SeededEntropy(f"restore {len(made)}")
        return_backup(folder, database, data, parts.clock.now(), entropy)
        database.close()
        made.append(assemble(settings, parts.clock, entropy, engine))
        return made[-1]

    yield restore
    for each in made:
        each.close()
    for url in urls:
        request.getfixturevalue("cluster").drop(url)
