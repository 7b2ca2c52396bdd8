"""`/cases/<id>/evidence`: whoever decides contradictions downloads what proves a case, for a purpose that is kept."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from py_core.checkpoint import read_note
from py_core.desk import case_view, ports
from py_core.desk.account_words import EVIDENCE_TITLE, NO_EVIDENCE, WHY_EVIDENCE
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from py_core.views import language
from server import audit
from server.centre_pages import for_right
from server.evidence import EvidenceRefused
from server.forms import Form as Sent
from server.outside import from_ms, to_ms
from server.parts import Parts

_PURPOSE_MAX = 300


async def case_evidence(request: Request) -> Response:
    """Asks for the purpose and says what is proven; once sent, the file."""
    case_id = request.path_params["case"]

    def make(parts: Parts, turn: Turn, sent: Sent) -> ports.Response | Response:
        case = turn.store.case(case_id)
        if case is None:  # there is none, or this person must not know of it
            return problem(turn, 404, "unknown_case")
        form = Form(turn, sent, {})
        fault = ""
        if sent:
            purpose = form.text("purpose", _PURPOSE_MAX, needed=WHY_EVIDENCE)
            if not form.errors:
                try:
                    return _file(parts, turn, case_id, purpose)
                except EvidenceRefused:
                    fault = turn.say(NO_EVIDENCE)
        checkpoint = read_note(parts.checkpoints.current()).checkpoint
        values = {
            "form": form,
            "case_id": case_id,
            "case_title": case_title(turn, case_id),
            "fault": fault,
            "acts": len(case.acts),
            "size": checkpoint.acts.size,
            "at": language.moment_text(turn.lang, from_ms(checkpoint.time_ms)),
            "unsure": sum(1 for each in case.acts if each.act.beacon is None),
        }
        status = 409 if fault else 422 if form.errors else 200
        return page(turn, "evidence.html", turn.say(EVIDENCE_TITLE), "evidence", values, status=status)

    return await for_right(request, "export_evidence", make)


def case_title(turn: Turn, case_id: str) -> str:
    """Subject and number, as pages below a case name it."""
    opened = turn.open(case_id)
    return f"{case_view.title_of(turn, opened)} · {opened.number}" if opened is not None else ""


def _file(parts: Parts, turn: Turn, case_id: str, purpose: str) -> Response:
    user = turn.identity.user
    data = parts.evidence.make(case_id, user)
    size = read_note(parts.checkpoints.current()).checkpoint.acts.size
    with parts.database.writing() as connection:  # before the file goes out: what is not noted is not given
        now_ms = to_ms(parts.clock.now())
        audit.note(connection, now_ms, user, "evidence_made", case_id, why=purpose, checkpoint=str(size))
    headers = {
        "content-disposition": f'attachment; filename="evidence-{case_id[:8]}.jsonl"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)
