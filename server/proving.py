"""Who opens a way into the account, or takes one away, proves once more who it is: a stolen session does neither.

Where nothing else is typed, a sign-in of a few minutes ago is the proof; a form with fields asks for password and code
itself. Must not know what is done with the proof.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.forms import Form, first
from server.parts import Parts
from server.sessions import Session
from server.sign_in import own_path


def is_fresh(parts: Parts, session: Session) -> bool:
    """Whether the person of this session signed in, with all that is asked of them, only a few minutes ago."""
    return parts.clock.now() - session.signed_in_at <= parts.settings.fresh_sign_in


def sign_in_again(request: Request) -> Response:
    """Leads to signing in, which begins another session, and back to the page that was asked for."""
    query = {"again": "1", "next": own_path(str(request.scope["path"]))}
    return RedirectResponse(f"/sign-in?{urlencode(query)}", 303)


def form_fault(parts: Parts, user: str, form: Form, address: str) -> str:
    """Why password and code of a form prove nothing: "current", "code" or "wait"; empty when they do."""
    checked = parts.accounts.check(user, first(form, "password"), address)
    if checked.user is None:
        return "wait" if checked.wait_seconds else "current"
    if not parts.second_factors.has(user):
        return ""
    code = parts.accounts.check_code(user, lambda: parts.second_factors.check(user, first(form, "code")))
    return "" if code.user else "wait" if code.wait_seconds else "code"
