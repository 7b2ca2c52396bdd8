"""What stays of an erased case is proven: evidence says so, and nobody changes it unseen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from test_erasing import CANARIES, OLD, YOUNG, faults, left_of, lin, old

from py_core.evidence.check import EvidenceCheck
from py_core.evidence.findings import Findings
from py_core.evidence.lines import read_evidence
from server.erasing import erase_due
from server.keys import verifies
from server.parts import Parts
from server.rebuilding import rebuild
from server.tables import changes

__all__ = ["lin", "old"]  # fixtures


def checked(data: bytes) -> Findings:
    return EvidenceCheck(read_evidence(data), verifies, ()).run()


def test_evidence_says_what_was_erased_and_older_evidence_still_holds(old: Parts) -> None:
    before = old.evidence.make(OLD, "qian")
    erase_due(old, "he")
    old_found = checked(before)
    assert old_found.of("wrong") == []
    found = checked(old.evidence.make(OLD, "qian"))
    assert found.of("wrong") == []
    texts = [each.text("en") for each in found.of("proven")]
    assert sum("its content was erased, its hash and the signature" in text for text in texts) == 9
    assert sum("under rule “cases” (10 years" in text and "he answers" in text for text in texts) == 1
    assert not [word for word in CANARIES if word.encode() in old.evidence.make(OLD, "qian")]


EDITS: dict[str, dict[str, Any]] = {
    "other_residue": {"seq": 99},
    "unreadable": {"residue": "{}"},
    "not_erased": {"residue": None},
    "wrong_signature": {"signature": bytes(64)},
}


@pytest.mark.parametrize("code", [*EDITS, "erased_by_nobody", "other_residue by words"])
def test_an_operator_who_changes_what_stays_is_found(old: Parts, code: str) -> None:
    erase_due(old, "he")
    with old.database.writing() as connection:
        rows = connection.execute(select(changes).where(changes.c.case_id == OLD).order_by(changes.c.log_index)).all()
        where, values = changes.c.hash == rows[4].hash, EDITS.get(code, {})
        if code == "erased_by_nobody":  # contents taken away without any act that says so
            where, values = changes.c.case_id == YOUNG, {"raw": b"", "residue": rows[0].residue}
        elif code == "other_residue by words":
            values = {"residue": rows[4].residue.replace('"by":"shihe"', '"by":"linye"')}
            assert values["residue"] != rows[4].residue or '"by"' not in rows[4].residue
            where = changes.c.hash == next(row.hash for row in rows if row.residue and '"by":"shihe"' in row.residue)
            row = next(row for row in rows if row.residue and '"by":"shihe"' in row.residue)
            values = {"residue": row.residue.replace('"by":"shihe"', '"by":"linye"')}
        connection.execute(update(changes).where(where).values(**values))
    assert code.split(" ")[0] in faults(old)


def test_feeds_and_standings_are_made_again_from_what_is_left(old: Parts) -> None:
    erase_due(old, "he")
    done = rebuild(old.database)
    assert (done.lines_added, done.lines_removed) == (0, 0)
    assert (left_of(old), faults(old)) == ([], [])
