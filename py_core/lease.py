"""How long a device may work without meeting the city record: a lost laptop must not stay current for ever.

Pure. The clock is the device's own, but a lease runs on the latest time that the device has seen: a clock that is
turned back gains nothing, what it took back is kept (sealed with everything else) and counts until the next contact.
Time that passes while the device is off and its clock is set back before every start cannot be known; what protects
the content of a stolen device is its passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from py_core.packs.device_figures import DeviceFigures


@dataclass(frozen=True, slots=True)
class Lease:
    """`until` is when it ends; `is_ending` for the days of warning before, `is_over` from then on."""

    until: datetime
    is_ending: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a device knows of its own clock since the last contact: the latest reading, and how much was taken back."""

    latest_ms: int
    hidden_ms: int = 0

    def at(self, now_ms: int) -> Seen:
        """The same after one more reading; time goes on from the latest one, never back."""
        back = max(0, self.latest_ms - now_ms)
        return Seen(now_ms, self.hidden_ms + back)


def lease(
    last_contact_at: datetime | None,
    now: datetime,
    figures: DeviceFigures,
    *,
    hidden: timedelta = timedelta(0),
) -> Lease | None:
    """The lease of a device that met the record last at this time; None before its first contact, when it is empty.

    `hidden` is what its clock was turned back since; `until` is on the clock as it stands now.
    """
    if last_contact_at is None:
        return None
    until = last_contact_at - hidden + figures.lease
    return Lease(until, until - figures.lease_warning <= now < until, until <= now)
