"""Contents of photographs and papers: taken in resumable chunks, whole only when their hash fits, read by who may.

Owns every statement on the `attachment…` tables. A content counts as somebody's only after that person has sent all
of it: whoever merely knows a hash can neither learn whether it is here nor read it by naming it. Must not know HTTP
(see `attachment_routes`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from py_core.cases.acts import Event
from py_core.cases.attached import FILE_BYTES_MAX
from py_core.content_types import content_type
from py_core.directory import Directory, Person
from py_core.enclosed import attachments_of
from py_core.errors import ShouwenError
from server import record
from server.authority import is_allowed
from server.city import reader_in, sees_whole_city
from server.database import Database
from server.outside import Clock, to_ms
from server.scope import RESTRICTED, units_in
from server.settings import Settings
from server.tables import attachment_chunks, attachment_names, attachment_uploads, attachments

CHUNK_BYTES_MAX = 256 * 1024
_DAY_MS = 86_400_000
_SWEEP_EVERY_MS = 3_600_000
_RETRY_QUOTA_SECONDS = 3600
_RETRY_BUSY_SECONDS = 2


class UploadRefused(ShouwenError):
    """A chunk that was not taken: HTTP status, stable code, where the upload stands now."""

    def __init__(self, status: int, code: str, offset: int = 0, retry_after_seconds: int | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.offset = offset
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one person's upload of a content has come."""

    offset: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Content:
    """A whole content that somebody may read."""

    sha256: str
    bytes: int
    type: str
    holder: str


def note_names(connection: Connection, case_id: str, events: Iterable[Event], user: str) -> None:
    """Notes which contents an accepted act names; from now on they stay."""
    for sha256 in {file.sha256 for file in attachments_of(events)}:
        key = {"sha256": sha256, "case_id": case_id, "user": user}
        same = [attachment_names.c[name] == value for name, value in key.items()]
        if not connection.scalar(select(exists().where(*same))):
            connection.execute(insert(attachment_names).values(**key))


def erase(connection: Connection, case_id: str) -> int:
    """Drops the contents that acts of this case name and no other case does; how many they were."""
    named = select(attachment_names.c.sha256).where(attachment_names.c.case_id == case_id).distinct()
    names = connection.scalars(named).all()
    connection.execute(delete(attachment_names).where(attachment_names.c.case_id == case_id))
    gone = 0
    for sha256 in names:
        if not connection.scalar(select(exists().where(attachment_names.c.sha256 == sha256))):
            for table in (attachment_chunks, attachment_uploads, attachments):
                connection.execute(delete(table).where(table.c.sha256 == sha256))
            gone += 1
    return gone


