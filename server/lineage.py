"""The record's history by name: a random lineage, new whenever the record came back from a backup.

Devices compare it, and offer again what the backup did not have yet. Owns the table `lineages`. Must not read the log
beyond its size.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from server import record
from server.outside import Entropy
from server.tables import lineages

_BYTES = 6


@dataclass(frozen=True, slots=True)
class Restored:
    """A return from a backup: when, of which moment the backup was, how many acts it held."""

    at_ms: int
    taken_at_ms: int | None  # None: put back by other means than `shouwen restore`
    log_size: int


def current(connection: Connection) -> str:
    """The present lineage."""
    return str(connection.scalar(select(lineages.c.id).order_by(lineages.c.n.desc()).limit(1)) or "")


def begin_first(connection: Connection, entropy: Entropy, now_ms: int) -> None:
    """Names the lineage of a record that has none yet."""
    if not current(connection):
        _begin(connection, entropy, now_ms, 0, None)


def begin_after_restore(connection: Connection, entropy: Entropy, now_ms: int, taken_at_ms: int | None) -> str:
    """Begins a new lineage: what devices have from beyond the log as it is now, they will offer again."""
    begin_first(connection, entropy, now_ms)
    return _begin(connection, entropy, now_ms, record.log_size(connection), taken_at_ms)


def shared_with(connection: Connection, lineage: str) -> int:
    """Up to which size the log is the same as in that lineage; 0 when this record never heard of it."""
    number = connection.scalar(select(lineages.c.n).where(lineages.c.id == lineage))
    if number is None:
        return 0
    return connection.scalar(select(func.min(lineages.c.log_size)).where(lineages.c.n > number)) or 0


def restores(connection: Connection) -> list[Restored]:
    """Every return from a backup that this record knows of, newest first."""
    rows = connection.execute(select(lineages).where(lineages.c.n > 0).order_by(lineages.c.n.desc()))
    return [Restored(row.begun_at_ms, row.taken_at_ms, row.log_size) for row in rows]


def count_restores(connection: Connection) -> int:
    """How often the record came back from a backup."""
    return connection.scalar(select(func.max(lineages.c.n))) or 0


def _begin(connection: Connection, entropy: Entropy, now_ms: int, log_size: int, taken_at_ms: int | None) -> str:
    highest = connection.scalar(select(func.max(lineages.c.n)))
    name = entropy.token(_BYTES).hex()
    number = 0 if highest is None else highest + 1
    connection.execute(
        insert(lineages).values(n=number, id=name, begun_at_ms=now_ms, log_size=log_size, taken_at_ms=taken_at_ms)
    )
    return name
