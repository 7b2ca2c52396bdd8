"""Answers that are no page of the desk: problems as pages, JSON, error frames of the sync.

The one place that knows in which form a path's errors are told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from py_core import __version__, wire
from py_core.desk import ports, problem_page

LANG_COOKIE = "lang"
_YEAR_SECONDS = 365 * 86_400
_LANGUAGES = ("zh-CN", "en")
_MACHINE_PATHS = re.compile(r"/(me|devices(/return)?|healthz|sync/events|log/[a-z]+)")
_UPLOAD_PATHS = re.compile(r"/attachments/[^/]*")
_TEXTS = {  # for programs and their authors; people get `problem_page`
    "signed_out": "Sign in first.",
    "not_allowed": "The person's roles do not include this.",
    "sign_in_again": "This is for somebody who signed in a few minutes ago: sign in again.",
    "bad_form": "The token of the session is missing or old; ask /me again.",
    "bad_sign": "There is a U+0000 in what was sent; the record stores none.",
    "too_large": "The body is too large.",
    "too_often": "This address asks too often; wait as long as retry-after says.",
    "storage_full": "The record's storage is full; try again later.",
    "server_error": "The record met an unexpected error; it was logged.",
    "unknown_page": "There is nothing here.",
    "method": "This address does not take this method.",
    "malformed": "The body is not what this address takes.",
}


def chosen_language(request: Request) -> str:
    """What the address says, else what the browser was told before, else Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
    return asked if asked in _LANGUAGES else _LANGUAGES[0]


def remember_language(request: Request, answer: Response) -> None:
    """Keeps a language that was asked for in the address for the pages after this one."""
    if "lang" in request.query_params:
        answer.set_cookie(LANG_COOKIE, chosen_language(request), max_age=_YEAR_SECONDS, samesite="lax")


def problem_answer(
    request: Request,
    status: int,
    code: str,
    *,
    csrf: str = "",
    reference: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """What went wrong, as a page for people, JSON for the worker, a frame for the sync client."""
    path = request.url.path
    if path == "/sync" and request.method == "POST":
        return sync_error(status, code, _TEXTS.get(code, code), headers)
    if _MACHINE_PATHS.fullmatch(path) or (_UPLOAD_PATHS.fullmatch(path) and request.method in ("HEAD", "PATCH")):
        data = {"code": code, "message": _TEXTS.get(code, code), "reference": reference}
        return JSONResponse({"error": data}, status, headers)
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    page = problem_page(
        status,
        code,
        lang=chosen_language(request),
        path=path,
        query=query,
        csrf=csrf,
        app_version=__version__,
        reference=reference,
    )
    return HTMLResponse(page.html, page.status, headers)


def sync_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """The body of an exchange that was not served: one frame."""
    body = wire.encode_frame(wire.message_frame(wire.ErrorMessage(code, message)))
    return Response(body, status, headers, media_type=wire.CONTENT_TYPE)


def page_answer(response: ports.Response) -> Response:
    """A page or a redirection of the desk."""
    if response.location is not None:
        return RedirectResponse(response.location, response.status)
    return HTMLResponse(response.html, response.status)
