"""Acts: what one person did in one moment, as the canonical text that is signed and kept for ever.

Owns the text form and its strict reading. Must not know what the events mean (see `evolve`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from py_core.errors import Malformed
from py_core.values import nests_too_deep

ACT_VERSION = 1
ACT_BYTES_MAX = 48 * 1024
ACT_EVENTS_MAX = 32
ACT_NAME_MAX = 64
ACT_NUMBER_MAX = 2**53 - 1  # what JavaScript keeps exactly
ACT_YEAR_MIN = 1900  # a lost clock stays inside; beyond, nobody could count days any more
ACT_YEAR_MAX = 2200
_KEYS = frozenset(
    {
        "v", "kind", "events", "user", "device", "device_seq", "occurred_at", "claimed_at",
        "beacon", "since_beacon_ms", "pack_version", "app_version",
    }
)  # fmt: skip

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `occurred_at` is when it happened as the person says, `claimed_at` as the device can show."""

    kind: str
    events: tuple[Event, ...]
    user: str
    device: str
    device_seq: int
    occurred_at: datetime
    claimed_at: datetime
    beacon: str | None
    since_beacon_ms: int | None
    pack_version: str
    app_version: str

    def text(self) -> str:
        """Canonical JSON (sorted keys, no spaces, UTF-8): the bytes that the change carries."""
        return canonical_json(
            {
                "v": ACT_VERSION,
                "kind": self.kind,
                "events": list(self.events),
                "user": self.user,
                "device": self.device,
                "device_seq": self.device_seq,
                "occurred_at": self.occurred_at.isoformat(timespec="seconds"),
                "claimed_at": self.claimed_at.isoformat(timespec="seconds"),
                "beacon": self.beacon,
                "since_beacon_ms": self.since_beacon_ms,
                "pack_version": self.pack_version,
                "app_version": self.app_version,
            }
        )


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """An act with its identity: the Automerge change hash (hex) and the hashes that its author had seen."""

    hash: str
    deps: tuple[str, ...]
    act: Act
    received_at: datetime | None = None  # when the city record took it; None: only on this device
    log_index: int | None = None


def canonical_json(value: Any) -> str:
    """The one text of a JSON value; fractions and numbers above 2^53 are refused: languages read them differently."""
    _refuse_inexact(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_act(text: str) -> Act:
    """Reads an act's text; raises `Malformed` for anything that is not exactly a canonical act."""
    if len(text.encode("utf-8", "surrogatepass")) > ACT_BYTES_MAX:
        raise Malformed("act", f"is longer than {ACT_BYTES_MAX} bytes")
    if nests_too_deep(text):
        raise Malformed("act", "is nested too deep")
    try:
        data = json.loads(text)
        if canonical_json(data) != text:
            raise Malformed("act", "is not in canonical form")
    except (ValueError, RecursionError, UnicodeError) as error:
        raise Malformed("act", f"is not canonical JSON ({type(error).__name__})") from error
    if not isinstance(data, dict) or set(data) != _KEYS or type(data["v"]) is not int or data["v"] != ACT_VERSION:
        raise Malformed("act", f"must be an object of version {ACT_VERSION} with exactly the act's keys")
    events = data["events"]
    if not isinstance(events, list) or not 1 <= len(events) <= ACT_EVENTS_MAX:
        raise Malformed("act.events", f"must be a list of 1 to {ACT_EVENTS_MAX}")
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise Malformed("act.events", "each must be an object with a type")
    for key in ("kind", "user", "device", "pack_version", "app_version"):
        if not isinstance(data[key], str) or not 1 <= len(data[key]) <= ACT_NAME_MAX:
            raise Malformed(f"act.{key}", f"must be a text of 1 to {ACT_NAME_MAX} characters")
    if data["beacon"] is not None and not isinstance(data["beacon"], str):
        raise Malformed("act.beacon", "must be a text or null")
    for key, low, nullable in (("device_seq", 1, False), ("since_beacon_ms", 0, True)):
        number = data[key]
        if not ((type(number) is int and low <= number <= ACT_NUMBER_MAX) or (nullable and number is None)):
            raise Malformed(f"act.{key}", f"must be a whole number from {low}")
    return _act(data, _instant(data["occurred_at"], "occurred_at"), _instant(data["claimed_at"], "claimed_at"))


def read_known_act(text: str) -> Act:
    """The act of a text that `read_act` has taken once and that lay under seal since: nothing is checked again."""
    data = json.loads(text)
    return _act(data, datetime.fromisoformat(data["occurred_at"]), datetime.fromisoformat(data["claimed_at"]))


def _act(data: dict[str, Any], occurred_at: datetime, claimed_at: datetime) -> Act:
    return Act(
        kind=data["kind"],
        events=tuple(data["events"]),
        user=data["user"],
        device=data["device"],
        device_seq=data["device_seq"],
        occurred_at=occurred_at,
        claimed_at=claimed_at,
        beacon=data["beacon"],
        since_beacon_ms=data["since_beacon_ms"],
        pack_version=data["pack_version"],
        app_version=data["app_version"],
    )


def _instant(value: object, key: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise Malformed(f"act.{key}", "must be an ISO 8601 instant") from error
    if instant.tzinfo is None or instant.isoformat(timespec="seconds") != value:
        raise Malformed(f"act.{key}", "must be an ISO 8601 instant with seconds and offset")
    if not ACT_YEAR_MIN <= instant.year <= ACT_YEAR_MAX:
        raise Malformed(f"act.{key}", f"must be in a year from {ACT_YEAR_MIN} to {ACT_YEAR_MAX}")
    return instant


def _refuse_inexact(value: Any) -> None:
    if isinstance(value, float):
        raise Malformed("act", "must not contain fractions")
    if isinstance(value, int) and abs(value) > ACT_NUMBER_MAX:
        raise Malformed("act", "must not contain numbers beyond 2^53")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise Malformed("act", "keys must be texts")
            _refuse_inexact(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_inexact(item)
