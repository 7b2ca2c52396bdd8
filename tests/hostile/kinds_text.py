"""Harm in the text of an act: no canonical JSON, false persons, devices, roles and beacons, impossible events."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from py_core.cases.events import EVENTS
from py_core.cases.fields import FieldSpec
from py_core.reporters import COMPLAINER, COMPLAINT, complainer_id, reporter_id
from py_core.visits.events import VISIT_EVENTS
from tests.server.laptop import Laptop, case_id, registered

from .kinds import Attempt, World, kind, one, target
from .world import CASE, FORKED, FRESH, VISIT, noted

MARK = "<img src=x onerror=alert(1)>"
_LONG = "长" * 8_001
TEXTS = (
    "", " ", "\u0000", "a\u0000b", "\u202eabc", "\ufeff", "\u2028", "{{7*7}}", "{% raw %}", MARK, "%(name)s", "%s", "'\"",
    "../../etc/passwd", "\ud7ff\ue000", "👩‍👩‍👧‍👦" * 40, "x" * 400, "长" * 401, _LONG, "\r\nset-cookie: a=b", "null", "１２３",
)  # fmt: skip
DATES = (
    "0001-01-01", "9999-12-31", "1989-12-31", "1990-01-01", "2100-12-31", "2101-01-01", "2026-02-30", "2026-W01-1", "20261120",
    "2026-11-20T10:00:00", "-2026-01-01", "２０２６-01-01",
)  # fmt: skip
MOMENTS = (
    "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+00:00", "2026-11-20T10:00:00",
    "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.5+08:00", "2026-11-20T24:00:00+08:00", "2026-11-20T10:00:00+23:59:59",
    "1990-01-01T00:00:00+14:00", "2100-12-31T23:59:59-12:00", "2026-11-20 10:00:00+08:00",
)  # fmt: skip
NUMBERS = (-1, 0, 1, 3_660, 3_661, 10_000_000, 10_000_001, 2**31, 2**53 - 1, 2**53, 2**63, 10**400, True)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"a": {"b": []}}, [{}] * 61, ["x"] * 61)


def _sent(world: World, laptop: Laptop, case: str, text: str) -> Attempt:
    return one(world, laptop, case, world.with_text(laptop, case, text))


def _some_event(world: World, chance: Random, case: str) -> dict[str, Any]:
    """Any event that the core can read in this document, with every field filled in plausibly or left out."""
    if case == VISIT:
        event_type = chance.choice(sorted(VISIT_EVENTS))
        specs = VISIT_EVENTS[event_type]
    else:
        event_type = chance.choice(sorted(EVENTS))
        specs = EVENTS[event_type]
    event = {spec.name: _plausible(chance, spec) for spec in specs if spec.required or chance.random() < 0.4}
    if chance.random() < 0.2:
        event["at"] = "2026-11-19T09:00:00+08:00"
    base = registered() if event_type == "registered" else {}
    return {**base, **event, "type": event_type}


def _plausible(chance: Random, spec: FieldSpec) -> Any:
    attachment = {
        "sha256": f"{chance.randrange(2**256):064x}", "name": "照片.jpg", "size": 4_000, "type": "image/jpeg",
    }  # fmt: skip
    values: dict[str, Any] = {
        "text": chance.choice(("shihe", "linye", "lin", "zhao", "officer", "P-01", "1", MARK)),
        "long_text": chance.choice(("已办", MARK, "{{7*7}}")),
        "bool": chance.random() < 0.5, "choice": chance.choice(spec.choices or ("x",)),
        "date": chance.choice(("2026-11-27", "1990-01-01", "2100-12-31")), "int": chance.choice((0, 5, 2026, 10_000_000)),
        "texts": ["lin", MARK][: chance.randint(1, 2)],
        "period": {"n": chance.choice((1, 10, 3_660)), "unit": chance.choice(("workday", "day", "month", "hour"))},
        "limit": chance.choice(({"until": "2026-12-01"}, {"n": 3, "unit": "workday"})),
        "steps": [{"unit": "shihe", "n": 3}], "materials": [{"name": "身份证复印件", "copies": 2}],
        "attachments": [attachment], "strokes": {"w": 300, "h": 100, "s": [[1, 1, 20, 20]]},
        "moment": "2026-11-20T10:00:00+08:00",
    }  # fmt: skip
    return values[spec.kind]


@kind
def not_canonical(world: World, chance: Random) -> Attempt:
    """The same act in another writing."""
    laptop, case = target(world, chance)
    text = world.act(laptop, world.event(case)).text()
    data = json.loads(text)
    spelled = {
        0: json.dumps(data, ensure_ascii=False, sort_keys=True), 1: json.dumps(data, sort_keys=True, separators=(",", ":")),
        2: json.dumps(data, ensure_ascii=False, separators=(",", ":")), 3: "\ufeff" + text, 4: text + "\n", 5: " " + text,
        6: text.replace('"v":1', '"v":1.0'), 7: text.replace('"v":1', '"v":1e0'), 8: text.replace('"v":1', '"v":01'),
        9: text.replace('"v":1', '"v":true'), 10: text.replace('"device_seq":', '"device_seq":-'), 11: text.replace("null", "NaN", 1),
        12: text.replace("null", "-Infinity", 1), 13: text.replace('"v":1', '"v":1,"v":1'), 14: text.replace("/", "\\/"),
        15: text.replace('"kind"', '"\\u006bind"'), 16: text.replace("null", "0.0", 1), 17: text[:-1] + ',"v":1}',
        18: text.replace("+00:00", "Z"), 19: text.replace('"kind":"', '"kind":"\\ud800'), 20: f"[{text}]", 21: f'"{len(text)}"',
    }[chance.randrange(22)]  # fmt: skip
    return _sent(world, laptop, case, spelled)


@kind
def deep_or_long_json(world: World, chance: Random) -> Attempt:
    """Nesting and numbers that parsers fall over."""
    laptop, case = target(world, chance)
    depth = chance.choice((10, 38, 39, 41, 1_000, 20_000))
    digits = chance.choice((17, 400, 4_299, 4_301, 40_000))
    payload = chance.choice(
        ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "9" * digits, "-" + "9" * digits, "[" * depth)
    )
    whole = chance.random() < 0.3
    text = world.act(laptop, world.event(case)).text()
    return _sent(world, laptop, case, payload if whole else text.replace('"type"', f'"deep":{payload},"type"', 1))


@kind
def wrong_keys(world: World, chance: Random) -> Attempt:
    laptop, case = target(world, chance)
    data = json.loads(world.act(laptop, world.event(case)).text())
    choice = chance.randrange(3)
    key = chance.choice(sorted(data))
    if choice == 0:
        del data[key]
    elif choice == 1:
        data[chance.choice(("more", "V", "", "v\u0000", "__proto__"))] = 1
    else:
        data[key] = chance.choice((*OTHERS, *NUMBERS, *TEXTS))
    return _sent(world, laptop, case, _canonical(data))


@kind
def false_person_or_device(world: World, chance: Random) -> Attempt:
    laptop, case = target(world, chance)
    lie = chance.choice(
        (
            {"user": chance.choice(("zhao", "he", "qian", "nobody", "LIN", "lin ", "lin\u0000", "ｌｉｎ"))},
            {"device": chance.choice(("server", world.zhao.device, world.gone.device, laptop.device.upper(), "x"))},
        )
    )
    if lie.get("user") == laptop.user or lie.get("device") == laptop.device:
        lie = {"user": "nobody"}
    return _sent(world, laptop, case, world.act(laptop, world.event(case), **lie).text())


@kind
def beacons(world: World, chance: Random) -> Attempt:
    """The record's own (lawful), forged, altered, of another spelling; running times at the edges."""
    laptop, case = target(world, chance)
    own = world.beacon
    beacon = chance.choice(
        (own, own, own.upper(), own + "0", "0" + own, own[:-1], f"{2**40:x}-{own.partition('-')[2]}", "x", "", "a-b-c")
    )
    since = chance.choice((0, 5, 2**53 - 1, None))
    return _sent(world, laptop, case, world.act(laptop, world.event(case), beacon=beacon, since_beacon_ms=since).text())


