"""Signing in by passkey, and passkeys of the own account: what the page's script asks for and what the forms bring."""

from __future__ import annotations

import hmac

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from py_core.desk.account_words import PASSKEY_FAULTS, PROOF_FAULTS
from py_core.errors import Malformed
from py_core.values import local
from py_core.views import language
from server import audit
from server.answers import chosen_language, problem_answer
from server.carried import Carried
from server.forms import Form, first, read_form
from server.outside import to_ms
from server.own_forms import own_form
from server.parts import Parts
from server.passkeys import PasskeyRefused, Site, site_of
from server.proving import form_fault
from server.sessions import Session
from server.sign_in import address_of, drop_form_cookie, form_cookie, go_on, own_path, sign_in_page
from server.who import parts_of, session_of, token_of

SIGN_IN_PASSKEY, ACCOUNT_PASSKEY = "/sign-in/passkey", "/account/passkey"
_JSON = "application/json"


def site(parts: Parts) -> Site | None:
    """Which site passkeys belong to, by the published address; None where there can be none."""
    return site_of(str(parts.city.current().document["public_url"]))


async def ask_passkey(request: Request) -> Response:
    """The options (JSON) with which the page asks an authenticator to sign somebody in."""
    parts = parts_of(request)
    where, known = site(parts), form_cookie(request)
    if where is None or not known:
        return problem_answer(request, 404, "unknown_page")
    options = await run_in_threadpool(parts.passkeys.ask, where, known)
    return Response(options, media_type=_JSON, headers={"cache-control": "no-store"})


async def take_passkey(request: Request) -> Response:
    """Signs in whoever's passkey answered: password and second step at once."""
    parts = parts_of(request)
    try:
        form = await read_form(request)
    except Malformed:
        return problem_answer(request, 400, "bad_form")
    target, known = own_path(first(form, "next")), form_cookie(request)
    carried = Carried(first(form, "carried"), first(form, "seal"))

    def again(status: int, error: str) -> Response:
        return sign_in_page(request, status, next_path=target, error=error, carried=carried)

    if not known or not hmac.compare_digest(known.encode(), first(form, "csrf").encode("utf-8", "replace")):
        return again(403, "stale")
    user = await run_in_threadpool(_whose, parts, known, first(form, "passkey"), address_of(request))
    if user is None:
        return again(401, "passkey")
    if parts.city.current().directory.person_on(user, local(parts.clock.now()).date()) is None:
        return again(403, "gone")
    before = token_of(request)
    if before:  # one browser, one session
        await run_in_threadpool(parts.sessions.end, before)
    answer = await go_on(request, user, "", target, carried)
    drop_form_cookie(request, answer)
    return answer


def _whose(parts: Parts, bound_to: str, answer: str, address: str) -> str | None:
    where = site(parts)
    try:
        if where is None:
            raise PasskeyRefused("unknown")
        with parts.database.writing() as connection:
            user, name = parts.passkeys.whose(connection, where, bound_to, answer)
            audit.note(connection, to_ms(parts.clock.now()), user, "passkey_used", user, name=name, address=address)
            return user
    except PasskeyRefused as error:
        with parts.database.writing() as connection:
            now_ms = to_ms(parts.clock.now())
            audit.note(connection, now_ms, "", "sign_in_refused", "", error=f"passkey_{error.code}", address=address)
        return None


async def offer_passkey(request: Request) -> Response:
    """The options (JSON) for a new passkey, once the password (and the code, where there is one) was right again."""
    session = await session_of(request)
    if session is None:
        return problem_answer(request, 401, "signed_out")
    form = await own_form(request, session)
    if isinstance(form, Response):
        return form
    return await run_in_threadpool(_offer, request, parts_of(request), session, form)


def _offer(request: Request, parts: Parts, session: Session, form: Form) -> Response:
    user, where = session.user, site(parts)
    refused = "" if where else PASSKEY_FAULTS["no_site"]
    if where and not refused:
        fault = form_fault(parts, user, form, address_of(request))
        refused = PROOF_FAULTS[fault] if fault else ""
    try:
        if where and not refused:
            return Response(parts.passkeys.offer(where, user, session.csrf), media_type=_JSON)
    except PasskeyRefused as error:
        refused = PASSKEY_FAULTS[error.code]
    return Response(language.translate(chosen_language(request), refused), 422, media_type="text/plain")


def add_passkey(parts: Parts, session: Session, form: Form) -> str:
    """Keeps the new passkey of a form; gives why not, empty when it is kept."""
    where = site(parts)
    if where is None:
        return "no_site"
    try:
        with parts.database.writing() as connection:
            name = parts.passkeys.add(
                connection, where, session.user, session.csrf, first(form, "passkey_name"), first(form, "passkey")
            )
            audit.note(connection, to_ms(parts.clock.now()), session.user, "passkey_added", session.user, name=name)
    except PasskeyRefused as error:
        return error.code
    return ""


def remove_passkey(parts: Parts, session: Session, form: Form) -> bool:
    """Forgets one of the own passkeys; whether there was one."""
    with parts.database.writing() as connection:
        gone = parts.passkeys.remove(connection, session.user, first(form, "which"))
        for name in gone:
            audit.note(connection, to_ms(parts.clock.now()), session.user, "passkey_removed", session.user, name=name)
    return bool(gone)
