"""Known bombs: at the gate they cost a few bytes and no engine; in the engine's process they end at its limits."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from pathlib import Path

import pytest

from py_core import carry, wire
from py_core.carry import CarryRefused
from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.errors import Malformed
from server.engine import EngineInside, EngineOutside
from server.sync_routes import inflate
from server.trial import NotTaken

from . import chunks
from .chunks import ACTION, INSERT, VALUE, nulls, run, unsigned
from .world import peak_of

ACTOR = b"\x22" * 16
CPU_SECONDS_MAX, BYTES_MAX = 0.1, 20 * 1024 * 1024
ENGINE_BYTES_MAX = 256 * 1024 * 1024


def honest() -> chunks.Draft:
    return chunks.draft_of(EngineInside().append_texts([], ACTOR, ["x"])[0])


def with_columns(**columns: bytes) -> bytes:
    draft = honest()
    for name, data in columns.items():
        draft.set(getattr(chunks, name), data)
    return draft.raw()


def deflated_chunk() -> bytes:
    return chunks.chunk(chunks.deflated(honest().body() + bytes(60_000_000)), chunks.DEFLATED)


def deflated_column() -> bytes:
    draft = honest()
    draft.set(VALUE, None)
    draft.columns = sorted([*draft.columns, (VALUE | chunks.DEFLATED_BIT, chunks.deflated(bytes(60_000_000)))])
    return draft.raw()


def document_bomb() -> bytes:
    """A whole document whose columns say a thousand million operations (what `load` of a peer's bytes would meet)."""
    columns = unsigned(2) + unsigned(ACTION) + unsigned(6) + unsigned(INSERT) + unsigned(6)
    body = (
        unsigned(0) + unsigned(0) + unsigned(0) + columns + run(2**30, b"\x01")[:6].ljust(6, b"\0") + nulls(2**30)[:6]
    )
    return chunks.chunk(body, chunks.DOCUMENT)


BOMBS = {
    "a thousand million inserts": with_columns(INSERT=b"\x00" + unsigned(2**30)),
    "actions run": with_columns(ACTION=run(2**40, b"\x01")),
    "nothing run": with_columns(OBJECT_COUNTER=nulls(2**62)),
    "values run": with_columns(VALUE_HEAD=run(2**31, b"\x16")),
    "predecessors": with_columns(BEFORE_COUNT=chunks.literal(unsigned(2**40))),
    "a deflated chunk of 60 MB": deflated_chunk(),
    "a deflated column of 60 MB": deflated_column(),
    "a length beyond all memory": chunks.chunk(b"", length=2**62),
    "dependencies beyond all memory": chunks.chunk(unsigned(2**40) + bytes(32)),
    "a document": document_bomb(),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_known_bomb_is_refused_for_little(name: str) -> None:
    raw = BOMBS[name]
    tracemalloc.start()
    try:
        began = time.process_time()
        with pytest.raises(Malformed):
            decode_act_change(raw)
        took = time.process_time() - began
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    print(f"\nbomb: {name}: {len(raw)} bytes, {took * 1000:.1f} ms of processor time, {peak >> 10} KiB")
    assert took <= CPU_SECONDS_MAX
    assert peak <= BYTES_MAX


@pytest.mark.parametrize(
    "text",
    [
        "[" * 45_000,
        '{"a":' * 9_000,
        "9" * 45_000,
        '"' + "\\ud800" * 7_000 + '"',
        "[" + "1," * 20_000 + "1]",
        "\\" * 40_000,
    ],
    ids=["lists", "objects", "digits", "halves", "many", "strokes"],
)
def test_a_text_that_parsers_fall_over_is_refused_for_little(text: str) -> None:
    tracemalloc.start()
    try:
        began = time.process_time()
        with pytest.raises(Malformed):
            read_act(text)
        took = time.process_time() - began
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took <= CPU_SECONDS_MAX
    assert peak <= BYTES_MAX


@pytest.mark.parametrize("name", BOMBS)
def test_the_engines_process_bears_every_bomb_that_would_pass_the_decoder(name: str) -> None:
    """The second net: bytes that no decoder has seen (as a tool's sync message brings them)."""
    engine = EngineOutside(30.0, ENGINE_BYTES_MAX)
    good = EngineInside().append_texts([], ACTOR, ["good"])
    try:
        for _ in range(2):
            try:
                engine.try_changes([], [BOMBS[name]])
                refused = False
            except NotTaken:
                refused = True
            assert refused
            engine.try_changes([], good)
            assert 0 < peak_of(engine) <= ENGINE_BYTES_MAX
    finally:
        engine.close()


def test_gzip_bombs_of_bodies_and_carried_files_stop_at_the_limit(tmp_path: Path) -> None:
    blown = gzip.compress(bytes(300_000_000), 1)
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            inflate(blown, "gzip")
        _, body_peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        with pytest.raises(CarryRefused):
            carry.unpack_outbox(b"\x01" + bytes(64) + blown)
        _, file_peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert body_peak <= 3 * wire.REQUEST_BYTES_MAX
    assert file_peak <= 3 * carry.FILE_BYTES_MAX
