"""Receipts that come back by USB stick prove what those of the network prove: the log goes on, and the acts are in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from laptop import Laptop, case_id, registered
from sqlalchemy import select, update
from test_carry import CASE, StickDevice, decide, verdicts

from py_core import carry, wire
from py_core.carry import CarriedLog, CarriedReceipts, CarryRefused
from py_core.desk.ports import DeviceRevocation
from py_core.errors import Malformed
from py_core.log_watch import Fork
from py_core.merkle import Head
from server.log_tree import acts_tree
from server.parts import Parts
from server.tables import carried_files


def head(parts: Parts, size: int | None = None) -> Head:
    with parts.database.reading() as connection:
        return acts_tree(connection).head(size)


def others(parts: Parts, number: int) -> None:
    zhao = Laptop(parts, "zhao", f"{number}")
    assert zhao.verdict(zhao.act(case_id(number), registered())) == "accepted"


def told(given: CarriedReceipts) -> tuple[wire.Carried, tuple[wire.Verdict, ...]]:
    """What a file of before would say."""
    return given.carried, given.verdicts


def read(device: StickDevice, given: CarriedReceipts) -> None:
    received = device.client.read_carried(*told(given), log=given.log)
    device.client.settle(received)


@pytest.fixture
def device(parts: Parts) -> StickDevice:
    """One that has met the record once, when its log had two acts, and has since worked without network."""
    others(parts, 2)
    made = StickDevice(parts, "lin")
    made.act(CASE, registered())
    made.contact()
    assert made.client.standing.head == head(parts, 2)
    made.act(CASE, {"type": "noted", "text": "看过现场"})
    return made


def test_a_receipts_file_continues_the_log_and_its_acts_are_in_it(parts: Parts, device: StickDevice) -> None:
    others(parts, 3)
    brought = device.carried()
    others(parts, 4)
    device.read(carry_again(parts, brought.file))
    assert (device.client.waiting, device.client.standing.head) == (0, head(parts, 4)), "as it was when it was taken"
    device.act(CASE, {"type": "noted", "text": "再看"})
    device.contact()
    assert (device.client.problem, device.client.standing.head) == ("", head(parts))


def test_of_an_earlier_file_only_its_beginning_is_read(parts: Parts, device: StickDevice) -> None:
    """It may have thousands of receipts, and nobody else can write meanwhile."""
    earlier = device.carried()
    with parts.database.writing() as connection:
        answer = bytes(connection.scalar(select(carried_files.c.answer)) or b"")
        first = len(wire.encode_frame(wire.read_frames(answer)[0]))
        connection.execute(update(carried_files).values(answer=answer[:first] + bytes(len(answer) - first)))
    others(parts, 3)
    device.act(CASE, {"type": "noted", "text": "再看"})
    later = device.carried()
    assert later.file != earlier.file
    device.read(later.receipts)
    assert (device.client.waiting, device.client.standing.head) == (0, head(parts))


@pytest.mark.parametrize("begun", [b"", b"\0\0", b"\0\0\0\x09\x01{}"])
def test_a_file_without_a_whole_beginning_is_malformed(begun: bytes) -> None:
    with pytest.raises(Malformed):
        carry.first_message(begun)


def carry_again(parts: Parts, file: str) -> bytes:
    found = parts.carry_import.known(file)
    assert found is not None
    return found.receipts


@pytest.mark.parametrize("what", ["time", "case", "place", "proof", "without", "head"])
def test_a_receipt_for_what_is_not_in_the_log_counts_for_nothing(parts: Parts, device: StickDevice, what: str) -> None:
    """All of it under the record's own signature: it is the record that is not believed."""
    device.act(case_id(9), registered())
    given = carry.read_receipts(device.carried().receipts)
    assert given.log is not None
    first, second = given.verdicts
    assert (first.received_at_ms, first.log_index) != (None, None)
    wrong = {
        "time": replace(given, verdicts=(first, replace(second, received_at_ms=(second.received_at_ms or 0) + 1))),
        "case": replace(given, verdicts=(replace(first, hash="0" * 64, case="1" * 32), second)),
        "place": replace(given, verdicts=(replace(first, log_index=7), second)),
        "proof": replace(given, log=replace(given.log, proof=(*given.log.proof, bytes(32)))),
        "without": replace(given, log=None),
        "head": replace(given, log=replace(given.log, beacons=tuple(replace(b, older=1) for b in given.log.beacons))),
    }[what]
    with pytest.raises(CarryRefused) as refused:
        read(device, wrong)
    assert (refused.value.code, device.client.waiting, device.client.standing.head) == ("unproven", 2, head(parts, 2))
    read(device, given)
    assert device.client.waiting == 0


def test_a_file_that_tells_another_history_is_told_to_the_centre(parts: Parts, device: StickDevice) -> None:
    given = carry.read_receipts(device.carried().receipts)
    assert given.log is not None
    root = "ab" * 32
    told = tuple(
        parts.receipts.beacon(parts.clock.now(), each.log_size, root, each.older, each.path)
        for each in given.log.beacons
    )
    read(device, replace(given, log=CarriedLog(told, given.log.proof)))
    seen = head(parts, 2)
    assert (device.client.waiting, device.client.standing.head, device.client.problem) == (1, seen, "record_forked")
    assert device.client.fork == Fork(seen, Head(3, bytes.fromhex(root)))
    hello = wire.read_message(wire.read_frames(device.client.carry_out()[0])[0])
    assert isinstance(hello, wire.Hello)
    assert hello.forked == device.client.fork.text


@pytest.mark.parametrize("order", ["as saved", "the later first"])
def test_two_files_on_their_way_at_once_are_read_in_either_order(parts: Parts, device: StickDevice, order: str) -> None:
    one = device.carried()
    device.act(case_id(9), registered())
    others(parts, 3)
    two = device.carried()
    for each in (one, two) if order == "as saved" else (two, one):
        device.read(carry_again(parts, each.file))
    assert (device.client.waiting, device.client.standing.head) == (0, head(parts))


def test_what_was_decided_later_is_proven_by_the_same_file(parts: Parts, device: StickDevice) -> None:
    late = device.act(case_id(8), registered(unit="shihe"))
    parts.decisions.carry_out(DeviceRevocation(device.laptop.device, "lost"), "luo")
    brought = device.carried()
    device.read(brought.receipts)
    assert verdicts(brought)[-1] == "device_revoked"
    others(parts, 3)
    decide(parts, late, take=True)
    others(parts, 4)
    device.read(carry_again(parts, brought.file))
    assert late not in device.client.refused
    assert device.client.standing.head is not None
    assert device.client.standing.head.size > 3, "as long as the act needs that was let in later"


def test_a_device_that_has_seen_more_since_waits_for_the_network(parts: Parts, device: StickDevice) -> None:
    brought = device.carried()
    others(parts, 3)
    device.client.standing = replace(device.client.standing, head=head(parts))
    with pytest.raises(CarryRefused) as refused:
        device.read(brought.receipts)
    assert (refused.value.code, device.client.waiting) == ("unproven", 1)
    device.contact()
    assert device.client.waiting == 0
    device.read(brought.receipts)


def test_an_app_from_before_is_given_no_frames_that_it_cannot_read(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    given = carry.read_receipts(parts.carry_import.take(lin.outbox(lin.act(CASE, registered())), "qian").receipts)
    assert given.log is None
    fresh = StickDevice(parts, "zhao")
    fresh.act(case_id(2), registered())
    received = fresh.client.read_carried(*told(carry.read_receipts(fresh.carried().receipts)))
    assert (len(received.receipts), received.proof) == (1, None), "of a record that has proven nothing yet"
