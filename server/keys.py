"""Keys and signatures: the server's own (kept in files only it can read) and the check of others'.

`alg` 1 = Ed25519 (public key 32 bytes), 2 = ECDSA P-256 with SHA-256 (public key the uncompressed point of 65 bytes,
signature raw r‖s). Must never log or show a private key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from py_core import wire
from py_core.errors import Malformed, ShouwenError
from server.outside import Entropy

_SEED_BYTES = 32
# Points of small order on Ed25519's curve, in all their spellings without the sign: under such a key one signature
# fits every message, so that whoever enrols it could later say that anybody might have signed.
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        *(first + "ff" * 30 + "7f" for first in ("ec", "ed", "ee")),
    )
)


class UnsafeKeyFile(ShouwenError):
    """A file with a private key has rights for others than its owner."""

    code = "unsafe_key_file"


class SigningKey:
    """One Ed25519 key of the server."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def kept_in(cls, path: Path, entropy: Entropy) -> SigningKey:
        """The key in this file; made on the first call, readable by its owner only from the first byte.

        Raises `UnsafeKeyFile` when others have rights on it.
        """
        try:
            seed = path.read_bytes()
        except FileNotFoundError:
            seed = entropy.token(_SEED_BYTES)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(seed)
                file.flush()
                os.fsync(file.fileno())
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise UnsafeKeyFile(f"{path} can be read by others; make it private (chmod 600) and find out who read it")
        if len(seed) != _SEED_BYTES:
            raise RuntimeError(f"{path} does not hold a key of {_SEED_BYTES} bytes; restore it from the backup")
        return cls(seed)

    def sign(self, message: bytes) -> bytes:
        """The signature of 64 bytes."""
        return self._key.sign(message)

    def derived(self, label: bytes) -> SigningKey:
        """Another key that only the holder of this one can make; the same label gives the same key."""
        return SigningKey(hmac.digest(self._seed, label, "sha256"))

    def secret_for(self, purpose: str, size: int) -> bytes:
        """Secret bytes for another purpose (HKDF-SHA-256): whoever has them cannot sign, whoever signs can have them."""
        return HKDF(hashes.SHA256(), size, salt=None, info=f"shouwen-{purpose}".encode()).derive(self._seed)

    def tag(self, message: bytes, size: int = 8) -> bytes:
        """A secret-keyed tag for tokens that only this server must recognise."""
        secret = hashlib.sha256(b"shouwen-tag-1" + self._seed).digest()
        return hmac.digest(secret, message, "sha256")[:size]


def read_public_key(alg: int, public_key: bytes) -> None:
    """Raises `Malformed` unless the bytes are a public key of this algorithm."""
    try:
        if alg == wire.ALG_ED25519:
            Ed25519PublicKey.from_public_bytes(public_key)
            if bytes([*public_key[:31], public_key[31] & 0x7F]) in _SMALL_ORDER:
                raise ValueError("a point of small order")
        elif alg == wire.ALG_P256:
            _p256(public_key)
        else:
            raise Malformed("device.alg", "must be 1 (Ed25519) or 2 (P-256)")
    except ValueError as error:
        raise Malformed("device.public_key", "is not a key of this algorithm") from error


def verifies(alg: int, public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature (64 bytes raw) is this key's over the message."""
    if len(signature) != 64:
        return False
    try:
        if alg == wire.ALG_ED25519:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        elif alg == wire.ALG_P256:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            _p256(public_key).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def _p256(public_key: bytes) -> ec.EllipticCurvePublicKey:
    if len(public_key) != 65:
        raise ValueError("not an uncompressed point")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
