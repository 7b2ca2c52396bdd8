"""Erases the content of documents whose period is over: by an act of the record, in one transaction for each document.

Only the record's own job comes here, ordered by a person with the right. What stays are the hashes, signatures and
receipts, and of every act what `py_core.residue` leaves. A job that was killed is simply run again: a document is
erased wholly or not at all, and what lies beside the database is looked at anew each time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from py_core import __version__
from py_core.cases.acts import Act, read_act
from py_core.change import decode_act_change
from py_core.city.filling import KEEPING
from py_core.desk.keeping import Document, documents
from py_core.desk.turn import Turn, forget
from py_core.errors import ShouwenError
from py_core.packs.retention import load_retention
from py_core.reporters import about, complaints_beside, reporter_id
from py_core.residue import Residues, hashes_digest, remains_digest
from py_core.retention import Kept, years_after
from py_core.rights import may
from py_core.values import local, next_midnight
from server import attachments, audit, late_work, lineage, record
from server.desk_answers import desk_request, turn_of
from server.devices import SERVER_DEVICE
from server.erased import ERASED, remains_of
from server.erased_list import ErasedList
from server.outside import to_ms
from server.own_device import OwnAct
from server.parts import Parts
from server.tables import changes

_log = logging.getLogger("shouwen.erasing")

Progress = Callable[[int, int], None]
"""Told how many documents are done, of how many."""


class ErasingRefused(ShouwenError):
    """The job cannot be run as asked; nothing was erased."""

    code = "erasing_refused"


@dataclass(frozen=True, slots=True)
class Erasing:
    """What a run has done: documents erased, acts and contents in them, documents left because work waits in them, and
    those that it could not erase (the log says why); and acts that had been left out, of no document."""

    documents: int
    acts: int
    contents: int
    waiting: int
    failed: int = 0
    left_out: int = 0
    why: Exception | None = None  # the first fault: of a document, or of taking what was erased off the disk


def due(parts: Parts, by: str) -> list[Document]:
    """What may be erased now; raises `ErasingRefused` when this person may not order it."""
    turn = _turn(parts, by)
    today = turn.moment.date()
    return [each for each in documents(turn, timedelta(0)) if each.kept is not None and each.kept.is_due(today)]


def erase_due(parts: Parts, by: str, progress: Progress | None = None, *, holds_placed: bool = False) -> Erasing:
    """Erases everything that is due, in the name of the person who ordered it.

    After a return from a backup somebody has to say once that the holds which the backup did not have are placed again
    (`holds_placed`); before, it raises `ErasingRefused`.
    """
    _require_holds(parts, by, holds_placed=holds_placed)
    found, done = due(parts, by), Erasing(0, 0, 0, 0)
    for number, document in enumerate(found, 1):
        done = _sum(done, _erase_one(parts, by, document))
        if progress is not None:
            progress(number, len(found))
    return _sum(done, _tidy_up(parts, by))


def _erase_left_out(parts: Parts, by: str) -> int:
    """What the centre left out of the record and no document takes along when it is erased; how many acts went."""
    turn = _turn(parts, by)
    rule = load_retention().of_unmatched
    years = turn.rules.settings_of(KEEPING).get(rule.id, rule.years)
    first_kept = years_after(turn.moment.date(), -years)
    with parts.database.writing() as connection:
        gone = late_work.erase_left_out(connection, to_ms(next_midnight(first_kept - timedelta(days=1))))
        for document, act in gone:
            audit.note(connection, to_ms(parts.clock.now()), by, ERASED, document, rule=rule.id, left_out=act)
    return len(gone)


def erase_again(parts: Parts) -> Erasing:
    """After a return from an older backup: erases what had been erased before and came back with it.

    Goes by the list beside the database, in the names of those who had ordered it; what is on hold stays.
    """
    listed = {each.document: each for each in ErasedList(parts.settings.data).read(parts.own_device.public_key)}
    with parts.database.reading() as connection:
        erased = set(connection.scalars(select(changes.c.case_id).where(changes.c.residue.is_not(None)).distinct()))
    back = {document: each for document, each in listed.items() if document not in erased}
    found = Erasing(0, 0, 0, 0)
    able = _able(parts)
    if not back or not able:
        return _tidy_up(parts) if listed else found
    for document in list(documents(_view(parts, min(able)), _EVER)):
        each = back.get(document.record.id)
        if each is None or document.kept is None or document.holds:
            continue
        kept = replace(
            document.kept, years=each.event["years"], kept_until=date.fromisoformat(each.event["kept_until"])
        )
        by = each.user if each.user in able else min(able)
        found = _sum(found, _erase_one(parts, by, replace(document, kept=kept), again=True))
    return _sum(found, _tidy_up(parts))


def erase_again_or_why(parts: Parts) -> tuple[int, Exception | None]:
    """The same for whoever has to tell what is left undone: how many documents, and the first reason."""
    done = erase_again(parts)
    return done.failed, done.why


_EVER = timedelta(days=366 * 200)


def _tidy_up(parts: Parts, by: str | None = None) -> Erasing:
    """What is left to do beside the documents, `by` somebody also about what had been left out of the record; a fault
    is told and tried again."""
    forget()  # what pages kept of the cases that they had folded
    left_out = 0
    why: Exception | None = None
    try:
        left_out = _erase_left_out(parts, by) if by is not None else 0
    except Exception as error:
        _log.exception("what was left out of the record was not erased; the next run tries again")
        why = error
    try:
        tidy(parts)
    except Exception as error:
        _log.exception("what was erased was not taken off the disk wholly; the next run tries again")
        why = why or error
    return Erasing(0, 0, 0, 0, left_out=left_out, why=why)


def tidy(parts: Parts) -> None:
    """Takes what was erased out of everything that lies beside the log: quarantine, search index, free pages."""
    with parts.database.writing() as connection:
        late_work.erase_settled(connection)
    if parts.settings.similar_cases:
        parts.similar.catch_up()
    parts.database.forget_deleted()


def _turn(parts: Parts, by: str) -> Turn:
    turn = _view(parts, by)
    if turn.person is None or not turn.may("erase_content"):
        raise ErasingRefused(f"{by} may not order an erasure: it needs somebody with the right erase_content")
    return turn


def _require_holds(parts: Parts, by: str, *, holds_placed: bool) -> None:
    with parts.database.writing() as connection:
        if not lineage.count_restores(connection):
            return
        now = lineage.current(connection)
        if any(each.what == _HOLDS_PLACED for each in audit.entries(connection, 1, about=now)):
            return
        if not holds_placed:
            raise ErasingRefused(
                "this record came back from a backup, and holds that were placed after the backup are lost: place them "
                "again, then say so once with --holds-placed"
            )
        _turn(parts, by)
        audit.note(connection, to_ms(parts.clock.now()), by, _HOLDS_PLACED, now)


_HOLDS_PLACED = "holds_placed_again"


def _view(parts: Parts, by: str) -> Turn:
    return turn_of(parts, desk_request("GET", "/centre/keeping", {}, {}, "en", ""), by)


def _able(parts: Parts) -> set[str]:
    """Who may order an erasure today."""
    people = parts.city.current().directory.people_on(local(parts.clock.now()).date())
    return {person.id for person in people if may(person.roles, "erase_content")}


def _erase_one(parts: Parts, by: str, document: Document, *, again: bool = False) -> Erasing:
    """The same for one of many: what is wrong with it stops neither the others nor the record's start."""
    try:
        return erase_document(parts, by, document, again=again)
    except Exception as error:
        _log.exception("%s was not erased; the next run tries again", document.record.id)
        return Erasing(0, 0, 0, 0, 1, why=error)


