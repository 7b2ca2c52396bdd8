"""`/log/…`: checkpoint, proofs and keys of the record's log, for anybody: they hold only hashes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from py_core.errors import Malformed
from py_core.merkle import SIZE_MAX
from server.log_proofs import consistency, inclusion, key_list
from server.outside import Clock, to_ms
from server.who import parts_of

_A_MINUTE_MS = 60_000
PER_MINUTE = 60  # requests of one address
_ADDRESSES_MAX = 10_000


class Allowance:
    """So many requests a minute for each address; refills evenly."""

    def __init__(self, clock: Clock, per_minute: int = PER_MINUTE) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, address: str) -> bool:
        """Whether this address may ask once more now."""
        now_ms = to_ms(self._clock.now())
        with self._lock:
            left, since_ms = self._left.pop(address, (float(self._per_minute), now_ms))
            left = min(self._per_minute, left + max(0, now_ms - since_ms) * self._per_minute / _A_MINUTE_MS)
            self._left[address] = (left - 1 if left >= 1 else left, now_ms)
            if len(self._left) > _ADDRESSES_MAX:
                self._left.popitem(last=False)
            return left >= 1


async def show_checkpoint(request: Request) -> Response:
    """The newest signed checkpoint; a new one when the last is older than a minute and the log grew."""
    return await _answer(
        request, lambda: PlainTextResponse(parts_of(request).checkpoints.current(at_most_old_ms=_A_MINUTE_MS))
    )


async def show_proof(request: Request) -> Response:
    """`older`, `newer`: consistency; `index`, `size`: inclusion; of the tree `acts` or `registry`."""
    asked = request.query_params
    tree = asked.get("tree", "acts")

    def prove() -> Response:
        with parts_of(request).database.reading() as connection:
            if "index" in asked:
                return JSONResponse(inclusion(connection, tree, _number(request, "index"), _number(request, "size")))
            return JSONResponse(consistency(connection, tree, _number(request, "older"), _number(request, "newer")))

    return await _answer(request, prove)


async def show_keys(request: Request) -> Response:
    """The log's name and the chain of the record's keys."""
    parts = parts_of(request)

    def look() -> Response:
        with parts.database.reading() as connection:
            return JSONResponse(key_list(connection, parts.keys.name))

    return await _answer(request, look)


async def _answer(request: Request, make: Callable[[], Response]) -> Response:
    allowance: Allowance = request.app.state.log_allowance
    if not allowance.take(request.client.host if request.client else ""):
        error = {"code": "busy", "message": f"At most {PER_MINUTE} requests a minute from one address."}
        return JSONResponse({"error": error}, 429, {"retry-after": "10"})
    try:
        return await run_in_threadpool(make)
    except Malformed as error:
        return JSONResponse({"error": {"code": "malformed", "message": str(error)}}, 400)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= SIZE_MAX):
        raise Malformed(name, "must be a whole number")
    return int(text)
