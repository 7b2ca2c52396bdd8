"""`…/evidence`: whoever decides contradictions downloads what proves a case, and whoever inquires into staff what proves
who reported or complained, which is in no file of the case. For a purpose that the audit trail keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from py_core.cases.acts import RecordedAct
from py_core.checkpoint import read_note
from py_core.desk import case_view, ports
from py_core.desk.account_words import EVIDENCE_TITLE, NO_EVIDENCE, REPORTER_EVIDENCE_TITLE, WHY_EVIDENCE
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.problems import problem
from py_core.desk.reporter_page import known_beside
from py_core.desk.turn import Turn
from py_core.views import language
from server import audit
from server.centre_pages import for_right
from server.evidence import EvidenceRefused
from server.forms import Form as Sent
from server.outside import from_ms, to_ms
from server.parts import Parts

_PURPOSE_MAX = 300


@dataclass(frozen=True, slots=True)
class _Subject:
    """Of what evidence is made: a case, or a document beside one that says who reported or complained."""

    document: str
    case_id: str  # which the audit trail names
    acts: Sequence[RecordedAct]
    here: str  # the page from which it is reached
    is_beside: bool = False

    @property
    def short(self) -> str:
        return self.document[-8:] if self.is_beside else self.document[:8]  # all of the former begin alike

    @property
    def noted_as(self) -> str:
        return "reporter_evidence_made" if self.is_beside else "evidence_made"


async def case_evidence(request: Request) -> Response:
    """Asks for the purpose and says what is proven; once sent, the file."""
    case_id = request.path_params["case"]

    def find(turn: Turn) -> _Subject | None:
        case = turn.store.case(case_id)
        return None if case is None else _Subject(case_id, case_id, case.acts, f"/cases/{case_id}")

    return await _evidence(request, "export_evidence", find)


async def reporter_evidence(request: Request) -> Response:
    """The same of who reported or complained, for who may know of it."""
    named = request.path_params["document"]

    def find(turn: Turn) -> _Subject | None:
        found = known_beside(turn, named)
        return None if found is None else _Subject(found.id, found.opened.id, found.acts, found.here, is_beside=True)

    return await _evidence(request, "export_reporter_evidence", find)


async def _evidence(request: Request, right: str, find: Callable[[Turn], _Subject | None]) -> Response:
    def make(parts: Parts, turn: Turn, sent: Sent) -> ports.Response | Response:
        subject = find(turn)
        if subject is None:  # there is none, or this person must not know of it
            return problem(turn, 404, "unknown_case")
        form = Form(turn, sent, {})
        fault = ""
        if sent:
            purpose = form.text("purpose", _PURPOSE_MAX, needed=WHY_EVIDENCE)
            if not form.errors:
                try:
                    return _file(parts, turn, subject, purpose)
                except EvidenceRefused:
                    fault = turn.say(NO_EVIDENCE)
        status = 409 if fault else 422 if form.errors else 200
        return _page(parts, turn, subject, form, fault, status)

    return await for_right(request, right, make)


def _page(parts: Parts, turn: Turn, subject: _Subject, form: Form, fault: str, status: int) -> ports.Response:
    checkpoint = read_note(parts.checkpoints.current()).checkpoint
    values = {
        "form": form,
        "here": subject.here,
        "case_title": case_title(turn, subject.case_id),
        "is_beside": subject.is_beside,
        "fault": fault,
        "acts": len(subject.acts),
        "size": checkpoint.acts.size,
        "at": language.moment_text(turn.lang, from_ms(checkpoint.time_ms)),
        "unsure": sum(1 for each in subject.acts if each.act.beacon is None),
    }
    title = turn.say(REPORTER_EVIDENCE_TITLE if subject.is_beside else EVIDENCE_TITLE)
    where = "centre" if subject.is_beside else ""
    return page(turn, "evidence.html", title, "evidence", values, status=status, where=where)


def case_title(turn: Turn, case_id: str) -> str:
    """Subject and number, as pages below a case name it."""
    opened = turn.open(case_id)
    return f"{case_view.title_of(turn, opened)} · {opened.number}" if opened is not None else ""


def _file(parts: Parts, turn: Turn, subject: _Subject, purpose: str) -> Response:
    user = turn.identity.user
    data = parts.evidence.make(subject.document, user)
    size = read_note(parts.checkpoints.current()).checkpoint.acts.size
    said = {"why": purpose, "checkpoint": str(size)}
    if subject.is_beside:
        said["document"] = subject.document
    with parts.database.writing() as connection:  # before the file goes out: what is not noted is not given
        audit.note(connection, to_ms(parts.clock.now()), user, subject.noted_as, subject.case_id, **said)
    headers = {
        "content-disposition": f'attachment; filename="evidence-{subject.short}.jsonl"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)
