"""Serves what the web build made: hashed names for ever, the others asked for each time, brotli where it was made."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from server.answers import problem_answer
from server.who import parts_of

_NAME = re.compile(r"(assets/)?[A-Za-z0-9][A-Za-z0-9._-]*\.(js|mjs|css|html|json|wasm|zip|svg|png|ico|webmanifest|map)")
_HASHED = re.compile(r"-[0-9a-f]{12}\.")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".zip": "application/zip"}


async def asset(request: Request) -> Response:
    """A file of the build, or the page that says that there is none."""
    name = str(request.scope["path"]).removeprefix("/")
    root = parts_of(request).settings.web_dist
    plain = root / name
    if not _NAME.fullmatch(name) or not plain.is_file():
        return problem_answer(request, 404, "unknown_page")
    packed = plain.with_name(plain.name + ".br")
    use_packed = "br" in request.headers.get("accept-encoding", "") and packed.is_file()
    chosen = packed if use_packed else plain
    headers = {"vary": "accept-encoding", "etag": _etag(chosen)}
    headers["cache-control"] = "public, max-age=31536000, immutable" if _HASHED.search(name) else "no-cache"
    if use_packed:
        headers["content-encoding"] = "br"
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    kind = _TYPES.get(plain.suffix) or mimetypes.guess_type(plain.name)[0] or "application/octet-stream"
    return FileResponse(chosen, headers=headers, media_type=kind)


def _etag(path: Path) -> str:
    stat = path.stat()
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
