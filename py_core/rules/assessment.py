"""What an assessment says: plain values with the keys of tests/scenarios/CONTRACT.md. Must not compute law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from py_core.cases.state import Fact
from py_core.periods import Period
from py_core.values import LOCAL, next_midnight


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation as data; the text is made in `views.explain` from `code` and `params`."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    article: str = ""
    policy: str = ""


@dataclass(slots=True)
class Exclusion:
    """Time of a special procedure that is not counted: (start, end], `count` units of the clock."""

    start: date
    end: date
    procedures: tuple[str, ...]
    count: int
    running: bool


@dataclass(slots=True)
class Granted:
    """A valid extension: from `old_due` to `new_due`."""

    approved: Fact
    notified: Fact
    old_due: date
    new_due: date


_OF_THE_MATTER = ("main", "promise", "statutory")
# Every name but those of steps, which begin with "step:". Among clocks with the same due date the more special one speaks.
SPEAKS_FIRST = ("correction_notice", "refusal_notice", "feedback", *_OF_THE_MATTER, "call")


@dataclass(slots=True)
class Clock:
    """One limit that runs or ran. `day_zero` is not counted (P-01); `stopped_at` None means that it still runs."""

    name: str
    duty: str
    article: str
    day_zero: date
    due: date
    started_by: Fact
    period: Period | None = None  # None: a fixed date
    nominal: date | None = None  # end before any roll
    base: date | None = None  # end after the roll, before exclusions and extension
    rolls: bool = False
    policies: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    granted: Granted | None = None
    stopped_by: Fact | None = None
    stopped_at: datetime | None = None
    provisional: bool = False
    paused: bool = False
    late: bool = False  # stopped after its due day, or not stopped and the day has ended
    breaches: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.stopped_at is None

    @property
    def of_the_matter(self) -> bool:
        """Whether it counts the time of the whole matter, not of a step or notice inside it."""
        return self.name in _OF_THE_MATTER

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "due": self.due.isoformat(), "basis": self.article}


@dataclass(slots=True)
class Alerts:
    """Dates of the lights (P-20); a date not after day 0 is None, red is the due date."""

    yellow: date | None = None
    orange: date | None = None
    red: date | None = None

    def as_dict(self) -> dict[str, str | None]:
        return {
            "yellow": self.yellow.isoformat() if self.yellow else None,
            "orange": self.orange.isoformat() if self.orange else None,
            "red": self.red.isoformat() if self.red else None,
        }


@dataclass(slots=True)
class FoundBreach:
    """A breach of the catalogue with its article, the roles that answer and the acts that show it."""

    code: str
    article: str
    liable: tuple[str, ...]
    since: date | None = None
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class Assessment:
    """What the core finds about one case at one moment. Treat it as immutable."""

    state: str
    overlays: tuple[str, ...]
    duty: str
    due: date | None
    provisional: bool
    clocks: tuple[Clock, ...]
    light: str
    alerts: Alerts
    responsible: str
    responsible_name: str  # unit or person as recorded; "" when only the role is known
    tracker: bool
    owed: tuple[str, ...]
    breaches: tuple[FoundBreach, ...]
    proposals: tuple[str, ...]
    now: datetime
    principal: Clock | None
    closed: bool
    red_at: time
    missing_settings: tuple[str, ...] = ()
    day_ends: time | None = None  # None: 24:00
    problem: str = ""  # why this side cannot judge the case at all (a regulation or matter that it does not know)
    _remind: Callable[[], date | None] = lambda: None
    _explain: Callable[[Clock | None], tuple[Step, ...]] = lambda clock: ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the due date was counted, step by step, for checking with a paper calendar."""
        return self._explain(self.principal)

    def steps_of(self, name: str) -> tuple[Step, ...]:
        """The same for one of `clocks` by its name; empty when there is no such clock."""
        return next((self._explain(clock) for clock in self.clocks if clock.name == name), ())

    @property
    def limit(self) -> Clock | None:
        """The clock of the whole matter, by whose date an answer was promised; None while no date can be told.

        `principal` may be a step's inside it: the same day's feedback to the hotline desk (HL-7), a notice that is owed.
        """
        whole = [clock for clock in self.clocks if clock.of_the_matter]
        return min(whole, key=lambda clock: clock.due) if whole and self.principal else self.principal

    @property
    def reminder_on(self) -> date | None:
        """The last working day before a long rest that lies before the due date (P-20); None without one."""
        return self._remind()

    @property
    def open(self) -> bool:
        """Whether anybody still has something to do here."""
        return not self.closed or bool(self.owed)

    @property
    def next_alert_at(self) -> datetime | None:
        """The next moment at which the light changes by itself; None when no clock runs."""
        clock = self.principal
        if clock is None or not clock.running or clock.paused:
            return None
        moments = [
            datetime(day.year, day.month, day.day, tzinfo=LOCAL)
            for day in (self.alerts.yellow, self.alerts.orange)
            if day
        ]
        moments.append(datetime.combine(clock.due, self.red_at, LOCAL))
        moments.append(
            next_midnight(clock.due)
            if self.day_ends is None
            else datetime.combine(clock.due, self.day_ends, LOCAL) + timedelta(seconds=1)
        )
        return min((moment for moment in moments if moment > self.now), default=None)

    def as_dict(self) -> dict[str, Any]:
        """The contract's keys as plain JSON values (without `id`, `refused` and `explanation`)."""
        return {
            "state": self.state or None,
            "overlays": list(self.overlays),
            "duty": self.duty or None,
            "due": self.due.isoformat() if self.due else None,
            "provisional": self.provisional,
            "clocks": [clock.as_dict() for clock in self.clocks],
            "light": self.light,
            "alerts": self.alerts.as_dict(),
            "responsible": self.responsible or None,
            "tracker": self.tracker,
            "owed": list(self.owed),
            "breaches": [breach.code for breach in self.breaches],
            "proposals": list(self.proposals),
        }
