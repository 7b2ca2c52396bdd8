"""Quarantine as one reader may know it: not what names the reader, and of what is restricted from the reader no content.

Owns what is read of waiting bytes to decide that. Must not decide about the work itself (see `centre_view`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from py_core.cases.acts import Act, read_act
from py_core.change import decode_act_change
from py_core.directory import Person
from py_core.errors import Malformed
from py_core.held_back import Said, Secrecy, said_by, secrecy_of
from py_core.packs import load_packs
from py_core.rights import may
from server import late_work, record
from server.late_work import Outline
from server.recorded import recorded_act

_KNOWN_MAX = 100_000
_AT_ONCE = 500
# What an act says of who may know never changes, and its hash is over its bytes: true for every record here.
_known: dict[str, Said] = {}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads; None for somebody who reads no case and is shown counts only."""

    person: Person | None

    def may_list(self, secrecy: Secrecy) -> bool:
        """Whether the reader may learn that it waits."""
        return self.person is None or not secrecy.names(self.person.id)

    def may_know(self, secrecy: Secrecy) -> bool:
        """Whether the reader may learn what it is."""
        if self.person is None:
            return not secrecy.restrictions
        return secrecy.allows(self.person.id, self.person.roles)

    def must_hear(self, secrecy: Secrecy, people: Sequence[Person]) -> bool:
        """Whether of these people everybody who decides about late work is named in it, and the reader is one to see to
        that: who may know of it, or, where nobody at the centre may, whoever is not named."""
        deciding = [each for each in people if may(each.roles, "decide_contradictions")]
        if self.person is None or not deciding or not all(secrecy.names(each.id) for each in deciding):
            return False
        centre = [each for each in people if may(each.roles, "read_whole_city")]
        knowing = {each.id for each in centre if secrecy.allows(each.id, each.roles)}
        return self.person.id in knowing or (not knowing and self.may_list(secrecy))


class HeldBack:
    """What lies in quarantine in one view of the record, and who may know of each."""

    def __init__(self, connection: Connection) -> None:
        self._outlines = late_work.outlines(connection)
        said = _said_by_waiting(connection, self._outlines)
        about = {each.of_case for each in said.values() if each.of_case}
        begun = _begun(connection, {*(each.case_id for each in self._outlines), *about})
        recorded = frozenset(begun)
        for each in self._outlines:  # what would begin a document of which the record has nothing
            begins = said[each.hash].registered or said[each.hash].restrictions
            if begins and each.case_id not in recorded:
                begun.setdefault(each.case_id, []).append(said[each.hash])
        self._by_hash: dict[str, list[int]] = {}
        for each in self._outlines:
            self._by_hash.setdefault(each.hash, []).append(each.id)
        self._secrecy = {each.id: _secrecy(each.case_id, said[each.hash], begun) for each in self._outlines}

    def secrecy(self, item: int) -> Secrecy:
        """Who may know of one of them."""
        return self._secrecy[item]

    def of_hash(self, item_hash: str) -> list[Secrecy]:
        """The same by hash: of what several devices handed in, of each."""
        return [self._secrecy[each] for each in self._by_hash.get(item_hash, ())]

    def undecided(self, reader: Reader, before_ms: int | None = None) -> list[Outline]:
        """What waits for a decision (since this moment or longer), as far as the reader may learn that it does."""
        return [
            each
            for each in self._outlines
            if not each.is_decided and (before_ms is None or each.first_at_ms <= before_ms)
            if reader.may_list(self._secrecy[each.id])
        ]

    def undecidable(self, reader: Reader, people: Sequence[Person]) -> int:
        """How many wait about which none of these people may decide, as far as this reader has to see to it."""
        waiting = (self._secrecy[each.id] for each in self._outlines if not each.is_decided)
        return sum(reader.must_hear(each, people) for each in waiting if each.restrictions)


def secrecy_in_record(connection: Connection, document: str, act: Act) -> Secrecy:
    """Who may know of an act that the record has."""
    said = said_by(act, load_packs())
    return _secrecy(document, said, _begun(connection, {document, said.of_case} - {""}))


def act_of_bytes(raw: bytes) -> Act | None:
    """The act of bytes that nobody has checked; None for anything else."""
    try:
        return read_act(decode_act_change(raw).text)
    except Malformed:
        return None


def _secrecy(document: str, said: Said, begun: Mapping[str, Sequence[Said]]) -> Secrecy:
    return secrecy_of(document, said, [*begun.get(document, ()), *begun.get(said.of_case, ())], load_packs())


def _said_by_waiting(connection: Connection, outlines: Sequence[Outline]) -> dict[str, Said]:
    """What these say, by hash. The bytes of an act are read once in the life of the process. What is no act is kept
    under no name: its hash is over other bytes, and might be that of an act."""
    said: dict[str, Said] = {}  # whatever is let go of `_known` meanwhile
    missing = []
    for each in outlines:
        known = _known.get(each.hash)
        if known is not None:
            said[each.hash] = known
        elif not each.is_erased:
            missing.append(each.id)
    for at in range(0, len(missing), _AT_ONCE):
        for item_hash, raw in late_work.bytes_of(connection, missing[at : at + _AT_ONCE]):
            act = act_of_bytes(raw)
            if act is not None:
                said[item_hash] = _keep(item_hash, act)
    nothing = said_by(None, load_packs())
    return {each.hash: said.get(each.hash, nothing) for each in outlines}


def _begun(connection: Connection, documents: Collection[str]) -> dict[str, list[Said]]:
    """With what the record's documents among these begin."""
    begun = {}
    for document, first in record.first_hashes(connection, documents).items():
        said = _known.get(first)
        if said is None:
            entry = record.entry_by_hash(connection, first)
            assert entry is not None, "its hash has just been read"
            said = _keep(first, recorded_act(entry).act)
        begun[document] = [said]
    return begun


def _keep(item_hash: str, act: Act) -> Said:
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    said = _known[item_hash] = said_by(act, load_packs())
    return said
