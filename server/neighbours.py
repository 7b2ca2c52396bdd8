"""Hears from other server processes over the same PostgreSQL that the record grew, and rings this process's bell.

The embedded database has one process and needs none of this. What is missed while the line was cut is found at the
next ring: a ring says only "look". Must not read the record.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg
from sqlalchemy import URL, Connection, text

CHANNEL = "shouwen_log"
_LOOK_SECONDS = 1.0  # how soon the thread notices that it shall end
_RETRY_SECONDS = 5.0
_log = logging.getLogger("shouwen.neighbours")


def tell_neighbours(connection: Connection) -> None:
    """Lets every process know, once this transaction is on the disk, that the log grew."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {CHANNEL}"))


class Neighbours:
    """Listens in a thread of its own until it is closed; a cut line is made anew."""

    def __init__(self, url: URL, ring: Callable[[], None]) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._ring = ring
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="neighbours", daemon=True)
        self.listening = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                _log.warning("no news from other processes for now: %s", type(error).__name__)
                self._ending.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._ring()  # whatever came while nobody listened
            self.listening.set()
            while not self._ending.is_set():
                for _ in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                    self._ring()
