"""Whatever is edited in an evidence file, or in the record before the export, is found and named, by random edits of a
record that has everything: rules of the city, a withdrawn device, a vouched act, an erased case, a replaced key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from evidence_files import ONLY_SEALED, Rows, check, entry_of, is_city_act, outcome, resealed, rows_of
from laptop import Laptop, SeededEntropy, StandingClock, case_id
from returned import Restore
from sqlalchemy import LargeBinary, select, update
from sqlalchemy.exc import IntegrityError
from test_city_rules import publish
from test_erasing import finish, give_roles, steps
from test_restore import CASE, ask, lost_with_its_author, now, reasons

from py_core.cases.acts import canonical_json
from py_core.desk.ports import DeviceRevocation, LateDecision
from server import late_work
from server.engine import EngineOutside
from server.erasing import erase_due
from server.evidence import EvidenceRefused
from server.outside import to_ms
from server.parts import Parts, assemble
from server.record_keys import rotate
from server.tables import actors, changes, checkpoints, devices, directories, log_tiles, record_keys, registry

EDITS = 1_000
ROW_EDITS = 300
ERASED = case_id(9)
DATES = frozenset({"made_at_ms", "found"})  # of an erased case: nothing can be counted any more, and the check says so
NO_ROLL = {"type": "policy_set", "policy": "P-03", "value": "no_roll", "in_force_from": "2036-01-01", "reason": "试行"}


@dataclass(frozen=True, slots=True)
class Full:
    """A record with everything that evidence can hold, and what somebody outside has kept of it."""

    parts: Parts
    files: tuple[bytes, bytes]  # of a case that lives, of one that was erased
    kept: tuple[str, str]  # of after the last act of either case, and of now


@pytest.fixture
def full(
    parts: Parts, clock: StandingClock, tmp_path: Path, restored: Restore, engine: EngineOutside
) -> Iterator[Full]:
    give_roles(parts, lin=["officer", "dispatch_desk"], qian=["reconciler", "supervision_office"])
    lin, zhao, stolen = Laptop(parts, "lin"), Laptop(parts, "zhao"), Laptop(parts, "zhao", "stolen")
    copied = Laptop(parts, "zhao", "copied")
    finish(lin, ERASED, *steps("麻雀鸣", "K7Q-000018"))
    clock.pass_time(days=3655)
    assert publish(parts) == "accepted"
    held = lost_with_its_author(lin, zhao, tmp_path, restored)
    back = lin.parts
    assert reasons(ask(zhao, held, **now(zhao))) == ["others_act"]
    with back.database.reading() as connection:
        (item,) = late_work.held(connection)
    back.decisions.carry_out(LateDecision((item.id,), True, "笔记本已毁"), "qian")
    stolen.parts = back
    stolen.sync()
    assert stolen.verdict(stolen.act(CASE, {"type": "noted", "text": "一"})) == "accepted"
    back.decisions.carry_out(DeviceRevocation(stolen.device, "遗失"), "luo")
    copied.parts = back
    copied.sync()
    assert copied.verdict(copied.act(CASE, {"type": "noted", "text": "原机"})) == "accepted"
    copied.seq -= 1
    assert copied.verdict(copied.act(CASE, {"type": "noted", "text": "副本"})) == "sequence_reused"
    with back.database.writing() as connection:
        done = rotate(connection, back.settings.data, SeededEntropy("next key"), to_ms(clock.now()))
        back.database.after_commit(done)
    clock.pass_time(hours=1)
    made = assemble(back.settings, clock, SeededEntropy("after"), engine)
    assert erase_due(made, "he", holds_placed=True).documents == 1
    zhao.parts = made
    ask(zhao, **now(zhao))
    assert reasons(ask(zhao, zhao.act(CASE, {"type": "noted", "text": "二"}), **now(zhao))) == ["accepted"]
    kept = made.checkpoints.current()
    clock.pass_time(hours=1)
    assert publish(made, NO_ROLL) == "accepted"
    files = (made.evidence.make(CASE, "qian"), made.evidence.make(ERASED, "qian"))
    yield Full(made, files, (kept, made.checkpoints.current()))
    made.close()


def test_the_files_have_everything(full: Full) -> None:
    living, erased = (check(data, *full.kept) for data in full.files)
    assert (living.of("wrong"), erased.of("wrong")) == ([], [])
    said = [each.text("en") for each in living.items]
    for words in ("vouches that it held it", "by the city's rules as they stood",
                  "all 2 acts of the city's rules and all 2 withdrawals and freezings", "was enrolled for zhao"):  # fmt: skip
        assert any(words in text for text in said), words
    assert sum("its content was erased" in each.text("en") for each in erased.of("proven")) == 8
    rows = [rows_of(data) for data in full.files]
    assert [len(each[1]["keys"]) for each in rows] == [2, 2]
    assert [sum(is_city_act(row) for row in each) for each in rows] == [2, 2]
    for each in rows:
        assert [entry_of(row).get("kind") for row in each].count("inventory") == 2


def test_every_random_edit_of_the_file_is_refused_with_its_place(full: Full) -> None:
    """Bits, bytes, whole lines, single values; many of them with everything sealed anew under the record's key. What is
    left out by who holds that key is refused, or something is no longer proven and the check says so."""
    chance = Random(20261128)
    missed, ways = [], set()
    for number in range(EDITS):
        made, other = chance.choice([full.files, full.files[::-1]])
        what, edited = _edit(full.parts, made, other, chance)
        ways.add(what)
        if edited != made and (_is_whole(made, edited, full) if what[:8] == "left out" else not outcome(edited)):
            missed.append((number, what))
    assert missed == []
    of_leaving_out = {"city act", "device_withdrawn", "device_frozen", "inventory", "device", "directory", "law",
                      "enrolment", "act"}  # fmt: skip
    assert {f"left out {kind}" for kind in of_leaving_out} <= ways


def _is_whole(made: bytes, edited: bytes, full: Full) -> bool:
    """Whether a file from which something was taken proves all that it proved with it."""
    if outcome(edited, *full.kept):
        return False
    before, after = ({each.text("en") for each in check(data, *full.kept).of("proven")} for data in (made, edited))
    return before <= after


def _edit(parts: Parts, made: bytes, other: bytes, chance: Random) -> tuple[str, bytes]:
    way = chance.choice(["bit", "byte", "cut", "insert", "line out", "line twice", "lines swapped", "foreign line",
                         "value", "value", "value resealed", "value resealed", "left out", "left out"])  # fmt: skip
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
    if way == "left out":
        out = _left_out(rows, chance)
        kept = [row for n, row in enumerate(rows) if n not in out]
        return f"{way} {_kind(rows[out[0]])}", resealed(parts, kept)
    row = rows[_pick(rows[:-1], chance)]
    name = chance.choice(sorted(row.keys() - {"t"}))
    if way == "value resealed" and name in (ONLY_SEALED if rows[0]["case"] == CASE else ONLY_SEALED | DATES):
        row, name = rows[2], "note"
    row[name] = _other(row[name], chance)
    what = f"{way} {row['t']}.{name}"
    if way == "value resealed":
        return what, resealed(parts, rows)
    return what, b"".join(canonical_json(each).encode() + b"\n" for each in rows)


def _left_out(rows: Rows, chance: Random) -> list[int]:
    """Up to three lines. The case's newest act may be kept back without a trace in the file, which the check says; and
    nothing rests on the actors of an erased case."""
    newest = max(n for n, row in enumerate(rows) if row["t"] == "act" and not is_city_act(row))
    others = [n for n, row in enumerate(rows) if n != newest and _kind(row) not in ("seal", "actor")]
    if rows[0]["case"] == CASE:
        others += [n for n, row in enumerate(rows) if _kind(row) == "actor"]
    first = others[_pick([rows[n] for n in others], chance)]
    return [first, *chance.sample(others, chance.randrange(3))]


def _pick(rows: Rows, chance: Random) -> int:
    """A line of a kind that is chosen first, so that rare ones are hit as often as laws."""
    kind = chance.choice(sorted({_kind(row) for row in rows}))
    return chance.choice([n for n, row in enumerate(rows) if _kind(row) == kind])


def _kind(row: dict[str, Any]) -> str:
    return "city act" if is_city_act(row) else str(entry_of(row).get("kind", row["t"]))


def _other(value: Any, chance: Random) -> Any:
    if value is None:  # an act whose content was erased
        return "00"
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
    "devices": (
        devices,
        ["user", "alg", "public_key", "enrolled_at_ms", "enrolment", "enrolment_sig", "name", "revoked_at_ms"],
    ),
    "directories": (directories, ["document", "published_at_ms"]),
    "log_tiles": (log_tiles, ["hashes", "n", "level"]),
    "registry": (registry, ["text", "kind", "subject", "n"]),
    "checkpoints": (checkpoints, ["note", "acts_size", "made_at_ms"]),
    "record_keys": (record_keys, ["public_key", "since_ms", "signature"]),
}


class _TakeBack(Exception):
    """Ends a transaction whose edit must not stay."""


def test_every_edit_of_the_record_before_the_export_is_refused_or_changes_nothing(full: Full) -> None:
    chance = Random(20261129)
    missed, unchanged = [], set()
    for _ in range(ROW_EDITS):
        name = chance.choice(list(ROWS))
        table, columns = ROWS[name]
        column = chance.choice(columns)
        case, made = chance.choice([(CASE, full.files[0]), (ERASED, full.files[1])])
        try:
            with full.parts.database.writing() as connection:
                rows = connection.execute(select(table)).mappings().all()
                if column == "revoked_at_ms":  # to withdraw a device is no fault, to take it back is one
                    rows = [row for row in rows if row[column] is not None]
                row = chance.choice(rows)
                value = _other_row_value(row[column], chance)
                if value == "x" and isinstance(table.c[column].type, LargeBinary):
                    value = b"x"
                where = [key == row[key.name] for key in table.primary_key.columns]
                connection.execute(update(table).where(*where).values({column: value}))
                try:
                    edited = full.parts.evidence.make(case, "qian")
                except EvidenceRefused:
                    pass  # with the place; the words are tested in `test_log`
                else:
                    if edited == made:
                        unchanged.add(f"{name}.{column}")
                    elif not outcome(edited):
                        missed.append(f"{name}.{column}")
                raise _TakeBack
        except (_TakeBack, IntegrityError):  # of two rows with one number the database takes none
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
        if not value:  # erased
            return b"x"
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    if value and set(value) <= set("0123456789abcdef") and len(value) % 2 == 0:
        at = chance.randrange(len(value))
        return value[:at] + format(15 - int(value[at], 16), "x") + value[at + 1 :]
    return value + "x"
