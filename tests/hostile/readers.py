"""What people see of a record in which a hostile act was taken: every page must still be made, with nothing live in it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from py_core.city import CITY_ID
from py_core.desk import respond
from py_core.desk.ports import Identity, Request, Surroundings
from py_core.visits import is_visit_id
from server import record
from server.recorded import recorded_act
from tests.core.fakes import FakeStore

from .kinds_text import MARK
from .world import World


def complaints(world: World, connection: Connection, document: str) -> list[str]:
    """What a reader of this document and of the lists would meet that he must not; empty when all is well."""
    store = FakeStore(world.directory)
    store.acts = {
        each: [recorded_act(entry) for entry in record.entries_of_case(connection, each)]
        for each in {document, CITY_ID}
    }
    found = []
    for user, path in _pages(document):
        for where in ("server", "device"):
            request = Request("GET", path)
            around = Surroundings(world.clock.now(), lambda: "0" * 32, 1, "0.1.0", where=where)
            try:
                answer = respond(request, store, Identity(user, f"of-{user}", "K7Q"), around)
            except Exception as error:
                found.append(f"{where} {path.replace(document, '…')}: {type(error).__name__}: {error}"[:300])
                continue
            if answer.status >= 500 and answer.status != 503:
                found.append(f"{where} {path.replace(document, '…')}: {answer.status}")
            if MARK in answer.html:
                found.append(f"{where} {path.replace(document, '…')}: live HTML from an act")
    return found


def _pages(document: str) -> Iterable[tuple[str, str]]:
    if document == CITY_ID:
        yield "he", "/centre/rules"
        yield "he", "/centre/calendar"
        yield "lin", "/today"
    elif is_visit_id(document):
        yield "lin", f"/visits/{document}"
        yield "lin", "/visits"
        yield "lin", f"/visits/{document}/record"
    else:
        yield "lin", f"/cases/{document}"
        yield "lin", "/today"
        yield "lin", "/cases"
        yield "lin", f"/cases/{document}/slips/F-01"
        yield "qian", "/centre/reconciliation"