@kind
def strange_times(world: World, chance: Random) -> Attempt:
    """Clocks of 1970, of the year 1 and 9999, odd offsets; some are what a broken laptop honestly sends."""
    laptop, case = target(world, chance)
    offset = timezone(timedelta(minutes=chance.choice((0, 480, -720, 840, 1439, -1439))))
    year = chance.choice((1, 2, 1969, 1970, 1989, 1990, 2025, 2026, 2100, 2101, 9998, 9999))
    moment = datetime(
        year, chance.choice((1, 12)), chance.choice((1, 31)), chance.choice((0, 23)), 59, 59, tzinfo=offset
    )
    fields = chance.choice((("occurred_at",), ("claimed_at",), ("occurred_at", "claimed_at")))
    text = world.act(laptop, world.event(case), **dict.fromkeys(fields, moment)).text()
    if chance.random() < 0.3:
        data = json.loads(text)
        data[fields[0]] = chance.choice(MOMENTS)
        text = _canonical(data)
    return _sent(world, laptop, case, text)


@kind
def unknown_law(world: World, chance: Random) -> Attempt:
    laptop, case = target(world, chance)
    known = world.parts.packs.version
    version = chance.choice(
        (known, "1", "", "JY-2099.1", known.replace("HL-1", "HL-9"), "HL-", "HL-1 HL-1", MARK, "x" * 64)
    )
    text = world.act(laptop, world.event(case)).text()
    data = json.loads(text)
    data["pack_version"] = version
    return _sent(world, laptop, case, _canonical(data))


