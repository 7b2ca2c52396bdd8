"""Outbox files at the centre: the same gate, signed receipts, and every wrong file told apart with nothing taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import Browser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered

from py_core import carry, wire
from py_core.carry import CarryRefused
from py_core.cases.acts import read_act
from py_core.change import decode_act_change
from py_core.desk.ports import DeviceRevocation, LateDecision
from py_core.exchanged import Received, WaitingAct
from py_core.packed import messages
from py_core.sync import SyncClient
from server import device_contacts, late_work, record
from server.carry_import import CarriedFile
from server.carry_keys import seal_outbox
from server.cli import main
from server.engine import EngineInside, EngineOutside
from server.keys import verifies
from server.parts import Parts, assemble
from server.settings import Settings

CASE = case_id(1)


def log_size(parts: Parts) -> int:
    with parts.database.reading() as connection:
        return record.log_size(connection)


def verdicts(taken: CarriedFile) -> list[str]:
    return [each.reason or each.verdict for each in taken.verdicts]


@pytest.mark.parametrize("alg", [carry.ALG_X25519, carry.ALG_P256])
@pytest.mark.parametrize("signs", [wire.ALG_ED25519, wire.ALG_P256])
def test_a_carried_act_is_in_the_record_and_its_receipts_are_signed(parts: Parts, alg: int, signs: int) -> None:
    lin = Laptop(parts, "lin", alg=signs)
    taken = parts.carry_import.take(lin.outbox(lin.act(CASE, registered()), alg=alg), "qian")
    assert verdicts(taken) == ["accepted"]
    read = carry.read_receipts(taken.receipts)
    assert verifies(wire.ALG_ED25519, parts.receipts.public_key, read.signature, read.signed)
    (verdict,) = read.verdicts
    assert (read.carried.device, read.carried.file) == (lin.device, taken.file)
    assert read.carried.key == parts.receipts.public_key.hex(), "whose signature it is, for who has not met that key"
    assert verdict.log_index == 0
    assert verdict.received_at_ms is not None
    signed = wire.receipt_sign_bytes(CASE, verdict.hash, verdict.log_index, verdict.received_at_ms)
    assert verifies(wire.ALG_ED25519, parts.receipts.public_key, bytes.fromhex(verdict.sig), signed)
    assert lin.sync()[1][0].case_id == CASE


def test_the_same_file_twice_and_the_network_afterwards_change_nothing(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    acts = [lin.act(CASE, registered()), lin.act(CASE, {"type": "noted", "text": "看过现场"})]
    file = lin.outbox(*acts)
    first = parts.carry_import.take(file, "qian")
    again = parts.carry_import.take(file, "")
    assert verdicts(first) == ["accepted", "accepted"]
    assert verdicts(again) == ["had", "had"]
    assert [each.sig for each in again.verdicts] == [each.sig for each in first.verdicts]
    assert (again.times, again.first_at_ms) == (2, first.first_at_ms)
    assert [each.verdict for each in lin.sync(*acts)[0]] == ["had", "had"]
    assert log_size(parts) == 2
    assert [each.file for each in parts.carry_import.newest(10)] == [first.file]


def test_a_bad_act_in_a_file_is_held_back_and_the_others_are_taken(parts: Parts) -> None:
    lin, wu = Laptop(parts, "lin"), Laptop(parts, "wu")
    foreign = wu.act(case_id(2), registered(unit="linye"))
    wu.sync(foreign)
    lin.held[case_id(2)] = [foreign.raw]
    file = lin.outbox(
        lin.act(CASE, registered()),
        lin.act(case_id(2), {"type": "noted", "text": "x"}),
        lin.act(case_id(3), registered()),
    )
    assert verdicts(parts.carry_import.take(file, "qian")) == ["accepted", "foreign_scope", "accepted"]


def test_a_file_of_many_actors_and_more_acts_than_a_request_holds(parts: Parts) -> None:
    """A device that was started often while it was away used a new actor each time."""
    lin = Laptop(parts, "lin")
    client = SyncClient(lin.device, "0.1.0")
    for number in range(1, 71):
        lin.actor = bytes([number]) * 16
        item = lin.act(case_id(100 + number), registered())
        change = decode_act_change(item.raw)
        said = lin.announcement()
        client.add(WaitingAct(item.case_id, change.hash, item.raw, lin.alg, item.signature, said.actor, said.sig))
    rest = wire.read_frames(client.request())[1:]
    assert sum(isinstance(frame, wire.Json) for frame in rest) == wire.REQUEST_ACTORS_MAX
    frames, count = client.carry_out()
    assert count == 70
    content = carry.pack_outbox(lin.alg, lin.sign(carry.outbox_sign_bytes(frames)), frames)
    file = seal_outbox(carry.ALG_X25519, parts.carry_keys.public[carry.ALG_X25519], content)
    taken = parts.carry_import.take(file, "qian")
    assert verdicts(taken) == ["accepted"] * 70
    read = carry.read_receipts(taken.receipts)
    received = client.read_carried(read.carried, read.verdicts, log=read.log)
    client.settle(received)
    assert (len(received.receipts), client.waiting) == (70, 0)
    assert client.read_carried(read.carried, read.verdicts, log=read.log).receipts == []


class StickDevice:
    """A device that hardly ever meets the network: the real client behind files."""

    def __init__(self, parts: Parts, user: str) -> None:
        self.parts, self.laptop = parts, Laptop(parts, user)
        self.client = SyncClient(self.laptop.device, "0.1.0")
        self.client.log_of = lambda case: sorted(self.logs.get(case, set()))
        self.cases: set[str] = set()
        self.logs: dict[str, set[tuple[int, str]]] = {}

    def act(self, case: str, *events: dict[str, Any]) -> str:
        item = self.laptop.act(case, *events)
        change, said = decode_act_change(item.raw), self.laptop.announcement()
        self.client.add(WaitingAct(case, change.hash, item.raw, self.laptop.alg, item.signature, said.actor, said.sig))
        self.cases.add(case)
        return change.hash

    def contact(self) -> None:
        """Exchanges by the network until there is no more to say."""
        for _ in range(9):
            answer = self.parts.exchange.answer(self.laptop.user, wire.read_frames(self.client.request()))
            received = self.client.read([wire.encode_frames(answer)], self.cases)
            self.client.commit(received)
            for each in (*received.acts, *received.receipts):
                self.logs.setdefault(each.case_id, set()).add((each.log_index, each.hash))
            self.cases = (self.cases | {each.case_id for each in received.acts}) - set(received.purge)
            if self.client.is_complete and not self.client.standing.custody.purged:
                return
        raise AssertionError("the exchanges come to no end")

    def carried(self) -> CarriedFile:
        frames, _ = self.client.carry_out(self.cases)
        signature = self.laptop.sign(carry.outbox_sign_bytes(frames))
        content = carry.pack_outbox(self.laptop.alg, signature, frames)
        public = self.parts.carry_keys.public[carry.ALG_X25519]
        return self.parts.carry_import.take(seal_outbox(carry.ALG_X25519, public, content), "qian")

    def read(self, file: bytes) -> Received:
        read = carry.read_receipts(file)
        received = self.client.read_carried(read.carried, read.verdicts, self.cases, (), read.revoked, read.log)
        self.client.settle(received)
        self.cases -= set(received.purge)
        return received


def decide(parts: Parts, change_hash: str, *, take: bool) -> None:
    with parts.database.reading() as connection:
        (item,) = [each.id for each in late_work.held(connection) if each.hash == change_hash]
    parts.decisions.carry_out(LateDecision((item,), take, "写明的理由"), "qian")


def test_a_withdrawn_device_hears_of_it_and_of_every_decision_by_files_alone(parts: Parts) -> None:
    done, late, foolish = case_id(1), case_id(2), case_id(3)
    device = StickDevice(parts, "lin")
    device.act(done, registered())
    assert verdicts(device.carried()) == ["accepted"]
    taken_act, left_act = device.act(late, registered()), device.act(foolish, registered())
    parts.decisions.carry_out(DeviceRevocation(device.laptop.device, "stolen"), "he")
    brought = device.carried()
    assert verdicts(brought) == ["had", "device_revoked", "device_revoked"]
    assert log_size(parts) == 1
    # The receipts tell that the device is withdrawn: what waits for nobody leaves it, the rest stays.
    received = device.read(brought.receipts)
    assert (device.client.problem, device.client.waiting) == ("device_revoked", 0)
    assert received.purge == (done,)
    assert device.cases == {late, foolish}
    assert SyncClient("d", "1", device.client.standing).problem == "device_revoked", (
        "also after a restart without network"
    )
    # The same file gives the decisions once they are made; it holds no words of them, as it is not encrypted.
    decide(parts, taken_act, take=True)
    decide(parts, left_act, take=False)
    later = parts.carry_import.known(brought.file)
    assert later is not None
    assert verdicts(later) == ["had", "had", "left_out"]
    assert "写明的理由".encode() not in carry.receipts_frames(
        carry.read_receipts(later.receipts).carried, later.verdicts
    )
    received = device.read(later.receipts)
    assert [each.hash for each in received.receipts] == [taken_act]
    assert received.purge == tuple(sorted((late, foolish)))
    assert not device.cases
    assert device.client.refused[left_act].reason == "left_out"
    # Should it meet the network again, it asks for the words and tells what it let go.
    hello = wire.read_message(messages.long(wire.read_frames(device.client.request())[0]))
    assert isinstance(hello, wire.Hello)
    assert (hello.asks, hello.purged) == ((left_act,), tuple(sorted((done, late, foolish))))
    device.client.commit(
        device.client.read([wire.encode_frames(parts.exchange.answer("lin", [wire.message_frame(hello)]))])
    )
    assert device.client.refused[left_act].why == "写明的理由"
    assert device.client.standing.custody.purged == ()


def move(parts: Parts, user: str, unit: str) -> None:
    """The directory says that a person works in another unit from now on."""
    document = parts.city.current().document
    people = [{**row, "unit": unit} if row["id"] == user else row for row in document["people"]]
    parts.city.publish({**document, "people": people})


def test_an_officer_who_was_transferred_lets_the_old_cases_go_by_files_alone(parts: Parts) -> None:
    """Push → receipt → purge → attest, all by USB stick but the last word."""
    shared, other, late_case = case_id(1), case_id(2), case_id(3)
    device = StickDevice(parts, "lin")
    for each in (shared, other, late_case):
        device.act(each, registered())
    device.act(shared, {"type": "handed_over", "to": "wu", "note": "属林业站"})
    device.contact()
    move(parts, "lin", "linye")
    late, unsent = device.act(late_case, {"type": "noted", "text": "看过现场"}), case_id(4)
    brought = device.carried()
    device.act(unsent, registered())  # after the file was made: the record has never heard of it
    assert verdicts(brought) == ["foreign_scope"]

    # What waits for nobody goes; what is with the centre, what is in both units, what the record does not know stays.
    received = device.read(brought.receipts)
    assert received.refused[0].now_with == ("shihe",)
    assert received.purge == (other,)
    assert device.cases == {shared, late_case, unsent}
    assert device.client.standing.scope == "linye/2"
    decide(parts, late, take=True)
    later = parts.carry_import.known(brought.file)
    assert later is not None
    received = device.read(later.receipts)
    assert [each.hash for each in received.receipts] == [late]
    assert (received.purge, device.cases) == ((late_case,), {shared, unsent})

    # A further file attests the purges, and so does the network, by which the new unit's cases come.
    device.carried()
    with parts.database.reading() as connection:
        assert sorted(device_contacts.attested(connection, device.laptop.device)) == [other, late_case]
    wu = Laptop(parts, "wu")
    wu.sync(wu.act(case_id(5), registered(unit="linye")))
    device.contact()
    assert device.client.standing.custody.purged == ()
    assert {shared, case_id(5)} <= device.cases
    assert not {other, late_case} & device.cases


def test_an_older_receipts_file_takes_no_case_from_a_device_that_knows_better(parts: Parts) -> None:
    device = StickDevice(parts, "lin")
    device.act(CASE, registered())
    device.contact()
    move(parts, "lin", "linye")
    device.act(CASE, {"type": "noted", "text": "看过现场"})
    brought = device.carried()
    assert carry.read_receipts(brought.receipts).revoked == (CASE,)
    move(parts, "lin", "shihe")
    zhao = Laptop(parts, "zhao")
    zhao.sync(zhao.act(case_id(2), registered()))
    device.contact()
    received = device.read(brought.receipts)
    assert (received.purge, received.scope_steps) == ((), [])
    assert device.client.standing.scope == "shihe/2"


def test_receipts_read_before_the_way_back_cost_nothing(parts: Parts) -> None:
    """The officer is back in the old unit when the laptop meets the network: what it let go comes again."""
    device = StickDevice(parts, "lin")
    device.act(CASE, registered())
    device.contact()
    move(parts, "lin", "linye")
    device.act(case_id(2), registered(unit="linye"))
    assert device.read(device.carried().receipts).purge == (CASE,)
    move(parts, "lin", "shihe")
    device.contact()
    assert device.cases == {CASE}


def test_of_a_case_that_had_left_the_device_nothing_is_kept_once_a_file_revokes_it(parts: Parts) -> None:
    device = StickDevice(parts, "lin")
    device.act(CASE, registered())
    device.contact()
    device.client.let_go({CASE: 0})
    device.cases.clear()
    move(parts, "lin", "linye")
    device.act(case_id(2), registered(unit="linye"))
    received = device.read(device.carried().receipts)
    assert (received.out_of_scope, device.client.left) == ({CASE}, {})


def test_a_device_that_does_not_say_what_it_holds_gets_receipts_as_before(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(CASE, registered()))
    move(parts, "lin", "linye")
    receipts = parts.carry_import.take(lin.outbox(lin.act(CASE, {"type": "noted", "text": "x"})), "qian").receipts
    read = carry.read_receipts(receipts)
    assert (read.revoked, read.carried.scope, read.carried.cursor) == ((), "", 0)


def test_the_page_of_a_withdrawn_devices_file_says_what_waits_and_what_was_decided(
    parts: Parts, browser: Browser
) -> None:
    device = StickDevice(parts, "lin")
    late = device.act(CASE, registered())
    parts.decisions.carry_out(DeviceRevocation(device.laptop.device, "stolen"), "he")
    brought = device.carried()
    browser.sign_in("qian")
    path = f"/centre/carried/{brought.file}"
    text = browser.get(path).text
    assert "This device has been withdrawn." in text
    assert "1 act waits for a decision." in text
    assert 'href="/centre/quarantine"' in text
    decide(parts, late, take=False)
    text = browser.get(path).text
    assert "waits for a decision" not in text
    assert "写明的理由" in text
    assert carry.read_receipts(browser.get(path + "/receipts").content).verdicts[0].reason == "left_out"


def refusal(parts: Parts, data: bytes) -> str:
    with pytest.raises(CarryRefused) as caught:
        parts.carry_import.take(data, "qian")
    return caught.value.code


def test_every_wrong_file_is_told_apart_and_nothing_of_it_is_taken(
    parts: Parts, tmp_path: Path, clock: StandingClock, engine: EngineOutside
) -> None:
    lin = Laptop(parts, "lin")
    good = lin.outbox(lin.act(CASE, registered()))
    other = assemble(Settings(tmp_path / "other", similar_cases=False), clock, SeededEntropy("other"), engine)
    try:
        assert refusal(parts, lin.outbox(lin.act(case_id(2), registered()), record=other)) == "other_record"
        assert refusal(other, lin.outbox(lin.act(case_id(2), registered()), record=other)) == "device_unknown"
    finally:
        other.close()
    for end in (1, 7, 8, 20, 21, 60, len(good) // 2, len(good) - 1):
        assert refusal(parts, good[:end]) == "cut", end
    assert refusal(parts, b"") == "foreign_file"
    assert refusal(parts, b"%PDF-1.7 and so on") == "foreign_file"
    assert refusal(parts, b"SWCARRY2" + good[8:]) == "newer_format"
    assert refusal(parts, good[:8] + b"\x09" + good[9:]) == "newer_format"
    assert refusal(parts, good + b"\0") == "tampered"
    for at in (21, 60, len(good) - 1):
        assert refusal(parts, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]) == "tampered", at
    assert refusal(parts, good + bytes(carry.FILE_BYTES_MAX)) == "too_large"
    assert log_size(parts) == 0
    receipts = parts.carry_import.take(good, "qian").receipts
    assert refusal(parts, receipts) == "other_kind"
    with pytest.raises(CarryRefused) as caught:
        carry.read_receipts(good)
    assert caught.value.code == "other_kind"
    for end in (1, 8, 75, 76, len(receipts) - 1):
        with pytest.raises(CarryRefused) as caught:
            carry.read_receipts(receipts[:end])
        assert caught.value.code == "cut", end


def test_only_the_device_itself_can_make_its_file(parts: Parts) -> None:
    """Whoever knows the record's public key can encrypt; what is not signed by the device is not even quarantined."""
    lin, zhao = Laptop(parts, "lin"), Laptop(parts, "zhao")
    item = lin.act(CASE, registered())
    frames = wire.encode_frames(lin.frames([item]))
    public = parts.carry_keys.public[carry.ALG_X25519]

    def sealed(content: bytes) -> bytes:
        return seal_outbox(carry.ALG_X25519, public, content)

    forged = carry.pack_outbox(zhao.alg, zhao.sign(carry.outbox_sign_bytes(frames)), frames)
    assert refusal(parts, sealed(forged)) == "tampered"
    fewer = wire.encode_frames(lin.frames())
    trimmed = carry.pack_outbox(lin.alg, lin.sign(carry.outbox_sign_bytes(frames)), fewer)
    assert refusal(parts, sealed(trimmed)) == "tampered"
    nonsense = b"\0\0\0\x05\x01[1]!"
    assert (
        refusal(parts, sealed(carry.pack_outbox(1, lin.sign(carry.outbox_sign_bytes(nonsense)), nonsense)))
        == "tampered"
    )
    assert refusal(parts, sealed(b"short")) == "tampered"
    bomb = bytes([1]) + bytes(64) + carry.pack_outbox(1, bytes(64), bytes(carry.FILE_BYTES_MAX + 1))[65:]
    assert refusal(parts, sealed(bomb)) == "too_large"
    assert log_size(parts) == 0
    with parts.database.reading() as connection:
        assert record.quarantined_by_device(connection, lin.device) == 0


