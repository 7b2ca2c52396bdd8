"""Takes the record's inventory at every checkpoint (`py_core.inventory`) and finds those that say something else than it.

It is the last entry of the registry under the checkpoint, so whoever holds the checkpoint knows which entry it is.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, insert, select

from py_core.checkpoint import registry_leaf
from py_core.city import CITY_ID
from py_core.errors import Malformed
from py_core.inventory import INVENTORY, Counted, Inventory, counted, read_inventory
from py_core.wire import read_json_object
from server import audit
from server.log_tree import LogTree
from server.registry import DIRECTORY, ENDINGS, LAW, entries, entry, law_of_build
from server.tables import changes, registry


def take(connection: Connection, tree: LogTree) -> None:
    """Closes the registry with an inventory unless it ends with this one; only inside a writing block, when everything
    that has happened is entered."""
    text = _now(connection).text()
    if connection.scalar(select(registry.c.text).where(registry.c.n == tree.size - 1)) != text:
        connection.execute(insert(registry).values(n=tree.size, kind=INVENTORY, subject=str(tree.size), text=text))
        tree.append([registry_leaf(text)])


def is_due(connection: Connection) -> bool:
    """Whether a checkpoint would say more than the last one although neither tree has grown: the audit trail has, or
    nobody has taken an inventory yet."""
    last = connection.scalar(select(registry.c.text).order_by(registry.c.n.desc()).limit(1))
    try:
        said = None if last is None else read_inventory(read_json_object(last.encode()))
    except Malformed:
        said = None
    return said is None or said.audit != _audit_end(connection)


def at_end(connection: Connection, size: int) -> tuple[int, str] | None:
    """Number and text of the inventory with which the registry of this size ends; None: it ends with none."""
    where = (registry.c.n == size - 1, registry.c.kind == INVENTORY)
    row = connection.execute(select(registry.c.n, registry.c.text).where(*where)).first()
    return None if row is None else (row.n, row.text)


class Inventories:
    """Every inventory of a record beside the rows that it counts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        of_city = select(changes.c.log_index, changes.c.hash).where(changes.c.case_id == CITY_ID)
        acts = connection.execute(of_city.order_by(changes.c.log_index)).all()
        self._city_at = [row.log_index for row in acts]
        self._city = _Prefixes([row.hash for row in acts])
        gone = entries(connection, *ENDINGS)
        self._withdrawn_at = [n for n, _ in gone]
        self._withdrawn = _Prefixes([registry_leaf(text).hex() for _, text in gone])
        self._directories = [n for n, _ in entries(connection, DIRECTORY)]
        self._laws = {n for n, _ in entries(connection, LAW)}
        rows = connection.execute(select(registry).where(registry.c.kind == INVENTORY).order_by(registry.c.n)).all()
        self._texts = {row.n: row.text for row in rows}
        self._misnamed = {row.n for row in rows if row.subject != str(row.n)}

    def differing(self) -> Iterator[int]:
        """The numbers of those that do not say what the rows before them do."""
        for n, text in self._texts.items():
            try:
                said = read_inventory(read_json_object(text.encode()))
            except Malformed:
                yield n
                continue
            directories = bisect_left(self._directories, n)
            trail = None if said.audit is None else audit.hash_of(self._connection, said.audit[0])
            expected = Inventory(
                self._city.of(said.city.count),
                self._withdrawn.of(bisect_left(self._withdrawn_at, n)),
                self._directories[directories - 1] if directories else None,
                said.law,
                None if said.audit is None or trail is None else (said.audit[0], trail.hex()),
            )
            if expected.text() != text or said.law not in self._laws or said.law > n or n in self._misnamed:
                yield n

    def is_wrong_at(self, acts_size: int, registry_size: int) -> bool:
        """Whether the inventory that closes a checkpoint of these sizes counts other acts than the log then had."""
        text = self._texts.get(registry_size - 1)
        if text is None:  # a checkpoint of a build without inventories
            return False
        try:
            said = read_inventory(read_json_object(text.encode()))
        except Malformed:
            return True
        return said.city.count != bisect_left(self._city_at, acts_size)


class _Prefixes:
    """The digests over the first n of some hashes."""

    def __init__(self, hashes: Sequence[str]) -> None:
        digest = hashlib.sha256()
        self._digests = [digest.hexdigest()]
        for each in hashes:
            digest.update(bytes.fromhex(each))
            self._digests.append(digest.hexdigest())

    def of(self, count: int) -> Counted:
        count = min(count, len(self._digests) - 1)
        return Counted(count, self._digests[count])


def _now(connection: Connection) -> Inventory:
    city = select(changes.c.hash).where(changes.c.case_id == CITY_ID).order_by(changes.c.log_index)
    newest = select(func.max(registry.c.n)).where(registry.c.kind == DIRECTORY)
    law = entry(connection, LAW, law_of_build()[0])
    assert law is not None, "the law of this build was entered before"
    return Inventory(
        counted(connection.scalars(city).all()),
        counted([registry_leaf(text).hex() for _, text in entries(connection, *ENDINGS)]),
        connection.scalar(newest),
        law[0],
        _audit_end(connection),
    )


def _audit_end(connection: Connection) -> tuple[int, str] | None:
    last = audit.head(connection)
    return None if last is None else (last[0], last[1].hex())