def erase_document(parts: Parts, by: str, document: Document, *, again: bool = False) -> Erasing:
    """Erases one document that may be erased (the caller's word), and beside it who reported or complains, unless
    undecided work waits in it."""
    kept = document.kept
    assert kept is not None, "only what has a period is due"
    events = [event for recorded in document.record.acts for event in recorded.act.events]
    beside = {reporter_id(kept.id), *complaints_beside(events), *parts.casebook.beside(kept.id)}
    with parts.database.writing() as connection:
        rows = _rows(connection, kept.id)
        seen = {recorded.hash for recorded in document.record.acts}
        if not rows or any(row.residue is not None for row in rows) or {row.hash for row in rows} != seen:
            return Erasing(0, 0, 0, 0)  # done before, or somebody worked on it a moment ago
        if kept.rule.id == load_retention().of_unmatched.id and not again and _rows(connection, about(events)):
            return Erasing(0, 0, 0, 0)  # its case came a moment ago: now it is kept as long as that
        # What says who told of a case that the record does not have yet waits with that case, too.
        if any(late_work.waits_in(connection, each) for each in (kept.id, about(events), *beside) if each):
            return Erasing(0, 0, 0, 1)
        contents = _erase_rows(parts, connection, by, kept, rows, again=again)
        for each in parts.casebook.beside(kept.id):  # not what a complaint names: it may name anybody's
            teller = _rows(connection, each)
            if teller[0].residue is None:
                _erase_rows(parts, connection, by, replace(kept, id=each), teller, again=again)
    return Erasing(1, len(rows), contents, 0)


