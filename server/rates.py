"""How often one network address may ask for what is dear or worth guessing; kept in memory, per process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from server.outside import Clock

_ADDRESSES_MAX = 10_000  # the longest unused is forgotten first: a crowd of addresses costs no more memory


class Rates:
    """A bucket for each key: it holds `burst` tries and fills up evenly within a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (tries left, when that was)

    def wait_seconds(self, key: str, per_minute: int) -> int:
        """Takes one try; 0 when there was one, else how long until there is one again."""
        now = self._clock.now().timestamp()
        with self._lock:
            left, at = self._buckets.pop(key, (float(per_minute), now))
            left = min(per_minute, left + max(0.0, now - at) * per_minute / 60)
            taken = left >= 1
            self._buckets[key] = (left - 1 if taken else left, now)
            if len(self._buckets) > _ADDRESSES_MAX:
                self._buckets.popitem(last=False)
        return 0 if taken else max(1, round((1 - left) * 60 / per_minute))
