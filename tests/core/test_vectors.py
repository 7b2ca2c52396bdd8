"""The vectors on disk are what the real engine and the documented formats make today."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from py_core import carry, wire
from py_core.cases.acts import read_act
from py_core.change import actor_sign_bytes, sign_bytes
from py_core.enrolment import enrolment_sign_bytes, read_enrolment
from py_core.log_watch import proof_in
from py_core.merkle import included_together
from py_core.packed import messages, receipts
from py_core.packed.changes import ChangeUnpacker
from py_core.packed.held import AnswerLogs
from py_core.packed.outbox import Cause, unpack_acts
from server.carry_keys import CarryKeys
from server.keys import SigningKey, verifies

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests" / "vectors"
BUILT: dict[str, Any] = runpy.run_path(str(ROOT / "tools" / "build_vectors.py"))
ACTS = json.loads((FOLDER / "acts.json").read_text(encoding="utf-8"))
CASE_ID: str = ACTS["case_id"]
PACKED = json.loads((FOLDER / "packed.json").read_text(encoding="utf-8"))
EXCHANGE = json.loads((FOLDER / "exchange.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["acts", "exchange", "carried", "packed", "uploads"])
def test_vectors_are_what_is_built_today(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) == BUILT[name]()


def test_signatures_verify() -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(ACTS["device_key"]["public"]))
    for row in ACTS["acts"]:
        key.verify(bytes.fromhex(row["signature"]), sign_bytes(ACTS["case_id"], row["hash"]))
    for row in ACTS["actors"]:
        key.verify(bytes.fromhex(row["sig"]), actor_sign_bytes(row["actor"], row["device"]))


def test_the_p256_signature_verifies() -> None:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(ACTS["p256"]["public"]))
    raw = bytes.fromhex(ACTS["p256"]["signature"])
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, sign_bytes(ACTS["case_id"], ACTS["acts"][0]["hash"]), ec.ECDSA(hashes.SHA256()))


def test_texts_are_acts() -> None:
    for row in ACTS["acts"]:
        assert read_act(row["text"]).text() == row["text"]
    assert sorted(ACTS["order_in_list"]) == sorted(row["text"] for row in ACTS["acts"])


def test_the_exchange_reads_back() -> None:
    for said in (EXCHANGE, EXCHANGE["restored"]):
        for side in ("request", "answer"):
            frames = wire.read_frames(bytes.fromhex(said[side]["hex"]))
            assert [BUILT["_frame"](frame) for frame in frames] == said[side]["frames"]


def test_the_enrolment_record_bears_both_signatures() -> None:
    text, signature = ACTS["enrolment"]["text"], bytes.fromhex(ACTS["enrolment"]["sig"])
    enrolment = read_enrolment(text)
    assert enrolment.public_key == ACTS["device_key"]["public"]
    key = bytes.fromhex(enrolment.public_key)
    assert verifies(enrolment.alg, key, bytes.fromhex(enrolment.asked), enrolment.asked_bytes)
    record = bytes.fromhex(EXCHANGE["server_key"]["public"])
    assert verifies(wire.ALG_ED25519, record, signature, enrolment_sign_bytes(text))


def test_changes_in_short_lead_to_the_changes_in_full() -> None:
    log = PACKED["log"]
    held = AnswerLogs([CASE_ID], lambda _: [(each["log_index"], each["hash"]) for each in log["held"]])
    unpacker = ChangeUnpacker(held)
    whole = unpacker.unpack(_payload(log["whole"]["frame"]))
    after = [each for vector in log["after_held"] for each in unpacker.unpack(_payload(vector["frame"]))]
    for came, expected in ((whole, log["changes"]), (after, log["changes"][2:])):
        assert [
            {"case_id": e.case_id, "log_index": e.log_index, "received_at_ms": e.received_at_ms, "raw": e.raw.hex()}
            for e in came
        ] == expected


def test_acts_in_short_lead_to_the_acts_in_full() -> None:
    vector = PACKED["outbox"]
    cause = Cause(CASE_ID, vector["cause"]["hash"], vector["cause"]["actor"], vector["cause"]["start_op"])
    for name, expected in (("all", vector["acts"]), ("after_the_first", vector["acts"][1:])):
        came = unpack_acts(_payload(vector[name]["frame"]), {7: cause}.get, 10, 2**20)
        assert [
            {"case_id": e.case_id, "alg": e.alg, "signature": e.signature.hex(), "change": e.raw.hex()} for e in came
        ] == expected


def test_receipts_that_share_a_signature_verify_each() -> None:
    places, _ = receipts.unpack_receipts(_payload(PACKED["receipts"]["frame"]))
    key = bytes.fromhex(EXCHANGE["server_key"]["public"])
    for each, place in zip(PACKED["receipts"]["receipts"], places, strict=True):
        assert (each["log_index"], each["received_at_ms"]) == (place.log_index, place.received_at_ms)
        part = receipts.signed_part(
            each["case_id"], each["hash"], each["log_index"], each["received_at_ms"], each["sig"]
        )
        assert part is not None
        assert verifies(wire.ALG_ED25519, key, *part)


def test_the_proof_of_receipts_leads_to_the_root() -> None:
    vector = PACKED["included"]
    leaves = {int(n): bytes.fromhex(leaf) for n, leaf in vector["leaves"].items()}
    proof = proof_in(_payload(vector["frame"]))
    assert included_together(leaves, vector["size"], proof, bytes.fromhex(vector["root"]))


def test_messages_say_the_same_in_short_and_in_full() -> None:
    for each in PACKED["messages"]:
        (full,) = wire.read_frames(bytes.fromhex(each["full"]))
        (short,) = wire.read_frames(bytes.fromhex(each["short"]))
        assert wire.read_message(messages.long(short)) == wire.read_message(full)
    assert {each["json"]["t"] for each in PACKED["messages"]} >= {
        "hello", "verdict", "ruled", "config", "revoke", "case", "beacon", "end", "error"
    }  # fmt: skip


def _payload(frame: str) -> bytes:
    (read,) = wire.read_frames(bytes.fromhex(frame))
    assert isinstance(read, wire.Short)
    return read.payload


def test_carried_files_open_with_the_records_keys_and_read_back() -> None:
    vector = json.loads((FOLDER / "carried.json").read_text(encoding="utf-8"))
    keys = CarryKeys(SigningKey(bytes.fromhex(EXCHANGE["server_key"]["seed"])))
    assert keys.published == vector["published"]
    device_key = bytes.fromhex(ACTS["device_key"]["public"])
    assert [each["alg"] for each in vector["outbox"]["files"]] == [carry.ALG_X25519, carry.ALG_P256]
    for each in vector["outbox"]["files"]:
        content = keys.open(carry.read_outbox(bytes.fromhex(each["file"])))
        assert content.hex() == vector["outbox"]["content"]
        alg, signature, frames = carry.unpack_outbox(content)
        assert frames.hex() == vector["outbox"]["frames"]
        assert verifies(alg, device_key, signature, carry.outbox_sign_bytes(frames))
    read = carry.read_receipts(bytes.fromhex(vector["receipts"]["file"]))
    assert verifies(wire.ALG_ED25519, bytes.fromhex(vector["record_public"]), read.signature, read.signed)
    assert [each.verdict for each in read.verdicts] == ["accepted"]
    later = carry.read_receipts(bytes.fromhex(vector["withdrawn"]["file"]))
    assert verifies(wire.ALG_ED25519, bytes.fromhex(vector["record_public"]), later.signature, later.signed)
    assert (later.carried.problem, later.verdicts[0].reason) == ("device_revoked", "left_out")
    assert carry.receipts_frames(later.carried, later.verdicts).hex() == vector["withdrawn"]["frames"]
    moved = carry.read_receipts(bytes.fromhex(vector["moved"]["file"]))
    assert verifies(wire.ALG_ED25519, bytes.fromhex(vector["record_public"]), moved.signature, moved.signed)
    assert (moved.carried.scope, moved.carried.cursor, moved.revoked) == ("linye/2", 42, ("c2" * 16,))
    told = [wire.Revoke("c2" * 16, 7)]
    assert carry.receipts_frames(moved.carried, moved.verdicts, told).hex() == vector["moved"]["frames"]
    (frame,) = wire.read_frames(bytes.fromhex(vector["held"]["frames"]))
    holding = wire.read_message(frame)
    assert isinstance(holding, wire.Hello)
    assert holding.held == ("c1" * 16, "c2" * 16)
    assert wire.encode_frame(wire.message_frame(holding)).hex() == vector["held"]["frames"]
