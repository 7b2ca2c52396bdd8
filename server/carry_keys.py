"""The record's keys for outbox files that are carried to it: published under its signature, opened here.

HPKE (RFC 9180) base mode, once for each `alg` of `py_core.carry`; the private keys are derived from the record's own,
so that a backup of that one is enough. Must never log or show a private key.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from py_core import carry
from server.keys import SigningKey

_SUITES = {
    carry.ALG_X25519: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    carry.ALG_P256: Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


_Private = X25519PrivateKey | ec.EllipticCurvePrivateKey


class CarryKeys:
    """Both key pairs of one record, and those of its retired keys: an outbox may have been sealed long ago."""

    def __init__(self, record_key: SigningKey, retired: Sequence[SigningKey] = ()) -> None:
        self.public = {alg: public for alg, _, public in _pairs(record_key)}
        self._private: dict[tuple[int, bytes], _Private] = {
            (alg, carry.key_id(public)): private
            for key in (record_key, *retired)
            for alg, private, public in _pairs(key)
        }
        self._record_key = record_key

    @property
    def published(self) -> list[dict[str, object]]:
        """What `/me` says of them; the signature lets a device take a new key only from the record that it knows."""
        return [
            {
                "alg": alg,
                "public_key": public.hex(),
                "sig": self._record_key.sign(carry.key_sign_bytes(alg, public)).hex(),
            }
            for alg, public in sorted(self.public.items())
        ]

    def open(self, outbox: carry.Outbox) -> bytes:
        """The content of an outbox file; raises `CarryRefused`."""
        if outbox.alg not in self.public:
            raise carry.CarryRefused("newer_format", f"alg {outbox.alg}")
        private = self._private.get((outbox.alg, outbox.key_id))
        if private is None:
            raise carry.CarryRefused("other_record", "it is encrypted for another record's key")
        try:
            return _SUITES[outbox.alg].decrypt(outbox.box, private, carry.outbox_info(outbox.head))
        except (InvalidTag, ValueError) as error:
            raise carry.CarryRefused("tampered", "it does not decrypt") from error


def _pairs(key: SigningKey) -> list[tuple[int, _Private, bytes]]:
    x25519 = X25519PrivateKey.from_private_bytes(key.secret_for("carry-x25519", 32))
    number = int.from_bytes(key.secret_for("carry-p256", 48), "big") % (_P256_ORDER - 1) + 1
    p256 = ec.derive_private_key(number, ec.SECP256R1())
    point = p256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return [(carry.ALG_X25519, x25519, x25519.public_key().public_bytes_raw()), (carry.ALG_P256, p256, point)]


def seal_outbox(alg: int, public_key: bytes, content: bytes) -> bytes:
    """A whole outbox file, as a browser makes it; for tools and tests that carry without one."""
    public = (
        X25519PublicKey.from_public_bytes(public_key)
        if alg == carry.ALG_X25519
        else ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    )
    encapsulated = 32 if alg == carry.ALG_X25519 else 65
    head = carry.outbox_head(alg, public_key, encapsulated + len(content) + 16)
    return head + _SUITES[alg].encrypt(content, public, carry.outbox_info(head))
