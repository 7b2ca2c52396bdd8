"""Signing in and out with name and password, and back to where one was."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from py_core import __version__, desk
from py_core.desk.frame import language_href, render
from py_core.errors import Malformed
from py_core.values import local
from py_core.views import language
from server import audit, guarded, passwords
from server.answers import chosen_language, page_answer, problem_answer, remember_language
from server.carried import Carried, carry, unseal
from server.desk_answers import answer_desk, desk_request
from server.forms import Form, first, read_form
from server.outside import to_ms
from server.parts import Parts
from server.passkeys import site_of
from server.sessions import Session
from server.sign_in_steps import offer_factor, step_page
from server.who import forget, is_own_form, parts_of, remember, session_of, token_of

CODE, CODE_THEN_PASSWORD, PASSWORD, FACTOR = "code", "code_password", "password", "factor"
_TITLE = "Sign in"  # message id of the catalogue


async def show_sign_in(request: Request) -> Response:
    """The form, or the way back for somebody who is signed in already (unless `other` says that somebody else comes,
    or `again` that the person has to prove once more who it is)."""
    target = own_path(request.query_params.get("next", ""))
    session = await session_of(request)
    again = session is not None and "again" in request.query_params
    if session is not None and not again and "other" not in request.query_params:
        return RedirectResponse(target, 303)
    ended = request.query_params.get("ended", "")
    error = "again" if again else ended if ended in ("revoked", "guarded") else "ended" if ended else ""
    return sign_in_page(request, 200, next_path=target, error=error, user=session.user if session and again else "")


async def take_sign_in(request: Request) -> Response:
    """Checks the password; starts a session, sends what was carried, goes back."""
    parts = parts_of(request)
    try:
        form = await read_form(request)
    except Malformed:
        return problem_answer(request, 400, "bad_form")
    user, target = first(form, "user").strip(), own_path(first(form, "next"))
    carried = Carried(first(form, "carried"), first(form, "seal"))

    def again(status: int, error: str, wait_seconds: int = 0) -> Response:
        return sign_in_page(
            request,
            status,
            next_path=target,
            error=error,
            user=user,
            wait_seconds=wait_seconds,
            carried=carried,
        )

    known = form_cookie(request)
    if not known or not hmac.compare_digest(known.encode(), first(form, "csrf").encode("utf-8", "replace")):
        return again(403, "stale")
    address = address_of(request)
    checked = await run_in_threadpool(parts.accounts.check, user, first(form, "password"), address)
    if checked.user is None:
        error = "wait" if checked.wait_seconds else "wrong"
        # A name that nobody has may be a password in the wrong field, and the trail keeps everything for good.
        about = user if user in parts.city.current().directory.people else ""
        await run_in_threadpool(_note, parts, "", "sign_in_refused", about, error=error, address=address)
        return again(429 if checked.wait_seconds else 401, error, checked.wait_seconds)
    if parts.city.current().directory.person_on(checked.user, local(parts.clock.now()).date()) is None:
        await run_in_threadpool(_note, parts, "", "sign_in_refused", user, error="gone", address=address)
        return again(403, "gone")
    before = token_of(request)
    if before:  # one browser, one session: whoever was signed in here before is not any more
        await run_in_threadpool(parts.sessions.end, before)
    has_factor = await run_in_threadpool(parts.second_factors.has, checked.user)
    stage = next_stage(parts, checked.user, has_factor, one_time=checked.one_time)
    answer = await go_on(request, checked.user, stage, target, carried)
    drop_form_cookie(request, answer)
    return answer


def next_stage(parts: Parts, user: str, has_factor: bool, *, one_time: bool, passed: bool = False) -> str:
    """What is still asked of somebody whose password was right, `passed`: and the code too. Empty: nothing.

    A code comes before a new password: whoever intercepts a one-time code of the centre gets no further with it.
    """
    if has_factor and not passed:
        return CODE_THEN_PASSWORD if one_time else CODE
    if one_time:
        return PASSWORD
    return FACTOR if not has_factor and needs_factor(parts, user) else ""


def needs_factor(parts: Parts, user: str) -> bool:
    """Whether a setting demands a second factor of one of the person's roles."""
    return guarded.needs_factor(parts.settings, parts.city.current().directory, user, parts.clock.now())


def own_words(parts: Parts, user: str) -> list[str]:
    """What this person's password must not be built around."""
    directory = parts.city.current().directory
    person = directory.people.get(user)
    return passwords.words_of(directory, person) if person is not None else passwords.own_words(user)


async def begin(request: Request, user: str, stage: str) -> tuple[str, Session]:
    """Starts the session, or that of the next step, under a fresh cookie, whose value stands before it."""
    parts = parts_of(request)
    address, agent = address_of(request), request.headers.get("user-agent", "")

    def start() -> tuple[str, Session]:
        with parts.database.writing():
            if not stage:
                _note(parts, user, "signed_in", user, address=address)
            return parts.sessions.start(user, stage=stage, address=address, agent=agent)

    return await run_in_threadpool(start)


async def go_on(request: Request, user: str, stage: str, target: str, carried: Carried) -> Response:
    """Begins the next step, or the session itself. The end sends what was carried for the desk, and lets the person
    send what was carried for a page of the server's own."""
    parts = parts_of(request)
    token, session = await begin(request, user, stage)
    if stage:
        kept = {"carried": carried.text, "seal": carried.seal} if carried.text else {}
        offered = await run_in_threadpool(offer_factor, parts, user) if stage == FACTOR else None
        answer: Response = step_page(request, session, stage, target, kept, offered=offered)
    else:
        answer = RedirectResponse(target, 303)
        found = unseal(parts.receipts.key, carried, user) if carried.text else None
        if found is not None and not desk.has_page(found[0]):
            answer = step_page(request, session, "sent", own_path(found[0]), {}, sent=found)
        elif found is not None:
            path, fields = found
            again_asked = desk_request("POST", path, {}, fields, chosen_language(request), session.csrf)
            answer = page_answer(await run_in_threadpool(answer_desk, parts, again_asked, user))
    remember(answer, request, token)
    return answer


