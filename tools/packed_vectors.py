"""The vectors of what is said in short, and of the messages that no plain exchange has. Stored, not deflated: any
deflater makes other bytes, every inflater reads these."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from py_core import merkle, wire
from py_core.change import decode_act_change
from py_core.log_watch import proof_frame
from py_core.packed import changes, messages, outbox, receipts
from py_core.packed.columns import inflate

TIME_MS = 1_795_138_204_000
TAG = "0011223344556677"


def packed(acts: dict[str, Any], server_key: Ed25519PrivateKey) -> dict[str, Any]:
    """Every frame type from 4 to 11 with the same in full; `acts` are those of acts.json."""
    case_id = acts["case_id"]
    raws = [bytes.fromhex(row["change"]) for row in acts["acts"]]
    return {
        "what": "frames in short and in full; made by tools/build_vectors.py",
        "log": _log(case_id, raws),
        "outbox": _outbox(acts, raws),
        "receipts": _receipts(case_id, acts["acts"], server_key),
        "included": _included(),
        "messages": [_message(each) for each in _messages(case_id, acts["acts"][0]["hash"], server_key)],
    }


def _log(case_id: str, raws: Sequence[bytes]) -> dict[str, Any]:
    """Three changes as held, two frames with the rest; and the whole log in one frame of another answer."""
    logged = [changes.Logged(case_id, 7 + 3 * place, TIME_MS + 137 * place, raw) for place, raw in enumerate(raws)]
    earlier = []
    for raw in raws[:2]:
        change = decode_act_change(raw)
        earlier.append(changes.Earlier(change.hash, change.actor, change.start_op))
    going_on, whole = changes.ChangePacker(), changes.ChangePacker()
    frames = [going_on.pack(logged[2:3], {case_id: earlier}), going_on.pack(logged[3:], {case_id: earlier})]
    return {
        "changes": [
            {
                "case_id": case_id,
                "log_index": each.log_index,
                "received_at_ms": each.received_at_ms,
                "raw": each.raw.hex(),
            }
            for each in logged
        ],
        "whole": _payload(wire.TYPE_CHANGES, whole.pack(logged, {})),
        "held": [{"log_index": each.log_index, "hash": one.hash} for each, one in zip(logged, earlier, strict=False)],
        "after_held": [_payload(wire.TYPE_CHANGES, each) for each in frames],
    }


def _included() -> dict[str, Any]:
    """The proof of receipts for three numbers of a log of eleven acts."""
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(11)]
    wanted = (4, 9, 10)
    path = merkle.common_path(wanted, len(leaves), merkle.subtrees_of(leaves))
    return {
        "size": len(leaves),
        "root": merkle.root_of(leaves).hex(),
        "leaves": {str(n): leaves[n].hex() for n in wanted},
        "frame": wire.encode_frame(proof_frame(path)).hex(),
    }


def _outbox(acts: dict[str, Any], raws: Sequence[bytes]) -> dict[str, Any]:
    """The first three acts as sent when the record has the first under the number 7."""
    case_id = acts["case_id"]
    rows = acts["acts"][1:3]
    sent = [
        outbox.Signed(case_id, row["alg"], bytes.fromhex(row["signature"]), bytes.fromhex(row["change"]))
        for row in rows
    ]
    first = acts["acts"][0]
    numbered = outbox.pack_acts(sent, lambda _, change_hash: 7 if change_hash == first["hash"] else None)
    alone = outbox.pack_acts(
        [outbox.Signed(case_id, first["alg"], bytes.fromhex(first["signature"]), raws[0]), *sent], lambda *_: None
    )
    return {
        "acts": [
            {"case_id": case_id, **{key: row[key] for key in ("alg", "signature", "change")}}
            for row in acts["acts"][:3]
        ],
        "cause": {"log_index": 7, **{key: first[key] for key in ("hash", "actor", "start_op")}},
        "after_the_first": _payload(wire.TYPE_ACTS, numbered),
        "all": _payload(wire.TYPE_ACTS, alone),
    }


def _receipts(case_id: str, rows: Sequence[dict[str, Any]], key: Ed25519PrivateKey) -> dict[str, Any]:
    places = [receipts.Place(7 + 3 * at, TIME_MS + 137 * at, at == 1) for at in range(3)]
    leaves = [
        receipts.leaf(case_id, row["hash"], at.log_index, at.received_at_ms)
        for row, at in zip(rows, places, strict=False)
    ]
    root, paths = receipts.root_and_paths(leaves)
    signature = key.sign(receipts.root_sign_bytes(root))
    return {
        "frame": wire.encode_frame(wire.Short(wire.TYPE_RECEIPTS, receipts.pack_receipts(places, signature))).hex(),
        "root": root.hex(),
        "receipts": [
            {
                "case_id": case_id, "hash": row["hash"], "log_index": at.log_index,
                "received_at_ms": at.received_at_ms, "had": at.had, "sig": receipts.proof(signature, path),
            }
            for row, at, path in zip(rows, places, paths, strict=False)
        ],
    }  # fmt: skip


def _messages(case_id: str, change_hash: str, key: Ed25519PrivateKey) -> list[wire.Message]:
    beacon = wire.beacon_id(TIME_MS, TAG)
    receipt = key.sign(wire.receipt_sign_bytes(case_id, change_hash, 7, TIME_MS)).hex()
    device = "d1" * 16
    return [
        wire.Hello(device, 60_000, 3, "0.1.0", 2, scope="shihe/2", can="revoke short"),
        wire.Hello(device, 0, 0, "0.1.0", 0, can="revoke", purged=(case_id,), asks=(change_hash,), refused=1),
        wire.Hello(
            device, 5, 1, "0.1.0", 0, want=(case_id,), storage_used=1_000, storage_kept=True, clock_offset_ms=-70
        ),
        wire.Verdict("00" * 32, "quarantined", "foreign_scope", now_with=("linye",)),
        wire.Ruled(change_hash, True, "qianwen", TIME_MS, "来件在先", log_index=7, received_at_ms=TIME_MS, sig=receipt),
        wire.Ruled(change_hash, False, "qianwen", TIME_MS, "重复", in_scope=False),
        wire.Config({"version": 2, "city_zh": "澄江市", "city_en": "Chengjiang"}),
        wire.Revoke(case_id, 9),
        wire.WholeCase(case_id, 5),
        wire.WholeCase("00" * 16, 0),
        _signed(key, wire.Beacon(beacon, TIME_MS, 8, "")),
        _signed(key, wire.Beacon(beacon, TIME_MS, 8, "", "ab" * 32, 5, ("cd" * 32, "ef" * 32))),
        wire.End(60_123, True, "shihe/2"),
        wire.End(0, False, "revoked", problem="device_revoked"),
        wire.ErrorMessage("unresolved", "frame rests on an act that is not in the log"),
        wire.ErrorMessage("malformed", "frame has the unknown type 11"),
        wire.ErrorMessage("storage_full", "The record's storage is full; try again later."),
    ]


def _signed(key: Ed25519PrivateKey, beacon: wire.Beacon) -> wire.Beacon:
    return replace(beacon, sig=key.sign(wire.beacon_sign_bytes(beacon)).hex())


def _message(message: wire.Message) -> dict[str, Any]:
    frame = messages.short(message)
    if isinstance(frame, wire.Short) and frame.type == wire.TYPE_DEFLATED_JSON:
        frame = wire.Short(frame.type, _stored(inflate(frame.payload)))
    full = wire.encode_frame(wire.message_frame(message))
    return {"json": json.loads(full[5:]), "full": full.hex(), "short": wire.encode_frame(frame).hex()}


def _payload(kind: int, payload: bytes) -> dict[str, str]:
    content = inflate(payload)
    return {"frame": wire.encode_frame(wire.Short(kind, _stored(content))).hex(), "inflated": content.hex()}


def _stored(content: bytes) -> bytes:
    deflater = zlib.compressobj(0, zlib.DEFLATED, -15)
    return deflater.compress(content) + deflater.flush()


def uploads(sha256: Callable[[bytes], str]) -> dict[str, Any]:
    """The calls of one upload in order, with what the record says; `content` is a small picture."""
    content = b"\xff\xd8\xff\xe0" + bytes(range(94)) + b"\xff\xd9"
    name = sha256(content)
    kind = "application/offset+octet-stream"

    def patch_(offset: int, until: int, status: int, **said: Any) -> dict[str, Any]:
        headers = {"content-type": kind, "upload-offset": str(offset), "upload-length": str(len(content))}
        return {"method": "PATCH", "headers": headers, "body": content[offset:until].hex(), "status": status, **said}

    def head(offset: int, complete: bool) -> dict[str, Any]:
        told = {"upload-offset": str(offset), "upload-complete": "?1" if complete else "?0"}
        return {"method": "HEAD", "headers": {}, "body": "", "status": 200, "answer": told}

    return {
        "what": "the calls of one upload to /attachments/<sha256>; made by tools/build_vectors.py",
        "content": content.hex(),
        "sha256": name,
        "calls": [
            head(0, False),
            patch_(0, 40, 204, answer={"upload-offset": "40", "upload-complete": "?0"}),
            patch_(0, 40, 409, answer={"upload-offset": "40"}, code="other_offset"),
            head(40, False),
            {**patch_(40, 60, 400, code="malformed"), "headers": {"content-type": kind}},
            patch_(40, 100, 204, answer={"upload-offset": "100", "upload-complete": "?1"}),
            head(100, True),
        ],
    }
