"""What the record says about those who act and the rules that were in force, as entries that can only be added.

An entry is a canonical JSON text: a device was enrolled with this key for this person, a device was withdrawn or
frozen, a directory was published, these packs and calendars were served, and at every checkpoint what there was in all
(`inventory`). The entries are the leaves of a tree of their own, whose root stands in every checkpoint, so that nobody
can exchange a key or a directory afterwards. Entries name persons by their account only; of a directory they hold the
hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from sqlalchemy import Connection, insert, select

from py_core import __version__
from py_core.cases.acts import canonical_json
from py_core.checkpoint import registry_leaf
from py_core.inventory import INVENTORY
from server import audit
from server.log_tree import REGISTRY, LogTree
from server.tables import devices, directories, registry

DEVICE, WITHDRAWN, FROZEN = "device", "device_withdrawn", "device_frozen"
ENDINGS = (WITHDRAWN, FROZEN)  # from then on its signature says less, or nothing
DIRECTORY, LAW = "directory", "law"
AUDIT = "audit"  # where the audit trail ended, of builds without inventories


def registry_tree(connection: Connection) -> LogTree:
    """The tree over the registry's entries."""
    return LogTree(connection, REGISTRY)


def catch_up(connection: Connection, now_ms: int) -> LogTree:
    """Enters what has happened since the last call; only inside a writing block. Whoever writes calls it, and so does
    every checkpoint, so that no way of writing can leave an entry out for long."""
    tree = registry_tree(connection)
    once = select(registry.c.kind, registry.c.subject).where(registry.c.kind.not_in((INVENTORY, AUDIT)))
    known = {(row.kind, row.subject) for row in connection.execute(once)}
    leaves: list[bytes] = []
    for kind, subject, said in _happened(connection, now_ms):
        if (kind, subject) not in known:
            text = canonical_json({"kind": kind, **said})
            n = tree.size + len(leaves)
            connection.execute(insert(registry).values(n=n, kind=kind, subject=subject, text=text))
            leaves.append(registry_leaf(text))
    tree.append(leaves)
    return tree


def entry(connection: Connection, kind: str, subject: str) -> tuple[int, str] | None:
    """The number and text of an entry."""
    where = (registry.c.kind == kind, registry.c.subject == subject)
    row = connection.execute(select(registry.c.n, registry.c.text).where(*where)).first()
    return None if row is None else (row.n, row.text)


def entries(connection: Connection, *kinds: str) -> list[tuple[int, str]]:
    """The numbers and texts of all entries of these kinds, in their order."""
    of_kinds = select(registry.c.n, registry.c.text).where(registry.c.kind.in_(kinds))
    return [(row.n, row.text) for row in connection.execute(of_kinds.order_by(registry.c.n))]


def leaves_of_registry(connection: Connection) -> list[bytes]:
    """The leaves that the tree must have, by the entries."""
    return [registry_leaf(text) for text in connection.scalars(select(registry.c.text).order_by(registry.c.n))]


def differing(connection: Connection) -> Iterator[tuple[str, str]]:
    """Entries (kind, subject) that the tables which work every day contradict, or lack. What they have more is new.
    Inventories are not looked at here (`inventory`)."""
    rows = connection.execute(select(registry).where(registry.c.kind != INVENTORY))
    texts = {(row.kind, row.subject): row.text for row in rows}
    expected = {(kind, subject): canonical_json({"kind": kind, **said}) for kind, subject, said in _rows(connection)}
    for (kind, subject), text in sorted(texts.items()):
        if kind == LAW:  # of every build that ever served this record: only its own words can be compared
            if f'"kind":"{LAW}","law":"{subject}"' not in text:
                yield kind, subject
        elif kind == AUDIT:
            found = audit.hash_of(connection, int(subject)) if subject.isdigit() else None
            if found is None or text != canonical_json({"kind": kind, "n": int(subject), "hash": found.hex()}):
                yield kind, subject
        elif text != expected.get((kind, subject)):
            yield kind, subject


@cache
def law_files() -> dict[str, bytes]:
    """The packs and the packaged calendar of this build, by their path in the package."""
    found: dict[str, bytes] = {}

    def look(folder: Traversable, name: str) -> None:
        for each in folder.iterdir():
            path = f"{name}/{each.name}"
            if each.is_dir() and not each.name.startswith("_"):
                look(each, path)
            elif each.name.endswith((".toml", ".json")):
                found[path] = each.read_bytes()

    look(files("py_core.packs"), "packs")
    look(files("py_core.calendars"), "calendars")
    return found


def law_of_build() -> tuple[str, dict[str, str]]:
    """The SHA-256 of every file of law in this build, and one over all that names the whole."""
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(law_files().items())}
    return hashlib.sha256(canonical_json(hashes).encode()).hexdigest(), hashes


def _happened(connection: Connection, now_ms: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield from _rows(connection)
    name, hashes = law_of_build()
    yield LAW, name, {"law": name, "files": hashes, "app_version": __version__, "at_ms": now_ms}


def _rows(connection: Connection) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for row in connection.execute(select(directories).order_by(directories.c.version)):
        sha256 = hashlib.sha256(row.document.encode()).hexdigest()
        said = {"version": row.version, "sha256": sha256, "at_ms": row.published_at_ms}
        yield DIRECTORY, str(row.version), said
    for row in connection.execute(select(devices).order_by(devices.c.enrolled_at_ms, devices.c.id)):
        key = {"device": row.id, "user": row.user, "alg": row.alg, "public_key": bytes(row.public_key).hex()}
        enrolment = None if row.enrolment is None else hashlib.sha256(row.enrolment.encode()).hexdigest()
        yield DEVICE, row.id, {**key, "at_ms": row.enrolled_at_ms, "enrolment": enrolment}
        if row.revoked_at_ms is not None:
            yield WITHDRAWN, row.id, {"device": row.id, "at_ms": row.revoked_at_ms}
        if row.frozen_at_ms is not None:
            yield FROZEN, row.id, {"device": row.id, "device_seq": row.frozen_seq, "at_ms": row.frozen_at_ms}
