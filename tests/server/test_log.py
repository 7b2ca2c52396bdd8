"""The record's log: its tree grows with it, its checkpoints hold, and nobody changes it behind a witness's back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from browsing import Browser
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered
from sqlalchemy import Connection, delete, func, select, update

from py_core import merkle, wire
from py_core.change import decode_act_change
from py_core.checkpoint import act_leaf, read_note
from py_core.desk.ports import LateDecision
from py_core.errors import Malformed
from py_core.exchanged import WaitingAct
from py_core.key_chain import broken_link
from py_core.sync import SyncClient
from server import audit, late_work
from server.checkpoints import signer
from server.database import Database
from server.desk_answers import answer_desk, desk_request
from server.engine import EngineInside
from server.keys import UnsafeKeyFile
from server.log_faults import log_faults
from server.log_routes import PER_MINUTE
from server.log_tree import LogDamaged, LogTree, acts_tree, lay_anew, leaves_of_acts, tiles_of
from server.parts import Parts, assemble
from server.rebuilding import rebuild
from server.record_keys import KeyTrouble, ed25519_verifies, open_keys, rotate
from server.settings import Settings
from server.tables import audit as audit_rows
from server.tables import changes, checkpoints, devices, log_tiles, registry
from server.verification import verify
from server.witness import InDatabase, NotProven, OverHttp, look, look_again

TREE = 7  # of no record


def filled(parts: Parts, acts: int = 5) -> Laptop:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    for n in range(1, acts):
        lin.sync(lin.act(case_id(1), {"type": "noted", "text": str(n)}))
    return lin


def source(parts: Parts) -> InDatabase:
    return InDatabase(parts.database, parts.checkpoints, parts.keys.name)


def test_the_tree_stands_over_every_act_with_its_case_and_arrival(parts: Parts, clock: StandingClock) -> None:
    filled(parts)
    signed = read_note(parts.checkpoints.current())
    with parts.database.reading() as connection:
        rows = connection.execute(select(changes).order_by(changes.c.log_index)).all()
    leaves = [act_leaf(row.case_id, row.hash, row.received_at_ms) for row in rows]
    assert (signed.checkpoint.acts.size, signed.checkpoint.acts.root) == (5, merkle.root_of(leaves))
    assert signer(signed, [parts.receipts.public_key]) == parts.receipts.public_key


def test_tiles_give_every_root_and_proof_of_a_tree(parts: Parts) -> None:
    """Appended in pieces of any size over two levels of tiles, the tree is that of all its leaves."""
    chance = Random(20261127)
    leaves = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(1_000)]
    with parts.database.writing() as connection:
        done = 0
        while done < len(leaves):
            piece = leaves[done : done + chance.choice((1, 2, 3, 50, 255, 256, 257))]
            LogTree(connection, TREE).append(piece)
            done += len(piece)
        rows = connection.execute(select(log_tiles).where(log_tiles.c.tree == TREE))
        assert {(row.level, row.n): bytes(row.hashes) for row in rows} == tiles_of(leaves)
        tree = LogTree(connection, TREE)
        assert tree.size == len(leaves)
        for size in (1, 2, 255, 256, 257, 511, 512, 513, 768, 999, 1_000):
            head = tree.head(size)
            assert head.root == merkle.root_of(leaves[:size])
            for index in {0, size - 1, chance.randrange(size), min(256, size - 1)}:
                assert merkle.included(leaves[index], index, size, tree.inclusion(index, size), head.root)
            older = chance.randrange(size + 1)
            path = tree.consistency(older, size)
            assert merkle.consistent(older, tree.head(older).root, size, head.root, path)
        connection.execute(delete(log_tiles).where(log_tiles.c.tree == TREE, log_tiles.c.n == 1))
        with pytest.raises(LogDamaged):
            LogTree(connection, TREE).leaf(300)
        assert lay_anew(connection, TREE, leaves) == 1
        assert LogTree(connection, TREE).leaf(300) == leaves[300]


def test_a_checkpoint_is_made_once_for_each_state_of_the_log(parts: Parts, clock: StandingClock) -> None:
    lin = filled(parts)
    first = parts.checkpoints.current()
    clock.pass_time(hours=1)
    assert parts.checkpoints.current() == first, "nothing was added"
    lin.sync(lin.act(case_id(1), {"type": "noted", "text": "more"}))
    assert parts.checkpoints.current(at_most_old_ms=2 * 3_600_000) == first
    second = read_note(parts.checkpoints.current()).checkpoint
    assert second.acts.size == 6
    Laptop(parts, "zhao")
    third = read_note(parts.checkpoints.current()).checkpoint
    assert third.acts == second.acts
    assert third.registry.size == second.registry.size + 2, "a device was enrolled, and an inventory taken"


def test_a_witness_sees_the_log_grow(parts: Parts) -> None:
    lin = filled(parts)
    older = look(source(parts)).note
    assert look_again(source(parts), older).steps == 0
    for n in range(4):
        lin.sync(lin.act(case_id(1), {"type": "noted", "text": str(n)}))
    assert look_again(source(parts), older).steps > 0


def _other_arrival(connection: Connection) -> None:
    connection.execute(update(changes).where(changes.c.log_index == 2).values(received_at_ms=1))


def _without_the_last(connection: Connection) -> None:
    last = connection.scalar(select(func.max(changes.c.log_index)))
    connection.execute(delete(changes).where(changes.c.log_index == last))


def _other_case(connection: Connection) -> None:
    connection.execute(update(changes).where(changes.c.log_index == 0).values(case_id=case_id(9)))


@pytest.mark.parametrize("damage", [_other_arrival, _without_the_last, _other_case])
def test_a_witness_notices_an_operator_who_rewrites_log_and_tree(parts: Parts, damage: object) -> None:
    """Whoever holds key and database can make everything agree again, except what somebody else kept."""
    filled(parts, acts=6)
    older = look(source(parts)).note
    with parts.database.writing() as connection:
        damage(connection)  # type: ignore[operator]
        connection.execute(delete(log_tiles).where(log_tiles.c.tree == 0))
        connection.execute(delete(checkpoints))
        lay_anew(connection, 0, leaves_of_acts(connection))
    assert look(source(parts)).note != older
    with pytest.raises(NotProven, match=r"taken out|two histories"):
        look_again(source(parts), older)


def test_a_witness_notices_an_exchanged_device_key(parts: Parts) -> None:
    filled(parts)
    older = look(source(parts)).note
    with parts.database.writing() as connection:
        row = connection.execute(select(registry).where(registry.c.kind == "device").order_by(registry.c.n)).first()
        assert row is not None
        forged = row.text.replace('"at_ms":', '"at_ms":9')
        connection.execute(update(registry).where(registry.c.n == row.n).values(text=forged))
        connection.execute(delete(log_tiles).where(log_tiles.c.tree == 1))
        connection.execute(delete(checkpoints))
        connection.execute(update(devices).values(revoked_at_ms=5))  # something new, so that a checkpoint is made
    rebuild(parts.database)
    with pytest.raises(NotProven, match="registry"):
        look_again(source(parts), older)


def test_nothing_is_recorded_over_a_log_that_lost_its_end(parts: Parts) -> None:
    lin = filled(parts)
    with parts.database.writing() as connection:
        _without_the_last(connection)
    with pytest.raises(LogDamaged, match="4 acts, but 5"):
        lin.sync(lin.act(case_id(1), {"type": "noted", "text": "x"}))
    assert "log_too_short" in {fault.code for fault in verify(parts.database, parts.engine).faults}


def test_tiles_are_laid_anew_from_the_log(parts: Parts) -> None:
    filled(parts)
    parts.checkpoints.current()
    with parts.database.writing() as connection:
        connection.execute(update(log_tiles).where(log_tiles.c.tree == 0).values(hashes=bytes(5 * 32)))
    faults = {fault.code for fault in verify(parts.database, parts.engine).faults}
    assert faults == {"other_tile"}
    assert rebuild(parts.database).tiles == 1
    assert verify(parts.database, parts.engine).faults == ()


def test_a_record_of_an_older_build_gets_its_tree_at_the_next_start(parts: Parts, engine: EngineInside) -> None:
    filled(parts)
    before = look(source(parts)).checkpoint
    with parts.database.writing() as connection:
        for table in (log_tiles, registry, checkpoints):
            connection.execute(delete(table))
    again = assemble(parts.settings, parts.clock, SeededEntropy("again"), engine)
    assert look(source(again)).checkpoint.acts == before.acts
    assert verify(again.database, engine).faults == ()
    again.database.close()


def rotated(parts: Parts) -> Parts:
    """The record with another key, started again."""
    with parts.database.writing() as connection:
        done = rotate(connection, parts.settings.data, SeededEntropy("other key"), 1_800_000_000_000)
        parts.database.after_commit(done)
    return assemble(parts.settings, parts.clock, SeededEntropy("after"), EngineInside())


def test_a_new_key_is_signed_by_the_old_one_and_witnesses_follow(parts: Parts) -> None:
    lin = filled(parts)
    older, beacon = look(source(parts)), parts.receipts.beacon(parts.clock.now(), 0)
    after = rotated(parts)
    assert after.receipts.public_key != parts.receipts.public_key
    assert after.keys.name == parts.keys.name
    assert broken_link(after.keys.chain, ed25519_verifies) is None
    assert after.receipts.is_own_beacon(beacon.id), "acts that wait on devices name beacons of the old key"
    assert not after.receipts.is_own_beacon(beacon.id[:-1] + ("0" if beacon.id[-1] != "0" else "1"))
    lin.parts = after
    assert lin.verdict(lin.act(case_id(1), {"type": "noted", "text": "after"})) == "accepted"
    assert look_again(source(after), older.note).steps > 0
    assert after.carry_import.take(lin.outbox(record=parts), "").device == lin.device, "sealed for the old key"
    assert verify(after.database, after.engine).faults == ()
    after.database.close()


def test_a_chain_with_an_unsigned_key_is_refused(parts: Parts) -> None:
    filled(parts)
    after = rotated(parts)
    older = look(source(after)).note

    class Forging(InDatabase):
        def keys(self) -> dict[str, object]:
            said = super().keys()
            said["keys"][1]["sig"] = said["keys"][0]["sig"]
            return said

    with pytest.raises(NotProven, match="key 1"):
        look_again(Forging(after.database, after.checkpoints, after.keys.name), older)
    after.database.close()


def test_a_rotation_that_was_cut_is_finished_or_undone(parts: Parts, tmp_path: Path) -> None:
    data = parts.settings.data
    with parts.database.writing() as connection:
        rotate(connection, data, SeededEntropy("cut before the files moved"), 1_800_000_000_000)
    with parts.database.writing() as connection:
        keys = open_keys(connection, data, SeededEntropy("x"), 0)
    assert (len(keys.chain), keys.current.public, len(keys.retired)) == (2, keys.chain[1].public_key, 1)
    assert not (data / "record.key.next").exists()

    with pytest.raises(ZeroDivisionError), parts.database.writing() as connection:
        bool(rotate(connection, data, SeededEntropy("cut before the commit"), 1_800_000_000_001)) / 0
    with parts.database.writing() as connection:
        assert open_keys(connection, data, SeededEntropy("x"), 0).current.public == keys.current.public
    assert not (data / "record.key.next").exists()


def test_key_files_that_others_can_read_are_refused(tmp_path: Path, clock: StandingClock) -> None:
    settings = Settings(tmp_path / "data", similar_cases=False)
    assemble(settings, clock, SeededEntropy("tests"), EngineInside()).close()
    for name in ("record.key", "device.key"):
        os.chmod(settings.data / name, 0o640)
        with pytest.raises(UnsafeKeyFile, match=name):
            assemble(settings, clock, SeededEntropy("tests"), EngineInside())
        os.chmod(settings.data / name, 0o600)
    assemble(settings, clock, SeededEntropy("tests"), EngineInside()).close()


def test_a_foreign_key_file_is_refused(tmp_path: Path, clock: StandingClock) -> None:
    settings = Settings(tmp_path / "data", similar_cases=False)
    assemble(settings, clock, SeededEntropy("tests"), EngineInside()).close()
    key = settings.data / "record.key"
    kept = key.read_bytes()
    key.write_bytes(b"\1" * 32)
    with pytest.raises(KeyTrouble, match="not the key"):
        assemble(settings, clock, SeededEntropy("tests"), EngineInside())
    key.unlink()
    with pytest.raises(KeyTrouble, match="missing"):
        assemble(settings, clock, SeededEntropy("tests"), EngineInside())
    key.write_bytes(kept)
    os.chmod(key, 0o600)
    assemble(settings, clock, SeededEntropy("tests"), EngineInside()).close()


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as client:
        yield client


def test_anybody_may_ask_for_checkpoint_proofs_and_keys(parts: Parts, url: str, http: httpx.Client) -> None:
    lin = filled(parts)
    older = look(OverHttp(url)).note
    lin.sync(lin.act(case_id(1), {"type": "noted", "text": "more"}))
    parts.checkpoints.current()
    assert look_again(OverHttp(url), older).checkpoint.acts.size == 6
    said = http.get("/log/proof", params={"index": 3, "size": 6}).json()
    path = [bytes.fromhex(step) for step in said["path"]]
    root = read_note(parts.checkpoints.current()).checkpoint.acts.root
    assert merkle.included(bytes.fromhex(said["leaf"]), 3, 6, path, root)


@pytest.mark.parametrize(
    "query", ["", "older=1", "older=9&newer=2", "older=0&newer=99999999", "index=6&size=6", "index=-1&size=2",
              "older=0&newer=1&tree=other", "older=1e3&newer=2", "index=\u0661&size=2"],
)  # fmt: skip
def test_wrong_questions_get_a_clear_answer(parts: Parts, http: httpx.Client, query: str) -> None:
    filled(parts)
    answer = http.get(f"/log/proof?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "malformed"


def test_whoever_asks_too_often_waits(parts: Parts, http: httpx.Client, clock: StandingClock) -> None:
    answers = [http.get("/log/keys").status_code for _ in range(PER_MINUTE + 1)]
    assert answers == [200] * PER_MINUTE + [429]
    clock.pass_time(seconds=2)
    assert http.get("/log/keys").status_code == 200
    assert http.get("/log/keys").status_code == 200
    assert http.get("/log/keys").status_code == 429


def test_tiles_of_a_database_without_log_are_those_of_nothing(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "empty.sqlite3", 5)
    with database.reading() as connection:
        assert LogTree(connection, 0).head().root == merkle.EMPTY_ROOT
    database.close()


def test_the_audit_trail_cannot_be_trimmed_or_rewritten_unseen(parts: Parts) -> None:
    """At every checkpoint the trail's newest hash stands in the registry: signed for, and kept by witnesses."""
    with parts.database.writing() as connection:
        for n in range(3):
            audit.note(connection, 1_000 + n, "he", "code_given", "lin", n=n)
    before = parts.checkpoints.current()
    assert parts.checkpoints.current() == before  # nothing new in the trail, no new checkpoint
    with parts.database.writing() as connection:
        audit.note(connection, 2_000, "luo", "device_withdrawn", "d1", why="lost")
    assert parts.checkpoints.current() != before  # the trail alone grew, and the checkpoint says it
    assert verify(parts.database, parts.engine).faults == ()

    def found(do: Callable[[Connection], object]) -> set[str]:
        """What verify says after an edit, which is then taken back."""
        codes: set[str] = set()
        try:
            with parts.database.writing() as connection:
                do(connection)
                codes.update(fault.code for fault in log_faults(connection))
                raise _Back
        except _Back:
            return codes

    def rewritten(connection: Connection) -> None:
        """An operator who knows how the chain is made takes the last row away and makes another in its place."""
        connection.execute(delete(audit_rows).where(audit_rows.c.n == 4))
        audit.note(connection, 2_000, "luo", "device_withdrawn", "d2", why="lost")

    assert found(lambda c: c.execute(delete(audit_rows).where(audit_rows.c.n == 4))) == {"other_inventory"}
    assert found(rewritten) == {"other_inventory"}
    assert found(lambda c: c.execute(update(audit_rows).where(audit_rows.c.n == 2).values(user="x"))) == {
        "broken_audit_trail"
    }
    assert found(lambda c: c.execute(delete(audit_rows))) == {"other_inventory"}


