"""Every receipt in an answer, whichever form it has: what the record has promised from then on."""

from __future__ import annotations

from collections.abc import Sequence

from py_core import wire
from py_core.packed import receipts
from server.record import Entry


def promised_in(answer: bytes, log: Sequence[Entry]) -> list[wire.Verdict]:
    """The receipts; those in short name no hash: their signature must be over what stands at their places in the log."""
    promised = []
    for frame in wire.read_frames(answer, bytes_max=wire.ANSWER_BYTES_MAX, frames_max=wire.ANSWER_FRAMES_MAX):
        if isinstance(frame, wire.Json) and frame.data.get("t") == "verdict":
            verdict = wire.read_message(frame)
            assert isinstance(verdict, wire.Verdict)
            if verdict.verdict != "quarantined":
                promised.append(verdict)
        elif isinstance(frame, wire.Short) and frame.type == wire.TYPE_RECEIPTS:
            promised += _shared(frame.payload, log)
    return promised


def _shared(payload: bytes, log: Sequence[Entry]) -> list[wire.Verdict]:
    places, signature = receipts.unpack_receipts(payload)
    by_index = {entry.log_index: entry for entry in log}
    entries = [by_index.get(place.log_index) for place in places]
    leaves = [
        b"" if entry is None else receipts.leaf(entry.case_id, entry.hash, place.log_index, place.received_at_ms)
        for entry, place in zip(entries, places, strict=True)
    ]
    _, paths = receipts.root_and_paths(leaves)
    return [
        wire.Verdict(
            "" if entry is None else entry.hash,
            "had" if place.had else "accepted",
            "",
            place.log_index,
            place.received_at_ms,
            receipts.proof(signature, path),
        )
        for entry, place, path in zip(entries, places, paths, strict=True)
    ]
