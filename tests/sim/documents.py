"""Case documents of a simulated device: what `web/src/worker/documents.ts` does, through Automerge's Python wheel."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from automerge.core import ROOT, Document, ScalarType

from py_core.change import GENESIS, decode_act_change


def append_act(binary: bytes | None, actor: bytes, text: str) -> tuple[bytes, bytes]:
    """The document with the act at the end of its list, and the change that put it there."""
    document = Document.load(binary or GENESIS)
    document.set_actor(actor)
    acts = document.get(ROOT, "acts")[1]
    with document.transaction() as transaction:
        transaction.insert(acts, document.length(acts), ScalarType.Str, text)
    return bytes(document.save()), bytes(document.get_last_local_change().raw_bytes)


def changes_of(binary: bytes | None) -> list[bytes]:
    """Every act's change in the document, causes first."""
    raws = [bytes(change.raw_bytes) for change in Document.load(binary or GENESIS).get_changes([])]
    return [raw for raw in raws if raw != GENESIS]


def apply_changes(binary: bytes | None, changes: Sequence[bytes]) -> bytes:
    """Takes changes from the record; raises `ValueError` when one lacks its causes or contradicts its actor."""
    known = changes_of(binary)
    wanted = list(dict.fromkeys([*known, *changes]))
    try:
        document = Document.load(b"".join([GENESIS, *wanted]))
    except Exception as error:  # the wheel names its errors by text only
        raise ValueError(f"Automerge refuses: {error}") from error
    if len(document.get_changes([])) != 1 + len(wanted):
        raise ValueError("a change came before its causes")
    return bytes(document.save())


def without_changes(binary: bytes, refused: Collection[str]) -> bytes:
    """The document without some changes and everything that came to depend on them; whole, if nothing would be left."""
    gone = set(refused)
    kept: list[bytes] = []
    for raw in changes_of(binary):
        change = decode_act_change(raw)
        if change.hash in gone or gone.intersection(change.deps):
            gone.add(change.hash)
        else:
            kept.append(raw)
    return apply_changes(None, kept) if kept else binary
