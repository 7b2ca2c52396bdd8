"""The Merkle trees of the record, kept as tiles: a row holds up to 256 neighbouring hashes of one level.

Level 0 are the leaves, a hash of level k stands for 256^k leaves. A proof over a million leaves reads three tiles of
either edge; an append rewrites one. Tiles are derived (`rebuild` makes them from the leaves), what binds them are the
checkpoints. Must not know what a leaf stands for.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from py_core import merkle
from py_core.checkpoint import act_leaf
from py_core.errors import ShouwenError
from py_core.merkle import Head
from server.tables import changes, log_tiles

ACTS, REGISTRY = 0, 1  # the trees
_BITS = 8
_WIDTH = 1 << _BITS
_TILE_BYTES = _WIDTH * merkle.HASH_BYTES
_BATCH = 10_000


class LogDamaged(ShouwenError):
    """The log and its tree do not fit each other: nothing may be added before somebody has looked."""

    code = "log_damaged"


class LogTree:
    """One tree as a transaction sees it."""

    def __init__(self, connection: Connection, tree: int) -> None:
        self._connection = connection
        self._tree = tree
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._hashes: dict[tuple[int, int], bytes] = {}  # of subtrees: proofs of many leaves share most of them
        last = connection.execute(
            select(log_tiles.c.n, log_tiles.c.hashes)
            .where(log_tiles.c.tree == tree, log_tiles.c.level == 0)
            .order_by(log_tiles.c.n.desc())
            .limit(1)
        ).first()
        self.size = 0
        if last is not None:
            self._tiles[0, last.n] = bytes(last.hashes)
            self.size = last.n * _WIDTH + len(self._tiles[0, last.n]) // merkle.HASH_BYTES

    def head(self, size: int | None = None) -> Head:
        """The tree of the first `size` leaves (of all)."""
        size = self.size if size is None else size
        return Head(size, self.subtree(0, size) if size else merkle.EMPTY_ROOT)

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf as the tree has it."""
        return self.subtree(index, index + 1)

    def subtree(self, first: int, last: int) -> bytes:
        """The hash over leaves first..last-1 as a tree of its own; `first` is a multiple of its left half."""
        if (first, last) not in self._hashes:
            self._hashes[first, last] = self._subtree(first, last)
        return self._hashes[first, last]

    def _subtree(self, first: int, last: int) -> bytes:
        size = last - first
        if size & (size - 1):
            middle = first + merkle.split(size)
            return merkle.node_hash(self.subtree(first, middle), self.subtree(middle, last))
        level = (size.bit_length() - 1) // _BITS
        at, count = first >> (level * _BITS), size >> (level * _BITS)
        tile = self._tile(level, at // _WIDTH)
        begin = at % _WIDTH * merkle.HASH_BYTES
        hashes = tile[begin : begin + count * merkle.HASH_BYTES]
        if len(hashes) != count * merkle.HASH_BYTES:
            raise LogDamaged(
                f"a tile of the log's tree is missing or cut (level {level}, {at // _WIDTH}): run `shouwen rebuild`"
            )
        return merkle.root_of([hashes[i : i + merkle.HASH_BYTES] for i in range(0, len(hashes), merkle.HASH_BYTES)])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that a leaf is in the tree of `size` leaves."""
        return merkle.inclusion_path(index, size, self.subtree)

    def consistency(self, older: int, newer: int) -> list[bytes]:
        """The proof that the tree of `newer` leaves begins with that of `older`."""
        return merkle.consistency_path(older, newer, self.subtree)

    def append(self, leaves: Sequence[bytes]) -> None:
        """Puts leaves at the end; only inside a writing block."""
        if leaves:
            self._append(0, self.size, leaves)
            self.size += len(leaves)

    def _append(self, level: int, at: int, hashes: Sequence[bytes]) -> None:
        whole: list[bytes] = []
        n, data = at // _WIDTH, b"".join(hashes)
        older = self._tile(level, n)[: at % _WIDTH * merkle.HASH_BYTES] if at % _WIDTH else b""
        data = older + data
        for start in range(0, len(data), _TILE_BYTES):
            tile = data[start : start + _TILE_BYTES]
            self._write(level, n, tile)
            if len(tile) == _TILE_BYTES:
                whole.append(merkle.root_of([tile[i : i + 32] for i in range(0, _TILE_BYTES, 32)]))
            n += 1
        if whole:
            self._append(level + 1, at // _WIDTH, whole)

    def _write(self, level: int, n: int, tile: bytes) -> None:
        where = (log_tiles.c.tree == self._tree, log_tiles.c.level == level, log_tiles.c.n == n)
        self._connection.execute(delete(log_tiles).where(*where))
        self._connection.execute(insert(log_tiles).values(tree=self._tree, level=level, n=n, hashes=tile))
        self._tiles[level, n] = tile

    def _tile(self, level: int, n: int) -> bytes:
        if (level, n) not in self._tiles:
            where = (log_tiles.c.tree == self._tree, log_tiles.c.level == level, log_tiles.c.n == n)
            found = self._connection.scalar(select(log_tiles.c.hashes).where(*where))
            self._tiles[level, n] = b"" if found is None else bytes(found)
        return self._tiles[level, n]


def acts_tree(connection: Connection) -> LogTree:
    """The tree over the log of acts."""
    return LogTree(connection, ACTS)


def grow(connection: Connection) -> LogTree:
    """Brings the tree of acts up to the log; only inside a writing block. Raises `LogDamaged` when it is longer."""
    tree = acts_tree(connection)
    while rows := connection.execute(
        select(changes.c.log_index, changes.c.case_id, changes.c.hash, changes.c.received_at_ms)
        .where(changes.c.log_index >= tree.size)
        .order_by(changes.c.log_index)
        .limit(_BATCH)
    ).all():
        if [row.log_index for row in rows] != list(range(tree.size, tree.size + len(rows))):
            raise LogDamaged(f"the log has a gap after number {tree.size - 1}; verify the record, restore a backup")
        tree.append([act_leaf(row.case_id, row.hash, row.received_at_ms) for row in rows])
    return tree


def check_end(connection: Connection, log_size: int) -> None:
    """Raises `LogDamaged` when the log is shorter than the tree over it: acts that have receipts are gone."""
    size = acts_tree(connection).size
    if size > log_size:
        raise LogDamaged(
            f"the log has {log_size} acts, but {size} were signed for: somebody took acts out. Nothing is recorded "
            "until a backup is restored; run `shouwen verify`"
        )


def leaves_of_acts(connection: Connection) -> list[bytes]:
    """The leaves that the log must have, by its rows."""
    rows = connection.execute(
        select(changes.c.case_id, changes.c.hash, changes.c.received_at_ms)
        .order_by(changes.c.log_index)
        .execution_options(yield_per=_BATCH)
    )
    return [act_leaf(row.case_id, row.hash, row.received_at_ms) for row in rows]


def lay_anew(connection: Connection, tree: int, leaves: Sequence[bytes]) -> int:
    """Writes a tree's tiles from its leaves where they differ; how many tiles had to be mended."""
    before = {
        (row.level, row.n): bytes(row.hashes)
        for row in connection.execute(select(log_tiles).where(log_tiles.c.tree == tree))
    }
    after = tiles_of(leaves)
    wrong = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    for level, n in wrong:
        where = (log_tiles.c.tree == tree, log_tiles.c.level == level, log_tiles.c.n == n)
        connection.execute(delete(log_tiles).where(*where))
        if (level, n) in after:
            connection.execute(insert(log_tiles).values(tree=tree, level=level, n=n, hashes=after[level, n]))
    return len(wrong)


def tiles_of(leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """Every tile over these leaves, by level and place."""
    tiles: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, list(leaves)
    while hashes:
        for at in range(0, len(hashes), _WIDTH):
            tiles[level, at // _WIDTH] = b"".join(hashes[at : at + _WIDTH])
        hashes = [merkle.root_of(hashes[at : at + _WIDTH]) for at in range(0, len(hashes) - _WIDTH + 1, _WIDTH)]
        level += 1
    return tiles


def wrong_tiles(connection: Connection, tree: int, leaves: Sequence[bytes]) -> list[tuple[int, int]]:
    """The tiles (level, place) that are not those over these leaves."""
    after = tiles_of(leaves)
    before = {
        (row.level, row.n): bytes(row.hashes)
        for row in connection.execute(select(log_tiles).where(log_tiles.c.tree == tree))
    }
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
