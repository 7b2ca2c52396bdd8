"""What the real engine says to changes and texts of one case document. Runs where a crash harms nobody.

Owns every call into `automerge`. Must only see bytes that `py_core.change` has read: the engine can be made to hang
or to allocate without end by others.
"""

from __future__ import annotations

from collections.abc import Sequence

from automerge.core import ROOT, Document, Message, ObjType, ScalarType, SyncState

from py_core.change import GENESIS, decode_act_change


class NotTaken(Exception):
    """The engine did not make of the changes what they say; `code` is the reason for the verdict."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def try_changes(known: Sequence[bytes], new: Sequence[bytes]) -> None:
    """Applies new changes (causes first) to a case's known ones; raises `NotTaken` unless all of it went well.

    Each new act must stand at the end of the list as its author saw it, and the document must survive saving and
    loading with every change inside.
    """
    document = _load(known, new)
    acts = _acts(document)
    for raw in new:
        change = decode_act_change(raw)
        seen = [bytes.fromhex(dep) for dep in change.deps]
        last = None
        length = document.length(acts, heads=seen)
        if length:
            found = document.get(acts, length - 1, heads=seen)
            last = _counter_and_actor(found[1]) if found else None
        if last != change.elem:
            raise NotTaken("not_at_the_end")
        after = [bytes.fromhex(change.hash)]
        placed = document.get(acts, length, heads=after)
        if (
            placed is None
            or document.length(acts, heads=after) != length + 1
            or placed[0] != (ScalarType.Str, change.text)
            or _counter_and_actor(placed[1]) != (change.start_op, change.actor)
        ):
            raise NotTaken("engine_read_otherwise")
    again = Document.load(bytes(document.save()))
    if sorted(map(bytes, again.get_heads())) != sorted(map(bytes, document.get_heads())):
        raise NotTaken("engine_lost_it")


def synchronise(
    known: Sequence[bytes], aside: Sequence[bytes], message: bytes | None
) -> tuple[bytes | None, list[bytes]]:
    """Answers a peer's sync message about a case (None: begins to talk): the reply, and the changes that it brought.

    The changes are not taken by this: the gate sees them first, and the reply speaks of `known` only. `aside` are
    changes of the peer's that the gate did not take; the peer does not send them again, but later ones rest on them.
    """
    document, state = _load(known, aside), SyncState()
    brought: list[bytes] = []
    if message is not None:
        heads = document.get_heads()
        try:
            document.receive_sync_message(state, Message.decode(message))
        except Exception as error:
            raise NotTaken("engine_refused") from error
        brought = [bytes(change.raw_bytes) for change in document.get_changes(heads)]
    if brought or aside:
        document, state = _load(known, ()), SyncState()
    reply = document.generate_sync_message(state)
    return (bytes(reply.encode()) if reply is not None else None), brought


def append_texts(known: Sequence[bytes], actor: bytes, texts: Sequence[str]) -> list[bytes]:
    """The changes that append these texts to a case, each seeing everything before it."""
    document = _load(known, ())
    document.set_actor(actor)
    acts = _acts(document)
    made = []
    for text in texts:
        with document.transaction() as transaction:
            transaction.insert(acts, document.length(acts), ScalarType.Str, text)
        change = document.get_last_local_change()
        if change is None:
            raise NotTaken("engine_lost_it")
        made.append(bytes(change.raw_bytes))
    return made


def _load(known: Sequence[bytes], new: Sequence[bytes]) -> Document:
    try:
        document = Document.load(b"".join((GENESIS, *known, *new)))
    except Exception as error:
        raise NotTaken("engine_refused") from error
    if len(document.get_changes([])) != 1 + len(known) + len(new):
        raise NotTaken("engine_lost_it")
    return document


def _acts(document: Document) -> bytes:
    found = document.get(ROOT, "acts")
    if found is None or found[0] != ObjType.List:
        raise NotTaken("engine_refused")
    return found[1]


def _counter_and_actor(element: bytes) -> tuple[int, str]:
    """Reads the engine's exported id: a byte, the actor with its length, the actor's index, the counter."""
    size = element[1]
    actor, at = element[2 : 2 + size], 2 + size
    numbers = []
    for _ in range(2):
        number = shift = 0
        while True:
            byte = element[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        numbers.append(number)
    return numbers[1], actor.hex()
