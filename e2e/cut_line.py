"""A line between browser and server that breaks in the middle of what is being sent."""

from __future__ import annotations

import contextlib
import socket
import threading


class CutLine:
    """Forwards `port` to `to`; it cuts in the body of what is asked for, as often as `cuts` says."""

    def __init__(self, port: int, to: int, cuts: int, after_bytes: int, *, asked: bytes) -> None:
        self.made = 0  # cuts so far
        self._asked = asked
        self._to, self._cuts, self._after = to, cuts, after_bytes
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        # Closing alone would leave the thread in its call.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            begun = threading.Event()
            for way in ((near, far, True, begun), (far, near, False, begun)):
                thread = threading.Thread(target=self._forward, args=way, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _forward(self, source: socket.socket, target: socket.socket, up: bool, begun: threading.Event) -> None:
        sent = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(8192):
                if up and self._asked in piece:
                    begun.set()
                    sent = 0
                if begun.is_set() and up:
                    sent += len(piece)
                    if sent > self._after and self._cut():
                        break
                target.sendall(piece)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        source.close()  # the other direction's thread closes the other one

    def _cut(self) -> bool:
        with self._lock:
            if self.made >= self._cuts:
                return False
            self.made += 1
            return True
