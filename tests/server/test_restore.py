"""A record that came back from an older backup: devices are told, and what they have from after it comes in again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from laptop import Laptop, case_id, registered
from returned import Restore
from sqlalchemy import delete, select, update

from py_core import wire
from py_core.change import decode_act_change
from py_core.desk.ports import DeviceRevocation, LateDecision
from py_core.enrolment import read_enrolment
from py_core.errors import Malformed
from py_core.evidence.check import EvidenceCheck
from py_core.evidence.lines import read_evidence
from py_core.exchanged import Received, WaitingAct
from py_core.standing import standing_of
from py_core.sync import SyncClient
from server import audit, late_work, lineage, record
from server.backup import take_backup
from server.devices import device_by_id, enrolment_of
from server.engine import EngineOutside
from server.exchange import ExchangeRefused
from server.keys import verifies
from server.own_device import NotRecorded
from server.parts import Parts
from server.returning import NotReturned, take_back
from server.tables import devices
from server.verification import verify
from server.witness import InDatabase, NotProven, look, look_again

CASE, OTHER = case_id(1), case_id(2)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    return Laptop(parts, "lin")


@pytest.fixture
def zhao(parts: Parts) -> Laptop:
    return Laptop(parts, "zhao")


def backup(parts: Parts, folder: Path) -> Path:
    return take_backup(parts.database, parts.settings.data, folder, parts.clock.now()).folder


def ask(laptop: Laptop, *pushed: wire.Pushed, **hello: Any) -> list[Any]:
    """The messages of an answer to a device that offers again."""
    said = {"can": "revoke lineage", **hello}
    frames = laptop.parts.exchange.answer(laptop.user, laptop.frames(pushed, **said))
    laptop.take(frames)
    return [wire.read_message(frame) for frame in frames if isinstance(frame, wire.Json)]


def end(messages: list[Any]) -> wire.End:
    assert isinstance(messages[-1], wire.End)
    return messages[-1]


def test_a_device_learns_the_lineage_once(parts: Parts, lin: Laptop) -> None:
    first = end(ask(lin))
    assert len(first.lineage) == 12
    assert first.shared is None
    assert end(ask(lin, lineage=first.lineage)).lineage == ""


def test_a_restored_record_tells_how_much_of_the_log_is_still_the_same_and_judges_nothing(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    before = end(ask(lin, lin.act(CASE, registered()))).lineage
    folder = backup(parts, tmp_path / "backup")
    lost = lin.act(CASE, {"type": "noted", "text": "只在备份之后"})
    ask(lin, lost)
    later = lin.act(CASE, {"type": "noted", "text": "还没有送出"})

    lin.parts = restored(folder)
    messages = ask(lin, later, lineage=before)
    assert [type(each) for each in messages] == [wire.Beacon, wire.End]
    assert (end(messages).shared, end(messages).more, end(messages).cursor) == (1, True, 0)
    now = end(messages).lineage
    assert now not in ("", before)
    with lin.parts.database.reading() as connection:
        assert record.log_size(connection) == 1
        assert record.quarantined_by_device(connection, lin.device) == 0
    verdicts = [each for each in ask(lin, lost, later, lineage=now) if isinstance(each, wire.Verdict)]
    assert [each.verdict for each in verdicts] == ["accepted", "accepted"]


def test_a_device_whose_only_answer_was_cut_before_its_end_is_told_of_the_restore(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    """It knows no lineage and no scope yet, only a head of the log; without a word it would hold the record forked."""
    ask(lin, lin.act(CASE, registered()))
    folder = backup(parts, tmp_path / "backup")
    ask(lin, lin.act(CASE, {"type": "noted", "text": "只在备份之后"}))

    lin.parts = restored(folder)
    told = end(ask(lin, can="revoke lineage log", scope="", lineage="", log_size=2))
    assert (told.shared, told.more) == (0, True)
    new_here = end(ask(lin, can="revoke lineage log", scope="", lineage="", log_size=0))
    assert new_here.shared is None


def test_a_second_restore_from_the_same_backup_shares_nothing_with_the_first(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    before = end(ask(lin, lin.act(CASE, registered()))).lineage
    folder = backup(parts, tmp_path / "backup")
    lin.parts = restored(folder)
    once = end(ask(lin, lineage=before)).lineage
    lin.parts = restored(folder)
    assert end(ask(lin, lineage=before)).shared == 1
    assert end(ask(lin, lineage=once)).shared == 0, "that one is not known here"


def test_a_restore_of_a_restored_record_shares_the_shorter_part(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    before = end(ask(lin, lin.act(CASE, registered()))).lineage
    lin.parts = restored(backup(parts, tmp_path / "one"))
    once = end(ask(lin, lineage=before)).lineage
    ask(lin, lin.act(CASE, {"type": "noted", "text": "一"}), lineage=once)
    lin.parts = restored(backup(lin.parts, tmp_path / "two"))
    assert end(ask(lin, lineage=before)).shared == 1
    assert end(ask(lin, lineage=once)).shared == 2


def test_an_app_that_does_not_know_lineages_must_become_newer_first(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    assert end(ask(lin, can="revoke")).shared is None
    lin.parts = restored(backup(parts, tmp_path / "backup"))
    with pytest.raises(ExchangeRefused) as refused:
        ask(lin, can="revoke")
    assert (refused.value.status, refused.value.code) == (426, "version")
    fresh = end(ask(lin, cursor=0, scope="", lineage=""))
    assert fresh.shared is None
    assert fresh.lineage


def test_a_record_put_back_by_other_means_begins_a_lineage_by_command(parts: Parts, lin: Laptop) -> None:
    known = end(ask(lin, lin.act(CASE, registered()))).lineage
    with parts.database.writing() as connection:
        lineage.begin_after_restore(connection, parts.entropy, 5, None)
    assert end(ask(lin, lineage=known)).shared == 1
    with parts.database.reading() as connection:
        assert [(each.taken_at_ms, each.log_size) for each in lineage.restores(connection)] == [(None, 1)]


def test_the_servers_own_numbers_leave_room_for_what_was_lost(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    assert restored(backup(parts, tmp_path / "backup")).own_device.next_seq() == 1_000_001


# ------------------------------------------------------------------- acts whose author does not offer them


def lost_with_its_author(lin: Laptop, zhao: Laptop, tmp_path: Path, restored: Restore) -> wire.Pushed:
    """lin's note was lost; zhao holds it and has worked on top of it."""
    ask(lin, lin.act(CASE, registered()))
    folder = backup(lin.parts, tmp_path / "backup")
    note = lin.act(CASE, {"type": "noted", "text": "作者的设备不再回来"})
    ask(lin, note)
    ask(zhao)
    zhao.parts = lin.parts = restored(folder)
    return zhao.signed(CASE, note.raw)


