"""A line to a local server that counts the bytes which come back over it."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from types import TracebackType

_PIECE = 65_536


class CountedLine:
    """Listens on `port` while it is entered; `received` counts what the server sent, headers included."""

    def __init__(self, to: int) -> None:
        self.received = 0
        self._counting = threading.Lock()
        line = self

        class Pipe(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(("127.0.0.1", to)) as server:
                    threading.Thread(target=_pump, args=(self.request, server, _nothing), daemon=True).start()
                    _pump(server, self.request, line._count)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pipe)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def _count(self, size: int) -> None:
        with self._counting:
            self.received += size

    def __enter__(self) -> CountedLine:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pump(source: socket.socket, target: socket.socket, count: Callable[[int], None]) -> None:
    """Carries bytes until one side ends; ending is how a line ends, not a fault."""
    try:
        while piece := source.recv(_PIECE):
            count(len(piece))
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _nothing(size: int) -> None:
    """What the browser asks is not counted."""
