"""Whatever the engine does to its process, the server goes on and the change is refused."""

from __future__ import annotations

import hashlib
import os
import signal

import pytest

from py_core.change import GENESIS_HASH
from server.engine import EngineInside, EngineOutside
from server.trial import NotTaken

MEMORY = 256 * 1024 * 1024
ACTOR = b"\x22" * 16


def unsigned(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def bomb() -> bytes:
    """A change with a sound checksum that claims a thousand million inserts in three bytes of a column."""
    columns = {
        0x01: b"\x7f\x01", 0x02: b"\x7f\x01", 0x13: b"\x7f\x00", 0x34: b"\x00" + unsigned(1 << 30),
        0x42: b"\x7f\x01", 0x56: b"\x7f\x16", 0x57: b"x", 0x70: b"\x7f\x00",
    }  # fmt: skip
    body = b"".join(
        (
            b"\x01", bytes.fromhex(GENESIS_HASH), b"\x10", ACTOR, b"\x01\x02\x00\x00\x01\x10", bytes(16),
            bytes([len(columns)]), *(bytes([key, len(data)]) for key, data in columns.items()), *columns.values(),
        )
    )  # fmt: skip
    chunk = b"\x01" + unsigned(len(body)) + body
    return b"\x85\x6f\x4a\x83" + hashlib.sha256(chunk).digest()[:4] + chunk


def test_inside_and_outside_make_the_same_changes(engine: EngineOutside) -> None:
    texts = ["first", "第二 🧾", "x" * 20_000]
    outside = engine.append_texts([], ACTOR, texts)
    assert outside == EngineInside().append_texts([], ACTOR, texts)
    engine.try_changes(outside[:1], outside[1:])


def test_a_bomb_is_refused_and_the_next_change_is_taken(engine: EngineOutside) -> None:
    good = EngineInside().append_texts([], ACTOR, ["good"])
    with pytest.raises(NotTaken):
        engine.try_changes([bomb()], good)
    engine.try_changes([], good)


def test_changes_without_their_causes_are_refused(engine: EngineOutside) -> None:
    made = EngineInside().append_texts([], ACTOR, ["one", "two"])
    for ask in (engine, EngineInside()):
        with pytest.raises(NotTaken, match="engine_refused"):
            ask.try_changes([], made[1:])


def test_a_worker_that_takes_too_long_is_replaced() -> None:
    hurried = EngineOutside(0.0, MEMORY)
    with pytest.raises(NotTaken, match="engine_timeout"):
        hurried.try_changes([], EngineInside().append_texts([], ACTOR, ["good"]))
    hurried.close()


def test_a_job_that_works_too_long_ends_its_worker_and_the_next_is_done() -> None:
    """Counted in processor time: a busy machine makes nobody late."""
    texts = [f"{number} " + "x" * 2_000 for number in range(20_000)]
    hurried = EngineOutside(60.0, 1024**3, cpu_seconds_max=-39.9)  # what is left for so many texts: a tenth of a second
    with pytest.raises(NotTaken, match="engine_timeout"):
        hurried.append_texts([], ACTOR, texts)
    hurried.close()
    engine = EngineOutside(60.0, MEMORY)
    engine.try_changes([], EngineInside().append_texts([], ACTOR, ["good"]))
    engine.close()


def test_a_worker_without_memory_is_an_answer_not_a_fault() -> None:
    poor = EngineOutside(10.0, 1024 * 1024)
    try:
        with pytest.raises(NotTaken, match="engine_died"):
            poor.try_changes([bytes(16_000_000)], [])
    finally:
        poor.close()


def test_a_worker_that_was_killed_meanwhile_is_not_the_changes_fault() -> None:
    engine = EngineOutside(10.0, MEMORY)
    good = EngineInside().append_texts([], ACTOR, ["good"])
    engine.try_changes([], good)
    process = engine._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    engine.try_changes([], good)
    engine.close()
