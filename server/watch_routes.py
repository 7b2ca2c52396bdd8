"""`/centre/sessions` for the security officer, `/centre/audit` for the auditor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from py_core.desk import case_view, ports
from py_core.desk.account_words import (
    AT_THE_MACHINE,
    AUDIT_TITLE,
    AUDIT_WORDS,
    BRACKETED,
    DETAIL_WORDS,
    LIST_COMMA,
    NOBODY,
    SESSIONS_TITLE,
    UNKNOWN_NAME,
)
from py_core.desk.centre import centre_menu
from py_core.desk.devices_page import CALLED
from py_core.desk.frame import page
from py_core.desk.turn import Turn
from py_core.rights import rights
from py_core.views import language
from server import audit
from server.account_routes import devices_of_person, session_rows
from server.accounts import UNKNOWN
from server.centre_pages import for_right
from server.forms import Form, first
from server.outside import from_ms
from server.parts import Parts
from server.tables import devices
from server.who import token_of

SESSIONS, AUDIT = "/centre/sessions", "/centre/audit"
_SHOWN = 100


async def sessions_page(request: Request) -> Response:
    """Who is signed in, who has to wait, who has a second factor; each can be ended."""

    token = token_of(request)

    def make(parts: Parts, turn: Turn, form: Form) -> ports.Response | Response:
        do, by, user = first(form, "do"), turn.identity.user, first(form, "user")
        if do == "session":
            parts.people.end_sessions(by, user, first(form, "session") or None)
            return RedirectResponse(f"{SESSIONS}?{urlencode({'done': 'sessions_ended', 'of': user})}", 303)
        if do == "lift":
            parts.people.lift(by, first(form, "key"))
            return RedirectResponse(f"{SESSIONS}?done=lockout_lifted", 303)
        if do == "factor":
            parts.people.remove_factor(by, user)
            return RedirectResponse(f"{SESSIONS}?{urlencode({'done': 'factor_removed', 'of': user})}", 303)
        return _sessions(parts, turn, parts.sessions.id_of(token))

    return await for_right(request, "manage_sessions", make, fresh=frozenset({"POST"}))


def _sessions(parts: Parts, turn: Turn, own: str) -> ports.Response:
    waiting = [
        {"key": key, "kind": key.partition(":")[0], "who": _waiting(turn, key), "seconds": seconds}
        for key, seconds in parts.accounts.waiting().items()
    ]
    of = turn.directory.people.get(first(turn.request.query, "of"))
    values = {
        **(devices_of_person(turn, parts, of.id, of.name) if of else {"whose": ""}),
        "sessions": session_rows(turn, parts, None, own),
        "waiting": waiting,
        "factors": [
            {"user": user, "who": _known(turn, user)}
            for user in sorted(parts.second_factors.all() | parts.passkeys.all())
        ],
        "subnavigation": centre_menu(turn, "sessions"),
    }
    return page(turn, "sessions.html", turn.say(SESSIONS_TITLE), "sessions", values, where="centre")


async def audit_page(request: Request) -> Response:
    """The newest rows, or those about one person or thing; says when the rows do not fit together."""

    def make(parts: Parts, turn: Turn, form: Form) -> ports.Response:
        about = first(form, "about")[:128]
        before = first(form, "before")
        limit = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
        with parts.database.reading() as connection:
            found = audit.entries(connection, _SHOWN, limit, about)
            faults = audit.faults(connection)
            names = _devices(turn, connection, {each.about for each in found})
        values = {
            "rows": [_row(turn, each, names) for each in found],
            "faults": faults[:20],
            "about": about,
            "next": found[-1].n if len(found) == _SHOWN else None,
            "subnavigation": centre_menu(turn, "audit"),
        }
        return page(turn, "audit.html", turn.say(AUDIT_TITLE), "audit", values, where="centre")

    return await for_right(request, "read_audit", make)


def _devices(turn: Turn, connection: Connection, named: set[str]) -> dict[str, str]:
    """What the devices among these ids are called."""
    found = connection.execute(select(devices.c.id, devices.c.code, devices.c.name).where(devices.c.id.in_(named)))
    return {row.id: turn.say(CALLED, code=row.code, name=row.name) for row in found}


def _row(turn: Turn, entry: audit.Entry, names: Mapping[str, str]) -> dict[str, Any]:
    by_command = "command" in entry.detail
    return {
        "n": entry.n,
        "at": language.moment_text(turn.lang, from_ms(entry.at_ms), seconds=True),
        "who": _known(turn, entry.user) if entry.user else turn.say(AT_THE_MACHINE if by_command else NOBODY),
        "what": turn.say(AUDIT_WORDS[entry.what]) if entry.what in AUDIT_WORDS else entry.what,
        "about": names.get(entry.about) or _known(turn, entry.about),
        "about_id": entry.about,
        "detail": [
            (turn.say(DETAIL_WORDS[name]) if name in DETAIL_WORDS else name, _detail(turn, name, value))
            for name, value in entry.detail.items()
        ],
    }


def _detail(turn: Turn, name: str, value: Any) -> str:
    if name == "roles" and isinstance(value, list):
        table = rights().roles
        names = [table[role].en if turn.lang == language.EN else table[role].zh for role in value if role in table]
        return turn.say(LIST_COMMA).join(names)
    if name == "unit":
        return case_view.unit_name(turn, str(value)) or str(value)
    return str(value)


def _waiting(turn: Turn, key: str) -> str:
    return turn.say(UNKNOWN_NAME) if key.startswith(UNKNOWN) else _known(turn, key.partition(":")[2])


def _known(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    return person.name + turn.say(BRACKETED, text=user) if person else user
