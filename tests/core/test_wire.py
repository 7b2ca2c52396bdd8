"""Frames arrive in any pieces, within limits, or are refused."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_core import wire
from py_core.errors import Malformed

FRAMES: list[wire.Frame] = [
    wire.message_frame(wire.Hello(device="d1", cursor=5, config=2, app="0.1.0", waiting=3)),
    wire.Pushed("5a" * 16, wire.ALG_ED25519, bytes(range(64)), b"raw"),
    wire.Pulled("5a" * 16, 2**40, 1_700_000_000_000, b"raw"),
    wire.message_frame(wire.End(cursor=9, more=True, scope="unit:shihe")),
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=30))
def test_frames_arrive_in_any_pieces(sizes: list[int]) -> None:
    data = wire.encode_frames(FRAMES)
    reader = wire.FrameReader()
    frames: list[wire.Frame] = []
    at = 0
    for size in [*sizes, len(data)]:
        frames += reader.feed(data[at : at + size])
        at += size
    assert frames == FRAMES
    assert reader.between_frames


def test_a_cut_body_is_known_as_cut() -> None:
    data = wire.encode_frames(FRAMES)
    reader = wire.FrameReader()
    assert reader.feed(data[:-1]) == FRAMES[:-1]
    assert not reader.between_frames
    with pytest.raises(Malformed, match="ends inside"):
        wire.read_frames(data[:-1])


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">IB", 1, 12),
        struct.pack(">IB", 0, 1),
        struct.pack(">IB", 2**32 - 1, 2),
        struct.pack(">IB", wire.JSON_BYTES_MAX + 2, 1),
        struct.pack(">IB", 1 + 16 + 65, 3) + bytes(81),
    ],
    ids=["unknown type", "no type", "huge", "too long a JSON", "no change in it"],
)
def test_refuses_wrong_frames_as_soon_as_they_are_seen(data: bytes) -> None:
    with pytest.raises(Malformed):
        wire.FrameReader().feed(data)


def test_limits_of_bytes_and_frames() -> None:
    one = wire.encode_frame(wire.Json({}))
    with pytest.raises(Malformed, match="frames"):
        wire.read_frames(one * 3, frames_max=2)
    with pytest.raises(Malformed, match="longer"):
        wire.read_frames(one * 3, bytes_max=len(one) * 3 - 1)
    assert len(wire.read_frames(one * 3, frames_max=3, bytes_max=len(one) * 3)) == 3


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b"\xff",
        b'{"a":' + b"[" * 60 + b"]" * 60 + b"}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["list", "cut", "repeated key", "NaN", "half a character", "not UTF-8", "deep", "very deep"],
)
def test_refuses_wrong_json(payload: bytes) -> None:
    with pytest.raises(Malformed):
        wire.read_frames(struct.pack(">IB", len(payload) + 1, 1) + payload)


MESSAGES: list[wire.Message] = [
    wire.Hello(device="d1", cursor=5, config=2, app="0.1.0", waiting=3),
    wire.ActorAnnouncement(actor="a1" * 16, sig="00" * 64),
    wire.Verdict("11" * 32, "accepted", "", 1, 2, "00" * 64),
    wire.Verdict("11" * 32, "quarantined", "malformed"),
    wire.Config({"version": 2}),
    wire.Beacon("b", 1, 2, "00" * 64),
    wire.End(cursor=3, more=False, scope="unit:a"),
    wire.ErrorMessage("signed_out", "sign in"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_messages_survive_the_way(message: wire.Message) -> None:
    (frame,) = wire.read_frames(wire.encode_frame(wire.message_frame(message)))
    assert wire.read_message(frame) == message


def test_newer_sides_may_say_more() -> None:
    frame = wire.Json({"t": "end", "cursor": 1, "more": False, "weather": "fine"})
    assert wire.read_message(frame) == wire.End(1, False)


@pytest.mark.parametrize(
    "data",
    [
        {"t": "end", "cursor": 1},
        {"t": "end", "cursor": True, "more": False},
        {"t": "end", "cursor": -1, "more": False},
        {"t": "end", "cursor": 2**53, "more": False},
        {"t": "end", "cursor": "1", "more": False},
        {"t": "verdict", "hash": "x", "verdict": "perhaps"},
        {"t": "config", "directory": []},
        {"t": "hello", "device": "d" * 1025, "cursor": 0, "config": 0, "app": "", "waiting": 0},
        {"t": ["end"]},
        {"t": "nothing"},
        {},
    ],
    ids=json.dumps,
)
def test_refuses_wrong_messages(data: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        wire.read_message(wire.Json(data))


def test_a_change_is_no_message() -> None:
    with pytest.raises(Malformed):
        wire.read_message(FRAMES[1])
