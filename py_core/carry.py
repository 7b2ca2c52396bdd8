"""The two files of the way by USB stick, byte by byte (docs/sync-protocol.md): a device's outbox and its receipts.

Owns headers, packing and what each side signs. Must not encrypt or sign: keys belong to the hosts.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from py_core.errors import Malformed, ShouwenError
from py_core.inflating import GZIP, TooLong, inflate
from py_core.log_watch import proof_frame, proof_in
from py_core.wire import (
    TYPE_INCLUDED,
    Beacon,
    Carried,
    Frame,
    Message,
    Revoke,
    Short,
    Verdict,
    encode_frames,
    message_frame,
    read_frames,
    read_message,
)

OUTBOX_ENDING = ".carry"
RECEIPTS_ENDING = ".receipt"
FILE_BYTES_MAX = 16 * 1024 * 1024  # of either file, and of the frames in it
OUTBOX_BYTES_MAX = 12 * 1024 * 1024  # of changes: what is more goes into the next file
OUTBOX_ITEMS_MAX = 20_000
FRAMES_MAX = 2 * OUTBOX_ITEMS_MAX + 1  # hello, at most an actor for each act, the acts

ALG_X25519 = 1  # HPKE (RFC 9180) base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM
ALG_P256 = 2  # the same with DHKEM(P-256, HKDF-SHA256)

_KIND_OUTBOX, _KIND_RECEIPTS = b"SWCARRY", b"SWRECPT"
_VERSION = b"1"
_OUTBOX_HEAD = struct.Struct(">8sB8sI")  # magic, alg, key id, length of what follows
_RECEIPTS_HEAD = struct.Struct(">8sI64s")  # magic, length of what follows the length, the record's signature
_OUTBOX_CONTENT = struct.Struct(">B64s")  # alg and signature of the device, then the frames
_LENGTH_BYTES = 4  # which every frame begins with
_INFO = b"shouwen-carry-1"


class CarryRefused(ShouwenError):
    """A file that cannot be taken; nothing of it was. `code` says why (docs/sync-protocol.md)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outbox:
    """An outbox file whose head was read: for whom it is encrypted, and the encrypted rest."""

    alg: int
    key_id: bytes
    head: bytes
    box: bytes  # encapsulated key and ciphertext


@dataclass(frozen=True, slots=True)
class CarriedReceipts:
    """A receipts file as read; believe it only after the record's `signature` over `signed` was checked."""

    signature: bytes
    signed: bytes
    carried: Carried
    verdicts: tuple[Verdict, ...]
    revoked: tuple[str, ...] = ()  # of the cases that the outbox file named, those that are out of the device's scope
    log: CarriedLog | None = None


@dataclass(frozen=True, slots=True)
class CarriedLog:
    """What a receipts file says of the record's log: one head, proven to continue each of several that the device may
    have seen last, and the proof that all acts with a receipt in the file are in it."""

    beacons: tuple[Beacon, ...]
    proof: tuple[bytes, ...]


def key_id(public_key: bytes) -> bytes:
    """By which 8 bytes a file names the record's key that it is encrypted for."""
    return hashlib.sha256(public_key).digest()[:8]


def key_sign_bytes(alg: int, public_key: bytes) -> bytes:
    """What the record signs for a key that outboxes may be encrypted for."""
    return b"shouwen-carry-key-1" + bytes([alg]) + public_key


def file_stem(data: bytes) -> str:
    """What an outbox file and its receipts are called: says nothing about anybody, the same for both."""
    return f"shouwen-{hashlib.sha256(data).hexdigest()[:8]}"


def outbox_head(alg: int, public_key: bytes, box_length: int) -> bytes:
    """The first 21 bytes of an outbox file; they are bound to the box by `outbox_info`."""
    return _OUTBOX_HEAD.pack(_KIND_OUTBOX + _VERSION, alg, key_id(public_key), box_length)


def outbox_info(head: bytes) -> bytes:
    """The `info` of the encryption."""
    return _INFO + head


def outbox_sign_bytes(frames: bytes) -> bytes:
    """What the device signs: that these frames, all of them, are its own."""
    return b"shouwen-carried-1" + hashlib.sha256(frames).digest()


def pack_outbox(alg: int, signature: bytes, frames: bytes) -> bytes:
    """What is encrypted: the device's signature and the gzipped frames of a request."""
    return _OUTBOX_CONTENT.pack(alg, signature) + _gzip(frames)


def read_outbox(data: bytes) -> Outbox:
    """The head of an outbox file; raises `CarryRefused`."""
    _check_kind(data, _KIND_OUTBOX, _KIND_RECEIPTS)
    if len(data) < _OUTBOX_HEAD.size:
        raise CarryRefused("cut", "the file ends inside its head")
    _, alg, recipient, length = _OUTBOX_HEAD.unpack_from(data)
    box = data[_OUTBOX_HEAD.size :]
    _check_length(len(box), length)
    return Outbox(alg, recipient, data[: _OUTBOX_HEAD.size], box)


