"""Decides which cases a device lets go of and when: never while something of a case waits on it. Pure.

The order is push → receipt → purge → attest. The host keeps the `Custody` in the same transaction as the cursor, so
that what was told once is not forgotten by a crash between two answers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from py_core.errors import Malformed

ATTESTED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Custody:
    """Cases that have left the scope or may have, and purges that the record has not heard of yet (hex ids)."""

    doubtful: frozenset[str] = frozenset()  # held when the scope changed, and not brought by the new one yet
    leaving: frozenset[str] = frozenset()  # out of scope; gone as soon as nothing of them waits here
    purged: tuple[str, ...] = ()  # gone, to be attested

    def as_row(self) -> dict[str, list[str]]:
        """For the host's disk."""
        return {"doubtful": sorted(self.doubtful), "leaving": sorted(self.leaving), "purged": list(self.purged)}


def custody_of(row: Any) -> Custody:
    """Reads `as_row` back; nothing kept is nothing in doubt."""
    if row is None:
        return Custody()
    try:
        return Custody(frozenset(row["doubtful"]), frozenset(row["leaving"]), tuple(row["purged"]))
    except (KeyError, TypeError) as error:
        raise Malformed("custody", "is not as it was kept") from error


@dataclass(frozen=True, slots=True)
class News:
    """What one answer said about scope: cases brought and revoked in the order of the stream, its end if it had one."""

    steps: tuple[tuple[str, bool], ...]  # case, whether it was brought (else revoked)
    scope_changed: bool  # its end names another scope than the last one
    complete: bool  # its end says that nothing more is to come
    attested: tuple[str, ...] = ()  # what the request attested, when the answer came to its end
    by_file: bool = False  # a receipts file says so: what it revokes may go, of the rest only an exchange tells


def custody_after(
    custody: Custody, news: News, held: Collection[str], busy: Collection[str]
) -> tuple[Custody, tuple[str, ...]]:
    """The custody after an answer, and the cases to purge with it.

    `held` are the cases on the device before the answer, `busy` those with an act that is unsent, or refused and not
    decided by the centre, after it.
    """
    doubtful, leaving = set(custody.doubtful), set(custody.leaving)
    if news.scope_changed:
        doubtful |= set(held)
    for case_id, brought in news.steps:
        doubtful.discard(case_id)
        if brought:
            leaving.discard(case_id)
        else:
            leaving.add(case_id)
    if news.complete:
        leaving |= doubtful
        doubtful.clear()
    there = set(held) | {case_id for case_id, brought in news.steps if brought}
    leaving &= there  # what the device never had needs no purge
    # Between two pages a case may still be on its way.
    may_go = leaving if news.complete else leaving & {case_id for case_id, _ in news.steps} if news.by_file else set()
    purge = tuple(sorted(may_go - set(busy)))
    purged = tuple(each for each in custody.purged if each not in news.attested)
    purged += tuple(each for each in purge if each not in purged)
    return Custody(frozenset(doubtful), frozenset(leaving - set(purge)), purged), purge
