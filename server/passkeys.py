"""Passkeys by which people sign in to their account (WebAuthn): registered, asked, named, removed.

A passkey counts for password and second factor together, so the authenticator must have known its person (fingerprint,
face or PIN). Challenges are ours by a keyed tag, bound to one browser and purpose, short-lived, and count once. Must
not know sessions.
"""

from __future__ import annotations

import hmac
import json
import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, func, insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, decode_credential_public_key
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from py_core.errors import ShouwenError
from py_core.views import language
from server.database import Database
from server.keys import SigningKey
from server.outside import Clock, Entropy, from_ms, to_ms
from server.tables import passkeys, used_challenges

LIFE = timedelta(minutes=5)  # how long somebody may look for the security key
EACH_MAX = 10
NAME_MAX = 32
ADD, SIGN_IN = b"add", b"sign-in"
_TAG_BYTES = 16
_NONCE_BYTES = 16
_ANSWER_MAX = 16 * 1024
_LOOPBACK = ("127.0.0.1", "[::1]")
# What the library may raise for bytes that no authenticator made, besides its own errors.
_UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, OverflowError, RecursionError, AttributeError)


class PasskeyRefused(ShouwenError):
    """An answer of an authenticator that is not taken; `code` says why."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Site:
    """Which site passkeys belong to: by its name (`rp_id`) and exact origins."""

    rp_id: str
    origins: list[str]


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered passkey as its person sees it."""

    id: str
    name: str
    added_at: datetime
    used_at: datetime | None


