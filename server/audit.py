"""The audit trail: who did what to accounts, posts, sessions and devices, in rows that are bound to each other.

Only adds. Each row's hash covers the row and the hash before it, so that a changed or missing row shows (`faults`).
Must not hold passwords, codes or anything about citizens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, desc, insert, or_, select

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
    last = connection.execute(select(audit.c.n, audit.c.hash).order_by(desc(audit.c.n)).limit(1)).first()
    n, before = (last.n + 1, bytes(last.hash)) if last else (1, _START)
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    values = {"n": n, "at_ms": at_ms, "user": user[:64], "what": what, "about": about[:128], "detail": text}
    connection.execute(insert(audit).values(**values, hash=_hash(before, values)))


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
