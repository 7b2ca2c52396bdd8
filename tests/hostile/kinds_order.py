"""Harm in who and when: causes, actors, numbers, signatures, scope, several changes at once."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import Any

from py_core.change import GENESIS_HASH, decode_act_change, encode_act_change
from tests.server.laptop import case_id, registered

from . import chunks
from .kinds import Attempt, World, announcing, kind, one, target
from .world import CASE, FOREIGN, FORKED, FRESH, LONG, OFFERED, VISIT, noted

EDGES = (0, 1, 2, 2**31 - 2, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
DEEP = 8  # acts in one push
_ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519's group


def _altered(world: World, laptop: Any, case: str, **values: Any) -> bytes:
    return encode_act_change(dataclasses.replace(decode_act_change(world.draft(laptop, case)), **values))


@kind
def wrong_numbers(world: World, chance: Random) -> Attempt:
    """Sequence and operation numbers beside the honest ones, and at every edge."""
    laptop, case = target(world, chance)
    draft = chunks.draft_of(world.draft(laptop, case))
    if chance.random() < 0.5:
        draft.seq = chance.choice((int(draft.seq) + chance.choice((-1, 1, 7)), *EDGES))  # type: ignore[arg-type]
    if chance.random() < 0.7:
        draft.start_op = chance.choice((int(draft.start_op) + chance.choice((-1, 1, 7)), *EDGES))  # type: ignore[arg-type]
    draft.seq, draft.start_op = max(0, int(draft.seq)), max(0, int(draft.start_op))  # type: ignore[arg-type]
    return one(world, laptop, case, draft.raw())


@kind
def wrong_causes(world: World, chance: Random) -> Attempt:
    """None, unknown, foreign, redundant, doubled, unordered, the genesis, hundreds."""
    laptop, case = target(world, chance)
    draft = chunks.draft_of(world.draft(laptop, case))
    inside = [bytes.fromhex(chunks.change_hash(raw)) for raw in world.held.get(case, [])]
    foreign = [bytes.fromhex(chunks.change_hash(raw)) for raw in world.held[LONG]]
    pool = [*inside, *foreign, bytes.fromhex(GENESIS_HASH), chance.randbytes(32)]
    choice = chance.randrange(5)
    if choice == 0:
        draft.deps = chance.sample(pool, min(len(pool), chance.randint(0, 4)))
    elif choice == 1:
        draft.deps = [*draft.deps, chance.choice(pool)]
    elif choice == 2:
        draft.deps = draft.deps * 2
    elif choice == 3:
        draft.deps = [chance.randbytes(32) for _ in range(chance.choice((1, 255, 256, 257, 1_000)))]
    else:
        draft.deps = [chance.choice(inside or pool)]
    if chance.random() < 0.7:
        draft.deps.sort()
    return one(world, laptop, case, draft.raw())


@kind
def older_view(world: World, chance: Random) -> Attempt:
    """An honest engine that has seen only a part: lawful for another actor, a fork for one's own."""
    laptop, case = chance.choice([each for each in world.targets if each[1] in (CASE, FORKED, LONG, OFFERED)])
    held = world.held[case][: chance.randint(1, len(world.held[case]))]
    raw = world.appended(laptop, case, world.act(laptop, noted("später")).text(), held)
    return one(world, laptop, case, raw)


@kind
def actor_of_somebody_else(world: World, chance: Random) -> Attempt:
    """Another's actor, an unknown one, the genesis's; announced again by the thief every other time."""
    laptop, case = target(world, chance)
    other = chance.choice([each.actor for each in world.laptops if each is not laptop])
    actor = chance.choice((other, chance.randbytes(16), bytes(16)))
    attempt = one(world, laptop, case, _altered(world, laptop, case, actor=actor.hex()))
    return announcing(laptop, attempt, actor) if chance.random() < 0.5 and actor != bytes(16) else attempt


