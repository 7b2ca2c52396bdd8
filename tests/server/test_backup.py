"""Backups: taken while the record is written to, refused when damaged, returned into either database."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from laptop import Laptop, SeededEntropy, StandingClock, case_id, registered
from postgresql import Cluster
from sqlalchemy import func, insert, select

from server import record
from server.backup import MANIFEST, TABLES_FILE, BackupRefused, open_tables, read_manifest, return_backup, take_backup
from server.database import Database
from server.engine import EngineOutside
from server.parts import Parts, assemble
from server.settings import Settings
from server.tables import changes, lineages, metadata, quarantine
from server.verification import verify

NOW = StandingClock().now()


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    """A laptop with twelve acts in the record and one in quarantine."""
    laptop = Laptop(parts, "lin")
    for n in range(4):
        for _ in range(3):
            event = {"type": "noted", "text": "看过"} if case_id(n) in laptop.held else registered()
            assert laptop.verdict(laptop.act(case_id(n), event)) == "accepted"
    assert laptop.verdict(laptop.act(case_id(9), {"type": "noted", "text": "无登记"})) == "no_registration"
    return laptop


def take(parts: Parts, folder: Path) -> Path:
    return take_backup(parts.database, parts.settings.data, folder, NOW).folder


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A place to return a backup to."""
    data = tmp_path / "returned"
    data.mkdir()
    if request.param == "sqlite":
        yield Settings(data, similar_cases=False)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.make()
    yield Settings(data, database_url=url, similar_cases=False)
    cluster.drop(url)


def test_what_was_saved_comes_back_into_either_database(
    parts: Parts, lin: Laptop, empty: Settings, tmp_path: Path, engine: EngineOutside
) -> None:
    folder = take(parts, tmp_path / "backup")
    database = Database.open(empty.database, 5)
    return_backup(folder, database, empty.data, NOW, SeededEntropy("returned"))
    with parts.database.reading() as before, database.reading() as after:
        for table in metadata.sorted_tables:
            if table is lineages:
                continue  # a new one begins
            ordered = select(table).order_by(*table.primary_key.columns)
            assert after.execute(ordered).all() == before.execute(ordered).all(), table.name
    assert verify(database, engine).faults == ()
    database.close()

    again = assemble(empty, StandingClock(), SeededEntropy("returned"), engine)
    lin.parts = again
    lin.sync()  # hears of the new lineage
    assert lin.verdict(lin.act(case_id(0), {"type": "noted", "text": "又看"})) == "accepted"
    assert lin.verdict(lin.act(case_id(8), {"type": "noted", "text": "无登记"})) == "no_registration"
    again.close()


def test_a_backup_is_one_moment_while_others_write(
    parts: Parts, lin: Laptop, tmp_path: Path, engine: EngineOutside
) -> None:
    zhao = Laptop(parts, "zhao")
    zhao.sync()
    begun, go_on = threading.Event(), threading.Event()
    taken: list[Path] = []

    def slow(table: str, done: int) -> None:
        begun.set()
        assert go_on.wait(20)

    def save() -> None:
        taken.append(take_backup(parts.database, parts.settings.data, tmp_path / "backup", NOW, slow).folder)

    saving = threading.Thread(target=save)
    saving.start()
    assert begun.wait(20)
    for n in range(50, 55):
        assert zhao.verdict(zhao.act(case_id(n), registered())) == "accepted"
    go_on.set()
    saving.join()
    copy = open_tables(taken[0], tmp_path / "copy.sqlite3")
    with copy.reading() as connection:
        assert record.log_size(connection) == 12
    assert verify(copy, engine).faults == ()
    copy.close()
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 17


def test_only_its_owner_can_read_it(parts: Parts, lin: Laptop, tmp_path: Path) -> None:
    folder = take(parts, tmp_path / "backup")
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in (TABLES_FILE, "record.key", "device.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_a_backup_never_overwrites(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    with pytest.raises(BackupRefused, match="exists already"):
        take(parts, tmp_path / "backup")
    assert list((tmp_path / "backup").iterdir()) == []


@pytest.mark.parametrize("name", [TABLES_FILE, "record.key", "device.key"])
def test_a_damaged_or_incomplete_backup_is_refused(parts: Parts, lin: Laptop, tmp_path: Path, name: str) -> None:
    folder = take(parts, tmp_path / "backup")
    database = Database.open(tmp_path / "other.sqlite3", 5)
    (tmp_path / "other").mkdir()
    whole = (folder / name).read_bytes()
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-1], None):
        (folder / name).unlink()
        if damaged is not None:
            (folder / name).write_bytes(damaged)
        with pytest.raises(BackupRefused, match="other copy"):
            return_backup(folder, database, tmp_path / "other", NOW, SeededEntropy("returned"))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(changes)) == 0
    database.close()


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"format": 2, "sha256": {}}', '{"format": 1, "sha256": 3}'])
def test_a_folder_that_is_no_backup_is_told(tmp_path: Path, manifest: str) -> None:
    with pytest.raises(BackupRefused):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(BackupRefused):
        read_manifest(tmp_path)


def test_nothing_is_returned_over_a_record_that_holds_something(parts: Parts, lin: Laptop, tmp_path: Path) -> None:
    folder = take(parts, tmp_path / "backup")
    with pytest.raises(BackupRefused, match="something in the record"):
        return_backup(folder, parts.database, parts.settings.data, NOW, SeededEntropy("returned"))
    with parts.database.reading() as connection:
        assert record.log_size(connection) == 12


def test_a_manifest_that_promises_other_rows_is_refused(parts: Parts, lin: Laptop, tmp_path: Path) -> None:
    folder = take(parts, tmp_path / "backup")
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "rows": manifest["rows"] + 1}))
    (tmp_path / "other").mkdir()
    database = Database.open(tmp_path / "other" / "record.sqlite3", 5)
    with pytest.raises(BackupRefused, match="rows"):
        return_backup(folder, database, tmp_path / "other", NOW, SeededEntropy("returned"))
    database.close()


def test_numbers_given_by_the_database_go_on(parts: Parts, lin: Laptop, empty: Settings, tmp_path: Path) -> None:
    folder = take(parts, tmp_path / "backup")
    database = Database.open(empty.database, 5)
    return_backup(folder, database, empty.data, NOW, SeededEntropy("returned"))
    with database.writing() as connection:
        row = dict(connection.execute(select(quarantine)).mappings().one())
        before = row.pop("id")
        connection.execute(insert(quarantine).values(**{**row, "device": "another"}))
        assert connection.scalar(select(func.max(quarantine.c.id))) == before + 1
    database.close()