def reasons(messages: list[Any]) -> list[str]:
    return [each.reason or each.verdict for each in messages if isinstance(each, wire.Verdict)]


def now(laptop: Laptop) -> dict[str, str]:
    with laptop.parts.database.reading() as connection:
        return {"lineage": lineage.current(connection)}


def test_what_another_device_holds_is_kept_as_evidence_until_the_author_or_the_centre_speaks(
    parts: Parts, lin: Laptop, zhao: Laptop, tmp_path: Path, restored: Restore, engine: EngineOutside
) -> None:
    held = lost_with_its_author(lin, zhao, tmp_path, restored)
    own = zhao.act(CASE, {"type": "noted", "text": "在它之上"})
    assert reasons(ask(zhao, held, own, **now(zhao))) == ["others_act", "missing_dependency"]
    with zhao.parts.database.reading() as connection:
        (item,) = [each for each in late_work.held(connection) if each.reason == "others_act"]
    zhao.parts.decisions.carry_out(LateDecision((item.id,), True, "笔记本已毁"), "qian")
    with zhao.parts.database.reading() as connection:
        taken = record.entry_by_hash(connection, item.hash)
        assert taken is not None
        assert record.log_size(connection) == 3, "what rested on it came in with it"
        assert late_work.held(connection) == []
    # Evidence says by whose word it came in, and does not call the record forged.
    findings = EvidenceCheck(read_evidence(zhao.parts.evidence.make(CASE, "qian")), verifies, ()).run()
    assert findings.of("wrong") == []
    (told,) = [each for each in findings.of("open") if "vouches" in each.message]
    assert (told.params["user"], told.params["who"], told.params["device"]) == ("lin", "zhao", zhao.device[:8])
    # The author comes back after all: nothing is done twice.
    mine = lin.signed(CASE, held.raw)
    assert reasons(ask(lin, mine, **now(lin))) == ["had"]
    # Without the decision's own act in the case, the log would not be as it was written.
    assert [fault.code for fault in verify(zhao.parts.database, engine).faults] == ["not_let_in"]


def test_the_author_who_comes_back_settles_what_others_handed_in(
    parts: Parts, lin: Laptop, zhao: Laptop, tmp_path: Path, restored: Restore, engine: EngineOutside
) -> None:
    held = lost_with_its_author(lin, zhao, tmp_path, restored)
    assert reasons(ask(zhao, held, **now(zhao))) == ["others_act"]
    assert reasons(ask(lin, lin.signed(CASE, held.raw), **now(lin))) == ["accepted"]
    asked = ask(zhao, **now(zhao), asks=(zhao_hash := wire_hash(held),))
    (ruled,) = [each for each in asked if isinstance(each, wire.Ruled)]
    assert (ruled.hash, ruled.taken, ruled.by) == (zhao_hash, True, "")
    assert reasons(ask(zhao, held, **now(zhao))) == ["had"]
    assert verify(lin.parts.database, engine).faults == ()


