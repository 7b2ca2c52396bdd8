"""The small city in which every run happens: three units, eight people, and what all runs may share in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from py_core.calendars import WorkCalendar, national
from py_core.packs import Packs, load_packs
from py_core.values import local

START_MS = 1_795_136_400_000  # 2026-11-20 09:00 in the city
TROUBLEMAKER = "mao"
RECONCILER = "qian"
ADMINISTRATOR = "he"
OFFICERS = ("lin", "zhao", "wu", "sun", "tang")


@cache
def packs() -> Packs:
    return load_packs()


@cache
def calendar() -> WorkCalendar:
    return national()


def day(milliseconds: int) -> date:
    """The city's day at an instant."""
    return local(datetime.fromtimestamp(milliseconds / 1000, UTC)).date()


def city_document() -> dict[str, Any]:
    """A town, a bureau, a centre; `tang` sits in the centre, `mao` wants no good."""
    unit = {"phone": "0000", "complaint_phone": "0001"}

    def person(name: str, where: str, *roles: str) -> dict[str, Any]:
        return {"id": name, "name": name, "unit": where, "roles": list(roles), "title": "officer", "phone": "0002"}

    return {
        "city_zh": "Chengjiang",
        "city_en": "Chengjiang",
        "units": [
            {"id": "shihe", "zh": "Shihe", "en": "Shihe", "kind": "town", **unit},
            {"id": "linye", "zh": "Linye", "en": "Forestry", "kind": "bureau", **unit},
            {"id": "centre", "zh": "Centre", "en": "Centre", "kind": "centre", **unit},
        ],
        "people": [
            person("lin", "shihe", "officer", "unit_head"),
            person("zhao", "shihe", "officer"),
            person("wu", "linye", "officer", "unit_head"),
            person("sun", "linye", "officer"),
            person("tang", "centre", "officer", "dispatch_desk"),
            person(RECONCILER, "centre", "reconciler"),
            person(ADMINISTRATOR, "centre", "admin"),
            person(TROUBLEMAKER, "shihe", "officer"),
        ],
        "posts": [],
        "offers": [],
        "policies": {},
        "public_url": "https://shouwen.example",
    }
