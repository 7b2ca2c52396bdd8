"""Makes tests/vectors/*.json with the real engine and fixed keys: what Python and TypeScript must both agree on.

Run `python tools/build_vectors.py` after a change of the formats; `tests/core/test_vectors.py` compares.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from automerge.core import ROOT, Document, ScalarType
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).parent))
import carry_vectors
import packed_vectors

from py_core import wire
from py_core.cases.acts import Act
from py_core.change import GENESIS, GENESIS_HASH, actor_sign_bytes, decode_act_change, sign_bytes
from py_core.enrolment import Enrolment, enrol_sign_bytes, enrolment_sign_bytes

FOLDER = Path(__file__).parent.parent / "tests" / "vectors"
CASE_ID = "5a" * 16
DEVICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # for tests only
SERVER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))  # for tests only
ACTOR_A, ACTOR_B = "a1" * 16, "0b" * 16
DEVICE_A, DEVICE_B = "d1" * 16, "d2" * 16
START_AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def main() -> None:
    """Writes the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "acts.json").write_text(_json(acts()), encoding="utf-8")
    (FOLDER / "exchange.json").write_text(_json(exchange()), encoding="utf-8")
    (FOLDER / "carried.json").write_text(_json(carried()), encoding="utf-8")
    (FOLDER / "packed.json").write_text(_json(packed()), encoding="utf-8")
    (FOLDER / "uploads.json").write_text(_json(uploads()), encoding="utf-8")


def acts() -> dict[str, Any]:
    """Five acts of one case by two devices, the last of which merges."""
    a, b = _document(ACTOR_A), _document(ACTOR_B)
    rows = [_append(a, DEVICE_A, 1, "registered", {"title": "咨询社保卡补办", "unit": "shihe"})]
    rows.append(_append(a, DEVICE_A, 2, "accepted", {"note": 'emoji 🧾 and 𠮷 (four bytes) "quoted" \\ \n line'}))
    b.merge(a)
    rows.append(_append(a, DEVICE_A, 3, "receipt_issued", {"promised": "10 个工作日", "long": "水" * 300}))
    rows.append(_append(b, DEVICE_B, 1, "delivered", {"to": "linye"}))
    a.merge(b)
    rows.append(_append(a, DEVICE_A, 4, "completed", {}))
    listed = [value[1] for value, _ in a.values(_acts(a)) if isinstance(value, tuple)]
    return {
        "what": "acts of one case: text, change, hash, signature; made by tools/build_vectors.py",
        "case_id": CASE_ID,
        "genesis": {"change": GENESIS.hex(), "hash": GENESIS_HASH},
        "device_key": _key(DEVICE_KEY),
        "actors": [
            {"actor": actor, "device": device, "sig": DEVICE_KEY.sign(actor_sign_bytes(actor, device)).hex()}
            for actor, device in ((ACTOR_A, DEVICE_A), (ACTOR_B, DEVICE_B))
        ],
        "acts": rows,
        "order_in_list": listed,
        "p256": _p256(rows[0]["hash"]),
        "enrolment": _enrolment(),
    }


def exchange() -> dict[str, Any]:
    """One whole request and its answer, with the frames spelt out."""
    row = acts()["acts"][0]
    case_id, change_hash = CASE_ID, row["hash"]
    time_ms = int(START_AT.timestamp() * 1000) + 4_000
    request: list[wire.Frame] = [
        wire.message_frame(wire.Hello(device=DEVICE_A, cursor=0, config=1, app="0.1.0", waiting=0)),
        wire.message_frame(wire.ActorAnnouncement(ACTOR_A, DEVICE_KEY.sign(actor_sign_bytes(ACTOR_A, DEVICE_A)).hex())),
        wire.Pushed(case_id, wire.ALG_ED25519, bytes.fromhex(row["signature"]), bytes.fromhex(row["change"])),
        wire.Pushed(case_id, wire.ALG_ED25519, bytes(64), b"not a change"),
    ]
    receipt = SERVER_KEY.sign(wire.receipt_sign_bytes(case_id, change_hash, 7, time_ms))
    answer: list[wire.Frame] = [
        wire.message_frame(wire.Verdict(change_hash, "accepted", "", 7, time_ms, receipt.hex())),
        wire.message_frame(wire.Verdict("00" * 32, "quarantined", "malformed")),
        wire.message_frame(wire.Config({"version": 2, "city_zh": "澄江市", "city_en": "Chengjiang"})),
        wire.Pulled(case_id, 7, time_ms, bytes.fromhex(row["change"])),
        wire.message_frame(_signed(wire.Beacon("beac0", time_ms, 8, ""))),
        wire.message_frame(wire.End(cursor=12, more=False, scope="unit:shihe")),
    ]
    return {
        "what": "a request and its answer; made by tools/build_vectors.py",
        "server_key": _key(SERVER_KEY),
        "request": {"hex": wire.encode_frames(request).hex(), "frames": [_frame(frame) for frame in request]},
        "answer": {"hex": wire.encode_frames(answer).hex(), "frames": [_frame(frame) for frame in answer]},
        "restored": _restored(time_ms),
    }


