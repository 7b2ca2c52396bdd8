"""`/calendar`: the page of somebody's secret calendar address, and the calendar behind it for programs that hold it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from py_core.desk import calendar_subscription, ports
from py_core.desk.calendar_file import calendar_text, dated_duties
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from py_core.errors import Malformed
from server.answers import chosen_language, page_answer, problem_answer, remember_language
from server.desk_answers import desk_request, turn_of
from server.forms import first, read_form
from server.guard import CALENDAR_PATH
from server.parts import Parts
from server.proving import is_fresh, sign_in_again
from server.sign_in import ask_to_sign_in
from server.who import is_own_form, parts_of, session_of

_FEED_TYPE = "text/calendar; charset=utf-8"
_DUTIES = "/today"  # what the calendar's reader would see there is what it holds


async def calendar_page(request: Request) -> Response:
    """Shows whether the person has an address; makes a new one, which is shown once, or ends it."""
    session = await session_of(request)
    if session is None:
        return await ask_to_sign_in(request, None)
    do = ""
    if request.method == "POST":
        try:
            form = await read_form(request)
        except Malformed:
            return problem_answer(request, 400, "bad_form", csrf=session.csrf)
        if not is_own_form(session, first(form, "csrf")):
            return await ask_to_sign_in(request, form, 403, "stale")
        do = first(form, "do")
    user, parts = session.user, parts_of(request)
    if do == "make" and not is_fresh(parts, session):
        return sign_in_again(request)
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    asked = desk_request("GET", CALENDAR_PATH, query, {}, chosen_language(request), session.csrf)

    def answer() -> Response:
        turn = turn_of(parts, asked, user)
        made = problem(turn, 401, "signed_out") if turn.person is None else _changed(parts, turn, user, do)
        return page_answer(made)

    answered = await run_in_threadpool(answer)
    remember_language(request, answered)
    return answered


def _changed(parts: Parts, turn: Turn, user: str, do: str) -> ports.Response:
    address = ""
    if do == "make":
        token = parts.calendar_feeds.make(user)
        address = f"{turn.directory.public_url}{CALENDAR_PATH}/{token}.ics"
    elif do == "end":
        parts.calendar_feeds.end(user)
    return calendar_subscription.show_subscription(turn, parts.calendar_feeds.made_at(user), address, ended=do == "end")


async def calendar_feed(request: Request) -> Response:
    """The calendar itself, for whoever has the secret; an ended secret and a guessed one are answered alike."""
    parts, token = parts_of(request), str(request.path_params["token"])
    asked = desk_request("GET", _DUTIES, {}, {}, chosen_language(request), "")

    def answer() -> Response | None:
        user = parts.calendar_feeds.user_of(token)
        turn = turn_of(parts, asked, user) if user is not None else None
        if turn is None or turn.person is None:
            return None
        return Response(calendar_text(turn, dated_duties(turn)), media_type=_FEED_TYPE)

    return await run_in_threadpool(answer) or problem_answer(request, 404, "unknown_page")
