"""What devices told of themselves: last contact, unsent count, version, storage, clock, and which cases they purged.

Owns `device_contacts` and `purges`. What a device says of itself is its word, not a proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from py_core.log_watch import Fork, fork_of
from py_core.wire import Hello
from server import audit
from server.tables import device_contacts, purges

AGAIN_AFTER_MS = 60_000  # a device that says the same again is written down once a minute
CLOCK_STEP_MS = 2_000  # a smaller change of the offset is the line's delay
_ID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Contact:
    """A device's last word on itself."""

    at_ms: int
    app: str
    waiting: int
    refused: int
    storage_used: int | None
    storage_quota: int | None
    storage_kept: bool | None
    clock_offset_ms: int | None
    forked: Fork | None
    forked_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Purges:
    """How many cases a device attested as purged, and when it last did."""

    cases: int
    last_at_ms: int


def is_news(connection: Connection, device: str, hello: Hello, now_ms: int) -> bool:
    """Whether this contact is worth a write."""
    row = connection.execute(select(device_contacts).where(device_contacts.c.device == device)).first()
    if row is None or not 0 <= now_ms - row.at_ms < AGAIN_AFTER_MS:
        return True
    offset, told = hello.clock_offset_ms, row.clock_offset_ms
    moved = (offset is None) != (told is None) or abs((offset or 0) - (told or 0)) >= CLOCK_STEP_MS
    kept = None if row.storage_kept is None else bool(row.storage_kept)
    said = (_app(hello), hello.waiting, hello.refused, hello.storage_kept, _forked(hello))
    same = (row.app, row.waiting, row.refused, kept, row.forked) == said
    return moved or not same


def note(connection: Connection, device: str, hello: Hello, now_ms: int) -> None:
    """Keeps what the device told, and every purge that it attests."""
    values: dict[str, Any] = {
        "at_ms": now_ms,
        "app": _app(hello),
        "waiting": hello.waiting,
        "refused": hello.refused,
        "storage_used": hello.storage_used,
        "storage_quota": hello.storage_quota,
        "storage_kept": None if hello.storage_kept is None else int(hello.storage_kept),
        "clock_offset_ms": hello.clock_offset_ms,
        "forked": _forked(hello),
    }
    where = device_contacts.c.device == device
    known = connection.scalar(select(device_contacts.c.forked).where(where))
    if values["forked"] is None or values["forked"] != known:
        values["forked_at_ms"] = None if values["forked"] is None else now_ms
    if values["forked"] is not None and values["forked"] != known:
        audit.note(connection, now_ms, "", "log_forked", device, heads=values["forked"])
    if connection.execute(update(device_contacts).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(device_contacts).values(device=device, **values))
    note_purges(connection, device, hello.purged, now_ms)


def note_purges(connection: Connection, device: str, cases: Sequence[str], now_ms: int) -> None:
    """Keeps what a device attests; the same again only moves its last time."""
    for case_id in dict.fromkeys(cases):
        if len(case_id) != _ID_DIGITS or set(case_id) - set("0123456789abcdef"):
            continue  # no case: there is nothing to attest
        same = (purges.c.device == device, purges.c.case_id == case_id)
        if connection.execute(update(purges).where(*same).values(last_at_ms=now_ms)).rowcount == 0:
            connection.execute(
                insert(purges).values(device=device, case_id=case_id, first_at_ms=now_ms, last_at_ms=now_ms)
            )


def contacts(connection: Connection) -> Mapping[str, Contact]:
    """Every device's last word on itself."""
    return {
        row.device: Contact(
            row.at_ms,
            row.app,
            row.waiting,
            row.refused,
            row.storage_used,
            row.storage_quota,
            None if row.storage_kept is None else bool(row.storage_kept),
            row.clock_offset_ms,
            fork_of(row.forked or ""),
            row.forked_at_ms,
        )
        for row in connection.execute(select(device_contacts))
    }


def purged(connection: Connection) -> Mapping[str, Purges]:
    """What each device attested."""
    statement = select(purges.c.device, func.count(), func.max(purges.c.last_at_ms)).group_by(purges.c.device)
    return {device: Purges(cases, last) for device, cases, last in connection.execute(statement)}


def attested(connection: Connection, device: str) -> Sequence[str]:
    """The cases that a device said it purged."""
    return list(connection.scalars(select(purges.c.case_id).where(purges.c.device == device)))


def _forked(hello: Hello) -> str | None:
    return hello.forked if fork_of(hello.forked) is not None else None


def _app(hello: Hello) -> str:
    return hello.app.replace("\0", "")[:64]  # PostgreSQL stores none