@kind
def fresh_actor(world: World, chance: Random) -> Attempt:
    """A new actor of the sender's own, honestly announced: lawful where the numbers fit."""
    laptop, case = target(world, chance)
    actor = chance.randbytes(16)
    draft = decode_act_change(world.draft(laptop, case))
    values: dict[str, Any] = {"actor": actor.hex(), "seq": chance.choice((1, draft.seq))}
    if draft.elem is None:
        values["seq"] = 1
    return announcing(laptop, one(world, laptop, case, _altered(world, laptop, case, **values)), actor)


@kind
def false_announcement(world: World, chance: Random) -> Attempt:
    """An actor with a signature that does not bind it, or odd words for both."""
    laptop, case = target(world, chance)
    actor = chance.randbytes(16)
    said = laptop.announcement(actor)
    lie = chance.choice(
        (
            {"sig": chance.randbytes(64).hex()}, {"sig": ""}, {"sig": "zz"}, {"alg": 0}, {"alg": 3}, {"actor": "00" * 16},
            {"actor": actor.hex().upper()}, {"actor": actor.hex()[:30]}, {"actor": "é" * 32}, {"sig": said.sig.upper()},
        )
    )  # fmt: skip
    attempt = one(world, laptop, case, _altered(world, laptop, case, actor=actor.hex()))
    attempt.announcements.append((laptop.device, dataclasses.replace(said, **lie)))
    return attempt


@kind
def false_signature(world: World, chance: Random) -> Attempt:
    """Random, another's, over another case or hash, of another algorithm, stretched by the group's order."""
    laptop, case = target(world, chance)
    raw = world.draft(laptop, case)
    true = world.submission(laptop, case, raw)
    other = chance.choice([each for each in world.laptops if each is not laptop])
    stretched = (
        true.signature[:32] + (int.from_bytes(true.signature[32:], "little") + _ORDER).to_bytes(33, "little")[:32]
    )
    lie = chance.choice(
        (
            {"signature": chance.randbytes(64)}, {"signature": bytes(64)}, {"signature": b"\xff" * 64},
            {"signature": world.submission(other, case, raw).signature}, {"signature": stretched},
            {"signature": world.submission(laptop, case, raw, signed_case=case_id(77)).signature},
            {"signature": world.submission(laptop, case, raw, signed_hash="11" * 32).signature},
            {"signature": true.signature[:-1]}, {"signature": b""}, {"alg": 0}, {"alg": 3 - true.alg}, {"alg": 255},
            {"device": other.device}, {"device": "server"}, {"device": "nobody"}, {"case_id": case_id(77)},
        )
    )  # fmt: skip
    return Attempt("", [dataclasses.replace(true, **lie)])


@kind
def withdrawn_device(world: World, chance: Random) -> Attempt:
    laptop = world.gone
    raw = world.appended(laptop, CASE, world.act(laptop, noted("noch da")).text())
    return one(world, laptop, CASE, raw)


@kind
def foreign_scope(world: World, chance: Random) -> Attempt:
    """Work in a case of somebody else's, under one's own name."""
    laptop, case = chance.choice(
        ((world.lin, FOREIGN), (world.zhao, FOREIGN), (world.wu, CASE), (world.wu, LONG), (world.wu, VISIT))
    )
    return one(world, laptop, case, world.appended(laptop, case, world.act(laptop, world.event(case)).text()))


@kind
def foreign_beginning(world: World, chance: Random) -> Attempt:
    """A first act that is none, or that puts the case where its author has nothing to do."""
    laptop = chance.choice((world.lin, world.wu))
    event = chance.choice(
        (
            registered(unit=chance.choice(("shihe", "linye", "atlantis", "", "lin", "centre"))), noted("first"),
            {"type": "accepted"}, {"type": "delivered", "to": "shihe"},
        )
    )  # fmt: skip
    case = chance.choice((FRESH, case_id(chance.randrange(2**40)), VISIT[:10] + case_id(9)[10:]))
    raw = world.appended(laptop, case, world.act(laptop, event).text(), ())
    return one(world, laptop, case, raw)


