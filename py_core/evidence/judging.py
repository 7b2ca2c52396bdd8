"""Counts a case's due dates from the acts, the law and the directory that stand in an evidence file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from py_core.calendars import WorkCalendar
from py_core.calendars.national import read_calendar
from py_core.cases.acts import RecordedAct
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.city import city_rules
from py_core.errors import Malformed
from py_core.packs import Packs, read_common, read_pack
from py_core.packs.load import SHARED_FILES, VERSION_FILE
from py_core.rules.engine import assess
from py_core.values import nests_too_deep

CALENDAR_FILE = "calendars/national.json"


def judge(
    case_id: str,
    acts: Sequence[RecordedAct],
    city_acts: Sequence[RecordedAct],
    packs: Packs,
    calendar: WorkCalendar,
    founding: Mapping[str, Any],
    at_ms: int,
) -> dict[str, Any]:
    """State, due date, light and every limit of a case at a moment, as plain JSON values."""
    rules = city_rules(city_acts, packs, calendar, founding)
    case = fold(case_id, order(acts))
    law = rules.law_of(case)
    found = assess(case, law.packs, law.calendar, datetime.fromtimestamp(at_ms / 1000, UTC), law.policies)
    return {
        "at_ms": at_ms,
        "pack": case.pack,
        "matter": case.matter,
        "state": found.state,
        "due": None if found.due is None else found.due.isoformat(),
        "light": found.light,
        "provisional": found.provisional,
        "clocks": [
            {"name": clock.name, "due": clock.due.isoformat(), "basis": clock.article, "late": clock.late}
            for clock in found.clocks
        ],
    }


def read_law(texts: Mapping[str, str]) -> tuple[Packs, WorkCalendar]:
    """Packs and packaged calendar from the texts of their files; raises `Malformed` when they are none."""
    try:
        for text in texts.values():
            if nests_too_deep(text):
                raise Malformed("law", "is nested too deep")
        shared = [tomllib.loads(texts[f"packs/{name}"]) for name in SHARED_FILES]
        common = read_common({key: value for data in shared for key, value in data.items()})
        versions: dict[str, list[Any]] = {}
        for path, text in sorted(texts.items()):
            folder, _, name = path.removeprefix("packs/").partition("/")
            if path.startswith("packs/") and VERSION_FILE.fullmatch(name):
                versions.setdefault(folder, []).append(read_pack(tomllib.loads(text), common))
        return Packs(versions, common), read_calendar(json.loads(texts[CALENDAR_FILE]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise Malformed("law", f"cannot be read ({type(error).__name__}: {error})") from error
