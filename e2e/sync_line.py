"""A line between browser and server that reads the exchange: it breaks an answer after a whole page or inside one, and
keeps from where every request asked and up to where whole pages had come through."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from py_core import wire
from py_core.packed import messages

_ONE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
_PIECE_BYTES = 64 * 1024
_SILENT_SECONDS = (
    1.0  # a line falls silent before it is known to be broken; a browser drops what it had not read by then
)


@dataclass(frozen=True)
class Break:
    """Lets so many whole pages of an answer through, with `inside` also half of the next one; with `away` the record
    cannot be asked again until somebody says so."""

    pages: int
    inside: bool = False
    away: bool = False


@dataclass(frozen=True)
class Told:
    """One exchange: the cursor that was asked from, the last whole page's that came through (None: none did), how many
    did, and whether the line broke then."""

    asked: int
    cursor: int | None
    pages: int
    broken: bool


class SyncLine:
    """Forwards `port` to the server at `to`, breaking answers of the exchange as `breaks` say, in their order."""

    def __init__(self, port: int, to: int, breaks: Sequence[Break]) -> None:
        self.to = to
        self.told: list[Told] = []
        self.left = list(breaks)
        self.asked_while_away = threading.Event()
        self._away = False
        self._lock = threading.Lock()
        line = self

        class Handler(_Handler):
            exchanges = line

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def come_back(self) -> None:
        """The record can be asked again."""
        with self._lock:
            self._away = False
            self.asked_while_away.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def is_away(self) -> bool:
        """Whether a request of the exchange finds nobody; that it came says that what came before was dealt with."""
        with self._lock:
            if self._away:
                self.asked_while_away.set()
            return self._away

    def passed(self, body: bytes, answer: bytes) -> bytes:
        """What of an answer comes through."""
        asked = wire.read_message(messages.long(wire.read_frames(body)[0]))
        assert isinstance(asked, wire.Hello)
        ends = _ends(answer)
        with self._lock:
            count, upto, broken = len(ends), len(answer), False
            if self.left and len(ends) > self.left[0].pages:
                step = self.left.pop(0)
                count = step.pages
                upto = ends[count - 1][0] if count else 0
                if step.inside:
                    upto += (ends[count][0] - upto) // 2
                self._away, broken = step.away, True
            self.told.append(Told(asked.cursor, ends[count - 1][1] if count else None, count, broken))
        return answer[:upto]


def _ends(answer: bytes) -> list[tuple[int, int]]:
    """Where in an answer each page ends, and the cursor there."""
    found, at = [], 0
    while at < len(answer):
        upto = at + 4 + struct.unpack_from(">I", answer, at)[0]
        message = messages.long(wire.read_frames(answer[at:upto], bytes_max=wire.ANSWER_BYTES_MAX)[0])
        if isinstance(message, wire.Json) and isinstance(end := wire.read_message(message), wire.End):
            found.append((upto, end.cursor))
        at = upto
    return found


class _Handler(BaseHTTPRequestHandler):
    exchanges: SyncLine

    def _forward(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        is_exchange = (self.command, self.path) == ("POST", "/sync")
        if is_exchange and self.exchanges.is_away():
            return
        far = HTTPConnection("127.0.0.1", self.exchanges.to)
        try:
            far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                # The frames are read here as they are.
                if name.lower() not in _ONE_HOP and not (is_exchange and name.lower() == "accept-encoding"):
                    far.putheader(name, value)
            far.endheaders(body or None)
            answer = far.getresponse()
            if is_exchange and answer.status == 200:
                data = answer.read()
                through = self.exchanges.passed(body, data)
                self._head(answer, len(data))  # more than comes: whoever reads knows that the line broke
                self.wfile.write(through)
                self.wfile.flush()
                if len(through) < len(data):
                    time.sleep(_SILENT_SECONDS)
                return
            self._head(answer, None)
            while self.command != "HEAD" and (piece := answer.read1(_PIECE_BYTES)):
                self.wfile.write(piece)
        except OSError:
            return  # one end went away
        finally:
            far.close()

    def _head(self, answer: HTTPResponse, length: int | None) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _ONE_HOP and not (length is not None and name.lower() == "content-length"):
                self.send_header(name, value)
        if length is not None:
            self.send_header("content-length", str(length))
        self.send_header("connection", "close")
        self.end_headers()

    do_GET = do_POST = do_HEAD = do_PATCH = _forward

    def log_message(self, *args: object) -> None:
        """The test's output is for failures."""
