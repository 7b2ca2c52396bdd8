"""`/account`: what a person does with the own account: password, second factor, sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from py_core.desk.account_words import ACCOUNT_TITLE, PASSKEY_FAULTS, PASSWORD_FAULTS, PROOF_FAULTS, QR_LABEL
from py_core.desk.frame import page
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.qr import qr_svg
from server import audit, passwords
from server.answers import chosen_language, page_answer, problem_answer, remember_language
from server.desk_answers import desk_request, turn_of
from server.devices import devices_of
from server.forms import Form, first
from server.outside import from_ms, to_ms
from server.own_forms import own_form
from server.parts import Parts
from server.passkey_routes import add_passkey, remove_passkey, site
from server.passkeys import Passkey
from server.proving import form_fault, is_fresh, sign_in_again
from server.second_factor import Offered
from server.sessions import Session
from server.sign_in import address_of, ask_to_sign_in, needs_factor, own_words
from server.sign_in_steps import offer_factor
from server.who import parts_of, session_of, token_of

ACCOUNT_PATH = "/account"
_FAULTS = PASSWORD_FAULTS | PROOF_FAULTS | {f"passkey_{code}": words for code, words in PASSKEY_FAULTS.items()}
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chromium"), ("Safari/", "Safari"))


async def show_account(request: Request) -> Response:
    """The own account."""
    session = await session_of(request)
    if session is None:
        return await ask_to_sign_in(request)
    return await run_in_threadpool(_page, request, session)


async def take_account(request: Request) -> Response:
    """One change of the own account; which one says the field `do`."""
    session = await session_of(request)
    if session is None:
        return await ask_to_sign_in(request)
    form = await own_form(request, session)
    if isinstance(form, Response):
        return form
    take = _CHANGES.get(first(form, "do"))
    if take is None:
        return problem_answer(request, 400, "bad_form", csrf=session.csrf)
    if take in _BUTTONS and not is_fresh(parts_of(request), session):
        return sign_in_again(request)
    return await run_in_threadpool(take, request, session, form)


def _change_password(request: Request, session: Session, form: Form) -> Response:
    parts, user, new = parts_of(request), session.user, first(form, "new_password")
    checked = parts.accounts.check(user, first(form, "password"), address_of(request))
    if checked.user is None:
        return _page(request, session, "password", "wait" if checked.wait_seconds else "current")
    error = passwords.fault(new, own_words(parts, user)) or (
        "again" if new != first(form, "new_password_again") else ""
    )
    error = error or ("same" if new == first(form, "password") else "")
    if error:
        return _page(request, session, "password", error)
    parts.accounts.set_password(user, new)
    with parts.database.writing() as connection:
        parts.sessions.revoke(connection, user, keep=token_of(request))
        _note(parts, connection, user, "password_set", user)
    return RedirectResponse(f"{ACCOUNT_PATH}?done=password_set", 303)


def _begin_factor(request: Request, session: Session, form: Form) -> Response:
    """Shows a new secret once, in this answer only: whoever has the session but not the password never sees the one
    that its person will use."""
    parts, user = parts_of(request), session.user
    if parts.second_factors.has(user):
        return _page(request, session)
    refused = form_fault(parts, user, form, address_of(request))
    if refused:
        return _page(request, session, "factor", refused)
    return _page(request, session, offered=offer_factor(parts, user))


def _confirm_factor(request: Request, session: Session, form: Form) -> Response:
    """The code proves the secret, and so the password with which it was asked for."""
    parts, user = parts_of(request), session.user
    made: list[tuple[str, ...]] = []

    def is_right() -> bool:
        made.extend(filter(None, [parts.second_factors.confirm(user, first(form, "code"))]))
        return bool(made)

    if parts.second_factors.has(user):
        return _page(request, session)
    checked = parts.accounts.check_code(user, is_right)
    if checked.user is None:
        return _page(request, session, "code", "wait" if checked.wait_seconds else "code")
    (codes,) = made
    with parts.database.writing() as connection:
        _note(parts, connection, user, "factor_set", user)
    return _page(request, session, codes=codes)


def _remove_factor(request: Request, session: Session, form: Form) -> Response:
    """A second factor goes only with the password and a code of it; where the role needs one, the next sign-in asks
    for a new one."""
    parts, user = parts_of(request), session.user
    refused = form_fault(parts, user, form, address_of(request))
    if refused:
        return _page(request, session, "factor", refused)
    with parts.database.writing() as connection:
        parts.second_factors.remove(connection, user)
        _note(parts, connection, user, "factor_removed", user)
    return RedirectResponse(f"{ACCOUNT_PATH}?done=factor_removed", 303)


def _renew_codes(request: Request, session: Session, form: Form) -> Response:
    parts, user = parts_of(request), session.user
    refused = form_fault(parts, user, form, address_of(request))
    if refused:
        return _page(request, session, "factor", refused)
    codes = parts.second_factors.renew_codes(user)
    with parts.database.writing() as connection:
        _note(parts, connection, user, "codes_renewed", user)
    return _page(request, session, codes=codes)


def _end_session(request: Request, session: Session, form: Form) -> Response:
    parts, user = parts_of(request), session.user
    with parts.database.writing() as connection:
        which = first(form, "session") or None
        if parts.sessions.revoke(connection, user, which, keep=token_of(request)):
            _note(parts, connection, user, "sessions_ended", user)
    return RedirectResponse(f"{ACCOUNT_PATH}?done=sessions_ended", 303)


def _add_passkey(request: Request, session: Session, form: Form) -> Response:
    refused = add_passkey(parts_of(request), session, form)
    if refused:
        return _page(request, session, "passkey", f"passkey_{refused}")
    return RedirectResponse(f"{ACCOUNT_PATH}?done=passkey_added", 303)


def _remove_passkey(request: Request, session: Session, form: Form) -> Response:
    done = "passkey_removed" if remove_passkey(parts_of(request), session, form) else "nothing"
    return RedirectResponse(f"{ACCOUNT_PATH}?done={done}", 303)


_CHANGES = {
    "password": _change_password,
    "begin": _begin_factor,
    "factor": _confirm_factor,
    "remove": _remove_factor,
    "codes": _renew_codes,
    "session": _end_session,
    "passkey": _add_passkey,
    "remove_passkey": _remove_passkey,
}
_BUTTONS = (_end_session, _remove_passkey)  # nothing is typed there: a fresh sign-in is the proof


def _note(parts: Parts, connection: object, user: str, what: str, about: str) -> None:
    audit.note(connection, to_ms(parts.clock.now()), user, what, about)  # type: ignore[arg-type]


def _page(
    request: Request,
    session: Session,
    where: str = "",
    error: str = "",
    codes: tuple[str, ...] = (),
    offered: Offered | None = None,
) -> Response:
    parts, user = parts_of(request), session.user
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    asked = desk_request("GET", ACCOUNT_PATH, query, {}, chosen_language(request), session.csrf)
    turn = turn_of(parts, asked, user)
    if turn.person is None:
        return problem_answer(request, 401, "signed_out")
    has_factor = parts.second_factors.has(user)
    values: Mapping[str, object] = {
        "user": user,
        "where": where,
        "error": error,
        "fault": turn.say(_FAULTS[error]) if error in _FAULTS else "",
        "codes": codes,
        "passkeys": passkey_rows(turn, parts.passkeys.of(user)),
        "passkeys_possible": site(parts) is not None,
        "has_factor": has_factor,
        "needs_factor": needs_factor(parts, user),
        "codes_left": parts.second_factors.codes_left(user),
        "offered": offered,
        "qr": qr_svg(offered.address, turn.say(QR_LABEL)) if offered else "",
        "sessions": session_rows(turn, parts, user, parts.sessions.id_of(token_of(request))),
        **devices_of_person(turn, parts, user),
    }
    answer = page(turn, "account.html", turn.say(ACCOUNT_TITLE), "account", values, status=422 if error else 200)
    shown = page_answer(answer)
    remember_language(request, shown)
    return shown


def passkey_rows(turn: Turn, found: Sequence[Passkey]) -> list[dict[str, str]]:
    """Passkeys as the account page lists them."""
    return [
        {
            "id": each.id,
            "name": each.name,
            "added": language.moment_text(turn.lang, each.added_at, short=True),
            "used": "" if each.used_at is None else language.moment_text(turn.lang, each.used_at, short=True),
        }
        for each in found
    ]


def session_rows(turn: Turn, parts: Parts, user: str | None, own: str = "") -> list[dict[str, object]]:
    """Standing sessions as lists show them."""
    rows = []
    for each in parts.sessions.standing(user):
        person = turn.directory.people.get(each.user)
        rows.append(
            {
                "id": each.id,
                "user": each.user,
                "who": person.name if person else each.user,
                "own": each.id == own,
                "started": language.moment_text(turn.lang, each.started_at, short=True),
                "seen": language.moment_text(turn.lang, each.seen_at, short=True),
                "address": each.address,
                "browser": browser_name(each.agent),
            }
        )
    return rows


def devices_of_person(turn: Turn, parts: Parts, user: str, whose: str = "") -> dict[str, object]:
    """Values of `devices_of.html`: what signs in somebody's name, the newest first; `late` is what a session that still
    stood until now may have enrolled. `whose` is how the person is called on somebody else's page."""
    late_ms = to_ms(parts.clock.now() - parts.settings.session_life)
    with parts.database.reading() as connection:
        found = devices_of(connection, user)
    rows = [
        {
            "id": device.id,
            "code": device.code,
            "name": device.name,
            "enrolled": language.moment_text(turn.lang, from_ms(at_ms)),
            "late": at_ms >= late_ms,
        }
        for device, at_ms in found
    ]
    return {"devices": rows, "whose": whose, "may_withdraw": bool(whose) and turn.may("withdraw_devices")}


def browser_name(agent: str) -> str:
    """The browser in a User-Agent text, as far as people need to tell their own apart."""
    name = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((system for system in ("Windows", "Android", "iPhone", "Mac OS", "Linux") if system in agent), "")
    return " · ".join(part for part in (name, system) if part) or agent[:40]