@kind
def any_event(world: World, chance: Random) -> Attempt:
    """An event that can be read, whoever may do it: what a dishonest officer's own program could send."""
    laptop, case = target(world, chance)
    document = case if case in (VISIT,) else CASE
    events = [_some_event(world, chance, document) for _ in range(chance.choice((1, 1, 1, 2, 4)))]
    if case == FRESH:
        events[0] = {**registered(), **(events[0] if events[0]["type"] == "registered" else {})}
    return _sent(world, laptop, case, world.act(laptop, *events).text())


@kind
def one_wrong_field(world: World, chance: Random) -> Attempt:
    """An event in which one field holds what nobody would type."""
    laptop, case = chance.choice([each for each in world.targets if each[1] not in (FRESH,)])
    event = _some_event(world, chance, case if case == VISIT else CASE)
    specs = (VISIT_EVENTS if case == VISIT else EVENTS)[event["type"]]
    names = [spec.name for spec in specs] or ["note"]
    value = chance.choice((chance.choice(OTHERS), chance.choice(NUMBERS), chance.choice(TEXTS), chance.choice(DATES)))
    if chance.random() < 0.15:
        event["at"] = chance.choice((*MOMENTS, *DATES, *NUMBERS, *OTHERS))
    else:
        event[chance.choice(names)] = value
    return _sent(world, laptop, case, world.act(laptop, event).text())


@kind
def one_wrong_part(world: World, chance: Random) -> Attempt:
    """A compound field (period, limit, steps, papers, attachments, strokes) with one part that does not belong."""
    laptop, case = world.lin, CASE
    specs = [
        (name, spec) for name, of in EVENTS.items() for spec in of
        if spec.kind in ("period", "limit", "steps", "materials", "attachments", "strokes")
    ]  # fmt: skip
    event_type, spec = chance.choice(sorted(specs, key=lambda each: (each[0], each[1].name)))
    event = {each.name: _plausible(chance, each) for each in EVENTS[event_type] if each.required}
    value = _plausible(chance, spec)
    inner = value[0] if isinstance(value, list) else value
    inner[chance.choice([*sorted(inner), "more", "from", "extension"])] = chance.choice(
        (*OTHERS, *NUMBERS, *TEXTS, *DATES)
    )
    base = registered() if event_type == "registered" else {}
    return _sent(world, laptop, case, world.act(laptop, {**base, **event, spec.name: value, "type": event_type}).text())


@kind
def reserved_events(world: World, chance: Random) -> Attempt:
    """What only a role, only the record or only another kind of document may say."""
    laptop, case = target(world, chance)
    event = chance.choice(
        (
            {"type": "contradiction_resolved", "code": "x", "acts": ["a"], "decision": "both", "reason": "r"},
            {"type": "late_work_taken", "acts": ["a"], "reason": "r"},
            {"type": "due_recomputed", "clock": "main", "new_due": "2027-01-01", "cause": "x"},
            {"type": "veto_recorded", "year": 2026, "subject": "lin", "cause": "x", "decision_ref": "7"},
            {"type": "deemed_consent_confirmed", "consequences": "x"},
            {"type": "extension_approved", "by_role": chance.choice(("unit_head", "officer", "admin", "")), "workdays": 5},
            {"type": "noted", "text": "x", "by_role": "reconciler"}, {"type": "noted", "text": "x", "by_role": ["officer"]},
            {"type": "noted", "text": "x", "by_role": {}}, {"type": "policy_set", "in_force_from": "2026-12-01", "reason": "x"},
            {"type": "visit_noted", "text": "x"}, {"type": "visit_planned"}, registered(), {"type": "danced"}, {"type": "__class__"},
        )
    )  # fmt: skip
    events = [event] if chance.random() < 0.6 else [world.event(case), event]
    return _sent(world, laptop, case, world.act(laptop, *events).text())


