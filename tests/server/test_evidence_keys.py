"""A key that the record has replaced counts in evidence under what is older than its successor, and under nothing newer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_files import check, outcome, resealed, rows_of
from laptop import Laptop, SeededEntropy, StandingClock, case_id, registered

from py_core.checkpoint import note, read_note, verifier_key
from py_core.evidence.check import EvidenceCheck
from py_core.evidence.lines import read_evidence
from py_core.wire import receipt_sign_bytes
from server.checkpoints import newest, signer
from server.cli import main
from server.engine import EngineOutside
from server.evidence import EvidenceRefused
from server.keys import verifies
from server.outside import to_ms
from server.parts import Parts, assemble
from server.record_keys import KeyTrouble, rotate

CASE = case_id(1)


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    lin = Laptop(parts, "lin")
    assert lin.verdict(lin.act(CASE, registered())) == "accepted"
    parts.checkpoints.current()
    return lin


@pytest.fixture
def after(parts: Parts, lin: Laptop, clock: StandingClock, engine: EngineOutside) -> Iterator[Parts]:
    """The record with another key, started again an hour later; `parts` is the process that has not noticed."""
    clock.pass_time(hours=1)
    with parts.database.writing() as connection:
        done = rotate(connection, parts.settings.data, SeededEntropy("next key"), to_ms(clock.now()))
        parts.database.after_commit(done)
    clock.pass_time(hours=1)
    made = assemble(parts.settings, clock, SeededEntropy("after"), engine)
    lin.parts = made
    assert lin.verdict(lin.act(CASE, {"type": "noted", "text": "一"})) == "accepted"
    yield made
    made.close()


def test_what_the_former_key_signed_in_its_time_still_counts(parts: Parts, lin: Laptop, after: Parts) -> None:
    with parts.database.reading() as connection:
        kept = newest(connection) or ""
    assert signer(read_note(kept), [parts.keys.current.public]), "by the former key"
    found = check(after.evidence.make(CASE, "qian", [kept]), kept)
    assert found.of("wrong") == []
    assert [each.where for each in found.of("proven") if each.where == "--checkpoint 1"]
    assert [each.params["user"] for each in found.of("proven") if "was enrolled for" in each.message] == ["lin"]


def test_after_its_time_the_former_key_signs_nothing(parts: Parts, after: Parts) -> None:
    """The thief of an old backup has it: seal, receipts and checkpoint that say to be of later are refused."""
    former, rows = parts.keys.current, rows_of(after.evidence.make(CASE, "qian"))
    assert outcome(resealed(after, rows)) == ""
    assert outcome(resealed(after, rows, former)) == f"line {len(rows)} (seal)"
    at = next(n for n, row in enumerate(rows) if row["t"] == "act" and row["log_index"] == 1)
    row = rows[at]
    message = receipt_sign_bytes(CASE, row["hash"], row["log_index"], row["received_at_ms"])
    forged = [*rows[:at], {**row, "receipt": former.sign(message).hex()}, *rows[at + 1 :]]
    assert outcome(resealed(after, forged)) == f"line {at + 1} (act)"
    said = read_note(rows[2]["note"]).checkpoint
    text = note(said, former.public, former.sign(said.text().encode()))
    assert outcome(resealed(after, [*rows[:2], {**rows[2], "note": text}, *rows[3:]])) == "line 3 (checkpoint)"
    assert [each.where for each in check(resealed(after, rows), text).of("wrong")] == ["--checkpoint 1"]
    # What says to be of before is believed: the key was the record's then.
    early = replace(said, time_ms=after.keys.chain[1].since_ms)
    text = note(early, former.public, former.sign(early.text().encode()))
    assert check(resealed(after, rows), text).of("wrong") == []


def test_a_device_enrolled_under_the_former_key_is_only_the_records_word(parts: Parts, after: Parts) -> None:
    """By a server that nobody has started again: no proof, and no reproach to the evidence of everybody else's acts."""
    late = Laptop(parts, "zhao")
    late.parts = after
    late.sync()
    assert late.verdict(late.act(CASE, {"type": "noted", "text": "二"})) == "accepted"
    found = check(after.evidence.make(CASE, "qian"))
    assert found.of("wrong") == []
    told = [each.params["device"] for each in found.of("open") if "only the record's word" in each.text("en")[-30:]]
    assert late.device in told


def test_a_server_that_was_not_started_again_makes_no_checkpoint(parts: Parts, after: Parts) -> None:
    with pytest.raises(KeyTrouble, match="restart"):
        parts.checkpoints.current()
    with pytest.raises(EvidenceRefused, match="restart"):
        parts.evidence.make(CASE, "qian")
    assert after.checkpoints.current()


def sealed_under_the_former_key_alone(parts: Parts, after: Parts) -> bytes:
    """What the thief of a replaced key makes of the record as it was then: a whole file that names no later key."""
    rows = rows_of(after.evidence.make(CASE, "qian"))
    said = {**rows[0], "made_at_ms": after.keys.chain[1].since_ms}
    return resealed(after, [said, {**rows[1], "keys": rows[1]["keys"][:1]}, *rows[2:]], parts.keys.current)


def test_who_knows_the_records_key_is_shown_no_file_that_leaves_it_out(
    parts: Parts, after: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, newest_key = after.evidence.make(CASE, "qian"), after.keys.current.public
    first_key = parts.keys.current.public
    file, shortened, shown = tmp_path / "whole.jsonl", tmp_path / "shortened.jsonl", tmp_path / "keys.txt"
    file.write_bytes(data)
    shortened.write_bytes(sealed_under_the_former_key_alone(parts, after))

    def check_with(path: Path, key: str) -> tuple[int, str]:
        code = main(["verify-evidence", str(path), "--lang", "en", "--key", key])
        told = capsys.readouterr()
        return code, told.out + told.err

    where = ["--data", str(parts.settings.data)]
    url = parts.settings.database_url
    assert main(["keys", "show", *where, *(["--database-url", url] if url else [])]) == 0
    shown.write_text(capsys.readouterr().out, encoding="utf-8")
    for key in (newest_key.hex(), str(shown), verifier_key(after.keys.name, newest_key)):
        code, told = check_with(file, key)
        assert code == 0
        assert "key 2 of the 2 that the file names" in told
        code, told = check_with(shortened, key)
        assert code == 1
        assert "--key 1: the record's key that you know is not among the keys in the file" in told
    assert "key 1 of the 2" in check_with(file, first_key.hex())[1]
    assert "not among the keys" in check_with(file, "ab" * 32)[1]
    for nonsense in ("", "zz", newest_key.hex()[:-2], verifier_key(after.keys.name, newest_key)[:-4] + "AAA="):
        code, told = check_with(file, nonsense)
        assert code == 1
        assert "64 hex digits" in told


def test_of_a_shortened_chain_only_the_key_that_somebody_knows_tells(parts: Parts, after: Parts) -> None:
    """Why `--key` is there: where nothing in the file says to be of later, the file alone contradicts nothing in it."""
    parts_of_then = read_evidence(sealed_under_the_former_key_alone(parts, after))
    without = EvidenceCheck(parts_of_then, verifies).run()
    known = EvidenceCheck(parts_of_then, verifies, (), [after.keys.current.public]).run()
    assert {each.where for each in known.of("wrong")} - {each.where for each in without.of("wrong")} == {"--key 1"}
