"""What the record says of documents whose content it erased: by which act, and whether everything that stays is bound.

Reads rows of `changes`; must not erase (see `erasing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from py_core.cases.acts import Event, read_act
from py_core.change import decode_act_change
from py_core.errors import Malformed
from py_core.residue import Remains, hashes_digest, remains_digest
from server.devices import SERVER_DEVICE
from server.faults import Fault

ERASED = "content_erased"
_HASH_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erased document: in words, and what is wrong with it."""

    words: str
    faults: tuple[Fault, ...]


def remains_of(row: Row[Any], residue: str) -> Remains:
    """A row of `changes` as the act that erases it binds it."""
    deps = tuple(row.deps[at : at + _HASH_DIGITS] for at in range(0, len(row.deps), _HASH_DIGITS))
    return Remains(
        row.hash, row.actor, row.seq, row.start_op, deps, row.user, row.device, row.device_seq, residue
    )  # fmt: skip


def erasure_of(document: str, rows: Sequence[Row[Any]]) -> Erasure | None:
    """Looks at a document of which something was erased, None when nothing was; `rows` are all of its changes in the
    order of the log."""
    where = f"case {document}"
    *before, last = rows
    said = _said(last)
    if said is None and all(row.residue is None for row in rows):
        return None
    if said is None:
        why = "contents are missing and no act of the record, as its last one, says that they were erased"
        return Erasure("", (Fault("erased_by_nobody", where, why),))
    event, user = said
    words = (
        f"case {document}: content erased under rule “{event['rule']}” ({event['years']} years, kept until "
        f"{event['kept_until']}) by {user}; {len(before)} hashes stand"
    )
    return Erasure(words, tuple(_faults(where, before, event)))


def _faults(where: str, before: Sequence[Row[Any]], event: Event) -> Iterator[Fault]:
    if any(row.residue is None or bytes(row.raw) for row in before):
        yield Fault("not_erased", where, "an act says that its content was erased, but some of it is there")
        return
    if (len(before), hashes_digest(row.hash for row in before)) != (event["count"], event["hashes"]):
        yield Fault("other_acts_erased", where, "the act that erased it names other acts than are here")
    if remains_digest(remains_of(row, row.residue) for row in before) != event["residue"]:
        yield Fault("other_residue", where, "what stays of its acts is not what the act that erased them left")


def _said(row: Row[Any]) -> tuple[Event, str] | None:
    """The event with which the record erased a document, and who answers for it, if this is that act."""
    if row.residue is not None or row.device != SERVER_DEVICE:
        return None
    try:
        act = read_act(decode_act_change(bytes(row.raw)).text)
    except Malformed:
        return None
    return next(((event, act.user) for event in act.events if event.get("type") == ERASED), None)