@kind
def second_beginning(world: World, chance: Random) -> Attempt:
    laptop, case = chance.choice([each for each in world.targets if each[1] != FRESH])
    return one(world, laptop, case, world.appended(laptop, case, world.act(laptop, registered()).text(), ()))


@kind
def begun_again(world: World, chance: Random) -> Attempt:
    """A case that goes on with a beginning, to bring along what only a beginning may."""
    laptop, case = chance.choice([each for each in world.targets if each[1] != FRESH])
    again = chance.choice((registered(), registered(unit="linye"), registered(against="zhao")))
    also = chance.choice(((), ({"type": "delivered", "to": "linye"},), ({"type": "accepted"},), (registered(),)))
    events = chance.choice(((again, *also), (*also, again)))
    return one(world, laptop, case, world.with_text(laptop, case, world.act(laptop, *events).text()))


@kind
def used_number(world: World, chance: Random) -> Attempt:
    """A device's act number that is used, zero, far ahead, or used twice in one breath."""
    laptop, case = target(world, chance)
    number = chance.choice((0, 1, max(1, laptop.seq - 1), laptop.seq, laptop.seq + 1, laptop.seq + 1_000, 2**53 - 1))
    text = world.act(laptop, world.event(case), device_seq=number).text()
    attempt = one(world, laptop, case, world.with_text(laptop, case, text))
    if chance.random() < 0.4:
        other = case_id(chance.randrange(2**40))
        twice = world.appended(laptop, other, world.act(laptop, registered(), device_seq=number).text(), ())
        attempt.submissions.append(world.submission(laptop, other, twice))
    return attempt


@kind
def sent_again(world: World, chance: Random) -> Attempt:
    """What the record has: in its case, in another, by another, signed anew."""
    case = chance.choice((CASE, FORKED, LONG, FOREIGN))
    raw = chance.choice(world.held[case])
    owner = next(each for each in world.laptops if each.actor.hex() == decode_act_change(raw).actor)
    laptop = chance.choice((owner, owner, world.zhao, world.wu))
    return one(world, laptop, chance.choice((case, case, FOREIGN, FRESH, VISIT)), raw)


@kind
def chain(world: World, chance: Random) -> Attempt:
    """Several acts that rest on each other, one of them broken, in any order, some twice."""
    laptop, case = chance.choice([each for each in world.targets if each[1] in (CASE, FORKED, LONG, FRESH)])
    held = list(world.held.get(case, []))
    raws = []
    for step in range(chance.randint(2, 4)):
        event = world.event(case) if step == 0 else noted(f"Schritt {step}")
        raws.append(
            world.appended(laptop, case, world.act(laptop, event, device_seq=laptop.seq + 1 + step).text(), held)
        )
        held.append(raws[-1])
    submissions = [world.submission(laptop, case, raw) for raw in raws]
    broken = chance.randrange(len(raws) + 1)
    if broken < len(raws):
        submissions[broken] = dataclasses.replace(submissions[broken], signature=bytes(64))
    if chance.random() < 0.5:
        chance.shuffle(submissions)
    return Attempt("", [*submissions, *chance.sample(submissions, chance.randint(0, 2))])


@kind
def deep_chain(world: World, chance: Random) -> Attempt:
    """A fork with many heads at once, or dozens of acts in one push."""
    laptop, case = world.lin, CASE
    held, submissions = list(world.held[case]), []
    if chance.random() < 0.5:
        for step in range(DEEP):
            text = world.act(laptop, noted(f"tief {step}"), device_seq=laptop.seq + 1 + step).text()
            held.append(world.appended(laptop, case, text, held))
            submissions.append(world.submission(laptop, case, held[-1]))
        return Attempt("", submissions)
    attempt = Attempt("", [])
    for step in range(DEEP):
        actor = chance.randbytes(16)
        text = world.act(laptop, noted(f"breit {step}"), device_seq=laptop.seq + 1 + step).text()
        attempt.announcements.append((laptop.device, laptop.announcement(actor)))
        raw = _altered(world, laptop, case, actor=actor.hex(), seq=1, text=text)
        attempt.submissions.append(world.submission(laptop, case, raw))
    return attempt
