"""Which cases leave a device, and what it keeps of them: finished ones by age, unit and space, never what only it has.

Pure: the worker and the simulation ask, delete in one transaction and tell afterwards. A case that left stays in the
city record; it comes back whole when somebody asks for it or works on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from py_core.packs.device_figures import DeviceFigures

if TYPE_CHECKING:
    from py_core.desk.glance import Glance

LEAVING_AT_ONCE = 200  # of one transaction

_DIGEST = re.compile(rb"[0-9a-f]{64}")


def leaving(
    settled: Iterable[tuple[str, Glance]],
    total: int,
    unit: str,
    now: datetime,
    figures: DeviceFigures,
    *,
    used_percent: float = 0,
    more_to_come: bool = False,
) -> list[str]:
    """Which of the settled cases may leave a device that holds `total`, those finished longest first.

    By age and unit always, by number when there are more than the city lets a device hold, and as many as may go when
    so much of the storage is used that the city wants room; at most `LEAVING_AT_ONCE`. The host leaves out cases of
    which something still waits on the device. As long as the record has more to tell (`more_to_come`), a case that
    looks finished may not be: only a lack of room lets it go then.
    """
    space_needed = used_percent >= figures.space_percent
    if more_to_come and not space_needed:
        return []
    finished = sorted(
        (glance.arrived_at, case_id, glance)
        for case_id, glance in settled
        if glance.arrived_at is not None and is_finished(glance)
    )
    found: list[str] = []
    for place, (arrived, case_id, glance) in enumerate(finished):
        age = now - arrived
        if age < figures.keep_least or len(found) == LEAVING_AT_ONCE:
            break
        most = figures.keep_own if glance.unit == unit else figures.keep_foreign
        if space_needed or place < total - figures.cases_most or age >= most:
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
