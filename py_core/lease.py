"""How long a device may work without meeting the city record: a lost laptop must not stay current for ever.

Pure. The clock is the device's own, so a clock that is turned back stretches the lease; what protects the content of a
stolen device is its passphrase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LEASE = timedelta(days=30)
WARN = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Lease:
    """`until` is when it ends; `is_ending` from `WARN` before, `is_over` from then on."""

    until: datetime
    is_ending: bool
    is_over: bool


def lease(last_contact_at: datetime | None, now: datetime, length: timedelta = LEASE) -> Lease | None:
    """The lease of a device that met the record last at this time; None before its first contact, when it is empty."""
    if last_contact_at is None:
        return None
    until = last_contact_at + length
    return Lease(until, until - WARN <= now < until, until <= now)
