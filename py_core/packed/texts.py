"""The texts of acts (`py_core.cases.acts`) as columns: who, when and where by table and difference, events as they are.

Owns which parts of a text are left out because they follow from others. Any text survives: what is no plain act, or
would come back otherwise, travels whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from typing import TypeVar

from py_core.errors import Malformed
from py_core.packed.columns import (
    pack_lines,
    pack_numbers,
    pack_signed,
    pieces,
    unpack_lines,
    unpack_numbers,
    unpack_signed,
)

COLUMNS = 12
_AUTHOR_LINES = 5  # device, user, app version, pack version as JSON, minutes ahead of UTC
_STRING = r'"(?:[^"\\]|\\.)*"'
_ACT = re.compile(
    rf'\{{"app_version":({_STRING}),"beacon":(null|{_STRING}),"claimed_at":"([^"]*)","device":({_STRING}),'
    rf'"device_seq":(\d{{1,16}}),"events":(\[.*\]),"kind":({_STRING}),"occurred_at":"([^"]*)",'
    rf'"pack_version":({_STRING}),"since_beacon_ms":(null|\d{{1,16}}),"user":({_STRING}),"v":1\}}'
)
_BEACON = re.compile(r'"([1-9a-f][0-9a-f]{0,11})-([0-9a-f]{16})"')
_Value = TypeVar("_Value")
_WHOLE = 0  # in the column of authors: the text travels as it is
_NO_BEACON, _NEW_BEACON, _FIRST_BEACON = 0, 1, 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_MAX = 250_000_000_000  # the year 9892


def _place(table: dict[_Value, int], value: _Value) -> int:
    """Where a value stands in a table that numbers values in the order in which they are first seen."""
    return table.setdefault(value, len(table))


class TextPacker:
    """Packs texts frame by frame; what the frames of one answer have said before is not said again."""

    def __init__(self) -> None:
        self._authors: dict[tuple[str, ...], int] = {}
        self._kinds: dict[str, int] = {}
        self._last_seq: dict[str, int] = {}
        self._last_claimed = 0
        self._begin()

    def copy(self) -> TextPacker:
        """One that goes on from here by itself."""
        other = TextPacker()
        other._authors, other._kinds = dict(self._authors), dict(self._kinds)
        other._last_seq, other._last_claimed = dict(self._last_seq), self._last_claimed
        other._begin()
        return other

    def _begin(self) -> None:
        self._authors_said, self._kinds_said = len(self._authors), len(self._kinds)
        self._beacons: dict[tuple[int, bytes], int] = {}
        self._author: list[int] = []
        self._kind: list[int] = []
        self._beacon: list[int] = []
        self._since: list[int] = []
        self._seq: list[int] = []
        self._claimed: list[int] = []
        self._occurred: list[int] = []
        self._texts: list[str] = []

    def pack(self, texts: Iterable[str]) -> list[bytes]:
        """The twelve columns of these texts."""
        for text in texts:
            self._add(text)
        columns = self._columns()
        self._begin()
        return columns

    def _add(self, text: str) -> None:
        parts = _parts(text)
        if parts is None:
            if "\n" in text:
                raise Malformed("act", "has a line feed outside its strings")
            self._author.append(_WHOLE)
            self._texts.append(text)
            return
        author, beacon, since, seq, claimed, occurred, kind, events = parts
        self._author.append(_place(self._authors, author) + 1)
        self._kind.append(_place(self._kinds, kind))
        if beacon is None:
            self._beacon.append(_NO_BEACON)
        else:
            known = beacon in self._beacons
            place = _place(self._beacons, beacon)
            self._beacon.append(place + _FIRST_BEACON if known else _NEW_BEACON)
        self._since.append(0 if since is None else since + 1)
        device = author[0]
        self._seq.append(seq - self._last_seq.get(device, 0) - 1)
        self._last_seq[device] = seq
        self._claimed.append(claimed - _expected(beacon, since, self._last_claimed))
        self._last_claimed = claimed
        self._occurred.append(claimed - occurred)
        self._texts.append(events)

    def _columns(self) -> list[bytes]:
        times = [time for time, _ in self._beacons]
        return [
            pack_numbers(self._author),
            pack_numbers(self._kind),
            pack_numbers(self._beacon),
            pack_numbers(self._since),
            pack_signed(self._seq),
            pack_signed(self._claimed),
            pack_signed(self._occurred),
            pack_lines(line for author in islice(self._authors, self._authors_said, None) for line in author),
            pack_lines(islice(self._kinds, self._kinds_said, None)),
            pack_signed(time - before for time, before in zip(times, [0, *times], strict=False)),
            b"".join(tag for _, tag in self._beacons),
            pack_lines(self._texts),
        ]


def _expected(beacon: tuple[int, bytes] | None, since: int | None, last: int) -> int:
    """When an act was made (s), as far as the rest of it or the act before tells."""
    return last if beacon is None or since is None else (beacon[0] + since) // 1000


def _parts(
    text: str,
) -> tuple[tuple[str, ...], tuple[int, bytes] | None, int | None, int, int, int, str, str] | None:
    """The parts of an act's text, if it can be made from them again; else None."""
    found = _ACT.fullmatch(text)
    if found is None:
        return None
    app, beacon_text, claimed_text, device, seq_text, events, kind, occurred_text, pack, since_text, user = (
        found.groups()
    )
    beacon = None
    if beacon_text != "null":
        read = _BEACON.fullmatch(beacon_text)
        if read is None:
            return None
        beacon = int(read[1], 16), bytes.fromhex(read[2])
    try:
        claimed_at, occurred_at = datetime.fromisoformat(claimed_text), datetime.fromisoformat(occurred_text)
    except ValueError:
        return None
    offset = claimed_at.utcoffset()
    if offset is None or occurred_at.utcoffset() != offset or offset % timedelta(minutes=1):
        return None
    claimed, occurred = ((each - _EPOCH) // timedelta(seconds=1) for each in (claimed_at, occurred_at))
    if not 0 <= min(claimed, occurred) <= max(claimed, occurred) <= _SECOND_MAX:
        return None
    minutes = offset // timedelta(minutes=1)
    author = (device, user, app, pack, str(minutes))
    since = None if since_text == "null" else int(since_text)
    seq = int(seq_text)
    zone = timezone(offset)
    again = _text(author, beacon, since, seq, _iso(claimed, zone), _iso(occurred, zone), kind, events)
    return (author, beacon, since, seq, claimed, occurred, kind, events) if again == text else None


def _text(
    author: Sequence[str],
    beacon: tuple[int, bytes] | None,
    since: int | None,
    seq: int,
    claimed: str,
    occurred: str,
    kind: str,
    events: str,
) -> str:
    device, user, app, pack, _ = author
    beacon_text = "null" if beacon is None else f'"{beacon[0]:x}-{beacon[1].hex()}"'
    return (
        f'{{"app_version":{app},"beacon":{beacon_text},"claimed_at":"{claimed}","device":{device},'
        f'"device_seq":{seq},"events":{events},"kind":{kind},"occurred_at":"{occurred}","pack_version":{pack},'
        f'"since_beacon_ms":{"null" if since is None else since},"user":{user},"v":1}}'
    )


def _iso(second: int, zone: timezone) -> str:
    return datetime.fromtimestamp(second, zone).isoformat(timespec="seconds")


class TextUnpacker:
    """Reads what a `TextPacker` has packed, frame by frame in the same order."""

    def __init__(self) -> None:
        self._authors: list[list[str]] = []
        self._zones: list[timezone] = []
        self._kinds: list[str] = []
        self._last_seq: dict[str, int] = {}
        self._last_claimed = 0

    def unpack(self, columns: Sequence[bytes], count: int) -> list[str]:
        """The texts again, `count` of them; raises `Malformed`."""
        try:
            return self._read(columns, count)
        except (IndexError, OverflowError, OSError, ValueError) as error:
            raise Malformed("frame", "has a reference to nothing in its texts") from error

    def _read(self, columns: Sequence[bytes], count: int) -> list[str]:
        of_author = unpack_numbers(columns[0], count)
        plain = count - of_author.count(_WHOLE)
        kinds_at, beacons_at, sinces = (unpack_numbers(each, plain) for each in columns[1:4])
        seqs, claims, occurs = (unpack_signed(each, plain) for each in columns[4:7])
        lines = unpack_lines(columns[7])
        for at in range(0, len(lines), _AUTHOR_LINES):
            author = lines[at : at + _AUTHOR_LINES]
            self._zones.append(timezone(timedelta(minutes=int(author[4]))))
            self._authors.append(author)
        self._kinds += unpack_lines(columns[8])
        times: list[int] = []
        for step in unpack_signed(columns[9]):
            times.append((times[-1] if times else 0) + step)
        beacons = list(zip(times, pieces(columns[10], 8), strict=True))
        bodies = unpack_lines(columns[11])
        if len(bodies) != count:
            raise Malformed("frame", "has not as many texts as acts")
        texts: list[str] = []
        next_beacon = at = 0
        for author_at, body in zip(of_author, bodies, strict=True):
            if author_at == _WHOLE:
                texts.append(body)
                continue
            author, zone = self._authors[author_at - 1], self._zones[author_at - 1]
            which = beacons_at[at]
            beacon = None
            if which == _NEW_BEACON:
                beacon = beacons[next_beacon]
                next_beacon += 1
            elif which != _NO_BEACON:
                beacon = beacons[which - _FIRST_BEACON]
            since = sinces[at] - 1 if sinces[at] else None
            self._last_claimed = _expected(beacon, since, self._last_claimed) + claims[at]
            seq = self._last_seq[author[0]] = self._last_seq.get(author[0], 0) + 1 + seqs[at]
            claimed = _iso(self._last_claimed, zone)
            occurred = claimed if not occurs[at] else _iso(self._last_claimed - occurs[at], zone)
            texts.append(_text(author, beacon, since, seq, claimed, occurred, self._kinds[kinds_at[at]], body))
            at += 1
        return texts
