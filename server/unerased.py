"""Keeps trying to erase again what an older backup brought back: at the start, then hourly until nothing is left of it.

What could not be done is kept in words for the centre's pages: nobody reads a log. Must not erase (see `erasing`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from py_core.desk.ports import Unerased
from server.database import is_storage_full
from server.outside import Clock

HOUR_SECONDS = 3600
_log = logging.getLogger("shouwen.erasing")

Attempt = Callable[[], tuple[int, BaseException | None]]
"""Erases again what has to be; gives how many documents it could not, and the first reason."""


class ErasingAgain:
    """What had been erased and is not erased now, as far as this process knows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.undone: Unerased | None = None

    def attempt(self, erase: Attempt) -> None:
        """One try; whatever is wrong is told and stops nobody."""
        try:
            documents, why = erase()
        except Exception as error:
            _log.exception("what had been erased could not be erased again; tried again in an hour")
            documents, why = 0, error
        if why is None:
            self.undone = None
        else:
            self.undone = Unerased(self._clock.now(), documents, storage_full=is_storage_full(why))

    def start(self, erase: Attempt) -> None:
        """Tries again every hour, in a thread of its own, as long as something is undone."""
        if self.undone is not None:
            self._thread = threading.Thread(target=self._hourly, args=(erase,), name="erasing again", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _hourly(self, erase: Attempt) -> None:
        while self.undone is not None and not self._ending.wait(HOUR_SECONDS):
            self.attempt(erase)
