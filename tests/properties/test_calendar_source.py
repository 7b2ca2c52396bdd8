"""The packaged calendar against the library from which it was built, and the naive count against the table."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar

from py_core.calendars import national

ROOT = Path(__file__).parents[2]


def test_the_packaged_data_is_what_the_tool_builds_now() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from build_calendar import TARGET, build
    finally:
        sys.path.pop(0)
    assert json.loads(TARGET.read_text(encoding="utf-8")) == build()


def test_every_day_agrees_with_the_library() -> None:
    calendar = national()
    day = date(2004, 1, 1)
    while day.year <= max(calendar.loaded_years):
        assert calendar.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
    assert calendar.loaded_years == set(range(2004, 2027))
