"""The command line's one way to say where the record is: `--data`, and `--database-url` or DATABASE_URL."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from py_core.errors import ShouwenError
from server.database import Database
from server.settings import Settings


class NoRecord(ShouwenError):
    """There is no record where the person said."""

    code = "no_record"


def add_where(parser: argparse.ArgumentParser) -> None:
    """Adds the options; the folder holds keys and derived indexes even when the record lies in PostgreSQL."""
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder of the record (default .data)")
    parser.add_argument(
        "--database-url",
        metavar="URL",
        default=os.environ.get("DATABASE_URL") or None,
        help="record in PostgreSQL: postgresql://user@host/name (default: $DATABASE_URL, else embedded in --data)",
    )


def settings_of(arguments: argparse.Namespace, *, https: bool = False) -> Settings:
    """The settings that the options say; raises `ConfigurationError` for an address that cannot be used."""
    settings = Settings(arguments.data, database_url=arguments.database_url, secure_cookies=https)
    assert settings.database  # reads the address: a wrong one is told before anything is made
    return settings


def open_existing(settings: Settings) -> Database:
    """The record's database, which must be there already; raises `NoRecord`."""
    where = settings.database
    if isinstance(where, Path) and not where.is_file():
        raise NoRecord(f"there is no record in {settings.data}; `shouwen demo` or `shouwen restore` makes one")
    return Database.open(where, settings.busy_seconds)
