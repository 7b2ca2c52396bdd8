"""What changes something comes from our own page of whoever is signed in: forms by their field, calls by their header."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from py_core.errors import Malformed
from server.answers import problem_answer
from server.forms import Form, first, read_form
from server.sessions import Session
from server.who import CSRF_HEADER, is_own_form, session_of


async def own_form(request: Request, session: Session | None) -> Form | Response:
    """The form that was sent, or what is answered to one that is unreadable or not this session's; whose session has
    ended is asked who it is before anything is done with it."""
    try:
        form = await read_form(request)
    except Malformed:
        return problem_answer(request, 400, "bad_form", csrf=session.csrf if session else "")
    if session is not None and not is_own_form(session, first(form, "csrf")):
        return problem_answer(request, 403, "bad_form", csrf=session.csrf)
    return form


async def caller(request: Request) -> Session | Response:
    """Who calls from a page of ours, or what is answered to anybody else."""
    session = await session_of(request)
    if session is None:
        return problem_answer(request, 401, "signed_out")
    if not is_own_form(session, request.headers.get(CSRF_HEADER, "")):
        return problem_answer(request, 403, "bad_form")
    return session
