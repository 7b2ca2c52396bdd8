"""What stands around every request: headers that tell the browser to trust nothing else, size limits, the origin of
forms, and the last net under faults. Must not know any page."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from py_core.wire import CONTENT_TYPE
from server.answers import problem_answer
from server.database import is_busy, is_storage_full
from server.forms import BadSign
from server.outside import Entropy
from server.rates import Rates
from server.settings import Settings

_log = logging.getLogger("shouwen")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data: blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
_DRAIN_BYTES_MAX = 64 * 1024 * 1024
CALENDAR_PATH = "/calendar"  # see `calendar_routes`
CARRIED_PATH = "/centre/carried"  # takes a file, see `carry_routes`
SIGN_IN_PATH = "/sign-in"
EVENTS_PATH = "/sync/events"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class TooLarge(Exception):
    """The body grew past its limit while it was read."""


class Guard:
    """Wraps every route and its faults; only what it cannot answer any more goes further out."""

    def __init__(self, app: ASGIApp, settings: Settings, entropy: Entropy, rates: Rates) -> None:
        self._app = app
        self._rates = rates
        self._settings = settings
        self._entropy = entropy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not _is_same_origin(Headers(scope=scope)):
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser gets a 403
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._protect(MutableHeaders(scope=message), request.url.path)
            await send(message)

        request = Request(scope)
        limit = self._bytes_max(request.url.path)
        try:
            wait = self._wait_seconds(request)
            # The stream of wake-ups is safe to read twice, but it tells a foreign page when its visitor gets work.
            guarded = scope["method"] not in _SAFE_METHODS or request.url.path == EVENTS_PATH
            if guarded and not _is_same_origin(request.headers):
                answer = problem_answer(request, 403, "bad_form")
                await answer(scope, receive, send_guarded)
            elif wait:
                answer = problem_answer(request, 429, "too_often", headers={"retry-after": str(wait)})
                await answer(scope, receive, send_guarded)
            elif "\0" in scope["path"] or b"%00" in scope["query_string"]:
                raise BadSign
            elif _announced(request.headers) > limit:
                raise TooLarge
            else:
                await self._app(scope, _limited(receive, limit), send_guarded)
        except TooLarge:
            if started:
                raise
            await _drain(receive)
            answer = problem_answer(request, 413, "too_large", headers={"connection": "close"})
            await answer(scope, receive, send_guarded)
        except BadSign:
            if started:
                raise
            answer = problem_answer(request, 400, "bad_sign")
            await answer(scope, receive, send_guarded)
        except Exception as error:
            answer = self._fault(request, error)
            if started:
                raise
            await answer(scope, receive, send_guarded)

    def _wait_seconds(self, request: Request) -> int:
        """How long an address must wait before it may guess, or cost a password's check, once more."""
        path, address = request.url.path, request.client.host if request.client else ""
        if path.startswith("/public/") and (request.url.query or request.method == "POST"):
            return self._rates.wait_seconds(f"public {address}", self._settings.public_lookups_per_minute)
        if path.startswith(SIGN_IN_PATH) and request.method == "POST":
            return self._rates.wait_seconds(f"sign-in {address}", self._settings.sign_ins_per_minute)
        return 0

    def _bytes_max(self, path: str) -> int:
        if path == "/sync":
            return self._settings.sync_body_bytes_max
        return self._settings.carried_bytes_max if path == CARRIED_PATH else self._settings.form_bytes_max

    def _fault(self, request: Request, error: Exception) -> Response:
        reference = self._entropy.token(4).hex()
        where = f"{request.method} {_kind_of(request.url.path)}"
        if is_storage_full(error):
            _log.error("%s: %s: the storage is full", reference, where)
            return problem_answer(request, 503, "storage_full", reference=reference, headers={"retry-after": "60"})
        if is_busy(error):
            _log.warning("%s: %s: another writer held the record too long", reference, where)
            return problem_answer(request, 503, "busy", reference=reference, headers={"retry-after": "5"})
        _log.error("%s: %s failed", reference, where, exc_info=error)
        return problem_answer(request, 500, "server_error", reference=reference)

    def _protect(self, headers: MutableHeaders, path: str) -> None:
        if path == "/sync" and headers.get("content-type") == CONTENT_TYPE:
            # Only fetched by our own worker (see `_is_same_origin`), never shown: a page's headers say nothing here,
            # and would be most of an exchange that brings nothing.
            headers.setdefault("cache-control", "no-store")
            return
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        if self._settings.secure_cookies:
            headers.setdefault("strict-transport-security", "max-age=31536000")


def _is_same_origin(headers: Headers) -> bool:
    """Whether a form or fetch comes from a page of this address; programs without browser send neither header."""
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _announced(headers: Headers) -> int:
    value = headers.get("content-length", "0")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


def _limited(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return receive_limited


async def _drain(receive: Receive) -> None:
    """Lets a browser finish sending, within reason: one that is cut off shows an error of its own, not our page."""
    left = _DRAIN_BYTES_MAX
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        left -= len(message.get("body", b""))


def _kind_of(path: str) -> str:
    """The first part of a path: the rest can name a case."""
    return "/" + path.split("/")[1][:32]
