"""Chooses the one SQLite library that this process uses, for the record and for the search index alike.

Two copies of the library in one process must not open the same file: closing one drops the other's POSIX locks.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from types import ModuleType
from typing import Any

import sqlite_vec


@cache
def driver() -> ModuleType:
    """The DB-API module: the standard library's if it can load extensions, else `pysqlite3`, else the former."""
    if _can_load_vectors(sqlite3):
        return sqlite3
    try:
        import pysqlite3
    except ImportError:  # only packaged for Linux; the record works without, similar cases by words only
        return sqlite3
    return pysqlite3 if _can_load_vectors(pysqlite3) else sqlite3


def load_vectors(connection: Any) -> bool:
    """Loads sqlite-vec into this connection of `driver()`; False where the library cannot load extensions."""
    return _load(connection, driver())


def _can_load_vectors(module: ModuleType) -> bool:
    connection = module.connect(":memory:")
    try:
        return _load(connection, module)
    finally:
        connection.close()


def _load(connection: Any, module: ModuleType) -> bool:
    if not hasattr(connection, "enable_load_extension"):
        return False
    connection.enable_load_extension(True)
    try:
        connection.load_extension(sqlite_vec.loadable_path())
    except module.OperationalError:
        return False
    finally:
        connection.enable_load_extension(False)
    return True