@kind
def too_many_events(world: World, chance: Random) -> Attempt:
    laptop, case = world.lin, chance.choice((CASE, FORKED))
    count = chance.choice((0, 31, 32, 33, 500))
    text = world.act(laptop, *([noted("x")] * max(1, count))).text()
    if count == 0:
        data = json.loads(text)
        data["events"] = chance.choice(([], {}, None, "x", [[]], [1]))
        text = _canonical(data)
    return _sent(world, laptop, case, text)


@kind
def registration_of_anything(world: World, chance: Random) -> Attempt:
    """A first act whose pack, matter, promise and papers nobody has ever published."""
    laptop, case = world.lin, case_id(chance.randrange(2**40))
    fields: dict[str, Any] = {
        "pack": chance.choice(("WH", "BZ", "HL", "JY", "hl", "", "XX", "__class__")),
        "matter": chance.choice(("citizen", "service", "letter", "discipline", "nothing", MARK)),
        "offer": chance.choice((None, "temp-water", MARK)), "offer_version": chance.choice((None, 0, 99)),
        "promise": chance.choice((None, {"n": 3_660, "unit": "month"}, {"n": 1, "unit": "hour", "extension": 3_660})),
        "explicit_limit": chance.choice((None, {"until": "1990-01-01"}, {"n": 3_660, "unit": "month"}, {"until": "2100-12-31"})),
        "claimant_phone": chance.choice(("13812345678", MARK, "1" * 400)), "claimant_id": chance.choice((None, MARK)),
        "number": chance.choice((None, "S00-1", MARK)), "title": chance.choice(TEXTS[:16]),
    }  # fmt: skip
    event = registered(**{key: value for key, value in fields.items() if value is not None})
    return one(world, laptop, case, world.appended(laptop, case, world.act(laptop, event).text(), ()))


@kind
def who_reported(world: World, chance: Random) -> Attempt:
    """A report that says in the case who made it; a reporter's document that belongs to no or another case."""
    laptop, case = world.lin, case_id(chance.randrange(2**40))
    drawn = {"width": 300, "height": 100, "strokes": [[1, 1, 9, 9]]}
    values = {"claimant_name": MARK, "claimant_phone": "13812345678", "claimant_address": "x", "strokes": drawn}
    told = {name: values[name] for name in chance.sample(sorted(values), chance.randrange(3))}
    if chance.random() < 0.5:
        letter = {"pack": "WH", "matter": "letter.discipline", "channel": "letter"}
        begun = chance.choice(({"request_kind": "report"}, letter, {"request_kind": "complaint"}))
        text = world.act(laptop, registered(**begun, **told)).text()
        return one(world, laptop, case, world.appended(laptop, case, text, ()))
    event = {"type": "reporter_told", "case": chance.choice((case, CASE, MARK)), "pack": "HL", "unit": "shihe", **told}
    more = [noted("x")] if chance.random() < 0.2 else []
    document = chance.choice((reporter_id(case), reporter_id(case), case))
    text = world.act(laptop, event, *more).text()
    return one(world, laptop, document, world.appended(laptop, document, text, ()))


@kind
def who_complains(world: World, chance: Random) -> Attempt:
    """A complaint that says in the hotline's case who makes it; a complainer's document that no complaint of this
    person's names, or that names itself."""
    laptop, document = world.lin, complainer_id(f"{chance.randrange(2**120):032x}")
    told = dict.fromkeys(chance.sample(sorted(COMPLAINER), chance.randrange(3)), MARK)
    named = {"beside": chance.choice((document, reporter_id(CASE), CASE, MARK))} if chance.random() < 0.7 else {}
    if chance.random() < 0.5:
        return _sent(world, laptop, CASE, world.act(laptop, {"type": COMPLAINT, "about": "x", **told, **named}).text())
    event = {"type": "reporter_told", "case": chance.choice((CASE, document, MARK)), "pack": "HL", "unit": "shihe"}
    more = [noted("x")] if chance.random() < 0.2 else []
    said = {"claimant_name": MARK, "complaint": chance.choice((True, True, False, 1))}
    text = world.act(laptop, {**event, **said}, *more).text()
    return one(world, laptop, document, world.appended(laptop, document, text, ()))


def _canonical(data: Any) -> str:
    """JSON as an act writes it, whatever is in it."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
