"""The decoder reads exactly what an honest device writes and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from automerge.core import ROOT, Document, ObjType, ScalarType
from hypothesis import given, settings
from hypothesis import strategies as st

from py_core.change import (
    CHANGE_BYTES_MAX,
    GENESIS,
    GENESIS_HASH,
    ActChange,
    actor_sign_bytes,
    decode_act_change,
    encode_act_change,
    sign_bytes,
)
from py_core.errors import Malformed

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "acts.json").read_text(encoding="utf-8"))
FIRST = bytes.fromhex(VECTORS["acts"][0]["change"])
SECOND = bytes.fromhex(VECTORS["acts"][1]["change"])
MERGE = bytes.fromhex(VECTORS["acts"][4]["change"])


def repaired(body: bytes, kind: int = 1) -> bytes:
    """A chunk around a body, with the checksum that belongs to it: what a deliberate attacker sends."""
    length = bytearray()
    size = len(body)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    chunk = bytes([kind]) + bytes(length) + body
    return b"\x85\x6f\x4a\x83" + hashlib.sha256(chunk).digest()[:4] + chunk


def body_of(raw: bytes) -> bytes:
    at = 9
    while raw[at] & 0x80:
        at += 1
    return raw[at + 1 :]


def engine_change(edit: Any) -> bytes:
    """What the real engine writes when `edit(transaction, acts)` changes a document with one act."""
    document = Document.load(GENESIS + FIRST)
    document.set_actor(b"\x77" * 16)
    acts = document.get(ROOT, "acts")[1]
    with document.transaction() as transaction:
        edit(transaction, acts)
    return bytes(document.get_last_local_change().raw_bytes)


@pytest.mark.parametrize("row", VECTORS["acts"], ids=lambda row: row["hash"][:8])
def test_reads_what_the_engine_wrote_and_writes_the_same(row: dict[str, Any]) -> None:
    raw = bytes.fromhex(row["change"])
    change = decode_act_change(raw)
    assert change == ActChange(
        hash=row["hash"],
        deps=tuple(row["deps"]),
        actor=row["actor"],
        seq=row["seq"],
        start_op=row["start_op"],
        text=row["text"],
        elem=tuple(row["elem"]) if row["elem"] else None,
    )
    assert encode_act_change(change) == raw


def test_causes_leave_the_genesis_out() -> None:
    assert decode_act_change(FIRST).deps == (GENESIS_HASH,)
    assert decode_act_change(FIRST).causes == ()
    assert len(decode_act_change(MERGE).causes) == 2


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("two operations", lambda t, acts: (t.insert(acts, 1, ScalarType.Str, "a"), t.insert(acts, 2, ScalarType.Str, "b"))),
        ("a delete", lambda t, acts: t.delete(acts, 0)),
        ("an overwrite", lambda t, acts: t.put(acts, 0, ScalarType.Str, "x")),
        ("a number", lambda t, acts: t.insert(acts, 1, ScalarType.Int, 7)),
        ("bytes", lambda t, acts: t.insert(acts, 1, ScalarType.Bytes, b"x")),
        ("an empty text", lambda t, acts: t.insert(acts, 1, ScalarType.Str, "")),
        ("an object", lambda t, acts: t.insert_object(acts, 1, ObjType.Text)),
        ("a key in the root", lambda t, acts: t.put(ROOT, "acts", ScalarType.Str, "x")),
        ("another list", lambda t, acts: t.put_object(ROOT, "more", ObjType.List)),
        ("an insert at the front", lambda t, acts: t.insert(acts, 0, ScalarType.Str, "x")),
    ],
)  # fmt: skip
def test_refuses_every_other_change_of_the_engine(what: str, edit: Any) -> None:
    with pytest.raises(Malformed):
        decode_act_change(engine_change(edit))


def test_refuses_a_wrong_checksum() -> None:
    with pytest.raises(Malformed, match="checksum"):
        decode_act_change(FIRST[:4] + bytes(4) + FIRST[8:])


def test_refuses_a_deflated_chunk() -> None:
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(body_of(FIRST)) + packer.flush()
    with pytest.raises(Malformed, match="uncompressed"):
        decode_act_change(repaired(body, kind=2))


def test_refuses_a_deflated_column() -> None:
    body = bytearray(body_of(FIRST))
    at = body.index(bytes([0x57]), body.index(bytes([0x56])))
    body[at] |= 8
    with pytest.raises(Malformed):
        decode_act_change(repaired(bytes(body)))


def test_refuses_a_document_two_chunks_and_trailing_bytes() -> None:
    for raw in (Document.load(GENESIS + FIRST).save(), FIRST + SECOND, FIRST + b"\0", GENESIS):
        with pytest.raises(Malformed):
            decode_act_change(bytes(raw))
    with pytest.raises(Malformed):
        decode_act_change(repaired(body_of(FIRST) + b"\x01\x04extra"))


def test_refuses_long_forms_of_numbers() -> None:
    body = body_of(FIRST)
    assert body[0] == 1
    with pytest.raises(Malformed):
        decode_act_change(repaired(b"\x81\x00" + body[1:]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"deps": (VECTORS["acts"][0]["hash"],)},
        {"deps": ()},
        {"deps": (GENESIS_HASH, GENESIS_HASH)},
        {"actor": "00" * 16},
        {"seq": 0},
        {"seq": 2},
        {"start_op": 3},
        {"start_op": 1},
        {"text": ""},
        {"elem": (1, "00" * 16)},
    ],
    ids=str,
)
def test_refuses_impossible_first_acts(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        decode_act_change(encode_act_change(dataclasses.replace(decode_act_change(FIRST), **wrong)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"elem": None},
        {"elem": (1, "a1" * 16)},
        {"elem": (99, "a1" * 16)},
        {"elem": (-3, "a1" * 16)},
        {"start_op": 2**31},
        {"deps": tuple(reversed(VECTORS["acts"][4]["deps"]))},
        {"deps": tuple(sorted([GENESIS_HASH, *VECTORS["acts"][4]["deps"]]))},
    ],
    ids=str,
)
def test_refuses_impossible_later_acts(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        decode_act_change(encode_act_change(dataclasses.replace(decode_act_change(MERGE), **wrong)))


def test_refuses_what_is_too_long_before_it_reads_it() -> None:
    with pytest.raises(Malformed, match="longer"):
        decode_act_change(bytes(CHANGE_BYTES_MAX + 1))
    huge_length = FIRST[:9] + b"\xff\xff\xff\xff\xff\xff\xff\x7f" + FIRST[10:]
    with pytest.raises(Malformed):
        decode_act_change(huge_length)


def test_refuses_text_that_is_not_utf8() -> None:
    body = body_of(FIRST).replace("咨".encode(), b"\xed\xa0\x80")
    with pytest.raises(Malformed, match="UTF-8"):
        decode_act_change(repaired(body))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([FIRST, SECOND, MERGE]), st.data())
def test_any_other_bytes_are_malformed_or_read_back_to_themselves(raw: bytes, data: st.DataObject) -> None:
    body = bytearray(body_of(raw))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    mutated = repaired(bytes(body))
    try:
        change = decode_act_change(mutated)
    except Malformed:
        return
    assert encode_act_change(change) == mutated


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode_act_change(raw)


def test_what_is_signed_is_named_and_of_fixed_size() -> None:
    assert sign_bytes("5a" * 16, GENESIS_HASH) == b"shouwen-act-1" + b"\x5a" * 16 + bytes.fromhex(GENESIS_HASH)
    assert actor_sign_bytes("a1" * 16, "d1") == b"shouwen-actor-1" + b"\xa1" * 16 + b"d1"
    for case_id in ("5A" * 16, "5a" * 15, "zz" * 16):
        with pytest.raises(Malformed):
            sign_bytes(case_id, GENESIS_HASH)
