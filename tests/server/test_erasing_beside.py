"""Who reported or complained is erased, whatever case names it: with its case, or after a period of its own."""

from __future__ import annotations

from typing import Any

import pytest
from laptop import Laptop, StandingClock, case_id, registered
from returned import erase_and_undo
from test_erasing import everything
from test_reporters_apart import (
    ADDRESS,
    BESIDE,
    CASE,
    NAME,
    PHONE,
    complained,
    finish,
    lin,
    naming,
    report,
    verdicts,
)
from test_restricted_scope import answer, page

from py_core.desk.ports import DeviceRevocation, LateDecision
from py_core.packs import load_packs
from py_core.reporters import apart, complainer_id, reporter_id
from server import audit, late_work, record
from server.erasing import due, erase_again, erase_document, erase_due
from server.own_device import NotRecorded
from server.parts import Parts
from server.tables import quarantine
from server.verification import verify

__all__ = ["lin"]  # the fixture
STEPS = [{"type": "delivered", "to": "shihe"}, {"type": "accepted", "by": "shihe"}]
HELP = registered(request_kind="help")


def erased(parts: Parts, *documents: str) -> list[bool]:
    with parts.database.reading() as connection:
        return [record.is_erased(connection, each) for each in documents]


def left_of(parts: Parts) -> list[str]:
    """What of the particulars is anywhere in the record."""
    there = everything(parts)
    return [words for words in (NAME, PHONE, ADDRESS) if words.encode() in there]


def faults(parts: Parts) -> list[str]:
    return [fault.code for fault in verify(parts.database, parts.engine).faults]


