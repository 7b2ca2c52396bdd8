"""`/centre/carried`: takes outbox files, shows what became of them, gives the receipts. For people of the centre."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from py_core import carry, wire
from py_core.carry import CarryRefused
from py_core.cases.acts import Act
from py_core.desk import carried_page, ports
from py_core.desk.carried_page import BroughtAct, BroughtFile
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from server import record
from server.answers import chosen_language, page_answer, problem_answer, remember_language
from server.carry_import import CarriedFile
from server.desk_answers import desk_request, turn_of
from server.devices import device_by_id
from server.guard import CARRIED_PATH
from server.held_back import HeldBack, Reader, act_of_bytes, secrecy_in_record
from server.outside import from_ms
from server.parts import Parts
from server.recorded import recorded_act
from server.sessions import Session
from server.sign_in import ask_to_sign_in
from server.who import is_own_form, parts_of, session_of

_FILES_SHOWN = 50
_FIELDS_MAX = 8


async def show_files(request: Request) -> Response:
    """The upload and the files brought before."""
    return await _page(request, lambda parts, turn: _overview(parts, turn))


async def show_file(request: Request) -> Response:
    """What became of one file."""
    return await _page(request, lambda parts, turn: _one(parts, turn, request.path_params["file"]))


async def give_receipts(request: Request) -> Response:
    """The receipts file to carry back."""
    file = request.path_params["file"]

    def give(parts: Parts, turn: Turn) -> ports.Response | Response:
        found = parts.carry_import.known(file)
        if found is None:
            return problem(turn, 404, "unknown_page")
        headers = {"content-disposition": f'attachment; filename="{found.stem}{carry.RECEIPTS_ENDING}"'}
        return Response(found.receipts, 200, headers, media_type=wire.CONTENT_TYPE)

    return await _page(request, give)


async def take_file(request: Request) -> Response:
    """Takes one outbox file in; leads to the page that says what became of it."""
    session = await session_of(request)
    if session is None:
        return await ask_to_sign_in(request, None)
    try:
        async with request.form(max_files=1, max_fields=_FIELDS_MAX) as form:
            token, given = form.get("csrf"), form.get("file")
            data = await given.read() if isinstance(given, UploadFile) else b""
    except (HTTPException, MultiPartException, ValueError):
        return problem_answer(request, 400, "bad_form", csrf=session.csrf)
    if not isinstance(token, str) or not is_own_form(session, token):
        return problem_answer(request, 403, "bad_form", csrf=session.csrf)

    def take(parts: Parts, turn: Turn) -> ports.Response | Response:
        if not data:
            return _overview(parts, turn, "no_file")
        try:
            taken = parts.carry_import.take(data, session.user)
        except CarryRefused as error:
            return _overview(parts, turn, error.code)
        return RedirectResponse(f"{CARRIED_PATH}/{taken.file}", 303)

    return await _page(request, take, session)


async def _page(
    request: Request, make: Callable[[Parts, Turn], ports.Response | Response], session: Session | None = None
) -> Response:
    """A page for somebody of the centre."""
    session = session or await session_of(request)
    if session is None:
        return await ask_to_sign_in(request, None)
    user, parts = session.user, parts_of(request)
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    asked = desk_request("GET", str(request.scope["path"]), query, {}, chosen_language(request), session.csrf)

    def answer() -> Response:
        turn = turn_of(parts, asked, user)
        if turn.person is None:
            made: ports.Response | Response = problem(turn, 401, "signed_out")
        elif not turn.may("bring_carried_files"):
            made = problem(turn, 403, "not_allowed")
        else:
            made = make(parts, turn)
        return made if isinstance(made, Response) else page_answer(made)

    answered = await run_in_threadpool(answer)
    remember_language(request, answered)
    return answered


def _overview(parts: Parts, turn: Turn, problem_code: str = "") -> ports.Response:
    files = parts.carry_import.newest(_FILES_SHOWN)
    with parts.database.reading() as connection:
        held_back, reader = HeldBack(connection), Reader(turn.person)
        brought = [_brought(connection, each, _waiting_for(held_back, reader, each)) for each in files]
        return carried_page.show_carried(turn, brought, problem_code)


def _one(parts: Parts, turn: Turn, file: str) -> ports.Response:
    found = parts.carry_import.known(file)
    if found is None:
        return problem(turn, 404, "unknown_page")
    with parts.database.reading() as connection:
        held_back, reader = HeldBack(connection), Reader(turn.person)
        acts = [(each, _brought_act(connection, held_back, reader, found, each)) for each in found.verdicts]
        verdicts = [verdict for verdict, act in acts if act is not None]
        listed = [act for _, act in acts if act is not None]
        return carried_page.show_carried_file(turn, _brought(connection, found, verdicts), listed)


def _waiting_for(held_back: HeldBack, reader: Reader, file: CarriedFile) -> list[wire.Verdict]:
    """The verdicts without those on waiting acts of which this reader may not learn that they wait."""
    return [
        each
        for each in file.verdicts
        if each.verdict != "quarantined" or all(map(reader.may_list, held_back.of_hash(each.hash)))
    ]


def _brought(connection: Connection, file: CarriedFile, verdicts: Sequence[wire.Verdict]) -> BroughtFile:
    device = device_by_id(connection, file.device)
    return BroughtFile(
        file=file.file,
        stem=file.stem,
        user=file.user,
        device_code=device.code if device else file.device[:8],
        brought_by=file.brought_by,
        first_at=from_ms(file.first_at_ms),
        last_at=from_ms(file.last_at_ms),
        times=file.times,
        verdicts=[each.verdict for each in verdicts],
        undecided=sum(each.verdict == "quarantined" and each.hash not in file.decisions for each in verdicts),
        withdrawn=device is not None and device.revoked,
    )


def _brought_act(
    connection: Connection, held_back: HeldBack, reader: Reader, file: CarriedFile, verdict: wire.Verdict
) -> BroughtAct | None:
    """The act behind a verdict, from the log or from quarantine, as far as this reader may know of it; None for one of
    which the reader may not even learn that it is there."""
    entry = record.entry_by_hash(connection, verdict.hash)
    if entry is not None:
        act: Act | None = recorded_act(entry).act
        secret = [secrecy_in_record(connection, entry.case_id, recorded_act(entry).act)]
    else:
        raw = record.quarantined_raw(connection, file.device, verdict.hash)
        act, secret = None if raw is None else act_of_bytes(raw), held_back.of_hash(verdict.hash)
    decided = file.decisions.get(verdict.hash)
    by, why = (decided.by, decided.why) if decided else ("", "")
    if not all(map(reader.may_list, secret)):
        return None
    if not all(map(reader.may_know, secret)):
        return BroughtAct(verdict.hash, verdict.verdict, verdict.reason, "", None, by, "")
    case_id = "" if entry is None else entry.case_id
    return BroughtAct(verdict.hash, verdict.verdict, verdict.reason, case_id, act, by, why)
