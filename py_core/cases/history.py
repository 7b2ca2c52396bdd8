"""The one order of a case's acts on every replica. Must not look into the acts' events."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import pairwise

from py_core.cases.acts import RecordedAct


def order(acts: Iterable[RecordedAct]) -> tuple[RecordedAct, ...]:
    """Acts in causal order; where neither saw the other, by claimed time and then hash, the same everywhere.

    A cause that is not among the acts counts as satisfied (it may still be on its way).
    """
    known = {recorded.hash: recorded for recorded in acts}
    waiting = {key: sum(dep in known for dep in set(recorded.deps)) for key, recorded in known.items()}
    followers: dict[str, list[str]] = {}
    for key, recorded in known.items():
        for dep in set(recorded.deps):
            if dep in known:
                followers.setdefault(dep, []).append(key)
    ready = [(known[key].act.claimed_at, key) for key, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    result: list[RecordedAct] = []
    while ready:
        _, key = heapq.heappop(ready)
        result.append(known[key])
        for follower in followers.get(key, ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, (known[follower].act.claimed_at, follower))
    if len(result) < len(known):  # a circle cannot come from real hashes; keep such acts rather than lose them
        done = {recorded.hash for recorded in result}
        result += [known[key] for key in sorted(known) if key not in done]
    return tuple(result)


def pasts(ordered: Sequence[RecordedAct]) -> list[int]:
    """For every act in `order` its causal past as a bit set of positions."""
    position: dict[str, int] = {}
    result: list[int] = []
    for index, recorded in enumerate(ordered):
        seen = 0
        for dep in recorded.deps:
            at = position.get(dep)
            if at is not None:
                seen |= result[at] | 1 << at
        position[recorded.hash] = index
        result.append(seen)
    return result


def is_linear(ordered: Sequence[RecordedAct]) -> bool:
    """Whether every act had seen the one before it, so that nothing can contradict."""
    return all(before.hash in after.deps for before, after in pairwise(ordered))