def site_of(public_url: str) -> Site | None:
    """The site of the published address; None where there can be no passkeys (an address without a name)."""
    try:
        parts = urlsplit(public_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme == "http" and (host == "localhost" or parts.netloc.removesuffix(port) in _LOOPBACK):
        return Site("localhost", [f"http://localhost{port}"])
    if parts.scheme != "https" or not re.fullmatch(r"[a-z0-9.-]*[a-z][a-z0-9.-]*", host):
        return None
    return Site(host, [f"https://{host}{port}"])


class Passkeys:
    """Registers passkeys and tells whose one answered."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, key: SigningKey) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._key = key

    def of(self, user: str) -> list[Passkey]:
        """Somebody's passkeys, in the order of adding."""
        statement = select(passkeys).where(passkeys.c.user == user).order_by(passkeys.c.added_at_ms)
        with self._database.reading() as connection:
            return [
                Passkey(
                    bytes(row.credential_id).hex(),
                    row.name,
                    from_ms(row.added_at_ms),
                    None if row.used_at_ms is None else from_ms(row.used_at_ms),
                )
                for row in connection.execute(statement)
            ]

    def all(self) -> frozenset[str]:
        """Everybody who has one."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(select(passkeys.c.user)))

    def offer(self, site: Site, user: str, bound_to: str) -> str:
        """What the browser asks an authenticator for (JSON), for a new passkey; raises `PasskeyRefused`."""
        with self._database.reading() as connection:
            rows = connection.execute(select(passkeys).where(passkeys.c.user == user)).all()
        if len(rows) >= EACH_MAX:
            raise PasskeyRefused("too_many")
        options = generate_registration_options(
            rp_id=site.rp_id,
            rp_name=language.translate(language.ZH, "Shouwen"),
            user_id=self._handle(user),
            user_name=user,
            user_display_name=user,
            challenge=self._challenge(ADD, f"{user} {bound_to}"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(row.credential_id)) for row in rows],
        )
        return options_to_json(options)

    def ask(self, site: Site, bound_to: str) -> str:
        """What the browser asks an authenticator for (JSON), to sign somebody in; it names nobody."""
        options = generate_authentication_options(
            rp_id=site.rp_id,
            challenge=self._challenge(SIGN_IN, bound_to),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def add(self, connection: Connection, site: Site, user: str, bound_to: str, name: str, answer: str) -> str:
        """Takes a new passkey in; gives its name. Raises `PasskeyRefused`."""
        said = _read(answer)
        challenge = self._challenge_in(connection, said, ADD, f"{user} {bound_to}")
        try:
            made = verify_registration_response(
                credential=said,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origins,
                require_user_verification=True,
            )
            alg = int(decode_credential_public_key(made.credential_public_key).alg)
        except _UNREADABLE as error:
            raise PasskeyRefused("not_verified", str(error)) from error
        known = select(passkeys.c.user).where(passkeys.c.credential_id == made.credential_id)
        if connection.execute(known).first() is not None:
            raise PasskeyRefused("already_here")
        counted = select(func.count()).select_from(passkeys).where(passkeys.c.user == user)
        number = connection.scalar(counted) or 0
        if number >= EACH_MAX:
            raise PasskeyRefused("too_many")
        called = " ".join(name.split())[:NAME_MAX] or f"#{number + 1}"
        values = {
            "credential_id": made.credential_id,
            "user": user,
            "alg": alg,
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "name": called,
            "added_at_ms": to_ms(self._clock.now()),
        }
        connection.execute(insert(passkeys).values(**values))
        return called

    def whose(self, connection: Connection, site: Site, bound_to: str, answer: str) -> tuple[str, str]:
        """Who signs in, and by which passkey (its name); raises `PasskeyRefused`."""
        said = _read(answer)
        challenge = self._challenge_in(connection, said, SIGN_IN, bound_to)
        row = connection.execute(select(passkeys).where(passkeys.c.credential_id == _bytes(said.get("rawId")))).first()
        if row is None:
            raise PasskeyRefused("unknown")
        handle = said["response"].get("userHandle")
        if handle and not hmac.compare_digest(_bytes(handle), self._handle(row.user)):
            raise PasskeyRefused("not_verified", "the user handle is another's")
        try:
            verified = verify_authentication_response(
                credential=said,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=site.origins,
                credential_public_key=bytes(row.public_key),
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except _UNREADABLE as error:
            # Two authenticators that count with one key: it was copied.
            code = "counted_back" if "sign count" in str(error) else "not_verified"
            raise PasskeyRefused(code, str(error)) from error
        values = {"sign_count": verified.new_sign_count, "used_at_ms": to_ms(self._clock.now())}
        connection.execute(update(passkeys).where(passkeys.c.credential_id == row.credential_id).values(**values))
        return row.user, row.name

    def remove(self, connection: Connection, user: str, which: str | None = None) -> list[str]:
        """Forgets one passkey of a person (hex of its id), or all; gives the names of those that are gone."""
        where = [passkeys.c.user == user]
        if which is not None:
            where.append(passkeys.c.credential_id == (bytes.fromhex(which) if _is_hex(which) else b""))
        names = list(connection.scalars(select(passkeys.c.name).where(*where)))
        connection.execute(delete(passkeys).where(*where))
        return names

    def _handle(self, user: str) -> bytes:
        """What authenticators keep of an account: nothing that says whose it is."""
        return self._key.tag(b"passkey-handle " + user.encode(), 32)

    def _challenge(self, purpose: bytes, bound_to: str) -> bytes:
        body = struct.pack(">Q", to_ms(self._clock.now())) + self._entropy.token(_NONCE_BYTES)
        return body + self._tag(purpose, bound_to, body)

    def _challenge_in(self, connection: Connection, said: dict[str, Any], purpose: bytes, bound_to: str) -> bytes:
        """The challenge that was answered, if it is ours, for this browser, of now, and was not answered before."""
        try:
            client = json.loads(_bytes(said["response"].get("clientDataJSON")))
            challenge = _bytes(client.get("challenge"))
        except _UNREADABLE as error:
            raise PasskeyRefused("not_verified", "the answer cannot be read") from error
        body, tag = challenge[:-_TAG_BYTES], challenge[-_TAG_BYTES:]
        if len(body) != 8 + _NONCE_BYTES or not hmac.compare_digest(tag, self._tag(purpose, bound_to, body)):
            raise PasskeyRefused("stale", "the challenge is not ours, or another browser's")
        made_ms, now_ms = struct.unpack(">Q", body[:8])[0], to_ms(self._clock.now())
        until_ms = made_ms + int(LIFE.total_seconds() * 1000)
        if not made_ms <= now_ms < until_ms:
            raise PasskeyRefused("stale", "the challenge is too old")
        connection.execute(delete(used_challenges).where(used_challenges.c.until_ms <= now_ms))
        where = used_challenges.c.challenge == challenge
        if connection.execute(select(used_challenges.c.until_ms).where(where)).first() is not None:
            raise PasskeyRefused("stale", "the challenge was answered before")
        connection.execute(insert(used_challenges).values(challenge=challenge, until_ms=until_ms))
        return challenge

    def _tag(self, purpose: bytes, bound_to: str, body: bytes) -> bytes:
        bound = bound_to.encode("utf-8", "replace")
        return self._key.tag(b"passkey-challenge " + purpose + b"\0" + bound + b"\0" + body, _TAG_BYTES)


def _read(answer: str) -> dict[str, Any]:
    try:
        said = json.loads(answer) if len(answer) <= _ANSWER_MAX else None
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused("not_verified", "the answer cannot be read") from error
    if not isinstance(said, dict) or not isinstance(said.get("response"), dict):
        raise PasskeyRefused("not_verified", "the answer cannot be read")
    return said


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str) or not value.isascii():
        raise PasskeyRefused("not_verified", "the answer cannot be read")
    try:
        return base64url_to_bytes(value)
    except ValueError as error:
        raise PasskeyRefused("not_verified", "the answer cannot be read") from error


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and set(text) <= set("0123456789abcdef")