def _rows(connection: Connection, document: str) -> Sequence[Row[Any]]:
    return connection.execute(select(changes).where(changes.c.case_id == document).order_by(changes.c.log_index)).all()


def _erase_rows(
    parts: Parts, connection: Connection, by: str, kept: Kept, rows: Sequence[Row[Any]], *, again: bool
) -> int:
    """Erases one document inside the caller's transaction, by an act in it; gives how many contents went."""
    left = _residues(parts, rows)
    event = _event(kept, rows, left, again=again)
    now = parts.clock.now().replace(microsecond=0)
    text = Act(
        kind="erase_content",
        events=(event,),
        user=by,
        device=SERVER_DEVICE,
        device_seq=parts.own_device.next_seq(),
        occurred_at=local(now),
        claimed_at=local(now),
        beacon=None,
        since_beacon_ms=None,
        pack_version=parts.packs.on(local(now).date()).version,
        app_version=__version__,
    ).text()
    parts.own_device.append([OwnAct(kept.id, text, by)])
    last = record.entries_of_case(connection, kept.id)[-1]
    signature = connection.scalar(select(changes.c.signature).where(changes.c.hash == last.hash))
    record.erase(connection, left)
    contents = attachments.erase(connection, kept.id)
    late_work.erase_settled(connection)
    about = {"rule": kept.rule.id, "acts": len(rows), "hashes": event["hashes"]}
    audit.note(connection, to_ms(parts.clock.now()), by, ERASED, kept.id, **about)
    # Before the commit: what the list names and the record still has is erased at the next start.
    ErasedList(parts.settings.data).add(kept.id, last.raw, bytes(signature or b""))
    return contents


def _residues(parts: Parts, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """What stays of each act, by its hash; the regulation's own phrases are kept where they were spoken."""
    phrases = sorted({phrase for pack in parts.packs.values() for phrase in pack.forbidden_phrases})
    made = Residues(phrases)
    return {row.hash: made.of(read_act(decode_act_change(bytes(row.raw)).text)) for row in rows}


def _event(kept: Kept, rows: Sequence[Row[Any]], left: dict[str, str], *, again: bool) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": ERASED,
        "rule": kept.rule.id,
        "years": kept.years,
        "closed_on": kept.closed_on.isoformat(),
        "kept_until": kept.kept_until.isoformat(),
        "count": len(rows),
        "hashes": hashes_digest(row.hash for row in rows),
        "residue": remains_digest(remains_of(row, left[row.hash]) for row in rows),
    }
    return {**event, "again": True} if again else event


def _sum(one: Erasing, other: Erasing) -> Erasing:
    return Erasing(
        one.documents + other.documents,
        one.acts + other.acts,
        one.contents + other.contents,
        one.waiting + other.waiting,
        one.failed + other.failed,
        one.left_out + other.left_out,
        one.why or other.why,
    )