class _Back(Exception):
    """Takes an edit back."""


def test_prints_seen_numbers_rules_and_carried_files_stand_in_the_trail(parts: Parts) -> None:
    lin = Laptop(parts, "lin")
    shown = {"type": "field_revealed", "field": "claimant_phone", "purpose": "contact"}
    lin.sync(
        lin.act(case_id(1), registered(claimant_phone="13912345678")),
        lin.act(case_id(1), shown),
        lin.act(case_id(1), {"type": "form_printed", "form": "F-01"}),
    )
    with parts.database.reading() as connection:
        rows = audit.entries(connection, 10, about=case_id(1))
    assert [(each.user, each.what) for each in rows] == [("lin", "form_printed"), ("lin", "field_revealed")]
    assert "13912345678" not in str(rows)
    parts.carry_import.take(lin.outbox(lin.act(case_id(1), {"type": "noted", "text": "x"})), "qian")
    parts.calendar_feeds.make("lin")
    form = {"value": ["12"], "reason": ["x"], "confirmed": ["yes"], "key": ["1"]}
    request = desk_request("POST", "/centre/rules/keeping/cases", {}, form, "zh-CN", "")
    assert answer_desk(parts, request, "he").status == 303
    with parts.database.reading() as connection:
        told = [(each.user, each.what, each.about) for each in audit.entries(connection, 3)]
    assert told[0] == ("he", "rules_changed", "setting_filled")
    assert told[1] == ("lin", "calendar_made", "lin")
    assert told[2][:2] == ("qian", "carried_file")