def test_it_is_erased_with_its_case(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    steps = [{"type": "delivered", "to": "shihe"}, {"type": "accepted", "by": "shihe"}]
    answer(lin, *lin.register(CASE, report(), *steps))
    finish(parts, lin)
    clock.pass_time(days=366 * 31)
    assert erase_due(parts, "he").documents == 1
    with parts.database.reading() as connection:
        assert record.is_erased(connection, BESIDE)
        left = [entry.residue or "" for entry in record.entries_of_case(connection, BESIDE)]
    assert NAME not in "".join(left)
    assert NAME not in page(parts, "fang", f"/centre/reporter/{CASE}").html
    assert [fault.code for fault in verify(parts.database, parts.engine).faults] == []
    files = b"".join(path.read_bytes() for path in sorted(parts.settings.data.rglob("*")) if path.is_file())
    for words in (NAME, PHONE, ADDRESS):
        assert words.encode() not in files, words


def test_who_complained_is_erased_with_the_case_and_nobody_elses_document(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    """A complaint may name any document: only one that is about this very case goes with it."""
    other = case_id(2)
    begun = registered(title="反映夜间施工", request_kind="report", claimant_name=NAME)
    kept, beside = apart(other, (begun,), load_packs())
    assert beside is not None
    foreign = reporter_id(other)
    assert verdicts(lin, lin.act(other, *kept), lin.act(foreign, beside)) == ["accepted", "accepted"]
    steps = [{"type": "delivered", "to": "shihe"}, {"type": "accepted", "by": "shihe"}]
    answer(lin, lin.act(CASE, registered(request_kind="help"), *steps))
    document, acts = complained(lin)
    answer(lin, *acts, lin.act(CASE, {"type": "complaint_filed", "about": "x", "beside": foreign}))
    finish(parts, lin)
    clock.pass_time(days=366 * 31)
    erase_due(parts, "he")
    with parts.database.reading() as connection:
        assert [record.is_erased(connection, each) for each in (CASE, document, foreign)] == [True, True, False]
    assert PHONE not in page(parts, "fang", f"/centre/reporter/{document}").html
    assert [fault.code for fault in verify(parts.database, parts.engine).faults] == []


def test_what_a_hostile_complaint_names_keeps_nothing_from_erasure(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    """A document that was erased with its own case before."""
    steps = [{"type": "delivered", "to": "shihe"}, {"type": "accepted", "by": "shihe"}]
    answer(lin, *lin.register(CASE, report(), *steps))
    document, acts = complained(lin)
    other = case_id(2)
    acts += [lin.act(other, *each) for each in ([registered(request_kind="help"), *steps], [naming(document)])]
    assert verdicts(lin, *acts) == ["accepted"] * 4
    finish(parts, lin)
    finish(parts, lin, other)
    clock.pass_time(days=366 * 31)
    done = erase_due(parts, "he")
    assert (done.documents, done.failed) == (2, 0)
    with parts.database.reading() as connection:
        assert all(record.is_erased(connection, each) for each in (CASE, other, document, BESIDE))
    assert [fault.code for fault in verify(parts.database, parts.engine).faults] == []


def test_what_came_before_its_case_and_is_named_by_no_complaint_goes_with_it(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    document, (_, beside) = complained(lin)
    assert verdicts(lin, beside) == ["accepted"], "the case may still come"
    lin.held[CASE] = []
    answer(lin, lin.act(CASE, HELP, *STEPS))
    finish(parts, lin)
    clock.pass_time(days=366 * 4)
    assert due(parts, "he") == [], "its case is kept longer than what has none"
    clock.pass_time(days=366 * 7)
    assert (erase_due(parts, "he").documents, erased(parts, CASE, document)) == (1, [True, True])
    assert (left_of(parts), faults(parts)) == ([], [])


def test_what_has_no_case_in_the_record_has_a_period_of_its_own(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    begun, of_report = lin.register(CASE, report())
    document, (_, of_complaint) = complained(lin)
    assert verdicts(lin, of_report, of_complaint) == ["accepted", "accepted"]
    clock.pass_time(days=365 * 3)
    assert due(parts, "he") == []
    clock.pass_time(days=2)
    assert {each.record.id for each in due(parts, "he")} == {BESIDE, document}
    shown = page(parts, "he", "/centre/keeping").html
    assert "档案中没有对应办件的" in shown
    assert [words for words in (NAME, document, BESIDE) if words in shown] == [], "without a way to it"
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    assert verdicts(lin, begun) == ["device_revoked"]
    assert erase_due(parts, "he").waiting == 2, "its case waits for a decision"
    (item,) = held(parts)
    parts.decisions.carry_out(LateDecision((item,), False, "nobody can say"), "qian")
    assert (erase_due(parts, "he").documents, erased(parts, BESIDE, document)) == (2, [True, True])
    assert (left_of(parts), faults(parts)) == ([], [])
    assert sum("rule “unmatched” (3 years" in each for each in verify(parts.database, parts.engine).erased) == 2


def test_it_does_not_come_after_its_case_was_erased(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    answer(lin, lin.act(CASE, HELP, *STEPS))
    document, (complaint, beside) = complained(lin)
    assert verdicts(lin, complaint) == ["accepted"]
    finish(parts, lin)
    clock.pass_time(days=366 * 11)
    assert erase_due(parts, "he").documents == 1
    assert verdicts(lin, beside) == ["case_erased"]
    (item,) = held(parts)
    with pytest.raises(NotRecorded):
        parts.decisions.carry_out(LateDecision((item,), True, "nevertheless"), "qian")
    parts.decisions.carry_out(LateDecision((item,), False, "too late"), "qian")
    assert left_of(parts) == [NAME, PHONE]
    done = erase_due(parts, "he")
    assert (done.documents, done.left_out, erased(parts, document)) == (0, 1, [False])
    assert (left_of(parts), faults(parts)) == ([], [])


def test_what_the_centre_left_out_and_whose_case_never_came_goes_after_its_period(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    _, (_, beside) = complained(lin)
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    assert verdicts(lin, beside) == ["device_revoked"]
    clock.pass_time(days=366 * 5)
    assert erase_due(parts, "he").left_out == 0, "nobody has decided about it"
    (item,) = held(parts)
    parts.decisions.carry_out(LateDecision((item,), False, f"nobody can say who {NAME} is"), "qian")
    clock.pass_time(days=365 * 3)
    assert (erase_due(parts, "he").left_out, left_of(parts)) == (0, [NAME, PHONE])
    clock.pass_time(days=2)
    assert (erase_due(parts, "he").left_out, left_of(parts)) == (1, [])
    assert erase_due(parts, "he").left_out == 0
    assert "内容期满清除" in page(parts, "qian", f"/centre/quarantine/{item}").html
    with parts.database.reading() as connection:
        (trail,) = audit.entries(connection, 1)
        (row,) = connection.execute(quarantine.select()).all()
    assert (trail.what, trail.user, trail.detail) == (
        "content_erased",
        "he",
        {"left_out": row.hash, "rule": "unmatched"},
    )
    assert faults(parts) == []


def test_what_no_complaint_names_and_the_centre_left_out_goes_with_the_case_that_it_tells_of(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    """As long as that case is open or on hold for a court, who told of it may be asked for, too."""
    answer(lin, lin.act(CASE, HELP, *STEPS))
    _, (_, beside) = complained(lin)
    assert verdicts(lin, beside) == ["foreign_scope"]
    parts.decisions.carry_out(LateDecision(tuple(held(parts)), False, "no complaint names it"), "qian")
    clock.pass_time(days=366 * 5)
    assert (erase_due(parts, "he").left_out, left_of(parts)) == (0, [NAME, PHONE])
    lin.held[CASE].pop()  # the complaint that it never sent
    finish(parts, lin)
    clock.pass_time(days=366 * 11)
    done = erase_due(parts, "he")
    assert (done.documents, done.left_out, left_of(parts), faults(parts)) == (1, 1, [], [])


def test_what_was_erased_is_not_tried_again_when_what_it_lacked_comes(
    parts: Parts, lin: Laptop, clock: StandingClock
) -> None:
    begun, lacking = lin.act(CASE, HELP), lin.act(CASE, {"type": "complaint_filed", "about": NAME})
    assert verdicts(lin, lacking) == ["missing_dependency"]
    parts.decisions.carry_out(LateDecision(tuple(held(parts)), False, "nobody can say"), "qian")
    clock.pass_time(days=366 * 3 + 1)
    assert (erase_due(parts, "he").left_out, left_of(parts)) == (1, [])
    assert verdicts(lin, begun) == ["accepted"]
    with parts.database.reading() as connection:
        (row,) = connection.execute(quarantine.select()).all()
    assert (row.times, row.decision) == (1, "left_out")


def test_what_found_its_case_since_it_was_listed_stays(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    begun, of_report = lin.register(CASE, report())
    assert verdicts(lin, of_report) == ["accepted"]
    clock.pass_time(days=366 * 3 + 1)
    (listed,) = due(parts, "he")
    assert verdicts(lin, begun) == ["accepted"]
    assert erase_document(parts, "he", listed).documents == 0
    assert (erased(parts, BESIDE), due(parts, "he")) == ([False], [])


def test_what_names_no_case_stops_nothing_that_was_left_out(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    """The gate refuses it, and the centre leaves it out: its bytes are anybody's."""
    _, (_, beside) = complained(lin)
    texts = ("\0", "x" * 32, "0" * 31)
    foreign = [lin.act(complainer_id(case_id(9 + n)), told(each)) for n, each in enumerate(texts)]
    parts.decisions.carry_out(DeviceRevocation(lin.device, "lost"), "luo")
    assert set(verdicts(lin, *foreign, beside)) <= {"malformed", "device_revoked"}
    parts.decisions.carry_out(LateDecision(tuple(held(parts)), False, "nobody can say"), "qian")
    done = erase_due(parts, "he")
    assert (done.left_out, done.why) == (0, None)
    clock.pass_time(days=366 * 3 + 1)
    done = erase_due(parts, "he")
    assert (done.left_out, done.why, left_of(parts)) == (4, None, [])


def test_a_fault_there_keeps_nothing_else_on_the_disk(
    parts: Parts, lin: Laptop, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(lin, lin.act(CASE, HELP, *STEPS))
    finish(parts, lin)
    clock.pass_time(days=366 * 11)
    assert erase_due(parts, "he").documents == 1
    assert verdicts(lin, lin.act(CASE, {"type": "complaint_filed", "about": NAME})) == ["case_erased"]
    parts.decisions.carry_out(LateDecision(tuple(held(parts)), False, "too late"), "qian")
    assert left_of(parts) == [NAME]

    def fail(*_: Any) -> None:
        raise OSError("as a disk does")

    monkeypatch.setattr(late_work, "erase_left_out", fail)
    assert isinstance(erase_due(parts, "he").why, OSError)
    assert left_of(parts) == []


def told(case: str) -> dict[str, Any]:
    return {
        "type": "reporter_told",
        "case": case,
        "pack": "HL",
        "unit": "shihe",
        "complaint": True,
        "claimant_name": NAME,
    }


def held(parts: Parts) -> list[int]:
    with parts.database.reading() as connection:
        return [each.id for each in late_work.held(connection)]


def test_an_older_backup_does_not_bring_it_back(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    document, (_, beside) = complained(lin)
    assert verdicts(lin, beside) == ["accepted"]
    clock.pass_time(days=366 * 3 + 1)
    erase_and_undo(parts)
    assert erased(parts, document) == [False]
    assert (erase_again(parts).documents, erased(parts, document)) == (1, [True])
    assert (left_of(parts), faults(parts)) == ([], [])
