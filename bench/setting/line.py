"""A slow line between a device and a server: a TCP proxy that delays, limits the rate, cuts, and counts bytes.

Each direction has its own rate; a new connection costs one round trip, as TCP's handshake does. What is counted are
bytes of payload, HTTP's and WebSocket's own included. A cut takes every connection down, with what was under way.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_SEGMENT = 1_400
_AHEAD = 32 * 1024  # bytes that one direction may have under way before the sender is made to wait


@dataclass
class Line:
    """The line's properties and what has gone over it. `cut_bytes` 0: never cut."""

    port: int
    rtt_seconds: float
    bytes_per_second: float
    cut_bytes: int = 0
    up: int = 0
    down: int = 0
    connections: int = 0
    cuts: int = 0
    _since_cut: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def reset(self) -> None:
        """Counts from zero."""
        self.up = self.down = self.connections = self.cuts = self._since_cut = 0

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter, target: int) -> None:
        self.connections += 1
        await asyncio.sleep(self.rtt_seconds)
        far, forth = await asyncio.open_connection("127.0.0.1", target)
        self._open.update((back, forth))
        try:
            await asyncio.gather(self._carry(near, forth, "up"), self._carry(far, back, "down"))
        except OSError:
            pass  # one end was cut: the other ends below
        finally:
            for writer in (back, forth):
                self._open.discard(writer)
                writer.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: str) -> None:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_AHEAD // _SEGMENT)
        delivering = asyncio.create_task(self._deliver(under_way, sink, way))
        free = 0.0
        try:
            while not delivering.done():
                piece = await source.read(_SEGMENT)
                free = max(loop.time(), free) + len(piece) / self.bytes_per_second
                await under_way.put((free + self.rtt_seconds / 2, piece))
                if not piece:
                    break
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter, way: str
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at, piece = await under_way.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            if not piece:
                if sink.can_write_eof():
                    sink.write_eof()
                return
            setattr(
                self, way, getattr(self, way) + len(piece)
            )  # before anybody can have read it and begun to count anew
            sink.write(piece)
            self._since_cut += len(piece)
            if self.cut_bytes and self._since_cut >= self.cut_bytes:
                self._since_cut = 0
                self.cuts += 1
                for writer in list(self._open):
                    writer.transport.abort()
                return


@contextmanager
def line_to(target: int, rtt_ms: float, kbit_per_second: float) -> Iterator[Line]:
    """A line to a port of this machine, in a thread of its own, until the block ends."""
    line = Line(0, rtt_ms / 1000, kbit_per_second * 1000 / 8)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ending: asyncio.Event | None = None

    async def run() -> None:
        nonlocal ending
        ending = asyncio.Event()
        server = await asyncio.start_server(lambda near, back: line._serve(near, back, target), "127.0.0.1", 0)
        line.port = server.sockets[0].getsockname()[1]
        ready.set()
        await ending.wait()
        server.close()

    def work() -> None:
        loop.run_until_complete(run())
        loop.set_exception_handler(lambda *_: None)  # connections that end with the line are no news
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield line
    finally:
        assert ending is not None
        loop.call_soon_threadsafe(ending.set)
        thread.join()