def test_one_decision_is_for_everybody_who_handed_the_same_act_in(
    parts: Parts, lin: Laptop, zhao: Laptop, tmp_path: Path, restored: Restore
) -> None:
    tang = Laptop(parts, "lin", "second")
    held = lost_with_its_author(lin, zhao, tmp_path, restored)
    tang.parts = zhao.parts
    assert reasons(ask(zhao, held, **now(zhao))) == ["others_act"]
    assert reasons(ask(tang, tang.signed(CASE, held.raw), **now(zhao))) == ["others_act"]
    with zhao.parts.database.reading() as connection:
        item = late_work.held(connection)[0]
    zhao.parts.decisions.carry_out(LateDecision((item.id,), False, "无从核实"), "qian")
    with zhao.parts.database.reading() as connection:
        assert late_work.held(connection) == []


def test_without_a_restore_nobody_can_let_in_what_its_author_did_not_sign(
    parts: Parts, lin: Laptop, zhao: Laptop
) -> None:
    ask(lin, lin.act(CASE, registered()))
    ask(zhao)
    forged = lin.act(CASE, {"type": "noted", "text": "冒名"})
    assert reasons(ask(zhao, zhao.signed(CASE, forged.raw))) == ["others_act"]
    with parts.database.reading() as connection:
        (item,) = late_work.held(connection)
    with pytest.raises(NotRecorded):
        parts.decisions.carry_out(LateDecision((item.id,), True, "相信他"), "qian")


def wire_hash(pushed: wire.Pushed) -> str:
    from py_core.change import decode_act_change

    return decode_act_change(pushed.raw).hash


def test_a_device_enrolled_after_the_backup_comes_back_with_all_its_work(
    parts: Parts, tmp_path: Path, restored: Restore, engine: EngineOutside
) -> None:
    folder = backup(parts, tmp_path / "backup")
    late = Laptop(parts, "zhao", "new")
    made = late.act(CASE, registered())
    before = end(ask(late, made)).lineage
    text, sig = shown(parts, late)

    late.parts = restored(folder)
    with pytest.raises(ExchangeRefused, match="not enrolled"):
        ask(late, lineage=before)
    assert come_back(late.parts, "zhao", text, sig) == (late.device, True)
    assert come_back(late.parts, "zhao", text, sig) == (late.device, False)  # its answer got lost
    assert end(ask(late, lineage=before)).shared == 0
    (verdict,) = [each for each in ask(late, made, lineage=late.lineage) if isinstance(each, wire.Verdict)]
    assert verdict.verdict == "accepted"
    with late.parts.database.reading() as connection:
        (row,) = audit.entries(connection, 5, about=late.device)
        assert (row.user, row.what) == ("zhao", "device_returned")
    assert verify(late.parts.database, engine).faults == ()


def test_only_who_was_enrolled_here_after_the_backup_comes_back(
    parts: Parts, tmp_path: Path, restored: Restore
) -> None:
    folder = backup(parts, tmp_path / "backup")
    late = Laptop(parts, "zhao", "new")
    text, sig = shown(parts, late)
    never = Laptop(parts, "wu", "never")
    back = restored(folder)
    with parts.database.writing() as connection:
        connection.execute(delete(devices).where(devices.c.id == late.device))
    with pytest.raises(NotReturned, match="not_restored"):  # this record never came back from a backup
        come_back(parts, "zhao", text, sig)
    mine, mine_sig = shown(parts, never)
    for user, said, signed, why in (
        ("lin", text, sig, "device_of_other_person"),
        ("zhao", text, mine_sig, "not_this_record"),
        ("wu", mine, "00" * 64, "not_this_record"),
    ):
        with pytest.raises(NotReturned, match=why):
            come_back(back, user, said, signed)
    with pytest.raises(Malformed):
        come_back(back, "wu", mine + " ", mine_sig)
    assert come_back(back, "wu", mine, mine_sig)[1]
    back.decisions.carry_out(DeviceRevocation(never.device, "lost"), "luo")
    with pytest.raises(NotReturned, match="device_revoked"):
        come_back(back, "wu", mine, mine_sig)


