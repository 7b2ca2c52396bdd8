"""Which cases leave a device, and what it keeps of them: finished ones by age, unit and space, never what only it has.

Pure: the worker and the simulation ask, delete in one transaction and tell afterwards. A case that left stays in the
city record; it comes back whole when somebody asks for it or works on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the sync page names these figures, so the desk must not be needed to read them
    from py_core.desk.glance import Glance

KEEP_OWN = timedelta(days=90)  # finished cases of the person's unit, counted from the newest act's arrival
KEEP_FOREIGN = timedelta(days=30)  # finished cases that are with another unit by now
KEEP_LEAST = timedelta(days=7)  # not even a full device parts with what was finished this week
CASES_MAX = 5_000  # of one device; beyond it the oldest finished ones leave
CASES_WARN = 4_500
LEAVING_AT_ONCE = 200  # of one transaction

_DIGEST = re.compile(rb"[0-9a-f]{64}")


def leaving(
    settled: Iterable[tuple[str, Glance]], total: int, unit: str, now: datetime, *, space_needed: bool = False
) -> list[str]:
    """Which of the settled cases may leave a device that holds `total`, those finished longest first.

    By age and unit always, by number when there are more than `CASES_MAX`, with `space_needed` as many as may go; at
    most `LEAVING_AT_ONCE`. The host leaves out cases of which something still waits on the device.
    """
    finished = sorted(
        (glance.arrived_at, case_id, glance)
        for case_id, glance in settled
        if glance.arrived_at is not None and is_finished(glance)
    )
    found: list[str] = []
    for place, (arrived, case_id, glance) in enumerate(finished):
        age = now - arrived
        if age < KEEP_LEAST or len(found) == LEAVING_AT_ONCE:
            break
        if space_needed or place < total - CASES_MAX or age >= (KEEP_OWN if glance.unit == unit else KEEP_FOREIGN):
            found.append(case_id)
    return found


def contents_leaving(named: set[str], staying: Iterable[bytes]) -> list[str]:
    """Which of the photographs and papers that leaving cases name go with them: those that no document that stays, given
    as it is stored, names too."""
    going = {each.encode() for each in named}
    for rows in staying:
        if not going:
            break
        if b"sha256" in rows:  # most documents enclose nothing
            going.difference_update(_DIGEST.findall(rows))
    return sorted(each.decode() for each in going)


def is_finished(glance: Glance) -> bool:
    """Whether nothing but another act can change the case, and the record has all of it."""
    return glance.until is None and not (glance.open or glance.contested or glance.only_here)
