"""The pages of a working day once, for an invented case: so that the engine's snapshot holds all that they load.

Modules, templates, catalogues and patterns are loaded when a page first needs them. Here nobody waits for it, and
nothing of it is anybody's content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from py_core.cases.acts import Act
from py_core.packs import load_packs
from py_core.values import LOCAL

NOW = datetime(2026, 3, 10, 10, tzinfo=LOCAL)
CASE = "0" * 32
_EVENTS: tuple[dict[str, object], ...] = (
    {
        "type": "registered", "pack": "HL", "matter": "citizen", "channel": "hotline", "claimant": "person", "unit": "unit",
        "title": "-", "text": "-", "place": "-", "number": "0", "claimant_name": "-", "request_kind": "help",
    },
    {"type": "delivered", "to": "unit"},
    {"type": "accepted", "by": "person"},
)  # fmt: skip
_UNIT = {"id": "unit", "zh": "-", "en": "-", "kind": "town", "phone": "-", "complaint_phone": "-"}
_PERSON = {"id": "person", "name": "-", "unit": "unit", "title": "-", "phone": "-", "roles": ["officer"]}


def device() -> str:
    """What `open_device` takes: somebody invented, in a city of one unit."""
    directory = {
        "version": 1, "city_zh": "-", "city_en": "-", "units": [_UNIT], "people": [_PERSON], "posts": [], "offers": [],
        "policies": {}, "public_url": "",
    }  # fmt: skip
    return json.dumps(
        {
            "identity": {"user": "person", "device": "rehearsal", "code": "-"},
            "app_version": "rehearsal",
            "directory": directory,
            "sync": {"cursor": 0, "scope": "", "config": 1},
        }
    )


def record() -> bytes:
    """What `load_records` takes: one case."""
    version = load_packs().version
    rows: list[object] = []
    for place, event in enumerate(_EVENTS):
        at = NOW - timedelta(hours=len(_EVENTS) - place)
        act = Act("rehearsal", (event,), "person", "rehearsal", place + 1, at, at, None, None, version, "rehearsal")
        deps = [f"{place - 1:064x}"] if place else []
        rows.append([f"{place:064x}", deps, act.text(), int(at.timestamp() * 1000), place])
    return f"{CASE} {json.dumps(rows)}".encode()


def requests() -> Iterator[str]:
    """What `respond` takes, one page after another."""
    forms = {"/register/similar": {"key": ["-"], "title": ["-"], "text": ["-"], "claimant_name": ["-"]}}
    for lang in ("en", "zh-CN"):
        for path in ("/today", "/cases", f"/cases/{CASE}", f"/cases/{CASE}/do/reply", "/register", *forms, "/sync"):
            yield json.dumps(
                {
                    "method": "POST" if path in forms else "GET",
                    "path": path,
                    "query": {},
                    "form": forms.get(path, {}),
                    "lang": lang,
                    "now_ms": int(NOW.timestamp() * 1000),
                    "next_device_seq": 1,
                    "beacon": None,
                    "beacon_time_ms": None,
                    "since_beacon_ms": None,
                    "last_contact_ms": None,
                }
            )
