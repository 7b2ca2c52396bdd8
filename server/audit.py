"""The audit trail: who did what to accounts, posts, sessions and devices, in rows that are bound to each other.

Only adds. Each row's hash covers the row and the hash before it, so that a changed or missing row shows (`faults`);
the newest hash stands in the registry at every checkpoint, so that nobody trims the end unseen (`inventory`).
Must not hold passwords, codes or anything about citizens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, desc, insert, or_, select

from py_core.cases.acts import Act
from py_core.city import CITY_ID
from server.tables import audit

_START = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row; `user` is empty when nobody was signed in, `about` is whom or what it concerns."""

    n: int
    at_ms: int
    user: str
    what: str
    about: str
    detail: dict[str, Any]


def note(connection: Connection, at_ms: int, user: str, what: str, about: str = "", **detail: Any) -> None:
    """Adds a row inside the caller's writing transaction."""
    last = head(connection)
    n, before = (last[0] + 1, last[1]) if last else (1, _START)
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    values = {"n": n, "at_ms": at_ms, "user": user[:64], "what": what, "about": about[:128], "detail": text}
    connection.execute(insert(audit).values(**values, hash=_hash(before, values)))


# Acts that the auditor has to know of, wherever they were done: what they say, and of what document.
_ACTS = {
    "form_printed": "form",
    "visit_phone_seen": "purpose",
    "field_revealed": "field",
    "hold_placed": "until",
    "hold_lifted": "",
}
RULES_CHANGED = "rules_changed"


def note_act(connection: Connection, at_ms: int, document: str, change_hash: str, act: Act) -> None:
    """Adds rows for what an act of the record says that the trail has to tell: prints, numbers that were seen, holds,
    changes of the city's rules. None of them holds what was seen or printed."""
    for event in act.events:
        kind = str(event["type"])
        if document == CITY_ID:
            note(connection, at_ms, act.user, RULES_CHANGED, kind, act=change_hash)
        elif kind in _ACTS:
            said = {_ACTS[kind]: str(event.get(_ACTS[kind]) or "")[:64]} if _ACTS[kind] else {}
            note(connection, at_ms, act.user, kind, document, act=change_hash, **said)


def head(connection: Connection) -> tuple[int, bytes] | None:
    """Number and hash of the newest row."""
    last = connection.execute(select(audit.c.n, audit.c.hash).order_by(desc(audit.c.n)).limit(1)).first()
    return None if last is None else (last.n, bytes(last.hash))


def hash_of(connection: Connection, n: int) -> bytes | None:
    """The hash of a row; None when it is not there."""
    found = connection.scalar(select(audit.c.hash).where(audit.c.n == n))
    return None if found is None else bytes(found)


def entries(connection: Connection, limit: int, before: int | None = None, about: str = "") -> Sequence[Entry]:
    """The newest rows first, from before a number; `about`: only those by or about this person or thing."""
    statement = select(audit).order_by(desc(audit.c.n)).limit(limit)
    if before is not None:
        statement = statement.where(audit.c.n < before)
    if about:
        statement = statement.where(or_(audit.c.about == about, audit.c.user == about))
    return [
        Entry(row.n, row.at_ms, row.user, row.what, row.about, json.loads(row.detail))
        for row in connection.execute(statement)
    ]


def faults(connection: Connection) -> list[int]:
    """The numbers of rows that are not what was written, or before which one is missing."""
    found: list[int] = []
    before, expected = _START, 1
    for row in connection.execute(select(audit).order_by(audit.c.n)):
        values = {key: getattr(row, key) for key in ("n", "at_ms", "user", "what", "about", "detail")}
        if row.n != expected or _hash(before, values) != bytes(row.hash):
            found.append(row.n)
        before, expected = bytes(row.hash), row.n + 1
    return found


def _hash(before: bytes, values: dict[str, Any]) -> bytes:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()
