"""Frames in short lead back to the very same bytes, or are refused: nothing in between."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_core import wire
from py_core.cases.acts import canonical_json
from py_core.change import GENESIS_HASH, ActChange, decode_act_change, encode_act_change
from py_core.errors import Malformed
from py_core.packed import columns, messages, receipts
from py_core.packed.changes import ChangePacker, ChangeUnpacker, Earlier, Logged, NotPackable, Unresolved
from py_core.packed.held import AnswerLogs, nothing_held
from py_core.packed.outbox import Cause, Signed, pack_acts, unpack_acts
from py_core.packed.texts import TextPacker, TextUnpacker

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "acts.json").read_text(encoding="utf-8"))
BRANCHED = [bytes.fromhex(row["change"]) for row in VECTORS["acts"]]  # two actors, the last act merges
CASE = "5a" * 16


def act_text(chance: Random, seq: int) -> str:
    stamp = f"2026-1{chance.randrange(3)}-0{1 + chance.randrange(9)}T0{chance.randrange(10)}:1{chance.randrange(10)}:07"
    zone = chance.choice(["+08:00", "+00:00", "-03:30"])
    since = chance.choice([None, chance.randrange(10**7)])
    beacon = chance.choice(
        [None, wire.beacon_id(chance.randrange(1, 2**42), f"{chance.getrandbits(64):016x}"), "beac0"]
    )
    said = chance.choice(["路灯不亮", 'a "quoted" \\ \n line', "𠮷🧾", '","kind":"x'])
    return canonical_json(
        {
            "v": 1, "kind": chance.choice(["noted", "registered"]), "events": [{"type": "noted", "text": said}],
            "user": chance.choice(["linxiao", "张\t三"]), "device": chance.choice(["d1", "d2"]), "device_seq": seq,
            "occurred_at": stamp + zone, "claimed_at": stamp + chance.choice([zone, "+08:00"]), "beacon": beacon,
            "since_beacon_ms": since, "pack_version": "HL-1.1", "app_version": "0.1.0",
        }
    )  # fmt: skip


def history(chance: Random, case_id: str, acts: int) -> list[ActChange]:
    """A case whose acts rest on one or several of those before, as an honest engine writes them."""
    made: list[ActChange] = []
    seqs: dict[str, int] = {}
    for number in range(acts):
        actor = chance.choice(["a1" * 16, "0b" * 16, "77" * 16])
        heads = chance.sample(made, min(len(made), chance.choice([1, 1, 1, 2]))) if made else []
        deps = tuple(sorted(each.hash for each in heads)) or (GENESIS_HASH,)
        seqs[actor] = seqs.get(actor, 0) + 1
        text = act_text(chance, number + 1)
        if heads:
            last = chance.choice(heads)
            op = 1 + max(each.start_op for each in heads)
            change = ActChange("", deps, actor, min(seqs[actor], op - 1), op, text, (last.start_op, last.actor))
        else:
            change = ActChange("", deps, actor, 1, 2, text, None)
        made.append(decode_act_change(encode_act_change(change)))
    return made


def mixed(seed: int) -> list[Logged]:
    """The log of several cases, mixed, each in its order."""
    chance = Random(seed)
    waiting = {
        case_id: history(chance, case_id, chance.randrange(1, 9))
        for case_id in (Random(f"{seed} {n}").randbytes(16).hex() for n in range(5))
    }
    log: list[Logged] = []
    while waiting:
        case_id = chance.choice(sorted(waiting))
        raw = encode_act_change(waiting[case_id].pop(0))
        index = (log[-1].log_index if log else 0) + chance.randrange(1, 400)
        log.append(Logged(case_id, index, 1_790_000_000_000 + chance.randrange(10**9), raw))
        if not waiting[case_id]:
            del waiting[case_id]
    return log


def as_logged(rebuilt: Iterable[object]) -> list[Logged]:
    return [Logged(r.case_id, r.log_index, r.received_at_ms, r.raw) for r in rebuilt]  # type: ignore[attr-defined]


def earlier(log: Sequence[Logged]) -> dict[str, list[Earlier]]:
    found: dict[str, list[Earlier]] = {}
    for each in log:
        change = decode_act_change(each.raw)
        found.setdefault(each.case_id, []).append(Earlier(change.hash, change.actor, change.start_op))
    return found


def held(log: Sequence[Logged]) -> AnswerLogs:
    of_case: dict[str, list[tuple[int, str]]] = {}
    for each in log:
        of_case.setdefault(each.case_id, []).append((each.log_index, decode_act_change(each.raw).hash))
    return AnswerLogs(of_case, lambda case_id: of_case.get(case_id, ()))


@pytest.mark.parametrize("seed", range(40))
def test_changes_come_back_bit_by_bit_wherever_the_log_is_cut_into_answers_and_pages(seed: int) -> None:
    log = mixed(seed)
    chance = Random(seed)
    before = chance.randrange(len(log))
    middle = chance.randrange(before, len(log))
    packer, unpacker = ChangePacker(), ChangeUnpacker(held(log[:before]))
    came: list[Logged] = []
    for part in (log[before:middle], log[middle:]):
        if part:
            packed = packer.copy().pack(part, earlier(log[:before]))
            assert packer.pack(part, earlier(log[:before])) == packed, "a copy goes on as the packer does"
            came += as_logged(unpacker.unpack(packed))
    assert came == log[before:]


def test_an_act_that_merges_two_branches_comes_back() -> None:
    log = [Logged(CASE, at, at, raw) for at, raw in enumerate(BRANCHED)]
    for cut in range(len(log)):
        packed = ChangePacker().pack(log[cut:], earlier(log[:cut]))
        assert as_logged(ChangeUnpacker(held(log[:cut])).unpack(packed)) == log[cut:]


def test_what_rests_on_something_that_is_not_held_is_never_guessed() -> None:
    log = [Logged(CASE, at, at, raw) for at, raw in enumerate(BRANCHED)]
    packed = ChangePacker().pack(log[2:], earlier(log[:2]))
    other = [replace(log[0], raw=encode_act_change(replace(decode_act_change(log[0].raw), text='{"x":1}'))), log[0]]
    for wrong in ([], log[:1], other):
        with pytest.raises(Unresolved):
            ChangeUnpacker(held(wrong)).unpack(packed)


def test_two_held_cases_under_one_name_are_not_mixed_up() -> None:
    case_id, twin_id = (f"{number:032x}" for number in (8377555, 18184733))  # searched for: of both 17f8f10552f2
    log = [Logged(case_id, at, at, raw) for at, raw in enumerate(BRANCHED)]
    packed = ChangePacker().pack(log[2:], earlier(log[:2]))
    assert as_logged(ChangeUnpacker(held(log[:2])).unpack(packed)) == log[2:]
    with pytest.raises(Unresolved, match="alone"):
        ChangeUnpacker(held([*log[:2], Logged(twin_id, 9, 9, BRANCHED[0])])).unpack(packed)


def test_a_change_that_does_not_follow_from_its_causes_is_not_packed() -> None:
    log = [Logged(CASE, at, at, raw) for at, raw in enumerate(BRANCHED)]
    with pytest.raises(NotPackable):
        ChangePacker().pack(log[1:], {})
    odd = encode_act_change(replace(decode_act_change(BRANCHED[1]), start_op=9))
    with pytest.raises(NotPackable):
        ChangePacker().pack([log[0], Logged(CASE, 1, 1, odd)], {})


def test_a_change_costs_less_than_three_fifths_of_its_bytes_compressed() -> None:
    log = [each for seed in range(30) for each in mixed(seed)]
    assert len(ChangePacker().pack(log, {})) * 5 < 3 * len(zlib.compress(b"".join(each.raw for each in log), 9))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(1, 255))
def test_a_bent_payload_is_refused_or_leads_to_the_same_changes(seed: int, at: int, bend: int) -> None:
    log = mixed(seed)
    content = bytearray(columns.inflate(ChangePacker().pack(log, {})))
    content[at % len(content)] ^= bend
    deflater = zlib.compressobj(0, zlib.DEFLATED, -15)
    payload = deflater.compress(bytes(content)) + deflater.flush()
    try:
        came = as_logged(ChangeUnpacker(held([])).unpack(payload))
    except Malformed:
        return
    assert [each.raw for each in came] == [each.raw for each in log]


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = bomb.compress(bytes(columns.CONTENT_BYTES_MAX + 1)) + bomb.flush()
    for read in (columns.inflate, ChangeUnpacker(held([])).unpack):
        with pytest.raises(Malformed, match="more than"):
            read(payload)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_survives(seed: int) -> None:
    chance = Random(seed)
    packer, unpacker = TextPacker(), TextUnpacker()
    for _ in range(3):
        texts = [act_text(chance, chance.randrange(1, 10**6)) for _ in range(30)]
        texts += ["", "{}", texts[0].replace("0.1.0", "0.1.0 "), texts[1][:-1], "no JSON"]
        assert unpacker.unpack(packer.pack(texts), len(texts)) == texts


@given(st.lists(st.integers(0, 2**62)), st.lists(st.integers(-(2**61), 2**61)))
def test_numbers_come_back(plain: list[int], signed: list[int]) -> None:
    assert columns.unpack_numbers(columns.pack_numbers(plain), len(plain)) == plain
    assert columns.unpack_signed(columns.pack_signed(signed), len(signed)) == signed


def sent(log: Sequence[Logged]) -> list[Signed]:
    return [Signed(each.case_id, 1, bytes([at % 256]) * 64, each.raw) for at, each in enumerate(log)]


def linear(cases: int, acts: int, first: int = 0) -> list[Logged]:
    log: list[Logged] = []
    for number in range(cases):
        last: ActChange | None = None
        for place in range(acts):
            text = act_text(Random(f"{number} {place}"), place + 1)
            change = ActChange("", (GENESIS_HASH,), "a1" * 16, 1, 2, text, None)
            if last is not None:
                after = (last.start_op, last.actor)
                change = replace(change, deps=(last.hash,), seq=place + 1, start_op=last.start_op + 1, elem=after)
            raw = encode_act_change(change)
            last = decode_act_change(raw)
            log.append(Logged(f"{first + number:032x}", len(log), 1, raw))
    return log


def test_acts_of_a_device_come_back_from_what_the_record_holds() -> None:
    log = linear(4, 6)
    known = {each.log_index: each for each in log if each.log_index % 6 < 3}
    indexes = {decode_act_change(each.raw).hash: index for index, each in known.items()}

    def cause_at(name: int | str) -> Cause | None:
        each = known.get(name if isinstance(name, int) else indexes.get(name, -1))
        if each is None:
            return None
        change = decode_act_change(each.raw)
        return Cause(each.case_id, change.hash, change.actor, change.start_op)

    acts = sent([each for each in log if each.log_index % 6 >= 3] + linear(2, 2, first=99))
    for index_of in (lambda case_id, change_hash: indexes.get(change_hash), lambda case_id, change_hash: None):
        packed = pack_acts(acts, index_of)
        assert unpack_acts(packed, cause_at, 100, 2**20) == acts
        with pytest.raises(Unresolved):
            unpack_acts(packed, lambda name: None, 100, 2**20)
    wrong = dict.fromkeys(known, known[0])
    with pytest.raises(Malformed):
        unpack_acts(
            pack_acts(acts, lambda case_id, change_hash: indexes.get(change_hash)),
            lambda name: cause_at(wrong[name].log_index) if isinstance(name, int) else None,
            100,
            2**20,
        )
    with pytest.raises(Malformed, match="1 to 3 acts"):
        unpack_acts(packed, cause_at, 3, 2**20)


def test_an_act_with_several_causes_is_sent_in_full() -> None:
    with pytest.raises(NotPackable):
        pack_acts([Signed(CASE, 1, bytes(64), raw) for raw in BRANCHED], lambda case_id, change_hash: 1)


MESSAGES: list[wire.Message] = [
    wire.Hello("5a" * 16, 60_000, 3, "0.1.0", 0, scope="xingqiao/2", can="revoke short"),
    wire.Hello("5a" * 16, 0, 0, "0.1.0", 7, purged=("ab" * 16,), clock_offset_ms=-5, storage_kept=False),
    wire.Hello("no hex", 1, 2, "0.1.0", 0),
    wire.End(2**40, True, "星桥"),
    wire.End(1, False, "", problem="device_revoked"),
    wire.Beacon(wire.beacon_id(1_790_000_000_000, "0011223344556677"), 1_790_000_000_000, 9, "ab" * 64),
    wire.Beacon(wire.beacon_id(5, "0011223344556677"), 5, 9, "ab" * 64, root="cd" * 32, older=7, path=("ef" * 32,) * 3),
    wire.Beacon(wire.beacon_id(5, "0011223344556677"), 5, 9, "ab" * 64, root="cd" * 32, older=9),
    wire.Beacon("beac0", 5, 9, "ab" * 64),
    wire.Config({"version": 2, "city_zh": "澄江市"}),
    wire.Revoke("ab" * 16, 4),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_come_back_from_their_short_form(message: wire.Message) -> None:
    frames = wire.read_frames(wire.encode_frame(messages.short(message)))
    assert wire.read_message(messages.long(frames[0])) == message


def test_a_short_message_is_refused_when_it_is_cut() -> None:
    for message in MESSAGES:
        frame = messages.short(message)
        if isinstance(frame, wire.Short) and frame.type != wire.TYPE_DEFLATED_JSON and not message_rest(message):
            for length in range(len(frame.payload)):
                with pytest.raises(Malformed):
                    messages.long(wire.Short(frame.type, frame.payload[:length]))


def message_rest(message: wire.Message) -> bool:
    frame = messages.short(message)
    return isinstance(frame, wire.Short) and frame.payload.endswith(b"}")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 200])
def test_each_receipt_of_many_stands_for_itself(count: int) -> None:
    acts = [
        (f"{at:032x}", f"{at:064x}", receipts.Place(at * 7, 1_790_000_000_000 - at, at % 3 == 0)) for at in range(count)
    ]
    leaves = [receipts.leaf(case_id, name, place.log_index, place.received_at_ms) for case_id, name, place in acts]
    root, paths = receipts.root_and_paths(leaves)
    places, signature = receipts.unpack_receipts(receipts.pack_receipts([place for _, _, place in acts], b"s" * 64))
    assert places == [place for _, _, place in acts]
    for (case_id, name, place), path in zip(acts, paths, strict=True):
        proof = receipts.proof(signature, path)
        numbers = (place.log_index, place.received_at_ms)
        assert receipts.signed_part(case_id, name, *numbers, proof) == (b"s" * 64, receipts.root_sign_bytes(root))
        bent = receipts.signed_part(case_id, name, place.log_index + 1, place.received_at_ms, proof)
        assert bent is not None
        assert bent[1] != receipts.root_sign_bytes(root)
    assert receipts.signed_part("ab" * 16, "cd" * 32, 1, 2, "ab" * 64) == (
        bytes.fromhex("ab" * 64),
        wire.receipt_sign_bytes("ab" * 16, "cd" * 32, 1, 2),
    )


@pytest.mark.parametrize("sig", ["", "zz", "ab" * 63, "02" + "ab" * 64, "01" + "ab" * 70])
def test_what_is_no_receipts_signature(sig: str) -> None:
    assert receipts.signed_part("ab" * 16, "cd" * 32, 1, 2, sig) is None


def test_an_empty_device_holds_nothing() -> None:
    with pytest.raises(Unresolved):
        AnswerLogs((), nothing_held).hash_at(CASE, 0)
