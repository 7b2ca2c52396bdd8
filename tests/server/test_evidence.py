"""Evidence of a case holds in a fresh process without the record, and says what is proven and what is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from evidence_files import ONLY_SEALED, check, outcome, resealed, rows_of
from laptop import Laptop, StandingClock, case_id, registered
from sqlalchemy import delete, select, update

from py_core.errors import Malformed
from py_core.evidence.lines import FILE_BYTES_MAX, KINDS, LINES_MAX, read_evidence
from server.evidence import EvidenceRefused
from server.log_tree import lay_anew, leaves_of_acts
from server.parts import Parts
from server.tables import (
    changes,
    checkpoints,
    log_tiles,
)


@pytest.fixture
def made(parts: Parts, clock: StandingClock) -> bytes:
    """Two people's work on a case between the acts of another, with a checkpoint from its middle."""
    lin, zhao = Laptop(parts, "lin"), Laptop(parts, "zhao")
    for n in (1, 2):
        lin.sync(lin.act(case_id(n), registered()))
    zhao.sync()
    zhao.sync(zhao.act(case_id(1), {"type": "noted", "text": "一"}))
    parts.checkpoints.current()
    clock.pass_time(hours=2)
    lin.sync()
    lin.sync(lin.act(case_id(2), {"type": "noted", "text": "二"}))
    lin.sync(lin.act(case_id(1), {"type": "noted", "text": "三"}))
    return parts.evidence.make(case_id(1), "qian")


def test_a_fresh_process_without_record_proves_a_case(parts: Parts, made: bytes, tmp_path: Path) -> None:
    file, witness = tmp_path / "evidence.jsonl", tmp_path / "witness.note"
    file.write_bytes(made)
    witness.write_text(parts.checkpoints.current(), encoding="utf-8")
    empty = tmp_path / "nothing here"
    empty.mkdir()

    def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server.cli", "verify-evidence", str(file), *arguments]
        root = Path(__file__).parent.parent.parent
        return subprocess.run(
            command, cwd=empty, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root)}
        )

    good = verify("--checkpoint", str(witness), "--lang", "en")
    assert (good.returncode, good.stderr) == (0, "")
    assert "the log continues the checkpoint from outside" in good.stdout
    assert "act 0 (" in good.stdout
    assert "counted anew from the law in the file" in good.stdout
    assert "[not proven]" in good.stdout
    assert list(empty.iterdir()) == []
    rows = rows_of(made)
    rows[-3]["received_at_ms"] -= 86_400_000
    file.write_bytes(resealed(parts, rows))
    bad = verify()
    assert bad.returncode == 1
    assert f"[有误] line {len(rows) - 2} (act)" in bad.stderr


def test_the_same_record_gives_the_same_bytes(parts: Parts, made: bytes) -> None:
    assert parts.evidence.make(case_id(1), "qian") == made


def test_an_operator_who_rewrites_everything_meets_the_witness(parts: Parts, made: bytes) -> None:
    """With key and database a whole other history can be made; it does not continue what somebody else kept."""
    witnessed = parts.checkpoints.current()
    with parts.database.writing() as connection:
        connection.execute(update(changes).where(changes.c.log_index == 2).values(received_at_ms=5))
        connection.execute(delete(log_tiles).where(log_tiles.c.tree == 0))
        connection.execute(delete(checkpoints))
        lay_anew(connection, 0, leaves_of_acts(connection))
    forged = parts.evidence.make(case_id(1), "qian")
    assert check(forged).of("wrong") == [], "nothing inside the file tells"
    assert any("up" in each.message for each in check(forged).of("open")), "and the check says so"
    wrong = check(forged, witnessed).of("wrong")
    assert [each.where for each in wrong] == ["--checkpoint 1"]


def test_an_older_checkpoint_from_outside_is_continued(parts: Parts, made: bytes) -> None:
    with parts.database.reading() as connection:
        first = connection.scalar(select(checkpoints.c.note).order_by(checkpoints.c.acts_size).limit(1))
    assert first is not None
    told = [each.message for each in check(made, first).of("open")]
    assert any("--for" in message for message in told), "the file was not made for it"
    proven = check(parts.evidence.make(case_id(1), "qian", [first]), first).of("proven")
    assert any(each.where == "--checkpoint 1" for each in proven)
    assert check(made, "no note at all").of("wrong")


