"""Devices that may sign acts, and the Automerge actors that they announced.

Owns enrolment and the binding actor → device. Must not decide what a device's acts are worth (see `gate`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, insert, select, update

from py_core import wire
from py_core.change import GENESIS_ACTOR, actor_sign_bytes
from py_core.enrolment import Enrolment, enrol_sign_bytes, enrolment_sign_bytes
from py_core.errors import Malformed
from server.keys import SigningKey, read_public_key, verifies
from server.outside import Entropy
from server.registry import catch_up
from server.tables import actors, devices

SERVER_DEVICE = "server"
SERVER_CODE = "S00"
NAME_MAX = 128
DEVICES_PER_PERSON_MAX = 50
_CODE_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # S is the server's; I and O look like digits
_CODE_SIGNS = "23456789" + _CODE_LETTERS


@dataclass(frozen=True, slots=True)
class Device:
    """One browser (or the server itself, whose `user` is None: it acts for whoever is signed in)."""

    id: str
    user: str | None
    alg: int
    public_key: bytes
    name: str
    code: str
    revoked: bool
    frozen: bool = False  # its profile exists twice, so its signature no longer says which machine an act came from


def device_by_id(connection: Connection, device: str) -> Device | None:
    """The device as enrolled; None if it is unknown."""
    row = connection.execute(select(devices).where(devices.c.id == device)).first()
    return None if row is None else _device(row)


def devices_of(connection: Connection, user: str) -> list[tuple[Device, int]]:
    """A person's devices that are not withdrawn, with the moment of enrolment (ms), the newest first."""
    where = (devices.c.user == user, devices.c.revoked_at_ms.is_(None))
    rows = connection.execute(select(devices).where(*where).order_by(devices.c.enrolled_at_ms.desc(), devices.c.id))
    return [(_device(row), row.enrolled_at_ms) for row in rows]


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """A device that wants to be taken in for a signed-in person; `signature` is over `enrol_sign_bytes`."""

    user: str
    alg: int
    public_key: bytes
    name: str
    signature: bytes


def enrol(
    connection: Connection, entropy: Entropy, record_key: SigningKey, asked: EnrolmentRequest, now_ms: int
) -> Device:
    """Takes a new device of a person in and signs its enrolment record; raises `Malformed` when that cannot be."""
    user, alg, public_key, name = asked.user, asked.alg, asked.public_key, asked.name
    read_public_key(alg, public_key)
    if not 1 <= len(name) <= NAME_MAX:
        raise Malformed("device.name", f"must have 1 to {NAME_MAX} characters")
    if "\0" in name:  # PostgreSQL stores none
        raise Malformed("device.name", "must not have the character U+0000")
    if not verifies(alg, public_key, asked.signature, enrol_sign_bytes(user, alg, public_key, name)):
        raise Malformed("device.sig", "is not this key's signature over the request")
    active = (devices.c.user == user, devices.c.revoked_at_ms.is_(None), devices.c.frozen_at_ms.is_(None))
    if (connection.scalar(select(func.count()).select_from(devices).where(*active)) or 0) >= DEVICES_PER_PERSON_MAX:
        raise Malformed("device", f"is one too many: a person may have {DEVICES_PER_PERSON_MAX}")
    device = Device(entropy.token(16).hex(), user, alg, public_key, name, _free_code(connection, entropy), False)
    enrolment = Enrolment(
        device=device.id,
        code=device.code,
        user=user,
        name=name,
        alg=alg,
        public_key=public_key.hex(),
        enrolled_at_ms=now_ms,
        asked=asked.signature.hex(),
    )
    signature = record_key.sign(enrolment_sign_bytes(enrolment.text))
    _insert(connection, device, now_ms, enrolment=enrolment.text, enrolment_sig=signature)
    catch_up(connection, now_ms)
    return device


