"""The web application over the parts: which address is answered by what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from py_core import __version__
from server import record
from server.account_routes import ACCOUNT_PATH, show_account, take_account
from server.answers import problem_answer
from server.assets import asset
from server.attachment_routes import attachment
from server.calendar_routes import calendar_feed, calendar_page
from server.carry_routes import give_receipts, show_file, show_files, take_file
from server.desk_routes import desk_page
from server.device_name_routes import device_name
from server.device_routes import enrol_device, me, return_device
from server.door import door
from server.erasing import erase_again_or_why
from server.evidence_routes import case_evidence, reporter_evidence
from server.guard import CALENDAR_PATH, CARRIED_PATH, Guard
from server.log_routes import Allowance, show_checkpoint, show_keys, show_proof
from server.outside import Clock, Entropy
from server.parts import Parts, assemble
from server.passkey_routes import ACCOUNT_PASSKEY, SIGN_IN_PASSKEY, ask_passkey, offer_passkey, take_passkey
from server.people_routes import PEOPLE, POSTS, new_person, one_person, one_post, show_people
from server.rates import Rates
from server.settings import Settings
from server.sign_in import show_sign_in, take_sign_in, take_sign_out
from server.sign_in_taken import show_step, take_step
from server.sync_routes import events, sync
from server.watch_routes import AUDIT, SESSIONS, audit_page, sessions_page
from server.who import parts_of

_PULLS_AT_ONCE = 2
_PUSHES_AT_ONCE = 4


def create_app(settings: Settings, clock: Clock, entropy: Entropy) -> Starlette:
    """The application with its own parts, which it closes at the end."""
    return application(assemble(settings, clock, entropy))


def application(parts: Parts) -> Starlette:
    """The application over parts that somebody built; they are closed when it ends."""

    makers = ThreadPoolExecutor(_PULLS_AT_ONCE, "pull")
    takers = ThreadPoolExecutor(_PUSHES_AT_ONCE, "push")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        erase = partial(erase_again_or_why, parts)
        await run_in_threadpool(parts.erasing_again.attempt, erase)  # before anybody is answered from an older backup
        parts.erasing_again.start(erase)
        if parts.settings.similar_cases:
            parts.similar.start()
            parts.bell.subscribe(parts.similar.notice)
        if parts.neighbours is not None:
            parts.neighbours.start()
        parts.recomputation.start()
        parts.checkpoints.start()
        await run_in_threadpool(parts.attachments.sweep)
        parts.bell.subscribe(parts.recomputation.notice)
        yield
        for each in (makers, takers):
            each.shutdown(cancel_futures=True)
        await run_in_threadpool(parts.close)

    app = Starlette(
        routes=routes(),
        exception_handlers={HTTPException: _http_problem},
        middleware=[
            Middleware(Guard, settings=parts.settings, entropy=parts.entropy, rates=Rates(parts.clock)),
        ],
        lifespan=lifespan,
    )
    app.state.parts = parts
    app.state.log_allowance = Allowance(parts.clock)
    app.state.exchange_makers, app.state.push_takers = makers, takers
    return app


def routes() -> list[Route | WebSocketRoute]:
    """Every address that the server answers by itself; the last gives the rest to the desk."""
    return [
        Route("/healthz", healthz),
        Route("/me", me),
        Route("/devices", enrol_device, methods=["POST"]),
        Route("/devices/return", return_device, methods=["POST"]),
        Route("/sync/events", events),
        Route("/log/checkpoint", show_checkpoint),
        Route("/log/proof", show_proof),
        Route("/log/keys", show_keys),
        WebSocketRoute("/automerge", door),
        Route("/sync", sync, methods=["POST"]),
        Route(CALENDAR_PATH, calendar_page, methods=["GET", "POST"]),
        Route(CALENDAR_PATH + "/{token:str}.ics", calendar_feed, methods=["GET"]),
        Route(CARRIED_PATH, show_files, methods=["GET"]),
        Route(CARRIED_PATH, take_file, methods=["POST"]),
        Route(CARRIED_PATH + "/{file:str}", show_file, methods=["GET"]),
        Route(CARRIED_PATH + "/{file:str}/receipts", give_receipts, methods=["GET"]),
        Route("/sign-in", show_sign_in, methods=["GET"]),
        Route("/sign-in", take_sign_in, methods=["POST"]),
        Route(PEOPLE, show_people),
        Route(PEOPLE + "/new", new_person, methods=["GET", "POST"]),
        Route(PEOPLE + "/{user:str}", one_person, methods=["GET", "POST"]),
        Route(POSTS + "/{post:str}", one_post, methods=["GET", "POST"]),
        Route(SESSIONS, sessions_page, methods=["GET", "POST"]),
        Route(AUDIT, audit_page, methods=["GET", "POST"]),
        Route("/sign-in/step", show_step, methods=["GET"]),
        Route("/sign-in/step", take_step, methods=["POST"]),
        Route("/centre/devices/{device:str}/name", device_name, methods=["GET", "POST"]),
        Route("/cases/{case:str}/evidence", case_evidence, methods=["GET", "POST"]),
        Route("/centre/reporter/{document:str}/evidence", reporter_evidence, methods=["GET", "POST"]),
        Route(SIGN_IN_PASSKEY, ask_passkey, methods=["GET"]),
        Route(SIGN_IN_PASSKEY, take_passkey, methods=["POST"]),
        Route(ACCOUNT_PASSKEY, offer_passkey, methods=["POST"]),
        Route(ACCOUNT_PATH, show_account, methods=["GET"]),
        Route(ACCOUNT_PATH, take_account, methods=["POST"]),
        Route("/sign-out", take_sign_out, methods=["POST"]),
        Route("/attachments/{sha256}", attachment, methods=["GET", "HEAD", "PATCH"]),
        Route("/assets/{name:path}", asset),
        *(Route(f"/{name}", asset) for name in ("sw.js", "worker.js", "shell.html", "precache.json")),
        Route("/{path:path}", desk_page, methods=["GET", "POST"]),
    ]


async def healthz(request: Request) -> Response:
    """Whether the record answers, with what a monitor wants to know; no personal data."""
    parts = parts_of(request)

    def look() -> dict[str, object]:
        with parts.database.reading() as connection:
            return {
                "status": "ok",
                "version": __version__,
                "log_size": record.log_size(connection),
                "directory_version": parts.city.current_in(connection).version,
                "web_built": (parts.settings.web_dist / "sw.js").is_file(),
            }

    return JSONResponse(await run_in_threadpool(look))


async def _http_problem(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "unknown_page", 405: "method", 413: "too_large"}.get(status, "server_error")
    return problem_answer(request, status, code)