def test_a_device_that_finds_the_log_rewritten_tells_the_centre(parts: Parts, browser: Browser) -> None:
    lin = filled(parts)
    device = SyncClient(lin.device, "0.1.0")

    def exchange() -> None:
        frames = list(wire.read_frames(device.request()))
        answer = parts.exchange.answer("lin", frames)
        device.commit(device.read([wire.encode_frames(answer)]))

    exchange()
    browser.sign_in("luo")
    assert 'id="forked"' not in browser.get("/centre/devices?lang=en").text
    with parts.database.writing() as connection:
        _other_arrival(connection)
        connection.execute(delete(log_tiles).where(log_tiles.c.tree == 0))
        lay_anew(connection, 0, leaves_of_acts(connection))
    for _ in range(2):  # the first answer shows it, the next exchange tells it, and only once
        exchange()
        assert device.problem == "record_forked"
    exchange()
    shown = browser.get("/centre/devices?lang=en").text
    assert "is not in this record’s log: the record was changed" in shown
    assert "seen the log with 5 acts" in shown
    assert "saw the log forked" in shown
    with parts.database.reading() as connection:
        told = [row for row in audit.entries(connection, 100) if row.what == "log_forked"]
    assert [(row.about, row.detail["heads"].count(":")) for row in told] == [(lin.device, 2)]


