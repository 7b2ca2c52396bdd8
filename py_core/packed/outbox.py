"""A device's acts in short (frame type 5): the record rebuilds each change from its own log, bit by bit.

A cause is named by its number in the record's log; the record knows its case, actor and operation. One digest over all
hashes shows that both sides mean the same bytes before anything is judged. Must not read or write frames.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from py_core.change import GENESIS_HASH, ActChange, decode_act_change, encode_act_change
from py_core.errors import Malformed
from py_core.packed import texts
from py_core.packed.changes import DIGEST_BYTES, NotPackable, Unresolved
from py_core.packed.columns import pack_columns, pack_numbers, pieces, unpack_columns, unpack_numbers

_SAME_CASE, _NEXT_CASE, _FIRST_CASE = 0, 1, 2
_NO_CAUSE, _LAST_OF_CASE, _BY_HASH, _FIRST_INDEX = 0, 1, 2, 3
_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class Signed:
    """One act as it leaves a device."""

    case_id: str
    alg: int
    signature: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Cause:
    """What the record knows of a change that another one rests on."""

    case_id: str
    hash: str
    actor: str
    start_op: int


IndexOf = Callable[[str, str], int | None]
"""Where the record has an act: case and hash to its number in the log; None when no receipt says so."""

CauseAt = Callable[[int | str], Cause | None]
"""The record's change with this number in the log, or this hash."""


def pack_acts(acts: Sequence[Signed], index_of: IndexOf) -> bytes:
    """The payload for these acts, causes first; raises `NotPackable` when one has several causes, or several algs."""
    cases: dict[str, int] = {}
    last: dict[str, ActChange] = {}  # of each case, in this frame
    actors: dict[str, int] = {}
    case_at, actor_at, seqs, causes = [], [], [], []
    new_cases: list[bytes] = []
    hashes: list[bytes] = []
    of_texts: list[str] = []
    digest = hashlib.sha256()
    before = ""
    for act in acts:
        change = decode_act_change(act.raw)
        if len(change.causes) > 1 or act.alg != acts[0].alg:
            raise NotPackable
        if change.causes and (change.elem is None or change.elem[0] != change.start_op - 1):
            raise NotPackable
        cause, index = _NO_CAUSE, None
        if change.causes:
            inside = last.get(act.case_id)
            index = index_of(act.case_id, change.causes[0])
            if inside is not None and inside.hash == change.causes[0]:
                cause = _LAST_OF_CASE
            elif index is not None:
                cause = _FIRST_INDEX + index
            else:
                cause = _BY_HASH
                hashes.append(bytes.fromhex(change.causes[0]))
        causes.append(cause)
        if act.case_id in cases:
            case_at.append(_SAME_CASE if act.case_id == before else _FIRST_CASE + cases[act.case_id])
        else:
            cases[act.case_id] = len(cases)
            case_at.append(_NEXT_CASE)
            if cause < _FIRST_INDEX:
                new_cases.append(bytes.fromhex(act.case_id))
        actor_at.append(actors.setdefault(change.actor, len(actors)))
        seqs.append(change.seq - 1)
        of_texts.append(change.text)
        digest.update(bytes.fromhex(change.hash))
        last[act.case_id] = change
        before = act.case_id
    return pack_columns(
        [
            digest.digest()[:DIGEST_BYTES],
            pack_numbers(case_at),
            pack_numbers(actor_at),
            pack_numbers(seqs),
            pack_numbers(causes),
            b"".join(new_cases),
            b"".join(hashes),
            b"".join(map(bytes.fromhex, actors)),
            bytes([acts[0].alg]) + b"".join(act.signature for act in acts),
            *texts.TextPacker().pack(of_texts),
        ]
    )


def unpack_acts(payload: bytes, cause_at: CauseAt, acts_max: int, bytes_max: int) -> list[Signed]:
    """The acts again, bit-identical; raises `Unresolved` when it is not certain, `Malformed` for other bytes."""
    columns = unpack_columns(payload, _COLUMNS + texts.COLUMNS, bytes_max)
    try:
        return list(_read(columns, cause_at, acts_max))
    except (IndexError, StopIteration, ValueError, OverflowError, RuntimeError) as error:
        raise Malformed("frame", "has a reference to nothing") from error


def _read(columns: Sequence[bytes], cause_at: CauseAt, acts_max: int) -> Iterator[Signed]:
    case_at = unpack_numbers(columns[1])
    count = len(case_at)
    if not 1 <= count <= acts_max:
        raise Malformed("frame", f"must have 1 to {acts_max} acts")
    actor_at, seqs, causes = (unpack_numbers(each, count) for each in columns[2:5])
    new_cases, hashes = iter(pieces(columns[5], 16)), iter(pieces(columns[6], 32))
    actors = [each.hex() for each in pieces(columns[7], 16)]
    alg, signatures = columns[8][0], pieces(columns[8][1:], 64)
    if len(signatures) != count:
        raise Malformed("frame", "has not as many signatures as acts")
    of_texts = texts.TextUnpacker().unpack(columns[_COLUMNS:], count)
    cases: list[str] = []
    last: dict[str, Cause] = {}
    digest = hashlib.sha256()
    made: list[Signed] = []
    case_id = ""
    for at in range(count):
        named = None
        if causes[at] >= _BY_HASH:
            named = cause_at(next(hashes).hex() if causes[at] == _BY_HASH else causes[at] - _FIRST_INDEX)
            if named is None:
                raise Unresolved("rests on an act that is not in the log")
        if case_at[at] == _NEXT_CASE:
            case_id = named.case_id if named is not None and causes[at] >= _FIRST_INDEX else next(new_cases).hex()
            cases.append(case_id)
        elif case_at[at] != _SAME_CASE:
            case_id = cases[case_at[at] - _FIRST_CASE]
        elif not case_id:
            raise Malformed("frame", "begins without a case")
        if causes[at] == _LAST_OF_CASE:
            named = last.get(case_id)
            if named is None:
                raise Malformed("frame", "has a reference to nothing")
        change = _change(named, actors[actor_at[at]], seqs[at] + 1, of_texts[at])
        raw = encode_act_change(change)
        whole = hashlib.sha256(raw[8:])
        digest.update(whole.digest())
        last[case_id] = Cause(case_id, whole.hexdigest(), change.actor, change.start_op)
        made.append(Signed(case_id, alg, signatures[at], raw))
    if any(next(each, None) is not None for each in (new_cases, hashes)):
        raise Malformed("frame", "has more than its acts need")
    if digest.digest()[:DIGEST_BYTES] != columns[0]:
        raise Unresolved("does not lead to the changes that were packed")
    yield from made


def _change(cause: Cause | None, actor: str, seq: int, text: str) -> ActChange:
    first = ActChange("", (GENESIS_HASH,), actor, seq, 2, text, None)
    if cause is None:
        return first
    return replace(first, deps=(cause.hash,), start_op=cause.start_op + 1, elem=(cause.start_op, cause.actor))
