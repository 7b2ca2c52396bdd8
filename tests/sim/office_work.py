"""What people do at a desk: a random command, decided by the real law on what this desk holds, as one act.

Must not care whether a command is lawful: a refusal is an answer too.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.commands import possible
from py_core.desk.deciding import decide_all
from py_core.desk.ports import NewAct
from py_core.desk.recording import new_act
from py_core.desk.register import registered_acts
from py_core.desk.turn import Turn
from py_core.errors import Malformed, Refused

from . import pictures

COMMANDS = (
    "accept", "accept", "reply", "reply", "complete", "finish", "note", "note", "hand_over", "accept_handover",
    "request_extension", "approve_extension", "notify_extension", "judge_scope", "deliver", "receive_materials",
    "notify_correction", "complete_materials", "issue_receipt", "tell_identity", "record_signature", "feed_back",
    "request_lead", "designate_lead", "file_complaint", "start_procedure", "finish_procedure", "refer_out",
    "issue_decision", "propose_refusal", "pass_review", "call_back", "report_urgent", "resolve_contradiction",
)  # fmt: skip
# What brings units into a case and lets them go; tried more often, because a release needs two or three in a row.
MOVING = (
    "deliver",
    "request_return",
    "refuse_ticket",
    "designate_lead",
    "request_lead",
    "hand_over",
    "accept_handover",
)
UNITS = ("shihe", "linye", "centre")
SOMEBODY = "somebody who asks"
TRIES = 4
CASES_MAX = 3
PHOTOGRAPHS = 0.15


Made = tuple[list[NewAct], str]
"""Acts of one form with the name of the first command."""


def case_act(turn: Turn, chance: Random) -> Made | None:
    """New acts with the name of their first command; None when the desk refused everything that was tried."""
    known = sorted(record.id for record in turn.store.cases())
    if not known or (len(known) < CASES_MAX and chance.random() < 0.35):
        return _register(turn, chance)
    case_id = chance.choice(known)
    opened = turn.open(case_id)
    if opened is None:
        return None
    camera = Random(f"camera {turn.identity.device} {turn.surroundings.next_device_seq}")
    if camera.random() < PHOTOGRAPHS:
        made = _decided(turn, case_id, "attach", {"purpose": "photo", "attachments": [pictures.taken(camera)]})
        if made is not None:
            return [made], "attach"
    offered = [offer.command for offer in possible(opened.case, turn.law(opened.case))]
    for _ in range(TRIES):
        moving = [each for each in MOVING if each in offered]
        name = chance.choice(offered if offered and chance.random() < 0.6 else COMMANDS)
        if moving and chance.random() < 0.4:
            name = chance.choice(moving)
        fields = _fields(name, turn, chance)
        if name == "resolve_contradiction":
            if not opened.open_contradictions:
                continue
            contradiction = chance.choice(opened.open_contradictions)
            fields = {
                "code": contradiction.code,
                "acts": list(contradiction.acts),
                "decision": chance.choice(contradiction.choices),
                "reason": "it was so",
            }
        made = _decided(turn, case_id, name, fields)
        if made is not None:
            return [made], name
    made = _decided(turn, case_id, "note", {"text": f"note {chance.randrange(1000)}"})
    return None if made is None else ([made], "note")


def resolution(turn: Turn, chance: Random) -> tuple[NewAct, str] | None:
    """The reconciler's decision on one open contradiction, if there is any."""
    for opened in sorted(turn.open_all(), key=lambda each: each.id):
        for contradiction in opened.open_contradictions:
            fields = {
                "code": contradiction.code,
                "acts": list(contradiction.acts),
                "decision": chance.choice(contradiction.choices),
                "reason": "decided at the centre",
            }
            made = _decided(turn, opened.id, "resolve_contradiction", fields)
            if made is not None:
                return made, "resolve_contradiction"
    return None


def _register(turn: Turn, chance: Random) -> Made | None:
    pack = chance.choice(sorted(turn.packs))
    matter = chance.choice(sorted(turn.packs.pack(pack).matters))
    fields: dict[str, Any] = {
        "pack": pack,
        "matter": matter,
        "channel": chance.choice(("walk_in", "phone")),
        "claimant": "person",
        "title": f"matter {chance.randrange(1000)}",
        "text": "the lamp at the corner is dark",
        "unit": turn.person.unit if turn.person else "",
        "number": f"{turn.identity.device_code}-{turn.surroundings.next_device_seq:06}",
        "promise": {"n": chance.randint(3, 20), "unit": "workday"},
        "signed": True,
        "claimant_name": SOMEBODY,
        "claimant_phone": "13800000000",
    }
    if pack == "HL" and int(fields["title"][-1]) % 2:  # no draw of its own, so that kept seeds keep their histories
        fields["request_kind"] = "report"
    if chance.random() < 0.5:
        fields["accept_by"] = turn.identity.user
        fields["materials_complete"] = True
    case_id = turn.surroundings.new_id()
    for variant in (fields, {key: fields[key] for key in fields if key not in ("accept_by", "materials_complete")}):
        events = _events(turn, case_id, "register", variant)
        if events:
            made = registered_acts(turn, case_id, events, turn.surroundings.now)
            return made, f"register {pack} {matter}" if len(made) == 1 else "report"
    return None


def _decided(turn: Turn, case_id: str, name: str, fields: Mapping[str, Any]) -> NewAct | None:
    events = _events(turn, case_id, name, fields)
    return new_act(turn, case_id, name, events, turn.surroundings.now) if events else None


def _events(turn: Turn, case_id: str, name: str, fields: Mapping[str, Any]) -> tuple[Event, ...]:
    opened = turn.open(case_id)
    try:
        events, _ = decide_all(turn, case_id, opened.case if opened else None, [(name, fields)], turn.surroundings.now)
    except (Refused, Malformed):
        return ()
    return events


def _fields(name: str, turn: Turn, chance: Random) -> dict[str, Any]:
    """Plausible fields for a command; those that it does not have are ignored by the core."""
    return {
        "by": turn.person.unit if turn.person and chance.random() < 0.5 else turn.identity.user,
        "to": chance.choice(UNITS),
        "lead": chance.choice(UNITS),
        "assists": [chance.choice(UNITS)] if chance.random() < 0.5 else [],
        "within_duty": False,
        "to_body": "the court",
        "explanation": "it decides this",
        "text": f"{name} {chance.randrange(1000)}",
        "opinion": chance.choice(("satisfied", "unsatisfied")) if name == "reply" else "fine",
        "reason": "it takes longer",
        "workdays": chance.randint(1, 12),
        "until": "2026-12-20",
        "outcome": chance.choice(("own", "other_unit", "other_section", "unclear")),
        "complete": chance.random() < 0.7,
        "items": ["a copy of the card"],
        "first_responder_phone": "0002",
        "promised": "2026-12-01",
        "complaint_phone": "0001",
        "signed": True,
        "about": "slow",
        "id": f"p{chance.randrange(2)}",
        "procedure": "testing",
        "result": "satisfied",
        "consistent": True,
    }