def test_a_case_at_the_centre_says_which_checkpoint_covers_each_act(parts: Parts, browser: Browser) -> None:
    filled(parts, 2)
    parts.checkpoints.current()
    Laptop(parts, "zhao").sync(Laptop(parts, "zhao", "other").act(case_id(2), registered()))
    browser.sign_in("qian")
    shown = browser.get(f"/cases/{case_id(1)}?lang=en").text
    for n in (0, 1):
        assert f"no. {n} of the log, covered by the checkpoint of 2 acts" in shown


def test_every_receipt_is_proven_to_be_in_the_log(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that signs for an act and logs another one in its place is not believed, and the act goes on waiting."""
    lin = Laptop(parts, "lin")
    device = SyncClient(lin.device, "0.1.0")

    def do(case: str) -> None:
        pushed, said = lin.act(case, registered()), lin.announcement()
        change_hash = decode_act_change(pushed.raw).hash
        device.add(WaitingAct(case, change_hash, pushed.raw, pushed.alg, pushed.signature, said.actor, said.sig))

    def exchange() -> None:
        answer = parts.exchange.answer("lin", list(wire.read_frames(device.request())))
        device.commit(device.read([wire.encode_frames(answer)]))

    for n in range(3):
        do(case_id(n))
    exchange()
    assert (device.waiting, device.standing.proves) == (0, True)
    do(case_id(3))
    exchange()
    assert device.waiting == 0
    monkeypatch.setattr("server.log_tree.act_leaf", lambda case, *rest: act_leaf(case_id(99), *rest))
    do(case_id(4))
    with pytest.raises(Malformed, match="without the proof"):
        exchange()
    assert device.waiting == 1


def test_a_proof_fits_the_receipts_of_a_plain_answer_in_a_new_scope(parts: Parts) -> None:
    """What the centre took is told with the receipt of what was sent: else the device could never read an answer."""
    lin, (home, *rest) = Laptop(parts, "lin"), city_document()["people"]
    device = SyncClient(lin.device, "0.1.0")

    def work_at(unit: str) -> None:
        parts.city.publish({**city_document(), "people": [{**home, "unit": unit}, *rest]})

    def exchange(*acts: wire.Pushed) -> None:
        for pushed in acts:
            said, sent = lin.announcement(), (pushed.raw, pushed.alg, pushed.signature)
            change_hash = decode_act_change(pushed.raw).hash
            device.add(WaitingAct(pushed.case_id, change_hash, *sent, said.actor, said.sig))
        answer = parts.exchange.answer("lin", list(wire.read_frames(device.request())))
        device.commit(device.read([wire.encode_frames(answer)]))

    device.request()
    device.failed(400, 0.5)  # a record between them that is too old for short frames
    exchange(lin.act(case_id(1), registered()))
    work_at("linye")
    exchange(lin.act(case_id(1), {"type": "noted", "text": "late"}))
    assert [each.reason for each in device.refused.values()] == ["foreign_scope"]
    with parts.database.reading() as connection:
        (held,) = late_work.held(connection)
    parts.decisions.carry_out(LateDecision((held.id,), True, "in time"), "qian")
    work_at("shihe")
    exchange(lin.act(case_id(2), registered()))
    assert (device.waiting, device.refused) == (0, {})


def test_a_fork_that_is_none_of_this_records_is_told_as_that(parts: Parts, browser: Browser) -> None:
    lin = filled(parts)
    with parts.database.reading() as connection:
        head = acts_tree(connection).head()
    elsewhere = f"{head.size}:{head.root.hex()} {head.size + 1}:{'ab' * 32}"
    parts.exchange.answer("lin", lin.frames(forked=elsewhere))
    browser.sign_in("luo")
    assert "another server answered in the record’s name" in browser.get("/centre/devices?lang=en").text
    parts.exchange.answer("lin", lin.frames(forked="<b>9:zz</b>"))
    assert 'id="forked"' not in browser.get("/centre/devices?lang=en").text