def unpack_outbox(content: bytes) -> tuple[int, bytes, bytes]:
    """Device's alg, device's signature and frames of a decrypted outbox; raises `CarryRefused`."""
    if len(content) <= _OUTBOX_CONTENT.size:
        raise CarryRefused("tampered", "the decrypted content is too short")
    alg, signature = _OUTBOX_CONTENT.unpack_from(content)
    return alg, signature, _gunzip(content[_OUTBOX_CONTENT.size :])


def receipts_sign_bytes(frames: bytes) -> bytes:
    """What the record signs under a receipts file: refusals have no receipt of their own."""
    return b"shouwen-carried-receipts-1" + hashlib.sha256(frames).digest()


def receipts_frames(
    carried: Carried, verdicts: Iterable[Verdict], revoked: Iterable[Revoke] = (), log: CarriedLog | None = None
) -> bytes:
    """The frames of a receipts file: for which device and file, then every verdict in order, then what is out of scope,
    then the log and the proof that they are in it."""
    told: list[Message] = [carried, *verdicts, *revoked, *(log.beacons if log is not None else ())]
    frames: list[Frame] = [message_frame(each) for each in told]
    return encode_frames([*frames, *([proof_frame(log.proof)] if log is not None else [])])


def receipts_file(signature: bytes, frames: bytes) -> bytes:
    """A receipts file."""
    rest = _gzip(frames)
    return _RECEIPTS_HEAD.pack(_KIND_RECEIPTS + _VERSION, 64 + len(rest), signature) + rest


def read_receipts(data: bytes) -> CarriedReceipts:
    """A receipts file, not yet believed; raises `CarryRefused`."""
    _check_kind(data, _KIND_RECEIPTS, _KIND_OUTBOX)
    if len(data) < _RECEIPTS_HEAD.size:
        raise CarryRefused("cut", "the file ends inside its head")
    _, length, signature = _RECEIPTS_HEAD.unpack_from(data)
    _check_length(len(data) - _RECEIPTS_HEAD.size + 64, length)
    frames = _gunzip(data[_RECEIPTS_HEAD.size :])
    try:
        *told, last = carried_frames(frames)
        proof = proof_in(last.payload) if isinstance(last, Short) and last.type == TYPE_INCLUDED else None
        first, *rest = [read_message(frame) for frame in (told if proof is not None else [*told, last])]
    except (Malformed, ValueError) as error:
        raise CarryRefused("tampered", str(error)) from error
    verdicts = tuple(each for each in rest if isinstance(each, Verdict))
    revoked = tuple(each.case for each in rest if isinstance(each, Revoke))
    beacons = tuple(each for each in rest if isinstance(each, Beacon))
    if not isinstance(first, Carried) or len(verdicts) + len(revoked) + len(beacons) != len(rest):
        raise CarryRefused("tampered", "it is no list of verdicts")
    log = CarriedLog(beacons, proof) if proof is not None else None
    return CarriedReceipts(signature, receipts_sign_bytes(frames), first, verdicts, revoked, log)


def carried_frames(frames: bytes) -> Sequence[Frame]:
    """The frames of either file; raises `Malformed`."""
    return read_frames(frames, bytes_max=FILE_BYTES_MAX, frames_max=FRAMES_MAX)


def first_message(frames: bytes) -> Message:
    """What either file begins with, without reading the rest; raises `Malformed`."""
    length = int.from_bytes(frames[:_LENGTH_BYTES])
    found = read_frames(frames[: _LENGTH_BYTES + length], bytes_max=FILE_BYTES_MAX, frames_max=1)
    if not found:
        raise Malformed("body", "has no frame")
    return read_message(found[0])


def _check_kind(data: bytes, wanted: bytes, other: bytes) -> None:
    kind, version = data[:7], data[7:8]
    if kind == other:
        raise CarryRefused("other_kind", "an outbox and a receipts file were mixed up")
    if not data or kind != wanted[: len(kind)]:
        raise CarryRefused("foreign_file", "it does not begin like a file of Shouwen")
    if version not in (b"", _VERSION):
        raise CarryRefused("newer_format", f"version {version!r}")
    if len(data) > FILE_BYTES_MAX:
        raise CarryRefused("too_large", f"longer than {FILE_BYTES_MAX} bytes")


def _check_length(is_length: int, said: int) -> None:
    if is_length < said:
        raise CarryRefused("cut", f"{said - is_length} bytes are missing at the end")
    if is_length > said:
        raise CarryRefused("tampered", f"{is_length - said} bytes follow its end")


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(6, wbits=GZIP)
    return packer.compress(data) + packer.flush()


def _gunzip(data: bytes) -> bytes:
    try:
        return inflate(data, GZIP, FILE_BYTES_MAX)
    except TooLong as error:
        raise CarryRefused("too_large", f"its content {error}") from error
    except ValueError as error:
        raise CarryRefused("tampered", f"the content {error}") from error
