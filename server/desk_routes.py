"""The desk's pages on the server: Starlette's request in, `py_core.desk.respond`, acts through the gate, HTML out."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from py_core import desk
from py_core.errors import Malformed
from server.answers import chosen_language, page_answer, problem_answer, remember_language
from server.desk_answers import PUBLIC, answer_desk, desk_request
from server.forms import Form, first, read_form
from server.proving import is_fresh
from server.sign_in import ask_to_sign_in
from server.who import CSRF_HEADER, is_own_form, parts_of, session_of


async def desk_page(request: Request) -> Response:
    """Any page of the desk, for whoever is signed in; the public ones for anybody."""
    parts, path = parts_of(request), str(request.scope["path"])
    session = await session_of(request)
    form: Form = {}
    if request.method == "POST":
        try:
            form = await read_form(request)
        except Malformed:
            return problem_answer(request, 400, "bad_form", csrf=session.csrf if session else "")
    if session is None and not path.startswith(PUBLIC):
        return await ask_to_sign_in(request, form if request.method == "POST" else None)
    if session is not None and request.method == "POST":
        token = first(form, "csrf") or request.headers.get(CSRF_HEADER, "")
        if not is_own_form(session, token):
            # The origin was checked before, so this is our own page from before the last sign-in.
            return await ask_to_sign_in(request, form, 403, "stale")
        if desk.asks_proof(path) and not is_fresh(parts, session):
            return await ask_to_sign_in(request, form, 403, "again")  # what was typed is sent after it
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    asked = desk_request(request.method, path, query, form, chosen_language(request), session.csrf if session else "")
    answer = page_answer(await run_in_threadpool(answer_desk, parts, asked, session.user if session else ""))
    remember_language(request, answer)
    return answer