def _restored(time_ms: int) -> dict[str, Any]:
    """A device that knows another lineage, and what a record that came back from a backup of 8 acts says to it."""
    hello = wire.Hello(DEVICE_A, 12, 2, "0.1.0", 0, scope="shihe/2", lineage="0a1b2c3d4e5f", can="revoke lineage")
    beacon = _signed(wire.Beacon("beac1", time_ms, 8, ""))
    end = wire.End(cursor=0, more=True, scope="shihe/2", lineage="5f4e3d2c1b0a", shared=8)
    sides = {"request": [hello], "answer": [beacon, end]}
    framed = {name: [wire.message_frame(each) for each in said] for name, said in sides.items()}
    return {
        name: {"hex": wire.encode_frames(frames).hex(), "frames": [_frame(frame) for frame in frames]}
        for name, frames in framed.items()
    }


def _signed(beacon: wire.Beacon) -> wire.Beacon:
    return replace(beacon, sig=SERVER_KEY.sign(wire.beacon_sign_bytes(beacon)).hex())


def carried() -> dict[str, Any]:
    """The same act and its verdict by USB stick."""
    request, answer = (wire.read_frames(bytes.fromhex(exchange()[side]["hex"])) for side in ("request", "answer"))
    return carry_vectors.carried(request[:3], answer[:1], DEVICE_A, DEVICE_KEY, bytes(range(32, 64)))


def _enrolment() -> dict[str, str]:
    """A device's enrolment record with both signatures."""
    public = DEVICE_KEY.public_key().public_bytes_raw()
    asked = DEVICE_KEY.sign(enrol_sign_bytes("p-lin", wire.ALG_ED25519, public, "柜台三号"))
    at_ms = int(START_AT.timestamp() * 1000)
    key = (wire.ALG_ED25519, public.hex())
    text = Enrolment(DEVICE_A, "K7Q", "p-lin", "柜台三号", *key, at_ms, asked.hex()).text
    return {"text": text, "sig": SERVER_KEY.sign(enrolment_sign_bytes(text)).hex()}


def packed() -> dict[str, Any]:
    """The same acts and all messages in short."""
    return packed_vectors.packed(acts(), SERVER_KEY)


def uploads() -> dict[str, Any]:
    """One upload, call by call."""
    return packed_vectors.uploads(lambda content: hashlib.sha256(content).hexdigest())


def _append(document: Document, device: str, device_seq: int, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    at = START_AT + timedelta(minutes=device_seq)
    text = Act(
        kind=kind,
        events=({"type": kind, **fields},),
        user="p-lin",
        device=device,
        device_seq=device_seq,
        occurred_at=at,
        claimed_at=at,
        beacon=None,
        since_beacon_ms=None,
        pack_version="jy-1",
        app_version="0.1.0",
    ).text()
    with document.transaction() as transaction:
        transaction.insert(_acts(document), document.length(_acts(document)), ScalarType.Str, text)
    made = document.get_last_local_change()
    assert made is not None
    raw = bytes(made.raw_bytes)
    change = decode_act_change(raw)
    assert bytes.fromhex(change.hash) == bytes(made.hash)
    return {
        "text": text,
        "actor": change.actor,
        "seq": change.seq,
        "start_op": change.start_op,
        "deps": list(change.deps),
        "elem": list(change.elem) if change.elem else None,
        "change": raw.hex(),
        "hash": change.hash,
        "alg": wire.ALG_ED25519,
        "signature": DEVICE_KEY.sign(sign_bytes(CASE_ID, change.hash)).hex(),
    }


def _document(actor: str) -> Document:
    document = Document.load(GENESIS)
    document.set_actor(bytes.fromhex(actor))
    return document


def _acts(document: Document) -> bytes:
    found = document.get(ROOT, "acts")
    assert found is not None
    return found[1]


def _frame(frame: wire.Frame) -> dict[str, Any]:
    if isinstance(frame, wire.Json):
        return {"type": 1, "json": frame.data}
    if isinstance(frame, wire.Pulled):
        return {
            "type": 2,
            "case_id": frame.case_id,
            "log_index": frame.log_index,
            "received_at_ms": frame.received_at_ms,
            "raw": frame.raw.hex(),
        }
    return {
        "type": 3,
        "case_id": frame.case_id,
        "alg": frame.alg,
        "signature": frame.signature.hex(),
        "raw": frame.raw.hex(),
    }


def _p256(change_hash: str) -> dict[str, str]:
    key = ec.derive_private_key(int.from_bytes(bytes(range(1, 33)), "big"), ec.SECP256R1())  # for tests only
    der = key.sign(sign_bytes(CASE_ID, change_hash), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"public": public.hex(), "signature": (r.to_bytes(32, "big") + s.to_bytes(32, "big")).hex()}


def _key(key: Ed25519PrivateKey) -> dict[str, str]:
    return {
        "seed": key.private_bytes_raw().hex(),
        "public": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    main()
