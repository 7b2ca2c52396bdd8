"""Takes what the steps of signing in ask for, one after the other, each under a fresh cookie."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from py_core.errors import Malformed
from server import audit, passwords
from server.accounts import Checked
from server.answers import problem_answer
from server.carried import Carried, unseal
from server.forms import Form, first, read_form
from server.outside import to_ms
from server.parts import Parts
from server.sessions import Session
from server.sign_in import (
    CODE_THEN_PASSWORD,
    FACTOR,
    PASSWORD,
    address_of,
    begin,
    go_on,
    next_stage,
    own_path,
    own_words,
)  # fmt: skip
from server.sign_in_steps import step_page
from server.who import is_own_form, parts_of, remember, token_of


async def show_step(request: Request) -> Response:
    """The step that is asked for now; the sign-in form when nothing is."""
    asked = await run_in_threadpool(parts_of(request).sessions.asked, token_of(request))
    if asked is None:
        return RedirectResponse("/sign-in", 303)
    session, stage = asked
    return await run_in_threadpool(_page, request, session, stage, own_path(""), {})


async def take_step(request: Request) -> Response:
    """Checks one step; leads to the next, or signs in."""
    parts = parts_of(request)
    try:
        form = await read_form(request)
    except Malformed:
        return problem_answer(request, 400, "bad_form")
    asked = await run_in_threadpool(parts.sessions.asked, token_of(request))
    if asked is None:
        return RedirectResponse("/sign-in?ended=1", 303)
    session, stage = asked
    if not is_own_form(session, first(form, "csrf")):
        return problem_answer(request, 403, "bad_form", csrf=session.csrf)
    target = own_path(first(form, "next"))
    carried = Carried(first(form, "carried"), first(form, "seal"))
    kept = {"carried": carried.text, "seal": carried.seal} if carried.text else {}
    if stage == PASSWORD:
        return await _take_password(request, parts, session, form, target, carried, kept)
    if stage == FACTOR:
        if first(form, "do") == "begin":
            return await _begin_factor(request, parts, session, form, target, carried, kept)
        return await _take_factor(request, parts, session, form, target, carried, kept)
    return await _take_code(request, parts, session, stage, form, target, carried, kept)


async def _take_code(
    request: Request, parts: Parts, session: Session, stage: str, form: Form, target: str, carried: Carried,
    kept: dict[str, str],
) -> Response:  # fmt: skip
    user = session.user

    def check() -> Checked:
        checked = parts.accounts.check_code(user, lambda: parts.second_factors.check(user, first(form, "code")))
        if checked.user is None and not checked.wait_seconds:
            _note(parts, "", "code_refused", user, address=address_of(request))
        return checked

    checked = await run_in_threadpool(check)
    if checked.user is None:
        wait = checked.wait_seconds
        status, error = (429, "wait") if wait else (401, "wrong")
        return await run_in_threadpool(
            _page, request, session, stage, target, kept, status=status, error=error, wait_seconds=wait
        )
    await run_in_threadpool(parts.sessions.end, token_of(request))
    after = next_stage(parts, user, True, one_time=stage == CODE_THEN_PASSWORD, passed=True)
    return await go_on(request, user, after, target, carried)


async def _take_password(
    request: Request, parts: Parts, session: Session, form: Form, target: str, carried: Carried, kept: dict[str, str]
) -> Response:
    user, new = session.user, first(form, "new_password")
    error = passwords.fault(new, own_words(parts, user)) or (
        "again" if new != first(form, "new_password_again") else ""
    )
    if error:
        return await run_in_threadpool(_page, request, session, PASSWORD, target, kept, status=422, error=error)

    def change() -> bool:
        parts.accounts.set_password(user, new)
        with parts.database.writing() as connection:
            parts.sessions.revoke(connection, user, keep=token_of(request))
        _note(parts, user, "password_set", user)
        parts.sessions.end(token_of(request))
        return parts.second_factors.has(user)

    has_factor = await run_in_threadpool(change)
    return await go_on(request, user, next_stage(parts, user, has_factor, one_time=False, passed=True), target, carried)


async def _begin_factor(
    request: Request, parts: Parts, session: Session, form: Form, target: str, carried: Carried, kept: dict[str, str]
) -> Response:
    """Another secret, once the password was right again: who copied the cookie of this step sees none."""
    user, address = session.user, address_of(request)
    checked = await run_in_threadpool(parts.accounts.check, user, first(form, "password"), address)
    if checked.user is None:
        wait = checked.wait_seconds
        status, error = (429, "wait") if wait else (401, "current")
        await run_in_threadpool(
            partial(_note, parts, "", "sign_in_refused", user, error="wait" if wait else "wrong", address=address)
        )
        return await run_in_threadpool(
            _page, request, session, FACTOR, target, kept, status=status, error=error, wait_seconds=wait
        )
    await run_in_threadpool(parts.sessions.end, token_of(request))
    stage = next_stage(parts, user, await run_in_threadpool(parts.second_factors.has, user), one_time=checked.one_time)
    return await go_on(request, user, stage, target, carried)


async def _take_factor(
    request: Request, parts: Parts, session: Session, form: Form, target: str, carried: Carried, kept: dict[str, str]
) -> Response:
    user = session.user
    made: list[tuple[str, ...]] = []

    def is_right() -> bool:
        made.extend(filter(None, [parts.second_factors.confirm(user, first(form, "code"))]))
        return bool(made)

    checked = await run_in_threadpool(parts.accounts.check_code, user, is_right)
    if checked.user is None:
        wait = checked.wait_seconds
        status, error = (429, "wait") if wait else (422, "wrong")
        return await run_in_threadpool(
            _page, request, session, FACTOR, target, kept, status=status, error=error, wait_seconds=wait
        )
    (codes,) = made

    def signed_in() -> None:
        _note(parts, user, "factor_set", user)
        parts.sessions.end(token_of(request))

    await run_in_threadpool(signed_in)
    token, started = await begin(request, user, "")
    # The codes are shown once, before the page to which the person goes on; what was carried is sent from there.
    sent = unseal(parts.receipts.key, carried, user) if carried.text else None
    shown = step_page(request, started, "recovery", target, {}, codes=codes, sent=sent)
    remember(shown, request, token)
    return shown


def _page(request: Request, *args: object, **options: object) -> Response:
    return step_page(request, *args, **options)  # type: ignore[arg-type]


def _note(parts: Parts, user: str, what: str, about: str, **detail: str) -> None:
    with parts.database.writing() as connection:
        audit.note(connection, to_ms(parts.clock.now()), user, what, about, **detail)
