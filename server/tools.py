"""Other software that may use the door at `/automerge`: who stands for it, what it may do, until when.

A tool is a device of its person whose key the record keeps: the signature under its acts says that they came through
this tool's door with its token. Tokens are kept as hashes only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update

from py_core import wire
from py_core.enrolment import enrol_sign_bytes
from py_core.errors import ShouwenError
from server.city import City, reader_in
from server.cli_notes import note_command
from server.database import Database
from server.devices import Device, EnrolmentRequest, device_by_id, enrol
from server.keys import SigningKey
from server.outside import Clock, Entropy, from_ms, to_ms
from server.tables import devices, tools

TOKEN_BYTES = 32
DAYS_MAX = 366


class ToolRefused(ShouwenError):
    """A tool cannot be let in as asked."""

    code = "tool_refused"


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: its device, its person, whether it may write; `expires_at_ms` ends it by itself."""

    device: Device
    user: str
    may_write: bool
    expires_at_ms: int
    key: SigningKey


class Tools:
    """Lets tools in, finds them by their token, shuts them out."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        city: City,
        device_key: SigningKey,
        record_key: SigningKey,
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._city = city
        self._device_key = device_key
        self._record_key = record_key

    def let_in(self, name: str, user: str, may_write: bool, life: timedelta) -> tuple[str, Tool]:
        """A new tool and its token, which nobody can learn again; raises `ToolRefused`."""
        if not timedelta(0) < life <= timedelta(days=DAYS_MAX):
            raise ToolRefused(f"a tool is let in for 1 to {DAYS_MAX} days; grant it anew after that")
        token = self._entropy.token(TOKEN_BYTES).hex()
        salt = self._entropy.token(16).hex()
        key = self._key(salt)
        now_ms = to_ms(self._clock.now())
        expires_at_ms = now_ms + int(life.total_seconds() * 1000)
        with self._database.writing() as connection:
            if reader_in(self._city.current_in(connection).directory, user, self._clock.now()) is None:
                raise ToolRefused(
                    f"nobody who works on cases is called {user}; a tool needs a person who stands for it"
                )
            asked = key.sign(enrol_sign_bytes(user, wire.ALG_ED25519, key.public, name))
            request = EnrolmentRequest(user, wire.ALG_ED25519, key.public, name, asked)
            device = enrol(connection, self._entropy, self._record_key, request, now_ms)
            connection.execute(
                insert(tools).values(
                    device=device.id,
                    token_hash=_hash(token),
                    key_salt=salt,
                    may_write=int(may_write),
                    expires_at_ms=expires_at_ms,
                )
            )
            may, until = "write" if may_write else "read", from_ms(expires_at_ms).date().isoformat()
            note_command(
                connection, self._clock, "tool-grant", "tool_let_in", device.id,
                name=device.name, stands_for=user, may=may, until=until,
            )  # fmt: skip
        return token, Tool(device, user, may_write, expires_at_ms, key)

    def find(self, token: str) -> Tool | None:
        """The tool with this token; None when there is none, or not any more."""
        with self._database.reading() as connection:
            row = connection.execute(select(tools).where(tools.c.token_hash == _hash(token))).first()
            device = device_by_id(connection, row.device) if row else None
        if row is None or device is None or device.user is None or device.revoked:
            return None
        if row.expires_at_ms <= to_ms(self._clock.now()):
            return None
        return Tool(device, device.user, bool(row.may_write), row.expires_at_ms, self._key(row.key_salt))

    def all(self) -> Sequence[Tool]:
        """Every tool that was ever let in, also those that may not come any more."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tools)).all()
            found = [(row, device_by_id(connection, row.device)) for row in rows]
        return [
            Tool(device, device.user or "", bool(row.may_write), row.expires_at_ms, self._key(row.key_salt))
            for row, device in found
            if device is not None
        ]

    def shut_out(self, device: str) -> None:
        """Ends a tool for ever; raises `ToolRefused` when there is none with this device id."""
        with self._database.writing() as connection:
            if connection.scalar(select(tools.c.device).where(tools.c.device == device)) is None:
                raise ToolRefused(f"there is no tool {device}; `shouwen tools` lists them")
            now_ms = to_ms(self._clock.now())
            unless = (devices.c.id == device, devices.c.revoked_at_ms.is_(None))
            if connection.execute(update(devices).where(*unless).values(revoked_at_ms=now_ms)).rowcount:
                note_command(connection, self._clock, "tool-revoke", "tool_shut_out", device)

    def _key(self, salt: str) -> SigningKey:
        return self._device_key.derived(b"shouwen-tool-1" + bytes.fromhex(salt))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
