"""How a due date was counted, step by step, as data that a person can check with a paper calendar.

Must not make text (see `views.explain`). Walks over days, so it runs only when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from py_core.cases.state import Case
from py_core.rules.assessment import Clock, Exclusion, Step
from py_core.rules.clocks import Clocks
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing

_ONE_DAY = timedelta(days=1)
_LISTED_DAYS_MAX = 800  # a longer count is summed up, nobody checks it day by day


def explain(case: Case, reading: Reading, clocks: Clocks, principal: Clock | None, timing: Timing) -> tuple[Step, ...]:
    """The steps for one clock, or why no clock runs."""
    if principal is None:
        return tuple(_no_clock(case, reading, clocks))
    return tuple(_steps(case, reading, clocks, principal, timing))


def _no_clock(case: Case, reading: Reading, clocks: Clocks) -> Iterator[Step]:
    matter = reading.matter
    if reading.stage == "referred_out":
        yield Step("referred", {}, matter.article)
    elif clocks.start.waiting and clocks.start.notice_round is not None:
        notice = clocks.start.notice_round.notice
        day = notice.day if notice is not None else clocks.start.notice_round.received.day
        yield Step("waiting_for_papers", {"day": day}, reading.pack.correction_article or matter.article, "P-18")
    elif reading.refusal == "leaders_meeting":
        yield Step("leaders_meeting", {}, reading.pack.refusal_meeting_article)
    elif clocks.missing_settings:
        yield Step("setting_missing", {"setting": clocks.missing_settings[0]}, matter.article)
    elif matter.clock == "none":
        yield Step("no_number", {}, matter.article, "P-19")
    else:
        yield Step("not_started", {"events": matter.start}, matter.start_article)


def _steps(case: Case, reading: Reading, clocks: Clocks, clock: Clock, timing: Timing) -> Iterator[Step]:
    matter = reading.matter
    if clock.period is None:
        yield Step("fixed_date", {"day": clock.nominal}, clock.article, "P-16")
    elif clock.period.same_day:
        yield Step("same_day", {"clock": clock.name}, clock.article)
    else:
        params = {"clock": clock.name, "n": clock.period.n, "unit": clock.period.unit}
        policy = "P-16" if case.value("explicit_limit") and clock.name == "main" else ""
        yield Step("limit", params, clock.article, policy or ("P-13" if clock.name == "promise" else ""))
    if clock.name in ("correction_notice", "refusal_notice") and clock.period is not None:
        yield Step("bare_day", {"read_as": clock.period.unit}, clock.article, "P-07")
    yield from _day_zero(reading, clocks, clock)
    base = clock.base or clock.due
    if clock.period is not None and clock.period.unit == "workday":
        yield from _counted(clock.day_zero, base, timing, 0)
    elif clock.nominal is not None and clock.period is not None and not clock.period.same_day:
        params = {"n": clock.period.n, "unit": clock.period.unit, "day": clock.nominal}
        yield Step("calendar_end", params, clock.article, "P-09" if clock.period.unit == "month" else "")
    yield from _roll(clock, base, timing)
    yield from _not_excluded(reading, clock, timing)
    yield from _moved(clock, base, matter.extension.article if matter.extension else "", reading, timing)
    for fact, reason in clocks.extending.void:
        article = matter.extension.article if matter.extension else ""
        yield Step("extension_void", {"day": fact.day, "reason": reason}, article, "P-10")
    if clock.provisional:
        years = [
            year for year in range(clock.day_zero.year, clock.due.year + 1) if year not in timing.calendar.loaded_years
        ]
        yield Step("provisional", {"years": years}, "", "P-15")
    end = "24:00" if timing.policies.day_end == "midnight" else f"{timing.policies.business_hours_end:%H:%M}"
    yield Step("due", {"day": clock.due, "end": end}, "", "P-04")
    yield from _stopped(clock, timing)


def _day_zero(reading: Reading, clocks: Clocks, clock: Clock) -> Iterator[Step]:
    fact = clock.started_by
    main = clock.of_the_matter
    if main and clocks.start.deemed:
        params = {"day": fact.day, "notice_due": clocks.start.notice_due}
        yield Step("deemed_start", params, reading.pack.correction_article)
    article = reading.matter.start_article if main else clock.article
    if clock.period is not None and clock.period.same_day:
        yield Step("day_of_event", {"event": fact.type, "moment": fact.at}, article)
        return
    policy = "P-18" if main and clocks.start.reason == "materials_completed" else "P-01"
    yield Step("day_zero", {"event": fact.type, "moment": fact.at, "day": clock.day_zero}, article, policy)
    if clock.day_zero != fact.day:
        moved = next((name for name in clock.policies if name in ("P-05", "P-06")), "P-14")
        yield Step("day_zero_moved", {"from": fact.day, "day": clock.day_zero}, "", moved)


def _counted(after: date, until: date, timing: Timing, before: int) -> Iterator[Step]:
    """Runs of counted working days and, between them, the rest days that were skipped, by name."""
    if (until - after).days > _LISTED_DAYS_MAX:
        total = timing.calendar.workdays_between(after, until)
        yield Step("counted_total", {"n": total, "from": after + _ONE_DAY, "to": until}, "", "P-02")
        return
    calendar = timing.calendar
    number = before
    day = after + _ONE_DAY
    while day <= until:
        start = day
        working = calendar.is_workday(day)
        while day + _ONE_DAY <= until and calendar.is_workday(day + _ONE_DAY) == working:
            day += _ONE_DAY
        if working:
            count = (day - start).days + 1
            made_up = [item for item in _days(start, day) if calendar.is_makeup(item)]
            params = {"from": start, "to": day, "first": number + 1, "last": number + count}
            number += count
            yield Step("counted", params, "", "P-02")
            for item in made_up:
                yield Step("makeup", {"day": item, "holiday": _names(item, timing)}, "", "P-02")
        else:
            yield Step("skipped", {"from": start, "to": day, "holiday": _span_names(start, day, timing)}, "", "P-02")
        day += _ONE_DAY


def _days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += _ONE_DAY


def _names(day: date, timing: Timing) -> dict[str, str]:
    return {lang: timing.calendar.name_of(day, lang) or "" for lang in ("zh", "en")}


def _span_names(start: date, end: date, timing: Timing) -> dict[str, str]:
    """The holidays of a rest span in both languages, empty for an ordinary weekend."""
    found: dict[str, dict[str, None]] = {"zh": {}, "en": {}}
    for day in _days(start, end):
        for lang, names in found.items():
            name = timing.calendar.name_of(day, lang)
            if name:
                names[name] = None
    return {lang: "、".join(names) if lang == "zh" else ", ".join(names) for lang, names in found.items()}


def _roll(clock: Clock, base: date, timing: Timing) -> Iterator[Step]:
    nominal = clock.nominal
    if nominal is None or (clock.period is not None and clock.period.unit == "workday"):
        return
    if base != nominal:
        yield Step(
            "rolled", {"from": nominal, "to": base, "holiday": _span_names(nominal, nominal, timing)}, "", "P-03"
        )
    elif not timing.calendar.is_workday(nominal):
        yield Step("not_rolled", {"day": nominal}, clock.article, "P-03")


def _not_excluded(reading: Reading, clock: Clock, timing: Timing) -> Iterator[Step]:
    if not clock.of_the_matter:
        return
    for procedure in reading.procedures.values():
        if procedure.told is None and timing.policies.untold_exclusion == "exclude_only_if_told":
            params = {"procedure": procedure.kind, "day": procedure.started.day}
            yield Step("not_excluded", params, reading.pack.common.procedure_article, "P-11")


def _moved(clock: Clock, base: date, article: str, reading: Reading, timing: Timing) -> Iterator[Step]:
    due = base
    granted = clock.granted
    for exclusion in clock.exclusions:
        if granted is not None and exclusion.start >= granted.approved.day and due < granted.new_due:
            yield _extended(clock, article)
            due = granted.new_due
        yield _excluded(exclusion, clock, reading)
        if exclusion.count:
            moved = timing.later(due, exclusion.count, clock.period, clock.rolls)
            yield from _forward(due, moved, clock, timing)
            due = moved
    if granted is not None and due < granted.new_due:
        yield _extended(clock, article)
        if clock.period is not None and clock.period.unit == "workday":
            yield from _counted(due, granted.new_due, timing, 0)


def _excluded(exclusion: Exclusion, clock: Clock, reading: Reading) -> Step:
    params = {
        "from": exclusion.start,
        "to": exclusion.end,
        "procedures": exclusion.procedures,
        "n": exclusion.count,
        "unit": "workday" if clock.period is not None and clock.period.unit == "workday" else "day",
    }
    code = "excluded_so_far" if exclusion.running else "excluded"
    return Step(code, params, reading.pack.common.procedure_article, "P-08")


def _forward(due: date, moved: date, clock: Clock, timing: Timing) -> Iterator[Step]:
    if clock.period is not None and clock.period.unit == "workday":
        yield from _counted(due, moved, timing, 0)
    yield Step("moved", {"from": due, "to": moved}, "", "P-08")


def _extended(clock: Clock, article: str) -> Step:
    granted = clock.granted
    assert granted is not None
    params = {
        "from": granted.old_due,
        "to": granted.new_due,
        "role": granted.approved.data["by_role"],
        "approved": granted.approved.day,
        "told": granted.notified.day,
    }
    return Step("extended", params, article, "P-10")


def _stopped(clock: Clock, timing: Timing) -> Iterator[Step]:
    fact = clock.stopped_by
    if fact is None or clock.stopped_at is None:
        return
    if clock.stopped_at != fact.at:
        yield Step(
            "counts_on_arrival", {"event": fact.type, "moment": fact.at, "arrived": clock.stopped_at}, "", "P-14"
        )
    code = "stopped_late" if clock.late else "stopped_in_time"
    yield Step(code, {"event": fact.type, "moment": clock.stopped_at}, "", "P-14")
