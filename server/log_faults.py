"""Compares trees, registry, checkpoints and keys with the log: what somebody changed after it was signed for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from py_core import merkle
from py_core.checkpoint import read_note
from py_core.errors import Malformed
from py_core.key_chain import broken_link
from py_core.merkle import Head
from server import audit
from server.checkpoints import kept, signer
from server.faults import Fault
from server.inventory import Inventories
from server.log_tree import ACTS, REGISTRY, LogTree, leaves_of_acts, wrong_tiles
from server.record_keys import chain_of, ed25519_verifies
from server.registry import differing, leaves_of_registry
from server.tables import registry as registry_rows


def log_faults(connection: Connection) -> Iterator[Fault]:
    """Every fault of what makes the log provable."""
    acts, registry = leaves_of_acts(connection), leaves_of_registry(connection)
    for name, tree, leaves in (("acts", ACTS, acts), ("registry", REGISTRY, registry)):
        grown = LogTree(connection, tree).size  # the rest is added at the next start
        if grown > len(leaves):
            yield Fault("log_too_short", f"tree of {name}", f"{grown} entries were signed for, {len(leaves)} are there")
        for level, n in wrong_tiles(connection, tree, leaves[:grown]):
            why = "its hashes are not those of what it stands for; `shouwen rebuild` lays it anew"
            yield Fault("other_tile", f"tree of {name}, level {level}, tile {n}", why)
    highest = connection.scalar(select(func.max(registry_rows.c.n)))
    if highest is not None and highest + 1 != len(registry):
        why = f"the highest number is {highest}, but {len(registry)} entries are there"
        yield Fault("gap_in_the_registry", "registry", why)
    for kind, subject in differing(connection):
        yield Fault("other_registry", f"{kind} {subject}", "the registry says something else than the tables")
    inventories = Inventories(connection)
    for n in inventories.differing():
        yield Fault("other_inventory", f"registry {n}", "the inventory says something else than the tables")
    for n in audit.faults(connection):
        why = "it is not what was written, or the row before it is missing"
        yield Fault("broken_audit_trail", f"audit row {n}", why)
    chain = chain_of(connection)
    if (broken := broken_link(chain, ed25519_verifies)) is not None:
        yield Fault("broken_key_chain", f"key {broken} of the record", "the key before it did not sign it")
    public_keys = [link.public_key for link in chain]
    acts_roots, registry_roots = _Roots(acts), _Roots(registry)
    for acts_size, registry_size, text in kept(connection):
        where = f"checkpoint {acts_size}"
        try:
            signed = read_note(text)
        except Malformed as error:
            yield Fault("unreadable_checkpoint", where, str(error))
            continue
        if (signed.checkpoint.acts.size, signed.checkpoint.registry.size) != (acts_size, registry_size):
            yield Fault("misplaced_checkpoint", where, "it is of another size than it is kept under")
        if inventories.is_wrong_at(acts_size, registry_size):
            why = "its inventory counts other acts of the city's rules than the log then had"
            yield Fault("other_inventory", where, why)
        if signer(signed, public_keys) is None:
            yield Fault("unsigned_checkpoint", where, "none of the record's keys signed it")
        for name, head, roots in (
            ("log", signed.checkpoint.acts, acts_roots),
            ("registry", signed.checkpoint.registry, registry_roots),
        ):
            if not roots.has(head):
                yield Fault("other_log", where, f"the {name} is not the one that this checkpoint was made of")


class _Roots:
    """The roots of the first n leaves for rising n, each subtree hashed once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves
        self._stack: list[tuple[int, bytes]] = []  # whole subtrees from the left: leaves of each, hash
        self._done = 0

    def has(self, head: Head) -> bool:
        """Whether the tree of these leaves once had this head; ask in rising order of size."""
        if not self._done <= head.size <= len(self._leaves):
            return False
        while self._done < head.size:
            count, found = 1, self._leaves[self._done]
            while self._stack and self._stack[-1][0] == count:
                found = merkle.node_hash(self._stack.pop()[1], found)
                count *= 2
            self._stack.append((count, found))
            self._done += 1
        if not self._stack:
            return head.root == merkle.EMPTY_ROOT
        root = self._stack[-1][1]
        for _, left in reversed(self._stack[:-1]):
            root = merkle.node_hash(left, root)
        return root == head.root
