"""Evidence of a case holds in a fresh process without the record, and every edit of file or record is found and named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from evidence_files import check, entry_of, outcome, resealed, rows_of
from laptop import Laptop, StandingClock, case_id, registered
from sqlalchemy import LargeBinary, delete, select, update

from py_core.cases.acts import canonical_json
from py_core.errors import Malformed
from py_core.evidence.lines import FILE_BYTES_MAX, KINDS, LINES_MAX, read_evidence
from server.evidence import EvidenceRefused
from server.log_tree import lay_anew, leaves_of_acts
from server.parts import Parts
from server.tables import (
    actors,
    changes,
    checkpoints,
    devices,
    directories,
    log_tiles,
    record_keys,
    registry,
)

EDITS = 1_000
ROW_EDITS = 300
ONLY_SEALED = frozenset({"made_by", "app"})  # nothing but the record's seal speaks for these two


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


def test_every_random_edit_of_the_file_is_refused_with_its_place(parts: Parts, made: bytes) -> None:
    """Bits, bytes, whole lines, single values; a third of them with everything sealed anew under the record's key."""
    chance = Random(20261128)
    other = parts.evidence.make(case_id(2), "qian")
    missed = []
    for number in range(EDITS):
        what, edited = _edit(parts, made, other, chance)
        if edited == made:
            continue
        if not outcome(edited):
            missed.append((number, what))
    assert missed == []


def _edit(parts: Parts, made: bytes, other: bytes, chance: Random) -> tuple[str, bytes]:
    way = chance.choice(["bit", "byte", "cut", "insert", "line out", "line twice", "lines swapped", "foreign line",
                         "value", "value", "value resealed", "value resealed", "line out resealed"])  # fmt: skip
    at = chance.randrange(len(made))
    lines, strange = made.splitlines(keepends=True), other.splitlines(keepends=True)
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    if way == "bit":
        return way, made[:at] + bytes([made[at] ^ 1 << chance.randrange(8)]) + made[at + 1 :]
    if way == "byte":
        return way, made[:at] + bytes([chance.randrange(256)]) + made[at + 1 :]
    if way == "cut":
        return way, made[:at]
    if way == "insert":
        return way, made[:at] + chance.choice([b" ", b"\n", b"0", b"\\u0041", b"\r"]) + made[at:]
    if way == "line out":
        return way, b"".join(lines[:one] + lines[one + 1 :])
    if way == "line twice":
        return way, b"".join([*lines[:one], lines[one], *lines[one:]])
    if way == "lines swapped":
        lines[one], lines[two] = lines[two], lines[one]
        return way, b"".join(lines)
    if way == "foreign line":
        lines[one] = strange[min(one, len(strange) - 1)]
        return way, b"".join(lines)
    rows = rows_of(made)
    if way == "line out resealed":
        # An act at the end may be kept back without a trace in the file; the check says so. Everything else shows.
        acts = [n for n, row in enumerate(rows) if row["t"] == "act" and row["case"] == case_id(1)]
        texts = [n for n, row in enumerate(rows) if row["t"] in ("law", "actor", "directory", "registry")]
        texts = [n for n in texts if entry_of(rows[n]).get("kind") != "inventory"]
        out = chance.choice([*acts[:-1], *texts])
        return f"{way} {rows[out]['t']}", resealed(parts, rows[:out] + rows[out + 1 :])
    row = chance.choice(rows[:-1])
    name = chance.choice(sorted(row.keys() - {"t"}))
    if way == "value resealed" and name in ONLY_SEALED:
        name = "made_at_ms"
    row[name] = _other(row[name], chance)
    what = f"{way} {row['t']}.{name}"
    if way == "value resealed":
        return what, resealed(parts, rows)
    return what, b"".join(canonical_json(each).encode() + b"\n" for each in rows)


def _other(value: Any, chance: Random) -> Any:
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 1000])
    if isinstance(value, list):
        return value[1:] if value and chance.random() < 0.5 else [*value, "00" * 32]
    if isinstance(value, dict):
        return {**value, "due": "2030-01-01"}
    at = chance.randrange(len(value))
    sign = chance.choice([each for each in "0123456789abcdef" if each != value[at]])
    return value[:at] + sign + value[at + 1 :]


ROWS: dict[str, tuple[Any, list[str]]] = {
    "changes": (changes, [column.name for column in changes.columns]),
    "actors": (actors, ["device", "alg", "signature"]),
    "devices": (devices, ["user", "alg", "public_key", "enrolled_at_ms", "enrolment", "enrolment_sig", "name"]),
    "directories": (directories, ["document", "published_at_ms"]),
    "log_tiles": (log_tiles, ["hashes", "n", "level"]),
    "registry": (registry, ["text", "kind", "subject", "n"]),
    "checkpoints": (checkpoints, ["note", "acts_size", "made_at_ms"]),
    "record_keys": (record_keys, ["public_key", "since_ms", "signature"]),
}


class _TakeBack(Exception):
    """Ends a transaction whose edit must not stay."""


def test_every_edit_of_the_record_before_the_export_is_refused_or_changes_nothing(parts: Parts, made: bytes) -> None:
    chance = Random(20261129)
    missed, unchanged = [], set()
    for _ in range(ROW_EDITS):
        name = chance.choice(list(ROWS))
        table, columns = ROWS[name]
        column = chance.choice(columns)
        try:
            with parts.database.writing() as connection:
                row = chance.choice(connection.execute(select(table)).mappings().all())
                value = _other_row_value(row[column], chance)
                if value == "x" and isinstance(table.c[column].type, LargeBinary):
                    value = b"x"
                where = [key == row[key.name] for key in table.primary_key.columns]
                connection.execute(update(table).where(*where).values({column: value}))
                try:
                    edited = parts.evidence.make(case_id(1), "qian")
                except EvidenceRefused:
                    pass  # with the place; the words are tested in `test_log`
                else:
                    if edited == made:
                        unchanged.add(f"{name}.{column}")
                    elif not outcome(edited):
                        missed.append(f"{name}.{column}")
                raise _TakeBack
        except _TakeBack:
            continue
    assert missed == []
    assert unchanged <= {
        # Other cases' rows, and columns that the raw bytes and the registry answer better.
        *(f"changes.{each}" for each in ("actor", "seq", "start_op", "deps", "device", "user", "device_seq", "raw",
                                         "alg", "signature", "vouched_by", "residue")),
        *(f"actors.{each}" for each in ("device", "alg", "signature")),
        "devices.name", "devices.enrolment_sig", "checkpoints.made_at_ms",
    }  # fmt: skip


def _other_row_value(value: Any, chance: Random) -> Any:
    if value is None:
        return "x"
    if isinstance(value, int):
        return value + chance.randrange(1, 1_000)
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    if value and set(value) <= set("0123456789abcdef") and len(value) % 2 == 0:
        at = chance.randrange(len(value))
        return value[:at] + format(15 - int(value[at], 16), "x") + value[at + 1 :]
    return value + "x"


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
    "of a later version": lambda made: made.replace(b'"v":2}', b'"v":3}', 1),
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
