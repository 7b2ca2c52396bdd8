"""Working days as sorted ordinals, so that a due date is one `bisect` and never a loop over days.

Owns the answer to "is this a working day" (policy P-02) and the names of rest days. Must not know limits or cases.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

_ONE_DAY = timedelta(days=1)
# Years behind the last loaded one that the table still covers; farther days are counted by the slow path.
_TABLE_MARGIN_YEARS = 4
_SOME_YEARS = 2004  # where the table of an empty calendar begins
_WEEK_DAYS = 7
_WEEKEND_DAYS = (5, 6)  # Saturday and Sunday as `date.weekday` counts


class WorkCalendar:
    """An immutable calendar. Years without an official arrangement rest on weekends and 1 January (P-15).

    >>> calendar = WorkCalendar({date(2026, 2, 16): "spring_festival"}, {date(2026, 2, 14): "spring_festival"}, {2026})
    >>> calendar.workday_after(date(2026, 2, 13), 2)
    datetime.date(2026, 2, 17)
    """

    __slots__ = ("_first", "_last", "_names", "_ordinals", "_rest", "_work", "loaded_years", "version")

    def __init__(
        self,
        rest: Mapping[date, str],
        work: Mapping[date, str],
        loaded_years: Iterable[int],
        names: Mapping[str, Mapping[str, str]] | None = None,
        version: str = "",
    ) -> None:
        self.loaded_years = frozenset(loaded_years)
        self.version = version
        self._rest = dict(rest)
        self._work = dict(work)
        self._names = dict(names or {})
        first_year = min(self.loaded_years, default=_SOME_YEARS)
        last_year = max(self.loaded_years, default=_SOME_YEARS)
        self._first = date(first_year, 1, 1).toordinal()
        self._last = date(last_year + _TABLE_MARGIN_YEARS + 1, 1, 1).toordinal() - 1
        self._ordinals = self._table(first_year, last_year + _TABLE_MARGIN_YEARS)

    def _table(self, first_year: int, last_year: int) -> list[int]:
        # Weekdays of the whole span, then the exceptions: far cheaper than asking every day.
        weekend = {(number + 1) % _WEEK_DAYS for number in _WEEKEND_DAYS}  # ordinal 1 is a Monday
        rest = {day.toordinal() for day in self._rest}
        rest.update(date(year, 1, 1).toordinal() for year in range(first_year, last_year + 1))
        days = [
            day for day in range(self._first, self._last + 1) if day % _WEEK_DAYS not in weekend and day not in rest
        ]
        extra = [day.toordinal() for day in self._work]
        return sorted({*days, *(day for day in extra if self._first <= day <= self._last)})

    def is_workday(self, day: date) -> bool:
        """Whether people work on `day`: make-up days count, holidays and other weekends do not (P-02)."""
        if day in self._work:
            return True
        if day in self._rest or (day.month == 1 and day.day == 1):
            return False
        return day.weekday() not in _WEEKEND_DAYS

    def workday_after(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which is day 0 and not counted (P-01); n = 0 gives `day` itself."""
        if n == 0:
            return day
        ordinal = day.toordinal()
        if n > 0 and self._first <= ordinal <= self._last:
            index = bisect_right(self._ordinals, ordinal) + n - 1
            if index < len(self._ordinals):
                return date.fromordinal(self._ordinals[index])
        return self._step(day, n)

    def workday_before(self, day: date, n: int) -> date:
        """The n-th working day strictly before `day`."""
        ordinal = day.toordinal()
        if self._first <= ordinal <= self._last:
            index = bisect_right(self._ordinals, ordinal - 1) - n
            if index >= 0:
                return date.fromordinal(self._ordinals[index])
        return self._step(day, -n)

    def _step(self, day: date, n: int) -> date:
        step = _ONE_DAY if n > 0 else -_ONE_DAY
        left = abs(n)
        while left:
            day += step
            if self.is_workday(day):
                left -= 1
        return day

    def workdays_between(self, after: date, until: date) -> int:
        """Working days in the half-open interval (after, until]; 0 when it is empty (P-08)."""
        low, high = after.toordinal(), until.toordinal()
        if high <= low:
            return 0
        if self._first - 1 <= low and high <= self._last:
            return bisect_right(self._ordinals, high) - bisect_right(self._ordinals, low)
        return sum(self.is_workday(date.fromordinal(ordinal)) for ordinal in range(low + 1, high + 1))

    def roll(self, day: date) -> date:
        """`day` itself when it is a working day, else the next one (P-03)."""
        return day if self.is_workday(day) else self.workday_after(day, 1)

    def provisional(self, after: date, until: date) -> bool:
        """Whether a day of (after, until] lies in a year whose arrangement is not loaded (P-15)."""
        if until.year == after.year:
            return until.year not in self.loaded_years and until > after
        return any(year not in self.loaded_years for year in range((after + _ONE_DAY).year, until.year + 1))

    def name_of(self, day: date, lang: str = "zh") -> str | None:
        """The holiday that makes `day` a rest day, or whose make-up workday it is; None for an ordinary day."""
        key = self._rest.get(day) or self._work.get(day)
        if key is None and day.month == 1 and day.day == 1:
            key = "new_years_day"
        if key is None:
            return None
        names = self._names.get(key, {})
        return names.get("zh" if lang.startswith("zh") else "en", key)

    def is_makeup(self, day: date) -> bool:
        """Whether `day` is a weekend day on which people work in exchange for a holiday."""
        return day in self._work

    def named_rest(self, year: int) -> tuple[tuple[date, date, str], ...]:
        """The holidays of a year as its arrangement names them: first and last day, key for `names_of`; oldest first."""
        spans: list[tuple[date, date, str]] = []
        for day in sorted(day for day in self._rest if day.year == year):
            key = self._rest[day]
            if spans and spans[-1][1] + _ONE_DAY == day and spans[-1][2] == key:
                spans[-1] = (spans[-1][0], day, key)
            else:
                spans.append((day, day, key))
        return tuple(spans)

    def makeup_days(self, year: int) -> tuple[date, ...]:
        """The weekend days of a year on which people work, oldest first."""
        return tuple(sorted(day for day in self._work if day.year == year))

    def names_of(self, key: str) -> Mapping[str, str]:
        """A holiday's name by language (`zh`, `en`); empty for an unknown key."""
        return self._names.get(key, {})

    def rest_spans(self, after: date, until: date) -> tuple[tuple[date, date], ...]:
        """The runs of rest days inside (after, until], oldest first, each with its first and last day."""
        spans: list[tuple[date, date]] = []
        day = after + _ONE_DAY
        while day <= until:
            if not self.is_workday(day):
                start = day
                while day + _ONE_DAY <= until and not self.is_workday(day + _ONE_DAY):
                    day += _ONE_DAY
                spans.append((start, day))
            day += _ONE_DAY
        return tuple(spans)

    def without_years(self, years: Iterable[int]) -> WorkCalendar:
        """The same calendar as a device would have it that never received these years' arrangements."""
        gone = frozenset(years)
        return WorkCalendar(
            {day: key for day, key in self._rest.items() if day.year not in gone},
            {day: key for day, key in self._work.items() if day.year not in gone},
            self.loaded_years - gone,
            self._names,
            self.version,
        )

    def with_days(
        self,
        rest: Mapping[date, str],
        work: Mapping[date, str],
        loaded_years: Iterable[int] = (),
        version: str = "",
        names: Mapping[str, Mapping[str, str]] | None = None,
    ) -> WorkCalendar:
        """A layer above this one (a new year, a province, a city, a unit): its days win over those below."""
        merged_rest = {day: key for day, key in self._rest.items() if day not in work} | dict(rest)
        merged_work = {day: key for day, key in self._work.items() if day not in rest} | dict(work)
        return WorkCalendar(
            merged_rest,
            merged_work,
            self.loaded_years | frozenset(loaded_years),
            {**self._names, **(names or {})},
            version or self.version,
        )
