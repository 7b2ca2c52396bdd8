"""The city's configuration document (directory): published versions, and the current one read.

Who may do what stands in `py_core/rights.toml`; here is only who somebody is at the server's own moment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from py_core.city import CITY_ID
from py_core.directory import Directory, Person, read_directory
from py_core.errors import Malformed
from py_core.rights import may
from py_core.values import local
from server import record
from server.database import Database
from server.outside import Clock, to_ms
from server.registry import catch_up
from server.tables import directories

_EMPTY: Mapping[str, Any] = {
    "version": 0,
    "city_zh": "",
    "city_en": "",
    "units": [],
    "people": [],
    "posts": [],
    "offers": [],
    "policies": {},
    "public_url": "",
}


@dataclass(frozen=True, slots=True)
class Published:
    """One version of the directory: as sent to devices and as read."""

    version: int
    document: Mapping[str, Any]
    directory: Directory


class City:
    """Reads and publishes the directory; the current version is kept in memory."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._current = Published(0, _EMPTY, read_directory(_EMPTY))

    def publish(self, document: Mapping[str, Any]) -> Published:
        """Makes this document (its `version` is set here) the current one; raises `Malformed` if it cannot be read."""
        with self._database.writing() as connection:
            version = _latest(connection) + 1
            earlier = self.current_in(connection).document
            numbered = {**document, "version": version, "offers": _with_earlier_offers(document["offers"], earlier)}
            units = read_directory(numbered).units
            connection.execute(
                insert(directories).values(
                    version=version,
                    document=json.dumps(numbered, ensure_ascii=False, separators=(",", ":")),
                    published_at_ms=to_ms(self._clock.now()),
                )
            )
            record.feed_whole(connection, CITY_ID, units)  # a new unit works by the city's rules like the others
            catch_up(connection, to_ms(self._clock.now()))
        return self.current()

    def current(self) -> Published:
        """The newest version; version 0 is a city without anybody."""
        with self._database.reading() as connection:
            return self.current_in(connection)

    def current_in(self, connection: Connection) -> Published:
        """The newest version that this connection sees."""
        latest = _latest(connection)
        with self._lock:
            if self._current.version != latest:
                text = connection.scalar(select(directories.c.document).where(directories.c.version == latest))
                document = json.loads(str(text))
                self._current = Published(latest, document, read_directory(document))
            return self._current


def directories_by_time(connection: Connection) -> list[tuple[int, Directory]]:
    """Every directory that was ever in force, with the moment (ms) from which it was, oldest first."""
    rows = connection.execute(select(directories.c.published_at_ms, directories.c.document).order_by("version"))
    return [(since_ms, read_directory(json.loads(document))) for since_ms, document in rows]


def _with_earlier_offers(offers: Sequence[Mapping[str, Any]], before: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The promises with every version that was ever published: a case keeps the one that it was received under.

    Raises `Malformed` when a published version would say something else now.
    """
    rows = {(row["id"], row["version"]): row for row in offers}
    for row in before["offers"]:
        key = row["id"], row["version"]
        if rows.setdefault(key, row) != row:
            raise Malformed(
                f"offer {row['id']}", f"changes what version {row['version']} promised: give it a new version"
            )
    return list(rows.values())


def reader_in(directory: Directory, user: str, now: datetime) -> Person | None:
    """The person as of now if cases may be read by them at all; None for everybody else."""
    person = directory.person_on(user, local(now).date())
    return person if person is not None and may(person.roles, "read_cases") else None


def sees_whole_city(person: Person) -> bool:
    """Whether a person reads every case of the city."""
    return may(person.roles, "read_whole_city")


def _latest(connection: Connection) -> int:
    return connection.scalar(select(func.max(directories.c.version))) or 0
