"""The vectors of carried files: HPKE with a fixed ephemeral key, spelt out, so that every byte can be compared."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from py_core import carry, wire
from server.carry_keys import CarryKeys
from server.keys import SigningKey

_KEM_IDS = {carry.ALG_X25519: 0x0020, carry.ALG_P256: 0x0010}
_X25519_EPHEMERAL = X25519PrivateKey.from_private_bytes(bytes(range(64, 96)))  # for tests only
_P256_EPHEMERAL = ec.derive_private_key(int.from_bytes(bytes(range(64, 96)), "big"), ec.SECP256R1())  # for tests only


def carried(
    request: list[wire.Frame], answer: list[wire.Frame], device: str, device_key: Ed25519PrivateKey, record_seed: bytes
) -> dict[str, Any]:
    """An outbox file for each alg and its receipts file. Compression level 0 stands for any gzip."""
    keys = CarryKeys(SigningKey(record_seed))
    frames = wire.encode_frames(request)
    content = bytes([1]) + device_key.sign(carry.outbox_sign_bytes(frames)) + _stored(frames)
    files = [_file(alg, public, content) for alg, public in sorted(keys.public.items())]
    said = wire.Carried(device, hashlib.sha256(bytes.fromhex(files[0]["file"])).hexdigest(), 1_795_138_204_000)
    withdrawn = replace(said, problem="device_revoked")
    moved = replace(said, scope="linye/2", cursor=42)
    hello = wire.read_message(request[0])
    assert isinstance(hello, wire.Hello)
    holding = replace(hello, held=("c1" * 16, "c2" * 16))
    verdict = wire.read_message(answer[0])
    assert isinstance(verdict, wire.Verdict)
    left_out = wire.message_frame(wire.Verdict(verdict.hash, "quarantined", "left_out"))
    return {
        "what": "outbox files and a receipts file; made by tools/build_vectors.py",
        "record_public": Ed25519PrivateKey.from_private_bytes(record_seed).public_key().public_bytes_raw().hex(),
        "published": keys.published,
        "outbox": {"frames": frames.hex(), "content": content.hex(), "files": files},
        "receipts": _receipts(record_seed, said, answer),
        "withdrawn": _receipts(record_seed, withdrawn, [left_out]),  # decided about since
        "moved": _receipts(record_seed, moved, [*answer, wire.message_frame(wire.Revoke("c2" * 16, 7))]),
        "held": {"frames": wire.encode_frames([wire.message_frame(holding)]).hex()},  # how its hello differs
    }


def _receipts(record_seed: bytes, said: wire.Carried, answer: list[wire.Frame]) -> dict[str, str]:
    receipts = wire.encode_frames([wire.message_frame(said), *answer])
    signature = Ed25519PrivateKey.from_private_bytes(record_seed).sign(carry.receipts_sign_bytes(receipts))
    rest = _stored(receipts)
    return {
        "frames": receipts.hex(),
        "signature": signature.hex(),
        "file": (b"SWRECPT1" + struct.pack(">I", 64 + len(rest)) + signature + rest).hex(),
    }


def _file(alg: int, public: bytes, content: bytes) -> dict[str, Any]:
    if alg == carry.ALG_X25519:
        private = _X25519_EPHEMERAL.private_bytes_raw()
        encapsulated = _X25519_EPHEMERAL.public_key().public_bytes_raw()
        common = _X25519_EPHEMERAL.exchange(X25519PublicKey.from_public_bytes(public))
    else:
        private = _P256_EPHEMERAL.private_numbers().private_value.to_bytes(32, "big")
        encapsulated = _P256_EPHEMERAL.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        recipient = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        common = _P256_EPHEMERAL.exchange(ec.ECDH(), recipient)
    head = carry.outbox_head(alg, public, len(encapsulated) + len(content) + 16)
    box = _seal(_KEM_IDS[alg], common, encapsulated, public, carry.outbox_info(head), content)
    return {
        "alg": alg,
        "public_key": public.hex(),
        "ephemeral_private": private.hex(),
        "encapsulated": encapsulated.hex(),
        "head": head.hex(),
        "file": (head + encapsulated + box).hex(),
    }


def _seal(kem: int, common: bytes, encapsulated: bytes, public: bytes, info: bytes, content: bytes) -> bytes:
    """RFC 9180, sections 4 and 5.1, for one message."""
    of_kem = b"KEM" + struct.pack(">H", kem)
    shared = _expand(of_kem, _extract(of_kem, b"", b"eae_prk", common), b"shared_secret", encapsulated + public, 32)
    suite = b"HPKE" + struct.pack(">HHH", kem, 1, 2)
    context = b"\0" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    secret = _extract(suite, shared, b"secret", b"")
    key, nonce = _expand(suite, secret, b"key", context, 32), _expand(suite, secret, b"base_nonce", context, 12)
    return AESGCM(key).encrypt(nonce, content, b"")


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labelled + b"\1", "sha256")[:length]


def _stored(data: bytes) -> bytes:
    packer = zlib.compressobj(0, wbits=31)
    return packer.compress(data) + packer.flush()
