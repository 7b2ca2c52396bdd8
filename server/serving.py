"""Runs the application with uvicorn: connections that only wait are sent away when the server is told to end."""

from __future__ import annotations

from types import FrameType

import uvicorn

from server import logs
from server.app import application
from server.parts import Parts
from server.repo_protocol import MESSAGE_BYTES_MAX

_GRACE_SECONDS = 10


class _Server(uvicorn.Server):
    """Tells the waiting event streams to end first; else a graceful end would wait for them in vain."""

    def __init__(self, config: uvicorn.Config, parts: Parts) -> None:
        super().__init__(config)
        self._parts = parts

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._parts.bell.close()
        super().handle_exit(sig, frame)


def server_over(parts: Parts, host: str, port: int) -> uvicorn.Server:
    """A server that waits to be run."""
    config = uvicorn.Config(
        application(parts),
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # addresses and case ids are personal data
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=30,
        limit_concurrency=2000,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
    )
    return _Server(config, parts)


def serve(parts: Parts, host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C; running requests are finished first."""
    logs.begin()
    server_over(parts, host, port).run()
