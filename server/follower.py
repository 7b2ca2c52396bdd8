"""Something that is brought up to date after the record grew, in a thread of its own, so that nobody waits for it."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod


class Follower(ABC):
    """Calls `catch_up` once at the start and after every `notice`; a failed one is tried again at the next."""

    def __init__(self, name: str, failure: str) -> None:
        self._name = name
        self._failure = failure  # said in the log when `catch_up` fails
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self.ending = False

    @abstractmethod
    def catch_up(self) -> int:
        """Does everything that is due; gives how much that was. Doing it twice changes nothing."""

    def start(self) -> None:
        """Begins to follow the record; what an earlier process left undone is done first."""
        self._news.set()
        self._thread = threading.Thread(target=self._follow, name=self._name, daemon=True)
        self._thread.start()

    def notice(self) -> None:
        """Says that the record grew; returns at once."""
        self._news.set()

    def close(self) -> None:
        """Ends the thread; what was not done is done by the next process."""
        self.ending = True
        self._news.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _follow(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            if self.ending:
                return
            try:
                self.catch_up()
            except Exception:
                # What is due stays due: the next ring, or the next start, tries again.
                logging.getLogger(f"shouwen.{self._name}").exception(self._failure)
