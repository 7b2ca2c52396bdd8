"""Second factors: time-based codes (RFC 6238) of an authenticator app, and recovery codes for when it is lost.

Secrets lie encrypted with a key that only this server's key file gives; recovery codes lie as keyed hashes. A code
counts once. Must not know sessions.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import Connection, delete, func, insert, select, update

from server.database import Database
from server.keys import SigningKey
from server.outside import Clock, Entropy, to_ms
from server.tables import recovery_codes, second_factors

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 10
_SECRET_BYTES = 20
_RECOVERY_BYTES = 10  # 80 bits: a keyed hash needs no slow one
_DRIFT_STEPS = 1  # a phone's clock may be half a minute off


@dataclass(frozen=True, slots=True)
class Offered:
    """A new secret as an app takes it: by QR code (`address`) or typed (`typed`, base32 in groups of four)."""

    address: str
    typed: str


class SecondFactors:
    """Sets second factors up, checks codes, removes them."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, key: SigningKey) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._key = key

    def has(self, user: str) -> bool:
        """Whether codes are asked of this person."""
        with self._database.reading() as connection:
            where = (second_factors.c.user == user, second_factors.c.confirmed_at_ms.is_not(None))
            return connection.execute(select(second_factors.c.user).where(*where)).first() is not None

    def all(self) -> frozenset[str]:
        """Everybody who has one."""
        with self._database.reading() as connection:
            where = second_factors.c.confirmed_at_ms.is_not(None)
            return frozenset(connection.scalars(select(second_factors.c.user).where(where)))

    def offer(self, user: str, issuer: str) -> Offered:
        """A new secret, which waits for its first code in place of any that waited; `issuer` is what the app calls us.

        Nothing gives it a second time: who saw one that was never used does not know the one that its person uses.
        """
        with self._database.writing() as connection:
            row = connection.execute(select(second_factors).where(second_factors.c.user == user)).first()
            if row is not None and row.confirmed_at_ms is not None:
                raise ValueError("there is a second factor already: remove it first")
            self.remove(connection, user)
            secret = self._entropy.token(_SECRET_BYTES)
            self._store(connection, user, secret, None)
        return _offered(user, issuer, secret)

    def confirm(self, user: str, code: str) -> tuple[str, ...] | None:
        """Makes the offered secret count if the code is right; gives the recovery codes, which nobody can see again."""
        with self._database.writing() as connection:
            row = connection.execute(select(second_factors).where(second_factors.c.user == user)).first()
            if row is None or row.confirmed_at_ms is not None or not self._take_code(connection, row, code):
                return None
            now_ms = to_ms(self._clock.now())
            where = second_factors.c.user == user
            connection.execute(update(second_factors).where(where).values(confirmed_at_ms=now_ms))
            return self._new_codes(connection, user)

    def renew_codes(self, user: str) -> tuple[str, ...]:
        """Fresh recovery codes; those of before are worth nothing any more."""
        with self._database.writing() as connection:
            return self._new_codes(connection, user)

    def codes_left(self, user: str) -> int:
        with self._database.reading() as connection:
            counted = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user == user)
            return connection.scalar(counted) or 0

    def check(self, user: str, code: str) -> bool:
        """Whether the code is the app's of now or an unused recovery code; either counts once."""
        typed = re.sub(r"[\s-]", "", code).upper()
        with self._database.writing() as connection:
            row = connection.execute(select(second_factors).where(second_factors.c.user == user)).first()
            if row is None or row.confirmed_at_ms is None:
                return False
            if typed.isascii() and typed.isdigit():
                return self._take_code(connection, row, typed)
            used = delete(recovery_codes).where(
                recovery_codes.c.user == user, recovery_codes.c.code_hash == self._code_hash(user, typed)
            )
            return connection.execute(used).rowcount == 1

    def remove(self, connection: Connection, user: str) -> None:
        """Forgets secret and recovery codes."""
        connection.execute(delete(second_factors).where(second_factors.c.user == user))
        connection.execute(delete(recovery_codes).where(recovery_codes.c.user == user))

    def set_known(self, connection: Connection, user: str, secret: bytes) -> None:
        """Gives a person a secret that is public on purpose: only the demonstration does."""
        self.remove(connection, user)
        self._store(connection, user, secret, to_ms(self._clock.now()))

    def _take_code(self, connection: Connection, row: object, code: str) -> bool:
        user, last = row.user, row.last_step  # type: ignore[attr-defined]
        secret = self._open(user, bytes(row.sealed))  # type: ignore[attr-defined]
        typed = re.sub(r"[\s-]", "", code)
        now = int(self._clock.now().timestamp()) // STEP_SECONDS
        for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
            if step > last and hmac.compare_digest(code_at(secret, step).encode(), typed.encode("utf-8", "replace")):
                where = second_factors.c.user == user
                connection.execute(update(second_factors).where(where).values(last_step=step))
                return True
        return False

    def _new_codes(self, connection: Connection, user: str) -> tuple[str, ...]:
        connection.execute(delete(recovery_codes).where(recovery_codes.c.user == user))
        codes = []
        for _ in range(RECOVERY_CODES):
            code = base64.b32encode(self._entropy.token(_RECOVERY_BYTES)).decode()
            code = "R" + code[1:] if code.isdigit() else code  # never looks like an app's code
            connection.execute(insert(recovery_codes).values(user=user, code_hash=self._code_hash(user, code)))
            codes.append(_grouped(code))
        return tuple(codes)

    def _store(self, connection: Connection, user: str, secret: bytes, confirmed_at_ms: int | None) -> None:
        nonce = self._entropy.token(12)
        sealed = nonce + AESGCM(self._sealing_key).encrypt(nonce, secret, user.encode())
        connection.execute(
            insert(second_factors).values(user=user, sealed=sealed, confirmed_at_ms=confirmed_at_ms, last_step=0)
        )

    def _open(self, user: str, sealed: bytes) -> bytes:
        return AESGCM(self._sealing_key).decrypt(sealed[:12], sealed[12:], user.encode())

    @property
    def _sealing_key(self) -> bytes:
        return self._key.tag(b"second-factor", 32)

    def _code_hash(self, user: str, code: str) -> bytes:
        return self._key.tag(b"recovery-code" + user.encode() + b"\0" + code.encode("utf-8", "replace"), 32)


def code_at(secret: bytes, step: int) -> str:
    """The code of a secret in a step of 30 seconds since 1970."""
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS, enforce_key_length=False).generate(step * STEP_SECONDS).decode()


def _offered(user: str, issuer: str, secret: bytes) -> Offered:
    typed = base64.b32encode(secret).decode()
    label = quote(f"{issuer}:{user}")
    query = urlencode({"secret": typed, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS})
    return Offered(f"otpauth://totp/{label}?{query}", _grouped(typed))


def _grouped(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
