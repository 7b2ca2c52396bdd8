"""The messages of automerge-repo's network protocol, version 1, as the door at `/automerge` needs them. Pure.

A message is a CBOR map; a document's id is Base58Check of 16 bytes, here the case id. Must not touch documents.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import cbor2

from py_core.errors import Malformed

VERSION = "1"
MESSAGE_BYTES_MAX = 1024 * 1024
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ID_BYTES = 16
_CHECK_BYTES = 4
_PEER_MAX = 256


@dataclass(frozen=True, slots=True)
class Join:
    """The first message of a client."""

    sender: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyncMessage:
    """Something about one document; `data` is Automerge's own sync message, `asks`: the sender has nothing of it."""

    sender: str
    asks: bool
    case_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Other:
    """A message that asks nothing of a server: presence, ephemeral news, the peer's leave."""

    type: str


def read_message(data: bytes) -> Join | SyncMessage | Other:
    """Reads one message; raises `Malformed`."""
    try:
        message = cbor2.loads(data)
    except (cbor2.CBORError, ValueError, RecursionError, EOFError, OverflowError, TypeError) as error:
        raise Malformed("message", "is no CBOR") from error
    if not isinstance(message, dict):
        raise Malformed("message", "is no map")
    kind, sender = _text(message, "type"), _text(message, "senderId")
    if kind == "join":
        versions = message.get("supportedProtocolVersions", [VERSION])
        if not isinstance(versions, list) or not all(isinstance(each, str) for each in versions):
            raise Malformed("message.supportedProtocolVersions", "is no list of texts")
        return Join(sender, tuple(versions))
    if kind in ("sync", "request"):
        content = message.get("data")
        if not isinstance(content, bytes):
            raise Malformed("message.data", "is no byte string")
        return SyncMessage(sender, kind == "request", case_of_document(_text(message, "documentId")), content)
    return Other(kind)


def peer(server: str, client: str) -> bytes:
    """The answer to a join."""
    return _message("peer", server, client, selectedProtocolVersion=VERSION, peerMetadata={"isEphemeral": False})


def sync(server: str, client: str, case_id: str, data: bytes) -> bytes:
    """Something about a document."""
    return _message("sync", server, client, documentId=document_of_case(case_id), data=data)


def unavailable(server: str, client: str, case_id: str) -> bytes:
    """There is no such document for this client."""
    return _message("doc-unavailable", server, client, documentId=document_of_case(case_id))


def error(server: str, client: str, why: str) -> bytes:
    """Why the connection ends."""
    return _message("error", server, client, message=why)


def told(server: str, client: str, case_id: str, session: str, count: int, news: dict[str, Any]) -> bytes:
    """Ephemeral news about a document: what became of a change."""
    content = cbor2.dumps(news)
    return _message(
        "ephemeral",
        server,
        client,
        documentId=document_of_case(case_id),
        sessionId=session,
        count=count,
        data=content,
    )


def document_of_case(case_id: str) -> str:
    """A case's id (hex) as automerge-repo writes it."""
    payload = bytes.fromhex(case_id)
    payload += _check(payload)
    number, digits = int.from_bytes(payload, "big"), ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return _ALPHABET[0] * (len(payload) - len(payload.lstrip(b"\0"))) + digits


def case_of_document(document: str) -> str:
    """The case id (hex) behind a document's id; raises `Malformed`."""
    if len(document) > 2 * (_ID_BYTES + _CHECK_BYTES) or any(sign not in _ALPHABET for sign in document):
        raise Malformed("documentId", "is no Base58")
    number = 0
    for sign in document:
        number = number * len(_ALPHABET) + _ALPHABET.index(sign)
    zeros = len(document) - len(document.lstrip(_ALPHABET[0]))
    payload = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    case_id, check = payload[:-_CHECK_BYTES], payload[-_CHECK_BYTES:]
    if len(case_id) != _ID_BYTES or check != _check(case_id):
        raise Malformed("documentId", "is no id of a document (check digits)")
    return case_id.hex()


def _check(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECK_BYTES]


def _message(kind: str, sender: str, target: str, **content: Any) -> bytes:
    return cbor2.dumps({"type": kind, "senderId": sender, "targetId": target, **content})


def _text(message: dict[Any, Any], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= _PEER_MAX:
        raise Malformed(f"message.{key}", f"is no text of 1 to {_PEER_MAX} characters")
    return value