class Attachments:
    """The record's contents."""

    def __init__(self, settings: Settings, clock: Clock, database: Database) -> None:
        self._settings = settings
        self._clock = clock
        self._database = database
        self._swept_at_ms = 0
        self._writers = threading.Semaphore(settings.attachment_writers_max)  # acts must not queue behind pictures

    def standing(self, user: str, sha256: str, directory: Directory) -> Standing:
        """Where this person's upload has to go on; a content that the person can read already needs none."""
        with self._database.reading() as connection:
            found = connection.execute(select(attachment_uploads).where(*_upload(sha256, user))).first()
            readable = self._readable(connection, user, sha256, directory)
        if found is not None and (found.complete_at_ms is not None or readable is None):
            return Standing(found.received, found.complete_at_ms is not None)
        if readable is None:
            return Standing(0, False)
        self._believe(user, readable)
        return Standing(readable.bytes, True)

    def take(self, user: str, sha256: str, total: int, offset: int, data: bytes) -> Standing:
        """Stores one chunk; raises `UploadRefused`. What it says is on the disk."""
        if not 0 < total <= FILE_BYTES_MAX or not 0 < len(data) <= CHUNK_BYTES_MAX or offset + len(data) > total:
            raise UploadRefused(413, "too_large")
        if not self._writers.acquire(blocking=False):
            raise UploadRefused(503, "busy", offset, _RETRY_BUSY_SECONDS)
        try:
            return self._take_alone(user, sha256, total, offset, data)
        finally:
            self._writers.release()

    def _take_alone(self, user: str, sha256: str, total: int, offset: int, data: bytes) -> Standing:
        refused: UploadRefused | None = None
        with self._database.writing() as connection:
            now_ms = to_ms(self._clock.now())
            self._sweep(connection, now_ms)
            try:
                standing = self._take(connection, user, sha256, total, offset, data, now_ms)
            except UploadRefused as error:  # what was dropped because of it stays dropped
                refused = error
        if refused is not None:
            raise refused
        return standing

    def readable(self, user: str, sha256: str, directory: Directory) -> Content | None:
        """The content, if it is here and a case in this person's scope names it."""
        with self._database.reading() as connection:
            return self._readable(connection, user, sha256, directory)

    def pieces(self, content: Content, first: int, last: int) -> Iterator[bytes]:
        """The bytes from `first` to `last` (inclusive), chunk by chunk."""
        columns = (attachment_chunks.c.at, attachment_chunks.c.data)
        same = (attachment_chunks.c.sha256 == content.sha256, attachment_chunks.c.user == content.holder)
        at = first
        while at <= last:
            with self._database.reading() as connection:  # no transaction stays open while a slow line reads
                row = connection.execute(
                    select(*columns).where(*same, attachment_chunks.c.at <= at).order_by(attachment_chunks.c.at.desc())
                ).first()
            piece = b"" if row is None else bytes(row.data)[at - row.at : last + 1 - row.at]
            if not piece:
                return  # swept meanwhile: the answer is shorter than announced, which every client notices
            yield piece
            at += len(piece)

    def sweep(self) -> None:
        """Drops what no accepted act has named in time."""
        with self._database.writing() as connection:
            self._swept_at_ms = 0
            self._sweep(connection, to_ms(self._clock.now()))

    def _take(
        self, connection: Connection, user: str, sha256: str, total: int, offset: int, data: bytes, now_ms: int
    ) -> Standing:
        where = _upload(sha256, user)
        found = connection.execute(select(attachment_uploads).where(*where)).first()
        if found is None:
            if offset != 0:
                raise UploadRefused(409, "other_offset", 0)
            self._check_quota(connection, user, total, now_ms)
            row = {"sha256": sha256, "user": user, "bytes": total, "received": 0, "started_at_ms": now_ms}
            connection.execute(insert(attachment_uploads).values(**row, last_at_ms=now_ms))
        elif found.complete_at_ms is not None:
            return Standing(found.bytes, True)
        elif found.bytes != total:
            raise UploadRefused(409, "other_length", found.received)
        elif found.received != offset:
            raise UploadRefused(409, "other_offset", found.received)
        connection.execute(insert(attachment_chunks).values(sha256=sha256, user=user, at=offset, data=data))
        received = offset + len(data)
        connection.execute(update(attachment_uploads).where(*where).values(received=received, last_at_ms=now_ms))
        if received < total:
            return Standing(received, False)
        self._complete(connection, user, sha256, now_ms)
        return Standing(received, True)

    def _complete(self, connection: Connection, user: str, sha256: str, now_ms: int) -> None:
        statement = select(attachment_chunks.c.data).where(*_chunks(sha256, user)).order_by(attachment_chunks.c.at)
        whole = b"".join(bytes(data) for data in connection.scalars(statement))
        kind = content_type(whole)
        if hashlib.sha256(whole).hexdigest() != sha256:
            self._drop(connection, sha256, user)
            raise UploadRefused(422, "wrong_hash")
        if not kind:
            self._drop(connection, sha256, user)
            raise UploadRefused(415, "wrong_type")
        if connection.scalar(select(exists().where(attachments.c.sha256 == sha256))):
            connection.execute(delete(attachment_chunks).where(*_chunks(sha256, user)))
        else:
            row = {"sha256": sha256, "bytes": len(whole), "type": kind, "holder": user}
            connection.execute(insert(attachments).values(**row, complete_at_ms=now_ms))
        done = update(attachment_uploads).where(*_upload(sha256, user))
        connection.execute(done.values(complete_at_ms=now_ms))

    def _check_quota(self, connection: Connection, user: str, total: int, now_ms: int) -> None:
        begun = select(func.sum(attachment_uploads.c.bytes)).where(
            attachment_uploads.c.user == user, attachment_uploads.c.started_at_ms > now_ms - _DAY_MS
        )
        if (connection.scalar(begun) or 0) + total > self._settings.attachment_day_bytes_max:
            raise UploadRefused(429, "quota", 0, _RETRY_QUOTA_SECONDS)

    def _readable(self, connection: Connection, user: str, sha256: str, directory: Directory) -> Content | None:
        person = reader_in(directory, user, self._clock.now())
        content = connection.execute(select(attachments).where(attachments.c.sha256 == sha256)).first()
        if person is None or content is None:
            return None
        named = (
            select(attachment_names.c.case_id)
            .join(
                attachment_uploads,
                (attachment_uploads.c.sha256 == attachment_names.c.sha256)
                & (attachment_uploads.c.user == attachment_names.c.user),
            )
            .where(attachment_names.c.sha256 == sha256, attachment_uploads.c.complete_at_ms.is_not(None))
        )
        if not any(_may_know(connection, case_id, person) for case_id in connection.scalars(named.distinct()).all()):
            return None
        return Content(content.sha256, content.bytes, content.type, content.holder)

    def _believe(self, user: str, content: Content) -> None:
        """Counts a content as sent by somebody who can read it anyhow."""
        now_ms = to_ms(self._clock.now())
        with self._database.writing() as connection:
            self._drop(connection, content.sha256, user)
            row = {"sha256": content.sha256, "user": user, "bytes": content.bytes, "received": content.bytes}
            moments = {"started_at_ms": now_ms, "last_at_ms": now_ms, "complete_at_ms": now_ms}
            connection.execute(insert(attachment_uploads).values(**row, **moments))

    def _sweep(self, connection: Connection, now_ms: int) -> None:
        if now_ms - self._swept_at_ms < _SWEEP_EVERY_MS:
            return
        self._swept_at_ms = now_ms
        named = exists().where(
            attachment_names.c.sha256 == attachment_uploads.c.sha256,
            attachment_names.c.user == attachment_uploads.c.user,
        )
        too_old = now_ms - self._settings.attachment_unnamed_days * _DAY_MS
        old = select(attachment_uploads.c.sha256, attachment_uploads.c.user).where(
            attachment_uploads.c.last_at_ms < too_old, ~named
        )
        for sha256, user in connection.execute(old).all():
            self._drop(connection, sha256, user)

    def _drop(self, connection: Connection, sha256: str, user: str) -> None:
        """Forgets one person's upload; the content stays as long as another one has it."""
        connection.execute(delete(attachment_uploads).where(*_upload(sha256, user)))
        held = (attachments.c.sha256 == sha256, attachments.c.holder == user)
        if connection.scalar(select(exists().where(*held))):
            others = attachment_uploads.c.sha256 == sha256, attachment_uploads.c.complete_at_ms.is_not(None)
            heir = connection.scalar(select(attachment_uploads.c.user).where(*others).limit(1))
            if heir is not None:
                connection.execute(delete(attachment_chunks).where(*_chunks(sha256, heir)))
                connection.execute(update(attachment_chunks).where(*_chunks(sha256, user)).values(user=heir))
                connection.execute(update(attachments).where(*held).values(holder=heir))
                return
            connection.execute(delete(attachments).where(*held))
        connection.execute(delete(attachment_chunks).where(*_chunks(sha256, user)))


def _may_know(connection: Connection, case_id: str, person: Person) -> bool:
    """Whether the case itself is this person's to open (see `desk_store`)."""
    standing = record.standing_of_case(connection, case_id)
    if any(RESTRICTED in reasons for reasons in standing.values()):
        first = record.first_of_case(connection, case_id)
        return first is not None and is_allowed(first.raw, person.id, person.roles)
    return sees_whole_city(person) or person.unit in units_in(standing)


def _upload(sha256: str, user: str) -> tuple[ColumnElement[bool], ...]:
    return (attachment_uploads.c.sha256 == sha256, attachment_uploads.c.user == user)


def _chunks(sha256: str, user: str) -> tuple[ColumnElement[bool], ...]:
    return (attachment_chunks.c.sha256 == sha256, attachment_chunks.c.user == user)
