"""Backups of a record and their return: one folder, whichever database the record lies in.

A backup holds the tables as they were at one moment (a SQLite file of the same tables), the server's keys and a
manifest with the SHA-256 of each file. It is taken while the record is being served, and it is also the way from the
embedded database to PostgreSQL and back. Must not judge what the rows say (see `verification`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from py_core import __version__
from py_core.errors import ShouwenError
from server import lineage, record
from server.database import Database
from server.erased_list import FILE as ERASED_FILE
from server.erased_list import ErasedList
from server.outside import Entropy, to_ms
from server.record_keys import KEY_FILE, key_files
from server.tables import metadata

TABLES_FILE = "record.sqlite3"
DEVICE_KEY_FILE = "device.key"
_KEY_FILE = re.compile(r"record(-[0-9]+)?\.key|device\.key")
MANIFEST = "manifest.json"
_FORMAT = 1
_BATCH = 1_000  # rows; a chunk of a photograph is a row of 256 KiB
_SECONDS = 20

Progress = Callable[[str, int], None]
"""Told the table and how many rows of it are done."""


class BackupRefused(ShouwenError):
    """A backup cannot be taken or returned as asked; nothing was changed."""

    code = "backup_refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a backup holds."""

    folder: Path
    rows: int
    log_size: int


def take_backup(database: Database, keys: Path, folder: Path, now: datetime, progress: Progress | None = None) -> Taken:
    """Copies the record into a new folder; raises `BackupRefused` when it exists. `keys` is the record's folder.

    The folder appears under its name only when all of it is on the disk.
    """
    if folder.exists():
        raise BackupRefused(f"{folder} exists already; a backup never overwrites: give a new name")
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    key_names = (*key_files(keys), DEVICE_KEY_FILE, *([ERASED_FILE] if (keys / ERASED_FILE).is_file() else []))
    for name in key_names:
        _copy_private(keys / name, unfinished / name)
    copy = Database.open(unfinished / TABLES_FILE, _SECONDS)
    with database.reading_committed() as source, copy.writing() as target:
        rows = _copy_tables(source, target, progress)
        log_size = record.log_size(source)
        revision = _revision(source)
    with copy.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy.close()
    os.chmod(unfinished / TABLES_FILE, 0o600)
    manifest = {
        "format": _FORMAT,
        "version": __version__,
        "revision": revision,
        "taken_at": now.isoformat(),
        "log_size": log_size,
        "rows": rows,
        "sha256": {name: _sha256(unfinished / name) for name in (TABLES_FILE, *key_names)},
    }
    (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for path in (*unfinished.iterdir(), unfinished):
        _sync(path)
    unfinished.rename(folder)
    _sync(folder.parent)
    return Taken(folder, rows, log_size)


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """What a backup says of itself, each file compared with its SHA-256; raises `BackupRefused`."""
    try:
        manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        expected = dict(manifest["sha256"])
        if manifest["format"] != _FORMAT:
            raise BackupRefused(f"{folder} is of format {manifest['format']}; this version reads format {_FORMAT}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{folder} is no backup: its {MANIFEST} cannot be read ({error})") from error
    for name in (TABLES_FILE, *_keys_in(expected), *([ERASED_FILE] if ERASED_FILE in expected else [])):
        path = folder / name
        if not path.is_file():
            raise BackupRefused(f"{folder} lacks {name}; take the backup from its other copy")
        if _sha256(path) != expected.get(name):
            raise BackupRefused(f"{path} is not what was saved (SHA-256 differs); take the backup from its other copy")
    return manifest


def _keys_in(hashes: Mapping[str, Any]) -> list[str]:
    """The key files of a backup: those that it names, and the two without which no record can be served."""
    return sorted({KEY_FILE, DEVICE_KEY_FILE, *(name for name in hashes if _KEY_FILE.fullmatch(name))})


def open_tables(folder: Path, working_copy: Path) -> Database:
    """The backup's tables, opened in a copy: opening may bring older tables up to date, the backup stays as it is."""
    shutil.copyfile(folder / TABLES_FILE, working_copy)
    return Database.open(working_copy, _SECONDS)


def return_backup(
    folder: Path, database: Database, keys: Path, now: datetime, entropy: Entropy, progress: Progress | None = None
) -> Taken:
    """Fills an empty record from a backup and begins a new lineage, by which devices know that they must offer again
    what the backup did not have yet; raises `BackupRefused` when the record holds anything."""
    manifest = read_manifest(folder)
    working_copy = keys / (TABLES_FILE + ".returning")
    source_database = open_tables(folder, working_copy)
    try:
        with source_database.reading_committed() as source, database.writing() as target:
            for table in metadata.sorted_tables:
                if target.scalar(select(func.count()).select_from(table)):
                    raise BackupRefused(
                        f"there is something in the record already (table {table.name}); return a backup into an "
                        "empty folder or database, then serve from there"
                    )
            rows = _copy_tables(source, target, progress)
            _count_on(target)
            log_size = record.log_size(target)
            taken_at_ms = to_ms(datetime.fromisoformat(manifest["taken_at"]))
            lineage.begin_after_restore(target, entropy, to_ms(now), taken_at_ms)
        for name in _keys_in(manifest["sha256"]):
            _copy_private(folder / name, keys / name)
        if ERASED_FILE in manifest["sha256"]:
            ErasedList(keys).take_over(folder / ERASED_FILE)
    finally:
        source_database.close()
        working_copy.unlink(missing_ok=True)
    if (rows, log_size) != (manifest["rows"], manifest["log_size"]):
        raise BackupRefused(f"{folder} says {manifest['rows']} rows, {rows} were read; do not serve this record")
    return Taken(folder, rows, log_size)


def _copy_tables(source: Connection, target: Connection, progress: Progress | None) -> int:
    total = 0
    for table in metadata.sorted_tables:
        done = 0
        for rows in _batches(source, table):
            target.execute(insert(table), rows)
            done += len(rows)
            if progress is not None:
                progress(table.name, done)
        total += done
    return total


def _batches(source: Connection, table: Table) -> Any:
    ordered = select(table).order_by(*table.primary_key.columns)
    with source.execute(ordered.execution_options(yield_per=_BATCH)) as found:
        for rows in found.mappings().partitions():
            yield [dict(row) for row in rows]


def _count_on(target: Connection) -> None:
    """Numbers that PostgreSQL gives out itself go on after those that were copied."""
    if target.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.autoincrement is not False:
            highest = target.scalar(select(func.max(column)))
            if highest is not None:
                sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
                target.execute(text(f"SELECT setval({sequence}, :highest)"), {"highest": highest})


def _revision(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _copy_private(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
