"""Harm in the bytes of a change: broken, re-encoded, blown up, or saying something else than one insert of one text."""

from __future__ import annotations

from random import Random

from . import chunks
from .chunks import (
    ACTION,
    BEFORE_ACTOR,
    BEFORE_COUNT,
    BEFORE_COUNTER,
    DEFLATED_BIT,
    INSERT,
    KEY_ACTOR,
    KEY_COUNTER,
    KEY_TEXT,
    OBJECT_ACTOR,
    OBJECT_COUNTER,
    VALUE,
    VALUE_HEAD,
    Draft,
    literal,
    nulls,
    run,
    signed,
    unsigned,
)
from .kinds import Attempt, World, kind, one, target
from .world import CASE

HUGE = (2**20, 2**30, 2**31, 2**32 - 1, 2**40, 2**53, 2**62, 2**63 - 1, 2**64 - 1)
COLUMNS = (
    OBJECT_ACTOR, OBJECT_COUNTER, KEY_ACTOR, KEY_COUNTER, KEY_TEXT, INSERT, ACTION, VALUE_HEAD, VALUE, BEFORE_COUNT,
    BEFORE_ACTOR, BEFORE_COUNTER, 0x94, 0xA5, 0x03, 0x21, 0x59,
)  # fmt: skip


def _honest(world: World, chance: Random) -> tuple[object, str, bytes]:
    laptop, case = target(world, chance)
    return laptop, case, world.draft(laptop, case)


def _edited(world: World, chance: Random, edit: object) -> Attempt:
    laptop, case = target(world, chance)
    draft = chunks.draft_of(world.draft(laptop, case))
    edit(draft)  # type: ignore[operator]
    return one(world, laptop, case, draft.raw())


@kind
def honest(world: World, chance: Random) -> Attempt:
    """No harm at all: a gate that refuses everything would pass every other kind."""
    laptop, case = target(world, chance)
    return one(world, laptop, case, world.draft(laptop, case))


@kind
def noise(world: World, chance: Random) -> Attempt:
    laptop, case = target(world, chance)
    return one(world, laptop, case, chance.randbytes(chance.choice((0, 1, 4, 12, 64, 400, 5_000))))