def put_back(connection: Connection, entropy: Entropy, enrolment: Enrolment, signature: bytes, now_ms: int) -> Device:
    """Takes a device in again as its enrolment record says; its code is another one if somebody has that by now."""
    code = enrolment.code
    if connection.scalar(select(devices.c.id).where(devices.c.code == code)) is not None:
        code = _free_code(connection, entropy)
    key = bytes.fromhex(enrolment.public_key)
    device = Device(enrolment.device, enrolment.user, enrolment.alg, key, enrolment.name, code, False)
    _insert(connection, device, enrolment.enrolled_at_ms, enrolment=enrolment.text, enrolment_sig=signature)
    catch_up(connection, now_ms)
    return device


def freeze(connection: Connection, device: str, device_seq: int, now_ms: int) -> None:
    """Two acts of the device bear this number: nothing more is taken from it until its person enrols it anew."""
    unfrozen = (devices.c.id == device, devices.c.user.is_not(None), devices.c.frozen_at_ms.is_(None))
    connection.execute(update(devices).where(*unfrozen).values(frozen_at_ms=now_ms, frozen_seq=device_seq))
    catch_up(connection, now_ms)


def enrolment_of(connection: Connection, device: str) -> tuple[str, str] | None:
    """A device's enrolment record and the city record's signature (hex) under it; None for the server's own."""
    where = (devices.c.id == device, devices.c.enrolment.is_not(None))
    row = connection.execute(select(devices.c.enrolment, devices.c.enrolment_sig).where(*where)).first()
    return None if row is None else (row.enrolment, bytes(row.enrolment_sig).hex())


def enrol_server(connection: Connection, public_key: bytes, now_ms: int) -> Device:
    """The server's own device; enrolled at the first start, the same ever after."""
    known = device_by_id(connection, SERVER_DEVICE)
    if known is None:
        known = Device(SERVER_DEVICE, None, wire.ALG_ED25519, public_key, SERVER_DEVICE, SERVER_CODE, False)
        _insert(connection, known, now_ms)
        catch_up(connection, now_ms)
    if known.public_key != public_key:
        raise RuntimeError("the server's device key is not the one that the record knows; restore it from the backup")
    return known


def announce_actor(connection: Connection, device: Device, said: wire.ActorAnnouncement, now_ms: int) -> None:
    """Binds an actor to the device if the device signed for it and nobody else has it; else nothing is bound.

    Nothing is answered: acts of an actor that is not bound get their own verdict.
    """
    try:
        message = actor_sign_bytes(said.actor, device.id)
        signature = bytes.fromhex(said.sig)
    except (Malformed, ValueError):
        return
    if said.actor == GENESIS_ACTOR or actor_owner(connection, said.actor) is not None:
        return
    if said.alg == device.alg and verifies(said.alg, device.public_key, signature, message):
        connection.execute(
            insert(actors).values(
                actor=said.actor, device=device.id, alg=said.alg, signature=signature, announced_at_ms=now_ms
            )
        )


def actor_owner(connection: Connection, actor: str) -> str | None:
    """The device to which an actor is bound."""
    return connection.scalar(select(actors.c.device).where(actors.c.actor == actor))


def _device(row: Row[tuple[object, ...]]) -> Device:
    ended = (row.revoked_at_ms is not None, row.frozen_at_ms is not None)
    return Device(row.id, row.user, row.alg, bytes(row.public_key), row.name, row.code, *ended)


def _insert(connection: Connection, device: Device, at_ms: int, **enrolment: str | bytes) -> None:
    connection.execute(
        insert(devices).values(
            id=device.id,
            user=device.user,
            alg=device.alg,
            public_key=device.public_key,
            name=device.name,
            code=device.code,
            enrolled_at_ms=at_ms,
            **enrolment,
        )
    )


def _free_code(connection: Connection, entropy: Entropy) -> str:
    """A short code that no device has; it grows by a sign when the short ones get rare."""
    for attempt in range(64):
        drawn = entropy.token(3 + attempt // 16)
        code = _CODE_LETTERS[drawn[0] % len(_CODE_LETTERS)]
        code += "".join(_CODE_SIGNS[byte % len(_CODE_SIGNS)] for byte in drawn[1:])
        if connection.scalar(select(devices.c.id).where(devices.c.code == code)) is None:
            return code
    raise RuntimeError("no device code is free")
