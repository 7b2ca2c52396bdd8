"""The command line's part about the city's rules: what a change of a reading would do to open cases. Records nothing."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime
from typing import Any

from py_core.calendars import national
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.state import Case
from py_core.city import CITY_ID, CityRules, city_rules
from py_core.city.changes import impact
from py_core.city.events import read_city_event
from py_core.desk.turn import fold_once
from py_core.documents import is_case_id
from py_core.errors import Malformed
from py_core.packs import load_packs
from py_core.rules.engine import assess
from py_core.rules.impact import Change
from py_core.values import local
from server.casebook import CaseBook
from server.city import City
from server.cli_where import add_where, open_existing, settings_of
from server.database import Database
from server.outside import SystemClock

_DRAFT = "f" * 64


def add_commands(subparsers: Any) -> None:
    """Adds `policy-impact` to the command line."""
    asking = subparsers.add_parser("policy-impact", help="say which open cases another reading of the law would change")
    add_where(asking)
    asking.add_argument("--policy", required=True, metavar="P-NN=READING", help="e.g. P-04=business_hours")
    asking.add_argument("--from", dest="since", metavar="DATE", help="counts for cases received from (default today)")
    asking.add_argument("--json", action="store_true", help="print one JSON object")
    asking.set_defaults(run=_policy_impact)


def _policy_impact(arguments: argparse.Namespace) -> int:
    now = SystemClock().now()
    packs = load_packs()
    name, _, value = arguments.policy.partition("=")
    event = {
        "type": "policy_set",
        "policy": name,
        "value": value,
        "in_force_from": arguments.since or local(now).date().isoformat(),
        "reason": "asked",
    }
    try:
        read_city_event(event, packs)
    except Malformed as error:
        options = packs.common.policies[name].options if name in packs.common.policies else tuple(packs.common.policies)
        known = ", ".join(options)
        print(f"shouwen policy-impact: policy {arguments.policy}: {error}; possible: {known}", file=sys.stderr)
        return 2
    database = open_existing(settings_of(arguments))
    try:
        return _tell(database, event, now, arguments.json)
    finally:
        database.close()


def _tell(database: Database, event: dict[str, Any], now: datetime, as_json: bool) -> int:
    packs, calendar = load_packs(), national()
    founding = City(database, SystemClock()).current().directory.policies
    records = dict(CaseBook(database).current())
    city = records.pop(CITY_ID, None)
    acts = city.acts if city else ()
    draft = Act("draft", (event,), "asked", "asked", 1, now, now, None, None, "draft", "draft")
    asked = RecordedAct(_DRAFT, tuple(recorded.hash for recorded in acts), draft)
    before = city_rules(acts, packs, calendar, founding)
    after = city_rules((*acts, asked), packs, calendar, founding)
    cases = [fold_once(record).case for record in records.values() if is_case_id(record.id)]
    found = list(impact(cases, before, after, now))
    numbers = {case.id: str(case.value("number") or case.id[:8]) for case in cases}
    is_open = sum(not _closed(case, before, now) for case in cases)
    if as_json:
        print(json.dumps({"open": is_open, "changes": [_row(change, numbers) for change in found]}, ensure_ascii=False))
        return 0
    if date.fromisoformat(event["in_force_from"]) > local(now).date():
        print("The day lies ahead: open cases keep the reading in force at their receipt (P-13).")
    noun = "case" if is_open == 1 else "cases"
    print(f"{is_open} open {noun}, {len(found)} would look different")
    for change in found:
        row = _row(change, numbers)
        light = row["light_before"] + (f" -> {row['light_after']}" if row["light_after"] != row["light_before"] else "")
        print(f"  {row['number']:<14} due {row['due_before'] or '-'} -> {row['due_after'] or '-'}  {light}")
    return 0


def _closed(case: Case, rules: CityRules, now: datetime) -> bool:
    law = rules.law_of(case)
    return assess(case, law.packs, law.calendar, now, law.policies).closed


def _row(change: Change, numbers: dict[str, str]) -> dict[str, Any]:
    return {
        "case": change.case_id,
        "number": numbers[change.case_id],
        "due_before": change.due_before.isoformat() if change.due_before else None,
        "due_after": change.due_after.isoformat() if change.due_after else None,
        "light_before": change.light_before,
        "light_after": change.light_after,
        "breaches_added": list(change.breaches_added),
        "breaches_removed": list(change.breaches_removed),
    }