def test_what_is_said_about_times(parts: Parts, clock: StandingClock) -> None:
    lin = Laptop(parts, "lin")
    beacon = parts.receipts.beacon(clock.now(), 0).id
    clock.pass_time(hours=1)
    early = "2026-11-20T07:00:00+08:00"
    for n, said in enumerate((
        {"beacon": beacon, "since_beacon_ms": 60_000},
        {"beacon": beacon, "since_beacon_ms": None},
        {"beacon": beacon, "since_beacon_ms": 60_000, "claimed_at": datetime.fromisoformat(early)},
    )):  # fmt: skip
        event = {"type": "noted", "text": "x"} if n else registered()
        assert lin.verdict(lin.act(case_id(1), event, **said)) == "accepted"
    found = check(parts.evidence.make(case_id(1), "qian"))
    said_of = {each.where: (each.kind, each.message.split(" ")[0]) for each in found.items if each.where[:3] == "act"}
    assert said_of == {"act 0": ("proven", "was"), "act 1": ("open", "time"), "act 2": ("open", "claims")}


def test_an_erased_act_keeps_its_place(parts: Parts, made: bytes) -> None:
    """What retention leaves of a case: hashes and signatures. The check says what cannot be said any more; contents that
    are missing without an act of the record that erased them are told (`test_erasing` has the honest way)."""
    rows = rows_of(made)
    for row in rows:
        if row["t"] == "act":
            row["raw"] = None
    found = check(resealed(parts, rows))
    assert sum("content was erased" in each.message for each in found.of("proven")) == 3
    assert [each.message for each in found.of("wrong")] == [
        "contents are missing, and no act of the case says that exactly these were erased"
    ]


def test_a_case_that_is_not_there_is_told(parts: Parts, made: bytes) -> None:
    with pytest.raises(EvidenceRefused, match="no case"):
        parts.evidence.make(case_id(77), "qian")


ODD: list[Any] = [
    None, True, -1, 2**63, 2**80, 1.5, "", "x", "\u0661", "\ud800", "0" * 64, [], [[]], {}, {"t": []}, "a" * 100_000,
]  # fmt: skip


def test_whatever_a_stranger_sends_is_refused_in_words(parts: Parts, made: bytes) -> None:
    """A stranger has keys of his own: seal, receipts and checkpoint can be right and everything else absurd."""
    chance = Random(20261130)
    for _ in range(400):
        rows = rows_of(made)
        for _ in range(chance.randrange(1, 3)):
            row = chance.choice(rows[:-1])
            row[chance.choice(sorted(row.keys() - ONLY_SEALED))] = chance.choice(ODD)
        try:
            data = resealed(parts, rows)
        except (Malformed, UnicodeError):
            continue  # has no canonical form
        assert outcome(data)


Mangle = Callable[[bytes], bytes]
FILES: dict[str, Mangle] = {
    "nothing": lambda _: b"",
    "no line end": lambda made: made[:-1],
    "random": lambda _: Random(1).randbytes(5_000) + b"\n",
    "deep": lambda _: b'{"t":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "many lines": lambda _: b"{}\n" * (LINES_MAX + 1),
    "a long number": lambda _: b'{"t":' + b"9" * 10_000 + b"}\n",
    "a key twice": lambda made: made.replace(b'{"app":', b'{"app":"x","app":', 1),
    "other order": lambda made: b"\n".join(reversed(made[:-1].split(b"\n"))) + b"\n",
    "too long": lambda _: bytes(FILE_BYTES_MAX + 1),
    "of a later version": lambda made: made.replace(b'"v":3}', b'"v":4}', 1),
}


@pytest.mark.parametrize("name", list(FILES))
def test_no_evidence_is_refused_in_words(made: bytes, name: str) -> None:
    with pytest.raises(Malformed):
        read_evidence(FILES[name](made))


def test_every_kind_of_line_is_in_the_document() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "evidence.md").read_text(encoding="utf-8")
    for kind, shape in KINDS.items():
        assert f"| `{kind}` |" in text, kind
        for name in shape:
            assert f"`{name}`" in text, f"{kind}.{name}"
