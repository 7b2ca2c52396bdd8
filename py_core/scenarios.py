"""Replays a scenario through the app's own decide, evolve and assess and says what the core finds.

Data in, data or text out (tests/scenarios/CONTRACT.md). Must not read files and must not have rules of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from py_core.calendars import national
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.commands import ALL_ROLES, COMMAND_OF, Command, Context, decide
from py_core.cases.events import tells_no_time
from py_core.cases.state import Case, evolve
from py_core.errors import Malformed, Refused
from py_core.packs import Pack, Packs, UnknownName, load_packs
from py_core.rules.assessment import Assessment
from py_core.rules.engine import assess
from py_core.values import local
from py_core.views.explain import sentences

_CASE_FIELDS = ("promise", "statutory", "completion_event", "explicit_limit")
# A scenario says that the time of a procedure was told, not which: no date depends on it, but the law's gate asks.
_TOLD_DAYS = {"expected_workdays": 1}
_EVENT_KEYS = frozenset({"at", "type", "synced_at"})


def replay(scenario: Mapping[str, Any], lang: str = "zh") -> dict[str, Any]:
    """What the core finds in this scenario: the contract's output object.

    Raises `UnknownName` for a pack, matter or event that does not exist and `Malformed` for a wrong input.
    """
    packs = load_packs()
    calendar = national().without_years(scenario.get("unloaded_years", ()))
    pack = packs.pack(_need(scenario, "pack"))
    if not any(_need(scenario, "matter") in version.matters for version in packs.versions(pack.id)):
        pack.matter(scenario["matter"])  # says which there are
    settings = scenario.get("settings", {})
    now = _moment(_need(scenario, "now"), "now")
    case: Case | None = None
    refused: list[dict[str, Any]] = []
    last = ""
    for index, event in enumerate(_need(scenario, "events")):
        at = _moment(_need(event, "at"), f"events[{index}].at")
        if at > now:
            continue  # it has not happened yet at the moment of the assessment
        synced = _moment(event["synced_at"], f"events[{index}].synced_at") if "synced_at" in event else at
        name = COMMAND_OF.get(_need(event, "type"))
        if name is None:
            raise UnknownName("event", str(event["type"]), tuple(COMMAND_OF))
        fields = {key: value for key, value in event.items() if key not in _EVENT_KEYS}
        if tells_no_time(event["type"], fields):
            fields |= _TOLD_DAYS
        if event["type"] == "registered":
            fields |= {"pack": pack.id, "matter": scenario["matter"]}
            fields |= {key: scenario[key] for key in _CASE_FIELDS if key in scenario}
        context = Context(at, packs, calendar, settings, user="scenario", roles=ALL_ROLES, at=at)
        try:
            events = decide(case, Command(name, fields), context)
        except Refused as refusal:
            refused.append({"index": index, "code": refusal.code, "article": refusal.article, "message": str(refusal)})
            continue
        recorded = RecordedAct(
            f"{index:064x}",
            (last,) if last else (),
            Act(
                name,
                events,
                "scenario",
                "scenario",
                index,
                at,
                at,
                None,
                None,
                packs.on(_received(case, at)).version,
                "scenario",
            ),
            synced if synced <= now else None,
        )
        last = recorded.hash
        for made in events:
            case = evolve(case, recorded, made, "0" * 32)
    found = assess(case or Case("0" * 32), packs, calendar, now, settings)
    return {
        "id": scenario.get("id", ""),
        **found.as_dict(),
        "refused": refused,
        "explanation": explanation(found, packs, case, lang),
    }


def explanation(found: Assessment, packs: Packs, case: Case | None, lang: str) -> list[str]:
    """The steps as sentences with their articles."""
    if case is None or case.pack not in packs:
        return sentences(found.steps, None, lang)
    return sentences(found.steps, packs.in_force(case.pack, _received(case, found.now)), lang)


def _received(case: Case | None, now: datetime) -> date:
    return now.date() if case is None or case.registered is None else case.registered.day


def as_json(results: list[dict[str, Any]]) -> str:
    """The contract's JSON array."""
    return json.dumps(results, ensure_ascii=False, indent=2)


def as_text(results: Iterable[tuple[str, Mapping[str, Any]]], lang: str) -> str:
    """The results (each with its pack's id) for reading: names of law from the packs, then how the date was counted."""
    return "\n\n".join(_text(load_packs().pack(pack_id), result, lang) for pack_id, result in results)


def _text(pack: Pack, result: Mapping[str, Any], lang: str) -> str:
    def name(kind: str, key: str | None) -> str:
        return pack.term(f"{kind}.{key}", lang) if key else "-"

    head = [name("state", result["state"]), *(name("overlay", item) for item in result["overlays"])]
    duty = " ".join((name("duty", result["duty"]), result["due"] or "-", name("light", result["light"])))
    lines = [f"{result['id']}  {' / '.join(head)}  {duty}  {name('role', result['responsible'])}"]
    lines += [f"  + {name('owed', item)}" for item in result["owed"]]
    lines += [f"  ! {code} {_breach(code, lang)}" for code in result["breaches"]]
    lines += [f"  ? {item}" for item in result["proposals"]]
    lines += [f"  x {item['code']}: {item['message']}" for item in result["refused"]]
    lines += [f"  {sentence}" for sentence in result["explanation"]]
    return "\n".join(lines)


def _breach(code: str, lang: str) -> str:
    breach = load_packs().common.breaches[code]
    return breach.zh if lang == "zh" else breach.en


def mismatches(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What the contract's matching finds different, one sentence each; empty when all is as expected."""
    faults: list[str] = []
    for key, wanted in expected.items():
        actual = found.get(key)
        if key == "refused":
            actual = [item["code"] for item in found["refused"]]
        if key == "clocks":
            faults += _clock_faults(wanted, found["clocks"])
        elif key == "alerts":
            faults += [
                f"alerts.{name}: expected {value}, found {_null(actual.get(name) if actual else None)}"
                for name, value in wanted.items()
                if _null(actual.get(name) if actual else None) != value
            ]
        elif isinstance(wanted, list):
            for member in wanted:
                if member.startswith("!") and member[1:] in (actual or ()):
                    faults.append(f"{key}: {member[1:]} must be absent")
                if not member.startswith("!") and member not in (actual or ()):
                    faults.append(f"{key}: {member} is missing in {actual}")
        elif _null(actual) != wanted:
            faults.append(f"{key}: expected {wanted}, found {_null(actual)}")
    return faults


def _clock_faults(wanted: Iterable[Mapping[str, Any]], clocks: Iterable[Mapping[str, Any]]) -> list[str]:
    by_name = {clock["name"]: clock for clock in clocks}
    return [
        f"clock {clock['name']}: expected {clock['due']}, found {by_name.get(clock['name'], {}).get('due')}"
        for clock in wanted
        if by_name.get(clock["name"], {}).get("due") != clock["due"]
    ]


def _null(value: Any) -> Any:
    return "null" if value is None else value


def _need(table: Mapping[str, Any], key: str) -> Any:
    try:
        return table[key]
    except (KeyError, TypeError) as error:
        raise Malformed("scenario", f"has no {key}") from error


def _moment(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime):
        raise Malformed(where, "must be a date and time")
    return local(value)
