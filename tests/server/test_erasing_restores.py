"""An erasure and backups: an older one does not bring back what was erased, a later one has nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from laptop import Laptop
from returned import Restore, erase_and_undo
from test_erasing import CANARIES, NUMBER, OLD, faults, hold, left_of, lin, old, page

from py_core.desk.keeping import documents
from server import erasing, record
from server.backup import take_backup
from server.erased_list import FILE, ErasedList
from server.erasing import ErasingRefused, erase_again, erase_due
from server.parts import Parts

__all__ = ["lin", "old"]  # fixtures


def test_a_listed_erasure_that_was_not_committed_is_done_at_the_next_start(old: Parts) -> None:
    erase_and_undo(old)
    assert left_of(old) != []
    assert hold(old).status == 303
    assert erase_again(old).documents == 0  # held since: the hold is the later word
    act = next(each for each in documents(erasing._view(old, "he")) if each.holds).holds[0].act
    page(old, "qian", f"/centre/keeping/{OLD}", {"do": ["lift"], "acts": [act], "reason": ["x"], "key": ["0"]})
    assert erase_again(old).documents == 1
    assert (left_of(old), faults(old)) == ([], [])


def test_an_older_backup_does_not_bring_it_back(old: Parts, tmp_path: Path, restored: Restore) -> None:
    taken = take_backup(old.database, old.settings.data, tmp_path / "older", old.clock.now()).folder
    erase_due(old, "he")
    back = restored(taken)
    assert left_of(back) == list(CANARIES)
    assert ErasedList(back.settings.data).take_over(old.settings.data / FILE) == 1
    assert erase_again(back).documents == 1
    assert (left_of(back), faults(back)) == ([], [])
    assert erase_again(back).documents == 0
    with pytest.raises(ErasingRefused, match="holds"):
        erase_due(back, "he")
    assert erase_due(back, "he", holds_placed=True).documents == 0
    assert erase_due(back, "he").documents == 0


def test_after_a_restore_the_page_says_that_holds_are_lost_and_which_a_device_still_had(
    old: Parts, lin: Laptop, tmp_path: Path, restored: Restore
) -> None:
    taken = take_backup(old.database, old.settings.data, tmp_path / "before the hold", old.clock.now()).folder
    assert hold(old).status == 303
    lin.sync()
    assert 'id="restored"' not in page(old, "qian", "/centre/keeping").html
    back = restored(taken)
    warning = page(back, "qian", "/centre/keeping").html.partition('id="restored"')[2].partition("</div>")[0]
    assert "请在清除前重新办理" in warning
    assert NUMBER not in warning
    lin.parts = back
    lin.sync()  # learns that the record came back
    verdicts, _ = lin.sync(lin.signed(OLD, lin.held[OLD][-1]))
    assert [each.reason for each in verdicts] == ["others_act"]
    told = page(back, "qian", "/centre/keeping").html.partition('id="restored"')[2].partition("</div>")[0]
    assert NUMBER in told
    assert "/centre/quarantine/" in told


def test_a_later_backup_has_nothing_of_it(old: Parts, tmp_path: Path, restored: Restore) -> None:
    erase_due(old, "he")
    taken = take_backup(old.database, old.settings.data, tmp_path / "later", old.clock.now()).folder
    assert (taken / FILE).is_file()
    assert not [word for word in CANARIES if word.encode() in (taken / "record.sqlite3").read_bytes()]
    back = restored(taken)
    assert (left_of(back), faults(back)) == ([], [])
    assert [each.document for each in ErasedList(back.settings.data).read(back.own_device.public_key)] == [OLD]


def test_a_forged_line_erases_nothing(old: Parts) -> None:
    with old.database.reading() as connection:
        entry = record.entries_of_case(connection, OLD)[-1]
    ErasedList(old.settings.data).add(OLD, entry.raw, bytes(64))
    with (old.settings.data / FILE).open("a") as file:
        file.write('{"document": "cut')
    assert erase_again(old).documents == 0
    assert left_of(old) == list(CANARIES)
