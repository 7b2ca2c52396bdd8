"""Tells waiting connections that the feed grew; other processes over the same PostgreSQL hear of it by `neighbours`.

Must not say what is new: each connection looks into its own unit's feed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from sqlalchemy import Connection

from server.database import Database
from server.neighbours import tell_neighbours


class Bell:
    """Rung from any thread after a commit; heard by every listener of the event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._calls: list[Callable[[], None]] = []
        self._closing = False

    @property
    def closing(self) -> bool:
        """True when the server ends: connections that only wait have to go."""
        return self._closing

    def listen(self) -> asyncio.Event:
        """An event that is set at every ring; the listener clears it. Call `leave` at the end."""
        event = asyncio.Event()
        with self._lock:
            self._listeners[event] = asyncio.get_running_loop()
        return event

    def leave(self, event: asyncio.Event) -> None:
        with self._lock:
            self._listeners.pop(event, None)

    def subscribe(self, call: Callable[[], None]) -> None:
        """Has something quick called at every ring, in the thread that rings."""
        self._calls.append(call)

    def ring(self) -> None:
        """Wakes every listener."""
        for call in self._calls:
            call()
        with self._lock:
            for event, loop in self._listeners.items():
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)

    def ring_after(self, database: Database, connection: Connection) -> None:
        """Rings, here and in the neighbours, once what this connection writes is on the disk."""
        tell_neighbours(connection)
        database.after_commit(self.ring)

    def close(self) -> None:
        """Rings for the last time."""
        self._closing = True
        self.ring()
