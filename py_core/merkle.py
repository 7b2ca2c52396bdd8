"""The Merkle tree of RFC 9162 over hashes: roots, inclusion and consistency proofs, and their check.

A tree of n leaves is seen through `subtree(first, last)`, the hash over leaves first..last-1, so that whoever keeps
the tree (the record in tiles, a test in a list) decides how. Must not know what a leaf stands for (see `log`).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
SIZE_MAX = 2**53 - 1  # what JavaScript keeps exactly
PATH_MAX = 64  # hashes in a proof: more than any tree of that size needs

EMPTY_ROOT = hashlib.sha256().digest()


@dataclass(frozen=True, slots=True)
class Head:
    """How long a log was and what its root was."""

    size: int
    root: bytes


Subtree = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below `size` (at least 2): where a tree of this size parts."""
    return 1 << (size - 1).bit_length() - 1


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; of none, the hash of nothing."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:  # pairing off gives the same tree as parting at powers of two
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def subtrees_of(leaves: Sequence[bytes]) -> Subtree:
    """A tree that lies in memory as a list of leaf hashes."""
    return lambda first, last: root_of(leaves[first:last])


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves (2.1.3.1), deepest hash first."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    first, last = 0, size
    path: list[bytes] = []
    while last - first > 1:
        middle = first + split(last - first)
        if index < middle:
            path.append(subtree(middle, last))
            last = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def common_path(indexes: Iterable[int], size: int, subtree: Subtree) -> list[bytes]:
    """One proof that all these leaves are in the tree of `size` leaves: what is missing for its root, left to right.

    Of one leaf these are the hashes of `inclusion_path`; of neighbours hardly more.
    """
    wanted = sorted(set(indexes))
    if not wanted or wanted[0] < 0 or wanted[-1] >= size:
        raise ValueError(f"a tree of {size} leaves has not these leaves")

    def missing(first: int, last: int) -> Iterator[bytes]:
        if not _any_between(wanted, first, last):
            yield subtree(first, last)
        elif last - first > 1:
            middle = first + split(last - first)
            yield from missing(first, middle)
            yield from missing(middle, last)

    return list(missing(0, size))


def consistency_path(older: int, newer: int, subtree: Subtree) -> list[bytes]:
    """The proof that the tree of `newer` leaves begins with the tree of `older` ones (2.1.4.1)."""
    if not 0 <= older <= newer:
        raise ValueError(f"a tree of {newer} leaves does not begin with one of {older}")
    if older in (0, newer):
        return []
    first, last, whole = 0, newer, True
    path: list[bytes] = []
    while last != older:
        middle = first + split(last - first)
        if older <= middle:
            path.append(subtree(middle, last))
            last = middle
        else:
            path.append(subtree(first, middle))
            first, whole = middle, False
    return ([] if whole else [subtree(first, last)]) + path[::-1]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that `leaf` is number `index` in the tree with this root (2.1.3.2)."""
    if not 0 <= index < size <= SIZE_MAX or not _is_path(path):
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def included_together(leaves: Mapping[int, bytes], size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether one proof (`common_path`) shows that each leaf has its number in the tree with this root."""
    wanted = sorted(leaves)
    if not wanted or wanted[0] < 0 or wanted[-1] >= size or size > SIZE_MAX:
        return False
    if len(path) > PATH_MAX * len(wanted) or any(len(step) != HASH_BYTES for step in path):
        return False
    steps = list(path[::-1])

    def hash_of(first: int, last: int) -> bytes:
        if not _any_between(wanted, first, last):
            return steps.pop()
        if last - first == 1:
            return leaves[first]
        middle = first + split(last - first)
        left = hash_of(first, middle)
        return node_hash(left, hash_of(middle, last))

    try:
        found = hash_of(0, size)
    except IndexError:
        return False
    return not steps and found == root


def consistent(older: int, older_root: bytes, newer: int, newer_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `newer` leaves begins with the one of `older` leaves (2.1.4.2).

    A tree without leaves is the beginning of every tree.
    """
    if not 0 <= older <= newer <= SIZE_MAX or not _is_path(path):
        return False
    if older == 0:
        return not path and older_root == EMPTY_ROOT and (newer > 0 or newer_root == EMPTY_ROOT)
    if older == newer:
        return not path and older_root == newer_root
    steps = list(path)
    if older & (older - 1) == 0:
        steps.insert(0, older_root)
    if not steps:
        return False
    at, last = older - 1, newer - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    of_older = of_newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            of_older, of_newer = node_hash(step, of_older), node_hash(step, of_newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            of_newer = node_hash(of_newer, step)
        at, last = at >> 1, last >> 1
    return last == 0 and of_older == older_root and of_newer == newer_root


def _any_between(numbers: Sequence[int], first: int, last: int) -> bool:
    at = bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] < last


def _is_path(path: Sequence[bytes]) -> bool:
    return len(path) <= PATH_MAX and all(len(step) == HASH_BYTES for step in path)
