"""One case at one moment with everything that the gates ask: reading, clocks, state. Must not refuse anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.cases.state import Case
from py_core.packs import Pack, Packs
from py_core.rules.assessment import Clock
from py_core.rules.clocks import Clocks, find_clocks, legal_limit
from py_core.rules.duties import find_state
from py_core.rules.exclusions import Span, spans
from py_core.rules.extension import cap, old_due
from py_core.rules.main_line import read
from py_core.rules.policies import Policies, read_policies
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing
from py_core.rules.versions import pack_of
from py_core.values import local


@dataclass(slots=True)
class Situation:
    """`state` is the contract's state key; `timing.now` the moment at which something would happen."""

    case: Case
    pack: Pack
    reading: Reading
    clocks: Clocks
    timing: Timing
    state: str

    def due_without_extension(self) -> date | None:
        """The date that an extension would move; None when no limit runs."""
        clock = self.clocks.main
        return None if clock is None else old_due(clock, self._excluded(), self.timing.today, self.timing)

    def extension_cap(self) -> date | None:
        """The last day to which the limit may be extended; None when nothing caps it."""
        clock, before = self.clocks.main, self.due_without_extension()
        if clock is None or before is None:
            return None
        legal = legal_limit(self.case, self.reading, self.timing, clock.started_by)
        return cap(self.reading, self.timing, clock, before, self._excluded(), legal)

    def _excluded(self) -> list[Span]:
        return spans(self.reading, self.timing) if self.reading.matter.procedures else []

    @property
    def main(self) -> Clock | None:
        return self.clocks.main


def look(
    case: Case, packs: Packs, calendar: WorkCalendar, now: datetime, policies: Mapping[str, Any] | Policies
) -> Situation:
    """The situation of a registered case; raises `UnknownName` for a pack or matter that does not exist."""
    moment, readings = local(now), read_policies(policies, packs.common)
    pack = pack_of(case, packs, moment.date(), readings)
    reading = read(case, pack, pack.matter(case.matter))
    timing = Timing(calendar, moment, readings)
    clocks = find_clocks(case, reading, timing)
    return Situation(case, pack, reading, clocks, timing, find_state(case, reading, clocks))
