"""Every edit of the record's rows is found and named; feeds are mended from the log while the record is open."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

import pytest
from laptop import Laptop, case_id, registered
from pictures import jpeg, naming, send
from sqlalchemy import Connection, delete, select, update

from server.parts import Parts
from server.rebuilding import rebuild
from server.tables import (
    actors,
    attachment_chunks,
    attachment_names,
    case_units,
    changes,
    checkpoints,
    devices,
    directories,
    feed,
    log_tiles,
    record_keys,
    registry,
)
from server.verification import Verified, verify

EDITS = 300


@pytest.fixture
def filled(parts: Parts) -> Parts:
    lin, zhao = Laptop(parts, "lin"), Laptop(parts, "zhao")
    for n in range(3):
        lin.sync(lin.act(case_id(n), registered()))
        zhao.sync()
        lin.sync(lin.act(case_id(n), {"type": "noted", "text": "一"}))
        zhao.sync(zhao.act(case_id(n), {"type": "noted", "text": "二"}))
        lin.sync()
        lin.sync(lin.act(case_id(n), {"type": "noted", "text": "三"}))
        parts.checkpoints.current()
    return parts


def found(parts: Parts) -> Verified:
    return verify(parts.database, parts.engine)


def test_an_honest_record_has_no_fault(filled: Parts) -> None:
    verified = found(filled)
    assert verified.faults == ()
    assert (verified.changes, verified.cases) == (12, 3)


def flip(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) * 8)
    return data[: at // 8] + bytes([data[at // 8] ^ (1 << at % 8)]) + data[at // 8 + 1 :]


def edit_anything(connection: Connection, chance: Random) -> str:
    """One random edit of the log or of what proves it; says which."""
    proving = [log_tiles, registry, checkpoints, record_keys, directories]
    table = chance.choice([changes, changes, changes, changes, devices, actors, *proving])
    rows = connection.execute(select(table)).mappings().all()
    own = {devices: "id", actors: "device"}.get(table)
    row = chance.choice([r for r in rows if own is None or r[own] != "server"])
    columns = {
        changes: [
            "hash",
            "case_id",
            "actor",
            "seq",
            "start_op",
            "deps",
            "raw",
            "signature",
            "device",
            "user",
            "device_seq",
            "received_at_ms",
        ],
        devices: ["public_key", "user", "enrolled_at_ms", "enrolment"],
        actors: ["signature", "device"],
        log_tiles: ["hashes"],
        registry: ["text", "kind", "subject"],
        checkpoints: ["note"],
        record_keys: ["public_key", "since_ms", "signature"],
        directories: ["document", "published_at_ms"],
    }[table]
    name = chance.choice(columns)
    if name == "deps" and not row["deps"]:
        name = "raw"
    value = row[name]
    if isinstance(value, bytes):
        value = flip(bytes(value), chance)
    elif isinstance(value, int):
        value += chance.randrange(1000, 2000)
    elif name in ("hash", "case_id", "actor", "deps"):
        value = flip(bytes.fromhex(value), chance).hex()
    else:
        value += "x"
    where = [key == row[key.name] for key in table.primary_key.columns]
    connection.execute(update(table).where(*where).values({name: value}))
    return f"{table.name}.{name}"


def test_every_random_edit_is_found(filled: Parts) -> None:
    chance = Random(20261122)
    missed = []
    for _ in range(EDITS):
        with filled.database.engine.connect().execution_options(shouwen_writes=True) as connection:
            transaction = connection.begin()
            what = edit_anything(connection, chance)
            if not verify_in(filled, connection).faults:
                missed.append(what)
            transaction.rollback()
    assert missed == []


def verify_in(parts: Parts, connection: Connection) -> Verified:
    """Verifies what this connection sees, before it is taken back."""

    class Seen:
        def reading_committed(self) -> Seen:
            return self

        def __enter__(self) -> Connection:
            return connection

        def __exit__(self, *_: object) -> None:
            """The connection goes on."""

    return verify(Seen(), parts.engine)  # type: ignore[arg-type]


Damage = Callable[[Connection], object]
DAMAGES: dict[str, tuple[str, Damage]] = {
    "a change taken out of the middle": (
        "gap_in_the_log",
        lambda c: c.execute(delete(changes).where(changes.c.log_index == 5)),
    ),
    "a line taken out of a feed": ("not_fed", lambda c: c.execute(delete(feed).where(feed.c.log_index == 4))),
    "a whole feed": ("not_fed", lambda c: c.execute(delete(feed))),
    "units of the cases": ("not_fed", lambda c: (c.execute(delete(case_units)), c.execute(delete(feed)))),
    "a line that leads nowhere": (
        "dangling_feed",
        lambda c: c.execute(update(feed).where(feed.c.n == 3).values(log_index=999)),
    ),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_missing_rows_are_named(filled: Parts, damage: str) -> None:
    code, do = DAMAGES[damage]
    with filled.database.writing() as connection:
        do(connection)
    assert code in {fault.code for fault in found(filled).faults}


@pytest.mark.parametrize("damage", [name for name, (code, _) in DAMAGES.items() if code != "gap_in_the_log"])
def test_feeds_are_mended_from_the_log(filled: Parts, damage: str) -> None:
    with filled.database.writing() as connection:
        DAMAGES[damage][1](connection)
    told: list[tuple[int, int]] = []
    done = rebuild(filled.database, lambda *step: told.append(step))
    assert done.lines_added > 0
    assert told[-1] == (3, 3)
    assert found(filled).faults == ()
    again = rebuild(filled.database)
    assert (again.lines_added, again.lines_removed) == (0, 0)
    zhao = Laptop(filled, "zhao", "second laptop")
    assert len({(each.case_id, each.raw) for each in zhao.sync()[1]}) == 12


def test_a_cursor_stays_good_over_a_rebuild(filled: Parts) -> None:
    wu = Laptop(filled, "zhao", "third laptop")
    assert len(wu.sync()[1]) == 12
    with filled.database.writing() as connection:
        connection.execute(delete(feed).where(feed.c.log_index == 4))
    rebuild(filled.database)
    assert [each.log_index for each in wu.sync()[1]] == [4]


@pytest.fixture
def pictured(parts: Parts) -> Parts:
    """A record with one photograph that a case names."""
    photo = jpeg()
    sha256 = hashlib.sha256(photo).hexdigest()
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(0), registered()))
    assert lin.verdict(lin.act(case_id(0), naming(sha256, len(photo)))) == "accepted"
    send(parts, data=photo)
    assert found(parts).faults == ()
    return parts


def test_a_flipped_bit_of_a_photograph_is_found(pictured: Parts) -> None:
    with pictured.database.writing() as connection:
        row = connection.execute(select(attachment_chunks).where(attachment_chunks.c.at > 0)).first()
        assert row is not None
        same = (attachment_chunks.c.sha256 == row.sha256, attachment_chunks.c.at == row.at)
        connection.execute(update(attachment_chunks).where(*same).values(data=flip(bytes(row.data), Random(1))))
    assert [fault.code for fault in found(pictured).faults] == ["other_content"]


def test_which_acts_name_a_photograph_is_mended_from_the_log(pictured: Parts) -> None:
    with pictured.database.writing() as connection:
        connection.execute(delete(attachment_names))
    assert [fault.code for fault in found(pictured).faults] == ["not_named"]
    rebuild(pictured.database)
    assert found(pictured).faults == ()
