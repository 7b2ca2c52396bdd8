"""`POST /sync` and `GET /sync/events`: bytes and sockets around `server.exchange`."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from py_core import inflating, wire
from py_core.errors import Malformed
from server import late_work, record
from server.answers import problem_answer, sync_error
from server.city import reader_in
from server.exchange import ExchangeRefused, Part
from server.parts import Parts
from server.who import parts_of, session_of, token_of

_GZIP_LEVEL = 6


async def sync(request: Request) -> Response:
    """One exchange."""
    session = await session_of(request)
    if session is None:
        return problem_answer(request, 401, "signed_out")
    exchange = parts_of(request).exchange
    body = await request.body()
    try:
        frames = wire.read_frames(inflate(body, request.headers.get("content-encoding", "")))
        parts = exchange.parts(session.user, frames)
        makers: Executor = request.app.state.exchange_makers
        if any(isinstance(each, wire.Pushed) or _is_acts(each) for each in frames):
            makers = request.app.state.push_takers
        first = await _next(makers, parts)
        assert first is not None
    except Malformed as error:
        return sync_error(400, "malformed", str(error))
    except ExchangeRefused as error:
        retry = {} if error.retry_after_seconds is None else {"retry-after": str(error.retry_after_seconds)}
        return sync_error(error.status, error.code, error.message, retry)
    if not first.last:
        return StreamingResponse(_stream(makers, first, parts), 200, media_type=wire.CONTENT_TYPE)
    data = wire.encode_frames(first.frames)
    headers = {}
    if not first.packed and len(data) > wire.GZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        data = await run_in_threadpool(gzip.compress, data, _GZIP_LEVEL, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(data, 200, headers, media_type=wire.CONTENT_TYPE)


def _is_acts(frame: wire.Frame) -> bool:
    return isinstance(frame, wire.Short) and frame.type == wire.TYPE_ACTS


async def _next(makers: Executor, parts: Iterator[Part]) -> Part | None:
    """Made by one of the few threads that exchanges have: a crowd that pulls leaves others to who pushes, and to pages."""
    return await asyncio.get_running_loop().run_in_executor(makers, next, parts, None)


async def _stream(makers: Executor, first: Part, parts: Iterator[Part]) -> AsyncIterator[bytes]:
    """A page is made when the one before it has gone to the line: what waits in memory is one page a device."""
    part: Part | None = first
    while part is not None:
        yield wire.encode_frames(part.frames)
        part = None if part.last else await _next(makers, parts)


def inflate(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding; never more than the wire allows, whatever a bomb promises."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Malformed("body", "has a content encoding other than gzip")
    try:
        return inflating.inflate(body, inflating.GZIP, wire.REQUEST_BYTES_MAX)
    except ValueError as error:
        raise Malformed("body", f"has a content that {error}") from error


async def events(request: Request) -> Response:
    """Server-sent events: one whenever the feed of the person's unit grew."""
    session = await session_of(request)
    if session is None:
        return problem_answer(request, 401, "signed_out")
    stream = _events(parts_of(request), token_of(request), session.user)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _events(parts: Parts, token: str, user: str) -> AsyncIterator[str]:
    news = parts.bell.listen()
    told: tuple[int, ...] = ()
    try:
        while not parts.bell.closing:
            news.clear()
            known = await run_in_threadpool(_known, parts, user)
            if known != told:
                yield f"event: log\ndata: {known[0]}\n\n"
                told = known
            heard = True
            try:
                await asyncio.wait_for(news.wait(), parts.settings.heartbeat_seconds)
            except TimeoutError:
                heard = False
            session = await run_in_threadpool(parts.sessions.find, token)  # it may have been ended meanwhile
            if session is None or session.user != user:
                return
            if not heard:
                yield ": still here\n\n"
    finally:
        parts.bell.leave(news)


def _known(parts: Parts, user: str) -> tuple[int, ...]:
    """What a person's devices could hear of: their feed, the directory, decisions about them and their work."""
    with parts.database.reading() as connection:
        published = parts.city.current_in(connection)
        person = reader_in(published.directory, user, parts.clock.now())
        top = record.feed_top(connection, person.unit) if person else 0
        return top, published.version, *late_work.told_to(connection, user)
