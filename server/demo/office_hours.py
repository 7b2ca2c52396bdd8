"""Believable moments: when counters are open, when people call, how long things take. Local time of the law."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from py_core.calendars import WorkCalendar
from py_core.values import LOCAL, local

_MORNING = (time(8, 30), time(11, 30))
_AFTERNOON = (time(13, 30), time(17, 20))
_SESSIONS = (_MORNING, _AFTERNOON)


class OfficeHours:
    """Moments inside (and for callers outside) office hours, drawn from one generator."""

    def __init__(self, calendar: WorkCalendar, random: Random) -> None:
        self._calendar = calendar
        self._random = random

    def is_workday(self, day: date) -> bool:
        return self._calendar.is_workday(day)

    def workday_before(self, day: date, n: int) -> date:
        """The n-th working day before; n = 0 gives the day itself or the last working day before it."""
        if n == 0:
            return day if self._calendar.is_workday(day) else self._calendar.workday_before(day, 1)
        return self._calendar.workday_before(day, n)

    def moment_on(self, day: date, earliest: time = time(8, 30), latest: time = time(17, 20)) -> datetime:
        """A moment at the counter on this day, in one of the two sessions."""
        sessions = [(max(a, earliest), min(b, latest)) for a, b in _SESSIONS if max(a, earliest) < min(b, latest)]
        first, last = self._random.choice(sessions)
        return self._between(day, first, last)

    def call_on(self, day: date) -> datetime:
        """A moment at which somebody calls the hotline: mostly by day, some in the evening."""
        if self._random.random() < 0.85:
            return self._between(day, time(8, 15), time(17, 30))
        return self._between(day, time(18, 30), time(21, 30))

    def soon(self, after: datetime, minutes_min: int, minutes_max: int) -> datetime:
        """So many minutes later, whatever the hour."""
        return after + timedelta(minutes=self._random.randint(minutes_min, minutes_max), seconds=self._seconds())

    def open_after(self, after: datetime, minutes_min: int, minutes_max: int) -> datetime:
        """After so many minutes of office time."""
        left = timedelta(minutes=self._random.randint(minutes_min, minutes_max), seconds=self._seconds())
        moment = local(after)
        for _ in range(400):
            for first, last in _SESSIONS:
                begin, end = _at(moment.date(), first), _at(moment.date(), last)
                if not self._calendar.is_workday(moment.date()) or moment >= end:
                    continue
                moment = max(moment, begin)
                if moment + left <= end:
                    return moment + left
                left -= end - moment
                moment = end
            moment = _at(moment.date() + timedelta(days=1), time(0, 0))
        raise ValueError("no office hours within a year")

    def workdays_after(self, after: datetime, n: int, latest: time = time(16, 40)) -> datetime:
        """A moment at the counter on the n-th working day after; n = 0: later on the same day if it is still open."""
        if n == 0:
            return self.open_after(after, 20, 90)
        return self.moment_on(self._calendar.workday_after(local(after).date(), n), latest=latest)

    def _between(self, day: date, first: time, last: time) -> datetime:
        begin, end = _at(day, first), _at(day, last)
        return begin + timedelta(seconds=self._random.randint(0, int((end - begin).total_seconds())))

    def _seconds(self) -> int:
        return self._random.randint(0, 59)


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, LOCAL)
