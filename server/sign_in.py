"""Signing in and out with name and password, and back to where one was."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from py_core import __version__
from py_core.desk.frame import language_href, render
from py_core.errors import Malformed
from py_core.values import local
from py_core.views import language
from server.answers import chosen_language, page_answer, problem_answer, remember_language
from server.carried import Carried, carry, unseal
from server.desk_answers import answer_desk, desk_request
from server.forms import Form, first, read_form
from server.who import forget, is_own_form, parts_of, remember, session_of, token_of

_PRE_COOKIE = "shouwen-form"  # proves that the sign-in form came from our page
_TITLE = "Sign in"  # message id of the catalogue


async def show_sign_in(request: Request) -> Response:
    """The form, or the way back for somebody who is signed in already (unless `other` says that somebody else comes)."""
    target = _own_path(request.query_params.get("next", ""))
    if await session_of(request) is not None and "other" not in request.query_params:
        return RedirectResponse(target, 303)
    error = "ended" if request.query_params.get("ended") else ""
    return _page(request, 200, next_path=target, error=error)


async def take_sign_in(request: Request) -> Response:
    """Checks the password; starts a session, sends what was carried, goes back."""
    parts = parts_of(request)
    try:
        form = await read_form(request)
    except Malformed:
        return problem_answer(request, 400, "bad_form")
    user, target = first(form, "user").strip(), _own_path(first(form, "next"))
    carried = Carried(first(form, "carried"), first(form, "seal"))

    def again(status: int, error: str, wait_seconds: int = 0) -> Response:
        return _page(
            request,
            status,
            next_path=target,
            error=error,
            user=user,
            wait_seconds=wait_seconds,
            carried=carried,
        )

    known = request.cookies.get(_PRE_COOKIE, "")
    if not known or not hmac.compare_digest(known.encode(), first(form, "csrf").encode("utf-8", "replace")):
        return again(403, "stale")
    address = request.client.host if request.client else ""
    checked = await run_in_threadpool(parts.accounts.check, user, first(form, "password"), address)
    if checked.user is None:
        return again(
            429 if checked.wait_seconds else 401, "wait" if checked.wait_seconds else "wrong", checked.wait_seconds
        )
    if parts.city.current().directory.person_on(checked.user, local(parts.clock.now()).date()) is None:
        return again(403, "gone")
    before = token_of(request)
    if before:  # one browser, one session: whoever was signed in here before is not any more
        await run_in_threadpool(parts.sessions.end, before)
    token, session = await run_in_threadpool(parts.sessions.start, checked.user)
    kept = unseal(parts.receipts.key, carried, checked.user) if carried.text else None
    answer: Response = RedirectResponse(target, 303)
    if kept is not None:
        path, fields = kept
        again_asked = desk_request("POST", path, {}, fields, chosen_language(request), session.csrf)
        answer = page_answer(await run_in_threadpool(answer_desk, parts, again_asked, checked.user))
    remember(answer, request, token)
    answer.delete_cookie(_PRE_COOKIE, path="/sign-in")
    return answer


async def take_sign_out(request: Request) -> Response:
    """Ends the session; what is safe on the device stays there."""
    session = await session_of(request)
    if session is not None:
        try:
            form = await read_form(request)
        except Malformed:
            form = {}
        if not is_own_form(session, first(form, "csrf")):
            return problem_answer(request, 403, "bad_form", csrf=session.csrf)
        await run_in_threadpool(parts_of(request).sessions.end, token_of(request))
    answer = RedirectResponse("/sign-in", 303)
    forget(answer, request)
    return answer


async def ask_to_sign_in(
    request: Request, form: Form | None = None, status: int = 401, error: str = "ended"
) -> Response:
    """What a signed-out person gets for a page of the desk: the way back, with what was typed."""
    had_session = bool(token_of(request))
    if form is None:
        target = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
        query = {"next": _own_path(target), **({"ended": "1"} if had_session else {})}
        return RedirectResponse(f"/sign-in?{urlencode(query)}", 303)
    parts = parts_of(request)
    user = await run_in_threadpool(parts.sessions.user_of_ended, token_of(request)) if had_session else None
    path = request.scope["path"]
    carried = carry(parts.receipts.key, user, path, form) if user else Carried()
    return _page(request, status, next_path=_own_path(path), error=error, user=user or "", carried=carried)


def _page(
    request: Request,
    status: int,
    *,
    next_path: str,
    error: str = "",
    user: str = "",
    wait_seconds: int = 0,
    carried: Carried | None = None,
) -> Response:
    parts = parts_of(request)
    lang = chosen_language(request)
    directory = parts.city.current().directory
    csrf = request.cookies.get(_PRE_COOKIE, "") or parts.entropy.token(32).hex()
    frame: dict[str, Any] = {
        "title": language.translate(lang, _TITLE),
        "key": "sign-in",
        "where": "server",
        "city": directory.city_en if lang == language.EN else directory.city_zh,
        "unit": "",
        "person": "",
        "sync": None,
        "navigation": [],
        "flash": "",
        "other_language_href": language_href("/sign-in", {"next": [next_path]}, lang),
        "app_version": __version__,
        "rules_version": "",
        "now": "",
    }
    values = {
        "lang": lang,
        "csrf": csrf,
        "page": frame,
        "next": next_path,
        "error": error,
        "user": user,
        "wait_seconds": wait_seconds,
        "carried": carried or Carried(),
    }
    headers = {"retry-after": str(wait_seconds)} if wait_seconds else {}
    answer = HTMLResponse(render("sign_in.html", values), status, headers)
    answer.set_cookie(
        _PRE_COOKIE, csrf, path="/sign-in", secure=parts.settings.secure_cookies, httponly=True, samesite="lax"
    )
    remember_language(request, answer)
    return answer


def _own_path(target: str) -> str:
    """A path of this site, or the first page: nobody is sent elsewhere by a link."""
    own = target.startswith("/") and target[1:2] not in ("/", "\\") and target.isprintable()
    return target if own and not target.startswith("/sign-") else "/today"
