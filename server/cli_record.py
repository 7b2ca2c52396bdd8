"""The command line's part about the record itself: backup, restore, verify, rebuild. A shell over the modules."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.cli_where import add_where, open_existing, settings_of

_FAULTS_SHOWN = 50
_OFFERED_AGAIN = (
    "Devices will offer again what they have from after the backup; the centre's page of devices shows which have done so. Do again by "
    "hand what was done at the centre since: withdrawn devices, changed accounts and passwords, published directories."
)

_ERASED_AGAIN = (
    "What had been erased since the backup is erased again at the next start, as far as erased.jsonl in this folder names "
    "it (give the newest one with --erased). Holds that were placed since are lost: place them again before the next "
    "`shouwen erase`, which asks for --holds-placed once."
)


def add_commands(subparsers: Any) -> None:
    """Adds `backup`, `restore`, `restored`, `verify` and `rebuild`."""
    saving = subparsers.add_parser("backup", help="copy the record and its keys into a new folder while it is served")
    add_where(saving)
    saving.add_argument("folder", type=Path, help="folder to make; keep it where only the city's backup people get")
    saving.set_defaults(run=_backup)

    returning = subparsers.add_parser("restore", help="fill an empty record from a backup and verify it")
    add_where(returning)
    returning.add_argument("folder", type=Path, help="the backup")
    returning.add_argument(
        "--erased",
        type=Path,
        metavar="FILE",
        help="erased.jsonl of the lost record or of a newer backup: what it names is erased again at the next start",
    )
    returning.set_defaults(run=_restore)

    returned = subparsers.add_parser("restored", help="say that this record was put back by other means than `restore`")
    add_where(returned)
    returned.set_defaults(run=_restored)

    checking = subparsers.add_parser("verify", help="read the whole record (or a backup) again and name every fault")
    add_where(checking)
    checking.add_argument("--backup", type=Path, metavar="FOLDER", help="verify this backup instead of the record")
    checking.set_defaults(run=_verify)

    mending = subparsers.add_parser("rebuild", help="make what is derived from the log again, while the record serves")
    add_where(mending)
    mending.set_defaults(run=_rebuild)


def _backup(arguments: argparse.Namespace) -> int:
    from server.backup import take_backup
    from server.outside import SystemClock

    settings = settings_of(arguments)
    database = open_existing(settings)
    try:
        _note_backup(database, arguments.folder)
        taken = take_backup(database, settings.data, arguments.folder, SystemClock().now(), _rows())
    finally:
        database.close()
    print(f"{taken.folder}: {taken.log_size} acts, {taken.rows} rows. It holds the server's keys: lock it away.")
    return 0


def _note_backup(database: Any, folder: Path) -> None:
    """The whole record goes out, its keys too. A full disk is no reason to go without a backup: then it is said here."""
    from server.cli_notes import note_command
    from server.database import is_storage_full
    from server.outside import SystemClock

    try:
        with database.writing() as connection:
            note_command(connection, SystemClock(), "backup", "backup_taken", folder=folder.name[:64])
    except Exception as error:
        if not is_storage_full(error):
            raise
        print("shouwen: the disk is full; this backup stands in no audit trail", file=sys.stderr)


def _restore(arguments: argparse.Namespace) -> int:
    from server.backup import return_backup
    from server.cli_notes import note_command
    from server.database import Database
    from server.erased_list import ErasedList
    from server.outside import SystemClock, SystemEntropy

    settings = settings_of(arguments)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database.open(settings.database, settings.busy_seconds)
    try:
        now = SystemClock().now()
        taken = return_backup(arguments.folder, database, settings.data, now, SystemEntropy(), _rows())
        with database.writing() as connection:
            note_command(connection, SystemClock(), "restore", "record_restored", folder=arguments.folder.name[:64])
        print(f"{taken.log_size} acts, {taken.rows} rows are back in {settings.data}.")
        if arguments.erased is not None:
            ErasedList(settings.data).take_over(arguments.erased)
        print(_ERASED_AGAIN)
        print(_OFFERED_AGAIN)
        return _tell_verified(database)
    finally:
        database.close()


def _restored(arguments: argparse.Namespace) -> int:
    from server.cli_notes import note_command
    from server.lineage import begin_after_restore
    from server.outside import SystemClock, SystemEntropy, to_ms

    database = open_existing(settings_of(arguments))
    try:
        with database.writing() as connection:
            begin_after_restore(connection, SystemEntropy(), to_ms(SystemClock().now()), None)
            note_command(connection, SystemClock(), "restored", "record_restored")
    finally:
        database.close()
    print(_OFFERED_AGAIN)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    import tempfile

    from server.backup import open_tables, read_manifest

    settings = settings_of(arguments)
    if arguments.backup is None:
        database = open_existing(settings)
        try:
            return _tell_verified(database)
        finally:
            database.close()
    manifest = read_manifest(arguments.backup)
    print(f"{arguments.backup}: taken {manifest['taken_at']}, {manifest['log_size']} acts, every file as it was saved")
    with tempfile.TemporaryDirectory() as folder:
        database = open_tables(arguments.backup, Path(folder) / "tables.sqlite3")
        try:
            return _tell_verified(database)
        finally:
            database.close()


def _tell_verified(database: Any) -> int:
    from server.engine import EngineOutside
    from server.settings import Settings
    from server.verification import verify

    limits = Settings(Path())
    engine = EngineOutside(limits.trial_seconds_max, limits.trial_memory_bytes_max)
    try:
        found = verify(database, engine, _of("verified", "acts"))
    finally:
        engine.close()
    for words in found.erased:
        print(words)
    for fault in found.faults[:_FAULTS_SHOWN]:
        print(f"{fault.code}: {fault.where}: {fault.why}", file=sys.stderr)
    if len(found.faults) > _FAULTS_SHOWN:
        print(f"… and {len(found.faults) - _FAULTS_SHOWN} more", file=sys.stderr)
    verdict = "all as it was written" if not found.faults else f"{len(found.faults)} faults"
    print(f"{found.changes} acts in {found.cases} documents: {verdict}")
    return 1 if found.faults else 0


def _rebuild(arguments: argparse.Namespace) -> int:
    from server.casebook import CaseBook
    from server.rebuilding import rebuild
    from server.similar import SimilarIndex

    settings = settings_of(arguments)
    database = open_existing(settings)
    try:
        done = rebuild(database, _of("rebuilt", "documents"))
        print(f"{done.cases} documents: {done.lines_added} lines added to the feeds, {done.lines_removed} removed")
        print(f"{done.tiles} tiles of the log's trees laid anew")
        index = SimilarIndex(settings.search_index, CaseBook(database))
        print(f"{index.rebuild()} cases are searchable")
        index.close()
    finally:
        database.close()
    return 0


def _rows() -> Callable[[str, int], None]:
    def tell(table: str, done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{table}: {done} rows          ", end="", file=sys.stderr, flush=True)

    return tell


def _of(what: str, noun: str) -> Callable[[int, int], None]:
    """Progress in tenths; every step where a person looks."""
    last = -1

    def tell(done: int, total: int) -> None:
        nonlocal last
        tenth = done * 10 // max(total, 1)
        if sys.stderr.isatty() or tenth != last:
            last = tenth
            print(f"{what}: {done} of {total} {noun}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)

    return tell