@kind
def flipped(world: World, chance: Random) -> Attempt:
    """Some bytes changed, the checksum repaired every other time."""
    laptop, case = target(world, chance)
    raw = bytearray(world.draft(laptop, case))
    for _ in range(chance.randint(1, 4)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return one(world, laptop, case, chunks.repaired(bytes(raw)) if chance.random() < 0.8 else bytes(raw))


@kind
def bit_in_the_head(world: World, chance: Random) -> Attempt:
    """One bit of everything around the text, checksum repaired: where the numbers and columns are."""
    laptop, case = target(world, chance)
    raw = bytearray(world.draft(laptop, case))
    at = raw.find(b'{"')
    places = [*range(8, at), *range(len(raw) - 2, len(raw))]
    raw[chance.choice(places)] ^= 1 << chance.randrange(8)
    return one(world, laptop, case, chunks.repaired(bytes(raw)))


@kind
def body_reshaped(world: World, chance: Random) -> Attempt:
    """A piece cut out, doubled or put in, with length and checksum that belong to the result."""
    laptop, case = target(world, chance)
    body = chunks.draft_of(world.draft(laptop, case)).body()
    start = chance.randrange(len(body))
    end = min(len(body), start + chance.choice((1, 2, 4, 16, 64)))
    piece = chance.choice((b"", body[start:end] * 2, chance.randbytes(end - start), bytes(end - start)))
    return one(world, laptop, case, chunks.chunk(body[:start] + piece + body[end:]))


@kind
def spliced(world: World, chance: Random) -> Attempt:
    """The front of one honest change and the rest of another."""
    laptop, case = target(world, chance)
    first = chunks.draft_of(world.draft(laptop, case)).body()
    second = chunks.draft_of(world.draft(*target(world, chance))).body()
    at = chance.randrange(min(len(first), len(second)))
    return one(world, laptop, case, chunks.chunk(first[:at] + second[at:]))


@kind
def cut_or_followed(world: World, chance: Random) -> Attempt:
    laptop, case = target(world, chance)
    raw = world.draft(laptop, case)
    more = chance.choice((raw, b"\x00", chance.randbytes(20), chunks.chunk(b"", chunks.DOCUMENT)))
    changed = raw[: chance.randrange(len(raw))] if chance.random() < 0.5 else raw + more
    return one(world, laptop, case, changed)


@kind
def lying_length(world: World, chance: Random) -> Attempt:
    laptop, case = target(world, chance)
    body = chunks.draft_of(world.draft(laptop, case)).body()
    length = chance.choice((0, 1, len(body) - 1, len(body) + 1, *HUGE))
    return one(world, laptop, case, chunks.chunk(body, length=length))


@kind
def long_form_numbers(world: World, chance: Random) -> Attempt:
    """The same numbers in more bytes than they need."""
    laptop, case = target(world, chance)
    draft = chunks.draft_of(world.draft(laptop, case))
    padding = chance.randint(1, 9)
    which = chance.choice(("length", "seq", "start_op", "time", "value_head", "counter", "run"))
    if which == "length":
        return one(world, laptop, case, chunks.chunk(draft.body(), padding=padding))
    if which == "seq":
        draft.seq = unsigned(int(draft.seq), padding)  # type: ignore[arg-type]
    elif which == "start_op":
        draft.start_op = unsigned(int(draft.start_op), padding)  # type: ignore[arg-type]
    elif which == "time":
        draft.time = unsigned(0, padding)
    elif which == "value_head":
        draft.set(VALUE_HEAD, literal(unsigned(len(draft.get(VALUE)) << 4 | 6, padding)))
    elif which == "counter":
        draft.set(OBJECT_COUNTER, b"\xff\x7f\x01")
    else:
        draft.set(ACTION, run(1, b"\x01"))  # a run of one where a literal belongs
    return one(world, laptop, case, draft.raw())


@kind
def deflated_chunk(world: World, chance: Random) -> Attempt:
    """A compressed chunk: of an honest change, or of millions of the same byte."""
    laptop, case = target(world, chance)
    body = chunks.draft_of(world.draft(laptop, case)).body()
    blown = bytes(chance.choice((1_000, 1_000_000, 20_000_000)))
    content = chance.choice((body, body + blown, b"\x00" + blown))
    return one(world, laptop, case, chunks.chunk(chunks.deflated(content), chunks.DEFLATED))


@kind
def deflated_column(world: World, chance: Random) -> Attempt:
    def edit(draft: Draft) -> None:
        key, data = chance.choice(draft.columns)
        blown = chance.choice((data, data * 1_000, bytes(chance.choice((1_000, 5_000_000)))))
        draft.set(key, None)
        draft.columns = sorted([*draft.columns, (key | DEFLATED_BIT, chunks.deflated(blown))])

    return _edited(world, chance, edit)


@kind
def other_chunk_types(world: World, chance: Random) -> Attempt:
    """A whole document, a bundle, an unknown type."""
    laptop, case = target(world, chance)
    body = chunks.draft_of(world.draft(laptop, case)).body()
    number = chance.choice((chunks.DOCUMENT, chunks.BUNDLE, 4, 5, 127, 255))
    return one(world, laptop, case, chunks.chunk(chance.choice((body, b"", b"\x00" * 40)), number))


@kind
def columns_rearranged(world: World, chance: Random) -> Attempt:
    """Unknown, doubled, missing, empty or unordered columns; announced widths that lie."""

    def edit(draft: Draft) -> None:
        choice = chance.randrange(6)
        at = chance.randrange(len(draft.columns))
        if choice == 0:
            draft.columns.insert(
                chance.randrange(len(draft.columns) + 1), (chance.choice(COLUMNS), chance.randbytes(3))
            )
        elif choice == 1:
            draft.columns.insert(at, draft.columns[at])
        elif choice == 2:
            del draft.columns[at]
        elif choice == 3:
            draft.columns[at] = (draft.columns[at][0], b"")
        elif choice == 4:
            chance.shuffle(draft.columns)
        else:
            draft.widths[draft.columns[at][0]] = chance.choice((0, 1, 99, *HUGE))

    return _edited(world, chance, edit)


@kind
def lying_counts(world: World, chance: Random) -> Attempt:
    def edit(draft: Draft) -> None:
        draft.counts[chance.choice(("deps", "others", "columns"))] = chance.choice((0, 2, 3, 8, 64, *HUGE))

    return _edited(world, chance, edit)


@kind
def run_length_bomb(world: World, chance: Random) -> Attempt:
    """A column that says in a few bytes: thousands of millions of times."""

    def edit(draft: Draft) -> None:
        times = chance.choice(HUGE[:-1])
        for key in chance.sample(COLUMNS, chance.randint(1, 4)):
            draft.set(key, chance.choice((nulls(times), run(times, b"\x01"), b"\x00" + unsigned(times) + b"\x7f\x01")))

    return _edited(world, chance, edit)


@kind
def many_operations(world: World, chance: Random) -> Attempt:
    """Two to thousands of inserts in one change."""

    def edit(draft: Draft) -> None:
        times = chance.choice((2, 3, 50, 2_000, 100_000))
        draft.set(OBJECT_ACTOR, run(times, b"\x01"))
        draft.set(OBJECT_COUNTER, run(times, b"\x01"))
        draft.set(INSERT, b"\x00" + unsigned(times))
        draft.set(ACTION, run(times, b"\x01"))
        draft.set(VALUE_HEAD, run(times, unsigned(1 << 4 | 6)))
        draft.set(VALUE, b"x" * min(times, 50_000))
        draft.set(BEFORE_COUNT, run(times, b"\x00"))

    return _edited(world, chance, edit)


@kind
def other_actions(world: World, chance: Random) -> Attempt:
    """Makes an object, deletes, increments, marks; overwrites an act; is no insert."""

    def edit(draft: Draft) -> None:
        choice = chance.randrange(4)
        if choice == 0:
            draft.set(ACTION, literal(unsigned(chance.choice((0, 2, 3, 4, 5, 6, 7, 8, 2**32, 2**63)))))
        elif choice == 1:
            draft.set(INSERT, b"\x01")
        elif choice == 2:
            draft.set(INSERT, b"\x01")
            draft.set(BEFORE_COUNT, literal(b"\x01"))
            draft.set(BEFORE_ACTOR, literal(unsigned(chance.randrange(3))))
            draft.set(BEFORE_COUNTER, literal(signed(chance.choice((2, 3, 4)))))
        else:
            draft.set(BEFORE_COUNT, literal(unsigned(chance.choice((1, 2, *HUGE)))))

    return _edited(world, chance, edit)


@kind
def other_values(world: World, chance: Random) -> Attempt:
    """A number, bytes, a counter, a time, an unknown type; a length that lies; a text that is no UTF-8."""

    def edit(draft: Draft) -> None:
        choice = chance.randrange(4)
        size = len(draft.get(VALUE))
        if choice == 0:
            draft.set(VALUE_HEAD, literal(unsigned(size << 4 | chance.choice((0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15)))))
        elif choice == 1:
            draft.set(VALUE_HEAD, literal(unsigned(chance.choice((0, size - 1, size + 1, *HUGE)) << 4 | 6)))
        elif choice == 2:
            data = chance.choice((b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"", b"\x00"))
            draft.set(VALUE, data)
            draft.set(VALUE_HEAD, literal(unsigned(len(data) << 4 | 6)))
        else:
            draft.set(VALUE, None)

    return _edited(world, chance, edit)


@kind
def elsewhere(world: World, chance: Random) -> Attempt:
    """Into another object, before acts that were seen, behind ones that do not exist, under a key."""

    def edit(draft: Draft) -> None:
        choice = chance.randrange(6)
        if choice == 0:
            draft.set(OBJECT_COUNTER, literal(unsigned(chance.choice((0, 2, 3, 99, *HUGE)))))
        elif choice == 1:
            draft.set(OBJECT_ACTOR, literal(unsigned(chance.choice((0, 2, 3, 99, *HUGE)))))
        elif choice == 2:
            draft.set(OBJECT_ACTOR, None)
            draft.set(OBJECT_COUNTER, None)
        elif choice == 3:
            draft.set(KEY_COUNTER, literal(signed(chance.choice((0, 1, 2, 3, 4, 5, 60, -1, -(2**31), *HUGE[:-1])))))
        elif choice == 4:
            draft.set(KEY_ACTOR, chance.choice((None, *(literal(unsigned(n)) for n in (0, 1, 2, 3, 200)))))
        else:
            draft.set(KEY_TEXT, literal(b"\x04acts"))

    return _edited(world, chance, edit)


@kind
def strange_frame(world: World, chance: Random) -> Attempt:
    """A time, a message, bytes at the end, an actor of another length, actors too many."""

    def edit(draft: Draft) -> None:
        choice = chance.randrange(5)
        if choice == 0:
            draft.time = signed(chance.choice((1, -1, 2**31, 2**62)))
        elif choice == 1:
            draft.message = b"\x05hello"
        elif choice == 2:
            draft.extra = chance.randbytes(chance.choice((1, 4, 1_000)))
        elif choice == 3:
            draft.actor = draft.actor[: chance.choice((0, 1, 15))] if chance.random() < 0.7 else draft.actor * 9
        else:
            draft.others += [chance.randbytes(16) for _ in range(chance.choice((1, 2, 300)))]

    return _edited(world, chance, edit)


@kind
def too_long(world: World, chance: Random) -> Attempt:
    laptop, case = world.lin, CASE
    size = chance.choice((64 * 1024 - 300, 64 * 1024 + 1, 100_000, 131_000))
    return one(world, laptop, case, world.with_text(laptop, case, "x" * size))