def _note(parts: Parts, user: str, what: str, about: str, **detail: str) -> None:
    with parts.database.writing() as connection:
        audit.note(connection, to_ms(parts.clock.now()), user, what, about, **detail)


def address_of(request: Request) -> str:
    """Where a request comes from, as far as the connection itself says."""
    return request.client.host if request.client else ""


async def take_sign_out(request: Request) -> Response:
    """Ends the session; what is safe on the device stays there."""
    parts = parts_of(request)
    session = await session_of(request)
    if session is not None:
        try:
            form = await read_form(request)
        except Malformed:
            form = {}
        if not is_own_form(session, first(form, "csrf")):
            return problem_answer(request, 403, "bad_form", csrf=session.csrf)
        await run_in_threadpool(parts.sessions.end, token_of(request))
        await run_in_threadpool(_note, parts, session.user, "signed_out", session.user, address=address_of(request))
    answer = RedirectResponse("/sign-in", 303)
    answer.headers["clear-site-data"] = '"cache"'
    forget(answer, request)
    return answer


async def ask_to_sign_in(
    request: Request, form: Form | None = None, status: int = 401, error: str = "ended"
) -> Response:
    """What a signed-out person gets for a page of the desk: the way back, with what was typed."""
    had_session = bool(token_of(request))
    if form is None:
        target = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
        query = {"next": own_path(target)}
        revoked = had_session and await run_in_threadpool(parts_of(request).sessions.was_revoked, token_of(request))
        if had_session:
            too_long = await run_in_threadpool(parts_of(request).sessions.is_too_long, token_of(request))
            query["ended"] = "revoked" if revoked else "guarded" if too_long else "1"
        answer = RedirectResponse(f"/sign-in?{urlencode(query)}", 303)
        if revoked:
            # Not "storage": what a device has not sent yet lies there, sealed with its person's passphrase.
            answer.headers["clear-site-data"] = '"cache"'
            forget(answer, request)
        return answer
    parts = parts_of(request)
    user = await run_in_threadpool(parts.sessions.user_of_ended, token_of(request)) if had_session else None
    path = request.scope["path"]
    carried = carry(parts.receipts.key, user, path, form) if user else Carried()
    return sign_in_page(request, status, next_path=own_path(path), error=error, user=user or "", carried=carried)


def outer_frame(request: Request, title: str, key: str) -> dict[str, Any]:
    """The frame of a page for somebody who is not signed in (yet)."""
    lang = chosen_language(request)
    directory = parts_of(request).city.current().directory
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    return {
        "title": language.translate(lang, title),
        "key": key,
        "where": "server",
        "city": directory.city_en if lang == language.EN else directory.city_zh,
        "unit": "",
        "person": "",
        "sync": None,
        "navigation": [],
        "notice": "",
        "flash": "",
        "other_language_href": language_href("/sign-in", query, lang),
        "app_version": __version__,
        "rules_version": "",
        "now": "",
    }


def sign_in_page(
    request: Request,
    status: int,
    *,
    next_path: str,
    error: str = "",
    user: str = "",
    wait_seconds: int = 0,
    carried: Carried | None = None,
) -> Response:
    """The form, with what was typed and what is wrong."""
    parts = parts_of(request)
    lang = chosen_language(request)
    csrf = request.cookies.get(_pre_cookie(parts), "") or parts.entropy.token(32).hex()
    frame = outer_frame(request, _TITLE, "sign-in")
    kept = {name: ["1"] for name in ("again", "other") if name in request.query_params}
    own_page = not (carried and carried.text)
    frame["other_language_href"] = language_href("/sign-in", {**kept, "next": [next_path]}, lang) if own_page else ""
    values = {
        "lang": lang,
        "csrf": csrf,
        "page": frame,
        "next": next_path,
        "error": error,
        "user": user,
        "wait_seconds": wait_seconds,
        "carried": carried or Carried(),
        "passkeys_possible": site_of(str(parts.city.current().document["public_url"])) is not None,
    }
    headers = {"retry-after": str(wait_seconds)} if wait_seconds else {}
    answer = HTMLResponse(render("sign_in.html", values), status, headers)
    answer.set_cookie(
        _pre_cookie(parts),
        csrf,
        path=_pre_path(parts),
        secure=parts.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    remember_language(request, answer)
    return answer


def form_cookie(request: Request) -> str:
    """What the browser brought as proof that the sign-in form came from here; empty: nothing."""
    return request.cookies.get(_pre_cookie(parts_of(request)), "")


def drop_form_cookie(request: Request, answer: Response) -> None:
    """Ends the proof once somebody is signed in."""
    parts = parts_of(request)
    answer.delete_cookie(_pre_cookie(parts), path=_pre_path(parts), secure=parts.settings.secure_cookies)


def _pre_cookie(parts: Parts) -> str:
    """Proves that the sign-in form came from our page; with HTTPS no other host can plant it."""
    return "__Host-shouwen-form" if parts.settings.secure_cookies else "shouwen-form"


def _pre_path(parts: Parts) -> str:
    return "/" if parts.settings.secure_cookies else "/sign-in"  # the prefix demands the whole site


def own_path(target: str) -> str:
    """A path of this site, or the first page: nobody is sent elsewhere by a link."""
    own = target.startswith("/") and target[1:2] not in ("/", "\\") and target.isprintable()
    return target if own and not target.startswith("/sign-") else "/today"