def test_acts_of_a_file_become_readable_in_the_same_form_as_from_the_network(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    item = lin.act(CASE, registered())
    parts.carry_import.take(lin.outbox(item), "qian")
    with parts.database.reading() as connection:
        (entry,) = record.entries_of_case(connection, CASE)
    assert entry.raw == item.raw
    assert read_act(decode_act_change(entry.raw).text).user == "lin"


def test_the_page_takes_a_file_says_each_verdict_and_gives_the_receipts(parts: Parts, browser: Browser) -> None:
    lin = Laptop(parts, "lin")
    file = lin.outbox(lin.act(CASE, registered()), lin.act(case_id(2), {"type": "noted", "text": "x"}))
    shown = browser.sign_in("qian", path="/centre/carried")
    assert "No file was brought yet." in shown.text

    def send(data: bytes, csrf: str | None = None) -> httpx.Response:
        token = browser.csrf() if csrf is None else csrf
        return browser.post("/centre/carried", data={"csrf": token}, files={"file": ("f.carry", data)})

    page = send(file)
    assert page.url.path.startswith("/centre/carried/")
    text = page.text
    assert "1 act taken now\u00a0· 1 held back" in text
    assert "Taken into the record now." in text
    assert "the case does not begin with a registration" in text
    receipts = browser.get(page.url.path + "/receipts")
    assert receipts.headers["content-disposition"].endswith('.receipt"')
    assert len(carry.read_receipts(receipts.content).verdicts) == 2
    again = send(file)
    assert "came 2 times" in again.text
    half = send(file[: len(file) // 2])
    assert half.status_code == 422
    assert "Only a part of the file is here" in half.text
    assert "Choose a file first" in send(b"").text
    assert send(file, "wrong").status_code == 403
    assert browser.get("/centre/carried/" + "00" * 32).status_code == 404
    assert browser.get("/centre/carried/nonsense/receipts").status_code == 404


def test_files_are_for_people_of_the_centre(parts: Parts, browser: Browser) -> None:
    browser.sign_in("lin")
    assert browser.get("/centre/carried").status_code == 403
    answer = browser.post("/centre/carried", data={"csrf": browser.csrf()}, files={"file": ("f.carry", b"SWCARRY1")})
    assert answer.status_code == 403


def test_me_publishes_the_keys_under_the_records_signature(parts: Parts, browser: Browser) -> None:
    browser.sign_in("lin")
    said = browser.get("/me").json()
    record_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["record_key"]))
    assert [each["alg"] for each in said["carry_keys"]] == [1, 2]
    for each in said["carry_keys"]:
        public = bytes.fromhex(each["public_key"])
        record_key.verify(bytes.fromhex(each["sig"]), carry.key_sign_bytes(each["alg"], public))


def test_the_command_takes_a_file_and_writes_the_receipts(
    tmp_path: Path, clock: StandingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    parts = assemble(Settings(data, similar_cases=False), clock, SeededEntropy("cli"), EngineInside())
    parts.city.publish(city_document())
    lin = Laptop(parts, "lin")
    outbox = lin.outbox(lin.act(CASE, registered()))
    parts.close()
    file = tmp_path / "stick.carry"
    file.write_bytes(outbox)
    assert main(["import-carried", "--data", str(data), str(file), "--receipts", str(tmp_path / "back.receipt")]) == 0
    assert "1 taken, 0 were there, 0 held back" in capsys.readouterr().out
    assert carry.read_receipts((tmp_path / "back.receipt").read_bytes()).carried.device == lin.device
    file.write_bytes(outbox[:-1])
    assert main(["import-carried", "--data", str(data), str(file)]) == 1
    assert "Only a part of the file is here" in capsys.readouterr().err
