"""What the centre's pages that live on the server share: who is there, the right, the form's token, the answer."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from py_core.desk import ports
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from server.answers import chosen_language, page_answer, remember_language
from server.desk_answers import desk_request, turn_of
from server.forms import Form
from server.own_forms import own_form
from server.parts import Parts
from server.proving import is_fresh, sign_in_again
from server.sign_in import ask_to_sign_in
from server.who import parts_of, session_of

Make = Callable[[Parts, Turn, Form], ports.Response | Response]


async def for_right(request: Request, right: str, make: Make, *, fresh: frozenset[str] = frozenset()) -> Response:
    """The page that `make` gives to somebody with this right of `rights.toml`; a sent form is read and checked first.

    Requests with a method of `fresh` are answered only to somebody who signed in a few minutes ago.
    """
    session = await session_of(request)
    form: Form = {}
    if request.method == "POST":
        sent = await own_form(request, session)
        if isinstance(sent, Response):
            return sent
        form = sent
    if session is None:
        return await ask_to_sign_in(request, form or None)
    parts, user = parts_of(request), session.user
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    asked = desk_request("GET", str(request.scope["path"]), query, form, chosen_language(request), session.csrf)

    def answer() -> Response | None:
        turn = turn_of(parts, asked, user)
        if turn.person is None:
            made: ports.Response | Response = problem(turn, 401, "signed_out")
        elif not turn.may(right):
            made = problem(turn, 403, "not_allowed")
        elif request.method in fresh and not is_fresh(parts, session):
            return None
        else:
            made = make(parts, turn, form)
        return made if isinstance(made, Response) else page_answer(made)

    answered = await run_in_threadpool(answer)
    if answered is None:  # what was typed is kept, and sent after the proof
        return await ask_to_sign_in(request, form, 403, "prove") if form else sign_in_again(request)
    remember_language(request, answered)
    return answered
