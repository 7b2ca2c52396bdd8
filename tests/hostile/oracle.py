"""What may be taken, said independently of the gate: exactly what an honest engine on an honest device would make.

Bytes are compared with what Automerge writes itself; the act's text is read with Python's own parser and written
again; signatures are checked with the library. Only the reading of single events is the core's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from automerge.core import ROOT, Document, ScalarType
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from py_core.cases.acts import Act
from py_core.cases.commands import COMMAND_OF, COMMANDS
from py_core.change import GENESIS, decode_act_change
from py_core.city import CITY_ID
from py_core.errors import Malformed
from py_core.reporters import is_reporter_id
from py_core.visits import is_visit_id
from py_core.wire import ActorAnnouncement
from server.core_events import read_event
from server.gate import Ruling
from server.record import Submission

from . import chunks
from .world import CASE, FOREIGN, FORKED, LONG, OFFERED, VISIT, Attempt, World

EXACT = 2**53 - 1
IN_SCOPE: Mapping[str, frozenset[str]] = {  # units of the world's documents, said by hand
    CASE: frozenset({"shihe"}), FORKED: frozenset({"shihe"}), LONG: frozenset({"shihe"}),
    FOREIGN: frozenset({"linye"}), OFFERED: frozenset({"shihe", "linye"}), VISIT: frozenset({"shihe"}),
    CITY_ID: frozenset({"shihe", "linye", "centre"}),
}  # fmt: skip
ONLY_RECONCILER = frozenset({"contradiction_resolved", "late_work_taken"})
ONLY_RECORD = frozenset({"due_recomputed", "late_work_taken"})


def complaints(world: World, attempt: Attempt, rulings: Sequence[Ruling]) -> list[str]:
    """Everything that is wrong with how an attempt was ruled; empty when it was ruled rightly."""
    if len(rulings) != len(attempt.submissions):
        return ["not every submission got a ruling"]
    found: list[str] = []
    numbers: set[tuple[str, int]] = set()
    taken: dict[str, list[bytes]] = {}
    actors = {each.actor.hex(): each.device for each in world.laptops}
    for device, said in attempt.announcements:  # who announced first and signed for it has it
        if _binds(world.by_device[device].public_key, device, said):
            actors.setdefault(said.actor, device)
    for at, (submission, ruling) in enumerate(zip(attempt.submissions, rulings, strict=True)):
        held = [*world.held.get(submission.case_id, []), *taken.get(submission.case_id, [])]
        if ruling.verdict == "had":
            if submission.raw not in held:
                found.append(f"{at}: it was said to be had and is not")
            continue
        if ruling.verdict != "accepted":
            if not ruling.reason:
                found.append(f"{at}: not taken without a reason")
            continue
        why = list(_against(world, submission, held, actors, numbers))
        found += [f"{at}: {each}" for each in why]
        taken.setdefault(submission.case_id, []).append(submission.raw)
    return found


def _binds(public_key: bytes, device: str, said: ActorAnnouncement) -> bool:
    if len(said.actor) != 32 or set(said.actor) - set("0123456789abcdef") or said.actor == "00" * 16:
        return False
    message = b"shouwen-actor-1" + bytes.fromhex(said.actor) + device.encode()
    try:
        return _verifies(said.alg, public_key, bytes.fromhex(said.sig), message)
    except ValueError:
        return False


def _against(
    world: World,
    submission: Submission,
    held: Sequence[bytes],
    actors: Mapping[str, str],
    numbers: set[tuple[str, int]],
) -> Iterable[str]:
    laptop = world.by_device.get(submission.device)
    if laptop is None or laptop is world.gone:
        yield "its device is unknown or withdrawn"
        return
    change = decode_act_change(submission.raw)
    if chunks.change_hash(submission.raw) != change.hash:
        yield "its hash is not the bytes' hash"
    if not _signed(submission, laptop.public_key, change.hash):
        yield "its signature is none"
    if actors.get(change.actor) != submission.device:
        yield "its actor is another's"
    if _as_engine(held, change.deps, bytes.fromhex(change.actor), change.text) != submission.raw:
        yield "an honest engine writes other bytes"
    act = _honest_act(change.text)
    if act is None:
        yield "its text is no canonical act"
        return
    if (act.device, act.user) != (submission.device, laptop.user):
        yield "it speaks for somebody else"
    if act.device_seq <= laptop.seq or (act.device, act.device_seq) in numbers:
        yield "its number was used"
    numbers.add((act.device, act.device_seq))
    if act.beacon is not None and act.beacon not in world.beacons:
        yield "its beacon is none of the record's"
    yield from _against_events(world, submission.case_id, act, first=not held)


def _against_events(world: World, case: str, act: Act, *, first: bool) -> Iterable[str]:
    person = world.directory.people[act.user]
    for event in act.events:
        try:
            read_event(event, case)
        except Malformed:
            yield f"its event {event.get('type')!r} cannot be read"
        said = event.get("by_role")
        if said is not None and said not in person.roles:
            yield "it is done in the name of a role that is not theirs"
        if event["type"] in ONLY_RECONCILER and "reconciler" not in person.roles:
            yield "only a reconciler may"
        if event["type"] in ONLY_RECORD:
            yield "only the record may"
        command = COMMAND_OF.get(event["type"])
        if command is not None and not set(COMMANDS[command].roles) & set(person.roles):
            yield f"a right is missing for {command}"
    if case == CITY_ID:
        if "admin" not in person.roles:
            yield "only an administrator writes the city's rules"
        return
    if any(
        event["type"] in ("registered", "visit_planned", "reporter_told") for event in act.events[1 if first else 0 :]
    ):
        yield "it begins what has begun"
    whole_city = person.unit == "centre"
    begun = [each.get("pack") for each in act.events if each.get("type") == "registered"] if first else ["HL"]
    if "HL" in begun and any(_tells_who_complains(event) for event in act.events):
        yield "the hotline's case says who complains"
    if any(event.get("complaint") is True and event.get("case") in IN_SCOPE for event in act.events):
        yield "no complaint of this case names the document"
    if first:
        wanted = "visit_planned" if is_visit_id(case) else "registered"
        if is_reporter_id(case):
            wanted = "reporter_told"
        if any(_tells_who_reported(event) for event in act.events):
            yield "the case says who reported somebody"
        if act.events[0]["type"] != wanted:
            yield f"it begins without {wanted}"
        named = {str(event.get("unit")) for event in act.events} | {str(event.get("to")) for event in act.events}
        words = {word for event in act.events for word in _words(event)}
        people = {name for name in words if name in world.directory.people}
        units = (named | words) & set(world.directory.units) | {world.directory.people[each].unit for each in people}
        if not units or (person.unit not in units and not whole_city):
            yield "it begins where its author has nothing to do"
    elif person.unit not in IN_SCOPE.get(case, {person.unit}) and not whole_city:
        yield "the case is out of its author's scope"


def _tells_who_reported(event: dict[str, Any]) -> bool:
    report = (event.get("pack"), event.get("request_kind")) == ("HL", "report")
    letter = (event.get("pack"), event.get("matter")) == ("WH", "letter.discipline")
    telling = any(value for name, value in event.items() if name.startswith("claimant_") or name == "strokes")
    return event.get("type") == "registered" and (report or letter) and telling


def _tells_who_complains(event: dict[str, Any]) -> bool:
    return event.get("type") == "complaint_filed" and any(event.get(f"complainer_{name}") for name in ("name", "phone"))


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)


def _signed(submission: Submission, public_key: bytes, change_hash: str) -> bool:
    message = b"shouwen-act-1" + bytes.fromhex(submission.case_id) + bytes.fromhex(change_hash)
    return _verifies(submission.alg, public_key, submission.signature, message)


def _verifies(alg: int, public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        if len(public_key) == 32:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        else:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return alg == (1 if len(public_key) == 32 else 2)


def _as_engine(held: Sequence[bytes], deps: Sequence[str], actor: bytes, text: str) -> bytes | None:
    """What Automerge writes for this text on top of what the author says to have seen."""
    known = {chunks.change_hash(raw): raw for raw in held}
    seen: set[str] = set()
    waiting = [dep for dep in deps if dep in known]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += [dep for dep in decode_act_change(known[each]).deps if dep in known]
    document = Document.load(b"".join((GENESIS, *(raw for name, raw in known.items() if name in seen))))
    document.set_actor(actor)
    acts = document.get(ROOT, "acts")[1]
    with document.transaction() as transaction:
        transaction.insert(acts, document.length(acts), ScalarType.Str, text)
    made = document.get_last_local_change()
    return None if made is None else bytes(made.raw_bytes)


def _honest_act(text: str) -> Act | None:
    """The act that an honest device would have written so."""
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse)
        act = Act(
            events=tuple(data["events"]),
            occurred_at=datetime.fromisoformat(data["occurred_at"]),
            claimed_at=datetime.fromisoformat(data["claimed_at"]),
            **{key: value for key, value in data.items() if key not in ("v", "events", "occurred_at", "claimed_at")},
        )
        number, since = act.device_seq, act.since_beacon_ms
        whole = type(number) is int and 1 <= number <= EXACT and (since is None or (type(since) is int and since >= 0))
        return act if whole and act.text() == text and _exact(data) else None
    except (ValueError, TypeError, KeyError, Malformed, AttributeError):
        return None


def _exact(value: Any) -> bool:
    """Whether every number in it is the same number in every language that reads it."""
    if isinstance(value, dict):
        return all(_exact(item) for item in value.values())
    if isinstance(value, list):
        return all(_exact(item) for item in value)
    return type(value) is not int or abs(value) <= EXACT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key twice")
    return data


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)