def test_a_number_that_somebody_has_by_now_is_not_given_twice(parts: Parts, tmp_path: Path, restored: Restore) -> None:
    folder = backup(parts, tmp_path / "backup")
    late = Laptop(parts, "zhao", "new")
    text, sig = shown(parts, late)
    back = restored(folder)
    other = Laptop(back, "wu", "other")
    with back.database.writing() as connection:
        connection.execute(update(devices).where(devices.c.id == other.device).values(code=read_enrolment(text).code))
    come_back(back, "zhao", text, sig)
    with back.database.reading() as connection:
        codes = list(connection.scalars(select(devices.c.code)))
    assert len(set(codes)) == len(codes)


def shown(parts: Parts, laptop: Laptop) -> tuple[str, str]:
    """The enrolment record that a device keeps."""
    with parts.database.reading() as connection:
        found = enrolment_of(connection, laptop.device)
    assert found is not None
    return found


def come_back(parts: Parts, user: str, text: str, sig: str) -> tuple[str, bool]:
    with parts.database.writing() as connection:
        device, new = take_back(connection, parts.entropy, user, text, bytes.fromhex(sig), 1)
    return device.id, new


class Watching:
    """A device with the real client, which keeps heads of the log."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.client = SyncClient(laptop.device, "0.1.0")

    def offer(self, *items: wire.Pushed) -> None:
        said = self.laptop.announcement()
        for item in items:
            change = decode_act_change(item.raw)
            self.client.add(
                WaitingAct(item.case_id, change.hash, item.raw, item.alg, item.signature, said.actor, said.sig)
            )

    def exchange(self) -> Received:
        frames = self.laptop.parts.exchange.answer(self.laptop.user, wire.read_frames(self.client.request()))
        received = self.client.read([wire.encode_frames(frames)])
        self.client.commit(received)
        return received


def twins(laptop: Laptop) -> tuple[wire.Pushed, wire.Pushed]:
    """Two acts of one device with one number."""
    first = laptop.act(case_id(2), registered(title="from the one machine"))
    laptop.seq -= 1
    return first, laptop.act(case_id(3), registered(title="from its copy"))


def is_frozen(parts: Parts, laptop: Laptop) -> bool:
    with parts.database.reading() as connection:
        device = device_by_id(connection, laptop.device)
    assert device is not None
    return device.frozen


def test_a_device_that_was_frozen_before_the_backup_is_frozen_and_keeps_the_head_from_before_as_a_witness(
    parts: Parts, lin: Laptop, zhao: Laptop, tmp_path: Path, restored: Restore
) -> None:
    device = Watching(lin)
    device.offer(lin.act(CASE, registered()), *twins(lin))
    assert device.exchange().refused[0].reason == "sequence_reused"
    folder = backup(parts, tmp_path / "backup")
    zhao.sync(zhao.act(case_id(4), registered()))
    device.exchange()
    seen = device.client.standing.head
    assert seen is not None
    assert seen.size == 3

    lin.parts = restored(folder)
    received = device.exchange()
    assert (received.shared, received.forked) == (2, False)
    assert device.client.standing.before == (seen,), "what it saw of the log that is gone"
    device.exchange()
    assert device.client.problem == "device_frozen"
    assert device.client.standing.before == (seen,)
    assert standing_of(device.client.standing.as_row()).before == (seen,), "on its disk too"


def test_a_device_that_was_frozen_after_the_backup_is_found_out_again_by_the_same_two_acts(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    lin.sync(lin.act(CASE, registered()))
    folder = backup(parts, tmp_path / "backup")
    one, other = twins(lin)
    lin.sync(one, other)
    assert is_frozen(parts, lin)

    lin.parts = back = restored(folder)
    lin.sync()
    assert not is_frozen(back, lin)
    verdicts, _ = lin.sync(one, other)
    assert [each.reason or each.verdict for each in verdicts] == ["accepted", "sequence_reused"]
    assert is_frozen(back, lin)


def test_an_outside_witness_is_not_told_that_a_restored_record_is_the_one_it_saw(
    parts: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    """What was lost is lost, however honestly: only who kept a note from after the backup can say so."""

    def source(of: Parts) -> InDatabase:
        return InDatabase(of.database, of.checkpoints, of.keys.name)

    lin.sync(lin.act(CASE, registered()))
    in_backup = look(source(parts)).note
    folder = backup(parts, tmp_path / "backup")
    lin.sync(lin.act(CASE, {"type": "noted", "text": "只在备份之后"}))
    after = look(source(parts)).note
    lin.parts = back = restored(folder)
    assert look_again(source(back), in_backup).steps == 0
    with pytest.raises(NotProven, match="taken out"):
        look_again(source(back), after)
    lin.sync()
    for n in range(3):
        lin.sync(lin.act(case_id(5 + n), registered()))
    with pytest.raises(NotProven, match="two histories"):
        look_again(source(back), after)
