"""`/attachments/<sha256>`: HEAD tells where an upload stands, PATCH takes a chunk, GET gives the content.

Bytes and headers around `server.attachments`.
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from server.answers import problem_answer
from server.attachments import CHUNK_BYTES_MAX, Content, Standing, UploadRefused
from server.parts import Parts
from server.who import CSRF_HEADER, is_own_form, parts_of, session_of

CHUNK_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"\d{1,10}")
_RANGE = re.compile(r"bytes=(\d{0,10})-(\d{0,10})")
_HASH = re.compile(r"[0-9a-f]{64}")
# A picture or paper opened by itself may do nothing at all.
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox"


async def attachment(request: Request) -> Response:
    """One content: where its upload stands (HEAD), one more chunk (PATCH), the content itself (GET)."""
    session = await session_of(request)
    if session is None:
        return problem_answer(request, 401, "signed_out")
    parts, sha256 = parts_of(request), request.path_params["sha256"]
    if not _HASH.fullmatch(sha256):
        return problem_answer(request, 404, "unknown_page")
    if request.method == "PATCH":
        if not is_own_form(session, request.headers.get(CSRF_HEADER, "")):
            return problem_answer(request, 403, "bad_form")
        return await _take(request, parts, session.user, sha256)
    if request.method == "HEAD":
        standing = await run_in_threadpool(_standing, parts, session.user, sha256)
        return Response(None, 200, _told(standing))
    content = await run_in_threadpool(_readable, parts, session.user, sha256)
    if content is None:
        return problem_answer(request, 404, "no_content")
    return _give(request, parts, content)


async def _take(request: Request, parts: Parts, user: str, sha256: str) -> Response:
    offset, total = (request.headers.get(f"upload-{name}", "") for name in ("offset", "length"))
    kind = request.headers.get("content-type", "")
    if kind != CHUNK_TYPE or not _NUMBER.fullmatch(offset) or not _NUMBER.fullmatch(total):
        return problem_answer(request, 400, "malformed")
    data = await request.body()  # the guard has set a bound to it
    if len(data) > CHUNK_BYTES_MAX:
        return problem_answer(request, 413, "too_large")
    try:
        standing = await run_in_threadpool(parts.attachments.take, user, sha256, int(total), int(offset), data)
    except UploadRefused as error:
        headers = {"upload-offset": str(error.offset)}
        if error.retry_after_seconds is not None:
            headers["retry-after"] = str(error.retry_after_seconds)
        return JSONResponse({"error": {"code": error.code, "message": error.code}}, error.status, headers)
    return Response(None, 204, _told(standing))


def _standing(parts: Parts, user: str, sha256: str) -> Standing:
    return parts.attachments.standing(user, sha256, parts.city.current().directory)


def _readable(parts: Parts, user: str, sha256: str) -> Content | None:
    return parts.attachments.readable(user, sha256, parts.city.current().directory)


def _told(standing: Standing) -> dict[str, str]:
    return {"upload-offset": str(standing.offset), "upload-complete": "?1" if standing.complete else "?0"}


def _give(request: Request, parts: Parts, content: Content) -> Response:
    headers = {
        "accept-ranges": "bytes",
        "content-security-policy": _SANDBOX,
        # Without a file name: the page's link says the name, and nothing typed by somebody gets into a header.
        "content-disposition": "inline" if content.type.startswith("image/") else "attachment",
    }
    first, last = 0, content.bytes - 1
    asked = request.headers.get("range")
    wanted = _RANGE.fullmatch(asked) if asked else None
    if wanted is not None:
        if wanted[1]:
            first, last = int(wanted[1]), min(int(wanted[2] or last), last)
        elif wanted[2]:
            first = max(0, content.bytes - int(wanted[2]))
        if first > last or not (wanted[1] or wanted[2]):
            return Response(None, 416, {**headers, "content-range": f"bytes */{content.bytes}"})
        headers["content-range"] = f"bytes {first}-{last}/{content.bytes}"
    headers["content-length"] = str(last - first + 1)
    status = 200 if wanted is None else 206
    return StreamingResponse(parts.attachments.pieces(content, first, last), status, headers, media_type=content.type)
