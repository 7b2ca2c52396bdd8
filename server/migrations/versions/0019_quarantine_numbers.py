"""Which number a quarantined act has, so that its device is not taken for one that lost it.

Everything that reads bytes is a copy of its own: what this once did does not change with the program (what stands
under every signature of the log does not either, and has one place). 0 stands for an
act of the device whose bytes were erased before: it came, and nobody knows its number.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from py_core.change import sign_bytes

revision = "0019"
down_revision = "0018"

_ROWS_AT_ONCE = 200
_ED25519, _P256 = 1, 2
_NUMBER_MAX = 2**53 - 1
_NOT_OF_THE_DEVICE = ("malformed", "not_an_act", "other_device", "others_act", "wrong_signature")


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("device_seq", sa.BigInteger()))
    names = ("id", "device", "case_id", "raw", "alg", "signature", "reason", "released_at_ms", "device_seq")
    held = sa.table("quarantine", *(sa.column(name) for name in names))
    devices = sa.table("devices", *(sa.column(name) for name in ("id", "alg", "public_key")))
    rows = sa.select(held, devices.c.alg.label("own_alg"), devices.c.public_key)
    rows = rows.select_from(held.join(devices, devices.c.id == held.c.device))
    connection, last = op.get_bind(), 0
    while found := connection.execute(rows.where(held.c.id > last).order_by(held.c.id).limit(_ROWS_AT_ONCE)).all():
        last = found[-1].id
        for row in found:
            number = _number(row)
            if number is not None:
                connection.execute(sa.update(held).where(held.c.id == row.id).values(device_seq=number))


def _number(row: sa.Row[Any]) -> int | None:
    raw = bytes(row.raw)
    if not raw:
        erased = row.released_at_ms is None and row.reason not in _NOT_OF_THE_DEVICE
        return 0 if erased else None
    try:
        act = json.loads(_text(raw))
        number, device = act["device_seq"], act["device"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return None
    if device != row.device or type(number) is not int or not 0 < number <= _NUMBER_MAX:
        return None
    message = sign_bytes(bytes(row.case_id).hex(), hashlib.sha256(raw[8:]).hexdigest())
    signed = row.alg == row.own_alg and _verifies(row.alg, bytes(row.public_key), bytes(row.signature), message)
    return number if signed else None


def _text(raw: bytes) -> bytes:
    """The text in a change that inserts one."""
    if raw[:4] != b"\x85\x6f\x4a\x83" or raw[8] != 1:
        raise ValueError("no change")
    _, at = _unsigned(raw, 9)
    deps, at = _unsigned(raw, at)
    length, at = _unsigned(raw, at + 32 * deps)
    at += length  # actor
    for _ in range(3):  # seq, start, time (always 0)
        _, at = _unsigned(raw, at)
    length, at = _unsigned(raw, at)
    at += length  # message
    actors, at = _unsigned(raw, at)
    for _ in range(actors):
        length, at = _unsigned(raw, at)
        at += length
    columns, at = _unsigned(raw, at)
    widths = []
    for _ in range(columns):
        column, at = _unsigned(raw, at)
        width, at = _unsigned(raw, at)
        widths.append((column, width))
    for column, width in widths:
        if column == 0x57:
            return raw[at : at + width]
        at += width
    raise ValueError("no text")


def _unsigned(raw: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number and the place after it."""
    value = shift = 0
    while True:
        value |= (raw[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not raw[at - 1] & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("no number")


def _verifies(alg: int, public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        if alg == _ED25519:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        elif alg == _P256:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
