"""Who is asking: the session behind a request's cookie, and the check that a form came from our own page."""

from __future__ import annotations

import hmac

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from server.parts import Parts
from server.sessions import Session
from server.settings import Settings

CSRF_HEADER = "x-csrf-token"


def parts_of(request: Request) -> Parts:
    """The parts of the running server."""
    parts: Parts = request.app.state.parts
    return parts


def session_cookie(settings: Settings) -> str:
    """The cookie's name; with HTTPS a name that browsers bind to this very host."""
    return "__Host-shouwen" if settings.secure_cookies else "shouwen"


def token_of(request: Request) -> str:
    """The session cookie's value, or an empty text."""
    return request.cookies.get(session_cookie(parts_of(request).settings), "")


async def session_of(request: Request) -> Session | None:
    """The session of a request; None when nobody is signed in."""
    token = token_of(request)
    return await run_in_threadpool(parts_of(request).sessions.find, token) if token else None


def is_own_form(session: Session, token: str) -> bool:
    """Whether a form or call carries the session's token."""
    return hmac.compare_digest(session.csrf.encode(), token.encode("utf-8", "replace"))


def remember(response: Response, request: Request, token: str) -> None:
    """Gives the browser its session cookie; it lives as long as a session can."""
    settings = parts_of(request).settings
    response.set_cookie(
        session_cookie(settings),
        token,
        max_age=int(settings.session_life.total_seconds()),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, request: Request) -> None:
    """Takes the session cookie away."""
    settings = parts_of(request).settings
    response.delete_cookie(
        session_cookie(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
    )
