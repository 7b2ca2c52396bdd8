"""How long a device waits before it talks to the city record again, by what went wrong and who is there. Sans-I/O.

Owns every wait of the exchange. Must not know acts, and has no clock and no dice: the host brings both.
"""

from __future__ import annotations

from dataclasses import dataclass

POLL_MS = 15_000  # nothing is due, and no wake-ups from the record
POLL_WITH_EVENTS_MS = 120_000
POLL_SAVING_MS = 60_000  # the same while battery or data are to be saved
POLL_SAVING_WITH_EVENTS_MS = 600_000
BACK_OFF_FIRST_MS = 1_000
BACK_OFF_ATTENDED_MAX_MS = 15_000  # no network, and somebody works here who should not wait once it is back
BACK_OFF_MAX_MS = 60_000
BACK_OFF_SAVING_MAX_MS = 300_000
RETRY_AFTER_MAX_MS = 3_600_000
NUDGED_MS_MIN = 3_000  # between an attempt and the next that somebody's doing causes
EVENTS_LIVED_MS = 60_000  # wake-ups that lasted so long work on this line
EVENTS_BACK_OFF_FIRST_MS = 2_000
EVENTS_BACK_OFF_MAX_MS = 600_000

_DOUBLINGS_MAX = 20


@dataclass(slots=True)
class Pace:
    """One device's patience. `attended`: somebody worked here a moment ago. `saving`: the battery is low, or the person
    asked the browser to save data."""

    attended: bool = False
    saving: bool = False
    _failures: int = 0
    _events_failures: int = 0

    def succeeded(self) -> None:
        """An exchange went through: the next failure waits as little as the first."""
        self._failures = 0

    def failed(self, jitter: float, *, reached: bool, retry_after_ms: int | None = None) -> int:
        """Milliseconds until the next attempt after a failed one; `reached`: the record itself was there.

        `jitter` is a random number in [0, 1), so that a thousand devices do not come back at once.
        """
        if not reached:
            self._events_failures = 0  # the record was away: that says nothing about what the line lets through
        delay = _doubled(BACK_OFF_FIRST_MS, self._failures, self._longest(reached))
        self._failures += 1
        delay = int(delay * (0.5 + jitter / 2))
        return delay if retry_after_ms is None else max(delay, min(retry_after_ms, RETRY_AFTER_MAX_MS))

    def idle(self, *, events: bool) -> int:
        """Milliseconds until the next look when nothing is due; `events`: the record's wake-ups do arrive."""
        if self.saving:
            return POLL_SAVING_WITH_EVENTS_MS if events else POLL_SAVING_MS
        return POLL_WITH_EVENTS_MS if events else POLL_MS

    def nudged(self, since_attempt_ms: int) -> int:
        """Milliseconds until an attempt because somebody does something here, or the network seems to be back."""
        return max(0, NUDGED_MS_MIN - since_attempt_ms)

    def events_lost(self, lived_ms: int, jitter: float) -> int:
        """Milliseconds until wake-ups are worth another try after their stream ended, having brought news for
        `lived_ms` (0: never, as behind a proxy that blocks them); meanwhile the device looks by itself."""
        if lived_ms >= EVENTS_LIVED_MS:
            self._events_failures = 0
        delay = _doubled(EVENTS_BACK_OFF_FIRST_MS, self._events_failures, EVENTS_BACK_OFF_MAX_MS)
        self._events_failures += 1
        return int(delay * (0.5 + jitter / 2))

    def _longest(self, reached: bool) -> int:
        if self.saving:
            return BACK_OFF_SAVING_MAX_MS
        return BACK_OFF_ATTENDED_MAX_MS if self.attended and not reached else BACK_OFF_MAX_MS


def _doubled(first_ms: int, times: int, most_ms: int) -> int:
    return min(most_ms, int(first_ms * 2 ** min(times, _DOUBLINGS_MAX)))
