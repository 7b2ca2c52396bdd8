"""Writes py_core/calendars/national.json from the `chinesecalendar` library (a development dependency).

Run it after the library gains a year: `.venv/bin/python tools/build_calendar.py`. A test compares file and library.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chinese_calendar import constants

# The library's short names in the words of the State Council's notices.
FESTIVALS = {"tomb_sweeping_day": "清明节", "dragon_boat_festival": "端午节", "mid_autumn_festival": "中秋节"}
ENGLISH = {"tomb_sweeping_day": "Tomb-Sweeping Day", "mid_autumn_festival": "Mid-Autumn Festival"}
TARGET = Path(__file__).parents[1] / "py_core" / "calendars" / "national.json"


def build() -> dict[str, Any]:
    """The library's tables as plain data: per year the named rest days and the make-up workdays."""
    keys = {holiday.value: holiday.name for holiday in constants.Holiday}
    years: dict[str, dict[str, dict[str, str]]] = {}
    for table, days in (("rest", constants.holidays), ("work", constants.workdays)):
        for day, name in sorted(days.items()):
            year = years.setdefault(str(day.year), {"rest": {}, "work": {}})
            year[table][day.strftime("%m-%d")] = keys[name]
    names = {
        holiday.name: {
            "zh": FESTIVALS.get(holiday.name, holiday.chinese),
            "en": ENGLISH.get(holiday.name, holiday.value),
        }
        for holiday in constants.Holiday
    }
    return {
        "source": f"chinesecalendar {version('chinesecalendar')}",
        "version": max(years) + "." + version("chinesecalendar"),
        "names": names,
        "years": years,
    }


def main() -> None:
    TARGET.write_text(json.dumps(build(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
